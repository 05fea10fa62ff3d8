/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/alerts.h"
#include "agents/core/inbox.h"
#include "agents/core/open.h"
#include "base/date.h"
#include "support/member.h"
#include "support/stories.h"

#define CARD    "{\"given_name\":\"Alix\"}"
#define ACCOUNT "{\"summary\":\"was not brought\"}"

struct story {
    struct world *world;
    struct member *mash;
};

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->mash = member_new(story->world, MASH);
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    member_free(&story->mash);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

/* --- verbs --- */

static struct entry_id share(struct story *story)
{
    int32_t day = instant_london_day(story->world->clock.real_ms);
    struct entry_id id =
        store_record(story->world, &(struct world_record){.from = SCHOOL,
                                                          .child = ALIX,
                                                          .day = day,
                                                          .record_kind = RECORD_CONCERN,
                                                          .code = CODE_OTHER_CONCERN,
                                                          .urgency = URGENCY_IMMEDIATE});
    (void)member_fetch(story->mash);
    return id;
}

/* Three missed appointments, kept for the MASH until an alert is opened. Returns the last. */
static struct entry_id keep_three(struct story *story)
{
    struct world_entry entry;
    struct entry_id last = {.seq = 0};
    int32_t today = instant_london_day(story->world->clock.real_ms);
    world_statement(story->world, GP, ALIX, true, &entry);
    assert_int_equal(world_send_one(story->world, GP, &entry), VERDICT_STORED);
    for (int32_t i = 0; i < 3; i++) {
        last = store_record(
            story->world,
            &(struct world_record){.from = GP, .child = ALIX, .day = today - 90 + 30 * i});
    }
    (void)member_fetch(story->mash);
    return last;
}

/* The broker releases the accounts, as it does when a front door's decision reaches it. */
static void release(struct story *story)
{
    struct world_entry decision;
    world_decision(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &decision);
    assert_int_equal(world_send_one(story->world, MASH, &decision), VERDICT_STORED);
    (void)member_fetch(story->mash);
}

static void decide_alert(struct member *member, uint64_t alert)
{
    const struct reference reference = {.bytes = {1}};
    struct store_txn *txn = store_begin(member->agent.store);
    known_alert_decided(txn, alert, &reference, 1000);
    assert_int_equal(agent_commit(&txn), 0);
}

static void decide_record(struct member *member, const struct entry_id *record)
{
    const struct reference reference = {.bytes = {1}};
    struct store_txn *txn = store_begin(member->agent.store);
    received_decided(txn, record, &reference, 1000);
    assert_int_equal(agent_commit(&txn), 0);
}

/* Opens a part and compares its text; NULL: whatever it says. */
static enum open_result open_it(struct member *member, const struct entry_id *record,
                                enum part part, const char *expected)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    const struct opening opening = {.agent = &member->agent, .txn = txn, .own = member->number};
    struct wire_delivered delivered;
    uint8_t flags;
    assert_true(received_entry(txn, record, &arena, &delivered, &flags));
    enum open_result result = open_part(&opening, &delivered, part, &text);
    if (result == OPEN_DONE && expected != NULL) {
        assert_string_equal(buf_text(&text), expected);
    }
    if (result != OPEN_DONE) {
        assert_int_equal(text.len, 0);
    }
    if (result != OPEN_DOES_NOT_OPEN) {
        assert_int_equal(open_may(&opening, &delivered, part), result);
    }
    return result;
}

/* --- stories --- */

static void a_card_opens_at_once(void **state)
{
    struct story *story = *state;
    struct entry_id record = keep_three(story);

    assert_int_equal(open_it(story->mash, &record, PART_CARD, CARD), OPEN_DONE);
}

static void a_kept_account_has_no_grant_before_it_is_released(void **state)
{
    struct story *story = *state;
    struct entry_id record = keep_three(story);

    decide_alert(story->mash, 1);

    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, NULL), OPEN_NO_GRANT);
}

static void a_released_account_stays_closed_until_somebody_here_gave_a_reason(void **state)
{
    struct story *story = *state;
    struct entry_id record = keep_three(story);

    release(story);
    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, NULL), OPEN_NEEDS_DECISION);

    decide_alert(story->mash, 1);
    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, ACCOUNT), OPEN_DONE);
}

static void a_decision_about_another_alert_opens_nothing(void **state)
{
    struct story *story = *state;
    struct entry_id record = keep_three(story);
    release(story);

    decide_alert(story->mash, 2);

    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, NULL), OPEN_NEEDS_DECISION);
}

