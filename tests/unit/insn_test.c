/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's instruction that trapped, fetched from a text of two pages, of which each half-word can
 * be made to trap as a fetch of ours may (RV2).
 */
#include <string.h>

#include "arch/cause.h"
#include "arch/csr.h"
#include "platform/trace.h"
#include "tests/kit/kit.h"
#include "vcpu/decode.h"
#include "vcpu/hext/fetch.h"
#include "vcpu/hext/hext.h"

enum { TEXT = 0x10000, N_HALVES = 4096, NEVER = 0 };
enum {
	LW = 0x0005a503, /* lw a0, 0(a1) */
	C_LW = 0x4188,   /* c.lw a0, 0(a1) */
	SD = 0xfef5bc23, /* sd a5, -8(a1) */
	WFI = 0x10500073,
	WRS_NTO = 0x00d00073,
	SRET = 0x10200073,
	C_EBREAK = 0x9002,
};

/* --- the guest's text --- */

static uint16_t text[N_HALVES];
static uint64_t trap_at, trap_cause; /* where a fetch traps, and how; NEVER */
static struct {
	unsigned width;
	uint64_t address;
} fetched[8];
static unsigned n_fetched;

/* After a trap, what the register held before: it may look like anything. */
uint64_t fetch_model(unsigned width, uint64_t address, uint64_t *value)
{
	uint64_t half = (address - TEXT) / 2;

	REQUIRE(n_fetched < ARRAY_LEN(fetched));
	fetched[n_fetched].width = width;
	fetched[n_fetched++].address = address;
	EXPECT(is_aligned(address, width)); /* or some harts would trap */
	REQUIRE(address >= TEXT && half + width / 2 <= N_HALVES);
	*value = WFI;
	if (trap_at != NEVER && trap_at - address < width)
		return trap_cause;
	*value = text[half];
	if (width == 4)
		*value |= (uint64_t)text[half + 1] << 16;
	return CAUGHT_NOTHING;
}

static void expect_fetches(unsigned n, unsigned width, uint64_t first)
{
	EXPECT_EQ(n_fetched, n);
	for (unsigned i = 0; i < n && i < n_fetched; i++) {
		EXPECT_EQ(fetched[i].width, width);
		EXPECT_EQ(fetched[i].address, first + i * width);
	}
}

/* --- what they stand on --- */

unsigned trace_on;
static uint64_t hstatus, hip, vsie;
static bool is_awake;
static unsigned n_injected;
static uint64_t injected_cause, injected_value;

void trace_write(enum trace_event event, uint64_t a, uint64_t b)
{
	(void)event, (void)a, (void)b;
}

uint64_t csr_model_read(unsigned csr)
{
	switch (csr) {
	case CSR_HSTATUS:
		return hstatus;
	case CSR_HIP:
		return hip;
	case CSR_VSIE:
		return vsie;
	default:
		EXPECT_EQ(csr, CSR_HSTATUS);
		return 0;
	}
}

void csr_model_write(unsigned csr, uint64_t value)
{
	(void)value;
	kit_note("csr 0x%x is written", csr);
	EXPECT(!"written");
}

static struct vcpu vcpu, *const v = &vcpu;

void hext_inject(struct vcpu *who, uint64_t cause, uint64_t value)
{
	EXPECT(who == v);
	n_injected++;
	injected_cause = cause;
	injected_value = value;
}

bool hext_is_awake(struct vcpu *who)
{
	EXPECT(who == v);
	return is_awake;
}

/* --- a vCPU that trapped --- */

/* In VS-mode at `pc`, where that instruction stands between others that access memory. */
static void begin(uint64_t pc, uint32_t insn)
{
	memset(&vcpu, 0, sizeof(vcpu));
	for (unsigned i = 0; i < N_HALVES; i++)
		text[i] = C_LW;
	text[(pc - TEXT) / 2] = (uint16_t)insn;
	if ((insn & 3) == 3)
		text[(pc - TEXT) / 2 + 1] = (uint16_t)(insn >> 16);
	v->pc = pc;
	trap_at = NEVER;
	hstatus = HSTATUS_SPVP;
	hip = vsie = 0;
	is_awake = true;
	n_fetched = n_injected = 0;
}

