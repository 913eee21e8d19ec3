/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of a VM tied together: two serial ports, the interrupt controller between them and a
 * vCPU, and one console, which takes as much as a test lets it.
 */
#include <stdlib.h>
#include <string.h>

#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "hyp/vm_devices.h"
#include "tests/kit/kit.h"

enum { FIRST = 0, SECOND = 1, FIRST_IRQ = 10, SECOND_IRQ = 11, THR = 0, IER = 1, LSR = 5, MCR = 4 };
enum { IER_THRE = 2, IER_RX = 1, LSR_DATA = 1, PLIC_AT = 0xc000000, SERIAL_AT = 0x10000000 };

/* --- what stands round them --- */

static struct vconsole_user user;
static char out[256];
static size_t n_out, room;
static const char *typed;
static uint32_t lines;
static unsigned n_regions;

size_t vconsole_put(struct vconsole *vc, const char *bytes, size_t n)
{
	(void)vc;
	if (n > room)
		n = room;
	memcpy(out + n_out, bytes, n);
	n_out += n;
	out[n_out] = 0;
	room -= n;
	return n;
}

size_t vconsole_take_input(struct vconsole *vc, char *bytes, size_t n)
{
	size_t there = strlen(typed);

	(void)vc;
	if (n > there)
		n = there;
	memcpy(bytes, typed, n);
	typed += n;
	return n;
}

bool vconsole_has_input(const struct vconsole *vc)
{
	(void)vc;
	return *typed;
}

void vconsole_set_user(struct vconsole *vc, const struct vconsole_user *who)
{
	(void)vc;
	user = who ? *who : (struct vconsole_user){ 0 };
}

void vcpu_set_line(struct vcpu *v, enum vcpu_line line, bool on)
{
	(void)v;
	lines = on ? lines | line : lines & ~(uint32_t)line;
}

void vm_end(struct vm *vm, enum stop_reason reason)
{
	(void)vm, (void)reason;
}

int gmap_add(struct gmap *m, const struct region *r)
{
	(void)m;
	EXPECT_EQ(r->kind, REGION_EMULATED);
	n_regions++;
	return 0;
}

/* --- a VM with them --- */

static struct vm vm;
static struct vcpu vcpu;
static bool is_plic_first; /* in the description */

static void write_to(struct device *d, uint64_t offset, unsigned width, uint64_t value)
{
	EXPECT(d->ops->write(d, offset, width, value));
}

static uint64_t read_from(struct device *d, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	EXPECT(d->ops->read(d, offset, width, &value));
	return value;
}

static struct device *serial(unsigned n)
{
	return vm.devices->list[is_plic_first + n];
}

static struct device *plic(void)
{
	return &vm.devices->plic->device;
}

static void write_text(unsigned n, const char *text)
{
	for (; *text; text++)
		write_to(serial(n), THR, 1, (uint8_t)*text);
}

static void begin(void)
{
	static const struct vm_device plic_said = {
		.node = "plic@c000000", .at = { PLIC_AT }, .size = PLIC_SIZE, .kind = VM_PLIC
	};
	static const struct vm_device serial_said[] = {
		{ .node = "serial@10000000",
		  .at = { SERIAL_AT },
		  .size = PAGE_SIZE,
		  .kind = VM_SERIAL,
		  .irq = FIRST_IRQ },
		{ .node = "serial@10001000",
		  .at = { SERIAL_AT + 0x1000 },
		  .size = PAGE_SIZE,
		  .kind = VM_SERIAL,
		  .irq = SECOND_IRQ },
	};

	n_out = n_regions = lines = 0;
	room = sizeof(out) - 1;
	out[0] = 0;
	typed = "";
	vm = (struct vm){ .n_vcpus = 1, .vcpus = { &vcpu }, .console = (struct vconsole *)out };
	vm.config.n_devices = 3;
	vm.config.devices[is_plic_first ? 0 : 2] = plic_said;
	memcpy(&vm.config.devices[is_plic_first], serial_said, sizeof(serial_said));
	REQUIRE_EQ(vm_devices_create(&vm), 0);
	EXPECT_EQ(n_regions, 3);
	for (unsigned source = FIRST_IRQ; source <= SECOND_IRQ; source++)
		write_to(plic(), 4 * source, 4, 1);
	write_to(plic(), 0x2080, 4, 1 << FIRST_IRQ | 1 << SECOND_IRQ);
	for (unsigned n = 0; n < 2; n++)
		write_to(serial(n), MCR, 1, 8);
}

static void end(void)
{
	vm_devices_destroy(&vm);
	EXPECT(!user.context);
}

TEST(vm_devices, every_serial_port_prints_on_the_console)
{
	begin();
	write_text(FIRST, "one");
	write_text(SECOND, "two");
	EXPECT_STR(out, "onetwo");
	end();
}

/* The console says once that it has room, whoever waits for it. */
TEST(vm_devices, every_serial_port_goes_on_when_the_console_has_room)
{
	begin();
	room = 0;
	write_text(FIRST, "a");
	write_text(SECOND, "b");
	EXPECT_STR(out, "");
	room = 2;
	user.room(user.context);
	EXPECT_STR(out, "ab");
	room = 0;
	write_text(SECOND, "c"); /* it waits alone */
	room = 1;
	user.room(user.context);
	EXPECT_STR(out, "abc");
	end();
}

TEST(vm_devices, what_is_typed_goes_to_the_first_serial_port_alone)
{
	begin();
	typed = "x";
	user.input(user.context);
	EXPECT(read_from(serial(FIRST), LSR, 1) & LSR_DATA);
	EXPECT(!(read_from(serial(SECOND), LSR, 1) & LSR_DATA));
	EXPECT_EQ(read_from(serial(FIRST), THR, 1), 'x');
	end();
}

TEST(vm_devices, every_serial_port_has_an_interrupt_of_its_own)
{
	for (unsigned n = 0; n < 2; n++) {
		begin();
		write_to(serial(n), IER, 1, IER_THRE);
		EXPECT_EQ(lines, LINE_EXT);
		EXPECT_EQ(read_from(plic(), 0x201004, 4), FIRST_IRQ + n);
		EXPECT_EQ(lines, 0);
		end();
	}
}

/* Wherever the PLIC stands among them. What was typed before a start is there for it. */
TEST(vm_devices, reset_lowers_every_line_and_feeds_what_was_typed)
{
	for (unsigned first = 0; first < 2; first++) {
		is_plic_first = first;
		begin();
		write_to(serial(FIRST), IER, 1, IER_THRE);
		write_to(serial(SECOND), IER, 1, IER_THRE);
		EXPECT_EQ(lines, LINE_EXT);
		typed = "y";
		vm_devices_reset(&vm);
		EXPECT_EQ(lines, 0);
		EXPECT_EQ(read_from(serial(FIRST), THR, 1), 'y');
		/* Nothing is left pending for who enables it again. */
		write_to(plic(), 4 * SECOND_IRQ, 4, 1);
		write_to(plic(), 0x2080, 4, 1 << SECOND_IRQ);
		EXPECT_EQ(lines, 0);
		end();
	}
	is_plic_first = false;
}
