/* SPDX-License-Identifier: Apache-2.0 */
/* Agreements as the partnership prepares, reviews, explains and signs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "crypto/crypto.h"
#include "json/json.h"
#include "os/files.h"
#include "support/console.h"
#include "support/governing.h"
#include "support/scratch.h"

struct world {
    struct console *console;
    struct clock_fake clock;
    struct scratch *scratch;
    char north[160];
    char file[160];
    char other[160];
    struct buf text; /* the shipped agreements, to be changed */
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));
    void *scratch = NULL;
    int64_t now = 0;

    assert_int_equal(crypto_init(NULL), 0);
    assert_int_equal(scratch_set_up(&scratch), 0);
    world->scratch = scratch;
    assert_true(instant_parse(slice_of_text("2026-11-22T08:00:00Z"), &now));
    clock_fake_init(&world->clock, now);
    world->console = console_new();
    world->console->clock = &world->clock.clock;
    (void)snprintf(world->north, sizeof(world->north), "%s/north", world->scratch->dir);
    (void)snprintf(world->file, sizeof(world->file), "%s/new.json", world->scratch->dir);
    (void)snprintf(world->other, sizeof(world->other), "%s/old.json", world->scratch->dir);
    world->text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_template("agreements", &world->text);
    assert_int_equal(CONSOLE(world->console, "init", world->north, "--name", "North", "--origin",
                             "cairn.example.org/north"),
                     STATUS_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    void *scratch = world->scratch;

    console_free(&world->console);
    buf_deinit(&world->text);
    free(world);
    crypto_deinit();
    return scratch_tear_down(&scratch);
}

static void write_to(const char *path, const struct buf *text)
{
    assert_int_equal(file_write_new(path, buf_slice(text), 0600), 0);
}

static void write_file(struct world *world)
{
    write_to(world->file, &world->text);
}

/* One rule more, at the front. */
static void add_rule(struct world *world, const char *rule)
{
    char with[1024];

    (void)snprintf(with, sizeof(with), "\"rules\": [%s,", rule);
    text_replace(&world->text, "\"rules\": [", with);
    write_file(world);
}

#define RUN(world, ...) CONSOLE((world)->console, "agreement", __VA_ARGS__)

static void said(const struct world *world, const char *words)
{
    if (strstr(world->console->said, words) == NULL) {
        fail_msg("not said: %s\nbut: %s", words, world->console->said);
    }
}

static void complained(const struct world *world, const char *words)
{
    if (strstr(world->console->complained, words) == NULL) {
        fail_msg("not complained: %s\nbut: %s", words, world->console->complained);
    }
}

/* --- check --- */

static void what_is_shipped_is_in_order(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "check", world->north), STATUS_OK);

    said(world, "In order");
    assert_null(strstr(world->console->said, "problem"));
}

static void what_cannot_be_read_is_said_with_the_rule_and_what_to_do(void **state)
{
    static const struct {
        const char *rule;
        const char *words;
    } rows[] = {
        {"{\"id\": \"q\", \"records\": [\"concern\"], \"recipient_kind\": \"mesh\", "
         "\"effect\": \"ask\"}",
         "rule q: recipient_kind is not a kind of the directory"},
        {"{\"id\": \"q\", \"records\": [\"gossip\"], \"recipient_kind\": \"mash\", "
         "\"effect\": \"ask\"}",
         "rule q: is neither a kind nor a code of records"},
        {"{\"id\": \"q\", \"records\": [\"referral\"], \"recipient_kind\": \"mash\", "
         "\"urgency\": [\"routine\"], \"effect\": \"hold\", \"mode\": \"content\"}",
         "rule q: a referral cannot be held"},
        {"{\"id\": \"q\", \"records\": [\"concern\"], \"effect\": \"ask\"}",
         "rule q: says nobody whom it is for"},
        {"{\"id\": \"q\", \"records\": [\"concern\"], \"recipient_kind\": \"mash\", "
         "\"effect\": \"ask\", \"wheight\": 1}",
         "/rules/0"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&world->text);
        governing_template("agreements", &world->text);
        (void)remove(world->file);
        add_rule(world, rows[i].rule);

        assert_int_equal(RUN(world, "check", world->north, world->file), STATUS_FAILED);

        complained(world, rows[i].words);
    }
}

