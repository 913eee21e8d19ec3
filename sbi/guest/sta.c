/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STA: the time for which a guest's hart could have run and did not, in memory that the guest
 * shares. It is written before the hart runs again, where what there is to tell is worth it.
 */
#include <stdatomic.h>

#include "sbi/guest/vsbi.h"

enum { WORTH_US = 10 };

/* The shared memory. */
enum { AT_SEQUENCE = 0, AT_STEAL = 8, AT_PREEMPTED = 16, SIZE = 64 };

/* What the guest does with that memory is its own affair: it may be gone. */
static void put(struct vcpu *v, unsigned at, const void *bytes, size_t n)
{
	(void)!vcpu_ops->copy_out(v, GPA(v->sbi.steal_at - 1 + at), bytes, n);
}

static void put_sequence(struct vcpu *v)
{
	v->sbi.steal_sequence++;
	atomic_thread_fence(memory_order_release);
	put(v, AT_SEQUENCE, &v->sbi.steal_sequence, sizeof(v->sbi.steal_sequence));
	atomic_thread_fence(memory_order_release);
}

static void put_preempted(struct vcpu *v, bool is)
{
	v->sbi.is_preempted = is;
	put(v, AT_PREEMPTED, &v->sbi.is_preempted, 1);
}

static void tell(struct vcpu *v)
{
	v->sbi.stolen += v->sbi.untold;
	v->sbi.untold = 0;
	uint64_t steal = time_to_us(v->sbi.stolen) * 1000;

	put_sequence(v);
	put(v, AT_STEAL, &steal, sizeof(steal));
	put_sequence(v);
}

/* A system that is suspended has its memory for itself. */
static bool is_told(const struct vcpu *v)
{
	return v->sbi.steal_at &&
	       atomic_load_explicit(&v->hsm, memory_order_relaxed) == HSM_STARTED;
}

void vsbi_turn_begins(struct vcpu *v)
{
	if (LIKELY(!is_told(v)))
		return;
	v->sbi.untold += time_now() - v->ready_at;
	if (v->sbi.untold >= time_from_us(WORTH_US))
		tell(v);
	if (v->sbi.is_preempted)
		put_preempted(v, false);
}

void vsbi_turn_ends(struct vcpu *v)
{
	if (UNLIKELY(is_told(v)))
		put_preempted(v, true);
}

static struct sbi_ret set_shmem(struct vcpu *v)
{
	static const char nothing[SIZE];
	uint64_t at;
	long error = vsbi_find_shmem(v, SIZE, &at);

	if (!error && at && vcpu_ops->copy_out(v, GPA(at - 1), nothing, SIZE))
		error = SBI_ERR_FAILED;
	if (error)
		return vsbi_error(error);
	v->sbi.steal_at = at;
	v->sbi.stolen = v->sbi.untold = 0;
	v->sbi.steal_sequence = 0;
	v->sbi.is_preempted = false;
	return vsbi_value(0);
}

static vsbi_function *const functions[] = { set_shmem };

VSBI_EXTENSION(vsbi_sta, SBI_EXT_STA, "STA", functions);
