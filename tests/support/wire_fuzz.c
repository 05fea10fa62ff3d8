/* SPDX-License-Identifier: Apache-2.0 */
#include "support/wire_fuzz.h"

void wire_fuzz(size_t corpus, struct slice bytes)
{
    for (size_t i = 0; i < wire_samples_count; i++) {
        if (wire_samples[i].corpus != corpus) {
            continue;
        }
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        bool accepted = wire_samples[i].again(bytes, &arena, &again);
        assert(arena.total <= CAIRN_UNPACK_BUDGET_BYTES);
        assert(!accepted || slice_equal(bytes, buf_slice(&again)));
    }
}
