/* SPDX-License-Identifier: Apache-2.0 */
/* The batch: what goes into it, what comes of it, in which order, and what stops the broker. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/log.h"
#include "broker/decision.h"
#include "broker/retention.h"
#include "broker/waiting.h"
#include "crypto/digest.h"
#include "support/replaying.h"
#include "support/stories.h"

#define HOUR_MS INT64_C(3600000)

static void make_record(struct world *world, uint32_t from, struct world_entry *ret)
{
    const struct world_record record = {
        .from = from, .child = ALIX, .day = instant_london_day(world->clock.real_ms) - 3};
    world_record(world, &record, ret);
}

/* What any agency writes. */
static void make_note(struct world *world, uint32_t from, struct world_entry *ret)
{
    const struct world_record record = {.from = from,
                                        .child = ALIX,
                                        .record_kind = RECORD_CASE_NOTE,
                                        .day = instant_london_day(world->clock.real_ms) - 3};
    world_record(world, &record, ret);
}

/* Cut and given to gate; nothing moves yet. */
static void receive(struct world *world, const struct world_parcel *parcel)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    world_cut(world, parcel, &frame);
    world_receive(world, parcel->agency, buf_slice(&frame));
}

static void receive_one(struct world *world, const struct world_entry *entry)
{
    const struct world_parcel parcel = {
        .agency = entry->header.id.agency, .n = 1, .entries = entry};
    receive(world, &parcel);
}

static void verify_all(struct world *world)
{
    while (verify_step(&world->verify, false)) {
    }
}

static struct pipeline_cursors cursors(struct world *world)
{
    struct pipeline_cursors ret;
    pipeline_cursors(world->pipeline, &ret);
    return ret;
}

static size_t rows(struct world *world, enum table table)
{
    uint64_t rows_of[STORE_TABLES_MAX];
    assert_int_equal(store_rows(world->store, rows_of), 0);
    return (size_t)rows_of[table];
}

static struct leaf leaf_at(struct world *world, uint64_t index)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct slice bytes;
    struct leaf leaf;
    assert_int_equal(log_leaf(txn, T_LOG, index, &bytes), 0);
    assert_true(leaf_read(bytes, &leaf));
    return leaf;
}

static struct leaf newest_leaf(struct world *world)
{
    return leaf_at(world, world_log_size(world) - 1);
}

static struct wire_receipt receipt_for(struct world *world, uint32_t agency)
{
    struct wire_receipt receipt;
    struct slice payload = world_letter(world, agency, WIRE_RECEIPT);
    arena_reset(&world->arena);
    assert_true(payload.len > 0);
    assert_true(wire_receipt_read(payload, &world->arena, &receipt));
    return receipt;
}

/* --- bounds --- */

static void a_batch_takes_no_more_frames_than_its_limit(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    for (size_t i = 0; i < CAIRN_BATCH_FRAMES_MAX + 10; i++) {
        make_record(world, GP, &entry);
        receive_one(world, &entry);
    }
    verify_all(world);

    assert_true(world_commit(world));
    assert_int_equal(cursors(world).durable, CAIRN_BATCH_FRAMES_MAX);

    assert_true(world_commit(world));
    assert_int_equal(cursors(world).durable, CAIRN_BATCH_FRAMES_MAX + 10);
    assert_false(world_commit(world));
    world_turn(world);
}

static void a_batch_takes_no_more_bytes_than_its_limit(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        make_record(world, GP, &entries[i]);
    }
    const struct world_parcel parcel = {.agency = GP, .n = ARRAY_LEN(entries), .entries = entries};
    while (cursors(world).bytes <= CAIRN_BATCH_BYTES_MAX + CAIRN_BATCH_BYTES_MAX / 2) {
        receive(world, &parcel);
    }
    verify_all(world);
    size_t each = cursors(world).bytes / (size_t)cursors(world).claimed;

    assert_true(world_commit(world));

    assert_int_equal(cursors(world).durable, CAIRN_BATCH_BYTES_MAX / each);
    world_turn(world);
    assert_int_equal(rows(world, T_ENTRY), CAIRN_PARCEL_ENTRIES_MAX);
}

static void a_batch_that_has_written_enough_ends_and_the_next_takes_the_rest(void **state)
{
    struct world *world = *state;
    struct world_entry entries[3];
    uint64_t before = rows(world, T_JOURNAL);
    for (size_t frame = 0; frame < 3; frame++) {
        for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
            make_record(world, GP, &entries[i]);
        }
        receive(world,
                &(struct world_parcel){.agency = GP, .n = ARRAY_LEN(entries), .entries = entries});
    }
    receive(world,
            &(struct world_parcel){.agency = GP, .signer = HOSPITAL, .n = 1, .entries = entries});
    verify_all(world);
    world->commit.writes_max = 20; /* a record and its share of the batch write some ten rows */

    assert_true(world_commit(world));

    assert_true(cursors(world).durable < cursors(world).verified);
    assert_int_equal(world->commit.n_refused, 0);
    while (world_commit(world)) {
    }
    assert_int_equal(cursors(world).durable, cursors(world).verified);
    assert_true(rows(world, T_JOURNAL) > before + 2);
    assert_int_equal(rows(world, T_ENTRY), 9);
    assert_int_equal(world->commit.refused[0].frames, 1);
    world_forget_letters(world);
    world_turn(world);
    struct wire_receipt receipt = receipt_for(world, GP);
    assert_int_equal(receipt.n_results, 3);
    for (size_t i = 0; i < receipt.n_results; i++) {
        assert_int_equal(receipt.results[i].verdict, VERDICT_STORED);
    }
    expect_replay_is_the_same(world->store);
}

