/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes on a role for a child hears of what was stored before, as far as a rule looks back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

#define WORKER HEALTH_VISITING /* who becomes the child's allocated worker */

#define EXISTENCE "\"effect\": \"share\", \"mode\": \"existence\""
#define CONTENT   "\"effect\": \"share\", \"mode\": \"content\""
#define THIRTY    ", \"history_days\": 30"

/* The allocated worker gets concerns as `outcome` says. */
static void agree(struct world *world, const char *outcome)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"concern\", \"records\": [\"concern\"], \"recipient_roles\": "
               "[\"allocated-worker\"], %s},"
               "{\"id\": \"front-door\", \"records\": [\"concern\"], \"recipient_class\": "
               "\"front-door\", \"effect\": \"share\", \"mode\": \"existence\"}]}",
               outcome);
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

static void pass_days(struct world *world, int days)
{
    clock_fake_advance(&world->clock, days * DAY_MS);
    world_turn(world);
}

static struct entry_id note_concern(struct world *world)
{
    return store_record(world, &(const struct world_record){.from = GP,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-02"),
                                                            .record_kind = RECORD_CONCERN,
                                                            .code = CODE_NEGLECT_PHYSICAL});
}

struct stint {
    enum role role;
    int from; /* days from today */
    int until;
};

static void take_on(struct world *world, const struct stint *stint)
{
    struct world_entry entry;
    int32_t today = instant_london_day(world->clock.real_ms);
    world_involvement(world, WORKER, ALIX, &entry);
    entry.header.involvement.role = stint->role;
    entry.header.involvement.from_day = today + stint->from;
    entry.header.involvement.until_day =
        stint->until == 0 ? INVOLVEMENT_OPEN : today + stint->until;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, WORKER, &entry), VERDICT_STORED);
}

#define BECOMES_WORKER_TODAY (&(const struct stint){ROLE_ALLOCATED_WORKER, 0, 0})

static void make_child(struct world *world)
{
    state_verified(world, GP, ALIX);
    state_verified(world, WORKER, ALIX);
}

static void a_new_worker_hears_of_what_was_stored_before(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);
    (void)note_concern(world);
    pass_days(world, 20);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_true(world_notice(world, WORKER, NOTICE_TOLD, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_true(notice.has_handle);
    assert_false(notice.headlines[0].has_record);
    assert_true(slice_is_text(notice.headlines[0].class, "concern"));
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 2);
}

