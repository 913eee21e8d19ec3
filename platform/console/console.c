/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's core: between everybody who writes, the one reader, and one driver. Writers put
 * whole messages into the output ring and then lend a hand: who gets the drain lock moves bytes to
 * the device, within a budget, and no one waits for it. An interrupt, idle harts and later writers
 * do the rest.
 *
 * Always true: the driver, the staging buffer and the taking end of the output ring belong to the
 * holder of drain_lock. A ring that is not empty has somebody who knows: a holder of the lock
 * looks once more after it has let go, and a device that could not take all has been asked for an
 * interrupt, where it has one. Nor is somebody who waits for room forgotten: the interrupt stays
 * asked for until the boot hart has told.
 */
#include "platform/console.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/ring.h"
#include "platform/console/driver.h"
#include "platform/hart.h"
#include "platform/lock.h"

enum {
	OUT_SIZE = 16 * 1024,
	OUT_RESERVE = OUT_SIZE / 2,             /* for those who cannot wait: log lines, panics */
	OUT_AGAIN = OUT_RESERVE + OUT_SIZE / 4, /* so much room is worth telling */
	IN_SIZE = 256,
	STAGE_SIZE = 128,
	DRAIN_BUDGET = 512, /* bytes that one call moves before it goes on with its own work */
	CRASH_PATIENCE_MS =
		100, /* for a device that takes nothing, and for a hart inside the driver */
	FIFO_EMPTIES_MS = 50, /* 16 bytes take 2 ms at 115200 baud; an emulator may be busy */
};

static _Atomic uint16_t out_cells[OUT_SIZE], in_cells[IN_SIZE];
static struct ring out = RING_INIT(out_cells);
static struct ring in =
	RING_INIT(in_cells); /* filled under drain_lock, emptied by the one reader */

static struct lock drain_lock = LOCK_INIT("console drain", RANK_DRAIN);

/* Between the output ring and the device. Under drain_lock. */
static struct {
	char bytes[2 * STAGE_SIZE]; /* twice: each newline may bring a carriage return */
	size_t at, end;
	char last; /* the byte staged before */
	bool wants_irq;
} stage;

/* Anyone. */
static _Atomic uint64_t n_dropped; /* ever */
static _Atomic uint64_t n_unsaid;  /* of these, not yet told to the reader of the output */
static _Atomic unsigned crashing;  /* hart_index + 1 of the hart that owns the device for good */
static _Atomic bool room_is_wanted;
static _Atomic unsigned offered_line;
enum { ENDED, OPEN, BROKEN }; /* what it is */

/* The boot hart. */
static bool input_is_held; /* the ring is full, the rest stays in the device */
static bool input_came;    /* since somebody asked */

/* Fixed at console_attach, on the boot hart, before others run. */
static const struct console_driver *driver;
static bool interrupts;
static void (*notify_input)(void), (*notify_room)(void);

static void count_dropped(size_t n)
{
	atomic_fetch_add_explicit(&n_dropped, n, memory_order_relaxed);
	atomic_fetch_add_explicit(&n_unsaid, n, memory_order_relaxed);
}

static __attribute__((noinline)) bool tell_them(void)
{
	char text[48];
	uint64_t n;
	int length;

	if (ring_room(&out) < OUT_SIZE / 4)
		return false;
	n = atomic_exchange_explicit(&n_unsaid, 0, memory_order_relaxed);
	length = snprintf(text, sizeof(text), "[console: %" PRIu64 " bytes lost]\n", n);
	if (!n || ring_put(&out, text, (size_t)length))
		return true;
	atomic_fetch_add_explicit(&n_unsaid, n, memory_order_relaxed);
	return false;
}

/*
 * Tell what was lost, at the place where it is missing. Not at the first free byte: a ring that
 * hovers around full would carry nothing but notices. Returns false while there is still something
 * to tell; until then nothing else may go in.
 */
static inline bool tell_losses(void)
{
	return LIKELY(!atomic_load_explicit(&n_unsaid, memory_order_relaxed)) || tell_them();
}

/* Bytes as a terminal wants them: a newline is two. `to` has room for 2 * n. */
static size_t translate(char *to, const char *bytes, size_t n, char *last)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' && *last != '\r' && !driver->is_text)
			to[length++] = '\r';
		to[length++] = *last = bytes[i];
	}
	return length;
}

/* The stage is empty; n <= STAGE_SIZE. */
static void stage_bytes(const char *bytes, size_t n)
{
	stage.at = 0;
	stage.end = translate(stage.bytes, bytes, n, &stage.last);
}

/* Not inline: its large frame would be every byte's. */
static __attribute__((noinline)) void stage_from_ring(void)
{
	char raw[STAGE_SIZE];

	stage_bytes(raw, ring_take(&out, raw, sizeof(raw)));
}

static inline bool fill_stage(void)
{
	(void)tell_losses();
	if (ring_is_empty(&out))
		return false;
	stage_from_ring();
	return true;
}

static void want_irq(bool on)
{
	if (!interrupts || stage.wants_irq == on)
		return;
	stage.wants_irq = on;
	driver->want_write_irq(on);
}

