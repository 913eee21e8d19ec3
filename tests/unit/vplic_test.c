/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' PLIC. Chapters are those of the RISC-V PLIC specification 1.0.0. */
#include <libfdt.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "devices/plic.h"
#include "lib/node.h"
#include "tests/kit/kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* tests/fuzz/vplic_fuzz.c */

enum { VCPUS = 3, SOURCES = 95 };

static struct plic_context contexts[VCPUS];
static struct plic plic;
static _Atomic bool is_on[VCPUS];
static unsigned n_changes;

static void set_output(void *context, unsigned vcpu, bool on)
{
	EXPECT(context == &n_changes && vcpu < VCPUS);
	is_on[vcpu] = on;
	n_changes++;
}

static void make_plic(void)
{
	memset(is_on, 0, sizeof(is_on));
	n_changes = 0;
	plic_init(&plic, &(struct plic_config){
				 .at = GPA(0xc000000),
				 .n_sources = SOURCES,
				 .n_vcpus = VCPUS,
				 .contexts = contexts,
				 .phandle = 9,
				 .intc_phandle = 100,
				 .output = { .set = set_output, .context = &n_changes },
			 });
}

static uint32_t get(uint64_t offset)
{
	uint64_t value = UINT64_MAX;

	EXPECT(plic.device.ops->read(&plic.device, offset, 4, &value));
	EXPECT_EQ(value >> 32, 0);
	return (uint32_t)value;
}

static void put(uint64_t offset, uint32_t value)
{
	EXPECT(plic.device.ops->write(&plic.device, offset, 4, value));
}

static void set_priority(unsigned source, uint32_t priority)
{
	put(4 * source, priority);
}

static uint64_t enable_word(unsigned vcpu, unsigned source)
{
	return 0x2000 + 0x80 * (2 * vcpu + 1) + source / 32 * 4;
}

static void enable(unsigned vcpu, unsigned source)
{
	put(enable_word(vcpu, source), get(enable_word(vcpu, source)) | 1u << source % 32);
}

static void disable(unsigned vcpu, unsigned source)
{
	put(enable_word(vcpu, source), get(enable_word(vcpu, source)) & ~(1u << source % 32));
}

static uint64_t threshold(unsigned vcpu)
{
	return 0x200000 + 0x1000 * (2 * vcpu + 1);
}

static uint32_t claim(unsigned vcpu)
{
	return get(threshold(vcpu) + 4);
}

static void complete(unsigned vcpu, uint32_t source)
{
	put(threshold(vcpu) + 4, source);
}

static bool is_pending(unsigned source)
{
	return get(0x1000 + source / 32 * 4) >> source % 32 & 1;
}

static void raise(unsigned source)
{
	plic_set_line(&plic, source, true);
}

static void lower(unsigned source)
{
	plic_set_line(&plic, source, false);
}

/* "Interrupt Priorities", "Interrupt Claim Process" */
TEST(vplic, hands_out_the_highest_priority_first_and_of_equals_the_lowest_number)
{
	static const unsigned sources[] = { 90, 33, 31, 64, 2, 32 };
	static const unsigned priorities[] = { 1, 3, 3, 7, 2, 3 };
	static const unsigned order[] = { 64, 31, 32, 33, 2, 90 };

	make_plic();
	for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
		set_priority(sources[i], priorities[i]);
		enable(1, sources[i]);
		raise(sources[i]);
	}
	EXPECT(is_on[1] && !is_on[0] && !is_on[2]);
	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		EXPECT(is_on[1]);
		EXPECT_EQ(claim(1), order[i]);
	}
	EXPECT(!is_on[1]);
	EXPECT_EQ(claim(1), 0);
	EXPECT_EQ(n_changes, 2);
}

/* "Interrupt Priorities" */
TEST(vplic, never_delivers_a_source_of_priority_0)
{
	make_plic();
	enable(0, 10);
	raise(10);
	EXPECT(is_pending(10));
	EXPECT(!is_on[0]);
	EXPECT_EQ(claim(0), 0);
	set_priority(10, 1);
	EXPECT(is_on[0]);
	set_priority(10, 0);
	EXPECT(!is_on[0]);
}

