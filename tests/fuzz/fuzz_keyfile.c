/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key file's contents. What is accepted is exactly what keyfile_write writes, but for the final
 * newline; what is refused sets nothing and says why.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/keyfile.h"
#include "tests/fuzz/fuzz.h"

#define KEY_BYTES 32

static void expect_canonical(struct slice contents, const struct secret *secret)
{
    char key[BASE64_BYTES(KEY_BYTES)];
    _cleanup_(buf_deinit) struct buf line = BUF_MAX(KEYFILE_MAX_BYTES);

    base64_encode(secret_slice(secret), key);
    buf_format(&line, "cairn-key/v1 store %s", key);
    if (contents.len > 0 && contents.data[contents.len - 1] == '\n') {
        contents.len--;
    }
    assert(slice_equal(contents, buf_slice(&line)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice contents = slice_make(data, size);
    struct secret secret = SECRET_NULL;
    struct error error = ERROR_NULL;
    int r = keyfile_parse(contents, "store.key", "store", KEY_BYTES, &secret, &error);

    if (r == 0) {
        assert(secret.len == KEY_BYTES);
        expect_canonical(contents, &secret);
    } else {
        assert(r == -EINVAL && secret.len == 0 && strlen(error.what) > 0);
    }
    return 0;
}
