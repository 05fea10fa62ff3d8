/* SPDX-License-Identifier: Apache-2.0 */
/* What must be refused, one change at a time: each has its own verdict, is answered, and changes
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/memory_plan.h"
#include "support/stories.h"

static void make_record(struct world *world, uint32_t from, struct world_entry *ret)
{
    const struct world_record record = {
        .from = from, .child = ALIX, .day = instant_london_day(world->clock.real_ms) - 3};
    world_record(world, &record, ret);
}

/* --- frames whose structure or sender is wrong --- */

static void other_partnership(struct parcel_head *head)
{
    head->partnership.bytes[0] ^= 1;
}

static void other_agency(struct parcel_head *head)
{
    head->agency = HOSPITAL;
}

static void unknown_key(struct parcel_head *head)
{
    head->key_id ^= 1;
}

static void other_root(struct parcel_head *head)
{
    head->root.bytes[0] ^= 1;
}

static void other_first(struct parcel_head *head)
{
    head->first_seq++;
}

static void other_stream(struct parcel_head *head)
{
    head->stream++;
}

static void other_count(struct parcel_head *head)
{
    head->entries++;
}

struct forged {
    const char *what;
    uint32_t agency;     /* named in the head and in the entry */
    uint32_t connection; /* 0: the same */
    uint32_t signer;     /* 0: the same */
    void (*change)(struct parcel_head *head);
    enum lane lane;
    enum verdict verdict;
};

static const struct forged forgeries[] = {
    {"a head of another partnership", GP, 0, 0, other_partnership, 0, VERDICT_WRONG_PARTNERSHIP},
    {"another agency's connection", GP, HOSPITAL, 0, NULL, 0, VERDICT_WRONG_SENDER},
    {"another agency in the head", GP, 0, 0, other_agency, 0, VERDICT_WRONG_SENDER},
    {"another agency in head and connection, entry ours", GP, HOSPITAL, HOSPITAL, other_agency, 0,
     VERDICT_WRONG_SENDER},
    {"a key that the directory does not know", GP, 0, 0, unknown_key, 0, VERDICT_UNKNOWN_KEY},
    {"another agency's signing key", GP, 0, HOSPITAL, NULL, 0, VERDICT_UNKNOWN_KEY},
    {"a root over other entries", GP, 0, 0, other_root, 0, VERDICT_BAD_SIGNATURE},
    {"a first sequence that is not the first", GP, 0, 0, other_first, 0, VERDICT_OUT_OF_ORDER},
    {"a stream that is not the entries'", GP, 0, 0, other_stream, 0, VERDICT_WRONG_SENDER},
    {"a count that is not the entries'", GP, 0, 0, other_count, 0, VERDICT_MALFORMED},
    {"a routine record in the urgent lane", GP, 0, 0, NULL, LANE_URGENT, VERDICT_WRONG_LANE},
};

static void each_forgery_alone_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    struct world_entry entry;

    for (size_t i = 0; i < ARRAY_LEN(forgeries); i++) {
        const struct forged *row = &forgeries[i];
        uint64_t size = world_log_size(world);
        make_record(world, row->agency, &entry);
        const struct world_parcel parcel = {.agency = row->agency,
                                            .connection = row->connection,
                                            .signer = row->signer,
                                            .lane = row->lane,
                                            .n = 1,
                                            .entries = &entry,
                                            .change_head = row->change};

        enum verdict verdict = world_send(world, &parcel);

        if (verdict != row->verdict) {
            print_error("%s: %s\n", row->what, verdict_name(verdict));
        }
        assert_int_equal(verdict, row->verdict);
        assert_int_equal(world_log_size(world), size);
    }
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

/* --- the bytes themselves --- */

static enum verdict send_bytes(struct world *world, uint32_t agency, struct slice frame)
{
    enum verdict verdict = VERDICT_STORED;
    world_forget_letters(world);
    world_receive(world, agency, frame);
    world_turn(world);
    struct slice payload = world_letter(world, agency, WIRE_ERROR);
    arena_reset(&world->arena);
    if (payload.len > 0) {
        assert_true(wire_error_read(payload, &world->arena, &verdict));
    }
    return verdict;
}

