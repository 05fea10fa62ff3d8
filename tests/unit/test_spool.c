/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/seal.h"
#include "agents/core/settle.h"
#include "base/text.h"
#include "support/practice.h"

static struct spool_entry lot[CAIRN_PARCEL_ENTRIES_MAX];

static size_t lot_of(struct practice *practice, enum lane lane)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_FRAME_MAX_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);

    return spool_lot(txn, lane, &arena, lot);
}

static void answer(struct practice *practice, enum lane lane, uint64_t seq, enum verdict verdict)
{
    struct wire_result result = {.seq = seq, .verdict = verdict, .log_index = 40 + seq};
    struct store_txn *txn = store_begin(practice->agent->store);

    spool_answer(txn, lane, &result, PRACTICE_NOW_MS + 5);
    assert_int_equal(agent_commit(&txn), 0);
}

static struct spool_depth depth_of(struct practice *practice)
{
    struct spool_depth depth;
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);

    spool_depth(txn, &depth);
    return depth;
}

static void a_lot_keeps_the_order_of_its_stream(void **state)
{
    struct practice *practice = *state;
    for (int i = 0; i < 5; i++) {
        (void)practice_concern(practice, "");
    }
    (void)practice_concern(practice, "\"urgency\":\"immediate\",");

    size_t n = lot_of(practice, LANE_NORMAL);

    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(lot[i].lane, LANE_NORMAL);
        assert_int_equal(lot[i].seq, i + 1);
    }
    assert_int_equal(lot_of(practice, LANE_URGENT), 2);
    assert_int_equal(lot_of(practice, LANE_BULK), 0);
}

static void a_lot_is_no_more_than_a_parcel_takes(void **state)
{
    struct practice *practice = *state;
    for (int i = 0; i < CAIRN_PARCEL_ENTRIES_MAX + 5; i++) {
        (void)practice_concern(practice, "");
    }

    assert_in_range(lot_of(practice, LANE_NORMAL), 20, CAIRN_PARCEL_ENTRIES_MAX);
}

static void large_records_make_small_lots_and_one_always_fits(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(65536);
    _cleanup_(buf_deinit) struct buf detail = BUF_MAX(32768);
    buf_add_text(&detail, "\"account\":{\"detail\":\"");
    for (int i = 0; i < 15000; i++) {
        buf_add_text(&detail, "x");
    }
    buf_add_text(&detail, "\",");
    practice_concern_text("", &text);
    text_replace(&text, "\"account\":{", buf_text(&detail));

    for (int i = 0; i < 20; i++) {
        (void)practice_submit(practice, INTAKE_RECORD, buf_text(&text));
    }

    size_t n = lot_of(practice, LANE_NORMAL);
    assert_in_range(n, 2, 15);
}

static void a_stored_entry_leaves_and_its_author_is_told_where_it_lies(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, "");

    answer(practice, LANE_NORMAL, 1, VERDICT_STORED);
    answer(practice, LANE_NORMAL, 2, VERDICT_STORED_NO_READER);
    practice_reopen(practice);

    struct out_row row = practice_out(practice, &item.reference);
    assert_int_equal(row.state, OUT_STORED);
    assert_int_equal(row.verdict, VERDICT_STORED_NO_READER);
    assert_int_equal(row.log_index, 42);
    assert_int_equal(row.answered_ms, PRACTICE_NOW_MS + 5);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
}

static void a_refused_entry_leaves_and_says_why(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, "");

    answer(practice, LANE_NORMAL, 2, VERDICT_BAD_GRANT);

    struct out_row row = practice_out(practice, &item.reference);
    assert_int_equal(row.state, OUT_REFUSED);
    assert_int_equal(row.verdict, VERDICT_BAD_GRANT);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 1);
}

static void a_receipt_that_comes_twice_changes_nothing(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, "");

    answer(practice, LANE_NORMAL, 2, VERDICT_STORED);
    answer(practice, LANE_NORMAL, 2, VERDICT_BAD_GRANT);

    assert_int_equal(practice_out(practice, &item.reference).state, OUT_STORED);
}

