/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/state.h"
#include "support/crypto.h"
#include "support/ledger_store.h"

static const uint64_t numbers[] = {
    0,     1,         127,        128,        255,       256,        65535,
    65536, INT32_MAX, UINT32_MAX, 1ULL << 32, INT64_MAX, 1ULL << 63, UINT64_MAX,
};
static const uint32_t small_numbers[] = {0, 1, 127, 128, 255, 256, 65536, INT32_MAX, UINT32_MAX};
static const int32_t days[] = {INT32_MIN, -719162, -65536, -257, -256,  -255,     -1,
                               0,         1,       255,    256,  20413, INT32_MAX};

static const struct entry_id entry_a = {
    .agency = 7, .stream = 0x0102030405060708, .seq = UINT64_MAX - 1};
static const struct subject_id subject_a = {.agency = 7, .handle = {0xaa, 1, 2, 3, 4, 5, 6, 7}};

/* --- keys --- */

/* As LMDB orders keys. */
static bool sorts_before(const struct store_key *a, const struct store_key *b)
{
    int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

    return order < 0 || (order == 0 && a->len < b->len);
}

/* Each key that is given must sort after the one before it. */
struct rising {
    struct store_key last;
    size_t n;
};

static void expect_rises(struct rising *rising, struct store_key key)
{
    assert_in_range(key.len, 1, sizeof(key.bytes));
    assert_true(rising->n == 0 || sorts_before(&rising->last, &key));
    rising->last = key;
    rising->n++;
}

static void keys_of_two_numbers_sort_as_the_numbers_do(void **state)
{
    (void)state;
    struct rising streams = {.n = 0};
    struct rising mailboxes = {.n = 0};
    struct rising inputs = {.n = 0};

    for (size_t i = 0; i < ARRAY_LEN(small_numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(numbers); j++) {
            expect_rises(&streams, key_stream(small_numbers[i], numbers[j]));
            expect_rises(&mailboxes, key_mailbox(small_numbers[i], numbers[j]));
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(small_numbers); j++) {
            expect_rises(&inputs, key_batch_input(numbers[i], small_numbers[j]));
        }
    }
}

static void a_chronology_sorts_by_child_then_day_even_before_1970_then_log_index(void **state)
{
    (void)state;
    struct rising rising = {.n = 0};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(days); j++) {
            for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
                expect_rises(&rising, key_chronology(numbers[i], days[j], numbers[k]));
            }
        }
    }
}

static void entries_and_their_readers_sort_by_agency_then_stream_then_order(void **state)
{
    (void)state;
    struct rising entries = {.n = 0};
    struct rising readers = {.n = 0};

    for (size_t i = 0; i < ARRAY_LEN(small_numbers); i++) {
        for (size_t j = 0; j < ARRAY_LEN(numbers); j++) {
            for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
                const struct entry_id id = {small_numbers[i], numbers[j], numbers[k]};
                expect_rises(&entries, key_entry(&id));
                expect_rises(&readers, key_reader(&id, 0));
                expect_rises(&readers, key_reader(&id, 1));
                expect_rises(&readers, key_reader(&id, UINT32_MAX));
            }
        }
    }
}

static void subjects_sort_by_agency_and_what_hangs_on_them_stays_together(void **state)
{
    (void)state;
    struct rising subjects = {.n = 0};
    struct rising members = {.n = 0};
    struct rising involvements = {.n = 0};

    for (size_t i = 0; i < ARRAY_LEN(small_numbers); i++) {
        for (unsigned byte = 0; byte <= 255; byte += 51) {
            struct subject_id subject = {.agency = small_numbers[i]};
            subject.handle[0] = (uint8_t)byte;
            struct store_key key = key_subject(&subject);
            expect_rises(&subjects, key);
            expect_rises(&members, key_member(UINT64_MAX, &subject));
            for (unsigned role = ROLE_REGISTERED_PATIENT; role <= ROLE_ALLOCATED_WORKER; role++) {
                struct store_key of_role = key_involvement(&subject, (enum role)role);
                expect_rises(&involvements, of_role);
                assert_true(key_has_prefix(store_key_slice(&of_role), &key));
            }
        }
    }
    struct rising children = {.n = 0};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        expect_rises(&children, key_member(numbers[i], &subject_a));
    }
}

static void agencies_and_documents_sort_as_their_numbers_do(void **state)
{
    (void)state;
    struct rising agencies = {.n = 0};
    struct rising documents = {.n = 0};

    for (size_t i = 0; i < ARRAY_LEN(small_numbers); i++) {
        expect_rises(&agencies, key_agency(small_numbers[i]));
    }
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        expect_rises(&documents, key_governance((enum governance_document)i));
    }
}

