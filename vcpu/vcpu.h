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

#ifndef __ASSEMBLER__

#include <assert.h>
#include <stdatomic.h>

#include "arch/addr.h"
#include "platform/lock.h"
#include "platform/timer.h"
#include "platform/work.h"

struct vcpu_engine;
struct guest_env;
struct vm;

/* Registers by their ABI names, as indices of x[]. */
enum { REG_RA = 1, REG_SP = 2, REG_A0 = 10, REG_A1 = 11, REG_A2 = 12, REG_A6 = 16, REG_A7 = 17 };

/* Why the run loop has the vCPU back. */
enum verdict {
	VERDICT_RESUME, /* nothing: the guest goes on */
	VERDICT_WAIT,   /* it has nothing to do until an interrupt */
	VERDICT_STOP,   /* its VM ends; vcpu->stop says how */
	VERDICT_POLL,   /* the host has something pending */
	VERDICT_OFF,    /* this vCPU ends, its VM need not */
	VERDICT_SAVE,   /* for the engine: save all registers, and have the access done */
	VERDICT_LACK,   /* the host has no frame for it now; pc is where it is tried again */
};

/* x registers, as bits, that C keeps or does not use: in an exit they may still be the hart's. */
#define KEPT_REGISTERS 0x0ffc0308u

enum stop_reason {
	STOP_NONE,
	STOP_SHUTDOWN,  /* the guest switched itself off */
	STOP_REBOOT,    /* it asked to begin again */
	STOP_FAILURE,   /* it said that it failed */
	STOP_CRASH,     /* it did what cannot be gone on from; vcpu->why says it in words */
	STOP_NO_MEMORY, /* there is no frame for it */
	STOP_ORDERED,   /* somebody outside wanted it */
	STOP_NO_START,  /* it could not be loaded */
};

/* What was trapped with, where the run loop or an exit's handler needs it. */
struct trap_info {
	uint64_t cause;
	uint64_t value;           /* stval: of a memory fault the guest-virtual address */
	struct gpa gpa;           /* of a memory fault */
	uint64_t insn;            /* htinst, or 0 */
	bool has_gpa;             /* 0 is what a platform says that does not know it, too */
	bool is_walk;             /* the fault was on a walk of the guest's own tables */
	uint8_t access;           /* enum gtable_rights that a memory fault wanted */
	struct region *saved_for; /* the device's, of an access for which all registers are saved */
};

/* State of a guest's S-mode that stands in CSRs while it is loaded on a hart. */
struct vs_state {
	uint64_t vsstatus, vsie, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vstimecmp;
	uint64_t hvip, hstatus, sstatus;
	uint64_t henvcfg; /* its guest_env's, but for what the guest chose by FWFT */
	/* These have no copy of their own for a guest. */
	uint64_t senvcfg, scounteren, sstateen[4], scontext, vsiselect;
};

/* How the guest translates addresses at this moment. */
struct vcpu_translation {
	uint64_t satp;
	bool is_user, sum, mxr;
};

/* What a trap into the guest's S-mode puts down and changes, and a return from one takes up. */
struct vcpu_privilege {
	uint64_t sepc;
	uint64_t status; /* SPP, SPIE, SIE as in sstatus */
	bool is_user;
};
#define PRIVILEGE_STATUS (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)

/* Interrupts that devices and other vCPUs hold up to a vCPU. */
enum vcpu_line {
	LINE_SOFT = 1 << 0,  /* an IPI: taken over once, the guest clears it */
	LINE_TIMER = 1 << 1, /* a level, where the timer is ours */
	LINE_EXT = 1 << 2,   /* a level */
	LINE_WAKE = 1 << 3,  /* no interrupt: it ends one wait */
};

enum vcpu_state { VCPU_OFF, VCPU_WAITING, VCPU_RUNNABLE, VCPU_PARKED };

/* What the guest is told of it, by the numbers of the SBI ("Hart State Management Extension"). Who
 * moves it from STOPPED to START_PENDING is the one that starts it; all else is its own hart's. */
