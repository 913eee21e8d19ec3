/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that does nothing but check that nobody disturbs it: its memory, by two addresses each,
 * what its registers and CSRs hold while it spins, its time and its timer. After some rounds it
 * starts anew, in memory that the hostile one may have had meanwhile, and that must be zero. A
 * failure is told, and then it ends as failed.
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
uint64_t neighbour_check_v(uint8_t *memory, uint64_t turns);

#define PATTERN        0x80400000ull /* memory that is checked, a part each round */
#define PATTERN_END    (BARE_RAM + BARE_RAM_SIZE - 0x200000) /* where the tree is */
#define PART_SIZE      0x200000ull
#define VECTORS        0x80340000ull
#define SERIAL         0x10000000ull
#define ALIAS          0x2000000000ull /* the same RAM, its blocks of 2 MiB in reverse */
#define STATUS_CHECKED (SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SPP | SSTATUS_SPIE)
#define SEED           0x6e6569676862ull

enum {
	SPIN = 200000,
	LONG_SPIN = 3000000, /* more than a turn on a shared hart, mostly */
	HELD_TICKS = 150000, /* more than a turn, always */
	TIMER_TICKS = 10000,
	CALIBRATIONS = 8,
	FASTER = 16,              /* than the fastest at the start: time stood still */
	LONG_TIME = 8 * 10000000, /* ticks: the host runs other things than us, too */
	ROUNDS_A_LINE = 8,
	ROUNDS_A_LIFE = 32,
	N_PARTS = (PATTERN_END - PATTERN) / PART_SIZE,
	SBI_SRST = 0x53525354,
	COLD_REBOOT = 1,
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

	root[0] = 0xc7; /* devices */
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

static uint64_t part_of(uint64_t round)
{
	return PATTERN + round % N_PARTS * PART_SIZE;
}

/* The first time: nobody has left anything there. */
static void fill(uint64_t round)
{
	for (uint64_t at = part_of(round); at < part_of(round) + PART_SIZE; at += 8) {
		volatile uint64_t *word = (volatile uint64_t *)at;

		if (*word)
			fail(CHECK_FRESH, *word, at);
		*word = pattern(at, round);
	}
}

/* Every word is checked by one of its addresses and written anew by the other. */
static void check_memory(uint64_t round)
{
	for (uint64_t at = part_of(round); at < part_of(round) + PART_SIZE; at += 8) {
		uint64_t due = pattern(at, round - N_PARTS);
		volatile uint64_t *direct = (volatile uint64_t *)at, *other = alias_of(at);
		bool by_alias = (at / 8 ^ round / N_PARTS) & 1;
		uint64_t found = by_alias ? *other : *direct;

		if (found != due)
			fail(by_alias ? CHECK_ALIAS : CHECK_MEMORY, found, due);
		*(by_alias ? direct : other) = pattern(at, round);
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

/* --- its console --- */

static void print(const char *text)
{
	volatile uint8_t *serial = (volatile uint8_t *)SERIAL;

	for (; *text; text++) {
		while (!(serial[5] & 0x20))
			;
		serial[0] = (uint8_t)*text;
	}
}

/* --- registers --- */

static void check_vectors(uint64_t round)
{
	uint64_t *memory = (uint64_t *)VECTORS, n = 32 * vector_bytes / 8;

	if (!vector_bytes)
		return;
	for (uint64_t i = 0; i < n; i++)
		memory[i] = pattern(i, ~round);
	if (neighbour_check_v((uint8_t *)memory, LONG_SPIN))
		fail(CHECK_V, 1, 0);
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
	csr_write(CSR_SIP, p & SIE_SSIE);
	csr_write(CSR_SENVCFG, p >> 5 & 1);
	csr_write(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS | (p & STATUS_CHECKED));
	for (uint64_t until = look_at_clock() + HELD_TICKS; look_at_clock() < until;)
		work();
	check_csr(csr_read(CSR_SSCRATCH), p);
	check_csr(csr_read(CSR_SEPC), p & -4ull);
	check_csr(csr_read(CSR_SCAUSE), p & 15);
	check_csr(csr_read(CSR_STVAL), p >> 20);
	check_csr(csr_read(CSR_SCOUNTEREN), p & 7);
	check_csr(csr_read(CSR_STIMECMP), ~p | 1ull << 63);
	check_csr(csr_read(CSR_SIE), p & (SIE_SSIE | SIE_SEIE));
	check_csr(csr_read(CSR_SENVCFG), p >> 5 & 1);
	check_csr(csr_read(CSR_SSTATUS) & (STATUS_CHECKED | SSTATUS_FS),
		  (p & STATUS_CHECKED) | SSTATUS_FS);
	check_csr(csr_read(CSR_SIP), p & SIE_SSIE);
	csr_write(CSR_SIP, 0);
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
	for (uint64_t part = 0; part < N_PARTS; part++)
		fill(part);
	calibrate();
	for (uint64_t round = N_PARTS; round < N_PARTS + ROUNDS_A_LIFE; round++) {
		check_memory(round);
		check_registers(round);
		check_clock();
		check_timer();
		if (round % ROUNDS_A_LINE == 0)
			print("\na round is over\n");
		bare_call(EXT_HOSTILE, CALL_ROUND, round - N_PARTS, look_at_clock(), most_work,
			  most_late);
	}
	for (;;)
		bare_call(SBI_SRST, 0, COLD_REBOOT, 0, 0, 0);
}
