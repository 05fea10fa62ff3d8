/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent reads from its mailbox, payloads of items included. */
#include "support/wire_fuzz.h"
#include "tests/fuzz/fuzz.h"
#include "wire/leaf.h"

static void read_items(struct slice bytes)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivery delivery;
    struct leaf leaf;

    if (!wire_delivery_read(bytes, &arena, &delivery)) {
        return;
    }
    for (size_t i = 0; i < delivery.n_items; i++) {
        wire_fuzz(CORPUS_DELIVERY, delivery.items[i].payload);
        if (leaf_read(delivery.items[i].leaf, &leaf)) {
            assert(leaf.type >= LEAF_ENTRY && leaf.type <= LEAF_REFUSED);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);

    wire_fuzz(CORPUS_DELIVERY, bytes);
    read_items(bytes);
    return 0;
}
