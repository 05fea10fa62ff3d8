/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/handle.h"

#include <errno.h>
#include <string.h>

#define PURPOSE        "subject identity"
#define ROW_HEAD_BYTES (CAIRN_HASH_BYTES + 8 + 1 + CAIRN_LANES)

static_assert(sizeof(struct identity) + 64 <= IDENTITY_MAX_BYTES, "every identity can be packed");

/* --- rows --- */

bool handle_get(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                struct handle_row *ret)
{
    struct slice value;
    if (!store_get(txn, AT_HANDLE, slice_make(handle, CAIRN_HANDLE_BYTES), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    read_into(&reader, ret->digest.bytes, sizeof(ret->digest.bytes));
    ret->revision = read_u64(&reader);
    ret->stated = read_u8(&reader) != 0;
    for (size_t i = 0; i < CAIRN_LANES; i++) {
        ret->spooled[i] = read_u8(&reader) != 0;
    }
    ret->sealed = read_sized(&reader, HANDLE_SEALED_MAX_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

void handle_put(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                const struct handle_row *row)
{
    uint8_t storage[ROW_HEAD_BYTES + 4 + HANDLE_SEALED_MAX_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_bytes(&writer, row->digest.bytes, sizeof(row->digest.bytes));
    write_u64(&writer, row->revision);
    write_u8(&writer, row->stated ? 1 : 0);
    for (size_t i = 0; i < CAIRN_LANES; i++) {
        write_u8(&writer, row->spooled[i] ? 1 : 0);
    }
    write_sized(&writer, row->sealed); /* copied before the put below ends what it borrows from */
    store_put(txn, AT_HANDLE, slice_make(handle, CAIRN_HANDLE_BYTES), writer_slice(&writer));
}

/* --- the identity, packed: what tokens and cards are made from --- */

static void pack_identifier(struct writer *writer, const struct identifier *identifier)
{
    write_u8(writer, (uint8_t)identifier->status);
    write_sized(writer, slice_of_text(identifier->value));
}

static void pack_identity(struct writer *writer, const struct identity *identity)
{
    write_u8(writer, identity->person ? 1 : 0);
    write_sized(writer, slice_of_text(identity->given));
    write_sized(writer, slice_of_text(identity->family));
    write_u8(writer, identity->has_birth ? 1 : 0);
    write_i32(writer, identity->birth_day);
    write_sized(writer, slice_of_text(identity->postcode));
    write_sized(writer, slice_of_text(identity->address));
    write_u8(writer, identity->restricted ? 1 : 0);
    pack_identifier(writer, &identity->nhs_number);
    pack_identifier(writer, &identity->upn);
    write_sized(writer, slice_of_text(identity->local_id));
}

static void unpack_text(struct reader *reader, char *out, size_t out_bytes)
{
    struct slice text = read_sized(reader, out_bytes - 1);
    memcpy(out, text.len == 0 ? (const uint8_t *)"" : text.data, text.len);
    out[text.len] = '\0';
}

static void unpack_identifier(struct reader *reader, struct identifier *ret)
{
    ret->status = (enum identifier_status)read_u8(reader);
    unpack_text(reader, ret->value, sizeof(ret->value));
}

static bool unpack_identity(struct slice packed, struct identity *ret)
{
    struct reader reader = reader_over(packed);
    *ret = IDENTITY_NULL;
    ret->person = read_u8(&reader) != 0;
    unpack_text(&reader, ret->given, sizeof(ret->given));
    unpack_text(&reader, ret->family, sizeof(ret->family));
    ret->has_birth = read_u8(&reader) != 0;
    ret->birth_day = read_i32(&reader);
    unpack_text(&reader, ret->postcode, sizeof(ret->postcode));
    unpack_text(&reader, ret->address, sizeof(ret->address));
    ret->restricted = read_u8(&reader) != 0;
    unpack_identifier(&reader, &ret->nhs_number);
    unpack_identifier(&reader, &ret->upn);
    unpack_text(&reader, ret->local_id, sizeof(ret->local_id));
    return reader_end(&reader);
}

int handle_seal(const struct secret *store_key, const struct identity *identity,
                uint8_t out[HANDLE_SEALED_MAX_BYTES], size_t *ret_len)
{
    uint8_t packed[IDENTITY_MAX_BYTES];
    struct writer writer = writer_over(packed, sizeof(packed));
    pack_identity(&writer, identity);
    int r = wrap_seal(store_key, PURPOSE, writer_slice(&writer), out);
    *ret_len = writer.len + WRAP_OVERHEAD_BYTES;
    bytes_wipe(packed, sizeof(packed));
    return r;
}

bool handle_open(const struct secret *store_key, struct slice sealed, struct identity *ret)
{
    uint8_t packed[IDENTITY_MAX_BYTES];
    if (sealed.len <= WRAP_OVERHEAD_BYTES || sealed.len > sizeof(packed) + WRAP_OVERHEAD_BYTES ||
        wrap_open(store_key, PURPOSE, sealed, packed) != 0) {
        return false;
    }
    bool good = unpack_identity(slice_make(packed, sealed.len - WRAP_OVERHEAD_BYTES), ret);
    bytes_wipe(packed, sizeof(packed));
    return good;
}

bool handle_same(const struct identity *a, const struct identity *b)
{
    uint8_t packed[2][IDENTITY_MAX_BYTES];
    struct writer first = writer_over(packed[0], sizeof(packed[0]));
    struct writer second = writer_over(packed[1], sizeof(packed[1]));
    pack_identity(&first, a);
    pack_identity(&second, b);
    bool same = slice_equal(writer_slice(&first), writer_slice(&second));
    bytes_wipe(packed, sizeof(packed));
    return same;
}
