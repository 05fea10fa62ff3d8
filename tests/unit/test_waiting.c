/* SPDX-License-Identifier: Apache-2.0 */
/* What waits in a mailbox is judged again when agreements change or end: what may not go any more
 * does not, and whoever sent it hears so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker/waiting.h"
#include "support/replaying.h"
#include "support/stories.h"

static int tear_down(void **state)
{
    struct world *world = *state;
    expect_replay_is_the_same(world->store);
    world_free(&world);
    return 0;
}

/* Shared with the front door at once. */
static struct entry_id concern(struct world *world, enum urgency urgency)
{
    return store_record(world, &(const struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-02"),
                                                            .record_kind = RECORD_CONCERN,
                                                            .code = CODE_NEGLECT_PHYSICAL,
                                                            .level = 3,
                                                            .urgency = urgency});
}

static void publish_agreements(struct world *world, const char *text)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_add_text(&bytes, text);
    publish_document(world, GOVERNANCE_AGREEMENTS, &bytes);
}

static void stop_sharing(struct world *world)
{
    publish_agreements(
        world,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": []}");
}

static void what_waits_when_its_agreement_ends_is_not_delivered(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    (void)concern(world, URGENCY_ROUTINE);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);

    stop_sharing(world);

    assert_true(world_fetch(world, MASH, 0, &delivery));
    assert_int_equal(delivery.n_items, 1);
    assert_int_equal(delivery.items[0].position, 1);
    assert_int_equal(delivery.items[0].kind, ITEM_WITHHELD);
    assert_int_equal(delivery.items[0].payload.len, 0);
}

static void its_sender_hears_so_and_its_state_shows_it(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = concern(world, URGENCY_ROUTINE);
    assert_int_equal(reader_state_at(world, &record, MASH), READER_QUEUED);

    stop_sharing(world);

    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 1);
    assert_true(world_notice(world, SCHOOL, NOTICE_NOT_SHARED, 0, &notice));
    assert_int_equal(notice.agency, MASH);
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(reader_state_at(world, &record, MASH), READER_WITHHELD);
}

static void publish_existence(struct world *world)
{
    publish_agreements(world,
                       "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", "
                       "\"rules\": [{\"id\": \"concern\", \"records\": [\"concern\"], "
                       "\"recipient_kind\": \"mash\", \"urgency\": [\"routine\"], "
                       "\"effect\": \"share\", \"mode\": \"existence\"}]}");
}

static void who_is_told_that_it_exists_is_named_to_its_sender(void **state)
{
    struct world *world = *state;
    publish_existence(world);

    struct entry_id record = concern(world, URGENCY_ROUTINE);

    assert_int_equal(notices(world, MASH, NOTICE_TOLD), 1);
    assert_int_equal(reader_state_at(world, &record, MASH), READER_TOLD);
    assert_int_equal(reader_state_at(world, &record, GP), 0);
}

static void who_was_to_be_told_and_never_was_is_not_named(void **state)
{
    struct world *world = *state;
    publish_existence(world);
    struct entry_id record = concern(world, URGENCY_ROUTINE);

    stop_sharing(world);

    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), 1);
    assert_int_equal(reader_state_at(world, &record, MASH), 0);
}

static void a_sensitive_service_that_is_told_is_not_named(void **state)
{
    struct world *world = *state;
    publish_existence(world);
    struct entry_id record = concern(world, URGENCY_ROUTINE);

    change_directory(world, "\"id\": \"mash\", \"class\": \"front-door\"",
                     "\"id\": \"mash\", \"class\": \"front-door\", \"sensitive\": true");

    assert_int_equal(reader_state_at(world, &record, MASH), 0);
    assert_int_equal(reader_state_at(world, &record, 0), READER_TOLD);
}

static void the_log_says_at_the_same_position_that_it_was_withheld(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    struct leaf leaf;
    (void)concern(world, URGENCY_ROUTINE);

    stop_sharing(world);

    assert_true(world_fetch(world, MASH, 0, &delivery));
    assert_true(leaf_read(delivery.items[0].leaf, &leaf));
    assert_int_equal(leaf.type, LEAF_TOLD);
    assert_int_equal(leaf.agency, MASH);
    assert_int_equal(leaf.number, 1);
    assert_int_equal(leaf.detail, ITEM_WITHHELD);
    assert_int_equal(leaf.parts, 0);
}

