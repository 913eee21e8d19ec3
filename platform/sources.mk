# The components of the runtime, and what each is made of. What one needs stands in needs.NAME: the
# build checks that it is in the image and comes up earlier.
component.boot := arch/cause.c lib/isa.c lib/machine.c lib/machine_blob.c lib/machine_chosen.c lib/machine_cpus.c \
	lib/machine_irq.c lib/machine_memory.c lib/machine_tree.c lib/machine_uart.c platform/boot.c \
	platform/entry.S platform/lock.c platform/option.c platform/trap.S platform/trap.c
component.console := lib/ring.c platform/console/console.c platform/console/ns16550.c \
	platform/console/probe.c platform/console/sbi_console.c platform/console/sifive_uart.c
component.console_poll := platform/console/poll.c
component.crash := lib/symbols.c lib/unwind.c platform/crash.c
component.harts := platform/harts.c
component.irqchip := platform/irq/aplic.c platform/irq/imsic.c platform/irq/imsic_file.c \
	platform/irq/irq.c platform/irq/plic.c
component.libc := lib/string.c platform/libc.c
component.log := platform/log.c
component.memory := lib/buddy.c platform/frames.c platform/frames_pool.c platform/memory.c platform/mmu.c platform/own.c \
	platform/window.c platform/zero.c
component.power := platform/power.c
component.probe := platform/probe.c platform/probe_entries.c
component.random := lib/chacha.c platform/random.c
component.sbi := sbi/host/base.c sbi/host/dbcn.c sbi/host/fwft.c sbi/host/hsm.c sbi/host/ipi.c sbi/host/legacy.c \
	sbi/host/srst.c sbi/host/time.c
component.timer := platform/timer.c
component.trace := platform/trace.c
component.work := platform/kick.c platform/poll.c platform/work.c

needs.boot := memory
needs.console := irqchip memory
needs.console_poll := console timer
needs.harts := memory timer work
needs.irqchip := memory probe
needs.libc := memory
needs.probe := memory
needs.timer := probe
needs.work := probe

RUNTIME := boot console console_poll crash harts irqchip libc log memory power probe random sbi timer trace work