/* --- chores --- */

static bool waiting_is_judged(struct world *world)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    int32_t day = instant_london_day((int64_t)meta_get(txn, "time-ms", 0));
    return !waiting_pending(txn, world->commit.governance, day);
}

static void receive_new(struct world *world)
{
    struct world_entry entry;
    make_record(world, GP, &entry);
    receive_one(world, &entry);
    verify_all(world);
}

static void what_waits_is_judged_for_a_new_day_in_nobodys_batch(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    clock_fake_advance(&world->clock, DAY_MS);
    world->commit.chore_ms = world->clock.boot_ms;
    uint64_t written = cursors(world).written;
    receive_new(world);

    assert_true(world_commit(world));

    assert_int_equal(cursors(world).written, written + 1);
    assert_false(waiting_is_judged(world));
    while (world_commit(world)) {
    }
    assert_true(waiting_is_judged(world));
}

static void frames_without_end_do_not_keep_it_from_being_judged(void **state)
{
    struct world *world = *state;
    int64_t apart_ms = 5;
    size_t n = 0;
    receive_new(world);
    world_turn(world);
    clock_fake_advance(&world->clock, DAY_MS);
    world->commit.chore_ms = world->clock.boot_ms;
    uint64_t written = cursors(world).written;

    for (; n < 100 && (n == 0 || !waiting_is_judged(world)); n++) {
        clock_fake_advance(&world->clock, apart_ms);
        receive_new(world);
        assert_true(world_commit(world));
    }

    assert_true(n > 5 && n < 100);
    assert_int_equal(cursors(world).written, written + n - 1); /* the last one waits */
    world_turn(world);
}

static bool looks_are_due(struct world *world)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    return retention_next_ms(txn) <= clock_real_ms(&world->clock.clock);
}

static bool judging_began(struct world *world)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    int32_t day = instant_london_day((int64_t)meta_get(txn, "time-ms", 0));
    return meta_get(txn, "judged-day", 0) == (uint64_t)day;
}

static void judging_and_looking_at_what_may_go_take_turns(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 2 * CAIRN_RETENTION_LOOKS_PER_BATCH; i++) {
        struct world_entry entry;
        make_record(world, GP, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    }
    clock_fake_advance(&world->clock, 2 * DAY_MS);
    while (world->commit.next_timer_ms <= clock_real_ms(&world->clock.clock)) {
        assert_true(world_commit(world));
    }

    assert_true(world_commit(world)); /* the first half was looked at */
    assert_false(judging_began(world));
    assert_true(world_commit(world));
    assert_true(judging_began(world));
    assert_true(looks_are_due(world));
    assert_true(world_commit(world));
    assert_false(looks_are_due(world));
    assert_false(waiting_is_judged(world));
}

/* --- order --- */

static void nothing_is_answered_or_told_before_it_is_durable(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    world_record(world, &record, &entry);
    const struct world_parcel parcel = {
        .agency = SCHOOL, .lane = LANE_URGENT, .n = 1, .entries = &entry};
    struct letter letter = {.frame = NET_FRAME_NULL};
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0); /* and leaves a fetch waiting */
    receive(world, &parcel);
    assert_false(world_commit(world));
    assert_false(answer_step(&world->answer));

    verify_all(world);
    assert_false(answer_step(&world->answer));
    assert_false(publish_step(&world->publish));
    assert_false(pipeline_posted(world->pipeline, &letter));

    assert_true(world_commit(world));
    assert_true(answer_step(&world->answer));
    assert_true(publish_step(&world->publish));
    assert_true(pipeline_posted(world->pipeline, &letter));
    assert_int_equal(letter.peer.agency, MASH);
    net_frame_deinit(&letter.frame);
}

static void the_checkpoint_of_a_receipt_covers_what_it_answers(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct checkpoint head;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    make_record(world, GP, &entry);
    receive_one(world, &entry);
    world_forget_letters(world);
    world_turn(world);

    struct wire_receipt receipt = receipt_for(world, GP);
    assert_true(checkpoint_check(receipt.checkpoint, &world->commit.checkpoint_key, &head));
    assert_true(receipt.results[0].log_index < head.size);
    struct leaf leaf = leaf_at(world, receipt.results[0].log_index);
    assert_int_equal(leaf.type, LEAF_ENTRY);
    assert_true(entry_id_equal(&leaf.id, &entry.header.id));
    assert_int_equal(leaf.verdict, VERDICT_STORED);
}

static void the_high_water_mark_is_what_was_signed(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    struct head head;
    struct highwater file;
    struct checkpoint mark;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/highwater", world->dir);

    assert_int_equal(highwater_open(path, &world->clock.clock, &file, &mark, NULL), 0);

    board_head(world->board, &head);
    assert_int_equal(mark.size, head.checkpoint.size);
    assert_true(hash_equal(&mark.root, &head.checkpoint.root));
    highwater_close(&file);
}

