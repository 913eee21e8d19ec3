/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the guest of tests in a VM, and takes its results to QEMU's host by semihosting: to the path
 * that the command line names, or to the console. QEMU ends with 0: all passed, 1: some failed, 2:
 * the guest did not come to its end, or results could not be written. Two more VMs of the same
 * image lie beside it, on the same hart, until a test asks for them: a partner, and one without
 * counters.
 */
#include "tests/guest/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyp/bundle.h"
#include "hyp/run.h"
#include "hyp/vconsole.h"
#include "lib/component.h"
#include "platform/console.h"
#include "platform/frames.h"
#include "platform/irq.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "tests/guest/calls.h"
#include "tests/kit/semihost.h"
#include "vcpu/hext/hext.h"

enum { CONSOLE = -1, FLUSH_MS = 1000 };

struct vm *tester, *partner, *timeless;
const char *test_pattern;
unsigned gstage_levels = GTABLE_SV39X4, n_quarters, is_lean;
static unsigned n_vcpus = 1;
bool vsip_is_whole;
int n_failed = -1;

OPTION_NUMBER(levels, levels, gstage_levels, 3, 5, "of the VM's G-stage table");
OPTION_NUMBER(vcpus, vcpus, n_vcpus, 1, 8, "of the VM");
OPTION_FLAG(lean, lean, is_lean, "take away every extension that can be refused");

static int results = CONSOLE;

static _Noreturn void end_with(int status, const char *why)
{
	if (why)
		puts(why);
	console_flush(FLUSH_MS);
	semihost_exit(status);
}

void results_write(const char *line, size_t n)
{
	if (results == CONSOLE)
		printf("%.*s\n", (int)n, line);
	else if (semihost_write(results, line, n) || semihost_write(results, "\n", 1))
		end_with(2, "the results cannot be written");
}

/* No guest's state is in the hart yet. */
static bool is_vsip_whole(void)
{
	csr_write(CSR_HIDELEG, HVIP_VSTIP);
	csr_write(CSR_HVIP, HVIP_VSTIP);
	bool is_whole = csr_read(CSR_VSIP) & SIE_STIE;

	csr_write(CSR_HVIP, 0);
	return is_whole;
}

static void add_region(struct vm_config *c, enum region_kind kind, uint64_t at, uint64_t size,
		       unsigned fill_level)
{
	/* Who reserves addresses gives no rights. */
	static const uint8_t rights_of[N_REGION_KINDS] = { [REGION_LAZY] = GTABLE_RWX,
							   [REGION_EAGER] = GTABLE_RWX,
							   [REGION_ROM] = GTABLE_R | GTABLE_X,
							   [REGION_DEVICE] = GTABLE_R | GTABLE_W };
	struct vm_region *r = &c->regions[c->n_regions++];

	*r = (struct vm_region){
		.at = GPA(at),
		.size = size,
		.kind = kind,
		.rights = rights_of[kind],
		.fill_level = fill_level,
	};
	snprintf(r->node, sizeof(r->node), "region@%llx", (unsigned long long)at);
}

/* What is refused to a guest that lacks it. Zicntr is not among them: the guest is our runtime,
 * which reads the time. The one that lacks it is started without a runtime (timeless.c). */
static void make_lean(struct vm_config *c)
{
	static const uint8_t refused[] = { ISA_F,     ISA_V,     ISA_ZICBOM, ISA_ZICBOZ,
					   ISA_SSTC,  ISA_SVADU, ISA_SVPBMT, ISA_SSSTATEEN,
					   ISA_SSNPM, ISA_ZIHPM };

	for (unsigned i = 0; i < ARRAY_LEN(refused); i++)
		isa_add(&c->removed, refused[i]);
}

static void describe(struct vm_config *c, const char *name)
{
	vm_config_default(c, name);
	c->regions[0].size = MAP_RAM_SIZE;
	c->harts = BIT(hart_id_of(0));
	if (is_lean)
		make_lean(c);
}

static void add_rtc(struct vm_config *c)
{
	struct hpa at;

	if (!rtc_find(&at))
		return;
	add_region(c, REGION_DEVICE, MAP_RTC, PAGE_SIZE, 0);
	c->regions[c->n_regions - 1].host = at;
}

