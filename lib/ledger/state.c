/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/state.h"

#include <errno.h>
#include <string.h>

#include "ledger/internal.h"

const char *const state_table_names[N_TABLES] = {
#define X(name, text, replayed) [T_##name] = (text),
    STATE_TABLES(X)
#undef X
};
static_assert(N_TABLES <= STORE_TABLES_MAX, "the store can hold every table");

/* --- fields --- */

static struct subject_id read_subject(struct reader *reader)
{
    struct subject_id subject = {.agency = read_u32(reader)};
    read_into(reader, subject.handle, CAIRN_HANDLE_BYTES);
    return subject;
}

static struct entry_id read_entry_id(struct reader *reader)
{
    uint32_t agency = read_u32(reader);
    uint64_t stream = read_u64(reader);
    uint64_t seq = read_u64(reader);
    return (struct entry_id){.agency = agency, .stream = stream, .seq = seq};
}

/* --- META --- */

uint64_t meta_get(struct store_txn *txn, const char *name, uint64_t fallback)
{
    struct slice value;
    if (!store_get(txn, T_META, slice_of_text(name), &value)) {
        return fallback;
    }
    struct reader reader = reader_over(value);
    return read_u64(&reader);
}

void meta_put(struct store_txn *txn, const char *name, uint64_t value)
{
    struct store_key row = store_key_u64(value);
    store_put(txn, T_META, slice_of_text(name), store_key_slice(&row));
}

uint64_t meta_next(struct store_txn *txn, const char *name)
{
    uint64_t next = meta_get(txn, name, 0) + 1;
    meta_put(txn, name, next);
    return next;
}

/* --- ENTRY --- */

struct slice entry_row_pack(const struct entry_row *row, uint8_t out[ENTRY_ROW_BYTES])
{
    struct writer writer = writer_over(out, ENTRY_ROW_BYTES);
    write_u16(&writer, (uint16_t)row->verdict);
    write_u8(&writer, (uint8_t)row->kind);
    write_bytes(&writer, row->item.bytes, CAIRN_HASH_BYTES);
    write_u64(&writer, row->log_index);
    write_u64(&writer, row->batch);
    write_u32(&writer, row->input);
    write_u32(&writer, row->offset);
    write_u8(&writer, row->retracted ? 1 : 0);
    write_u64(&writer, row->alert);
    write_u8(&writer, (uint8_t)row->destroyed);
    write_i32(&writer, row->asked_day);
    return writer_slice(&writer);
}