/* --- the same again --- */

static void an_entry_that_comes_twice_in_one_batch_is_applied_once(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    receive_one(world, &entry);
    receive_one(world, &entry);
    uint64_t size = world_log_size(world);
    size_t blobs = rows(world, T_BLOB);
    size_t parcels = rows(world, T_PARCEL);

    world_turn(world);

    struct wire_receipt newest = receipt_for(world, GP);
    struct wire_result answer = newest.results[0];
    struct wire_receipt first = receipt_for(world, GP);
    assert_int_equal(answer.verdict, VERDICT_STORED);
    assert_int_equal(first.results[0].verdict, VERDICT_STORED);
    assert_int_equal(first.results[0].log_index, answer.log_index);
    assert_int_equal(world_log_size(world), size + 1);
    assert_int_equal(rows(world, T_BLOB), blobs + 1);
    assert_int_equal(rows(world, T_PARCEL), parcels + 1);
}

static void an_equivocation_within_one_batch_leaves_the_first_standing(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    receive_one(world, &entry);
    entry.header.record.event_day--;
    world_refreeze(&entry);
    receive_one(world, &entry);

    world_turn(world);

    assert_int_equal(receipt_for(world, GP).results[0].verdict, VERDICT_EQUIVOCATION);
    assert_int_equal(receipt_for(world, GP).results[0].verdict, VERDICT_STORED);
    assert_int_equal(rows(world, T_BLOB), 1);
}

static void each_entry_of_a_parcel_of_known_and_new_ones_gets_its_own_answer(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[4];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        make_record(world, GP, &entries[i]);
    }
    entries[3].wire.n_grants = 0; /* not even to its origin */
    const struct world_parcel known = {.agency = GP, .n = 2, .entries = entries + 1};
    receive(world, &known);
    world_turn(world);
    struct wire_result before[2];
    memcpy(before, receipt_for(world, GP).results, sizeof(before));

    const struct world_parcel all = {.agency = GP, .n = 4, .entries = entries};
    receive(world, &all);
    world_turn(world);

    struct wire_receipt receipt = receipt_for(world, GP);
    static const enum verdict expected[] = {VERDICT_STORED, VERDICT_STORED, VERDICT_STORED,
                                            VERDICT_BAD_GRANT};
    assert_int_equal(receipt.n_results, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(receipt.results[i].seq, entries[i].header.id.seq);
        assert_int_equal(receipt.results[i].verdict, expected[i]);
        struct leaf leaf = leaf_at(world, receipt.results[i].log_index);
        assert_true(entry_id_equal(&leaf.id, &entries[i].header.id));
    }
    assert_memory_equal(&receipt.results[1].log_index, &before[0].log_index, 8);
    assert_memory_equal(&receipt.results[2].log_index, &before[1].log_index, 8);
}

/* --- what must come again --- */

static void hold_version_one(struct parcel_head *head)
{
    head->versions.of[GOVERNANCE_DIRECTORY] = 1;
    head->versions.of[GOVERNANCE_AGREEMENTS] = 1;
}

static void only_records_wait_for_a_newer_directory(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    world_revoke(world, 0);
    make_record(world, GP, &entry);
    struct world_parcel parcel = {
        .agency = GP, .n = 1, .entries = &entry, .change_head = hold_version_one};
    assert_int_equal(world_send(world, &parcel), VERDICT_STALE_DIRECTORY);

    world_statement(world, GP, ALIX, true, &entry);
    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);
    world_acknowledgement(world, GP, 0, &entry);

    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);
}

static void an_urgent_record_sealed_to_a_reader_revoked_since_is_stored_and_not_told(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    world_record(world, &record, &entry);
    const struct world_parcel parcel = {.agency = SCHOOL,
                                        .lane = LANE_URGENT,
                                        .n = 1,
                                        .entries = &entry,
                                        .change_head = hold_version_one};
    world_revoke(world, 1U << MASH);

    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);

    world_revoke(world, 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
}

/* One batch: agreements that give the front door nothing any more, and then this frame. */
static void send_behind_agreements(struct world *world, uint32_t agency, const struct buf *frame)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    governing_template("agreements", &text);
    text_replace(&text, "\"missed-to-mash\"", "\"missed-to-mash-2\"");
    text_replace(&text,
                 "\"recipient_kind\": \"mash\",\n      \"effect\": \"hold\",\n      \"mode\": "
                 "\"content\",\n      \"source\": \"Local neglect strategy: three missed",
                 "\"recipient_kind\": \"mash\",\n      \"effect\": \"deny\",\n      \"mode\": "
                 "\"content\",\n      \"source\": \"Local neglect strategy: three missed");
    governing_note(&world->governing, 1, GOVERNANCE_AGREEMENTS, 2, buf_slice(&text), &note);
    const struct govern_document document = {
        .document = GOVERNANCE_AGREEMENTS, .text = buf_slice(&text), .note = buf_slice(&note)};
    assert_true(gate_offer(&world->gate, &document));
    world_receive(world, agency, buf_slice(frame));

    world_turn(world);

    assert_int_equal(world->commit.governance->versions[GOVERNANCE_AGREEMENTS], 2);
}

