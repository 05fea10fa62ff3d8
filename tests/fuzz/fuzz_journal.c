/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of the journal, as a store on a failing disk may give it: the walk ends, stays within the
 * row, and what it reads is written back as the same bytes.
 */
#include "ledger/journal.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice row = slice_make(data, size);
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(size + 1024); /* room that journal_add asks */
    struct batch_head head;
    struct input input;
    size_t at = BATCH_HEAD_BYTES;

    if (!journal_head_read(row, &head)) {
        return 0;
    }
    journal_begin(&head, &again);
    assert(slice_equal(buf_slice(&again), slice_make(data, BATCH_HEAD_BYTES)));
    while (journal_next(row, &at, &input)) {
        assert(at <= size);
        (void)journal_add(&input, &again);
        assert(again.len == at);
    }
    assert(at == SIZE_MAX || at >= size);
    assert(again.len <= size && slice_equal(buf_slice(&again), slice_make(data, again.len)));
    return 0;
}
