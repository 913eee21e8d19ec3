# SPDX-License-Identifier: BSD-2-Clause
# How C is compiled, for the target and for the host.

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wundef \
	-Wwrite-strings -Wno-unused-parameter

# The link names rv64imac exactly: only so does Debian's gcc choose picolibc's soft-float library.
ARCH_COMPILE := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mstrict-align -mcmodel=medany
ARCH_LINK := -march=rv64imac -mabi=lp64 -mcmodel=medany

# -mstrict-align: many cores leave the rest to firmware. -fno-jump-tables: boot_map runs where addresses in tables
# are not yet true. -malign-data: strings need no alignment. -fno-ipa-reference: it would not see that what traps
# in an asm may change a file's own variables. -Wframe-larger-than and -Wvla keep frames such that lib/unwind.c can
# read them.
CFLAGS := --specs=picolibc.specs $(ARCH_COMPILE) -std=gnu2x -g \
	$(if $(DEBUG),-DDEBUG) $(WARNINGS) -Wframe-larger-than=3072 -ffreestanding -fno-builtin-printf \
	-ffunction-sections -fdata-sections -fno-pie -fno-common -fno-jump-tables -fno-asynchronous-unwind-tables \
	-malign-data=natural -fno-ipa-reference -fstack-protector -fno-optimize-sibling-calls -ftls-model=local-exec \
	-DPICOLIBC_INTEGER_PRINTF_SCANF -I. -I$(O)/gen -isystem $(O)/libfdt-riscv64/include
LDFLAGS := --specs=picolibc.specs $(ARCH_LINK) -DPICOLIBC_INTEGER_PRINTF_SCANF -nostartfiles -static \
	-Wl,--gc-sections -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096

# What every exit, first touch or device access goes through is built for speed, and what a unikernel's start
# spends its time in; all else for size. The stack protector guards arrays of bytes: one for each variable whose
# address is taken would be 2.5 KB more, and some instructions in half of the functions.
HOT := devices/uart.c gstage/gmap.c gstage/gtable.c hyp/fault.c hyp/mmio.c hyp/vconsole.c \
	lib/buddy.c lib/chacha.c lib/machine_tree.c lib/ring.c lib/string.c platform/console/console.c \
	platform/console/ns16550.c platform/frames.c platform/frames_pool.c platform/window.c platform/zero.c \
	sbi/guest/base.c sbi/guest/dbcn.c sbi/guest/ipi.c sbi/guest/rfence.c sbi/guest/time.c sbi/guest/vsbi.c vcpu/vcpu.c \
	$(filter-out vcpu/hext/modes.c,$(wildcard vcpu/hext/*.c))
# The rest leaves its registers to the routines __riscv_save_n, but for files in OWN_FRAMES: those with a frame
# above 2 KiB, for which sp would move by a register, which lib/unwind.c does not read; and those of which a
# function that only calls another should stand in a backtrace: there it just jumps; and those that are called
# for each tag of a tree.
OWN_FRAMES += lib/machine.c lib/machine_blob.c platform/crash.c platform/libc.c
SAVE_RESTORE := -msave-restore -Wframe-larger-than=2048
# What of -Os makes this code larger, found by trying each.
SMALL := -Os -fno-move-loop-invariants -fno-tree-ter -fno-shrink-wrap -fno-tree-forwprop \
	-fno-caller-saves -fno-tree-tail-merge -fno-partial-inlining -fno-tree-coalesce-vars \
	-fno-forward-propagate -fno-tree-dse -fno-expensive-optimizations
OPTIMIZE = $(if $(DEBUG),-Og -fno-shrink-wrap,$(if $(filter $(HOT),$<),-O2,$(SMALL) \
	$(if $(filter $(OWN_FRAMES),$<),,$(SAVE_RESTORE))))

ASFLAGS := $(ARCH_COMPILE) -g -I.

HOST_CC ?= clang
HOST_CFLAGS := -std=gnu2x -g -O1 $(WARNINGS) -fno-omit-frame-pointer -I. -I$(O)/gen -pthread