static void a_token_is_found_by_class_and_value_and_by_nothing_else(void **state)
{
    (void)state;
    uint8_t stored[32];
    uint8_t other[32];
    memset(stored, 0xc3, sizeof(stored));
    memcpy(other, stored, sizeof(other));
    other[31] ^= 1;

    struct store_key key = key_token(TOKEN_UPN, stored, &subject_a);
    struct store_key own = key_token_prefix(TOKEN_UPN, stored);
    struct store_key of_class = key_token_prefix(TOKEN_NHS_NUMBER, stored);
    struct store_key of_value = key_token_prefix(TOKEN_UPN, other);

    assert_true(key_has_prefix(store_key_slice(&key), &own));
    assert_false(key_has_prefix(store_key_slice(&key), &of_class));
    assert_false(key_has_prefix(store_key_slice(&key), &of_value));
    assert_false(key_has_prefix(slice_make(own.bytes, own.len - 1), &own));
    assert_true(sorts_before(&own, &key));
}

static void every_table_has_a_name_of_its_own(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_TABLES; i++) {
        assert_non_null(state_table_names[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(state_table_names[i], state_table_names[j]);
        }
    }
}

/* --- rows --- */

static struct slice stored(struct ledger_store *ledger, enum table table, struct store_key key)
{
    struct slice value = SLICE_NULL;

    assert_true(store_get(ledger->txn, table, store_key_slice(&key), &value));
    return value;
}

static void a_counter_starts_at_one_and_is_what_was_put_last(void **state)
{
    struct ledger_store *ledger = *state;

    assert_int_equal(meta_get(ledger->txn, "batch", 42), 42);
    assert_int_equal(meta_next(ledger->txn, "batch"), 1);
    assert_int_equal(meta_next(ledger->txn, "batch"), 2);
    assert_int_equal(meta_get(ledger->txn, "child", 0), 0);

    meta_put(ledger->txn, "batch", UINT64_MAX - 1);

    assert_int_equal(meta_next(ledger->txn, "batch"), UINT64_MAX);
    assert_int_equal(meta_get(ledger->txn, "batch", 0), UINT64_MAX);
}

static struct entry_row entry_sample(void)
{
    struct entry_row row = {
        .verdict = VERDICT_STORED,
        .kind = ENTRY_RECORD,
        .log_index = 0x1122334455667788,
        .batch = UINT64_MAX,
        .input = 0xdeadbeef,
        .offset = 0x01020304,
        .retracted = true,
        .alert = 9,
        .destroyed = DESTROYED_DELIVERED,
        .asked_day = -7,
    };
    memset(row.item.bytes, 0xd1, sizeof(row.item.bytes));
    return row;
}

static void an_entry_row_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;
    const struct entry_row row = entry_sample();
    struct entry_row back = {.input = 5};
    assert_false(entry_row_get(ledger->txn, &entry_a, &back));
    assert_int_equal(back.input, 5);

    entry_row_put(ledger->txn, &entry_a, &row);

    assert_true(entry_row_get(ledger->txn, &entry_a, &back));
    assert_int_equal(back.verdict, row.verdict);
    assert_int_equal(back.kind, row.kind);
    assert_true(hash_equal(&back.item, &row.item));
    assert_int_equal(back.log_index, row.log_index);
    assert_int_equal(back.batch, row.batch);
    assert_int_equal(back.input, row.input);
    assert_int_equal(back.offset, row.offset);
    assert_true(back.retracted);
    assert_int_equal(back.alert, row.alert);
}

static struct subject_row subject_sample(size_t n_tokens)
{
    struct subject_row row = {
        .child = UINT64_MAX - 2,
        .link = LINK_PROVISIONAL,
        .epoch = 0x80000001,
        .statement = UINT64_MAX,
        .revision = UINT64_MAX - 3,
        .n_tokens = n_tokens,
    };
    for (size_t i = 0; i < n_tokens; i++) {
        row.tokens[i].class = i % 2 == 0 ? TOKEN_NHS_NUMBER : TOKEN_NAME_BIRTH_POSTCODE;
        row.tokens[i].status = i % 3 == 0 ? IDENTIFIER_VERIFIED : IDENTIFIER_WELL_FORMED;
        memset(row.tokens[i].stored, (int)(i + 1), sizeof(row.tokens[i].stored));
    }
    return row;
}

static void a_subject_row_comes_back_with_none_and_with_the_most_tokens(void **state)
{
    struct ledger_store *ledger = *state;
    static const size_t counts[] = {0, 1, CAIRN_TOKENS_MAX};
    struct subject_row back = {.epoch = 5};
    assert_false(subject_row_get(ledger->txn, &subject_a, &back));
    assert_int_equal(back.epoch, 5);

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const struct subject_row row = subject_sample(counts[i]);

        subject_row_put(ledger->txn, &subject_a, &row);

        assert_true(subject_row_get(ledger->txn, &subject_a, &back));
        assert_int_equal(back.child, row.child);
        assert_int_equal(back.link, row.link);
        assert_int_equal(back.epoch, row.epoch);
        assert_int_equal(back.statement, row.statement);
        assert_int_equal(back.revision, row.revision);
        assert_int_equal(back.n_tokens, row.n_tokens);
        for (size_t j = 0; j < row.n_tokens; j++) {
            assert_int_equal(back.tokens[j].class, row.tokens[j].class);
            assert_int_equal(back.tokens[j].status, row.tokens[j].status);
            assert_memory_equal(back.tokens[j].stored, row.tokens[j].stored, 32);
        }
    }
}

