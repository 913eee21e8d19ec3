/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu/vcpu.h"

#include "platform/hart.h"
#include "vcpu/engine.h"

/*
 * What changed is told by an exchange, so that a look which begins after it sees the change; a look
 * that was queued already and has not begun sees it too (platform/work.h).
 */
static void tell(struct vcpu *v)
{
	if (v->hart == hart_index)
		vcpu_ops->look(v);
	else
		work_queue(&v->look, v->hart);
}

void vcpu_set_line(struct vcpu *v, enum vcpu_line line, bool on)
{
	uint32_t old = on ? atomic_fetch_or_explicit(&v->lines, line, memory_order_acq_rel)
			  : atomic_fetch_and_explicit(&v->lines, ~line, memory_order_acq_rel);

	if (!(old & line) == on)
		tell(v);
}

void vcpu_ask_fence(struct vcpu *asker, struct vcpu *v, enum guest_fence kind)
{
	uint32_t old = atomic_fetch_or_explicit(&v->fences, kind, memory_order_acq_rel);

	/* One that is not loaded looks at the word when it is. */
	if (!(old & FENCES_LOADED))
		return;
	asker->awaits |= BIT(v->hart_id);
	tell(v);
}

void vcpu_take_fences(struct vcpu *v)
{
	if (LIKELY(!(atomic_load_explicit(&v->fences, memory_order_relaxed) & FENCES_ASKED)))
		return;
	/* Who waits sees the request, or that it is executed, or that it has been. */
	atomic_fetch_or_explicit(&v->fences, FENCES_RUN, memory_order_relaxed);
	uint32_t asked = atomic_fetch_and_explicit(&v->fences, ~FENCES_ASKED, memory_order_acq_rel);

	if (asked & FENCE_CODE)
		v->engine->guest_fence(v, FENCE_CODE, 0, ~0ull, 0);
	if (asked & FENCE_PAGES)
		v->engine->guest_fence(v, FENCE_PAGES, 0, ~0ull, 0);
	atomic_fetch_and_explicit(&v->fences, ~(uint32_t)FENCES_RUN, memory_order_release);
}

bool vcpu_awaits_fences(struct vcpu *v)
{
	uint64_t rest = v->awaits;

	for (uint64_t id = 0; rest; id++, rest >>= 1) {
		if (!(rest & 1))
			continue;
		struct vcpu *other = vcpu_ops->sibling(v, id);
		uint32_t fences = atomic_load_explicit(&other->fences, memory_order_acquire);

		if (!(fences & FENCES_LOADED) || !(fences & (FENCES_ASKED | FENCES_RUN)))
			v->awaits &= ~BIT(id);
	}
	return v->awaits;
}

void vcpu_note_load(struct vcpu *v)
{
	atomic_fetch_or_explicit(&v->fences, FENCES_LOADED, memory_order_acq_rel);
	vcpu_take_fences(v);
}

void vcpu_note_save(struct vcpu *v)
{
	atomic_fetch_and_explicit(&v->fences, ~(uint32_t)FENCES_LOADED, memory_order_release);
}

static void order(struct vcpu *v, enum vcpu_order what)
{
	atomic_fetch_or_explicit(&v->orders, what, memory_order_acq_rel);
	tell(v);
}

void vcpu_order_leave(struct vcpu *v)
{
	order(v, ORDER_LEAVE);
}

void vcpu_order_event(struct vcpu *v)
{
	order(v, ORDER_EVENT);
}
