/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/journal.h"
#include "support/crypto.h"
#include "support/ledger_store.h"

static const struct batch_head head = {
    .apply_version = 1,
    .time_ms = -62135596800000,
    .salt = {0x5a, 1, 2, 3},
};

/* --- inputs --- */

static uint8_t header_bytes[CAIRN_HEADER_MAX_BYTES + 1];
static uint8_t document_bytes[CAIRN_GOVERNANCE_DOC_MAX_BYTES + 1];
static uint8_t note_bytes[CAIRN_NOTE_MAX_BYTES + 1];

static struct input entry_with(size_t n_grants, size_t n_tokens, size_t header_len)
{
    struct input input = {.type = INPUT_ENTRY};
    struct entry_input *entry = &input.entry;
    *entry = (struct entry_input){
        .verdict = VERDICT_STORED,
        .kind = ENTRY_RECORD,
        .lane = LANE_URGENT,
        .id = {.agency = 7, .stream = 0x0102030405060708, .seq = UINT64_MAX},
        .key_id = 0x80000001,
        .sender = UINT32_MAX,
        .agreements_version = 1,
        .directory_version = UINT64_MAX,
        .parcel = 0xfffffffe,
        .index = CAIRN_PARCEL_ENTRIES_MAX - 1,
        .n_grants = n_grants,
        .n_tokens = n_tokens,
        .header = {header_bytes, header_len},
    };
    memset(header_bytes, 'h', sizeof(header_bytes));
    memset(entry->item.bytes, 0xd1, sizeof(entry->item.bytes));
    memset(entry->grants_digest.bytes, 0xd2, sizeof(entry->grants_digest.bytes));
    for (size_t i = 0; i < n_grants; i++) {
        entry->grants[i] = (struct grant_mark){
            .part = i % 2 == 0 ? PART_CARD : PART_ACCOUNT,
            .recipient = UINT32_MAX - (uint32_t)i,
            .key_id = (uint32_t)i + 1,
        };
    }
    for (size_t i = 0; i < n_tokens; i++) {
        memset(entry->tokens[i], (int)i + 1, sizeof(entry->tokens[i]));
    }
    return input;
}

static struct input document_with(size_t text_len, size_t note_len)
{
    memset(document_bytes, 'd', sizeof(document_bytes));
    memset(note_bytes, 'n', sizeof(note_bytes));
    struct input input = {.type = INPUT_GOVERNANCE};
    input.governance.document = GOVERNANCE_CALENDAR;
    input.governance.text = slice_make(document_bytes, text_len);
    input.governance.note = slice_make(note_bytes, note_len);
    return input;
}

static struct input refused(void)
{
    struct input input = {.type = INPUT_REFUSED};
    input.refused.agency = 3;
    input.refused.hour = UINT64_MAX;
    input.refused.frames = UINT32_MAX;
    return input;
}

static struct input software(void)
{
    struct input input = {.type = INPUT_START};
    memset(input.software.bytes, 0x77, sizeof(input.software.bytes));
    return input;
}

#define SAMPLES 11

static void samples(struct input ret[SAMPLES])
{
    ret[0] = software();
    ret[1] = document_with(0, 0);
    ret[2] = document_with(CAIRN_GOVERNANCE_DOC_MAX_BYTES, CAIRN_NOTE_MAX_BYTES);
    ret[3] = entry_with(0, 0, 0);
    ret[4] = entry_with(2, 0, 200);
    ret[5] = entry_with(0, CAIRN_TOKENS_MAX, 1);
    ret[6] = entry_with(CAIRN_GRANTS_MAX, CAIRN_TOKENS_MAX, CAIRN_HEADER_MAX_BYTES);
    ret[7] = refused();
    ret[8] = (struct input){.type = INPUT_TICK};
    ret[9] = (struct input){.type = INPUT_CONTINUE};
    ret[10] = (struct input){.type = INPUT_RETENTION};
}

/* A few inputs of every type in one short row. */
static void write_short_row(struct buf *row)
{
    const struct input inputs[] = {software(), document_with(5, 3), entry_with(1, 1, 8), refused()};

    journal_begin(&head, row);
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        (void)journal_add(&inputs[i], row);
    }
    journal_end(ARRAY_LEN(inputs), row);
}

