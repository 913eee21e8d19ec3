/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives made here, byte by byte, and one that the cpio program makes. */
#include "lib/cpio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit/kit.h"

enum { REGULAR = 0100644, DIRECTORY = 040755, LINK = 0120777 };

static char made[1 << 16];
static size_t n_made;

static void pad(size_t alignment)
{
	while (n_made % alignment)
		made[n_made++] = 0;
}

static void put_header(unsigned inode, unsigned mode, unsigned n_links, size_t size,
		       size_t name_size)
{
	n_made += (size_t)sprintf(made + n_made,
				  "070701%08x%08x%08x%08x%08x%08x%08zX%08x%08x%08x%08x%08zx%08x",
				  inode, mode, 0, 0, n_links, 0, size, 8, 1, 0, 0, name_size, 0);
}

static void put_file(unsigned inode, unsigned mode, unsigned n_links, const char *name,
		     const char *text)
{
	put_header(inode, mode, n_links, strlen(text), strlen(name) + 1);
	n_made += (size_t)sprintf(made + n_made, "%s", name) + 1;
	pad(4);
	n_made += (size_t)sprintf(made + n_made, "%s", text);
	pad(4);
}

static void put(const char *name, const char *text)
{
	put_file(1, REGULAR, 1, name, text);
}

static void put_end(void)
{
	put_file(0, 0, 1, "TRAILER!!!", "");
}

static void begin(void)
{
	memset(made, 0, sizeof(made));
	n_made = 0;
}

/* Of an exact copy, so that reading past the end is seen. The text is cut from where it lies. */
static int find_in(const void *bytes, size_t size, const char *name, char *text, size_t *at)
{
	void *copy = malloc(size);
	struct cpio_file file;
	int result;

	memcpy(copy, bytes, size);
	struct cpio archive = CPIO(copy, size);

	result = cpio_find(&archive, name, &file);
	text[0] = 0;
	if (!result)
		snprintf(text, 64, "%.*s", (int)file.size, (const char *)file.bytes);
	else if (result == -EINVAL)
		snprintf(text, 64, "%s", archive.why);
	if (at)
		*at = archive.at;
	free(copy);
	return result;
}

static void expect_found(const char *name, const char *text)
{
	char found[64];

	EXPECT_EQ(find_in(made, n_made, name, found, NULL), 0);
	EXPECT_STR(found, text);
}

static void expect_error(int error, const char *name)
{
	char found[64];

	EXPECT_EQ(find_in(made, n_made, name, found, NULL), error);
}

TEST(cpio, file_is_found_by_its_name)
{
	begin();
	put("vm.dtb", "a tree");
	put("images/kernel", "code");
	put("empty", "");
	put_end();
	expect_found("vm.dtb", "a tree");
	expect_found("images/kernel", "code");
	expect_found("empty", "");
	expect_error(-ENOENT, "images");
	expect_error(-ENOENT, "vm.dt");
	expect_error(-ENOENT, "vm.dtbs");
	expect_error(-ENOENT, "TRAILER!!!");
	expect_error(-ENOENT, "");
}

TEST(cpio, leading_dots_and_slashes_mean_nothing)
{
	static const char *const names[] = {
		"a/b", "/a/b", "./a/b", "//a/b", "././/a/b", ".//./a/b"
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		begin();
		put(names[i], "here");
		put(".hidden", "there");
		put_end();
		for (unsigned k = 0; k < ARRAY_LEN(names); k++)
			expect_found(names[k], "here");
		expect_error(-ENOENT, "a//b");
		expect_error(-ENOENT, "hidden");
		expect_found("./.hidden", "there");
	}
}

TEST(cpio, entries_come_in_their_order_with_their_kind)
{
	struct cpio_file file;

	begin();
	put_file(1, DIRECTORY, 2, "./images", "");
	put_file(2, LINK, 1, "images/kernel", "vmlinux");
	put("/x", "12345");
	put_end();
	struct cpio archive = CPIO(made, n_made);

	REQUIRE_EQ(cpio_next(&archive, &file), 1);
	EXPECT_STR(file.name, "images");
	EXPECT_EQ(file.mode, DIRECTORY);
	REQUIRE_EQ(cpio_next(&archive, &file), 1);
	EXPECT_STR(file.name, "images/kernel");
	EXPECT_EQ(file.mode, LINK);
	REQUIRE_EQ(cpio_next(&archive, &file), 1);
	EXPECT_STR(file.name, "x");
	EXPECT_EQ(file.size, 5);
	EXPECT_EQ(cpio_next(&archive, &file), 0);
	EXPECT_EQ(cpio_next(&archive, &file), 0);
}

TEST(cpio, only_regular_files_have_content)
{
	begin();
	put_file(1, DIRECTORY, 2, "images", "");
	put_file(2, LINK, 1, "kernel", "images/vmlinux");
	put_end();
	expect_error(-ENOTSUP, "images");
	expect_error(-ENOTSUP, "kernel");
}