static void numbers_go_on_after_everything_was_sent(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    answer(practice, LANE_NORMAL, 1, VERDICT_STORED);
    answer(practice, LANE_NORMAL, 2, VERDICT_STORED);
    practice_reopen(practice);

    struct intake_item item = practice_concern(practice, "");

    assert_int_equal(practice_out(practice, &item.reference).entry.seq, 3);
}

static const char *const urgent_one =
    "\"urgency\":\"immediate\",\"source\":{\"system\":\"emis\",\"id\":\"C-1\"},";
static const char *const routine_one = "\"source\":{\"system\":\"emis\",\"id\":\"C-1\"},";

static struct intake_item take_back(struct practice *practice)
{
    struct intake_item item = practice_submit(
        practice, INTAKE_RECORD,
        "{\"kind\":\"retraction\",\"event_date\":\"2026-11-20\",\"retracts\":\"C-1\","
        "\"source\":{\"system\":\"emis\",\"id\":\"R-1\"}}");
    assert_int_equal(item.outcome, INTAKE_RETRACTED);
    return item;
}

static void a_retraction_takes_the_lane_of_its_record(void **state)
{
    struct practice *practice = *state;
    struct entry_header header;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    (void)practice_concern(practice, urgent_one);

    struct intake_item taken_back = take_back(practice);

    assert_int_equal(practice_out(practice, &taken_back.reference).lane, LANE_URGENT);
    assert_int_equal(lot_of(practice, LANE_NORMAL), 0);
    answer(practice, LANE_URGENT, 1, VERDICT_STORED);
    answer(practice, LANE_URGENT, 2, VERDICT_STORED);
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    assert_int_equal(spool_lot(txn, LANE_URGENT, &arena, lot), 1);
    assert_true(wire_entry_header_read(ENTRY_RECORD, lot[0].header, &arena, &header));
    assert_true(record_is_danger(header.record.record_kind, header.record.urgency));
}

static void a_retraction_leaves_once_its_record_is_answered(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, routine_one);
    (void)take_back(practice);
    (void)practice_concern(practice, "\"urgency\":\"immediate\",");

    size_t before = lot_of(practice, LANE_NORMAL);
    size_t urgent = lot_of(practice, LANE_URGENT);
    answer(practice, LANE_NORMAL, 1, VERDICT_STORED);
    answer(practice, LANE_NORMAL, 2, VERDICT_STORED);
    size_t after = lot_of(practice, LANE_NORMAL);

    assert_int_equal(before, 2);
    assert_int_equal(urgent, 2);
    assert_int_equal(after, 1);
}

static void a_refused_retraction_has_taken_nothing_back(void **state)
{
    struct practice *practice = *state;
    struct intake_item concern = practice_concern(practice, routine_one);
    answer(practice, LANE_NORMAL, 1, VERDICT_STORED);
    answer(practice, LANE_NORMAL, 2, VERDICT_STORED);
    struct intake_item taken_back = take_back(practice);
    assert_true(practice_out(practice, &concern.reference).retracted);

    answer(practice, LANE_NORMAL, 3, VERDICT_REVOKED_KEY);

    assert_false(practice_out(practice, &concern.reference).retracted);
    assert_int_equal(practice_out(practice, &concern.reference).state, OUT_STORED);
    assert_int_equal(practice_out(practice, &taken_back.reference).state, OUT_REFUSED);
}

static void a_refused_statement_is_said_again_and_not_for_ever(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    practice_settle(practice);

    answer(practice, LANE_NORMAL, 1, VERDICT_REVOKED_KEY);
    practice_settle(practice);
    assert_int_equal(lot_of(practice, LANE_BULK), 1);
    answer(practice, LANE_BULK, 1, VERDICT_REVOKED_KEY);
    practice_settle(practice);
    assert_int_equal(lot_of(practice, LANE_BULK), 0);

    (void)practice_concern(practice, "");
    assert_int_equal(lot_of(practice, LANE_NORMAL), 3);
    assert_int_equal(lot[1].kind, ENTRY_SUBJECT);
}