bool entry_row_get(struct store_txn *txn, const struct entry_id *id, struct entry_row *ret)
{
    struct store_key key = key_entry(id);
    struct slice value;
    if (!store_get(txn, T_ENTRY, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct entry_row row = {.verdict = (enum verdict)read_u16(&reader)};
    row.kind = (enum entry_kind)read_u8(&reader);
    read_into(&reader, row.item.bytes, CAIRN_HASH_BYTES);
    row.log_index = read_u64(&reader);
    row.batch = read_u64(&reader);
    row.input = read_u32(&reader);
    row.offset = read_u32(&reader);
    row.retracted = read_u8(&reader) != 0;
    row.alert = read_u64(&reader);
    row.destroyed = (enum destroyed)read_u8(&reader);
    row.asked_day = read_i32(&reader);
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void entry_row_put(struct store_txn *txn, const struct entry_id *id, const struct entry_row *row)
{
    uint8_t storage[ENTRY_ROW_BYTES];
    struct store_key key = key_entry(id);
    store_put(txn, T_ENTRY, store_key_slice(&key), entry_row_pack(row, storage));
}

/* --- SUBJECT --- */

bool subject_row_get(struct store_txn *txn, const struct subject_id *subject,
                     struct subject_row *ret)
{
    struct store_key key = key_subject(subject);
    struct slice value;
    if (!store_get(txn, T_SUBJECT, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct subject_row row = {.child = read_u64(&reader)};
    row.link = (enum link)read_u8(&reader);
    row.epoch = read_u32(&reader);
    row.statement = read_u64(&reader);
    row.revision = read_u64(&reader);
    row.person = read_u8(&reader) != 0;
    row.n_tokens = read_u8(&reader);
    assert(row.n_tokens <= CAIRN_TOKENS_MAX);
    for (size_t i = 0; i < row.n_tokens; i++) {
        row.tokens[i].class = (enum token_class)read_u8(&reader);
        row.tokens[i].status = (enum identifier_status)read_u8(&reader);
        read_into(&reader, row.tokens[i].stored, 32);
    }
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void subject_row_put(struct store_txn *txn, const struct subject_id *subject,
                     const struct subject_row *row)
{
    uint8_t storage[SUBJECT_ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->child);
    write_u8(&writer, (uint8_t)row->link);
    write_u32(&writer, row->epoch);
    write_u64(&writer, row->statement);
    write_u64(&writer, row->revision);
    write_u8(&writer, row->person ? 1 : 0);
    write_u8(&writer, (uint8_t)row->n_tokens);
    for (size_t i = 0; i < row->n_tokens; i++) {
        write_u8(&writer, (uint8_t)row->tokens[i].class);
        write_u8(&writer, (uint8_t)row->tokens[i].status);
        write_bytes(&writer, row->tokens[i].stored, 32);
    }
    struct store_key key = key_subject(subject);
    store_put(txn, T_SUBJECT, store_key_slice(&key), writer_slice(&writer));
}

/* --- PAIR --- */

enum pair pair_get(struct store_txn *txn, const struct subject_id *subject,
                   const struct subject_id *other)
{
    struct store_key key = key_pair(subject, other);
    struct slice value;
    if (!store_get(txn, T_PAIR, store_key_slice(&key), &value)) {
        return PAIR_UNKNOWN;
    }
    assert(value.len == 1);
    return (enum pair)value.data[0];
}

static void pair_put_one(struct store_txn *txn, const struct store_key *key, enum pair pair)
{
    uint8_t value = (uint8_t)pair;
    if (pair == PAIR_UNKNOWN) {
        (void)store_delete(txn, T_PAIR, store_key_slice(key));
    } else {
        store_put(txn, T_PAIR, store_key_slice(key), slice_make(&value, 1));
    }
}

void pair_put(struct store_txn *txn, const struct subject_id *subject,
              const struct subject_id *other, enum pair pair)
{
    struct store_key there = key_pair(subject, other);
    struct store_key back = key_pair(other, subject);
    pair_put_one(txn, &there, pair);
    pair_put_one(txn, &back, pair);
}

/* --- INVOLVEMENT --- */

void involvement_row_put(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         const struct involvement_row *row)
{
    uint8_t storage[16 + ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_i32(&writer, row->from_day);
    write_i32(&writer, row->until_day);
    write_u64(&writer, row->log_index);
    write_entry_id(&writer, &row->entry);
    struct store_key key = key_involvement(subject, role);
    store_put(txn, T_INVOLVEMENT, store_key_slice(&key), writer_slice(&writer));
}

bool involvement_row_unpack(struct slice value, struct involvement_row *ret)
{
    struct reader reader = reader_over(value);
    struct involvement_row row = {.from_day = read_i32(&reader)};
    row.until_day = read_i32(&reader);
    row.log_index = read_u64(&reader);
    row.entry = read_entry_id(&reader);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool involvement_row_get(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         struct involvement_row *ret)
{
    struct store_key key = key_involvement(subject, role);
    struct slice value;
    if (!store_get(txn, T_INVOLVEMENT, store_key_slice(&key), &value)) {
        return false;
    }
    bool good = involvement_row_unpack(value, ret);
    assert(good);
    return true;
}

/* --- TIE, TIED --- */

bool tie_row_unpack(struct slice value, struct tie_row *ret)
{
    struct reader reader = reader_over(value);
    struct tie_row row = {.relationship = (enum relationship)read_u8(&reader)};
    row.until_day = read_i32(&reader);
    row.log_index = read_u64(&reader);
    row.entry = read_entry_id(&reader);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool tie_row_get(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, struct tie_row *ret)
{
    struct store_key key = key_pair(child, person);
    struct slice value;
    if (!store_get(txn, T_TIE, store_key_slice(&key), &value)) {
        return false;
    }
    bool good = tie_row_unpack(value, ret);
    assert(good);
    return true;
}

void tie_row_put(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, const struct tie_row *row)
{
    static const uint8_t there = 1;
    uint8_t storage[13 + ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, (uint8_t)row->relationship);
    write_i32(&writer, row->until_day);
    write_u64(&writer, row->log_index);
    write_entry_id(&writer, &row->entry);
    struct store_key key = key_pair(child, person);
    struct store_key back = key_pair(person, child);
    store_put(txn, T_TIE, store_key_slice(&key), writer_slice(&writer));
    store_put(txn, T_TIED, store_key_slice(&back), slice_make(&there, 1));
}

void tie_row_delete(struct store_txn *txn, const struct subject_id *child,
                    const struct subject_id *person)
{
    struct store_key key = key_pair(child, person);
    struct store_key back = key_pair(person, child);
    (void)store_delete(txn, T_TIE, store_key_slice(&key));
    (void)store_delete(txn, T_TIED, store_key_slice(&back));
}

/* --- CHRONOLOGY --- */

/* subject 20, entry stream and seq 16 (the agency is the subject's), kind, code, level, urgency,
 * flags, occurrence */
struct slice chronology_row_pack(const struct chronology_row *row,
                                 uint8_t out[CHRONOLOGY_ROW_BYTES])
{
    assert(row->entry.agency == row->subject.agency);
    struct writer writer = writer_over(out, CHRONOLOGY_ROW_BYTES);
    write_subject(&writer, &row->subject);
    write_u64(&writer, row->entry.stream);
    write_u64(&writer, row->entry.seq);
    write_u8(&writer, (uint8_t)row->record_kind);
    write_u16(&writer, (uint16_t)row->code);
    write_u8(&writer, (uint8_t)row->level);
    write_u8(&writer, (uint8_t)row->urgency);
    write_u8(&writer, (uint8_t)((row->retracted ? 1U : 0U) | (row->counts ? 2U : 0U)));
    write_bytes(&writer, row->occurrence, 16);
    return writer_slice(&writer);
}

bool chronology_row_unpack(struct slice value, struct chronology_row *ret)
{
    struct reader reader = reader_over(value);
    struct chronology_row row = {.subject = read_subject(&reader)};
    row.entry.agency = row.subject.agency;
    row.entry.stream = read_u64(&reader);
    row.entry.seq = read_u64(&reader);
    row.record_kind = (enum record_kind)read_u8(&reader);
    row.code = read_u16(&reader);
    row.level = read_u8(&reader);
    row.urgency = (enum urgency)read_u8(&reader);
    uint8_t flags = read_u8(&reader);
    row.retracted = (flags & 1U) != 0;
    row.counts = (flags & 2U) != 0;
    read_into(&reader, row.occurrence, 16);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

/* --- ALERT --- */

static void read_alert_lists(struct reader *reader, struct alert_row *row)
{
    row->n_addressees = read_u8(reader);
    assert(row->n_addressees <= CAIRN_ADDRESSEES_MAX);
    for (size_t i = 0; i < row->n_addressees; i++) {
        row->addressees[i].agency = read_u32(reader);
        row->addressees[i].told = read_u32(reader);
    }
    row->n_records = read_u8(reader);
    assert(row->n_records <= CAIRN_ALERT_RECORDS_MAX);
    for (size_t i = 0; i < row->n_records; i++) {
        row->records[i].entry = read_entry_id(reader);
        row->records[i].log_index = read_u64(reader);
        row->records[i].day = read_i32(reader);
        row->records[i].revision = read_u32(reader);
    }
}

bool alert_row_get(struct store_txn *txn, uint64_t alert, struct alert_row *ret)
{
    struct store_key key = store_key_u64(alert);
    struct slice value;
    if (!store_get(txn, T_ALERT, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct alert_row row = {.child = read_u64(&reader)};
    read_into(&reader, row.pattern, sizeof(row.pattern));
    row.rule_version = read_u64(&reader);
    read_into(&reader, row.pattern_hash.bytes, CAIRN_HASH_BYTES);
    row.state = (enum alert_state)read_u8(&reader);
    row.revision = read_u32(&reader);
    row.outcome = (enum outcome)read_u8(&reader);
    row.closed_at = read_u64(&reader);
    row.earlier_outcome = (enum outcome)read_u8(&reader);
    row.into = read_u64(&reader);
    row.absorbed = read_u64(&reader);
    read_alert_lists(&reader, &row);
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void alert_row_put(struct store_txn *txn, uint64_t alert, const struct alert_row *row)
{
    uint8_t storage[ALERT_ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->child);
    write_bytes(&writer, row->pattern, sizeof(row->pattern));
    write_u64(&writer, row->rule_version);
    write_bytes(&writer, row->pattern_hash.bytes, CAIRN_HASH_BYTES);
    write_u8(&writer, (uint8_t)row->state);
    write_u32(&writer, row->revision);
    write_u8(&writer, (uint8_t)row->outcome);
    write_u64(&writer, row->closed_at);
    write_u8(&writer, (uint8_t)row->earlier_outcome);
    write_u64(&writer, row->into);
    write_u64(&writer, row->absorbed);
    write_u8(&writer, (uint8_t)row->n_addressees);
    for (size_t i = 0; i < row->n_addressees; i++) {
        write_u32(&writer, row->addressees[i].agency);
        write_u32(&writer, row->addressees[i].told);
    }
    write_u8(&writer, (uint8_t)row->n_records);
    for (size_t i = 0; i < row->n_records; i++) {
        write_entry_id(&writer, &row->records[i].entry);
        write_u64(&writer, row->records[i].log_index);
        write_i32(&writer, row->records[i].day);
        write_u32(&writer, row->records[i].revision);
    }
    struct store_key key = store_key_u64(alert);
    store_put(txn, T_ALERT, store_key_slice(&key), writer_slice(&writer));
}

/* --- CHILD_ALERT --- */

uint64_t child_alert_get(struct store_txn *txn, uint64_t child, struct alert_row *ret)
{
    struct store_key key = store_key_u64(child);
    struct slice value;
    if (!store_get(txn, T_CHILD_ALERT, store_key_slice(&key), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t alert = read_u64(&reader);
    assert(reader_end(&reader));
    return alert_row_get(txn, alert, ret) ? alert : 0;
}

void child_alert_put(struct store_txn *txn, uint64_t child, uint64_t alert)
{
    struct store_key key = store_key_u64(child);
    struct store_key row = store_key_u64(alert);
    store_put(txn, T_CHILD_ALERT, store_key_slice(&key), store_key_slice(&row));
}

void child_alert_delete(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    (void)store_delete(txn, T_CHILD_ALERT, store_key_slice(&key));
}

/* --- ALIKE --- */

bool alike_row_get(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    struct slice ignored;
    return store_get(txn, T_ALIKE, store_key_slice(&key), &ignored);
}

void alike_row_put(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    if (!alike_row_get(txn, child)) {
        store_put(txn, T_ALIKE, store_key_slice(&key), SLICE_NULL);
    }
}

void alike_row_delete(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    (void)store_delete(txn, T_ALIKE, store_key_slice(&key));
}

/* --- MAILBOX --- */

static size_t mailbox_row_bytes(const struct mailbox_row *row)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
    case ITEM_RELEASE:
        return 9 + ENTRY_ID_BYTES + 2 + 8;
    case ITEM_NOTICE:
        return 9 + ENTRY_ID_BYTES + row->notice.len;
    case ITEM_WITHHELD:
        break;
    }
    return 9;
}

void mailbox_row_put(struct store_txn *txn, uint32_t agency, uint64_t position,
                     const struct mailbox_row *row)
{
    size_t len = mailbox_row_bytes(row);
    struct store_key key = key_mailbox(agency, position);
    uint8_t *storage = store_reserve(txn, T_MAILBOX, store_key_slice(&key), len);
    if (storage == NULL) {
        return; /* the transaction has a fault, and says so when it is committed */
    }
    struct writer writer = writer_over(storage, len);
    write_u8(&writer, (uint8_t)row->kind);
    write_u64(&writer, row->told);
    if (row->kind != ITEM_WITHHELD) {
        write_entry_id(&writer, &row->entry);
    }
    if (row->kind == ITEM_NOTICE) {
        write_slice(&writer, row->notice);
    } else if (row->kind != ITEM_WITHHELD) {
        write_u8(&writer, row->parts);
        write_u8(&writer, row->flags);
        write_u64(&writer, row->alert);
    }
    assert(writer_slice(&writer).len == len);
}

bool mailbox_row_unpack(struct slice value, struct mailbox_row *ret)
{
    struct reader reader = reader_over(value);
    struct mailbox_row row = {.kind = (enum item_kind)read_u8(&reader)};
    row.told = read_u64(&reader);
    if (row.kind != ITEM_WITHHELD) {
        row.entry = read_entry_id(&reader);
    }
    if (row.kind == ITEM_NOTICE) {
        row.notice = read_bytes(&reader, reader.left);
    } else if (row.kind != ITEM_WITHHELD) {
        row.parts = read_u8(&reader);
        row.flags = read_u8(&reader);
        row.alert = read_u64(&reader);
    }
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

/* --- READER --- */

bool reader_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    struct reader_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_READER, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->parts = read_u8(&reader);
    ret->opened = read_u8(&reader) != 0;
    ret->by_name = read_u8(&reader) != 0;
    ret->own = read_u8(&reader);
    ret->passed_on = read_u8(&reader) != 0;
    ret->position = read_u64(&reader);
    ret->tellings = read_u32(&reader);
    for (size_t i = 0; i < CAIRN_PARTS; i++) {
        ret->of_part[i] = read_u32(&reader);
    }
    assert(reader_end(&reader));
    return true;
}

void reader_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    const struct reader_row *row)
{
    uint8_t storage[17 + 4 * CAIRN_PARTS];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, row->parts);
    write_u8(&writer, row->opened ? 1 : 0);
    write_u8(&writer, row->by_name ? 1 : 0);
    write_u8(&writer, row->own);
    write_u8(&writer, row->passed_on ? 1 : 0);
    write_u64(&writer, row->position);
    write_u32(&writer, row->tellings);
    for (size_t i = 0; i < CAIRN_PARTS; i++) {
        write_u32(&writer, row->of_part[i]);
    }
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_READER, store_key_slice(&key), writer_slice(&writer));
}

/* --- WITHHELD --- */

bool withheld_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct withheld_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_WITHHELD, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->position = read_u64(&reader);
    ret->agreements = read_u64(&reader);
    assert(reader_end(&reader));
    return true;
}

void withheld_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct withheld_row *row)
{
    uint8_t storage[16];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->position);
    write_u64(&writer, row->agreements);
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_WITHHELD, store_key_slice(&key), writer_slice(&writer));
}

/* --- HEADLINE --- */

bool headline_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct headline_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_HEADLINE, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->position = read_u64(&reader);
    assert(reader_end(&reader));
    return true;
}

void headline_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct headline_row *row)
{
    uint8_t storage[8];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->position);
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_HEADLINE, store_key_slice(&key), writer_slice(&writer));
}

/* --- AGENCY --- */

void agency_row_get(struct store_txn *txn, uint32_t agency, struct agency_row *ret)
{
    struct store_key key = key_agency(agency);
    struct slice value;
    *ret = (struct agency_row){.next_position = 1};
    if (!store_get(txn, T_AGENCY, store_key_slice(&key), &value)) {
        return;
    }
    struct reader reader = reader_over(value);
    ret->next_position = read_u64(&reader);
    ret->acknowledged = read_u64(&reader);
    ret->log_size = read_u64(&reader);
    read_into(&reader, ret->log_root.bytes, CAIRN_HASH_BYTES);
    read_into(&reader, ret->cosignature, COSIGNATURE_BYTES);
    ret->claims_open = read_u32(&reader);
    ret->day = read_i32(&reader);
    ret->claims_today = read_u32(&reader);
    ret->requests_today = read_u32(&reader);
    ret->ties_today = read_u32(&reader);
    ret->holds = read_u32(&reader);
    ret->left_day = read_i32(&reader);
    ret->said_day = read_i32(&reader);
    assert(reader_end(&reader));
}

void agency_row_put(struct store_txn *txn, uint32_t agency, const struct agency_row *row)
{
    uint8_t storage[24 + CAIRN_HASH_BYTES + COSIGNATURE_BYTES + 32];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->next_position);
    write_u64(&writer, row->acknowledged);
    write_u64(&writer, row->log_size);
    write_bytes(&writer, row->log_root.bytes, CAIRN_HASH_BYTES);
    write_bytes(&writer, row->cosignature, COSIGNATURE_BYTES);
    write_u32(&writer, row->claims_open);
    write_i32(&writer, row->day);
    write_u32(&writer, row->claims_today);
    write_u32(&writer, row->requests_today);
    write_u32(&writer, row->ties_today);
    write_u32(&writer, row->holds);
    write_i32(&writer, row->left_day);
    write_i32(&writer, row->said_day);
    struct store_key key = key_agency(agency);
    store_put(txn, T_AGENCY, store_key_slice(&key), writer_slice(&writer));
}

/* --- TIMER --- */

static struct store_key key_timer(const struct timer_row *timer)
{
    struct store_key key = {.len = 8 + 1 + 8};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, (uint64_t)timer->due_ms);
    write_u8(&writer, (uint8_t)timer->kind);
    write_u64(&writer, timer->number);
    return key;
}

