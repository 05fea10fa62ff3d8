/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages: which page of an LMDB file (0.9, 64 bits) is what, as its newest meta page leads to it.
 * Reads the file's bytes and knows nothing of the library, so that a test can say what it has hit.
 */
#ifndef ATTACK_PAGES_H
#define ATTACK_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096

enum page_kind {
    PAGE_UNREACHED = 0, /* freed, or of the transaction before */
    PAGE_META,
    PAGE_BRANCH,
    PAGE_LEAF,
    PAGE_OVERFLOW, /* and those that go on from it */
    PAGE_TABLES,   /* of the list of tables */
    PAGE_FREE      /* of the list of freed pages */
};
#define PAGE_KINDS 7

struct page {
    enum page_kind kind;
    char table[16];  /* "" for those of no table */
    uint32_t parent; /* the branch that leads to it; 0: none, as to roots and overflow pages */
};

extern const char *const page_kind_texts[PAGE_KINDS];

/* How many pages the newest meta page says are in use: what the file has behind them is room to
 * grow. */
size_t pages_used(const uint8_t *file);
/* `ret` has room for len / PAGE_BYTES. Asserts (cmocka) that the file is in order. */
void pages_of(const uint8_t *file, size_t len, struct page *ret);

#endif
