/* SPDX-License-Identifier: BSD-2-Clause */
/* Bit fields named by their mask, sizes and alignment: what every other header builds on. */
#ifndef ARCH_BITS_H
#define ARCH_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIT(n)     (UINT64_C(1) << (n))
#define MASK(h, l) ((UINT64_MAX >> (63 - (h))) & (UINT64_MAX << (l)))

#define KiB UINT64_C(1024)
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

#define PAGE_SHIFT 12
#define PAGE_SIZE  UINT64_C(4096)
#define MEGA_SIZE  (2 * MiB) /* what a leaf one level up maps */
#define GIGA_SIZE  (1 * GiB)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define LIKELY(c)    __builtin_expect(!!(c), 1)
#define UNLIKELY(c)  __builtin_expect(!!(c), 0)
#define COLD         __attribute__((cold)) /* for size, where the rest of its file is for speed */

#define CONTAINER_OF(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* The field that `mask` covers, moved down to bit 0. */
static inline uint64_t field_get(uint64_t mask, uint64_t word)
{
	return (word & mask) / (mask & -mask);
}

/* `value` moved up to where `mask` is; bits that do not fit are cut. */
static inline uint64_t field_put(uint64_t mask, uint64_t value)
{
	return (value * (mask & -mask)) & mask;
}

static inline bool is_power_of_two(uint64_t v)
{
	return v && !(v & (v - 1));
}

static inline uint64_t align_down(uint64_t v, uint64_t size)
{
	return v & ~(size - 1);
}

static inline uint64_t align_up(uint64_t v, uint64_t size)
{
	return (v + size - 1) & ~(size - 1);
}

static inline bool is_aligned(uint64_t v, uint64_t size)
{
	return !(v & (size - 1));
}

#endif
