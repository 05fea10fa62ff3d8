/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary: when a pupil's absence is told, and in which words. One pupil and period is one source
 * id, so that whatever is told later stands in the place of what was told before.
 *
 *   nothing was told                     told when there is something to tell
 *   what was told has proven wrong       told again, or taken back: a mark was corrected
 *   it is worse than what was told       told again
 *   it goes on                           told again after `retell` days
 *   it has become better                 nothing: what was told was true of its time
 */
#ifndef AGENTS_SCHOOL_SUMMARY_H
#define AGENTS_SCHOOL_SUMMARY_H

#include "agents/core/event.h"
#include "agents/school/register.h"

#define SUMMARY_ADAPTER "attendance"

enum summary_step {
    SUMMARY_NOTHING = 1,
    SUMMARY_TELL,
    SUMMARY_TAKE_BACK
};
/* What is to be done now, and *ret_now: what is to be told. */
enum summary_step summary_step(const struct school_options *options, const struct register_row *row,
                               struct absence *ret_now);

/* *ret was EVENT_NULL. For TAKE_BACK a retraction without a child. */
void summary_event(const struct event_terms *terms, const struct register_key *key,
                   const struct absence *absence, struct event *ret);

#endif
