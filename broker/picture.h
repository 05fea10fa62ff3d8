/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture: a child's chronology as one agency is entitled to see it, today and under the agreements
 * in force. A look comes first: a decision of that agency, in the log like any other, that says who
 * asks and why; it names the child by the agency's own handle, or by an alert that its front door
 * was told of.
 *
 * What is shown is what headline.h lets this agency know, and of what is held only what an alert
 * has told it; that something is held, and no more, is said to a front door. It is evaluated anew
 * each time: a record that was taken back says so, and one whose sharing has ended is not there.
 *
 * Reads only: in the transaction of apply, or in one of publish.
 */
#ifndef BROKER_PICTURE_H
#define BROKER_PICTURE_H

#include "broker/applying.h"

/* The child that a look of this header's agency is about; 0: none that it may look at. */
uint64_t picture_child(struct apply *apply, const struct decision_header *look);

struct picture {
    struct wire_picture_reply reply; /* points into the others */
    struct wire_headline headlines[CAIRN_PICTURE_HEADLINES_MAX];
    struct wire_involved involved[CAIRN_MEMBERS_MAX];
    struct wire_silent silent[CAIRN_PICTURE_SILENT_MAX];
};

struct picture_question {
    struct store_txn *txn;
    struct governance *governance;
    int64_t now_ms;
    const struct agency *asker;
    struct wire_picture_request request;
};
/* STORED and *ret, which borrows from the governance; or why not. */
/* Applies a look that was judged: each origin is to hear, when it asks, that the picture which it
 * may now be shown names its record. */
void picture_look(struct apply *apply, const struct decision_header *look);
enum verdict picture_draw(const struct picture_question *question, struct picture *ret);

#endif
