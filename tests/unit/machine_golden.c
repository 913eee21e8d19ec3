/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What machine_read says of real trees, and of odd ones, compared line by line with tests/golden.
 * Trees lie in $HARTWOOD_DTBS (build/dtbs), made by tests/golden/make_trees; with
 * HARTWOOD_GOLDEN=write the expected files are written anew from what is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/kit/kit.h"
#include "tests/unit/machine_check.h"
#include "tests/unit/machine_dump.h"

/* X(identifier, file, the boot hart's id) */
#define QEMU_TREES(X, id, version)                                                                 \
	X(id##_virt_1, version "-virt-1", 0)                                                       \
	X(id##_virt_2, version "-virt-2", 0)                                                       \
	X(id##_virt_8, version "-virt-8", 0)                                                       \
	X(id##_virt_32, version "-virt-32", 0)                                                     \
	X(id##_virt_no_h, version "-virt-no-h", 0)                                                 \
	X(id##_virt_numa, version "-virt-numa", 0)                                                 \
	X(id##_virt_aplic, version "-virt-aplic", 0)                                               \
	X(id##_virt_imsic, version "-virt-imsic", 0)                                               \
	X(id##_virt_imsic_numa, version "-virt-imsic-numa", 0)                                     \
	X(id##_virt_initrd, version "-virt-initrd", 0)                                             \
	X(id##_sifive_u_2, version "-sifive_u-2", 1)                                               \
	X(id##_sifive_u_5, version "-sifive_u-5", 3)

#define TREES(X)                                                                                   \
	QEMU_TREES(X, qemu_10, "qemu-10")                                                          \
	X(qemu_10_virt_max, "qemu-10-virt-max", 0)                                                 \
	X(qemu_10_virt_rva23s64, "qemu-10-virt-rva23s64", 0)                                       \
	QEMU_TREES(X, qemu_7_2, "qemu-7.2")                                                        \
	X(visionfive_2_v1_2a, "jh7110-starfive-visionfive-2-v1.2a", 1)                             \
	X(visionfive_2_v1_3b, "jh7110-starfive-visionfive-2-v1.3b", 1)                             \
	X(milkv_mars, "jh7110-milkv-mars", 1)                                                      \
	X(star64, "jh7110-pine64-star64", 1)                                                       \
	X(alias_loop, "alias-loop", 0)                                                             \
	X(aplic_and_plic, "aplic-and-plic", 0)                                                     \
	X(bus_ranges, "bus-ranges", 0)                                                             \
	X(like_vf2, "like-vf2", 1)                                                                 \
	X(other_uart, "other-uart", 0)                                                             \
	X(sparse_harts, "sparse-harts", 200)                                                       \
	X(spike, "spike", 0)                                                                       \
	X(two_banks, "two-banks", 0)                                                               \
	X(two_plics, "two-plics", 0)                                                               \
	X(broken_bootargs, "broken-bootargs", 0)                                                   \
	X(broken_cbom_size, "broken-cbom-size", 0)                                                 \
	X(broken_hart_disabled, "broken-hart-disabled", 0)                                         \
	X(broken_hart_no_mmu, "broken-hart-no-mmu", 0)                                             \
	X(broken_hart_reg, "broken-hart-reg", 0)                                                   \
	X(broken_hart_twice, "broken-hart-twice", 0)                                               \
	X(broken_initrd, "broken-initrd", 0)                                                       \
	X(broken_initrd_end, "broken-initrd-end", 0)                                               \
	X(broken_initrd_cells, "broken-initrd-cells", 0)                                           \
	X(broken_memory_cells, "broken-memory-cells", 0)                                           \
	X(broken_memory_reg, "broken-memory-reg", 0)                                               \
	X(broken_memory_wraps, "broken-memory-wraps", 0)                                           \
	X(broken_no_hart, "broken-no-hart", 0)                                                     \
	X(broken_no_memory, "broken-no-memory", 0)                                                 \
	X(broken_no_timebase, "broken-no-timebase", 0)                                             \
	X(broken_plic_ndev, "broken-plic-ndev", 0)                                                 \
	X(broken_plic_small, "broken-plic-small", 0)                                               \
	X(broken_timebase_zero, "broken-timebase-zero", 0)

static const char *tree_path(const char *name)
{
	static char path[512];
	const char *dir = getenv("HARTWOOD_DTBS");

	snprintf(path, sizeof(path), "%s/%s.dtb", dir ? dir : "build/dtbs", name);
	return path;
}

/* The whole file, in memory of exactly its size; NULL if it cannot be read. */
static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	long length;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (length = ftell(file)) > 0) {
		rewind(file);
		bytes = malloc(length);
		*size = length;
		if (bytes && fread(bytes, 1, length, file) != (size_t)length) {
			free(bytes);
			bytes = NULL;
		}
	}
	fclose(file);
	return bytes;
}

static void describe(FILE *out, const void *fdt, size_t size, uint64_t boot_hart)
{
	static struct machine m;
	struct machine_error error;

	memset(&m, 0, sizeof(m));
	if (machine_read(&m, fdt, size, boot_hart, &error)) {
		fprintf(out, "error: %s\n", error.text);
		return;
	}
	EXPECT_STR(machine_broken_promise(&m, size), NULL);
	machine_dump(out, &m);
}

static void note_difference(const char *want, const char *got)
{
	while (*want && *got) {
		size_t n_want = strcspn(want, "\n"), n_got = strcspn(got, "\n");

		if (n_want != n_got || memcmp(want, got, n_want))
			break;
		want += n_want + (want[n_want] != '\0');
		got += n_got + (got[n_got] != '\0');
	}
	kit_note("want: %.*s", (int)strcspn(want, "\n"), want);
	kit_note("got:  %.*s", (int)strcspn(got, "\n"), got);
}

static void compare(const char *path, const char *got, size_t n_got)
{
	size_t n_want = 0;
	char *want = read_file(path, &n_want);

	EXPECT(want);
	if (!want)
		return;
	want = realloc(want, n_want + 1);
	want[n_want] = '\0';
	EXPECT(n_want == n_got && !memcmp(want, got, n_got));
	if (strcmp(want, got))
		note_difference(want, got);
	free(want);
}

static void rewrite(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	REQUIRE(file);
	fputs(text, file);
	EXPECT(!fclose(file));
	kit_note("wrote %s", path);
}

static void check_golden(const char *name, uint64_t boot_hart)
{
	const char *mode = getenv("HARTWOOD_GOLDEN");
	char path[512], *text = NULL;
	size_t size = 0, n_text = 0;
	char *fdt = read_file(tree_path(name), &size);

	REQUIRE(fdt);
	FILE *out = open_memstream(&text, &n_text);

	describe(out, fdt, size, boot_hart);
	fclose(out);
	free(fdt);
	snprintf(path, sizeof(path), "tests/golden/%s.txt", name);
	if (mode && !strcmp(mode, "write"))
		rewrite(path, text);
	else
		compare(path, text, n_text);
	free(text);
}

static const char *need_tree(const char *name)
{
	return access(tree_path(name), R_OK)
		       ? "its tree is not in HARTWOOD_DTBS: run tests/golden/make_trees"
		       : NULL;
}

#define GOLDEN_TEST(id, name, boot_hart)                                                           \
	static const char *need_##id(void)                                                         \
	{                                                                                          \
		return need_tree(name);                                                            \
	}                                                                                          \
	TEST_IF(golden, id, need_##id)                                                             \
	{                                                                                          \
		check_golden(name, boot_hart);                                                     \
	}

TREES(GOLDEN_TEST)
