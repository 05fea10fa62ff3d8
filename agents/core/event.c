/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card     {"format":"cairn-card/v1", given_name, family_name, birth_date, address, postcode,
 *           address_withheld, address_released, home_authority, nhs_number{value,status},
 *           upn{value,status}, local_id}: only what is there
 * account  {"format":"cairn-account/v1", narrative{...}, recorded_at, source,
 *           lawfulness{judged_by,judge,basis,detriment,function,family_told,family_words},
 *           narrow_words}
 * event    {"format":"cairn-event/v1", ...} both of these and the numbers of the header;
 *           never leaves the agency
 */
#include "agents/core/event.h"

#include <errno.h>
#include <string.h>

#include "agents/core/narrow.h"
#include "base/date.h"
#include "base/text.h"
#include "json/json.h"

#define CARD_FORMAT    "cairn-card/v1"
#define ACCOUNT_FORMAT "cairn-account/v1"
#define EVENT_FORMAT   "cairn-event/v1"

void event_deinit(struct event *event)
{
    buf_deinit(&event->account);
    bytes_wipe(event, sizeof(*event));
    *event = EVENT_NULL;
}

void event_occurrence_of_words(struct slice words, char out[EVENT_OCCURRENCE_BYTES])
{
    static const char prefix[] = "text:";
    size_t prefix_len = sizeof(prefix) - 1;

    memcpy(out, prefix, prefix_len);
    if (!text_fold(words, out + prefix_len, EVENT_OCCURRENCE_BYTES - prefix_len) ||
        out[prefix_len] == '\0') {
        out[0] = '\0';
    }
}

/* --- writing: every text came through text_copy or json_get_copy, so it is prose --- */

static void set_object(struct json *object, const char *key, struct json *part)
{
    (void)json_set_node(object, key, &part);
}

static void set_identifier(struct json *object, const char *key,
                           const struct identifier *identifier)
{
    if (identifier->value[0] == '\0') {
        return;
    }
    struct json *part = json_object_new();
    json_set_word(part, "value", identifier->value);
    json_set_word(part, "status", identifier_status_text(identifier->status));
    set_object(object, key, part);
}

static struct json *card_of(const struct identity *child)
{
    struct json *card = json_object_new();

    json_set_word(card, "format", CARD_FORMAT);
    json_set_given(card, "given_name", child->given);
    json_set_given(card, "family_name", child->family);
    if (child->has_birth) {
        json_set_day(card, "birth_date", child->birth_day);
    }
    if (child->restricted) {
        json_set_bool(card, "address_withheld", true);
    } else {
        json_set_given(card, "address", child->address);
        json_set_given(card, "postcode", child->postcode);
    }
    if (child->person) {
        json_set_bool(card, "adult", true);
    }
    if (child->home_authority != 0) {
        json_set_integer(card, "home_authority", child->home_authority);
    }
    set_identifier(card, "nhs_number", &child->nhs_number);
    set_identifier(card, "upn", &child->upn);
    json_set_given(card, "local_id", child->local_id);
    if (child->released) {
        json_set_bool(card, "address_released", true);
    }
    return card;
}

static struct json *lawfulness_of(const struct lawfulness *lawfulness)
{
    struct json *part = json_object_new();

    json_set_word(part, "judged_by", judged_by_text(lawfulness->judged_by));
    json_set_word(part, "basis", basis_text(lawfulness->basis));
    json_set_word(part, "detriment", detriment_text(lawfulness->detriment));
    json_set_word(part, "family_told", family_told_text(lawfulness->family_told));
    json_set_given(part, "judge", lawfulness->judge);
    json_set_given(part, "function", lawfulness->function);
    json_set_given(part, "family_words", lawfulness->family_words);
    return part;
}

static struct json *narrative_of(const struct event *event)
{
    struct error error = ERROR_NULL;
    struct json *narrative =
        event->account.len > 0 ? json_parse(buf_slice(&event->account), &error) : json_object_new();

