/* SPDX-License-Identifier: Apache-2.0 */
/* The clear header of an entry, read as every kind there is, those not in use included. */
#include "support/wire_fuzz.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    size_t accepted = 0;

    wire_fuzz(CORPUS_ENTRY, bytes);
    for (int kind = 0; kind <= ENTRY_REQUEST + 1; kind++) {
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        struct entry_header header;
        if (wire_entry_header_read((enum entry_kind)kind, bytes, &arena, &header)) {
            assert(header.id.agency != 0 && header.id.stream != 0 && header.id.seq != 0);
            accepted++;
        }
    }
    assert(accepted <= 1); /* a header says its own kind */
    return 0;
}
