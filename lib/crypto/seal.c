/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte layouts are in the header. Order matters when opening: size, then commitment, then tag,
 * and only then is the plaintext looked at. The commitment is what keeps a sender from making one
 * ciphertext that opens to two texts under two keys (AES-GCM alone does not).
 */
#include "crypto/seal.h"

#include <errno.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/digest.h"

#define LENGTH_BYTES     4
#define COMMITMENT_BYTES CAIRN_HASH_BYTES
#define PART_AAD_BYTES   (CAIRN_HASH_BYTES + 1)
#define GRANT_INFO       "cairn-grant/v1\n"
#define GRANT_INFO_BYTES (sizeof(GRANT_INFO) - 1 + ENTRY_ID_BYTES + 1 + 4)

static_assert(SEAL_OVERHEAD_BYTES == COMMITMENT_BYTES + AEAD_TAG_BYTES, "nothing else is added");
static_assert(WRAP_OVERHEAD_BYTES == AEAD_NONCE_BYTES + AEAD_TAG_BYTES, "nothing else is added");
static_assert(SEAL_KEY_BYTES == CAIRN_HASH_BYTES, "a data key serves HKDF-Expand as its key");

struct part_keys {
    struct secret key;
    struct secret commitment;
};

static void part_keys_deinit(struct part_keys *keys)
{
    bytes_wipe(keys, sizeof(*keys));
}

static void part_keys_derive(const struct secret *data_key, struct part_keys *ret)
{
    hkdf_expand(data_key, slice_of_text("cairn-part-key/v1"), AEAD_KEY_BYTES, &ret->key);
    hkdf_expand(data_key, slice_of_text("cairn-part-commit/v1"), COMMITMENT_BYTES,
                &ret->commitment);
}

static bool part_is_known(enum part part)
{
    return part == PART_CARD || part == PART_ACCOUNT;
}

static size_t part_max_bytes(enum part part)
{
    return (part == PART_CARD ? SEAL_CARD_MAX_BYTES : SEAL_ACCOUNT_MAX_BYTES) + SEAL_OVERHEAD_BYTES;
}

static void part_aad(const uint8_t header_digest[CAIRN_HASH_BYTES], enum part part,
                     uint8_t out[PART_AAD_BYTES])
{
    memcpy(out, header_digest, CAIRN_HASH_BYTES);
    out[CAIRN_HASH_BYTES] = (uint8_t)part;
}

static bool is_zero(struct slice bytes)
{
    uint8_t any = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        any |= bytes.data[i];
    }
    return any == 0;
}

/* The text within an authenticated plaintext; false when it is not padded as seal_part pads. */
static bool unpad(struct slice plain, struct slice *ret_text)
{
    struct reader reader = reader_over(plain);
    const struct slice text = read_sized(&reader, plain.len);
    const struct slice padding = read_bytes(&reader, reader.left);

    if (!reader_end(&reader) || seal_part_size(text.len) != plain.len + SEAL_OVERHEAD_BYTES ||
        !is_zero(padding)) {
        return false;
    }
    *ret_text = text;
    return true;
}

size_t seal_part_size(size_t text_len)
{
    static const size_t buckets[] = {
#define X(bytes) bytes,
        SEAL_BUCKETS(X)
#undef X
    };

    for (size_t i = 0; i < ARRAY_LEN(buckets); i++) {
        if (text_len <= buckets[i] - LENGTH_BYTES) {
            return buckets[i] + SEAL_OVERHEAD_BYTES;
        }
    }
    return 0;
}

int seal_part(const struct secret *data_key, const uint8_t header_digest[CAIRN_HASH_BYTES],
              enum part part, struct slice text, uint8_t *out)
{
    const size_t sealed_len = seal_part_size(text.len);
    _cleanup_(buf_deinit) struct buf plain = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    _cleanup_(part_keys_deinit) struct part_keys keys;
    struct aead_message message = {.nonce = {0}};
    uint8_t aad[PART_AAD_BYTES];
    struct writer writer;
    uint8_t *room;

    if (data_key->len != SEAL_KEY_BYTES || !part_is_known(part)) {
        return -EINVAL;
    }
    if (sealed_len == 0 || sealed_len > part_max_bytes(part)) {
        return -EMSGSIZE;
    }
    room = buf_extend(&plain, sealed_len - SEAL_OVERHEAD_BYTES);
    assert(room);
    memset(room, 0, plain.len);
    writer = writer_over(room, plain.len);
    write_sized(&writer, text);
    assert(writer_ok(&writer));
    part_keys_derive(data_key, &keys);
    part_aad(header_digest, part, aad);
    message.aad = SLICE_OF(aad);
    message.text = buf_slice(&plain);
    memcpy(out, keys.commitment.bytes, COMMITMENT_BYTES);
    return aead_seal(&keys.key, &message, out + COMMITMENT_BYTES);
}

