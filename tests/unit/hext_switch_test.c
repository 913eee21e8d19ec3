/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hext engine's switches of guests: what no machine shows that forgives a wrong order, or keeps
 * no stale translation.
 */
#include <string.h>

#include "arch/csr.h"
#include "gstage/flush.h"
#include "platform/trap.h"
#include "tests/kit/kit.h"
#include "tests/unit/hext_host.h"

static struct vcpu *const v = &vcpu;

/* Privileged specification, "Two-Stage Address Translation": no walk mixes two guests' tables. */
TEST(hext, load_switches_tables_with_translation_off)
{
	begin();
	hext_load(v, &flusher);
	unsigned off = find_write(0, CSR_VSATP, 0);
	unsigned under = find_write(0, CSR_HGATP, v->hgatp);
	unsigned on = find_write(0, CSR_VSATP, VSATP_OF_GUEST);

	EXPECT(off < under && under < on && on != NEVER);
	EXPECT_EQ(find_write(0, CSR_VSATP, VSATP_OF_GUEST), on);
}

/* henvcfg says whether a walk sets A and D. */
TEST(hext, load_says_how_tables_are_walked_before_they_can_be)
{
	begin();
	csrs[CSR_HENVCFG] = ENVCFG_PBMTE; /* another guest's */
	hext_load(v, &flusher);
	EXPECT_EQ(henvcfg_at_vsatp, env.henvcfg);
}

/* It is the vCPU's own: another of the same VM has what its reset gave it. */
TEST(hext, what_a_guest_chose_of_its_environment_goes_with_its_vcpu_and_ends_with_its_reset)
{
	begin();
	hext_load(v, &flusher);
	n_done = 0;
	EXPECT(hext_set_env(v, env.henvcfg & ~ENVCFG_ADUE));
	EXPECT_EQ(csrs[CSR_HENVCFG], ENVCFG_STCE);
	EXPECT(find(0, "hfence.vvma") != NEVER);
	hext_save(v);
	csrs[CSR_HENVCFG] = ~0ull;
	hext_load(v, &flusher);
	EXPECT_EQ(henvcfg_at_vsatp, ENVCFG_STCE);
	hext_save(v);
	v->sbi.fwft_locked = 1;
	hext_reset(v, GPA(0), 0, 0);
	EXPECT_EQ(v->sbi.fwft_locked, 0);
	v->vs.vsatp = VSATP_OF_GUEST;
	hext_load(v, &flusher);
	EXPECT_EQ(henvcfg_at_vsatp, env.henvcfg);
}

TEST(hext, traps_that_the_sbi_makes_are_put_down_where_the_guest_finds_them)
{
	begin();
	hext_load(v, &flusher);
	for (unsigned user = 0; user < 2; user++) {
		struct vcpu_privilege p = { .sepc = 0x1234,
					    .status = SSTATUS_SPIE | (user ? 0 : SSTATUS_SPP),
					    .is_user = user };

		csrs[CSR_VSSTATUS] = SSTATUS_SIE | SSTATUS_SUM;
		hext_privilege_set(v, &p);
		EXPECT_EQ(csrs[CSR_VSEPC], p.sepc);
		EXPECT_EQ(csrs[CSR_VSSTATUS], p.status | SSTATUS_SUM);
		EXPECT_EQ(!(csrs[CSR_HSTATUS] & HSTATUS_SPVP), user);
		EXPECT_EQ(!(csrs[CSR_SSTATUS] & SSTATUS_SPP), user);
		struct vcpu_privilege now = hext_privilege_get(v);

		EXPECT(now.sepc == p.sepc && now.status == p.status && now.is_user == p.is_user);
	}
}

/* A flush that begins between the two would leave this hart out. */
TEST(hext, hart_is_noted_for_flushes_before_it_can_keep_a_translation)
{
	begin();
	hext_load(v, &flusher);
	EXPECT_EQ(noted_at_hgatp, BIT(hart_index));
}

TEST(hext, load_fences_translations_and_code_exactly_where_others_were)
{
	struct vcpu sibling;

	begin();
	hext_load(v, &flusher);
	unsigned under = find_write(0, CSR_HGATP, v->hgatp);
	unsigned on = find_write(0, CSR_VSATP, VSATP_OF_GUEST);

	EXPECT(under < find(0, "hfence.vvma") && find(0, "hfence.vvma") < on);
	EXPECT(find(0, "fence.i") < on);
	hext_save(v);
	n_done = 0;
	hext_load(v, &flusher); /* nobody was here since */
	EXPECT_EQ(find(0, "hfence.vvma"), NEVER);
	EXPECT_EQ(find(0, "fence.i"), NEVER);
	hext_save(v);
	sibling = *v;
	hext_load(&sibling, &flusher);
	hext_save(&sibling);
	n_done = 0;
	hext_load(v, &flusher);
	EXPECT(find(0, "hfence.vvma") != NEVER && find(0, "fence.i") != NEVER);
}

