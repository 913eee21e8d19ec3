/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM shall be, as its description says: device-tree source, compiled by dtc, read once into
 * one plain struct. It holds values only, no pointer into the blob. Pure: the same code is tested
 * and fuzzed on the host. docs/vm-description.md is the same for who writes one.
 *
 * Always true after success: there is RAM; regions are page-aligned, sorted by address, and neither
 * they nor devices overlap; windows on the host's devices are merged where both sides are
 * contiguous, and only there; rights fit the kind; all lies below 2^59 and within gstage_levels, if
 * these are given; every string is terminated and, but for bootargs, without blanks.
 */
#ifndef HYP_CONFIG_H
#define HYP_CONFIG_H

#include "gstage/region.h"
#include "lib/isa.h"
#include "lib/machine.h"

enum {
	CONFIG_REGIONS = 16,
	CONFIG_DEVICES = 8,
	CONFIG_VCPUS = 64,
	CONFIG_NAME = 32, /* of a VM */
	CONFIG_NODE = 32, /* of a node */
	CONFIG_FILE = 64, /* of a file in the archive */
	CONFIG_ARGS = 1024,
	CONFIG_LAST_IRQ = 95, /* of the PLIC, as on QEMU virt */
};

/* What becomes of a VM when its guest crashes or resets. */
enum vm_after { VM_STOP, VM_RESTART, VM_KEEP };

/* The devices that can be asked for, in the order of the table in config.c. */
enum vm_device_kind { VM_SERIAL, VM_PLIC, VM_TEST };

struct vm_region {
	char node[CONFIG_NODE]; /* "memory@80000000" */
	struct gpa at;
	uint64_t size;
	enum region_kind kind; /* never REGION_EMULATED */
	enum gtable_rights rights;
	unsigned fill_level;    /* lazy: 0 or 1 */
	bool stops_guest;       /* a refused access stops the VM */
	struct hpa host;        /* of a window */
	char file[CONFIG_FILE]; /* of a ROM: what it holds */
};

struct vm_device {
	char node[CONFIG_NODE];
	struct gpa at;
	uint64_t size; /* whole pages */
	enum vm_device_kind kind;
	uint32_t irq; /* at the PLIC; 0: none */
};

struct vm_config {
	char name[CONFIG_NAME];
	uint32_t n_vcpus;
	uint64_t harts;         /* bit n: may run on the host's hart with the id n; 0: on any */
	uint32_t gstage_levels; /* GTABLE_SV39X4 ...; 0: the smallest that covers the map */
	struct isa removed;     /* extensions that the guest shall not see */

	bool starts_by_itself;
	uint32_t order; /* of starting: smaller is sooner */
	enum vm_after on_crash, on_reboot;
	bool ends_without_memory; /* of the host: as by a crash; else it pauses */
	bool hole_stops_guest;    /* an access where nothing is stops the VM */

	char kernel[CONFIG_FILE]; /* empty: what runs lies in a ROM, at `entry` */
	char initrd[CONFIG_FILE]; /* empty: none */
	bool has_load, has_entry;
	struct gpa load;  /* where the image goes in place of where it asks to be */
	struct gpa entry; /* where to start in place of what the image says */
	char bootargs[CONFIG_ARGS];

	unsigned n_regions;
	struct vm_region regions[CONFIG_REGIONS];
	unsigned n_devices;
	struct vm_device devices[CONFIG_DEVICES];
};

/* The one line that says what is wrong: file, node, property, what was expected. */
struct vm_config_error {
	char text[320];
};

/*
 * Read the description in the `size` bytes at `fdt`, a multiple of 8. `file` is its name; the VM is
 * called by it, without folder and ending, where the description gives no label. Returns 0, or
 * -EINVAL with the reason in `error`; nothing outside [fdt, +size) is ever read, whatever the bytes
 * say.
 */
MUST_CHECK int vm_config_read(struct vm_config *c, const char *file, const void *fdt, size_t size,
			      struct vm_config_error *error);

/* What a description without a word says: QEMU virt's map with 256 MiB of lazy RAM, one vCPU. The
 * RAM is regions[0]. */
void vm_config_default(struct vm_config *c, const char *name);

/*
 * Whether the host has what the description names: windows lead to nothing that is RAM or one of
 * its interrupt controllers, and there is a hart that may run it. 0, or -EINVAL with the reason.
 */
MUST_CHECK int vm_config_check_host(const struct vm_config *c, const char *file,
				    const struct machine *machine, struct vm_config_error *error);

#endif
