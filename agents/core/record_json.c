/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema says what each member may be; what members mean together is checked here. Order:
 * parse, schema, read into an event of our own, check the whole, and only then hand it over.
 */
#include "agents/core/record_json.h"

#include <stdio.h>
#include <string.h>

#include "agents/core/record_parts.h"
#include "base/date.h"
#include "base/text.h"
#include "json/json.h"
#include "json/schema.h"
#include "record_schemas.h"

/* By enum record_format. */
static const char *const schema_names[] = {
    "record.schema.json", "involvement.schema.json", "police-incident.schema.json",
    "plan.schema.json",   "adult.schema.json",       "request.schema.json",
    "tie.schema.json",
};

struct record_reader {
    struct schema *schemas[ARRAY_LEN(schema_names)];
};

struct record_reader *record_reader_new(struct error *error)
{
    struct record_reader *reader = base_zalloc(1, sizeof(*reader));

    for (size_t i = 0; i < ARRAY_LEN(schema_names); i++) {
        reader->schemas[i] = schema_load(record_schemas_file(schema_names[i]), error);
        if (reader->schemas[i] == NULL) {
            if (error->where[0] == '\0') {
                (void)snprintf(error->where, sizeof(error->where), "%s", schema_names[i]);
            }
            record_reader_free(&reader);
            return NULL;
        }
    }
    return reader;
}

void record_reader_free(struct record_reader **reader)
{
    if (*reader != NULL) {
        for (size_t i = 0; i < ARRAY_LEN(schema_names); i++) {
            schema_free(&(*reader)->schemas[i]);
        }
        base_free(reader);
        *reader = NULL;
    }
}

struct json *record_reader_parse(const struct record_reader *reader, enum record_format format,
                                 struct slice text, struct error *error)
{
    struct json *document = json_parse(text, error);

    if (document != NULL && schema_check(reader->schemas[format], document, error) != 0) {
        json_free(&document);
    }
    return document;
}

/* --- the record --- */

/* A missed appointment may be corrected next morning, so it settles; one told by two agencies
 * counts once. */
static void settle_missed(const struct json_view *record, struct event *ret)
{
    struct json_view account = json_opt_object(record, "account");

    if (ret->kind != RECORD_MISSED_APPOINTMENT && ret->kind != RECORD_MISSED_VACCINATION) {
        return;
    }
    ret->settles = ret->urgency == URGENCY_ROUTINE;
    event_occurrence_of_words(json_opt_text(&account, "service"), ret->occurrence);
}

/* With the day on which a child is expected, which the card does not hold. */
static void read_account(const struct json_view *record, struct event *ret)
{
    struct json_view account = json_opt_object(record, "account");
    struct json_view child = json_opt_object(record, "child");
    struct slice expected = json_opt_text(&child, "expected_date");

    if (account.node == NULL) {
        return;
    }
    _cleanup_(json_free) struct json *told = json_clone(account.node);
    if (expected.len > 0 && json_set_text(told, "expected_date", expected) != 0) {
        (void)json_refuse(&child, "expected_date is no text");
    }
    account.node = told;
    parts_account(&account, ret);
}

/* What the members mean together. */
static void check_record(const struct json_view *record, const struct event *event)
{
    bool retraction = event->kind == RECORD_RETRACTION;

    if (event->code != CODE_NOT_SAID && record_code_kind(event->code) != (uint32_t)event->kind) {
        parts_refuse(record, "code",
                     "the code does not belong to this kind: leave it out or name its kind");
    }
    if (retraction != json_has(record, "retracts")) {
        parts_refuse(record, "retracts",
                     retraction ? "a retraction must say what it retracts: the source id of that"
                                : "only a retraction may have retracts: leave it out");
    }
    if (retraction && !json_has(record, "source")) {
        parts_refuse(record, "source",
                     "is missing: a retraction takes back what the same source system said");
    }
    for (size_t i = 0; !retraction && i < 3; i++) {
        static const struct {
            const char *key;
            const char *words;
        } needed[] = {
            {"child", "who the child is, by any of nhs_number, upn, local_id, or name, birth_date "
                      "and postcode"},
            {"account", "what happened: at least a summary, in your own words"},
            {"lawfulness", "who judged that it may be shared, and on which basis"},
        };
        struct json_view member = json_member(record, needed[i].key);
        if (member.node == NULL) {
            (void)json_refuse(&member, "is missing: %s", needed[i].words);
        }
    }
}

static void read_record(const struct json_view *record, const struct event_terms *terms,
                        struct event *ret)
{
    struct json_view child = json_opt_object(record, "child");
    struct json_view happened = json_opt_object(record, "event");

    ret->kind = (enum record_kind)parts_word(record, "kind", record_kind_number, 0);
    ret->code = parts_word(record, "code", record_code_number, CODE_NOT_SAID);
    ret->urgency = (enum urgency)parts_word(record, "urgency", urgency_number, URGENCY_ROUTINE);
    ret->final = ret->kind == RECORD_RETRACTION;
    ret->level =
        ret->final ? 0 : (uint32_t)json_opt_integer(record, "level", 0, CAIRN_LEVEL_MAX, 0);
    ret->event_day = parts_past_date(record, "event_date", terms);
    ret->recorded_ms = parts_instant(record, "recorded_at", terms->now_ms);
    json_opt_copy(record, "retracts", ret->retracts, sizeof(ret->retracts));
    if (child.node != NULL) {
        parts_child(&child, terms, parts_moment_of(ret), &ret->child);
    }
    parts_source(record, ret);
    json_opt_copy(&happened, "id", ret->event_id, sizeof(ret->event_id));
    read_account(record, ret);
    parts_lawfulness(record, &ret->lawfulness);
    parts_family_words(record, &ret->lawfulness);
    parts_narrow(record, terms, ret);
    settle_missed(record, ret);
    check_record(record, ret);
}

