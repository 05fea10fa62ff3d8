/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an entry of ours, from what the log told us and what the broker says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/api_view.h"
#include "support/member.h"
#include "support/stories.h"

struct story {
    struct world *world;
    struct member *hospital;
    struct entry_id record; /* of the hospital, immediate */
};

/* Of a missed appointment, so that patterns count it. */
static struct entry_id miss_urgently(struct world *world, const char *when)
{
    return store_record(world, &(struct world_record){.from = HOSPITAL,
                                                      .child = ALIX,
                                                      .day = day_of(when),
                                                      .urgency = URGENCY_IMMEDIATE});
}

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->hospital = member_new(story->world, HOSPITAL);
    state_verified(story->world, GP, ALIX);
    state_verified(story->world, HOSPITAL, ALIX);
    story->record = miss_urgently(story->world, "2026-06-10");
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    member_free(&story->hospital);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

static void open_it(struct world *world, uint64_t alert, const struct entry_id *record)
{
    struct world_entry decision;
    world_decision(world, MASH, alert, ACTION_OPEN, OUTCOME_NONE, &decision);
    if (record != NULL) {
        decision.header.decision.has_record = true;
        decision.header.decision.record = *record;
        decision.wire.n_grants = 0;
        world_refreeze(&decision);
    }
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_STORED);
}

/* What the hospital's people read, when the broker says that of the MASH. */
static void say(struct story *story, enum reader_state said, struct buf *out)
{
    const struct out_row row = {
        .state = OUT_STORED,
        .kind = ENTRY_RECORD,
        .record_kind = RECORD_MISSED_APPOINTMENT,
        .urgency = URGENCY_IMMEDIATE,
        .has_entry = true,
        .entry = story->record,
        .verdict = VERDICT_STORED,
    };
    struct view_readers readers = {.asked = true, .n = 1};
    _cleanup_(view_end) struct api_view view;
    _cleanup_(store_end) struct store_txn *txn = store_read(story->hospital->agent.store);
    struct json *object = json_object_new();
    view_begin(&story->hospital->agent, &view);
    readers.agencies[0] = MASH;
    readers.of[0] = (struct words_reader){.name = view_agency_name(&view, MASH), .state = said};
    view_set_state(object, &view, txn, &row, &readers);
    assert_int_equal(json_write(object, JSON_STYLE_COMPACT, out), 0);
    json_free(&object);
}

static void expect_telephone(struct story *story, enum reader_state said, bool expected)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(1U << 16);
    say(story, said, &text);
    assert_true((strstr(buf_text(&text), "\"telephone\"") != NULL) == expected);
    assert_true((strstr(buf_text(&text), "as a notice in the log says") != NULL) == !expected);
}

static void a_headline_of_what_was_destroyed_says_whom_to_ask(void **state)
{
    struct story *story = *state;
    _cleanup_(view_end) struct api_view view;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct wire_headline headline = {.class = slice_of_text("health-contact"),
                                     .origin_kind = slice_of_text("gp"),
                                     .event_day = 20000,
                                     .flags = HEADLINE_DESTROYED};
    view_begin(&story->hospital->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = store_read(story->hospital->agent.store);

    struct json *object = view_headline(&view, txn, &headline);

    assert_int_equal(json_write(object, JSON_STYLE_COMPACT, &text), 0);
    json_free(&object);
    assert_non_null(strstr(buf_text(&text), "\"destroyed\":true"));
    assert_non_null(strstr(buf_text(&text), "ask the agency that recorded it"));
}

static void the_broker_s_word_alone_does_not_end_the_telephone(void **state)
{
    struct story *story = *state;
    (void)member_fetch(story->hospital);

    expect_telephone(story, READER_DELIVERED, true);
    expect_telephone(story, READER_OPENED, true);
}

static void a_notice_in_the_log_ends_it_whatever_the_broker_says(void **state)
{
    struct story *story = *state;
    open_it(story->world, 0, &story->record);
    (void)member_fetch(story->hospital);

    expect_telephone(story, READER_OPENED, false);
    expect_telephone(story, READER_QUEUED, false);
}

static void an_alert_that_listed_it_before_it_was_opened_ends_it(void **state)
{
    struct story *story = *state;
    (void)miss(story->world, GP, ALIX, "2026-02-03");
    (void)miss(story->world, GP, ALIX, "2026-09-21");
    (void)member_fetch(story->hospital);
    expect_telephone(story, READER_OPENED, true);

    open_it(story->world, 1, NULL);
    (void)member_fetch(story->hospital);

    expect_telephone(story, READER_OPENED, false);
    expect_telephone(story, READER_DELIVERED, true); /* the alert's opening left it closed */
}

static void an_alert_that_listed_it_after_it_was_opened_does_not(void **state)
{
    struct story *story = *state;
    (void)miss(story->world, GP, ALIX, "2026-02-03");
    (void)miss(story->world, GP, ALIX, "2026-09-21");
    open_it(story->world, 1, NULL);
    story->record = miss_urgently(story->world, "2026-10-01");

    (void)member_fetch(story->hospital);

    expect_telephone(story, READER_OPENED, true);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_headline_of_what_was_destroyed_says_whom_to_ask),
        STORY(the_broker_s_word_alone_does_not_end_the_telephone),
        STORY(a_notice_in_the_log_ends_it_whatever_the_broker_says),
        STORY(an_alert_that_listed_it_before_it_was_opened_ends_it),
        STORY(an_alert_that_listed_it_after_it_was_opened_does_not),
    };
    return cmocka_run_group_tests_name("api view", tests, NULL, NULL);
}
