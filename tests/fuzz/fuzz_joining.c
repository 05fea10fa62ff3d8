/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is handed over when an agency joins: the partnership's joining file, which begins trust, and
 * the agency's request. The input is read as both. What is accepted is whole, and trust begins from
 * it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "govern/joining.h"
#include "govern/request.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

static int file = -1;
static char path[] = "/tmp/cairn-fuzz-joining-XXXXXX";

static void remove_file(void)
{
    (void)unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    file = mkstemp(path);
    return file >= 0 && atexit(remove_file) == 0 && crypto_init(NULL) == 0 ? 0 : 1;
}

static void read_joining(struct slice text)
{
    struct joining joining = JOINING_NULL;
    _cleanup_(governance_unref) struct governance *made = NULL;
    struct error error = ERROR_NULL;
    struct govern_document root;

    bool written =
        ftruncate(file, 0) == 0 && pwrite(file, text.data, text.len, 0) == (ssize_t)text.len;
    assert(written);
    int r = joining_load(path, &joining, &made, &error);
    assert((r == 0) == (made != NULL) && (r == 0) == (error.what[0] == '\0'));
    if (made != NULL) {
        bool held = governance_held(made, GOVERNANCE_ROOT, &root);
        assert(held && slice_equal(root.text, buf_slice(&joining.root_text)));
        assert(joining.endpoint[0] != '\0');
    }
    joining_deinit(&joining);
}

static void read_request(struct slice text)
{
    struct agency_request request;
    struct error error = ERROR_NULL;
    int r = agency_request_read(text, &request, &error);

    assert((r == 0) == (error.what[0] == '\0'));
    if (r == 0) {
        assert(request.id[0] != '\0' && request.name[0] != '\0' && request.origin[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_make(data, size);

    read_joining(text);
    read_request(text);
    return 0;
}