/* Our directory entry's linkage key as JSON. */
static void linkage_text(uint32_t epoch, uint32_t key, const uint8_t *sealed, struct buf *out)
{
    char text[BASE64_BYTES(GRANT_BYTES)];

    base64_encode(slice_make(sealed, GRANT_BYTES), text);
    buf_format(out, "\"linkage\": {\"epoch\": %u, \"key_id\": \"%08x\", \"sealed\": \"%s\"}", epoch,
               key, text);
}

static void begin_epoch(struct practice *practice, uint32_t epoch)
{
    _cleanup_(secret_deinit) struct secret linkage_key = SECRET_NULL;
    _cleanup_(buf_deinit) struct buf from = BUF_MAX(1024);
    _cleanup_(buf_deinit) struct buf to = BUF_MAX(1024);
    uint8_t sealed[GRANT_BYTES];
    const struct agency *own =
        directory_agency(&practice->governing.governance->directory, AGENCY_OWN);
    assert_int_equal(secret_random(&linkage_key, SEAL_KEY_BYTES), 0);
    assert_int_equal(agency_linkage_seal(AGENCY_OWN, epoch, agency_open_key(own)->public_key,
                                         &linkage_key, sealed),
                     0);
    linkage_text(own->linkage_epoch, own->linkage_key_id, own->linkage_sealed, &from);
    linkage_text(epoch, own->linkage_key_id, sealed, &to);

    practice_amend(practice, GOVERNANCE_DIRECTORY, epoch, buf_text(&from), buf_text(&to));
}

static void a_new_epoch_states_every_child_again_in_the_bulk_lane(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    (void)practice_submit(practice, INTAKE_INVOLVEMENT,
                          "{\"child\":{\"local_id\":\"7\"},\"role\":\"registered-patient\","
                          "\"from\":\"2024-01-01\"}");
    practice_settle(practice);
    assert_int_equal(lot_of(practice, LANE_BULK), 0);

    begin_epoch(practice, 2);
    practice_settle(practice);
    practice_reopen(practice);

    assert_int_equal(lot_of(practice, LANE_BULK), 2);
    practice_settle(practice);
    assert_int_equal(lot_of(practice, LANE_BULK), 2); /* once is enough */
}

static void the_depth_says_how_much_waits_and_since_when(void **state)
{
    struct practice *practice = *state;
    assert_int_equal(depth_of(practice).oldest_ms, 0);
    (void)practice_concern(practice, "");
    clock_fake_advance(&practice->clock, PRACTICE_HOUR);
    (void)practice_concern(practice, "\"urgency\":\"immediate\",");

    struct spool_depth depth = depth_of(practice);

    assert_int_equal(depth.entries[LANE_NORMAL], 2);
    assert_int_equal(depth.entries[LANE_URGENT], 2);
    assert_int_equal(depth.entries[LANE_BULK], 0);
    assert_int_equal(depth.oldest_ms, PRACTICE_NOW_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
        TEST(a_lot_keeps_the_order_of_its_stream),
        TEST(a_lot_is_no_more_than_a_parcel_takes),
        TEST(large_records_make_small_lots_and_one_always_fits),
        TEST(a_stored_entry_leaves_and_its_author_is_told_where_it_lies),
        TEST(a_refused_entry_leaves_and_says_why),
        TEST(a_receipt_that_comes_twice_changes_nothing),
        TEST(numbers_go_on_after_everything_was_sent),
        TEST(a_retraction_takes_the_lane_of_its_record),
        TEST(a_retraction_leaves_once_its_record_is_answered),
        TEST(a_refused_retraction_has_taken_nothing_back),
        TEST(a_refused_statement_is_said_again_and_not_for_ever),
        TEST(a_new_epoch_states_every_child_again_in_the_bulk_lane),
        TEST(the_depth_says_how_much_waits_and_since_when),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