void timer_row_put(struct store_txn *txn, const struct timer_row *timer)
{
    uint8_t storage[ENTRY_ID_BYTES + 4];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_timer(timer);
    assert(timer->due_ms >= 0); /* or the order of keys is not that of time */
    write_entry_id(&writer, &timer->entry);
    write_u32(&writer, timer->rounds);
    store_put(txn, T_TIMER, store_key_slice(&key), writer_slice(&writer));
}

void timer_row_delete(struct store_txn *txn, const struct timer_row *timer)
{
    struct store_key key = key_timer(timer);
    (void)store_delete(txn, T_TIMER, store_key_slice(&key));
}

struct timer_row timer_row_at(const struct store_walk *walk)
{
    struct reader key = reader_over(walk->key);
    struct reader value = reader_over(walk->value);
    struct timer_row row = {.due_ms = (int64_t)read_u64(&key)};
    row.kind = (enum timer_kind)read_u8(&key);
    row.number = read_u64(&key);
    row.entry = read_entry_id(&value);
    row.rounds = read_u32(&value);
    assert(reader_end(&key) && reader_end(&value));
    return row;
}

bool timer_row_first(struct store_txn *txn, struct timer_row *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_TIMER, SLICE_NULL);
    if (walk.live) {
        *ret = timer_row_at(&walk);
    }
    return walk.live;
}