static void rules_that_contradict_each_other_or_never_decide_are_found(void **state)
{
    struct world *world = *state;
    add_rule(world,
             "{\"id\": \"softer\", \"records\": [\"concern\"], \"level_max\": 2, "
             "\"recipient_kind\": \"mash\", \"effect\": \"share\", \"mode\": \"content\", "
             "\"urgency\": [\"routine\"], \"source\": \"s\"}, "
             "{\"id\": \"in-vain\", \"records\": [\"referral\"], \"recipient_class\": "
             "\"front-door\", \"effect\": \"share\", \"mode\": \"content\", \"source\": \"s\"}, "
             "{\"id\": \"unfounded\", \"records\": [\"case-note\"], \"recipient_kind\": \"mash\", "
             "\"effect\": \"ask\"}");

    assert_int_equal(RUN(world, "check", world->north, world->file), STATUS_FAILED);

    said(world, "softer: says share where concern-2-to-mash, of the same rank, says hold");
    said(world, "in-vain: never decides");
    said(world, "danger");
    said(world, "unfounded: names no source");
    complained(world, "problems to be mended");
}

static void a_rule_that_has_ended_is_a_warning_and_one_that_will_start_is_looked_at(void **state)
{
    struct world *world = *state;
    add_rule(world,
             "{\"id\": \"over\", \"records\": [\"case-note\"], \"recipient_kind\": \"mash\", "
             "\"effect\": \"ask\", \"valid_until\": \"2020-01-01\", \"source\": \"s\"}, "
             "{\"id\": \"to-come\", \"records\": [\"case-note\"], \"recipient_kind\": \"mash\", "
             "\"effect\": \"ask\", \"valid_from\": \"2027-10-01\", \"source\": \"s\"}");

    assert_int_equal(RUN(world, "check", world->north, world->file), STATUS_OK);

    said(world, "warning  over: has ended");
    assert_null(strstr(world->console->said, "to-come"));
}

static void agreements_past_their_review_date_are_not_in_order(void **state)
{
    struct world *world = *state;
    text_replace(&world->text, "2027-11-30", "2021-11-30");
    write_file(world);

    assert_int_equal(RUN(world, "check", "--json", world->north, world->file), STATUS_FAILED);

    _cleanup_(json_free) struct json *document = console_json(world->console);
    struct error error = ERROR_NULL;
    struct json_view view = json_view(document, &error);
    assert_false(json_get_bool(&view, "in_order"));
    said(world, "review_by is 2021-11-30, which has passed");
    complained(world, "\"error\"");
}

/* --- explain --- */

static void why_not_is_said_in_words_with_rule_and_source(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "school",
                         "--record", "was-not-brought", "--role", "on-roll"),
                     STATUS_OK);

    said(world, "GP practice (gp) has: was-not-brought, without a level, routine, on ");
    said(world, "May School or college (school), for the child on-roll, see it?");
    said(world, "It is told nothing.");
    said(world, "By the rule missed-never-to-education.");
    said(world, "Caldicott principles");
    said(world, "By version 1 of the agreements");
}

static void what_another_role_would_change_is_said(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", world->north, "--origin", "school", "--recipient",
                         "early-help", "--record", "neglect-physical", "--level", "2", "--role",
                         "lead-professional"),
                     STATUS_OK);

    said(world, "It gets it at once.");
    said(world, "By the rule concern-2-to-lead-professional.");
    said(world, "concern-2-to-early-help speaks of it too, and gives way.");
    said(world, "As open-case it is told at once that there is one (concern-2-to-early-help).");
}

static void without_a_role_it_is_asked_as_if_there_were_none(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "school",
                         "--record", "was-not-brought"),
                     STATUS_OK);

    said(world,
         "May School or college (school), if it has no role for the child, see it? Say --role "
         "ROLE if it has one.");
}

static void how_far_a_new_worker_looks_back_is_explained(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", world->north, "--origin", "police", "--recipient",
                         "childrens-services", "--record", "police-notice", "--role",
                         "allocated-worker"),
                     STATUS_OK);

    said(world,
         "It gets it at once, and hears, as headlines, of the 90 days before the role began.");
}

static void what_no_rule_decides_is_explained_too(void **state)
{
    static const struct {
        const char *recipient;
        const char *record;
        const char *urgency;
        const char *words;
    } rows[] = {
        {"housing", "concern", "routine", "no rule speaks of this"},
        {"mash", "concern", "immediate", "goes to every front door, whatever is agreed"},
        {"mash", "referral", "routine", "goes to every front door, whatever is agreed"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(RUN(world, "explain", world->north, "--origin", "police", "--recipient",
                             rows[i].recipient, "--record", rows[i].record, "--urgency",
                             rows[i].urgency),
                         STATUS_OK);
        said(world, rows[i].words);
    }
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "mental-health", "--recipient",
                         "gp", "--record", "involvement", "--role", "open-case"),
                     STATUS_OK);
    said(world, "sensitive service is told to nobody");
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash",
                         "--record", "was-not-brought", "--day", "2199-01-01"),
                     STATUS_OK);
    said(world, "should have been reviewed");
}

