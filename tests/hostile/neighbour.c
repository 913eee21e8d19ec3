/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does nothing but check that nobody disturbs it: its memory, by two addresses each,
 * what its registers and CSRs hold while it spins, its time and its timer. A failure is told, and
 * then it ends as failed.
 */
#include "arch/csr.h"
#include "arch/fence.h"
#include "tests/hostile/bare.h"
#include "tests/hostile/calls.h"

_Noreturn void neighbour_main(void);
_Noreturn void neighbour_trap(uint64_t cause, uint64_t pc);
uint64_t neighbour_has_vectors(void);
uint64_t neighbour_check_x(uint64_t pattern, uint64_t turns);
uint64_t neighbour_check_f(uint64_t pattern, uint64_t turns);
void neighbour_check_v(uint8_t *memory, uint64_t turns);

#define PATTERN       0x80400000ull /* memory that is checked */
#define PATTERN_WORDS (0x400000ull / 8)
#define VECTORS       0x80c00000ull
#define ALIAS         0x2000000000ull /* the same RAM, its blocks of 2 MiB in reverse */
#define SEED          0x6e6569676862ull

enum {
	SPIN = 200000,
	LONG_SPIN = 3000000, /* more than a turn on a shared hart, mostly */
	HELD_TICKS = 150000, /* more than a turn, always */
	TIMER_TICKS = 10000,
	CALIBRATIONS = 8,
	FASTER = 16,              /* than the fastest at the start: time stood still */
	LONG_TIME = 8 * 10000000, /* ticks: the host runs other things than us, too */
	SBI_SRST = 0x53525354,
	SYSTEM_FAILURE = 1,
};

static uint64_t root[512] __attribute__((aligned(4096))),
	blocks[512] __attribute__((aligned(4096)));
static uint64_t last_time, least_work = ~0ull, most_work, most_late, vector_bytes;

static _Noreturn void fail(enum neighbour_check which, uint64_t found, uint64_t due)
{
	bare_call(EXT_HOSTILE, CALL_FAILED, which, found, due, 0);
	for (;;)
		bare_call(SBI_SRST, 0, 0, SYSTEM_FAILURE, 0, 0);
}

_Noreturn void neighbour_trap(uint64_t cause, uint64_t pc)
{
	fail(CHECK_TRAP, cause, pc);
}

/* --- memory --- */

static void translate(void)
{
	const uint64_t n = BARE_RAM_SIZE >> 21;

	root[2] = BARE_RAM >> 12 << 10 | 0xcf;
	root[ALIAS >> 30 & 511] = (uint64_t)blocks >> 12 << 10 | 1;
	for (uint64_t i = 0; i < n; i++)
		blocks[i] = (BARE_RAM + ((n - 1 - i) << 21)) >> 12 << 10 | 0xc7;
	csr_write(CSR_SATP, 8ull << 60 | 1ull << 44 | (uint64_t)root >> 12);
	__asm__ volatile("sfence.vma" ::: "memory");
}

static volatile uint64_t *alias_of(uint64_t at)
{
	uint64_t block = (at - BARE_RAM) >> 21, n = BARE_RAM_SIZE >> 21;

	return (volatile uint64_t *)(ALIAS + ((n - 1 - block) << 21 | (at & 0x1fffff)));
}

static uint64_t pattern(uint64_t at, uint64_t round)
{
	return bare_mix(at ^ round << 32 ^ SEED);
}

static void fill(uint64_t round)
{
	for (uint64_t i = 0; i < PATTERN_WORDS; i++)
		((volatile uint64_t *)PATTERN)[i] = pattern(i, round);
}

/* Every word is checked by one of its addresses and written anew by the other. */
static void check_memory(uint64_t round)
{
	for (uint64_t i = 0; i < PATTERN_WORDS; i++) {
		uint64_t at = PATTERN + 8 * i, due = pattern(i, round - 1);
		volatile uint64_t *direct = (volatile uint64_t *)at, *other = alias_of(at);
		bool by_alias = (i ^ round) & 1;
		uint64_t found = by_alias ? *other : *direct;

		if (found != due)
			fail(by_alias ? CHECK_ALIAS : CHECK_MEMORY, found, due);
		*(by_alias ? direct : other) = pattern(i, round);
	}
}

/* --- time --- */

static uint64_t look_at_clock(void)
{
	uint64_t now = csr_read(CSR_TIME);

	if (now < last_time)
		fail(CHECK_TIME_BACK, now, last_time);
	last_time = now;
	return now;
}

static void work(void)
{
	for (unsigned i = 0; i < SPIN; i++)
		__asm__ volatile("");
}

