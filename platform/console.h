/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: one ring of output that every hart writes without waiting, one ring of input that an
 * interrupt fills, and a driver below: ns16550, SiFive UART, SBI DBCN, or the legacy SBI calls.
 * A full output ring drops what does not fit, counts it, and says how much was lost when there is
 * room again; who can wait offers bytes instead, and leaves room for those who cannot. A full input
 * ring leaves input in the device, so none of it is lost that the device can keep back. The crash
 * dump goes round the ring, straight to the driver.
 */
#ifndef PLATFORM_CONSOLE_H
#define PLATFORM_CONSOLE_H

#include "arch/bits.h"

/* What a driver must do. None of these waits. */
struct console_driver {
	const char *name;
	/* Hand over up to n bytes; returns how many the device took now, 0 if it is busy. */
	size_t (*write)(const char *bytes, size_t n);
	/* Take up to n bytes of input that is there; returns how many. */
	size_t (*read)(char *bytes, size_t n);
	/* Ask for, or stop, an interrupt when the device can take more; NULL where it has none: the
	 * ring is then emptied by writers, by idle harts and by a timer. */
	void (*want_write_irq)(bool on);
	/* The same for input. Off, bytes stay in the device until it is on again. */
	void (*want_read_irq)(bool on);
	/* It makes two bytes of a newline by itself; otherwise the console returns the carriage. */
	bool is_text;
};

/* Queue all of these bytes, or none where they do not fit (they are then counted as dropped).
 * Any hart, any moment, never waits. */
void console_write(const char *bytes, size_t n);

/* Queue as many of these bytes as leave half of the ring to console_write; returns how many. If not
 * all, who asked for it with console_on_room is told when there is room again. What is offered may
 * end within a line: what is written next begins on a fresh one. */
size_t console_offer(const char *bytes, size_t n);

/* Something was written in the midst of a line that had been offered, and nothing was offered
 * since. When that happens the boot hart is woken. */
bool console_is_broken(void);

/* On the boot hart: take input that has arrived; returns how many bytes, 0 at once if there is
 * none. */
size_t console_read(char *bytes, size_t n);

/* Called on the boot hart, from poll points, not asynchronously; NULL: nobody. For input: while
 * there is any. For room: once, after less was queued than offered. */
void console_on_input(void (*notify)(void));
void console_on_room(void (*notify)(void));

/* Push out what the device takes now. Returns true when the ring is empty. */
bool console_drain(void);

/* Wait until the ring is empty, for at most `ms` milliseconds: before the machine is switched off.
 */
void console_flush(unsigned ms);

/* From now on every byte goes straight to the device, waiting for it with a bound; other harts'
 * output is dropped. Before the console is up, bytes go to SBI (DBCN, else legacy). */
void console_enter_crash(void);

uint64_t console_n_dropped(void);
const char *console_driver_name(void);

#endif
