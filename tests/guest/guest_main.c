/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The `main` of the guest of tests. It has no way to the machine that runs QEMU: lines of results
 * go to the hypervisor, by calls that only the tests' image answers.
 */
#include <string.h>

#include "platform/boot.h"
#include "tests/guest/world.h"
#include "tests/kit/kit.h"

static char text[1024];

void kit_sink(const char *line)
{
	size_t n = strlen(line);

	memcpy(text, line, n);
	(void)test_call(TEST_SAY, image_hpa(text).v, n);
}

int main(void)
{
	world_init();
	if (test_fact(FACT_IS_PARTNER))
		partner_run();
	(void)test_call(TEST_PATTERN, image_hpa(text).v, sizeof(text));
	static char pattern[128];

	strncpy(pattern, text, sizeof(pattern) - 1);
	/* The start of another hart may leave one, which in U-mode nothing else keeps out. */
	csr_write(CSR_SIE, 0);
	csr_clear(CSR_SIP, SIE_SSIE);
	int n_failed = kit_run(pattern[0] ? pattern : NULL);

	(void)test_call(TEST_END, (uint64_t)n_failed, 0);
	return 0;
}
