# The host's test programs: what each is made of. Every one runs under ASan and UBSan; those named
# in unit-tsan run under TSan too.
unit.aplic := tests/unit/aplic_test.c platform/irq/aplic.c platform/irq/imsic_file.c
unit.buddy := tests/unit/buddy_test.c tests/unit/frames_model.c lib/buddy.c
unit.cause := tests/unit/cause_test.c arch/cause.c
unit.chacha := tests/unit/chacha_test.c lib/chacha.c
unit.console := tests/unit/console_test.c lib/ring.c platform/console/console.c
unit.cpio := tests/unit/cpio_test.c lib/cpio.c
unit.extensions := tests/unit/extensions_test.c lib/isa.c vcpu/extensions.c
unit.decode := tests/unit/decode_test.c vcpu/decode.c
unit.fault := tests/unit/fault_test.c tests/unit/fault_address_test.c tests/unit/fault_host.c tests/unit/own_host.c \
	gstage/gtable.c gstage/walk.c hyp/fault.c
unit.flush_smp := tests/unit/flush_smp_test.c tests/unit/host_stubs.c gstage/flush.c platform/work.c
unit.flush_turns := tests/unit/flush_smp_test.c tests/unit/flush_turns.c tests/unit/host_stubs.c platform/work.c
unit.frames := tests/unit/frames_test.c tests/unit/frames_host.c tests/unit/frames_model.c tests/unit/host_stubs.c \
	lib/buddy.c platform/frames.c platform/frames_pool.c
unit.frames_smp := tests/unit/frames_smp_test.c tests/unit/frames_host.c tests/unit/frames_model.c \
	tests/unit/host_stubs.c lib/buddy.c platform/frames.c platform/frames_pool.c
unit.frames_storm := tests/unit/frames_storm_test.c tests/unit/frames_host.c tests/unit/frames_model.c \
	tests/unit/host_stubs.c lib/buddy.c platform/frames.c platform/frames_pool.c
unit.gmap := tests/unit/gmap_test.c tests/unit/gmap_change_test.c tests/unit/gmap_check.c tests/unit/gmap_host.c \
	tests/unit/host_stubs.c tests/unit/own_host.c gstage/flush.c gstage/gmap.c gstage/gtable.c platform/work.c
unit.gmap_smp := tests/unit/gmap_smp_test.c tests/unit/gmap_host.c tests/unit/host_stubs.c tests/unit/own_host.c \
	gstage/flush.c gstage/gmap.c gstage/gtable.c platform/work.c
unit.gmem := tests/unit/gmem_test.c tests/unit/gmap_host.c tests/unit/host_stubs.c tests/unit/own_host.c gstage/flush.c \
	gstage/gmap.c gstage/gmem.c gstage/gtable.c platform/work.c
unit.gtable := tests/unit/gtable_test.c tests/unit/gtable_model.c tests/unit/own_host.c gstage/gtable.c gstage/walk.c
unit.guest_image := tests/unit/guest_image_test.c lib/guest_image.c lib/inflate.c lib/placement.c
unit.guest_tree := tests/unit/guest_tree_test.c tests/unit/host_stubs.c devices/plic.c devices/syscon.c \
	devices/uart.c hyp/guest_tree.c lib/isa.c lib/node.c
unit.hext := tests/unit/hext_test.c tests/unit/hext_switch_test.c tests/unit/hext_host.c tests/unit/host_stubs.c \
	tests/unit/own_host.c gstage/flush.c gstage/gtable.c vcpu/hext/hext.c vcpu/hext/irq.c vcpu/hext/state.c vcpu/vcpu.c
unit.inflate := tests/unit/inflate_test.c lib/inflate.c
unit.insn := tests/unit/insn_test.c vcpu/decode.c vcpu/hext/insn.c
unit.isa := tests/unit/isa_test.c lib/isa.c
unit.keyboard := tests/unit/keyboard_test.c tests/unit/console_host.c tests/unit/time_host.c hyp/keyboard.c hyp/monitor.c \
	hyp/monitor_commands.c hyp/vconsole.c lib/ring.c platform/console/console.c
unit.life := tests/unit/life_test.c tests/unit/time_host.c hyp/life.c hyp/shortage.c
unit.list := tests/unit/list_test.c
unit.lock := tests/unit/lock_test.c tests/unit/host_stubs.c
unit.machine := tests/unit/machine_check.c tests/unit/machine_dump.c tests/unit/machine_golden.c \
	tests/unit/machine_hostile.c tests/unit/machine_test.c tests/unit/tree_maker.c lib/isa.c \
	lib/machine.c lib/machine_blob.c lib/machine_chosen.c lib/machine_cpus.c lib/machine_irq.c \
	lib/machine_memory.c lib/machine_tree.c lib/machine_uart.c
unit.monitor := tests/unit/monitor_test.c tests/unit/console_host.c tests/unit/time_host.c hyp/monitor.c hyp/monitor_commands.c \
	hyp/vconsole.c lib/ring.c platform/console/console.c
