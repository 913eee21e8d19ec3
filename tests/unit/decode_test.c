/* SPDX-License-Identifier: BSD-2-Clause */
/* RV3: every form in which a guest can reach a device is decoded, and none that it is not. */
#include "vcpu/decode.h"

#include <string.h>

#include "tests/kit/kit.h"

static struct access decoded(uint32_t insn)
{
	struct access a;

	memset(&a, 0xff, sizeof(a));
	access_decode(insn, &a);
	return a;
}

static bool is_same(struct access a, struct access b)
{
	return a.kind == b.kind && a.width == b.width && a.is_signed == b.is_signed &&
	       a.is_float == b.is_float && a.length == b.length && a.reg == b.reg &&
	       a.source == b.source && a.base == b.base && a.offset == b.offset && a.amo == b.amo;
}

static bool is_none(struct access a)
{
	return is_same(a, (struct access){ .kind = ACCESS_NONE });
}

/* An instruction, and what is to be found in it. */
struct sample {
	uint32_t insn;
	struct access access;
};

static void expect_samples(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct access a = decoded(samples[i].insn);

		EXPECT(is_same(a, samples[i].access));
		if (!is_same(a, samples[i].access))
			kit_note("%08x: kind %u width %u reg %u source %u base %u offset %d amo %u",
				 samples[i].insn, a.kind, a.width, a.reg, a.source, a.base,
				 a.offset, a.amo);
	}
}

#define EXPECT_SAMPLES(samples) expect_samples(samples, ARRAY_LEN(samples))

static void expect_none(const uint32_t *insns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		EXPECT(is_none(decoded(insns[i])));
		if (!is_none(decoded(insns[i])))
			kit_note("%08x", insns[i]);
	}
}

#define EXPECT_NONE(insns) expect_none(insns, ARRAY_LEN(insns))