static void a_record_behind_newer_agreements_in_its_batch_is_sealed_anew(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    enum verdict verdict;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_record(world, GP, &entry);
    const struct world_parcel parcel = {.agency = GP, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);

    send_behind_agreements(world, GP, &frame);

    assert_true(wire_error_read(world_letter(world, GP, WIRE_ERROR), &world->arena, &verdict));
    assert_int_equal(verdict, VERDICT_STALE_DIRECTORY);
}

static void an_urgent_record_behind_newer_agreements_in_its_batch_is_not_blamed_for_it(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    world_record(world, &record, &entry);
    const struct world_parcel parcel = {
        .agency = SCHOOL, .lane = LANE_URGENT, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);

    send_behind_agreements(world, SCHOOL, &frame);

    assert_true(verdict_is_stored(receipt_for(world, SCHOOL).results[0].verdict));
}

struct disk_row {
    int percent;
    enum verdict bulk;
    enum verdict normal;
    enum verdict acknowledgement;
    enum verdict urgent;
};

static const struct disk_row disks[] = {
    {79, VERDICT_STORED, VERDICT_STORED, VERDICT_STORED, VERDICT_STORED},
    {80, VERDICT_DISK_FULL, VERDICT_STORED, VERDICT_STORED, VERDICT_STORED},
    {89, VERDICT_DISK_FULL, VERDICT_STORED, VERDICT_STORED, VERDICT_STORED},
    {90, VERDICT_DISK_FULL, VERDICT_DISK_FULL, VERDICT_STORED, VERDICT_STORED},
    {100, VERDICT_DISK_FULL, VERDICT_DISK_FULL, VERDICT_STORED, VERDICT_STORED},
};

/* The account of what is held opens by a decision: a disk that fills up must not keep it shut. */
static void what_a_person_decides_is_taken_while_the_disk_fills_up(void **state)
{
    struct world *world = *state;
    struct world_entry entries[3];
    three_missed(world, ALIX);
    uint64_t alert = current_alert_of(world, subject_row_of(world, GP, ALIX).child);
    world->commit.looked_ms = clock_boot_ms(&world->clock.clock) + 1; /* not again by itself */
    world->commit.disk_percent = 99;

    assert_int_equal(decide(world, MASH, alert, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    world_statement(world, MASH, ALIX, true, &entries[0]);
    world_decision(world, MASH, alert, ACTION_CLOSE, OUTCOME_NO_FURTHER_ACTION, &entries[1]);
    const struct world_parcel stated = {.agency = MASH, .n = 2, .entries = entries};
    assert_int_equal(world_send(world, &stated), VERDICT_STORED);
    world_decision(world, MASH, alert, ACTION_OPEN, OUTCOME_NONE, &entries[0]);
    make_record(world, MASH, &entries[1]);
    const struct world_parcel mixed = {.agency = MASH, .n = 2, .entries = entries};
    assert_int_equal(world_send(world, &mixed), VERDICT_DISK_FULL);
}

static void the_fuller_the_disk_the_less_is_taken_and_urgent_records_always(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record urgent = {.from = GP,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    for (size_t i = 0; i < ARRAY_LEN(disks); i++) {
        world->commit.looked_ms = clock_boot_ms(&world->clock.clock) + 1; /* not again by itself */
        world->commit.disk_percent = disks[i].percent;
        make_record(world, GP, &entry);
        const struct world_parcel bulk = {
            .agency = GP, .lane = LANE_BULK, .n = 1, .entries = &entry};
        assert_int_equal(world_send(world, &bulk), disks[i].bulk);
        make_record(world, GP, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), disks[i].normal);
        world_statement(world, GP, ALIX, true, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), disks[i].normal);
        world_acknowledgement(world, GP, 0, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), disks[i].acknowledgement);
        world_record(world, &urgent, &entry);
        assert_int_equal(world_send_one(world, GP, &entry), disks[i].urgent);
    }
}

static void an_entry_set_aside_takes_no_other_of_its_parcel_with_it(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[3];
    uint8_t id[ENTRY_ID_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        make_record(world, GP, &entries[i]);
    }
    entry_id_pack(&entries[1].header.id, id);
    for (int crash = 0; crash < 2; crash++) {
        marker_set(&world->commit.marker, SLICE_OF(id));
        assert_int_equal(world_restart(world), 0);
    }
    const struct world_parcel parcel = {.agency = GP, .n = 3, .entries = entries};

    receive(world, &parcel);
    world_turn(world);

    struct wire_receipt receipt = receipt_for(world, GP);
    assert_int_equal(receipt.results[0].verdict, VERDICT_STORED);
    assert_int_equal(receipt.results[1].verdict, VERDICT_QUARANTINED);
    assert_int_equal(receipt.results[2].verdict, VERDICT_STORED);
    assert_int_equal(leaf_at(world, receipt.results[1].log_index).verdict, VERDICT_QUARANTINED);
}

/* --- what counts as a crash over an entry --- */

