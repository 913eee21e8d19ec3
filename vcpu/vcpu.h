/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU: a guest's hart. Fields are grouped by who may touch them. Its engine runs it; nothing
 * outside vcpu/ knows which.
 */
#ifndef VCPU_VCPU_H
#define VCPU_VCPU_H

/* Offsets for the entry and exit code, checked below. */
#define VCPU_X(n)     (8 * (n))
#define VCPU_PC       256
#define VCPU_HOST_SP  264
#define VCPU_HOST_TP  272
#define VCPU_REQUESTS 280
#define VCPU_N_CALLS  288

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stdatomic.h>

#include "arch/addr.h"

struct vcpu_engine;
struct gtable;
struct vm;

/* Registers by their ABI names, as indices of x[]. */
enum { REG_RA = 1, REG_SP = 2, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A6 = 16, REG_A7 = 17 };

/* Why the run loop has the vCPU back. */
enum verdict {
	VERDICT_RESUME, /* nothing: the guest goes on */
	VERDICT_WAIT,   /* it has nothing to do until an interrupt */
	VERDICT_STOP,   /* its VM ends; vcpu->stop says how */
	VERDICT_POLL,   /* the host has something pending */
};

enum stop_reason { STOP_NONE, STOP_SHUTDOWN, STOP_REBOOT, STOP_FAILURE, STOP_CRASH };

/* What was trapped with, where the run loop or an exit's handler needs it. */
struct trap_info {
	uint64_t cause, value, gpa, insn;
};

/* State of a guest's S-mode that stands in CSRs while it is loaded on a hart. */
struct vs_state {
	uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vstimecmp;
	uint64_t hvip;
	uint64_t senvcfg, scounteren; /* have no copy of their own for a guest */
};

struct vcpu {
	/* The entry and exit code's, on the hart that runs it. s0 to s11 and gp are true only while
	 * the vCPU is not inside the engine's run. */
	uint64_t x[32];
	uint64_t pc;
	uint64_t host_sp;
	uint64_t host_tp;
	_Atomic uint32_t requests; /* anybody's: bits that make the exit code leave the guest */
	uint32_t verdict;          /* of the exit that is handled */
	uint64_t n_calls;          /* SBI calls */

	/* The hart's that runs it. */
	struct trap_info trap;
	struct vs_state vs;
	enum stop_reason stop;
	uint64_t n_exits[32]; /* by cause; SBI calls not included */
	uint64_t n_interrupts;

	/* Fixed at creation. */
	const struct vcpu_engine *engine;
	struct vm *vm;
	uint64_t hart_id; /* as the guest knows it */
	uint64_t hgatp;
};

static_assert(offsetof(struct vcpu, pc) == VCPU_PC);
static_assert(offsetof(struct vcpu, host_sp) == VCPU_HOST_SP);
static_assert(offsetof(struct vcpu, host_tp) == VCPU_HOST_TP);
static_assert(offsetof(struct vcpu, requests) == VCPU_REQUESTS);
static_assert(offsetof(struct vcpu, n_calls) == VCPU_N_CALLS);

enum vcpu_request { REQUEST_LEAVE = 1 << 0 };

/* Leave the guest with this verdict when the exit that is being handled is done. */
static inline void vcpu_leave(struct vcpu *v, enum verdict verdict)
{
	v->verdict = verdict;
	atomic_fetch_or_explicit(&v->requests, REQUEST_LEAVE, memory_order_relaxed);
}

#endif
#endif