static struct chronology_row chronology_sample(bool retracted, bool counts)
{
    struct chronology_row row = {
        .subject = subject_a,
        .entry = entry_a,
        .record_kind = RECORD_CONCERN,
        .code = CODE_OTHER_CONCERN,
        .level = CAIRN_LEVEL_MAX,
        .urgency = URGENCY_IMMEDIATE,
        .retracted = retracted,
        .counts = counts,
    };
    memset(row.occurrence, 0x0c, sizeof(row.occurrence));
    return row;
}

static void a_chronology_row_comes_back_as_it_went(void **state)
{
    (void)state;

    for (unsigned flags = 0; flags < 4; flags++) {
        const struct chronology_row row = chronology_sample((flags & 1U) != 0, (flags & 2U) != 0);
        struct chronology_row back = {.level = 0};
        uint8_t storage[CHRONOLOGY_ROW_BYTES];

        assert_true(chronology_row_unpack(chronology_row_pack(&row, storage), &back));

        assert_true(subject_id_equal(&back.subject, &row.subject));
        assert_true(entry_id_equal(&back.entry, &row.entry));
        assert_int_equal(back.record_kind, row.record_kind);
        assert_int_equal(back.code, row.code);
        assert_int_equal(back.level, row.level);
        assert_int_equal(back.urgency, row.urgency);
        assert_int_equal(back.retracted, row.retracted);
        assert_int_equal(back.counts, row.counts);
        assert_memory_equal(back.occurrence, row.occurrence, sizeof(row.occurrence));
    }
}

static struct alert_row alert_sample(size_t n_addressees, size_t n_records)
{
    struct alert_row row = {
        .child = 3,
        .rule_version = UINT64_MAX,
        .state = ALERT_CLOSED,
        .revision = UINT32_MAX,
        .outcome = OUTCOME_PASSED_TO_AUTHORITY,
        .closed_at = 77,
        .earlier_outcome = OUTCOME_NO_FURTHER_ACTION,
        .into = UINT64_MAX - 1,
        .absorbed = 0x0102030405060708,
        .n_addressees = n_addressees,
        .n_records = n_records,
    };
    memset(row.pattern, 'p', sizeof(row.pattern) - 1);
    memset(row.pattern_hash.bytes, 0x9a, sizeof(row.pattern_hash.bytes));
    for (size_t i = 0; i < n_addressees; i++) {
        row.addressees[i] =
            (struct alert_addressee){.agency = UINT32_MAX - (uint32_t)i, .told = (uint32_t)i + 7};
    }
    for (size_t i = 0; i < n_records; i++) {
        row.records[i] = (struct alert_record){
            .entry = {.agency = (uint32_t)i, .stream = UINT64_MAX, .seq = i + 1},
            .log_index = i << 40,
            .day = (int32_t)i - 30,
            .revision = UINT32_MAX - (uint32_t)i,
        };
    }
    return row;
}

static void expect_same_alert(const struct alert_row *a, const struct alert_row *b)
{
    assert_int_equal(a->child, b->child);
    assert_memory_equal(a->pattern, b->pattern, sizeof(b->pattern));
    assert_int_equal(a->rule_version, b->rule_version);
    assert_true(hash_equal(&a->pattern_hash, &b->pattern_hash));
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->revision, b->revision);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->closed_at, b->closed_at);
    assert_int_equal(a->into, b->into);
    assert_int_equal(a->absorbed, b->absorbed);
    assert_int_equal(a->earlier_outcome, b->earlier_outcome);
    assert_int_equal(a->n_addressees, b->n_addressees);
    assert_memory_equal(a->addressees, b->addressees, b->n_addressees * sizeof(b->addressees[0]));
    assert_int_equal(a->n_records, b->n_records);
    for (size_t i = 0; i < b->n_records; i++) {
        assert_true(entry_id_equal(&a->records[i].entry, &b->records[i].entry));
        assert_int_equal(a->records[i].log_index, b->records[i].log_index);
        assert_int_equal(a->records[i].day, b->records[i].day);
    }
}

static void an_alert_row_comes_back_with_none_and_with_the_most_of_each_list(void **state)
{
    struct ledger_store *ledger = *state;
    static const size_t counts[][2] = {
        {0, 0}, {1, 3}, {CAIRN_ADDRESSEES_MAX, CAIRN_ALERT_RECORDS_MAX}};
    struct alert_row back = {.revision = 5};
    assert_false(alert_row_get(ledger->txn, UINT64_MAX, &back));
    assert_int_equal(back.revision, 5);

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const struct alert_row row = alert_sample(counts[i][0], counts[i][1]);

        alert_row_put(ledger->txn, UINT64_MAX, &row);

        assert_true(alert_row_get(ledger->txn, UINT64_MAX, &back));
        expect_same_alert(&back, &row);
    }
}

