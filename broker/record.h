/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the kind of entry that everything else is about. Judged against the agreements, put into
 * its child's chronology, shared with whoever may have it at once (record_tell.h), looked at for
 * patterns; a retraction is one too. What is said of an adult is record_adult.h. Part of apply.
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

#endif