/* Checks commitment and tag; *plain is the padded plaintext then. */
static int open_committed(const struct secret *data_key, struct slice aad, struct slice sealed,
                          struct buf *plain)
{
    struct reader reader = reader_over(sealed);
    const struct slice commitment = read_bytes(&reader, COMMITMENT_BYTES);
    const struct aead_message message = {.aad = aad, .text = read_bytes(&reader, reader.left)};
    _cleanup_(part_keys_deinit) struct part_keys keys;
    uint8_t *room;

    part_keys_derive(data_key, &keys);
    if (!bytes_equal_ct(commitment.data, keys.commitment.bytes, COMMITMENT_BYTES)) {
        return -EBADMSG;
    }
    room = buf_extend(plain, sealed.len - SEAL_OVERHEAD_BYTES);
    assert(room);
    return aead_open(&keys.key, &message, room);
}

int seal_open_part(const struct secret *data_key, const uint8_t header_digest[CAIRN_HASH_BYTES],
                   enum part part, struct slice sealed, struct buf *ret)
{
    _cleanup_(buf_deinit) struct buf plain = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    uint8_t aad[PART_AAD_BYTES];
    struct slice text;
    int r;

    if (data_key->len != SEAL_KEY_BYTES) {
        return -EINVAL;
    }
    if (!part_is_known(part) || sealed.len <= SEAL_OVERHEAD_BYTES ||
        sealed.len > part_max_bytes(part)) {
        return -EBADMSG;
    }
    part_aad(header_digest, part, aad);
    r = open_committed(data_key, SLICE_OF(aad), sealed, &plain);
    if (r < 0) {
        return r;
    }
    if (!unpad(buf_slice(&plain), &text)) {
        return -EBADMSG;
    }
    if (text.len > ret->max) {
        return -EMSGSIZE;
    }
    buf_reset(ret);
    buf_add_slice(ret, text);
    return 0;
}

static struct slice grant_info(const struct grant_scope *scope, uint8_t storage[GRANT_INFO_BYTES])
{
    struct writer info = writer_over(storage, GRANT_INFO_BYTES);
    uint8_t entry[ENTRY_ID_BYTES];

    entry_id_pack(&scope->entry, entry);
    write_text(&info, GRANT_INFO);
    write_bytes(&info, entry, sizeof(entry));
    write_u8(&info, (uint8_t)scope->part);
    write_u32(&info, scope->recipient);
    return writer_slice(&info);
}

int grant_seal(const uint8_t recipient_key[HPKE_PUBLIC_BYTES], const struct grant_scope *scope,
               const struct secret *data_key, uint8_t ret[GRANT_BYTES])
{
    uint8_t info[GRANT_INFO_BYTES];
    uint8_t grant[GRANT_BYTES];
    const struct hpke_message message = {
        .info = grant_info(scope, info),
        .text = secret_slice(data_key),
    };
    int r;

    if (data_key->len != SEAL_KEY_BYTES || !part_is_known(scope->part)) {
        return -EINVAL;
    }
    r = hpke_seal(recipient_key, &message, grant, grant + HPKE_ENC_BYTES);
    if (r < 0) {
        return r;
    }
    memcpy(ret, grant, sizeof(grant));
    return 0;
}

int grant_open(const struct secret *opening_key, const struct grant_scope *scope,
               struct slice grant, struct secret *ret_data_key)
{
    uint8_t info[GRANT_INFO_BYTES];
    struct reader reader = reader_over(grant);
    const struct slice enc = read_bytes(&reader, HPKE_ENC_BYTES);
    const struct hpke_message message = {
        .info = grant_info(scope, info),
        .text = read_bytes(&reader, SEAL_KEY_BYTES + HPKE_TAG_BYTES),
    };
    _cleanup_(secret_deinit) struct secret data_key = {.len = SEAL_KEY_BYTES};
    int r;

    if (!part_is_known(scope->part) || !reader_end(&reader)) {
        return -EBADMSG;
    }
    r = hpke_open(opening_key, enc.data, &message, data_key.bytes);
    if (r < 0) {
        return r;
    }
    secret_set(ret_data_key, data_key.bytes, data_key.len);
    return 0;
}

int wrap_seal(const struct secret *store_key, const char *purpose, struct slice text, uint8_t *out)
{
    struct aead_message message = {.aad = slice_of_text(purpose), .text = text};
    int r;

    r = random_bytes(message.nonce, sizeof(message.nonce));
    if (r < 0) {
        return r;
    }
    memcpy(out, message.nonce, AEAD_NONCE_BYTES);
    return aead_seal(store_key, &message, out + AEAD_NONCE_BYTES);
}

int wrap_open(const struct secret *store_key, const char *purpose, struct slice wrapped,
              uint8_t *out)
{
    struct reader reader = reader_over(wrapped);
    struct aead_message message = {.aad = slice_of_text(purpose)};

    read_into(&reader, message.nonce, sizeof(message.nonce));
    message.text = read_bytes(&reader, reader.left);
    if (!reader_ok(&reader)) {
        return -EBADMSG;
    }
    return aead_open(store_key, &message, out);
}
