# The hypervisor: the runtime, a built-in guest, what runs guests, and itself.
component.bundle_hello := hyp/bundle_hello.c
component.gstage := gstage/gmem.c gstage/gtable.c
component.hext := vcpu/hext/enter.S vcpu/hext/hext.c vcpu/hext/insn.c
component.hyp := hyp/main.c hyp/report.c
component.run := hyp/guest_tree.c hyp/run.c hyp/vm.c
component.vsbi := sbi/guest/base.c sbi/guest/dbcn.c sbi/guest/srst.c sbi/guest/time.c \
	sbi/guest/vsbi.c

HYPERVISOR := gstage hext hyp run vsbi
image.hartwood := $(RUNTIME) bundle_hello $(HYPERVISOR)

$(B)/hyp/bundle_hello.c.o: CFLAGS += -DBUNDLE_HELLO='"$(B)/hello.bin"'
$(B)/hyp/bundle_hello.c.o: $(B)/hello.bin
