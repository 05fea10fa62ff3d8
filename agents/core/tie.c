/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/tie.h"

#include "agents/core/record_parts.h"
#include "base/date.h"

/* So long after the day on which it was expected a child is born, or is not: the tie of a child
 * whom its agency forgot to say more of does not wait for another one. */
#define EXPECTED_GRACE_DAYS 60

void tying_deinit(struct tying *tying)
{
    identity_deinit(&tying->child);
    identity_deinit(&tying->person);
    *tying = TYING_NULL;
}

static struct parts_moment moment_of(const struct event_terms *terms, const struct tying *tying)
{
    struct parts_moment moment = parts_moment_until(terms, tying->until_day);

    moment.any_age = moment.any_age || tying->withdrawn;
    return moment;
}

/* The adult, or the child as it was expected: one of them, by the relationship. */
static void read_other(const struct json_view *document, const struct event_terms *terms,
                       struct tying *ret)
{
    bool born = ret->relationship == RELATIONSHIP_BORN;
    struct parts_moment moment = moment_of(terms, ret);
    const char *needed = born ? "expected" : "person";
    struct json_view other = json_opt_object(document, needed);

    if (other.node == NULL) {
        parts_refuse(document, needed,
                     born ? "is missing: the child as it was expected, by your own number"
                          : "is missing: who the adult is");
        return;
    }
    if (json_has(document, born ? "person" : "expected")) {
        parts_refuse(document, born ? "person" : "expected",
                     "does not belong to this relationship: leave it out");
    }
    if (born) {
        parts_child(&other, terms, moment, &ret->person);
    } else {
        parts_person(&other, terms, moment, &ret->person);
    }
}

/* A child that is not born yet goes by its mother: her tie ends by itself. */
static int32_t ends_at_last(const struct json_view *document)
{
    struct json_view child = json_get_object(document, "child");
    int32_t expected = parts_date(&child, "expected_date", TIE_OPEN);

    return expected == TIE_OPEN ? TIE_OPEN : expected + EXPECTED_GRACE_DAYS;
}

static void read_tie(const struct json_view *document, const struct event_terms *terms,
                     struct tying *ret)
{
    struct json_view child = json_get_object(document, "child");

    ret->relationship =
        (enum relationship)parts_word(document, "relationship", relationship_number, 0);
    ret->withdrawn = json_opt_bool(document, "withdrawn", false);
    ret->until_day = parts_date(document, "until", ends_at_last(document));
    parts_child(&child, terms, moment_of(terms, ret), &ret->child);
    read_other(document, terms, ret);
    if (ret->relationship == RELATIONSHIP_BORN &&
        (json_has(document, "until") || json_has(&child, "expected_date"))) {
        parts_refuse(document, "until",
                     "and expected_date are nothing that a child has who is born");
    }
}

int tie_json_read(const struct record_reader *reader, struct slice text,
                  const struct event_terms *terms, struct tying *ret, struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document =
        record_reader_parse(reader, FORMAT_TIE, text, &problem);
    _cleanup_(tying_deinit) struct tying tying = TYING_NULL;

    if (document != NULL) {
        struct json_view view = json_view(document, &problem);
        read_tie(&view, terms, &tying);
    }
    if (problem.what[0] != '\0') {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = tying;
    return 0;
}
