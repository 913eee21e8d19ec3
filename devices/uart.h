/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial port that a guest sees: a 16550A (National Semiconductor's PC16550D is the reference)
 * with byte-wide registers. No character is lost unless the guest discards it: what the backend
 * does not take waits in the transmitter, and what the receiver cannot hold stays with the backend.
 *
 * The line has no speed: a character is sent when the backend takes it, so the guest sees the
 * transmitter busy only while the backend refuses; and it falls silent after each feed, so what is
 * below the trigger level is due for the time-out interrupt at once. There are no break, parity or
 * framing errors; the receiver overruns in loopback mode only.
 *
 * Always true outside its lock: the line of its interrupt is high exactly if IER enables a
 * condition that holds; nothing was put to the backend after what still waits.
 */
#ifndef DEVICES_UART_H
#define DEVICES_UART_H

#include "devices/device.h"
#include "platform/lock.h"

enum {
	UART_FIFO = 16, /* bytes, each way */
	UART_SIZE = 0x100,
	UART_CLOCK = 3686400,
};

struct uart_backend {
	/* Take bytes from the front of these n, n > 0; returns how many. Where they are fewer, the
	 * backend calls uart_output_ready() after it has room again. */
	size_t (*put)(void *context, const char *bytes, size_t n);
	/* A feed took less than it was offered; now there is room. May feed. */
	void (*room)(void *context);
	/* The line of its interrupt; changes only. */
	void (*irq)(void *context, bool level);
	/* put and irq are called inside the UART's lock, since their order matters: they must not
	 * call the UART, nor wait for anybody who may. room is called outside it. */
	void *context;
};

struct uart {
	struct device device;
	/* Fixed at creation. */
	struct uart_backend backend;
	unsigned source; /* its interrupt's number */
	uint32_t plic_phandle;
	/* Written under the lock, read by anyone. Byte n is what a read of register n gives, for
	 * those that are asked for again and again. Byte 0, whose register is none of them, has bit
	 * n set where that read changes nothing. One word, so that no reader sees one register
	 * older than the one before. */
	_Atomic uint64_t shown;
	/* Under the lock. */
	struct lock lock;
	uint8_t ier, fcr, lcr, mcr, msr, scr;
	uint8_t divisor[2];
	bool is_thre_due; /* the transmitter ran empty, and neither IIR nor THR was touched since */
	bool is_overrun;
	bool is_irq_high;
	bool is_room_due;       /* the backend waits for room */
	uint8_t n_out;          /* what waits for the backend, oldest first */
	uint8_t n_in, first_in; /* what waits for the guest: a ring */
	char out[UART_FIFO];
	char in[UART_FIFO];
};

/* Power-on state: idle, FIFOs off, no interrupt enabled. */
void uart_init(struct uart *u, struct gpa at, unsigned source, uint32_t plic_phandle,
	       const struct uart_backend *backend);

/* Received: takes as many bytes as there is room for; returns how many. If these are not all,
 * backend.room is called later. Any hart. */
MUST_CHECK size_t uart_feed(struct uart *u, const char *bytes, size_t n);

/* The backend has room again. Any hart. */
void uart_output_ready(struct uart *u);

#endif
