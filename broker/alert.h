/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert: what a noticed pattern raises and whom it tells. One open alert per child: a later record
 * extends it; after closing, only what whoever closed it could not know of raises again. Part of
 * apply.
 *
 * Who is told what: an addressee gets the headline of each record as far as an agreement lets it
 * (hold and share; mode existence gives class, day and the origin's kind); a front-door agency with
 * a grant also gets the record with its identity card, so that a screener can tell who the child
 * is. Accounts come with a named person's reason (decision.h).
 */
#ifndef BROKER_ALERT_H
#define BROKER_ALERT_H

#include "broker/applying.h"

/* Nobody has opened it: its addressees hear so. */
void alert_unopened(struct apply *apply, uint64_t number, const struct alert_row *alert);
/* Looks at every pattern around that day of the child's chronology; ALERT_NEWEST: around the newest
 * day that the pattern counts. */
#define ALERT_NEWEST INT32_MAX
void alert_look(struct apply *apply, uint64_t child, int32_t anchor);
/* The same because of the record of that log index; a pattern that was turned on later than all that
 * meets it raises nothing then (backfill.h). */
#define ALERT_NO_RECORD UINT64_MAX
void alert_look_at(struct apply *apply, uint64_t child, int32_t anchor, uint64_t log_index);
/* For backfill.c: does this child meet the pattern by what was there before it was turned on, and
 * has no alert told of that? Then it goes on the front door's list. */
void alert_list(struct apply *apply, uint64_t child, const struct pattern *pattern);
/* A record that takes another one back. Borrowed for the call. */
struct retraction {
    const struct record_header *header;
    const struct entry_input *entry;
    uint64_t alert; /* that lists what is taken back; 0 none, and none of an adult's */
};
/* Tells those who were told of what is taken back, as far as they were. */
void alert_retracted(struct apply *apply, const struct retraction *retraction);

/* Whether any live pattern is met around that day, by one child or by several as if they were one. */
struct alert_question {
    size_t n;
    uint64_t children[2];
    int32_t anchor;
};
bool alert_met(struct apply *apply, const struct alert_question *question);

/* --- for decisions --- */
/* The alert that goes on for this one, itself when none does. 0: there is none of that number. */
uint64_t alert_going_on(struct apply *apply, uint64_t number, struct alert_row *ret);
/* The identity card, so that a screener knows which child: never the account. Nothing where no
 * agreement or grant lets it have that. */
struct told_record;
void alert_deliver_card(struct apply *apply, const struct told_record *record,
                        const struct agency *recipient);
/* It is an addressee, and a notice has gone to it. */
bool alert_was_told(const struct alert_row *alert, uint32_t agency);
/* Agencies that a record was delivered to. Returns how many. */
size_t alert_readers(struct apply *apply, const struct entry_id *record,
                     uint32_t readers[CAIRN_ADDRESSEES_MAX]);
struct wire_notice alert_notice(const struct apply *apply, uint64_t number,
                                const struct alert_row *alert, enum notice_type type);
/* Names the child by the agency's own handle, when it has one. */
void alert_own_handle(struct apply *apply, uint64_t child, uint32_t agency,
                      struct wire_notice *notice);
/* Whether this agency may know of any record of the alert, and so of the alert. */
/* A record of the child's open alert is hidden no longer: whoever is an addressee and no front door,
 * and was not told of it, is told. */
void alert_shown(struct apply *apply, const struct told_record *record);
bool alert_known_to(struct apply *apply, const struct alert_row *alert,
                    const struct agency *recipient);
bool alert_lists(const struct alert_row *alert, const struct entry_id *record);
bool alert_is_addressee(const struct alert_row *alert, uint32_t agency);
/* Nothing when it is one already; noted when there is no room. */
void alert_add_addressee(struct apply *apply, struct alert_row *alert, uint32_t agency);

#endif
