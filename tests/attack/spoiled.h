/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spoiled: a copy of a store's file whose bytes are changed, one change after the other and each
 * put back, and what a reader of each sees: the same rows in every table, by walk and by key, or
 * the first table that differs. What is not the same goes to the caller's judge.
 *
 * Both happen in a child, which may die or hang of what it reads: another goes on after it. Rows of
 * tables are compared until one differs, never less: "the same" is said of the whole store. Where
 * that takes too long, the caller looks itself (nearby.h).
 */
#ifndef ATTACK_SPOILED_H
#define ATTACK_SPOILED_H

#include "attack/pages.h"
#include "store/store.h"
#include "support/scratch.h"

/* Bytes that are put in place of those that are there. */
struct change {
    size_t at;
    size_t len;
    uint8_t bytes[16];
    /* exchanged with the page of that number instead, when not 0 */
    size_t page;
};

/* What a reader saw; below: the number of the first table that differs. */
#define SEEN_SAME       0xfe
#define SEEN_UNREADABLE 0xfd /* does not open, or the reader died of it */

/* What the judge's process died of, instead of an answer. */
#define SAID_NOTHING 0xff
#define SAID_DIED    0xfe

/* What a look nearby has come to (nearby.h): a process that goes on after it died has this. */
struct noted {
    uint32_t passes; /* that are done with */
    uint32_t row;    /* under way, from 1; 0: none */
    uint32_t differ; /* tables, as bits */
    uint64_t batch;  /* of the journal: the first that something can show in */
    uint64_t last;   /* the last that rows behind the change are of */
    uint64_t before; /* the one before the journal's rows behind it; UINT64_MAX: none are */
    uint64_t leaf;   /* of the log: the first that differs */
};

struct looked {
    uint8_t stage; /* private */
    uint8_t seen;
    uint8_t said;     /* by the judge, when it was asked */
    bool hung;        /* a process did not end */
    bool near;        /* only what lies near the change was looked at */
    bool undecided;   /* that was not enough: the judge looked at the whole store */
    uint64_t words;   /* a digest of what it said, for those who compare; 0: not known */
    char problem[96]; /* the beginning of a part of what it said; "": not known */
    struct noted noted;
};

struct spoiled_row {
    unsigned table;
    struct slice key;
    struct slice value;
};

struct spoiled {
    char dir[SCRATCH_BYTES];
    char copy[96]; /* the store that is changed */
    const char *const *tables;
    size_t n_tables;
    uint64_t map_bytes;
    const struct secret *row_key; /* of a store whose rows carry tags, else NULL */
    const uint8_t *original;
    size_t len;
    uint8_t *mapped; /* the copy's bytes, to be changed */
    struct page *pages;
    struct spoiled_row *rows; /* of the whole store, in the order in which they are compared */
    size_t n_rows;
    struct store *whole; /* what they borrow from: a copy that stays whole */
    struct store_txn *whole_txn;
    /* In the child; may set `words`. `store` is open where that is as good as opening it anew, else
     * NULL, and none is. */
    uint8_t (*judge)(void *data, struct store *store, struct looked *looked);
    /* What is seen of a change that whoever opens the store does not come by, instead of comparing
     * all rows; NULL: those are compared. Called again, in another process, when one died of it. */
    uint8_t (*look)(void *data, struct store *store, const struct change *change,
                    struct looked *looked);
    void *data;
};

/* Copies the store that lies in `dir` byte for byte, pages that are not used any more included:
 * nobody may be writing. `last` says which tables are compared last; NULL: in their order. The
 * caller has set tables, n_tables, map_bytes, judge and data. */
void spoiled_init(struct spoiled *spoiled, const char *dir, const bool *last);
void spoiled_deinit(struct spoiled *spoiled);

/* In another process: a copy of its own to be changed, of that name in the folder. */
void spoiled_copy_again(struct spoiled *spoiled, const char *name);

/* Each by itself. */
void spoiled_try(struct spoiled *spoiled, const struct change *changes, size_t n,
                 void (*then)(void *data, const struct change *change,
                              const struct looked *looked));

/* For commands that are to see one. */
void spoiled_make(const struct spoiled *spoiled, const struct change *change);
void spoiled_undo(const struct spoiled *spoiled, const struct change *change);
/* Whatever was done to the copy, and whatever it took in pages. */
void spoiled_restore(const struct spoiled *spoiled);

/* cmocka's handlers would have a process that dies of what it reads go on with the test. */
void die_as_programs_do(void);

#endif
