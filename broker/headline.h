/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headline: what one agency may see of one record that an alert lists: the record's name and code
 * where an agreement lets content through, else class, day and the kind of its origin, or nothing
 * at all. Part of apply.
 */
#ifndef BROKER_HEADLINE_H
#define BROKER_HEADLINE_H

#include "broker/applying.h"

/* A record with everything that decides who may see it. */
struct told_record {
    struct entry_id id;
    uint64_t log_index;
    struct entry_row row;
    struct entry_input input;
    struct record_header header;
    const struct agency *origin;
    uint64_t child; /* whose it is now: a link may have been undone since the alert listed it */
    bool tied;      /* it is said of somebody who is tied to that child */
    bool provisional;
};

/* False for what is no stored record, or has no subject or origin any more. */
bool headline_load(struct apply *apply, const struct entry_id *id, struct told_record *ret);
/* The same, of this child: its own, or what counts for it through a tie. */
bool headline_load_of(struct apply *apply, const struct entry_id *id, uint64_t child,
                      struct told_record *ret);
/* Whom it is about, as its origin names it. */
struct subject_id headline_subject(const struct told_record *record);
/* What the agreements let this recipient have of it; through a tie never more than existence. */
struct decision headline_decide(struct apply *apply, const struct told_record *record,
                                const struct agency *recipient);
/* The alert's i-th record, while it still is about the alert's child. */
bool headline_load_listed(struct apply *apply, const struct alert_row *alert, size_t i,
                          struct told_record *ret);
/* Without asking whether the recipient may: `content` says whether the record is named. */
void headline_fill(const struct told_record *record, const struct agency *recipient, bool content,
                   struct wire_headline *ret);
/* Fills one headline; false when this recipient is not to know of the record at all. */
bool headline_for(struct apply *apply, const struct told_record *record,
                  const struct agency *recipient, struct wire_headline *ret);
/* The agency has that headline: named to the record's origin when it asks. `position` of the notice
 * that told it; 0: a person there looked at a picture. Nothing of its own records, and nothing when
 * it was told before. */
void headline_told(struct apply *apply, const struct entry_id *record, uint32_t agency,
                   uint64_t position);
/* The notice at that position does not go. */
void headline_untold(struct apply *apply, const struct entry_id *record, uint32_t agency,
                     uint64_t position);

#endif
