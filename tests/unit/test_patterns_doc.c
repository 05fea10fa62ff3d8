/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},
    {2, "school-oak", "school", false},
};

static int set_up(void **state)
{
    struct governing_world *world = governing_world_new();

    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    governing_template("patterns", &world->text);
    *state = world;
    return 0;
}

static enum govern_result offer(struct governing_world *world)
{
    return governing_offer(&world->governing, GOVERNANCE_PATTERNS, 2, buf_slice(&world->text));
}

static void the_shipped_pattern_notices_three_missed_health_contacts_in_a_year(void **state)
{
    struct governing_world *world = *state;
    const struct patterns *patterns = &world->governing.governance->patterns;

    assert_int_equal(patterns->n, 3);
    const struct pattern *pattern = &patterns->items[0];
    assert_string_equal(pattern->id, "three-missed-health-appointments");
    assert_int_equal(pattern->occurrences_min, 3);
    assert_int_equal(pattern->agencies_min, 1);
    assert_int_equal(pattern->window_months, 12);
    assert_int_equal(pattern->window_days, 0);

    assert_int_equal(pattern->n_addressees, 3);
    assert_int_equal(pattern->addressees[0].sort, ADDRESSEE_ORIGINS);
    assert_int_equal(pattern->addressees[1].sort, ADDRESSEE_INVOLVED_CLASS);
    assert_string_equal(pattern->addressees[1].id, "health");
    assert_int_equal(pattern->addressees[2].sort, ADDRESSEE_KIND);
    assert_string_equal(pattern->addressees[2].id, "mash");
}

static void what_several_agencies_notice_is_shipped_in_the_shadow(void **state)
{
    static const uint32_t uncounted[] = {CODE_NOT_SAID,
                                         CODE_DID_NOT_ATTEND,
                                         CODE_CANCELLED_BY_CARER,
                                         CODE_VACCINATION_REFUSED,
                                         CODE_OTHER_POLICE_NOTICE,
                                         CODE_PLAN_CHILD_PROTECTION};
    struct governing_world *world = *state;
    const struct governance *governance = world->governing.governance;
    const struct pattern *pattern = &governance->patterns.items[1];
    const struct agency *school = directory_agency(&governance->directory, 2);

    assert_string_equal(pattern->id, "several-agencies-noticed");
    assert_true(pattern->shadow);
    assert_int_equal(pattern->n_approved_by, 0);
    assert_int_equal(pattern->agencies_min, 2);
    assert_int_equal(pattern->occurrences_min, 3);
    assert_int_equal(pattern->window_days, 90);
    assert_int_equal(pattern->backfill, BACKFILL_REVIEW_LIST);
    assert_true(pattern->weekly_budget > 0);
    assert_string_not_equal(pattern->owner, "");

    assert_true(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_YOUNG_CARER),
                               CODE_YOUNG_CARER, school));
    assert_true(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_PERSISTENT_ABSENCE),
                               CODE_PERSISTENT_ABSENCE, school));
    for (size_t i = 0; i < ARRAY_LEN(uncounted); i++) {
        assert_false(pattern_counts(pattern, (enum record_kind)record_code_kind(uncounted[i]),
                                    uncounted[i], school));
    }
}

static void two_named_people_turn_a_pattern_on(void **state)
{
    static const struct {
        const char *names;
        enum govern_result result;
    } rows[] = {
        {"", GOVERN_BAD_DOCUMENT},
        {"\"approved_by\": [\"Chair\"],", GOVERN_BAD_DOCUMENT},
        {"\"approved_by\": [\"Chair\", \"Chair\"],", GOVERN_BAD_DOCUMENT},
        {"\"approved_by\": [\"Chair\", \"Two\\nlines\"],", GOVERN_BAD_DOCUMENT},
        {"\"approved_by\": [\"Chair\", \"Doctor\"],", GOVERN_ACCEPTED},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        governing_template("patterns", &world->text);
        text_replace(&world->text,
                     "\"approved_by\": [\"Example: chair of the partnership\", "
                     "\"Example: designated doctor for safeguarding\"],",
                     rows[i].names);
        assert_int_equal(offer(world), rows[i].result);
    }
    const struct pattern *pattern = &world->governing.governance->patterns.items[0];
    assert_false(pattern->shadow);
    assert_int_equal(pattern->n_approved_by, 2);
    assert_string_equal(pattern->approved_by[1], "Doctor");
}

static void a_pattern_in_the_shadow_needs_no_names(void **state)
{
    struct governing_world *world = *state;
    text_replace(&world->text, "\"state\": \"live\",", "\"state\": \"shadow\",");
    text_replace(&world->text,
                 "\"approved_by\": [\"Example: chair of the partnership\", "
                 "\"Example: designated doctor for safeguarding\"],",
                 "");

    assert_int_equal(offer(world), GOVERN_ACCEPTED);

    assert_true(world->governing.governance->patterns.items[0].shadow);
}

