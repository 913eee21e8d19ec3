# What whole boots are tried with: an image that compares what it found with what it was told, one
# that crashes as it is told, and a step between the firmware and an image.
component.boot_facts := tests/system/boot_facts.c
image.test-boot := $(RUNTIME) kit boot_facts
component.crash_ways := tests/system/crash_ways.c
image.test-crash := $(RUNTIME) crash_ways

$(B)/chain.bin: $(B)/tests/system/chain.S.o
	$(call say,LD,$@)
	$(Q)$(CROSS)ld -Ttext=0x80200000 -e chain $< -o $(@:.bin=.elf)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@
images: $(B)/chain.bin
# Each of its functions is looked for in a backtrace.
OWN_FRAMES += tests/system/crash_ways.c

# Stock guests in VMs, driven from inside; what they are lies in one archive for all tests.
component.stock := tests/system/stock/stock.c
component.stock_tests := $(sort $(wildcard tests/system/stock/*_test.c))
image.test-stock := $(RUNTIME) $(filter-out hyp,$(HYPERVISOR)) kit stock stock_tests

$(O)/guests/vmlinux.gz: $(O)/setup/run.ok
	$(call say,GZIP,$@)
	$(Q)mkdir -p $(@D); gzip -1nc $(O)/linux/stable/vmlinux >$@

stock-guests := $(wildcard tests/system/stock/*.dts) $(patsubst %,guests/%.dts,linux/linux uboot/uboot hello/hello)
$(B)/stock.cpio: $(stock-guests) $(O)/guests/vmlinux.gz $(INITRAMFS) $(B)/hello.bin $(B)/hello.elf \
		tools/bundle tools/newc.py $(O)/setup/test.ok
	$(call say,CPIO,$@)
	$(Q)tools/bundle --images $(B) --images $(O)/guests --images $(O) $@ $(stock-guests)
test-programs: $(B)/stock.cpio

# Guests that loop at their own trap vector; for tests/system/run.py.
$(B)/vector-hole.o: VECTOR := -DHOLE
$(B)/vector-%.o: tests/system/loops/vector.S $(B)/flags
	$(call say,AS,$@)
	$(Q)$(CROSS)gcc $(ASFLAGS) $(VECTOR) -c $< -o $@
$(B)/vector-%.bin: $(B)/vector-%.o
	$(call say,LD,$@)
	$(Q)$(CROSS)ld -Ttext=0x80200000 -e _start $< -o $(@:.bin=.elf)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@
images: $(B)/vector-hole.bin $(B)/vector-refused.bin

# Guests of the system tests.
program.turns := tests/system/turns.c
program.still := tests/system/still.c