static void describe_tester(struct vm_config *c)
{
	describe(c, "tester");
	c->gstage_levels = gstage_levels;
	c->n_vcpus = n_vcpus;
	if (n_vcpus > 1)
		c->harts = 0; /* any: each its own, where there are enough */
	add_region(c, REGION_LAZY, MAP_PAGES, MAP_SIZE, 0);
	add_region(c, REGION_EAGER, MAP_EAGER, MAP_SIZE, 1);
	add_region(c, REGION_RESERVED, MAP_RESERVED, MAP_SIZE, 0);
	add_region(c, REGION_ROM, MAP_ROM, MAP_SIZE, 0);
	add_rtc(c);
	while (n_quarters < 4 &&
	       map_quarter(gstage_levels, n_quarters) < hext_reach(0, gstage_levels))
		n_quarters++;
	for (unsigned i = 1; i < n_quarters; i++)
		add_region(c, REGION_LAZY, map_quarter(gstage_levels, i), MAP_SIZE, 1);
}

static struct vm *make(void (*describe_it)(struct vm_config *c))
{
	struct vm_config *c = malloc(sizeof(*c));
	struct vm_error error = { "no memory" };
	struct vm *vm = NULL;

	if (c) {
		describe_it(c);
		vm = vm_create(c, NULL, bundle_image, (size_t)(bundle_image_end - bundle_image),
			       &error);
	}
	free(c);
	if (!vm)
		end_with(2, error.text);
	return vm;
}

/* What VMs get was somebody else's before, as far as there are whole blocks. */
static void dirty_memory(void)
{
	static struct frame_owner owner = { .name = "dirt", .quota = ~UINT64_C(0) };
	static struct hpa blocks[256];
	unsigned n = 0;

	while (n < ARRAY_LEN(blocks) &&
	       !frames_alloc(&owner, ORDER_MEGA, FRAMES_DIRTY, &blocks[n])) {
		void *block = window_open(blocks[n++], MEGA_SIZE);

		memset(block, 0xd1, MEGA_SIZE);
		window_close(block);
	}
	while (n)
		frame_put(blocks[--n]);
}

static void describe_partner(struct vm_config *c)
{
	describe(c, "partner");
	/* Of what senvcfg enables it has Ssnpm at most. */
	isa_add(&c->removed, ISA_ZICBOM);
	isa_add(&c->removed, ISA_ZICBOZ);
}

static void describe_timeless(struct vm_config *c)
{
	describe(c, "timeless");
	isa_add(&c->removed, ISA_ZICNTR);
	isa_add(&c->removed, ISA_ZIHPM);
}

static void read_command_line(void)
{
	static char words[1024];
	char *rest;

	if (semihost_command_line(words, sizeof(words)))
		end_with(2, "the command line is too long");
	(void)strtok_r(words, " ", &rest);
	const char *path = strtok_r(NULL, " ", &rest);

	test_pattern = strtok_r(NULL, " ", &rest);
	if (!path)
		return;
	results = semihost_create(path);
	if (results < 0)
		end_with(2, "the file of results cannot be created");
}

int main(void)
{
	read_command_line();
	dirty_memory();
	vsip_is_whole = is_vsip_whole();
	tester = make(describe_tester);
	if (scratch_add(tester))
		end_with(2, "no scratch device");
	partner = make(describe_partner);
	timeless = make(describe_timeless);
	vconsole_attach(vm_console(tester));
	if (vm_start(tester))
		end_with(2, "the VM does not start");
	for (irq_poll(); tester->state != VM_IS_STOPPED; irq_poll())
		vms_turn();
	if (n_failed < 0 || tester->last_end != STOP_SHUTDOWN)
		end_with(2, "the guest did not come to its end");
	if (results != CONSOLE && semihost_close(results))
		end_with(2, "the results cannot be closed");
	end_with(n_failed ? 1 : 0, NULL);
}

COMPONENT(guest_host, PHASE_SERVICE, NULL, NULL, "the guest tests, with results by semihosting");
