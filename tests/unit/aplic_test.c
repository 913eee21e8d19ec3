/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC's driver against a model of a supervisor domain, in both ways of delivery, and where
 * interrupt files are. In the model sources above DELEGATED are not this domain's.
 */
#include <errno.h>
#include <string.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"

enum { SOURCES = 96, DELEGATED = 80, IDCS = 4 };

PER_HART unsigned hart_index;
PER_HART uint64_t hart_id;

static struct machine the_machine;
extern const struct machine machine __attribute__((alias("the_machine")));

static uint8_t registers[0x4000 + 32 * IDCS]; /* only its addresses are used */

static struct {
	uint32_t domaincfg, sourcecfg[SOURCES + 1], target[SOURCES + 1];
	uint32_t idelivery[IDCS], ithreshold[IDCS];
	bool can_message, can_deliver; /* what DM can be */
	bool line[SOURCES + 1], enabled[SOURCES + 1];
	bool pending[SOURCES + 1]; /* only where messages are sent; otherwise it is the line */
	bool is_old;               /* setipnum believes anything, as QEMU's did */
	unsigned n_messages;
	uint32_t last_message; /* the target it was sent to */
} model;

volatile void *mmu_map_device(struct hpa at, uint64_t size)
{
	EXPECT_EQ(at.v, 0xd000000);
	EXPECT(size <= sizeof(registers));
	return registers;
}

static void send_messages(void)
{
	for (unsigned s = 1; s <= SOURCES; s++) {
		if (!(model.domaincfg & 4) || !(model.domaincfg & 0x100) || !model.enabled[s] ||
		    !model.pending[s])
			continue;
		model.pending[s] = false;
		model.n_messages++;
		model.last_message = model.target[s];
	}
}

static void set_line(unsigned s, bool up)
{
	if (model.sourcecfg[s] == 6)
		model.pending[s] = up && (model.pending[s] || !model.line[s]);
	model.line[s] = up;
	send_messages();
}

static uint32_t claim(unsigned idc)
{
	for (unsigned s = 1; s <= SOURCES; s++)
		if (model.domaincfg == 0x100 && model.sourcecfg[s] == 6 && model.line[s] &&
		    model.enabled[s] && model.target[s] >> 18 == idc && model.idelivery[idc] &&
		    (model.ithreshold[idc] == 0 ||
		     (model.target[s] & 0xff) < model.ithreshold[idc]))
			return s << 16 | (model.target[s] & 0xff);
	return 0;
}

static uint32_t lines(unsigned word)
{
	uint32_t bits = 0;

	for (unsigned s = word * 32; s < word * 32 + 32 && s <= SOURCES; s++)
		bits |= (uint32_t)(model.line[s] && model.sourcecfg[s]) << s % 32;
	return bits;
}

uint32_t mmio_model_read(const volatile void *at, unsigned width)
{
	size_t offset = (size_t)((const volatile uint8_t *)at - registers);

	EXPECT_EQ(width, 4);
	if (offset == 0)
		return 0x80000000 | model.domaincfg;
	if (offset >= 4 && offset <= 4 * SOURCES)
		return model.sourcecfg[offset / 4];
	if (offset >= 0x1d00 && offset < 0x1d80)
		return lines((unsigned)(offset - 0x1d00) / 4);
	EXPECT(offset >= 0x4000 && offset % 32 == 0x1c);
	return claim((unsigned)(offset - 0x4000) / 32);
}

static void write_domaincfg(uint32_t value)
{
	model.domaincfg = value & 0x100;
	if (model.can_message && ((value & 4) || !model.can_deliver))
		model.domaincfg |= 4;
}

static void write_idc(size_t offset, uint32_t value)
{
	unsigned idc = (unsigned)(offset - 0x4000) / 32;

	if (offset % 32 == 0)
		model.idelivery[idc] = value;
	else if (offset % 32 == 8)
		model.ithreshold[idc] = value;
	else
		EXPECT(!"a register that the driver has no business with");
}

static void clear_enables(unsigned word, uint32_t bits)
{
	for (unsigned s = word * 32; s < word * 32 + 32 && s <= SOURCES; s++)
		if (bits >> s % 32 & 1)
			model.enabled[s] = false;
}

