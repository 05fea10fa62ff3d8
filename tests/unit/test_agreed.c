/* SPDX-License-Identifier: Apache-2.0 */
/* The map of who gets what agrees with the decisions that it is made of. */
#include <errno.h>
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
#include "govern/agreed.h"
#include "support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},
    {2, "gp-ash", "gp", false},
    {3, "school-oak", "school", false},
    {4, "mash", "mash", false},
};

struct world {
    struct governing governing;
    const struct directory *directory;
    struct agreements *agreements;
    struct agreements *others;
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));

    assert_int_equal(crypto_init(NULL), 0);
    governing_init(&world->governing);
    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    world->directory = &world->governing.governance->directory;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    agreements_free(&world->agreements);
    agreements_free(&world->others);
    governing_deinit(&world->governing);
    free(world);
    crypto_deinit();
    return 0;
}

static int32_t today(void)
{
    int32_t day = 0;

    assert_true(date_parse(slice_of_text("2026-11-22"), &day));
    return day;
}

static void compile(const struct world *world, const char *rules, struct agreements **ret)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct error error = ERROR_NULL;

    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2027-11-30\", "
               "\"rules\": [%s]}",
               rules);
    agreements_free(ret);
    if (agreements_compile(buf_slice(&text), world->directory, ret, &error) < 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
}

static struct agreed_map *map_of(const struct world *world, const struct agreements *was,
                                 const struct agreements *is)
{
    const struct agreed_terms terms = {
        .directory = world->directory, .was = was, .is = is, .day = today()};
    struct agreed_map *map = NULL;

    assert_int_equal(agreed_map_new(&terms, &map), 0);
    return map;
}

/* Which member of the parties has that name; the test ends when none does. */
static uint64_t party(const struct agreed_map *map, const char *id)
{
    for (uint32_t i = 0; i < map->n_parties; i++) {
        if (strcmp(map->parties[i], id) == 0) {
            return UINT64_C(1) << i;
        }
    }
    fail_msg("%s is no party", id);
    return 0;
}

static const struct agreed_row *row_by(const struct agreed_map *map, const char *rule)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->rows[i].is.rule, rule) == 0) {
            return &map->rows[i];
        }
    }
    return NULL;
}

#define NOTE_TO_TEAM                                                                               \
    "{\"id\": \"team\", \"records\": [\"case-note\"], \"recipient_roles\": [\"plan-team\"], "      \
    "\"effect\": \"share\", \"mode\": \"content\"}"

static void a_rule_is_a_row_of_its_own(void **state)
{
    struct world *world = *state;
    compile(world, NOTE_TO_TEAM, &world->agreements);

    _cleanup_(agreed_map_free) struct agreed_map *map = map_of(world, NULL, world->agreements);

    const struct agreed_row *row = row_by(map, "team");
    assert_non_null(row);
    assert_int_equal(row->sets[AGREED_ORIGIN], map->all[AGREED_ORIGIN]);
    assert_int_equal(row->sets[AGREED_RECIPIENT], map->all[AGREED_RECIPIENT] & ~map->front_doors);
    assert_int_equal(row->sets[AGREED_RECORD], UINT64_C(1) << agreed_record_member("case-note"));
    assert_int_equal(row->sets[AGREED_ROLE], ROLE_BIT(ROLE_PLAN_TEAM));
    assert_int_equal(row->sets[AGREED_LEVEL], map->all[AGREED_LEVEL]);
    assert_int_equal(row->is.effect, EFFECT_SHARE);
}

static void an_agency_that_a_rule_names_stands_beside_its_kind(void **state)
{
    struct world *world = *state;
    compile(world,
            "{\"id\": \"one\", \"records\": [\"case-note\"], \"origin\": \"gp-elm\", "
            "\"recipient_kind\": \"gp\", \"effect\": \"share\", \"mode\": \"content\"}",
            &world->agreements);

    _cleanup_(agreed_map_free) struct agreed_map *map = map_of(world, NULL, world->agreements);

    const struct agreed_row *row = row_by(map, "one");
    assert_non_null(row);
    assert_int_equal(row->sets[AGREED_ORIGIN], party(map, "gp-elm"));
    assert_int_equal(row->sets[AGREED_RECIPIENT], party(map, "gp") | party(map, "gp-elm"));
}

