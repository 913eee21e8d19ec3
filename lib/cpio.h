/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a cpio archive (newc, what `cpio -H newc` and Linux's initramfs use) that lies in memory.
 * Nothing is copied: names and contents are where the archive has them, which must stay.
 *
 * Several archives behind each other, with zeros between and after them, are one; as with Linux the
 * last file of a name is the one that counts. Leading "/" and "./" of names mean nothing. A name
 * may be padded with further zeros, by which makers of archives align contents: newc itself only
 * promises 4 bytes.
 *
 * Always true: nothing outside of the archive is read, whatever it holds; what a cpio_file names
 * lies wholly inside, and its name ends in a zero there.
 */
#ifndef LIB_CPIO_H
#define LIB_CPIO_H

#include "arch/bits.h"

struct cpio {
	const unsigned char *bytes;
	size_t size;
	size_t at;       /* of the next header; after an error, of the one that is damaged */
	const char *why; /* after an error: what is wrong there */
	bool is_open;    /* since the last trailer there was a file */
};

struct cpio_file {
	const char *name; /* without leading "/" and "./" */
	const void *bytes;
	size_t size;
	uint32_t mode; /* file type and rights, as in stat */
	uint32_t n_links;
	uint32_t id[3]; /* inode, device's two numbers: hard links share them */
};

#define CPIO(bytes_, size_)                                                                        \
	((struct cpio){ .bytes = (const unsigned char *)(bytes_), .size = (size_) })

/* The next entry, directories and the like included: 1; at the end: 0; -EINVAL: damaged, see `at`
 * and `why`. */
MUST_CHECK int cpio_next(struct cpio *archive, struct cpio_file *file);

/*
 * The last regular file of this name; of hard links, where newc keeps the content with one, that
 * one's content. 0; -ENOENT; -ENOTSUP: there is one, but it is no regular file (an archive of
 * symbolic links is made whole by `cpio -L`); -EINVAL: damaged, see `at` and `why`.
 */
MUST_CHECK int cpio_find(struct cpio *archive, const char *name, struct cpio_file *file);

#endif