static void what_is_immediate_stays_shared_for_ever(void **state)
{
    struct world *world = *state;
    struct entry_id record = concern(world, URGENCY_IMMEDIATE);

    stop_sharing(world);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), 0);
    assert_int_equal(reader_state_at(world, &record, MASH), READER_QUEUED);
    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 0);
}

static void another_version_that_still_allows_it_changes_nothing(void **state)
{
    struct world *world = *state;
    (void)concern(world, URGENCY_ROUTINE);

    change_document(world, GOVERNANCE_AGREEMENTS, "2027-11-30", "2027-12-31");

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), 0);
    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 0);
}

static void what_waits_when_the_agreements_expire_is_not_delivered(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_AGREEMENTS, "2027-11-30", "2026-11-22");
    (void)concern(world, URGENCY_ROUTINE);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);

    clock_fake_advance(&world->clock, INT64_C(4) * 86400 * 1000);
    world_turn(world);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), 1);
    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 1);
}

static void an_alert_that_waits_loses_what_may_not_be_known_any_more(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);

    stop_sharing(world);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
    struct alert_row alert = alert_row_of(world, 1);
    for (size_t i = 0; i < alert.n_addressees; i++) {
        assert_true(alert.addressees[i].agency != MASH || alert.addressees[i].told == 0);
    }
}

static void an_account_that_was_released_and_waits_is_judged_too(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);

    stop_sharing(world);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 0);
}

static void what_was_acknowledged_before_is_not_touched(void **state)
{
    struct world *world = *state;
    struct world_entry acknowledgement;
    struct entry_id record = concern(world, URGENCY_ROUTINE);
    world_acknowledgement(world, MASH, 1, &acknowledgement);
    assert_int_equal(world_send_one(world, MASH, &acknowledgement), VERDICT_STORED);

    stop_sharing(world);

    assert_int_equal(reader_state_at(world, &record, MASH), READER_DELIVERED);
    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 0);
}

static void nobody_who_was_never_told_is_told_that_it_was_taken_back(void **state)
{
    struct world *world = *state;
    struct entry_id record = concern(world, URGENCY_ROUTINE);
    stop_sharing(world);

    retract(world, &record, ALIX);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
    assert_int_equal(notices(world, MASH, NOTICE_RETRACTED), 0);
}

/* Its card came before; only the account, released later, waits and is withheld. */
static void who_has_its_card_is_told_that_it_was_taken_back(void **state)
{
    struct world *world = *state;
    struct world_entry acknowledgement;
    three_missed(world, ALIX);
    world_acknowledgement(world, MASH,
                          world_items(world, MASH, ITEM_DELIVERED) +
                              world_items(world, MASH, ITEM_NOTICE),
                          &acknowledgement);
    assert_int_equal(world_send_one(world, MASH, &acknowledgement), VERDICT_STORED);
    struct entry_id record = alert_row_of(world, 1).records[0].entry;
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    stop_sharing(world);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 0);

    retract(world, &record, ALIX);
    clock_fake_advance(&world->clock, INT64_C(1) * 86400 * 1000);
    world_turn(world);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
    assert_int_equal(notices(world, MASH, NOTICE_RETRACTED), 1);
}

static void nothing_goes_that_documents_in_force_forbid_before_it_was_judged(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    (void)concern(world, URGENCY_ROUTINE);
    struct governance *before = governance_ref(world->commit.governance);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_add_text(&text, "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", "
                        "\"rules\": []}");

    assert_int_equal(governing_offer(&world->governing, GOVERNANCE_AGREEMENTS, 2, buf_slice(&text)),
                     GOVERN_ACCEPTED);
    board_set_governance(world->board, world->governing.governance);

    assert_false(world_fetch(world, MASH, 0, &delivery));
    board_set_governance(world->board, before);
    assert_true(world_fetch(world, MASH, 0, &delivery));
    assert_int_equal(delivery.items[0].kind, ITEM_DELIVERED);
    governance_unref(&before);
}

static void more_than_one_batch_may_judge_is_judged_by_the_next_ones(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < CAIRN_JUDGED_PER_BATCH + 8; i++) {
        (void)concern(world, URGENCY_ROUTINE);
    }
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), CAIRN_JUDGED_PER_BATCH + 8);

    stop_sharing(world);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), CAIRN_JUDGED_PER_BATCH + 8);
}

