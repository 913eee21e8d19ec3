/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSE: software events, which preempt everything in a guest's hart. There are the two that the
 * guest injects itself: the local one, which each hart has of its own, and the global one, which
 * any hart may take that takes events.
 *
 * All of it is under one lock of the VM. What has become of an event is decided there; a hart that
 * may take one gets an order, and takes it in its run loop, where it has an exit behind it.
 */
#include "gstage/gtable.h"
#include "lib/component.h"
#include "sbi/guest/vsbi.h"

#define LOCAL_EVENT  0xffff0000u
#define GLOBAL_EVENT 0xffff8000u

enum attribute {
	STATUS,
	PRIORITY,
	CONFIG,
	PREFERRED_HART,
	ENTRY_PC,
	ENTRY_ARG,
	INTERRUPTED_SEPC,
	INTERRUPTED_FLAGS,
	INTERRUPTED_A6,
	INTERRUPTED_A7,
};
static_assert(INTERRUPTED_A7 + 1 == N_EVENT_ATTRIBUTES);

enum state { UNUSED, REGISTERED, ENABLED, RUNNING };
#define STATUS_STATE   MASK(1, 0)
#define STATUS_PENDING BIT(2)
#define STATUS_INJECT  BIT(3)
enum { CONFIG_ONE_SHOT = 1 };
/* INTERRUPTED_FLAGS, of which SPV, SPVP, SPELP and SDT are of extensions that guests have not. */
enum { FLAG_SPP = 1 << 0, FLAG_SPIE = 1 << 1, FLAGS = (1 << 6) - 1 };

static struct vcpu *first_of(struct vcpu *v)
{
	uint64_t id = 0;

	while (!(v->siblings >> id & 1))
		id++;
	return vcpu_ops->sibling(v, id);
}

static struct lock *lock_events(struct vcpu *v)
{
	struct lock *lock = &first_of(v)->events_lock;

	lock_take(lock);
	return lock;
}

void vsbi_reset_system(struct vcpu *first)
{
	first->events_lock = (struct lock)LOCK_INIT("events", RANK_EVENTS);
	first->global_event = (struct sse_event){ 0 };
	first->global_event.attributes[PREFERRED_HART] = first->hart_id;
}

/* The event of that id, of v where it is local. SBI_SUCCESS, or what is wrong with the id. */
static long find(struct vcpu *v, uint64_t id, struct sse_event **e)
{
	/* Those of RAS, double traps and counter overflow. */
	static const uint32_t absent[] = { 0, 1, 0x8000, 0x10000, 0x100000, 0x108000 };

	*e = NULL;
	switch ((uint32_t)id) {
	case LOCAL_EVENT:
		*e = &v->sbi.event;
		return SBI_SUCCESS;
	case GLOBAL_EVENT:
		*e = &first_of(v)->global_event;
		return SBI_SUCCESS;
	}
	for (unsigned i = 0; i < ARRAY_LEN(absent); i++)
		if ((uint32_t)id == absent[i])
			return SBI_ERR_NOT_SUPPORTED;
	return SBI_ERR_INVALID_PARAM;
}

/* --- states; the lock is held in all that follows, where nothing else is said --- */

static enum state state_of(const struct sse_event *e)
{
	return (enum state)(e->attributes[STATUS] & STATUS_STATE);
}

static void set_state(struct sse_event *e, enum state state)
{
	e->attributes[STATUS] = (e->attributes[STATUS] & ~STATUS_STATE) | state;
}

static bool is_global(struct vcpu *v, const struct sse_event *e)
{
	return e != &v->sbi.event;
}

static bool runs_here(struct vcpu *v, const struct sse_event *e)
{
	return state_of(e) == RUNNING && (!is_global(v, e) || e->runs_on == v->hart_id);
}

/* The order in which events go first; no two of a hart are the same. */
static uint64_t rank_of(struct vcpu *v, const struct sse_event *e)
{
	return e->attributes[PRIORITY] << 1 | is_global(v, e);
}