static void of_what_is_older_than_the_rule_looks_back_nothing(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);
    pass_days(world, 31);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void without_a_history_nothing_from_before_the_role(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    make_child(world);
    (void)note_concern(world);
    pass_days(world, 1);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void what_came_between_the_beginning_and_its_statement_is_told(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE);
    make_child(world);
    (void)note_concern(world);
    pass_days(world, 3);

    take_on(world, &(const struct stint){ROLE_ALLOCATED_WORKER, -5, 0});

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void content_from_before_is_a_headline_that_may_be_asked_for(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    agree(world, CONTENT THIRTY);
    make_child(world);
    struct entry_id record = note_concern(world);
    pass_days(world, 20);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_true(world_notice(world, WORKER, NOTICE_TOLD, 0, &notice));
    assert_true(notice.headlines[0].has_record);
    assert_true(entry_id_equal(&notice.headlines[0].record, &record));
    assert_int_equal(world_items(world, WORKER, ITEM_DELIVERED), 0);
    assert_int_equal(world_items(world, GP, ITEM_DELIVERED), 1); /* who is involved now */
}

static void another_role_hears_nothing(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);

    take_on(world, &(const struct stint){ROLE_OPEN_CASE, 0, 0});

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void a_role_that_is_stated_again_hears_nothing_again(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);
    pass_days(world, 1);
    take_on(world, BECOMES_WORKER_TODAY);

    take_on(world, BECOMES_WORKER_TODAY);
    take_on(world, &(const struct stint){ROLE_ALLOCATED_WORKER, -1, 90});

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void what_was_taken_back_is_not_told(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    struct entry_id record = note_concern(world);
    retract(world, &record, ALIX);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void nothing_while_a_name_alone_says_that_it_is_the_child(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    state_named(world, GP, ALIX);
    state_named(world, WORKER, ALIX);
    (void)note_concern(world);
    pass_days(world, 1);

    take_on(world, BECOMES_WORKER_TODAY);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void a_role_that_begins_later_hears_on_its_day(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);

    take_on(world, &(const struct stint){ROLE_ALLOCATED_WORKER, 7, 0});
    pass_days(world, 6);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
    pass_days(world, 1);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
    pass_days(world, 1);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void a_beginning_that_was_put_off_is_heard_once(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);
    take_on(world, &(const struct stint){ROLE_ALLOCATED_WORKER, 3, 0});

    take_on(world, &(const struct stint){ROLE_ALLOCATED_WORKER, 7, 0});
    pass_days(world, 4);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
    pass_days(world, 4);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

#define OWN_NUMBER ((struct stated){TOKEN_LOCAL_ID, IDENTIFIER_WELL_FORMED, "own number"})

/* The worker knows the child by a number of its own alone, until it learns another. */
static void work_without_a_number(struct world *world)
{
    state_verified(world, GP, ALIX);
    state_child(world, WORKER, ALIX, &OWN_NUMBER, 1);
    (void)note_concern(world);
    take_on(world, BECOMES_WORKER_TODAY);
}

static void who_has_the_role_when_the_child_is_found_hears_of_what_was_stored(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    work_without_a_number(world);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);

    pass_days(world, 1);
    state_verified(world, WORKER, ALIX);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
    state_verified(world, WORKER, ALIX);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

static void but_of_nothing_older_than_the_rule_looks_back(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    state_verified(world, GP, ALIX);
    state_child(world, WORKER, ALIX, &OWN_NUMBER, 1);
    (void)note_concern(world);
    pass_days(world, 40);
    take_on(world, BECOMES_WORKER_TODAY);

    state_verified(world, WORKER, ALIX);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);
}

static void and_of_what_it_was_told_before_nothing_again(void **state)
{
    struct world *world = *state;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    (void)note_concern(world);
    take_on(world, BECOMES_WORKER_TODAY);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);

    state_verified(world, SCHOOL, ALIX);

    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
}

/* The practice says that the child is the one whom it expected, or that it is not. */
static void say_born(struct world *world, bool withdrawn)
{
    struct world_entry entry = {.header = {.kind = ENTRY_TIE}};
    const struct subject_id child = subject_of(GP, ALIX);
    const struct subject_id expected = subject_of(GP, BLAKE);
    entry.header.id = world_next_id(world, GP, LANE_NORMAL);
    entry.header.tie = (struct tie_header){.id = entry.header.id,
                                           .relationship = RELATIONSHIP_BORN,
                                           .until_day = TIE_OPEN,
                                           .withdrawn = withdrawn};
    memcpy(entry.header.tie.handle, child.handle, CAIRN_HANDLE_BYTES);
    memcpy(entry.header.tie.person, expected.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

static void what_a_link_had_told_is_said_to_be_anothers_when_it_is_undone(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    agree(world, EXISTENCE THIRTY);
    make_child(world);
    state_child(world, GP, BLAKE, &OWN_NUMBER, 1);
    (void)store_record(world, &(const struct world_record){.from = GP,
                                                           .child = BLAKE,
                                                           .day = day_of("2026-11-02"),
                                                           .record_kind = RECORD_CONCERN,
                                                           .code = CODE_NEGLECT_PHYSICAL});
    take_on(world, BECOMES_WORKER_TODAY);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 0);

    say_born(world, false);
    assert_int_equal(notices(world, WORKER, NOTICE_TOLD), 1);
    say_born(world, true);

    assert_true(world_notice(world, WORKER, NOTICE_LINK_UNDONE, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_true(slice_is_text(notice.headlines[0].class, "concern"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_new_worker_hears_of_what_was_stored_before),
        STORY(of_what_is_older_than_the_rule_looks_back_nothing),
        STORY(without_a_history_nothing_from_before_the_role),
        STORY(what_came_between_the_beginning_and_its_statement_is_told),
        STORY(content_from_before_is_a_headline_that_may_be_asked_for),
        STORY(another_role_hears_nothing),
        STORY(a_role_that_is_stated_again_hears_nothing_again),
        STORY(what_was_taken_back_is_not_told),
        STORY(nothing_while_a_name_alone_says_that_it_is_the_child),
        STORY(a_role_that_begins_later_hears_on_its_day),
        STORY(a_beginning_that_was_put_off_is_heard_once),
        STORY(who_has_the_role_when_the_child_is_found_hears_of_what_was_stored),
        STORY(what_a_link_had_told_is_said_to_be_anothers_when_it_is_undone),
        STORY(but_of_nothing_older_than_the_rule_looks_back),
        STORY(and_of_what_it_was_told_before_nothing_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