/* "Priority Thresholds", "Interrupt Claim Process" */
TEST(vplic, notifies_above_the_threshold_only_but_a_claim_looks_past_it)
{
	make_plic();
	set_priority(10, 3);
	enable(0, 10);
	put(threshold(0), 3);
	raise(10);
	EXPECT(!is_on[0]);
	put(threshold(0), 2);
	EXPECT(is_on[0]);
	put(threshold(0), 7);
	EXPECT(!is_on[0]);
	EXPECT_EQ(claim(0), 10);
}

/* "Interrupt Gateways" */
TEST(vplic, delivers_a_line_that_stays_high_again_after_its_completion_and_not_before)
{
	make_plic();
	set_priority(10, 1);
	enable(0, 10);
	raise(10);
	EXPECT_EQ(claim(0), 10);
	EXPECT(!is_on[0] && !is_pending(10));
	raise(10);
	EXPECT(!is_on[0] && !is_pending(10));
	EXPECT_EQ(claim(0), 0);
	complete(0, 10);
	EXPECT(is_on[0] && is_pending(10));
	EXPECT_EQ(claim(0), 10);
	lower(10);
	complete(0, 10);
	EXPECT(!is_on[0] && !is_pending(10));
	raise(10);
	EXPECT(is_on[0]);
}

/* "Interrupt Gateways": a request cannot be taken back. */
TEST(vplic, keeps_pending_what_was_when_the_line_falls)
{
	make_plic();
	set_priority(10, 1);
	raise(10);
	lower(10);
	EXPECT(is_pending(10));
	enable(0, 10);
	EXPECT(is_on[0]);
	EXPECT_EQ(claim(0), 10);
	complete(0, 10);
	EXPECT(!is_pending(10));
}

/* "Interrupt Completion"; it is not compared with the claimed one either. */
TEST(vplic, ignores_a_completion_where_the_source_is_not_enabled)
{
	make_plic();
	set_priority(10, 1);
	enable(0, 10);
	enable(1, 10);
	raise(10);
	EXPECT_EQ(claim(0), 10);
	complete(2, 10);
	disable(0, 10);
	complete(0, 10);
	complete(0, 0);
	complete(0, SOURCES + 1);
	complete(0, UINT32_MAX);
	EXPECT(!is_pending(10));
	complete(1, 10);
	EXPECT(is_pending(10));
}

TEST(vplic, takes_a_source_from_all_that_enabled_it_when_one_claims)
{
	make_plic();
	set_priority(10, 1);
	for (unsigned v = 0; v < VCPUS; v++)
		enable(v, 10);
	raise(10);
	EXPECT(is_on[0] && is_on[1] && is_on[2]);
	EXPECT_EQ(claim(2), 10);
	EXPECT(!is_on[0] && !is_on[1] && !is_on[2]);
	EXPECT_EQ(claim(0), 0);
	EXPECT_EQ(n_changes, 6);
}

TEST(vplic, tells_a_vcpu_of_changes_only)
{
	make_plic();
	set_priority(10, 1);
	set_priority(11, 2);
	enable(0, 10);
	enable(0, 11);
	raise(10);
	raise(11);
	raise(10);
	EXPECT_EQ(n_changes, 1);
	EXPECT_EQ(claim(0), 11);
	EXPECT_EQ(n_changes, 1);
	disable(0, 10);
	EXPECT_EQ(n_changes, 2);
}

