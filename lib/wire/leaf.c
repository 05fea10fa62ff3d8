/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/leaf.h"

#include "wire/wire.h"

static const char magic[] = "CRNL";

#define MAGIC_BYTES 4
#define FORMAT      1

static void write_hash(struct writer *writer, const struct hash *hash)
{
    write_bytes(writer, hash->bytes, sizeof(hash->bytes));
}

static void write_entry(struct writer *writer, const struct leaf *leaf)
{
    uint8_t id[ENTRY_ID_BYTES];

    entry_id_pack(&leaf->id, id);
    write_bytes(writer, id, sizeof(id));
    write_u8(writer, (uint8_t)leaf->kind);
    write_u16(writer, (uint16_t)leaf->verdict);
    write_hash(writer, &leaf->digest);
    write_hash(writer, &leaf->grants);
}

static void write_destroyed(struct writer *writer, const struct leaf *leaf)
{
    uint8_t id[ENTRY_ID_BYTES];

    entry_id_pack(&leaf->id, id);
    write_bytes(writer, id, sizeof(id));
    write_u8(writer, (uint8_t)leaf->detail);
}

static void write_details(struct writer *writer, const struct leaf *leaf)
{
    switch (leaf->type) {
    case LEAF_ENTRY:
        write_entry(writer, leaf);
        break;
    case LEAF_TOLD:
        write_u64(writer, leaf->number);
        write_u8(writer, (uint8_t)leaf->detail);
        write_u8(writer, leaf->parts);
        write_u64(writer, leaf->alert);
        write_hash(writer, &leaf->digest);
        break;
    case LEAF_GOVERNANCE:
        write_u8(writer, (uint8_t)leaf->detail);
        write_u64(writer, leaf->number);
        write_hash(writer, &leaf->digest);
        break;
    case LEAF_START:
        write_u64(writer, leaf->number);
        write_hash(writer, &leaf->digest);
        break;
    case LEAF_REFUSED:
        write_u64(writer, leaf->number);
        write_u32(writer, leaf->detail);
        break;
    case LEAF_TICK:
        break;
    case LEAF_DESTROYED:
        write_destroyed(writer, leaf);
        break;
    }
}

struct slice leaf_write(const struct leaf *leaf, uint8_t storage[LEAF_MAX_BYTES])
{
    struct writer writer = writer_over(storage, LEAF_MAX_BYTES);

    assert(leaf->type >= LEAF_ENTRY && leaf->type <= LEAF_TYPES);
    write_bytes(&writer, magic, MAGIC_BYTES);
    write_u8(&writer, FORMAT);
    write_u8(&writer, (uint8_t)leaf->type);
    write_u64(&writer, (uint64_t)leaf->time_ms);
    write_u32(&writer, leaf->agency);
    write_bytes(&writer, leaf->salt, sizeof(leaf->salt));
    write_details(&writer, leaf);
    return writer_slice(&writer);
}

static bool read_entry(struct reader *reader, struct leaf *leaf)
{
    uint8_t id[ENTRY_ID_BYTES];

    read_into(reader, id, sizeof(id));
    leaf->id = entry_id_unpack(id);
    leaf->kind = (enum entry_kind)read_u8(reader);
    uint16_t verdict = read_u16(reader);
    read_into(reader, leaf->digest.bytes, sizeof(leaf->digest.bytes));
    read_into(reader, leaf->grants.bytes, sizeof(leaf->grants.bytes));
    return entry_kind_text(leaf->kind) != NULL && verdict_from_wire(verdict, &leaf->verdict);
}

static bool read_told(struct reader *reader, struct leaf *leaf)
{
    leaf->number = read_u64(reader);
    leaf->detail = read_u8(reader);
    leaf->parts = read_u8(reader);
    leaf->alert = read_u64(reader);
    read_into(reader, leaf->digest.bytes, sizeof(leaf->digest.bytes));
    return leaf->detail >= ITEM_DELIVERED && leaf->detail <= ITEM_WITHHELD &&
           leaf->parts <= (PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT)) &&
           (leaf->parts == 0 || leaf->detail < ITEM_NOTICE) &&
           (leaf->parts != 0 || leaf->detail != ITEM_RELEASE) &&
           (leaf->alert == 0 || leaf->detail == ITEM_RELEASE);
}

static bool read_governance(struct reader *reader, struct leaf *leaf)
{
    leaf->detail = read_u8(reader);
    leaf->number = read_u64(reader);
    read_into(reader, leaf->digest.bytes, sizeof(leaf->digest.bytes));
    return leaf->detail >= 1 && leaf->detail <= GOVERNANCE_DOCUMENTS;
}

static bool read_destroyed(struct reader *reader, struct leaf *leaf)
{
    uint8_t id[ENTRY_ID_BYTES];

    read_into(reader, id, sizeof(id));
    leaf->id = entry_id_unpack(id);
    leaf->detail = read_u8(reader);
    return leaf->detail >= DESTROYED_UNUSED && leaf->detail <= DESTROYED_LAST;
}

static bool read_details(struct reader *reader, struct leaf *leaf)
{
    switch (leaf->type) {
    case LEAF_ENTRY:
        return read_entry(reader, leaf);
    case LEAF_TOLD:
        return read_told(reader, leaf);
    case LEAF_GOVERNANCE:
        return read_governance(reader, leaf);
    case LEAF_START:
        leaf->number = read_u64(reader);
        read_into(reader, leaf->digest.bytes, sizeof(leaf->digest.bytes));
        return true;
    case LEAF_REFUSED:
        leaf->number = read_u64(reader);
        leaf->detail = read_u32(reader);
        return true;
    case LEAF_TICK:
        return true;
    case LEAF_DESTROYED:
        return read_destroyed(reader, leaf);
    default:
        return false;
    }
}

bool leaf_read(struct slice bytes, struct leaf *ret)
{
    struct reader reader = reader_over(bytes);
    struct leaf leaf = {.type = LEAF_ENTRY};
    struct slice start = read_bytes(&reader, MAGIC_BYTES);
    uint8_t format = read_u8(&reader);

    leaf.type = (enum leaf_type)read_u8(&reader);
    leaf.time_ms = (int64_t)read_u64(&reader);
    leaf.agency = read_u32(&reader);
    read_into(&reader, leaf.salt, sizeof(leaf.salt));
    if (!slice_equal(start, slice_make(magic, MAGIC_BYTES)) || format != FORMAT ||
        !read_details(&reader, &leaf) || !reader_end(&reader)) {
        return false;
    }
    *ret = leaf;
    return true;
}
