/* SPDX-License-Identifier: BSD-2-Clause */
/* See vm_source.h. */
#include "tests/unit/vm_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/kit/kit.h"
#include "tests/unit/vm_config_check.h"

enum { BLOB_ROOM = 64 << 10 };

struct vm_config c;
struct vm_config_error error;
char *blob;
size_t blob_size;

static void compile(const char *path)
{
	char command[256];
	FILE *dtc;

	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", path);
	dtc = popen(command, "r");
	REQUIRE(dtc);
	free(blob);
	blob = malloc(BLOB_ROOM);
	blob_size = fread(blob, 1, BLOB_ROOM, dtc);
	EXPECT_EQ(pclose(dtc), 0);
}

int read_blob(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);

	memcpy(copy, bytes, size);
	memset(&c, 0xa5, sizeof(c));
	memset(&error, 'x', sizeof(error));
	int err = vm_config_read(&c, "vm/linux.dtb", copy, size, &error);

	free(copy);
	EXPECT(memchr(error.text, '\0', sizeof(error.text)));
	EXPECT_EQ(err ? -EINVAL : 0, err);
	EXPECT_EQ(err != 0, error.text[0] != '\0');
	if (!err)
		EXPECT_STR(vm_config_broken_promise(&c), NULL);
	return err;
}

int read_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/unit/vm/%s.dts", name);
	compile(path);
	return read_blob(blob, blob_size);
}

int read_source(const char *source)
{
	char path[] = "/tmp/vm_config_XXXXXX";
	int fd = mkstemp(path);

	REQUIRE(fd >= 0);
	REQUIRE_EQ(write(fd, source, strlen(source)), strlen(source));
	close(fd);
	compile(path);
	unlink(path);
	return read_blob(blob, blob_size);
}

int read_vm(const char *props, const char *nodes)
{
	char source[8192];

	snprintf(source, sizeof(source), "/dts-v1/; / { compatible = \"hartwood,vm\"; %s %s %s };",
		 props, strstr(nodes, "kernel {") ? "" : "kernel { file = \"k\"; };", nodes);
	return read_source(source);
}

const char *complaint(const char *props, const char *nodes)
{
	static const char file[] = "vm/linux.dtb: ";

	if (!read_vm(props, nodes))
		return "";
	return strncmp(error.text, file, strlen(file)) ? error.text : error.text + strlen(file);
}

const struct vm_region *region(const char *node)
{
	for (unsigned i = 0; i < c.n_regions; i++) {
		if (!strcmp(c.regions[i].node, node))
			return &c.regions[i];
	}
	kit_note("there is no %s", node);
	kit_leave();
}

const struct vm_device *device(const char *node)
{
	for (unsigned i = 0; i < c.n_devices; i++) {
		if (!strcmp(c.devices[i].node, node))
			return &c.devices[i];
	}
	kit_note("there is no %s", node);
	kit_leave();
}