static const struct mailbox_row mailbox_samples[] = {
    {
        .kind = ITEM_DELIVERED,
        .told = UINT64_MAX,
        .entry = {.agency = 7, .stream = 8, .seq = 9},
        .parts = PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT),
        .flags = 0xff,
    },
    {
        .kind = ITEM_RELEASE,
        .told = 1,
        .entry = {.agency = UINT32_MAX, .stream = UINT64_MAX, .seq = UINT64_MAX},
        .parts = PART_BIT(PART_ACCOUNT),
        .alert = 0x0102030405060708,
    },
    {.kind = ITEM_NOTICE, .told = 2, .notice = {(const uint8_t *)"a notice", 8}},
    {.kind = ITEM_NOTICE, .told = 3},
};

static void every_kind_of_mailbox_row_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;

    for (size_t i = 0; i < ARRAY_LEN(mailbox_samples); i++) {
        const struct mailbox_row *row = &mailbox_samples[i];
        struct mailbox_row back = {.told = 0};

        mailbox_row_put(ledger->txn, 7, i + 1, row);

        assert_true(mailbox_row_unpack(stored(ledger, T_MAILBOX, key_mailbox(7, i + 1)), &back));
        assert_int_equal(back.kind, row->kind);
        assert_int_equal(back.told, row->told);
        assert_true(entry_id_equal(&back.entry, &row->entry));
        assert_int_equal(back.parts, row->parts);
        assert_int_equal(back.flags, row->flags);
        assert_int_equal(back.alert, row->alert);
        assert_true(slice_equal(back.notice, row->notice));
    }
}

static void a_reader_row_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;
    const struct reader_row row = {.parts = 3,
                                   .opened = true,
                                   .by_name = true,
                                   .own = 2,
                                   .passed_on = true,
                                   .position = UINT64_MAX,
                                   .tellings = UINT32_MAX,
                                   .of_part = {7, 8}};
    struct reader_row back = {.parts = 0};
    assert_false(reader_row_get(ledger->txn, &entry_a, 4, &back));

    reader_row_put(ledger->txn, &entry_a, 4, &row);

    assert_true(reader_row_get(ledger->txn, &entry_a, 4, &back));
    assert_int_equal(back.parts, row.parts);
    assert_true(back.opened);
    assert_int_equal(back.own, row.own);
    assert_true(back.passed_on);
    assert_int_equal(back.position, row.position);
    assert_int_equal(back.tellings, row.tellings);
    assert_memory_equal(back.of_part, row.of_part, sizeof(row.of_part));
    assert_false(reader_row_get(ledger->txn, &entry_a, 5, &back));
}

static struct agency_row agency_sample(void)
{
    struct agency_row row = {.next_position = 90,
                             .acknowledged = 89,
                             .log_size = UINT64_MAX,
                             .cosigned_by = 0x89abcdef,
                             .holds = 3,
                             .left_day = 20700,
                             .said_day = 20779,
                             .joined_day = 20690};

    memset(row.log_root.bytes, 0x12, sizeof(row.log_root.bytes));
    memset(row.cosignature, 0x34, sizeof(row.cosignature));
    return row;
}

static void an_agency_starts_with_an_empty_mailbox_and_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;
    const struct agency_row row = agency_sample();
    struct agency_row back = {.acknowledged = 5};
    agency_row_get(ledger->txn, 7, &back);
    assert_int_equal(back.next_position, 1);
    assert_int_equal(back.acknowledged, 0);
    assert_int_equal(back.log_size, 0);

    agency_row_put(ledger->txn, 7, &row);

    agency_row_get(ledger->txn, 7, &back);
    assert_int_equal(back.next_position, row.next_position);
    assert_int_equal(back.acknowledged, row.acknowledged);
    assert_int_equal(back.log_size, row.log_size);
    assert_int_equal(back.cosigned_by, row.cosigned_by);
    assert_int_equal(back.said_day, row.said_day);
    assert_int_equal(back.joined_day, row.joined_day);
    assert_true(hash_equal(&back.log_root, &row.log_root));
    assert_memory_equal(back.cosignature, row.cosignature, sizeof(row.cosignature));
}

static void an_involvement_row_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;
    const struct involvement_row row = {
        .from_day = INT32_MIN, .until_day = INT32_MAX, .log_index = UINT64_MAX};
    struct involvement_row back = {.log_index = 0};

    involvement_row_put(ledger->txn, &subject_a, ROLE_ON_ROLL, &row);

    struct slice value = stored(ledger, T_INVOLVEMENT, key_involvement(&subject_a, ROLE_ON_ROLL));
    assert_true(involvement_row_unpack(value, &back));
    assert_int_equal(back.from_day, row.from_day);
    assert_int_equal(back.until_day, row.until_day);
    assert_int_equal(back.log_index, row.log_index);
    assert_false(involvement_row_unpack(slice_make(value.data, value.len - 1), &back));
}

