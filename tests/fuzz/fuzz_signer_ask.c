/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker asks of the signer. What parses is written again as the same bytes. */
#include "signer/message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[SIGNER_ASK_MAX_BYTES];
    struct writer writer = writer_over(bytes, sizeof(bytes));
    struct signer_ask ask;

    if (signer_ask_read(slice_make(data, size), &ask)) {
        signer_ask_write(&ask, &writer);
        assert(slice_equal(slice_make(data, size), writer_slice(&writer)));
    }
    return 0;
}
