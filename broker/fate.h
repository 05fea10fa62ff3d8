/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fate: what becomes of one row of a mailbox by today's agreements, directory and day: it goes as
 * it stands, with fewer headlines, or not at all. What lay behind each way into a mailbox
 * (record.c, alert.c, grant.c) is asked again. Part of apply; reads only.
 */
#ifndef BROKER_FATE_H
#define BROKER_FATE_H

#include "broker/applying.h"

enum fate {
    FATE_GOES,
    FATE_NARROWED, /* with what is left of its headlines */
    FATE_WITHHELD
};

/* A notice, and what is left of it. */
struct judged_notice {
    struct arena arena;
    struct wire_notice notice;
    struct wire_headline left[CAIRN_ALERT_RECORDS_MAX];
};

#define JUDGED_NOTICE_NULL                                                                         \
    {                                                                                              \
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)                                           \
    }
void judged_notice_deinit(struct judged_notice *judged);

/* Of a row that is a notice, `ret` has the notice, and when it is narrowed what is left of it. */
enum fate fate_of(struct apply *apply, const struct agency *recipient,
                  const struct mailbox_row *row, struct judged_notice *ret);
/* Something of that record was withheld from the agency already. */
bool fate_was_withheld(struct apply *apply, const struct entry_id *id, uint32_t agency);
/* The record's headline for the recipient, if it may know of it. Of an adult: as of somebody who is
 * tied to that child. */
bool fate_may_know(struct apply *apply, const struct entry_id *id, uint64_t child,
                   const struct agency *recipient, struct wire_headline *ret);

#endif
