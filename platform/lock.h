/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks with ranks. A hart takes locks in rising rank only; debug builds (DEBUG=1) check it.
 * Hypervisor code runs with interrupts off, so a lock needs no interrupt state. Pure C11 atomics:
 * the same lock serves the host's tests under TSan.
 *
 * Test, then set: one atomic operation where nobody else wants it. A ticket lock would be fair, but
 * it hands over to one particular hart, and where that is a virtual one that is not running,
 * everybody waits for it. Ours are held for a few dozen instructions and rarely wanted twice.
 */
#ifndef PLATFORM_LOCK_H
#define PLATFORM_LOCK_H

#include <stdatomic.h>

#include "arch/bits.h"

#ifndef __riscv
#include <sched.h>
#endif

/* The order in which locks are taken, outermost first. */
enum lock_rank {
	RANK_WORK,     /* a hart's queue of deferred work */
	RANK_TIMER,    /* a hart's timers */
	RANK_SERIAL,   /* between a console and a guest's UART */
	RANK_UART,     /* a guest's UART */
	RANK_PLIC,     /* a guest's interrupt controller */
	RANK_EVENTS,   /* a guest's software events */
	RANK_REGION,   /* the entries of a region of guest memory */
	RANK_LIBC,     /* malloc and the C library */
	RANK_OWN,      /* own memory */
	RANK_MMU,      /* the hypervisor's own page tables */
	RANK_CACHE,    /* a hart's cache of frames */
	RANK_FRAMES,   /* the frame allocator */
	RANK_RANDOM,   /* the random generator */
	RANK_IRQ,      /* interrupt controllers */
	RANK_CONSOLES, /* a guest's console; inside its UART */
	RANK_DRAIN,    /* who empties the console's ring */
	RANK_CRASH,    /* who writes the crash dump */
};

struct lock {
	_Atomic uint32_t is_taken;
#ifdef DEBUG
	enum lock_rank rank;
	const char *name;
#endif
};

#ifdef DEBUG
#define LOCK_INIT(name_, rank_)                                                                    \
	{                                                                                          \
		.rank = (rank_), .name = (name_)                                                   \
	}
void lock_check_take(const struct lock *l);
void lock_check_try(const struct lock *l);
void lock_check_release(const struct lock *l);
void lock_check_none_held(void); /* for poll points */
#else
#define LOCK_INIT(name_, rank_)                                                                    \
	{                                                                                          \
		0                                                                                  \
	}
static inline void lock_check_take(const struct lock *l)
{
	(void)l;
}
static inline void lock_check_try(const struct lock *l)
{
	(void)l;
}
static inline void lock_check_release(const struct lock *l)
{
	(void)l;
}
static inline void lock_check_none_held(void) {}
#endif

static inline void cpu_relax(void)
{
#ifdef __riscv
	__asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010" ::: "memory"); /* pause */
#else
	sched_yield(); /* the host's threads are more than its cores */
#endif
}

static inline bool lock_grab(struct lock *l)
{
	return !atomic_exchange_explicit(&l->is_taken, 1, memory_order_acquire);
}

static inline void lock_take(struct lock *l)
{
	lock_check_take(l);
	while (UNLIKELY(!lock_grab(l)))
		while (atomic_load_explicit(&l->is_taken, memory_order_relaxed))
			cpu_relax();
}

/* Take it if nobody holds it; a rank out of order is allowed, since nothing waits. */
static inline bool lock_try(struct lock *l)
{
	if (atomic_load_explicit(&l->is_taken, memory_order_relaxed) || !lock_grab(l))
		return false;
	lock_check_try(l);
	return true;
}

static inline void lock_release(struct lock *l)
{
	lock_check_release(l);
	atomic_store_explicit(&l->is_taken, 0, memory_order_release);
}

#endif
