/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_json: what an agency's own system writes for its agent in our own JSON
 * (config/schemas/record.schema.json and involvement.schema.json, compiled in) -> struct event,
 * struct involvement. Strict: unknown members are refused, and the error names the member, never a
 * value.
 *
 * The reader is immutable; any thread may read with it.
 */
#ifndef AGENTS_RECORD_JSON_H
#define AGENTS_RECORD_JSON_H

#include "agents/core/event.h"
#include "wire/wire.h"

struct record_reader;
/* NULL and the error when a compiled-in schema does not load. */
struct record_reader *record_reader_new(struct error *error) MUST_USE;
void record_reader_free(struct record_reader **reader);

/* *ret was EVENT_NULL. -EINVAL and the error, *ret untouched, when the text says no record. */
int record_json_read(const struct record_reader *reader, struct slice text,
                     const struct event_terms *terms, struct event *ret,
                     struct error *error) MUST_USE;

struct involvement {
    struct identity child;
    enum role role;
    int32_t from_day;
    int32_t until_day; /* first day it no longer holds; INVOLVEMENT_OPEN while open */
    char contact_name[CAIRN_NAME_MAX_BYTES]; /* "" when nobody is named */
    char contact_phone[CAIRN_PHONE_MAX_BYTES];
};
#define INVOLVEMENT_NULL                                                                           \
    ((struct involvement){.child = IDENTITY_NULL, .until_day = INVOLVEMENT_OPEN})
void involvement_deinit(struct involvement *involvement); /* wipes */
int involvement_json_read(const struct record_reader *reader, struct slice text,
                          const struct event_terms *terms, struct involvement *ret,
                          struct error *error) MUST_USE;
/* The sealed account of an involvement: {"format":"cairn-involvement-account/v1", "contact":{name,
 * phone}}. */
int involvement_account_json(const struct involvement *involvement, struct buf *out) MUST_USE;

#endif