/* clang-format off */
#define FOUND(length_, kind_, width_, ...) \
	{ .kind = ACCESS_##kind_, .width = (width_), .length = (length_), __VA_ARGS__ }
#define ACCESS(...)    FOUND(4, __VA_ARGS__)
#define ACCESS_16(...) FOUND(2, __VA_ARGS__)
#define SIGNED   .is_signed = true
#define FLOAT    .is_float = true
#define AT(r, o) .base = (r), .offset = (o)

/* RV3; one peer zero-extends lb, lh and lw. */
TEST(decode, loads_have_every_width_and_sign)
{
	static const struct sample samples[] = {
		{ 0x80058503, ACCESS(LOAD, 1, SIGNED, .reg = 10, AT(11, -2048)) }, /* lb x10,-2048(x11) */
		{ 0xffe11f83, ACCESS(LOAD, 2, SIGNED, .reg = 31, AT(2, -2)) },     /* lh x31,-2(x2) */
		{ 0x0145a503, ACCESS(LOAD, 4, SIGNED, .reg = 10, AT(11, 20)) },    /* lw x10,20(x11) */
		{ 0x0045a003, ACCESS(LOAD, 4, SIGNED, AT(11, 4)) },                /* lw x0,4(x11) */
		{ 0x7ff5c503, ACCESS(LOAD, 1, .reg = 10, AT(11, 2047)) },          /* lbu x10,2047(x11) */
		{ 0x002fd083, ACCESS(LOAD, 2, .reg = 1, AT(31, 2)) },              /* lhu x1,2(x31) */
		{ 0xfff5e503, ACCESS(LOAD, 4, .reg = 10, AT(11, -1)) },            /* lwu x10,-1(x11) */
	};
	EXPECT_SAMPLES(samples);
}

TEST(decode, stores_have_every_width)
{
	static const struct sample samples[] = {
		{ 0x80a58023, ACCESS(STORE, 1, .reg = 10, AT(11, -2048)) }, /* sb x10,-2048(x11) */
		{ 0x7ec69fa3, ACCESS(STORE, 2, .reg = 12, AT(13, 2047)) },  /* sh x12,2047(x13) */
		{ 0xfff12e23, ACCESS(STORE, 4, .reg = 31, AT(2, -4)) },     /* sw x31,-4(x2) */
	};
	EXPECT_SAMPLES(samples);
}

/* RV3; one peer rejects them on devices. */
TEST(decode, accesses_of_8_bytes_are_known)
{
	static const struct sample samples[] = {
		{ 0x0085b503, ACCESS(LOAD, 8, .reg = 10, AT(11, 8)) },  /* ld x10,8(x11) */
		{ 0x40053423, ACCESS(STORE, 8, AT(10, 1032)) },         /* sd x0,1032(x10) */
		{ 0x0085b487, ACCESS(LOAD, 8, FLOAT, .reg = 9, AT(11, 8)) }, /* fld f9,8(x11) */
		{ 0x0063b2af, ACCESS(AMO, 8, .reg = 5, .source = 6, .base = 7) }, /* amoadd.d x5,x6,(x7) */
	};
	EXPECT_SAMPLES(samples);
}

TEST(decode, floating_point_registers_are_told_apart)
{
	static const struct sample samples[] = {
		{ 0x00259507, ACCESS(LOAD, 2, FLOAT, .reg = 10, AT(11, 2)) },  /* flh f10,2(x11) */
		{ 0xffc5af87, ACCESS(LOAD, 4, FLOAT, .reg = 31, AT(11, -4)) }, /* flw f31,-4(x11) */
		{ 0x0085b487, ACCESS(LOAD, 8, FLOAT, .reg = 9, AT(11, 8)) },   /* fld f9,8(x11) */
		{ 0x00a59127, ACCESS(STORE, 2, FLOAT, .reg = 10, AT(11, 2)) }, /* fsh f10,2(x11) */
		{ 0xfff5ae27, ACCESS(STORE, 4, FLOAT, .reg = 31, AT(11, -4)) },/* fsw f31,-4(x11) */
		{ 0x0095b427, ACCESS(STORE, 8, FLOAT, .reg = 9, AT(11, 8)) },  /* fsd f9,8(x11) */
	};
	EXPECT_SAMPLES(samples);
}

TEST(decode, vector_accesses_are_known_as_such)
{
	static const struct sample samples[] = {
		{ 0x02050087, ACCESS(VECTOR, 0, .base = 10) }, /* vle8.v v1,(x10) */
		{ 0x00055087, ACCESS(VECTOR, 0, .base = 10) }, /* vle16.v v1,(x10),v0.t */
		{ 0x02056087, ACCESS(VECTOR, 0, .base = 10) }, /* vle32.v v1,(x10) */
		{ 0x02057087, ACCESS(VECTOR, 0, .base = 10) }, /* vle64.v v1,(x10) */
		{ 0x020500a7, ACCESS(VECTOR, 0, .base = 10) }, /* vse8.v v1,(x10) */
		{ 0x020550a7, ACCESS(VECTOR, 0, .base = 10) }, /* vse16.v v1,(x10) */
		{ 0x020560a7, ACCESS(VECTOR, 0, .base = 10) }, /* vse32.v v1,(x10) */
		{ 0x020570a7, ACCESS(VECTOR, 0, .base = 10) }, /* vse64.v v1,(x10) */
		{ 0x0ab56087, ACCESS(VECTOR, 0, .base = 10) }, /* vlse32.v v1,(x10),x11 */
		{ 0x06250087, ACCESS(VECTOR, 0, .base = 10) }, /* vluxei8.v v1,(x10),v2 */
		{ 0xe2850427, ACCESS(VECTOR, 0, .base = 10) }, /* vs8r.v v8,(x10) */
	};
	EXPECT_SAMPLES(samples);
}

TEST(decode, reservations_are_of_4_and_8_bytes)
{
	static const struct sample samples[] = {
		{ 0x1005a52f, ACCESS(LR, 4, SIGNED, .reg = 10, .base = 11) },       /* lr.w x10,(x11) */
		{ 0x1605b52f, ACCESS(LR, 8, .reg = 10, .base = 11) },               /* lr.d.aqrl x10,(x11) */
		{ 0x18c5a52f, ACCESS(SC, 4, .reg = 10, .source = 12, .base = 11) }, /* sc.w x10,x12,(x11) */
		{ 0x1ac5b52f, ACCESS(SC, 8, .reg = 10, .source = 12, .base = 11) }, /* sc.d.rl x10,x12,(x11) */
	};
	static const uint32_t none[] = {
		0x1005852f, 0x1005952f, /* lr.b, lr.h */
		0x18c5852f, 0x18c5952f, /* sc.b, sc.h */
		0x10c5a52f,             /* lr.w with an rs2 */
	};
	EXPECT_SAMPLES(samples);
	EXPECT_NONE(none);
}

/* RV3 */
TEST(decode, atomic_operations_have_every_width)
{
	static const uint8_t funct5[] = {
		[AMO_ADD] = 0x00, [AMO_SWAP] = 0x01, [AMO_XOR] = 0x04, [AMO_AND] = 0x0c,
		[AMO_OR] = 0x08, [AMO_MIN] = 0x10, [AMO_MAX] = 0x14, [AMO_MINU] = 0x18,
		[AMO_MAXU] = 0x1c, [AMO_CAS] = 0x05,
	};
	static const struct sample samples[] = {
		/* amoadd.b, amocas.h, amoswap.w, amomax.d and amoand.w of x5,x6,(x7) */
		{ 0x006382af, ACCESS(AMO, 1, SIGNED, .reg = 5, .source = 6, .base = 7) },
		{ 0x286392af, ACCESS(AMO, 2, SIGNED, .reg = 5, .source = 6, .base = 7, .amo = AMO_CAS) },
		{ 0x0e63a2af, ACCESS(AMO, 4, SIGNED, .reg = 5, .source = 6, .base = 7, .amo = AMO_SWAP) },
		{ 0xa063b2af, ACCESS(AMO, 8, .reg = 5, .source = 6, .base = 7, .amo = AMO_MAX) },
		{ 0x6063a2af, ACCESS(AMO, 4, SIGNED, .reg = 5, .source = 6, .base = 7, .amo = AMO_AND) },
	};
	static const uint32_t none[] = {
		0x2863ce2f, /* amocas.q x28,x6,(x7) */
		0x0063c2af, 0x0063d2af, 0x0063e2af, 0x0063f2af, /* no width */
		0x3063a2af, 0x4863a2af, 0x8863a2af, 0xf863a2af, /* no operation */
	};
	EXPECT_SAMPLES(samples);
	EXPECT_NONE(none);

	for (unsigned amo = AMO_ADD; amo <= AMO_CAS; amo++)
		for (unsigned width = 0; width < 4; width++)
			for (unsigned aqrl = 0; aqrl < 4; aqrl++) {
				struct access a = decoded(0x0063802f | 5 << 7 | width << 12 | aqrl << 25 |
							  (uint32_t)funct5[amo] << 27);
				struct access expected = ACCESS(AMO, 1 << width, .is_signed = width < 3,
					.reg = 5, .source = 6, .base = 7, .amo = amo);

				EXPECT(is_same(a, expected));
			}
}

TEST(decode, cache_block_operations_are_known_and_prefetches_are_not)
{
	static const struct sample samples[] = {
		{ 0x0005200f, ACCESS(CBO, 0, .base = 10) }, /* cbo.inval (x10) */
		{ 0x0015200f, ACCESS(CBO, 0, .base = 10) }, /* cbo.clean (x10) */
		{ 0x0025200f, ACCESS(CBO, 0, .base = 10) }, /* cbo.flush (x10) */
		{ 0x0045200f, ACCESS(CBO, 0, .base = 10) }, /* cbo.zero (x10) */
	};
	static const uint32_t none[] = {
		0x0035200f, 0x0055200f, 0x8005200f, 0x0005208f, /* reserved */
		0x00056013, 0x00156013, 0x02356013,             /* prefetch.i, .r, .w */
		0x0330000f, 0x0000100f,                         /* fence rw,rw; fence.i */
	};
	EXPECT_SAMPLES(samples);
	EXPECT_NONE(none);
}

TEST(decode, other_instructions_access_nothing)
{
	static const uint32_t none[] = {
		0x0005c507, 0x00a5c027,             /* flq, fsq */
		0x0045f503,                         /* a load of no width */
		0x00a5c023, 0x00a5d023, 0x00a5f023, /* stores of none */
		0x6805c573, 0x6435c573, 0x6ea5c073, /* hlv.w, hlvx.hu, hsv.d */
		0x00c58533, 0x00358513, 0x00458567, /* add, addi, jalr */
		0x10059573, 0x00000073, 0x02c5f553, /* csrrw, ecall, fadd.d */
		0x022180d7, 0x00001517,             /* vadd.vv, auipc */
		0x0085b50b, 0x0085b52b,             /* custom-0, custom-1 */
		0x00052513, 0x00052543,             /* as lw, but for bit 4 or 6 */
		0xffffffff, 0x00000000,
	};
	EXPECT_NONE(none);
}

/*
 * As the tables of the specification draw them, from bit 15 on: 0 and 1 are what they are, b is of
 * the base, d of the register that is moved, A is bit 0 of the offset, B bit 1, and so on.
 */
static const struct {
	const char *layout;
	uint8_t kind, width;
	bool is_signed, is_float;
} compressed[] = {
	{ "001FEDbbbHGddd00", ACCESS_LOAD, 8, false, true },   /* c.fld */
	{ "010FEDbbbCGddd00", ACCESS_LOAD, 4, true, false },   /* c.lw */
	{ "011FEDbbbHGddd00", ACCESS_LOAD, 8, false, false },  /* c.ld */
	{ "101FEDbbbHGddd00", ACCESS_STORE, 8, false, true },  /* c.fsd */
	{ "110FEDbbbCGddd00", ACCESS_STORE, 4, false, false }, /* c.sw */
	{ "111FEDbbbHGddd00", ACCESS_STORE, 8, false, false }, /* c.sd */
	{ "001FdddddEDIHG10", ACCESS_LOAD, 8, false, true },   /* c.fldsp */
	{ "010FdddddEDCHG10", ACCESS_LOAD, 4, true, false },   /* c.lwsp */
	{ "011FdddddEDIHG10", ACCESS_LOAD, 8, false, false },  /* c.ldsp */
	{ "101FEDIHGddddd10", ACCESS_STORE, 8, false, true },  /* c.fsdsp */
	{ "110FEDCHGddddd10", ACCESS_STORE, 4, false, false }, /* c.swsp */
	{ "111FEDIHGddddd10", ACCESS_STORE, 8, false, false }, /* c.sdsp */
	{ "100000bbbABddd00", ACCESS_LOAD, 1, false, false },  /* c.lbu, and so on: Zcb */
	{ "100001bbb0Bddd00", ACCESS_LOAD, 2, false, false },  /* c.lhu */
	{ "100001bbb1Bddd00", ACCESS_LOAD, 2, true, false },   /* c.lh */
	{ "100010bbbABddd00", ACCESS_STORE, 1, false, false }, /* c.sb */
	{ "100011bbb0Bddd00", ACCESS_STORE, 2, false, false }, /* c.sh */
};
/* clang-format on */

/* Read `insn` by a layout; false if it is another instruction. */
static bool read_layout(const char *layout, uint32_t insn, struct access *a)
{
	unsigned n_reg = 0, n_base = 0;

	for (unsigned i = 0; i < 16; i++) {
		unsigned bit = insn >> (15 - i) & 1;
		char c = layout[i];

		if (c == '0' || c == '1') {
			if (bit != (unsigned)(c - '0'))
				return false;
		} else if (c == 'b') {
			a->base = a->base << 1 | bit;
			n_base++;
		} else if (c == 'd') {
			a->reg = a->reg << 1 | bit;
			n_reg++;
		} else {
			a->offset |= bit << (c - 'A');
		}
	}
	a->reg += n_reg == 3 ? 8 : 0;
	a->base = n_base ? a->base + 8 : 2;
	return true;
}

static struct access compressed_access(uint32_t insn)
{
	for (unsigned i = 0; i < ARRAY_LEN(compressed); i++) {
		struct access a = { .kind = compressed[i].kind,
				    .width = compressed[i].width,
				    .is_signed = compressed[i].is_signed,
				    .is_float = compressed[i].is_float,
				    .length = 2 };

		if (!read_layout(compressed[i].layout, insn, &a))
			continue;
		/* c.lwsp and c.ldsp into x0 are reserved. */
		if (a.kind == ACCESS_LOAD && !a.is_float && !a.reg)
			break;
		return a;
	}
	return (struct access){ .kind = ACCESS_NONE };
}

/* RV3; whatever stands in the upper half, which a fetch may leave there. */
TEST(decode, every_16_bit_instruction_is_what_the_tables_of_the_specification_say)
{
	unsigned n_differences = 0, n_accesses = 0;

	for (uint32_t insn = 0; insn <= UINT16_MAX; insn++) {
		struct access expected = compressed_access(insn);

		if ((insn & 3) == 3)
			continue;
		n_accesses += expected.kind != ACCESS_NONE;
		if (is_same(decoded(insn), expected) &&
		    is_same(decoded(insn | 0xdead0000), expected))
			continue;
		if (!n_differences++)
			kit_note("the first: %04x", insn);
	}
	EXPECT_EQ(n_differences, 0);
	EXPECT_EQ(n_accesses, 12 * 2048 - 2 * 64 + (2 * 256 + 3 * 128));
}

/* RV3; one peer knows them only if htinst holds them. */
TEST(decode, zcb_is_known_from_the_fetched_instruction)
{
	struct access a = decoded(0x81e8); /* c.lbu x10,3(x11) */

	EXPECT(is_same(a, (struct access)ACCESS_16(LOAD, 1, .reg = 10, .base = 11, .offset = 3)));
}

/* On RV32 these encodings are c.flw, c.fsw, c.flwsp and c.fswsp. */
TEST(decode, compressed_forms_are_those_of_rv64)
{
	static const uint16_t insns[] = { 0x6108, 0xe108, 0x6502, 0xe02a };

	for (unsigned i = 0; i < ARRAY_LEN(insns); i++) {
		EXPECT_EQ(decoded(insns[i]).width, 8);
		EXPECT(!decoded(insns[i]).is_float);
	}
}

/* --- htinst */

static struct access transformed(uint64_t htinst, unsigned *address_offset)
{
	struct access a;

	memset(&a, 0xff, sizeof(a));
	*address_offset = access_from_htinst(htinst, &a);
	return a;
}

TEST(decode, htinst_holds_a_load_or_store_without_its_address)
{
	unsigned at;

	/* lw x10 */
	EXPECT(is_same(transformed(0x00002503, &at),
		       (struct access)ACCESS(LOAD, 4, SIGNED, .reg = 10)));
	EXPECT_EQ(at, 0);
	/* c.lw x11: as QEMU gives it */
	EXPECT(is_same(transformed(0x00002581, &at),
		       (struct access)ACCESS_16(LOAD, 4, SIGNED, .reg = 11)));
	/* c.fsd f9 */
	EXPECT(is_same(transformed(0x00903025, &at),
		       (struct access)ACCESS_16(STORE, 8, FLOAT, .reg = 9)));
}

TEST(decode, htinst_holds_atomic_and_cache_block_operations)
{
	unsigned at;

	/* amoor.w x5,x6 */
	EXPECT(is_same(
		transformed(0x406022af, &at),
		(struct access)ACCESS(AMO, 4, SIGNED, .reg = 5, .source = 6, .amo = AMO_OR)));
	EXPECT(is_same(transformed(0x0040200f, &at), (struct access)ACCESS(CBO, 0))); /* cbo.zero */
	EXPECT_EQ(transformed(0x1000252f, &at).kind, ACCESS_LR);
}

TEST(decode, htinst_tells_how_far_into_a_misaligned_access_the_fault_was)
{
	unsigned at;

	EXPECT_EQ(transformed(0x0003b503, &at).width, 8); /* ld x10 */
	EXPECT_EQ(at, 7);
	EXPECT_EQ(transformed(0x0003b503, &at).base, 0);
	EXPECT_EQ(transformed(0x00a1a023, &at).reg, 10); /* sw x10 */
	EXPECT_EQ(at, 3);
	EXPECT_EQ(transformed(0x000fb503, &at).width, 8);
	EXPECT_EQ(at, 31); /* the whole field */
}

/* RV1: the pseudoinstructions are no access of the guest's instruction. */
TEST(decode, htinst_of_no_known_instruction_is_no_access)
{
	/* clang-format off */
	static const uint64_t htinsts[] = {
		0,
		0x2000, 0x2020, 0x3000, 0x3020,
		0x00002500, 0x00002502, /* as lw, but for bits 0 and 1 */
		0x00002513, 0x00002543, /* bits 4 and 6 */
		0x100002503,            /* and the upper half, which a later specification may use */
		0x0000250b, 0x0000250f, /* custom-0; a reserved cache-block operation */
		0x00007503, 0x00004507, /* a load of no width; flq */
		0x00c58533, 0x6800c573, /* add; hlv.w */
		UINT64_MAX,
	};
	/* clang-format on */
	unsigned at;

	for (unsigned i = 0; i < ARRAY_LEN(htinsts); i++) {
		EXPECT(is_none(transformed(htinsts[i], &at)));
		if (!is_none(transformed(htinsts[i], &at)))
			kit_note("%llx", (unsigned long long)htinsts[i]);
	}
}

/* --- values */

/* RV3; one peer zero-extends whatever it loads. */
TEST(decode, loaded_values_are_extended_by_their_sign)
{
	static const uint32_t of_width[] = { 0x00058503, 0x00059503, 0x0005a503, 0x0005b503 };

	for (unsigned i = 0; i < 4; i++) {
		struct access a = decoded(of_width[i]); /* lb, lh, lw, ld */
		uint64_t sign = BIT((8u << i) - 1);

		EXPECT_EQ(access_extend(&a, sign), -sign);
		EXPECT_EQ(access_extend(&a, sign - 1), sign - 1);
		EXPECT_EQ(access_extend(&a, UINT64_MAX), UINT64_MAX);
		if (i == 3)
			continue;
		EXPECT_EQ(access_extend(&a, sign << 1), 0);
		a = decoded(of_width[i] | 0x4000); /* lbu, lhu, lwu */
		EXPECT_EQ(access_extend(&a, sign), sign);
		EXPECT_EQ(access_extend(&a, UINT64_MAX), sign * 2 - 1);
	}
}

TEST(decode, narrow_floating_point_values_are_nan_boxed)
{
	struct access flh = decoded(0x00259507), flw = decoded(0xffc5af87),
		      fld = decoded(0x0085b487);

	EXPECT_EQ(access_extend(&flh, 0x3c00), 0xffffffffffff3c00);
	EXPECT_EQ(access_extend(&flh, 0x1238000), 0xffffffffffff8000);
	EXPECT_EQ(access_extend(&flw, 0x3f800000), 0xffffffff3f800000);
	EXPECT_EQ(access_extend(&fld, 0x3ff0000000000000), 0x3ff0000000000000);
	EXPECT_EQ(access_extend(&fld, UINT64_MAX), UINT64_MAX);
}

TEST(decode, what_an_atomic_operation_returns_is_sign_extended)
{
	struct access amoadd_b = decoded(0x006382af), lr_w = decoded(0x1005a52f),
		      lr_d = decoded(0x1605b52f);

	EXPECT_EQ(access_extend(&amoadd_b, 0x80), -UINT64_C(0x80));
	EXPECT_EQ(access_extend(&lr_w, 0x80000000), -UINT64_C(0x80000000));
	EXPECT_EQ(access_extend(&lr_d, 0x80000000), 0x80000000);
}

/* The upper bytes, which registers may hold, count for nothing. */
TEST(decode, atomic_results_are_those_of_their_width)
{
	static const struct {
		enum amo amo;
		uint64_t old, operand, compare, result;
	} of_byte[] = {
		{ AMO_ADD, 0xff, 0x02, 0, 0x01 },    { AMO_SWAP, 0x12, 0x34, 0, 0x34 },
		{ AMO_XOR, 0xf0, 0x3c, 0, 0xcc },    { AMO_AND, 0xf0, 0x3c, 0, 0x30 },
		{ AMO_OR, 0xf0, 0x3c, 0, 0xfc },     { AMO_MIN, 0x80, 0x7f, 0, 0x80 },
		{ AMO_MIN, 0x01, 0xff, 0, 0xff },    { AMO_MAX, 0x80, 0x7f, 0, 0x7f },
		{ AMO_MAX, 0x01, 0xff, 0, 0x01 },    { AMO_MINU, 0x80, 0x7f, 0, 0x7f },
		{ AMO_MINU, 0x01, 0xff, 0, 0x01 },   { AMO_MAXU, 0x80, 0x7f, 0, 0x80 },
		{ AMO_MAXU, 0x01, 0xff, 0, 0xff },   { AMO_CAS, 0x12, 0x34, 0x12, 0x34 },
		{ AMO_CAS, 0x12, 0x34, 0x13, 0x12 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(of_byte); i++)
		for (unsigned width = 1; width <= 8; width *= 2) {
			/* The byte at the top of each width, with noise above it. */
			unsigned up = 8 * (width - 1);
			uint64_t noise = width < 8 ? ~(BIT(8 * width % 64) - 1) : 0;
			uint64_t result = amo_result(of_byte[i].amo, width, of_byte[i].old << up,
						     of_byte[i].operand << up | noise,
						     of_byte[i].compare << up);

			EXPECT_EQ(result, of_byte[i].result << up);
			result = amo_result(of_byte[i].amo, width, of_byte[i].old << up | noise,
					    of_byte[i].operand << up,
					    of_byte[i].compare << up | noise / 3 * 2);
			EXPECT_EQ(result, of_byte[i].result << up);
		}
}