void mmio_model_write(volatile void *at, unsigned width, uint32_t value)
{
	size_t offset = (size_t)((volatile uint8_t *)at - registers);

	EXPECT_EQ(width, 4);
	if (offset == 0)
		write_domaincfg(value);
	else if (offset <= 4 * SOURCES)
		model.sourcecfg[offset / 4] = offset / 4 <= DELEGATED ? value : 0;
	else if (offset == 0x1cdc && value <= SOURCES)
		model.pending[value] =
			model.sourcecfg[value] && (model.line[value] || model.is_old);
	else if (offset == 0x1edc && value <= SOURCES)
		model.enabled[value] = true;
	else if (offset == 0x1fdc && value <= SOURCES)
		model.enabled[value] = false;
	else if (offset >= 0x1f00 && offset < 0x1f80)
		clear_enables((unsigned)(offset - 0x1f00) / 4, value);
	else if (offset >= 0x3004 && offset <= 0x3000 + 4 * SOURCES)
		model.target[(offset - 0x3000) / 4] = value;
	else if (offset >= 0x4000)
		write_idc(offset, value);
	else
		EXPECT(!"a register that the driver has no business with");
	send_messages();
}

static unsigned n_dispatched, last_dispatched, n_until_quiet;

/* The handler of all sources: its device lowers its line the n-th time. */
void irq_dispatch(unsigned source)
{
	n_dispatched++;
	last_dispatched = source;
	if (n_dispatched >= n_until_quiet)
		set_line(source, false);
}

/* Harts 7 and 9 have IDCs 2 and 0; hart 8 has none. Everything is on, as nobody should leave it. */
static void begin(void)
{
	memset(&model, 0, sizeof(model));
	for (unsigned s = 1; s <= SOURCES; s++) {
		model.enabled[s] = true;
		model.sourcecfg[s] = s <= DELEGATED ? 6 : 0;
	}
	model.can_message = model.can_deliver = true;
	n_dispatched = last_dispatched = 0;
	n_until_quiet = 1;
	the_machine.aplic = (struct machine_aplic){
		.regs = { HPA(0xd000000), sizeof(registers) },
		.n_sources = SOURCES,
		.n_idcs = 2,
		.idcs = { { .hart_id = 7, .index = 2 }, { .hart_id = 9, .index = 0 } },
	};
	hart_id = 7;
}

static const struct irqchip *begin_direct(void)
{
	const struct irqchip *chip;

	begin();
	chip = aplic_attach(&machine);
	REQUIRE(chip != NULL);
	chip->init_hart();
	return chip;
}

TEST(aplic, starts_with_everything_off)
{
	(void)begin_direct();
	for (unsigned s = 1; s <= SOURCES; s++) {
		EXPECT(!model.enabled[s]);
		EXPECT_EQ(model.sourcecfg[s], 0);
	}
	EXPECT_EQ(model.idelivery[2], 1);
	EXPECT_EQ(model.idelivery[0], 0);
}

TEST(aplic, delivers_through_the_idc_of_the_hart_that_enabled)
{
	const struct irqchip *chip = begin_direct();

	EXPECT_EQ(chip->enable(33), 0);
	set_line(33, true);
	EXPECT_EQ(claim(0), 0);
	EXPECT_EQ(claim(2), 33 << 16 | 1);
	n_until_quiet = 3;
	chip->handle();
	EXPECT_EQ(n_dispatched, 3); /* a level comes until it goes down */
	EXPECT_EQ(last_dispatched, 33);
	chip->disable(33);
	set_line(33, true);
	chip->handle();
	EXPECT_EQ(n_dispatched, 3);
}

TEST(aplic, refuses_sources_and_harts_that_the_domain_does_not_have)
{
	const struct irqchip *chip = begin_direct();

	EXPECT_EQ(chip->enable(SOURCES + 1), -EINVAL);
	EXPECT_EQ(chip->enable(DELEGATED + 1), -EINVAL);
	EXPECT(!model.enabled[DELEGATED + 1]);
	hart_id = 8;
	chip->init_hart();
	EXPECT_EQ(chip->enable(5), -ENODEV);
	chip->handle();
}