static bool is_room_wanted(void)
{
	return atomic_load_explicit(&room_is_wanted, memory_order_relaxed);
}

/* Under drain_lock: returns how many bytes the device took. */
static size_t write_stage(void)
{
	size_t n = driver->write(stage.bytes + stage.at, stage.end - stage.at);

	stage.at += n;
	return n;
}

/* Under drain_lock: move bytes until none is left, the device is busy, or the budget is spent.
 * Returns true if none was left. */
static bool push_some(size_t *budget)
{
	while (stage.at < stage.end || fill_stage()) {
		size_t n = *budget ? write_stage() : 0;

		if (!n)
			return false;
		*budget -= n < *budget ? n : *budget;
	}
	return true;
}

/* Release drain_lock, all being out or not. Returns true if there is more to do by now. */
static bool let_go(bool empty)
{
	bool asks = !empty || is_room_wanted();

	want_irq(asks);
	lock_release(&drain_lock);
	atomic_thread_fence(memory_order_seq_cst);
	return (empty && !ring_is_empty(&out)) || (!asks && is_room_wanted());
}

/* Returns true when all is out, false when some is left or somebody else is at it. */
static bool drain(void)
{
	size_t budget = DRAIN_BUDGET;
	bool empty;

	if (!driver)
		return false;
	do {
		/*
		 * Either we see the lock free, or its holder sees our bytes, or our wish for room,
		 * when it looks again as it lets go: each side writes, fences fully, then reads
		 * what the other wrote.
		 */
		atomic_thread_fence(memory_order_seq_cst);
		if (!lock_try(&drain_lock))
			return false;
		empty = push_some(&budget);
	} while (let_go(empty));
	return empty;
}

/* Under drain_lock: an interrupt for input as long as there is room for it. A device that keeps its
 * input and may not speak of it holds back whoever sends, if it can. */
static COLD void hold_input(bool on)
{
	if (interrupts && input_is_held != on)
		driver->want_read_irq(!on);
	input_is_held = on;
}

/* Under drain_lock: move what has arrived, and fits, into the input ring. */
static COLD void take_input(void)
{
	size_t n, room;
	char bytes[32];

	do {
		room = ring_room(&in);
		n = room < sizeof(bytes) ? room : sizeof(bytes);
		if (n)
			n = driver->read(bytes, n);
		(void)!ring_put(&in, bytes, n); /* it fits: we alone fill */
		input_came |= n != 0;
	} while (n);
	hold_input(!room);
}

/* Look for input where no interrupt tells of it. One hart does, since only it has a reader. */
static void poll_input(void)
{
	if (!driver || interrupts || hart_index != 0 || !lock_try(&drain_lock))
		return;
	take_input();
	lock_release(&drain_lock);
}

/* On the boot hart: call whoever waits for input or for room. */
static void tell(void)
{
	if (notify_input && !ring_is_empty(&in))
		notify_input();
	if (is_room_wanted() && ring_room(&out) >= OUT_AGAIN) {
		atomic_store_explicit(&room_is_wanted, false, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire); /* with break_line() */
		if (notify_room)
			notify_room();
		(void)drain(); /* the interrupt goes, if nothing was offered */
	}
}

void console_handle_irq(void *unused)
{
	(void)unused;
	lock_take(&drain_lock);
	take_input();
	lock_release(&drain_lock);
	(void)drain();
	tell();
}

/* The owner's bytes after a crash: they pass the ring, and wait for the device while there is hope.
 */
static COLD void write_straight(const char *bytes, size_t n)
{
	static bool hopeless;
	uint64_t deadline = console_now_ms() + CRASH_PATIENCE_MS;

	while (n && !hopeless) {
		size_t taken = driver->write(bytes, n);

		bytes += taken;
		n -= taken;
		if (taken)
			deadline = console_now_ms() + CRASH_PATIENCE_MS;
		else
			hopeless = console_now_ms() >= deadline;
	}
}

static COLD void write_crash(const char *bytes, size_t n)
{
	static char last;
	char text[2 * STAGE_SIZE];

	while (n) {
		size_t part = n < STAGE_SIZE ? n : STAGE_SIZE;

		write_straight(text, translate(text, bytes, part, &last));
		bytes += part;
		n -= part;
	}
}

