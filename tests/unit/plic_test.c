/* SPDX-License-Identifier: BSD-2-Clause */
/* The PLIC's driver against a model: level lines, gateways that wait for completion, contexts. */
#include <errno.h>
#include <string.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/hart.h"
#include "platform/irq/chips.h"
#include "platform/mmu.h"
#include "tests/kit/kit.h"

enum { SOURCES = 95, CONTEXTS = 4 };

PER_HART unsigned hart_index;
PER_HART uint64_t hart_id;

static struct machine the_machine;
extern const struct machine machine __attribute__((alias("the_machine")));

static uint8_t registers[0x200000 + 0x1000 * CONTEXTS]; /* only its addresses are used */
static uint64_t size_mapped;

static struct {
	uint32_t priority[SOURCES + 1];
	uint32_t enabled[CONTEXTS][32];
	uint32_t threshold[CONTEXTS];
	bool line[SOURCES + 1];       /* what devices say */
	bool in_service[SOURCES + 1]; /* claimed and not completed: the gateway is closed */
	unsigned n_completions_ignored;
} model;

volatile void *mmu_map_device(struct hpa at, uint64_t size)
{
	EXPECT_EQ(at.v, 0xc000000);
	EXPECT(size <= sizeof(registers));
	size_mapped = size;
	return registers;
}

static bool is_enabled(unsigned context, unsigned source)
{
	return model.enabled[context][source / 32] >> source % 32 & 1;
}

static uint32_t pending_for(unsigned context)
{
	for (unsigned s = 1; s <= SOURCES; s++)
		if (model.line[s] && !model.in_service[s] && is_enabled(context, s) &&
		    model.priority[s] > model.threshold[context])
			return s;
	return 0;
}

static uint32_t claim(unsigned context)
{
	uint32_t source = pending_for(context);

	model.in_service[source] = source != 0;
	return source;
}

static void complete(unsigned context, uint32_t source)
{
	if (source <= SOURCES && is_enabled(context, source))
		model.in_service[source] = false;
	else
		model.n_completions_ignored++;
}

/* The variable behind an offset, or NULL for claim/complete. */
static uint32_t *variable(size_t offset, unsigned *context)
{
	if (offset <= 4 * SOURCES)
		return &model.priority[offset / 4];
	if (offset >= 0x2000 && offset < 0x2000 + 0x80 * CONTEXTS)
		return &model.enabled[(offset - 0x2000) / 0x80][offset % 0x80 / 4];
	*context = (unsigned)(offset - 0x200000) / 0x1000;
	if (offset % 0x1000 == 0)
		return &model.threshold[*context];
	EXPECT_EQ(offset % 0x1000, 4);
	return NULL;
}

uint32_t mmio_model_read(const volatile void *at, unsigned width)
{
	size_t offset = (size_t)((const volatile uint8_t *)at - registers);
	unsigned context = 0;
	uint32_t *v = variable(offset, &context);

	EXPECT(width == 4 && offset < size_mapped);
	return v ? *v : claim(context);
}

void mmio_model_write(volatile void *at, unsigned width, uint32_t value)
{
	size_t offset = (size_t)((volatile uint8_t *)at - registers);
	unsigned context = 0;
	uint32_t *v = variable(offset, &context);

	EXPECT(width == 4 && offset < size_mapped);
	if (v)
		*v = value;
	else
		complete(context, value);
}

static const struct irqchip *chip;
static unsigned n_dispatched, last_dispatched;
static bool handler_disables;

/* The handler of all sources: the device lowers its line. */
void irq_dispatch(unsigned source)
{
	EXPECT(model.in_service[source]);
	n_dispatched++;
	last_dispatched = source;
	model.line[source] = false;
	if (handler_disables)
		chip->disable(source);
}

