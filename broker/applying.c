/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/applying.h"

#include <string.h>

#include "base/date.h"

const char *const apply_note_texts[N_APPLY_NOTES] = {
#define X(name, text) [NOTED_##name] = (text),
    APPLY_NOTES(X)
#undef X
};

int32_t apply_day(const struct apply *apply)
{
    return instant_london_day(apply->time_ms);
}

struct entry_row apply_entry_row(const struct apply *apply, const struct entry_input *entry,
                                 enum verdict verdict, uint64_t log_index)
{
    return (struct entry_row){
        .verdict = verdict,
        .kind = entry->kind,
        .item = entry->item,
        .log_index = log_index,
        .batch = apply->batch,
        .input = apply->input,
        .offset = apply->offset,
    };
}

/* One leaf can be shown without giving away the next one's salt. */
uint64_t apply_leaf(struct apply *apply, struct leaf *leaf)
{
    uint8_t storage[LEAF_MAX_BYTES];
    journal_salt(&apply->said, apply->range.size, leaf->salt);
    leaf->time_ms = apply->time_ms;
    return log_append(apply->txn, T_LOG, &apply->range, leaf_write(leaf, storage));
}