static void a_child_has_the_alert_that_was_put_last_or_none(void **state)
{
    struct ledger_store *ledger = *state;
    const struct alert_row alert = alert_sample(1, 1);
    struct alert_row back;
    assert_int_equal(child_alert_get(ledger->txn, 5, &back), 0);

    alert_row_put(ledger->txn, 8, &alert);
    alert_row_put(ledger->txn, 9, &alert);
    child_alert_put(ledger->txn, 5, 9);
    child_alert_put(ledger->txn, 5, 8);

    assert_int_equal(child_alert_get(ledger->txn, 5, &back), 8);
    expect_same_alert(&back, &alert);
    assert_int_equal(child_alert_get(ledger->txn, 6, &back), 0);
}

static void a_governance_row_comes_back_as_it_went(void **state)
{
    struct ledger_store *ledger = *state;
    const struct governance_row row = {
        .version = 3, .text = slice_of_text("{}"), .note = slice_of_text("signed\n")};
    struct governance_row back;
    assert_int_equal(governance_row_get(ledger->txn, GOVERNANCE_CALENDAR, &back), -ENOENT);

    governance_row_put(ledger->txn, GOVERNANCE_CALENDAR, &row);

    assert_int_equal(governance_row_get(ledger->txn, GOVERNANCE_CALENDAR, &back), 0);
    assert_int_equal(back.version, row.version);
    assert_true(slice_equal(back.text, row.text));
    assert_true(slice_equal(back.note, row.note));
}

static struct blob_row blob_sample(size_t n_grants)
{
    struct blob_row row = {.body = slice_of_text("a sealed body"), .n_grants = n_grants};

    for (size_t i = 0; i < n_grants; i++) {
        row.grants[i].part = PART_ACCOUNT;
        row.grants[i].recipient = 7 + (uint32_t)i;
        row.grants[i].key_id = UINT32_MAX;
        memset(row.grants[i].sealed, (int)(0x40 + i), GRANT_BYTES);
    }
    return row;
}

static void a_blob_row_comes_back_with_none_and_with_the_most_grants(void **state)
{
    struct ledger_store *ledger = *state;
    static const size_t counts[] = {0, CAIRN_GRANTS_MAX};
    struct blob_row back;
    assert_int_equal(blob_row_get(ledger->txn, 1, 2, &back), -ENOENT);

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const struct blob_row row = blob_sample(counts[i]);
        uint32_t input = 2 + (uint32_t)i;

        blob_row_append(ledger->txn, 1, input, &row);

        assert_int_equal(blob_row_get(ledger->txn, 1, input, &back), 0);
        assert_true(slice_equal(back.body, row.body));
        assert_int_equal(back.n_grants, row.n_grants);
        assert_memory_equal(back.grants, row.grants, sizeof(row.grants));
    }
}

static struct parcel_row parcel_sample(size_t n)
{
    static const uint8_t signature[SIGN_SIGNATURE_BYTES] = {0x56};
    struct parcel_row row = {
        .head = slice_of_text("a head"), .signature = SLICE_OF(signature), .n = n};

    for (size_t i = 0; i < n; i++) {
        memset(row.digests[i].bytes, (int)(1 + i), CAIRN_HASH_BYTES);
    }
    return row;
}

static void a_parcel_row_comes_back_with_none_and_with_the_most_entries(void **state)
{
    struct ledger_store *ledger = *state;
    static const size_t counts[] = {0, CAIRN_PARCEL_ENTRIES_MAX};
    struct parcel_row back;
    assert_int_equal(parcel_row_get(ledger->txn, 1, 2, &back), -ENOENT);

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const struct parcel_row row = parcel_sample(counts[i]);
        uint32_t input = 2 + (uint32_t)i;

        parcel_row_append(ledger->txn, 1, input, &row);

        assert_int_equal(parcel_row_get(ledger->txn, 1, input, &back), 0);
        assert_true(slice_equal(back.head, row.head));
        assert_true(slice_equal(back.signature, row.signature));
        assert_int_equal(back.n, row.n);
        assert_memory_equal(back.digests, row.digests, sizeof(row.digests));
    }
}

/* Written to the store of an older version, these bytes must be read by a newer one: whoever
 * changes them raises STATE_SCHEMA and says what becomes of older stores. */
