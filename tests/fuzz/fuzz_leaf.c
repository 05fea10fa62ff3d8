/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf of the log as an agent receives it. */
#include "tests/fuzz/fuzz.h"
#include "wire/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    uint8_t again[LEAF_MAX_BYTES];
    struct leaf leaf;

    if (leaf_read(bytes, &leaf)) {
        assert(slice_equal(bytes, leaf_write(&leaf, again)));
    }
    return 0;
}
