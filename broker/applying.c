/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/applying.h"

#include <string.h>

#include "base/date.h"
#include "crypto/digest.h"

const char *const apply_note_texts[N_APPLY_NOTES] = {
#define X(name, text) [NOTED_##name] = (text),
    APPLY_NOTES(X)
#undef X
};

int32_t apply_day(const struct apply *apply)
{
    return instant_london_day(apply->time_ms);
}

/* Salts come from the batch's, so that one leaf can be shown without giving away the next one's. */
uint64_t apply_leaf(struct apply *apply, struct leaf *leaf)
{
    uint8_t index[8];
    uint8_t salt[CAIRN_HASH_BYTES];
    uint8_t storage[LEAF_MAX_BYTES];
    struct writer writer = writer_over(index, sizeof(index));
    write_u64(&writer, apply->range.size);
    struct slice parts[] = {slice_of_text("cairn-salt/v1\n"), SLICE_OF(apply->salt),
                            SLICE_OF(index)};
    sha256_many(parts, ARRAY_LEN(parts), salt);
    memcpy(leaf->salt, salt, sizeof(leaf->salt));
    leaf->time_ms = apply->time_ms;
    return log_append(apply->txn, T_LOG, &apply->range, leaf_write(leaf, storage));
}
