/* SPDX-License-Identifier: Apache-2.0 */
/* What an agency is sent, as much as it asked for, and that nobody waits for anybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/mailbox.h"
#include "crypto/digest.h"
#include "support/stories.h"

static void ask(struct world *world, uint32_t agency, const struct wire_fetch *fetch)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH, .correlation = agency};
    wire_frame_begin(&frame, &header);
    wire_fetch_write(fetch, &frame);
    wire_frame_end(&frame);
    world_receive(world, agency, buf_slice(&frame));
}

static bool delivered_to(struct world *world, uint32_t agency, struct wire_delivery *ret)
{
    struct slice payload = world_letter(world, agency, WIRE_DELIVERY);
    arena_reset(&world->arena);
    if (payload.len == 0) {
        return false;
    }
    assert_true(wire_delivery_read(payload, &world->arena, ret));
    return true;
}

static bool fetched(struct world *world, uint32_t agency, uint64_t after, uint32_t credit,
                    struct wire_delivery *ret)
{
    const struct wire_fetch fetch = {.after = after, .credit = credit};
    world_forget_letters(world);
    ask(world, agency, &fetch);
    world_turn(world);
    return delivered_to(world, agency, ret);
}

static void refer(struct world *world, int child)
{
    const struct world_record referral = {.from = GP,
                                          .child = child,
                                          .day = day_of("2026-11-20"),
                                          .record_kind = RECORD_REFERRAL,
                                          .urgency = URGENCY_SAME_DAY};
    (void)store_record(world, &referral);
}

/* --- as much as was asked for --- */

static void a_fetch_gets_no_more_items_than_its_credit(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    three_missed(world, ALIX); /* three cards and a notice for the MASH */

    assert_true(fetched(world, MASH, 0, 3, &delivery));
    assert_int_equal(delivery.n_items, 3);
    assert_true(fetched(world, MASH, 3, 3, &delivery));
    assert_int_equal(delivery.n_items, 1);

    assert_int_equal(delivery.items[0].position, 4);
}

static void a_fetch_without_credit_gets_nothing(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    three_missed(world, ALIX);

    assert_false(fetched(world, MASH, 0, 0, &delivery));
}

static void a_fetch_is_answered_once_and_what_comes_later_waits_for_the_next(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    refer(world, ALIX);
    assert_true(fetched(world, MASH, 0, 64, &delivery));
    assert_int_equal(delivery.n_items, 1);

    refer(world, BLAKE);
    assert_false(delivered_to(world, MASH, &delivery));

    assert_true(fetched(world, MASH, 1, 64, &delivery));
    assert_int_equal(delivery.n_items, 1);
}

static void a_fetch_that_finds_nothing_is_answered_when_something_comes(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    struct wire_header header;
    assert_false(fetched(world, MASH, 0, 64, &delivery));

    refer(world, ALIX);

    assert_true(delivered_to(world, MASH, &delivery));
    const struct world_letter *letter = &world->letters[world->n_letters - 1];
    assert_true(wire_header_read(net_frame_slice(&letter->frame), &header));
    assert_int_equal(header.correlation, MASH); /* of the fetch that it answers */
}

static void the_newest_connection_of_an_agency_is_the_one_that_is_sent_to(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    assert_false(fetched(world, MASH, 0, 64, &delivery));
    assert_false(fetched(world, MASH, 0, 64, &delivery));

    refer(world, ALIX);

    assert_true(delivered_to(world, MASH, &delivery));
    assert_false(delivered_to(world, MASH, &delivery));
    assert_int_equal(world->publish.n_subscriptions, 1);
}

static void a_revoked_agency_gets_nothing_more_over_an_open_connection(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    three_missed(world, ALIX);
    assert_false(fetched(world, MASH, 99, 64, &delivery)); /* its fetch waits */
    const struct wire_fetch all = {.credit = 64};
    ask(world, MASH, &all);
    world_forget_letters(world);

    world_revoke(world, 1U << MASH);
    world_forget_letters(world);
    const struct wire_fetch again = {.credit = 64};
    ask(world, MASH, &again);
    world_turn(world);

    assert_false(delivered_to(world, MASH, &delivery));
    assert_true(world_letter(world, MASH, WIRE_ERROR).len > 0);
}

