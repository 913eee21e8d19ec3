/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/cpio.h"

#include <errno.h>
#include <string.h>

/* A header is six characters of magic and 13 numbers of eight hexadecimal digits. */
enum { MAGIC_SIZE = 6, DIGITS = 8, HEADER_SIZE = 110, ALIGNMENT = 4 };

enum number { INODE, MODE, N_LINKS = 4, SIZE = 6, MAJOR, MINOR, NAME_SIZE = 11 };

#define TYPE_MASK    0170000
#define TYPE_REGULAR 0100000

static int damaged(struct cpio *archive, const char *why)
{
	archive->why = why;
	return -EINVAL;
}

static bool read_number(const unsigned char *header, enum number which, uint32_t *number)
{
	const unsigned char *p = header + MAGIC_SIZE + (unsigned)which * DIGITS;

	*number = 0;
	for (int i = 0; i < DIGITS; i++) {
		unsigned digit = p[i] - '0', letter = (p[i] | 0x20) - 'a';

		if (digit > 9 && letter > 5)
			return false;
		*number = *number << 4 | (digit > 9 ? letter + 10 : digit);
	}
	return true;
}

/* Both sorts of newc; the sum of bytes that 070702 adds is weak, and is not looked at. */
static bool has_magic(const unsigned char *p)
{
	return !memcmp(p, "07070", 5) && (p[5] == '1' || p[5] == '2');
}

static const char *plain_name(const char *name)
{
	for (;;) {
		if (name[0] == '/')
			name++;
		else if (name[0] == '.' && name[1] == '/')
			name += 2;
		else
			return name;
	}
}

/* Where what begins at `from` and has `size` bytes ends with its padding, at most where all ends,
 * which no maker of archives needs to pad. False: it does not fit. */
static bool find_end(const struct cpio *archive, size_t from, uint64_t size, size_t *end)
{
	if (size > archive->size - from)
		return false;
	size = align_up(from - archive->at + size, ALIGNMENT);
	*end = size < archive->size - archive->at ? archive->at + size : archive->size;
	return true;
}

/* The entry whose header is at archive->at, which moves behind it. */
static int read_entry(struct cpio *archive, struct cpio_file *file)
{
	const unsigned char *header = archive->bytes + archive->at;
	size_t name_at = archive->at + HEADER_SIZE, data_at, end;
	uint32_t name_size, size;

	if (archive->size - archive->at < HEADER_SIZE)
		return damaged(archive, "the archive ends in a header");
	if (!has_magic(header))
		return damaged(archive, "no newc header");
	if (!read_number(header, INODE, &file->id[0]) || !read_number(header, MODE, &file->mode) ||
	    !read_number(header, N_LINKS, &file->n_links) || !read_number(header, SIZE, &size) ||
	    !read_number(header, MAJOR, &file->id[1]) ||
	    !read_number(header, MINOR, &file->id[2]) ||
	    !read_number(header, NAME_SIZE, &name_size))
		return damaged(archive, "a number has other than hexadecimal digits");
	if (!find_end(archive, name_at, name_size, &data_at) || !name_size ||
	    archive->bytes[name_at + name_size - 1])
		return damaged(archive, "the name does not end");
	if (!find_end(archive, data_at, size, &end))
		return damaged(archive, "the file is longer than the archive");
	file->name = plain_name((const char *)archive->bytes + name_at);
	file->bytes = archive->bytes + data_at;
	file->size = size;
	archive->at = end;
	return 1;
}

int cpio_next(struct cpio *archive, struct cpio_file *file)
{
	for (;;) {
		int found;

		while (!archive->is_open && archive->at < archive->size &&
		       !archive->bytes[archive->at])
			archive->at++;
		if (archive->at == archive->size)
			return archive->is_open ? damaged(archive, "the archive has no end") : 0;
		found = read_entry(archive, file);
		archive->is_open = found > 0 && strcmp(file->name, "TRAILER!!!");
		if (found < 0 || archive->is_open)
			return found;
	}
}

/* Of the hard links to `file`, from the next entry on: the one that has the content. */
static int find_content(struct cpio from, struct cpio_file *file)
{
	struct cpio_file other;
	int found;

	while ((found = cpio_next(&from, &other)) > 0)
		if (other.n_links > 1 && other.size &&
		    !memcmp(other.id, file->id, sizeof(file->id))) {
			file->bytes = other.bytes;
			file->size = other.size;
			break;
		}
	return found < 0 ? found : 0;
}

int cpio_find(struct cpio *archive, const char *name, struct cpio_file *file)
{
	struct cpio behind = { 0 };
	struct cpio_file next;
	int found;

	name = plain_name(name);
	archive->at = 0;
	archive->is_open = false;
	while ((found = cpio_next(archive, &next)) > 0)
		if (!strcmp(next.name, name)) {
			*file = next;
			behind = *archive;
		}
	if (found < 0)
		return found;
	if (!behind.bytes)
		return -ENOENT;
	if ((file->mode & TYPE_MASK) != TYPE_REGULAR)
		return -ENOTSUP;
	return file->size || file->n_links < 2 ? 0 : find_content(behind, file);
}
