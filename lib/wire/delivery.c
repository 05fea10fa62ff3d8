/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/sign.h"
#include "delivery.pb-c.h"
#include "wire/leaf.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

/* --- fetch --- */

bool wire_fetch_read(struct slice payload, struct arena *arena, struct wire_fetch *ret)
{
    const Cairn__V1__Fetch *from = strict_read(&cairn__v1__fetch__descriptor, payload, arena);

    if (from == NULL || from->credit > CAIRN_CREDIT_MAX) {
        return false;
    }
    *ret = (struct wire_fetch){
        .after = from->after, .credit = from->credit, .log_size = from->log_size};
    return true;
}

void wire_fetch_write(const struct wire_fetch *fetch, struct buf *out)
{
    Cairn__V1__Fetch message = CAIRN__V1__FETCH__INIT;

    message.after = fetch->after;
    message.credit = fetch->credit;
    message.log_size = fetch->log_size;
    strict_write(&message.base, out);
}

/* --- delivery --- */

static bool item_read(const Cairn__V1__Item *from, uint64_t last_position, struct wire_item *ret)
{
    ret->position = from->position;
    ret->kind = (enum item_kind)from->kind;
    ret->payload = piece_slice(&from->payload);
    ret->log_index = from->log_index;
    ret->leaf = piece_slice(&from->leaf);
    return from->position > last_position && from->kind >= ITEM_DELIVERED &&
           from->kind <= ITEM_WITHHELD &&
           (ret->payload.len == 0) == (from->kind == ITEM_WITHHELD) && ret->leaf.len >= 1 &&
           ret->leaf.len <= LEAF_MAX_BYTES && piece_proof(from->path, from->n_path, &ret->path);
}

/* Positions rise and start at 1. */
static const struct wire_item *items_read(const Cairn__V1__Delivery *from, struct arena *arena)
{
    struct wire_item *items = arena_alloc(arena, from->n_items * sizeof(*items));
    uint64_t last_position = 0;

    if (items == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < from->n_items; i++) {
        if (!item_read(from->items[i], last_position, &items[i])) {
            return NULL;
        }
        last_position = items[i].position;
    }
    return items;
}

bool wire_delivery_read(struct slice payload, struct arena *arena, struct wire_delivery *ret)
{
    const Cairn__V1__Delivery *from = strict_read(&cairn__v1__delivery__descriptor, payload, arena);

    if (from == NULL || from->n_items > CAIRN_CREDIT_MAX ||
        from->checkpoint.len > CAIRN_NOTE_MAX_BYTES) {
        return false;
    }
    struct wire_delivery read = {
        .n_items = from->n_items,
        .items = items_read(from, arena),
        .checkpoint = piece_slice(&from->checkpoint),
        .consistent_from = from->consistent_from,
    };
    if (read.items == NULL ||
        !piece_proof(from->consistency, from->n_consistency, &read.consistency)) {
        return false;
    }
    *ret = read;
    return true;
}

/* A delivery of nothing but this item: packed messages add up, so items are appended one at a time.
 */
static void item_write(const struct wire_item *item, struct buf *out)
{
    Cairn__V1__Delivery delivery = CAIRN__V1__DELIVERY__INIT;
    Cairn__V1__Item message = CAIRN__V1__ITEM__INIT;
    Cairn__V1__Item *list[] = {&message};
    struct piece_proof path;

    piece_proof_fill(&item->path, &path);
    message.position = item->position;
    message.kind = item->kind;
    message.payload = piece_bytes(item->payload);
    message.log_index = item->log_index;
    message.leaf = piece_bytes(item->leaf);
    message.n_path = item->path.n;
    message.path = path.list;
    delivery.n_items = 1;
    delivery.items = list;
    strict_write(&delivery.base, out);
}

void wire_delivery_write(const struct wire_delivery *delivery, struct buf *out)
{
    Cairn__V1__Delivery message = CAIRN__V1__DELIVERY__INIT;
    struct piece_proof consistency;

    assert(delivery->n_items <= CAIRN_CREDIT_MAX);
    for (size_t i = 0; i < delivery->n_items; i++) {
        item_write(&delivery->items[i], out);
    }
    piece_proof_fill(&delivery->consistency, &consistency);
    message.checkpoint = piece_bytes(delivery->checkpoint);
    message.consistent_from = delivery->consistent_from;
    message.n_consistency = delivery->consistency.n;
    message.consistency = consistency.list;
    strict_write(&message.base, out);
}

/* --- delivered: another agency's entry --- */

