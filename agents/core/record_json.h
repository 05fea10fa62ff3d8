/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_json: what an agency's own system writes for its agent in our own JSON
 * (config/schemas, compiled in) -> struct event, struct involvement. Strict: unknown members are
 * refused, and the error names the member, never a value. Formats of one kind of agency are read in
 * its own folder (agents/police and the like), by the same reader.
 *
 * The reader is immutable; any thread may read with it.
 */
#ifndef AGENTS_RECORD_JSON_H
#define AGENTS_RECORD_JSON_H

#include "agents/core/event.h"
#include "json/json.h"
#include "wire/wire.h"

struct record_reader;
/* NULL and the error when a compiled-in schema does not load. */
struct record_reader *record_reader_new(struct error *error) MUST_USE;
void record_reader_free(struct record_reader **reader);

enum record_format {
    FORMAT_RECORD,
    FORMAT_INVOLVEMENT,
    FORMAT_POLICE_INCIDENT,
    FORMAT_PLAN,
    FORMAT_ADULT,
    FORMAT_REQUEST,
    FORMAT_TIE,
};
/* The document, once it keeps its schema; NULL and the error otherwise. */
struct json *record_reader_parse(const struct record_reader *reader, enum record_format format,
                                 struct slice text, struct error *error) MUST_USE;

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
/* What involvement_json_read reads again as it is. Appends at most INVOLVEMENT_JSON_MAX_BYTES. */
#define INVOLVEMENT_JSON_MAX_BYTES 4096
int involvement_to_json(const struct involvement *involvement, struct buf *out) MUST_USE;
/* What this agency asks the others for (config/schemas/request.schema.json). */
struct asking {
    struct identity child;
    bool has_record;
    struct entry_id record;
    enum purpose purpose;
};
#define ASKING_NULL ((struct asking){.child = IDENTITY_NULL})
void asking_deinit(struct asking *asking); /* wipes */
int request_json_read(const struct record_reader *reader, struct slice text,
                      const struct event_terms *terms, struct asking *ret,
                      struct error *error) MUST_USE;
/* The sealed account of an involvement: {"format":"cairn-involvement-account/v1", "contact":{name,
 * phone}}. */
int involvement_account_json(const struct involvement *involvement, struct buf *out) MUST_USE;

#endif
