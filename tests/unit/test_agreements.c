/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},          {2, "gp-ash", "gp", false},
    {3, "hospital", "hospital", false},  {4, "school-oak", "school", false},
    {5, "police", "police", false},      {6, "mash", "mash", false},
    {7, "night", "out-of-hours", false}, {8, "gp-closed", "gp", true},
};

static int set_up(void **state)
{
    struct governing_world *world = governing_world_new();

    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    *state = world;
    return 0;
}

static int32_t day_of(const char *text)
{
    int32_t day = 0;

    assert_true(date_parse(slice_of_text(text), &day));
    return day;
}

struct question {
    const char *origin;
    const char *recipient;
    uint32_t kind;
    uint32_t code;
    uint32_t level;
    uint32_t urgency;
};

static struct decision decide_on(const struct governing_world *world,
                                 const struct question *question, const char *day)
{
    const struct governance *governance = world->governing.governance;
    const struct disclosure disclosure = {
        .origin = directory_agency_by_id(&governance->directory, question->origin),
        .recipient = directory_agency_by_id(&governance->directory, question->recipient),
        .kind = (enum record_kind)question->kind,
        .code = question->code,
        .level = question->level,
        .urgency = (enum urgency)question->urgency,
        .roles = ROLE_BIT(ROLE_REGISTERED_PATIENT),
        .day = day_of(day),
    };

    return agreements_decide(governance->agreements, &disclosure);
}

static struct decision decide(const struct governing_world *world, const struct question *question)
{
    return decide_on(world, question, "2026-11-22");
}

#define CONCERN   RECORD_CONCERN, CODE_NEGLECT_MEDICAL
#define MISSED    RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT
#define NOTE      RECORD_CASE_NOTE, CODE_NOT_SAID
#define ROUTINE   URGENCY_ROUTINE
#define IMMEDIATE URGENCY_IMMEDIATE

static void after_the_review_date_everything_but_danger_is_denied(void **state)
{
    struct governing_world *world = *state;
    const struct question missed = {"gp-elm", "mash", MISSED, 0, ROUTINE};
    const struct question urgent = {"gp-elm", "mash", CONCERN, 0, IMMEDIATE};
    const struct question own = {"gp-elm", "gp-elm", MISSED, 0, ROUTINE};

    assert_int_equal(decide_on(world, &missed, "2027-11-30").effect, EFFECT_HOLD);
    assert_string_equal(decide_on(world, &missed, "2027-12-01").rule, "expired");
    assert_int_equal(decide_on(world, &missed, "2027-12-01").effect, EFFECT_DENY);

    assert_int_equal(decide_on(world, &urgent, "2027-12-01").effect, EFFECT_SHARE);
    assert_int_equal(decide_on(world, &own, "2027-12-01").effect, EFFECT_SHARE);
}

static void with_nothing_loaded_everything_but_danger_is_denied(void **state)
{
    struct governing_world *world = *state;
    const struct directory *directory = &world->governing.governance->directory;
    struct disclosure what = {
        .origin = directory_agency(directory, 1),
        .recipient = directory_agency(directory, 6),
        .kind = RECORD_MISSED_APPOINTMENT,
        .code = CODE_WAS_NOT_BROUGHT,
        .urgency = URGENCY_ROUTINE,
    };

    assert_string_equal(agreements_decide(NULL, &what).rule, "not-loaded");
    assert_int_equal(agreements_decide(NULL, &what).effect, EFFECT_DENY);
    what.urgency = URGENCY_IMMEDIATE;

    assert_int_equal(agreements_decide(NULL, &what).effect, EFFECT_SHARE);
}

static enum govern_result offer_rules(struct governing_world *world, uint64_t version,
                                      const char *rules)
{
    buf_reset(&world->text);
    buf_format(&world->text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2027-11-30\", "
               "\"rules\": [%s]}",
               rules);
    return governing_offer(&world->governing, GOVERNANCE_AGREEMENTS, version,
                           buf_slice(&world->text));
}

#define RULE(id, rest) "{\"id\": \"" id "\", \"records\": [\"case-note\"], " rest "}"
#define TO_MASH        "\"recipient_kind\": \"mash\", "
#define SHARE          "\"effect\": \"share\", \"mode\": \"content\""

