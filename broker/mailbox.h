/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox: telling an agency something. Each telling is one row in its mailbox and one leaf in the
 * log. Rows stay until the agency acknowledged them. Part of apply: same owner, same rules.
 */
#ifndef BROKER_MAILBOX_H
#define BROKER_MAILBOX_H

#include "broker/applying.h"

/* What an agency is told of an entry. Borrowed for the call. */
struct telling {
    const struct entry_id *entry;
    const struct hash *item; /* the entry's digest */
    uint8_t parts;           /* PART_BIT of each that it may open now */
    uint8_t flags;           /* DELIVERED_*; of a delivery */
    uint8_t own;             /* of how many handles of the recipient it is told; 0: no matter */
    uint64_t alert;          /* whose decision opened it; of a release */
};

/* An entry with its body and the recipient's grants for these parts. Marks the reader; nothing when
 * all were told before, and no more is known of which child it is: not only by name any more, or
 * under another handle of the recipient's as well. */
void mailbox_deliver(struct apply *apply, uint32_t agency, const struct telling *telling);
/* Grants of an entry delivered before. */
void mailbox_release(struct apply *apply, uint32_t agency, const struct telling *telling);
/* A grant of parts of an entry that its origin made later: `what`, when it was not told before, and
 * then the entry that grants. */
void mailbox_grant(struct apply *apply, uint32_t agency, const struct telling *what,
                   const struct entry_input *grant);
/* Returns its position. */
uint64_t mailbox_notice(struct apply *apply, uint32_t agency, const struct wire_notice *notice);
/* A notice whose headline says that this record exists, without naming it. Returns its position. */
uint64_t mailbox_existence(struct apply *apply, uint32_t agency, const struct wire_notice *notice,
                           const struct entry_id *record);

/* --- what waits, for waiting.c: a row in another one's place, with a leaf of its own --- */
/* The notice with fewer headlines. */
void mailbox_narrow(struct apply *apply, uint32_t agency, uint64_t position,
                    const struct wire_notice *notice);
/* An item without content. */
void mailbox_withhold(struct apply *apply, uint32_t agency, uint64_t position,
                      const struct mailbox_row *was);
/* The agency is no reader of the row's entry any more, as far as no other row made it one. */
void mailbox_untell(struct apply *apply, uint32_t agency, const struct mailbox_row *row);
/* --- */
/* Everything up to `position` is on the agency's disk: rows go, the head it cosigned is kept. False
 * when it acknowledges what was never sent or a smaller log than before. A cosignature that does
 * not hold, by the key `key_id` over this log, is counted and not kept; nothing waits for it. */
bool mailbox_acknowledge(struct apply *apply, const struct acknowledgement_header *header,
                         uint32_t key_id);

#endif
