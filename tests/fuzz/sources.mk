# SPDX-License-Identifier: BSD-2-Clause
# The host's fuzzers: what each is made of.
fuzz.cpio := tests/fuzz/cpio_fuzz.c lib/cpio.c
fuzz.decode := tests/fuzz/decode_fuzz.c vcpu/decode.c
fuzz.gmap := tests/fuzz/gmap_fuzz.c tests/unit/gmap_host.c tests/unit/host_stubs.c tests/unit/own_host.c \
	gstage/flush.c gstage/gmap.c gstage/gmem.c gstage/gtable.c platform/work.c
fuzz.gtable := tests/fuzz/gtable_fuzz.c tests/unit/own_host.c
fuzz.guest_image := tests/fuzz/guest_image_fuzz.c lib/guest_image.c lib/inflate.c lib/placement.c
fuzz.inflate := tests/fuzz/inflate_fuzz.c lib/inflate.c
fuzz.machine := tests/fuzz/machine_fuzz.c tests/fuzz/tree_mutator.c tests/unit/machine_check.c lib/isa.c lib/machine.c \
	lib/machine_blob.c lib/machine_chosen.c lib/machine_cpus.c lib/machine_irq.c \
	lib/machine_memory.c lib/machine_tree.c lib/machine_uart.c
fuzz.vplic := tests/fuzz/vplic_fuzz.c tests/unit/host_stubs.c devices/plic.c lib/node.c
fuzz.vuart := tests/fuzz/vuart_fuzz.c devices/uart.c lib/node.c
fuzz.vm_config := tests/fuzz/vm_config_fuzz.c tests/fuzz/tree_mutator.c tests/unit/vm_config_check.c hyp/config.c hyp/config_map.c \
	hyp/config_props.c lib/isa.c lib/machine_blob.c

fuzz-libs.decode := /usr/lib/*-linux-gnu/libopcodes-*-riscv64.so /usr/lib/*-linux-gnu/libbfd-*-riscv64.so
fuzz-libs.gmap := -Wl,--wrap=malloc,--wrap=calloc
fuzz-libs.guest_image := -lz
fuzz-libs.inflate := -lz
fuzz-libs.machine := -lfdt
fuzz-libs.vplic := -lfdt
fuzz-libs.vuart := -lfdt
fuzz-seeds.machine := build/dtbs
fuzz-libs.vm_config := -lfdt
