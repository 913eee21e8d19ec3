/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any instruction is decoded as binutils' disassembler reads it, and any htinst keeps the promises
 * of vcpu/decode.h. An input is one instruction and the upper half of an htinst.
 *
 * The disassembler of the host may be older than Zcb, Zabha and Zacas (binutils 2.44 knows them);
 * then only the unit test looks at these. Reserved forms of V are a vector access to us.
 */
#include <bfd.h>
#include <dis-asm.h>
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vcpu/decode.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
const char *__asan_default_options(void);

/* libFuzzer frees something at each input; at 100000 a second, what ASan keeps of that adds up. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=16";
}

/* --- the other decoder */

static struct {
	disassembler_ftype print;
	struct disassemble_info info;
	char text[128]; /* of the last instruction */
	uint8_t insn[4];
} other;

/* Which extensions an instruction may be of is said by an object file's attributes. */
static bfd *object_with_all_extensions(void)
{
	static const char arch[] =
		"\5rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0_h1p0_v1p0_zicsr2p0_zifencei2p0"
		"_zfh1p0_zicbom1p0_zicbop1p0_zicboz1p0_zabha1p0_zacas1p0"
		"_zca1p0_zcb1p0_zcd1p0";
	struct __attribute__((packed)) {
		Elf64_Ehdr header;
		Elf64_Shdr sections[3];
		char names[32];
		char version;
		uint32_t vendor_size;
		char vendor[6];
		char file_tag;
		uint32_t file_size;
		char arch[sizeof(arch)];
	} file = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_REL,
			    .e_machine = EM_RISCV,
			    .e_version = EV_CURRENT,
			    .e_shoff = offsetof(typeof(file), sections),
			    .e_flags = 5,
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 1 },
		.sections = { [1] = { .sh_type = SHT_STRTAB,
				      .sh_offset = offsetof(typeof(file), names),
				      .sh_size = sizeof(file.names),
				      .sh_addralign = 1 },
			      [2] = { .sh_name = 1,
				      .sh_type = 0x70000003,
				      .sh_offset = offsetof(typeof(file), version),
				      .sh_size = sizeof(file) - offsetof(typeof(file), version),
				      .sh_addralign = 1 } },
		.names = "\0.riscv.attributes",
		.version = 'A',
		.vendor_size = sizeof(file) - offsetof(typeof(file), vendor_size),
		.vendor = "riscv",
		.file_tag = 1,
		.file_size = sizeof(file) - offsetof(typeof(file), file_tag),
	};
	char path[32];
	bfd *object;
	int fd = fileno(tmpfile());

	memcpy(file.arch, arch, sizeof(arch));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, &file, sizeof(file)) != sizeof(file))
		abort();
	object = bfd_openr(path, "elf64-littleriscv");
	if (!object || !bfd_check_format(object, bfd_object)) {
		bfd_perror("object");
		abort();
	}
	return object;
}

static void append(const char *format, va_list args)
{
	size_t used = strlen(other.text);

	vsnprintf(other.text + used, sizeof(other.text) - used, format, args);
}

static int print(void *stream, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(format, args);
	va_end(args);
	return 0;
}

static int print_styled(void *stream, enum disassembler_style style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(format, args);
	va_end(args);
	return 0;
}

static const char *disassemble(uint32_t insn)
{
	if (!other.print) {
		bfd *object = object_with_all_extensions();

		other.print = disassembler(bfd_arch_riscv, false, bfd_mach_riscv64, object);
		init_disassemble_info(&other.info, NULL, print, print_styled);
		other.info.arch = bfd_arch_riscv;
		other.info.mach = bfd_mach_riscv64;
		other.info.disassembler_options = "no-aliases,numeric";
		other.info.buffer = other.insn;
		other.info.buffer_length = 4;
		disassemble_init_for_target(&other.info);
	}
	memcpy(other.insn, &insn, 4);
	other.text[0] = '\0';
	other.print(0, &other.info);
	return other.text;
}

/* --- what it says, as struct access */

