/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The properties of a description, one table: in which nodes each may stand and must stand, what
 * its value looks like, and where it goes.
 */
#include "hyp/config_internal.h"

#include <errno.h>
#include <string.h>

enum value_type {
	IS_FLAG,       /* empty */
	IS_COMPATIBLE, /* strings, one of them the node's */
	IS_TEXT,   /* one string of at least `least` characters; without blanks, if that is not 0 */
	IS_WORD,   /* one of `words`; their numbers begin at `least` */
	IS_NUMBER, /* a cell from `least` to `most` */
	IS_ADDRESS,    /* one or two cells */
	IS_RANGE,      /* an address and a size, in cells as the root says */
	IS_RIGHTS,     /* letters out of "rwx" */
	IS_HARTS,      /* cells, bits to be set in a word of 64 */
	IS_EXTENSIONS, /* strings */
};

enum goes_to { TO_VM, TO_READER, TO_NODE };

struct rule {
	const char *name;
	const char *words;
	uint16_t nodes, needed; /* masks of node kinds */
	uint16_t field, size;   /* where it goes */
	uint16_t least, most;
	uint8_t type, to;
};

#define IN(kind)      (1u << NODE_##kind)
#define IN_RAM_OR_ROM (IN(MEMORY) | IN(ROM))
#define IN_REGIONS    (IN_RAM_OR_ROM | IN(DEVICE) | IN(RESERVED))
#define IN_DEVICES    (IN(SERIAL) | IN(PLIC) | IN(TEST))
#define GOES(to_, type_, f)                                                                        \
	.to = (to_), .field = offsetof(type_, f), .size = sizeof(((type_ *)0)->f)
#define VM(f)     GOES(TO_VM, struct vm_config, f)
#define READER(f) GOES(TO_READER, struct reader, f)
#define REGION(f) GOES(TO_NODE, struct vm_region, f)
#define DEVICE(f) GOES(TO_NODE, struct vm_device, f)

#define NO_BLANKS " without blanks"

/* IS_RANGE fills in a region or a device. */
_Static_assert(offsetof(struct vm_region, at) == offsetof(struct vm_device, at) &&
		       offsetof(struct vm_region, size) == offsetof(struct vm_device, size) &&
		       offsetof(struct vm_region, size) == offsetof(struct vm_region, at) + 8,
	       "regions and devices begin alike");
_Static_assert(VM_STOP == 0 && VM_RESTART == 1 && VM_KEEP == 2, "the order of the words below");
_Static_assert(REGION_LAZY == 0 && REGION_EAGER == 1 && REGION_RESERVED == 2 && REGION_ROM == 3 &&
		       REGION_DEVICE == 4,
	       "the order of the words below");

