/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/symbols.h"

struct symbol symbol_find(const struct symbol_table *table, uint64_t offset)
{
	const char *names = (const char *)&table->entries[table->n_entries];
	uint32_t low = 0, high = table->n_entries;

	if (!high || offset >= table->text_size || offset < table->entries[0].start)
		return (struct symbol){ 0 };
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->entries[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return (struct symbol){ names + table->entries[low].name, table->entries[low].start };
}
