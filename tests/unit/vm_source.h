/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptions of VMs as a user writes them, compiled by dtc and read; one at a time. */
#ifndef TESTS_UNIT_VM_SOURCE_H
#define TESTS_UNIT_VM_SOURCE_H

#include "hyp/config.h"

extern struct vm_config c;           /* what was read last */
extern struct vm_config_error error; /* or why it was not */
extern char *blob;                   /* what dtc made of it */
extern size_t blob_size;

/* Each returns what vm_config_read did; after success the promises were checked. */

/* These bytes, in a copy that ends where its memory ends, so that an overread is seen. */
int read_blob(const void *bytes, size_t size);
int read_file(const char *name); /* of tests/unit/vm */
int read_source(const char *source);
/* A description with these properties and nodes beside what each must have. */
int read_vm(const char *props, const char *nodes);

/* What is said of that, without the file's name; "" if nothing. */
const char *complaint(const char *props, const char *nodes);
#define OF_ROOT(props) complaint(props, "")
#define OF_NODE(nodes) complaint("", nodes)

/* What has that name; the test ends if there is none. */
const struct vm_region *region(const char *node);
const struct vm_device *device(const char *node);

#endif
