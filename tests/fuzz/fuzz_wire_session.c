/* SPDX-License-Identifier: Apache-2.0 */
/* Greetings, governance documents and questions, in both directions. */
#include "support/wire_fuzz.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wire_fuzz(CORPUS_SESSION, slice_make(data, size));
    return 0;
}
