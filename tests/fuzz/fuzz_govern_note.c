/* SPDX-License-Identifier: Apache-2.0 */
/* A note offered with the next root document: what is accepted says exactly what was offered. */
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

static struct governing governing;
static struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&governing);
    governing_root_text(&governing, 1, 1, &text);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct govern_document offered = {
        .document = GOVERNANCE_ROOT,
        .text = buf_slice(&text),
        .note = slice_make(data, size),
    };
    enum governance_document document = GOVERNANCE_CALENDAR;
    uint64_t version = 0;
    _cleanup_(governance_unref) struct governance *made = NULL;
    struct error error = ERROR_NULL;

    bool readable = govern_note_read(offered.note, &document, &version);
    enum govern_result result = governance_with(governing.governance, &offered, &made, &error);
    assert((result == GOVERN_ACCEPTED) == (made != NULL));
    assert(result == GOVERN_ACCEPTED || result == GOVERN_SAME || error.what[0] != '\0');
    if (made != NULL) {
        assert(readable && document == GOVERNANCE_ROOT);
        assert(made->versions[GOVERNANCE_ROOT] == version && version > 1);
    }
    return 0;
}
