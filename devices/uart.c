/* SPDX-License-Identifier: BSD-2-Clause */
#include "devices/uart.h"

#include <string.h>

#include "lib/node.h"

enum {
	RBR = 0, /* read */
	THR = 0, /* write */
	DLL = 0, /* with DLAB */
	IER = 1,
	DLM = 1, /* with DLAB */
	IIR = 2, /* read */
	FCR = 2, /* write */
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
	SCR = 7,
	N_REGISTERS,
};

#define IER_RECEIVED 0x01u
#define IER_THRE     0x02u
#define IER_LINE     0x04u
#define IER_MODEM    0x08u

#define IIR_MODEM    0x00u
#define IIR_NONE     0x01u
#define IIR_THRE     0x02u
#define IIR_RECEIVED 0x04u
#define IIR_LINE     0x06u
#define IIR_TIMEOUT  0x0cu
#define IIR_HAS_FIFO 0xc0u

#define FCR_ENABLE    0x01u
#define FCR_CLEAR_IN  0x02u
#define FCR_CLEAR_OUT 0x04u
#define FCR_TRIGGER   0xc0u

#define LCR_DLAB 0x80u

#define MCR_DTR  0x01u
#define MCR_RTS  0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u

#define LSR_DATA    0x01u
#define LSR_OVERRUN 0x02u
#define LSR_IDLE    0x60u /* the transmitter's FIFO and its shift register are empty */

#define MSR_CHANGES 0x0fu /* each stands 4 below its input */
#define MSR_CTS     0x10u
#define MSR_DSR     0x20u
#define MSR_RI      0x40u
#define MSR_DCD     0x80u

#define SHOWN(reg, value)  ((uint64_t)(value) << 8 * (reg))
#define IS_PLAIN(reg, yes) ((uint64_t)(yes) << (reg))

static unsigned n_in_most(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static bool is_looped(const struct uart *u)
{
	return u->mcr & MCR_LOOP;
}

/* The foremost condition that is enabled and holds. */
static uint8_t cause(const struct uart *u)
{
	static const uint8_t triggers[] = { 1, 4, 8, 14 };

	if (u->ier & IER_LINE && u->is_overrun)
		return IIR_LINE;
	if (u->ier & IER_RECEIVED && u->n_in)
		return u->n_in < triggers[u->fcr >> 6] ? IIR_TIMEOUT : IIR_RECEIVED;
	if (u->ier & IER_THRE && u->is_thre_due)
		return IIR_THRE;
	if (u->ier & IER_MODEM && u->msr & MSR_CHANGES)
		return IIR_MODEM;
	return IIR_NONE;
}

static uint8_t lsr(const struct uart *u)
{
	return (u->n_in ? LSR_DATA : 0) | (u->is_overrun ? LSR_OVERRUN : 0) |
	       (u->n_out ? 0 : LSR_IDLE);
}

/* After any change: what follows from the state. */
static void update(struct uart *u)
{
	uint8_t id = cause(u);
	bool level = id != IIR_NONE;
	uint64_t shown = SHOWN(IIR, id | (u->fcr & FCR_ENABLE ? IIR_HAS_FIFO : 0)) |
			 SHOWN(LSR, lsr(u)) | SHOWN(MSR, u->msr) | IS_PLAIN(IIR, id != IIR_THRE) |
			 IS_PLAIN(LSR, !u->is_overrun) | IS_PLAIN(MSR, !(u->msr & MSR_CHANGES));

	atomic_store_explicit(&u->shown, shown, memory_order_relaxed);
	if (level != u->is_irq_high) {
		u->is_irq_high = level;
		u->backend.irq(u->backend.context, level);
	}
}

/* Release the lock, and tell the backend if it waits for room. Not before the FIFO is empty: up to
 * then the guest has something to read, and one call for many bytes costs less than one for each.
 */
static void leave(struct uart *u)
{
	bool tell;

	update(u);
	tell = u->is_room_due && !u->n_in && !is_looped(u);
	u->is_room_due &= !tell;
	lock_release(&u->lock);
	if (tell)
		u->backend.room(u->backend.context);
}

static void push_in(struct uart *u, char byte)
{
	u->in[(u->first_in + u->n_in++) % UART_FIFO] = byte;
}

static uint8_t pop_in(struct uart *u)
{
	uint8_t byte = (uint8_t)u->in[u->first_in];

	if (!u->n_in)
		return 0;
	u->n_in--;
	u->first_in = (u->first_in + 1) % UART_FIFO;
	return byte;
}

/* With FIFOs off a 16450 would hold one byte; we keep as many as ever. A guest that writes on
 * though the transmitter is not empty loses what is above 16, as with the real one. */
static void send(struct uart *u, char byte)
{
	if (is_looped(u)) {
		if (u->n_in < n_in_most(u))
			push_in(u, byte);
		else
			u->is_overrun = true;
	} else if (u->n_out || !u->backend.put(u->backend.context, &byte, 1)) {
		if (u->n_out < UART_FIFO)
			u->out[u->n_out++] = byte;
	}
	u->is_thre_due = !u->n_out;
}

/* Enabling the interrupt raises it if the transmitter is empty, however long it has been so. */
static void write_ier(struct uart *u, uint8_t value)
{
	if (value & ~u->ier & IER_THRE)
		u->is_thre_due = !u->n_out;
	u->ier = value & (IER_RECEIVED | IER_THRE | IER_LINE | IER_MODEM);
}

/* FIFOs are cleared when they are switched; without the enabling bit nothing else counts. */
static void write_fcr(struct uart *u, uint8_t value)
{
	if ((value ^ u->fcr) & FCR_ENABLE)
		value |= FCR_CLEAR_IN | FCR_CLEAR_OUT;
	else if (!(value & FCR_ENABLE))
		return;
	if (value & FCR_CLEAR_IN)
		u->n_in = 0;
	if (value & FCR_CLEAR_OUT && u->n_out) {
		u->n_out = 0;
		u->is_thre_due = true;
	}
	u->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_TRIGGER) : 0;
}