/* clang-format off */
static const struct rule rules[N_PROPS] = {
	[PROP_ADDRESS_CELLS] = { "#address-cells", .nodes = IN(ROOT), .type = IS_NUMBER, .least = 1,
				 .most = 2, READER(address_cells) },
	[PROP_SIZE_CELLS] = { "#size-cells", .nodes = IN(ROOT), .type = IS_NUMBER, .least = 1,
			      .most = 2, READER(size_cells) },
	[PROP_COMPATIBLE] = { "compatible", .nodes = IN(ROOT) | IN_DEVICES, .needed = IN(ROOT),
			      .type = IS_COMPATIBLE },
	[PROP_LABEL] = { "label", .nodes = IN(ROOT), .type = IS_TEXT, .least = 1, .words = NO_BLANKS, VM(name) },
	[PROP_VCPUS] = { "vcpus", .nodes = IN(ROOT), .type = IS_NUMBER, .least = 1,
			 .most = CONFIG_VCPUS, VM(n_vcpus) },
	[PROP_HARTS] = { "harts", .nodes = IN(ROOT), .type = IS_HARTS, VM(harts) },
	[PROP_GSTAGE_MODE] = { "gstage-mode", .nodes = IN(ROOT), .type = IS_WORD,
			       .words = "sv39x4, sv48x4, sv57x4", .least = GTABLE_SV39X4,
			       VM(gstage_levels) },
	[PROP_REMOVE_EXTENSIONS] = { "remove-extensions", .nodes = IN(ROOT), .type = IS_EXTENSIONS,
				     VM(removed) },
	[PROP_START] = { "start", .nodes = IN(ROOT), .type = IS_WORD, .words = "manual, auto",
			 VM(starts_by_itself) },
	[PROP_ORDER] = { "order", .nodes = IN(ROOT), .type = IS_NUMBER, .most = UINT16_MAX, VM(order) },
	[PROP_ON_CRASH] = { "on-crash", .nodes = IN(ROOT), .type = IS_WORD,
			    .words = "stop, restart, keep", VM(on_crash) },
	[PROP_ON_REBOOT] = { "on-reboot", .nodes = IN(ROOT), .type = IS_WORD,
			     .words = "stop, restart, keep", VM(on_reboot) },
	[PROP_ON_NO_MEMORY] = { "on-no-memory", .nodes = IN(ROOT), .type = IS_WORD,
				.words = "pause, crash", VM(ends_without_memory) },
	[PROP_HOLE_FAULT] = { "on-fault", .nodes = IN(ROOT), .type = IS_WORD,
			      .words = "inject, stop", VM(hole_stops_guest) },
	[PROP_BOOTARGS] = { "bootargs", .nodes = IN(ROOT), .type = IS_TEXT, VM(bootargs) },
	[PROP_NO_DEVICES] = { "no-default-devices", .nodes = IN(ROOT), .type = IS_FLAG },
	[PROP_KERNEL_FILE] = { "file", .nodes = IN(KERNEL), .type = IS_TEXT, .least = 1, .words = NO_BLANKS, VM(kernel) },
	[PROP_LOAD] = { "load", .nodes = IN(KERNEL), .type = IS_ADDRESS, VM(load) },
	[PROP_ENTRY] = { "entry", .nodes = IN(KERNEL), .type = IS_ADDRESS, VM(entry) },
	[PROP_INITRD_FILE] = { "file", .nodes = IN(INITRD), .needed = IN(INITRD), .type = IS_TEXT,
			       .least = 1, .words = NO_BLANKS, VM(initrd) },
	[PROP_REG] = { "reg", .nodes = IN_REGIONS | IN_DEVICES, .needed = IN_REGIONS | IN_DEVICES,
		       .type = IS_RANGE, REGION(at) },
	[PROP_KIND] = { "kind", .nodes = IN_REGIONS, .type = IS_WORD,
			.words = "lazy, eager, reserved, rom, device", REGION(kind) },
	[PROP_RIGHTS] = { "rights", .nodes = IN_RAM_OR_ROM | IN(DEVICE), .type = IS_RIGHTS,
			  REGION(rights) },
	[PROP_ON_FAULT] = { "on-fault", .nodes = IN_REGIONS, .type = IS_WORD,
			    .words = "inject, stop", REGION(stops_guest) },
	[PROP_FILL_SIZE] = { "fill-size", .nodes = IN(MEMORY), .type = IS_ADDRESS, READER(fill_size) },
	[PROP_ROM_FILE] = { "file", .nodes = IN(ROM), .needed = IN(ROM), .type = IS_TEXT, .least = 1, .words = NO_BLANKS,
			    REGION(file) },
	[PROP_HOST_ADDRESS] = { "host-address", .nodes = IN(DEVICE), .needed = IN(DEVICE),
				.type = IS_ADDRESS, REGION(host) },
	[PROP_INTERRUPTS] = { "interrupts", .nodes = IN(SERIAL), .type = IS_NUMBER, .least = 1,
			      .most = CONFIG_LAST_IRQ, DEVICE(irq) },
};
/* clang-format on */

const char *prop_name(enum prop_id id)
{
	return rules[id].name;
}

