/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot wait goes to every front door, and the one whose desk the calendar names is the one
 * to act; nobody opened it, and whoever lacks it gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/core/inbox.h"
#include "support/member.h"
#include "support/stories.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

/* The other front door: the emergency duty team. Worlds begin on a Friday at nine, when the desk of
 * the MASH is on duty. */
#define NIGHT_TEAM STRANGER

static void make_night_team(struct world *world)
{
    change_directory(world, "\"id\": \"gp-oak\", \"kind\": \"gp\"",
                     "\"id\": \"gp-oak\", \"kind\": \"out-of-hours\"");
}

static void give_it_the_nights(struct world *world)
{
    change_document(world, GOVERNANCE_CALENDAR, "\"agency\": \"out-of-hours\"",
                    "\"agency\": \"gp-oak\"");
}

static void pass(struct world *world, int64_t ms)
{
    clock_fake_advance(&world->clock, ms);
    world_turn(world);
}

static void make_danger(struct world *world, struct world_entry *ret)
{
    world_record(world,
                 &(const struct world_record){.from = SCHOOL,
                                              .child = ALIX,
                                              .day = day_of("2026-11-02"),
                                              .record_kind = RECORD_CONCERN,
                                              .code = CODE_NEGLECT_PHYSICAL,
                                              .urgency = URGENCY_IMMEDIATE},
                 ret);
}

static void report_by_the_urgent_lane(struct world *world)
{
    struct world_entry entry;
    make_danger(world, &entry);
    assert_int_equal(world_send(world, &(const struct world_parcel){.agency = SCHOOL,
                                                                    .lane = LANE_URGENT,
                                                                    .n = 1,
                                                                    .entries = &entry}),
                     VERDICT_STORED);
}

enum told {
    TOLD_NOTHING,
    TOLD,
    TOLD_ON_DUTY
};

/* How the one record of a story came to this agency. */
static enum told told(struct world *world, uint32_t agency)
{
    struct wire_delivery delivery;
    struct wire_delivered delivered;
    for (uint64_t after = 0; world_fetch(world, agency, after, &delivery);) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            after = delivery.items[i].position;
            if (delivery.items[i].kind == ITEM_DELIVERED) {
                assert_true(
                    wire_delivered_read(delivery.items[i].payload, &world->arena, &delivered));
                return (delivered.flags & DELIVERED_ON_DUTY) != 0 ? TOLD_ON_DUTY : TOLD;
            }
        }
    }
    return TOLD_NOTHING;
}

static void by_day_every_front_door_is_told_and_the_day_desk_is_the_one_to_act(void **state)
{
    struct world *world = *state;
    make_night_team(world);
    give_it_the_nights(world);

    report_by_the_urgent_lane(world);

    assert_int_equal(told(world, MASH), TOLD_ON_DUTY);
    assert_int_equal(told(world, NIGHT_TEAM), TOLD);
    assert_int_equal(told(world, GP), TOLD_NOTHING);
}

static void by_night_it_is_the_other_way_round(void **state)
{
    struct world *world = *state;
    make_night_team(world);
    give_it_the_nights(world);
    pass(world, 9 * HOUR_MS);

    report_by_the_urgent_lane(world);

    assert_int_equal(told(world, MASH), TOLD);
    assert_int_equal(told(world, NIGHT_TEAM), TOLD_ON_DUTY);
}

static void while_nobody_here_has_the_watch_it_is_for_each_to_act(void **state)
{
    struct world *world = *state;
    make_night_team(world);
    pass(world, 9 * HOUR_MS);

    report_by_the_urgent_lane(world);

    assert_int_equal(told(world, MASH), TOLD_ON_DUTY);
    assert_int_equal(told(world, NIGHT_TEAM), TOLD_ON_DUTY);
}

static void a_desk_that_cannot_open_it_does_not_have_the_watch(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_night_team(world);
    give_it_the_nights(world);
    make_danger(world, &entry);
    world_withhold(&entry, MASH);

    const struct world_parcel parcel = {
        .agency = SCHOOL, .lane = LANE_URGENT, .n = 1, .entries = &entry};
    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);

    assert_int_equal(told(world, NIGHT_TEAM), TOLD_ON_DUTY);
}