static bool delivered_sizes_ok(const Cairn__V1__Delivered *from)
{
    return from->head.len >= 1 && from->head.len <= CAIRN_HEADER_MAX_BYTES &&
           from->signature.len == SIGN_SIGNATURE_BYTES && from->header.len >= 1 &&
           from->header.len <= CAIRN_HEADER_MAX_BYTES && from->body.len <= CAIRN_BODY_MAX_BYTES &&
           from->index < CAIRN_PARCEL_ENTRIES_MAX && from->flags <= DELIVERED_FLAGS &&
           piece_entry_kind_ok(from->kind) &&
           (from->n_grants == 0 || piece_takes_grants((enum entry_kind)from->kind));
}

static bool more_handles(const Cairn__V1__Delivered *from, struct wire_delivered *ret)
{
    if (from->n_more_handles > ARRAY_LEN(ret->more) ||
        (from->n_more_handles > 0 && !ret->has_handle)) {
        return false;
    }
    ret->n_more = from->n_more_handles;
    for (size_t i = 0; i < ret->n_more; i++) {
        if (!piece_id16(&from->more_handles[i], ret->more[i])) {
            return false;
        }
    }
    return true;
}

bool wire_delivered_read(struct slice payload, struct arena *arena, struct wire_delivered *ret)
{
    const Cairn__V1__Delivered *from =
        strict_read(&cairn__v1__delivered__descriptor, payload, arena);

    if (from == NULL || !delivered_sizes_ok(from)) {
        return false;
    }
    struct wire_delivered read = {
        .head = piece_slice(&from->head),
        .signature = piece_slice(&from->signature),
        .index = from->index,
        .kind = (enum entry_kind)from->kind,
        .header = piece_slice(&from->header),
        .body = piece_slice(&from->body),
        .n_grants = from->n_grants,
        .log_index = from->log_index,
        .flags = from->flags,
    };
    if (!piece_proof(from->path, from->n_path, &read.path) ||
        !piece_hash(&from->grants_digest, &read.grants_digest) ||
        !piece_grants(from->grants, from->n_grants, arena, &read.grants) ||
        !piece_optional_id16(&from->handle, &read.has_handle, read.handle) ||
        !more_handles(from, &read)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_delivered_write(const struct wire_delivered *delivered, struct buf *out)
{
    Cairn__V1__Delivered message = CAIRN__V1__DELIVERED__INIT;
    ProtobufCBinaryData more[ARRAY_LEN(delivered->more)];
    struct piece_proof path;
    struct piece_grants grants;

    piece_proof_fill(&delivered->path, &path);
    piece_grants_fill(delivered->grants, delivered->n_grants, &grants);
    message.head = piece_bytes(delivered->head);
    message.signature = piece_bytes(delivered->signature);
    message.index = delivered->index;
    message.n_path = delivered->path.n;
    message.path = path.list;
    message.kind = delivered->kind;
    message.header = piece_bytes(delivered->header);
    message.body = piece_bytes(delivered->body);
    message.grants_digest = piece_bytes(SLICE_OF(delivered->grants_digest.bytes));
    message.n_grants = delivered->n_grants;
    message.grants = grants.list;
    message.log_index = delivered->log_index;
    message.handle = piece_optional(delivered->has_handle, delivered->handle);
    for (size_t i = 0; i < delivered->n_more; i++) {
        more[i] = piece_bytes(SLICE_OF(delivered->more[i]));
    }
    message.n_more_handles = delivered->n_more;
    message.more_handles = more;
    message.flags = delivered->flags;
    strict_write(&message.base, out);
}

/* --- release: grants held back until now --- */

bool wire_release_read(struct slice payload, struct arena *arena, struct wire_release *ret)
{
    const Cairn__V1__Release *from = strict_read(&cairn__v1__release__descriptor, payload, arena);

    if (from == NULL || from->n_grants < 1) {
        return false;
    }
    struct wire_release read = {
        .log_index = from->log_index, .n_grants = from->n_grants, .alert = from->alert};
    if (!piece_ref(from->record, &read.record) ||
        !piece_grants(from->grants, from->n_grants, arena, &read.grants)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_release_write(const struct wire_release *release, struct buf *out)
{
    Cairn__V1__Release message = CAIRN__V1__RELEASE__INIT;
    Cairn__V1__EntryRef record;
    struct piece_grants grants;

    piece_ref_fill(&release->record, &record);
    piece_grants_fill(release->grants, release->n_grants, &grants);
    message.record = &record;
    message.log_index = release->log_index;
    message.n_grants = release->n_grants;
    message.grants = grants.list;
    message.alert = release->alert;
    strict_write(&message.base, out);
}