unit.ns16550 := tests/unit/ns16550_test.c platform/console/ns16550.c
unit.option := tests/unit/option_test.c platform/option.c
unit.own := tests/unit/own_test.c tests/unit/host_stubs.c platform/own.c
unit.plic := tests/unit/plic_test.c platform/irq/plic.c
unit.random := tests/unit/random_test.c lib/chacha.c
unit.ring := tests/unit/ring_test.c lib/ring.c
unit.run := tests/unit/run_test.c tests/unit/host_stubs.c tests/unit/time_host.c hyp/run.c vcpu/vcpu.c
unit.sifive_uart := tests/unit/sifive_uart_test.c platform/console/sifive_uart.c
unit.symbols := tests/unit/symbols_test.c lib/symbols.c
unit.syscon := tests/unit/syscon_test.c devices/syscon.c lib/node.c
unit.tlb := tests/unit/tlb_test.c tests/unit/tlb_guests.c tests/unit/tlb_host.c tests/unit/tlb_model.c tests/unit/gmap_host.c \
	tests/unit/host_stubs.c tests/unit/own_host.c gstage/flush.c gstage/gmap.c gstage/gmem.c gstage/gtable.c \
	gstage/walk.c hyp/fault.c platform/work.c vcpu/hext/hext.c vcpu/hext/irq.c vcpu/hext/state.c vcpu/vcpu.c
unit.unwind := tests/unit/unwind_test.c lib/unwind.c
unit.vconsole := tests/unit/vconsole_test.c tests/unit/console_host.c tests/unit/time_host.c hyp/vconsole.c lib/ring.c \
	platform/console/console.c
unit.vm_config := tests/unit/vm_config_test.c tests/unit/vm_config_map_test.c tests/unit/vm_config_check.c \
	tests/unit/vm_source.c hyp/config.c hyp/config_host.c hyp/config_map.c hyp/config_props.c lib/isa.c \
	lib/machine_blob.c
unit.vm_devices := tests/unit/vm_devices_test.c tests/unit/host_stubs.c devices/plic.c devices/syscon.c devices/uart.c \
	hyp/vm_devices.c lib/node.c
unit.vmid := tests/unit/vmid_test.c
unit.vplic := tests/unit/vplic_test.c tests/fuzz/vplic_fuzz.c tests/unit/host_stubs.c devices/plic.c lib/node.c
unit.vsbi := tests/unit/vsbi_test.c tests/unit/vsbi_send_test.c tests/unit/vsbi_pmu_test.c tests/unit/vsbi_legacy_test.c \
	tests/unit/vsbi_fwft_test.c tests/unit/vsbi_sse_test.c tests/unit/vsbi_sta_test.c tests/unit/vsbi_susp_test.c \
	tests/unit/vsbi_host.c tests/unit/host_stubs.c tests/unit/own_host.c gstage/gtable.c gstage/walk.c \
	sbi/guest/base.c sbi/guest/dbcn.c sbi/guest/fwft.c sbi/guest/hsm.c sbi/guest/ipi.c sbi/guest/legacy.c sbi/guest/pmu.c \
	sbi/guest/rfence.c sbi/guest/srst.c sbi/guest/sse.c sbi/guest/sta.c sbi/guest/susp.c sbi/guest/time.c sbi/guest/vsbi.c vcpu/vcpu.c
unit.vuart := tests/unit/vuart_test.c tests/fuzz/vuart_fuzz.c devices/uart.c lib/node.c
unit.walk := tests/unit/walk_test.c tests/unit/own_host.c gstage/gtable.c gstage/walk.c
unit.work := tests/unit/work_test.c tests/unit/host_stubs.c platform/work.c

unit-tsan += console
unit-tsan += flush_smp
unit-tsan += frames_smp
unit-tsan += gmap_smp
unit-tsan += gtable
unit-tsan += lock
unit-tsan += ring
unit-tsan += vconsole
unit-tsan += vplic
unit-tsan += vsbi
unit-tsan += vuart
unit-tsan += work

unit-libs.flush_turns := -Wl,--wrap=sched_yield
unit-libs.gmap := -Wl,--wrap=malloc,--wrap=calloc
unit-libs.gmap_smp := -Wl,--wrap=malloc,--wrap=calloc
unit-libs.gmem := -Wl,--wrap=malloc,--wrap=calloc
unit-libs.guest_image := -lz
unit-libs.guest_tree := -lfdt
unit-libs.inflate := -lz
unit-libs.machine := -lfdt
unit-libs.tlb := -Wl,--wrap=malloc,--wrap=calloc,--wrap=flush_range,--wrap=flush_note_load,--wrap=frames_alloc,--wrap=frame_put \
	-Wl,--wrap=gtable_unmap_and_drop,--wrap=sched_yield,--wrap=vcpu_note_load
unit-libs.syscon := -lfdt
unit-libs.vm_devices := -lfdt
unit-libs.vplic := -lfdt
unit-libs.vuart := -lfdt
unit-libs.vm_config := -lfdt
