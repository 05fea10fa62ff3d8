/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/frozen.h"
#include "agents/core/kept.h"
#include "agents/core/sending.h"
#include "crypto/digest.h"
#include "support/practice.h"

#define TOLD_MAX  64
#define TURNS_MAX 50 /* of a lane until nothing is left: more is a loop */

/* What the broker has: an entry's first content under an id stands. */
struct told {
    struct entry_id id;
    struct hash item;
    struct entry_header header;
};

/* An agent, its sending by hand, and a broker that is a list. */
struct story {
    struct practice *practice;
    struct session session;
    struct sending sending;
    struct signer *broker;
    struct note_key checkpoint_key;
    struct arena arena;
    struct told told[TOLD_MAX];
    size_t n;
    size_t equivocations;
    uint64_t correlation;
};

static void start_link(struct story *story)
{
    session_start(&story->session, story->practice->agent);
    story->session.protocol = CAIRN_PROTOCOL_MAX;
    sending_start(&story->sending, story->practice->agent);
}

static int open_story(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    uint8_t key[SIGN_PUBLIC_BYTES];
    story->practice = practice_new();
    story->arena = ARENA_BUDGET(64 * CAIRN_FRAME_MAX_BYTES);
    governing_seed(0, "sign", &seed);
    assert_int_equal(signer_new(&seed, &story->broker), 0);
    signer_public(story->broker, key);
    assert_true(note_key_init(&story->checkpoint_key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, key));
    practice_govern(story->practice);
    start_link(story);
    *state = story;
    return 0;
}

static int close_story(void **state)
{
    struct story *story = *state;

    practice_free(&story->practice);
    signer_free(&story->broker);
    arena_deinit(&story->arena);
    base_free(&story);
    return 0;
}

/* --- the broker --- */

static const struct told *find(const struct story *story, const struct entry_id *id)
{
    for (size_t i = 0; i < story->n; i++) {
        if (entry_id_equal(&story->told[i].id, id)) {
            return &story->told[i];
        }
    }
    return NULL;
}

static enum verdict take_entry(struct story *story, const struct wire_entry *entry)
{
    struct told *told = &story->told[story->n];
    assert_true(story->n < TOLD_MAX);
    assert_true(wire_entry_header_read(entry->kind, entry->header, &story->arena, &told->header));
    assert_true(wire_entry_fits(&told->header, entry->body));
    told->id = told->header.id;
    wire_item_digest(entry->header, entry->body, &told->item);
    const struct told *before = find(story, &told->id);
    if (before != NULL && !hash_equal(&before->item, &told->item)) {
        story->equivocations++;
        return VERDICT_EQUIVOCATION;
    }
    story->n += before == NULL ? 1 : 0;
    return VERDICT_STORED;
}

static struct slice any_note(struct story *story)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    const struct checkpoint head = {.size = 1000};

    assert_int_equal(checkpoint_sign(&head, &story->checkpoint_key, story->broker, &note), 0);
    return arena_copy(&story->arena, buf_slice(&note));
}

static void take_parcel(struct story *story, const struct parcel *parcel)
{
    struct slice frame = arena_copy(&story->arena, buf_slice(&parcel->frame));
    struct wire_result results[CAIRN_PARCEL_ENTRIES_MAX];
    struct wire_parcel read;
    struct parcel_head head;
    assert_true(wire_parcel_read(wire_payload(frame), &story->arena, &read));
    assert_true(wire_parcel_head_read(read.head, &story->arena, &head));
    for (size_t i = 0; i < read.n_entries; i++) {
        struct entry_header header;
        assert_true(wire_entry_header_read(read.entries[i].kind, read.entries[i].header,
                                           &story->arena, &header));
        assert_true(header.id.stream == head.stream);
        results[i] = (struct wire_result){
            .seq = header.id.seq, .verdict = take_entry(story, &read.entries[i]), .log_index = i};
    }
    struct wire_receipt receipt = {.stream = head.stream,
                                   .n_results = read.n_entries,
                                   .results = results,
                                   .checkpoint = any_note(story)};
    assert_int_equal(sending_receipt(&story->sending, parcel->correlation, &receipt), SENDING_DONE);
}

