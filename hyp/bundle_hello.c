/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in guest of the hypervisor: guests/hello. */
#include "hyp/bundle.h"

BUNDLE(hello, BUNDLE_HELLO);