static bool die(void *data, const struct input *input, uint32_t n, struct applied applied)
{
    (void)data;
    (void)input;
    (void)n;
    (void)applied;
    (void)raise(SIGKILL);
    return true;
}

static void *refuse_head(void *data)
{
    (void)data;
    log_fatal("sign_failed", "size=%d", 1);
}

static bool end_beside(void *data, const struct input *input, uint32_t n, struct applied applied)
{
    pthread_t attest;
    (void)data;
    (void)input;
    (void)n;
    (void)applied;
    assert_int_equal(pthread_create(&attest, NULL, refuse_head, NULL), 0);
    (void)pthread_join(attest, NULL);
    return true;
}

static void excuse_entry(void *data)
{
    marker_excuse(data);
}

static void apply_again(struct world *world, const struct world_entry *entry,
                        bool (*applied)(void *data, const struct input *input, uint32_t n,
                                        struct applied applied))
{
    struct apply apply;
    struct batch_head head;
    struct slice row;
    assert_int_equal(world_send_one(world, GP, entry), VERDICT_STORED);
    struct store_txn *txn = store_begin(world->store);
    struct store_key key = store_key_u64(world->commit.batch);
    assert_true(store_get(txn, T_JOURNAL, store_key_slice(&key), &row));
    assert_true(journal_head_read(row, &head));
    assert_int_equal(apply_begin(&apply, txn, 99, &head, world->commit.governance), 0);
    apply.marker = &world->commit.marker;
    assert_int_equal(apply_batch(&apply, row, applied, NULL), 0);
}

static void killed_while_applying(struct world *world, const struct world_entry *entry)
{
    apply_again(world, entry, die);
}

static void ended_by_another_thread(struct world *world, const struct world_entry *entry)
{
    log_on_fatal(excuse_entry, &world->commit.marker);
    apply_again(world, entry, end_beside);
}

static void killed_between_batches(struct world *world, const struct world_entry *entry)
{
    assert_int_equal(world_send_one(world, GP, entry), VERDICT_STORED);
    (void)raise(SIGKILL);
}

static void ended_in_order(struct world *world, const struct world_entry *entry)
{
    assert_int_equal(world_send_one(world, GP, entry), VERDICT_STORED);
    marker_close(&world->commit.marker);
    _exit(EXIT_SUCCESS);
}

static void ended_by_its_disk(struct world *world, const struct world_entry *entry)
{
    int full = open("/dev/full", O_RDWR);
    (void)dup2(full, STDERR_FILENO);
    (void)dup2(full, world->attest.highwater.fd);
    (void)world_send_one(world, GP, entry);
    _exit(EXIT_SUCCESS);
}

static const struct {
    const char *how;
    void (*end)(struct world *world, const struct world_entry *entry);
    uint32_t crashes;
} endings[] = {
    {"killed while applying", killed_while_applying, 1},
    {"killed between batches", killed_between_batches, 0},
    {"ended in order", ended_in_order, 0},
    {"ended by its disk", ended_by_its_disk, 0},
    {"ended by another thread while applying", ended_by_another_thread, 0},
};

static void live_and_end(const char *mark, char shared_dir[64], size_t i)
{
    struct world_entry entry;
    struct world *world = world_new();
    memcpy(shared_dir, world->dir, sizeof(world->dir));
    marker_close(&world->commit.marker);
    int r = marker_open(mark, &world->commit.marker);
    assert_int_equal(r, 0);
    make_record(world, GP, &entry);
    endings[i].end(world, &entry);
    _exit(EXIT_FAILURE);
}

static void only_a_death_while_an_entry_is_applied_counts_against_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        char path[] = "/tmp/cairn-mark-XXXXXX";
        char command[128];
        struct marker marker = MARKER_NULL;
        struct slice mark;
        uint32_t crashes = 0;
        int status;
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
        char *dir = mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert_true(dir != MAP_FAILED);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            live_and_end(path, dir, i);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);

        assert_int_equal(marker_open(path, &marker), 0);
        (void)marker_last(&marker, &mark, &crashes);
        if (crashes != endings[i].crashes) {
            print_error("%s: %u crashes\n", endings[i].how, crashes);
        }
        assert_int_equal(crashes, endings[i].crashes);
        marker_close(&marker);
        (void)snprintf(command, sizeof(command), "rm -rf %s %s", path, dir);
        assert_int_equal(system(command), 0);
        assert_int_equal(munmap(dir, 64), 0);
    }
}

static void a_disk_that_fails_in_the_middle_of_an_entry_is_nobodys_crash(void **state)
{
    struct world *world = *state;
    struct apply apply;
    const struct batch_head head = {.apply_version = APPLY_VERSION, .time_ms = 1};
    const struct entry_input input = {.kind = ENTRY_DECISION};
    const struct decision_header decisions[] = {
        {.alert = 1, .action = ACTION_OPEN},
        {.has_record = true, .action = ACTION_OPEN},
    };
    three_missed(world, ALIX);
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    assert_int_equal(apply_begin(&apply, txn, 99, &head, world->commit.governance), 0);
    store_fail(txn, -EIO);

    for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
        decision_act(&apply, &decisions[i], &input);
    }

    assert_int_equal(store_fault(txn), -EIO);
    apply_end(&apply);
}

/* --- leaves that are no entries --- */