/* Who offered the line may want it drawn again: the boot hart is to look. */
static __attribute__((noinline)) COLD void break_line(void)
{
	unsigned open = OPEN;

	if (!atomic_compare_exchange_strong_explicit(&offered_line, &open, BROKEN,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	(void)!ring_put(&out, "\n", 1);
	atomic_store_explicit(&room_is_wanted, true, memory_order_release);
}

bool console_is_broken(void)
{
	return atomic_load_explicit(&offered_line, memory_order_relaxed) == BROKEN;
}

void console_write(const char *bytes, size_t n)
{
	unsigned owner = atomic_load_explicit(&crashing, memory_order_relaxed);

	if (UNLIKELY(owner)) {
		if (owner == hart_index + 1)
			write_crash(bytes, n);
		else
			count_dropped(n);
		return;
	}
	if (UNLIKELY(atomic_load_explicit(&offered_line, memory_order_relaxed) == OPEN) && n)
		break_line();
	if (!tell_losses() || !ring_put(&out, bytes, n))
		count_dropped(n);
	(void)drain();
}

/*
 * Past the ring, if nothing is in front of these bytes: not even a cell that is reserved and still
 * empty, since behind it there may be bytes of this same writer. False: they are still to be
 * queued, and drained, as the lock may have been ours for a moment.
 */
static inline bool offer_straight(const char *bytes, size_t n)
{
	if (!driver || !lock_try(&drain_lock))
		return false;
	if (n > STAGE_SIZE || stage.at < stage.end || !ring_is_unused(&out) ||
	    atomic_load_explicit(&n_unsaid, memory_order_relaxed)) {
		lock_release(&drain_lock);
		return false;
	}
	stage_bytes(bytes, n);
	while (write_stage() && stage.at < stage.end)
		;
	if (UNLIKELY(let_go(stage.at == stage.end)))
		(void)drain();
	return true;
}

/* As far as there is room that console_write can spare. */
static __attribute__((noinline)) size_t offer_by_ring(const char *bytes, size_t n)
{
	size_t room = tell_losses() ? ring_room(&out) : 0, taken = n;

	room = room > OUT_RESERVE ? room - OUT_RESERVE : 0;
	if (taken > room)
		taken = room;
	if (taken && !ring_put(&out, bytes, taken))
		taken = 0;
	if (taken < n)
		atomic_store_explicit(&room_is_wanted, true, memory_order_relaxed);
	(void)drain();
	return taken;
}

size_t console_offer(const char *bytes, size_t n)
{
	size_t taken;

	if (!n || UNLIKELY(atomic_load_explicit(&crashing, memory_order_relaxed)))
		return n; /* nobody is to wait for a machine that ends */
	taken = LIKELY(offer_straight(bytes, n)) ? n : offer_by_ring(bytes, n);
	if (taken)
		atomic_store_explicit(&offered_line, bytes[taken - 1] == '\n' ? ENDED : OPEN,
				      memory_order_relaxed);
	return taken;
}

COLD size_t console_read(char *bytes, size_t n)
{
	poll_input();
	n = ring_take(&in, bytes, n);
	/* There is room: let the device speak again; the next interrupt brings what it kept. Not
	 * taken from it here, so that a reader who reads on has an end. */
	if (n && UNLIKELY(input_is_held)) {
		lock_take(&drain_lock);
		hold_input(false);
		lock_release(&drain_lock);
	}
	return n;
}

COLD void console_on_input(void (*notify)(void))
{
	notify_input = notify;
}

COLD void console_on_room(void (*notify)(void))
{
	notify_room = notify;
}

bool console_drain(void)
{
	bool empty = drain();

	if (hart_index == 0) {
		poll_input();
		tell();
	}
	return empty;
}

COLD void console_flush(unsigned ms)
{
	uint64_t now = console_now_ms();
	uint64_t deadline = now + ms;

	if (!driver) /* the end came before the console did */
		console_attach(console_firmware_driver(), false);
	/* After a crash its owner has written all there is, and keeps the drain lock. */
	while (!atomic_load_explicit(&crashing, memory_order_relaxed) && !drain()) {
		if (console_now_ms() >= deadline)
			return;
		cpu_relax();
	}
	/* The ring is empty, the device's FIFO need not be; power may go at once. */
	for (now = console_now_ms(); console_now_ms() < now + FIFO_EMPTIES_MS;)
		cpu_relax();
}

/* Get the drain lock, for good, from a hart that may be inside the driver, or may be this one. */
static COLD bool seize_device(void)
{
	uint64_t deadline = console_now_ms() + CRASH_PATIENCE_MS;

	while (!lock_try(&drain_lock)) {
		if (console_now_ms() >= deadline)
			return false;
		cpu_relax();
	}
	return true;
}

COLD void console_enter_crash(void)
{
	unsigned nobody = 0;

	if (!atomic_compare_exchange_strong_explicit(&crashing, &nobody, hart_index + 1,
						     memory_order_relaxed, memory_order_relaxed))
		return;
	if (!driver)
		driver = console_firmware_driver();
	/* What led to the crash comes first, unless the ring's end is in use and cannot be had. */
	if (!seize_device())
		return;
	do
		write_straight(stage.bytes + stage.at, stage.end - stage.at);
	while (fill_stage());
	if (atomic_load_explicit(&offered_line, memory_order_relaxed) == OPEN)
		write_straight("\r\n", 2);
}

uint64_t console_n_dropped(void)
{
	return atomic_load_explicit(&n_dropped, memory_order_relaxed);
}

bool console_has_interrupts(void)
{
	return interrupts;
}

bool console_had_input(void)
{
	bool came = input_came;

	input_came = false;
	return came;
}

const char *console_driver_name(void)
{
	return driver ? driver->name : "none";
}

COLD void console_attach(const struct console_driver *with, bool with_interrupts)
{
	driver = with;
	interrupts = with_interrupts;
	input_is_held = false;
	if (interrupts) {
		driver->want_write_irq(false);
		driver->want_read_irq(true);
	}
	(void)drain();
}