static void an_explanation_is_an_object_for_programs(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", "--json", world->north, "--origin", "gp", "--recipient",
                         "mash", "--record", "was-not-brought"),
                     STATUS_OK);

    _cleanup_(json_free) struct json *document = console_json(world->console);
    struct error error = ERROR_NULL;
    struct json_view view = json_view(document, &error);
    assert_true(slice_is_text(json_get_text(&view, "effect"), "hold"));
    assert_true(slice_is_text(json_get_text(&view, "mode"), "content"));
    assert_true(slice_is_text(json_get_text(&view, "rule"), "missed-to-mash"));
    assert_int_equal(json_get_integer(&view, "agreements_version", 0, 9), 1);
    assert_true(json_get_bool(&view, "counts"));
    assert_true(json_ok(&view));
}

static void a_question_about_what_is_not_there_is_not_answered(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash"),
                     STATUS_USAGE);
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "nobody", "--recipient",
                         "mash", "--record", "concern"),
                     STATUS_NOT_FOUND);
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash",
                         "--record", "gossip"),
                     STATUS_NOT_FOUND);
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash",
                         "--record", "concern", "--level", "5"),
                     STATUS_USAGE);
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash",
                         "--record", "concern", "--role", "friend"),
                     STATUS_USAGE);
    complained(world, "friend is none of the roles, which are: registered-patient on-roll");
    assert_int_equal(RUN(world, "explain", world->scratch->dir, "--origin", "gp", "--recipient",
                         "mash", "--record", "concern"),
                     STATUS_NOT_FOUND);
}

/* --- compile and diff --- */

static void who_gets_what_is_listed_with_the_rule(void **state)
{
    struct world *world = *state;

    assert_int_equal(RUN(world, "compile", world->north), STATUS_OK);

    said(world, "concern; level 3, 4; routine; of anyone\n    mash, out-of-hours\n"
                "        gets it at once (concern-3-to-front-door)\n");
    said(world, "child-present; of police\n");
    said(world, "    school as on-roll\n        gets it at once (domestic-abuse-to-school)\n");
    said(world, "referral; of anyone\n    mash, out-of-hours\n        gets it at once (danger)\n");
    said(world, "Whatever is not listed is not shared.");
}

static void each_rule_of_the_shipped_agreements_is_in_the_map(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    assert_int_equal(RUN(world, "compile", "--json", world->north), STATUS_OK);
    _cleanup_(json_free) struct json *document = json_parse(buf_slice(&world->text), &error);
    struct json_view view = json_view(document, &error);
    struct json_view list = json_get_array(&view, "rules");

    for (size_t i = 0; i < json_length(&list); i++) {
        char id[RULE_ID_MAX_BYTES];
        char quoted[RULE_ID_MAX_BYTES + 16];
        struct json_view item = json_item(&list, i);
        json_get_copy(&item, "id", id, sizeof(id));
        (void)snprintf(quoted, sizeof(quoted), "\"rule\":\"%s\"", id);
        said(world, quoted);
    }
}

static void words_that_change_no_answer_are_no_difference(void **state)
{
    struct world *world = *state;
    text_replace(&world->text, "\"id\": \"missed-to-mash\"", "\"id\": \"missed-to-the-mash\"");
    text_replace(&world->text, "Caldicott", "Dame Fiona Caldicott's");
    write_file(world);

    assert_int_equal(RUN(world, "diff", world->north, world->file), STATUS_OK);

    said(world, "Nothing changes for anybody.");
}

static void what_changes_is_said_for_those_for_whom_it_changes(void **state)
{
    struct world *world = *state;
    text_replace(&world->text, "\"recipient_kind\": \"gp\",", "\"recipient_kind\": \"dental\",");
    write_file(world);

    assert_int_equal(RUN(world, "diff", world->north, world->file), STATUS_OK);

    said(world, "absence-summary; routine, same-day; of school, early-years, attendance\n"
                "    gp as lead-professional\n"
                "        until now is told nothing (absence-never-to-gp)\n"
                "        from then gets it at once (absence-to-lead-professional)\n"
                "    dental as lead-professional\n"
                "        until now gets it at once (absence-to-lead-professional)\n"
                "        from then is told nothing (absence-never-to-gp)\n");
    assert_null(strstr(world->console->said, "concern;"));
}