enum vcpu_hsm {
	HSM_STARTED,
	HSM_STOPPED,
	HSM_START_PENDING,
	HSM_STOP_PENDING,
	HSM_SUSPENDED,
	HSM_SUSPEND_PENDING, /* until it waits */
	HSM_RESUME_PENDING,  /* something came for it: it looks whether it is enough */
};

/* Fences of what a guest's hart keeps of its own tables and code. */
enum guest_fence {
	FENCE_CODE = 1 << 0, /* fence.i */
	FENCE_PAGES = 1 << 1,
	FENCE_ASID = 1 << 2, /* of one address space */
	/* In vcpu->fences beside those that siblings ask for: */
	FENCES_RUN = 1 << 3,    /* it executes them now */
	FENCES_LOADED = 1 << 4, /* its state is in a hart, which may keep translations */
};
#define FENCES_ASKED ((uint32_t)(FENCE_CODE | FENCE_PAGES))

/* The SBI's firmware events, by their code; and counters of them. */
enum { N_FW_EVENTS = 22, N_FW_COUNTERS = 16 };
struct fw_counter {
	uint64_t value; /* while it counts: less than the count by what had happened at its start */
	uint8_t event;  /* code + 1; 0: none */
	bool is_counting;
};

/* A software event of the SBI: its attributes, by their ids. Under vcpu->events_lock of the VM's
 * first vCPU, of all of its vCPUs. */
enum { N_EVENT_ATTRIBUTES = 10 };
struct sse_event {
	uint64_t attributes[N_EVENT_ATTRIBUTES];
	uint64_t runs_on; /* a global one that runs: that hart's id */
};

/* What else the SBI keeps for a guest's hart; a reset clears it. */
struct vcpu_sbi {
	uint32_t fwft_locked; /* features, as bits */
	/* Shared memory: 0, or its address with bit 0 set. */
	uint64_t steal_at, snapshot_at;
	/* Which memory it asks of what its events are, and how many have been told. */
	uint64_t told_at, n_told;
	/* What of it stands there, but for `untold`. */
	uint64_t stolen, untold;
	uint32_t steal_sequence;
	bool is_preempted;
	struct sse_event event; /* the local one */
	bool takes_events;
};

struct vcpu {
	/* The entry and exit code's, on the hart that runs it. KEPT_REGISTERS are true only while
	 * the vCPU is not inside the engine's run, or after VERDICT_SAVE. */
	uint64_t x[32];
	uint64_t pc;
	uint64_t host_sp;
	uint64_t host_tp;
	_Atomic uint32_t requests; /* bits that make the exit code leave the guest */
	uint32_t verdict;          /* of the exit that is handled */
	uint64_t n_calls;          /* SBI calls */

	/* The hart's that runs it. */
	struct trap_info trap;
	struct vs_state vs;
	struct vcpu_translation seen; /* when it was switched out, or shown; for who watches */
	enum stop_reason stop;
	const char *why;
	struct { /* the last fault that a fence was the answer to */
		uint64_t gpa, pc, cause;
		unsigned n;
	} again;
	unsigned n_vector_loops; /* traps of its trap vector's first instruction, in a row */
	uint64_t n_exits[32];    /* by cause; SBI calls not included */
	uint64_t n_injected[16]; /* exceptions, by cause */
	uint64_t n_interrupts, n_fills, n_mmio, n_waits;
	uint64_t f[32], fcsr;
	uint64_t v_csrs[4];
	struct timer timer; /* wakes it, or raises its timer's line */
	enum vcpu_state state;
	struct vcpu *next;  /* in the hart's queue */
	uint64_t ready_at;  /* since when */
	uint64_t due;       /* of a parked one: its guest's timer, in guest time; ~0: not set */
	unsigned last_hart; /* where it was loaded last, + 1 */
	uint64_t awaits;    /* siblings, by hart id, whose fences it awaits before it goes on */
	struct fw_counter counters[N_FW_COUNTERS];

