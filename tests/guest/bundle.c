/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest that is built into the image of the guest tests. */
#include "hyp/bundle.h"

BUNDLE(guest_tests, BUNDLE_GUEST_TESTS);
