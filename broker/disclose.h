/* SPDX-License-Identifier: Apache-2.0 */
/* disclose: may this agency know of this record? The questions that apply asks before it tells
 * anybody anything. Part of apply; reads only. */
#ifndef BROKER_DISCLOSE_H
#define BROKER_DISCLOSE_H

#include "broker/headline.h"

/* The agreements in force in this transaction, on the batch's day, with the roles that the
 * recipient holds then for the child; and whatever the author took away from that. Of an adult no
 * more than existence is let through. */
struct decision disclose_decide(struct apply *apply, uint64_t child,
                                const struct record_header *header, const struct agency *origin,
                                const struct agency *recipient);
/* The same of a record, held by the recipient for its child in these roles. */
struct decision disclose_decide_as(const struct apply *apply, const struct told_record *record,
                                   const struct agency *recipient, uint32_t roles);
/* Whose handle the record has, an adult's too; 0: nobody's that is known. */
uint64_t disclose_child(struct apply *apply, const struct record_header *header);
/* What is said through a tie: that it exists, and its origin is not to be asked for more. */
void disclose_existence(struct decision *decision);
/* The same on another day, with whatever role lets it have most: its involvement may have ended, or
 * not been told here yet, when the record was sealed to it. */
struct decision disclose_decide_at_most(const struct apply *apply,
                                        const struct record_header *header,
                                        const struct agency *origin, const struct agency *recipient,
                                        int32_t day);
bool disclose_granted(const struct entry_input *entry, uint32_t agency, enum part part);
/* That `origin` is involved with a child at all: may `recipient` know, who holds these roles for it
 * (disclose_roles)? */
struct decision disclose_involvement(const struct apply *apply, const struct agency *origin,
                                     const struct agency *recipient, uint32_t roles);
/* ROLE_BIT of each relationship with the child that the subject's agency states, and that holds on
 * that day. */
uint32_t disclose_subject_roles(struct store_txn *txn, const struct subject_id *subject,
                                int32_t today);
/* The same today, of all the agency's subjects that are this child. */
uint32_t disclose_roles(struct apply *apply, uint64_t child, uint32_t agency);

#endif