TEST(aplic, is_not_used_in_a_way_that_its_domain_does_not_know)
{
	begin();
	model.can_message = false;
	EXPECT(!aplic_attach_forwarding(&machine));
	begin();
	model.can_deliver = false;
	EXPECT(aplic_attach(&machine) == NULL);
	begin();
	the_machine.aplic.regs.size = 0x3000;
	EXPECT(aplic_attach(&machine) == NULL);
}

TEST(aplic, forwards_a_rising_line_as_one_message_to_hart_and_id)
{
	begin();
	REQUIRE(aplic_attach_forwarding(&machine));
	EXPECT_EQ(aplic_forward(10, 5, 2), 0);
	EXPECT_EQ(model.n_messages, 0);
	set_line(10, true);
	EXPECT_EQ(model.n_messages, 1);
	EXPECT_EQ(model.last_message, 5 << 18 | 2);
	aplic_stop_forwarding(10);
	set_line(10, false);
	set_line(10, true);
	EXPECT_EQ(model.n_messages, 1);
	EXPECT_EQ(aplic_forward(DELEGATED + 1, 0, 3), -EINVAL);
}

static void a_line_that_stays_up_is_sent_again(void)
{
	REQUIRE(aplic_attach_forwarding(&machine));
	EXPECT_EQ(aplic_forward(64, 0, 2), 0);
	set_line(64, true);
	aplic_forwarded_one_is_done(64);
	EXPECT_EQ(model.n_messages, 2);
	set_line(64, false);
	aplic_forwarded_one_is_done(64);
	aplic_forwarded_one_is_done(64);
	EXPECT_EQ(model.n_messages, 2);
}

TEST(aplic, sends_again_for_a_line_that_is_still_up_and_for_no_other)
{
	begin();
	a_line_that_stays_up_is_sent_again();
	begin();
	model.is_old = true;
	a_line_that_stays_up_is_sent_again();
}

/* Two groups of four harts, three guest files each, as on a machine with two sockets. */
static const struct machine_imsic two_groups = {
	.regs = { { HPA(0x28000000), 0x10000 }, { HPA(0x29000000), 0x10000 } },
	.n_regs = 2,
	.n_ids = 255,
	.guest_index_bits = 2,
	.hart_index_bits = 2,
	.group_index_bits = 1,
	.group_index_shift = 24,
	.n_files = 3,
	.files = { { .hart_id = 0, .index = 0 },
		   { .hart_id = 3, .index = 3 },
		   { .hart_id = 6, .index = 6 } },
};

TEST(imsic_file, lies_after_the_files_before_it_and_their_guests)
{
	struct imsic_file file;

	REQUIRE(imsic_file_of(&two_groups, 0, &file));
	EXPECT_EQ(file.at.v, 0x28000000);
	EXPECT_EQ(file.hart_number, 0);
	REQUIRE(imsic_file_of(&two_groups, 3, &file));
	EXPECT_EQ(file.at.v, 0x2800c000);
	EXPECT_EQ(file.hart_number, 3);
}

TEST(imsic_file, of_another_group_has_the_groups_number_above_its_own)
{
	struct imsic_file file;

	REQUIRE(imsic_file_of(&two_groups, 6, &file));
	EXPECT_EQ(file.at.v, 0x29008000);
	EXPECT_EQ(file.hart_number, 1 << 2 | 2);
}

TEST(imsic_file, is_not_found_outside_the_tree_or_its_areas)
{
	struct machine_imsic odd = two_groups;
	struct imsic_file file;

	EXPECT(!imsic_file_of(&odd, 1, &file));
	odd.n_regs = 1;
	EXPECT(!imsic_file_of(&odd, 6, &file));
	odd = two_groups;
	odd.guest_index_bits = 60;
	EXPECT(!imsic_file_of(&odd, 0, &file));
	odd = two_groups;
	odd.group_index_shift = 64;
	EXPECT(!imsic_file_of(&odd, 0, &file));
}
