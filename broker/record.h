/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the kind of entry that everything else is about. Judged against the agreements, put into
 * its child's chronology, shared with whoever may have it at once, looked at for patterns; a
 * retraction is one too. Part of apply.
 */
#ifndef BROKER_RECORD_H
#define BROKER_RECORD_H

#include "broker/applying.h"

/* A record with all that deciding about it needs, and what was decided. */
struct record_case {
    const struct record_header *header;
    const struct entry_input *entry;
    const struct agency *origin;
    struct subject_row subject;
    bool tells;    /* it is about a child or an adult, not about another record */
    bool counts;   /* somebody may read it, now or later */
    bool retracts; /* another record, for the first time */
};

/* The verdict; what is stored creates its subject, and a retraction marks what it retracts. The
 * case borrows header and entry. */
enum verdict record_judge(struct apply *apply, const struct record_header *header,
                          const struct entry_input *entry, struct record_case *ret);
/* What tells others, once the record's own leaf and row are there. */
void record_act(struct apply *apply, const struct record_case *record, uint64_t log_index);

/* What is said of an adult counts for a child that it was not tied to before: whoever an agreement
 * tells at once hears that it exists. */
void record_tied(struct apply *apply, uint64_t person, uint64_t child);
/* The same for every child that it is tied to, of what nobody could read until now. */
void record_person_met(struct apply *apply, uint64_t person);

/* What counted for the child through a tie that is to go: those who were told that it exists hear
 * that it is not about this child. */
void record_untied(struct apply *apply, uint64_t person, uint64_t child);

/* The day until which its author hid it has come: whoever is no front door is told, as if it came now. */
void record_shown(struct apply *apply, const struct entry_id *id);

#endif
