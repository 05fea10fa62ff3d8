/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery is believed item by item: leaf in the head, leaf about this payload, payload by its
 * origin. The first item that does not hold ends the taking; what came before it stays, because it
 * was proved. Nothing is acknowledged that is not in the store.
 *
 *   INBOX row     kind u8 | flags u8 | taken i64 | told i64 | told index u64 | payload
 *   RECEIVED row  delivered u64 | noticed u64 | item digest[32] | retracted u8 | opened i64
 *                 | opened by u32 | alert u64 | decided i64 | decision[16]
 *   RELEASED row  key id u32 | sealed[80] | alert u64
 */
#include "agents/core/inbox.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/alerts.h"
#include "base/log.h"
#include "cairn/client.h"
#include "crypto/digest.h"
#include "wire/leaf.h"

#define INBOX_HEAD_BYTES (1 + 1 + 8 + 8 + 8)
#define RECEIVED_BYTES   (8 + 8 + CAIRN_HASH_BYTES + 1 + 8 + 4 + 8 + 8 + REFERENCE_BYTES)
#define RELEASED_BYTES   (4 + GRANT_BYTES + 8)

/* --- INBOX --- */

bool inbox_unpack(struct slice key, struct slice value, uint64_t *ret_position,
                  struct inbox_row *ret)
{
    struct reader place = reader_over(key);
    struct reader reader = reader_over(value);
    uint64_t position = read_u64(&place);
    struct inbox_row row = {.kind = (enum item_kind)read_u8(&reader)};
    row.flags = read_u8(&reader);
    row.taken_ms = (int64_t)read_u64(&reader);
    row.told_ms = (int64_t)read_u64(&reader);
    row.told_index = read_u64(&reader);
    row.payload = read_bytes(&reader, reader.left);
    if (!reader_end(&place) || !reader_ok(&reader)) {
        return false;
    }
    *ret_position = position;
    *ret = row;
    return true;
}

