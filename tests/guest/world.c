/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/guest/world.h"

#include <assert.h>
#include <string.h>

#include "platform/boot.h"
#include "platform/frames.h"
#include "platform/layout.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"

enum { INSN_EBREAK = 0x00100073, GIGA_SLOTS = 4, USER_SLOT = 4, QUARTER_SLOT = 8, ELSEWHERE = 12 };

#define GIGA   BIT(30)
#define PAGES  __attribute__((aligned(PAGE_SIZE)))
#define RIGHTS (PTE_V | PTE_RWX | PTE_A | PTE_D)

static_assert(offsetof(struct trial, pc) == TRIAL_PC);
static_assert(offsetof(struct trial, satp) == TRIAL_SATP);
static_assert(offsetof(struct trial, status) == TRIAL_STATUS);
static_assert(offsetof(struct trial, cause) == TRIAL_CAUSE);
static_assert(offsetof(struct trial, value) == TRIAL_VALUE);
static_assert(offsetof(struct trial, saved) == TRIAL_SAVED);

PAGES pte_t root[PTES_PER_PAGE];
uint64_t root_satp;
PAGES struct trial trial; /* in one page, since it is reached by its physical address */
static PAGES uint8_t code[PAGE_SIZE];
static PAGES pte_t tables[N_TABLES][PTES_PER_PAGE];
static struct frame_owner owner = { .name = "tests", .quota = ~UINT64_C(0) };

uint64_t gpa_of(const void *p)
{
	return image_hpa(p).v;
}

uint64_t at_in(enum world w, uint64_t gpa)
{
	if (w == PAGED_S)
		return gpa + ELSEWHERE * GIGA;
	return w == PAGED_U ? gpa + USER_SLOT * GIGA : gpa;
}

uint64_t code_at(enum world w)
{
	return at_in(w, gpa_of(code));
}

uint32_t code_word(void)
{
	uint32_t word;

	memcpy(&word, code, sizeof(word));
	return word;
}

static enum world here;

void trial_begin(enum world w)
{
	uint64_t off = SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR |
		       SSTATUS_FS | SSTATUS_VS;

	trial = (struct trial){};
	here = w;
	trial.satp = w < PAGED_S ? 0 : root_satp;
	trial.status = (csr_read(CSR_SSTATUS) & ~off) | (is_user(w) ? 0 : SSTATUS_SPP) |
		       field_put(SSTATUS_FS, has(ISA_F)) | field_put(SSTATUS_VS, has(ISA_V));
}

void trial_run(void)
{
	trial_enter(&trial, gpa_of(&trial), gpa_of(&trial) - (uint64_t)&trial);
}

void trial_run_code(const void *from, size_t size)
{
	static const uint32_t end = INSN_EBREAK;

	REQUIRE(size + sizeof(end) <= sizeof(code));
	memcpy(code, from, size);
	memcpy(code + size, &end, sizeof(end));
	trial.pc = code_at(here);
	trial_run();
}

void trial_access(enum world w, uint32_t insn, uint64_t gpa, uint64_t a2)
{
	trial_begin(w);
	trial.x[A1] = at_in(w, gpa);
	trial.x[A2] = a2;
	trial_run_insn(insn);
}

pte_t *table_page(unsigned n)
{
	memset(tables[n], 0, sizeof(tables[n]));
	return tables[n];
}

void claim(uint64_t gpa)
{
	static uint64_t claimed[64];
	static unsigned n;

	for (unsigned i = 0; i < n; i++)
		if (claimed[i] == gpa)
			return;
	REQUIRE(n < ARRAY_LEN(claimed));
	REQUIRE_EQ(frames_alloc_at(&owner, HPA(gpa), ORDER_MEGA, FRAMES_DIRTY), 0);
	claimed[n++] = gpa;
}

/* From the top of RAM down: what the runtime allocates comes from elsewhere until it must. */
uint64_t claim_fresh(void)
{
	static uint64_t next = MAP_RAM + MAP_RAM_SIZE;

	do {
		next -= MEGA_SIZE;
		REQUIRE(next > MAP_RAM + MAP_RAM_SIZE / 4);
	} while (frames_alloc_at(&owner, HPA(next), ORDER_MEGA, FRAMES_DIRTY));
	return next;
}

uint64_t test_call(enum test_call call, uint64_t a0, uint64_t a1)
{
	return (uint64_t)sbi_call(TEST_CALLS, call, a0, a1, 0, 0, 0).value;
}

bool has(enum isa_extension e)
{
	return isa_has(&machine.harts[0].isa, e);
}

const char *needs_f(void)
{
	return has(ISA_D) ? NULL : "the guest has no F and D";
}

const char *needs_v(void)
{
	return has(ISA_V) ? NULL : "the guest has no V";
}

/* The runtime's own slot is taken over as it is: it never changes its root. */
void world_init(void)
{
	struct hpa own = HPA(field_get(SATP_PPN, csr_read(CSR_SATP)) << PAGE_SHIFT);
	unsigned slot = pte_index(LAYOUT_BASE, 2), levels = (unsigned)test_fact(FACT_LEVELS);
	pte_t *own_root = window_open(own, PAGE_SIZE);

	root[slot] = own_root[slot];
	window_close(own_root);
	for (unsigned i = 0; i < GIGA_SLOTS; i++) {
		root[i] = root[ELSEWHERE + i] = pte_make(HPA(i * GIGA), RIGHTS);
		root[USER_SLOT + i] = pte_make(HPA(i * GIGA), RIGHTS | PTE_U);
	}
	for (unsigned i = 1; i < 4; i++)
		root[QUARTER_SLOT + i] =
			pte_make(HPA(align_down(map_quarter(levels, i), GIGA)), RIGHTS);
	root_satp = field_put(SATP_MODE, SATP_MODE_SV39) | gpa_of(root) >> PAGE_SHIFT;
	csr_write(CSR_SATP, root_satp);
	__asm__ volatile("sfence.vma" ::: "memory");
}
