# SPDX-License-Identifier: BSD-2-Clause
# From sources to images, and to the host's test programs.

# --- what is generated
$(O)/gen/platform/version.h: FORCE
	$(Q)mkdir -p $(@D); v=$$(git describe --always --dirty --tags 2>/dev/null || echo unknown); \
	printf '#define HARTWOOD_VERSION "%s (%s)"\n' "$$(cat VERSION)" "$$v" >$@.$$$$; \
	cmp -s $@.$$$$ $@ && rm $@.$$$$ || mv $@.$$$$ $@

# Debian's libfdt, made acceptable to a soft-float link; refused if it holds a floating-point instruction.
$(O)/gen/libfdt.a: $(O)/setup/build.ok tools/libfdt.py
	$(call say,LIBFDT,$@)
	$(Q)mkdir -p $(@D); $(PYTHON) tools/libfdt.py $(CROSS) $(O)/libfdt-riscv64/libfdt.a $@.$$$$.a && \
		mv $@.$$$$.a $@

# What the objects and images were made with: a change of flags or lists makes them anew.
define remember # file, text
$(1): FORCE
	$$(Q)mkdir -p $$(@D); printf '%s\n' '$(subst ','\'',$(2))' >$$@.$$$$$$$$; \
	cmp -s $$@.$$$$$$$$ $$@ && rm $$@.$$$$$$$$ || mv $$@.$$$$$$$$ $$@
endef
$(eval $(call remember,$(B)/flags,$(CROSS) $(CFLAGS) $(value OPTIMIZE) $(SMALL) $(HOT) $(OWN_FRAMES) $(SAVE_RESTORE) $(ASFLAGS) $(LDFLAGS)))
$(foreach i,$(images),$(eval $(call remember,$(B)/$i.list,$(foreach c,$(image.$i),$c: $(component.$c) needs $(needs.$c)))))

# --- objects, shared by all images of a flavour
$(B)/%.c.o: %.c $(B)/flags $(O)/setup/build.ok | $(O)/gen/platform/version.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D); $(CROSS)gcc $(CFLAGS) $(OPTIMIZE) -MMD -MP -c $< -o $@

$(B)/%.S.o: %.S $(B)/flags $(O)/setup/build.ok
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D); $(CROSS)gcc $(ASFLAGS) -MMD -MP -c $< -o $@

$(B)/image.ld: platform/image.ld.S platform/layout.h $(O)/setup/build.ok
	$(Q)mkdir -p $(@D); $(CROSS)gcc -E -P -x assembler-with-cpp -I. $< -o $@

# --- images: linked once for the addresses of functions, then with the table of their names
objects = $(foreach c,$(image.$(1)),$(patsubst %,$(B)/%.o,$(component.$c)))

$(B)/%.first: $$(call objects,$$*) $(B)/%.list $(B)/image.ld $(O)/gen/libfdt.a
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(LDFLAGS) -T $(B)/image.ld $(filter %.o,$^) $(O)/gen/libfdt.a -o $@

$(B)/%.symbols.S: $(B)/%.first tools/symbols.py
	$(Q)$(PYTHON) tools/symbols.py $(CROSS)nm $< >$@

$(B)/%.elf: $(B)/%.symbols.S $(B)/%.first tools/check_image.py
	$(call say,LD,$@)
	$(Q)$(CROSS)gcc $(ASFLAGS) -c $< -o $(B)/$*.symbols.o
	$(Q)$(CROSS)gcc $(LDFLAGS) -T $(B)/image.ld -Wl,-Map=$(B)/$*.map \
		$(call objects,$*) $(B)/$*.symbols.o $(O)/gen/libfdt.a -o $@
	$(Q)$(PYTHON) tools/check_image.py $(CROSS) $(B)/$*.first $@ \
		$(foreach c,$(filter-out $(programs),$(image.$*)),'$c=$(needs.$c)')

$(B)/%.bin: $(B)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

# What is made on the way is kept, but not what a step that failed has left.
.SECONDARY:

# --- the host's test programs: unit.NAME and fuzz.NAME are lists of sources
KIT := tests/kit/kit.c tests/kit/host_main.c
units := $(patsubst unit.%,%,$(filter unit.%,$(.VARIABLES)))
fuzzers := $(patsubst fuzz.%,%,$(filter fuzz.%,$(.VARIABLES)))

HOST_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_tsan := -fsanitize=thread
# Comparisons are traced where input is text or has magic numbers: models and maps have none, and run five times as fast.
HOST_fuzz := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
UNTRACED_fuzz := -fno-sanitize-coverage=trace-cmp

define host_objects
$(O)/host/$(1)/%.c.o: %.c $(O)/setup/test.ok | $(O)/gen/platform/version.h
	$$(call say,HOSTCC,$$<)
	$$(Q)mkdir -p $$(@D); $$(HOST_CC) $$(HOST_CFLAGS) $$(HOST_$(1)) $$(if $$(filter tests/% gstage/%,$$<),$$(UNTRACED_$(1))) -MMD -MP -c $$< -o $$@
endef
$(foreach f,asan tsan fuzz,$(eval $(call host_objects,$f)))

define host_program # flavour, name, sources, libraries
$(O)/host/$(1)/$(2): $(patsubst %,$(O)/host/$(1)/%.o,$(3))
	$$(call say,HOSTLD,$$@)
	$$(Q)$$(HOST_CC) $$(HOST_$(1)) -pthread $$^ $(4) -o $$@
endef
$(foreach u,$(units),$(eval $(call host_program,asan,$u,$(KIT) $(unit.$u),$(unit-libs.$u))))
$(foreach u,$(unit-tsan),$(eval $(call host_program,tsan,$u,$(KIT) $(unit.$u),$(unit-libs.$u))))
$(foreach u,$(fuzzers),$(eval $(call host_program,fuzz,$u,$(fuzz.$u),$(fuzz-libs.$u))))

host-programs := $(units:%=$(O)/host/asan/%) $(unit-tsan:%=$(O)/host/tsan/%) $(fuzzers:%=$(O)/host/fuzz/%)
# Device trees of real and of odd machines, which the tests read.
$(O)/dtbs.ok: tests/golden/make_trees $(wildcard tests/golden/trees/*) $(O)/setup/test.ok $(O)/setup/run.ok
	$(call say,TREES,$(O)/dtbs)
	$(Q)tests/golden/make_trees >$(O)/dtbs.log 2>&1 || { cat $(O)/dtbs.log; exit 1; }; touch $@

test-programs: $(O)/dtbs.ok $(host-programs) images $(O)/setup/test.ok $(O)/setup/run.ok

-include $(shell find $(B) $(O)/host -name '*.d' -type f 2>/dev/null)
