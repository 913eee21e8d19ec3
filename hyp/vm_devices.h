/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VM has of devices, for those who tie them together and who describe them. */
#ifndef HYP_VM_DEVICES_H
#define HYP_VM_DEVICES_H

#include "devices/plic.h"
#include "devices/syscon.h"
#include "devices/uart.h"
#include "hyp/config.h"

/* Phandles in the guest's tree. */
enum { PHANDLE_PLIC = 1, PHANDLE_TEST, PHANDLE_FIRST_INTC };

struct vm_serial {
	struct uart uart; /* first: the list of devices knows it by this */
	struct vm *vm;
	struct lock lock;     /* held over a move from the console to the UART */
	char held[UART_FIFO]; /* taken from the console, and the UART had no room */
	size_t n_held;
};

struct vm_devices {
	unsigned n;
	struct device *list[CONFIG_DEVICES];
	struct plic *plic;
	struct plic_context *contexts;
	struct vm_serial *serial; /* the one that has the console */
};

#endif
