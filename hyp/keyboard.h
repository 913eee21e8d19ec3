/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard: what arrives at the host's console goes to the guest whose console is attached, or
 * to the monitor. The escape key, Ctrl-] unless the option `escape` says otherwise, always gets
 * through: a guest that does not read loses input once its queue is full, and hears a bell.
 */
#ifndef HYP_KEYBOARD_H
#define HYP_KEYBOARD_H

/* Look for input, on the boot hart, in a poll point. Called by itself when input arrives. */
void keyboard_poll(void);

/* Tell the person which key it is. */
void keyboard_say_escape(void);

#endif
