/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the frame allocator begin with: a machine's RAM, an owner, and the books. */
#ifndef TESTS_UNIT_FRAMES_FIXTURE_H
#define TESTS_UNIT_FRAMES_FIXTURE_H

#include "platform/frames.h"
#include "tests/kit/kit.h"
#include "tests/unit/frames_host.h"

#define RAM       0x80000000ull
#define FAR_RAM   0x1000000000ull
#define TABLE     (64 * MiB)
#define UNLIMITED UINT64_MAX

static struct frame_owner owner; /* of all that a test allocates */

static inline void start(const struct hpa_range *banks, unsigned n_banks,
			 const struct hpa_range *taken, unsigned n_taken)
{
	frames_host_reset(TABLE);
	owner = (struct frame_owner){ .name = "test", .quota = UNLIMITED };
	REQUIRE_EQ(frames_init(banks, n_banks, taken, n_taken, MAX_HARTS), 0);
}

static inline void start_with(uint64_t size)
{
	start(&(struct hpa_range){ HPA(RAM), size }, 1, NULL, 0);
}

static inline struct frames_stats stats(void)
{
	struct frames_stats s;

	frames_stats(&s);
	return s;
}

/* Nothing is lost, and the table holds little more than what it uses. */
static inline void expect_balance(void)
{
	struct frames_stats s = stats();

	EXPECT_EQ(s.n_free + s.n_table + owner.n_held, s.n_total);
	EXPECT(s.n_table >= frames_host_n_used());
	EXPECT(s.n_table - frames_host_n_used() < 64);
}

static inline struct hpa must_alloc(unsigned order)
{
	struct hpa at = HPA(0);

	REQUIRE_EQ(frames_alloc(&owner, order, FRAMES_DIRTY, &at), 0);
	return at;
}

#endif
