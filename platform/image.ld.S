/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every image is laid out like this, whatever its components are. Linked at one virtual address; where
 * it is loaded is found out by its first instructions, so any 2 MiB boundary will do.
 */
#include "platform/layout.h"

OUTPUT_ARCH(riscv)
ENTRY(image_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	tls PT_TLS FLAGS(6);
}

SECTIONS
{
	. = LAYOUT_IMAGE;
	image_start = .;
	.text : AT(LAYOUT_LOAD) {
		KEEP(*(.text.head))
		*(.text.hot .text.hot.*)
		*(.text .text.*)
	} :text

	. = ALIGN(4096);
	image_rodata = .;
	.rodata : {
		*(.rodata .rodata.* .srodata .srodata.*)
		. = ALIGN(8);
		catch_table = .;
		KEEP(*(.catch))
		catch_table_end = .;
		components = .;
		KEEP(*(SORT_BY_NAME(.components.*)))
		components_end = .;
		options = .;
		KEEP(*(SORT_BY_NAME(.options.*)))
		options_end = .;
		. = ALIGN(8);
		__start_tests = .;
		KEEP(*(tests))
		__stop_tests = .;
		. = ALIGN(8);
		__start_monitor_commands = .;
		KEEP(*(monitor_commands))
		__stop_monitor_commands = .;
		. = ALIGN(8);
		symbols = .;
		KEEP(*(.symbols))
	} :rodata
	/* Written once, while booting, by fixups; nothing of ours goes there. */
	.eh_frame : { *(.eh_frame) } :rodata

	. = ALIGN(4096);
	image_data = .;
	.data : {
		*(SORT_BY_ALIGNMENT(.data) SORT_BY_ALIGNMENT(.data.*) .sdata .sdata.* .got .got.*)
		. = ALIGN(16);
	} :data
	.tdata : ALIGN(64) { tls_data = .; *(.tdata.first) *(.tdata .tdata.*) } :data :tls
	tls_data_end = .;
	.tbss : { *(.tbss .tbss.* .tcommon) } :data :tls
	tls_size = ALIGN(ADDR(.tbss) + SIZEOF(.tbss) - ADDR(.tdata), 64);

	. = ALIGN(16);
	image_file_end = .;
	.bss (NOLOAD) : ALIGN(4096) {
		image_bss = .;
		*(.bss .bss.* .sbss .sbss.* COMMON)
		. = ALIGN(64);
		boot_locals = .;
		. += tls_size;
		. = ALIGN(4096);
		image_bss_end = .;
		/* Not cleared: page tables, which are cleared when used, what its users fill, and stacks. */
		*(.pages)
		. = ALIGN(4096);
		boot_stack_guard = .;
		. += 4096;
		. += HART_STACK_SIZE;
		boot_stack_top = .;
		boot_trap_guard = .;
		. += 4096;
		. += HART_TRAP_SIZE;
		boot_trap_top = .;
	} :data
	. = ALIGN(4096);
	image_end = .;

	ASSERT(image_end - image_start <= LAYOUT_IMAGE_TABLES * LAYOUT_MEGA,
	       "the image is larger than its page tables reach: raise LAYOUT_IMAGE_TABLES")
	ASSERT(SIZEOF(.text) > 0, "no text")

	/DISCARD/ : { *(.comment .note .note.* .riscv.attributes) }
}
