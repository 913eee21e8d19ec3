/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_PROBE_INTERNAL_H
#define PLATFORM_PROBE_INTERNAL_H

#include "platform/probe.h"

/* Fill in what this hart's page table entries can say: svade, svadu, svnapot, svpbmt. */
void probe_entries(struct hart_features *f);

#endif
