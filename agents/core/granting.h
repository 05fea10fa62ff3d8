/* SPDX-License-Identifier: Apache-2.0 */
/*
 * granting: what this agency discloses after it was stored: to an agency that is new in a child's
 * circle, and to one that asked. Each later grant is an entry of its own, with nothing in it but
 * what it grants; its grants are cut when it is sent (parcel.h), by the standing that the recipient
 * has then, and the broker judges it again.
 *
 *   GRANTED row   flags u8: 1 only the card was granted, because a name was all that said that it
 *                 is the same child; 2 by the agent itself, which a person may have to say again
 *
 * All functions work inside the caller's transaction; what they spool leaves with its commit
 * (link_wake after it).
 */
#ifndef AGENTS_GRANTING_H
#define AGENTS_GRANTING_H

#include "agents/core/agent.h"
#include "agents/core/circle.h"

#define GRANTING_MAX      64   /* of a child's entries at a time, the newest ... */
#define GRANTING_WALK_MAX 1024 /* ... of as many that are looked at; the rest may be asked for */

struct granting {
    struct store_txn *txn;
    const struct governance *governance;
    uint32_t own; /* our number */
    int64_t now_ms;
    bool by_person; /* a named person has decided it: then also what is held or to be asked for */
};

/* Which of our entries about a child: those that an agreement gives the reader today, as `effect`
 * says: SHARE by itself, ASK once a person decides so. Never what was narrowed, taken back or
 * withdrawn. */
struct granting_search {
    const uint8_t *handle; /* ours of the child */
    uint32_t reader;
    struct circle_standing standing; /* of the reader today */
    enum effect effect;              /* EFFECT_SHARE or EFFECT_ASK, exactly */
    uint32_t purpose;                /* that it asks for; 0: it is told */
    int32_t since_day;               /* records created on that day or later; INT32_MIN any */
    bool involvements;               /* ours as well, of those that hold */
    const struct entry_id *only;     /* this record alone; NULL any */
};
size_t granting_find(const struct granting *granting, const struct granting_search *search,
                     struct entry_id ret[GRANTING_MAX]);
/* Spools a grant of each to that reader, but for what it was granted before. Returns how many; 0 as
 * well, and counted, when there is no room. */
size_t granting_add(const struct granting *granting, const struct entry_id *entries, size_t n,
                    uint32_t reader, bool by_name);
/* Whether anything of this entry of ours was granted later to anybody. */
bool granting_was_made(struct store_txn *txn, const struct entry_id *entry);
/* An agency has come into the child's circle or taken on a role, or a number now says that it is
 * the same child: it gets what was recorded since it is involved so. What is older is asked for,
 * not pushed. */
void granting_newcomer(const struct granting *granting, const uint8_t handle[CAIRN_HANDLE_BYTES],
                       const struct circle_member *member);
/* Nobody has opened what cannot wait, and the broker says that this front door lacks a key to it:
 * nothing unless it is ours, cannot wait, and our own directory has it as a front door. */
void granting_unopened(const struct granting *granting, const struct entry_id *record,
                       uint32_t agency);
/* The broker's final answer: refused, it was granted to nobody. */
void granting_answered(struct store_txn *txn, const struct spool_entry *entry,
                       const struct grant_header *header, bool stored, int64_t now_ms);

#endif