static void what_is_not_urgent_is_for_nobody_to_act_on_now(void **state)
{
    struct world *world = *state;

    (void)store_record(world, &(const struct world_record){.from = SCHOOL,
                                                           .child = ALIX,
                                                           .day = day_of("2026-11-02"),
                                                           .record_kind = RECORD_CONCERN,
                                                           .code = CODE_NEGLECT_PHYSICAL,
                                                           .level = 4});

    assert_int_equal(told(world, MASH), TOLD);
}

static void unopened_it_is_said_to_every_front_door_whoever_had_the_watch(void **state)
{
    struct world *world = *state;
    make_night_team(world);
    give_it_the_nights(world);
    report_by_the_urgent_lane(world);

    pass(world, 31 * MINUTE_MS);

    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 1);
    assert_int_equal(notices(world, NIGHT_TEAM, NOTICE_UNOPENED), 1);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
    assert_int_equal(notices(world, GP, NOTICE_UNOPENED), 0);
}

static void a_front_door_without_a_key_to_it_hears_and_its_origin_hears_which(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    report_by_the_urgent_lane(world);
    make_night_team(world);

    pass(world, 31 * MINUTE_MS);

    assert_int_equal(notices(world, NIGHT_TEAM, NOTICE_UNOPENED), 1);
    assert_int_equal(told(world, NIGHT_TEAM), TOLD_NOTHING);
    assert_true(world_notice(world, SCHOOL, NOTICE_UNOPENED, 0, &notice));
    assert_int_equal(notice.agency, 0);
    assert_true(world_notice(world, SCHOOL, NOTICE_UNOPENED, 1, &notice));
    assert_int_equal(notice.agency, NIGHT_TEAM);
}

#define CONCERN(urgency)                                                                           \
    "{\"kind\":\"concern\",\"code\":\"neglect-physical\",\"event_date\":\"2026-11-02\","           \
    "\"urgency\":\"" urgency "\",\"child\":{\"given_name\":\"Peregrina\",\"family_name\":"         \
    "\"Thistledown\",\"birth_date\":\"2022-03-14\"},\"account\":{\"summary\":\"Alone at home.\"}," \
    "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, teacher\","                  \
    "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","                       \
    "\"function\":\"child protection\",\"family_told\":\"told\"}}"

static void its_origin_then_gives_it_to_whoever_lacks_it(void **state)
{
    struct world *world = *state;
    struct inbox_row row;
    struct member *school = member_new(world, SCHOOL);
    (void)member_submit(school, INTAKE_RECORD, CONCERN("immediate"));
    member_send(school);
    make_night_team(world);
    member_govern(school);
    pass(world, 31 * MINUTE_MS);

    uint64_t position = member_fetch(school);
    member_send(school);

    assert_int_equal(told(world, NIGHT_TEAM), TOLD);
    struct store_txn *txn = store_read(school->agent.store);
    assert_true(inbox_get(txn, position, &row));
    assert_true((row.flags & INBOX_QUIET) != 0);
    store_end(&txn);
    member_free(&school);
}

static void whoever_lacks_it_is_given_it_once(void **state)
{
    struct world *world = *state;
    struct member *school = member_new(world, SCHOOL);
    (void)member_submit(school, INTAKE_RECORD, CONCERN("immediate"));
    member_send(school);
    make_night_team(world);
    member_govern(school);

    for (int round = 0; round < 3; round++) {
        pass(world, 5 * HOUR_MS);
        (void)member_fetch(school);
        member_send(school);
    }

    assert_int_equal(world_items(world, NIGHT_TEAM, ITEM_DELIVERED), 2); /* and the grant itself */
    member_free(&school);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(by_day_every_front_door_is_told_and_the_day_desk_is_the_one_to_act),
        STORY(by_night_it_is_the_other_way_round),
        STORY(while_nobody_here_has_the_watch_it_is_for_each_to_act),
        STORY(a_desk_that_cannot_open_it_does_not_have_the_watch),
        STORY(what_is_not_urgent_is_for_nobody_to_act_on_now),
        STORY(unopened_it_is_said_to_every_front_door_whoever_had_the_watch),
        STORY(a_front_door_without_a_key_to_it_hears_and_its_origin_hears_which),
        STORY(its_origin_then_gives_it_to_whoever_lacks_it),
        STORY(whoever_lacks_it_is_given_it_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
