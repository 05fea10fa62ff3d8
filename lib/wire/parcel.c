/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"
#include "parcel.pb-c.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

#define HEAD_FORMAT 1

/* --- head --- */

static bool head_numbers_ok(const Cairn__V1__ParcelHead *from)
{
    return from->format == HEAD_FORMAT && from->agency != 0 && from->stream != 0 &&
           from->entries >= 1 && from->entries <= CAIRN_PARCEL_ENTRIES_MAX &&
           from->first_seq != 0 && from->first_seq <= UINT64_MAX - (from->entries - 1);
}

bool wire_parcel_head_read(struct slice head, struct arena *arena, struct parcel_head *ret)
{
    const Cairn__V1__ParcelHead *from =
        strict_read(&cairn__v1__parcel_head__descriptor, head, arena);

    if (from == NULL || !head_numbers_ok(from)) {
        return false;
    }
    struct parcel_head read = {
        .agency = from->agency,
        .key_id = from->key_id,
        .stream = from->stream,
        .first_seq = from->first_seq,
        .entries = from->entries,
        .log_size = from->log_size,
    };
    if (!piece_hash(&from->partnership, &read.partnership) ||
        !piece_hash(&from->root, &read.root) || !piece_hash(&from->log_root, &read.log_root) ||
        !piece_versions(from->versions, from->n_versions, &read.versions)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_parcel_head_write(const struct parcel_head *head, struct buf *out)
{
    Cairn__V1__ParcelHead message = CAIRN__V1__PARCEL_HEAD__INIT;
    struct piece_versions versions;

    piece_versions_fill(&head->versions, &versions);
    message.format = HEAD_FORMAT;
    message.partnership = piece_bytes(SLICE_OF(head->partnership.bytes));
    message.agency = head->agency;
    message.key_id = head->key_id;
    message.stream = head->stream;
    message.first_seq = head->first_seq;
    message.entries = head->entries;
    message.root = piece_bytes(SLICE_OF(head->root.bytes));
    message.n_versions = versions.n;
    message.versions = versions.list;
    message.log_size = head->log_size;
    message.log_root = piece_bytes(SLICE_OF(head->log_root.bytes));
    strict_write(&message.base, out);
}

/* --- parcel --- */

/* What can be said of a body without its header; wire_entry_fits says the rest. */
static bool body_ok(enum entry_kind kind, size_t len)
{
    switch (kind) {
    case ENTRY_SUBJECT:
        return len % WIRE_TOKEN_BYTES == 0 && len <= CAIRN_TOKENS_MAX * WIRE_TOKEN_BYTES;
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_GRANT:
    case ENTRY_REQUEST:
        return len == 0;
    case ENTRY_RECORD:
    case ENTRY_TIE:
    case ENTRY_INVOLVEMENT:
    case ENTRY_DECISION:
        return len <= CAIRN_BODY_MAX_BYTES;
    }
    return false;
}

static bool entry_read(const Cairn__V1__Entry *from, struct arena *arena, struct wire_entry *ret)
{
    if (!piece_entry_kind_ok(from->kind)) {
        return false;
    }
    *ret = (struct wire_entry){
        .kind = (enum entry_kind)from->kind,
        .header = piece_slice(&from->header),
        .body = piece_slice(&from->body),
        .n_grants = from->n_grants,
    };
    return ret->header.len >= 1 && ret->header.len <= CAIRN_HEADER_MAX_BYTES &&
           body_ok(ret->kind, ret->body.len) &&
           (ret->n_grants == 0 || piece_takes_grants(ret->kind)) &&
           piece_grants(from->grants, from->n_grants, arena, &ret->grants);
}

bool wire_parcel_read(struct slice payload, struct arena *arena, struct wire_parcel *ret)
{
    const Cairn__V1__Parcel *from = strict_read(&cairn__v1__parcel__descriptor, payload, arena);

    if (from == NULL || from->n_entries < 1 || from->n_entries > CAIRN_PARCEL_ENTRIES_MAX ||
        from->head.len < 1 || from->head.len > CAIRN_HEADER_MAX_BYTES ||
        from->signature.len != SIGN_SIGNATURE_BYTES) {
        return false;
    }
    struct wire_entry *entries = arena_alloc(arena, from->n_entries * sizeof(*entries));
    if (entries == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_entries; i++) {
        if (!entry_read(from->entries[i], arena, &entries[i])) {
            return false;
        }
    }
    *ret = (struct wire_parcel){
        .head = piece_slice(&from->head),
        .signature = piece_slice(&from->signature),
        .n_entries = from->n_entries,
        .entries = entries,
    };
    return true;
}

/* A parcel of nothing but this entry: packed messages add up, so entries are appended one at a
 * time. */
static void entry_write(const struct wire_entry *entry, struct buf *out)
{
    Cairn__V1__Parcel parcel = CAIRN__V1__PARCEL__INIT;
    Cairn__V1__Entry message = CAIRN__V1__ENTRY__INIT;
    Cairn__V1__Entry *list[] = {&message};
    struct piece_grants grants;

    piece_grants_fill(entry->grants, entry->n_grants, &grants);
    message.kind = entry->kind;
    message.header = piece_bytes(entry->header);
    message.body = piece_bytes(entry->body);
    message.n_grants = entry->n_grants;
    message.grants = grants.list;
    parcel.n_entries = 1;
    parcel.entries = list;
    strict_write(&parcel.base, out);
}

void wire_parcel_write(const struct wire_parcel *parcel, struct buf *out)
{
    Cairn__V1__Parcel message = CAIRN__V1__PARCEL__INIT;

    assert(parcel->n_entries <= CAIRN_PARCEL_ENTRIES_MAX);
    message.head = piece_bytes(parcel->head);
    message.signature = piece_bytes(parcel->signature);
    strict_write(&message.base, out);
    for (size_t i = 0; i < parcel->n_entries; i++) {
        entry_write(&parcel->entries[i], out);
    }
}

/* --- receipt --- */

static bool result_read(const Cairn__V1__Result *from, struct wire_result *ret)
{
    ret->seq = from->seq;
    ret->log_index = from->log_index;
    return from->seq != 0 && verdict_from_wire(from->verdict, &ret->verdict);
}

bool wire_receipt_read(struct slice payload, struct arena *arena, struct wire_receipt *ret)
{
    const Cairn__V1__Receipt *from = strict_read(&cairn__v1__receipt__descriptor, payload, arena);

    if (from == NULL || from->stream == 0 || from->n_results < 1 ||
        from->n_results > CAIRN_PARCEL_ENTRIES_MAX || from->checkpoint.len > CAIRN_NOTE_MAX_BYTES) {
        return false;
    }
    struct wire_result *results = arena_alloc(arena, from->n_results * sizeof(*results));
    if (results == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_results; i++) {
        if (!result_read(from->results[i], &results[i])) {
            return false;
        }
    }
    *ret = (struct wire_receipt){
        .stream = from->stream,
        .n_results = from->n_results,
        .results = results,
        .checkpoint = piece_slice(&from->checkpoint),
    };
    return true;
}

void wire_receipt_write(const struct wire_receipt *receipt, struct buf *out)
{
    Cairn__V1__Receipt message = CAIRN__V1__RECEIPT__INIT;
    Cairn__V1__Result rows[CAIRN_PARCEL_ENTRIES_MAX];
    Cairn__V1__Result *list[CAIRN_PARCEL_ENTRIES_MAX];

    assert(receipt->n_results <= CAIRN_PARCEL_ENTRIES_MAX);
    for (size_t i = 0; i < receipt->n_results; i++) {
        cairn__v1__result__init(&rows[i]);
        rows[i].seq = receipt->results[i].seq;
        rows[i].verdict = receipt->results[i].verdict;
        rows[i].log_index = receipt->results[i].log_index;
        list[i] = &rows[i];
    }
    message.stream = receipt->stream;
    message.n_results = receipt->n_results;
    message.results = list;
    message.checkpoint = piece_bytes(receipt->checkpoint);
    strict_write(&message.base, out);
}