static void a_shared_account_stays_closed_until_somebody_here_gave_a_reason(void **state)
{
    struct story *story = *state;
    struct entry_id record = share(story);
    struct entry_id other = share(story);

    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, NULL), OPEN_NEEDS_DECISION);

    decide_record(story->mash, &record);
    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, ACCOUNT), OPEN_DONE);
    assert_int_equal(open_it(story->mash, &other, PART_ACCOUNT, NULL), OPEN_NEEDS_DECISION);
}

static void a_reason_on_disk_holds_after_a_restart(void **state)
{
    struct story *story = *state;
    struct entry_id record = share(story);
    decide_record(story->mash, &record);

    member_restart(story->mash);

    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, ACCOUNT), OPEN_DONE);
}

static void what_a_decider_lets_us_read_opens_at_once(void **state)
{
    struct story *story = *state;
    struct member *gp = member_new(story->world, GP);
    struct world_entry decision;
    (void)keep_three(story);
    world_decision(story->world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &decision);
    assert_int_equal(world_send_one(story->world, MASH, &decision), VERDICT_STORED);
    (void)member_fetch(gp);

    assert_int_equal(open_it(gp, &decision.header.id, PART_ACCOUNT,
                             "{\"name\":\"A Screener\",\"reason\":\"three missed appointments\"}"),
                     OPEN_DONE);
    assert_int_equal(open_it(gp, &decision.header.id, PART_CARD, NULL), OPEN_NOT_SEALED);
    member_free(&gp);
}

static void another_opening_key_is_told_apart_from_a_broken_one(void **state)
{
    struct story *story = *state;
    struct entry_id record = share(story);

    story->mash->agent.keys.sets[0].open_key_id++;

    assert_int_equal(open_it(story->mash, &record, PART_CARD, NULL), OPEN_OTHER_KEY);
}

static void put_grant(struct member *member, const struct entry_id *record, enum part part,
                      const struct held_grant *grant)
{
    uint8_t storage[4 + GRANT_BYTES + 8];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = agent_key_entry(record);
    struct store_txn *txn = store_begin(member->agent.store);
    key.bytes[key.len++] = (uint8_t)part;
    write_u32(&writer, grant->key_id);
    write_bytes(&writer, grant->sealed, sizeof(grant->sealed));
    write_u64(&writer, grant->alert);
    store_put(txn, AT_RELEASED, store_key_slice(&key), writer_slice(&writer));
    assert_int_equal(agent_commit(&txn), 0);
}

static struct held_grant get_grant(struct member *member, const struct entry_id *record,
                                   enum part part)
{
    struct held_grant grant;
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    assert_true(held_grant_get(txn, record, part, &grant));
    return grant;
}

static void a_grant_opens_only_the_part_and_record_it_was_made_for(void **state)
{
    struct story *story = *state;
    struct entry_id record = share(story);
    struct entry_id other = share(story);
    struct held_grant card = get_grant(story->mash, &record, PART_CARD);
    struct held_grant elsewhere = get_grant(story->mash, &other, PART_CARD);
    struct held_grant flipped = card;
    decide_record(story->mash, &record);
    flipped.sealed[50] ^= 1;

    put_grant(story->mash, &record, PART_CARD, &elsewhere);
    assert_int_equal(open_it(story->mash, &record, PART_CARD, NULL), OPEN_DOES_NOT_OPEN);
    put_grant(story->mash, &record, PART_ACCOUNT, &card);
    assert_int_equal(open_it(story->mash, &record, PART_ACCOUNT, NULL), OPEN_DOES_NOT_OPEN);
    put_grant(story->mash, &record, PART_CARD, &flipped);
    assert_int_equal(open_it(story->mash, &record, PART_CARD, NULL), OPEN_DOES_NOT_OPEN);
    put_grant(story->mash, &record, PART_CARD, &card);
    assert_int_equal(open_it(story->mash, &record, PART_CARD, CARD), OPEN_DONE);
}

static void another_agency_cannot_use_our_grant(void **state)
{
    struct story *story = *state;
    struct entry_id record = share(story);

    story->mash->number = GP;

    assert_int_equal(open_it(story->mash, &record, PART_CARD, NULL), OPEN_DOES_NOT_OPEN);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_card_opens_at_once),
        STORY(a_kept_account_has_no_grant_before_it_is_released),
        STORY(a_released_account_stays_closed_until_somebody_here_gave_a_reason),
        STORY(a_decision_about_another_alert_opens_nothing),
        STORY(a_shared_account_stays_closed_until_somebody_here_gave_a_reason),
        STORY(a_reason_on_disk_holds_after_a_restart),
        STORY(what_a_decider_lets_us_read_opens_at_once),
        STORY(another_opening_key_is_told_apart_from_a_broken_one),
        STORY(a_grant_opens_only_the_part_and_record_it_was_made_for),
        STORY(another_agency_cannot_use_our_grant),
    };
    return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
