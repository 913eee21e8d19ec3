/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program that runs one guest by KVM, so that bench/run can set what KVM takes beside what
 * we take: memory, one vCPU, a 16550 and the debug console. It does what such a program must do and
 * no more, for what it does counts as KVM's.
 *
 *	vmm TREE.dtb KERNEL
 *
 * The tree is given to the guest as it is, at the end of its first memory. Each memory node is
 * memory of the VM; where it says `fill-size`, 4 KiB or 2 MiB, the host provides it in such units.
 * The kernel has the header of a Linux Image and goes into the first memory. The status is 0 if the
 * guest shut itself down without a complaint; all else is a line on stderr and 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
enum {
	REG_SBI_EXTENSION = 8 << KVM_REG_RISCV_TYPE_SHIFT,
	EXTENSION_DBCN = 9,
};

enum { SBI_EXT_DBCN = 0x4442434e, DBCN_WRITE = 0, DBCN_READ = 1, DBCN_WRITE_BYTE = 2 };
enum { SBI_ERR_NOT_SUPPORTED = -2, SBI_ERR_INVALID_PARAM = -3 };

#define MEGA_SIZE (2ull << 20)

struct memory {
	uint64_t at, size, fill_size;
	char *host;
};

static struct {
	struct memory memories[8];
	unsigned n_memories;
	uint64_t entry, tree_at;
} vm;

static struct kvm_run *run; /* what the vCPU and we tell each other */

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *what, ...)
{
	va_list arguments;

	fputs("vmm: ", stderr);
	va_start(arguments, what);
	vfprintf(stderr, what, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

/* An ioctl that does not fail. */
static int control(int fd, unsigned long request, const char *name, uintptr_t argument)
{
	int value = ioctl(fd, request, argument);

	if (value < 0)
		fail("%s: %s", name, strerror(errno));
	return value;
}
#define CONTROL(fd, request, argument) control(fd, request, #request, (uintptr_t)(argument))

/* --- what the guest starts from */

/* [at, +size) of the guest, or NULL if that is not in one of its memories. */
static void *guest_memory(uint64_t at, uint64_t size)
{
	for (struct memory *m = vm.memories; m < vm.memories + vm.n_memories; m++)
		if (at >= m->at && size <= m->size && at - m->at <= m->size - size)
			return m->host + (at - m->at);
	return NULL;
}

static void *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		fail("%s: %s", path, strerror(errno));
	*size = (size_t)stat.st_size;
	void *contents = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (contents == MAP_FAILED)
		fail("%s: %s", path, strerror(errno));
	close(fd);
	return contents;
}

/* In units of 2 MiB it comes from the pages that /proc/sys/vm/nr_hugepages set aside: only such
 * does KVM give to the guest whole. Else the host may use large ones, unless small ones are asked
 * for. */
static void memory_provide(struct memory *m)
{
	int huge = m->fill_size == MEGA_SIZE ? MAP_HUGETLB : 0;
	size_t whole = m->size + (huge ? 0 : MEGA_SIZE);

	m->host = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | huge, -1,
		       0);
	if (m->host == MAP_FAILED)
		fail("%llu bytes of memory: %s", (unsigned long long)whole, strerror(errno));
	if (huge)
		return;
	/* Aligned as the guest's. */
	m->host += (m->at - (uintptr_t)m->host) % MEGA_SIZE;
	if (m->fill_size && madvise(m->host, m->size, MADV_NOHUGEPAGE))
		fail("madvise: %s", strerror(errno));
}

/* Cells of a node whose parent has two for an address and two for a size. */
static uint64_t two_cells(const fdt32_t *cells)
{
	return (uint64_t)fdt32_to_cpu(cells[0]) << 32 | fdt32_to_cpu(cells[1]);
}

static void take_memory(const void *tree, int node)
{
	struct memory *m = &vm.memories[vm.n_memories];
	const fdt32_t *reg, *fill_size;
	int size;

	if (vm.n_memories++ == sizeof(vm.memories) / sizeof(vm.memories[0]))
		fail("the tree has too many memory nodes");
	reg = fdt_getprop(tree, node, "reg", &size);
	if (!reg || size != 16)
		fail("a memory node's reg is not one address and one size of two cells each");
	m->at = two_cells(reg);
	m->size = two_cells(reg + 2);
	fill_size = fdt_getprop(tree, node, "fill-size", &size);
	m->fill_size = fill_size && size == 4 ? fdt32_to_cpu(*fill_size) : 0;
	memory_provide(m);
}

static void load_tree(const char *path)
{
	size_t size;
	const void *tree = read_file(path, &size);
	int node;

	if (size < sizeof(struct fdt_header) || fdt_check_full(tree, size))
		fail("%s: not a device tree", path);
	fdt_for_each_subnode(node, tree, 0) if (!strncmp(fdt_get_name(tree, node, NULL), "memory@",
							 7)) take_memory(tree, node);
	if (!vm.n_memories || size > vm.memories[0].size)
		fail("%s: no memory, or too little", path);
	vm.tree_at = (vm.memories[0].at + vm.memories[0].size - size) & -(uint64_t)0x1000;
	memcpy(guest_memory(vm.tree_at, size), tree, size);
}

/* Documentation/arch/riscv/boot-image-header.rst of Linux: eight bytes of code come first. */
static void load_kernel(const char *path)
{
	struct image_header {
		uint32_t code[2];
		uint64_t text_offset, image_size, flags;
		uint32_t version, reserved;
		char reserved2[8], magic[8], magic2[4];
		uint32_t reserved3;
	};
	size_t size;
	const struct image_header *header = read_file(path, &size);

	if (size < sizeof(*header) || memcmp(header->magic2, "RSC\x05", 4))
		fail("%s: no header of a Linux Image", path);
	vm.entry = vm.memories[0].at + header->text_offset;
	if (size > header->image_size || vm.entry + header->image_size > vm.tree_at)
		fail("%s: does not fit below the tree", path);
	memcpy(guest_memory(vm.entry, size), header, size);
}