static const struct {
    const char *what;
    enum table table;
    size_t len;
    const char *sha256;
} schema_2[] = {
    {"entry", T_ENTRY, 73, "b3b125d48586bffcc01cd7d9c70e6e790cdb778b65e5b0e1425d0e37f7ea53e8"},
    {"subject", T_SUBJECT, 99, "7382f3e6cc444716ca51d10d84ffa158d90d673a559fe5d6ae800d139486ebaa"},
    {"chronology", T_CHRONOLOGY, 58,
     "059a882e3a86c15342a609959e79321fdd2e0a5baf7557c4d036b024ff96fc27"},
    {"alert", T_ALERT, 245, "9702e019b56c9355cd911234a512e20b81553cd4286ff1e8d396ce261f8499e7"},
    {"mailbox", T_MAILBOX, 39, "2fec766b15a339d490d4af1e9cbb36b6b6f9e56ccd16f3fbd20f1bbcee237027"},
    {"reader", T_READER, 25, "e75a4451b99763d3347cb779dd745e0017092a2f3181a1cc04fa0fb5b3f69bd1"},
    {"agency", T_AGENCY, 168, "55809b56b2378beecf536bf93e2587a0de36af9ab70fa0f73b1a7311a0f2dd38"},
    {"involvement", T_INVOLVEMENT, 36,
     "96390cfe655a81cbe66fcc33c6b390e245153da392885471d4ed109ad51ae0c9"},
    {"tie", T_TIE, 33, "bca4e5f4d0f19b4cd4ffa9111e734a1f4bf086b81318eff35ef273fc726fa144"},
    {"tied", T_TIED, 1, "953399d22dd3009b29283c7daad28af3b416220d3e9e30d233e31e22e0932638"},
    {"child-alert", T_CHILD_ALERT, 8,
     "8c7654ecfd7b0b623b803e2f4e02ad1cc84278efdfcd7c4c9208edd81f17e115"},
    {"timer", T_TIMER, 24, "3830312a949a795d151f3fc788deaf28ec421d5f7d51cf68da62b68f451e0cae"},
    {"retention", T_RETENTION, 36,
     "183ad54a719184849c5dc427055c50d232e9fe5a345ce4ee38676a20d9e3fa33"},
    {"governance", T_GOVERNANCE, 25,
     "6b4b725c8b4712ab5ef20a2fdba6d99c61cb3382a3ff6aceb7737972f5dcd159"},
    {"blob", T_BLOB, 196, "36583734030abbc6ae05a6c092965df1c57f88f13ccd338ff3fc76c83d751c6a"},
    {"parcel", T_PARCEL, 139, "cdefefafc8d327f5f390d683dc0ade8b9f078ff683054aab52f673522b7f405b"},
};

static void put_what_was_said(struct store_txn *txn)
{
    const struct entry_row entry = entry_sample();
    const struct subject_row subject = subject_sample(2);
    const struct chronology_row chronology = chronology_sample(true, true);
    const struct involvement_row involvement = {.from_day = -1, .until_day = 2, .log_index = 3};
    const struct tie_row tie = {
        .relationship = RELATIONSHIP_FATHER, .until_day = 2, .log_index = 3, .entry = entry_a};
    const struct blob_row blob = blob_sample(2);
    const struct parcel_row parcel = parcel_sample(2);
    uint8_t packed[CHRONOLOGY_ROW_BYTES];
    struct store_key key = key_chronology(1, -1, 2);

    entry_row_put(txn, &entry_a, &entry);
    subject_row_put(txn, &subject_a, &subject);
    store_put(txn, T_CHRONOLOGY, store_key_slice(&key), chronology_row_pack(&chronology, packed));
    involvement_row_put(txn, &subject_a, ROLE_ON_ROLL, &involvement);
    tie_row_put(txn, &subject_a, &subject_a, &tie);
    blob_row_append(txn, 1, 2, &blob);
    parcel_row_append(txn, 1, 2, &parcel);
}

static void put_what_follows_from_it(struct store_txn *txn)
{
    const struct alert_row alert = alert_sample(1, 3);
    const struct reader_row reader = {
        .parts = 3, .opened = true, .position = 4, .tellings = 2, .of_part = {1, 2}};
    const struct agency_row agency = agency_sample();
    const struct timer_row timer = {
        .due_ms = 1, .kind = TIMER_RECORD, .number = 2, .entry = entry_a, .rounds = 3};
    const struct retention_row retention = {.due_day = 1,
                                            .log_index = 2,
                                            .entry = entry_a,
                                            .since_day = 3,
                                            .settled_day = 4,
                                            .tellings = 5};
    const struct governance_row governance = {
        .version = 3, .text = slice_of_text("{}"), .note = slice_of_text("signed\n")};

    timer_row_put(txn, &timer);
    retention_row_put(txn, &retention);
    alert_row_put(txn, 1, &alert);
    mailbox_row_put(txn, 1, 1, &mailbox_samples[1]);
    reader_row_put(txn, &entry_a, 1, &reader);
    agency_row_put(txn, 1, &agency);
    child_alert_put(txn, 1, 2);
    governance_row_put(txn, GOVERNANCE_CALENDAR, &governance);
}