static void a_start_is_in_the_log_with_the_size_it_found(void **state)
{
    struct world *world = *state;
    uint64_t size = world_log_size(world);
    struct hash software;
    assert_int_equal(world_restart(world), 0);

    commit_start(&world->commit, NULL, 0);
    (void)attest_step(&world->attest, false, 0);

    struct leaf leaf = newest_leaf(world);
    sha256(slice_of_text("cairn-broker " CAIRN_VERSION), software.bytes);
    assert_int_equal(leaf.type, LEAF_START);
    assert_int_equal(leaf.number, size);
    assert_true(hash_equal(&leaf.digest, &software));
    assert_int_equal(world_log_size(world), size + 1);
}

/* Of a folder of which some could not be read, or was changed meanwhile. */
static void a_store_without_governance_begins_with_a_good_root_or_not_at_all(void **state)
{
    struct world *world = *state;
    struct governance *held = world->commit.governance;
    uint64_t size = world_log_size(world);
    const struct input refused[] = {
        {.type = INPUT_GOVERNANCE, .governance = {.document = GOVERNANCE_ROOT}},
        {.type = INPUT_GOVERNANCE, .governance = {.document = GOVERNANCE_DIRECTORY}},
    };
    world->commit.governance = NULL;

    commit_start(&world->commit, NULL, 0);
    commit_start(&world->commit, &refused[1], 1);
    commit_start(&world->commit, refused, ARRAY_LEN(refused));

    struct governance *then = world->commit.governance;
    world->commit.governance = held;
    assert_null(then);
    assert_int_equal(world_log_size(world), size);
}

/* A frame whose signature does not hold. */
static void send_forged(struct world *world, uint32_t agency)
{
    struct world_entry entry;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_record(world, agency, &entry);
    const struct world_parcel parcel = {.agency = agency, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    entry.body[0] ^= 1;
    frame.data[frame.len - 1] ^= 1;
    world_receive(world, agency, buf_slice(&frame));
    world_turn(world);
}

static void refused_frames_are_summed_up_in_the_log_when_their_hour_is_over(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_note(world, MASH, &entry);
    assert_true(verdict_is_stored(world_send_one(world, MASH, &entry)));
    uint64_t hour = (uint64_t)(world->clock.real_ms / HOUR_MS);
    send_forged(world, GP);
    send_forged(world, HOSPITAL);
    send_forged(world, GP);
    uint64_t size = world_log_size(world);
    make_note(world, MASH, &entry);
    assert_true(verdict_is_stored(world_send_one(world, MASH, &entry)));
    assert_int_equal(world_log_size(world), size + 1); /* the hour is not over */

    clock_fake_advance(&world->clock, HOUR_MS);
    make_note(world, MASH, &entry);
    assert_true(verdict_is_stored(world_send_one(world, MASH, &entry)));

    assert_int_equal(world_log_size(world), size + 4);
    struct leaf leaf = leaf_at(world, size + 1);
    assert_int_equal(leaf.type, LEAF_REFUSED);
    assert_int_equal(leaf.agency, GP);
    assert_int_equal(leaf.number, hour);
    assert_int_equal(leaf.detail, 2);
    leaf = leaf_at(world, size + 2);
    assert_int_equal(leaf.agency, HOSPITAL);
    assert_int_equal(leaf.detail, 1);
}

static void what_was_refused_is_in_the_log_before_the_broker_stops(void **state)
{
    struct world *world = *state;
    send_forged(world, GP);
    uint64_t size = world_log_size(world);

    commit_flush_refused(&world->commit);
    commit_flush_refused(&world->commit);
    (void)attest_step(&world->attest, false, 0);

    assert_int_equal(world_log_size(world), size + 1);
    assert_int_equal(newest_leaf(world).type, LEAF_REFUSED);
    assert_int_equal(newest_leaf(world).detail, 1);
}

/* --- governance through the ring --- */

static void offer(struct world *world, uint64_t version, const char *from, const char *to,
                  size_t n_keys)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    governing_template("patterns", &text);
    text_replace(&text, from, to);
    governing_note(&world->governing, n_keys, GOVERNANCE_PATTERNS, version, buf_slice(&text),
                   &note);
    const struct govern_document document = {
        .document = GOVERNANCE_PATTERNS, .text = buf_slice(&text), .note = buf_slice(&note)};
    assert_true(gate_offer(&world->gate, &document));
    world_turn(world);
}

static void a_document_takes_effect_at_its_place_in_the_log(void **state)
{
    struct world *world = *state;
    uint64_t size = world_log_size(world);

    offer(world, 2, "\"occurrences_min\": 3", "\"occurrences_min\": 2", 1);

    struct leaf leaf = newest_leaf(world);
    assert_int_equal(world_log_size(world), size + 1);
    assert_int_equal(leaf.type, LEAF_GOVERNANCE);
    assert_int_equal(leaf.detail, GOVERNANCE_PATTERNS);
    assert_int_equal(leaf.number, 2);
    state_verified(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, GP, ALIX, "2026-06-03");
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
}