/* Harts 7 and 9 have S contexts 1 and 3; hart 8 has none. What firmware left is all wrong. */
static void begin(void)
{
	memset(&model, 0xff, sizeof(model));
	memset(model.line, 0, sizeof(model.line));
	memset(model.in_service, 0, sizeof(model.in_service));
	model.n_completions_ignored = 0;
	n_dispatched = last_dispatched = 0;
	handler_disables = false;
	the_machine.irqchip = IRQCHIP_PLIC;
	the_machine.plic = (struct machine_plic){
		.regs = { HPA(0xc000000), 0x4000000 },
		.n_sources = SOURCES,
		.n_contexts = 2,
		.contexts = { { .hart_id = 7, .index = 1 }, { .hart_id = 9, .index = 3 } },
	};
	chip = plic_attach(&machine);
	REQUIRE(chip != NULL);
	hart_id = 9;
	chip->init_hart();
	hart_id = 7;
	chip->init_hart();
}

TEST(plic, starts_with_everything_off_and_maps_only_what_it_needs)
{
	begin();
	memset(model.line, true, sizeof(model.line));
	EXPECT_EQ(pending_for(1), 0);
	EXPECT_EQ(pending_for(3), 0);
	EXPECT_EQ(model.threshold[1], 0);
	EXPECT_EQ(size_mapped, 0x204000);
	EXPECT_EQ(model.enabled[0][0], ~0u); /* M-mode's contexts are not ours */
}

TEST(plic, delivers_to_the_context_of_the_hart_that_enabled)
{
	begin();
	EXPECT_EQ(chip->enable(40), 0);
	model.line[40] = model.line[41] = true;
	EXPECT_EQ(pending_for(3), 0);
	EXPECT_EQ(pending_for(1), 40);
	chip->handle();
	EXPECT_EQ(n_dispatched, 1);
	EXPECT_EQ(last_dispatched, 40);
	EXPECT(!model.in_service[40]);
	model.line[40] = true;
	chip->handle();
	EXPECT_EQ(n_dispatched, 2);
}

TEST(plic, handles_all_that_is_pending)
{
	begin();
	for (unsigned s = 1; s <= SOURCES; s++) {
		EXPECT_EQ(chip->enable(s), 0);
		model.line[s] = true;
	}
	chip->handle();
	EXPECT_EQ(n_dispatched, SOURCES);
	EXPECT_EQ(pending_for(1), 0);
}

TEST(plic, refuses_sources_and_harts_that_it_does_not_have)
{
	begin();
	EXPECT_EQ(chip->enable(SOURCES + 1), -EINVAL);
	hart_id = 8;
	chip->init_hart();
	EXPECT_EQ(chip->enable(5), -ENODEV);
	chip->handle();
	chip->disable(SOURCES + 1);
	chip->disable(5);
}

TEST(plic, moves_a_source_to_the_hart_that_enables_it_next)
{
	begin();
	EXPECT_EQ(chip->enable(5), 0);
	hart_id = 9;
	chip->init_hart();
	EXPECT_EQ(chip->enable(5), 0);
	model.line[5] = true;
	EXPECT_EQ(pending_for(1), 0);
	EXPECT_EQ(pending_for(3), 5);
	chip->disable(5);
	EXPECT_EQ(pending_for(3), 0);
}

/* A completion of a source that is not enabled is ignored: the gateway would stay closed for ever.
 */
TEST(plic, a_source_that_its_handler_disabled_comes_again_once_enabled)
{
	begin();
	handler_disables = true;
	EXPECT_EQ(chip->enable(5), 0);
	model.line[5] = true;
	chip->handle();
	EXPECT_EQ(n_dispatched, 1);
	EXPECT_EQ(model.n_completions_ignored, 1);
	model.line[5] = true;
	EXPECT_EQ(pending_for(1), 0);
	EXPECT_EQ(chip->enable(5), 0);
	EXPECT_EQ(pending_for(1), 5);
	chip->handle();
	EXPECT_EQ(n_dispatched, 2);
}

TEST(plic, is_not_used_where_its_registers_do_not_hold_the_contexts)
{
	begin();
	the_machine.plic.regs.size = 0x203000;
	EXPECT(plic_attach(&machine) == NULL);
	the_machine.plic.regs.size = 0x204000;
	EXPECT(plic_attach(&machine) != NULL);
	the_machine.plic.n_contexts = 0;
	EXPECT(plic_attach(&machine) == NULL);
}