/* --- RETENTION --- */

static struct store_key key_retention(const struct retention_row *row)
{
    struct store_key key = {.len = 4 + 8};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_i32(&writer, row->due_day);
    write_u64(&writer, row->log_index);
    return key;
}

void retention_row_put(struct store_txn *txn, const struct retention_row *row)
{
    uint8_t storage[ENTRY_ID_BYTES + 4 + 4 + 8];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_retention(row);
    write_entry_id(&writer, &row->entry);
    write_i32(&writer, row->since_day);
    write_i32(&writer, row->settled_day);
    write_u64(&writer, row->tellings);
    store_put(txn, T_RETENTION, store_key_slice(&key), writer_slice(&writer));
}

void retention_row_delete(struct store_txn *txn, const struct retention_row *row)
{
    struct store_key key = key_retention(row);
    (void)store_delete(txn, T_RETENTION, store_key_slice(&key));
}

bool retention_row_first(struct store_txn *txn, struct retention_row *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_RETENTION, SLICE_NULL);
    if (!walk.live) {
        return false;
    }
    struct reader key = reader_over(walk.key);
    struct reader value = reader_over(walk.value);
    *ret = (struct retention_row){.due_day = read_i32(&key)};
    ret->log_index = read_u64(&key);
    ret->entry = read_entry_id(&value);
    ret->since_day = read_i32(&value);
    ret->settled_day = read_i32(&value);
    ret->tellings = read_u64(&value);
    assert(reader_end(&key) && reader_end(&value));
    return true;
}

