/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor: what it does once the machine is up. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/csr.h"
#include "hyp/bundle.h"
#include "hyp/report.h"
#include "hyp/run.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/catch.h"
#include "platform/log.h"
#include "platform/probe.h"
#include "platform/version.h"

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

static void report_instret(void)
{
	uint64_t now = 0;

	csr_try_read(CSR_INSTRET, &now);
	if (now && boot_entry_instret() && counts_instructions())
		printf("instret    %" PRIu64 " since the image's entry\n",
		       now - boot_entry_instret());
}

static const char *stop_text(enum stop_reason reason)
{
	static const char *const texts[] = {
		[STOP_NONE] = "is stopped",
		[STOP_SHUTDOWN] = "switched itself off",
		[STOP_REBOOT] = "asked for a reboot",
		[STOP_FAILURE] = "ended with a failure",
		[STOP_CRASH] = "crashed",
	};

	return texts[reason];
}

/* The built-in guest; returns the program's status. */
static int run_bundle(void)
{
	struct vm vm;
	int error = vm_create(&vm, bundle_name, bundle_image,
			      (size_t)(bundle_image_end - bundle_image));

	if (error) {
		log_error("%s: cannot be created: %s", bundle_name, strerror(-error));
		return 1;
	}
	enum stop_reason reason = vm_run(&vm);

	printf("%s %s after %" PRIu64 " SBI calls; it touched %" PRIu64 " of %" PRIu64 " MiB\n",
	       bundle_name, stop_text(reason), vm.vcpu->n_calls, vm.n_faulted_in * 2,
	       vm.ram_size / MiB);
	vm_destroy(&vm);
	return reason != STOP_SHUTDOWN;
}

int main(void)
{
	int status = 0;

	report_machine();
	report_instret();
	if (hart_engine(0) == ENGINE_HEXT)
		status = run_bundle();
	else
		printf("guests need the H extension so far, which hart 0 does not have\n");
	printf("switching off\n");
	return status;
}

static int hello(void)
{
	printf("Hartwood " HARTWOOD_VERSION "\n");
	return 0;
}

COMPONENT(hyp, PHASE_SERVICE, hello, NULL, "the hypervisor");
