/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550's driver once more: it keeps the state of one device, and that is the console's. */
#define ns16550_attach ns16550_attach_second
#include "platform/console/ns16550.c"
