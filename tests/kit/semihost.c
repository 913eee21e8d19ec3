/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The semihosting calls, as "RISC-V Semihosting" and Arm's "Semihosting for AArch32 and AArch64"
 * give them: the operation in a0, the address of its block of words in a1, the result in a0.
 */
#include <errno.h>
#include <string.h>

#include "tests/kit/semihost.h"

enum {
	SYS_OPEN = 0x01,
	SYS_CLOSE = 0x02,
	SYS_WRITE = 0x05,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT_EXTENDED = 0x20,

	OPEN_FOR_WRITING = 4, /* fopen's "w" */
	APPLICATION_EXIT = 0x20026,
};

/* The registers are those of a C call. The three marking instructions must be uncompressed and lie
 * in one page: 12 bytes aligned to 16. */
long semihost_call(long operation, const void *block);
__asm__(".pushsection .text.semihost_call, \"ax\", @progbits\n"
	".option push\n"
	".option norvc\n"
	".balign 16\n"
	".globl semihost_call\n"
	".type semihost_call, @function\n"
	"semihost_call:\n"
	"	slli	x0, x0, 0x1f\n"
	"	ebreak\n"
	"	srai	x0, x0, 7\n"
	"	ret\n"
	".size semihost_call, . - semihost_call\n"
	".option pop\n"
	".popsection\n");

int semihost_command_line(char *text, size_t size)
{
	struct {
		char *text;
		size_t size;
	} block = { text, size };

	return semihost_call(SYS_GET_CMDLINE, &block) ? -ENOSPC : 0;
}

int semihost_create(const char *path)
{
	const struct {
		const char *path;
		long mode;
		size_t length;
	} block = { path, OPEN_FOR_WRITING, strlen(path) };
	long handle = semihost_call(SYS_OPEN, &block);

	return handle < 0 ? -EIO : (int)handle;
}

int semihost_write(int handle, const char *bytes, size_t n)
{
	const struct {
		long handle;
		const char *bytes;
		size_t n;
	} block = { handle, bytes, n };

	/* The result is how many bytes are left over. */
	return semihost_call(SYS_WRITE, &block) ? -EIO : 0;
}

int semihost_close(int handle)
{
	const struct {
		long handle;
	} block = { handle };

	return semihost_call(SYS_CLOSE, &block) ? -EIO : 0;
}

_Noreturn void semihost_exit(int status)
{
	const struct {
		long reason, status;
	} block = { APPLICATION_EXIT, status };

	for (;;)
		(void)semihost_call(SYS_EXIT_EXTENDED, &block);
}
