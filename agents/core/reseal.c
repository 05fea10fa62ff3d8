/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What names the entry changes with it: the row of its reference, with the digest that a proof must
 * speak of, and a retraction of it that waits
 * behind it in the lane. That retraction was never sent (spool_lot holds it back until its record
 * is answered): sent, it would take back whatever else the broker has under the old id.
 */
#include "agents/core/reseal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/frozen.h"
#include "agents/core/kept.h"
#include "base/log.h"

#define ROW_BUDGET_BYTES (CAIRN_HEADER_MAX_BYTES + CAIRN_BODY_MAX_BYTES + 4096)

/* A row under work; its slices lie in the arena. */
struct resealing {
    struct store_txn *txn;
    const struct secret *store_key;
    struct arena row;
    struct arena parsed;
    struct spool_entry entry;
    struct entry_header header;
    struct hash item; /* of what is frozen now */
};

static void resealing_deinit(struct resealing *work)
{
    arena_deinit(&work->row);
    arena_deinit(&work->parsed);
}

static int read_row(struct resealing *work, enum lane lane, uint64_t seq)
{
    if (!spool_get(work->txn, lane, seq, &work->entry)) {
        int r = store_fault(work->txn);
        return r != 0 ? r : -ENOENT;
    }
    if (!spool_copy(&work->entry, &work->row)) {
        return -ENOMEM;
    }
    return wire_entry_header_read(work->entry.kind, work->entry.header, &work->parsed,
                                  &work->header)
               ? 0
               : -EBADMSG;
}

static void set_id(struct entry_header *header, const struct entry_id *id)
{
    header->id = *id;
    switch (header->kind) {
    case ENTRY_RECORD:
        header->record.id = *id;
        return;
    case ENTRY_SUBJECT:
        header->subject.id = *id;
        return;
    case ENTRY_INVOLVEMENT:
        header->involvement.id = *id;
        return;
    case ENTRY_DECISION:
        header->decision.id = *id;
        return;
    case ENTRY_GRANT:
        header->grant.id = *id;
        return;
    case ENTRY_REQUEST:
        header->request.id = *id;
        return;
    case ENTRY_TIE:
        header->tie.id = *id;
        return;
    case ENTRY_ACKNOWLEDGEMENT:
        break;
    }
    assert(false && "the spool holds no entries of this kind");
}

static int write_row(struct resealing *work, const struct entry_id *id)
{
    struct frozen frozen = frozen_new();
    struct spool_entry entry = work->entry;
    struct entry_id old = work->header.id;
    bool sealed = entry.keys.len > 0 && entry.kind != ENTRY_GRANT; /* whose keys are another's */
    int r = sealed ? frozen_open(&frozen, work->store_key, &entry, &work->header) : 0;
    set_id(&work->header, id);
    wire_entry_header_write(&work->header, &frozen.header);
    if (r == 0 && sealed) {
        r = frozen_seal(&frozen, work->store_key, work->header.kind == ENTRY_RECORD);
        entry.body = buf_slice(&frozen.body);
        entry.keys = SLICE_OF(frozen.wrapped);
    }
    if (r == 0) {
        entry.header = buf_slice(&frozen.header);
        entry.stream = id->stream;
        wire_item_digest(entry.header, entry.body, &work->item);
        spool_replace(work->txn, &entry);
        kept_rename(work->txn, &old, id, &entry);
        r = store_fault(work->txn);
    }
    frozen_deinit(&frozen);
    return r;
}

/* The row of its reference; true when a retraction of it has been sealed. */
static bool rename_reference(struct resealing *work, const struct entry_id *from,
                             const struct entry_id *to)
{
    struct out_row row;
    if (!work->entry.has_reference || !out_get(work->txn, &work->entry.reference, &row)) {
        return false;
    }
    out_forget_entry(work->txn, from); /* it is another one's at the broker */
    row.entry = *to;
    row.item = work->item;
    out_put(work->txn, &work->entry.reference, &row);
    return row.retracted;
}

/* Under the lane's present stream. */
static int reseal_row(struct resealing *work, struct entry_id *ret, bool *ret_retracted)
{
    struct entry_id old = work->header.id;
    *ret = old;
    ret->stream = spool_stream(work->txn, work->entry.lane);
    int r = write_row(work, ret);
    *ret_retracted = r == 0 && rename_reference(work, &old, ret);
    return r;
}

/* The retraction behind it names the new id. */
static int follow_retraction(struct store_txn *txn, const struct secret *store_key,
                             const struct spool_entry *target, const struct entry_id *from,
                             const struct entry_id *to)
{
    _cleanup_(resealing_deinit) struct resealing work = {
        .txn = txn,
        .store_key = store_key,
        .row = ARENA_BUDGET(ROW_BUDGET_BYTES),
        .parsed = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES),
    };
    struct entry_id id;
    bool retracted = false;
    uint64_t seq = spool_retraction(txn, target->lane, target->seq, from);
    if (seq == 0) {
        return store_fault(txn);
    }
    int r = read_row(&work, target->lane, seq);
    if (r != 0) {
        return r;
    }
    work.header.record.retracts = *to;
    return reseal_row(&work, &id, &retracted);
}

int reseal_entry(struct store_txn *txn, const struct secret *store_key, enum lane lane,
                 uint64_t seq)
{
    _cleanup_(resealing_deinit) struct resealing work = {
        .txn = txn,
        .store_key = store_key,
        .row = ARENA_BUDGET(ROW_BUDGET_BYTES),
        .parsed = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES),
    };
    struct entry_id old;
    struct entry_id id;
    bool retracted = false;
    int r = read_row(&work, lane, seq);
    if (r != 0) {
        return r == -ENOENT ? 0 : r;
    }
    old = work.header.id;
    if (old.stream == spool_stream(txn, lane)) {
        r = spool_renew(txn, lane); /* this is the one that was found to be used */
    }
    if (r == 0) {
        r = reseal_row(&work, &id, &retracted);
    }
    log_event(LOG_LEVEL_WARNING, "entry_renumbered", "lane=%d seq=%" PRIu64 " kind=%s", (int)lane,
              seq, entry_kind_text(work.entry.kind));
    return r != 0 || !retracted ? r : follow_retraction(txn, store_key, &work.entry, &old, &id);
}