static void the_rows_of_schema_2_keep_their_bytes(void **state)
{
    struct ledger_store *ledger = *state;
    assert_int_equal(STATE_SCHEMA, 2);

    put_what_was_said(ledger->txn);
    put_what_follows_from_it(ledger->txn);

    for (size_t i = 0; i < ARRAY_LEN(schema_2); i++) {
        _cleanup_(store_walk_end) struct store_walk walk =
            store_walk_from(ledger->txn, schema_2[i].table, SLICE_NULL);
        uint8_t digest[CAIRN_HASH_BYTES];
        char hex[HEX_BYTES(CAIRN_HASH_BYTES)];
        assert_true(walk.live);
        const struct slice parts[] = {walk.key, walk.value};
        sha256_many(parts, ARRAY_LEN(parts), digest);
        hex_encode(SLICE_OF(digest), hex);
        if (walk.value.len != schema_2[i].len || strcmp(hex, schema_2[i].sha256) != 0) {
            fail_msg("%s: %zu bytes, %s", schema_2[i].what, walk.value.len, hex);
        }
    }
}

/* --- broken rows --- */

static void a_chronology_row_of_any_other_length_is_refused(void **state)
{
    (void)state;
    const struct chronology_row row = chronology_sample(false, true);
    uint8_t storage[CHRONOLOGY_ROW_BYTES] = {0};
    struct slice whole = chronology_row_pack(&row, storage);
    assert_true(whole.len < sizeof(storage));

    for (size_t len = 0; len <= sizeof(storage); len++) {
        struct chronology_row back = {.level = 99};
        bool taken = chronology_row_unpack(slice_make(storage, len), &back);
        assert_int_equal(taken, len == whole.len);
        assert_true(taken || back.level == 99);
    }
}

static void a_mailbox_row_of_any_other_length_is_refused(void **state)
{
    struct ledger_store *ledger = *state;
    uint8_t storage[64] = {0};
    mailbox_row_put(ledger->txn, 7, 1, &mailbox_samples[1]);
    struct slice whole = stored(ledger, T_MAILBOX, key_mailbox(7, 1));
    memcpy(storage, whole.data, whole.len);

    for (size_t len = 0; len <= sizeof(storage); len++) {
        struct mailbox_row back = {.flags = 99};
        bool taken = mailbox_row_unpack(slice_make(storage, len), &back);
        assert_int_equal(taken, len == whole.len);
        assert_true(taken || back.flags == 99);
    }
    storage[0] = ITEM_NOTICE;
    for (size_t len = 0; len < 9; len++) {
        struct mailbox_row back;
        assert_false(mailbox_row_unpack(slice_make(storage, len), &back));
    }
}

static int read_tool_row(struct ledger_store *ledger, enum table table)
{
    struct governance_row governance;
    struct blob_row blob;
    struct parcel_row parcel;

    return table == T_GOVERNANCE ? governance_row_get(ledger->txn, GOVERNANCE_ROOT, &governance)
           : table == T_BLOB     ? blob_row_get(ledger->txn, 1, 2, &blob)
                                 : parcel_row_get(ledger->txn, 1, 2, &parcel);
}

/* Tools look into stores that were tampered with. */
static void rows_that_tools_read_are_refused_at_any_other_length(void **state)
{
    struct ledger_store *ledger = *state;
    const struct governance_row governance = {.version = 3, .text = slice_of_text("{}")};
    const struct blob_row blob = blob_sample(2);
    const struct parcel_row parcel = parcel_sample(1);
    const struct {
        enum table table;
        struct store_key key;
    } rows[] = {
        {T_GOVERNANCE, key_governance(GOVERNANCE_ROOT)},
        {T_BLOB, key_batch_input(1, 2)},
        {T_PARCEL, key_batch_input(1, 2)},
    };
    governance_row_put(ledger->txn, GOVERNANCE_ROOT, &governance);
    blob_row_append(ledger->txn, 1, 2, &blob);
    parcel_row_append(ledger->txn, 1, 2, &parcel);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice whole = stored(ledger, rows[i].table, rows[i].key);
        uint8_t value[512] = {0};
        size_t full = whole.len;
        memcpy(value, whole.data, full);
        for (size_t len = 0; len <= full + 1; len++) {
            store_put(ledger->txn, rows[i].table, store_key_slice(&rows[i].key),
                      slice_make(value, len));
            assert_int_equal(read_tool_row(ledger, rows[i].table), len == full ? 0 : -EBADMSG);
        }
    }
}

static void more_grants_or_entries_than_there_may_be_are_refused(void **state)
{
    struct ledger_store *ledger = *state;
    uint8_t blob[4 + 1 + (CAIRN_GRANTS_MAX + 1) * (9 + GRANT_BYTES)] = {[4] = CAIRN_GRANTS_MAX + 1};
    uint8_t
        parcel[4 + SIGN_SIGNATURE_BYTES + 1 + (CAIRN_PARCEL_ENTRIES_MAX + 1) * CAIRN_HASH_BYTES] = {
            [4 + SIGN_SIGNATURE_BYTES] = CAIRN_PARCEL_ENTRIES_MAX + 1};
    struct store_key key = key_batch_input(1, 2);

    store_put(ledger->txn, T_BLOB, store_key_slice(&key), SLICE_OF(blob));
    store_put(ledger->txn, T_PARCEL, store_key_slice(&key), SLICE_OF(parcel));

    assert_int_equal(read_tool_row(ledger, T_BLOB), -EBADMSG);
    assert_int_equal(read_tool_row(ledger, T_PARCEL), -EBADMSG);
}

