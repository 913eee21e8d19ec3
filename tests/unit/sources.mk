# The host's test programs: what each is made of. Every one runs under ASan and UBSan; those named
# in unit-tsan run under TSan too.
unit.aplic := tests/unit/aplic_test.c platform/irq/aplic.c platform/irq/imsic_file.c
unit.buddy := tests/unit/buddy_test.c tests/unit/frames_model.c lib/buddy.c
unit.chacha := tests/unit/chacha_test.c lib/chacha.c
unit.console := tests/unit/console_test.c lib/ring.c platform/console/console.c
unit.frames := tests/unit/frames_test.c tests/unit/frames_host.c tests/unit/frames_model.c tests/unit/host_stubs.c \
	lib/buddy.c platform/frames.c platform/frames_pool.c
unit.frames_smp := tests/unit/frames_smp_test.c tests/unit/frames_host.c tests/unit/frames_model.c \
	tests/unit/host_stubs.c lib/buddy.c platform/frames.c platform/frames_pool.c
unit.frames_storm := tests/unit/frames_storm_test.c tests/unit/frames_host.c tests/unit/frames_model.c \
	tests/unit/host_stubs.c lib/buddy.c platform/frames.c platform/frames_pool.c
unit.gtable := tests/unit/gtable_test.c gstage/gtable.c
unit.isa := tests/unit/isa_test.c lib/isa.c
unit.list := tests/unit/list_test.c
unit.lock := tests/unit/lock_test.c tests/unit/host_stubs.c
unit.machine := tests/unit/machine_check.c tests/unit/machine_dump.c tests/unit/machine_golden.c \
	tests/unit/machine_hostile.c tests/unit/machine_test.c tests/unit/tree_maker.c lib/isa.c \
	lib/machine.c lib/machine_blob.c lib/machine_chosen.c lib/machine_cpus.c lib/machine_irq.c \
	lib/machine_memory.c lib/machine_tree.c lib/machine_uart.c
unit.ns16550 := tests/unit/ns16550_test.c platform/console/ns16550.c
unit.option := tests/unit/option_test.c platform/option.c
unit.own := tests/unit/own_test.c tests/unit/host_stubs.c platform/own.c
unit.plic := tests/unit/plic_test.c platform/irq/plic.c
unit.random := tests/unit/random_test.c lib/chacha.c
unit.ring := tests/unit/ring_test.c lib/ring.c
unit.sifive_uart := tests/unit/sifive_uart_test.c platform/console/sifive_uart.c
unit.symbols := tests/unit/symbols_test.c lib/symbols.c
unit.unwind := tests/unit/unwind_test.c lib/unwind.c
unit.work := tests/unit/work_test.c tests/unit/host_stubs.c platform/work.c

unit-tsan += console
unit-tsan += frames_smp
unit-tsan += lock
unit-tsan += ring
unit-tsan += work

unit-libs.machine := -lfdt
