/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of devices: one access of the stated width each, never merged, split or left out. What
 * one hart does to one device stays in program order by itself; order between a device and memory,
 * or between two devices, is made by the fences below, where a driver says that it needs it.
 *
 * On the host the same drivers talk to a model: the test program gives the two functions.
 */
#ifndef ARCH_MMIO_H
#define ARCH_MMIO_H

#include "arch/bits.h"

#ifdef __riscv

static inline uint8_t mmio_read8(const volatile void *at)
{
	return *(const volatile uint8_t *)at;
}

static inline uint32_t mmio_read32(const volatile void *at)
{
	return *(const volatile uint32_t *)at;
}

static inline void mmio_write8(volatile void *at, uint8_t value)
{
	*(volatile uint8_t *)at = value;
}

static inline void mmio_write32(volatile void *at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

/* What was read from a device comes before any later load or store of memory. */
static inline void mmio_fence_read_then_memory(void)
{
	__asm__ volatile("fence i, rw" ::: "memory");
}

/* Earlier stores to memory, and earlier accesses of any device, come before a later write to one.
 */
static inline void mmio_fence_all_then_device(void)
{
	__asm__ volatile("fence iow, io" ::: "memory");
}

#else

uint32_t mmio_model_read(const volatile void *at, unsigned width);
void mmio_model_write(volatile void *at, unsigned width, uint32_t value);

static inline uint8_t mmio_read8(const volatile void *at)
{
	return (uint8_t)mmio_model_read(at, 1);
}

static inline uint32_t mmio_read32(const volatile void *at)
{
	return mmio_model_read(at, 4);
}

static inline void mmio_write8(volatile void *at, uint8_t value)
{
	mmio_model_write(at, 1, value);
}

static inline void mmio_write32(volatile void *at, uint32_t value)
{
	mmio_model_write(at, 4, value);
}

static inline void mmio_fence_read_then_memory(void) {}

static inline void mmio_fence_all_then_device(void) {}

#endif
#endif
