/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema says what each member may be; what members mean together is checked here. Order:
 * parse, schema, read into an event of our own, check the whole, and only then hand it over.
 */
#include "agents/core/record_json.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "json/json.h"
#include "json/schema.h"
#include "record_schemas.h"

#define CLOCK_TOLERANCE_DAYS 1 /* a source's day may have begun before ours */

struct record_reader {
    struct schema *record;
    struct schema *involvement;
};

static struct schema *load(const char *name, struct error *error)
{
    struct schema *schema = schema_load(record_schemas_file(name), error);

    if (schema == NULL && error->where[0] == '\0') {
        (void)snprintf(error->where, sizeof(error->where), "%s", name);
    }
    return schema;
}

struct record_reader *record_reader_new(struct error *error)
{
    struct record_reader *reader = base_zalloc(1, sizeof(*reader));

    reader->record = load("record.schema.json", error);
    reader->involvement = load("involvement.schema.json", error);
    if (reader->record == NULL || reader->involvement == NULL) {
        record_reader_free(&reader);
    }
    return reader;
}

void record_reader_free(struct record_reader **reader)
{
    if (*reader != NULL) {
        schema_free(&(*reader)->record);
        schema_free(&(*reader)->involvement);
        base_free(reader);
        *reader = NULL;
    }
}

/* --- pieces --- */

/* A problem of one member, there or missing: what is wrong, and what to do. */
static void refuse_member(const struct json_view *object, const char *key, const char *words)
{
    struct json_view member = json_member(object, key);

    (void)json_refuse(&member, "%s", words);
}

static int32_t date_or(const struct json_view *object, const char *key, int32_t fallback)
{
    int32_t day = fallback;
    struct slice text = json_opt_text(object, key);

    if (text.len > 0 && !date_parse(text, &day)) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "is not a date");
    }
    return day;
}

static int64_t instant_or(const struct json_view *object, const char *key, int64_t fallback)
{
    int64_t ms = fallback;
    struct slice text = json_opt_text(object, key);

    if (text.len > 0 && !instant_parse(text, &ms)) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "is not an instant with a time zone");
    }
    return ms;
}

/* A word that the schema has checked; the fallback when it is missing. */
static uint32_t word_or(const struct json_view *object, const char *key,
                        uint32_t (*number)(const char *text), uint32_t fallback)
{
    char word[64];

    json_opt_copy(object, key, word, sizeof(word));
    return word[0] == '\0' ? fallback : number(word);
}

typedef bool classify(struct slice text, struct identifier_terms terms, struct identifier *ret);

/* A number and whether the source has had it checked; only then may it link for good. */
static void read_number(const struct json_view *child, const char *key, classify *classify_one,
                        bool live, struct identifier *ret)
{
    struct json_view number = json_opt_object(child, key);

    if (number.node == NULL) {
        return;
    }
    struct identifier_terms terms = {.verified = json_get_bool(&number, "verified"), .live = live};
    struct json_view value = json_member(&number, "value");
    if (!classify_one(json_as_text(&value), terms, ret)) {
        (void)json_refuse(&value, "is too long or not text that can be shown");
    }
}

static void read_child(const struct json_view *child, const struct event_terms *terms,
                       struct identity *ret)
{
    json_opt_copy(child, "given_name", ret->given, sizeof(ret->given));
    json_opt_copy(child, "family_name", ret->family, sizeof(ret->family));
    json_opt_copy(child, "postcode", ret->postcode, sizeof(ret->postcode));
    json_opt_copy(child, "address", ret->address, sizeof(ret->address));
    json_opt_copy(child, "local_id", ret->local_id, sizeof(ret->local_id));
    ret->has_birth = json_has(child, "birth_date");
    ret->birth_day = date_or(child, "birth_date", 0);
    read_number(child, "nhs_number", nhs_number_classify, terms->live, &ret->nhs_number);
    read_number(child, "upn", upn_classify, terms->live, &ret->upn);
    ret->released = json_opt_bool(child, "address_released", false);
    if (json_opt_bool(child, "restricted", false)) {
        identity_restrict(ret);
    }
    if (ret->released && ret->restricted) {
        (void)json_refuse(child, "an address is either restricted or released");
    }
    if (ret->family[0] == '\0' && ret->local_id[0] == '\0' && ret->upn.value[0] == '\0' &&
        ret->nhs_number.value[0] == '\0') {
        (void)json_refuse(child, "needs one of nhs_number, upn, local_id or family_name");
    }
}