static void two_files_are_compared_without_what_is_in_force(void **state)
{
    struct world *world = *state;
    write_to(world->other, &world->text);
    text_replace(&world->text, "\"effect\": \"ask\"", "\"effect\": \"deny\"");
    write_file(world);

    assert_int_equal(RUN(world, "diff", world->north, world->file, world->other), STATUS_OK);
    said(world, "from then is told that there is one, and may ask for it");
    assert_int_equal(RUN(world, "diff", world->north, world->file, world->file), STATUS_OK);
    said(world, "Nothing changes for anybody.");
}

/* --- sign --- */

static void signed_agreements_are_in_force_as_the_next_version(void **state)
{
    struct world *world = *state;
    text_replace(&world->text, "\"recipient_kind\": \"gp\",", "\"recipient_kind\": \"dental\",");
    write_file(world);

    assert_int_equal(RUN(world, "sign", world->north, world->file), STATUS_OK);

    said(world, "at version 2, signed");
    assert_int_equal(RUN(world, "diff", world->north, world->file), STATUS_OK);
    said(world, "Nothing changes for anybody.");
    char documents[200];
    (void)snprintf(documents, sizeof(documents), "%s/governance", world->north);
    assert_int_equal(RUN(world, "explain", documents, "--origin", "school", "--recipient", "dental",
                         "--record", "absence-summary", "--role", "open-case"),
                     STATUS_OK);
    said(world, "By version 2 of the agreements");
}

static void what_check_finds_wrong_is_not_signed(void **state)
{
    struct world *world = *state;
    add_rule(world, "{\"id\": \"unfounded\", \"records\": [\"case-note\"], \"recipient_kind\": "
                    "\"mash\", \"effect\": \"ask\"}");

    assert_int_equal(RUN(world, "sign", world->north, world->file), STATUS_FAILED);

    said(world, "unfounded: names no source");
    complained(world, "1 problem to be mended");
    assert_int_equal(RUN(world, "explain", world->north, "--origin", "gp", "--recipient", "mash",
                         "--record", "case-note"),
                     STATUS_OK);
    said(world, "By version 1 of the agreements");
}

static void nobody_signs_without_the_root_key(void **state)
{
    struct world *world = *state;
    char key[200];
    write_file(world);
    (void)snprintf(key, sizeof(key), "%s/root/root-key", world->north);
    assert_int_equal(remove(key), 0);

    assert_int_equal(RUN(world, "sign", world->north, world->file), STATUS_NOT_FOUND);

    complained(world, "root-key");
}

/* --- patterns --- */

static size_t live_patterns(const char *dir)
{
    char documents[200];
    struct error error = ERROR_NULL;
    _cleanup_(governance_unref) struct governance *governance = NULL;
    size_t n = 0;

    (void)snprintf(documents, sizeof(documents), "%s/governance", dir);
    assert_int_equal(governance_load(documents, &governance, &error), 0);
    for (size_t i = 0; i < governance->patterns.n; i++) {
        n += governance->patterns.items[i].shadow ? 0 : 1;
    }
    return n;
}

static void for_real_children_no_pattern_is_on_until_two_people_turned_it_on(void **state)
{
    struct world *world = *state;
    char live[200];
    (void)snprintf(live, sizeof(live), "%s/live", world->scratch->dir);
    assert_int_equal(live_patterns(world->north), 2);
    assert_int_equal(CONSOLE(world->console, "init", live, "--name", "Real", "--origin",
                             "cairn.example.org/real", "--live", "--duty-phone", "+44 1632 100777",
                             "--out-of-hours-phone", "+44 1632 100778"),
                     STATUS_OK);
    assert_int_equal(live_patterns(live), 0);

    buf_reset(&world->text);
    governing_template("patterns", &world->text);
    write_to(world->file, &world->text);
    assert_int_equal(CONSOLE(world->console, "pattern", "sign", live, world->file), STATUS_OK);
    said(world, "The patterns are at version 2, signed.");
    assert_int_equal(live_patterns(live), 2);

    text_replace(&world->text, "\"state\": \"shadow\"", "\"state\": \"live\"");
    write_to(world->other, &world->text);
    assert_int_equal(CONSOLE(world->console, "pattern", "sign", live, world->other), STATUS_FAILED);
    complained(world, "needs the names of 2 people in approved_by");
    assert_int_equal(CONSOLE(world->console, "pattern", "sign", live), STATUS_USAGE);
}

