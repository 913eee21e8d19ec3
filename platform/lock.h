/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ticket spinlocks with ranks. A hart takes locks in rising rank only; debug builds (DEBUG=1) check
 * it and that nothing is held where a handler returns. Hypervisor code runs with interrupts off, so
 * a lock needs no interrupt state. Pure C11 atomics: the same lock serves the host's tests under
 * TSan.
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
	RANK_WORK,   /* a hart's queue of deferred work */
	RANK_TIMER,  /* a hart's timers */
	RANK_LIBC,   /* malloc and the C library */
	RANK_OWN,    /* own memory */
	RANK_MMU,    /* the hypervisor's own page tables */
	RANK_CACHE,  /* a hart's cache of frames */
	RANK_FRAMES, /* the frame allocator */
	RANK_RANDOM, /* the random generator */
	RANK_IRQ,    /* interrupt controllers */
	RANK_DRAIN,  /* who empties the console's ring */
	RANK_CRASH,  /* who writes the crash dump */
};

struct lock {
	_Atomic uint32_t next;    /* the ticket that the next one takes */
	_Atomic uint32_t serving; /* the ticket whose turn it is */
	enum lock_rank rank;
	const char *name;
};

#define LOCK_INIT(name_, rank_)                                                                    \
	{                                                                                          \
		.rank = (rank_), .name = (name_)                                                   \
	}

#ifdef DEBUG
void lock_check_take(const struct lock *l);
void lock_check_try(const struct lock *l);
void lock_check_release(const struct lock *l);
void lock_check_none_held(void); /* for poll points */
#else
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

static inline void lock_take(struct lock *l)
{
	lock_check_take(l);
	uint32_t mine = atomic_fetch_add_explicit(&l->next, 1, memory_order_relaxed);
	while (atomic_load_explicit(&l->serving, memory_order_acquire) != mine)
		cpu_relax();
}

/* Take it if nobody holds it; a rank out of order is allowed, since nothing waits. */
static inline bool lock_try(struct lock *l)
{
	/* Acquire: the last holder's release is a store to `serving`; the exchange below sees only
	 * tickets. */
	uint32_t serving = atomic_load_explicit(&l->serving, memory_order_acquire);
	if (!atomic_compare_exchange_strong_explicit(&l->next, &serving, serving + 1,
						     memory_order_relaxed, memory_order_relaxed))
		return false;
	lock_check_try(l);
	return true;
}

static inline void lock_release(struct lock *l)
{
	uint32_t serving = atomic_load_explicit(&l->serving, memory_order_relaxed);
	lock_check_release(l);
	atomic_store_explicit(&l->serving, serving + 1, memory_order_release);
}

#endif