static size_t withheld(struct store_txn *txn)
{
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_MAILBOX, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk)) {
        struct mailbox_row row;
        assert_true(mailbox_row_unpack(walk.value, &row));
        n += row.kind == ITEM_WITHHELD ? 1 : 0;
    }
    return n;
}

static void judging_that_is_asked_for_again_and_again_comes_to_the_last_row(void **state)
{
    struct world *world = *state;
    const size_t rows = 3 * CAIRN_JUDGED_PER_BATCH;
    struct apply apply;
    change_document(world, GOVERNANCE_AGREEMENTS, "2027-11-30", "2026-11-22");
    for (size_t i = 0; i < rows; i++) {
        (void)concern(world, URGENCY_ROUTINE);
    }
    clock_fake_advance(&world->clock, INT64_C(4) * 86400 * 1000);
    const struct batch_head head = {.time_ms = clock_real_ms(&world->clock.clock)};
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    assert_int_equal(apply_begin(&apply, txn, 99999, &head, world->commit.governance), 0);

    for (int slice = 0; slice < 4; slice++) {
        waiting_judge_again(&apply);
        waiting_judge(&apply);
    }

    assert_int_equal(withheld(txn), rows);
    apply_end(&apply);
}

static void what_was_not_judged_before_a_restart_is_judged_after_it(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_AGREEMENTS, "2027-11-30", "2026-11-22");
    (void)concern(world, URGENCY_ROUTINE);
    clock_fake_advance(&world->clock, INT64_C(4) * 86400 * 1000);

    assert_int_equal(world_restart(world), 0);
    world_turn(world);

    assert_int_equal(world_items(world, MASH, ITEM_WITHHELD), 1);
}

static void share_with_the_circle(struct world *world)
{
    publish_agreements(world,
                       "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", "
                       "\"rules\": [{\"id\": \"circle\", \"records\": [\"concern\"], "
                       "\"recipient_roles\": [\"any\"], \"urgency\": [\"routine\"], "
                       "\"effect\": \"share\", \"mode\": \"content\"}]}");
}

/* The hospital knows a child by its name alone, and is sent what the school says of that child. */
static void what_waits_by_a_name_does_not_go_once_a_person_says_it_is_another_child(void **state)
{
    struct world *world = *state;
    share_with_the_circle(world);
    state_verified(world, SCHOOL, ALIX);
    state_named(world, HOSPITAL, ALIX);
    involve(world, SCHOOL, ALIX);
    involve(world, HOSPITAL, ALIX);
    struct entry_id record = concern(world, URGENCY_ROUTINE);
    assert_int_equal(reader_state_at(world, &record, HOSPITAL), READER_QUEUED);
    const struct world_link another = {.action = ACTION_UNDO_LINK, .record = &record};

    assert_int_equal(decide_link(world, HOSPITAL, &another), VERDICT_STORED);

    assert_int_equal(reader_state_at(world, &record, HOSPITAL), READER_WITHHELD);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_WITHHELD), 1);
    assert_int_equal(notices(world, SCHOOL, NOTICE_NOT_SHARED), 1);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_LINK_UNDONE), 1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_waits_when_its_agreement_ends_is_not_delivered),
        STORY(its_sender_hears_so_and_its_state_shows_it),
        STORY(who_is_told_that_it_exists_is_named_to_its_sender),
        STORY(who_was_to_be_told_and_never_was_is_not_named),
        STORY(a_sensitive_service_that_is_told_is_not_named),
        STORY(the_log_says_at_the_same_position_that_it_was_withheld),
        STORY(what_is_immediate_stays_shared_for_ever),
        STORY(another_version_that_still_allows_it_changes_nothing),
        STORY(what_waits_when_the_agreements_expire_is_not_delivered),
        STORY(an_alert_that_waits_loses_what_may_not_be_known_any_more),
        STORY(an_account_that_was_released_and_waits_is_judged_too),
        STORY(what_was_acknowledged_before_is_not_touched),
        STORY(nobody_who_was_never_told_is_told_that_it_was_taken_back),
        STORY(who_has_its_card_is_told_that_it_was_taken_back),
        STORY(nothing_goes_that_documents_in_force_forbid_before_it_was_judged),
        STORY(what_waits_by_a_name_does_not_go_once_a_person_says_it_is_another_child),
        STORY(more_than_one_batch_may_judge_is_judged_by_the_next_ones),
        STORY(judging_that_is_asked_for_again_and_again_comes_to_the_last_row),
        STORY(what_was_not_judged_before_a_restart_is_judged_after_it),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
