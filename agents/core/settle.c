/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row, at due time and reference: kind u8 | retracts[16] (zeros: nothing) | wrapped JSON.
 *
 * One row that cannot be sealed must not stop the others: it becomes a refused OUT row, which its
 * author sees.
 */
#include "agents/core/settle.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/link.h"
#include "agents/core/returned.h"
#include "agents/core/room.h"
#include "agents/core/seal.h"
#include "agents/core/settling_time.h"
#include "agents/core/statements.h"
#include "agents/core/subjects.h"
#include "base/crash_point.h"
#include "base/date.h"
#include "base/log.h"

#define PURPOSE           "settling"
#define ROW_HEAD_BYTES    (1 + REFERENCE_BYTES)
#define WAITING_MAX_BYTES (EVENT_JSON_MAX_BYTES + WRAP_OVERHEAD_BYTES)
#define TURN_MAX_MS       60000 /* then the clock is looked at again: it may have been set */
#define RETRY_MS          1000  /* after a turn that failed, as when the disk is full */

static const struct reference no_reference;

/* --- rows --- */

static int put(struct store_txn *txn, const struct secret *store_key, enum entry_kind kind,
               struct slice json, const struct settling *settling)
{
    struct store_key key = agent_key_settling(settling->due_ms, &settling->reference);
    size_t len = ROW_HEAD_BYTES + json.len + WRAP_OVERHEAD_BYTES;
    uint8_t *storage = store_reserve(txn, AT_SETTLING, store_key_slice(&key), len);
    if (storage == NULL) {
        return store_fault(txn);
    }
    struct writer writer = writer_over(storage, ROW_HEAD_BYTES);
    write_u8(&writer, (uint8_t)kind);
    write_bytes(&writer, settling->retracts.bytes, sizeof(settling->retracts.bytes));
    assert(writer_ok(&writer));
    return wrap_seal(store_key, PURPOSE, json, storage + ROW_HEAD_BYTES);
}

int settle_event(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                 const struct settling *settling)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(EVENT_JSON_MAX_BYTES);
    int r = event_to_json(event, &json);
    return r != 0 ? r : put(txn, store_key, ENTRY_RECORD, buf_slice(&json), settling);
}

int settle_statement(struct store_txn *txn, const struct secret *store_key, enum entry_kind kind,
                     struct slice json, const struct settling *settling)
{
    return put(txn, store_key, kind, json, settling);
}

void settle_drop(struct store_txn *txn, const struct reference *reference,
                 const struct out_row *row)
{
    struct store_key key = agent_key_settling(row->due_ms, reference);
    (void)store_delete(txn, AT_SETTLING, store_key_slice(&key));
}

/* --- what waits, for people --- */

/* From when on it could have been sealed: since it was said, unless it had to settle first. */
static int64_t due_since(struct store_txn *txn, const struct clock *clock, int64_t due_ms,
                         const struct reference *reference)
{
    return due_ms == 0 ? reference_ms(reference) : settling_time_shown(txn, clock, due_ms);
}

static void note_oldest(int64_t since_ms, uint64_t *n, int64_t *oldest_ms)
{
    (*n)++;
    if (*oldest_ms == 0 || since_ms < *oldest_ms) {
        *oldest_ms = since_ms;
    }
}

static void count_unsealed(struct store_txn *txn, const struct reference *reference,
                           int64_t since_ms, struct settle_figures *figures)
{
    struct out_row row;
    note_oldest(since_ms, &figures->unsealed, &figures->unsealed_since_ms);
    if (out_get(txn, reference, &row) && row.kind == ENTRY_RECORD &&
        record_is_danger(row.record_kind, row.urgency)) {
        note_oldest(since_ms, &figures->urgent, &figures->urgent_since_ms);
    }
}

void settle_count(struct store_txn *txn, const struct clock *clock, struct settle_figures *ret)
{
    int64_t now_ms = settling_time(txn, clock);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SETTLING, SLICE_NULL);
    *ret = (struct settle_figures){.settling = 0};
    for (; walk.live && ret->settling + ret->unsealed < SETTLE_COUNT_MAX; store_walk_next(&walk)) {
        struct reference reference;
        struct reader key = reader_over(walk.key);
        int64_t due_ms = (int64_t)read_u64(&key);
        read_into(&key, reference.bytes, sizeof(reference.bytes));
        if (!reader_end(&key)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (due_ms > now_ms) {
            ret->settling++;
            continue;
        }
        count_unsealed(txn, &reference, due_since(txn, clock, due_ms, &reference), ret);
    }
}

/* --- what is due --- */

/* One row, copied and opened: sealing writes to the store that it was borrowed from. */
struct due {
    struct store_key key;
    int64_t due_ms;
    struct reference reference;
    enum entry_kind kind;
    struct reference retracts;
    struct buf json;
};

static void due_deinit(struct due *due)
{
    buf_deinit(&due->json);
}

