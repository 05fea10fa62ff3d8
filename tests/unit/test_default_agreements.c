/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets what under the agreements that Cairn ships: every question there is (who says what, to
 * whom, in which role) is asked of them and of the table of support/default_table.c.
 */
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
#include "support/default_table.h"
#include "support/governing.h"

/* --- the partnership: two agencies of every kind --- */

#define SECOND 100 /* agency N of a kind has its colleague N + SECOND */

struct world {
    struct governing governing;
    char ids[2 * KINDS_MAX][KIND_ID_MAX_BYTES + 2];
    struct test_agency agencies[2 * KINDS_MAX];
    size_t n_kinds;
};

static void list_agencies(struct world *world, const struct directory *directory)
{
    world->n_kinds = directory->n_kinds;
    for (size_t i = 0; i < 2 * world->n_kinds; i++) {
        size_t kind = i % world->n_kinds;
        bool second = i >= world->n_kinds;
        (void)snprintf(world->ids[i], sizeof(world->ids[i]), "%s-%c", directory->kinds[kind].id,
                       second ? 'b' : 'a');
        world->agencies[i] = (struct test_agency){
            .number = (uint32_t)(kind + 1 + (second ? SECOND : 0)),
            .id = world->ids[i],
            .kind = directory->kinds[kind].id,
        };
    }
}

static int set_up(void **state)
{
    static const struct test_agency nobody[] = {{1, "gp-a", "gp", false}};
    struct world *world = base_zalloc(1, sizeof(*world));
    struct governing first;

    assert_int_equal(crypto_init(NULL), 0);
    governing_init(&first);
    governing_fill(&first, nobody, ARRAY_LEN(nobody));
    list_agencies(world, &first.governance->directory);
    governing_init(&world->governing);
    governing_fill(&world->governing, world->agencies, 2 * world->n_kinds);
    governing_deinit(&first);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    governing_deinit(&world->governing);
    free(world);
    crypto_deinit();
    return 0;
}

/* --- asking the table --- */

static int32_t today(void)
{
    int32_t day = 0;

    assert_true(date_parse(slice_of_text("2026-11-22"), &day));
    return day;
}

static const struct agency *agency_of(const struct world *world, const char *id)
{
    const struct agency *agency =
        directory_agency_by_id(&world->governing.governance->directory, id);

    assert_non_null(agency);
    return agency;
}

static void check(const struct world *world, const struct disclosure *what)
{
    struct decision decision = agreements_decide(world->governing.governance->agreements, what);
    struct expected row = default_expected(what);

    if (decision.effect != row.effect || decision.mode != row.mode) {
        const char *code = record_code_text(what->code);
        fail_msg("%s -> %s as %s: %s %s, level %u, %s: %s mode %d by %s, expected %s mode %d",
                 what->origin->kind->id, what->recipient->kind->id,
                 what->roles == 0 ? "nobody" : role_text((uint32_t)__builtin_ctz(what->roles)),
                 record_kind_text(what->kind), code != NULL ? code : "-", what->level,
                 urgency_text(what->urgency), effect_text(decision.effect), (int)decision.mode,
                 decision.rule, effect_text(row.effect), (int)row.mode);
    }
    assert_int_equal(decision.version, 1);
}

/* --- every question --- */

static void ask_for_record(const struct world *world, const struct disclosure *pair, uint32_t kind,
                           uint32_t code)
{
    struct disclosure what = *pair;
    uint32_t step = kind == RECORD_CONCERN || kind == RECORD_ALLEGATION ? 1 : 3;

    what.kind = kind;
    what.code = code;
    for (what.level = 0; what.level <= CAIRN_LEVEL_MAX; what.level += step) {
        for (uint32_t urgency = URGENCY_ROUTINE; urgency <= URGENCY_IMMEDIATE; urgency++) {
            what.urgency = (enum urgency)urgency;
            what.roles = 0;
            check(world, &what);
            for (uint32_t role = 1; role <= ROLES; role++) {
                what.roles = ROLE_BIT(role);
                check(world, &what);
            }
        }
    }
}

static void ask_for_pair(const struct world *world, const struct disclosure *pair)
{
#define X(name, number, text, class) ask_for_record(world, pair, (number), CODE_NOT_SAID);
    CAIRN_RECORD_KINDS(X)
#undef X
#define X(name, number, text, kind) ask_for_record(world, pair, RECORD_##kind, (number));
    CAIRN_RECORD_CODES(X)
#undef X
}

static void everybody_gets_what_the_table_says_and_nothing_else(void **state)
{
    struct world *world = *state;
    const struct directory *directory = &world->governing.governance->directory;

    for (size_t i = 0; i < world->n_kinds; i++) {
        for (size_t j = 0; j < world->n_kinds; j++) {
            const struct disclosure pair = {
                .origin = &directory->agencies[i],
                .recipient = &directory->agencies[world->n_kinds + j],
                .day = today(),
            };
            ask_for_pair(world, &pair);
        }
    }
}

