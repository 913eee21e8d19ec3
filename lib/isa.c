/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ISA strings, as they have been written over the years: single letters in any order, then names of
 * several letters that begin with z, s or x, each with an underscore before it or (old style) not,
 * all with or without versions, in either case.
 */
#include "lib/isa.h"

#include <errno.h>
#include <string.h>

/* The names, one behind the other; how long each is, and where in there it starts. */
static const struct names {
#define X(id, name) char id[sizeof(name)];
	ISA_EXTENSIONS(X)
#undef X
} names = {
#define X(id, name) name,
	ISA_EXTENSIONS(X)
#undef X
};

static const uint8_t lengths[ISA_N_EXTENSIONS] = {
#define X(id, name) sizeof(name) - 1,
	ISA_EXTENSIONS(X)
#undef X
};

static const uint16_t starts[ISA_N_EXTENSIONS] = {
#define X(id, name) offsetof(struct names, id),
	ISA_EXTENSIONS(X)
#undef X
};

_Static_assert(ISA_N_EXTENSIONS <= 128, "struct isa has room for 128");

static const char *name_of(size_t e)
{
	return (const char *)&names + starts[e];
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(unsigned e, const char *name, size_t length)
{
	if (lengths[e] != length)
		return false;
	for (size_t i = 0; i < length; i++) {
		char known = name_of(e)[i];

		if (known != name[i] && known != lower(name[i]))
			return false;
	}
	return true;
}

/* `last` is where a name was found last, 0 at first: as names come in the order of the list,
 * mostly, the next one is not far. */
static bool add_known(struct isa *isa, unsigned *last, const char *name, size_t length)
{
	unsigned e = *last;

	do {
		if (is_name(e, name, length)) {
			isa_add(isa, e);
			*last = e;
			return true;
		}
		e = e + 1 < ISA_N_EXTENSIONS ? e + 1 : 0;
	} while (e != *last);
	return false;
}

/* Do these bytes begin with the name and a NUL? Case is that of the list: lists came late. */
static inline bool begins_with(const char *list, size_t size, size_t e)
{
	size_t length = lengths[e];

	if (length >= size || list[length])
		return false;
	const char *known = name_of(e);

	while (*known && *known == *list)
		known++, list++;
	return !*known;
}

/* The same for the first of a list's names. Where a known name would end is looked at before it is
 * compared, so that nobody need count its letters. */
static bool find_first(size_t *e, const char *list, size_t size)
{
	const size_t from = *e;

	do {
		if (begins_with(list, size, *e))
			return true;
		*e = *e + 1 < ISA_N_EXTENSIONS ? *e + 1 : 0;
	} while (*e != from);
	return false;
}

void isa_add_names(struct isa *isa, const char *list, size_t size)
{
	size_t e = 0;

	while (size) {
		bool is_known = find_first(&e, list, size);
		size_t n = (is_known ? (size_t)lengths[e] : strlen(list)) + 1;

		if (is_known)
			isa_add(isa, e);
		list += n;
		size -= n;
	}
}

void isa_add_name(struct isa *isa, const char *name, size_t length)
{
	unsigned last = 0;

	(void)add_known(isa, &last, name, length);
}

/* The length of a version such as "2" or "2p1" at the start of these bytes. */
static size_t version_after(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && is_digit(text[n]))
		n++;
	if (n && n + 1 < length && lower(text[n]) == 'p' && is_digit(text[n + 1])) {
		for (n++; n < length && is_digit(text[n]);)
			n++;
	}
	return n;
}

/* The length of a name without the version at its end, if it has one. */
static size_t without_version(const char *name, size_t length)
{
	size_t minor = length, major;

	while (minor && is_digit(name[minor - 1]))
		minor--;
	if (minor == length || minor < 2 || lower(name[minor - 1]) != 'p' ||
	    !is_digit(name[minor - 2]))
		return minor;
	for (major = minor - 1; major && is_digit(name[major - 1]);)
		major--;
	return major;
}

static void add_letter(struct isa *isa, char letter)
{
	static const enum isa_extension general[] = { ISA_I, ISA_M,     ISA_A,       ISA_F,
						      ISA_D, ISA_ZICSR, ISA_ZIFENCEI };

	isa_add_name(isa, &letter, 1);
	for (unsigned i = 0; lower(letter) == 'g' && i < ARRAY_LEN(general); i++)
		isa_add(isa, general[i]);
}

/* Begins a name of several letters? Old QEMU wrote its S and U modes as letters: "su" among them.
 */
static bool begins_long_name(const char *text, size_t left)
{
	char c = lower(*text);

	if (c == 's' && text[-1] != '_' && left > 1 && lower(text[1]) == 'u')
		return false;
	return c == 'z' || c == 's' || c == 'x';
}

int isa_read(struct isa *isa, const char *text, size_t length)
{
	size_t at = 4;
	unsigned last = 0;

	if (length < at || lower(text[0]) != 'r' || lower(text[1]) != 'v')
		return -EINVAL;
	if (memcmp(text + 2, "32", 2) && memcmp(text + 2, "64", 2))
		return -EINVAL;
	isa->xlen = text[2] == '3' ? 32 : 64;
	while (at < length) {
		size_t left = length - at;

		if (begins_long_name(text + at, left)) {
			const char *end = memchr(text + at, '_', left);
			size_t name = end ? (size_t)(end - text) - at : left;

			if (!add_known(isa, &last, text + at, name))
				(void)add_known(isa, &last, text + at,
						without_version(text + at, name));
			at += name;
		} else {
			add_letter(isa, text[at]);
			at += 1 + version_after(text + at + 1, left - 1);
		}
	}
	return 0;
}

/* `at` counts on past the end, so that the caller learns the length needed. */
static size_t put(char *text, size_t size, size_t at, const char *bytes)
{
	for (; *bytes; bytes++, at++) {
		if (at + 1 < size)
			text[at] = *bytes;
	}
	return at;
}

size_t isa_text(const struct isa *isa, char *text, size_t size)
{
	size_t at = 0;

	if (isa->xlen)
		at = put(text, size, at, isa->xlen == 32 ? "rv32" : "rv64");
	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++) {
		if (!isa_has(isa, e))
			continue;
		if (lengths[e] > 1)
			at = put(text, size, at, "_");
		at = put(text, size, at, name_of(e));
	}
	if (size)
		text[at < size ? at : size - 1] = '\0';
	return at;
}

unsigned isa_names(const struct isa *isa, void (*each)(void *to, const char *name), void *to)
{
	unsigned n = 0;

	for (unsigned e = 0; e < ISA_N_EXTENSIONS; e++) {
		if (isa_has(isa, e)) {
			each(to, name_of(e));
			n++;
		}
	}
	return n;
}