static bool due_read(const struct store_walk *walk, const struct secret *store_key, struct due *ret)
{
    struct reader key = reader_over(walk->key);
    struct reader reader = reader_over(walk->value);
    ret->key.len = walk->key.len;
    ret->due_ms = (int64_t)read_u64(&key);
    read_into(&key, ret->reference.bytes, sizeof(ret->reference.bytes));
    ret->kind = (enum entry_kind)read_u8(&reader);
    read_into(&reader, ret->retracts.bytes, sizeof(ret->retracts.bytes));
    struct slice wrapped = read_bytes(&reader, reader.left);
    if (!reader_end(&key) || !reader_end(&reader) || wrapped.len <= WRAP_OVERHEAD_BYTES) {
        return false;
    }
    memcpy(ret->key.bytes, walk->key.data, walk->key.len);
    uint8_t *plain = buf_extend(&ret->json, wrapped.len - WRAP_OVERHEAD_BYTES);
    return plain != NULL && wrap_open(store_key, PURPOSE, wrapped, plain) == 0;
}

/* The first row; false when none is due. */
static bool due_next(const struct seal *seal, int64_t settling_ms, struct due *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(seal->txn, AT_SETTLING, SLICE_NULL);
    if (!walk.live) {
        return false;
    }
    struct reader key = reader_over(walk.key);
    if ((int64_t)read_u64(&key) > settling_ms) {
        return false;
    }
    if (!due_read(&walk, &seal->keys->store, ret)) {
        store_fail(seal->txn, -EBADMSG);
        return false;
    }
    return true;
}

/* A store that went back to a copy seals what settled in it once more, under another id, though it
 * left before. A record that names no service is its reference's occurrence, so that patterns count
 * both as one. */
static void name_occurrence(struct event *event, const struct reference *reference)
{
    char text[REFERENCE_TEXT_BYTES];
    if (event->occurrence[0] == '\0' && event->kind != RECORD_RETRACTION) {
        reference_format(reference, text);
        (void)snprintf(event->occurrence, sizeof(event->occurrence), "reference:%s", text);
    }
}

static int seal_due_event(const struct seal *seal, const struct due *due, struct out_row *row)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;
    struct out_row target;
    bool retraction = memcmp(&due->retracts, &no_reference, sizeof(no_reference)) != 0;
    int r = event_from_json(buf_slice(&due->json), &event, &error);
    if (r != 0) {
        return -EBADMSG; /* we wrote it */
    }
    if (retraction && !out_get(seal->txn, &due->retracts, &target)) {
        return -EBADMSG;
    }
    name_occurrence(&event, &due->reference);
    r = seal_check(seal, &event, &error);
    return r != 0 ? r
                  : seal_record(seal, &event, &due->reference, retraction ? &target : NULL, row);
}

static int seal_due_involvement(struct agent *agent, const struct seal *seal, const struct due *due,
                                struct out_row *row)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    struct event_terms terms = {
        .live = seal->governance->root.live, .kept = true, .now_ms = seal->now_ms};
    struct error error = ERROR_NULL;
    int r =
        involvement_json_read(agent->records, buf_slice(&due->json), &terms, &involvement, &error);
    return r != 0 ? r : seal_involvement(seal, &involvement, &due->reference, row);
}

static int seal_due_tie(struct agent *agent, const struct seal *seal, const struct due *due,
                        struct out_row *row)
{
    _cleanup_(tying_deinit) struct tying tying = TYING_NULL;
    struct event_terms terms = {
        .live = seal->governance->root.live, .kept = true, .now_ms = seal->now_ms};
    struct error error = ERROR_NULL;
    int r = tie_json_read(agent->records, buf_slice(&due->json), &terms, &tying, &error);
    r = r != 0 ? r : seal_tie(seal, &tying, &due->reference, row);
    return r == -EEXIST ? -EINVAL : r;
}

static int seal_due_kind(struct agent *agent, const struct seal *seal, const struct due *due,
                         struct out_row *row)
{
    if (due->kind == ENTRY_RECORD) {
        return seal_due_event(seal, due, row);
    }
    return due->kind == ENTRY_TIE ? seal_due_tie(agent, seal, due, row)
                                  : seal_due_involvement(agent, seal, due, row);
}

static int seal_due(struct agent *agent, const struct seal *seal, const struct due *due)
{
    struct out_row row;
    if (!out_get(seal->txn, &due->reference, &row)) {
        return -EBADMSG;
    }
    struct out_row sealed = row;
    int r = seal_due_kind(agent, seal, due, &sealed);
    if (r == 0) {
        row = sealed;
    } else if (r == -EINVAL || r == -EFBIG || r == -EMSGSIZE) {
        char text[REFERENCE_TEXT_BYTES];
        reference_format(&due->reference, text);
        log_event(LOG_LEVEL_ERROR, "settled_refused", "reference=%s verdict=%s", text,
                  verdict_name(VERDICT_BAD_ENTRY));
        row.state = OUT_REFUSED;
        row.verdict = VERDICT_BAD_ENTRY;
        row.answered_ms = seal->now_ms;
        returned_add(seal->txn, &due->reference);
        r = 0;
    }
    if (r == 0) {
        out_put(seal->txn, &due->reference, &row);
        (void)store_delete(seal->txn, AT_SETTLING, store_key_slice(&due->key));
    }
    return r;
}