static void the_origin_keeps_all_that_is_its_own(void **state)
{
    struct world *world = *state;
    const struct agency *school = agency_of(world, "school-a");
    const struct disclosure allegation = {
        .origin = school,
        .recipient = school,
        .kind = RECORD_ALLEGATION,
        .urgency = URGENCY_ROUTINE,
        .day = today(),
    };

    struct decision decision =
        agreements_decide(world->governing.governance->agreements, &allegation);

    assert_int_equal(decision.effect, EFFECT_SHARE);
    assert_string_equal(decision.rule, "own");
}

/* Whoever holds several roles at once is still not told what is told to nobody like it. */
static void no_heap_of_roles_opens_what_is_never_shared(void **state)
{
    static const struct {
        const char *origin;
        const char *recipient;
        uint32_t kind;
        uint32_t code;
        uint32_t level;
    } never[] = {
        {"police-a", "school-a", RECORD_ALLEGATION, CODE_NOT_SAID, 0},
        {"school-b", "school-a", RECORD_ALLEGATION, CODE_NOT_SAID, 4},
        {"gp-a", "police-a", RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, 0},
        {"gp-a", "school-a", RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, 0},
        {"gp-a", "health-visiting-a", RECORD_MISSED_APPOINTMENT, CODE_DID_NOT_ATTEND, 0},
        {"mental-health-a", "gp-a", RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, 0},
        {"confidential-clinic-a", "gp-a", RECORD_CONCERN, CODE_OTHER_CONCERN, 4},
        {"school-a", "police-a", RECORD_CONCERN, CODE_NEGLECT_EDUCATIONAL, 2},
        {"school-a", "early-help-a", RECORD_CONCERN, CODE_NEGLECT_EDUCATIONAL, 1},
        {"school-a", "gp-a", RECORD_ABSENCE_SUMMARY, CODE_SEVERE_ABSENCE, 0},
        {"school-a", "police-a", RECORD_ABSENCE_SUMMARY, CODE_SEVERE_ABSENCE, 0},
        {"police-a", "school-a", RECORD_POLICE_NOTICE, CODE_HOME_CONDITIONS, 0},
        {"police-a", "gp-a", RECORD_POLICE_NOTICE, CODE_MISSING_EPISODE, 0},
        {"adult-services-a", "school-a", RECORD_ADULT_SERVICE, CODE_ADULT_KNOWN, 0},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        const struct disclosure what = {
            .origin = agency_of(world, never[i].origin),
            .recipient = agency_of(world, never[i].recipient),
            .kind = never[i].kind,
            .code = never[i].code,
            .level = never[i].level,
            .urgency = URGENCY_ROUTINE,
            .roles = ROLES_ALL,
            .day = today(),
        };

        assert_int_equal(agreements_decide(world->governing.governance->agreements, &what).effect,
                         EFFECT_DENY);
    }
}

static void who_is_involved_is_told_to_circle_and_front_door_unless_sensitive(void **state)
{
    struct world *world = *state;
    const struct directory *directory = &world->governing.governance->directory;

    for (size_t i = 0; i < world->n_kinds; i++) {
        for (size_t j = 0; j < world->n_kinds; j++) {
            const struct agency *recipient = &directory->agencies[world->n_kinds + j];
            struct disclosure what = {
                .origin = &directory->agencies[i],
                .recipient = recipient,
                .kind = DISCLOSED_INVOLVEMENT,
                .urgency = URGENCY_ROUTINE,
                .day = today(),
            };
            bool told = !what.origin->sensitive;
            bool always = told && agency_is_front_door(recipient);
            const struct agreements *agreements = world->governing.governance->agreements;

            assert_int_equal(agreements_decide(agreements, &what).effect,
                             always ? EFFECT_SHARE : EFFECT_DENY);
            what.roles = ROLE_BIT(ROLE_ON_ROLL);

            assert_int_equal(agreements_decide(agreements, &what).effect,
                             told ? EFFECT_SHARE : EFFECT_DENY);
        }
    }
    assert_true(agency_of(world, "mental-health-a")->sensitive);
    assert_true(agency_of(world, "confidential-clinic-a")->sensitive);
    assert_false(agency_of(world, "gp-a")->sensitive);
}

static void every_rule_says_where_it_comes_from(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    const struct governance *governance = world->governing.governance;
    struct govern_document held;

    assert_true(governance_held(governance, GOVERNANCE_AGREEMENTS, &held));
    _cleanup_(json_free) struct json *document = json_parse(held.text, &error);
    struct json_view view = json_view(document, &error);
    struct json_view list = json_get_array(&view, "rules");

    assert_true(json_length(&list) > 40);
    for (size_t i = 0; i < json_length(&list); i++) {
        char id[RULE_ID_MAX_BYTES];
        struct json_view item = json_item(&list, i);
        json_get_copy(&item, "id", id, sizeof(id));
        assert_non_null(agreements_source(governance->agreements, id));
    }
    assert_null(agreements_source(governance->agreements, "no-match"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_gets_what_the_table_says_and_nothing_else),
        cmocka_unit_test(the_origin_keeps_all_that_is_its_own),
        cmocka_unit_test(no_heap_of_roles_opens_what_is_never_shared),
        cmocka_unit_test(who_is_involved_is_told_to_circle_and_front_door_unless_sensitive),
        cmocka_unit_test(every_rule_says_where_it_comes_from),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