static void cut_one(struct world *world, struct buf *out)
{
    struct world_entry entry;
    make_record(world, GP, &entry);
    const struct world_parcel parcel = {.agency = GP, .n = 1, .entries = &entry};
    world_cut(world, &parcel, out);
}

static void every_truncation_is_refused(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    cut_one(world, &frame);
    uint64_t size = world_log_size(world);

    for (size_t len = 0; len < frame.len; len += len < 64 ? 1 : 37) {
        assert_int_equal(send_bytes(world, GP, slice_make(frame.data, len)), VERDICT_BAD_FRAME);
        world->gate.n_guests = 0; /* forgets the strikes */
    }

    assert_int_equal(world_log_size(world), size);
    assert_int_equal(send_bytes(world, GP, buf_slice(&frame)), VERDICT_STORED);
    assert_true(world_log_size(world) > size);
}

static void no_flipped_bit_of_a_parcel_is_believed(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    cut_one(world, &frame);
    uint64_t size = world_log_size(world);

    /* The lane and the correlation are the connection's, not the parcel's: nothing signed speaks of
     * them. */
    for (size_t at = WIRE_HEADER_BYTES; at < frame.len; at++) {
        frame.data[at] ^= (uint8_t)(1U << (at % 8));
        enum verdict verdict = send_bytes(world, GP, buf_slice(&frame));
        assert_false(verdict_is_stored(verdict));
        frame.data[at] ^= (uint8_t)(1U << (at % 8));
        world->gate.n_guests = 0;
    }

    assert_int_equal(world_log_size(world), size);
}

static void what_is_no_frame_is_refused(void **state)
{
    struct world *world = *state;

    assert_int_equal(send_bytes(world, GP, slice_of_text("GET / HTTP/1.1\r\n\r\n")),
                     VERDICT_BAD_FRAME);
}

static void a_version_that_is_not_spoken_is_said_so(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    const struct wire_header ping = {.version = CAIRN_PROTOCOL_MAX + 1, .type = WIRE_PING};
    wire_frame_begin(&frame, &ping);
    wire_frame_end(&frame);

    assert_int_equal(send_bytes(world, GP, buf_slice(&frame)), VERDICT_UNSUPPORTED_VERSION);

    const struct wire_header hello = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_HELLO};
    const struct wire_hello from_the_future = {.protocol_min = CAIRN_PROTOCOL_MAX + 1,
                                               .protocol_max = CAIRN_PROTOCOL_MAX + 2,
                                               .software = slice_of_text("cairn-agent 99")};
    wire_frame_begin(&frame, &hello);
    wire_hello_write(&from_the_future, &frame);
    wire_frame_end(&frame);
    assert_int_equal(send_bytes(world, GP, buf_slice(&frame)), VERDICT_UNSUPPORTED_VERSION);
}

/* --- verdicts of one entry, after its signature held: final, with a row and a leaf --- */

static void equivocation_is_refused_logged_and_the_first_answer_stands(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    struct world_entry other = entry;
    other.header.record.event_day--;
    world_refreeze(&other);
    uint64_t size = world_log_size(world);

    assert_int_equal(world_send_one(world, GP, &other), VERDICT_EQUIVOCATION);

    assert_int_equal(world_log_size(world), size + 1);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    assert_int_equal(world_log_size(world), size + 1);
}

static void a_replay_gets_the_same_answer_and_leaves_no_trace(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    uint64_t size = world_log_size(world);

    for (int i = 0; i < 5; i++) {
        assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    }

    assert_int_equal(world_log_size(world), size);
}

static void a_final_refusal_stays_final(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    world_decision(world, GP, 5, ACTION_OPEN, OUTCOME_NONE, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_NOT_ENTITLED);
    uint64_t size = world_log_size(world);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_NOT_ENTITLED);

    assert_int_equal(world_log_size(world), size);
}

static void a_grant_to_whom_existence_alone_may_be_told_is_refused(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    entry.grants[entry.wire.n_grants] = entry.grants[entry.wire.n_grants - 1];
    entry.grants[entry.wire.n_grants++].recipient = STRANGER; /* another practice */

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_GRANT);
}

static void a_grant_that_no_agreement_allows_is_refused(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    entry.grants[entry.wire.n_grants] = entry.grants[entry.wire.n_grants - 1];
    entry.grants[entry.wire.n_grants++].recipient = SCHOOL;

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_GRANT);

    make_record(world, GP, &entry);
    entry.wire.n_grants = 0;
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_GRANT);
}

