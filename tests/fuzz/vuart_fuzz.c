/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any sequence of register accesses, input and refused output: the UART answers as a model does,
 * every byte that was written and not discarded by the guest leaves in order, every byte that was
 * fed arrives in order, and after every step its interrupt is what the model's state says.
 */
#include <stdlib.h>
#include <string.h>

#include "devices/uart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A queue that never wraps: an input is shorter than it. */
struct queue {
	unsigned head, tail;
	uint8_t bytes[8192];
};

static struct {
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	uint8_t fifos; /* FCR as it was written last with FIFOs on, else 0 */
	uint8_t lines, deltas;
	bool overrun;
	bool due; /* THRE's interrupt was caused and not yet seen */
	bool owes_room;
	struct queue in, out, sent;
} model;

static struct {
	unsigned credit; /* bytes that it would take */
	unsigned n_rooms;
	bool irq;
	uint8_t next;
	unsigned n_put; /* checked against model.sent */
	uint8_t put[8192];
} backend;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static unsigned length(const struct queue *q)
{
	return q->head - q->tail;
}

static void append(struct queue *q, uint8_t byte)
{
	must(q->head < sizeof(q->bytes));
	q->bytes[q->head++] = byte;
}

static size_t backend_put(void *context, const char *bytes, size_t n)
{
	size_t taken = n < backend.credit ? n : backend.credit;

	must(n && n <= UART_FIFO);
	memcpy(backend.put + backend.n_put, bytes, taken);
	backend.n_put += taken;
	backend.credit -= taken;
	return taken;
}

static void backend_room(void *context)
{
	backend.n_rooms++;
}

static void backend_irq(void *context, bool level)
{
	must(level != backend.irq);
	backend.irq = level;
}

static bool loop(void)
{
	return model.mcr & 0x10;
}

static unsigned room_in(void)
{
	return (model.fifos ? 16 : 1) - length(&model.in);
}

static uint8_t iir(void)
{
	static const unsigned trigger[] = { 1, 4, 8, 14 };
	uint8_t high = model.fifos ? 0xc0 : 0;

	if (model.ier & 4 && model.overrun)
		return high | 6;
	if (model.ier & 1 && length(&model.in)) {
		if (model.fifos && length(&model.in) < trigger[model.fifos >> 6])
			return high | 12;
		return high | 4;
	}
	if (model.ier & 2 && model.due)
		return high | 2;
	if (model.ier & 8 && model.deltas)
		return high;
	return high | 1;
}

static void set_lines(void)
{
	uint8_t was = model.lines;

	model.lines = 0xb0;
	if (loop())
		model.lines = (uint8_t)((model.mcr & 1) << 5 | (model.mcr & 2) << 3 |
					(model.mcr & 4) << 4 | (model.mcr & 8) << 4);
	for (unsigned i = 0; i < 4; i++) {
		bool before = was >> (4 + i) & 1, now = model.lines >> (4 + i) & 1;

		if (i == 2 ? before && !now : before != now)
			model.deltas |= (uint8_t)(1 << i);
	}
}

static uint8_t model_read(unsigned reg)
{
	uint8_t value = 0;

	if (model.lcr & 0x80 && reg < 2)
		return reg ? model.dlm : model.dll;
	switch (reg) {
	case 0:
		return length(&model.in) ? model.in.bytes[model.in.tail++] : 0;
	case 1:
		return model.ier;
	case 2:
		value = iir();
		if ((value & 15) == 2)
			model.due = false;
		return value;
	case 3:
		return model.lcr;
	case 4:
		return model.mcr;
	case 5:
		value = length(&model.out) ? 0 : 0x60;
		value |= (length(&model.in) ? 1 : 0) | (model.overrun ? 2 : 0);
		model.overrun = false;
		return value;
	case 6:
		value = model.lines | model.deltas;
		model.deltas = 0;
		return value;
	default:
		return model.scr;
	}
}

/* The backend takes what it has credit for, from the oldest on. */
static void move_out(unsigned credit)
{
	while (credit-- && length(&model.out))
		append(&model.sent, model.out.bytes[model.out.tail++]);
}

static void model_send(uint8_t byte, unsigned credit)
{
	bool was_waiting = length(&model.out);

	if (loop()) {
		if (room_in())
			append(&model.in, byte);
		else
			model.overrun = true;
	} else if (length(&model.out) < 16) {
		append(&model.out, byte);
		if (!was_waiting)
			move_out(credit);
	}
	model.due = !length(&model.out);
}

