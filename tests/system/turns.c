/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that looks at the time as fast as it can until somebody types, and then tells for how
 * long it could not. */
#include <inttypes.h>
#include <stdio.h>

#include "platform/console.h"
#include "platform/timer.h"

enum { LOOKS = 1000 };

int main(void)
{
	uint64_t last = time_now(), longest = 0;
	char key;

	printf("it looks\n");
	while (!console_read(&key, 1))
		for (unsigned i = 0; i < LOOKS; i++) {
			uint64_t now = time_now();

			if (now - last > longest)
				longest = now - last;
			last = now;
		}
	printf("the longest time between two looks: %" PRIu64 " us\n", time_to_us(longest));
	return 0;
}
