/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which kinds of record an agency sends, by the class of its kind in the directory. Asked by the
 * agent when something is handed in, and by the broker again: whoever has the older directory or
 * the looser program, the stricter wins. A table and no document, because it says what a kind of
 * record means: a domestic-abuse incident is the police's word, whatever a partnership agrees.
 *
 * Not judged: what anybody may send; what cannot wait, whatever its kind; and an agency of a class
 * that is not listed, which a partnership has made up. Who may tie an adult to a child is no matter
 * of kind: any agency that is involved with the child (broker/tie.c), the police among them, who
 * see who lives there.
 */
#ifndef CAIRN_SENDERS_H
#define CAIRN_SENDERS_H

#include "cairn/codes.h"

#define SENDS(kind) (UINT32_C(1) << RECORD_##kind)

/* Whoever sees a child can be worried, writes notes, hears an allegation, and can be wrong. */
#define SENT_BY_ANYBODY                                                                            \
    (SENDS(CONCERN) | SENDS(REFERRAL) | SENDS(CASE_NOTE) | SENDS(ALLEGATION) | SENDS(RETRACTION))

/* Column 2: beside those. Contracted counselling and drug services are voluntary organisations;
 * small partnerships have no agency of social care but the front door. */
#define CAIRN_SENDERS(X)                                                                           \
    X("health", SENDS(MISSED_APPOINTMENT) | SENDS(MISSED_VACCINATION))                             \
    X("confidential", SENDS(MISSED_APPOINTMENT) | SENDS(MISSED_VACCINATION))                       \
    X("education", SENDS(ABSENCE_SUMMARY))                                                         \
    X("police", SENDS(DOMESTIC_ABUSE) | SENDS(POLICE_NOTICE))                                      \
    X("adult-services", SENDS(ADULT_SERVICE))                                                      \
    X("social-care", SENDS(PLAN))                                                                  \
    X("early-help", SENDS(MISSED_APPOINTMENT))                                                     \
    X("housing", UINT32_C(0))                                                                      \
    X("youth-justice", UINT32_C(0))                                                                \
    X("voluntary", SENDS(MISSED_APPOINTMENT) | SENDS(ADULT_SERVICE))                               \
    X("front-door", SENDS(PLAN))

/* An early help plan may be anybody's, and so is the end of one: PLAN above is the statutory
 * ones. */
bool sender_may_say(const char *class, enum record_kind kind, uint32_t code, enum urgency urgency);
/* The kind that it sends with the next number after `after`, those of anybody among them; 0:
 * none. */
enum record_kind sender_says_next(const char *class, enum record_kind after);

#endif
