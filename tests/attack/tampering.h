/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tampering: a broker's store on disk whose bytes are changed (spoiled.h), and what becomes of each
 * change. A change is harmless when every table still gives the same rows, by walk and by key, and
 * so the same root. Any other must be found by what a verifier runs: `cairn log verify` with the
 * head that an agency holds, then `cairn-broker --replay`.
 *
 * A change that leaves the journal as it was, and differs in a table that a replay makes, is found
 * by the replay, which sees nothing but the journal: it makes what it made of the whole store, row
 * for row. That is counted as found by comparison. For everything else `cairn log verify` is run,
 * in the child, with what it computes twice remembered (memo.h). One in `confirm_every` of both
 * goes to the commands as they are, each in processes of its own, and so does everything that the
 * child's verify lets pass.
 *
 * Of a large store only what lies near a change is looked at (nearby.h). One in `compare_every` of
 * those changes is looked at a second time with all rows compared, which must see the same.
 */
#ifndef ATTACK_TAMPERING_H
#define ATTACK_TAMPERING_H

#include "attack/nearby.h"
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

/* Counts, and nothing else: those of several processes are added up as numbers. */
struct tampered {
    uint64_t fates[PAGE_KINDS][FATES];
    uint64_t of_kind[PAGE_KINDS];
    uint64_t confirmable;
    uint64_t looked_at; /* by the commands as they are */
    uint64_t unlike;    /* where they, or all rows, said something else */
    uint64_t hung;
    uint64_t nearby; /* changes that were looked at nearby only */
    uint64_t comparable;
    uint64_t compared;  /* of those, a second time, with all rows */
    uint64_t undecided; /* likewise, that were given to the whole log verify, in the child */
};

struct tampering {
    struct spoiled spoiled;
    char head[96]; /* what an agency holds */
    uint64_t head_size;
    char vkey[NOTE_VKEY_BYTES];
    struct console *console;
    uint64_t confirm_every;
    struct nearby *nearby; /* NULL: everything is looked at */
    uint64_t compare_every;
    struct tampered counted;
};

/* A copy of the world's store, byte for byte, and its newest head. */
void tampering_init(struct tampering *tampering, struct world *world);
/* From now on only what lies near a change is looked at. */
void tampering_look_nearby(struct tampering *tampering, struct nearby *nearby);
void tampering_deinit(struct tampering *tampering);

/* Each by itself, and put back; counts what became of it. Those that nobody found are printed. */
void tampering_try(struct tampering *tampering, const struct change *changes, size_t n);
/* Counts from nothing again. */
void tampering_forget(struct tampering *tampering);
uint64_t tampered_silent(const struct tampered *counted);
void tampered_add(struct tampered *to, const struct tampered *more);
/* The table of counts, for a report. */
void tampering_print(const struct tampering *tampering, const struct tampered *counted);

/* Whether the commands say of it what was seen without them; the console has their complaint. */
bool tampering_is_like(const struct tampering *tampering, const struct looked *looked,
                       enum fate fate) MUST_USE;
/* What the commands say of a store; the console has the complaint of the first. */
enum fate tampering_verify(struct tampering *tampering, const char *dir, bool replay);

#endif
