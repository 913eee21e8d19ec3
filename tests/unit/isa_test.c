/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/isa.h"

#include <errno.h>
#include <string.h>

#include "tests/kit/kit.h"

/* What is read, written canonically. */
static const char *canonical(const char *text)
{
	static char out[512];
	struct isa isa = { 0 };

	if (isa_read(&isa, text, strlen(text)))
		return "refused";
	isa_text(&isa, out, sizeof(out));
	return out;
}

TEST(isa, reads_single_letters_in_any_order)
{
	EXPECT_STR(canonical("rv64imafdc"), "rv64imafdc");
	EXPECT_STR(canonical("rv64acdfhimv"), "rv64imafdcvh");
	EXPECT_STR(canonical("rv64"), "rv64");
	EXPECT_STR(canonical("rv32imac"), "rv32imac");
}

TEST(isa, g_stands_for_seven)
{
	EXPECT_STR(canonical("rv64gc"), "rv64imafdc_zicsr_zifencei");
	EXPECT_STR(canonical("rv64gch_zba"), "rv64imafdch_zicsr_zifencei_zba");
}

TEST(isa, reads_long_names_with_and_without_underscore)
{
	EXPECT_STR(canonical("rv64imafdc_zicsr_sstc"), "rv64imafdc_zicsr_sstc");
	EXPECT_STR(canonical("rv64imafdczicsr_zifencei"), "rv64imafdc_zicsr_zifencei");
	EXPECT_STR(canonical("rv64imasstc"), "rv64ima_sstc");
	EXPECT_STR(canonical("rv64i_m_a_zba"), "rv64ima_zba");
	EXPECT_STR(canonical("rv64i__zba_"), "rv64i_zba");
}

/* Old QEMU listed S and U modes as letters; "su" after an underscore begins a name. */
TEST(isa, s_and_u_as_letters_are_modes)
{
	EXPECT_STR(canonical("rv64imafdcsu"), "rv64imafdc");
	EXPECT_STR(canonical("rv64imafdcsuh"), "rv64imafdch");
	EXPECT_STR(canonical("rv64imafdcsu_zba"), "rv64imafdc_zba");
	EXPECT_STR(canonical("rv64acdfimsu"), "rv64imafdc");
	EXPECT_STR(canonical("rv64ima_sucfd_zba"), "rv64ima_zba");
}

TEST(isa, case_does_not_matter)
{
	EXPECT_STR(canonical("RV64IMAC_Zba_SSTC"), "rv64imac_zba_sstc");
}

TEST(isa, versions_are_passed_over)
{
	EXPECT_STR(canonical("rv64i2p1_m2p0_a2p1_zicsr2p0_sstc1p0"), "rv64ima_zicsr_sstc");
	EXPECT_STR(canonical("rv64i2m2a2"), "rv64ima");
	EXPECT_STR(canonical("rv64i2p1m_zba1"), "rv64im_zba");
	EXPECT_STR(canonical("rv64i2p_zbb"), "rv64i_zbb");
}

TEST(isa, digits_inside_a_name_stay)
{
	EXPECT_STR(canonical("rv64i_ssu64xl1p0"), "rv64i_ssu64xl");
	EXPECT_STR(canonical("rv64i_ssu64xl"), "rv64i_ssu64xl");
}

TEST(isa, unknown_names_are_left_out)
{
	EXPECT_STR(canonical("rv64imac_xvendor9p1_zqqq_zba"), "rv64imac_zba");
	EXPECT_STR(canonical("rv64imack?!_zba"), "rv64imac_zba");
	EXPECT_STR(canonical("rv64i_zbaa_zb"), "rv64i");
}

TEST(isa, refuses_what_is_not_a_base)
{
	EXPECT_STR(canonical(""), "refused");
	EXPECT_STR(canonical("rv6"), "refused");
	EXPECT_STR(canonical("rv128i"), "refused");
	EXPECT_STR(canonical("x86_64"), "refused");
}

TEST(isa, stops_at_the_given_length)
{
	struct isa isa = { 0 };

	EXPECT_EQ(isa_read(&isa, "rv64im_zbazbb", 10), 0);
	EXPECT(isa_has(&isa, ISA_ZBA));
	EXPECT(!isa_has(&isa, ISA_ZBB));
}

TEST(isa, every_known_name_is_read_back)
{
	struct isa all = { .xlen = 64 }, again = { 0 };
	char text[1024];
	size_t length;

	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++)
		isa_add(&all, e);
	length = isa_text(&all, text, sizeof(text));
	EXPECT_EQ(length, strlen(text));
	EXPECT_EQ(isa_read(&again, text, strlen(text)), 0);
	EXPECT(!memcmp(&all, &again, sizeof(all)));
}

TEST(isa, text_is_cut_and_its_length_told)
{
	struct isa isa = { 0 };
	char text[8];

	EXPECT_EQ(isa_read(&isa, "rv64ima_zba", 11), 0);
	EXPECT_EQ(isa_text(&isa, text, sizeof(text)), 11);
	EXPECT_STR(text, "rv64ima");
	EXPECT_EQ(isa_text(&isa, text, 1), 11);
	EXPECT_STR(text, "");
	EXPECT_EQ(isa_text(&isa, NULL, 0), 11);
}

/* Each name is looked for from the last one on, around the end of the list. */
TEST(isa, names_of_a_list_are_found_in_any_order)
{
	static const char names[] = "svpbmt\0zba\0unheard\0i\0shvstvecd\0i\0sstc";
	struct isa isa = { 0 };
	char text[64];

	isa_add_names(&isa, names, sizeof(names));
	isa_text(&isa, text, sizeof(text));
	EXPECT_STR(text, "i_zba_sstc_svpbmt_shvstvecd");
}