static void what_differs_is_what_the_two_decide_differently(void **state)
{
    struct world *world = *state;
    compile(world, NOTE_TO_TEAM, &world->agreements);
    compile(world,
            "{\"id\": \"team-2\", \"records\": [\"case-note\"], "
            "\"recipient_roles\": [\"plan-team\", \"on-roll\"], \"effect\": \"share\", \"mode\": "
            "\"content\"}",
            &world->others);

    _cleanup_(agreed_map_free) struct agreed_map *same =
        map_of(world, world->agreements, world->agreements);
    _cleanup_(agreed_map_free) struct agreed_map *more =
        map_of(world, world->agreements, world->others);

    assert_int_equal(same->n, 0);
    assert_int_equal(more->n, 1);
    assert_int_equal(more->rows[0].sets[AGREED_ROLE], ROLE_BIT(ROLE_ON_ROLL));
    assert_int_equal(more->rows[0].was.effect, EFFECT_DENY);
    assert_int_equal(more->rows[0].is.effect, EFFECT_SHARE);
}

/* Every case of the shipped agreements that is not denied lies in exactly one row, which says what
 * agreements_decide says. */
static void the_map_says_what_is_decided(void **state)
{
    struct world *world = *state;
    const struct agreements *shipped = world->governing.governance->agreements;
    _cleanup_(agreed_map_free) struct agreed_map *map = map_of(world, NULL, shipped);
    const struct agency *gp = directory_agency(world->directory, 1);
    const struct agency *school = directory_agency(world->directory, 3);

    for (uint32_t record = 0; agreed_record_text(record) != NULL; record++) {
        const struct disclosure what = {
            .origin = school,
            .recipient = gp,
            .kind = agreed_record_kind(record),
            .code = agreed_record_code(record),
            .level = 2,
            .urgency = URGENCY_ROUTINE,
            .roles = ROLE_BIT(ROLE_LEAD_PROFESSIONAL),
            .day = today(),
        };
        const uint64_t wanted[AGREED_AXES] = {
            [AGREED_ORIGIN] = party(map, "school"),
            [AGREED_RECIPIENT] = party(map, "gp"),
            [AGREED_RECORD] = UINT64_C(1) << record,
            [AGREED_LEVEL] = UINT64_C(1) << 2,
            [AGREED_URGENCY] = UINT64_C(1) << URGENCY_ROUTINE,
            [AGREED_ROLE] = ROLE_BIT(ROLE_LEAD_PROFESSIONAL),
        };
        struct decision decision = agreements_decide(shipped, &what);
        size_t rows = 0;
        for (size_t i = 0; i < map->n; i++) {
            bool within = true;
            for (size_t axis = 0; axis < AGREED_AXES; axis++) {
                within = within && (map->rows[i].sets[axis] & wanted[axis]) != 0;
            }
            if (within) {
                assert_string_equal(map->rows[i].is.rule, decision.rule);
                rows++;
            }
        }
        assert_int_equal(rows, strcmp(decision.rule, "no-match") == 0 ? 0 : 1);
    }
}

static void more_agencies_than_fit_are_refused(void **state)
{
    static struct test_agency many[AGREED_MEMBERS_MAX + 1];
    static char ids[AGREED_MEMBERS_MAX + 1][16];
    struct world *world = *state;
    struct governing governing;
    struct agreed_map *map = NULL;
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_add_text(&text, "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2027-11-30\", "
                        "\"rules\": [");
    for (uint32_t i = 0; i < ARRAY_LEN(many); i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "gp-%u", i);
        many[i] = (struct test_agency){i + 1, ids[i], "gp", false};
        buf_format(&text,
                   "%s{\"id\": \"r%u\", \"records\": [\"case-note\"], \"recipient\": \"gp-%u\", "
                   "\"effect\": \"ask\"}",
                   i > 0 ? ", " : "", i, i);
    }
    buf_add_text(&text, "]}");
    governing_init(&governing);
    governing_fill(&governing, many, ARRAY_LEN(many));
    const struct directory *directory = &governing.governance->directory;
    assert_int_equal(agreements_compile(buf_slice(&text), directory, &world->agreements, &error),
                     0);

    const struct agreed_terms terms = {
        .directory = directory, .is = world->agreements, .day = today()};
    assert_int_equal(agreed_map_new(&terms, &map), -E2BIG);

    assert_null(map);
    governing_deinit(&governing);
}

static void what_is_shipped_has_nothing_to_be_mended(void **state)
{
    struct world *world = *state;
    struct agreed_findings findings = {.n = 0};

    assert_int_equal(
        agreed_check(world->governing.governance->agreements, world->directory, today(), &findings),
        0);

    assert_int_equal(findings.problems, 0);
    assert_int_equal(findings.n, 0);
    agreed_findings_deinit(&findings);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(a_rule_is_a_row_of_its_own),
        story(an_agency_that_a_rule_names_stands_beside_its_kind),
        story(what_differs_is_what_the_two_decide_differently),
        story(the_map_says_what_is_decided),
        story(more_agencies_than_fit_are_refused),
        story(what_is_shipped_has_nothing_to_be_mended),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
