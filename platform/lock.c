/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug builds: ranks are checked at each take, and who holds what is known. */
#include "platform/lock.h"

#ifdef DEBUG
#include "platform/hart.h"
#include "platform/panic.h"

static PER_HART uint32_t held_ranks; /* a bit a rank */

void lock_check_take(const struct lock *l)
{
	if (held_ranks >> l->rank)
		panic("lock order: %s is taken with ranks %x held", l->name, held_ranks);
	held_ranks |= 1u << l->rank;
}

void lock_check_try(const struct lock *l)
{
	CHECK(!(held_ranks >> l->rank & 1));
	held_ranks |= 1u << l->rank;
}

void lock_check_release(const struct lock *l)
{
	CHECK(held_ranks >> l->rank & 1);
	held_ranks &= ~(1u << l->rank);
}

void lock_check_none_held(void)
{
	CHECK(!held_ranks);
}
#endif