static void documents_that_are_older_unsigned_or_broken_leave_no_trace(void **state)
{
    struct world *world = *state;
    uint64_t size = world_log_size(world);

    offer(world, 1, "\"occurrences_min\": 3", "\"occurrences_min\": 2", 1);
    offer(world, 2, "\"occurrences_min\": 3", "\"occurrences_min\": 2", 0);
    offer(world, 2, "\"occurrences_min\": 3", "\"unheard_of\": 3", 1);

    assert_int_equal(world_log_size(world), size);
    assert_int_equal(world->commit.governance->versions[GOVERNANCE_PATTERNS], 1);
}

static void a_document_survives_a_restart(void **state)
{
    struct world *world = *state;
    offer(world, 2, "\"occurrences_min\": 3", "\"occurrences_min\": 2", 1);

    assert_int_equal(world_restart(world), 0);

    assert_int_equal(world->commit.governance->versions[GOVERNANCE_PATTERNS], 2);
    assert_int_equal(world->commit.governance->patterns.items[0].occurrences_min, 2);
}

/* --- time --- */

static void the_time_in_the_log_never_goes_back(void **state)
{
    struct world *world = *state;
    static const int64_t steps[] = {0, -30000, 3600000, -86400000, 1000, -1};
    struct world_entry entry;
    int64_t last = 0;

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        clock_fake_step(&world->clock, steps[i]);
        clock_fake_advance(&world->clock, 10);
        make_record(world, GP, &entry);
        assert_true(verdict_is_stored(world_send_one(world, GP, &entry)));
        int64_t time_ms = newest_leaf(world).time_ms;
        assert_true(time_ms >= last);
        last = time_ms;
    }
}

static void leaves_of_one_batch_have_salts_of_their_own(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[2];
    make_record(world, GP, &entries[0]);
    make_record(world, GP, &entries[1]);
    const struct world_parcel parcel = {.agency = GP, .n = 2, .entries = entries};
    assert_int_equal(world_send(world, &parcel), VERDICT_STORED);

    struct leaf a = leaf_at(world, world_log_size(world) - 2);
    struct leaf b = newest_leaf(world);

    assert_int_equal(a.time_ms, b.time_ms);
    assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
}

/* --- what stops the broker, or keeps it from starting --- */

static int end_of(pid_t pid, const int ends[2], char *said, size_t room)
{
    int status = 0;
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ssize_t got = read(ends[0], said, room - 1);
    said[got > 0 ? got : 0] = '\0';
    assert_int_equal(close(ends[0]), 0);
    return status;
}

/* A record comes to a broker, in a process of its own, to which that has happened: it must end
 * before it answers, and say so. */
static void expect_end(struct world *world, void (*happens)(struct world *world), const char *event)
{
    struct world_entry entry;
    char said[1024];
    int ends[2];
    make_record(world, GP, &entry);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        happens(world);
        (void)world_send_one(world, GP, &entry);
        _exit(EXIT_SUCCESS);
    }
    int status = end_of(pid, ends, said, sizeof(said));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
    assert_non_null(strstr(said, event));
    assert_null(strstr(said, "entry_refused"));
}

static void fill_mark(struct world *world)
{
    int full = open("/dev/full", O_RDWR);
    (void)dup2(full, world->attest.highwater.fd);
}

static void without_a_high_water_mark_it_ends_before_answering(void **state)
{
    expect_end(*state, fill_mark, "highwater_failed");
}

static void change_row(struct world *world, enum table table, struct slice key, size_t at)
{
    struct store_txn *txn = store_begin(world->store);
    struct slice value;
    _cleanup_(buf_deinit) struct buf changed = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    assert_true(store_get(txn, table, key, &value));
    buf_add_slice(&changed, value);
    changed.data[at < changed.len ? at : changed.len - 1] ^= 1;
    store_put(txn, table, key, buf_slice(&changed));
    assert_int_equal(store_commit(&txn), 0);
}

/* As if the disk had not kept the newest leaf, which is not signed yet, as it was written. */
static void spoil_unsigned_leaf(struct world *world)
{
    struct tree_range before = world->attest.range;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_true(verdict_is_stored(world_send_one(world, GP, &entry)));
    struct store_key key = store_key_u64(world_log_size(world) - 1);
    change_row(world, T_LOG, store_key_slice(&key), SIZE_MAX);
    world->attest.range = before;
}

static void what_does_not_read_back_as_it_was_written_is_not_signed(void **state)
{
    expect_end(*state, spoil_unsigned_leaf, "reread_failed");
}

static void a_log_that_was_edited_does_not_start(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_true(verdict_is_stored(world_send_one(world, GP, &entry)));
    struct store_key key = store_key_u64(world_log_size(world) - 1);

    change_row(world, T_LOG, store_key_slice(&key), SIZE_MAX);

    assert_int_not_equal(world_restart(world), 0);
}

static bool starts(struct world *world, uint64_t mark_size)
{
    const struct checkpoint mark = {.size = mark_size};
    struct error error = ERROR_NULL;
    int r = attest_recover(&world->attest, world->dir, &mark, &error);
    return r == 0 || strstr(error.what, "older than its high-water mark") == NULL;
}

/* Commit runs ahead of a signer that is slow by as much as the ring holds: what is written and not
 * signed may be more than the tail that every start looks at. */
