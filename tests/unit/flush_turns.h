/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that run in turns, one at a time, and change at any atomic operation of gstage/flush.c
 * and wherever they say so, by chance that is the same each time: every order of what several harts
 * do is as likely as another, on a machine with one core too. In programs without flush_turns.c
 * they just run.
 */
#ifndef TESTS_UNIT_FLUSH_TURNS_H
#define TESTS_UNIT_FLUSH_TURNS_H

#include <stdbool.h>

/* NULL where threads just run. So many will enter; each is number 0, 1, ... */
__attribute__((weak)) void turns_begin(unsigned n);
__attribute__((weak)) void turns_enter(unsigned number);
__attribute__((weak)) void turns_leave(void);
/* Here another may have its turn. */
__attribute__((weak)) void turns_change(void);

#endif