/* At a word, between two words, and between two pages. */
static const uint64_t places[] = { TEXT + 8, TEXT + 10, TEXT + PAGE_SIZE - 2 };

/* Is an instruction there in two parts? */
static bool is_split(uint64_t pc)
{
	return pc & 2;
}

/* --- the instruction of a memory fault --- */

TEST(insn, of_four_bytes_is_fetched_wherever_it_lies)
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		struct access a;

		begin(places[i], SD);
		REQUIRE(hext_find_access(v, &a));
		EXPECT_EQ(a.kind, ACCESS_STORE);
		EXPECT_EQ(a.width, 8);
		EXPECT_EQ(a.length, 4);
		EXPECT_EQ(a.reg, 15);
		EXPECT_EQ(a.offset, -8);
		if (is_split(places[i]))
			expect_fetches(2, 2, places[i]);
		else
			expect_fetches(1, 4, places[i]);
		EXPECT_EQ(v->pc, places[i]);
		EXPECT_EQ(n_injected, 0);
	}
}

/* What stands behind it is neither taken for its part nor, in the next word, looked at. */
TEST(insn, of_two_bytes_is_fetched_alone)
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		struct access a;

		begin(places[i], C_LW);
		REQUIRE(hext_find_access(v, &a));
		EXPECT_EQ(a.kind, ACCESS_LOAD);
		EXPECT_EQ(a.length, 2);
		EXPECT_EQ(a.width, 4);
		EXPECT_EQ(a.reg, REG_A0);
		expect_fetches(1, is_split(places[i]) ? 2 : 4, places[i]);
		/* Not even where the guest could not. */
		begin(places[i], C_LW);
		if (is_split(places[i])) {
			trap_at = places[i] + 2;
			trap_cause = CAUSE_LOAD_PAGE;
			EXPECT(hext_find_access(v, &a));
			EXPECT_EQ(n_injected, 0);
		}
	}
}

/* RV2: a plain load, and what is not plain: an AMO, and one that crosses into the next page. */
TEST(insn, that_htinst_holds_is_not_fetched)
{
	static const struct {
		uint64_t htinst;
		uint8_t kind, width, length, reg;
	} cases[] = {
		{ 0x00002503, ACCESS_LOAD, 4, 4, 10 },  /* lw a0 */
		{ 0x00002501, ACCESS_LOAD, 4, 2, 10 },  /* the same, from a compressed one */
		{ 0x00f03023, ACCESS_STORE, 8, 4, 15 }, /* sd a5 */
		{ 0x00f0252f, ACCESS_AMO, 4, 4, 10 },   /* amoadd.w a0, a5 */
		{ 0x00012503, ACCESS_LOAD, 0, 4, 10 },  /* lw a0, 2 bytes of it before: no width */
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct access a;

		begin(TEXT, C_EBREAK);
		v->trap.insn = cases[i].htinst;
		EXPECT(hext_find_access(v, &a));
		EXPECT_EQ(a.kind, cases[i].kind);
		EXPECT_EQ(a.width, cases[i].width);
		EXPECT_EQ(a.length, cases[i].length);
		EXPECT_EQ(a.reg, cases[i].reg);
		expect_fetches(0, 0, 0);
	}
}

/* RV1, RV2: 0, what is not known, and what speaks of a walk. */
TEST(insn, that_htinst_does_not_tell_is_fetched)
{
	static const uint64_t unknown[] = { 0, 0x2000, 0x2020, 0x3000, 0x3020, ~0ull };

	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		struct access a;

		begin(TEXT, LW);
		v->trap.insn = unknown[i];
		REQUIRE(hext_find_access(v, &a));
		EXPECT_EQ(a.kind, ACCESS_LOAD);
		EXPECT_EQ(a.width, 4);
		EXPECT_EQ(a.reg, REG_A0);
		expect_fetches(1, 4, TEXT);
	}
}