bool inbox_get(struct store_txn *txn, uint64_t position, struct inbox_row *ret)
{
    struct store_key key = store_key_u64(position);
    struct slice value;
    if (!store_get(txn, AT_INBOX, store_key_slice(&key), &value)) {
        return false;
    }
    if (!inbox_unpack(store_key_slice(&key), value, &position, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void inbox_put(struct store_txn *txn, uint64_t position, const struct inbox_row *row)
{
    struct store_key key = store_key_u64(position);
    size_t len = INBOX_HEAD_BYTES + row->payload.len;
    uint8_t *storage = store_reserve(txn, AT_INBOX, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_u8(&writer, (uint8_t)row->kind);
    write_u8(&writer, row->flags);
    write_u64(&writer, (uint64_t)row->taken_ms);
    write_u64(&writer, (uint64_t)row->told_ms);
    write_u64(&writer, row->told_index);
    write_slice(&writer, row->payload);
    assert(writer_ok(&writer));
}

uint64_t inbox_position(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_last(txn, AT_INBOX, SLICE_NULL);
    struct reader key = reader_over(walk.live ? walk.key : SLICE_NULL);
    return walk.live ? read_u64(&key) : 0;
}

/* --- RECEIVED --- */

bool received_get(struct store_txn *txn, const struct entry_id *entry, struct received_row *ret)
{
    struct store_key key = agent_key_entry(entry);
    struct slice value;
    if (!store_get(txn, AT_RECEIVED, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct received_row row = {.delivered = read_u64(&reader)};
    row.noticed = read_u64(&reader);
    read_into(&reader, row.item.bytes, sizeof(row.item.bytes));
    row.retracted = read_u8(&reader) != 0;
    row.opened_ms = (int64_t)read_u64(&reader);
    row.opened_by = read_u32(&reader);
    row.alert = read_u64(&reader);
    row.decided_ms = (int64_t)read_u64(&reader);
    read_into(&reader, row.decision.bytes, sizeof(row.decision.bytes));
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = row;
    return true;
}

static void received_put(struct store_txn *txn, const struct entry_id *entry,
                         const struct received_row *row)
{
    uint8_t storage[RECEIVED_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = agent_key_entry(entry);
    write_u64(&writer, row->delivered);
    write_u64(&writer, row->noticed);
    write_bytes(&writer, row->item.bytes, sizeof(row->item.bytes));
    write_u8(&writer, row->retracted ? 1 : 0);
    write_u64(&writer, (uint64_t)row->opened_ms);
    write_u32(&writer, row->opened_by);
    write_u64(&writer, row->alert);
    write_u64(&writer, (uint64_t)row->decided_ms);
    write_bytes(&writer, row->decision.bytes, sizeof(row->decision.bytes));
    assert(writer.len == sizeof(storage));
    store_put(txn, AT_RECEIVED, store_key_slice(&key), writer_slice(&writer));
}

bool received_entry(struct store_txn *txn, const struct entry_id *entry, struct arena *arena,
                    struct wire_delivered *ret, uint8_t *ret_flags)
{
    struct received_row received;
    struct inbox_row row;
    if (!received_get(txn, entry, &received) || received.delivered == 0 ||
        !inbox_get(txn, received.delivered, &row)) {
        return false;
    }
    if (!wire_delivered_read(row.payload, arena, ret)) {
        store_fail(txn, -EBADMSG); /* it was read before it was kept */
        return false;
    }
    *ret_flags = row.flags;
    return true;
}

void received_decided(struct store_txn *txn, const struct entry_id *entry,
                      const struct reference *decision, int64_t now_ms)
{
    struct received_row row;
    if (received_get(txn, entry, &row) && row.decided_ms == 0) {
        row.decided_ms = now_ms;
        row.decision = *decision;
        received_put(txn, entry, &row);
    }
}

/* --- RELEASED --- */

static struct store_key key_released(const struct entry_id *entry, enum part part)
{
    struct store_key key = agent_key_entry(entry);
    key.bytes[key.len++] = (uint8_t)part;
    return key;
}

bool held_grant_get(struct store_txn *txn, const struct entry_id *entry, enum part part,
                    struct held_grant *ret)
{
    struct store_key key = key_released(entry, part);
    struct slice value;
    if (!store_get(txn, AT_RELEASED, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->key_id = read_u32(&reader);
    read_into(&reader, ret->sealed, sizeof(ret->sealed));
    ret->alert = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

/* --- taking --- */

struct taking {
    struct store_txn *txn;
    const struct governance *governance;
    const struct checkpoint *head;
    struct arena arena;
    uint32_t own;
    int64_t now_ms;
    /* of the item at hand */
    const struct wire_item *item;
    struct leaf leaf;
    uint8_t flags;
    const char *failed; /* what did not hold */
};

static bool hold(struct taking *taking, bool holds, const char *what)
{
    if (!holds && taking->failed == NULL) {
        taking->failed = what;
    }
    return holds;
}

/* The leaf is in the head and tells us, at this position, of an item of this kind. */
static bool leaf_holds(struct taking *taking)
{
    const struct wire_item *item = taking->item;
    struct hash hash;
    tree_leaf(item->leaf, &hash);
    const struct tree_inclusion claim = {
        .index = item->log_index,
        .size = taking->head->size,
        .leaf = &hash,
        .root = &taking->head->root,
    };
    return hold(taking, tree_check_inclusion(&claim, &item->path), "inclusion") &&
           hold(taking, leaf_read(item->leaf, &taking->leaf), "leaf") &&
           hold(taking,
                taking->leaf.type == LEAF_TOLD && taking->leaf.agency == taking->own &&
                    taking->leaf.number == item->position &&
                    taking->leaf.detail == (uint32_t)item->kind,
                "told");
}

static bool tells_of(struct taking *taking, const struct hash *what)
{
    return hold(taking, hash_equal(&taking->leaf.digest, what), "digest");
}

/* The origin said it: its signature over the parcel's head, which was made for this partnership. */
static bool origin_holds(struct taking *taking, const struct wire_delivered *delivered,
                         const struct parcel_head *head)
{
    struct hash partnership;
    const struct agency *origin = directory_agency(&taking->governance->directory, head->agency);
    const struct agency_key *key = origin == NULL ? NULL : agency_sign_key(origin, head->key_id);
    sha256(slice_of_text(taking->governance->root.origin), partnership.bytes);
    if (!hold(taking, hash_equal(&head->partnership, &partnership), "partnership") ||
        !hold(taking, key != NULL, "origin") ||
        !hold(taking,
              verifier_check(key->verifier, SIGN_PARCEL, delivered->head, delivered->signature),
              "signature")) {
        return false;
    }
    taking->flags = key->status == KEY_REVOKED ? INBOX_DOUBT : 0;
    return true;
}

/* The parcel holds exactly this entry at this place. */
static bool path_holds(struct taking *taking, const struct wire_delivered *delivered,
                       const struct parcel_head *head, const struct hash *item)
{
    struct hash entry;
    struct hash leaf;
    wire_entry_digest(item, &delivered->grants_digest, &entry);
    tree_leaf(SLICE_OF(entry.bytes), &leaf);
    const struct tree_inclusion claim = {
        .index = delivered->index,
        .size = head->entries,
        .leaf = &leaf,
        .root = &head->root,
    };
    return hold(taking, tree_check_inclusion(&claim, &delivered->path), "parcel-path");
}

static bool entry_fits(const struct wire_delivered *delivered, const struct parcel_head *head,
                       const struct entry_header *header)
{
    return wire_entry_fits(header, delivered->body) && header->id.agency == head->agency &&
           header->id.stream == head->stream &&
           header->id.seq >= head->first_seq + delivered->index;
}

/* The log says which parts we were to be able to open. */
static bool parts_told(struct taking *taking, const struct wire_grant *grants, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!hold(taking, (taking->leaf.parts & PART_BIT(grants[i].part)) != 0, "parts")) {
            return false;
        }
    }
    return true;
}

static void keep_grants(struct taking *taking, const struct entry_id *entry,
                        const struct wire_grant *grants, size_t n, uint64_t alert)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t storage[RELEASED_BYTES];
        struct writer writer = writer_over(storage, sizeof(storage));
        struct store_key key = key_released(entry, grants[i].part);
        struct held_grant held = {.alert = 0};
        if (grants[i].recipient != taking->own) {
            continue;
        }
        (void)held_grant_get(taking->txn, entry, grants[i].part, &held);
        write_u32(&writer, grants[i].key_id);
        write_bytes(&writer, grants[i].sealed, sizeof(grants[i].sealed));
        write_u64(&writer, alert == 0 ? held.alert : alert); /* a release stays one */
        store_put(taking->txn, AT_RELEASED, store_key_slice(&key), writer_slice(&writer));
    }
}

static void keep_picture(struct taking *taking, const struct wire_delivered *delivered,
                         const struct entry_header *header)
{
    uint8_t storage[CAIRN_HANDLE_BYTES + 4 + 8];
    struct writer key = writer_over(storage, sizeof(storage));
    if (header->kind != ENTRY_RECORD || !delivered->has_handle) {
        return;
    }
    write_bytes(&key, delivered->handle, sizeof(delivered->handle));
    write_i32(&key, header->record.event_day);
    write_u64(&key, taking->item->position);
    store_put(taking->txn, AT_PICTURE, writer_slice(&key), SLICE_NULL);
}

static bool take_delivered(struct taking *taking)
{
    struct wire_delivered delivered;
    struct parcel_head head;
    struct entry_header header;
    struct received_row row = {.delivered = 0};
    struct hash item;
    if (!hold(taking,
              wire_delivered_read(taking->item->payload, &taking->arena, &delivered) &&
                  wire_parcel_head_read(delivered.head, &taking->arena, &head) &&
                  wire_entry_header_read(delivered.kind, delivered.header, &taking->arena, &header),
              "payload")) {
        return false;
    }
    wire_item_digest(delivered.header, delivered.body, &item);
    if (!tells_of(taking, &item) || !origin_holds(taking, &delivered, &head) ||
        !path_holds(taking, &delivered, &head, &item) ||
        !hold(taking, entry_fits(&delivered, &head, &header), "entry") ||
        !parts_told(taking, delivered.grants, delivered.n_grants)) {
        return false;
    }
    bool again = received_get(taking->txn, &header.id, &row) && row.delivered != 0;
    if (!hold(taking, !again || hash_equal(&row.item, &item), "equivocation")) {
        return false;
    }
    row.delivered = taking->item->position;
    row.item = item;
    received_put(taking->txn, &header.id, &row);
    keep_grants(taking, &header.id, delivered.grants, delivered.n_grants, 0);
    keep_picture(taking, &delivered, &header);
    return true;
}

static bool take_release(struct taking *taking)
{
    struct wire_release release;
    struct received_row row;
    if (!hold(taking, wire_release_read(taking->item->payload, &taking->arena, &release),
              "payload") ||
        !hold(taking, received_get(taking->txn, &release.record, &row) && row.delivered != 0,
              "record") ||
        !tells_of(taking, &row.item) ||
        !hold(taking, taking->leaf.alert == release.alert, "alert") ||
        !parts_told(taking, release.grants, release.n_grants)) {
        return false;
    }
    keep_grants(taking, &release.record, release.grants, release.n_grants, release.alert);
    return true;
}

/* What a notice says of single records: of ours whom it reached, of others' that it was taken back.
 */
static void keep_notice_record(struct taking *taking, const struct wire_notice *notice)
{
    struct received_row row = {.delivered = 0};
    if (!notice->has_record ||
        (notice->type != NOTICE_RECORD_OPENED && notice->type != NOTICE_RETRACTED)) {
        return;
    }
    (void)received_get(taking->txn, &notice->record, &row);
    row.noticed = taking->item->position;
    if (notice->type == NOTICE_RETRACTED) {
        row.retracted = true;
    } else if (row.opened_ms == 0) {
        row.opened_ms = notice->time_ms;
        row.opened_by = notice->agency;
    }
    received_put(taking->txn, &notice->record, &row);
}

/* Records that an alert lists, ours or others', lead to that alert. */
static void keep_headlines(struct taking *taking, const struct wire_notice *notice)
{
    for (size_t i = 0; i < notice->n_headlines; i++) {
        struct received_row row = {.delivered = 0};
        if (notice->headlines[i].has_record) {
            (void)received_get(taking->txn, &notice->headlines[i].record, &row);
            row.alert = notice->alert;
            received_put(taking->txn, &notice->headlines[i].record, &row);
        }
    }
}

static bool take_notice(struct taking *taking)
{
    struct wire_notice notice;
    struct hash what;
    sha256(taking->item->payload, what.bytes);
    if (!tells_of(taking, &what) ||
        !hold(taking, wire_notice_read(taking->item->payload, &taking->arena, &notice),
              "payload")) {
        return false;
    }
    keep_notice_record(taking, &notice);
    keep_headlines(taking, &notice);
    if (notice.alert != 0) {
        known_alert_take(taking->txn, taking->item->position, &notice);
    }
    return true;
}

static bool take_payload(struct taking *taking)
{
    switch (taking->item->kind) {
    case ITEM_DELIVERED:
        return take_delivered(taking);
    case ITEM_RELEASE:
        return take_release(taking);
    case ITEM_NOTICE:
        return take_notice(taking);
    }
    return hold(taking, false, "kind");
}

static bool take_item(struct taking *taking, const struct wire_item *item)
{
    taking->item = item;
    taking->flags = 0;
    arena_reset(&taking->arena);
    if (!leaf_holds(taking) || !take_payload(taking)) {
        log_event(LOG_LEVEL_ERROR, "delivery_refused", "position=%" PRIu64 " check=%s",
                  item->position, taking->failed);
        return false;
    }
    struct inbox_row row = {
        .kind = item->kind,
        .flags = taking->flags,
        .taken_ms = taking->now_ms,
        .told_ms = taking->leaf.time_ms,
        .told_index = item->log_index,
        .payload = item->payload,
    };
    inbox_put(taking->txn, item->position, &row);
    return true;
}

/* Returns whether all that was looked at held. */
static bool take_items(struct taking *taking, const struct wire_delivery *delivery,
                       uint64_t *position)
{
    for (size_t i = 0; i < delivery->n_items; i++) {
        const struct wire_item *item = &delivery->items[i];
        if (item->position <= *position) {
            continue;
        }
        if (item->position != *position + 1) {
            log_event(LOG_LEVEL_WARNING, "delivery_gap", "after=%" PRIu64 " next=%" PRIu64,
                      *position, item->position);
            return true;
        }
        if (!take_item(taking, item)) {
            return false;
        }
        *position = item->position;
    }
    return true;
}

int inbox_take(struct agent *agent, const struct wire_delivery *delivery,
               const struct checkpoint *head, uint64_t *ret_position)
{
    _cleanup_(governance_unref) struct governance *governance = govern_keep_current(agent->keep);
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=inbox");
    }
    struct taking taking = {
        .txn = txn,
        .governance = governance,
        .head = head,
        .arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES),
        .now_ms = clock_real_ms(agent->clock),
    };
    uint64_t before = inbox_position(txn);
    uint64_t position = before;
    *ret_position = before;
    if (!govern_keep_place(agent->keep, &place)) {
        return delivery->n_items == 0 ? 0 : -EBADMSG; /* nothing can be for us yet */
    }
    taking.own = place.agency;
    bool holds = take_items(&taking, delivery, &position);
    arena_deinit(&taking.arena);
    if (position > before) {
        int r = agent_commit(&txn);
        if (r != 0) {
            return r;
        }
        *ret_position = position;
        news_tell(&agent->news);
    }
    return holds ? 0 : -EBADMSG;
}

/* --- applications --- */

bool reading_name_ok(const char *application)
{
    size_t len = strlen(application);
    return len >= 1 && len <= CAIRN_APPLICATION_MAX_BYTES &&
           strspn(application, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

uint64_t reading_get(struct store_txn *txn, const char *application)
{
    struct slice value;
    if (!store_get(txn, AT_READING, slice_of_text(application), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t position = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
    }
    return position;
}

static size_t count_applications(struct store_txn *txn)
{
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_READING, SLICE_NULL);
    while (walk.live) {
        n++;
        store_walk_next(&walk);
    }
    return n;
}

int reading_acknowledge(struct agent *agent, const char *application, uint64_t position)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    assert(reading_name_ok(application));
    if (txn == NULL) {
        log_fatal("store_locked", "table=reading");
    }
    if (position > inbox_position(txn)) {
        return -ERANGE;
    }
    uint64_t before = reading_get(txn, application);
    if (before >= position) {
        return store_fault(txn);
    }
    if (before == 0 && count_applications(txn) >= CAIRN_API_APPLICATIONS_MAX) {
        return -EUSERS;
    }
    struct store_key value = store_key_u64(position);
    store_put(txn, AT_READING, slice_of_text(application), store_key_slice(&value));
    return agent_commit(&txn);
}