TEST(cpio, last_file_of_a_name_counts_across_archives)
{
	for (size_t padding = 1; padding <= 512; padding *= 2) {
		begin();
		put("a", "first");
		put("b", "kept");
		put_end();
		pad(padding);
		put("./a", "second");
		put_end();
		pad(512);
		put_end();
		pad(1024);
		expect_found("a", "second");
		expect_found("b", "kept");
	}
}

TEST(cpio, content_of_hard_links_is_found_by_each_name)
{
	begin();
	put_file(7, REGULAR, 3, "a", "");
	put("other", "in between");
	put_file(8, REGULAR, 2, "b", "of another");
	put_file(7, REGULAR, 3, "c", "");
	put_file(7, REGULAR, 3, "d", "shared");
	put_file(9, REGULAR, 2, "nothing", "");
	put_end();
	expect_found("a", "shared");
	expect_found("b", "of another");
	expect_found("c", "shared");
	expect_found("d", "shared");
	expect_found("nothing", "");
}

TEST(cpio, name_may_be_padded_so_that_content_is_aligned)
{
	begin();
	put_header(1, REGULAR, 1, 4, 512 - 110);
	memcpy(made + n_made, "kernel", 6);
	n_made = 512;
	memcpy(made + n_made, "code", 4);
	n_made += 4;
	put_end();
	expect_found("kernel", "code");
}

TEST(cpio, padding_alone_is_an_archive_without_files)
{
	begin();
	expect_error(-ENOENT, "a");
	n_made = 1000;
	expect_error(-ENOENT, "a");
}

TEST(cpio, last_padding_may_be_missing)
{
	begin();
	put("a", "text");
	put_end();
	EXPECT_EQ(made[n_made - 5], '!'); /* then the zero that ends it and three more */
	n_made -= 3;
	expect_found("a", "text");
}

TEST(cpio, archive_that_is_cut_off_anywhere_is_damaged_where_it_ends)
{
	static const char name[] = "kernel";
	char why[64];
	size_t first, second, at;

	begin();
	put(name, "0123456789");
	first = n_made;
	put("b", "x");
	second = n_made;
	put_end();
	for (size_t cut = 1; cut < second + 110 + 11; cut++) {
		EXPECT_EQ(find_in(made, cut, name, why, &at), -EINVAL);
		EXPECT_EQ(at, cut < first - 2    ? 0
			      : cut < first      ? cut
			      : cut < second - 3 ? first
			      : cut < second     ? cut
						 : second);
	}
	EXPECT_EQ(find_in(made, second + 110 + 11, name, why, &at), 0);
}

static void expect_damage(size_t where, char byte, size_t at, const char *text)
{
	char why[64], kept = made[where];
	size_t found;

	made[where] = byte;
	EXPECT_EQ(find_in(made, n_made, "a", why, &found), -EINVAL);
	EXPECT_STR(why, text);
	EXPECT_EQ(found, at);
	made[where] = kept;
}

TEST(cpio, damage_is_told_with_its_place)
{
	size_t second;

	begin();
	put("a", "text");
	second = n_made;
	put("b", "more");
	put_end();
	expect_damage(second, '1', second, "no newc header");
	expect_damage(second + 5, '7', second, "no newc header");
	expect_damage(second + 6 + 8, 'g', second, "a number has other than hexadecimal digits");
	expect_damage(second + 6 + 8, '/', second, "a number has other than hexadecimal digits");
	expect_damage(second + 6 + 8, '@', second, "a number has other than hexadecimal digits");
	expect_damage(second + 6 + 6 * 8, 'F', second, "the file is longer than the archive");
	expect_damage(second + 6 + 11 * 8, 'F', second, "the name does not end");
	expect_damage(second + 6 + 11 * 8 + 7, '0', second, "the name does not end");
	expect_damage(second + 6 + 11 * 8 + 7, '1', second, "the name does not end");
	expect_damage(second + 111, 'x', second, "the name does not end");
}

TEST(cpio, other_content_is_no_archive)
{
	char why[64];

	EXPECT_EQ(find_in("\x1f\x8b\x08", 3, "a", why, NULL), -EINVAL);
	EXPECT_EQ(find_in(memset(made, 'x', 200), 200, "a", why, NULL), -EINVAL);
	EXPECT_STR(why, "no newc header");
}

static const char *needs_cpio(void)
{
	return system("command -v cpio >/dev/null") ? "there is no cpio program" : NULL;
}

TEST_IF(cpio, reads_what_the_cpio_program_makes, needs_cpio)
{
	static const char *const kinds[] = { "newc", "crc" };

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		char command[300];
		FILE *pipe;

		snprintf(command, sizeof(command),
			 "d=$(mktemp -d) && cd $d && mkdir images && echo kernel >images/k && "
			 "ln images/k images/l && ln -s images/k s && find . | cpio -o -H %s "
			 "--quiet; "
			 "rm -r $d",
			 kinds[i]);
		pipe = popen(command, "r");
		REQUIRE(pipe);
		n_made = fread(made, 1, sizeof(made), pipe);
		pclose(pipe);
		expect_found("images/k", "kernel\n");
		expect_found("images/l", "kernel\n");
		expect_error(-ENOTSUP, "s");
		expect_error(-ENOTSUP, "images");
	}
}
