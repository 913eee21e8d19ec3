# SPDX-License-Identifier: BSD-2-Clause
# How C is compiled, for the target and for the host.

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wundef \
	-Wwrite-strings -Wno-unused-parameter

# The link names rv64imac exactly: only so does Debian's gcc choose picolibc's soft-float library.
ARCH_COMPILE := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany
ARCH_LINK := -march=rv64imac -mabi=lp64 -mcmodel=medany

# -fno-jump-tables: boot_map runs where addresses in tables are not yet true. -Wframe-larger-than and
# -Wvla keep frames such that lib/unwind.c can read them.
CFLAGS := --specs=picolibc.specs $(ARCH_COMPILE) -std=gnu2x -g $(if $(DEBUG),-Og -DDEBUG,-O2) \
	$(WARNINGS) -Wframe-larger-than=3072 -ffreestanding -fno-builtin-printf \
	-ffunction-sections -fdata-sections -fno-pie -fno-common -fno-jump-tables -fno-asynchronous-unwind-tables \
	-fstack-protector-strong -fno-optimize-sibling-calls -ftls-model=local-exec \
	-DPICOLIBC_INTEGER_PRINTF_SCANF -I. -I$(O)/gen -isystem $(O)/libfdt-riscv64/include
LDFLAGS := --specs=picolibc.specs $(ARCH_LINK) -DPICOLIBC_INTEGER_PRINTF_SCANF -nostartfiles -static \
	-Wl,--gc-sections -Wl,--no-relax -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments \
	-Wl,-z,max-page-size=4096
ASFLAGS := $(ARCH_COMPILE) -g -I.

HOST_CC ?= clang
HOST_CFLAGS := -std=gnu2x -g -O1 $(WARNINGS) -fno-omit-frame-pointer -I. -I$(O)/gen -pthread
