/* SPDX-License-Identifier: Apache-2.0 */
/* Tellings: positions, leaves, what is told once, and what goes when it was acknowledged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/mailbox.h"
#include "crypto/digest.h"
#include "support/stories.h"

struct scene {
    struct world *world;
    struct store_txn *txn;
    struct apply apply; /* a batch that no journal knows */
};

static struct scene scene;

static int set_up(void **state)
{
    const struct batch_head head = {.apply_version = APPLY_VERSION, .time_ms = 1795165300000};
    memset(&scene, 0, sizeof(scene));
    scene.world = world_new();
    scene.txn = store_begin(scene.world->store);
    assert_non_null(scene.txn);
    assert_int_equal(
        apply_begin(&scene.apply, scene.txn, 99, &head, scene.world->commit.governance), 0);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(store_fault(scene.txn), 0);
    apply_end(&scene.apply);
    store_end(&scene.txn);
    world_free(&scene.world);
    return 0;
}

static const struct entry_id record = {.agency = GP, .stream = 3, .seq = 5};
static const struct hash item = {.bytes = {0x11, 0x22}};
static const uint8_t card = PART_BIT(PART_CARD);
static const uint8_t account = PART_BIT(PART_ACCOUNT);

static bool row_at(uint32_t agency, uint64_t position, struct mailbox_row *ret)
{
    struct store_key key = key_mailbox(agency, position);
    struct slice value;
    return store_get(scene.txn, T_MAILBOX, store_key_slice(&key), &value) &&
           mailbox_row_unpack(value, ret);
}

static struct leaf leaf_of(const struct mailbox_row *row)
{
    struct slice bytes;
    struct leaf leaf;
    assert_int_equal(log_leaf(scene.txn, T_LOG, row->told, &bytes), 0);
    assert_true(leaf_read(bytes, &leaf));
    return leaf;
}

static uint64_t next_position(uint32_t agency)
{
    struct agency_row row;
    agency_row_get(scene.txn, agency, &row);
    return row.next_position;
}

static void tell(uint32_t agency)
{
    const struct wire_notice notice = {.type = NOTICE_RECORD_OPENED,
                                       .agency = MASH,
                                       .has_record = true,
                                       .record = record,
                                       .time_ms = scene.apply.time_ms};
    mailbox_notice(&scene.apply, agency, &notice);
}

static bool acknowledge(uint32_t agency, uint64_t position)
{
    const struct acknowledgement_header header = {.id = {.agency = agency}, .position = position};
    return mailbox_acknowledge(&scene.apply, &header, 0);
}

static void deliver(uint8_t parts, uint8_t flags)
{
    const struct telling telling = {
        .entry = &record, .item = &item, .parts = parts, .flags = flags};
    mailbox_deliver(&scene.apply, MASH, &telling);
}

static void release(uint8_t parts, uint64_t alert)
{
    const struct telling telling = {
        .entry = &record, .item = &item, .parts = parts, .alert = alert};
    mailbox_release(&scene.apply, MASH, &telling);
}

static void each_telling_has_the_next_position_and_a_leaf_that_names_it(void **state)
{
    struct mailbox_row row;
    (void)state;

    deliver(card, DELIVERED_PROVISIONAL);
    release(account, 7);

    assert_true(row_at(MASH, 1, &row));
    assert_int_equal(row.kind, ITEM_DELIVERED);
    assert_int_equal(row.parts, card);
    assert_int_equal(row.flags, DELIVERED_PROVISIONAL);
    struct leaf leaf = leaf_of(&row);
    assert_int_equal(leaf.type, LEAF_TOLD);
    assert_int_equal(leaf.agency, MASH);
    assert_int_equal(leaf.number, 1);
    assert_int_equal(leaf.detail, ITEM_DELIVERED);
    assert_true(hash_equal(&leaf.digest, &item));
    assert_int_equal(leaf.parts, card);
    assert_int_equal(leaf.alert, 0);
    assert_true(row_at(MASH, 2, &row));
    assert_int_equal(row.kind, ITEM_RELEASE);
    assert_int_equal(row.alert, 7);
    leaf = leaf_of(&row);
    assert_int_equal(leaf.number, 2);
    assert_int_equal(leaf.parts, account);
    assert_int_equal(leaf.alert, 7);
}

