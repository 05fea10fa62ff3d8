/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/sending.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/circle.h"
#include "agents/core/following.h"
#include "agents/core/held.h"
#include "agents/core/reseal.h"
#include "agents/core/review.h"
#include "base/crash_point.h"
#include "base/date.h"
#include "base/log.h"

#define LOT_BUDGET_BYTES (2 * CAIRN_FRAME_MAX_BYTES)

void sending_start(struct sending *sending, struct agent *agent)
{
    *sending = (struct sending){.agent = agent};
}

void sending_reset(struct sending *sending)
{
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        sending->lanes[lane].up = false;
    }
}

static int64_t boot_ms(const struct sending *sending)
{
    return clock_boot_ms(sending->agent->clock);
}

static bool may_send(const struct sending *sending, enum lane lane)
{
    const struct flight *flight = &sending->lanes[lane];
    int64_t now_ms = boot_ms(sending);
    return (!flight->up || now_ms - flight->sent_ms >= SENDING_RECEIPT_MAX_MS) &&
           backoff_over(&flight->backoff, now_ms);
}

int64_t sending_next_ms(const struct sending *sending)
{
    int64_t next_ms = INT64_MAX;
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        const struct flight *flight = &sending->lanes[lane];
        int64_t at_ms =
            flight->up ? flight->sent_ms + SENDING_RECEIPT_MAX_MS : flight->backoff.not_before_ms;
        if (at_ms > boot_ms(sending) && at_ms < next_ms) {
            next_ms = at_ms;
        }
    }
    return next_ms;
}

/* --- cutting --- */

/* Statements alone are not urgent to the broker, wherever their lot had to end. */
static enum lane wire_lane(enum lane lane, const struct spool_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].kind == ENTRY_RECORD) {
            return lane;
        }
    }
    return lane == LANE_URGENT ? LANE_NORMAL : lane;
}

static int add_circles(struct store_txn *txn, int32_t day, struct arena *arena,
                       struct spool_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!circle_beside(txn, day, arena, &entries[i])) {
            return -EBADMSG;
        }
    }
    return store_fault(txn);
}

static int cut_lot(struct sending *sending, struct session *session, struct parcel_terms *terms,
                   struct parcel *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(LOT_BUDGET_BYTES);
    _cleanup_(base_free) struct spool_entry *entries =
        base_zalloc(CAIRN_PARCEL_ENTRIES_MAX, sizeof(*entries));
    _cleanup_(store_end) struct store_txn *txn = store_read(sending->agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    size_t limit = sending->lanes[terms->lane].limit;
    size_t n = spool_lot(txn, terms->lane, &arena, entries);
    int r = store_fault(txn);
    if (r != 0 || n == 0) {
        return r != 0 ? r : -ENOENT;
    }
    if (limit > 0 && n > limit) {
        n = limit;
    }
    r = add_circles(txn, terms->day, &arena, entries, n);
    if (r != 0) {
        return r;
    }
    terms->stream = entries[0].stream;
    terms->lane = wire_lane(terms->lane, entries, n);
    store_end(&txn); /* sealing grants takes a while: old pages must not be held meanwhile */
    r = session_save(session);
    return r != 0 ? r : parcel_cut(terms, entries, n, ret);
}

/* The broker judges the grants, by its clock. */
static int32_t broker_day(const struct session *session)
{
    return instant_london_day(clock_real_ms(session->agent->clock) - session->clock_ahead_ms);
}

int sending_cut(struct sending *sending, struct session *session, enum lane lane,
                uint64_t correlation, struct parcel *ret)
{
    _cleanup_(governance_unref) struct governance *governance = NULL;
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    struct agent *agent = sending->agent;
    if (!may_send(sending, lane) || !govern_keep_place(agent->keep, &place)) {
        return -ENOENT;
    }
    governance = govern_keep_current(agent->keep);
    struct parcel_terms terms = {
        .governance = governance,
        .keys = &agent->keys,
        .agency = place.agency,
        .head = &session->witness.head,
        .day = broker_day(session),
        .protocol = session->protocol,
        .correlation = correlation,
        .lane = lane,
    };
    int r = cut_lot(sending, session, &terms, ret);
    if (r != 0 && r != -ENOENT) {
        (void)log_fault(-r, "parcel_not_cut", "lane=%d", (int)lane);
        backoff_fail(&sending->lanes[lane].backoff, boot_ms(sending), SENDING_REFUSED_MS,
                     SENDING_REFUSED_MS);
    }
    return r;
}

void sending_sent(struct sending *sending, enum lane lane, const struct parcel *parcel)
{
    struct flight *flight = &sending->lanes[lane];
    flight->up = true;
    flight->correlation = parcel->correlation;
    flight->stream = parcel->stream;
    flight->first_seq = parcel->first_seq;
    flight->last_seq = parcel->last_seq;
    flight->n = parcel->n;
    flight->sent_ms = boot_ms(sending);
    if (parcel->readers_left_out > 0) {
        log_event(LOG_LEVEL_WARNING, "readers_left_out",
                  "lane=%d first_seq=%" PRIu64 " readers=%zu", (int)lane, parcel->first_seq,
                  parcel->readers_left_out);
    }
}

/* --- answers --- */

static enum lane lane_of(const struct sending *sending, uint64_t correlation)
{
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        if (sending->lanes[lane].up && sending->lanes[lane].correlation == correlation) {
            return lane;
        }
    }
    return 0;
}