/* Reads every row that is looked up by its key. */
static void read_rows(struct ledger_store *ledger)
{
    struct entry_row entry;
    struct subject_row subject;
    struct alert_row alert;
    struct reader_row reader;
    struct agency_row agency;

    (void)entry_row_get(ledger->txn, &entry_a, &entry);
    (void)subject_row_get(ledger->txn, &subject_a, &subject);
    (void)alert_row_get(ledger->txn, 1, &alert);
    (void)reader_row_get(ledger->txn, &entry_a, 1, &reader);
    agency_row_get(ledger->txn, 1, &agency);
}

static void expect_reading_ends(struct ledger_store *ledger)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        read_rows(ledger);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void a_row_with_a_byte_too_few_or_too_many_stops_the_process(void **state)
{
    struct ledger_store *ledger = *state;
    const struct entry_row entry = entry_sample();
    const struct subject_row subject = subject_sample(2);
    const struct alert_row alert = alert_sample(1, 1);
    const struct reader_row reader = {.parts = 1};
    const struct agency_row agency = agency_sample();
    entry_row_put(ledger->txn, &entry_a, &entry);
    subject_row_put(ledger->txn, &subject_a, &subject);
    alert_row_put(ledger->txn, 1, &alert);
    reader_row_put(ledger->txn, &entry_a, 1, &reader);
    agency_row_put(ledger->txn, 1, &agency);
    read_rows(ledger);
    static const enum table tables[] = {T_ENTRY, T_SUBJECT, T_ALERT, T_READER, T_AGENCY};

    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        struct store_walk walk = store_walk_from(ledger->txn, tables[i], SLICE_NULL);
        uint8_t key[64];
        uint8_t value[512] = {0};
        struct slice key_copy = slice_make(key, walk.key.len);
        size_t len = walk.value.len;
        memcpy(key, walk.key.data, walk.key.len);
        memcpy(value, walk.value.data, len);
        store_walk_end(&walk);

        store_put(ledger->txn, tables[i], key_copy, slice_make(value, len - 1));
        expect_reading_ends(ledger);
        store_put(ledger->txn, tables[i], key_copy, slice_make(value, len + 1));
        expect_reading_ends(ledger);

        store_put(ledger->txn, tables[i], key_copy, slice_make(value, len));
        read_rows(ledger);
    }
}

#define WITH_STORE(story)                                                                          \
    cmocka_unit_test_setup_teardown(story, ledger_store_set_up, ledger_store_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_two_numbers_sort_as_the_numbers_do),
        cmocka_unit_test(a_chronology_sorts_by_child_then_day_even_before_1970_then_log_index),
        cmocka_unit_test(entries_and_their_readers_sort_by_agency_then_stream_then_order),
        cmocka_unit_test(subjects_sort_by_agency_and_what_hangs_on_them_stays_together),
        cmocka_unit_test(agencies_and_documents_sort_as_their_numbers_do),
        cmocka_unit_test(a_token_is_found_by_class_and_value_and_by_nothing_else),
        cmocka_unit_test(every_table_has_a_name_of_its_own),
        WITH_STORE(a_counter_starts_at_one_and_is_what_was_put_last),
        WITH_STORE(an_entry_row_comes_back_as_it_went),
        WITH_STORE(a_subject_row_comes_back_with_none_and_with_the_most_tokens),
        cmocka_unit_test(a_chronology_row_comes_back_as_it_went),
        WITH_STORE(an_alert_row_comes_back_with_none_and_with_the_most_of_each_list),
        WITH_STORE(every_kind_of_mailbox_row_comes_back_as_it_went),
        WITH_STORE(a_reader_row_comes_back_as_it_went),
        WITH_STORE(an_agency_starts_with_an_empty_mailbox_and_comes_back_as_it_went),
        WITH_STORE(an_involvement_row_comes_back_as_it_went),
        WITH_STORE(a_child_has_the_alert_that_was_put_last_or_none),
        WITH_STORE(a_governance_row_comes_back_as_it_went),
        WITH_STORE(a_blob_row_comes_back_with_none_and_with_the_most_grants),
        WITH_STORE(a_parcel_row_comes_back_with_none_and_with_the_most_entries),
        WITH_STORE(the_rows_of_schema_2_keep_their_bytes),
        cmocka_unit_test(a_chronology_row_of_any_other_length_is_refused),
        WITH_STORE(a_mailbox_row_of_any_other_length_is_refused),
        WITH_STORE(rows_that_tools_read_are_refused_at_any_other_length),
        WITH_STORE(more_grants_or_entries_than_there_may_be_are_refused),
        WITH_STORE(a_row_with_a_byte_too_few_or_too_many_stops_the_process),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