TEST(vplic, has_no_sources_but_1_to_n)
{
	make_plic();
	for (unsigned source = 0; source < 1024; source++)
		set_priority(source, UINT32_MAX);
	for (unsigned word = 0; word < 32; word++)
		put(enable_word(0, 32 * word), UINT32_MAX);
	for (unsigned source = 0; source < 1024; source++) {
		raise(source);
		EXPECT_EQ(get(4 * source), source && source <= SOURCES ? 7 : 0);
	}
	raise(UINT32_MAX);
	for (unsigned word = 0; word < 32; word++) {
		uint32_t exist = word == 0 ? ~1u : word < 3 ? ~0u : 0;

		EXPECT_EQ(get(0x1000 + 4 * word), exist);
		EXPECT_EQ(get(enable_word(0, 32 * word)), exist);
	}
	for (unsigned source = 1; source <= SOURCES; source++)
		EXPECT_EQ(claim(0), source);
	EXPECT_EQ(claim(0), 0);
}

TEST(vplic, has_no_contexts_but_those_of_s_mode)
{
	make_plic();
	set_priority(10, 1);
	raise(10);
	for (unsigned context = 0; context < 1024; context++) {
		if (context % 2 && context / 2 < VCPUS)
			continue;
		put(0x2000 + 0x80 * context, UINT32_MAX);
		put(0x200000 + 0x1000 * context, 1);
		EXPECT_EQ(get(0x2000 + 0x80 * context), 0);
		EXPECT_EQ(get(0x200000 + 0x1000 * context), 0);
		EXPECT_EQ(get(0x200004 + 0x1000 * context), 0);
	}
	EXPECT_EQ(n_changes, 0);
	EXPECT(is_pending(10));
}

TEST(vplic, ignores_writes_of_what_is_pending)
{
	make_plic();
	put(0x1000, UINT32_MAX);
	EXPECT_EQ(get(0x1000), 0);
	raise(10);
	put(0x1000, 0);
	EXPECT(is_pending(10));
}

TEST(vplic, refuses_every_access_that_is_not_of_32_bits)
{
	make_plic();
	for (unsigned width = 1; width <= 8; width *= 2) {
		uint64_t value;

		if (width == 4)
			continue;
		EXPECT(!plic.device.ops->read(&plic.device, 0x28, width, &value));
		EXPECT(!plic.device.ops->write(&plic.device, 0x28, width, 1));
	}
	EXPECT_EQ(get(0x28), 0);
}

TEST(vplic, answers_all_of_its_registers)
{
	make_plic();
	for (uint64_t offset = 0; offset < plic.device.size; offset += 4) {
		put(offset, 0);
		get(offset);
	}
}

TEST(vplic, forgets_all_but_the_lines_in_a_reset)
{
	make_plic();
	for (unsigned source = 10; source < 13; source++) {
		set_priority(source, 1);
		enable(0, source);
		raise(source);
	}
	put(threshold(1), 5);
	EXPECT_EQ(claim(0), 10);
	EXPECT_EQ(claim(0), 11);
	lower(11);
	lower(12);
	EXPECT(is_on[0]);
	plic.device.ops->reset(&plic.device);
	EXPECT(!is_on[0]);
	EXPECT_EQ(get(0x1000), 1u << 10);
	EXPECT_EQ(get(4 * 10), 0);
	EXPECT_EQ(get(enable_word(0, 10)), 0);
	EXPECT_EQ(get(threshold(1)), 0);
	set_priority(10, 1);
	enable(2, 10);
	EXPECT(is_on[2]);
	raise(11); /* its claim is forgotten too */
	EXPECT(is_pending(11));
}