static void every_leaf_that_no_head_covers_is_read_back_before_one_does(void **state)
{
    struct world *world = *state;
    struct tree_range range;
    struct store_txn *txn = store_begin(world->store);
    assert_int_equal(log_load(txn, T_LOG, &range), 0);
    struct store_key key = store_key_u64(range.size);
    for (size_t i = 0; i < 10500; i++) {
        (void)log_append(txn, T_LOG, &range, slice_of_text("a leaf that is not signed"));
    }
    assert_int_equal(store_commit(&txn), 0);

    change_row(world, T_LOG, store_key_slice(&key), SIZE_MAX);

    assert_int_not_equal(world_restart(world), 0);
}

static void a_store_does_not_start_behind_what_anybody_remembers_of_it(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_true(verdict_is_stored(world_send_one(world, GP, &entry)));
    uint64_t ahead = world_log_size(world) + 1;
    uint64_t *const remembered[] = {&world->attest.signer->last.size,
                                    &world->attest.highwater.shown.size};

    assert_false(starts(world, ahead));
    for (size_t i = 0; i < ARRAY_LEN(remembered); i++) {
        uint64_t was = *remembered[i];
        *remembered[i] = ahead;
        assert_false(starts(world, 0));
        *remembered[i] = was;
    }
}

static void governance_that_was_edited_in_the_store_does_not_start(void **state)
{
    struct world *world = *state;
    struct store_key key = key_governance(GOVERNANCE_AGREEMENTS);

    change_row(world, T_GOVERNANCE, store_key_slice(&key), 40);

    assert_int_not_equal(world_restart(world), 0);
}

static void a_store_of_another_schema_does_not_start(void **state)
{
    struct world *world = *state;
    struct store_txn *txn = store_begin(world->store);
    meta_put(txn, "schema", STATE_SCHEMA + 1);
    assert_int_equal(store_commit(&txn), 0);

    assert_int_not_equal(world_restart(world), 0);
}

static void an_empty_batch_writes_nothing(void **state)
{
    struct world *world = *state;
    size_t batches = rows(world, T_JOURNAL);

    send_forged(world, GP);

    assert_int_equal(rows(world, T_JOURNAL), batches);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_batch_takes_no_more_frames_than_its_limit),
        STORY(a_batch_takes_no_more_bytes_than_its_limit),
        STORY(what_waits_is_judged_for_a_new_day_in_nobodys_batch),
        STORY(frames_without_end_do_not_keep_it_from_being_judged),
        STORY(judging_and_looking_at_what_may_go_take_turns),
        STORY(a_batch_that_has_written_enough_ends_and_the_next_takes_the_rest),
        STORY(nothing_is_answered_or_told_before_it_is_durable),
        STORY(the_checkpoint_of_a_receipt_covers_what_it_answers),
        STORY(the_high_water_mark_is_what_was_signed),
        STORY(an_entry_that_comes_twice_in_one_batch_is_applied_once),
        STORY(an_equivocation_within_one_batch_leaves_the_first_standing),
        STORY(each_entry_of_a_parcel_of_known_and_new_ones_gets_its_own_answer),
        STORY(only_records_wait_for_a_newer_directory),
        STORY(an_urgent_record_sealed_to_a_reader_revoked_since_is_stored_and_not_told),
        STORY(what_a_person_decides_is_taken_while_the_disk_fills_up),
        STORY(a_record_behind_newer_agreements_in_its_batch_is_sealed_anew),
        STORY(an_urgent_record_behind_newer_agreements_in_its_batch_is_not_blamed_for_it),
        STORY(the_fuller_the_disk_the_less_is_taken_and_urgent_records_always),
        STORY(an_entry_set_aside_takes_no_other_of_its_parcel_with_it),
        cmocka_unit_test(only_a_death_while_an_entry_is_applied_counts_against_it),
        STORY(a_disk_that_fails_in_the_middle_of_an_entry_is_nobodys_crash),
        STORY(a_store_without_governance_begins_with_a_good_root_or_not_at_all),
        STORY(a_start_is_in_the_log_with_the_size_it_found),
        STORY(refused_frames_are_summed_up_in_the_log_when_their_hour_is_over),
        STORY(what_was_refused_is_in_the_log_before_the_broker_stops),
        STORY(a_document_takes_effect_at_its_place_in_the_log),
        STORY(documents_that_are_older_unsigned_or_broken_leave_no_trace),
        STORY(a_document_survives_a_restart),
        STORY(the_time_in_the_log_never_goes_back),
        STORY(leaves_of_one_batch_have_salts_of_their_own),
        STORY(without_a_high_water_mark_it_ends_before_answering),
        STORY(what_does_not_read_back_as_it_was_written_is_not_signed),
        STORY(a_log_that_was_edited_does_not_start),
        STORY(every_leaf_that_no_head_covers_is_read_back_before_one_does),
        STORY(a_store_does_not_start_behind_what_anybody_remembers_of_it),
        STORY(governance_that_was_edited_in_the_store_does_not_start),
        STORY(a_store_of_another_schema_does_not_start),
        STORY(an_empty_batch_writes_nothing),
    };
    return cmocka_run_group_tests_name("commit", tests, NULL, NULL);
}