/* A value that is being taken. A taker returns false where it is not what was expected; it may
 * first narrow `value` to what is wrong. */
struct taking {
	const struct reader *r;
	const struct node *node;
	const struct rule *rule;
	struct prop value;
	void *to;
};

/* Into the field, byte by byte: it is an integer of any width, or a struct around one. */
static bool store(const struct taking *t, uint64_t value)
{
	uint8_t *to = t->to;

	for (unsigned i = 0; i < t->rule->size; i++)
		to[i] = value >> 8 * i;
	return true;
}

/* The string, or NULL if it is none, or more than one. */
static const char *single_text(struct prop p)
{
	const char *text = prop_text(p);

	return text && strlen(text) + 1 == p.size ? text : NULL;
}

static bool take_flag(struct taking *t)
{
	return !t->value.size;
}

static bool take_compatible(struct taking *t)
{
	return prop_has_text(t->value, node_facts[t->node->kind].compatible);
}

static bool take_text(struct taking *t)
{
	const char *text = single_text(t->value);
	size_t least = t->rule->least;

	if (!text || t->value.size <= least || t->value.size > t->rule->size)
		return false;
	for (const char *p = text; *p; p++) {
		if (*p < (least ? '!' : ' ') || *p > '~')
			return false;
	}
	memcpy(t->to, text, t->value.size);
	return true;
}

static bool take_word(struct taking *t)
{
	const char *text = single_text(t->value), *word = t->rule->words;
	uint64_t number = t->rule->least;

	for (size_t n; text; word += n + 2, number++) {
		n = strcspn(word, ",");
		if (strlen(text) == n && !memcmp(text, word, n))
			return store(t, number);
		if (!word[n])
			break;
	}
	return false;
}

static bool take_number(struct taking *t)
{
	uint64_t value = t->value.size == 4 ? prop_cells(t->value, 0, 1) : UINT64_MAX;

	return value >= t->rule->least && value <= t->rule->most && store(t, value);
}

static bool take_address(struct taking *t)
{
	return (t->value.size == 4 || t->value.size == 8) &&
	       store(t, prop_cells(t->value, 0, t->value.size / 4));
}

static bool take_range(struct taking *t)
{
	uint32_t a = t->r->address_cells, s = t->r->size_cells;
	uint64_t *range = t->to;

	if (t->value.size != 4 * (a + s))
		return false;
	range[0] = prop_cells(t->value, 0, a);
	range[1] = prop_cells(t->value, a, s);
	return true;
}

static bool take_rights(struct taking *t)
{
	static const char letters[] = "rwx";
	const char *text = single_text(t->value);
	uint64_t rights = 0;

	for (const char *p = text; p && *p; p++) {
		const char *letter = strchr(letters, *p);

		if (!letter)
			return false;
		rights |= GTABLE_R << (letter - letters);
	}
	return rights && (rights & (GTABLE_R | GTABLE_W)) != GTABLE_W && store(t, rights);
}

static bool take_harts(struct taking *t)
{
	uint64_t harts = 0;

	for (uint32_t i = 0; i < t->value.size / 4; i++) {
		uint64_t id = prop_cells(t->value, i, 1);

		if (id >= 64)
			return false;
		harts |= BIT(id);
	}
	return harts && t->value.size % 4 == 0 && store(t, harts);
}

static bool take_extensions(struct taking *t)
{
	struct prop all = t->value, *name = &t->value;
	struct isa *isa = t->to;

	if (!prop_text(all))
		return false;
	for (name->size = 0; name->at + name->size < all.at + all.size;) {
		struct isa one = { 0 };

		name->at += name->size;
		name->size = strlen((const char *)name->at) + 1;
		isa_add_name(&one, (const char *)name->at, name->size - 1);
		if (!(one.bits[0] | one.bits[1]))
			return false;
		isa->bits[0] |= one.bits[0];
		isa->bits[1] |= one.bits[1];
	}
	return true;
}

