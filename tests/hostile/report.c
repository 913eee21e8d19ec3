/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550 behind an I/O BAR, as QEMU's pci-serial is one. The firmware leaves the bus as it comes
 * out of reset, so the address is chosen here; configuration space is an ECAM, in which a function
 * has 4 KiB (PCI Express Base Specification, 7.2.2). Only bus 0 is looked at.
 */
#include "tests/hostile/report.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>

#include "arch/mmio.h"
#include "platform/boot.h"
#include "platform/console/driver.h"
#include "platform/mmu.h"
#include "platform/timer.h"

const struct console_driver *ns16550_attach_second(const struct machine_uart *uart,
						   volatile void *regs);

enum {
	FUNCTION_SIZE = 4096,
	N_FUNCTIONS = 256, /* of one bus: 32 devices, 8 each */
	/* Configuration space. */
	CONFIG_ID = 0x00,
	CONFIG_COMMAND = 0x04,
	CONFIG_CLASS = 0x08,
	CONFIG_BAR0 = 0x10,
	COMMAND_IO = 1,
	BAR_IS_IO = 1,
	BAR_FLAGS = 3,
	CLASS_16550 = 0x070002, /* serial controller, its programming interface a 16550 */
	/* Not 0, which means none, and a multiple of what any BAR of 16-bit I/O space asks for. */
	PORT_AT = 0x1000,
	PORT_SIZE = 8,
	/* `ranges`: three cells of the bus, two of the host, two of size. */
	RANGE_CELLS = 7,
	RANGE_SPACE_SHIFT = 24,
	SPACE_IO = 1,
	WAIT_MS = 2000,
};

static struct hpa_range ranges[REPORT_RANGES]; /* ECAM, then the windows */
static unsigned n_ranges;
static struct hpa_range io; /* the window on I/O space, from bus address 0 on */
static const struct console_driver *port;
static unsigned n_lines;
static bool is_cut;

static uint64_t cells(const fdt32_t *at, unsigned n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 32 | fdt32_ld(at++);
	return value;
}

static void read_windows(const fdt32_t *at, unsigned n)
{
	for (; n && n_ranges < REPORT_RANGES; n--, at += RANGE_CELLS) {
		struct hpa_range range = { HPA(cells(at + 3, 2)), cells(at + 5, 2) };

		ranges[n_ranges++] = range;
		if ((cells(at, 1) >> RANGE_SPACE_SHIFT & 3) == SPACE_IO && cells(at + 1, 2) == 0)
			io = range;
	}
}

static const char *read_tree(void)
{
	size_t size;
	const void *fdt = boot_tree(&size);
	int node = fdt_node_offset_by_compatible(fdt, -1, "pci-host-ecam-generic"), length;
	const fdt32_t *reg = node < 0 ? NULL : fdt_getprop(fdt, node, "reg", &length);

	if (!reg || length < 16)
		return "the tree has no pci-host-ecam-generic";
	ranges[n_ranges++] = (struct hpa_range){ HPA(cells(reg, 2)), cells(reg + 2, 2) };

	const fdt32_t *windows = fdt_getprop(fdt, node, "ranges", &length);

	if (windows)
		read_windows(windows, (unsigned)length / (RANGE_CELLS * sizeof(fdt32_t)));
	if (ranges[0].size < N_FUNCTIONS * FUNCTION_SIZE || io.size < PORT_AT + PORT_SIZE)
		return "the tree's PCI has no configuration space, or no window on I/O space";
	return NULL;
}

/* Its registers in configuration space, NULL if no function of the bus is one. */
static volatile uint8_t *find_port(void)
{
	volatile uint8_t *at = mmu_map_device(ranges[0].at, N_FUNCTIONS * FUNCTION_SIZE);

	for (unsigned i = 0; at && i < N_FUNCTIONS; i++, at += FUNCTION_SIZE)
		if (mmio_read32(at + CONFIG_ID) != ~0u &&
		    mmio_read32(at + CONFIG_CLASS) >> 8 == CLASS_16550)
			return at;
	return NULL;
}

/* The BAR must be one of I/O, and keep the address: what it is asked for it says by 1s. */
static bool assign(volatile uint8_t *config)
{
	mmio_write32(config + CONFIG_BAR0, ~0u);

	uint32_t bar = mmio_read32(config + CONFIG_BAR0);

	if (!(bar & BAR_IS_IO) || -(bar & ~(uint32_t)BAR_FLAGS) != PORT_SIZE)
		return false;
	mmio_write32(config + CONFIG_BAR0, PORT_AT);
	mmio_write32(config + CONFIG_COMMAND, COMMAND_IO);
	return mmio_read32(config + CONFIG_BAR0) == (PORT_AT | BAR_IS_IO);
}

const char *report_open(void)
{
	struct machine_uart uart = { .kind = UART_NS16550, .reg_io_width = 1 };
	const char *why = read_tree();

	if (why)
		return why;
	volatile uint8_t *config = find_port();

	if (!config)
		return "there is no serial port on the PCI bus";
	if (!assign(config))
		return "the serial port on the PCI bus takes no address";
	uart.regs = (struct hpa_range){ HPA(io.at.v + PORT_AT), PORT_SIZE };

	volatile void *regs = mmu_map_device(uart.regs.at, uart.regs.size);

	if (!regs)
		return "the serial port cannot be mapped";
	port = ns16550_attach_second(&uart, regs);
	return NULL;
}

static void put(const char *bytes, size_t n)
{
	uint64_t limit = time_now() + time_from_us(WAIT_MS * 1000ull);

	while (n && !is_cut) {
		size_t taken = port->write(bytes, n);

		bytes += taken;
		n -= taken;
		is_cut = !taken && time_is_past(limit);
	}
}

void report(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(line) - 1) {
		is_cut = true;
		return;
	}
	line[n++] = '\n';
	put(line, (size_t)n);
	n_lines++;
}

bool report_close(void)
{
	report("end of %u lines", n_lines);
	return !is_cut;
}

unsigned report_ranges(struct hpa_range to[REPORT_RANGES])
{
	for (unsigned i = 0; i < n_ranges; i++)
		to[i] = ranges[i];
	return n_ranges;
}
