/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ALERT row: state u8 | revision u32 | raised i64 | changed i64
 *            | opened: at i64, agency u32, decision[20] | closed: likewise | outcome u8
 *            | decided i64 | decision[16] | over budget u8
 *
 * States only rise, listed being the lowest: a late notice of an earlier act does not take a later
 * one back. `decided` is set by known_alert_decided alone: that the broker says we opened it is no
 * reason to show an account.
 */
#include "agents/core/alerts.h"

#include <errno.h>

#include "agents/core/inbox.h"
#include "agents/core/subjects.h"

#define ACT_BYTES   (8 + 4 + ENTRY_ID_BYTES)
#define ALERT_BYTES (1 + 4 + 8 + 8 + 2 * ACT_BYTES + 1 + 8 + REFERENCE_BYTES + 1)

const char *known_state_text(enum known_state state)
{
    switch (state) {
#define X(name, number, text)                                                                      \
    case KNOWN_##name:                                                                             \
        return (text);
        KNOWN_STATES(X)
#undef X
    }
    return "unknown";
}

static struct alert_act read_act(struct reader *reader)
{
    uint8_t id[ENTRY_ID_BYTES];
    struct alert_act act = {.at_ms = (int64_t)read_u64(reader)};
    act.agency = read_u32(reader);
    read_into(reader, id, sizeof(id));
    act.decision = entry_id_unpack(id);
    return act;
}

static void write_act(struct writer *writer, const struct alert_act *act)
{
    uint8_t id[ENTRY_ID_BYTES];
    entry_id_pack(&act->decision, id);
    write_u64(writer, (uint64_t)act->at_ms);
    write_u32(writer, act->agency);
    write_bytes(writer, id, sizeof(id));
}

