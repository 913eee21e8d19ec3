/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No hart sees what is gone: VMs that live at random over the map, the engine and the handler of
 * faults as they are, on harts that keep everything (tlb_model.h). What a guest reaches is what its
 * own table and the VM's say at that moment; a fault on what is there ends by fences and another
 * try. Then each fence is left out in turn, and the harts see it.
 */
#include <errno.h>
#include <string.h>

#include "platform/work.h"
#include "tests/kit/kit.h"
#include "tests/unit/gmap_host.h"
#include "tests/unit/host_stubs.h"
#include "tests/unit/own_host.h"
#include "tests/unit/tlb_guests.h"
#include "vcpu/hext/hext.h"

/* ---- What the boot hart does ---- */

static int add(struct vm *vm, uint64_t at, uint64_t size, unsigned fill_level)
{
	struct region r = { .at = GPA(at),
			    .size = size,
			    .kind = REGION_LAZY,
			    .rights = GTABLE_RWX,
			    .fill_level = fill_level };

	return gmap_add(&vm->map, &r);
}

static void create(struct vm *vm)
{
	memset(&vm->map, 0, sizeof(vm->map));
	REQUIRE_EQ(gmap_init(&vm->map, "vm", GTABLE_SV39X4, UINT64_MAX), 0);
	REQUIRE_EQ(add(vm, LOW, LOW_PAGES * PAGE_SIZE, 0), 0);
	REQUIRE_EQ(add(vm, TOGGLE, TOGGLE_PAGES * PAGE_SIZE, 0), 0);
	REQUIRE_EQ(add(vm, WIDE, 2 * MiB, 0), 0);
	REQUIRE_EQ(add(vm, BIG, 4 * MiB, GTABLE_2M), 0);
	for (unsigned i = 0; i < TLB_VCPUS; i++)
		hext_set_table(vm->vcpus[i], &vm->map.table, &vm->map.flusher);
	begin_guest(vm);
}

/* As for dirty pages: a page of a large leaf loses a right, and then the leaf is one again, which
 * it must be before it goes back. */
static void split(struct vm *vm)
{
	struct gpa page = GPA(BIG + any(2) * PAGE_SIZE);

	doing = DOING_SPLIT;
	REQUIRE_EQ(gtable_protect(&vm->map.table, page, PAGE_SIZE, GTABLE_R), 0);
	flush_range(&vm->map.flusher, page, PAGE_SIZE, false);
}

static void merge(struct vm *vm)
{
	struct gtable_garbage garbage = {};
	unsigned level;

	if (!gtable_leaf(&vm->map.table, GPA(BIG), &level) || level == GTABLE_2M)
		return;
	doing = DOING_MERGE;
	REQUIRE_EQ(gtable_protect(&vm->map.table, GPA(BIG), 2 * MiB, GTABLE_RWX), 0);
	REQUIRE_EQ(gtable_merge(&vm->map.table, GPA(BIG), GTABLE_2M, &garbage), 0);
	flush_all(&vm->map.flusher);
	gtable_free_garbage(&garbage);
}

static void split_or_merge(struct vm *vm)
{
	unsigned level;

	if (gtable_leaf(&vm->map.table, GPA(BIG), &level) && level == GTABLE_2M)
		split(vm);
	else
		merge(vm);
}

static void leave(struct vm *vm)
{
	for (unsigned hart = 0; hart < TLB_HARTS; hart++)
		if (loaded_on[hart] && loaded_on[hart]->vm == vm)
			save(hart);
	be(0);
}

static void restart(struct vm *vm)
{
	leave(vm);
	merge(vm);
	doing = DOING_RESET;
	if (any(3)) {
		REQUIRE_EQ(gmap_reset(&vm->map, NULL), 0);
		begin_guest(vm);
	} else {
		gmap_destroy(&vm->map);
		create(vm);
	}
}

static void come_or_go(struct vm *vm, uint64_t at, uint64_t size)
{
	doing = DOING_REMOVE;
	if (gmap_remove(&vm->map, GPA(at), size) == -ENOENT)
		REQUIRE_EQ(add(vm, at, size, 0), 0);
}