static void an_exception_beats_a_default_and_the_stricter_wins_among_equals(void **state)
{
    static const struct {
        const char *rules;
        const char *rule;
        enum effect effect;
        enum mode mode;
    } rows[] = {
        {RULE("a", TO_MASH SHARE) "," RULE("b", TO_MASH "\"effect\": \"deny\""), "b", EFFECT_DENY,
         MODE_EXISTENCE},
        {RULE("a", TO_MASH "\"effect\": \"ask\"") "," RULE("b", TO_MASH SHARE), "a", EFFECT_ASK,
         MODE_EXISTENCE},
        {RULE("a", TO_MASH SHARE) "," RULE("b", TO_MASH
                                           "\"effect\": \"share\", \"mode\": \"existence\""),
         "b", EFFECT_SHARE, MODE_EXISTENCE},
        {RULE("a", TO_MASH "\"effect\": \"deny\"") "," RULE("b",
                                                            TO_MASH SHARE ", \"exception\": true"),
         "b", EFFECT_SHARE, MODE_CONTENT},
        {RULE("a", TO_MASH SHARE ", \"exception\": true") "," RULE(
             "b",
             TO_MASH "\"effect\": \"ask\", \"exception\": true") "," RULE("c", TO_MASH
                                                                          "\"effect\": \"deny\""),
         "b", EFFECT_ASK, MODE_EXISTENCE},
        {RULE("a", TO_MASH SHARE ", \"origin\": \"gp-ash\""), "no-match", EFFECT_DENY,
         MODE_EXISTENCE},
        {RULE("a", "\"recipient\": \"mash\", \"origin\": \"gp-elm\", " SHARE), "a", EFFECT_SHARE,
         MODE_CONTENT},
        {RULE("a", "\"recipient_class\": \"front-door\", \"origin_kind\": \"gp\", " SHARE), "a",
         EFFECT_SHARE, MODE_CONTENT},
        {RULE("a", TO_MASH SHARE ", \"valid_until\": \"2026-11-21\""), "no-match", EFFECT_DENY,
         MODE_EXISTENCE},
        {RULE("a", TO_MASH SHARE ", \"valid_from\": \"2026-11-23\""), "no-match", EFFECT_DENY,
         MODE_EXISTENCE},
        {RULE("a",
              TO_MASH SHARE ", \"valid_from\": \"2026-11-22\", \"valid_until\": \"2026-11-22\""),
         "a", EFFECT_SHARE, MODE_CONTENT},
    };
    struct governing_world *world = *state;
    const struct question note = {"gp-elm", "mash", NOTE, 0, ROUTINE};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(offer_rules(world, i + 2, rows[i].rules), GOVERN_ACCEPTED);

        struct decision decision = decide(world, &note);

        assert_string_equal(decision.rule, rows[i].rule);
        assert_int_equal(decision.effect, rows[i].effect);
        assert_int_equal(decision.mode, rows[i].mode);
    }
}

#define HOLD(records, rest)                                                                        \
    "{\"id\": \"a\", \"records\": [" records "], " TO_MASH                                         \
    "\"effect\": \"hold\", \"mode\": \"content\"" rest "}"
#define CALM ", \"urgency\": [\"routine\"]"

static void a_rule_that_could_hold_what_must_be_seen_is_refused(void **state)
{
    static const struct {
        const char *rules;
        const char *word; /* of the explanation */
    } rows[] = {
        {HOLD("\"referral\"", CALM), "referral"},
        {HOLD("\"case-note\", \"referral\"", CALM), "referral"},
        {HOLD("\"case-note\"", ""), "urgent"},
        {HOLD("\"case-note\"", ", \"urgency\": [\"routine\", \"same-day\"]"), "urgent"},
        {HOLD("\"case-note\"", ", \"urgency\": [\"immediate\"]"), "urgent"},
        {HOLD("\"concern\"", CALM), "level 3"},
        {HOLD("\"concern\"", CALM ", \"level_max\": 3"), "level 3"},
        {HOLD("\"neglect-medical\"", CALM), "level 3"},
        {HOLD("\"case-note\", \"other-concern\"", CALM ", \"level_max\": 4"), "level 3"},
        {HOLD("\"concern\"", ", \"level_max\": 2"), "urgent"},
        {HOLD("\"allegation-against-staff\"", CALM), "level 3"},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(offer_rules(world, 2, rows[i].rules), GOVERN_BAD_DOCUMENT);
        assert_non_null(strstr(world->governing.error.what, rows[i].word));
        assert_string_equal(world->governing.error.where, "agreements.json /rules/0");
    }
    assert_int_equal(offer_rules(world, 2, HOLD("\"concern\"", CALM ", \"level_max\": 2")),
                     GOVERN_ACCEPTED);
}