static void send_lane(struct story *story, enum lane lane)
{
    for (size_t i = 0; i < TURNS_MAX; i++) {
        _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
        clock_fake_advance(&story->practice->clock, SENDING_RETRY_MAX_MS);
        int r = sending_cut(&story->sending, &story->session, lane, ++story->correlation, &parcel);
        if (r == -ENOENT) {
            return;
        }
        assert_int_equal(r, 0);
        sending_sent(&story->sending, lane, &parcel);
        take_parcel(story, &parcel);
    }
    fail_msg("lane %d is never done", (int)lane);
}

static void send_all(struct story *story)
{
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        send_lane(story, lane);
    }
}

static void restore(struct story *story)
{
    practice_restore(story->practice);
    start_link(story);
}

/* --- looking --- */

static size_t records_told(const struct story *story)
{
    size_t n = 0;
    for (size_t i = 0; i < story->n; i++) {
        n += story->told[i].header.kind == ENTRY_RECORD ? 1 : 0;
    }
    return n;
}

static const struct told *told_of(struct story *story, const struct intake_item *item)
{
    struct out_row row = practice_out(story->practice, &item->reference);
    const struct told *told = find(story, &row.entry);
    assert_int_equal(row.state, OUT_STORED);
    assert_non_null(told);
    assert_true(hash_equal(&row.item, &told->item)); /* what a proof of it must speak of */
    assert_memory_equal(told->header.record.handle, row.handle, CAIRN_HANDLE_BYTES);
    return told;
}

static const char *const source = "\"source\":{\"system\":\"emis\",\"id\":\"C-1\"},";

static struct intake_item take_back(struct story *story)
{
    struct intake_item item = practice_submit(
        story->practice, INTAKE_RECORD,
        "{\"kind\":\"retraction\",\"event_date\":\"2026-11-20\",\"retracts\":\"C-1\","
        "\"source\":{\"system\":\"emis\",\"id\":\"R-1\"}}");
    assert_int_equal(item.outcome, INTAKE_RETRACTED);
    return item;
}

/* --- stories --- */

static void a_restored_store_loses_nothing_and_says_nothing_twice(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");
    send_all(story);
    struct intake_item waiting = practice_concern(story->practice, "");
    practice_backup(story->practice);
    start_link(story);
    send_all(story); /* `waiting` and what the backup knows nothing of */
    (void)practice_concern(story->practice, "");
    (void)practice_concern(story->practice, "\"urgency\":\"immediate\",");
    send_all(story);
    size_t before = records_told(story);

    restore(story);
    struct intake_item items[] = {practice_concern(story->practice, ""),
                                  practice_concern(story->practice, ""),
                                  practice_concern(story->practice, "\"urgency\":\"immediate\",")};
    send_all(story);

    assert_true(story->equivocations > 0);
    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 0);
    assert_int_equal(before, 4);
    assert_int_equal(records_told(story), 7);
    (void)told_of(story, &waiting);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        (void)told_of(story, &items[i]);
    }
}

static void a_retraction_behind_a_renumbered_record_takes_back_that_one(void **state)
{
    struct story *story = *state;
    practice_backup(story->practice);
    start_link(story);
    (void)practice_concern(story->practice, "");
    (void)practice_concern(story->practice, "");
    send_all(story);

    restore(story);
    struct intake_item mistaken = practice_concern(story->practice, source);
    struct intake_item taken_back = take_back(story);
    send_all(story);

    const struct told *record = told_of(story, &mistaken);
    const struct told *retraction = told_of(story, &taken_back);
    assert_true(retraction->header.record.has_retracts);
    assert_true(entry_id_equal(&retraction->header.record.retracts, &record->id));
    assert_true(practice_out(story->practice, &mistaken.reference).retracted);
}