static void protect(struct vm *vm)
{
	static const enum gtable_rights rights[] = { GTABLE_R, GTABLE_RWX, GTABLE_R | GTABLE_X };
	uint64_t at = any(2) ? TOGGLE : WIDE;

	doing = DOING_PROTECT;
	int error =
		gmap_protect(&vm->map, GPA(at), at == TOGGLE ? TOGGLE_PAGES * PAGE_SIZE : 2 * MiB,
			     rights[any(ARRAY_LEN(rights))]);

	REQUIRE(!error || error == -ENOENT);
}

static void host_step(void)
{
	struct vm *vm = &vms[any(TLB_VMS)];

	be(0);
	switch (any(16)) {
	case 0:
		restart(vm);
		break;
	case 1:
	case 2:
	case 3:
		come_or_go(vm, WIDE, 2 * MiB);
		break;
	case 4:
	case 5:
	case 6:
		split_or_merge(vm);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		protect(vm);
		break;
	default:
		come_or_go(vm, TOGGLE, TOGGLE_PAGES * PAGE_SIZE);
	}
	doing = DOING_NOTHING;
}

static void step(void)
{
	unsigned hart = any(TLB_HARTS);
	struct vcpu *v;

	switch (any(40)) {
	case 0:
		host_step();
		break;
	case 1:
	case 2:
		v = &vcpus[any(TLB_VMS)][any(TLB_VCPUS)];
		if (!is_loaded(v))
			load(hart, v);
		break;
	case 3:
		save(hart);
		break;
	case 4:
		be(hart);
		work_run();
		break;
	case 5:
		tlb_look_ahead();
		break;
	default:
		guest_step(hart);
	}
}

/* ---- Lives ---- */

static struct guest_env env;

static void look_work(struct work *work)
{
	vcpu_ops->look(CONTAINER_OF(work, struct vcpu, look));
}

static void begin(uint64_t seed, unsigned bits)
{
	tlb_forget_everything();
	chance = seed;
	vmid_bits = bits;
	harts_forget = !(seed % 4); /* or keep everything, the others */
	gmap_host_use_again_soon();
	wrong = NULL;
	be(0);
	for (unsigned n = 0; n < TLB_VMS; n++) {
		for (unsigned i = 0; i < TLB_VCPUS; i++) {
			struct vcpu *v = &vcpus[n][i];

			memset(v, 0, sizeof(*v));
			v->engine = &hext_engine;
			v->env = &env;
			v->look.call = look_work;
			v->vm = &vms[n];
			v->hart_id = v->index = i;
			vms[n].vcpus[i] = v;
		}
		create(&vms[n]);
	}
}

static void end(void)
{
	plant = NONE;
	doing = DOING_NOTHING;
	for (unsigned hart = 0; hart < TLB_HARTS; hart++) {
		be(hart);
		work_run();
	}
	for (unsigned n = 0; n < TLB_VMS; n++) {
		leave(&vms[n]);
		merge(&vms[n]);
		gmap_destroy(&vms[n].map);
	}
	EXPECT_EQ(gmap_host_n_held(), 0);
	EXPECT_EQ(own_host_n_taken(), 0);
}

/* Returns how many steps it took until something was wrong; 0: nothing was. */
static unsigned live(enum plant left_out, uint64_t seed, unsigned bits, unsigned steps)
{
	unsigned n = 0;

	begin(seed, bits);
	plant = left_out;
	while (n < steps && !wrong) {
		step();
		n++;
	}
	end();
	return wrong ? n : 0;
}

static const unsigned some_bits[] = { 0, 1, 2, 14 };

TEST(tlb, no_hart_sees_what_is_gone)
{
	for (uint64_t seed = 1; seed <= 6; seed++)
		for (unsigned i = 0; i < ARRAY_LEN(some_bits); i++)
			if (live(NONE, seed, some_bits[i], 5000)) {
				kit_note("%s at 0x%llx: seed %llu, %u bits", wrong,
					 (unsigned long long)wrong_at, (unsigned long long)seed,
					 some_bits[i]);
				EXPECT(!"right");
			}
}