TEST(insn, that_accesses_no_memory_is_told_as_none)
{
	struct access a = { .kind = ACCESS_AMO, .width = 8 };

	begin(TEXT, SRET);
	EXPECT(hext_find_access(v, &a)); /* other code came there meanwhile */
	EXPECT_EQ(a.kind, ACCESS_NONE);
	EXPECT_EQ(n_injected, 0);
}

/* --- a fetch that traps --- */

/* What a fetch of ours was caught at, and what that makes of the guest's own; 0: it meets it
 * itself, and then it is an exit of its own. */
static const struct {
	uint64_t caught;
	uint64_t injected;
} traps[] = {
	{ CAUSE_FETCH_PAGE, CAUSE_FETCH_PAGE },
	{ CAUSE_LOAD_PAGE, CAUSE_FETCH_PAGE },
	{ CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE },
	{ CAUSE_FETCH_GPF, 0 },
	{ CAUSE_LOAD_GPF, 0 },
	{ CAUSE_STORE_GPF, 0 },
	{ CAUSE_FETCH_ACCESS, CAUSE_FETCH_ACCESS },
	{ CAUSE_LOAD_ACCESS, CAUSE_FETCH_ACCESS },
	{ CAUSE_STORE_ACCESS, CAUSE_FETCH_ACCESS },
	{ CAUSE_LOAD_MISALIGNED, CAUSE_FETCH_ACCESS },
	{ CAUSE_HARDWARE_ERROR, CAUSE_FETCH_ACCESS },
	{ 24, CAUSE_FETCH_ACCESS },
	{ 63, CAUSE_FETCH_ACCESS },
};

static void expect_reflected(unsigned trap, uint64_t address, uint64_t pc)
{
	EXPECT_EQ(v->pc, pc);
	EXPECT_EQ(n_injected, !!traps[trap].injected);
	if (n_injected) {
		EXPECT_EQ(injected_cause, traps[trap].injected);
		EXPECT_EQ(injected_value, address);
	}
}

/* Each of them at each half of an instruction, wherever it lies; a word is fetched as one. */
static void try_traps(uint32_t insn, void (*run)(void))
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		for (unsigned half = 0; half < 2; half++) {
			for (unsigned k = 0; k < ARRAY_LEN(traps); k++) {
				begin(places[i], insn);
				trap_at = places[i] + 2 * half;
				trap_cause = traps[k].caught;
				run();
				expect_reflected(k, is_split(places[i]) ? trap_at : places[i],
						 places[i]);
			}
		}
	}
}

static void find_access_fails(void)
{
	struct access a;

	EXPECT(!hext_find_access(v, &a));
}

static void privileged_resumes(void)
{
	EXPECT_EQ(hext_privileged_insn(v), VERDICT_RESUME);
	EXPECT_EQ(v->n_waits, 0);
}

/* RV2. A page fault is that of the half that failed: the guest maps what it is told of. */
TEST(insn, whose_fetch_traps_is_the_guests_own_fetch_fault_at_the_half_that_failed)
{
	try_traps(SD, find_access_fails);
}

TEST(insn, that_is_privileged_and_cannot_be_fetched_is_the_same)
{
	try_traps(WFI, privileged_resumes);
}

/* AX13. It executes there, so its own fetch does not meet the hole, however often it is asked. */
TEST(insn, that_is_executed_where_nothing_is_has_an_access_fault_in_the_end)
{
	begin(places[0], SD);
	trap_at = places[0];
	trap_cause = CAUSE_LOAD_GPF;
	for (unsigned i = 0; i < 18; i++) {
		n_fetched = 0;
		find_access_fails();
		EXPECT_EQ(n_injected, i >= 16); /* once, and then it begins anew */
	}
	EXPECT_EQ(injected_cause, CAUSE_FETCH_ACCESS);
	EXPECT_EQ(injected_value, places[0]);
}

