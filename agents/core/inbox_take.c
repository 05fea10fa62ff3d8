/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery is believed item by item: leaf in the head, leaf about this payload, payload by its
 * origin. The first item that does not hold ends the taking; what came before it stays, because it
 * was proved. Nothing is acknowledged that is not in the store.
 *
 * What the leaf proves is the item's position in our mailbox. So an item that does not follow the
 * one before it is taken like any other, and the positions between are a gap: written down in the
 * same commit, said in the log once. It comes from a store that was restored or made anew (we
 * acknowledged further before, and the broker dropped what we had), or from a broker that skips.
 * We cannot tell which, and a person must look; what comes after a gap is wanted all the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/behind.h"
#include "agents/core/granting.h"
#include "agents/core/household.h"
#include "agents/core/inbox_taking.h"
#include "agents/core/room.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "wire/leaf.h"

static bool hold(struct inbox_taking *taking, bool holds, const char *what)
{
    if (!holds && taking->failed == NULL) {
        taking->failed = what;
    }
    return holds;
}

/* The leaf is in the head and tells us, at this position, of an item of this kind. */
static bool leaf_holds(struct inbox_taking *taking)
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

static bool tells_of(struct inbox_taking *taking, const struct hash *what)
{
    return hold(taking, hash_equal(&taking->leaf.digest, what), "digest");
}

/* The origin said it: its signature over the parcel's head, which was made for this partnership. */
static bool origin_holds(struct inbox_taking *taking, const struct wire_delivered *delivered,
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
    behind_note(taking->txn, taking->governance, head);
    return true;
}

/* The parcel holds exactly this entry at this place. */
static bool path_holds(struct inbox_taking *taking, const struct wire_delivered *delivered,
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
static bool parts_told(struct inbox_taking *taking, const struct wire_grant *grants, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!hold(taking, (taking->leaf.parts & PART_BIT(grants[i].part)) != 0, "parts")) {
            return false;
        }
    }
    return true;
}

/* --- items --- */

static bool take_delivered(struct inbox_taking *taking)
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
    if (header.kind == ENTRY_RECORD && row.alert != 0) {
        household_keep_record(taking->txn, row.alert, header.record.event_id);
    }
    inbox_keep_meaning(taking, &delivered, &header);
    return true;
}

/* A release of what was delivered inside a gap has nothing to open, and its leaf nothing that we
 * could compare it with: it is kept as it came. Without a gap the broker owes us the record. */
static bool take_release(struct inbox_taking *taking)
{
    struct wire_release release;
    struct received_row row;
    if (!hold(taking, wire_release_read(taking->item->payload, &taking->arena, &release),
              "payload") ||
        !hold(taking, taking->leaf.alert == release.alert, "alert") ||
        !parts_told(taking, release.grants, release.n_grants)) {
        return false;
    }
    if (!received_get(taking->txn, &release.record, &row) || row.delivered == 0) {
        taking->flags |= INBOX_NOT_HELD;
        return hold(taking, taking->gaps.gaps > 0, "record");
    }
    if (!tells_of(taking, &row.item)) {
        return false;
    }
    inbox_keep_grants(taking, &release.record, release.grants, release.n_grants, release.alert);
    return true;
}

static bool take_notice(struct inbox_taking *taking)
{
    struct wire_notice notice;
    struct hash what;
    sha256(taking->item->payload, what.bytes);
    if (!tells_of(taking, &what) ||
        !hold(taking, wire_notice_read(taking->item->payload, &taking->arena, &notice),
              "payload")) {
        return false;
    }
    if (notice.type == NOTICE_UNOPENED && notice.agency != 0) {
        const struct granting granting = inbox_granting(taking);
        granting_unopened(&granting, &notice.record, notice.agency);
        taking->flags |= INBOX_QUIET; /* between agents: people are told without it */
        return true;
    }
    notice_keep(taking->txn, taking->own, taking->item->position, &notice);
    return true;
}

static bool take_payload(struct inbox_taking *taking)
{
    switch (taking->item->kind) {
    case ITEM_DELIVERED:
        return take_delivered(taking);
    case ITEM_RELEASE:
        return take_release(taking);
    case ITEM_NOTICE:
        return take_notice(taking);
    case ITEM_WITHHELD:
        taking->flags |= INBOX_QUIET; /* the position passes; that is all we are to know */
        return true;
    }
    return hold(taking, false, "kind");
}

static bool take_item(struct inbox_taking *taking, const struct wire_item *item)
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
    inbox_append(taking->txn, item->position, &row);
    return true;
}

static void widen(struct inbox_gaps *gaps, uint64_t first, uint64_t last, int64_t now_ms)
{
    gaps->first = gaps->gaps == 0 ? first : gaps->first;
    gaps->last = last;
    gaps->missing += last - first + 1;
    gaps->gaps++;
    gaps->noticed_ms = now_ms;
}

/* Returns whether all that was looked at held. */
static bool take_items(struct inbox_taking *taking, const struct wire_delivery *delivery,
                       uint64_t *position)
{
    for (size_t i = 0; i < delivery->n_items; i++) {
        const struct wire_item *item = &delivery->items[i];
        struct inbox_gaps before = taking->gaps;
        if (item->position <= *position) {
            continue;
        }
        bool gap = item->position != *position + 1;
        if (gap) {
            widen(&taking->gaps, *position + 1, item->position - 1, taking->now_ms);
        }
        if (!take_item(taking, item)) {
            taking->gaps = before;
            return false;
        }
        if (gap) {
            widen(&taking->fresh, *position + 1, item->position - 1, taking->now_ms);
        }
        *position = item->position;
    }
    return true;
}

/* 0 once what was taken is on disk, with the gaps before it; only then are they said. */
static int keep_taken(struct inbox_taking *taking, struct store_txn **txn)
{
    if (taking->fresh.gaps > 0) {
        inbox_gaps_put(*txn, &taking->gaps);
    }
    CRASH_POINT(INBOX_TAKEN);
    int r = agent_commit(txn);
    CRASH_POINT(INBOX_KEPT);
    if (r == 0 && taking->fresh.gaps > 0) {
        log_event(LOG_LEVEL_WARNING, "delivery_gap",
                  "first=%" PRIu64 " last=%" PRIu64 " missing=%" PRIu64, taking->fresh.first,
                  taking->fresh.last, taking->fresh.missing);
    }
    return r;
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
    struct inbox_taking taking = {
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
    int full = room_for_delivery(txn, delivery->n_items);
    if (full != 0) {
        return full;
    }
    inbox_gaps(txn, &taking.gaps);
    bool holds = take_items(&taking, delivery, &position);
    arena_deinit(&taking.arena);
    if (position > before) {
        int r = keep_taken(&taking, &txn);
        if (r != 0) {
            return r;
        }
        *ret_position = position;
        news_tell(&agent->news);
    }
    return holds ? 0 : -EBADMSG;
}