/* In loopback the modem's inputs are our own outputs. RI tells of its trailing edge only. */
static void write_mcr(struct uart *u, uint8_t value)
{
	uint8_t inputs = MSR_CTS | MSR_DSR | MSR_DCD, changes;

	u->mcr = value & (MCR_DTR | MCR_RTS | MCR_OUT1 | MCR_OUT2 | MCR_LOOP);
	if (is_looped(u))
		inputs = (value & MCR_RTS ? MSR_CTS : 0) | (value & MCR_DTR ? MSR_DSR : 0) |
			 (value & MCR_OUT1 ? MSR_RI : 0) | (value & MCR_OUT2 ? MSR_DCD : 0);
	changes = u->msr ^ inputs;
	if (inputs & MSR_RI)
		changes &= (uint8_t)~MSR_RI;
	u->msr = inputs | (u->msr & MSR_CHANGES) | changes >> 4;
}

static uint8_t read_register(struct uart *u, unsigned offset)
{
	uint8_t value =
		(uint8_t)(atomic_load_explicit(&u->shown, memory_order_relaxed) >> 8 * offset);

	if (offset <= DLM && u->lcr & LCR_DLAB)
		return u->divisor[offset];
	switch (offset) {
	case RBR:
		return pop_in(u);
	case IER:
		return u->ier;
	case IIR:
		u->is_thre_due &= value != (IIR_THRE | (value & IIR_HAS_FIFO));
		return value;
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		u->is_overrun = false;
		return value;
	case MSR:
		u->msr &= (uint8_t)~MSR_CHANGES;
		return value;
	default:
		return u->scr;
	}
}

