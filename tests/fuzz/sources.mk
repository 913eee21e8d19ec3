# SPDX-License-Identifier: BSD-2-Clause
# The host's fuzzers: what each is made of.
fuzz.machine := tests/fuzz/machine_fuzz.c tests/unit/machine_check.c lib/isa.c lib/machine.c \
	lib/machine_blob.c lib/machine_chosen.c lib/machine_cpus.c lib/machine_irq.c \
	lib/machine_memory.c lib/machine_tree.c lib/machine_uart.c

fuzz-libs.machine := -lfdt
fuzz-seeds.machine := build/dtbs
