/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hyp/report.h"
#include "platform/boot.h"
#include "platform/console.h"
#include "platform/frames.h"
#include "platform/irq.h"
#include "platform/probe.h"
#include "platform/random.h"
#include "platform/timer.h"
#include "sbi/host/sbi.h"

/* "512 MiB": in the largest unit that loses nothing worth having. */
static const char *size_text(uint64_t size, char text[static 16])
{
	unsigned shift = size >= GiB && size % GiB == 0 ? 30 : size >= 10 * MiB ? 20 : 10;

	snprintf(text, 16, "%" PRIu64 " %ciB", size >> shift, "KMG"[shift / 10 - 1]);
	return text;
}

static void report_firmware(void)
{
	uint64_t spec = sbi_spec_version(), id = sbi_impl_id(), version = sbi_impl_version();

	printf("machine    %s\n", machine.model[0] ? machine.model : machine.compatible);
	printf("firmware   %s", sbi_impl_name(id));
	if (id == 1) /* OpenSBI: major, minor */
		printf(" %" PRIu64 ".%" PRIu64, version >> 16, version & 0xffff);
	printf(", SBI %" PRIu64 ".%" PRIu64 "\n", spec >> 24, spec & MASK(23, 0));
}

static void report_memory(void)
{
	struct frames_stats stats;
	char a[16], b[16];
	uint64_t total = 0;

	for (unsigned i = 0; i < machine.n_banks; i++)
		total += machine.banks[i].size;
	frames_stats(&stats);
	printf("memory     %s in %u bank%s, %s free\n", size_text(total, a), machine.n_banks,
	       machine.n_banks == 1 ? "" : "s", size_text(stats.n_free * PAGE_SIZE, b));
	for (unsigned i = 0; i < machine.n_banks; i++)
		printf("  bank     %016" PRIx64 "  %s\n", machine.banks[i].at.v,
		       size_text(machine.banks[i].size, a));
}

static void report_devices(void)
{
	printf("console    %s\n"
	       "interrupts %s\n"
	       "timer      %s, %" PRIu32 " Hz\n"
	       "power      %s\n"
	       "random     %s\n",
	       console_driver_name(), irqchip_name(), hart_features(0)->sstc ? "Sstc" : "firmware",
	       machine.timebase_hz, machine.test_device.size ? "test device" : "firmware",
	       random_is_seeded() ? "seeded by the firmware"
				  : "not seeded: what is drawn can be guessed");
}

static const char *modes_text(unsigned modes, const char *suffix, char text[static 40])
{
	static const char *const names[] = { "Sv39", "Sv48", "Sv57" };

	text[0] = 0;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (modes >> i & 1)
			snprintf(text + strlen(text), 40 - strlen(text), "%s%s%s",
				 text[0] ? " " : "", names[i], suffix);
	return text[0] ? text : "none";
}

#define FLAG(field, name)                                                                          \
	{                                                                                          \
		offsetof(struct hart_features, field), name                                        \
	}
static const struct {
	uint8_t at; /* a bool */
	char name[8];
} flags[] = {
	FLAG(h, "H"),
	FLAG(sstc, "Sstc"),
	FLAG(svinval, "Svinval"),
	FLAG(svnapot, "Svnapot"),
	FLAG(svpbmt, "Svpbmt"),
	FLAG(svadu, "Svadu"),
	FLAG(svade, "Svade"),
	FLAG(aia, "AIA"),
	FLAG(stateen, "stateen"),
};

static void report_features(const struct hart_features *f)
{
	char modes[40], isa[400];

	isa_text(&f->isa, isa, sizeof(isa));
	printf("  isa      %s\n  found   ", isa);
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++)
		if (((const char *)f)[flags[i].at])
			printf(" %s", flags[i].name);
	printf("%s\n  satp     %s, ASID bits %u, senvcfg %" PRIx64 ", scounteren %" PRIx64 "\n",
	       f->cboz_block ? " cbo.zero" : "", modes_text(f->satp_modes, "", modes), f->asid_bits,
	       f->senvcfg, f->scounteren);
	if (!f->h)
		return;
	printf("  hgatp    %s, VMID bits %u, guest interrupt files %u\n",
	       modes_text(f->hgatp_modes, "x4", modes), f->vmid_bits, f->geilen);
	printf("  hyp      henvcfg %" PRIx64 ", hcounteren %" PRIx64 ", hedeleg %" PRIx64
	       ", hideleg %" PRIx64 "%s%s\n",
	       f->henvcfg, f->hcounteren, f->hedeleg, f->hideleg, f->hstateen ? ", hstateen" : "",
	       f->hvien ? ", hvien" : "");
}

static unsigned n_usable_harts(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < machine.n_harts; i++)
		n += machine.harts[i].use == HART_USABLE;
	return n;
}

/* Harts that are alike are described once. */
static void report_harts(void)
{
	printf("harts      %u of %" PRIu32 "\n", n_harts(),
	       machine.n_harts + machine.n_harts_left_out);
	for_each_hart (i) {
		printf("  hart %-3u id %" PRIu64 "%s, engine %s\n", i, hart_id_of(i),
		       i == 0 ? " (boot)" : "", engine_text(hart_engine(i)));
		/* They are static, so padding is zero.
		 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
		bool is_alike = i && !memcmp(hart_features(i), hart_features(i - 1),
					     sizeof(struct hart_features));
		if (!is_alike)
			report_features(hart_features(i));
	}
	if (n_harts() < n_usable_harts())
		printf("  %u more are left out: by the option harts, or they did not start\n",
		       n_usable_harts() - n_harts());
	for (unsigned i = 0; i < machine.n_harts; i++)
		if (machine.harts[i].use != HART_USABLE)
			printf("  id %" PRIu64 " is not used: %s\n", machine.harts[i].id,
			       hart_use_text(machine.harts[i].use));
}

void report_machine(void)
{
	report_firmware();
	report_harts();
	report_memory();
	report_devices();
}