bool receipt_holds(const struct wire_receipt *receipt, const struct note_key *key,
                   struct checkpoint *ret_head)
{
    struct checkpoint head = {.size = 0};
    bool stored = false;
    uint64_t newest = 0;
    for (size_t i = 0; i < receipt->n_results; i++) {
        if (verdict_is_stored(receipt->results[i].verdict)) {
            stored = true;
            newest =
                receipt->results[i].log_index > newest ? receipt->results[i].log_index : newest;
        }
    }
    if (stored && (!checkpoint_check(receipt->checkpoint, key, &head) || newest >= head.size)) {
        return false;
    }
    *ret_head = head;
    return true;
}

static struct store_txn *begin(struct sending *sending)
{
    struct store_txn *txn = store_begin(sending->agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=spool");
    }
    return txn;
}

/* What is stored for good waits for a person's review, or not, as the agreements say now. */
static void answer(struct sending *sending, struct store_txn *txn, enum lane lane,
                   const struct wire_result *result)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(sending->agent->keep);
    const struct review review = {.txn = txn,
                                  .governance = governance,
                                  .now_ms = clock_real_ms(sending->agent->clock),
                                  .after_ms = sending->agent->options->review_after_ms};
    struct spool_entry entry;
    struct out_row row;
    bool record = spool_get(txn, lane, result->seq, &entry) && entry.kind == ENTRY_RECORD;
    struct reference reference = entry.reference;
    spool_answer(txn, lane, result, review.now_ms);
    if (record && out_get(txn, &reference, &row)) {
        review_place(&review, &reference, &row);
        following_go(&review, &reference, &row);
    }
}

/* Whether it ended the row; what it did not end goes again. Below 0 for a fault. */
static int settle_result(struct sending *sending, struct store_txn *txn, enum lane lane,
                         const struct wire_result *result)
{
    const struct flight *flight = &sending->lanes[lane];
    if (result->seq < flight->first_seq || result->seq > flight->last_seq ||
        verdict_is_retry(result->verdict)) {
        return 0;
    }
    if (result->verdict == VERDICT_EQUIVOCATION) {
        return reseal_entry(txn, &sending->agent->keys.store, lane, result->seq);
    }
    answer(sending, txn, lane, result);
    return 1;
}

/* One synced transaction for all of a receipt. Returns how many were answered for good. */
static size_t settle_results(struct sending *sending, enum lane lane,
                             const struct wire_receipt *receipt, const struct checkpoint *head)
{
    size_t n = 0;
    int r = 0;
    _cleanup_(store_end) struct store_txn *txn = begin(sending);
    for (size_t i = 0; i < receipt->n_results && r >= 0; i++) {
        r = settle_result(sending, txn, lane, &receipt->results[i]);
        n += r > 0 ? 1 : 0;
    }
    if (r >= 0) {
        witness_save_promise(txn, head, receipt->checkpoint);
        if (n > 0) {
            agent_meta_put_u64(txn, SENDING_META_RECEIPT,
                               (uint64_t)clock_real_ms(sending->agent->clock));
        }
        CRASH_POINT(RECEIPT_TAKEN);
        r = agent_commit(&txn);
        CRASH_POINT(RECEIPT_KEPT);
    }
    if (r != 0) {
        (void)log_fault(-r, "receipt_not_kept", "lane=%d", (int)lane);
        return 0; /* sent again, and answered again */
    }
    news_tell(&sending->agent->news);
    return n;
}

static bool says_stale(const struct wire_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_results; i++) {
        if (receipt->results[i].verdict == VERDICT_STALE_DIRECTORY) {
            return true;
        }
    }
    return false;
}

static void retry_later(struct sending *sending, enum lane lane)
{
    backoff_fail(&sending->lanes[lane].backoff, boot_ms(sending), SENDING_RETRY_MIN_MS,
                 SENDING_RETRY_MAX_MS);
}

/* The row that stands in front: shown once it has done so for a while. */
static void note_waiting(struct sending *sending, enum lane lane, uint64_t seq,
                         enum verdict verdict)
{
    struct waiting *waiting = &sending->lanes[lane].waiting;
    int64_t now_ms = boot_ms(sending);
    if (waiting->seq != seq) {
        *waiting = (struct waiting){.seq = seq, .since_ms = now_ms};
    }
    bool known = waiting->told && waiting->verdict == verdict;
    waiting->verdict = verdict;
    if (known || now_ms - waiting->since_ms < SENDING_HELD_MS) {
        return;
    }
    log_event(LOG_LEVEL_WARNING, "lane_held", "lane=%d seq=%" PRIu64 " verdict=%s", (int)lane, seq,
              verdict_name(verdict));
    struct store_txn *txn = begin(sending);
    int64_t waited_ms = now_ms - waiting->since_ms;
    held_note(txn, lane, seq, verdict, clock_real_ms(sending->agent->clock) - waited_ms);
    waiting->told = agent_commit(&txn) == 0;
}

