/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The set of ISA extensions a hart has. One list gives every extension that Hartwood knows its name
 * and its bit; an unknown name in a tree is not an error and is not kept.
 */
#ifndef LIB_ISA_H
#define LIB_ISA_H

#include "arch/bits.h"

/* X(identifier, name in device trees) */
/* clang-format off */
#define ISA_EXTENSIONS(X)                                                                          \
	X(I, "i") X(M, "m") X(A, "a") X(F, "f") X(D, "d") X(Q, "q") X(C, "c") X(B, "b")            \
	X(V, "v") X(H, "h")                                                                        \
	X(ZICSR, "zicsr") X(ZIFENCEI, "zifencei") X(ZICNTR, "zicntr") X(ZIHPM, "zihpm")            \
	X(ZICBOM, "zicbom") X(ZICBOP, "zicbop") X(ZICBOZ, "zicboz") X(ZICOND, "zicond")            \
	X(ZIHINTNTL, "zihintntl") X(ZIHINTPAUSE, "zihintpause") X(ZIMOP, "zimop")                  \
	X(ZICFILP, "zicfilp") X(ZICFISS, "zicfiss") X(ZAWRS, "zawrs") X(ZACAS, "zacas")            \
	X(ZABHA, "zabha") X(ZAAMO, "zaamo") X(ZALRSC, "zalrsc") X(ZFA, "zfa") X(ZFH, "zfh")        \
	X(ZFHMIN, "zfhmin") X(ZFBFMIN, "zfbfmin") X(ZCA, "zca") X(ZCB, "zcb") X(ZCD, "zcd")        \
	X(ZCMOP, "zcmop") X(ZBA, "zba") X(ZBB, "zbb") X(ZBC, "zbc") X(ZBKB, "zbkb")                \
	X(ZBKC, "zbkc") X(ZBKX, "zbkx") X(ZBS, "zbs") X(ZKND, "zknd") X(ZKNE, "zkne")              \
	X(ZKNH, "zknh") X(ZKR, "zkr") X(ZKSED, "zksed") X(ZKSH, "zksh") X(ZKT, "zkt")              \
	X(ZTSO, "ztso") X(ZVBB, "zvbb") X(ZVBC, "zvbc") X(ZVFH, "zvfh") X(ZVFHMIN, "zvfhmin")      \
	X(ZVKB, "zvkb") X(ZVKG, "zvkg") X(ZVKNED, "zvkned") X(ZVKNHA, "zvknha")                    \
	X(ZVKNHB, "zvknhb") X(ZVKSED, "zvksed") X(ZVKSH, "zvksh") X(ZVKT, "zvkt")                  \
	X(SMAIA, "smaia") X(SMSTATEEN, "smstateen") X(SSAIA, "ssaia") X(SSCCPTR, "ssccptr")        \
	X(SSCOFPMF, "sscofpmf") X(SSCOUNTERENW, "sscounterenw") X(SSNPM, "ssnpm")                  \
	X(SSSTATEEN, "ssstateen") X(SSTC, "sstc") X(SSTVALA, "sstvala") X(SSTVECD, "sstvecd")      \
	X(SSU64XL, "ssu64xl") X(SSDBLTRP, "ssdbltrp") X(SVADE, "svade") X(SVADU, "svadu")          \
	X(SVBARE, "svbare") X(SVINVAL, "svinval") X(SVNAPOT, "svnapot") X(SVPBMT, "svpbmt")        \
	X(SVVPTC, "svvptc") X(SHA, "sha") X(SHCOUNTERENW, "shcounterenw")                          \
	X(SHGATPA, "shgatpa") X(SHTVALA, "shtvala") X(SHVSATPA, "shvsatpa")                        \
	X(SHVSTVALA, "shvstvala") X(SHVSTVECD, "shvstvecd")
/* clang-format on */

enum isa_extension {
#define X(id, name) ISA_##id,
	ISA_EXTENSIONS(X)
#undef X
		ISA_N_EXTENSIONS
};

struct isa {
	uint64_t bits[2];
	uint8_t xlen; /* 32 or 64; 0: nothing known */
};

static inline bool isa_has(const struct isa *isa, enum isa_extension e)
{
	return isa->bits[e / 64] >> (e % 64) & 1;
}

static inline void isa_add(struct isa *isa, enum isa_extension e)
{
	isa->bits[e / 64] |= BIT(e % 64);
}

static inline void isa_remove(struct isa *isa, enum isa_extension e)
{
	isa->bits[e / 64] &= ~BIT(e % 64);
}

/* Add the extension that is called by these `length` bytes, if it is a known one. */
void isa_add_name(struct isa *isa, const char *name, size_t length);

/* The same for each of the terminated names that lie one behind the other in `size` bytes. */
void isa_add_names(struct isa *isa, const char *list, size_t size);

/* Read a string such as "rv64imafdc_zicsr_sstc" ("g" stands for imafd, zicsr and zifencei; versions
 * such as "2p1" are passed over). Returns 0, or -EINVAL if it does not begin with rv32 or rv64. */
MUST_CHECK int isa_read(struct isa *isa, const char *text, size_t length);

/* Write the canonical string of the set into `text`, cut at `size`; returns the length needed. */
size_t isa_text(const struct isa *isa, char *text, size_t size);

/* Call `each` with the name of every extension in the set, in the same order; returns how many. */
unsigned isa_names(const struct isa *isa, void (*each)(void *to, const char *name), void *to);

#endif