/* The first of the hart's two events that is so, or NULL. */
static struct sse_event *first_that(struct vcpu *v,
				    bool (*is_so)(struct vcpu *v, const struct sse_event *e))
{
	struct sse_event *local = &v->sbi.event, *global = &first_of(v)->global_event;

	if (!is_so(v, local))
		return is_so(v, global) ? global : NULL;
	return is_so(v, global) && rank_of(v, global) < rank_of(v, local) ? global : local;
}

static bool is_due(struct vcpu *v, const struct sse_event *e)
{
	(void)v;
	return state_of(e) == ENABLED && e->attributes[STATUS] & STATUS_PENDING;
}

/* A hart that is not started, or just stops, loses what is sent to it. */
static bool is_there(struct vcpu *v)
{
	uint32_t hsm = atomic_load_explicit(&v->hsm, memory_order_acquire);

	return hsm == HSM_STARTED || hsm >= HSM_SUSPENDED;
}

/* What this hart has to take now; NULL: nothing. */
static struct sse_event *next_of(struct vcpu *v)
{
	if (!v->sbi.takes_events || !is_there(v))
		return NULL;
	struct sse_event *e = first_that(v, is_due), *running = first_that(v, runs_here);

	return e && running && rank_of(v, running) < rank_of(v, e) ? NULL : e;
}

/* Who shall look at its events, after a change on v's hart, or for v: itself; else, of a global
 * event that is due, the hart that is preferred, or any that can take it. NULL: nobody. */
static struct vcpu *who_takes(struct vcpu *v)
{
	struct sse_event *global = &first_of(v)->global_event, *own = next_of(v);
	uint64_t preferred = global->attributes[PREFERRED_HART];

	if (own && (own != global || preferred == v->hart_id))
		return v;
	if (!is_due(v, global))
		return NULL;
	struct vcpu *other = vcpu_ops->sibling(v, preferred);

	if (next_of(other) == global)
		return other;
	if (own)
		return v;
	for (uint64_t id = 0, rest = v->siblings; rest; id++, rest >>= 1) {
		other = rest & 1 ? vcpu_ops->sibling(v, id) : v;
		if (next_of(other) == global)
			return other;
	}
	return NULL;
}

/* The end of each change: the lock is given back, and who has something to take is told. */
static void end_change(struct vcpu *v, struct lock *lock)
{
	struct vcpu *who = who_takes(v);

	lock_release(lock);
	if (who)
		vcpu_order_event(who);
}

/* --- into a handler and back ("Software Event Injection", "Software Event Completion") --- */

static void enter(struct vcpu *v, struct sse_event *e)
{
	struct vcpu_privilege p = v->engine->privilege_get(v);
	uint64_t *a = e->attributes;

	set_state(e, RUNNING);
	a[STATUS] &= ~STATUS_PENDING;
	e->runs_on = v->hart_id;
	a[INTERRUPTED_FLAGS] =
		(p.status & SSTATUS_SPP ? FLAG_SPP : 0) | (p.status & SSTATUS_SPIE ? FLAG_SPIE : 0);
	a[INTERRUPTED_SEPC] = p.sepc;
	a[INTERRUPTED_A6] = v->x[REG_A6];
	a[INTERRUPTED_A7] = v->x[REG_A7];
	v->x[REG_A6] = v->hart_id;
	v->x[REG_A7] = a[ENTRY_ARG];
	p.sepc = v->pc;
	p.status = (p.is_user ? 0 : SSTATUS_SPP) | (p.status & SSTATUS_SIE ? SSTATUS_SPIE : 0);
	p.is_user = false;
	v->engine->privilege_set(v, &p);
	v->pc = a[ENTRY_PC];
}

static void go_back(struct vcpu *v, const struct sse_event *e)
{
	struct vcpu_privilege p = v->engine->privilege_get(v);
	const uint64_t *a = e->attributes;

	v->pc = p.sepc;
	p.sepc = a[INTERRUPTED_SEPC];
	p.is_user = !(p.status & SSTATUS_SPP);
	p.status = (p.status & SSTATUS_SPIE ? SSTATUS_SIE : 0) |
		   (a[INTERRUPTED_FLAGS] & FLAG_SPIE ? SSTATUS_SPIE : 0) |
		   (a[INTERRUPTED_FLAGS] & FLAG_SPP ? SSTATUS_SPP : 0);
	v->engine->privilege_set(v, &p);
	v->x[REG_A6] = a[INTERRUPTED_A6];
	v->x[REG_A7] = a[INTERRUPTED_A7];
}