    assert(narrative != NULL); /* an adapter wrote it with json_write */
    return narrative;
}

static struct json *account_of(const struct event *event)
{
    struct json *account = json_object_new();

    json_set_word(account, "format", ACCOUNT_FORMAT);
    set_object(account, "narrative", narrative_of(event));
    json_set_instant(account, "recorded_at", event->recorded_ms);
    json_set_given(account, "source", event->adapter);
    set_object(account, "lawfulness", lawfulness_of(&event->lawfulness));
    json_set_given(account, "narrow_words", event->narrow.words);
    return account;
}

static int write_and_free(struct json *document, struct buf *out)
{
    int r = json_write(document, JSON_STYLE_COMPACT, out);

    json_free(&document);
    return r;
}

int identity_card_json(const struct identity *identity, struct buf *out)
{
    return write_and_free(card_of(identity), out);
}

int event_card_json(const struct event *event, struct buf *out)
{
    return identity_card_json(&event->child, out);
}

int event_account_json(const struct event *event, struct buf *out)
{
    return write_and_free(account_of(event), out);
}

int event_to_json(const struct event *event, struct buf *out)
{
    struct json *whole = json_object_new();

    json_set_word(whole, "format", EVENT_FORMAT);
    json_set_given(whole, "adapter", event->adapter);
    json_set_given(whole, "source_id", event->source_id);
    json_set_given(whole, "source_version", event->source_version);
    json_set_given(whole, "event_id", event->event_id);
    json_set_word(whole, "kind", record_kind_text(event->kind));
    if (event->code != CODE_NOT_SAID) {
        json_set_word(whole, "code", record_code_text(event->code));
    }
    json_set_integer(whole, "level", event->level);
    json_set_word(whole, "urgency", urgency_text(event->urgency));
    json_set_day(whole, "event_date", event->event_day);
    json_set_given(whole, "occurrence", event->occurrence);
    json_set_given(whole, "retracts", event->retracts);
    json_set_bool(whole, "settles", event->settles);
    if (event->narrow.reason != 0) {
        set_object(whole, "narrow", narrow_json(&event->narrow));
    }
    set_object(whole, "card", card_of(&event->child));
    set_object(whole, "account", account_of(event));
    return write_and_free(whole, out);
}

/* --- reading back --- */

/* A member that is one of the words of a list. The words are ours, so a word that is none is a
 * damaged store. */
static uint32_t get_number(const struct json_view *object, const char *key,
                           uint32_t (*number)(const char *text))
{
    char text[64];

    json_get_copy(object, key, text, sizeof(text));
    uint32_t value = number(text);
    if (value == 0 && json_ok(object)) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "is not one of the words known here");
    }
    return value;
}

static int32_t get_date(const struct json_view *object, const char *key)
{
    int32_t day = 0;
    struct slice text = json_get_text(object, key);

    if (json_ok(object) && !date_parse(text, &day)) {
        (void)json_refuse(object, "%s is not a date", key);
    }
    return day;
}

static int64_t get_instant(const struct json_view *object, const char *key)
{
    int64_t ms = 0;
    struct slice text = json_get_text(object, key);

    if (json_ok(object) && !instant_parse(text, &ms)) {
        (void)json_refuse(object, "%s is not an instant", key);
    }
    return ms;
}

static void get_identifier(const struct json_view *card, const char *key, struct identifier *ret)
{
    struct json_view part = json_opt_object(card, key);

    *ret = IDENTIFIER_NULL;
    if (part.node != NULL) {
        json_get_copy(&part, "value", ret->value, sizeof(ret->value));
        ret->status = (enum identifier_status)get_number(&part, "status", identifier_status_number);
    }
}