	/* Anyone's, at any time. */
	_Atomic uint32_t lines;     /* enum vcpu_line */
	_Atomic uint32_t orders;    /* enum vcpu_order */
	_Atomic uint32_t fences;    /* enum guest_fence */
	_Atomic uint32_t hsm;       /* enum vcpu_hsm */
	_Atomic uint32_t is_asleep; /* with its whole system, which a key or a person may wake */
	struct work look;           /* queued on its hart: look at lines, orders and fences */
	/* Firmware events that are not traps. */
	_Atomic uint64_t events[N_FW_EVENTS];

	/* Fixed while its VM runs. */
	const struct vcpu_engine *engine;
	const struct guest_env *env;
	struct vm *vm;
	unsigned index;      /* among the vCPUs of its VM */
	uint64_t hart_id;    /* as the guest knows it; below 64 */
	uint64_t siblings;   /* the hart ids of its VM, as bits; its own is one */
	unsigned hart;       /* of ours, on which it runs */
	uint64_t hgatp;      /* but for the VMID, which is that of its hart */
	uint64_t time_delta; /* guest time less host time; lowered by what its VM was paused */
	void *v_area;        /* the vector registers; NULL where it has none */

	/* The hart's that runs it, but for what is under events_lock; so far back that what is used
	 * often keeps near the front, where one instruction reaches it. */
	struct vcpu_sbi sbi;

	/* In the VM's first vCPU: its global software event, and the lock of all. */
	struct sse_event global_event;
	struct lock events_lock;
};

/* What somebody wants of it when it is looked at. */
enum vcpu_order {
	ORDER_LEAVE = 1 << 0,
	ORDER_START = 1 << 1,
	ORDER_SHOW = 1 << 2,  /* where its translation stands, in `seen` */
	ORDER_PAUSE = 1 << 3, /* it does not run for as long as this stands; leaving comes first */
	ORDER_PARK = 1 << 4,  /* stands until it has obeyed that */
	ORDER_RESUME = 1 << 5,
	ORDER_WAIT = 1 << 6,  /* its own: it waited; is there anything to go on for? */
	ORDER_EVENT = 1 << 7, /* take a software event, if there is one */
};

static_assert(offsetof(struct vcpu, pc) == VCPU_PC);
static_assert(offsetof(struct vcpu, host_sp) == VCPU_HOST_SP);
static_assert(offsetof(struct vcpu, host_tp) == VCPU_HOST_TP);
static_assert(offsetof(struct vcpu, requests) == VCPU_REQUESTS);

enum vcpu_request { REQUEST_LEAVE = 1 << 0 };

/* Leave the guest with this verdict when the exit that is being handled is done. */
static inline void vcpu_leave(struct vcpu *v, enum verdict verdict)
{
	v->verdict = verdict;
	atomic_store_explicit(&v->requests, REQUEST_LEAVE, memory_order_relaxed);
}

/* Raise or lower a line; any hart. The vCPU wakes if it waits. */
void vcpu_set_line(struct vcpu *v, enum vcpu_line line, bool on);

/* Ask it to leave its VM; to take a software event. Any hart. */
void vcpu_order_leave(struct vcpu *v);
void vcpu_order_event(struct vcpu *v);

/*
 * Fences that siblings ask for, of everything. vcpu_ask_fence: the vCPU executes it before it runs
 * again; any hart; if a hart has it loaded now, `asker` must not run before vcpu_awaits_fences says
 * no. Nobody waits in place: two vCPUs may ask each other.
 */
void vcpu_ask_fence(struct vcpu *asker, struct vcpu *v, enum guest_fence kind);
/* On its hart, loaded: execute what was asked for. */
void vcpu_take_fences(struct vcpu *v);
bool vcpu_awaits_fences(struct vcpu *v);
/* On its hart: its state has come into the hart; is about to leave it. */
void vcpu_note_load(struct vcpu *v);
void vcpu_note_save(struct vcpu *v);

static inline void vcpu_set_hsm(struct vcpu *v, enum vcpu_hsm state)
{
	atomic_store_explicit(&v->hsm, state, memory_order_release);
}

static inline void vcpu_count_event(struct vcpu *v, unsigned code)
{
	atomic_fetch_add_explicit(&v->events[code], 1, memory_order_relaxed);
}

#endif
#endif
