/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_kind: what each kind of entry does: the switch between apply.c and the nouns. A kind's
 * function judges and writes its own rows; what tells others comes after. Part of apply.
 */
#ifndef BROKER_APPLY_KIND_H
#define BROKER_APPLY_KIND_H

#include "broker/circle.h"
#include "broker/record.h"
#include "broker/tie.h"

/* What is left to do once the entry's own leaf and row are written, so that tellings follow what
 * they tell of. */
struct after_leaf {
    struct record_case record; /* ENTRY_RECORD */
    struct circle_claim claim; /* ENTRY_INVOLVEMENT */
    struct tie_case tie;       /* ENTRY_TIE */
    uint64_t person;           /* ENTRY_SUBJECT: an adult, whom a statement may have joined */
    /* ENTRY_SUBJECT: whose chronologies came together, or who parted; 0: nobody. */
    uint64_t child;
    uint64_t circle; /* ENTRY_SUBJECT, ENTRY_INVOLVEMENT: its child may have others to learn of */
};

/* The verdict. `after` is zeroed by the caller and borrows header and entry. */
enum verdict apply_kind_judge(struct apply *apply, const struct entry_header *header,
                              const struct entry_input *entry, struct after_leaf *after);
/* What tells others of an entry that is stored: its leaf, of that index, and its row are there. */
void apply_kind_act(struct apply *apply, const struct entry_header *header,
                    const struct entry_input *entry, const struct after_leaf *after,
                    uint64_t log_index);

#endif
