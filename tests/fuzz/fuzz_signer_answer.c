/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer answers the broker. What parses is written again as the same bytes. */
#include "signer/message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[SIGNER_ANSWER_MAX_BYTES];
    struct writer writer = writer_over(bytes, sizeof(bytes));
    struct signer_answer answer;

    if (size <= sizeof(bytes) && signer_answer_read(slice_make(data, size), &answer)) {
        signer_answer_write(&answer, &writer);
        assert(slice_equal(slice_make(data, size), writer_slice(&writer)));
    }
    return 0;
}