static void get_card(const struct json_view *card, struct identity *ret)
{
    ret->person = json_opt_bool(card, "adult", false);
    json_opt_copy(card, "given_name", ret->given, sizeof(ret->given));
    json_opt_copy(card, "family_name", ret->family, sizeof(ret->family));
    ret->has_birth = json_has(card, "birth_date");
    ret->birth_day = ret->has_birth ? get_date(card, "birth_date") : 0;
    ret->restricted = json_opt_bool(card, "address_withheld", false);
    json_opt_copy(card, "address", ret->address, sizeof(ret->address));
    json_opt_copy(card, "postcode", ret->postcode, sizeof(ret->postcode));
    ret->home_authority = (uint32_t)json_opt_integer(card, "home_authority", CAIRN_AUTHORITY_MIN,
                                                     CAIRN_AUTHORITY_MAX, 0);
    get_identifier(card, "nhs_number", &ret->nhs_number);
    get_identifier(card, "upn", &ret->upn);
    json_opt_copy(card, "local_id", ret->local_id, sizeof(ret->local_id));
    ret->released = json_opt_bool(card, "address_released", false);
}

static void get_lawfulness(const struct json_view *part, struct lawfulness *ret)
{
    ret->judged_by = (enum judged_by)get_number(part, "judged_by", judged_by_number);
    ret->basis = (enum basis)get_number(part, "basis", basis_number);
    ret->detriment = (enum detriment)get_number(part, "detriment", detriment_number);
    ret->family_told = (enum family_told)get_number(part, "family_told", family_told_number);
    json_opt_copy(part, "judge", ret->judge, sizeof(ret->judge));
    json_opt_copy(part, "function", ret->function, sizeof(ret->function));
    json_opt_copy(part, "family_words", ret->family_words, sizeof(ret->family_words));
}

static void get_account(const struct json_view *account, struct event *ret)
{
    struct json_view narrative = json_get_object(account, "narrative");
    struct json_view lawfulness = json_get_object(account, "lawfulness");

    ret->recorded_ms = get_instant(account, "recorded_at");
    get_lawfulness(&lawfulness, &ret->lawfulness);
    if (json_ok(account) && json_write(narrative.node, JSON_STYLE_COMPACT, &ret->account) != 0) {
        (void)json_refuse(&narrative, "is too long");
    }
}

static void get_head(const struct json_view *whole, struct event *ret)
{
    if (!slice_is_text(json_get_text(whole, "format"), EVENT_FORMAT)) {
        (void)json_refuse(whole, "is not %s", EVENT_FORMAT);
    }
    json_opt_copy(whole, "adapter", ret->adapter, sizeof(ret->adapter));
    json_opt_copy(whole, "source_id", ret->source_id, sizeof(ret->source_id));
    json_opt_copy(whole, "source_version", ret->source_version, sizeof(ret->source_version));
    json_opt_copy(whole, "event_id", ret->event_id, sizeof(ret->event_id));
    ret->kind = (enum record_kind)get_number(whole, "kind", record_kind_number);
    ret->code = json_has(whole, "code") ? get_number(whole, "code", record_code_number) : 0;
    ret->level = (uint32_t)json_get_integer(whole, "level", 0, CAIRN_LEVEL_MAX);
    ret->urgency = (enum urgency)get_number(whole, "urgency", urgency_number);
    ret->event_day = get_date(whole, "event_date");
    json_opt_copy(whole, "occurrence", ret->occurrence, sizeof(ret->occurrence));
    json_opt_copy(whole, "retracts", ret->retracts, sizeof(ret->retracts));
    ret->settles = json_get_bool(whole, "settles");
}

int event_from_json(struct slice text, struct event *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document = json_parse(text, &problem);
    _cleanup_(event_deinit) struct event event = EVENT_NULL;

    if (document != NULL) {
        struct json_view whole = json_view(document, &problem);
        struct json_view card = json_get_object(&whole, "card");
        struct json_view account = json_get_object(&whole, "account");
        get_head(&whole, &event);
        narrow_read(&whole, &event.narrow);
        get_card(&card, &event.child);
        get_account(&account, &event);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = event;
    event = EVENT_NULL; /* the account's bytes went with *ret */
    return 0;
}
