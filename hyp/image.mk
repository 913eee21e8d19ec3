# The hypervisor: the runtime, a built-in guest, what runs guests, and itself.
component.bundle_hello := hyp/bundle_hello.c
component.devices := devices/plic.c devices/syscon.c devices/uart.c hyp/vm_devices.c lib/node.c
component.gstage := gstage/flush.c gstage/gmap.c gstage/gmem.c gstage/gtable.c gstage/walk.c
component.hext := vcpu/decode.c vcpu/extensions.c vcpu/hext/enter.S vcpu/hext/float.S vcpu/hext/hext.c \
	vcpu/hext/insn.c vcpu/hext/irq.c vcpu/hext/modes.c vcpu/hext/state.c vcpu/hext/vector.S vcpu/vcpu.c
component.hyp := hyp/main.c hyp/report.c
component.keyboard := hyp/keyboard.c
component.loader := hyp/load.c lib/cpio.c lib/guest_image.c lib/inflate.c lib/placement.c
component.monitor := hyp/monitor.c hyp/monitor_commands.c
component.run := hyp/config.c hyp/config_host.c hyp/config_map.c hyp/config_props.c hyp/fault.c hyp/guest_tree.c \
	hyp/life.c hyp/mmio.c hyp/ops.c hyp/run.c hyp/shortage.c hyp/show.c hyp/vm.c
component.vconsole := hyp/vconsole.c
component.vsbi := sbi/guest/base.c sbi/guest/dbcn.c sbi/guest/fwft.c sbi/guest/hsm.c sbi/guest/ipi.c sbi/guest/legacy.c \
	sbi/guest/pmu.c sbi/guest/rfence.c sbi/guest/srst.c sbi/guest/sta.c sbi/guest/susp.c sbi/guest/time.c sbi/guest/vsbi.c

# Left out to keep the image below 128 KiB; SSE=1 has it.
component.sse := sbi/guest/sse.c

HYPERVISOR := devices gstage hext hyp keyboard loader monitor run vconsole vsbi
image.hartwood := $(RUNTIME) bundle_hello $(HYPERVISOR) $(if $(SSE),sse)

$(B)/hyp/bundle_hello.c.o: CFLAGS += -DBUNDLE_HELLO='"$(B)/hello.bin"'
$(B)/hyp/bundle_hello.c.o: $(B)/hello.bin
