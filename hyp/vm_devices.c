/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices of a VM, and what ties them together: a UART's line to the PLIC, the PLIC's outputs
 * to the vCPUs, a UART to the VM's console, the syscon to the VM's end.
 */
#include "hyp/vm_devices.h"

#include <errno.h>
#include <stdlib.h>

#include "hyp/vconsole.h"
#include "hyp/vm.h"
#include "lib/component.h"

static void plic_set_vcpu(void *context, unsigned vcpu, bool on)
{
	struct vm *vm = context;

	vcpu_set_line(vm->vcpus[vcpu], LINE_EXT, on);
}

static size_t serial_put(void *context, const char *bytes, size_t n)
{
	struct vm *vm = ((struct vm_serial *)context)->vm;

	return vconsole_put(vm->console, bytes, n);
}

/* What was typed goes on to the UART as far as that has room. */
static void serial_feed(void *context)
{
	struct vm_serial *s = context;

	lock_take(&s->lock);
	while (s->n_held || vconsole_has_input(s->vm->console)) {
		if (!s->n_held)
			s->n_held = vconsole_take_input(s->vm->console, s->held, sizeof(s->held));
		size_t n = uart_feed(&s->uart, s->held, s->n_held);

		for (size_t i = n; i < s->n_held; i++)
			s->held[i - n] = s->held[i];
		s->n_held -= n;
		if (s->n_held)
			break; /* the UART calls when it has room */
	}
	lock_release(&s->lock);
}

static void serial_irq(void *context, bool level)
{
	struct vm_serial *s = context;

	if (s->vm->devices->plic && s->uart.source)
		plic_set_line(s->vm->devices->plic, s->uart.source, level);
}

static void serial_room(void *context)
{
	const struct vm_devices *all = ((struct vm_serial *)context)->vm->devices;
	const struct device_ops *ops = all->serial->uart.device.ops;

	/* All of them print there. */
	for (unsigned i = 0; i < all->n; i++)
		if (all->list[i]->ops == ops)
			uart_output_ready(CONTAINER_OF(all->list[i], struct uart, device));
}

static void test_end(void *context, enum syscon_end how, unsigned code)
{
	static const enum stop_reason reasons[] = {
		[SYSCON_OFF] = STOP_SHUTDOWN,
		[SYSCON_REBOOT] = STOP_REBOOT,
		[SYSCON_FAILURE] = STOP_FAILURE,
	};

	(void)code;
	vm_end(context, reasons[how]);
}

static struct device *create_plic(struct vm *vm, const struct vm_device *said)
{
	struct vm_devices *all = vm->devices;

	all->plic = calloc(1, sizeof(*all->plic));
	all->contexts = calloc(vm->n_vcpus, sizeof(*all->contexts));
	if (!all->plic || !all->contexts) {
		free(all->plic);
		all->plic = NULL;
		return NULL;
	}
	plic_init(all->plic, &(struct plic_config){
				     .at = said->at,
				     .n_sources = CONFIG_LAST_IRQ,
				     .n_vcpus = vm->n_vcpus,
				     .contexts = all->contexts,
				     .phandle = PHANDLE_PLIC,
				     .intc_phandle = PHANDLE_FIRST_INTC,
				     .output = { .set = plic_set_vcpu, .context = vm },
			     });
	return &all->plic->device;
}

static struct device *create_serial(struct vm *vm, const struct vm_device *said)
{
	struct vm_serial *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->vm = vm;
	s->lock = (struct lock)LOCK_INIT("serial", RANK_SERIAL);
	uart_init(
		&s->uart, said->at, said->irq, PHANDLE_PLIC,
		&(struct uart_backend){
			.put = serial_put, .room = serial_feed, .irq = serial_irq, .context = s });
	if (!vm->devices->serial) { /* the first one has the console */
		vm->devices->serial = s;
		vconsole_set_user(vm->console, &(struct vconsole_user){ .input = serial_feed,
									.room = serial_room,
									.context = s });
	}
	return &s->uart.device;
}

static struct device *create_test(struct vm *vm, const struct vm_device *said)
{
	struct syscon *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	syscon_init(s, said->at, PHANDLE_TEST, test_end, vm);
	return &s->device;
}

static struct device *(*const creators[])(struct vm *vm, const struct vm_device *said) = {
	[VM_SERIAL] = create_serial,
	[VM_PLIC] = create_plic,
	[VM_TEST] = create_test,
};

int vm_devices_create(struct vm *vm)
{
	vm->devices = calloc(1, sizeof(*vm->devices));
	if (!vm->devices)
		return -ENOMEM;
	for (unsigned i = 0; i < vm->config.n_devices; i++) {
		const struct vm_device *said = &vm->config.devices[i];
		struct device *d = creators[said->kind](vm, said);

		if (!d)
			return -ENOMEM;
		vm->devices->list[vm->devices->n++] = d;
		int error = gmap_add(&vm->map, &(struct region){ .at = said->at,
								 .size = said->size,
								 .kind = REGION_EMULATED,
								 .device = d });
		if (error)
			return error;
	}
	return 0;
}

void vm_devices_destroy(struct vm *vm)
{
	struct vm_devices *all = vm->devices;

	if (!all)
		return;
	if (vm->console)
		vconsole_set_user(vm->console, NULL);
	/* Each begins with its struct device, and so does its block of memory. */
	for (unsigned i = 0; i < all->n; i++)
		free(all->list[i]);
	free(all->contexts);
	free(all);
	vm->devices = NULL;
}

void vm_devices_reset(struct vm *vm)
{
	struct plic *plic = vm->devices->plic;

	for (unsigned i = 0; i < vm->devices->n; i++)
		if (!plic || vm->devices->list[i] != &plic->device)
			vm->devices->list[i]->ops->reset(vm->devices->list[i]);
	if (plic) /* last: it sees the lines that the others have let go */
		plic->device.ops->reset(&plic->device);
	if (vm->devices->serial)
		serial_feed(vm->devices->serial);
}

COMPONENT(devices, PHASE_NONE, NULL, NULL, "what guests see: PLIC, UART, syscon");
