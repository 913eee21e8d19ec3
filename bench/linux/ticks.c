/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program that says how long something took, by the machine's own time, which under QEMU's
 * -icount shift=0 counts instructions by the hundred. It needs no library.
 *
 *	as the first process (rdinit=/bin/ticks)
 *		the time now, as "row boot"; then goes on as /init
 *	ticks [-b] NAME COMMAND [ARGUMENT]...
 *		what the command takes, until all that it printed is out
 *	-b	by SCHED_BATCH: who is woken does not take the hart from who woke him. Under the
 *		default policy the kernel decides that by what ticks have charged to each so far.
 */
#include <stddef.h>
#include <stdint.h>

enum { STDOUT = 1, SCHED_BATCH = 3, SIGCHLD = 17, TCSBRK = 0x5409 };
enum {
	SYS_ioctl = 29,
	SYS_write = 64,
	SYS_exit = 93,
	SYS_sched_setscheduler = 119,
	SYS_getpid = 172,
	SYS_clone = 220,
	SYS_execve = 221,
	SYS_wait4 = 260
};

static long call(long number, long a, long b, long c)
{
	register long r0 __asm__("a0") = a, r1 __asm__("a1") = b, r2 __asm__("a2") = c;
	register long r3 __asm__("a3") = 0, r4 __asm__("a4") = 0, r7 __asm__("a7") = number;

	__asm__ volatile("ecall"
			 : "+r"(r0)
			 : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r7)
			 : "memory");
	return r0;
}

static uint64_t now(void)
{
	uint64_t time;

	__asm__ volatile("rdtime %0" : "=r"(time)::"memory");
	return time;
}

static void wait_for_output(void)
{
	call(SYS_ioctl, STDOUT, TCSBRK, 1);
}

/* "row NAME N" in instructions. */
static void say(const char *name, uint64_t n_ticks)
{
	static char text[80] = "row ", digits[20];
	size_t n = 4, n_digits = 0;

	while (*name && n < 50)
		text[n++] = *name++;
	text[n++] = ' ';
	for (uint64_t left = n_ticks * 100; left || !n_digits; left /= 10)
		digits[n_digits++] = (char)('0' + left % 10);
	while (n_digits)
		text[n++] = digits[--n_digits];
	text[n++] = '\n';
	call(SYS_write, STDOUT, (long)text, (long)n);
	wait_for_output();
}

static void become(char *path, char **argv, char **environment)
{
	call(SYS_execve, (long)path, (long)argv, (long)environment);
	call(SYS_exit, 127, 0, 0);
}

static void be_batch(void)
{
	int priority = 0;

	if (call(SYS_sched_setscheduler, 0, SCHED_BATCH, (long)&priority))
		call(SYS_exit, 126, 0, 0); /* no row, and bench/run says so */
}

/* stack: argc, the arguments, NULL, the environment, NULL */
__attribute__((used)) static int run(long *stack)
{
	uint64_t begin = now();
	char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1;

	if (call(SYS_getpid, 0, 0, 0) == 1) {
		char init[] = "/init", *arguments[] = { init, NULL };

		say("boot", begin);
		become(init, arguments, environment);
	}
	if (argv[1][0] == '-' && argv[1][1] == 'b') {
		be_batch();
		argv++;
	}
	long child = call(SYS_clone, SIGCHLD, 0, 0);

	if (!child)
		become(argv[2], argv + 2, environment);
	call(SYS_wait4, child, 0, 0);
	wait_for_output();
	say(argv[1], now() - begin);
	return 0;
}

void _start(void);
__attribute__((naked)) void _start(void)
{
	__asm__("mv	a0, sp\n"
		"call	%0\n"
		"li	a7, 93\n" /* exit */
		"ecall" ::"i"(run));
}