static uint64_t time_of_work(void)
{
	uint64_t before = look_at_clock();

	work();
	return look_at_clock() - before;
}

static void calibrate(void)
{
	for (unsigned i = 0; i < CALIBRATIONS; i++) {
		uint64_t t = time_of_work();

		if (t < least_work)
			least_work = t;
	}
}

static void check_clock(void)
{
	uint64_t t = time_of_work();

	if (t > most_work)
		most_work = t;
	if (t < least_work / FASTER)
		fail(CHECK_TIME_SLOW, t, least_work);
	if (t > LONG_TIME)
		fail(CHECK_TIME_FAST, t, least_work);
}

static void check_timer(void)
{
	uint64_t due = look_at_clock() + TIMER_TICKS;

	csr_write(CSR_STIMECMP, due);
	csr_write(CSR_SIE, SIE_STIE);
	/* Taken, not looked for in sip: QEMU 7.2 does not show it there. wfi ends with interrupts
	 * off too, so that none slips in before it. */
	while (csr_read(CSR_SIE) && csr_read(CSR_TIME) <= due + LONG_TIME) {
		__asm__ volatile("wfi");
		csr_set(CSR_SSTATUS, SSTATUS_SIE);
		csr_clear(CSR_SSTATUS, SSTATUS_SIE);
	}
	uint64_t now = look_at_clock();

	csr_write(CSR_STIMECMP, ~0ull);
	if (now < due)
		fail(CHECK_TIMER_EARLY, now, due);
	if (now - due > most_late)
		most_late = now - due;
	if (now - due > LONG_TIME)
		fail(CHECK_TIMER_LATE, now, due);
}

/* --- registers --- */

static void check_vectors(uint64_t round)
{
	uint64_t *memory = (uint64_t *)VECTORS, n = 32 * vector_bytes / 8;

	if (!vector_bytes)
		return;
	for (uint64_t i = 0; i < n; i++)
		memory[i] = pattern(i, ~round);
	neighbour_check_v((uint8_t *)memory, LONG_SPIN);
	for (uint64_t i = 0; i < n; i++)
		if (memory[n + i] != memory[i])
			fail(CHECK_V, memory[n + i], memory[i]);
}

static void check_csr(uint64_t found, uint64_t due)
{
	if (found != due)
		fail(CHECK_CSR, found, due);
}

static void check_csrs(uint64_t round)
{
	uint64_t p = bare_mix(round), vector = csr_read(CSR_STVEC), satp = csr_read(CSR_SATP);

	csr_write(CSR_SSCRATCH, p);
	csr_write(CSR_SEPC, p & -4ull);
	csr_write(CSR_SCAUSE, p & 15);
	csr_write(CSR_STVAL, p >> 20);
	csr_write(CSR_SCOUNTEREN, p & 7);
	csr_write(CSR_STIMECMP, ~p | 1ull << 63);
	csr_write(CSR_SIE, p & (SIE_SSIE | SIE_SEIE));
	for (uint64_t until = look_at_clock() + HELD_TICKS; look_at_clock() < until;)
		work();
	check_csr(csr_read(CSR_SSCRATCH), p);
	check_csr(csr_read(CSR_SEPC), p & -4ull);
	check_csr(csr_read(CSR_SCAUSE), p & 15);
	check_csr(csr_read(CSR_STVAL), p >> 20);
	check_csr(csr_read(CSR_SCOUNTEREN), p & 7);
	check_csr(csr_read(CSR_STIMECMP), ~p | 1ull << 63);
	check_csr(csr_read(CSR_SIE), p & (SIE_SSIE | SIE_SEIE));
	check_csr(csr_read(CSR_SIP), 0);
	check_csr(csr_read(CSR_STVEC), vector);
	check_csr(csr_read(CSR_SATP), satp);
}

static void check_registers(uint64_t round)
{
	uint64_t p = bare_mix(~round);

	if (neighbour_check_x(p, LONG_SPIN))
		fail(CHECK_X, 1, 0);
	if (neighbour_check_f(p, LONG_SPIN))
		fail(CHECK_F, 1, 0);
	check_vectors(round);
	check_csrs(round);
}

_Noreturn void neighbour_main(void)
{
	vector_bytes = neighbour_has_vectors();
	translate();
	fill(0);
	calibrate();
	for (uint64_t round = 1;; round++) {
		check_memory(round);
		check_registers(round);
		check_clock();
		check_timer();
		bare_call(EXT_HOSTILE, CALL_ROUND, round, look_at_clock(), most_work, most_late);
	}
}
