/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/frozen.h"

#include <errno.h>
#include <string.h>

#include "agents/core/event.h"
#include "crypto/digest.h"

#define KEYS_PURPOSE "spool data keys"

struct frozen frozen_new(void)
{
    return (struct frozen){
        .header = BUF_MAX(CAIRN_HEADER_MAX_BYTES),
        .card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES),
        .account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES),
        .body = BUF_MAX(CAIRN_BODY_MAX_BYTES),
    };
}

void frozen_deinit(struct frozen *frozen)
{
    buf_deinit(&frozen->header);
    buf_deinit(&frozen->card);
    buf_deinit(&frozen->account);
    buf_deinit(&frozen->body);
    seal_keys_deinit(&frozen->keys);
}

/* --- data keys --- */

void seal_keys_deinit(struct seal_keys *keys)
{
    for (size_t i = 0; i < ARRAY_LEN(keys->of); i++) {
        secret_deinit(&keys->of[i]);
    }
}

int seal_keys_open(const struct secret *store_key, struct slice wrapped, struct seal_keys *ret)
{
    uint8_t plain[SPOOL_KEYS_BYTES];
    if (wrapped.len != SPOOL_WRAP_BYTES) {
        return -EBADMSG;
    }
    int r = wrap_open(store_key, KEYS_PURPOSE, wrapped, plain);
    if (r == 0) {
        secret_set(&ret->of[PART_CARD], plain, SEAL_KEY_BYTES);
        secret_set(&ret->of[PART_ACCOUNT], plain + SEAL_KEY_BYTES, SEAL_KEY_BYTES);
    }
    bytes_wipe(plain, sizeof(plain));
    return r;
}

static int make_keys(struct frozen *frozen, const struct secret *store_key)
{
    uint8_t plain[SPOOL_KEYS_BYTES];
    int r = secret_random(&frozen->keys.of[PART_CARD], SEAL_KEY_BYTES);
    if (r == 0) {
        r = secret_random(&frozen->keys.of[PART_ACCOUNT], SEAL_KEY_BYTES);
    }
    if (r != 0) {
        return r;
    }
    memcpy(plain, frozen->keys.of[PART_CARD].bytes, SEAL_KEY_BYTES);
    memcpy(plain + SEAL_KEY_BYTES, frozen->keys.of[PART_ACCOUNT].bytes, SEAL_KEY_BYTES);
    r = wrap_seal(store_key, KEYS_PURPOSE, SLICE_OF(plain), frozen->wrapped);
    bytes_wipe(plain, sizeof(plain));
    return r;
}

/* --- parts --- */

static int add_part(struct frozen *frozen, enum part part, const struct buf *text,
                    const uint8_t digest[CAIRN_HASH_BYTES])
{
    size_t size = seal_part_size(text->len);
    uint8_t *out = size == 0 ? NULL : buf_extend(&frozen->body, size);
    if (out == NULL) {
        return -EMSGSIZE;
    }
    return seal_part(&frozen->keys.of[part], digest, part, buf_slice(text), out);
}

int frozen_seal(struct frozen *frozen, const struct secret *store_key, bool has_card)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    if (!buf_ok(&frozen->header)) {
        return -EMSGSIZE;
    }
    int r = make_keys(frozen, store_key);
    sha256(buf_slice(&frozen->header), digest);
    if (r == 0 && has_card) {
        r = add_part(frozen, PART_CARD, &frozen->card, digest);
    }
    return r != 0 ? r : add_part(frozen, PART_ACCOUNT, &frozen->account, digest);
}

int frozen_open(struct frozen *frozen, const struct secret *store_key,
                const struct spool_entry *entry, const struct entry_header *header)
{
    struct seal_keys keys = {.of = {SECRET_NULL}};
    uint8_t digest[CAIRN_HASH_BYTES];
    size_t card = header->kind == ENTRY_RECORD ? header->record.card_bytes : 0;
    if (card > entry->body.len) {
        return -EBADMSG;
    }
    struct slice account = slice_make(entry->body.data + card, entry->body.len - card);
    int r = seal_keys_open(store_key, entry->keys, &keys);
    sha256(entry->header, digest);
    if (r == 0 && card > 0) {
        r = seal_open_part(&keys.of[PART_CARD], digest, PART_CARD,
                           slice_make(entry->body.data, card), &frozen->card);
    }
    if (r == 0) {
        r = seal_open_part(&keys.of[PART_ACCOUNT], digest, PART_ACCOUNT, account, &frozen->account);
    }
    seal_keys_deinit(&keys);
    return r;
}
