/* SPDX-License-Identifier: Apache-2.0 */
/* One text for each string of bytes, both ways. */
#include <string.h>

#include "base/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(base_free) uint8_t *bytes = base_alloc(size + 1);
    _cleanup_(base_free) char *text = base_alloc(BASE64_BYTES(size + 1));
    struct slice input = slice_make(data, size);
    size_t len;

    base64_encode(input, text);
    bool decoded = base64_decode(slice_of_text(text), bytes, size, &len);
    assert(decoded && slice_equal(slice_make(bytes, len), input));
    if (base64_decode(input, bytes, size, &len)) {
        base64_encode(slice_make(bytes, len), text);
        assert(slice_is_text(input, text));
    }
    return 0;
}
