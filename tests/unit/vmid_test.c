/* SPDX-License-Identifier: BSD-2-Clause */
/* A hart's numbers for VMs: more VMs than numbers, on any number of bits. */
#include "gstage/vmid.h"
#include "tests/kit/kit.h"

enum { N_VMS = 10 };

static struct vmids hart;
static uint64_t tickets[N_VMS];
static unsigned bits;

static void begin(unsigned n_bits)
{
	hart = (struct vmids){};
	bits = n_bits;
	for (unsigned i = 0; i < N_VMS; i++)
		tickets[i] = 0;
}

static enum vmid_taken take(unsigned vm)
{
	return vmid_take(&hart, bits, &tickets[vm]);
}

static uint64_t number(unsigned vm)
{
	return vmid_of(tickets[vm], bits);
}

/* Whoever ran the hart before may have used any number. */
TEST(vmid, first_of_a_hart_begins_with_nothing_kept)
{
	for (unsigned b = 0; b <= 16; b++) {
		begin(b);
		EXPECT_EQ(take(0), VMID_ROLLED);
		EXPECT_EQ(take(0), VMID_KEPT);
	}
}

TEST(vmid, vms_that_fit_keep_their_numbers)
{
	begin(4);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned vm = 0; vm < N_VMS; vm++) {
			EXPECT_EQ(take(vm), round ? VMID_KEPT : vm ? VMID_FRESH : VMID_ROLLED);
			EXPECT_EQ(number(vm), vm + 1);
		}
}

TEST(vmid, without_bits_each_other_vm_begins_a_generation)
{
	begin(0);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned vm = 0; vm < N_VMS; vm++) {
			EXPECT_EQ(take(vm), VMID_ROLLED);
			EXPECT_EQ(take(vm), VMID_KEPT);
			EXPECT_EQ(number(vm), 0);
		}
}

/* Who left what under which number, as a hart that forgets memory in a new generation alone. */
TEST(vmid, no_number_is_anothers_again_before_all_memory_is_forgotten)
{
	uint64_t chance = 1;

	for (unsigned b = 0; b <= 5; b++) {
		unsigned owner[1 << 5] = {}, n_rolled = 0;

		begin(b);
		for (unsigned n = 0; n < 20000; n++) {
			chance = chance * UINT64_C(6364136223846793005) + 1;
			unsigned vm = (unsigned)(chance >> 33) % N_VMS;

			if (!((chance >> 50) % 50))
				tickets[vm] = 0; /* it ends, and another begins */
			enum vmid_taken taken = take(vm);

			if (taken == VMID_ROLLED) {
				for (unsigned i = 0; i < ARRAY_LEN(owner); i++)
					owner[i] = 0;
				n_rolled++;
			}
			REQUIRE(number(vm) < BIT(b));
			EXPECT(b == 0 || number(vm));
			EXPECT_EQ(owner[number(vm)], taken == VMID_KEPT ? vm + 1 : 0);
			owner[number(vm)] = vm + 1;
		}
		EXPECT(n_rolled > 10);
		EXPECT(b < 5 || n_rolled < 20000 / 31 + 1);
	}
}