static void a_fetch_that_waits_over_a_connection_whose_key_was_revoked_gets_nothing(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    assert_false(fetched(world, MASH, 0, 64, &delivery)); /* it waits */
    world_revoke_transport(world, MASH);
    world_forget_letters(world);

    three_missed(world, ALIX);

    assert_false(delivered_to(world, MASH, &delivery));
    assert_true(world_items(world, HOSPITAL, ITEM_NOTICE) > 0);
}

/* --- bounds --- */

/* Notices of many headlines: some 6 KiB each, so that not all of a credit fit a frame. */
static void write_large_notices(struct world *world, uint32_t agency, int n)
{
    static struct wire_headline headlines[CAIRN_ALERT_RECORDS_MAX];
    const struct batch_head head = {.apply_version = APPLY_VERSION, .time_ms = 1795165300000};
    struct store_txn *txn = store_begin(world->store);
    struct apply apply;
    assert_int_equal(apply_begin(&apply, txn, world->commit.batch, &head, world->commit.governance),
                     0);
    for (size_t i = 0; i < ARRAY_LEN(headlines); i++) {
        headlines[i] = (struct wire_headline){.has_record = true,
                                              .record = {GP, 9, i + 1},
                                              .record_kind = RECORD_MISSED_APPOINTMENT,
                                              .code = CODE_WAS_NOT_BROUGHT,
                                              .class = slice_of_text("health-contact"),
                                              .origin_kind = slice_of_text("gp"),
                                              .origin = GP,
                                              .event_day = 20000};
    }
    for (int i = 0; i < n; i++) {
        const struct wire_notice notice = {.type = NOTICE_EXTENDED,
                                           .alert = 1,
                                           .revision = 2,
                                           .pattern = slice_of_text("some-pattern"),
                                           .rule_version = 1,
                                           .n_headlines = ARRAY_LEN(headlines),
                                           .headlines = headlines,
                                           .time_ms = apply.time_ms};
        mailbox_notice(&apply, agency, &notice);
    }
    apply_end(&apply);
    assert_int_equal(store_commit(&txn), 0);
}

static void a_delivery_fits_a_frame_and_the_rest_follows(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    uint64_t last = 0;
    size_t deliveries = 0;
    write_large_notices(world, SCHOOL, 64);
    refer(world, ALIX); /* a batch of the broker's own, whose head covers them */

    while (last < 64) {
        assert_true(fetched(world, SCHOOL, last, 64, &delivery));
        const struct world_letter *letter = &world->letters[world->n_letters - 1];
        assert_true(net_frame_slice(&letter->frame).len <= CAIRN_FRAME_MAX_BYTES);
        assert_int_equal(delivery.items[0].position, last + 1);
        last = delivery.items[delivery.n_items - 1].position;
        deliveries++;
    }

    assert_int_equal(last, 64);
    assert_true(deliveries > 1);
}

static void rows_beyond_the_signed_head_wait_for_the_next_one(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    write_large_notices(world, SCHOOL, 1); /* on disk, but no head was signed for it */

    assert_false(fetched(world, SCHOOL, 0, 64, &delivery));
    refer(world, ALIX);

    assert_true(delivered_to(world, SCHOOL, &delivery));
}

static void a_full_queue_to_net_keeps_one_delivery_and_loses_none(void **state)
{
    struct world *world = *state;
    struct letter letter = {.frame = NET_FRAME_NULL};
    struct wire_delivery delivery;
    three_missed(world, ALIX);
    world_forget_letters(world);
    for (int i = 0; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
        struct letter filler = {.peer = {.agency = STRANGER}, .frame = NET_FRAME_NULL};
        net_frame_copy(&filler.frame, slice_of_text("filler"));
        assert_true(pipeline_post(world->pipeline, &filler));
    }
    const struct wire_fetch fetch = {.credit = 64};
    ask(world, MASH, &fetch);
    ask(world, GP, &fetch);

    (void)publish_step(&world->publish);
    assert_true(world->publish.has_letter);
    assert_false(publish_step(&world->publish));

    for (int i = 0; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
        assert_true(pipeline_posted(world->pipeline, &letter));
        net_frame_deinit(&letter.frame);
    }
    world_turn(world);
    assert_true(delivered_to(world, MASH, &delivery));
    assert_int_equal(delivery.n_items, 4);
    assert_true(delivered_to(world, GP, &delivery));
}

/* --- what a delivered record can prove --- */