static void a_calendar_is_signed_only_when_every_minute_has_a_desk(void **state)
{
    struct world *world = *state;
    governing_template("calendar", &world->text);
    text_replace(&world->text, "\"phone\": \"01632 960199\"", "\"phone\": \"01632 960198\"");
    write_to(world->file, &world->text);
    assert_int_equal(CONSOLE(world->console, "calendar", "sign", world->north, world->file),
                     STATUS_OK);
    said(world, "The calendar is at version 2, signed.");

    text_replace(&world->text, "\"until\": \"08:30\"", "\"until\": \"08:29\"");
    write_to(world->other, &world->text);
    assert_int_equal(CONSOLE(world->console, "calendar", "sign", world->north, world->other),
                     STATUS_FAILED);
    complained(world, "nobody is on duty on mon at 08:29");
    buf_reset(&world->text);
    governing_template("patterns", &world->text);
    assert_int_equal(file_write_atomic(world->other, buf_slice(&world->text), 0600), 0);
    assert_int_equal(CONSOLE(world->console, "calendar", "sign", world->north, world->other),
                     STATUS_FAILED);
    complained(world, world->other);
    complained(world, "is no calendar: ");
}

static void a_live_calendar_names_no_telephone_that_nobody_has(void **state)
{
    struct world *world = *state;
    char live[200];
    (void)snprintf(live, sizeof(live), "%s/live", world->scratch->dir);
    assert_int_equal(CONSOLE(world->console, "init", live, "--name", "Real", "--origin",
                             "cairn.example.org/real", "--live", "--duty-phone", "+44 1632 100777",
                             "--out-of-hours-phone", "+44 1632 100778"),
                     STATUS_OK);
    governing_template("calendar", &world->text);
    write_to(world->file, &world->text);

    assert_int_equal(CONSOLE(world->console, "calendar", "sign", live, world->file), STATUS_FAILED);
    complained(world, "the telephone of desk ");
    complained(world, "mash (01632 960100)");

    text_replace(&world->text, "01632 960199", "+44 1632 100778");
    text_replace(&world->text, "01632 960100", "+44 1632 100777");
    write_to(world->other, &world->text);
    assert_int_equal(CONSOLE(world->console, "calendar", "sign", live, world->other), STATUS_OK);
}

static void what_is_no_record_and_no_kind_is_said_to_be_neither(void **state)
{
    struct world *world = *state;

    assert_int_equal(
        CONSOLE(world->console, "agreement", "explain", "--record", "rubbish", world->north),
        STATUS_NOT_FOUND);
    complained(world, "rubbish");
    complained(world, "is neither a kind nor a code of records");
    complained(world, "nor the id of a record");
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(what_is_shipped_is_in_order),
        story(what_cannot_be_read_is_said_with_the_rule_and_what_to_do),
        story(rules_that_contradict_each_other_or_never_decide_are_found),
        story(a_rule_that_has_ended_is_a_warning_and_one_that_will_start_is_looked_at),
        story(agreements_past_their_review_date_are_not_in_order),
        story(why_not_is_said_in_words_with_rule_and_source),
        story(what_another_role_would_change_is_said),
        story(without_a_role_it_is_asked_as_if_there_were_none),
        story(how_far_a_new_worker_looks_back_is_explained),
        story(what_no_rule_decides_is_explained_too),
        story(an_explanation_is_an_object_for_programs),
        story(a_question_about_what_is_not_there_is_not_answered),
        story(who_gets_what_is_listed_with_the_rule),
        story(each_rule_of_the_shipped_agreements_is_in_the_map),
        story(words_that_change_no_answer_are_no_difference),
        story(what_changes_is_said_for_those_for_whom_it_changes),
        story(two_files_are_compared_without_what_is_in_force),
        story(signed_agreements_are_in_force_as_the_next_version),
        story(what_check_finds_wrong_is_not_signed),
        story(a_calendar_is_signed_only_when_every_minute_has_a_desk),
        story(a_live_calendar_names_no_telephone_that_nobody_has),
        story(what_is_no_record_and_no_kind_is_said_to_be_neither),
        story(nobody_signs_without_the_root_key),
        story(for_real_children_no_pattern_is_on_until_two_people_turned_it_on),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
