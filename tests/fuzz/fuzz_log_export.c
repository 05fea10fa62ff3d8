/* SPDX-License-Identifier: Apache-2.0 */
/* A log that somebody exported: what is read of it is written again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "cli/log_export.h"
#include "tests/fuzz/fuzz.h"

#define LEAVES_MAX 64

/* Returns whether the file was read to its end. */
static bool read_and_write(FILE *in, FILE *out)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct error error = ERROR_NULL;
    struct log_export head;

    if (!log_export_read_head(in, &head, &error)) {
        assert(error.what[0] != '\0');
        return false;
    }
    log_export_write_head(&head, out);
    for (uint64_t i = 0; i < head.size; i++) {
        uint8_t storage[LOG_LEAF_MAX_BYTES];
        struct slice leaf;
        if (i == LEAVES_MAX || !log_export_read_leaf(in, storage, &leaf, &error)) {
            return false;
        }
        log_export_write_leaf(leaf, out);
    }
    if (!log_export_read_end(in, &note, &error)) {
        return false;
    }
    log_export_write_end(buf_slice(&note), out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *written = NULL;
    size_t len = 0;
    FILE *in = size == 0 ? fopen("/dev/null", "re") : fmemopen((void *)(uintptr_t)data, size, "r");
    FILE *out = open_memstream(&written, &len);

    assert(in != NULL && out != NULL);
    bool whole = read_and_write(in, out);
    int r = fclose(out);
    assert(r == 0);
    (void)fclose(in);
    assert(!whole || slice_equal(slice_make(data, size), slice_make(written, len)));
    free(written);
    return 0;
}