/* The world's agreements hold until the end of 30 November 2027. */
static void go_to_the_last_evening(struct world *world)
{
    int32_t last = 0;
    assert_true(date_parse(slice_of_text("2027-11-30"), &last));
    int64_t evening_ms = last * DAY_MS + INT64_C(86340000);
    clock_fake_advance(&world->clock, evening_ms - world->clock.real_ms);
}

static void a_grant_that_was_legal_a_moment_ago_is_no_reason_to_lose_a_record(void **state)
{
    struct world *world = *state;
    static struct world_entry entries[2];
    go_to_the_last_evening(world);
    make_record(world, GP, &entries[0]);
    make_record(world, GP, &entries[1]);
    assert_true(entries[0].wire.n_grants > CAIRN_PARTS);

    clock_fake_advance(&world->clock, 120 * 1000);
    enum verdict at_midnight = world_send_one(world, GP, &entries[0]);
    clock_fake_advance(&world->clock, INT64_C(2) * 86400 * 1000);
    enum verdict days_later = world_send_one(world, GP, &entries[1]);

    assert_true(verdict_is_stored(at_midnight));
    assert_int_equal(days_later, VERDICT_BAD_GRANT);
}

static void a_card_larger_than_its_body_is_a_bad_entry(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    entry.header.record.card_bytes = (uint32_t)entry.wire.body.len + 1;
    world_refreeze(&entry);
    uint64_t size = world_log_size(world);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_ENTRY);

    assert_int_equal(world_log_size(world), size + 1);
}

static void a_record_that_nobody_may_read_says_so(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record record = {.from = GP,
                                        .child = ALIX,
                                        .day = instant_london_day(world->clock.real_ms),
                                        .record_kind = RECORD_CASE_NOTE};
    world_record(world, &record, &entry);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED_NO_READER);
}

/* --- keys and governance --- */

static void a_revocation_holds_from_its_own_batch_on(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    world_revoke(world, 1U << GP);
    make_record(world, GP, &entry);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_REVOKED_KEY);
    make_record(world, HOSPITAL, &entry);
    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);
}

static void what_a_revoked_key_signs_is_refused_before_anything_of_it_is_stored(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_record(world, GP, &entry);
    const struct world_parcel parcel = {.agency = GP, .n = 1, .entries = &entry};
    world_offer_signing_revoked(world, GP);
    world_turn(world);
    world_cut(world, &parcel, &frame);
    uint64_t size = world_log_size(world);

    world_receive(world, GP, buf_slice(&frame));
    assert_true(verify_step(&world->verify, false));

    assert_int_equal(pipeline_batch_slot(world->pipeline, 0)->verdict, VERDICT_REVOKED_KEY);
    world_turn(world);
    assert_true(world_log_size(world) == size);
}

/* What can wait would be sealed anew behind a newer directory. */
static void make_immediate(struct world *world, struct world_entry *ret)
{
    const struct world_record record = {.from = GP,
                                        .child = ALIX,
                                        .day = instant_london_day(world->clock.real_ms),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_NOT_SAID,
                                        .level = 4,
                                        .urgency = URGENCY_IMMEDIATE};
    world_record(world, &record, ret);
}

/* Both are verified before the directory is in force. */
static void receive_behind(struct world *world, struct slice frame)
{
    world_receive(world, GP, frame);
    assert_true(verify_step(&world->verify, false) && verify_step(&world->verify, false));
    assert_int_equal(pipeline_batch_slot(world->pipeline, 1)->verdict, VERDICT_STORED);
    world_turn(world);
}

static void a_parcel_verified_before_a_revocation_is_refused_after_it(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct wire_receipt receipt;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_immediate(world, &entry);
    const struct world_parcel parcel = {
        .agency = GP, .lane = LANE_URGENT, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    uint64_t delivered = world_items(world, MASH, ITEM_DELIVERED);

    world_offer_signing_revoked(world, GP);
    receive_behind(world, buf_slice(&frame));

    struct slice payload = world_letter(world, GP, WIRE_RECEIPT);
    assert_true(wire_receipt_read(payload, &arena, &receipt));
    assert_int_equal(receipt.results[0].verdict, VERDICT_REVOKED_KEY);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), delivered);
}

