# A hostile guest and its neighbour, which run without the runtime, and the hypervisor with a main of
# its own that has both built in. It counts what the hostile one reaches where the parts of the
# hypervisor call each other: the linker leads these calls through coverage.c.
component.hostile_host := tests/hostile/bundle.c tests/hostile/coverage.c tests/hostile/host.c \
	tests/hostile/isolation.c tests/hostile/report.c tests/hostile/second_uart.c
image.hartwood-hostile := $(RUNTIME) hostile_host $(filter-out hyp,$(HYPERVISOR))

hostile-wraps := hext_exit hext_find_access hext_load life_vm_ended memory_fault mmio_access vsbi_handle_call
$(B)/hartwood-hostile.first $(B)/hartwood-hostile.elf: LDFLAGS += $(hostile-wraps:%=-Wl,--wrap=%)

$(B)/hostile-%.bin: $(B)/tests/hostile/%.S.o $(B)/tests/hostile/%.c.o tests/hostile/bare.ld
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(ARCH_LINK) -nostdlib -static -Wl,--no-warn-rwx-segments -Wl,--build-id=none \
		-T tests/hostile/bare.ld $(filter %.o,$^) -lgcc -o $(@:.bin=.elf)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@
$(B)/tests/hostile/hostile.c.o $(B)/tests/hostile/neighbour.c.o: CFLAGS += -fno-stack-protector -O2

$(B)/tests/hostile/bundle.c.o: $(B)/hostile-hostile.bin $(B)/hostile-neighbour.bin
$(B)/tests/hostile/bundle.c.o: CFLAGS += -DBUILD='"$(B)"'