bool known_alert_unpack(struct slice value, struct known_alert *ret)
{
    struct reader reader = reader_over(value);
    struct known_alert row = {.state = (enum known_state)read_u8(&reader)};
    row.revision = read_u32(&reader);
    row.raised_ms = (int64_t)read_u64(&reader);
    row.changed_ms = (int64_t)read_u64(&reader);
    row.opened = read_act(&reader);
    row.closed = read_act(&reader);
    row.outcome = (enum outcome)read_u8(&reader);
    row.decided_ms = (int64_t)read_u64(&reader);
    read_into(&reader, row.decision.bytes, sizeof(row.decision.bytes));
    row.over_budget = read_u8(&reader) != 0;
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool known_alert_get(struct store_txn *txn, uint64_t alert, struct known_alert *ret)
{
    struct store_key key = store_key_u64(alert);
    struct slice value;
    if (!store_get(txn, AT_ALERT, store_key_slice(&key), &value)) {
        return false;
    }
    if (!known_alert_unpack(value, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void known_alert_put(struct store_txn *txn, uint64_t alert, const struct known_alert *row)
{
    uint8_t storage[ALERT_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = store_key_u64(alert);
    write_u8(&writer, (uint8_t)row->state);
    write_u32(&writer, row->revision);
    write_u64(&writer, (uint64_t)row->raised_ms);
    write_u64(&writer, (uint64_t)row->changed_ms);
    write_act(&writer, &row->opened);
    write_act(&writer, &row->closed);
    write_u8(&writer, (uint8_t)row->outcome);
    write_u64(&writer, (uint64_t)row->decided_ms);
    write_bytes(&writer, row->decision.bytes, sizeof(row->decision.bytes));
    write_u8(&writer, row->over_budget ? 1 : 0);
    assert(writer.len == sizeof(storage));
    store_put(txn, AT_ALERT, store_key_slice(&key), writer_slice(&writer));
}

/* --- what it lists --- */

static struct store_key key_listed(uint64_t alert, uint64_t position)
{
    struct store_key key = {.len = 16};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, alert);
    write_u64(&writer, position);
    return key;
}

struct listing {
    struct arena *arena;
    struct wire_notice *notice;
    struct wire_headline *headlines;
    size_t n;
};

/* Ascending by day; of one day, what was told first comes first. */
static void add_headline(struct listing *listing, const struct wire_headline *headline)
{
    size_t at = listing->n++;
    while (at > 0 && listing->headlines[at - 1].event_day >= headline->event_day) {
        listing->headlines[at] = listing->headlines[at - 1];
        at--;
    }
    listing->headlines[at] = *headline;
    listing->headlines[at].class = arena_copy(listing->arena, headline->class);
    listing->headlines[at].origin_kind = arena_copy(listing->arena, headline->origin_kind);
}

/* Notices come newest first, and of each the newest headline, so that the oldest find no room. */
static bool add_notice(struct listing *listing, struct slice payload)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_notice notice;
    if (!wire_notice_read(payload, &arena, &notice)) {
        return false; /* it was read before it was kept */
    }
    for (size_t i = notice.n_headlines; i > 0 && listing->n < CAIRN_ALERT_RECORDS_MAX; i--) {
        add_headline(listing, &notice.headlines[i - 1]);
    }
    if (listing->notice->alert == 0) {
        *listing->notice = notice;
        listing->notice->pattern = arena_copy(listing->arena, notice.pattern);
    }
    listing->notice->headlines = listing->headlines;
    listing->notice->n_headlines = listing->n;
    return true;
}

bool known_alert_listed(struct store_txn *txn, uint64_t alert, struct arena *arena,
                        struct wire_notice *ret)
{
    struct store_key newest = key_listed(alert, UINT64_MAX);
    struct wire_notice notice = {.alert = 0};
    struct listing listing = {
        .arena = arena,
        .notice = &notice,
        .headlines = arena_alloc(arena, CAIRN_ALERT_RECORDS_MAX * sizeof(*listing.headlines)),
    };
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_last(txn, AT_LISTED, store_key_slice(&newest));
    while (walk.live && listing.headlines != NULL && listing.n < CAIRN_ALERT_RECORDS_MAX) {
        struct inbox_row item;
        struct reader key = reader_over(walk.key);
        if (read_u64(&key) != alert) {
            break;
        }
        if (inbox_get(txn, read_u64(&key), &item) && !add_notice(&listing, item.payload)) {
            store_fail(txn, -EBADMSG);
            return false;
        }
        store_walk_prev(&walk);
    }
    if (notice.alert == 0) {
        return false;
    }
    *ret = notice;
    return true;
}

/* --- taking --- */

static struct alert_act act_of(const struct wire_notice *notice)
{
    return (struct alert_act){
        .at_ms = notice->time_ms, .agency = notice->agency, .decision = notice->record};
}

static void take_listed(struct store_txn *txn, struct known_alert *row, uint64_t position,
                        const struct wire_notice *notice)
{
    struct store_key key = key_listed(notice->alert, position);
    store_put(txn, AT_LISTED, store_key_slice(&key), SLICE_NULL);
    row->revision = notice->revision > row->revision ? notice->revision : row->revision;
    row->raised_ms = row->raised_ms == 0 ? notice->time_ms : row->raised_ms;
}

void known_alert_take(struct store_txn *txn, uint64_t position, const struct wire_notice *notice)
{
    struct known_alert row = {.state = KNOWN_NOTICED};
    (void)known_alert_get(txn, notice->alert, &row);
    switch (notice->type) {
    case NOTICE_RAISED:
    case NOTICE_EXTENDED:
        row.state = row.state == KNOWN_LISTED ? KNOWN_NOTICED : row.state;
        take_listed(txn, &row, position, notice);
        break;
    case NOTICE_LISTED:
        row.state = KNOWN_LISTED; /* the first that is ever said of it */
        take_listed(txn, &row, position, notice);
        break;
    case NOTICE_OVER_BUDGET:
        row.over_budget = true;
        break;
    case NOTICE_OPENED:
        row.state =
            row.state == KNOWN_NOTICED || row.state == KNOWN_LISTED ? KNOWN_OPENED : row.state;
        row.opened = row.opened.at_ms == 0 ? act_of(notice) : row.opened;
        break;
    case NOTICE_CLOSED:
        row.state = KNOWN_CLOSED;
        row.closed = act_of(notice);
        row.outcome = (enum outcome)notice->outcome;
        break;
    case NOTICE_WITHDRAWN:
        row.state = KNOWN_WITHDRAWN;
        row.closed = act_of(notice);
        break;
    case NOTICE_RECORD_OPENED:
    case NOTICE_RETRACTED:
    case NOTICE_TOLD:
    case NOTICE_UNOPENED:
    case NOTICE_LINK_CONFIRMED:
    case NOTICE_LINK_UNDONE:
    case NOTICE_CANDIDATE:
    case NOTICE_NOT_SHARED:
    case NOTICE_DESTROYED_UNUSED:
    case NOTICE_DESTROYED_DELIVERED:
    case NOTICE_HOLD_ENDS:
        break; /* about records: RECEIVED says it */
    }
    row.changed_ms = notice->time_ms;
    known_alert_put(txn, notice->alert, &row);
}

void known_alert_decided(struct store_txn *txn, uint64_t alert, const struct reference *decision,
                         int64_t now_ms)
{
    struct known_alert row;
    if (known_alert_get(txn, alert, &row) && row.decided_ms == 0) {
        row.decided_ms = now_ms;
        row.decision = *decision;
        known_alert_put(txn, alert, &row);
    }
}

bool known_alert_child(struct store_txn *txn, const struct secret *store_key,
                       const struct wire_notice *notice, struct identity *ret)
{
    return notice->has_handle && subjects_identity(txn, store_key, notice->handle, ret);
}
