/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other harts come up: each gets stacks with guards and its own locals, is started by HSM, and
 * reports within a time limit. All are started, then waited for; those that came are numbered in
 * the order of the tree and let go together. One that comes too late finds itself given up and
 * sleeps.
 */
#include <errno.h>
#include <inttypes.h>

#include "arch/csr.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/boot_internal.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/idle.h"
#include "platform/irq.h"
#include "platform/layout.h"
#include "platform/log.h"
#include "platform/mmu.h"
#include "platform/mmu_internal.h"
#include "platform/option.h"
#include "platform/panic.h"
#include "platform/start.h"
#include "platform/timer.h"
#include "platform/trace.h"
#include "platform/trap.h"
#include "sbi/host/hsm.h"
#include "sbi/host/ipi.h"

PER_HART unsigned hart_index;
PER_HART uint64_t hart_id;

enum { READY_MS = 10000 }; /* to come up, for one that is here */

static unsigned hart_limit = MAX_HARTS, hart_wait_ms = 5000;
OPTION_NUMBER(harts, harts, hart_limit, 1, MAX_HARTS, "use at most so many harts");
OPTION_NUMBER(hart-wait, hart_wait, hart_wait_ms, 0, 60000, "wait so many milliseconds for harts to start");

static _Atomic unsigned n_running = 1; /* what n_harts says */
static _Atomic unsigned n_ready = 1;   /* harts that have brought themselves up */
static uint64_t ids[MAX_HARTS];
static struct frame_owner hart_owner = { .name = "harts", .quota = ~0ull };
extern const char tls_size[]; /* its address is the size of a hart's locals */

unsigned n_harts(void)
{
	return atomic_load_explicit(&n_running, memory_order_acquire);
}

uint64_t hart_id_of(unsigned index)
{
	return ids[index];
}

static int map_pages(uint64_t va, uint64_t size)
{
	for (uint64_t o = 0; o < size; o += PAGE_SIZE) {
		struct hpa at;

		if (frames_alloc(&hart_owner, ORDER_PAGE, FRAMES_ZEROED, &at))
			return -ENOMEM;
		if (mmu_map(va + o, at, PAGE_SIZE, MMU_READ_WRITE)) {
			frame_put(at);
			return -ENOMEM;
		}
	}
	return 0;
}

/*
 * Stacks and locals lie in slot `slot`. A hart's number is known only when all have come, and is
 * then at most its slot; its windows go by its number, whose table exists, since that slot was made
 * too.
 */
static int give_stacks(struct hart_start *start, unsigned slot)
{
	uint64_t base = LAYOUT_HARTS + slot * MEGA_SIZE;
	uint64_t locals = align_up((uint64_t)tls_size, PAGE_SIZE);

	if (map_pages(base + HART_STACK, HART_STACK_SIZE) ||
	    map_pages(base + HART_TRAP_STACK, HART_TRAP_SIZE) ||
	    map_pages(base + HART_LOCALS, locals))
		return -ENOMEM;
	locals_init((void *)(base + HART_LOCALS));
	start->sp = base + HART_STACK + HART_STACK_SIZE;
	start->trap_stack = base + HART_TRAP_STACK + HART_TRAP_SIZE;
	start->tp = base + HART_LOCALS;
	return 0;
}

static struct hart_start *make_start(unsigned slot)
{
	struct hart_start *start = own_alloc(0);

	if (!start || give_stacks(start, slot))
		return NULL;
	start->self = start;
	start->satp = mmu_satp();
	return start;
}

static bool start_one(const struct machine_hart *hart, struct hart_start *start)
{
	start->hart_id = hart->id;
	atomic_store_explicit(&start->state, HART_STARTING, memory_order_release);
	int error = sbi_hart_start(hart->id, image_hpa(start_hart), own_hpa(start).v);
	if (error)
		log_notice("hart id %" PRIu64 " is left out: the firmware does not start it (%d)",
			   hart->id, error);
	return !error;
}

