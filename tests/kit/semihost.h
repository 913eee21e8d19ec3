/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few semihosting calls that a test image needs to hand its results to the machine that runs
 * QEMU. Only test images link this: without `-semihosting-config enable=on` each call is a
 * breakpoint trap. Any mode but U may call, from any hart; what the pointers reach must be mapped
 * and resident, since QEMU reads it through the caller's translation and cannot fault a page in.
 */
#ifndef TESTS_KIT_SEMIHOST_H
#define TESTS_KIT_SEMIHOST_H

#include "arch/bits.h"

/* The words given by `arg=`, with one space between; returns 0, or -ENOSPC if `size` is too small.
 */
MUST_CHECK int semihost_command_line(char *text, size_t size);

/* Create or empty the host's file `path`; returns its handle, or -EIO. */
MUST_CHECK int semihost_create(const char *path);

/* Write all of it; returns 0, or -EIO. */
MUST_CHECK int semihost_write(int handle, const char *bytes, size_t n);
MUST_CHECK int semihost_close(int handle);

/* QEMU ends with this status. */
_Noreturn void semihost_exit(int status);

#endif
