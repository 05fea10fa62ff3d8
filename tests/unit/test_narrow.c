/* SPDX-License-Identifier: Apache-2.0 */
/* What an author leaves out, or hides until a day, by each way in which anybody could hear of
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"
#include "wire/narrowing.h"

#define WORKER HEALTH_VISITING /* who is the child's allocated worker */

#define EXISTENCE "\"effect\": \"share\", \"mode\": \"existence\", \"history_days\": 30"
#define CONTENT   "\"effect\": \"share\", \"mode\": \"content\", \"history_days\": 30"
#define ASK       "\"effect\": \"ask\", \"mode\": \"content\""

/* --- verbs --- */

/* The allocated worker gets concerns as `outcome` says; the front door gets them, and what is
 * missed is held for all health agencies. */
static void agree(struct world *world, const char *outcome)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"concern\", \"records\": [\"concern\"], \"recipient_roles\": "
               "[\"allocated-worker\"], %s},"
               "{\"id\": \"front-door\", \"records\": [\"concern\"], \"recipient_class\": "
               "\"front-door\", \"effect\": \"share\", \"mode\": \"content\"}]}",
               outcome);
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
    state_verified(world, GP, ALIX);
    state_verified(world, WORKER, ALIX);
    state_verified(world, MASH, ALIX);
}

static void take_on(struct world *world, uint32_t agency, enum role role)
{
    struct world_entry entry;
    world_involvement(world, agency, ALIX, &entry);
    entry.header.involvement.role = role;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static void pass_days(struct world *world, int days)
{
    for (int i = 0; i < days; i++) {
        clock_fake_advance(&world->clock, DAY_MS);
        world_turn(world);
    }
}

static struct narrowing without_role(enum role role)
{
    return (struct narrowing){
        .roles = ROLE_BIT(role), .reason = NARROW_STAFF_ALLEGATION, .authority = AUTHORITY_LADO};
}

static struct narrowing hidden_for(struct world *world, int days)
{
    return (struct narrowing){.hidden_until = instant_london_day(world->clock.real_ms) + days,
                              .reason = NARROW_ENQUIRY,
                              .authority = AUTHORITY_POLICE};
}

static const struct world_record concern = {
    .from = GP, .child = ALIX, .record_kind = RECORD_CONCERN, .code = CODE_NEGLECT_PHYSICAL};

static void make_narrowed(struct world *world, const struct world_record *record,
                          struct narrowing narrow, struct world_entry *ret)
{
    struct world_record dated = *record;
    dated.day = dated.day == 0 ? day_of("2026-11-02") : dated.day;
    world_record(world, &dated, ret);
    ret->header.record.narrow = narrow;
    world_refreeze(ret);
}

static struct entry_id send_narrowed(struct world *world, const struct world_record *record,
                                     struct narrowing narrow)
{
    struct world_entry entry;
    make_narrowed(world, record, narrow, &entry);
    assert_int_equal(world_send_one(world, record->from, &entry), VERDICT_STORED);
    return entry.header.id;
}

static enum verdict ask_for(struct world *world, const struct entry_id *record)
{
    struct world_entry entry;
    world_request(world, WORKER, ALIX, record, &entry);
    return world_send_one(world, WORKER, &entry);
}

/* How much the agency has in its mailbox about records. */
static size_t heard(struct world *world, uint32_t agency)
{
    return world_items(world, agency, ITEM_DELIVERED) + world_items(world, agency, ITEM_RELEASE) +
           notices(world, agency, NOTICE_TOLD) + notices(world, agency, NOTICE_RAISED) +
           notices(world, agency, NOTICE_EXTENDED) + notices(world, agency, NOTICE_RETRACTED);
}

/* --- a role left out --- */

static void a_role_left_out_gets_no_record_though_it_was_sealed_to_it(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, CONTENT);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    make_narrowed(world, &concern, without_role(ROLE_ALLOCATED_WORKER), &entry);
    size_t before = heard(world, WORKER);
    size_t desk = heard(world, MASH);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    assert_int_equal(heard(world, WORKER), before);
    assert_int_equal(heard(world, MASH), desk + 1);
}

static void a_role_left_out_hears_of_no_existence_and_may_not_ask(void **state)
{
    struct world *world = *state;
    agree(world, ASK);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    struct entry_id record = send_narrowed(world, &concern, without_role(ROLE_ALLOCATED_WORKER));
    struct entry_id open = send_narrowed(world, &concern, (struct narrowing){.reason = 0});

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
    assert_int_equal(ask_for(world, &record), VERDICT_NOT_ENTITLED);
    assert_int_equal(ask_for(world, &open), VERDICT_STORED);
}

