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
