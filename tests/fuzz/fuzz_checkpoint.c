/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint, first as it stands, and then as a text that the log's own key signs, so that what
 * is behind the signature is reached as well. What is accepted is exactly what checkpoint_text
 * writes.
 */
#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "tree/checkpoint.h"

#define ORIGIN "example.com/behind-the-sofa"

static struct note_key key;
static struct signer *signer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    _cleanup_(secret_deinit) struct secret seed = {.len = SIGN_SECRET_BYTES};
    struct error error = ERROR_NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    (void)argc;
    (void)argv;
    if (crypto_init(&error) < 0 || !hex_decode(VECTOR_PETER_SEED, seed.bytes, seed.len) ||
        signer_new(&seed, &signer) < 0) {
        return 1;
    }
    signer_public(signer, public_key);
    return note_key_init(&key, ORIGIN, NOTE_TYPE_ED25519, public_key) ? 0 : 1;
}

static void check_signed(struct slice text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct checkpoint checkpoint;

    if (note_sign(text, &key, signer, &note) < 0) {
        return;
    }
    if (checkpoint_check(buf_slice(&note), &key, &checkpoint)) {
        checkpoint_text(&checkpoint, ORIGIN, &again);
        assert(slice_equal(text, buf_slice(&again)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = slice_make(data, size);
    struct checkpoint checkpoint;

    if (checkpoint_check(bytes, &key, &checkpoint)) {
        assert(checkpoint.size <= INT64_MAX);
    }
    check_signed(bytes);
    return 0;
}