/* Left out, it shows within so many lives. */
static void expect_noticed(enum plant left_out)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		unsigned n = live(left_out, seed, some_bits[seed % ARRAY_LEN(some_bits)], 5000);

		if (n) {
			kit_note("life %llu, step %u: %s", (unsigned long long)seed, n, wrong);
			return;
		}
	}
	EXPECT(!"noticed");
}

/* By a way that chance takes too seldom: a vCPU is where it was, and executes what its sibling
 * found in a frame from which this hart executed for another VM. */
static bool executes_what_another_vm_left(enum plant left_out)
{
	struct tlb_access x = { .gva = TOGGLE, .right = PTE_X };
	uint64_t code = 42;

	begin(1, 14);
	plant = left_out;
	load(1, &vcpus[1][0]);
	load(0, &vcpus[1][1]);
	load(1, &vcpus[0][0]);
	be(0);
	EXPECT_EQ(guest_copy_out(&vms[0].map, GPA(TOGGLE), &code, sizeof(code)), 0);
	be(1);
	touch_at(1, loaded_on[1], &x, TOGGLE);
	load(1, &vcpus[1][0]);
	be(0);
	EXPECT_EQ(gmap_remove(&vms[0].map, GPA(TOGGLE), TOGGLE_PAGES * PAGE_SIZE), 0);
	touch_at(0, loaded_on[0], &x, TOGGLE);
	be(1);
	touch_at(1, loaded_on[1], &x, TOGGLE);
	end();
	return wrong;
}

/* On harts too that run another VM by now. */
TEST(tlb, notices_a_frame_that_goes_back_without_fence_i)
{
	EXPECT(!executes_what_another_vm_left(NONE));
	EXPECT(executes_what_another_vm_left(CODE_IN_FREED_FRAME));
}

#define NOTICES(name, left_out)                                                                    \
	TEST(tlb, notices_##name)                                                                  \
	{                                                                                          \
		expect_noticed(left_out);                                                          \
	}

NOTICES(entries_that_go_without_a_fence, UNMAP)
NOTICES(a_right_that_goes_without_a_fence, RIGHT_REMOVED)
NOTICES(a_leaf_that_is_split_without_a_fence, SPLIT)
NOTICES(leaves_that_are_merged_without_a_fence, MERGE)
NOTICES(a_table_that_is_freed_without_a_fence, TABLE_PAGE_FREED)
NOTICES(a_range_that_is_too_small, RANGE_TOO_SMALL)
NOTICES(a_vmid_that_is_reused_without_a_fence, VMID_REUSED)
NOTICES(a_vmid_under_which_a_guest_left_its_own_stage, VMID_REUSED_OWN_STAGE)
NOTICES(a_frame_that_goes_to_another_vm_without_a_fence, FRAME_REUSED)
NOTICES(a_load_that_forgets_what_changed_while_it_was_away, CHANGED_WHILE_AWAY)
NOTICES(a_vcpu_that_comes_to_a_hart_without_a_fence, VCPU_ON_NEW_HART)
NOTICES(a_sibling_on_the_hart_without_a_fence, SIBLING_ON_HART)
NOTICES(a_save_that_leaves_vsatp_on_under_another_hgatp, VSATP_LEFT_ON)
NOTICES(a_load_that_has_vsatp_on_before_hgatp, VSATP_ON_TOO_SOON)
NOTICES(a_hole_that_is_filled_without_a_fence, INVALID_TO_VALID)
NOTICES(a_page_that_appears_without_fence_i, CODE_AFTER_FILL)
NOTICES(code_that_was_written_elsewhere, CODE_FROM_ELSEWHERE)
NOTICES(a_fence_of_a_sibling_that_is_left_out, FENCE_OF_SIBLING)
NOTICES(a_fence_of_a_sibling_that_is_left_out_at_load, FENCE_OF_SIBLING_AT_LOAD)
