/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An offline proof of a leaf. What parses is written again as the same bytes, and nothing proves a
 * leaf of a log whose key nobody has.
 */
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "tree/checkpoint.h"

#define DOCUMENT_MAX_BYTES (2 * CAIRN_NOTE_MAX_BYTES)

static struct note_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    return crypto_init(&error) == 0 && note_vkey_parse(VECTOR_ENOCH_VKEY, &key) ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice document = slice_make(data, size);
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(DOCUMENT_MAX_BYTES);
    struct tlog_proof proof;
    struct checkpoint checkpoint;

    if (tlog_proof_parse(document, &proof)) {
        int r = tlog_proof_write(proof.index, slice_make(proof.leaf_data, proof.leaf_len),
                                 &proof.proof, proof.checkpoint_note, &again);
        assert(r == 0 && slice_equal(document, buf_slice(&again)));
    }
    bool good = tlog_proof_check(document, &key, &checkpoint);
    assert(!good);
    return 0;
}