/* The boot hart sleeps while it waits: each hart that gets somewhere kicks it. */
static void nothing(struct timer *timer)
{
	(void)timer;
}
static struct timer limit;

/* True when the hart is here; false when the limit passed first, and then it never takes part. */
static bool await(struct hart_start *start)
{
	unsigned expected = HART_STARTING;

	while (limit.is_set &&
	       atomic_load_explicit(&start->state, memory_order_acquire) == HART_STARTING) {
		irq_wait();
		irq_poll();
	}
	return !atomic_compare_exchange_strong(&start->state, &expected, HART_GIVEN_UP);
}

static void release(struct hart_start *start, unsigned index)
{
	ids[index] = start->hart_id;
	start->index = index;
	atomic_store_explicit(&start->state, HART_RELEASED, memory_order_release);
	CHECK(sbi_send_ipi(start->hart_id) == 0);
}

/* Start every hart that can be; returns how many, at most MAX_HARTS - 1. */
static unsigned start_all(struct hart_start **starts)
{
	struct hart_start *next = NULL; /* what a hart that did not start leaves to the next one */
	unsigned n = 0;

	for (unsigned i = 0; i < machine.n_harts && n + 1 < hart_limit; i++) {
		const struct machine_hart *hart = &machine.harts[i];

		if (hart->id == hart_id)
			continue;
		if (hart->use != HART_USABLE) {
			log_info("hart id %" PRIu64 " is left out: %s", hart->id,
				 hart_use_text(hart->use));
			continue;
		}
		if (!next)
			next = make_start(n + 1);
		if (!next) {
			log_error("hart id %" PRIu64 ": no memory for its stacks", hart->id);
			break;
		}
		if (start_one(hart, next)) {
			starts[n++] = next;
			next = NULL;
		}
	}
	return n;
}

static int harts_init(void)
{
	struct hart_start *starts[MAX_HARTS];
	unsigned n = 1;

	ids[0] = hart_id;
	limit.call = nothing;
	timer_set(&limit, time_now() + time_from_us(hart_wait_ms * 1000ull));
	unsigned n_started = start_all(starts);
	for (unsigned i = 0; i < n_started; i++) {
		if (await(starts[i]))
			release(starts[i], n++);
		else
			log_notice("hart id %" PRIu64 " is left out: started, but did not arrive",
				   starts[i]->hart_id);
	}
	/* They have arrived, and what is left for them to do takes no time. */
	timer_set(&limit, time_now() + time_from_us(READY_MS * 1000ull));
	while (atomic_load_explicit(&n_ready, memory_order_acquire) < n) {
		if (!limit.is_set)
			panic("a hart arrived in time and then did not come up");
		irq_wait();
		irq_poll();
	}
	timer_cancel(&limit);
	atomic_store_explicit(&n_running, n, memory_order_release);
	return 0;
}

static void kick_boot_hart(void)
{
	CHECK(sbi_send_ipi(ids[0]) == 0);
}

_Noreturn void hart_main(uint64_t id, struct hart_start *start)
{
	trap_init_hart(start->trap_stack);
	csr_write(CSR_SIE, SIE_SSIE);
	kick_boot_hart();
	while (atomic_load_explicit(&start->state, memory_order_acquire) != HART_RELEASED) {
		__asm__ volatile("wfi");
		csr_clear(CSR_SIP, SIE_SSIE);
		__asm__ volatile("fence o, rw" ::: "memory"); /* cleared before the state is read */
	}
	hart_index = start->index;
	hart_id = id;
	components_init_hart();
	trace(TRACE_HART, id, start->index);
	atomic_fetch_add_explicit(&n_ready, 1, memory_order_release);
	kick_boot_hart();
	idle_forever();
}

COMPONENT(harts, PHASE_HARTS, harts_init, NULL, "the other harts");
