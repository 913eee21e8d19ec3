/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices that Hartwood itself drives: the UART of its console, and the test device that ends a
 * run. One that cannot be understood is passed over: the machine is no worse off without it.
 */
#include "lib/machine_internal.h"

#include <string.h>

static enum uart_kind uart_kind_of(struct prop compatible)
{
	static const struct {
		const char *name;
		enum uart_kind kind;
	} known[] = {
		{ "ns16550a", UART_NS16550 },
		{ "ns16550", UART_NS16550 },
		{ "snps,dw-apb-uart", UART_NS16550 },
		{ "sifive,uart0", UART_SIFIVE },
	};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		if (prop_has_text(compatible, known[i].name))
			return known[i].kind;
	}
	return UART_NONE;
}

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
	enum uart_kind kind;
	struct hpa_range regs;

	if (!node->is_enabled || !node->compatible.at)
		return;
	kind = uart_kind_of(node->compatible);
	if (kind != UART_NONE)
		visit_uart(r, kind);
	if (!r->m->test_device.size &&
	    (prop_has_text(node->compatible, "sifive,test0") ||
	     prop_has_text(node->compatible, "sifive,test1")) &&
	    !tree_reg(&r->tree, 0, &regs) && regs.size >= 4)
		r->m->test_device = regs;
}
