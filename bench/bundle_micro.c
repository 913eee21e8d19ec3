/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in guest of the hypervisor's image for measurements: bench/micro.c. */
#include "hyp/bundle.h"

BUNDLE(micro, BUNDLE_MICRO);