static struct flusher of_other_vm;

/* Where VMID 0 is everybody's, nothing may be found that another VM left. */
TEST(hext, load_without_a_vmid_forgets_both_stages_of_another_vm)
{
	struct vcpu stranger;

	begin();
	features.vmid_bits = 0;
	memset(&of_other_vm, 0, sizeof(of_other_vm));
	hext_set_table(v, &table, &of_other_vm);
	stranger = *v;
	for (unsigned i = 0; i < 2; i++) {
		n_done = 0;
		hext_load(v, &flusher);
		unsigned under = find_write(0, CSR_HGATP, v->hgatp);

		EXPECT_EQ(field_get(HGATP_VMID, v->hgatp), 0);
		EXPECT(find(0, "hfence.gvma") < under && find(under, "hfence.vvma") != NEVER);
		hext_save(v);
		hext_load(&stranger, &of_other_vm);
		hext_save(&stranger);
	}
}

/* Another guest's sc must not succeed by this one's lr (unprivileged specification, "LR/SC"). */
TEST(hext, save_breaks_the_reservation)
{
	begin();
	hext_load(v, &flusher);
	EXPECT_EQ(find(0, "sc.d"), NEVER);
	n_done = 0;
	hext_save(v);
	EXPECT(find(0, "sc.d") != NEVER);
}

TEST(hext, save_leaves_no_table_no_timer_and_no_interrupt)
{
	begin();
	hext_load(v, &flusher);
	csrs[CSR_VSTIMECMP] = FAR;
	csrs[CSR_HVIP] = HVIP_VSSIP;
	hext_save(v);
	EXPECT_EQ(csrs[CSR_VSATP] | csrs[CSR_HGATP] | csrs[CSR_HVIP], 0);
	EXPECT_EQ(csrs[CSR_VSTIMECMP], ~0ull);
	EXPECT(find_write(0, CSR_HGATP, 0) > find_write(0, CSR_VSATP, 0));
	EXPECT_EQ(v->vs.vstimecmp, FAR);
	EXPECT_EQ(v->vs.hvip, HVIP_VSSIP);
	EXPECT(!trap_on_return);
}

/* F and V move only if they changed, and while their unit is on. */
TEST(hext, save_stores_the_units_that_are_dirty)
{
	for (unsigned dirty = 0; dirty < 4; dirty++) {
		begin();
		hext_load(v, &flusher);
		csrs[CSR_SSTATUS] = field_put(SSTATUS_FS, dirty & 1 ? 3 : 2) |
				    field_put(SSTATUS_VS, dirty & 2 ? 3 : 2);
		n_done = 0;
		hext_save(v);
		EXPECT_EQ(find(0, "float_save") != NEVER, dirty & 1);
		EXPECT_EQ(find(0, "vector_save") != NEVER, dirty >> 1);
		EXPECT_EQ(csrs[CSR_SSTATUS] & (SSTATUS_FS | SSTATUS_VS), 0);
	}
}

/* What is changed while a VM is loaded nowhere is forgotten when it is loaded again. */
TEST(hext, load_forgets_memory_that_changed_meanwhile)
{
	begin();
	hext_load(v, &flusher);
	hext_save(v);
	flush_all(&flusher);
	for (unsigned i = 0; i < 2; i++) {
		n_done = 0;
		hext_load(v, &flusher);
		unsigned fence = find(0, "hfence.gvma");

		if (!i && fence != NEVER)
			EXPECT_EQ(done[fence].value, field_get(HGATP_VMID, v->hgatp));
		EXPECT_EQ(fence < find_write(0, CSR_HGATP, v->hgatp), !i);
		hext_save(v);
	}
}

/* Frames are somebody else's next: what this hart keeps of their contents as code is too. */
TEST(hext, who_frees_memory_forgets_its_translations_and_its_code)
{
	begin();
	hext_load(v, &flusher);
	n_done = 0;
	flush_range(&flusher, GPA(ENTRY), 2 * PAGE_SIZE, true);
	unsigned fence = find(0, "hfence.gvma");

	REQUIRE(fence != NEVER && find(fence + 1, "hfence.gvma") != NEVER);
	EXPECT_EQ(done[fence].value, field_get(HGATP_VMID, v->hgatp));
	EXPECT(find(0, "fence.i") != NEVER);
	n_done = 0;
	flush_range(&flusher, GPA(ENTRY), UINT64_MAX, false);
	EXPECT(find(0, "hfence.gvma") != NEVER && find(0, "fence.i") == NEVER);
	hext_save(v);
	n_done = 0;
	flush_range(&flusher, GPA(ENTRY), UINT64_MAX, true);
	EXPECT(find(0, "hfence.gvma") == NEVER && find(0, "fence.i") != NEVER);
}