bool vsbi_take_event(struct vcpu *v)
{
	struct lock *lock = lock_events(v);
	struct sse_event *e = next_of(v);

	if (e)
		enter(v, e);
	/* It may be that this one came before the global one, which another hart can take. */
	end_change(v, lock);
	return e;
}

static void end_run(struct sse_event *e)
{
	set_state(e, e->attributes[CONFIG] & CONFIG_ONE_SHOT ? REGISTERED : ENABLED);
}

/* A global event whose handler it leaves for ever can come again. */
void vsbi_leave_events(struct vcpu *v)
{
	struct lock *lock = lock_events(v);
	struct sse_event *global = &first_of(v)->global_event;

	v->sbi.takes_events = false;
	if (runs_here(v, global))
		end_run(global);
	end_change(v, lock);
}

static struct sbi_ret complete(struct vcpu *v)
{
	struct lock *lock = lock_events(v);
	struct sse_event *e = first_that(v, runs_here);
	struct sbi_ret ret = vsbi_value(0);

	if (e) {
		end_run(e);
		go_back(v, e);
		ret = vsbi_unchanged(v);
	}
	end_change(v, lock);
	return ret;
}

/* --- attributes --- */

/* Which are asked for, by the arguments behind the event's id, and whether the guest's memory is
 * there for them. The values lie in it from its begin on, as its size says; the specification gives
 * offsets that do not fit that. */
static long find_attributes(struct vcpu *v, unsigned rights, uint32_t *first, uint32_t *n)
{
	uint64_t at = vsbi_arg(v, 3);

	*first = (uint32_t)vsbi_arg(v, 1);
	*n = (uint32_t)vsbi_arg(v, 2);
	if (!*n)
		return SBI_ERR_INVALID_PARAM;
	if (*first >= N_EVENT_ATTRIBUTES || *n > N_EVENT_ATTRIBUTES - *first)
		return SBI_ERR_BAD_RANGE;
	if (!is_aligned(at, 8) || vsbi_arg(v, 4) ||
	    !vcpu_ops->is_memory(v, GPA(at), *n * 8ull, rights))
		return SBI_ERR_INVALID_ADDRESS;
	return SBI_SUCCESS;
}

static struct sbi_ret read_attrs(struct vcpu *v)
{
	uint64_t values[N_EVENT_ATTRIBUTES];
	struct sse_event *e;
	uint32_t first, n;
	long error = find(v, vsbi_arg(v, 0), &e);

	if (!error)
		error = find_attributes(v, GTABLE_W, &first, &n);
	if (error)
		return vsbi_error(error);
	struct lock *lock = lock_events(v);

	for (unsigned i = 0; i < N_EVENT_ATTRIBUTES; i++)
		values[i] = e->attributes[i];
	lock_release(lock);
	values[STATUS] |= STATUS_INJECT;
	if (!is_global(v, e))
		values[PREFERRED_HART] = v->hart_id;
	if (vcpu_ops->copy_out(v, GPA(vsbi_arg(v, 3)), values + first, n * sizeof(*values)))
		error = SBI_ERR_FAILED;
	return vsbi_error(error);
}

/* May the attribute get that value? */
static long check(struct vcpu *v, const struct sse_event *e, enum attribute a, uint64_t value)
{
	if (a == STATUS || a == ENTRY_PC || a == ENTRY_ARG ||
	    (a == PREFERRED_HART && !is_global(v, e)))
		return SBI_ERR_DENIED;
	if (a >= INTERRUPTED_SEPC ? !runs_here(v, e) : state_of(e) >= ENABLED)
		return SBI_ERR_INVALID_STATE;
	if ((a == PRIORITY && value >> 32) || (a == CONFIG && value & ~(uint64_t)CONFIG_ONE_SHOT) ||
	    (a == PREFERRED_HART && !vcpu_ops->sibling(v, value)) ||
	    (a == INTERRUPTED_FLAGS && value & ~(uint64_t)FLAGS))
		return SBI_ERR_INVALID_PARAM;
	return SBI_SUCCESS;
}