TEST(vplic, describes_itself_as_the_one_of_qemus_virt_machine)
{
	static char tree[4096];
	struct node_writer w;
	const fdt32_t *cells;
	int node, length;

	make_plic();
	node_start(&w, tree, sizeof(tree));
	node_begin(&w, "");
	plic.device.ops->describe(&plic.device, &w);
	node_end(&w);
	node_finish(&w);
	REQUIRE_EQ(w.error, 0);
	node = fdt_path_offset(tree, "/plic@c000000");
	REQUIRE(node > 0);
	EXPECT_EQ(fdt_node_check_compatible(tree, node, "riscv,plic0"), 0);
	EXPECT_EQ(fdt_node_check_compatible(tree, node, "sifive,plic-1.0.0"), 0);
	EXPECT(fdt_getprop(tree, node, "interrupt-controller", &length) && !length);
	cells = fdt_getprop(tree, node, "reg", &length);
	REQUIRE(cells && length == 16);
	EXPECT_EQ(fdt32_to_cpu(cells[1]), 0xc000000);
	EXPECT_EQ(fdt32_to_cpu(cells[3]), 0x600000);
	cells = fdt_getprop(tree, node, "interrupts-extended", &length);
	REQUIRE(cells && length == VCPUS * 16);
	for (unsigned v = 0; v < VCPUS; v++) {
		EXPECT_EQ(fdt32_to_cpu(cells[4 * v]), 100 + v);
		EXPECT_EQ(fdt32_to_cpu(cells[4 * v + 1]), UINT32_MAX);
		EXPECT_EQ(fdt32_to_cpu(cells[4 * v + 2]), 100 + v);
		EXPECT_EQ(fdt32_to_cpu(cells[4 * v + 3]), 9);
	}
	cells = fdt_getprop(tree, node, "riscv,ndev", &length);
	EXPECT(cells && fdt32_to_cpu(*cells) == SOURCES);
	cells = fdt_getprop(tree, node, "#interrupt-cells", &length);
	EXPECT(cells && fdt32_to_cpu(*cells) == 1);
	cells = fdt_getprop(tree, node, "#address-cells", &length);
	EXPECT(cells && fdt32_to_cpu(*cells) == 0);
	EXPECT_EQ(fdt_get_phandle(tree, node), 9);
}

TEST(vplic, does_what_the_fuzzers_model_does)
{
	uint8_t bytes[1 + 4 * 500];
	uint32_t random = 1;

	for (unsigned lap = 0; lap < 100; lap++) {
		for (unsigned i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(random >> 24);
		}
		EXPECT_EQ(LLVMFuzzerTestOneInput(bytes, sizeof(bytes)), 0);
	}
}

/* Devices that raise a line and wait until it was lowered; vCPUs that sleep until they are told. */
enum { DEVICES = 3, ROUNDS = 2000 };

static _Atomic unsigned n_in_service[DEVICES + 1], n_served[DEVICES + 1], n_alive;
static _Atomic bool is_high[DEVICES + 1];

static void *device(void *argument)
{
	unsigned source = (unsigned)(uintptr_t)argument;

	for (unsigned i = 0; i < ROUNDS; i++) {
		is_high[source] = true;
		raise(source);
		while (is_high[source])
			sched_yield();
	}
	n_alive--;
	return NULL;
}

static void *vcpu(void *argument)
{
	unsigned v = (unsigned)(uintptr_t)argument;

	while (n_alive) {
		uint32_t source;

		if (!is_on[v]) {
			sched_yield();
			continue;
		}
		while ((source = claim(v))) {
			EXPECT_EQ(n_in_service[source]++, 0);
			if (is_high[source]) {
				n_served[source]++;
				lower(source);
				is_high[source] = false;
			}
			n_in_service[source]--;
			complete(v, source);
		}
	}
	return NULL;
}

TEST(vplic, loses_no_interrupt_and_serves_none_twice_with_many_harts)
{
	pthread_t threads[DEVICES + VCPUS];

	make_plic();
	n_alive = DEVICES;
	for (unsigned source = 1; source <= DEVICES; source++) {
		n_served[source] = 0;
		set_priority(source, source);
		for (unsigned v = 0; v < VCPUS; v++)
			enable(v, source);
	}
	for (uintptr_t i = 0; i < VCPUS; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, vcpu, (void *)i));
	for (uintptr_t i = 1; i <= DEVICES; i++)
		REQUIRE(!pthread_create(&threads[VCPUS + i - 1], NULL, device, (void *)i));
	for (unsigned i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	for (unsigned source = 1; source <= DEVICES; source++)
		EXPECT_EQ(n_served[source], ROUNDS);
	for (unsigned v = 0; v < VCPUS; v++) {
		while (claim(v))
			;
		EXPECT(!is_on[v]);
	}
}