static void another_role_is_told_all_the_same(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    (void)send_narrowed(world, &concern, without_role(ROLE_ON_ROLL));

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void who_holds_another_role_too_is_left_out(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    take_on(world, WORKER, ROLE_PLAN_TEAM);

    (void)send_narrowed(world, &concern, without_role(ROLE_PLAN_TEAM));

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void who_takes_on_the_role_later_does_not_hear_of_it_then(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    (void)send_narrowed(world, &concern, without_role(ROLE_ALLOCATED_WORKER));
    (void)send_narrowed(world, &concern, without_role(ROLE_ON_ROLL));
    pass_days(world, 1);

    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void a_later_grant_to_a_role_left_out_is_refused(void **state)
{
    struct world *world = *state;
    struct world_entry record;
    struct world_entry grant;
    agree(world, CONTENT);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    make_narrowed(world, &concern, without_role(ROLE_ALLOCATED_WORKER), &record);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);
    world_grant(world, GP, &record, &grant);

    world_grant_to(world, &grant, &record, WORKER);

    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_BAD_GRANT);
}

static void what_waits_is_withheld_from_who_takes_on_the_role(void **state)
{
    struct world *world = *state;
    agree(world, CONTENT);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    (void)send_narrowed(world, &concern, without_role(ROLE_PLAN_TEAM));
    assert_int_equal(world_items(world, WORKER, ITEM_DELIVERED), 1);

    take_on(world, WORKER, ROLE_PLAN_TEAM);
    pass_days(world, 1);

    assert_int_equal(world_items(world, WORKER, ITEM_DELIVERED), 0);
}

static void a_role_left_out_gets_no_headline_of_that_record(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    const struct world_record fourth = {.from = GP, .child = ALIX, .day = day_of("2026-10-01")};

    (void)send_narrowed(world, &fourth, without_role(ROLE_REGISTERED_PATIENT));

    assert_int_equal(notices(world, MASH, NOTICE_EXTENDED), 1);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_EXTENDED), 0);
}

static void a_front_door_in_that_role_still_gets_what_cannot_wait(void **state)
{
    struct world *world = *state;
    struct world_record urgent = concern;
    urgent.urgency = URGENCY_IMMEDIATE;
    agree(world, CONTENT);
    take_on(world, MASH, ROLE_ALLOCATED_WORKER);
    size_t before = world_items(world, MASH, ITEM_DELIVERED);

    (void)send_narrowed(world, &urgent, without_role(ROLE_ALLOCATED_WORKER));

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), before + 1);
}

/* --- hidden until a day --- */

static void a_hidden_record_reaches_its_reader_on_the_day(void **state)
{
    struct world *world = *state;
    agree(world, CONTENT);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    size_t before = heard(world, WORKER);

    (void)send_narrowed(world, &concern, hidden_for(world, 3));

    pass_days(world, 2);
    assert_int_equal(heard(world, WORKER), before);
    pass_days(world, 1);
    assert_int_equal(world_items(world, WORKER, ITEM_DELIVERED), 1);
}

static void the_front_door_has_a_hidden_record_at_once_and_once(void **state)
{
    struct world *world = *state;
    agree(world, CONTENT);
    size_t before = heard(world, MASH);

    (void)send_narrowed(world, &concern, hidden_for(world, 3));

    assert_int_equal(heard(world, MASH), before + 1);
    pass_days(world, 4);
    assert_int_equal(heard(world, MASH), before + 1);
}