static enum verdict error_of(struct world *world)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    enum verdict verdict = VERDICT_BUSY;
    assert_true(wire_error_read(world_letter(world, GP, WIRE_ERROR), &arena, &verdict));
    return verdict;
}

static void what_a_retired_key_signed_must_be_signed_anew_and_leaves_no_row(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_immediate(world, &entry);
    const struct world_parcel parcel = {
        .agency = GP, .lane = LANE_URGENT, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    uint64_t size = world_log_size(world);

    world_offer_signing_retired(world, GP);
    receive_behind(world, buf_slice(&frame));

    assert_int_equal(error_of(world), VERDICT_STALE_DIRECTORY);
    assert_true(world_log_size(world) == size + 1); /* the directory */
    world_forget_letters(world);
    world_receive(world, GP, buf_slice(&frame));
    world_turn(world);
    assert_int_equal(error_of(world), VERDICT_STALE_DIRECTORY);
    assert_true(world_log_size(world) == size + 1);
}

static void old_agreements(struct parcel_head *head)
{
    head->versions.of[GOVERNANCE_DIRECTORY] = 1;
}

static void sealed_under_an_older_directory_must_come_again(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    world_revoke(world, 0);
    make_record(world, GP, &entry);
    uint64_t size = world_log_size(world);
    const struct world_parcel parcel = {
        .agency = GP, .n = 1, .entries = &entry, .change_head = old_agreements};

    assert_int_equal(world_send(world, &parcel), VERDICT_STALE_DIRECTORY);
    assert_int_equal(world_log_size(world), size);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

/* --- bounds --- */

static void over_quota_waits_and_disturbs_nobody_else(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    world->gate.quota_records = 1;
    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    make_record(world, GP, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_OVER_QUOTA);
    struct world_entry others;
    make_record(world, HOSPITAL, &others);
    assert_int_equal(world_send_one(world, HOSPITAL, &others), VERDICT_STORED);
    clock_fake_advance(&world->clock, 60000);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

static void fill_ring(struct world *world, struct slice frame)
{
    for (size_t i = 0; i < CAIRN_RING_SLOTS; i++) {
        world_receive(world, GP, frame);
        if (world->n_letters > 0) {
            return; /* the first `busy` */
        }
    }
}

static void when_the_ring_is_full_the_urgent_lane_still_gets_in(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct world_entry urgent;
    enum verdict verdict;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf help = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    make_record(world, GP, &entry);
    const struct world_parcel parcel = {.agency = GP, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = instant_london_day(world->clock.real_ms),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_OTHER_CONCERN,
                                        .urgency = URGENCY_IMMEDIATE};
    world_record(world, &record, &urgent);
    const struct world_parcel urgent_parcel = {
        .agency = SCHOOL, .lane = LANE_URGENT, .n = 1, .entries = &urgent};
    world_cut(world, &urgent_parcel, &help);

    fill_ring(world, buf_slice(&frame));
    struct slice payload = world_letter(world, GP, WIRE_ERROR);
    assert_true(wire_error_read(payload, &world->arena, &verdict));
    assert_int_equal(verdict, VERDICT_BUSY);
    assert_true(pipeline_may_read(world->pipeline));
    world_receive(world, SCHOOL, buf_slice(&help));
    world_turn(world);

    assert_true(world_letter(world, SCHOOL, WIRE_RECEIPT).len > 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
}

static void a_nearly_full_disk_takes_only_what_is_urgent(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    world->commit.looked_ms = clock_boot_ms(&world->clock.clock) + 1;
    world->commit.disk_percent = CAIRN_DISK_REFUSE_PERCENT;

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_DISK_FULL);

    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = instant_london_day(world->clock.real_ms),
                                        .record_kind = RECORD_REFERRAL,
                                        .urgency = URGENCY_SAME_DAY};
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, SCHOOL, &entry), VERDICT_STORED);
}

static void an_entry_that_crashed_apply_twice_is_set_aside(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    uint8_t id[ENTRY_ID_BYTES];
    make_record(world, GP, &entry);
    entry_id_pack(&entry.header.id, id);

    for (int crash = 0; crash < 2; crash++) {
        marker_set(&world->commit.marker, SLICE_OF(id));
        assert_int_equal(world_restart(world), 0);
    }

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_QUARANTINED);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_QUARANTINED);
    struct world_entry next;
    make_record(world, GP, &next);
    assert_int_equal(world_send_one(world, GP, &next), VERDICT_STORED);
}