static void only_listed_codes_from_listed_classes_count(void **state)
{
    struct governing_world *world = *state;
    const struct governance *governance = world->governing.governance;
    const struct pattern *pattern = &governance->patterns.items[0];
    const struct agency *gp = directory_agency(&governance->directory, 1);
    const struct agency *school = directory_agency(&governance->directory, 2);

    assert_true(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_WAS_NOT_BROUGHT),
                               CODE_WAS_NOT_BROUGHT, gp));
    assert_true(pattern_counts(pattern,
                               (enum record_kind)record_code_kind(CODE_VACCINATION_NOT_BROUGHT),
                               CODE_VACCINATION_NOT_BROUGHT, gp));
    assert_false(pattern_counts(pattern,
                                (enum record_kind)record_code_kind(CODE_CANCELLED_BY_CARER),
                                CODE_CANCELLED_BY_CARER, gp));
    assert_false(pattern_counts(pattern,
                                (enum record_kind)record_code_kind(CODE_VACCINATION_REFUSED),
                                CODE_VACCINATION_REFUSED, gp));
    assert_false(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_DID_NOT_ATTEND),
                                CODE_DID_NOT_ATTEND, gp));
    assert_false(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_NOT_SAID),
                                CODE_NOT_SAID, gp));
    assert_false(pattern_counts(pattern, (enum record_kind)record_code_kind(CODE_WAS_NOT_BROUGHT),
                                CODE_WAS_NOT_BROUGHT, school));
}

static void without_classes_every_origin_counts(void **state)
{
    struct governing_world *world = *state;
    text_replace(&world->text, "\"origin_classes\": [\"health\"],", "");
    assert_int_equal(offer(world), GOVERN_ACCEPTED);
    const struct governance *governance = world->governing.governance;

    assert_true(pattern_counts(&governance->patterns.items[0],
                               (enum record_kind)record_code_kind(CODE_WAS_NOT_BROUGHT),
                               CODE_WAS_NOT_BROUGHT, directory_agency(&governance->directory, 2)));
}

static void a_pattern_that_does_not_make_sense_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"\"was-not-brought\"", "\"was-not-seen\""},
        {"[\"health\"]", "[\"wealth\"]"},
        {"\"id\": \"health\"", "\"id\": \"gp\""},
        {"\"id\": \"mash\"", "\"id\": \"front-door\""},
        {"{\"to\": \"origins\"}", "{\"to\": \"origins\", \"id\": \"gp\"}"},
        {"{\"to\": \"kind\", \"id\": \"mash\"}", "{\"to\": \"kind\"}"},
        {"\"window_months\": 12", "\"window_months\": 12, \"window_days\": 90"},
        {"\"window_months\": 12", "\"window_months\": 0"},
        {"\"window_months\": 12,", ""},
        {"\"occurrences_min\": 3", "\"occurrences_min\": 0"},
        {"\"occurrences_min\": 3", "\"occurrences_min\": 513"},
        {"\"agencies_min\": 1", "\"agencies_min\": 4"},
        {"\"version\": 1", "\"version\": 0"},
        {"\"state\": \"live\"", "\"state\": \"on\""},
        {"\"state\": \"live\",", ""},
        {"\"weekly_budget\": 40", "\"weekly_budget\": 10001"},
        {"\"weekly_budget\": 40,", ""},
        {"\"backfill\": \"review-list\"", "\"backfill\": \"alerts\""},
        {"\"owner\": \"", "\"owner\": \"\\n"},
        {"\"source\"", "\"score\": 7, \"source\""},
        {"three-missed", "Three missed"},
        {"cairn-patterns/v1", "cairn-patterns/v0"},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        governing_template("patterns", &world->text);
        text_replace(&world->text, rows[i].from, rows[i].to);
        assert_int_equal(offer(world), GOVERN_BAD_DOCUMENT);
        assert_string_not_equal(world->governing.error.what, "");
    }
}

static void a_pattern_id_is_used_once(void **state)
{
    struct governing_world *world = *state;
    _cleanup_(buf_deinit) struct buf twice = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    const char *whole = buf_text(&world->text);
    const char *first = strchr(strchr(whole, '['), '{');
    const char *end = strrchr(whole, ']');
    buf_add(&twice, whole, (size_t)(end - whole));
    buf_add_text(&twice, ",");
    buf_add_text(&twice, first);

    assert_int_equal(governing_offer(&world->governing, GOVERNANCE_PATTERNS, 2, buf_slice(&twice)),
                     GOVERN_BAD_DOCUMENT);

    assert_string_equal(world->governing.error.what, "the pattern id is used twice");
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, governing_world_tear_down)
    const struct CMUnitTest tests[] = {
        story(the_shipped_pattern_notices_three_missed_health_contacts_in_a_year),
        story(what_several_agencies_notice_is_shipped_in_the_shadow),
        story(two_named_people_turn_a_pattern_on),
        story(a_pattern_in_the_shadow_needs_no_names),
        story(only_listed_codes_from_listed_classes_count),
        story(without_classes_every_origin_counts),
        story(a_pattern_that_does_not_make_sense_is_refused),
        story(a_pattern_id_is_used_once),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
