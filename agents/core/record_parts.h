/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_parts: what our own JSON formats have in common, read out of a document that keeps its
 * schema. Problems are noted in the error of the view, and name the member, never a value.
 */
#ifndef AGENTS_RECORD_PARTS_H
#define AGENTS_RECORD_PARTS_H

#include "agents/core/age.h"
#include "agents/core/event.h"
#include "json/json.h"

/* A problem of one member, there or missing: what is wrong, and what to do. */
void parts_refuse(const struct json_view *object, const char *key, const char *words);
/* Members that may be missing; the fallback then. */
int32_t parts_date(const struct json_view *object, const char *key, int32_t fallback);
int64_t parts_instant(const struct json_view *object, const char *key, int64_t fallback);
uint32_t parts_word(const struct json_view *object, const char *key,
                    uint32_t (*number)(const char *text), uint32_t fallback);
/* A day on which something happened: not in the future. */
int32_t parts_past_date(const struct json_view *object, const char *key,
                        const struct event_terms *terms);

/* Who it is, and whether the birth date can be right on the day that it is said of. What cannot
 * wait, and what ends something, is never refused for an age. */
struct parts_moment {
    int32_t day;
    bool any_age;
};
struct parts_moment parts_moment_of(const struct event *event);
struct parts_moment parts_moment_today(const struct event_terms *terms);
/* The last day of what holds until then, once that is past. */
struct parts_moment parts_moment_until(const struct event_terms *terms, int32_t until_day);
void parts_child(const struct json_view *child, const struct event_terms *terms,
                 struct parts_moment moment, struct identity *ret);
/* An adult: read likewise, and known through ties alone. */
void parts_person(const struct json_view *person, const struct event_terms *terms,
                  struct parts_moment moment, struct identity *ret);
/* Adapter, source id and version. All of our formats share adapters, "record/SYSTEM", so that a
 * retraction of a system takes back whatever the system has said. */
void parts_source(const struct json_view *document, struct event *ret);
/* Where nothing is said, as a retraction may, no person is claimed to have looked. */
void parts_lawfulness(const struct json_view *document, struct lawfulness *ret);
/* What was not told to the family needs a reason. */
void parts_family_words(const struct json_view *document, const struct lawfulness *lawfulness);
/* Once kind and urgency are there: what cannot wait is never hidden. */
void parts_narrow(const struct json_view *document, const struct event_terms *terms,
                  struct event *ret);
/* A text of the document, if it is there, as a member of an account that is being made. */
void parts_tell(struct json *account, const char *key, const struct json_view *object,
                const char *from);
/* The members of an account, all of them texts, as the event's. */
void parts_account(const struct json_view *account, struct event *ret);

#endif
