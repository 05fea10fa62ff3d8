/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tampering: a broker's store on disk whose bytes are changed, and what becomes of each change. A change
 * is harmless when every table still gives the same rows, by walk and by key, and so the same root. Any other
 * must be found by what a verifier runs: `cairn log verify` with the head that an agency holds, then
 * `cairn-broker --replay`.
 *
 * Rows are compared in a process of its own, which may die or hang of what it reads. A change that
 * leaves the journal as it was, and differs in a table that a replay makes, is found by the replay, which sees
 * nothing but the journal: it makes what it made of the whole store, row for row. So the replay itself
 * is run for a part of those only (`confirm_every`). For everything else the commands themselves are run.
 */
#ifndef ATTACK_TAMPERING_H
#define ATTACK_TAMPERING_H

#include "attack/pages.h"
#include "support/console.h"
#include "support/world.h"

/* What became of a change. */
enum fate {
    FATE_HARMLESS,   /* the same rows */
    FATE_BY_REPLAY,  /* a table that a replay makes differs, and the journal does not */
    FATE_BY_VERIFY,  /* `cairn log verify` says what is wrong */
    FATE_BY_SANDBOX, /* it says that the database cannot be walked: its other process died */
    FATE_REPLAYED,   /* only the replay, which was run, found it */
    FATE_SILENT      /* nobody found it */
};
#define FATES 6

extern const char *const fate_texts[FATES];

struct tampered_row {
    unsigned table;
    struct slice key;
    struct slice value;
};

struct tampering {
    char dir[SCRATCH_BYTES];
    char copy[96]; /* the store that is changed */
    char head[96]; /* what an agency holds */
    char vkey[NOTE_VKEY_BYTES];
    struct console *console;
    uint8_t *original;
    size_t len;
    struct page *pages;
    struct tampered_row *rows; /* of the whole store, those that no replay makes first */
    size_t n_rows;
    struct store *rows_store; /* what they borrow from: a copy that stays whole */
    struct store_txn *rows_txn;
    uint64_t confirm_every;
    uint64_t counts[PAGE_KINDS][FATES];
    uint64_t of_kind[PAGE_KINDS];
    uint64_t confirmed;
    uint64_t looked_at; /* by the commands themselves */
    uint64_t hung;      /* the first process */
};

/* A copy of the world's store, byte for byte, and its newest head. */
void tampering_init(struct tampering *tampering, struct world *world);
void tampering_deinit(struct tampering *tampering);

/* Bytes that are put in place of those that are there. */
struct change {
    size_t at;
    size_t len;
    uint8_t bytes[16];
    /* exchanged with the page of that number instead, when not 0 */
    size_t page;
};
/* Each by itself, and put back; counts what became of it. Those that nobody found are printed. */
void tampering_try(struct tampering *tampering, const struct change *changes, size_t n);
uint64_t tampering_silent(const struct tampering *tampering);
/* The table of counts, for a report. */
void tampering_print(const struct tampering *tampering);

/* What the commands say of a store; `words` has the complaint of the first. */
enum fate tampering_verify(struct tampering *tampering, const char *dir, bool replay);

#endif
