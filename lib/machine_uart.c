/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices that Hartwood itself drives: the UART of its console, and the test device that ends a
 * run. One that cannot be understood is passed over: the machine is no worse off without it.
 */
#include "lib/machine_internal.h"

#include <string.h>

static const char *const names[] = { "sifive,uart0", "sifive,test0", "sifive,test1",
				     "ns16550a",     "ns16550",      "snps,dw-apb-uart" };
enum { NAME_SIFIVE_UART, NAME_TEST, NAME_NS16550 = 3 };

/* The registers must lie inside `regs`: a driver goes by shift and width alone. */
static bool uart_fits(const struct machine_uart *uart)
{
	if (uart->kind == UART_SIFIVE)
		return uart->regs.size >= 7 * 4;
	return (uart->reg_io_width == 1 || uart->reg_io_width == 4) && uart->reg_shift <= 4 &&
	       1u << uart->reg_shift >= uart->reg_io_width &&
	       uart->regs.size >= 8ull << uart->reg_shift;
}

/* Source number in the first cell, whether its controller takes one cell (PLIC) or two (APLIC). */
static uint32_t read_irq(const struct tree *t, uint32_t *wired_to)
{
	struct prop extended = tree_prop(t, "interrupts-extended");
	struct prop plain = tree_prop(t, "interrupts");

	if (extended.size >= 8) {
		*wired_to = prop_cells(extended, 0, 1);
		return prop_cells(extended, 1, 1);
	}
	*wired_to = t->path[t->depth].wired_to;
	return plain.size >= 4 ? prop_cells(plain, 0, 1) : 0;
}

static void visit_uart(struct reader *r, enum uart_kind kind)
{
	struct tree *t = &r->tree;
	struct machine_uart uart = { .kind = kind };
	bool is_stdout = tree_here(t)->offset == r->stdout_offset;

	if (r->m->uart.kind != UART_NONE && !is_stdout)
		return;
	if (tree_reg(t, 0, &uart.regs) || tree_u32(t, "reg-shift", 0, &uart.reg_shift) ||
	    tree_u32(t, "reg-io-width", 1, &uart.reg_io_width) ||
	    tree_u32(t, "clock-frequency", 0, &uart.clock_hz) || !uart_fits(&uart))
		return;
	uart.irq = read_irq(t, &r->uart_wired_to);
	tree_path(t, uart.path, sizeof(uart.path));
	r->m->uart = uart;
}

void device_visit(struct reader *r)
{
	const struct tree_node *node = tree_here(&r->tree);
	struct hpa_range regs;
	int name;

	if (!node->is_enabled)
		return;
	name = prop_find_text(node->compatible, names, ARRAY_LEN(names));
	if (name == NAME_SIFIVE_UART || name >= NAME_NS16550)
		visit_uart(r, name == NAME_SIFIVE_UART ? UART_SIFIVE : UART_NS16550);
	else if (name >= NAME_TEST && !r->m->test_device.size && !tree_reg(&r->tree, 0, &regs) &&
		 regs.size >= 4)
		r->m->test_device = regs;
}
