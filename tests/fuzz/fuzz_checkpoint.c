/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint, first as it stands, and then as a text that the log's own key signs, and that a
 * witness cosigns, so that what is behind the signature is reached as well. What is accepted is
 * exactly what checkpoint_text writes.
 */
#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "tree/checkpoint.h"

#define ORIGIN  "example.com/behind-the-sofa"
#define WITNESS "example.com/under-the-stairs"

static struct note_key key;
static struct note_key witness;
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
    bool good = note_key_init(&key, ORIGIN, NOTE_TYPE_ED25519, public_key) &&
                note_key_init(&witness, WITNESS, NOTE_TYPE_COSIGNATURE, public_key);
    return good ? 0 : 1;
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

/* Only the text that was cosigned proves anything, and only as its witness's. */
static void check_cosigned(struct slice text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t cosignature[COSIGNATURE_BYTES];
    struct checkpoint checkpoint;

    if (note_sign(text, &key, signer, &note) < 0 ||
        !checkpoint_check(buf_slice(&note), &key, &checkpoint)) {
        return;
    }
    int r = cosignature_make(text, checkpoint.size, signer, cosignature);
    assert(r == 0);
    r = checkpoint_cosigned_write(&checkpoint, ORIGIN, &witness, cosignature, &again);
    assert(r == 0);
    bool good = checkpoint_check_cosigned(buf_slice(&again), ORIGIN, &witness, &checkpoint);
    assert(good);
    good = checkpoint_check_cosigned(buf_slice(&again), WITNESS, &witness, &checkpoint) ||
           checkpoint_check_cosigned(buf_slice(&again), ORIGIN, &key, &checkpoint) ||
           checkpoint_check_cosigned(buf_slice(&note), ORIGIN, &witness, &checkpoint);
    assert(!good);
    cosignature[checkpoint.size % COSIGNATURE_BYTES] ^= 1;
    buf_reset(&again);
    r = checkpoint_cosigned_write(&checkpoint, ORIGIN, &witness, cosignature, &again);
    assert(r == 0);
    good = checkpoint_check_cosigned(buf_slice(&again), ORIGIN, &witness, &checkpoint);
    assert(!good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = slice_make(data, size);
    struct checkpoint checkpoint;

    if (checkpoint_check(bytes, &key, &checkpoint) ||
        checkpoint_check_cosigned(bytes, ORIGIN, &witness, &checkpoint)) {
        assert(checkpoint.size <= INT64_MAX);
    }
    check_signed(bytes);
    check_cosigned(bytes);
    return 0;
}