static struct decision decide_as(const struct governing_world *world, const char *recipient,
                                 uint32_t roles, uint32_t purpose)
{
    const struct governance *governance = world->governing.governance;
    const struct disclosure note = {
        .origin = directory_agency_by_id(&governance->directory, "gp-elm"),
        .recipient = directory_agency_by_id(&governance->directory, recipient),
        .kind = RECORD_CASE_NOTE,
        .urgency = URGENCY_ROUTINE,
        .roles = roles,
        .purpose = purpose,
        .day = day_of("2026-11-22"),
    };

    return agreements_decide(governance->agreements, &note);
}

#define PLAN_TEAM ROLE_BIT(ROLE_PLAN_TEAM)
#define ON_ROLL   ROLE_BIT(ROLE_ON_ROLL)

static void a_rule_for_a_role_is_for_who_holds_it_and_never_for_a_front_door(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(
        offer_rules(world, 2, RULE("a", "\"recipient_roles\": [\"plan-team\"], " SHARE)),
        GOVERN_ACCEPTED);

    assert_int_equal(decide_as(world, "hospital", PLAN_TEAM, 0).effect, EFFECT_SHARE);
    assert_int_equal(decide_as(world, "hospital", PLAN_TEAM | ON_ROLL, 0).effect, EFFECT_SHARE);
    assert_int_equal(decide_as(world, "hospital", ON_ROLL, 0).effect, EFFECT_DENY);
    assert_int_equal(decide_as(world, "hospital", 0, 0).effect, EFFECT_DENY);
    assert_int_equal(decide_as(world, "mash", PLAN_TEAM, 0).effect, EFFECT_DENY);
}

static void a_rule_says_how_far_whoever_takes_on_a_role_looks_back(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer_rules(world, 2,
                                 RULE("a", "\"recipient_roles\": [\"plan-team\"], "
                                           "\"history_days\": 30, " SHARE)),
                     GOVERN_ACCEPTED);

    assert_int_equal(decide_as(world, "hospital", PLAN_TEAM, 0).history_days, 30);
    assert_int_equal(decide_as(world, "hospital", ON_ROLL, 0).history_days, 0);
}

static void who_is_not_involved_gets_nothing_by_a_rule_without_roles(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer_rules(world, 2,
                                 RULE("a", "\"recipient_kind\": \"hospital\", " SHARE) "," RULE(
                                     "b", TO_MASH SHARE)),
                     GOVERN_ACCEPTED);

    assert_int_equal(decide_as(world, "hospital", 0, 0).effect, EFFECT_DENY);
    assert_int_equal(decide_as(world, "hospital", ON_ROLL, 0).effect, EFFECT_SHARE);
    assert_int_equal(decide_as(world, "mash", 0, 0).effect, EFFECT_SHARE);
}

static void a_rule_that_denies_without_roles_denies_everybody(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer_rules(world, 2,
                                 RULE("a", TO_MASH SHARE ", \"exception\": true") "," RULE(
                                     "b", "\"effect\": \"deny\", \"exception\": true")),
                     GOVERN_ACCEPTED);

    assert_string_equal(decide_as(world, "mash", 0, 0).rule, "b");
    assert_string_equal(decide_as(world, "hospital", 0, 0).rule, "b");
    assert_string_equal(decide_as(world, "hospital", PLAN_TEAM, 0).rule, "b");
}

static void what_is_asked_for_must_be_asked_for_a_purpose_of_the_rule(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(
        offer_rules(world, 2, RULE("a", TO_MASH SHARE ", \"purposes\": [\"early-help\"]")),
        GOVERN_ACCEPTED);

    assert_int_equal(decide_as(world, "mash", 0, PURPOSE_EARLY_HELP).effect, EFFECT_SHARE);
    assert_int_equal(decide_as(world, "mash", 0, PURPOSE_SAFEGUARDING).effect, EFFECT_DENY);
    assert_int_equal(decide_as(world, "mash", 0, 0).effect, EFFECT_SHARE);
    assert_int_equal(decide_as(world, "mash", 0, 0).purposes, PURPOSE_BIT(PURPOSE_EARLY_HELP));
}