static void vcpu_set(int vcpu, uint64_t reg, uint64_t value)
{
	struct kvm_one_reg one = { .id = KVM_REG_RISCV | KVM_REG_SIZE_U64 | reg,
				   .addr = (uintptr_t)&value };

	CONTROL(vcpu, KVM_SET_ONE_REG, &one);
}
#define CORE(name) (KVM_REG_RISCV_CORE | KVM_REG_RISCV_CORE_REG(regs.name))

static int vcpu_make(void)
{
	int kvm = open("/dev/kvm", O_RDWR);

	if (kvm < 0)
		fail("/dev/kvm: %s", strerror(errno));
	int machine = CONTROL(kvm, KVM_CREATE_VM, 0);

	for (unsigned i = 0; i < vm.n_memories; i++) {
		struct kvm_userspace_memory_region region = {
			.slot = i,
			.guest_phys_addr = vm.memories[i].at,
			.memory_size = vm.memories[i].size,
			.userspace_addr = (uintptr_t)vm.memories[i].host,
		};
		CONTROL(machine, KVM_SET_USER_MEMORY_REGION, &region);
	}
	int vcpu = CONTROL(machine, KVM_CREATE_VCPU, 0);

	run = mmap(NULL, (size_t)CONTROL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		fail("the vCPU's page: %s", strerror(errno));
	/* The debug console is off until somebody asks, for it is answered here. */
	vcpu_set(vcpu, REG_SBI_EXTENSION | EXTENSION_DBCN, 1);
	vcpu_set(vcpu, CORE(pc), vm.entry);
	vcpu_set(vcpu, CORE(a0), 0);
	vcpu_set(vcpu, CORE(a1), vm.tree_at);
	return vcpu;
}

/* --- what the guest meets */

static void put(const void *bytes, size_t n)
{
	if (write(STDOUT_FILENO, bytes, n) != (ssize_t)n)
		fail("the console: %s", strerror(errno));
}

/* A 16550 that is always ready to send, never receives, and has no interrupt. */
enum { UART_AT = 0x10000000, UART_SIZE = 8 };
enum { THR = 0, IER = 1, IIR = 2, LCR = 3, LSR = 5, MSR = 6 };
enum { IIR_NOTHING = 0xc1, LCR_DLAB = 0x80, LSR_READY = 0x60, MSR_PRESENT = 0xb0 };

/* The divisor lies behind the others. */
static uint8_t uart[UART_SIZE + 2] = {
	[IIR] = IIR_NOTHING, [LSR] = LSR_READY, [MSR] = MSR_PRESENT
};

static void uart_access(unsigned reg, uint8_t *value, int is_write)
{
	if (reg <= IER && uart[LCR] & LCR_DLAB)
		reg += UART_SIZE;
	if (!is_write)
		*value = uart[reg];
	else if (reg == THR)
		put(value, 1);
	else if (reg != IIR && reg != LSR && reg != MSR)
		uart[reg] = *value;
}

static void answer_access(void)
{
	uint64_t at = run->mmio.phys_addr;

	if (at < UART_AT || at >= UART_AT + UART_SIZE || run->mmio.len != 1)
		fail("an access of %u bytes at %#llx, where nothing is", run->mmio.len,
		     (unsigned long long)at);
	uart_access((unsigned)(at - UART_AT), run->mmio.data, run->mmio.is_write);
}

static void answer_debug_console(unsigned long function, const unsigned long *args,
				 unsigned long *ret)
{
	uint8_t byte = (uint8_t)args[0];
	const void *bytes;

	switch (function) {
	case DBCN_WRITE:
		bytes = args[2] ? NULL : guest_memory(args[1], args[0]);
		if (!bytes) {
			ret[0] = (unsigned long)SBI_ERR_INVALID_PARAM;
			return;
		}
		put(bytes, args[0]);
		ret[1] = args[0];
		break;
	case DBCN_READ:
		ret[1] = 0;
		break;
	case DBCN_WRITE_BYTE:
		put(&byte, 1);
		ret[1] = 0;
		break;
	default:
		return;
	}
	ret[0] = 0;
}

static void answer_call(void)
{
	run->riscv_sbi.ret[0] = (unsigned long)SBI_ERR_NOT_SUPPORTED;
	if (run->riscv_sbi.extension_id == SBI_EXT_DBCN)
		answer_debug_console(run->riscv_sbi.function_id, run->riscv_sbi.args,
				     run->riscv_sbi.ret);
}

/* SBI's system reset: the type of the event says which, its data the reason. */
static int is_clean_shutdown(void)
{
	return run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN && !run->system_event.data[0];
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage: vmm TREE.dtb KERNEL");
	load_tree(argv[1]);
	load_kernel(argv[2]);
	int vcpu = vcpu_make();

	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
			fail("KVM_RUN: %s", strerror(errno));
		switch (run->exit_reason) {
		case KVM_EXIT_MMIO:
			answer_access();
			break;
		case KVM_EXIT_RISCV_SBI:
			answer_call();
			break;
		case KVM_EXIT_INTR:
			break;
		case KVM_EXIT_SYSTEM_EVENT:
			if (!is_clean_shutdown())
				fail("the guest reset itself or complained");
			return 0;
		default:
			fail("KVM left by exit %u", run->exit_reason);
		}
	}
}