/* What was expected, said with the rule's words and its two numbers. */
static const struct {
	bool (*take)(struct taking *t);
	const char *expected;
} types[] = {
	[IS_FLAG] = { take_flag, "no value" },
	[IS_COMPATIBLE] = { take_compatible, "\"%s\"" },
	[IS_TEXT] = { take_text, "a string%s of %u to %u characters" },
	[IS_WORD] = { take_word, "one of %s" },
	[IS_NUMBER] = { take_number, "a number%s from %u to %u" },
	[IS_ADDRESS] = { take_address, "one or two cells" },
	[IS_RANGE] = { take_range, "an address and a size of #address-cells and #size-cells" },
	[IS_RIGHTS] = { take_rights, "letters out of \"rwx\", w only with r" },
	[IS_HARTS] = { take_harts, "ids of harts, below 64" },
	[IS_EXTENSIONS] = { take_extensions, "names of extensions" },
};

static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}

/* As it was written, as far as that can be known: numbers that people count by are decimal. */
static void say_value(struct vm_config_error *e, struct prop p, bool is_address)
{
	const char *text = single_text(p);

	if (text && is_printable(text)) {
		config_say(e, "\"%.48s\"", text);
	} else if (!p.size || p.size % 4) {
		config_say(e, "%u bytes", (unsigned)p.size);
	} else {
		for (uint32_t i = 0; i < p.size / 4 && i < 8; i++)
			config_say(e, is_address ? "%s0x%x" : "%s%u", i ? " " : "<",
				   (unsigned)prop_cells(p, i, 1));
		config_say(e, p.size > 32 ? " ...>" : ">");
	}
}

static int refuse(const struct taking *t)
{
	const struct rule *rule = t->rule;
	struct vm_config_error *e = t->r->error;
	const char *words =
		rule->type == IS_COMPATIBLE ? node_facts[t->node->kind].compatible : rule->words;
	int err = config_fail(t->r, t->node->name, rule->name, "expected ");

	config_say(e, types[rule->type].expected, words ? words : "", rule->least,
		   rule->most ? rule->most : rule->size - 1u);
	config_say(e, ", found ");
	say_value(e, t->value, rule->type != IS_NUMBER && rule->type != IS_HARTS);
	if (rule == &rules[PROP_KIND])
		config_say(e, ", which is not supported yet");
	return err;
}

static int refuse_unknown(const struct reader *r, const struct node *n, const char *name)
{
	int err = config_fail(r, n->name, name, "not known here; expected one of");

	for (unsigned i = 0; i < N_PROPS; i++) {
		if (rules[i].nodes & 1u << n->kind)
			config_say(r->error, " %s", rules[i].name);
	}
	return err;
}

static bool is_rule_for(const struct rule *rule, const struct node *n, const char *name)
{
	return rule->nodes & 1u << n->kind && !strcmp(rule->name, name);
}

int config_take_prop(struct reader *r, struct node *n, const struct tag *tag)
{
	char *const bases[] = {
		[TO_VM] = (char *)r->c, [TO_READER] = (char *)r, [TO_NODE] = n->fills
	};
	const struct rule *rule = rules;

	while (rule < rules + N_PROPS && !is_rule_for(rule, n, tag->name))
		rule++;
	if (rule == rules + N_PROPS)
		return refuse_unknown(r, n, tag->name);
	if (is_seen(n, rule - rules))
		return config_fail(r, n->name, tag->name, "expected once, found twice");
	n->seen |= BIT(rule - rules);
	struct taking t = { r, n, rule, tag->value, bases[rule->to] + rule->field };

	return types[rule->type].take(&t) ? 0 : refuse(&t);
}

int config_check_needed(const struct reader *r, const struct node *n)
{
	for (unsigned id = 0; id < N_PROPS; id++) {
		if (rules[id].needed & 1u << n->kind && !is_seen(n, id))
			return config_fail(r, n->name, rules[id].name, "expected, not there");
	}
	return 0;
}
