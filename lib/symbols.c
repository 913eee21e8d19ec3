/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

#include <stddef.h>

enum { MAX_PENDING = 16 }; /* tools/symbols.py nests pairs no deeper */

static uint32_t number_read(const uint8_t **at)
{
	uint32_t n = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		n |= (uint32_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 32);
	return n;
}

/* One code's letters, from `length` on, of which those that do not fit are dropped. Is it the
 * name's end? */
static bool code_read(const struct symbol_table *table, uint8_t code, struct symbol *s,
		      size_t *length)
{
	uint8_t pending[MAX_PENDING] = { code };
	unsigned n = 1;

	while (n) {
		const uint8_t *pair = table->pairs[pending[--n]];

		if (pair[0] && n + 2 <= MAX_PENDING) {
			pending[n++] = pair[1];
			pending[n++] = pair[0];
			continue;
		}
		if (!pair[1])
			return true;
		if (*length < sizeof(s->name) - 1)
			s->name[(*length)++] = (char)pair[1];
	}
	return false;
}

struct symbol symbol_find(const struct symbol_table *table, uint64_t offset)
{
	const uint8_t *at = table->functions;
	struct symbol s = { 0 };
	uint32_t start = 0;

	if (offset >= table->text_size)
		return s;
	for (uint32_t n = table->n_functions; n; n--) {
		size_t length = 0;

		start += 2 * number_read(&at);
		if (start > offset)
			break;
		s.start = start;
		while (!code_read(table, *at++, &s, &length))
			;
		s.name[length] = '\0';
	}
	return s;
}