static void a_created_time_far_off_is_taken_as_evidence(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    make_record(world, GP, &entry);
    entry.header.record.created_ms -= INT64_C(40) * 365 * 86400000;
    world_refreeze(&entry);

    enum verdict verdict = world_send_one(world, GP, &entry);

    assert_int_equal(verdict, VERDICT_STORED);
}

/* --- what it takes --- */

/* Of all that an agent sends, statements with many identifiers unpack to the most. */
static void write_statements(struct world *world, struct buf *frame)
{
    static struct world_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    static const char *const names[CAIRN_TOKENS_MAX] = {"a", "b", "c", "d", "e", "f",
                                                        "g", "h", "i", "j", "k", "l"};
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct stated stated[CAIRN_TOKENS_MAX];
        struct subject_id subject = subject_of(GP, ALIX);
        for (size_t n = 0; n < CAIRN_TOKENS_MAX; n++) {
            stated[n] = NAMED(names[n]);
        }
        make_statement(world, &subject, stated, CAIRN_TOKENS_MAX, &entries[i]);
    }
    const struct world_parcel parcel = {.agency = GP, .n = ARRAY_LEN(entries), .entries = entries};
    world_cut(world, &parcel, frame);
}

static void a_ring_full_of_what_unpacks_to_the_most_takes_no_more_than_planned(void **state)
{
    struct world *world = *state;
    struct pipeline_cursors at = {.claimed = 0};
    uint64_t before;
    uint64_t taken = CAIRN_RING_SLOTS * (uint64_t)sizeof(struct slot);
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    write_statements(world, &frame);
    do {
        before = at.claimed;
        world_receive(world, GP, buf_slice(&frame));
        pipeline_cursors(world->pipeline, &at);
    } while (at.claimed > before);
    assert_true(at.claimed > 100);

    while (verify_step(&world->verify, false)) {
    }

    size_t ready = pipeline_batch(world->pipeline, false, 0);
    for (size_t i = 0; i < ready; i++) {
        const struct slot *slot = pipeline_batch_slot(world->pipeline, i);
        assert_int_equal(slot->verdict, VERDICT_STORED);
        taken += slot->arena.total + net_frame_slice(&slot->frame).len;
    }
    assert_int_equal(ready, at.claimed);
    assert_true(taken <= memory_plan_ring_bytes());
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(each_forgery_alone_is_refused_and_changes_nothing),
        STORY(every_truncation_is_refused),
        STORY(no_flipped_bit_of_a_parcel_is_believed),
        STORY(what_is_no_frame_is_refused),
        STORY(a_version_that_is_not_spoken_is_said_so),
        STORY(equivocation_is_refused_logged_and_the_first_answer_stands),
        STORY(a_replay_gets_the_same_answer_and_leaves_no_trace),
        STORY(a_final_refusal_stays_final),
        STORY(a_grant_that_no_agreement_allows_is_refused),
        STORY(a_grant_to_whom_existence_alone_may_be_told_is_refused),
        STORY(a_grant_that_was_legal_a_moment_ago_is_no_reason_to_lose_a_record),
        STORY(a_card_larger_than_its_body_is_a_bad_entry),
        STORY(a_record_that_nobody_may_read_says_so),
        STORY(a_revocation_holds_from_its_own_batch_on),
        STORY(what_a_revoked_key_signs_is_refused_before_anything_of_it_is_stored),
        STORY(a_parcel_verified_before_a_revocation_is_refused_after_it),
        STORY(what_a_retired_key_signed_must_be_signed_anew_and_leaves_no_row),
        STORY(sealed_under_an_older_directory_must_come_again),
        STORY(over_quota_waits_and_disturbs_nobody_else),
        STORY(when_the_ring_is_full_the_urgent_lane_still_gets_in),
        STORY(a_nearly_full_disk_takes_only_what_is_urgent),
        STORY(an_entry_that_crashed_apply_twice_is_set_aside),
        STORY(a_created_time_far_off_is_taken_as_evidence),
        STORY(a_ring_full_of_what_unpacks_to_the_most_takes_no_more_than_planned),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