static const struct {
	const char *name;
	struct access access;
} basics[] = {
	{ "lb", { .kind = ACCESS_LOAD, .width = 1, .is_signed = true } },
	{ "lh", { .kind = ACCESS_LOAD, .width = 2, .is_signed = true } },
	{ "lw", { .kind = ACCESS_LOAD, .width = 4, .is_signed = true } },
	{ "ld", { .kind = ACCESS_LOAD, .width = 8 } },
	{ "lbu", { .kind = ACCESS_LOAD, .width = 1 } },
	{ "lhu", { .kind = ACCESS_LOAD, .width = 2 } },
	{ "lwu", { .kind = ACCESS_LOAD, .width = 4 } },
	{ "sb", { .kind = ACCESS_STORE, .width = 1 } },
	{ "sh", { .kind = ACCESS_STORE, .width = 2 } },
	{ "sw", { .kind = ACCESS_STORE, .width = 4 } },
	{ "sd", { .kind = ACCESS_STORE, .width = 8 } },
	{ "flh", { .kind = ACCESS_LOAD, .width = 2, .is_float = true } },
	{ "flw", { .kind = ACCESS_LOAD, .width = 4, .is_float = true } },
	{ "fld", { .kind = ACCESS_LOAD, .width = 8, .is_float = true } },
	{ "fsh", { .kind = ACCESS_STORE, .width = 2, .is_float = true } },
	{ "fsw", { .kind = ACCESS_STORE, .width = 4, .is_float = true } },
	{ "fsd", { .kind = ACCESS_STORE, .width = 8, .is_float = true } },
};

static const char *const amos[] = {
	[AMO_ADD] = "add",   [AMO_SWAP] = "swap", [AMO_XOR] = "xor", [AMO_AND] = "and",
	[AMO_OR] = "or",     [AMO_MIN] = "min",   [AMO_MAX] = "max", [AMO_MINU] = "minu",
	[AMO_MAXU] = "maxu", [AMO_CAS] = "cas",
};

/* "lw", "c.lwsp" and the like. */
static bool read_basic(const char *name, const char *operands, struct access *a)
{
	bool is_compressed = !strncmp(name, "c.", 2);
	unsigned reg, base;
	char file;
	int offset;

	name += is_compressed ? 2 : 0;
	for (unsigned i = 0; i < ARRAY_LEN(basics); i++) {
		size_t n = strlen(basics[i].name);

		if (strncmp(name, basics[i].name, n) ||
		    strcmp(name + n, name[n] && is_compressed ? "sp" : ""))
			continue;
		*a = basics[i].access;
		if (sscanf(operands, "%c%u,%d(x%u)", &file, &reg, &offset, &base) != 4 ||
		    file != (a->is_float ? 'f' : 'x'))
			abort();
		a->length = is_compressed ? 2 : 4;
		a->reg = reg;
		a->base = base;
		a->offset = offset;
		return true;
	}
	return false;
}

/* "lr.w.aq", "sc.d", "amoadd.h.rl" and the like. */
static bool read_atomic(const char *name, const char *operands, struct access *a)
{
	static const char widths[] = "bhwd";
	char operation[8], width;
	unsigned reg, source = 0, base;

	if (sscanf(name, "%7[a-z].%c", operation, &width) != 2 || !strchr(widths, width))
		return false;
	*a = (struct access){ .length = 4, .width = 1 << (strchr(widths, width) - widths) };
	if (!strcmp(operation, "lr"))
		a->kind = ACCESS_LR;
	if (!strcmp(operation, "sc"))
		a->kind = ACCESS_SC;
	for (unsigned i = 0; i < ARRAY_LEN(amos) && !strncmp(operation, "amo", 3); i++)
		if (!strcmp(operation + 3, amos[i])) {
			a->kind = ACCESS_AMO;
			a->amo = i;
		}
	if (a->kind == ACCESS_NONE)
		return false;
	if (a->kind == ACCESS_LR ? sscanf(operands, "x%u,(x%u)", &reg, &base) != 2
				 : sscanf(operands, "x%u,x%u,(x%u)", &reg, &source, &base) != 3)
		abort();
	a->is_signed = a->kind != ACCESS_SC && a->width < 8;
	a->reg = reg;
	a->source = source;
	a->base = base;
	return true;
}

static void read_text(const char *text, struct access *a)
{
	char name[24];
	const char *operands = strchr(text, '\t'), *memory = strstr(text, "(x");

	*a = (struct access){};
	if (!operands || !memory || sscanf(text, "%23[^\t]", name) != 1)
		return;
	if (read_basic(name, operands + 1, a) || read_atomic(name, operands + 1, a))
		return;
	*a = (struct access){ .length = 4, .base = strtoul(memory + 2, NULL, 10) };
	if (!strncmp(name, "cbo.", 4))
		a->kind = ACCESS_CBO;
	else if (name[0] == 'v')
		a->kind = ACCESS_VECTOR;
	else
		*a = (struct access){};
}

/* --- the comparison */