static void the_leaf_of_a_notice_holds_the_digest_of_its_bytes(void **state)
{
    struct mailbox_row row;
    struct hash digest;
    (void)state;

    tell(SCHOOL);

    assert_true(row_at(SCHOOL, 1, &row));
    sha256(row.notice, digest.bytes);
    struct leaf leaf = leaf_of(&row);
    assert_true(hash_equal(&leaf.digest, &digest));
}

static void agencies_have_mailboxes_of_their_own(void **state)
{
    struct mailbox_row row;
    (void)state;

    tell(SCHOOL);
    tell(MASH);
    tell(SCHOOL);

    assert_int_equal(next_position(SCHOOL), 3);
    assert_int_equal(next_position(MASH), 2);
    assert_false(row_at(HOSPITAL, 1, &row));
}

static void the_same_parts_are_delivered_once_and_new_ones_again(void **state)
{
    struct mailbox_row row;
    struct reader_row reader;
    (void)state;

    deliver(card, 0);
    deliver(card, 0);
    assert_int_equal(next_position(MASH), 2);
    deliver(card | account, 0);
    deliver(account, 0);

    assert_int_equal(next_position(MASH), 3);
    assert_true(row_at(MASH, 2, &row));
    assert_int_equal(row.parts, card | account);
    assert_true(reader_row_get(scene.txn, &record, MASH, &reader));
    assert_int_equal(reader.parts, card | account);
    assert_int_equal(reader.position, 2);
    assert_false(reader.opened);
}

static void a_release_is_an_opening(void **state)
{
    struct reader_row reader;
    (void)state;
    deliver(card, 0);

    release(account, 1);

    assert_true(reader_row_get(scene.txn, &record, MASH, &reader));
    assert_true(reader.opened);
    assert_int_equal(reader.parts, card | account);
}

static void an_acknowledgement_is_cumulative_and_takes_its_rows_away(void **state)
{
    struct mailbox_row row;
    (void)state;
    for (int i = 0; i < 5; i++) {
        tell(MASH);
    }
    tell(SCHOOL);

    assert_true(acknowledge(MASH, 3));

    assert_false(row_at(MASH, 1, &row));
    assert_false(row_at(MASH, 3, &row));
    assert_true(row_at(MASH, 4, &row));
    assert_true(row_at(SCHOOL, 1, &row));
    assert_true(acknowledge(MASH, 5));
    assert_false(row_at(MASH, 5, &row));
}

static void an_older_acknowledgement_brings_nothing_back_and_breaks_nothing(void **state)
{
    struct mailbox_row row;
    struct agency_row agency;
    (void)state;
    for (int i = 0; i < 3; i++) {
        tell(MASH);
    }
    assert_true(acknowledge(MASH, 2));

    assert_true(acknowledge(MASH, 1));
    assert_true(acknowledge(MASH, 0));

    agency_row_get(scene.txn, MASH, &agency);
    assert_int_equal(agency.acknowledged, 2);
    assert_true(row_at(MASH, 3, &row));
}

static void what_was_never_told_cannot_be_acknowledged(void **state)
{
    struct mailbox_row row;
    (void)state;
    tell(MASH);

    assert_false(acknowledge(MASH, 2));
    assert_false(acknowledge(MASH, UINT64_MAX));
    assert_false(acknowledge(SCHOOL, 1));

    assert_true(row_at(MASH, 1, &row));
}

