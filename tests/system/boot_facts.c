/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot must have brought about. What holds on every machine is tested as it is; what depends
 * on how the machine was started is told by boot arguments, `fact.NAME=value`, and compared. A fact
 * that nobody told is not looked at, and `facts=n` says how many were told, so that arguments that
 * got lost on their way are a failure.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/hart.h"
#include "platform/irq.h"
#include "platform/log.h"
#include "platform/mmu.h"
#include "platform/option.h"
#include "platform/probe.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "sbi/host/sbi.h"
#include "tests/kit/kit.h"

enum { NOT_TOLD = 0xffffffff, ANSWER_LIMIT_US = 10000000 };

extern const char image_start[];

/* facts: what the machine says of itself */

static uint64_t image_place(void)
{
	return image_hpa(image_start).v;
}

static uint64_t n_harts_left_out(void)
{
	return machine.n_harts - n_harts();
}

static uint64_t n_harts_running(void)
{
	return n_harts();
}

static uint64_t boot_hart(void)
{
	return hart_id_of(0);
}

static uint64_t n_banks(void)
{
	return machine.n_banks;
}

static uint64_t memory_mib(void)
{
	uint64_t size = 0;

	for (unsigned i = 0; i < machine.n_banks; i++)
		size += machine.banks[i].size;
	return size / MiB;
}

static uint64_t initrd_size(void)
{
	return machine.initrd.size;
}

/* Fletcher's sum: an order or a byte that is wrong changes it. */
static uint64_t initrd_sum(void)
{
	const uint8_t *at = mmu_map_blob(machine.initrd.at, machine.initrd.size);
	uint32_t a = 0, b = 0;

	if (!at)
		return 0;
	for (uint64_t i = 0; i < machine.initrd.size; i++) {
		a = (a + at[i]) % 0xffff;
		b = (b + a) % 0xffff;
	}
	return b << 16 | a;
}

static uint64_t asid_bits(void)
{
	return hart_features(0)->asid_bits;
}

static uint64_t vmid_bits(void)
{
	return hart_features(0)->vmid_bits;
}

static uint64_t n_guest_files(void)
{
	return hart_features(0)->geilen;
}

static uint64_t has_test_device(void)
{
	return machine.test_device.size != 0;
}

static uint64_t has_sbi_console(void)
{
	return strncmp(console_driver_name(), "sbi", 3) == 0;
}

static uint64_t log_level_now(void)
{
	return log_level;
}

static uint64_t is_soft(void)
{
	return hart_engine(0) == ENGINE_SOFT;
}

#define FACTS(X)                                                                                   \
	X(image, image_place, "where the image lies")                                              \
	X(harts, n_harts_running, "harts that run")                                                \
	X(left_out, n_harts_left_out, "harts of the tree that do not")                             \
	X(boot_hart, boot_hart, "id of the boot hart")                                             \
	X(banks, n_banks, "banks of memory")                                                       \
	X(memory, memory_mib, "MiB of memory")                                                     \
	X(firmware, sbi_impl_version, "version of the firmware")                                   \
	X(initrd_size, initrd_size, "bytes of the initrd")                                         \
	X(initrd_sum, initrd_sum, "their sum")                                                     \
	X(asid_bits, asid_bits, "ASID bits of the boot hart")                                      \
	X(vmid_bits, vmid_bits, "VMID bits of the boot hart")                                      \
	X(geilen, n_guest_files, "its guest interrupt files")                                      \
	X(test_device, has_test_device, "1 where a test device switches off")                      \
	X(sbi_console, has_sbi_console, "1 where the firmware is the console")                     \
	X(log, log_level_now, "how much is logged, from 0")                                        \
	X(soft, is_soft, "1 where guests do without the H extension")

/* Each has a variable named by its function. */
#define X(name, found, about)                                                                      \
	static unsigned told_##found = NOT_TOLD;                                                   \
	OPTION_NUMBER(fact.name, found, told_##found, 0, UINT32_MAX, about);
FACTS(X)
#undef X

static unsigned n_told;
OPTION_NUMBER(facts, facts, n_told, 0, UINT32_MAX, "how many facts are told");

static const struct fact {
	const char *name;
	const unsigned *told;
	uint64_t (*found)(void);
} facts[] = {
#define X(name, found, about) { #name, &told_##found, found },
	FACTS(X)
#undef X
};

TEST(boot, finds_the_facts_that_were_told)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(facts); i++) {
		const struct fact *f = &facts[i];

		if (*f->told == NOT_TOLD)
			continue;
		n++;
		kit_note("%s: 0x%" PRIx64 " is found, 0x%x was told", f->name, f->found(),
			 *f->told);
		EXPECT_EQ(f->found(), *f->told);
	}
	EXPECT_EQ(n, n_told);
}

TEST(boot, numbers_the_boot_hart_0)
{
	EXPECT_EQ(hart_index, 0);
	EXPECT_EQ(hart_id, machine.boot_hart_id);
	EXPECT_EQ(hart_id_of(0), machine.boot_hart_id);
}

TEST(boot, numbers_each_hart_once_and_only_usable_ones)
{
	for_each_hart (i) {
		const struct machine_hart *hart = machine_hart(&machine, hart_id_of(i));

		REQUIRE(hart != NULL);
		EXPECT_EQ(hart->use, HART_USABLE);
		for (unsigned j = 0; j < i; j++)
			EXPECT(hart_id_of(i) != hart_id_of(j));
	}
}

/* What a hart says of itself when it is asked. */
static struct answer {
	struct work work;
	uint64_t id;
	unsigned index;
	_Atomic bool is_there;
} answers[MAX_HARTS];

static void answer(struct work *work)
{
	struct answer *a = (struct answer *)((char *)work - offsetof(struct answer, work));

	a->id = hart_id;
	a->index = hart_index;
	atomic_store_explicit(&a->is_there, true, memory_order_release);
}

TEST(boot, brings_up_harts_that_all_answer)
{
	for_each_hart (i) {
		answers[i].work.call = answer;
		work_queue(&answers[i].work, i);
	}
	uint64_t limit = time_now() + time_from_us(ANSWER_LIMIT_US);

	for_each_hart (i) {
		while (!atomic_load_explicit(&answers[i].is_there, memory_order_acquire) &&
		       !time_is_past(limit))
			irq_poll();
		EXPECT(answers[i].is_there);
		EXPECT_EQ(answers[i].index, i);
		EXPECT_EQ(answers[i].id, hart_id_of(i));
	}
}

static bool meet(struct hpa_range a, struct hpa_range b)
{
	return a.at.v < b.at.v + b.size && b.at.v < a.at.v + a.size;
}

TEST(boot, finds_image_tree_and_initrd_apart_from_each_other)
{
	extern const char image_end[];
	struct hpa_range image = { image_hpa(image_start), (uint64_t)(image_end - image_start) };

	EXPECT(!meet(image, boot_tree_range()));
	EXPECT(!meet(image, machine.initrd));
	EXPECT(!meet(boot_tree_range(), machine.initrd));
}

COMPONENT(boot_facts, PHASE_SERVICE, NULL, NULL, "what a boot was to bring about");