static struct wire_delivered first_delivered(struct world *world, uint32_t agency)
{
    struct wire_delivery delivery;
    struct wire_delivered delivered;
    assert_true(fetched(world, agency, 0, 64, &delivery));
    for (size_t i = 0; i < delivery.n_items; i++) {
        if (delivery.items[i].kind == ITEM_DELIVERED) {
            assert_true(wire_delivered_read(delivery.items[i].payload, &world->arena, &delivered));
            return delivered;
        }
    }
    fail();
    return (struct wire_delivered){.index = 0};
}

static void a_delivered_record_carries_its_origins_signature_and_nothing_of_its_neighbours(
    void **state)
{
    struct world *world = *state;
    static struct world_entry entries[5];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        const struct world_record record = {.from = GP,
                                            .child = i == 3 ? ALIX : BLAKE,
                                            .day = day_of("2026-11-20"),
                                            .record_kind =
                                                i == 3 ? RECORD_REFERRAL : RECORD_CASE_NOTE,
                                            .urgency = URGENCY_ROUTINE};
        world_record(world, &record, &entries[i]);
        entries[i].header.id = (struct entry_id){.agency = GP, .stream = 77, .seq = i + 1};
        entries[i].header.record.id = entries[i].header.id;
        world_refreeze(&entries[i]);
    }
    const struct world_parcel parcel = {.agency = GP, .n = 5, .entries = entries};
    (void)world_send(world, &parcel);

    struct wire_delivered delivered = first_delivered(world, MASH);

    struct parcel_head head;
    struct hash item;
    struct hash digest;
    struct hash leaf;
    assert_true(wire_parcel_head_read(delivered.head, &world->arena, &head));
    wire_item_digest(delivered.header, delivered.body, &item);
    wire_entry_digest(&item, &delivered.grants_digest, &digest);
    tree_leaf(SLICE_OF(digest.bytes), &leaf);
    const struct tree_inclusion claim = {
        .index = delivered.index, .size = head.entries, .leaf = &leaf, .root = &head.root};
    assert_int_equal(delivered.index, 3);
    assert_true(tree_check_inclusion(&claim, &delivered.path));
    const struct agency *origin = directory_agency(&world->governing.governance->directory, GP);
    const struct agency_key *key = agency_sign_key(origin, head.key_id);
    assert_true(verifier_check(key->verifier, SIGN_PARCEL, delivered.head, delivered.signature));
    assert_int_equal(delivered.n_grants, 2);
    for (size_t i = 0; i < delivered.n_grants; i++) {
        assert_int_equal(delivered.grants[i].recipient, MASH);
    }
}

static void a_reader_is_told_its_own_handle_for_the_child(void **state)
{
    struct world *world = *state;
    state_verified(world, MASH, ALIX);
    state_verified(world, GP, ALIX);
    refer(world, ALIX);

    struct wire_delivered delivered = first_delivered(world, MASH);

    const struct subject_id own = subject_of(MASH, ALIX);
    assert_true(delivered.has_handle);
    assert_memory_equal(delivered.handle, own.handle, CAIRN_HANDLE_BYTES);
}

static void the_positions_of_a_mailbox_have_no_gaps(void **state)
{
    struct world *world = *state;
    struct wire_delivery delivery;
    uint64_t last = 0;
    three_missed(world, ALIX);
    refer(world, BLAKE);
    (void)decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE);

    while (fetched(world, MASH, last, 2, &delivery)) {
        for (size_t i = 0; i < delivery.n_items; i++) {
            assert_int_equal(delivery.items[i].position, ++last);
        }
    }

    assert_true(last > 8);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_fetch_gets_no_more_items_than_its_credit),
        STORY(a_fetch_without_credit_gets_nothing),
        STORY(a_fetch_is_answered_once_and_what_comes_later_waits_for_the_next),
        STORY(a_fetch_that_finds_nothing_is_answered_when_something_comes),
        STORY(the_newest_connection_of_an_agency_is_the_one_that_is_sent_to),
        STORY(a_revoked_agency_gets_nothing_more_over_an_open_connection),
        STORY(a_fetch_that_waits_over_a_connection_whose_key_was_revoked_gets_nothing),
        STORY(a_delivery_fits_a_frame_and_the_rest_follows),
        STORY(rows_beyond_the_signed_head_wait_for_the_next_one),
        STORY(a_full_queue_to_net_keeps_one_delivery_and_loses_none),
        STORY(a_delivered_record_carries_its_origins_signature_and_nothing_of_its_neighbours),
        STORY(a_reader_is_told_its_own_handle_for_the_child),
        STORY(the_positions_of_a_mailbox_have_no_gaps),
    };
    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
