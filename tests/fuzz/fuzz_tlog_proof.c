/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An offline proof of a leaf, as it stands, and with a checkpoint that the log's own key signs, so
 * that what is behind the signature is reached. What parses is written again as the same bytes;
 * nothing proves a leaf of a log whose key nobody has; and what proves one leaf proves no other.
 */
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "tree/checkpoint.h"

#define DOCUMENT_MAX_BYTES (2 * CAIRN_NOTE_MAX_BYTES)

static struct note_key unknown;
static struct note_key key;
static struct signer *signer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    _cleanup_(secret_deinit) struct secret seed = {.len = SIGN_SECRET_BYTES};

    (void)argc;
    (void)argv;
    bool good = crypto_init(NULL) == 0 && note_vkey_parse(VECTOR_ENOCH_VKEY, &unknown) &&
                note_vkey_parse(VECTOR_PETER_VKEY, &key) &&
                hex_decode(VECTOR_PETER_SEED, seed.bytes, seed.len) &&
                signer_new(&seed, &signer) == 0;
    return good ? 0 : 1;
}

static struct slice write_again(const struct tlog_proof *proof, struct slice note, struct buf *out)
{
    buf_reset(out);
    int r = tlog_proof_write(proof->index, slice_make(proof->leaf_data, proof->leaf_len),
                             &proof->proof, note, out);
    assert(r == 0);
    return buf_slice(out);
}

static void check_signed(struct tlog_proof *proof)
{
    _cleanup_(buf_deinit) struct buf signed_note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf document = BUF_MAX(DOCUMENT_MAX_BYTES);
    struct checkpoint checkpoint;
    struct note note;

    if (!note_parse(proof->checkpoint_note, &note) ||
        note_sign(note.text, &key, signer, &signed_note) < 0 ||
        !tlog_proof_check(write_again(proof, buf_slice(&signed_note), &document), &key,
                          &checkpoint)) {
        return;
    }
    assert(proof->index < checkpoint.size);
    /* the first byte of the leaf is another one; a leaf of nothing has one now */
    proof->leaf_data[0] = proof->leaf_len == 0 ? 0 : proof->leaf_data[0] ^ 1;
    proof->leaf_len = proof->leaf_len == 0 ? 1 : proof->leaf_len;
    bool good =
        tlog_proof_check(write_again(proof, buf_slice(&signed_note), &document), &key, &checkpoint);
    assert(!good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice document = slice_make(data, size);
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(DOCUMENT_MAX_BYTES);
    struct tlog_proof proof;
    struct checkpoint checkpoint;

    bool good = tlog_proof_check(document, &unknown, &checkpoint);
    assert(!good);
    if (tlog_proof_parse(document, &proof)) {
        assert(slice_equal(document, write_again(&proof, proof.checkpoint_note, &again)));
        check_signed(&proof);
    }
    return 0;
}
