/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A component: some sources (its line in sources.mk), a function that brings it up, its place in
 * the order, and a sentence about itself. An image is a list of components in an image.mk; what no
 * component names is not linked. The linker sorts the records by phase, then by name; the build
 * checks that each named component has one record and that what it needs comes before it.
 *
 *	COMPONENT(console, PHASE_CONSOLE, console_init, NULL, "what users read and type");
 */
#ifndef LIB_COMPONENT_H
#define LIB_COMPONENT_H

#include "arch/bits.h"

/* The phases of boot, in order. Two digits, since the linker sorts them as text. */
#define PHASE_NONE    "00" /* needs no bringing up */
#define PHASE_FIRST   "02" /* needs the device tree and nothing else */
#define PHASE_FRAMES  "05" /* physical memory */
#define PHASE_MEMORY  "10" /* what needs memory and nothing else */
#define PHASE_PROBE   "20" /* what this hart can do */
#define PHASE_IRQ     "30" /* interrupt controllers */
#define PHASE_CONSOLE "40"
#define PHASE_TIME    "50" /* timers, IPIs, deferred work */
#define PHASE_HARTS   "60" /* the other harts come up */
#define PHASE_SERVICE "70" /* what builds on a whole machine */

struct component {
	const char *name;
#ifdef DEBUG /* 1.9 KB, of which only the log of a boot makes use */
	const char *about;
#endif
	/* Once, on the boot hart. 0, or -errno, which stops the boot. May be NULL. */
	int (*init)(void);
	/* On every hart as it comes up, before it does any work; so not for what comes up after the
	 * harts do. May be NULL. */
	void (*init_hart)(void);
};

#ifdef DEBUG
#define COMPONENT_ABOUT(text)      , .about = (text)
#define component_about(component) ((component)->about)
#else
#define COMPONENT_ABOUT(text)
#define component_about(component) ""
#endif

#define COMPONENT(name_, phase_, init_, init_hart_, about_)                                        \
	const struct component component_of_##name_                                                \
		__attribute__((section(".components." phase_ "." #name_), used)) = {               \
			.name = #name_,                                                            \
			.init = (init_),                                                           \
			.init_hart = (init_hart_)COMPONENT_ABOUT(about_),                          \
		}

#endif
