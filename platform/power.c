/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/power.h"
#include "arch/csr.h"
#include "arch/mmio.h"
#include "lib/component.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/lock.h"
#include "platform/mmu.h"
#include "platform/timer.h"
#include "platform/work.h"
#include "sbi/host/legacy.h"
#include "sbi/host/srst.h"

enum { TEST_PASS = 0x5555, TEST_FAIL = 0x3333, FLUSH_MS = 2000, DEVICE_MS = 2000 };

static volatile void *test_device;

/* Mapped early, so that switching off needs nothing that may be broken by then. */
static int power_init(void)
{
	if (machine.test_device.size)
		test_device = mmu_map_device(machine.test_device.at, machine.test_device.size);
	return 0;
}

/*
 * The write may take effect while this hart runs on. The firmware must not be asked meanwhile: it
 * may use the same device, and its verdict, which is always a success, would count.
 */
static void tell_test_device(enum power_verdict verdict)
{
	uint64_t limit = time_now() + time_from_us(DEVICE_MS * 1000ull);

	mmio_write32(test_device,
		     verdict == POWER_SUCCESS ? TEST_PASS : (uint32_t)verdict << 16 | TEST_FAIL);
	while (!time_is_past(limit))
		cpu_relax();
}

_Noreturn void power_off_by_firmware(enum power_verdict verdict)
{
	enum sbi_reset_reason reason =
		verdict == POWER_SUCCESS ? SBI_RESET_NO_REASON : SBI_RESET_SYSTEM_FAILURE;

	sbi_system_reset(SBI_RESET_SHUTDOWN, reason);
	sbi_system_reset(SBI_RESET_COLD_REBOOT, reason);
	sbi_legacy_shutdown();
	csr_write(CSR_SIE, 0);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void power_off(enum power_verdict verdict)
{
	/* Whoever crashes has the last word: a success of this hart must not cover it. */
	hart_stop_if_told();
	console_flush(FLUSH_MS);
	hart_stop_if_told();
	if (test_device)
		tell_test_device(verdict);
	power_off_by_firmware(verdict);
}

COMPONENT(power, PHASE_FIRST, power_init, NULL, "switching the machine off");
