/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the broker's store that are unpacked while it is walked: a mailbox's, a chronology's, a
 * tie's and an involvement's. */
#include <string.h>

#include "ledger/state.h"
#include "tests/fuzz/fuzz.h"

static void read_as_mailbox_row(struct slice bytes)
{
    struct mailbox_row row;
    if (!mailbox_row_unpack(bytes, &row)) {
        return;
    }
    struct reader reader = reader_over(bytes);
    assert((uint8_t)row.kind == read_u8(&reader));
    assert(row.told == read_u64(&reader));
    if (row.kind == ITEM_WITHHELD) {
        assert(reader.left == 0);
        return;
    }
    struct entry_id entry = entry_id_unpack(read_bytes(&reader, ENTRY_ID_BYTES).data);
    assert(entry_id_equal(&entry, &row.entry));
    if (row.kind == ITEM_NOTICE) {
        assert(slice_equal(row.notice, slice_make(reader.at, reader.left)));
    }
}

static void read_as_chronology_row(struct slice bytes)
{
    struct chronology_row row;
    uint8_t storage[CHRONOLOGY_ROW_BYTES];
    if (!chronology_row_unpack(bytes, &row)) {
        return;
    }
    struct slice again = chronology_row_pack(&row, storage);
    struct chronology_row same;
    bool read = chronology_row_unpack(again, &same);
    assert(read && again.len == bytes.len);
    assert(same.code == row.code && same.level == row.level && same.retracted == row.retracted &&
           same.counts == row.counts);
    assert(entry_id_equal(&same.entry, &row.entry) &&
           subject_id_equal(&same.subject, &row.subject));
}

static void read_as_standing(struct slice bytes)
{
    struct tie_row tie;
    struct involvement_row involvement;
    if (tie_row_unpack(bytes, &tie)) {
        struct reader reader = reader_over(bytes);
        assert((uint8_t)tie.relationship == read_u8(&reader));
        assert(tie.until_day == read_i32(&reader) && tie.log_index == read_u64(&reader));
    }
    if (involvement_row_unpack(bytes, &involvement)) {
        struct reader reader = reader_over(bytes);
        assert(involvement.from_day == read_i32(&reader));
        assert(involvement.until_day == read_i32(&reader));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    read_as_mailbox_row(bytes);
    read_as_chronology_row(bytes);
    read_as_standing(bytes);
    return 0;
}