static void expect_same_entry(const struct entry_input *a, const struct entry_input *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->lane, b->lane);
    assert_true(entry_id_equal(&a->id, &b->id));
    assert_int_equal(a->key_id, b->key_id);
    assert_int_equal(a->sender, b->sender);
    assert_int_equal(a->agreements_version, b->agreements_version);
    assert_int_equal(a->directory_version, b->directory_version);
    assert_true(hash_equal(&a->item, &b->item));
    assert_true(hash_equal(&a->grants_digest, &b->grants_digest));
    assert_int_equal(a->parcel, b->parcel);
    assert_int_equal(a->index, b->index);
    assert_int_equal(a->n_grants, b->n_grants);
    for (size_t i = 0; i < b->n_grants; i++) {
        assert_int_equal(a->grants[i].part, b->grants[i].part);
        assert_int_equal(a->grants[i].recipient, b->grants[i].recipient);
        assert_int_equal(a->grants[i].key_id, b->grants[i].key_id);
    }
    assert_int_equal(a->n_tokens, b->n_tokens);
    assert_memory_equal(a->tokens, b->tokens, b->n_tokens * sizeof(b->tokens[0]));
    assert_true(slice_equal(a->header, b->header));
}

static void expect_same_input(const struct input *a, const struct input *b)
{
    assert_int_equal(a->type, b->type);
    switch (b->type) {
    case INPUT_ENTRY:
        expect_same_entry(&a->entry, &b->entry);
        break;
    case INPUT_GOVERNANCE:
        assert_int_equal(a->governance.document, b->governance.document);
        assert_true(slice_equal(a->governance.text, b->governance.text));
        assert_true(slice_equal(a->governance.note, b->governance.note));
        break;
    case INPUT_REFUSED:
        assert_int_equal(a->refused.agency, b->refused.agency);
        assert_int_equal(a->refused.hour, b->refused.hour);
        assert_int_equal(a->refused.frames, b->refused.frames);
        break;
    case INPUT_START:
        assert_true(hash_equal(&a->software, &b->software));
        break;
    case INPUT_TICK:
    case INPUT_CONTINUE:
    case INPUT_RETENTION:
        break;
    }
}

/* Whether the row is whole, as its readers ask: a head, and as many inputs as the head says, to the
 * last byte. */
static bool is_whole(struct slice row)
{
    struct batch_head read;
    struct input input;
    size_t at = BATCH_HEAD_BYTES;
    size_t n = 0;

    if (!journal_head_read(row, &read)) {
        return false;
    }
    while (journal_next(row, &at, &input)) {
        n++;
    }
    return at == row.len && n == read.inputs;
}

/* As is_whole, over a block of exactly these bytes: a sanitizer sees a read beyond the end. */
static bool is_whole_alone(const uint8_t *bytes, size_t len)
{
    uint8_t *exact = base_alloc(len > 0 ? len : 1);

    memcpy(exact, bytes, len);
    bool whole = is_whole(slice_make(exact, len));
    base_free(&exact);
    return whole;
}

/* --- what is written comes back --- */

static void the_head_of_a_batch_comes_back_as_it_went(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    struct batch_head back;

    journal_begin(&head, &row);
    journal_end(UINT32_MAX, &row);

    assert_int_equal(row.len, BATCH_HEAD_BYTES);
    assert_true(journal_head_read(buf_slice(&row), &back));
    assert_int_equal(back.apply_version, head.apply_version);
    assert_true(back.time_ms == head.time_ms);
    assert_memory_equal(back.salt, head.salt, sizeof(head.salt));
    assert_int_equal(back.inputs, UINT32_MAX);
}

static void every_type_of_input_comes_back_as_it_went_and_in_order(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_BATCH_BYTES_MAX);
    struct input inputs[SAMPLES];
    struct input back;
    size_t at = BATCH_HEAD_BYTES;
    uint32_t offsets[SAMPLES];
    samples(inputs);

    journal_begin(&head, &row);
    for (size_t i = 0; i < SAMPLES; i++) {
        offsets[i] = journal_add(&inputs[i], &row);
    }
    journal_end(SAMPLES, &row);

    assert_true(is_whole(buf_slice(&row)));
    for (size_t i = 0; i < SAMPLES; i++) {
        assert_int_equal(at, offsets[i]);
        assert_true(journal_next(buf_slice(&row), &at, &back));
        expect_same_input(&back, &inputs[i]);
    }
    assert_false(journal_next(buf_slice(&row), &at, &back));
    assert_int_equal(at, row.len);
}