static int seal_all_due(struct agent *agent, const struct seal *seal, size_t *ret_n)
{
    int64_t settling_ms = settling_time(seal->txn, agent->clock);
    for (*ret_n = 0; *ret_n < SETTLE_ROWS_MAX; (*ret_n)++) {
        _cleanup_(due_deinit) struct due due = {.json = BUF_MAX(WAITING_MAX_BYTES)};
        if (!due_next(seal, settling_ms, &due)) {
            return store_fault(seal->txn);
        }
        int r = seal_due(agent, seal, &due);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

/* Whether a write transaction would find anything to do. */
static bool something_due(struct agent *agent, const struct own_place *place)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    if (txn == NULL) {
        return true;
    }
    if (statements_restated(txn) != place->epoch) {
        return true;
    }
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SETTLING, SLICE_NULL);
    if (!walk.live) {
        return false;
    }
    struct reader key = reader_over(walk.key);
    return (int64_t)read_u64(&key) <= settling_time(txn, agent->clock);
}

/* A step of the clock is kept: nothing that waits moves with it. */
static int note_step(struct agent *agent)
{
    _cleanup_(store_end) struct store_txn *read = store_read(agent->store);
    bool stepped = read != NULL && settling_time_step(read, agent->clock) != 0;
    store_end(&read);
    if (!stepped) {
        return 0;
    }
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    settling_time_keep(txn, agent->clock);
    return agent_commit(&txn);
}

int settle_step(struct agent *agent, bool *ret_more)
{
    _cleanup_(seal_end) struct seal seal = SEAL_NULL;
    size_t n = 0;
    *ret_more = false;
    int r = note_step(agent);
    if (r != 0) {
        return r;
    }
    if (seal_begin(agent, NULL, &seal) != 0 || !something_due(agent, &seal.place)) {
        return 0;
    }
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    r = room_for(txn, LANE_URGENT, SETTLE_ROWS_MAX); /* some of it may be */
    if (r != 0) {
        return r;
    }
    seal.txn = txn;
    struct subjects subjects = seal_subjects(&seal);
    bool more = statements_restate(&subjects, SETTLE_ROWS_MAX);
    r = seal_all_due(agent, &seal, &n);
    if (r == 0) {
        CRASH_POINT(SETTLE_PUT);
        r = agent_commit(&txn);
        CRASH_POINT(SETTLE_KEPT);
    }
    if (r != 0) {
        return r;
    }
    *ret_more = more || n == SETTLE_ROWS_MAX;
    link_wake(agent);
    news_tell(&agent->news);
    return 0;
}

/* --- the thread --- */

struct settle_thread {
    struct agent *agent;
    pthread_t thread;
};

/* Until the next row is due; not longer than it takes to notice that the clock was set. */
static int until_due_ms(struct agent *agent)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    if (txn == NULL) {
        return RETRY_MS;
    }
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SETTLING, SLICE_NULL);
    if (!walk.live) {
        return TURN_MAX_MS;
    }
    struct reader key = reader_over(walk.key);
    int64_t left_ms = (int64_t)read_u64(&key) - settling_time(txn, agent->clock);
    if (left_ms <= 0) {
        return TURN_MAX_MS; /* due, and waiting for something that will be news */
    }
    return left_ms < TURN_MAX_MS ? (int)left_ms : TURN_MAX_MS;
}

static void *run(void *data)
{
    (void)pthread_setname_np(pthread_self(), "settle");
    struct settle_thread *self = data;
    struct agent *agent = self->agent;
    while (!news_closed(&agent->news)) {
        uint64_t seen = news_count(&agent->news);
        bool more = false;
        int r = settle_step(agent, &more);
        if (r != 0) {
            (void)log_fault(-r, "settle_failed", "next_ms=%d", RETRY_MS);
        }
        if (!more) {
            (void)news_wait(&agent->news, r == 0 ? seen : news_count(&agent->news),
                            r == 0 ? until_due_ms(agent) : RETRY_MS);
        }
    }
    return NULL;
}

int settle_start(struct agent *agent, struct settle_thread **ret)
{
    struct settle_thread *self = base_zalloc(1, sizeof(*self));
    self->agent = agent;
    int r = pthread_create(&self->thread, NULL, run, self);
    if (r != 0) {
        base_free(&self);
        return -r;
    }
    *ret = self;
    return 0;
}

void settle_stop(struct settle_thread **owned)
{
    if (*owned != NULL) {
        (void)pthread_join((*owned)->thread, NULL);
        base_free(owned);
    }
}
