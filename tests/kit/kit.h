/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one test kit. A test is a function that registers itself and is named by the sentence that it
 * proves; the same source runs on the host and, where it needs no host facility, inside QEMU.
 *
 *	TEST(buddy, gives_back_whole_blocks) { EXPECT_EQ(n_free(), 4); }
 *	TEST_IF(hext, vtw_traps_wfi, needs_h_extension) { ... }
 *
 * `needs_...` is a function that returns NULL where the test can run, or the reason why it cannot,
 * which is printed as SKIP. Results leave as TAP lines through the sink of the program that links
 * the kit (a file on the host, semihosting in QEMU). A failed EXPECT marks the test failed and goes
 * on; a failed REQUIRE ends the test. EXPECT and kit_note may come from any hart or thread while
 * the test runs, REQUIRE only from the one that runs the test.
 */
#ifndef TESTS_KIT_KIT_H
#define TESTS_KIT_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *suite;
	const char *name;
	void (*run)(void);
	const char *(*skip)(void); /* NULL: always runs */
};

/* Tests run in the order of the source; gcc would turn it round. */
#ifdef __clang__
#define TEST_RECORD __attribute__((section("tests"), used, aligned(8)))
#else
#define TEST_RECORD __attribute__((section("tests"), used, aligned(8), no_reorder))
#endif

#define TEST_IF(suite_, name_, skip_)                                                              \
	static void test_##suite_##_##name_(void);                                                 \
	static const struct test test_of_##suite_##_##name_ TEST_RECORD = {                        \
		.suite = #suite_,                                                                  \
		.name = #name_,                                                                    \
		.run = test_##suite_##_##name_,                                                    \
		.skip = (skip_),                                                                   \
	};                                                                                         \
	static void test_##suite_##_##name_(void)

#define TEST(suite_, name_) TEST_IF(suite_, name_, NULL)

#define EXPECT(cond)  ((void)kit_expect(!!(cond), #cond, __FILE__, __LINE__))
#define REQUIRE(cond) (kit_expect(!!(cond), #cond, __FILE__, __LINE__) ? (void)0 : kit_leave())
#define EXPECT_EQ(a, b)                                                                            \
	((void)kit_expect_eq((uint64_t)(a), (uint64_t)(b), #a " == " #b, __FILE__, __LINE__))
#define REQUIRE_EQ(a, b)                                                                           \
	(kit_expect_eq((uint64_t)(a), (uint64_t)(b), #a " == " #b, __FILE__, __LINE__)             \
		 ? (void)0                                                                         \
		 : kit_leave())
#define EXPECT_STR(a, b) ((void)kit_expect_str((a), (b), #a " == " #b, __FILE__, __LINE__))

bool kit_expect(bool ok, const char *what, const char *file, int line);
bool kit_expect_eq(uint64_t a, uint64_t b, const char *what, const char *file, int line);
bool kit_expect_str(const char *a, const char *b, const char *what, const char *file, int line);
_Noreturn void kit_leave(void);

/* A line of the running test's own, kept with its result: "# text" in TAP. */
void kit_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Run every registered test whose "suite.name" contains `only` (NULL: all). The return value is the
 * number of failed tests; the plan and a last line "# N passed, N failed, N skipped" are written.
 */
int kit_run(const char *only);

/* Given by the program: write one whole line, without its newline, where results go. */
void kit_sink(const char *line);

#endif