/* It is looked at once more then, with all registers saved: here nothing may have changed. */
TEST(insn, of_a_wait_that_cannot_be_fetched_is_left_to_the_slow_way)
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(traps); k++) {
			begin(places[i], WFI);
			hip = SIE_SSIE << 1;
			vsie = SIE_SSIE;
			trap_at = places[i];
			trap_cause = traps[k].caught;
			EXPECT(!hext_wait_is_over(v));
			EXPECT_EQ(v->pc, places[i]);
			EXPECT_EQ(n_injected, 0);
			EXPECT_EQ(v->n_waits | v->n_exits[CAUSE_VIRTUAL_INSN], 0);
		}
	}
}

/* --- privileged ones --- */

TEST(insn, wfi_waits_unless_something_is_there_for_it)
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		for (unsigned awake = 0; awake < 2; awake++) {
			begin(places[i], WFI);
			is_awake = awake;
			EXPECT_EQ(hext_privileged_insn(v), awake ? VERDICT_RESUME : VERDICT_WAIT);
			EXPECT_EQ(v->pc, places[i] + 4);
			EXPECT_EQ(v->n_waits, 1);
			EXPECT_EQ(n_injected, 0);
		}
	}
}

/* Whatever the guest's user asks for. */
TEST(insn, wfi_of_user_mode_is_illegal)
{
	begin(TEXT, WFI);
	hstatus = 0;
	hip = SIE_SSIE << 1;
	vsie = SIE_SSIE;
	EXPECT(!hext_wait_is_over(v));
	EXPECT_EQ(hext_privileged_insn(v), VERDICT_RESUME);
	EXPECT_EQ(n_injected, 1);
	EXPECT_EQ(injected_cause, CAUSE_ILLEGAL_INSN);
	EXPECT_EQ(injected_value, WFI);
	EXPECT_EQ(v->n_waits, 0);
	EXPECT_EQ(v->pc, TEXT);
}

TEST(insn, wrs_nto_ends_at_once)
{
	begin(TEXT, WRS_NTO);
	is_awake = false;
	EXPECT_EQ(hext_privileged_insn(v), VERDICT_RESUME);
	EXPECT_EQ(v->pc, TEXT + 4);
	EXPECT_EQ(n_injected, 0);
}

/* stval is the instruction; of a 16-bit one its own bits alone. */
TEST(insn, that_nobody_answers_for_is_illegal)
{
	static const uint32_t insns[] = { SRET, C_EBREAK };

	for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
		for (unsigned k = 0; k < ARRAY_LEN(places); k++) {
			begin(places[k], insns[i]);
			EXPECT_EQ(hext_privileged_insn(v), VERDICT_RESUME);
			EXPECT_EQ(n_injected, 1);
			EXPECT_EQ(injected_cause, CAUSE_ILLEGAL_INSN);
			EXPECT_EQ(injected_value, insns[i]);
			EXPECT_EQ(v->pc, places[k]);
		}
	}
}

/* --- the short way of a wait --- */

TEST(insn, wfi_that_ends_at_once_is_one_exit_and_one_wait)
{
	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		begin(places[i], WFI);
		hip = SIE_STIE << 1;
		vsie = SIE_STIE;
		EXPECT(hext_wait_is_over(v));
		EXPECT_EQ(v->pc, places[i] + 4);
		EXPECT_EQ(v->n_waits, 1);
		EXPECT_EQ(v->n_exits[CAUSE_VIRTUAL_INSN], 1);
	}
}

TEST(insn, that_is_no_wfi_or_has_nothing_enabled_pending_is_left_to_the_slow_way)
{
	begin(TEXT, SRET);
	hip = SIE_STIE << 1;
	vsie = SIE_STIE;
	EXPECT(!hext_wait_is_over(v));
	begin(TEXT, WFI);
	hip = SIE_SSIE << 1;
	vsie = SIE_STIE;
	EXPECT(!hext_wait_is_over(v));
	expect_fetches(0, 0, 0);
	EXPECT_EQ(v->pc, TEXT);
	EXPECT_EQ(v->n_waits | v->n_exits[CAUSE_VIRTUAL_INSN], 0);
}