static void read_source(const struct json_view *record, struct event *ret)
{
    struct json_view source = json_opt_object(record, "source");
    char system[EVENT_ADAPTER_BYTES - sizeof("record/") + 1] = "";

    if (source.node != NULL) {
        json_get_copy(&source, "system", system, sizeof(system));
        json_get_copy(&source, "id", ret->source_id, sizeof(ret->source_id));
        json_opt_copy(&source, "version", ret->source_version, sizeof(ret->source_version));
        if (ret->source_version[0] == '\0') {
            memcpy(ret->source_version, "1", sizeof("1"));
        }
    }
    if (strspn(system, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(system)) {
        refuse_member(&source, "system", "may hold lower-case letters, digits and hyphens");
    }
    (void)snprintf(ret->adapter, sizeof(ret->adapter), "record%s%s", system[0] != '\0' ? "/" : "",
                   system);
}

/* The account as canonical JSON; its members are texts, which the schema has checked. */
static void read_account(const struct json_view *record, struct event *ret)
{
    struct json_view account = json_opt_object(record, "account");
    struct json_view text;
    size_t bytes = 0;

    if (account.node == NULL) {
        return;
    }
    for (const char *key = json_first(&account, &text); key != NULL;
         key = json_next(&account, key, &text)) {
        struct slice words = json_as_text(&text);
        bytes += words.len;
        if (!utf8_is_prose(words)) {
            (void)json_refuse(&text, "holds control characters");
        }
    }
    if (bytes > CAIRN_TEXT_MAX_BYTES) {
        (void)json_refuse(&account, "is longer than %d bytes of text", CAIRN_TEXT_MAX_BYTES);
    } else if (json_ok(&account) &&
               json_write(account.node, JSON_STYLE_COMPACT, &ret->account) != 0) {
        (void)json_refuse(&account, "is too long");
    }
}

/* Where nothing is said, as a retraction may, no person is claimed to have looked. */
static void read_lawfulness(const struct json_view *record, struct lawfulness *ret)
{
    struct json_view part = json_opt_object(record, "lawfulness");

    ret->judged_by =
        (enum judged_by)word_or(&part, "judged_by", judged_by_number, JUDGED_BY_STANDING_DECISION);
    ret->basis = (enum basis)word_or(&part, "basis", basis_number, BASIS_PUBLIC_TASK);
    ret->detriment =
        (enum detriment)word_or(&part, "detriment", detriment_number, DETRIMENT_NOT_MORE);
    ret->family_told =
        (enum family_told)word_or(&part, "family_told", family_told_number, FAMILY_NOT_KNOWN);
    json_opt_copy(&part, "judge", ret->judge, sizeof(ret->judge));
    json_opt_copy(&part, "function", ret->function, sizeof(ret->function));
    json_opt_copy(&part, "family_words", ret->family_words, sizeof(ret->family_words));
    if (ret->family_told == FAMILY_NOT_TOLD && ret->family_words[0] == '\0') {
        refuse_member(&part, "family_words", "is missing: say why the family was not told");
    }
}

static void read_narrow(const struct json_view *record, struct event *ret)
{
    struct json_view narrow = json_opt_array(record, "narrow");

    ret->n_narrow = json_length(&narrow);
    assert(ret->n_narrow <= CAIRN_NARROW_MAX); /* the schema's maxItems */
    for (size_t i = 0; i < ret->n_narrow; i++) {
        struct json_view item = json_item(&narrow, i);
        if (!text_copy(ret->narrow[i], sizeof(ret->narrow[i]), json_as_text(&item))) {
            (void)json_refuse(&item, "is not an agency id");
        }
    }
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

/* What the members mean together. */
static void check_record(const struct json_view *record, const struct event_terms *terms,
                         const struct event *event)
{
    bool retraction = event->kind == RECORD_RETRACTION;

    if (event->code != CODE_NOT_SAID && record_code_kind(event->code) != (uint32_t)event->kind) {
        refuse_member(record, "code",
                      "the code does not belong to this kind: leave it out or name its kind");
    }
    if (event->event_day > instant_london_day(terms->now_ms) + CLOCK_TOLERANCE_DAYS) {
        refuse_member(record, "event_date",
                      "lies in the future: give the day on which it happened");
    }
    if (retraction != json_has(record, "retracts")) {
        refuse_member(record, "retracts",
                      retraction ? "a retraction must say what it retracts: the source id of that"
                                 : "only a retraction may have retracts: leave it out");
    }
    if (retraction && !json_has(record, "source")) {
        refuse_member(record, "source",
                      "is missing: a retraction takes back what the same source system said");
    }
    for (size_t i = 0; !retraction && i < 3; i++) {
        static const char *const needed[] = {"child", "account", "lawfulness"};
        struct json_view member = json_member(record, needed[i]);
        if (member.node == NULL) {
            (void)json_refuse(&member, "is missing");
        }
    }
}

static void read_record(const struct json_view *record, const struct event_terms *terms,
                        struct event *ret)
{
    struct json_view child = json_opt_object(record, "child");

    ret->kind = (enum record_kind)word_or(record, "kind", record_kind_number, 0);
    ret->code = word_or(record, "code", record_code_number, CODE_NOT_SAID);
    ret->urgency = (enum urgency)word_or(record, "urgency", urgency_number, URGENCY_ROUTINE);
    ret->final = ret->kind == RECORD_RETRACTION;
    ret->level =
        ret->final ? 0 : (uint32_t)json_opt_integer(record, "level", 0, CAIRN_LEVEL_MAX, 0);
    ret->event_day = date_or(record, "event_date", 0);
    ret->recorded_ms = instant_or(record, "recorded_at", terms->now_ms);
    json_opt_copy(record, "retracts", ret->retracts, sizeof(ret->retracts));
    if (child.node != NULL) {
        read_child(&child, terms, &ret->child);
    }
    read_source(record, ret);
    read_account(record, ret);
    read_lawfulness(record, &ret->lawfulness);
    read_narrow(record, ret);
    settle_missed(record, ret);
    check_record(record, terms, ret);
}

/* The document, once it keeps its schema; NULL and the error otherwise. */
static struct json *parse_checked(const struct schema *schema, struct slice text,
                                  struct error *error)
{
    struct json *document = json_parse(text, error);

    if (document != NULL && schema_check(schema, document, error) != 0) {
        json_free(&document);
    }
    return document;
}

int record_json_read(const struct record_reader *reader, struct slice text,
                     const struct event_terms *terms, struct event *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document = parse_checked(reader->record, text, &problem);
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

    ret->role = (enum role)word_or(document, "role", role_number, 0);
    ret->from_day = date_or(document, "from", 0);
    ret->until_day = date_or(document, "until", INVOLVEMENT_OPEN);
    json_opt_copy(&contact, "name", ret->contact_name, sizeof(ret->contact_name));
    json_opt_copy(&contact, "phone", ret->contact_phone, sizeof(ret->contact_phone));
    read_child(&child, terms, &ret->child);
    if (ret->until_day <= ret->from_day) {
        refuse_member(document, "until",
                      "must be later than from: the first day on which it no longer holds");
    }
}

int involvement_json_read(const struct record_reader *reader, struct slice text,
                          const struct event_terms *terms, struct involvement *ret,
                          struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document = parse_checked(reader->involvement, text, &problem);
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

int involvement_account_json(const struct involvement *involvement, struct buf *out)
{
    _cleanup_(json_free) struct json *document = json_object_new();

    json_set_word(document, "format", "cairn-involvement-account/v1");
    if (involvement->contact_name[0] != '\0') {
        struct json *contact = json_object_new();
        json_set_word(contact, "name", involvement->contact_name);
        json_set_word(contact, "phone", involvement->contact_phone);
        (void)json_set_node(document, "contact", &contact);
    }
    return json_write(document, JSON_STYLE_COMPACT, out);
}
