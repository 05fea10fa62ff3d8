/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/record_parts.h"

#include <stdio.h>
#include <string.h>

#include "agents/core/narrow.h"
#include "base/date.h"
#include "base/text.h"

#define EXPECTED_DAYS_MAX 310 /* a pregnancy is dated from two weeks before it */

void parts_refuse(const struct json_view *object, const char *key, const char *words)
{
    struct json_view member = json_member(object, key);

    (void)json_refuse(&member, "%s", words);
}

int32_t parts_date(const struct json_view *object, const char *key, int32_t fallback)
{
    int32_t day = fallback;
    struct slice text = json_opt_text(object, key);

    if (text.len > 0 && !date_parse(text, &day)) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "is not a date");
    }
    return day;
}

int32_t parts_past_date(const struct json_view *object, const char *key,
                        const struct event_terms *terms)
{
    int32_t day = parts_date(object, key, 0);

    if (day > instant_london_day(terms->now_ms) + AGE_CLOCK_TOLERANCE_DAYS) {
        parts_refuse(object, key, "lies in the future: give the day on which it happened");
    }
    return day;
}

int64_t parts_instant(const struct json_view *object, const char *key, int64_t fallback)
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
uint32_t parts_word(const struct json_view *object, const char *key,
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

/* Real children's numbers stay out of a partnership for tests, and test children out of a real one.
 */
static void read_nhs_number(const struct json_view *child, bool live, struct identifier *ret)
{
    read_number(child, "nhs_number", nhs_number_classify, live, ret);
    const char *refusal = nhs_number_refusal(ret, live);
    if (refusal != NULL) {
        struct json_view number = json_opt_object(child, "nhs_number");
        parts_refuse(&number, "value", refusal);
    }
}

/* A child that is not born yet has no name and no number of its own, and whatever stands in their
 * place is the mother's or will be another child's: only the agency's own number says who it is. */
static void check_unborn(const struct json_view *child, const struct event_terms *terms,
                         const struct identity *identity)
{
    static const char *const later[] = {"given_name", "birth_date", "nhs_number", "upn"};
    int32_t today = instant_london_day(terms->now_ms);

    if (!json_has(child, "expected_date")) {
        return;
    }
    if (parts_date(child, "expected_date", 0) > today + EXPECTED_DAYS_MAX) {
        parts_refuse(child, "expected_date", "lies more than ten months ahead");
    }
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        if (json_has(child, later[i])) {
            parts_refuse(child, later[i],
                         "is nothing that a child who is not born yet has: leave it out, or leave "
                         "out expected_date");
        }
    }
    if (identity->local_id[0] == '\0') {
        parts_refuse(child, "local_id",
                     "is missing: a child who is not born yet is known by your own number alone");
    }
}

/* What was taken once is not refused when it is read again. */
static void read_birth(const struct json_view *child, const struct event_terms *terms,
                       struct parts_moment moment, struct identity *ret)
{
    ret->has_birth = json_has(child, "birth_date");
    ret->birth_day = parts_date(child, "birth_date", 0);
    if (terms->kept) {
        return;
    }
    const char *refusal = age_refusal_of_future(ret, instant_london_day(terms->now_ms));
    if (refusal == NULL && !moment.any_age) {
        refusal = age_refusal(ret, moment.day);
    }
    if (refusal != NULL) {
        parts_refuse(child, "birth_date", refusal);
    }
}

struct parts_moment parts_moment_of(const struct event *event)
{
    return (struct parts_moment){.day = event->event_day,
                                 .any_age = event->kind == RECORD_RETRACTION ||
                                            record_is_danger(event->kind, event->urgency)};
}

struct parts_moment parts_moment_today(const struct event_terms *terms)
{
    return (struct parts_moment){.day = instant_london_day(terms->now_ms)};
}

struct parts_moment parts_moment_until(const struct event_terms *terms, int32_t until_day)
{
    struct parts_moment moment = parts_moment_today(terms);

    if (until_day <= moment.day) {
        moment = (struct parts_moment){.day = until_day - 1, .any_age = true};
    }
    return moment;
}

void parts_child(const struct json_view *child, const struct event_terms *terms,
                 struct parts_moment moment, struct identity *ret)
{
    json_opt_copy(child, "given_name", ret->given, sizeof(ret->given));
    json_opt_copy(child, "family_name", ret->family, sizeof(ret->family));
    json_opt_copy(child, "postcode", ret->postcode, sizeof(ret->postcode));
    json_opt_copy(child, "address", ret->address, sizeof(ret->address));
    json_opt_copy(child, "local_id", ret->local_id, sizeof(ret->local_id));
    read_birth(child, terms, moment, ret);
    read_nhs_number(child, terms->live, &ret->nhs_number);
    read_number(child, "upn", upn_classify, terms->live, &ret->upn);
    ret->home_authority = (uint32_t)json_opt_integer(child, "home_authority", CAIRN_AUTHORITY_MIN,
                                                     CAIRN_AUTHORITY_MAX, 0);
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
    check_unborn(child, terms, ret);
}

