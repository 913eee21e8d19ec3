/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor: what it does once the machine is up. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/csr.h"
#include "hyp/bundle.h"
#include "hyp/monitor.h"
#include "hyp/report.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/console.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/mmu.h"
#include "platform/version.h"

enum { LAST_WORDS_MS = 1000 };

/* Descriptions of which no VM was made, and the initrd if not all of it could be read; after so
 * many the log alone tells. */
static const char *left_out[64];
static unsigned n_left_out;

/* Its line in the log says why. */
static void leave_out(const char *name)
{
	if (n_left_out < ARRAY_LEN(left_out))
		left_out[n_left_out++] = name;
}

/* Without -icount QEMU's instret follows the host's clock: is it a count of instructions here? */
static bool counts_instructions(void)
{
	uint64_t before, after;

	__asm__ volatile("	csrr	%0, instret\n"
			 "	.rept	30\n"
			 "	nop\n"
			 "	.endr\n"
			 "	csrr	%1, instret\n"
			 : "=&r"(before), "=&r"(after));
	return after - before == 31;
}

static void report_instret(const char *what)
{
	uint64_t now = 0;

	csr_try_read(CSR_INSTRET, &now);
	if (now && boot_entry_instret() && counts_instructions())
		printf("instret    %" PRIu64 " from the image's entry to %s\n",
		       now - boot_entry_instret(), what);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n >= m && !strcmp(name + n - m, ending);
}

/* What a description asks for. One that is wrong says so, and the others are made all the same. */
static void make_described(const struct cpio *archive, const struct cpio_file *file)
{
	struct vm_config *config = malloc(sizeof(*config));
	struct vm_config_error wrong;
	struct vm_error failed;
	void *tree = malloc(file->size); /* aligned, which a file in an archive need not be */
	bool is_made = false;

	if (!config || !tree) {
		log_notice("%s: no memory to read it", file->name);
	} else {
		memcpy(tree, file->bytes, file->size);
		if (vm_config_read(config, file->name, tree, file->size, &wrong) ||
		    vm_config_check_host(config, file->name, &machine, &wrong))
			log_notice("%s", wrong.text);
		else if (vm_by_name(config->name))
			log_notice("%s: /: label: \"%s\" is taken by another VM", file->name,
				   config->name);
		else if (!vm_create(config, archive, NULL, 0, &failed))
			log_notice("%s: %s", file->name, failed.text);
		else
			is_made = true;
	}
	free(tree);
	free(config);
	if (!is_made)
		leave_out(file->name);
}

static void make_from_archive(struct hpa_range initrd)
{
	const void *bytes = mmu_map_blob(initrd.at, initrd.size);
	unsigned n = 0;

	if (!bytes) {
		log_notice("initrd: %" PRIu64 " bytes are more than there is room to map",
			   initrd.size);
		leave_out("initrd");
		return;
	}
	struct cpio archive = CPIO(bytes, initrd.size), reader = archive;
	struct cpio_file file;
	int more;

	while ((more = cpio_next(&reader, &file)) > 0) {
		if (!ends_in(file.name, ".dtb"))
			continue;
		n++;
		make_described(&archive, &file);
	}
	if (more < 0)
		log_notice("initrd: damaged at byte %zu: %s", reader.at, reader.why);
	else if (!n)
		log_notice("initrd: it holds no VM's description (*.dtb)");
	else
		return;
	leave_out("initrd");
}

/* The built-in guest: 32 MiB and a console by SBI. */
static void make_builtin(void)
{
	struct vm_config *config = malloc(sizeof(*config));
	struct vm_error error = { "no memory" };

	if (config) {
		vm_config_default(config, bundle_name);
		config->n_devices = 0;
		config->regions[0].size = 32 * MiB;
	}
	if (!config || !vm_create(config, NULL, bundle_image,
				  (size_t)(bundle_image_end - bundle_image), &error)) {
		log_notice("%s: %s", bundle_name, error.text);
		leave_out(bundle_name);
	}
	free(config);
}

int main(void)
{
	report_machine();
	report_instret("here");
	if (machine.initrd.size)
		make_from_archive(machine.initrd);
	else
		make_builtin();
	vms_start();
	if (!vms_are_alive() && vms_wait_for_a_start() && !monitor_has_keyboard() &&
	    !monitor_is_over())
		monitor_open();
	/* Between the last look and the sleep nothing may end that has to be looked at. While
	 * somebody is in the monitor, it is his to quit. */
	for (irq_poll(); vms_are_alive() || monitor_has_keyboard(); irq_poll())
		vms_turn();
	console_flush(LAST_WORDS_MS); /* what the attached guest said last */
	for (unsigned i = 0; i < n_vms(); i++)
		if (vconsole_has_unseen(vm_console(vm_at(i))))
			vconsole_attach(vm_console(vm_at(i))); /* shows it */
	vconsole_attach(NULL);
	for (unsigned i = 0; i < n_vms(); i++)
		vm_show_stats(vm_at(i), monitor_say);
	for (unsigned i = 0; i < n_left_out; i++)
		monitor_say("left out: %s; its line above says why", left_out[i]);
	printf("switching off\n");
	return n_left_out || !vms_ended_well();
}

static int hello(void)
{
	printf("Hartwood " HARTWOOD_VERSION "\n");
	return 0;
}

COMPONENT(hyp, PHASE_SERVICE, hello, NULL, "the hypervisor");
