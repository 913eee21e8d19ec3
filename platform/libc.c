/* SPDX-License-Identifier: BSD-2-Clause */
/* What picolibc asks of us: stdout, the heap, locks, and the ways a program ends. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/lock.h>
#include <unistd.h>

#include "lib/component.h"
#include "platform/boot_internal.h"
#include "platform/console.h"
#include "platform/frames.h"
#include "platform/hart.h"
#include "platform/layout.h"
#include "platform/lock.h"
#include "platform/mmu_internal.h"
#include "platform/panic.h"
#include "platform/power.h"

/* stdout goes out by lines, each hart with its own buffer, so that lines of two harts do not mix.
 */
enum { LINE = 120 };
static PER_HART struct {
	char text[LINE];
	unsigned n;
} out;

static int stdout_flush(FILE *file)
{
	(void)file;
	console_write(out.text, out.n);
	out.n = 0;
	return 0;
}

static int stdout_put(char c, FILE *file)
{
	out.text[out.n++] = c;
	if (c == '\n' || out.n == LINE)
		stdout_flush(file);
	return (unsigned char)c;
}

static int stdin_get(FILE *file)
{
	char c;

	(void)file;
	return console_read(&c, 1) ? (unsigned char)c : _FDEV_EOF;
}

static FILE console_file = FDEV_SETUP_STREAM(stdout_put, stdin_get, stdout_flush, _FDEV_SETUP_RW);
FILE *const stdin = &console_file;
FILE *const stdout = &console_file;
FILE *const stderr = &console_file;

/* picolibc's own knows 80 more, in 3 KiB. */
char *strerror(int error)
{
	static const struct {
		uint8_t error;
		char text[17];
	} known[] = {
		{ EPERM, "not permitted" },
		{ ENOENT, "not there" },
		{ EIO, "input or output" },
		{ ENOMEM, "out of memory" },
		{ EACCES, "not allowed" },
		{ EFAULT, "bad address" },
		{ EBUSY, "busy" },
		{ EEXIST, "there already" },
		{ ENODEV, "no such device" },
		{ EINVAL, "invalid" },
		{ ENOSPC, "no room" },
		{ ERANGE, "out of range" },
		{ ENOSYS, "not implemented" },
		{ ENOTSUP, "not supported" },
		{ EDQUOT, "beyond its quota" },
	};

	const char *text = "unknown error";

	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].error == error)
			text = known[i].text;
	}
	return (char *)(uintptr_t)text;
}

_Noreturn void _exit(int status)
{
	stdout_flush(stdout);
	power_off(status ? POWER_FAILURE : POWER_SUCCESS);
}

_Noreturn void abort(void)
{
	panic("abort was called");
}

_Noreturn void __assert_func(const char *file, int line, const char *function, const char *what)
{
	(void)function;
	panic("assert(%s) does not hold, %s:%d", what, file, line);
}

uint64_t __stack_chk_guard = 0x0a0d00ff2a3b4c5d; /* until the seed is read */

_Noreturn void __stack_chk_fail(void)
{
	panic("a stack buffer overflowed into its guard");
}

/* The heap grows by whole steps, from frames that belong to malloc. */
enum { HEAP_STEP = 16 * PAGE_SIZE };
static struct frame_owner heap_owner = { .name = "malloc", .quota = ~0ull };
static uint64_t heap_used, heap_mapped; /* bytes from LAYOUT_HEAP on */

static int heap_grow(void)
{
	struct hpa at;

	for (unsigned i = 0; i < HEAP_STEP / PAGE_SIZE; i++) {
		if (frames_alloc(&heap_owner, ORDER_PAGE, FRAMES_DIRTY, &at))
			return -ENOMEM;
		if (mmu_map(LAYOUT_HEAP + heap_mapped, at, PAGE_SIZE, MMU_READ_WRITE)) {
			frame_put(at);
			return -ENOMEM;
		}
		heap_mapped += PAGE_SIZE;
	}
	return 0;
}

/* Called with malloc's lock held. */
void *sbrk(ptrdiff_t more)
{
	uint64_t old = heap_used;
	bool fits = more <= (ptrdiff_t)(LAYOUT_TABLES - LAYOUT_HEAP - old);

	while (fits && heap_mapped < old + (uint64_t)more)
		fits = heap_grow() == 0;
	if (!fits) {
		errno = ENOMEM;
		return (void *)-1;
	}
	heap_used = old + (uint64_t)more;
	return (void *)(LAYOUT_HEAP + old);
}

/* picolibc has one recursive lock for all that it shares; it calls us with it, or with none. */
struct __lock {
	struct lock lock;
	unsigned holder; /* hart + 1 */
	unsigned depth;
};
struct __lock __lock___libc_recursive_mutex = { .lock = LOCK_INIT("libc", RANK_LIBC) };

void __retarget_lock_acquire_recursive(_LOCK_T l)
{
	if (__atomic_load_n(&l->holder, __ATOMIC_RELAXED) != hart_index + 1) {
		lock_take(&l->lock);
		__atomic_store_n(&l->holder, hart_index + 1, __ATOMIC_RELAXED);
	}
	l->depth++;
}

void __retarget_lock_release_recursive(_LOCK_T l)
{
	if (--l->depth)
		return;
	__atomic_store_n(&l->holder, 0, __ATOMIC_RELAXED);
	lock_release(&l->lock);
}

/* Locks that the library would make for files of its own: it has none here. */
void __retarget_lock_init_recursive(_LOCK_T *l)
{
	*l = &__lock___libc_recursive_mutex;
}
void __retarget_lock_close_recursive(_LOCK_T l)
{
	(void)l;
}
void __retarget_lock_init(_LOCK_T *l)
{
	__retarget_lock_init_recursive(l);
}
void __retarget_lock_close(_LOCK_T l)
{
	(void)l;
}
void __retarget_lock_acquire(_LOCK_T l)
{
	__retarget_lock_acquire_recursive(l);
}
void __retarget_lock_release(_LOCK_T l)
{
	__retarget_lock_release_recursive(l);
}

COMPONENT(libc, PHASE_MEMORY, NULL, NULL, "picolibc: stdio, malloc, assert");
