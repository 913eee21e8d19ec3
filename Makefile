# SPDX-License-Identifier: BSD-2-Clause
# The whole build. `make help` lists what there is to ask for.
#
#	V=1		show commands		DEBUG=1		checks of lock order, -Og
#	TOOLCHAIN=14	Debian 13's gcc, which `tools/setup long` unpacks
#	MIRROR=url	the Debian archive that set-up uses

.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDEXPANSION:

O := build
FLAVOUR := $(if $(DEBUG),debug,release)$(if $(TOOLCHAIN),-gcc$(TOOLCHAIN))
B := $(O)/$(FLAVOUR)
Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-7s %s\n' $(1) $(2))

CROSS := $(if $(TOOLCHAIN),$(O)/toolchain-$(TOOLCHAIN)/bin/)riscv64-unknown-elf-
PYTHON := python3

# Components and images: every folder says its own.
include platform/sources.mk
include hyp/image.mk
include guests/image.mk
include bench/image.mk
-include $(sort $(wildcard tests/*/image.mk tests/*/sources.mk))

# program.NAME := sources is short for an image of the whole runtime and these.
programs := $(patsubst program.%,%,$(filter program.%,$(.VARIABLES)))
$(foreach p,$(programs),$(eval component.$p := $(program.$p))$(eval image.$p := $(RUNTIME) $p))
images := $(patsubst image.%,%,$(filter image.%,$(.VARIABLES)))

ifeq ($(filter $(or $(NATIVE),hartwood),$(images)),)
$(error NATIVE=$(NATIVE) is not known; the programs are: $(sort $(programs)))
endif
ifneq ($(filter-out 14,$(TOOLCHAIN)),)
$(error TOOLCHAIN=$(TOOLCHAIN) is not known; 14 is, once `tools/setup long` has unpacked it)
endif

include tools/flags.mk

##@ Building
## all: the hypervisor's image (the default)
all: $(B)/hartwood.bin

## images: every image there is: hypervisor, unikernels, tests
images: $(images:%=$(B)/%.bin)

# --- set-up: stamps, made by tools/setup, which returns at once when there is nothing to do
$(O)/setup/%.ok: tools/setup
	$(Q)MIRROR="$(MIRROR)" tools/setup $*

include tools/rules.mk

##@ Running
# What is booted: the hypervisor with guests, of which those are built that are programs of ours; or
# one of these alone.
run-image := $(B)/$(or $(NATIVE),hartwood).bin
run-programs := $(filter $(programs),$(or $(GUEST),hello))
run-guests := $(if $(NATIVE),,$(INITRAMFS) $(run-programs:%=$(B)/%.bin))
run-command := O=$(O) tools/run --image $(run-image) $(if $(NATIVE),,--guests "$(GUEST)")

## run: boot Linux and a unikernel in QEMU; GUEST="uboot my.dts": these; NATIVE=hello: no VM
run: $(run-image) $(run-guests) $(O)/setup/run.ok
	$(Q)$(run-command)

## debug: the same, but QEMU waits, gdb is attached, with symbols and a few commands
debug: $(run-image) $(run-guests) $(O)/setup/run.ok $(O)/setup/debug.ok
	$(Q)$(run-command) --gdb $(run-image:.bin=.elf)

##@ Keeping it right
## test: every test that takes seconds or a few minutes, some 20 minutes in all (ONLY=pattern, LIST=1, JOBS=n)
test: $(if $(LIST),,test-programs)
	$(Q)$(if $(LIST),: ,)$(MAKE) --no-print-directory DEBUG=1 $(O)/debug/test-machine.bin
	$(Q)$(PYTHON) tests/run

## test-long: the whole product of the matrix, longer fuzzing, other toolchains
test-long: test-programs $(O)/setup/long.ok
	$(Q)$(MAKE) --no-print-directory DEBUG=1 $(O)/debug/test-machine.bin
	$(Q)$(MAKE) --no-print-directory TOOLCHAIN=14 $(O)/release-gcc14/test-machine.bin
	$(Q)LONG=1 $(PYTHON) tests/run

## check: formatting, lint, layers, no floating point, generated pages
check: $(O)/setup/check.ok $(B)/hartwood.bin $(B)/hello.bin
	$(Q)O=$(O) B=$(B) tools/check

## bench: what things cost in instructions, natively and as a guest; fails where a limit is missed
bench: $(B)/hartwood.bin $(B)/hello.bin $(B)/micro.bin $(B)/start.bin $(BENCH_INITRAMFS) $(O)/setup/run.ok
	$(Q)$(PYTHON) bench/run $(B)

## docs: the pages that are made from the sources
docs:
	$(Q)$(PYTHON) tools/options_page.py $(sort $(wildcard platform/*.c platform/*/*.c vcpu/*/*.c hyp/*.c)) >docs/options.md

## size: bytes by component
size: $(B)/hartwood.elf
	$(Q)$(PYTHON) tools/size.py $(B)/hartwood.map $(foreach c,$(image.hartwood),'$c=$(component.$c)')

## clean: remove what was built; what was fetched stays
clean:
	rm -rf $(O)/release* $(O)/debug* $(O)/guests $(O)/host $(O)/gen $(O)/test $(O)/dtbs $(O)/dtbs.* $(O)/corpus $(O)/tidy.*

## help: this list
help:
	@awk '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^## /{split(substr($$0, 4), a, ": "); printf "  %-12s %s\n", a[1], substr($$0, 4 + length(a[1]) + 2)}' $(firstword $(MAKEFILE_LIST))
	@printf '\nVariables for run and debug: GUEST NATIVE MACHINE CPU SMP MEM AIA QEMU OPENSBI BOOTARGS QEMUFLAGS (tools/run says\nwhich values). V=1 shows commands, DEBUG=1 builds with checks of lock order.\n'

.PHONY: all images run debug test test-long check bench docs size clean help test-programs FORCE