static void note_first_left(struct sending *sending, enum lane lane,
                            const struct wire_receipt *receipt)
{
    for (size_t i = 0; i < receipt->n_results; i++) {
        const struct wire_result *result = &receipt->results[i];
        if (verdict_is_retry(result->verdict) || result->verdict == VERDICT_EQUIVOCATION) {
            note_waiting(sending, lane, result->seq, result->verdict);
            return;
        }
    }
}

/* A row was taken: the parcels grow again. */
static void lift_limit(struct flight *flight)
{
    flight->limit = flight->limit * 2 >= CAIRN_PARCEL_ENTRIES_MAX ? 0 : flight->limit * 2;
}

enum sending_result sending_receipt(struct sending *sending, uint64_t correlation,
                                    const struct wire_receipt *receipt)
{
    enum lane lane = lane_of(sending, correlation);
    if (lane == 0 || sending->lanes[lane].stream != receipt->stream) {
        return SENDING_NOT_MINE;
    }
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(sending->agent->keep);
    struct flight *flight = &sending->lanes[lane];
    flight->up = false;
    struct checkpoint head;
    if (!receipt_holds(receipt, &governance->directory.checkpoint_key, &head)) {
        return SENDING_INVALID;
    }
    size_t settled = settle_results(sending, lane, receipt, &head);
    if (settled > 0) {
        backoff_succeed(&flight->backoff);
        lift_limit(flight);
        sending->refused = 0;
    }
    if (settled < receipt->n_results || settled == 0) {
        note_first_left(sending, lane, receipt);
        retry_later(sending, lane);
    }
    return says_stale(receipt) ? SENDING_STALE : SENDING_DONE;
}

/* --- a parcel that is refused as a whole --- */

/* Said of what is in the parcel; the others are about who sends it, and true of every parcel. */
static bool is_about_entries(enum verdict verdict)
{
    return verdict == VERDICT_MALFORMED || verdict == VERDICT_WRONG_LANE ||
           verdict == VERDICT_OUT_OF_ORDER || verdict == VERDICT_WRONG_SENDER ||
           verdict == VERDICT_BAD_ENTRY;
}

static void put_aside(struct sending *sending, enum lane lane, uint64_t seq, enum verdict verdict)
{
    struct store_txn *txn = begin(sending);
    held_aside(txn, lane, seq, verdict, clock_real_ms(sending->agent->clock));
    int r = agent_commit(&txn);
    if (r != 0) {
        (void)log_fault(-r, "entry_not_set_aside", "lane=%d", (int)lane);
    }
    news_tell(&sending->agent->news);
}

/* Half of it again at once, or the one row that is to blame aside. Should all be refused, one after
 * the other waits longer and longer. */
static void narrow_down(struct sending *sending, enum lane lane, enum verdict verdict)
{
    struct flight *flight = &sending->lanes[lane];
    if (flight->n > 1) {
        flight->limit = (flight->n + 1) / 2;
        flight->backoff.not_before_ms = boot_ms(sending) + SENDING_RETRY_MIN_MS;
        return;
    }
    put_aside(sending, lane, flight->first_seq, verdict);
    backoff_fail(&flight->backoff, boot_ms(sending), SENDING_RETRY_MIN_MS, SENDING_REFUSED_MS);
}

enum sending_result sending_error(struct sending *sending, uint64_t correlation,
                                  enum verdict verdict)
{
    enum lane lane = lane_of(sending, correlation);
    if (lane == 0) {
        return SENDING_NOT_MINE;
    }
    struct flight *flight = &sending->lanes[lane];
    flight->up = false;
    note_waiting(sending, lane, flight->first_seq, verdict);
    if (verdict_is_retry(verdict)) {
        retry_later(sending, lane);
        return verdict == VERDICT_STALE_DIRECTORY ? SENDING_STALE : SENDING_DONE;
    }
    if (verdict == VERDICT_REVOKED_KEY && sending->agent->keys.n > 1) {
        retry_later(sending, lane); /* a newer directory may have another of our keys */
        return SENDING_DONE;
    }
    log_event(LOG_LEVEL_ERROR, "parcel_refused", "lane=%d first_seq=%" PRIu64 " verdict=%s",
              (int)lane, flight->first_seq, verdict_name(verdict));
    sending->refused = verdict;
    if (is_about_entries(verdict)) {
        narrow_down(sending, lane, verdict);
        return SENDING_DONE;
    }
    backoff_fail(&flight->backoff, boot_ms(sending), SENDING_REFUSED_MS, SENDING_REFUSED_MS);
    return SENDING_DONE;
}
