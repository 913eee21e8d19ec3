# What is measured: small programs, natively and as guests, and Linux.
program.micro := bench/micro.c bench/micro_device.c bench/micro_interrupts.c bench/micro_memory.c bench/micro_sbi.c
program.start := bench/start.c

# The root of the Linux that measures itself: that of the guests, and a program with a script.
$(B)/bench/ticks: bench/linux/ticks.c $(O)/setup/build.ok
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D); $(CROSS)gcc $(ARCH_COMPILE) -std=gnu2x -Os $(WARNINGS) -ffreestanding -nostdlib -static -Wl,--no-relax $< -o $@

BENCH_INITRAMFS := $(B)/bench.cpio
$(BENCH_INITRAMFS): guests/linux/initramfs.list $(wildcard bench/linux/*) $(B)/bench/ticks $(INITRAMFS)
	$(call say,CPIO,$@)
	$(Q)cat guests/linux/initramfs.list bench/linux/initramfs.list >$@.list
	$(Q)O=$(O) B=$(B) $(PYTHON) tools/initramfs $@.list $@

# The Linux that is host of the same micro program by KVM: that of the guests, KVM's module, and a program that uses it.
CROSS_LINUX := riscv64-linux-gnu-
$(B)/bench/kvm/vmm: bench/kvm/vmm.c $(O)/setup/bench.ok
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D); $(CROSS_LINUX)gcc -std=gnu2x -O2 $(WARNINGS) -static -isystem $(O)/libfdt-riscv64/include \
		$< $(O)/libfdt-riscv64/libfdt.a -o $@

$(B)/bench/kvm/micro.dtb: bench/kvm/micro.dts $(O)/setup/bench.ok
	$(call say,DTC,$<)
	$(Q)mkdir -p $(@D); dtc -q -I dts -O dtb -o $@ $<

# busybox's insmod takes it as it is.
$(B)/bench/kvm/kvm.ko: $(O)/setup/bench.ok
	$(Q)mkdir -p $(@D); $(PYTHON) -c 'import lzma, sys; sys.stdout.buffer.write(lzma.open(sys.argv[1]).read())' \
		$(O)/linux/stable/kvm.ko.xz >$@

KVM_INITRAMFS := $(B)/kvm.cpio
$(KVM_INITRAMFS): guests/linux/initramfs.list $(wildcard bench/kvm/*) $(B)/bench/kvm/vmm $(B)/bench/kvm/micro.dtb \
		$(B)/bench/kvm/kvm.ko $(B)/micro.bin $(INITRAMFS)
	$(call say,CPIO,$@)
	$(Q)cat guests/linux/initramfs.list bench/kvm/initramfs.list >$@.list
	$(Q)O=$(O) B=$(B) $(PYTHON) tools/initramfs $@.list $@

bench: $(KVM_INITRAMFS)