/* --- registers of which a guest has none of its own --- */

static struct vcpu other; /* of another VM, as far as they are concerned */

static void switch_from(struct vcpu *from, struct vcpu *to)
{
	hext_save(from);
	n_done = 0;
	hext_load(to, &flusher);
}

/* Two vCPUs that have been reset on a hart which has just these groups. */
static void begin_with_two(unsigned there)
{
	begin();
	groups = there;
	features.senvcfg = there & BIT(SENVCFG) ? ~0ull : 0;
	features.stateen = there & BIT(STATEEN);
	features.stateen_n = there & BIT(STATEEN_N);
	features.scontext = there & BIT(SCONTEXT);
	features.siselect = there & BIT(SISELECT);
	other = *v;
}

/* The hart has all of them, as no machine at hand has; what was there before is nobody's; the first
 * of the two is loaded. */
static void begin_with_all(void)
{
	begin_with_two(BIT(N_GROUPS) - 1);
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		csrs[shared[i].csr] = ~0ull;
	hext_load(v, &flusher);
}

static uint64_t value_of(unsigned which, unsigned of)
{
	return 0x5a0000 + 0x100 * which + of;
}

static void guest_sets(unsigned of)
{
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
		csrs[shared[i].csr] = of ? value_of(i, of) : 0;
}

/* Each holds what that vCPU's guest has set there, 0: nothing. */
static void expect_what_was_set(unsigned of)
{
	for (unsigned i = 0; i < ARRAY_LEN(shared); i++) {
		if (csrs[shared[i].csr] == (of ? value_of(i, of) : 0))
			continue;
		kit_note("%s is 0x%llx", shared[i].name, (unsigned long long)csrs[shared[i].csr]);
		EXPECT(!"its own");
	}
}

/* Else one guest could read and change what another one set, scontext included. */
TEST(hext, registers_that_a_guest_has_none_of_go_with_its_vcpu)
{
	begin_with_all();
	expect_what_was_set(0);
	guest_sets(1);
	switch_from(v, &other);
	expect_what_was_set(0);
	guest_sets(2);
	switch_from(&other, v);
	expect_what_was_set(1);
	switch_from(v, &other);
	expect_what_was_set(2);
	guest_sets(0);
	switch_from(&other, v);
	expect_what_was_set(1);
	switch_from(v, &other);
	expect_what_was_set(0);
}

TEST(hext, registers_that_a_guest_has_none_of_are_reset_with_its_vcpu_alone)
{
	begin_with_all();
	guest_sets(1);
	switch_from(v, &other);
	guest_sets(2);
	hext_save(&other);
	hext_reset(v, GPA(ENTRY), 0, 0);
	hext_load(v, &flusher);
	expect_what_was_set(0);
	switch_from(v, &other);
	expect_what_was_set(2);
}

/* The table of extensions says which it can reach: the rest is not moved, and a guest that cannot
 * reach them is not run with what another one set. */
TEST(hext, registers_that_a_guest_cannot_reach_are_as_a_reset_leaves_them)
{
	static const unsigned state_of[N_GROUPS] = { [SENVCFG] = STATE_SENVCFG,
						     [STATEEN] = STATE_SSTATEEN,
						     [STATEEN_N] = STATE_SSTATEEN,
						     [SCONTEXT] = STATE_SCONTEXT,
						     [SISELECT] = STATE_VSISELECT };
	struct guest_env without = env;

	for (unsigned g = ALWAYS + 1; g < N_GROUPS; g++) {
		begin_with_all();
		without = env;
		without.states &= ~state_of[g];
		other.env = &without;
		guest_sets(1);
		switch_from(v, &other);
		guest_sets(2); /* nobody can: the hart, of itself */
		switch_from(&other, v);
		expect_what_was_set(1);
		switch_from(v, &other);
		for (unsigned i = 0; i < ARRAY_LEN(shared); i++)
			EXPECT_EQ(csrs[shared[i].csr],
				  state_of[shared[i].group] == state_of[g] ? 0 : value_of(i, 2));
	}
}

/* They would trap, of themselves or as the firmware hides them. */
TEST(hext, registers_that_a_hart_lacks_are_not_touched)
{
	for (unsigned there = BIT(ALWAYS); there < BIT(N_GROUPS); there += 2 * BIT(ALWAYS)) {
		begin_with_two(there);
		hext_load(v, &flusher);
		switch_from(v, &other);
		hext_save(&other);
	}
}