static void that_a_hidden_record_exists_is_told_on_the_day_and_once(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    struct entry_id record = send_narrowed(world, &concern, hidden_for(world, 3));
    assert_int_equal(ask_for(world, &record), VERDICT_NOT_ENTITLED);

    pass_days(world, 2);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
    pass_days(world, 3);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void who_takes_on_a_role_meanwhile_hears_on_the_day(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    (void)send_narrowed(world, &concern, hidden_for(world, 3));
    pass_days(world, 1);

    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
    pass_days(world, 2);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void whom_it_was_not_sealed_to_hears_on_the_day_that_it_exists(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    agree(world, CONTENT);
    make_narrowed(world, &concern, hidden_for(world, 3), &entry);
    world_withhold(&entry, WORKER);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    pass_days(world, 3);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void a_grant_of_a_hidden_record_is_refused_until_the_day(void **state)
{
    struct world *world = *state;
    struct world_entry record;
    struct world_entry grant;
    struct world_entry again;
    agree(world, CONTENT);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    make_narrowed(world, &concern, hidden_for(world, 3), &record);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);
    world_grant(world, GP, &record, &grant);
    world_grant_to(world, &grant, &record, WORKER);
    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_BAD_GRANT);

    pass_days(world, 3);
    world_grant(world, GP, &record, &again);
    world_grant_to(world, &again, &record, WORKER);

    assert_int_equal(world_send_one(world, GP, &again), VERDICT_STORED);
}

static void a_record_taken_back_while_it_was_hidden_is_never_told(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    size_t before = heard(world, WORKER);
    struct entry_id record = send_narrowed(world, &concern, hidden_for(world, 3));

    retract(world, &record, ALIX);
    pass_days(world, 4);

    assert_int_equal(heard(world, WORKER), before);
}

static void a_hidden_record_counts_and_its_headline_comes_on_the_day(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    const struct world_record third = {.from = GP, .child = ALIX, .day = day_of("2026-10-01")};
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    involve(world, GP, ALIX);
    involve(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-08-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-09-03");

    (void)send_narrowed(world, &third, hidden_for(world, 2));

    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
    assert_true(world_notice(world, HOSPITAL, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 2);
    pass_days(world, 3);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_EXTENDED), 1);
    assert_true(world_notice(world, HOSPITAL, NOTICE_EXTENDED, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_int_equal(notice.headlines[0].event_day, third.day);
    assert_int_equal(notices(world, MASH, NOTICE_EXTENDED), 0);
}

static void a_hidden_record_is_told_by_a_broker_that_started_again(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);
    (void)send_narrowed(world, &concern, hidden_for(world, 2));

    assert_int_equal(world_restart(world), 0);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
    pass_days(world, 2);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

/* --- the family's view --- */

static void what_is_not_for_the_family_says_so_wherever_it_is_told_of(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    const struct narrowing kept = {
        .not_for_family = true, .reason = NARROW_CHILD_AT_RISK, .authority = AUTHORITY_POLICE};
    agree(world, EXISTENCE);
    take_on(world, WORKER, ROLE_ALLOCATED_WORKER);

    (void)send_narrowed(world, &concern, kept);
    (void)send_narrowed(world, &concern, (struct narrowing){.reason = 0});

    assert_true(world_notice(world, WORKER, NOTICE_TOLD, 0, &notice));
    assert_true((notice.headlines[0].flags & HEADLINE_NOT_FOR_FAMILY) != 0);
    assert_true(world_notice(world, WORKER, NOTICE_TOLD, 1, &notice));
    assert_int_equal(notice.headlines[0].flags & HEADLINE_NOT_FOR_FAMILY, 0);
}

/* --- the rule alone --- */

static void the_rule_of_who_is_kept_from_it_has_no_gap(void **state)
{
    (void)state;
    struct record_header header = {
        .id = {.agency = GP},
        .record_kind = RECORD_CONCERN,
        .urgency = URGENCY_ROUTINE,
        .narrow = {.n_agencies = 1,
                   .agencies = {SCHOOL},
                   .roles = ROLE_BIT(ROLE_ON_ROLL),
                   .hidden_until = 100,
                   .reason = NARROW_ENQUIRY,
                   .authority = AUTHORITY_POLICE},
    };
    static const struct {
        struct narrow_reader reader;
        bool kept;
    } rows[] = {
        {{.agency = GP, .roles = ROLES_ALL, .day = 1}, false},
        {{.agency = SCHOOL, .day = 100}, true},
        {{.agency = SCHOOL, .front_door = true, .day = 100}, true},
        {{.agency = HOSPITAL, .day = 100}, false},
        {{.agency = HOSPITAL, .day = 99}, true},
        {{.agency = HOSPITAL, .day = NARROW_ANY_DAY}, false},
        {{.agency = HOSPITAL, .roles = ROLE_BIT(ROLE_ON_ROLL), .day = 100}, true},
        {{.agency = HOSPITAL, .roles = ROLE_BIT(ROLE_PLAN_TEAM), .day = 100}, false},
        {{.agency = MASH, .front_door = true, .day = 1}, false},
        {{.agency = MASH, .front_door = true, .roles = ROLE_BIT(ROLE_ON_ROLL), .day = 1}, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(narrowing_keeps_from(&header, &rows[i].reader), rows[i].kept);
    }
    header.urgency = URGENCY_IMMEDIATE;
    assert_false(narrowing_keeps_from(&header, &rows[ARRAY_LEN(rows) - 1].reader));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_role_left_out_gets_no_record_though_it_was_sealed_to_it),
        TEST(a_role_left_out_hears_of_no_existence_and_may_not_ask),
        TEST(another_role_is_told_all_the_same),
        TEST(who_holds_another_role_too_is_left_out),
        TEST(who_takes_on_the_role_later_does_not_hear_of_it_then),
        TEST(a_later_grant_to_a_role_left_out_is_refused),
        TEST(what_waits_is_withheld_from_who_takes_on_the_role),
        TEST(a_role_left_out_gets_no_headline_of_that_record),
        TEST(a_front_door_in_that_role_still_gets_what_cannot_wait),
        TEST(a_hidden_record_reaches_its_reader_on_the_day),
        TEST(the_front_door_has_a_hidden_record_at_once_and_once),
        TEST(that_a_hidden_record_exists_is_told_on_the_day_and_once),
        TEST(who_takes_on_a_role_meanwhile_hears_on_the_day),
        TEST(whom_it_was_not_sealed_to_hears_on_the_day_that_it_exists),
        TEST(a_grant_of_a_hidden_record_is_refused_until_the_day),
        TEST(a_record_taken_back_while_it_was_hidden_is_never_told),
        TEST(a_hidden_record_counts_and_its_headline_comes_on_the_day),
        TEST(a_hidden_record_is_told_by_a_broker_that_started_again),
        TEST(what_is_not_for_the_family_says_so_wherever_it_is_told_of),
        cmocka_unit_test(the_rule_of_who_is_kept_from_it_has_no_gap),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