static void what_is_sealed_again_opens_with_its_new_keys(void **state)
{
    struct story *story = *state;
    struct spool_entry row;
    struct entry_header header;
    struct frozen frozen = frozen_new();
    const struct secret *store_key = &story->practice->agent->keys.store;
    practice_backup(story->practice);
    start_link(story);
    (void)practice_concern(story->practice, "");
    send_all(story);
    restore(story);
    store_key = &story->practice->agent->keys.store;
    struct intake_item item = practice_concern(story->practice, "");
    struct entry_id old = practice_out(story->practice, &item.reference).entry;

    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    assert_int_equal(
        sending_cut(&story->sending, &story->session, LANE_NORMAL, ++story->correlation, &parcel),
        0);
    sending_sent(&story->sending, LANE_NORMAL, &parcel);
    take_parcel(story, &parcel);

    _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);
    struct reference reference;
    assert_true(spool_get(txn, LANE_NORMAL, old.seq, &row));
    assert_true(wire_entry_header_read(ENTRY_RECORD, row.header, &story->arena, &header));
    assert_true(header.id.stream != old.stream);
    assert_true(header.id.stream == spool_stream(txn, LANE_NORMAL));
    assert_int_equal(frozen_open(&frozen, store_key, &row, &header), 0);
    assert_non_null(strstr(buf_text(&frozen.account), "without a coat"));
    assert_non_null(strstr(buf_text(&frozen.card), "Thistledown"));
    assert_false(out_by_entry(txn, &old, &reference));
    assert_true(out_by_entry(txn, &header.id, &reference));
    struct kept kept;
    assert_true(kept_get(txn, &header.id, &kept)); /* for whoever is granted it later */
    assert_true(slice_equal(kept.header, row.header) && slice_equal(kept.keys, row.keys));
    assert_false(kept_get(txn, &old, &kept));
    frozen_deinit(&frozen);
}

static void what_settled_in_the_copy_and_had_left_is_one_occurrence(void **state)
{
    struct story *story = *state;
    uint8_t occurrence[sizeof(story->told[0].header.record.occurrence)];
    struct intake_item missed =
        practice_submit(story->practice, INTAKE_RECORD,
                        "{\"kind\":\"missed-appointment\",\"code\":\"was-not-brought\",\"event_"
                        "date\":\"2026-11-20\","
                        "\"child\":{\"local_id\":\"7\"},\"account\":{\"summary\":\"Did not "
                        "come.\"},\"lawfulness\":{\"judged_by\":\"person\","
                        "\"judge\":\"A. Example, "
                        "nurse\",\"basis\":\"legal-obligation\",\"function\":\"early help\","
                        "\"detriment\":\"not-more-detrimental\",\"family_told\":\"told\"}}");
    practice_backup(story->practice);
    start_link(story);
    clock_fake_advance(&story->practice->clock, 25 * PRACTICE_HOUR);
    practice_settle(story->practice);
    send_all(story);
    const struct told *first = told_of(story, &missed);
    memcpy(occurrence, first->header.record.occurrence, sizeof(occurrence));

    restore(story);
    practice_settle(story->practice);
    (void)practice_concern(story->practice, "");
    send_all(story);

    const struct told *again = told_of(story, &missed);
    assert_ptr_not_equal(first, again);
    assert_true(again->header.record.has_occurrence);
    assert_memory_equal(again->header.record.occurrence, occurrence, sizeof(occurrence));
}

static void a_store_made_anew_under_the_same_keys_has_streams_of_its_own(void **state)
{
    struct story *story = *state;
    uint64_t streams[CAIRN_LANES + 1];
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);
        streams[lane] = spool_stream(txn, lane);
    }
    (void)practice_concern(story->practice, "");
    send_all(story);

    struct story *other = NULL;
    assert_int_equal(open_story((void **)&other), 0);

    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        _cleanup_(store_end) struct store_txn *txn = store_read(other->practice->agent->store);
        assert_true(streams[lane] != spool_stream(txn, lane));
    }
    assert_int_equal(close_story((void **)&other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_story, close_story)
        TEST(a_restored_store_loses_nothing_and_says_nothing_twice),
        TEST(a_retraction_behind_a_renumbered_record_takes_back_that_one),
        TEST(what_is_sealed_again_opens_with_its_new_keys),
        TEST(what_settled_in_the_copy_and_had_left_is_one_occurrence),
        TEST(a_store_made_anew_under_the_same_keys_has_streams_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