void parts_person(const struct json_view *person, const struct event_terms *terms,
                  struct parts_moment moment, struct identity *ret)
{
    ret->person = true;
    parts_child(person, terms, moment, ret);
}

void parts_source(const struct json_view *document, struct event *ret)
{
    struct json_view source = json_opt_object(document, "source");
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
        parts_refuse(&source, "system", "may hold lower-case letters, digits and hyphens");
    }
    (void)snprintf(ret->adapter, sizeof(ret->adapter), "record%s%s", system[0] != '\0' ? "/" : "",
                   system);
}

void parts_tell(struct json *account, const char *key, const struct json_view *object,
                const char *from)
{
    struct slice text = json_opt_text(object, from);

    if (text.len > 0 && json_set_text(account, key, text) != 0) {
        parts_refuse(object, from, "is not text that can be shown");
    }
}

void parts_account(const struct json_view *account, struct event *ret)
{
    struct json_view text;
    size_t bytes = 0;

    for (const char *key = json_first(account, &text); key != NULL;
         key = json_next(account, key, &text)) {
        struct slice words = json_as_text(&text);
        bytes += words.len;
        if (!utf8_is_prose(words)) {
            (void)json_refuse(&text, "holds control characters");
        }
    }
    if (bytes > CAIRN_TEXT_MAX_BYTES) {
        (void)json_refuse(account, "is longer than %d bytes of text", CAIRN_TEXT_MAX_BYTES);
    } else if (json_ok(account) &&
               json_write(account->node, JSON_STYLE_COMPACT, &ret->account) != 0) {
        (void)json_refuse(account, "is too long");
    }
}

void parts_lawfulness(const struct json_view *document, struct lawfulness *ret)
{
    struct json_view part = json_opt_object(document, "lawfulness");

    ret->judged_by = (enum judged_by)parts_word(&part, "judged_by", judged_by_number,
                                                JUDGED_BY_STANDING_DECISION);
    ret->basis = (enum basis)parts_word(&part, "basis", basis_number, BASIS_PUBLIC_TASK);
    ret->detriment =
        (enum detriment)parts_word(&part, "detriment", detriment_number, DETRIMENT_NOT_MORE);
    ret->family_told =
        (enum family_told)parts_word(&part, "family_told", family_told_number, FAMILY_NOT_KNOWN);
    json_opt_copy(&part, "judge", ret->judge, sizeof(ret->judge));
    json_opt_copy(&part, "function", ret->function, sizeof(ret->function));
    json_opt_copy(&part, "family_words", ret->family_words, sizeof(ret->family_words));
}

void parts_family_words(const struct json_view *document, const struct lawfulness *lawfulness)
{
    struct json_view part = json_opt_object(document, "lawfulness");

    if (lawfulness->family_told == FAMILY_NOT_TOLD && lawfulness->family_words[0] == '\0') {
        parts_refuse(&part, "family_words", "is missing: say why the family was not told");
    }
}

void parts_narrow(const struct json_view *document, const struct event_terms *terms,
                  struct event *ret)
{
    struct json_view part = json_opt_object(document, "narrow");
    int32_t today = instant_london_day(terms->now_ms);

    narrow_read(document, &ret->narrow);
    if (ret->narrow.reason != 0 && ret->narrow.n_agencies == 0 && ret->narrow.roles == 0 &&
        ret->narrow.hidden_until == 0 && !ret->narrow.not_for_family) {
        parts_refuse(document, "narrow",
                     "narrows nothing: say agencies, roles, hidden_until or family_view");
    }
    if (ret->narrow.hidden_until == 0) {
        return;
    }
    if (record_is_danger(ret->kind, ret->urgency) || ret->kind == RECORD_RETRACTION) {
        parts_refuse(&part, "hidden_until",
                     "what is immediate, a referral or a retraction is never hidden: leave it out");
    } else if (ret->narrow.hidden_until <= today ||
               ret->narrow.hidden_until > today + CAIRN_HIDDEN_MAX_DAYS) {
        parts_refuse(&part, "hidden_until", "must be a day of the next four weeks");
    }
}
