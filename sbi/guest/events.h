/* SPDX-License-Identifier: BSD-2-Clause */
/* The firmware events of the PMU extension, by their code. A hart that sends something to itself
 * has sent nothing to another. */
#ifndef SBI_GUEST_EVENTS_H
#define SBI_GUEST_EVENTS_H

enum fw_event {
	FW_MISALIGNED_LOAD,
	FW_MISALIGNED_STORE,
	FW_ACCESS_LOAD,
	FW_ACCESS_STORE,
	FW_ILLEGAL_INSN,
	N_FW_TRAPS, /* those before are counted as traps that the guest was given */
	FW_SET_TIMER = N_FW_TRAPS,
	FW_IPI_SENT, /* each is followed by the same RECEIVED */
	FW_FENCE_I_SENT = 8,
	FW_SFENCE_VMA_SENT = 10,
	FW_SFENCE_VMA_ASID_SENT = 12,
};

#endif
