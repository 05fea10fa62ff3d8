/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"

/* LMDB's layout, little-endian as on the machines of the tests:
 *   page   u64 number | u16 | u16 flags | u16 lower, u16 upper (overflow: u32 pages)
 *          | u16 places...
 *   meta   page head | u32 magic | u32 version | u64 | u64 map | db free | db main | u64 last
 *          | u64 txn
 *   db     u32 | u16 flags | u16 depth | u64 branch, leaf, overflow, entries | u64 root
 *   node   u16 low | u16 high | u16 flags | u16 key length | key | value */
#define HEAD       16
#define DB_BYTES   48
#define DB_ROOT    40
#define META_DBS   (HEAD + 24)
#define META_LAST  (META_DBS + 2 * DB_BYTES)
#define META_TXN   (META_DBS + 2 * DB_BYTES + 8)
#define IS_BRANCH  0x01
#define IS_LEAF    0x02
#define NODE_BIG   0x01
#define NODE_TABLE 0x02
#define NO_ROOT    UINT64_MAX

const char *const page_kind_texts[PAGE_KINDS] = {
    "unreached", "meta", "branch", "leaf", "overflow", "list of tables", "list of freed pages"};

struct walking {
    const uint8_t *file;
    size_t n;
    struct page *pages;
};

static uint64_t number(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

static void mark(struct walking *walking, uint64_t page, enum page_kind kind, const char *table)
{
    assert_true(page < walking->n);
    walking->pages[page].kind = kind;
    (void)snprintf(walking->pages[page].table, sizeof(walking->pages[page].table), "%s", table);
}

static void mark_overflow(struct walking *walking, uint64_t first, const char *table)
{
    uint64_t pages = number(walking->file + first * PAGE_BYTES + 12, 4);

    for (uint64_t i = 0; i < pages; i++) {
        mark(walking, first + i, strcmp(table, "free") == 0 ? PAGE_FREE : PAGE_OVERFLOW, table);
    }
}

/* Pages that are still to be looked at. */
struct waiting_pages {
    uint64_t pages[4096];
    size_t n;
};

static void look(struct walking *walking, uint64_t page, const char *table,
                 struct waiting_pages *waiting)
{
    const uint8_t *at = walking->file + page * PAGE_BYTES;
    uint64_t flags = number(at + 10, 2);
    size_t nodes = (number(at + 12, 2) - HEAD) / 2;
    bool free_list = strcmp(table, "free") == 0;

    mark(walking, page,
         free_list                    ? PAGE_FREE
         : strcmp(table, "main") == 0 ? PAGE_TABLES
         : (flags & IS_BRANCH) != 0   ? PAGE_BRANCH
                                      : PAGE_LEAF,
         table);
    for (size_t i = 0; i < nodes; i++) {
        const uint8_t *node = at + number(at + HEAD + 2 * i, 2);
        uint64_t low = number(node, 4);
        uint64_t node_flags = number(node + 4, 2);
        const uint8_t *value = node + 8 + number(node + 6, 2);
        if ((flags & IS_BRANCH) != 0) {
            assert_true(waiting->n < ARRAY_LEN(waiting->pages));
            uint64_t below = low | node_flags << 32;
            assert_true(below < walking->n);
            walking->pages[below].parent = (uint32_t)page;
            waiting->pages[waiting->n++] = below;
        } else if ((node_flags & NODE_BIG) != 0) {
            mark_overflow(walking, number(value, 8), table);
        }
    }
}

static void walk(struct walking *walking, uint64_t root, const char *table)
{
    static struct waiting_pages waiting;

    waiting.n = 0;
    if (root != NO_ROOT) {
        waiting.pages[waiting.n++] = root;
    }
    while (waiting.n > 0) {
        look(walking, waiting.pages[--waiting.n], table, &waiting);
    }
}

/* The list of tables is small: its own pages are leaves, or leaves below one branch. */
static void walk_tables(struct walking *walking, uint64_t page)
{
    const uint8_t *at = walking->file + page * PAGE_BYTES;
    uint64_t flags = number(at + 10, 2);
    size_t nodes = (number(at + 12, 2) - HEAD) / 2;

    for (size_t i = 0; i < nodes; i++) {
        const uint8_t *node = at + number(at + HEAD + 2 * i, 2);
        size_t key = number(node + 6, 2);
        char name[16] = "";
        if ((flags & IS_LEAF) == 0) {
            const uint8_t *below =
                walking->file + (number(node, 4) | number(node + 4, 2) << 32) * PAGE_BYTES;
            assert_true((number(below + 10, 2) & IS_LEAF) != 0);
            walk_tables(walking, number(below, 8));
        } else if ((number(node + 4, 2) & NODE_TABLE) != 0) {
            memcpy(name, node + 8, key < sizeof(name) ? key : sizeof(name) - 1);
            walk(walking, number(node + 8 + key + DB_ROOT, 8), name);
        }
    }
}

static const uint8_t *newest_meta(const uint8_t *file)
{
    return number(file + META_TXN, 8) > number(file + PAGE_BYTES + META_TXN, 8) ? file
                                                                                : file + PAGE_BYTES;
}

size_t pages_used(const uint8_t *file)
{
    return (size_t)number(newest_meta(file) + META_LAST, 8) + 1;
}

void pages_of(const uint8_t *file, size_t len, struct page *ret)
{
    struct walking walking = {.file = file, .n = len / PAGE_BYTES, .pages = ret};

    memset(ret, 0, walking.n * sizeof(*ret));
    const uint8_t *meta = newest_meta(file);
    uint64_t tables = number(meta + META_DBS + DB_BYTES + DB_ROOT, 8);
    mark(&walking, 0, PAGE_META, "");
    mark(&walking, 1, PAGE_META, "");
    walk(&walking, number(meta + META_DBS + DB_ROOT, 8), "free");
    walk(&walking, tables, "main");
    walk_tables(&walking, tables);
}