static void a_denied_record_counts_only_where_the_rule_says_so(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(
        offer_rules(
            world, 2,
            RULE("a", TO_MASH "\"effect\": \"deny\", \"count\": true") "," RULE(
                "b",
                "\"recipient_kind\": \"hospital\", \"effect\": \"deny\"") "," RULE("c",
                                                                                   "\"recipient_"
                                                                                   "kind\": "
                                                                                   "\"police\", "
                                                                                   "\"effect\": "
                                                                                   "\"ask\"")),
        GOVERN_ACCEPTED);

    assert_true(decide_as(world, "mash", 0, 0).count);
    assert_int_equal(decide_as(world, "mash", 0, 0).effect, EFFECT_DENY);
    assert_false(decide_as(world, "hospital", ON_ROLL, 0).count);
    assert_true(decide_as(world, "police", ON_ROLL, 0).count);
    assert_false(decide_as(world, "school-oak", ON_ROLL, 0).count);
}

static void the_most_that_a_role_could_open_is_found_among_single_roles(void **state)
{
    struct governing_world *world = *state;
    const struct governance *governance;
    assert_int_equal(
        offer_rules(world, 2,
                    RULE("a", "\"recipient_roles\": [\"plan-team\"], " SHARE) "," RULE(
                        "b", "\"recipient_roles\": [\"on-roll\"], \"effect\": \"deny\"")),
        GOVERN_ACCEPTED);
    governance = world->governing.governance;
    const struct disclosure note = {
        .origin = directory_agency_by_id(&governance->directory, "gp-elm"),
        .recipient = directory_agency_by_id(&governance->directory, "hospital"),
        .kind = RECORD_CASE_NOTE,
        .urgency = URGENCY_ROUTINE,
        .day = day_of("2026-11-22"),
    };

    assert_int_equal(decide_as(world, "hospital", ROLES_ALL, 0).effect, EFFECT_DENY);
    assert_string_equal(agreements_decide_at_most(governance->agreements, &note).rule, "a");
}

static void a_decision_names_the_version_that_it_was_made_by(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(decide_as(world, "mash", 0, 0).version, 1);

    assert_int_equal(offer_rules(world, 7, RULE("a", TO_MASH SHARE)), GOVERN_ACCEPTED);

    assert_int_equal(decide_as(world, "mash", 0, 0).version, 7);
    assert_int_equal(decide_as(world, "hospital", ON_ROLL, 0).version, 7);
}

static void what_is_wrong_with_a_rule_is_said_with_its_id(void **state)
{
    struct governing_world *world = *state;

    assert_int_equal(offer_rules(world, 2, RULE("good", TO_MASH SHARE) "," RULE("bad-one", SHARE)),
                     GOVERN_BAD_DOCUMENT);

    assert_memory_equal(world->governing.error.what, "rule bad-one: ", strlen("rule bad-one: "));
}

