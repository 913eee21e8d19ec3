/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's access to the registers of an emulated device: what the instruction wants, done by the
 * device, and what it leaves in the guest's registers. An access that the device does not have, one
 * that is misaligned, and any that is neither a load, a store nor an AMO, is an access fault.
 */
#include "devices/device.h"
#include "gstage/region.h"
#include "hyp/fault.h"
#include "vcpu/decode.h"
#include "vcpu/engine.h"

static __attribute__((noinline)) bool store_float(struct vcpu *v, const struct access *a,
						  struct device *d, uint64_t offset)
{
	return d->ops->write(d, offset, a->width, v->engine->float_get(v, a->reg));
}

static inline void keep_loaded(struct vcpu *v, const struct access *a, uint64_t value)
{
	value = access_extend(a, value);
	if (UNLIKELY(a->is_float))
		v->engine->float_set(v, a->reg, value);
	else if (LIKELY(a->reg))
		v->x[a->reg] = value;
}

/* A device sees an AMO as a read and a write: nothing of ours comes between, as each of its
 * registers is one vCPU's business at a time, or the guest's locks'. */
static __attribute__((noinline)) bool do_amo(struct vcpu *v, const struct access *a,
					     struct device *d, uint64_t offset)
{
	uint64_t old;

	if (!d->ops->read(d, offset, a->width, &old))
		return false;
	uint64_t new = amo_result(a->amo, a->width, old, v->x[a->source], v->x[a->reg]);

	if (!d->ops->write(d, offset, a->width, new))
		return false;
	keep_loaded(v, a, old);
	return true;
}

static inline bool do_access(struct vcpu *v, const struct access *a, struct device *d,
			     uint64_t offset)
{
	uint64_t value;

	if (LIKELY(a->kind == ACCESS_LOAD)) {
		if (!d->ops->read(d, offset, a->width, &value))
			return false;
		keep_loaded(v, a, value);
		return true;
	}
	if (UNLIKELY(a->kind != ACCESS_STORE))
		return a->kind == ACCESS_AMO && do_amo(v, a, d, offset);
	if (UNLIKELY(a->is_float))
		return store_float(v, a, d, offset);
	return d->ops->write(d, offset, a->width, v->x[a->reg]);
}

/* Does it move a register that is not in v->x yet? Only an AMO has a second one. */
static inline bool waits_for_registers(const struct vcpu *v, const struct access *a)
{
	return UNLIKELY((KEPT_REGISTERS >> a->reg | KEPT_REGISTERS >> a->source) & 1) &&
	       !a->is_float && !v->trap.saved_for;
}

enum verdict mmio_access(struct vcpu *v, struct region *r)
{
	struct access a;

	if (UNLIKELY(v->trap.is_walk || v->trap.access == GTABLE_X))
		return refuse_access(v, r->stops_guest);
	if (UNLIKELY(!v->engine->find_access(v, &a)))
		return VERDICT_RESUME;
	if (waits_for_registers(v, &a)) {
		v->trap.saved_for = r;
		return VERDICT_SAVE;
	}
	struct device *d = r->device;
	uint64_t offset = v->trap.gpa.v - d->at.v;
	bool is_inside =
		a.width && !(offset & (a.width - UINT64_C(1))) && offset + a.width <= d->size;

	if (UNLIKELY(!is_inside || !do_access(v, &a, d, offset)))
		return refuse_access(v, r->stops_guest);
	v->n_mmio++;
	v->pc += a.length;
	return VERDICT_RESUME;
}

enum verdict mmio_access_saved(struct vcpu *v)
{
	enum verdict verdict = mmio_access(v, v->trap.saved_for);

	v->trap.saved_for = NULL;
	return verdict;
}
