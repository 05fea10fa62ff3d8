/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an agent's store, as a failing disk may give them: refused, or read within the row. The
 * first byte is as many bytes of what follows as are the row's key.
 */
#include "agents/core/alerts.h"
#include "agents/core/asked.h"
#include "agents/core/inbox.h"
#include "agents/core/spool.h"
#include "tests/fuzz/fuzz.h"

static bool lies_within(struct slice part, struct slice whole)
{
    return part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void read_as_inbox(struct slice key, struct slice value)
{
    uint64_t position;
    struct inbox_row row;

    if (inbox_unpack(key, value, &position, &row)) {
        assert(key.len == sizeof(position) && lies_within(row.payload, value));
    }
}

static void read_as_spool(struct slice value)
{
    struct spool_entry entry;

    if (spool_unpack(LANE_NORMAL, 1, value, &entry)) {
        assert(entry.n_recipients <= CAIRN_ADDRESSEES_MAX);
        assert(lies_within(entry.header, value) && lies_within(entry.keys, value) &&
               lies_within(entry.body, value));
    }
}

static void read_as_others(struct slice key, struct slice value)
{
    struct known_alert alert;
    struct asked_row asked;
    struct entry_id request;

    if (known_alert_unpack(value, &alert)) {
        assert(!known_alert_unpack(slice_make(value.data, value.len - 1), &alert));
    }
    if (asked_unpack(key, value, &request, &asked)) {
        assert(key.len == ENTRY_ID_BYTES && lies_within(asked.sealed, value));
        assert(asked.handles.n <= ARRAY_LEN(asked.handles.of));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t key_len = size == 0 || data[0] >= size ? 0 : data[0];
    struct slice key = key_len == 0 ? SLICE_NULL : slice_make(data + 1, key_len);
    struct slice value =
        size <= 1 + key_len ? SLICE_NULL : slice_make(data + 1 + key_len, size - 1 - key_len);

    read_as_inbox(key, value);
    read_as_spool(value);
    read_as_others(key, value);
    return 0;
}
