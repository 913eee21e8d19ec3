/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/list.h"

#include "tests/kit/kit.h"

struct thing {
	int value;
	struct list node;
};

static struct list head = LIST_INIT(head);
static struct thing things[4];

static void begin(void)
{
	list_init(&head);
	for (int i = 0; i < 4; i++) {
		things[i].value = i;
		list_add_before(&head, &things[i].node);
	}
}

/* The values as the digits of one number; each link must lead there and back. */
static unsigned digits(void)
{
	unsigned all = 0;

	list_for_each (node, &head) {
		EXPECT(node->next->prev == node && node->prev->next == node);
		all = all * 10 + (unsigned)CONTAINER_OF(node, struct thing, node)->value + 1;
	}
	return all;
}

TEST(list, is_empty_at_first_and_when_all_is_gone)
{
	static struct list fresh = LIST_INIT(fresh);

	EXPECT(list_is_empty(&fresh));
	begin();
	EXPECT(!list_is_empty(&head));
	for (int i = 0; i < 4; i++)
		list_remove(&things[i].node);
	EXPECT(list_is_empty(&head));
	EXPECT_EQ(digits(), 0);
}

TEST(list, adding_before_the_head_is_adding_at_the_end)
{
	begin();
	EXPECT_EQ(digits(), 1234);
}

TEST(list, adding_before_a_node_puts_it_there)
{
	struct thing more = { .value = 8 }, first = { .value = 6 };

	begin();
	list_add_before(&things[2].node, &more.node);
	EXPECT_EQ(digits(), 12934);
	list_add_before(head.next, &first.node);
	EXPECT_EQ(digits(), 712934);
}

TEST(list, first_middle_and_last_can_be_removed)
{
	begin();
	list_remove(&things[1].node);
	EXPECT_EQ(digits(), 134);
	list_remove(&things[0].node);
	EXPECT_EQ(digits(), 34);
	list_remove(&things[3].node);
	EXPECT_EQ(digits(), 3);
	EXPECT(!things[1].node.next && !things[1].node.prev);
}

TEST(list, node_can_be_removed_while_the_list_is_walked)
{
	unsigned n = 0;

	begin();
	list_for_each (node, &head) {
		if (CONTAINER_OF(node, struct thing, node)->value % 2)
			list_remove(node);
		n++;
	}
	EXPECT_EQ(n, 4);
	EXPECT_EQ(digits(), 13);
}