static void a_new_batch_forgets_the_one_before_it(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    write_short_row(&row);

    journal_begin(&head, &row);
    journal_end(0, &row);

    assert_int_equal(row.len, BATCH_HEAD_BYTES);
    assert_true(is_whole(buf_slice(&row)));
}

/* Journals of this version must be replayed by every later one: whoever changes these bytes gives
 * the row another format number. */
static void the_bytes_of_format_1_stay(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    uint8_t digest[CAIRN_HASH_BYTES];
    char hex[HEX_BYTES(CAIRN_HASH_BYTES)];
    write_short_row(&row);

    sha256(buf_slice(&row), digest);

    hex_encode(SLICE_OF(digest), hex);
    assert_int_equal(row.len, 304);
    assert_string_equal(hex, "9852de04f9aefc9c551b9c1eb261b9d495070f496f3e2f896bc6c6e5e06b71a5");
}

/* --- what is damaged is refused --- */

static void a_row_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    write_short_row(&row);
    assert_true(is_whole_alone(row.data, row.len));

    for (size_t len = 0; len < row.len; len++) {
        assert_false(is_whole_alone(row.data, len));
    }
}

static void a_byte_behind_the_last_input_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    write_short_row(&row);

    buf_add(&row, "", 1);

    assert_false(is_whole(buf_slice(&row)));
}

static void another_number_of_inputs_than_the_head_says_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    write_short_row(&row);

    for (uint32_t n = 0; n < 8; n++) {
        journal_end(n, &row);
        assert_int_equal(is_whole(buf_slice(&row)), n == 4);
    }
}

static void a_head_of_another_format_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    struct batch_head back;
    write_short_row(&row);

    for (unsigned format = 0; format <= 255; format++) {
        row.data[0] = (uint8_t)format;
        assert_int_equal(journal_head_read(buf_slice(&row), &back), format == 1);
    }
}

/* The row of one input, with the byte at `place` of the input set to `value`. */
static bool takes_changed(const struct input *input, size_t place, uint8_t value)
{
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    struct input back;
    size_t at = BATCH_HEAD_BYTES;

    journal_begin(&head, &row);
    (void)journal_add(input, &row);
    journal_end(1, &row);
    row.data[BATCH_HEAD_BYTES + 4 + place] = value;
    bool taken = journal_next(buf_slice(&row), &at, &back);
    assert_true(taken || at == SIZE_MAX);
    return taken;
}

static void an_input_of_a_type_that_is_not_known_is_refused(void **state)
{
    (void)state;
    const struct input input = software();

    for (unsigned type = 0; type <= 255; type++) {
        assert_int_equal(takes_changed(&input, 0, (uint8_t)type), type == INPUT_START);
    }
}

#define PLACE_OF_GRANTS                                                                            \
    118 /* type, verdict, kind, lane, id, keys, versions, digests, parcel, index */

/* An entry whose count of grants is changed to one more, and whose bytes still add up: the grant is
 * made of what was the count of tokens and the beginning of the header. */
static bool takes_one_grant_more_than(uint8_t n)
{
    struct input input = entry_with(n, 0, 20);
    struct writer rest = writer_over(header_bytes + 4, 5);
    write_u8(&rest, 0); /* tokens */
    write_u32(&rest, 20 - 9);
    return takes_changed(&input, PLACE_OF_GRANTS, n + 1);
}

/* Likewise: the token is made of the header's length and beginning. */
static bool takes_one_token_more_than(uint8_t n)
{
    struct input input = entry_with(0, n, 50);
    struct writer rest = writer_over(header_bytes + 28, 4);
    write_u32(&rest, 50 - 32);
    return takes_changed(&input, PLACE_OF_GRANTS + 1, n + 1);
}