static void write_register(struct uart *u, unsigned offset, uint8_t value)
{
	if (offset <= DLM && u->lcr & LCR_DLAB) {
		u->divisor[offset] = value;
		return;
	}
	switch (offset) {
	case THR:
		send(u, (char)value);
		break;
	case IER:
		write_ier(u, value);
		break;
	case FCR:
		write_fcr(u, value);
		break;
	case LCR:
		u->lcr = value;
		break;
	case MCR:
		write_mcr(u, value);
		break;
	case SCR:
		u->scr = value;
		break;
	}
}

static __attribute__((noinline)) bool read_locked(struct uart *u, unsigned offset, uint64_t *value)
{
	lock_take(&u->lock);
	*value = read_register(u, offset);
	leave(u);
	return true;
}

static bool uart_read(struct device *d, uint64_t offset, unsigned width, uint64_t *value)
{
	struct uart *u = CONTAINER_OF(d, struct uart, device);
	uint64_t shown = atomic_load_explicit(&u->shown, memory_order_relaxed);

	if (width != 1 || offset >= N_REGISTERS)
		return false;
	/* Without the lock, since it changes nothing and is one word. */
	if (UNLIKELY(!(shown >> offset & 1)))
		return read_locked(u, (unsigned)offset, value);
	*value = (uint8_t)(shown >> 8 * offset);
	return true;
}

static bool uart_write(struct device *d, uint64_t offset, unsigned width, uint64_t value)
{
	struct uart *u = CONTAINER_OF(d, struct uart, device);

	if (width != 1 || offset >= N_REGISTERS)
		return false;
	lock_take(&u->lock);
	write_register(u, (unsigned)offset, (uint8_t)value);
	leave(u);
	return true;
}

size_t uart_feed(struct uart *u, const char *bytes, size_t n)
{
	size_t taken = 0;

	lock_take(&u->lock);
	while (taken < n && !is_looped(u) && u->n_in < n_in_most(u))
		push_in(u, bytes[taken++]);
	u->is_room_due |= taken < n;
	update(u);
	lock_release(&u->lock);
	return taken;
}

void uart_output_ready(struct uart *u)
{
	size_t taken;

	lock_take(&u->lock);
	if (u->n_out) {
		taken = u->backend.put(u->backend.context, u->out, u->n_out);
		u->n_out -= (uint8_t)taken;
		memmove(u->out, u->out + taken, u->n_out);
		u->is_thre_due = !u->n_out;
		update(u);
	}
	lock_release(&u->lock);
}

/* What waits for the backend stays and is still sent. */
static COLD void uart_reset(struct device *d)
{
	struct uart *u = CONTAINER_OF(d, struct uart, device);

	lock_take(&u->lock);
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = 0;
	u->msr = MSR_CTS | MSR_DSR | MSR_DCD;
	u->divisor[0] = UART_CLOCK / 16 / 115200;
	u->divisor[1] = 0;
	u->is_overrun = u->is_thre_due = false;
	u->n_in = 0;
	leave(u);
}

static COLD void uart_describe(const struct device *d, struct node_writer *w)
{
	const struct uart *u = CONTAINER_OF(d, struct uart, device);

	node_begin_at(w, "serial", d->at.v);
	node_text(w, "compatible", "ns16550a");
	node_reg(w, d->at.v, d->size);
	node_number(w, "clock-frequency", UART_CLOCK);
	if (u->source) {
		node_number(w, "interrupt-parent", u->plic_phandle);
		node_number(w, "interrupts", u->source);
	}
	node_end(w);
}

static const struct device_ops uart_ops = {
	.name = "ns16550a",
	.read = uart_read,
	.write = uart_write,
	.reset = uart_reset,
	.describe = uart_describe,
};

COLD void uart_init(struct uart *u, struct gpa at, unsigned source, uint32_t plic_phandle,
		    const struct uart_backend *backend)
{
	*u = (struct uart){
		.device = { .ops = &uart_ops, .at = at, .size = UART_SIZE },
		.backend = *backend,
		.source = source,
		.plic_phandle = plic_phandle,
		.lock = LOCK_INIT("uart", RANK_UART),
	};
	uart_reset(&u->device);
}
