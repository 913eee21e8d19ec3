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