static void more_grants_or_tokens_than_an_entry_may_have_are_refused(void **state)
{
    (void)state;

    assert_true(takes_one_grant_more_than(CAIRN_GRANTS_MAX - 1));
    assert_false(takes_one_grant_more_than(CAIRN_GRANTS_MAX));
    assert_true(takes_one_token_more_than(CAIRN_TOKENS_MAX - 1));
    assert_false(takes_one_token_more_than(CAIRN_TOKENS_MAX));
}

static void what_is_longer_than_its_limit_is_refused(void **state)
{
    (void)state;
    const struct input rows[] = {
        entry_with(0, 0, CAIRN_HEADER_MAX_BYTES + 1),
        document_with(CAIRN_GOVERNANCE_DOC_MAX_BYTES + 1, 0),
        document_with(0, CAIRN_NOTE_MAX_BYTES + 1),
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_BATCH_BYTES_MAX);
        journal_begin(&head, &row);
        (void)journal_add(&rows[i], &row);
        journal_end(1, &row);
        assert_false(is_whole(buf_slice(&row)));
    }
}

static void after_a_broken_input_nothing_more_is_read(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(1024);
    struct input back;
    size_t at = BATCH_HEAD_BYTES;
    write_short_row(&row);
    row.data[BATCH_HEAD_BYTES + 4] = 0;

    assert_false(journal_next(buf_slice(&row), &at, &back));
    assert_int_equal(at, SIZE_MAX);

    assert_false(journal_next(buf_slice(&row), &at, &back));
    assert_int_equal(at, SIZE_MAX);
}

/* --- an entry by its place --- */

static void an_entry_is_found_by_its_batch_and_offset_and_nowhere_else(void **state)
{
    struct ledger_store *ledger = *state;
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(8192);
    const struct input inputs[] = {software(), entry_with(1, 0, 9), refused(),
                                   entry_with(0, 2, 100)};
    uint32_t offsets[ARRAY_LEN(inputs)];
    struct entry_input back;
    struct store_key key = store_key_u64(12);
    journal_begin(&head, &row);
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        offsets[i] = journal_add(&inputs[i], &row);
    }
    journal_end(ARRAY_LEN(inputs), &row);

    store_put(ledger->txn, T_JOURNAL, store_key_slice(&key), buf_slice(&row));

    assert_true(journal_entry_at(ledger->txn, 12, offsets[1], &back));
    expect_same_entry(&back, &inputs[1].entry);
    assert_true(journal_entry_at(ledger->txn, 12, offsets[3], &back));
    expect_same_entry(&back, &inputs[3].entry);
    assert_false(journal_entry_at(ledger->txn, 11, offsets[1], &back));
    assert_false(journal_entry_at(ledger->txn, 12, offsets[0], &back));
    assert_false(journal_entry_at(ledger->txn, 12, offsets[2], &back));
    assert_false(journal_entry_at(ledger->txn, 12, offsets[1] + 1, &back));
    assert_false(journal_entry_at(ledger->txn, 12, (uint32_t)row.len, &back));
    assert_false(journal_entry_at(ledger->txn, 12, UINT32_MAX, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_of_a_batch_comes_back_as_it_went),
        cmocka_unit_test(every_type_of_input_comes_back_as_it_went_and_in_order),
        cmocka_unit_test(a_new_batch_forgets_the_one_before_it),
        cmocka_unit_test(the_bytes_of_format_1_stay),
        cmocka_unit_test(a_row_cut_at_any_byte_is_refused),
        cmocka_unit_test(a_byte_behind_the_last_input_is_refused),
        cmocka_unit_test(another_number_of_inputs_than_the_head_says_is_refused),
        cmocka_unit_test(a_head_of_another_format_is_refused),
        cmocka_unit_test(an_input_of_a_type_that_is_not_known_is_refused),
        cmocka_unit_test(more_grants_or_tokens_than_an_entry_may_have_are_refused),
        cmocka_unit_test(what_is_longer_than_its_limit_is_refused),
        cmocka_unit_test(after_a_broken_input_nothing_more_is_read),
        cmocka_unit_test_setup_teardown(an_entry_is_found_by_its_batch_and_offset_and_nowhere_else,
                                        ledger_store_set_up, ledger_store_tear_down),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
