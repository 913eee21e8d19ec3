/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of the 16550, by bytes. */
#include "bench/micro.h"

#include "arch/mmio.h"
#include "platform/mmu.h"

enum { THR = 0, IIR = 2, LSR = 5 };

static const struct hpa uart = HPA(0x10000000);

static void read_rounds(unsigned offset)
{
	volatile uint8_t *regs = window_open(uart, PAGE_SIZE);

	for (unsigned n = ROUNDS; n; n--)
		(void)mmio_read8(regs + offset);
	window_close((void *)regs);
}

static void read_lsr(void)
{
	read_rounds(LSR);
}

static void read_iir(void)
{
	read_rounds(IIR);
}

/* Into a register that C code keeps, of which an exit does not know what it holds. */
static void read_lsr_to_kept(void)
{
	volatile uint8_t *regs = window_open(uart, PAGE_SIZE);

	for (unsigned n = ROUNDS; n; n--)
		__asm__ volatile("lbu s11, %0" ::"m"(regs[LSR]) : "s11");
	window_close((void *)regs);
}

static void write_thr(void)
{
	volatile uint8_t *regs = window_open(uart, PAGE_SIZE);

	for (unsigned n = ROUNDS; n; n--)
		mmio_write8(regs + THR, '\r');
	window_close((void *)regs);
}

static const struct row rows[] = {
	{ "uart-read-lsr", NULL, read_lsr, ROUNDS },
	{ "uart-read-lsr-to-s11", NULL, read_lsr_to_kept, ROUNDS },
	{ "uart-read-iir", NULL, read_iir, ROUNDS },
	{ "uart-write-thr", NULL, write_thr, ROUNDS },
};

GROUP(device_group, rows);