static void one_acknowledgement_takes_no_more_rows_than_its_bound(void **state)
{
    struct mailbox_row row;
    struct agency_row agency;
    (void)state;
    for (int i = 0; i < CAIRN_ACKNOWLEDGED_ROWS_MAX + 3; i++) {
        tell(MASH);
    }

    assert_true(acknowledge(MASH, CAIRN_ACKNOWLEDGED_ROWS_MAX + 3));
    assert_true(row_at(MASH, CAIRN_ACKNOWLEDGED_ROWS_MAX + 1, &row));
    agency_row_get(scene.txn, MASH, &agency);
    assert_int_equal(agency.acknowledged, CAIRN_ACKNOWLEDGED_ROWS_MAX);

    assert_true(acknowledge(MASH, CAIRN_ACKNOWLEDGED_ROWS_MAX + 3));
    assert_false(row_at(MASH, CAIRN_ACKNOWLEDGED_ROWS_MAX + 3, &row));
}

static void positions_go_on_after_what_was_acknowledged(void **state)
{
    struct mailbox_row row;
    (void)state;
    tell(MASH);
    assert_true(acknowledge(MASH, 1));

    tell(MASH);

    assert_true(row_at(MASH, 2, &row));
    assert_int_equal(leaf_of(&row).number, 2);
}

static void what_was_told_before_stays_told_when_a_second_telling_is_withheld(void **state)
{
    struct mailbox_row first;
    struct mailbox_row second;
    struct reader_row reader = {.parts = 0};
    (void)state;
    deliver(card | account, DELIVERED_PROVISIONAL);
    deliver(card | account, 0);
    assert_true(row_at(MASH, 1, &first));
    assert_true(row_at(MASH, 2, &second));

    mailbox_untell(&scene.apply, MASH, &second);

    assert_true(reader_row_get(scene.txn, &record, MASH, &reader));
    assert_int_equal(reader.parts, card | account);

    mailbox_untell(&scene.apply, MASH, &first);

    assert_false(reader_row_get(scene.txn, &record, MASH, &reader));
}

static void only_the_parts_that_nothing_else_told_are_untold(void **state)
{
    struct mailbox_row second;
    struct reader_row reader = {.parts = 0};
    (void)state;
    deliver(card, 0);
    release(card | account, 7);
    assert_true(row_at(MASH, 2, &second));

    mailbox_untell(&scene.apply, MASH, &second);

    assert_true(reader_row_get(scene.txn, &record, MASH, &reader));
    assert_int_equal(reader.parts, card);
}

static void a_body_that_was_told_stays_told_when_its_keys_are_withheld(void **state)
{
    struct mailbox_row second;
    struct reader_row reader = {.parts = 0};
    (void)state;
    deliver(0, 0);
    release(account, 7);
    assert_true(row_at(MASH, 2, &second));

    mailbox_untell(&scene.apply, MASH, &second);

    assert_true(reader_row_get(scene.txn, &record, MASH, &reader));
    assert_int_equal(reader.parts, 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(each_telling_has_the_next_position_and_a_leaf_that_names_it),
        STORY(the_leaf_of_a_notice_holds_the_digest_of_its_bytes),
        STORY(agencies_have_mailboxes_of_their_own),
        STORY(the_same_parts_are_delivered_once_and_new_ones_again),
        STORY(a_release_is_an_opening),
        STORY(an_acknowledgement_is_cumulative_and_takes_its_rows_away),
        STORY(an_older_acknowledgement_brings_nothing_back_and_breaks_nothing),
        STORY(what_was_never_told_cannot_be_acknowledged),
        STORY(one_acknowledgement_takes_no_more_rows_than_its_bound),
        STORY(positions_go_on_after_what_was_acknowledged),
        STORY(what_was_told_before_stays_told_when_a_second_telling_is_withheld),
        STORY(only_the_parts_that_nothing_else_told_are_untold),
        STORY(a_body_that_was_told_stays_told_when_its_keys_are_withheld),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