int record_json_read(const struct record_reader *reader, struct slice text,
                     const struct event_terms *terms, struct event *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_RECORD, text, &problem);
    _cleanup_(event_deinit) struct event event = EVENT_NULL;

    if (document != NULL) {
        struct json_view record = json_view(document, &problem);
        read_record(&record, terms, &event);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = event;
    event = EVENT_NULL; /* the account's bytes went with *ret */
    return 0;
}

/* --- the involvement --- */

void involvement_deinit(struct involvement *involvement)
{
    bytes_wipe(involvement, sizeof(*involvement));
    *involvement = INVOLVEMENT_NULL;
}

static void read_involvement(const struct json_view *document, const struct event_terms *terms,
                             struct involvement *ret)
{
    struct json_view child = json_get_object(document, "child");
    struct json_view contact = json_opt_object(document, "contact");

    ret->role = (enum role)parts_word(document, "role", role_number, 0);
    ret->from_day = parts_date(document, "from", 0);
    ret->until_day = parts_date(document, "until", INVOLVEMENT_OPEN);
    json_opt_copy(&contact, "name", ret->contact_name, sizeof(ret->contact_name));
    json_opt_copy(&contact, "phone", ret->contact_phone, sizeof(ret->contact_phone));
    parts_child(&child, terms, parts_moment_until(terms, ret->until_day), &ret->child);
    if (ret->until_day <= ret->from_day) {
        parts_refuse(document, "until",
                     "must be later than from: the first day on which it no longer holds");
    }
}

int involvement_json_read(const struct record_reader *reader, struct slice text,
                          const struct event_terms *terms, struct involvement *ret,
                          struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_INVOLVEMENT, text, &problem);
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        read_involvement(&view, terms, &involvement);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = involvement;
    return 0;
}

static void set_number(struct json *object, const char *key, const struct identifier *number)
{
    if (number->value[0] != '\0') {
        struct json *part = json_object_new();
        json_set_word(part, "value", number->value);
        json_set_bool(part, "verified", number->status == IDENTIFIER_VERIFIED);
        (void)json_set_node(object, key, &part);
    }
}

static struct json *child_json(const struct identity *child)
{
    struct json *object = json_object_new();

    json_set_given(object, "given_name", child->given);
    json_set_given(object, "family_name", child->family);
    json_set_given(object, "postcode", child->postcode);
    json_set_given(object, "address", child->address);
    json_set_given(object, "local_id", child->local_id);
    if (child->has_birth) {
        json_set_day(object, "birth_date", child->birth_day);
    }
    set_number(object, "nhs_number", &child->nhs_number);
    set_number(object, "upn", &child->upn);
    if (child->restricted) {
        json_set_bool(object, "restricted", true);
    }
    if (child->released) {
        json_set_bool(object, "address_released", true);
    }
    return object;
}

static struct json *contact_json(const struct involvement *involvement)
{
    struct json *contact = json_object_new();

    json_set_word(contact, "name", involvement->contact_name);
    json_set_word(contact, "phone", involvement->contact_phone);
    return contact;
}

int involvement_to_json(const struct involvement *involvement, struct buf *out)
{
    _cleanup_(json_free) struct json *document = json_object_new();
    struct json *child = child_json(&involvement->child);

    (void)json_set_node(document, "child", &child);
    json_set_word(document, "role", role_text(involvement->role));
    json_set_day(document, "from", involvement->from_day);
    if (involvement->until_day != INVOLVEMENT_OPEN) {
        json_set_day(document, "until", involvement->until_day);
    }
    if (involvement->contact_name[0] != '\0') {
        struct json *contact = contact_json(involvement);
        (void)json_set_node(document, "contact", &contact);
    }
    return json_write(document, JSON_STYLE_COMPACT, out);
}

/* --- the request --- */

void asking_deinit(struct asking *asking)
{
    identity_deinit(&asking->child);
    *asking = ASKING_NULL;
}

static void read_request(const struct json_view *document, const struct event_terms *terms,
                         struct asking *ret)
{
    char record[ENTRY_ID_TEXT_BYTES] = "";
    struct json_view child = json_get_object(document, "child");

    ret->purpose = (enum purpose)parts_word(document, "purpose", purpose_number, 0);
    json_opt_copy(document, "record", record, sizeof(record));
    ret->has_record = record[0] != '\0';
    if (ret->has_record && !entry_id_parse(record, &ret->record)) {
        parts_refuse(document, "record", "is no record: AGENCY-STREAM-SEQ, as the inbox names it");
    }
    parts_child(&child, terms, parts_moment_today(terms), &ret->child);
}

int request_json_read(const struct record_reader *reader, struct slice text,
                      const struct event_terms *terms, struct asking *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_REQUEST, text, &problem);
    _cleanup_(asking_deinit) struct asking asking = ASKING_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        read_request(&view, terms, &asking);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = asking;
    return 0;
}

int involvement_account_json(const struct involvement *involvement, struct buf *out)
{
    _cleanup_(json_free) struct json *document = json_object_new();

    json_set_word(document, "format", "cairn-involvement-account/v1");
    if (involvement->contact_name[0] != '\0') {
        struct json *contact = contact_json(involvement);
        (void)json_set_node(document, "contact", &contact);
    }
    return json_write(document, JSON_STYLE_COMPACT, out);
}
