/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed part. First byte: the part's number, and in its top bit who is the enemy.
 *   0: somebody without the key; the rest is the sealed part.
 *   1: somebody with the key; the rest is the plaintext, sealed here as it stands, padding and all.
 * Sealing is deterministic and has one form, so whatever opens must be what seal_part makes of it.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "tests/fuzz/fuzz.h"

#define HOLDS_THE_KEY    0x80
#define SEALED_MAX_BYTES (SEAL_ACCOUNT_MAX_BYTES + SEAL_OVERHEAD_BYTES)

static struct secret data_key = {.len = SEAL_KEY_BYTES};
static struct secret part_key;
static struct secret commitment;
static uint8_t header_digest[CAIRN_HASH_BYTES];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    if (crypto_init(&error) < 0) {
        return 1;
    }
    for (size_t i = 0; i < data_key.len; i++) {
        data_key.bytes[i] = (uint8_t)i;
    }
    sha256(slice_of_text("header"), header_digest);
    hkdf_expand(&data_key, slice_of_text("cairn-part-key/v1"), AEAD_KEY_BYTES, &part_key);
    hkdf_expand(&data_key, slice_of_text("cairn-part-commit/v1"), CAIRN_HASH_BYTES, &commitment);
    return 0;
}

static void expect_canonical(enum part part, struct slice sealed)
{
    static uint8_t again[SEALED_MAX_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(SEALED_MAX_BYTES);
    int r = seal_open_part(&data_key, header_digest, part, sealed, &text);

    if (r < 0) {
        assert(r == -EBADMSG && text.len == 0);
        return;
    }
    assert(seal_part_size(text.len) == sealed.len);
    r = seal_part(&data_key, header_digest, part, buf_slice(&text), again);
    assert(r == 0);
    assert(slice_equal(sealed, slice_make(again, sealed.len)));
}

static void seal_and_open(enum part part, struct slice plain)
{
    static uint8_t sealed[SEALED_MAX_BYTES];
    uint8_t aad[CAIRN_HASH_BYTES + 1];
    const struct aead_message message = {.aad = SLICE_OF(aad), .text = plain};

    if (plain.len == 0 || plain.len > SEAL_ACCOUNT_MAX_BYTES) {
        return;
    }
    memcpy(aad, header_digest, CAIRN_HASH_BYTES);
    aad[CAIRN_HASH_BYTES] = (uint8_t)part;
    memcpy(sealed, commitment.bytes, CAIRN_HASH_BYTES);
    int r = aead_seal(&part_key, &message, sealed + CAIRN_HASH_BYTES);
    assert(r == 0);
    expect_canonical(part, slice_make(sealed, plain.len + SEAL_OVERHEAD_BYTES));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_over(slice_make(data, size));
    const uint8_t first = read_u8(&reader);
    const enum part part = (enum part)(first & ~HOLDS_THE_KEY);
    const struct slice rest = read_bytes(&reader, reader.left);

    if ((first & HOLDS_THE_KEY) != 0) {
        seal_and_open(part, rest);
    } else {
        expect_canonical(part, rest);
    }
    return 0;
}