static struct sbi_ret write_attrs(struct vcpu *v)
{
	uint64_t values[N_EVENT_ATTRIBUTES];
	struct sse_event *e;
	uint32_t first, n;
	long error = find(v, vsbi_arg(v, 0), &e);

	if (!error)
		error = find_attributes(v, GTABLE_R, &first, &n);
	if (!error && vcpu_ops->copy_in(v, values, GPA(vsbi_arg(v, 3)), n * sizeof(*values)))
		error = SBI_ERR_FAILED;
	if (error)
		return vsbi_error(error);
	struct lock *lock = lock_events(v);

	for (unsigned i = 0; !error && i < n; i++)
		error = check(v, e, first + i, values[i]);
	for (unsigned i = 0; !error && i < n; i++)
		e->attributes[first + i] = values[i];
	lock_release(lock);
	return vsbi_error(error);
}

/* --- from state to state --- */

static struct sbi_ret move(struct vcpu *v, enum state from, enum state to)
{
	struct sse_event *e;
	long error = find(v, vsbi_arg(v, 0), &e);

	if (error)
		return vsbi_error(error);
	if (to == REGISTERED && from == UNUSED && vsbi_arg(v, 1) & 1)
		return vsbi_error(SBI_ERR_INVALID_PARAM);
	struct lock *lock = lock_events(v);

	if (state_of(e) != from) {
		error = SBI_ERR_INVALID_STATE;
	} else {
		set_state(e, to);
		if (from == UNUSED) {
			e->attributes[ENTRY_PC] = vsbi_arg(v, 1);
			e->attributes[ENTRY_ARG] = vsbi_arg(v, 2);
		}
	}
	end_change(v, lock);
	return vsbi_error(error);
}

static struct sbi_ret enroll(struct vcpu *v)
{
	return move(v, UNUSED, REGISTERED);
}

static struct sbi_ret withdraw(struct vcpu *v)
{
	return move(v, REGISTERED, UNUSED);
}

static struct sbi_ret enable(struct vcpu *v)
{
	return move(v, REGISTERED, ENABLED);
}

static struct sbi_ret disable(struct vcpu *v)
{
	return move(v, ENABLED, REGISTERED);
}

/* It pends whatever its state is, and is taken when that lets it. */
static struct sbi_ret inject(struct vcpu *v)
{
	uint32_t id = (uint32_t)vsbi_arg(v, 0);
	struct vcpu *target = id == LOCAL_EVENT ? vcpu_ops->sibling(v, vsbi_arg(v, 1)) : v;
	struct sse_event *e;
	long error = target ? find(target, id, &e) : SBI_ERR_INVALID_PARAM;

	if (error)
		return vsbi_error(error);
	struct lock *lock = lock_events(v);

	if (is_there(target))
		e->attributes[STATUS] |= STATUS_PENDING;
	end_change(target, lock);
	return vsbi_value(0);
}

/* --- harts --- */

static struct sbi_ret take_events(struct vcpu *v, bool shall, long already)
{
	struct lock *lock = lock_events(v);
	bool does = v->sbi.takes_events;

	v->sbi.takes_events = shall;
	end_change(v, lock);
	return vsbi_error(does == shall ? already : SBI_SUCCESS);
}

static struct sbi_ret hart_unmask(struct vcpu *v)
{
	return take_events(v, true, SBI_ERR_ALREADY_STARTED);
}

static struct sbi_ret hart_mask(struct vcpu *v)
{
	return take_events(v, false, SBI_ERR_ALREADY_STOPPED);
}

static vsbi_function *const functions[] = {
	read_attrs, write_attrs, enroll, withdraw,    enable,
	disable,    complete,    inject, hart_unmask, hart_mask
};

extern const struct vsbi_extension vsbi_sse;
VSBI_EXTENSION(vsbi_sse, SBI_EXT_SSE, "SSE", functions);

COMPONENT(sse, PHASE_NONE, NULL, NULL, "software events of guests");