static void model_write(unsigned reg, uint8_t value, unsigned credit)
{
	if (model.lcr & 0x80 && reg < 2) {
		*(reg ? &model.dlm : &model.dll) = value;
		return;
	}
	switch (reg) {
	case 0:
		model_send(value, credit);
		break;
	case 1:
		if (value & 2 && !(model.ier & 2))
			model.due = !length(&model.out);
		model.ier = value & 15;
		break;
	case 2:
		if (!(value & 1) && !model.fifos)
			break;
		if (!model.fifos || !(value & 1) || value & 2)
			model.in.tail = model.in.head;
		if (!model.fifos || !(value & 1) || value & 4) {
			model.due |= length(&model.out) != 0;
			model.out.tail = model.out.head;
		}
		model.fifos = value & 1 ? value : 0;
		break;
	case 3:
		model.lcr = value;
		break;
	case 4:
		model.mcr = value & 31;
		set_lines();
		break;
	case 7:
		model.scr = value;
		break;
	}
}

static void feed(struct uart *u, unsigned n)
{
	unsigned room = loop() ? 0 : room_in();
	char bytes[32];

	for (unsigned i = 0; i < n; i++)
		bytes[i] = (char)(backend.next + i);
	must(uart_feed(u, bytes, n) == (n < room ? n : room));
	model.owes_room |= n > room;
	for (unsigned i = 0; i < n && i < room; i++)
		append(&model.in, backend.next++);
}

static void model_reset(void)
{
	model.ier = model.lcr = model.mcr = model.scr = model.dlm = model.fifos = 0;
	model.dll = 2;
	model.lines = 0xb0;
	model.deltas = 0;
	model.overrun = model.due = false;
	model.in.tail = model.in.head;
}

/* Returns whether the step was the guest's: only then room can appear. */
static bool step(struct uart *u, uint8_t op, uint8_t value)
{
	const struct device_ops *ops = u->device.ops;
	unsigned credit = backend.credit;
	uint64_t got;

	switch (op >> 4) {
	case 0 ... 5:
		must(ops->read(&u->device, op & 7, 1, &got));
		must(got == model_read(op & 7));
		return true;
	case 6 ... 9:
		must(ops->write(&u->device, op & 7, 1, value));
		model_write(op & 7, value, credit);
		return true;
	case 10: /* many, as a driver would */
		for (unsigned i = 0; i < (op & 15u); i++) {
			credit = backend.credit;
			must(ops->write(&u->device, 0, 1, value + i));
			model_write(0, (uint8_t)(value + i), credit);
		}
		return true;
	case 11:
		feed(u, value % 32);
		return false;
	case 12:
	case 13:
		backend.credit += value % 32;
		if (length(&model.out))
			move_out(backend.credit), model.due = !length(&model.out);
		uart_output_ready(u);
		return false;
	case 14:
		backend.credit = value % 4;
		return false;
	default:
		if (value == 77) {
			ops->reset(&u->device);
			model_reset();
			return true;
		}
		must(!ops->read(&u->device, value & 0xfc, 2u << op % 3, &got));
		must(!ops->write(&u->device, value & 0xfc, 2u << op % 3, 0));
		must(!ops->read(&u->device, 8 + value % 0xf8, 1, &got));
		return false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct uart u;

	if (size > 512)
		size = 512;
	memset(&model, 0, offsetof(typeof(model), in));
	model.in.head = model.in.tail = model.out.head = model.out.tail = 0;
	model.sent.head = model.sent.tail = 0;
	memset(&backend, 0, offsetof(typeof(backend), put));
	model_reset();
	uart_init(&u, GPA(0), 1, 1,
		  &(struct uart_backend){
			  .put = backend_put, .room = backend_room, .irq = backend_irq });
	for (size_t i = 0; i + 2 <= size; i += 2) {
		bool guest = step(&u, data[i], data[i + 1]);
		bool room = guest && model.owes_room && !length(&model.in) && !loop();

		must(backend.n_rooms == room);
		backend.n_rooms = 0;
		model.owes_room &= !room;
		must(backend.irq == !(iir() & 1));
		must(backend.n_put == model.sent.head);
	}
	must(!memcmp(backend.put, model.sent.bytes, backend.n_put));
	return 0;
}
