/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "tree/tree.h"
#include "wire/wire.h"

#define ITEM_LABEL   "cairn-item/v1\n"
#define GRANTS_LABEL "cairn-grants/v1\n"
#define ENTRY_LABEL  "cairn-entry/v1\n"

#define GRANT_ROW_BYTES (1 + 4 + 4 + GRANT_BYTES)

void wire_item_digest(struct slice header, struct slice body, struct hash *ret)
{
    uint8_t length[4];
    struct writer writer = writer_over(length, sizeof(length));
    struct hash body_digest;

    assert(header.len <= UINT32_MAX);
    write_u32(&writer, (uint32_t)header.len);
    sha256(body, body_digest.bytes);
    const struct slice parts[] = {slice_of_text(ITEM_LABEL), SLICE_OF(length), header,
                                  SLICE_OF(body_digest.bytes)};
    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

void wire_grants_digest(const struct wire_grant *grants, size_t n, struct hash *ret)
{
    uint8_t storage[sizeof(GRANTS_LABEL) + CAIRN_GRANTS_MAX * GRANT_ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));

    assert(n <= CAIRN_GRANTS_MAX);
    write_text(&writer, GRANTS_LABEL);
    for (size_t i = 0; i < n; i++) {
        write_u8(&writer, (uint8_t)grants[i].part);
        write_u32(&writer, grants[i].recipient);
        write_u32(&writer, grants[i].key_id);
        write_bytes(&writer, grants[i].sealed, sizeof(grants[i].sealed));
    }
    sha256(writer_slice(&writer), ret->bytes);
}

void wire_entry_digest(const struct hash *item, const struct hash *grants, struct hash *ret)
{
    const struct slice parts[] = {slice_of_text(ENTRY_LABEL), SLICE_OF(item->bytes),
                                  SLICE_OF(grants->bytes)};

    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

void wire_entry_leaf(const struct wire_entry *entry, struct hash *ret)
{
    struct hash item;
    struct hash grants;
    struct hash digest;

    wire_item_digest(entry->header, entry->body, &item);
    wire_grants_digest(entry->grants, entry->n_grants, &grants);
    wire_entry_digest(&item, &grants, &digest);
    tree_leaf(SLICE_OF(digest.bytes), ret);
}