/* --- GOVERNANCE --- */

int governance_row_get(struct store_txn *txn, enum governance_document document,
                       struct governance_row *ret)
{
    struct store_key key = key_governance(document);
    struct slice value;
    if (!store_get(txn, T_GOVERNANCE, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct governance_row row = {.version = read_u64(&reader)};
    row.text = read_sized(&reader, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    row.note = read_sized(&reader, CAIRN_NOTE_MAX_BYTES);
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void governance_row_put(struct store_txn *txn, enum governance_document document,
                        const struct governance_row *row)
{
    size_t len = 8 + 4 + row->text.len + 4 + row->note.len;
    struct store_key key = key_governance(document);
    uint8_t *storage = store_reserve(txn, T_GOVERNANCE, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_u64(&writer, row->version);
    write_sized(&writer, row->text);
    write_sized(&writer, row->note);
    assert(writer_slice(&writer).len == len);
}

/* --- BLOB --- */

int blob_row_get(struct store_txn *txn, uint64_t batch, uint32_t input, struct blob_row *ret)
{
    struct store_key key = key_batch_input(batch, input);
    struct slice value;
    if (!store_get(txn, T_BLOB, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct blob_row row = {.body = read_sized(&reader, CAIRN_BODY_MAX_BYTES)};
    row.n_grants = read_u8(&reader);
    if (row.n_grants > CAIRN_GRANTS_MAX) {
        return -EBADMSG;
    }
    for (size_t i = 0; i < row.n_grants; i++) {
        row.grants[i].part = (enum part)read_u8(&reader);
        row.grants[i].recipient = read_u32(&reader);
        row.grants[i].key_id = read_u32(&reader);
        read_into(&reader, row.grants[i].sealed, GRANT_BYTES);
    }
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void blob_row_put(struct store_txn *txn, uint64_t batch, uint32_t input, const struct blob_row *row)
{
    assert(row->n_grants <= CAIRN_GRANTS_MAX);
    size_t len = 4 + row->body.len + 1 + row->n_grants * (9 + GRANT_BYTES);
    struct store_key key = key_batch_input(batch, input);
    uint8_t *storage = store_reserve(txn, T_BLOB, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_sized(&writer, row->body);
    write_u8(&writer, (uint8_t)row->n_grants);
    for (size_t i = 0; i < row->n_grants; i++) {
        write_u8(&writer, (uint8_t)row->grants[i].part);
        write_u32(&writer, row->grants[i].recipient);
        write_u32(&writer, row->grants[i].key_id);
        write_bytes(&writer, row->grants[i].sealed, GRANT_BYTES);
    }
    assert(writer_slice(&writer).len == len);
}

void blob_row_delete(struct store_txn *txn, uint64_t batch, uint32_t input)
{
    struct store_key key = key_batch_input(batch, input);
    (void)store_delete(txn, T_BLOB, store_key_slice(&key));
}

/* --- PARCEL --- */

int parcel_row_get(struct store_txn *txn, uint64_t batch, uint32_t input, struct parcel_row *ret)
{
    struct store_key key = key_batch_input(batch, input);
    struct slice value;
    if (!store_get(txn, T_PARCEL, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct parcel_row row = {.head = read_sized(&reader, CAIRN_HEADER_MAX_BYTES)};
    row.signature = read_bytes(&reader, SIGN_SIGNATURE_BYTES);
    row.n = read_u8(&reader);
    if (row.n > CAIRN_PARCEL_ENTRIES_MAX) {
        return -EBADMSG;
    }
    for (size_t i = 0; i < row.n; i++) {
        read_into(&reader, row.digests[i].bytes, CAIRN_HASH_BYTES);
    }
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void parcel_row_put(struct store_txn *txn, uint64_t batch, uint32_t input,
                    const struct parcel_row *row)
{
    assert(row->n <= CAIRN_PARCEL_ENTRIES_MAX);
    assert(row->signature.len == SIGN_SIGNATURE_BYTES);
    size_t len = 4 + row->head.len + SIGN_SIGNATURE_BYTES + 1 + row->n * CAIRN_HASH_BYTES;
    struct store_key key = key_batch_input(batch, input);
    uint8_t *storage = store_reserve(txn, T_PARCEL, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_sized(&writer, row->head);
    write_slice(&writer, row->signature);
    write_u8(&writer, (uint8_t)row->n);
    for (size_t i = 0; i < row->n; i++) {
        write_bytes(&writer, row->digests[i].bytes, CAIRN_HASH_BYTES);
    }
    assert(writer_slice(&writer).len == len);
}