static bool is_same(const struct access *a, const struct access *b)
{
	return a->kind == b->kind && a->width == b->width && a->is_signed == b->is_signed &&
	       a->is_float == b->is_float && a->length == b->length && a->reg == b->reg &&
	       a->source == b->source && a->base == b->base && a->offset == b->offset &&
	       a->amo == b->amo;
}

static void expect(bool ok, const char *what, uint32_t insn)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %x, which is %s\n", what, insn, disassemble(insn));
	abort();
}

/* Reserved forms of V; and Zcb, Zabha, amocas, of which a disassembler knows all or none. */
static bool may_be_unknown_to_other(const struct access *a)
{
	static const uint32_t c_lbu = 0x81e8;
	bool is_new = (a->length == 2 && a->width < 4) ||
		      (a->kind == ACCESS_AMO && (a->width < 4 || a->amo == AMO_CAS));

	return a->kind == ACCESS_VECTOR || (is_new && disassemble(c_lbu)[0] == '.');
}

/* The promises at the head of decode.h. */
static bool keeps_promises(const struct access *a)
{
	static const struct access none;

	if (a->kind == ACCESS_NONE)
		return is_same(a, &none);
	if (a->kind > ACCESS_VECTOR || (a->length != 2 && a->length != 4) || a->reg > 31 ||
	    a->source > 31 || a->base > 31 || a->amo > AMO_CAS)
		return false;
	if (a->kind == ACCESS_CBO || a->kind == ACCESS_VECTOR)
		return !a->width && !a->reg;
	return is_power_of_two(a->width) && a->width <= 8;
}

/* What the specification makes of the instruction for htinst, from what is known of it. */
static void check_transformed(uint32_t insn, const struct access *a)
{
	uint32_t kept = a->kind == ACCESS_LOAD    ? 0x00007fff
			: a->kind == ACCESS_STORE ? 0x01f0707f
						  : 0xfff07fff;
	struct access from_htinst, expected = *a;
	unsigned address_offset;

	expected.base = 0;
	expected.offset = 0;
	address_offset = access_from_htinst((insn & kept) | 5 << 15, &from_htinst);
	expect(is_same(&from_htinst, &expected) && address_offset == 5, "transformed", insn);
	expected.length = 2;
	address_offset = access_from_htinst(((insn & kept) | 5 << 15) & ~2u, &from_htinst);
	expect(is_same(&from_htinst, &expected) && address_offset == 5, "of a 16-bit one", insn);
	(void)access_from_htinst((insn & kept) | BIT(40), &from_htinst);
	expect(from_htinst.kind == ACCESS_NONE, "beyond 32 bits", insn);
}

static void check(uint32_t insn)
{
	struct access a, expected;

	access_decode(insn, &a);
	expect(keeps_promises(&a), "broken promise", insn);
	read_text(disassemble(insn), &expected);
	if (!is_same(&a, &expected))
		expect(other.text[0] == '.' && may_be_unknown_to_other(&a), "disagreement", insn);
	if (a.kind != ACCESS_NONE && a.length == 4)
		check_transformed(insn, &a);
}

/* The 16-bit instructions are few enough to look at all. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (uint32_t insn = 0; insn <= UINT16_MAX; insn++)
		if ((insn & 3) != 3)
			check(insn);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct access a;
	uint64_t word;

	if (size < sizeof(word))
		return 0;
	memcpy(&word, data, sizeof(word));
	check(word);
	(void)access_from_htinst(word, &a);
	expect(keeps_promises(&a), "broken promise of htinst", word);
	return 0;
}

/* Blind bytes seldom make an instruction that accesses memory: begin with an opcode of one. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	static const uint8_t opcodes[] = { 0x03, 0x07, 0x0f, 0x23, 0x27, 0x2f, 0x00, 0x02 };
	uint64_t word = (seed + 1) * 0x9e3779b97f4a7c15u;

	word ^= word >> 29;
	word *= 0xbf58476d1ce4e5b9u;
	word ^= word >> 32;
	if (seed % 8) {
		unsigned opcode = opcodes[word >> 40 & 7];

		word = (word & (opcode & 3 ? 0xffffff80 : 0xfffffffc)) | opcode;
	}
	/* rs2 or rd of 0, and small immediates, are what some encodings ask for. */
	word &= seed % 16 == 1 ? ~0x01f00000ull : seed % 16 == 2 ? ~0xff800f80ull : ~0ull;
	if (max_size < sizeof(word))
		return 0;
	memcpy(data, &word, sizeof(word));
	return sizeof(word);
}
