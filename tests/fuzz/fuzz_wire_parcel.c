/* SPDX-License-Identifier: Apache-2.0 */
/* What gate and verify do with bytes of an agency: header, parcel, head, each entry's header,
 * digests. */
#include "crypto/crypto.h"
#include "support/wire_fuzz.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct error error = ERROR_NULL;
    return crypto_init(&error);
}

static void read_as_frame(struct slice bytes)
{
    struct wire_header header;
    uint8_t again[WIRE_HEADER_BYTES];

    if (wire_header_read(bytes, &header)) {
        wire_header_write(&header, again);
        assert(slice_equal(SLICE_OF(again), slice_make(bytes.data, sizeof(again))));
        assert(wire_payload(bytes).len == header.length);
    }
}

static void read_entry(const struct wire_entry *entry, struct arena *arena)
{
    struct entry_header header;
    struct hash item;
    struct hash grants;

    wire_item_digest(entry->header, entry->body, &item);
    wire_grants_digest(entry->grants, entry->n_grants, &grants);
    if (wire_entry_header_read(entry->kind, entry->header, arena, &header)) {
        assert(header.kind == entry->kind && header.id.seq != 0);
        if (header.kind == ENTRY_SUBJECT && wire_entry_fits(&header, entry->body)) {
            assert(entry->body.len == header.subject.n_tokens * CAIRN_HASH_BYTES);
        }
    }
}

static void read_as_parcel(struct slice bytes)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_parcel parcel;
    struct parcel_head head;

    if (!wire_parcel_read(bytes, &arena, &parcel)) {
        return;
    }
    if (wire_parcel_head_read(parcel.head, &arena, &head)) {
        assert(head.agency != 0 && head.entries <= CAIRN_PARCEL_ENTRIES_MAX);
    }
    for (size_t i = 0; i < parcel.n_entries; i++) {
        read_entry(&parcel.entries[i], &arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);

    read_as_frame(bytes);
    read_as_parcel(bytes);
    wire_fuzz(CORPUS_PARCEL, bytes);
    return 0;
}