static void a_rule_that_does_not_make_sense_is_refused(void **state)
{
    static const char *const rows[] = {
        RULE("a", SHARE),
        RULE("a", TO_MASH "\"recipient_class\": \"health\", " SHARE),
        RULE("a", TO_MASH "\"origin_kind\": \"gp\", \"origin_class\": \"health\", " SHARE),
        RULE("a", "\"recipient_kind\": \"mesh\", " SHARE),
        RULE("a", "\"recipient_class\": \"mash\", " SHARE),
        RULE("a", "\"recipient\": \"nobody\", " SHARE),
        RULE("a", TO_MASH "\"effect\": \"share\""),
        RULE("a", TO_MASH "\"effect\": \"hold\", \"urgency\": [\"routine\"]"),
        RULE("a", TO_MASH "\"effect\": \"allow\""),
        RULE("a", TO_MASH SHARE ", \"level_min\": 3, \"level_max\": 2"),
        RULE("a", TO_MASH SHARE ", \"level_max\": 5"),
        RULE("a",
             TO_MASH SHARE ", \"valid_from\": \"2026-01-02\", \"valid_until\": \"2026-01-01\""),
        RULE("a", TO_MASH SHARE ", \"valid_from\": \"soon\""),
        RULE("a", TO_MASH SHARE ", \"urgency\": []"),
        RULE("a", TO_MASH SHARE ", \"weight\": 1"),
        RULE("a", "\"recipient_roles\": [\"any\"], " TO_MASH SHARE),
        RULE("a", "\"recipient_roles\": [\"friend\"], " SHARE),
        RULE("a", "\"recipient_roles\": [], " SHARE),
        RULE("a", "\"recipient_roles\": [\"any\"], \"recipient\": \"night\", " SHARE),
        RULE("a", TO_MASH SHARE ", \"count\": true"),
        RULE("a", TO_MASH SHARE ", \"history_days\": 30"),
        RULE("a", "\"recipient_roles\": [\"any\"], \"effect\": \"ask\", \"history_days\": 30"),
        RULE("a", "\"recipient_roles\": [\"any\"], \"history_days\": 3661, " SHARE),
        RULE("a", TO_MASH SHARE ", \"purposes\": [\"curiosity\"]"),
        RULE("a", TO_MASH SHARE ", \"purposes\": []"),
        RULE("a", TO_MASH SHARE) "," RULE("a", TO_MASH SHARE),
        RULE("A", TO_MASH SHARE),
        "{\"id\": \"a\", \"records\": [\"gossip\"], " TO_MASH SHARE "}",
        "{\"id\": \"a\", \"records\": [], " TO_MASH SHARE "}",
    };
    struct governing_world *world = *state;
    const struct governance *before = world->governing.governance;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(offer_rules(world, 2, rows[i]), GOVERN_BAD_DOCUMENT);
        assert_string_not_equal(world->governing.error.what, "");
    }
    assert_ptr_equal(world->governing.governance, before);
}

static int64_t now_ns(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Generous, because sanitizers are slow: it is there to notice a decision that allocates or parses.
 */
static void a_decision_among_the_most_rules_takes_microseconds(void **state)
{
    enum {
        RULES = 256,
        ROUNDS = 10000,
        LIMIT_NS = 20000
    };
    struct governing_world *world = *state;
    const struct question note = {"gp-elm", "mash", NOTE, 0, ROUTINE};
    buf_reset(&world->text);
    buf_add_text(&world->text, "{\"format\": \"cairn-agreements/v1\", "
                               "\"review_by\": \"2027-11-30\", \"rules\": [");
    for (int i = 0; i < RULES; i++) {
        buf_format(&world->text,
                   "%s{\"id\": \"r%d\", \"records\": [\"case-note\"], " TO_MASH SHARE "}",
                   i > 0 ? ", " : "", i);
    }
    buf_add_text(&world->text, "]}");
    assert_int_equal(
        governing_offer(&world->governing, GOVERNANCE_AGREEMENTS, 2, buf_slice(&world->text)),
        GOVERN_ACCEPTED);

    int64_t start = now_ns();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(decide(world, &note).effect, EFFECT_SHARE);
    }

    assert_true((now_ns() - start) / ROUNDS < LIMIT_NS);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, governing_world_tear_down)
    const struct CMUnitTest tests[] = {
        story(after_the_review_date_everything_but_danger_is_denied),
        story(with_nothing_loaded_everything_but_danger_is_denied),
        story(an_exception_beats_a_default_and_the_stricter_wins_among_equals),
        story(a_rule_that_could_hold_what_must_be_seen_is_refused),
        story(a_rule_for_a_role_is_for_who_holds_it_and_never_for_a_front_door),
        story(a_rule_says_how_far_whoever_takes_on_a_role_looks_back),
        story(who_is_not_involved_gets_nothing_by_a_rule_without_roles),
        story(a_rule_that_denies_without_roles_denies_everybody),
        story(what_is_asked_for_must_be_asked_for_a_purpose_of_the_rule),
        story(a_denied_record_counts_only_where_the_rule_says_so),
        story(the_most_that_a_role_could_open_is_found_among_single_roles),
        story(a_decision_names_the_version_that_it_was_made_by),
        story(what_is_wrong_with_a_rule_is_said_with_its_id),
        story(a_rule_that_does_not_make_sense_is_refused),
        story(a_decision_among_the_most_rules_takes_microseconds),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
