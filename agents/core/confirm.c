/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is judged, in order: whose it is, the signature, and that the tree is one with ours; a time
 * that lies ahead comes last, so that nobody escapes by a wrong clock. The tree is judged as the
 * broker's own heads are: a proof that does not hold is no better than none.
 *
 * A larger head, or the same one later, takes the place of the one that is held. What is said again
 * is nothing new, so an old cosignature cannot keep a confirmation fresh.
 */
#include "agents/core/confirm.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"

#define META_NEXT       "confirm-next"
#define META_BEGUN      "confirm-begun"      /* ms */
#define META_BEGUN_SIZE "confirm-begun-size" /* of the log then */
#define META_MISSED     "confirm-missed"     /* 1: it was said */

/* --- a row --- */

struct confirmed_row {
    uint64_t size;
    int64_t time_ms;
};

static struct store_key key_of(uint32_t agency)
{
    struct store_key key = {.len = sizeof(agency)};
    struct writer writer = writer_over(key.bytes, key.len);
    write_u32(&writer, agency);
    return key;
}

static bool row_get(struct store_txn *txn, uint32_t agency, struct confirmed_row *ret)
{
    struct store_key key = key_of(agency);
    struct slice value;
    if (!store_get(txn, AT_CONFIRMED, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct confirmed_row row = {.size = read_u64(&reader)};
    row.time_ms = (int64_t)read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = row;
    return true;
}

static void row_put(struct store_txn *txn, uint32_t agency, const struct confirmed_row *row)
{
    uint8_t storage[16];
    struct store_key key = key_of(agency);
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->size);
    write_u64(&writer, (uint64_t)row->time_ms);
    store_put(txn, AT_CONFIRMED, store_key_slice(&key), writer_slice(&writer));
}

void confirm_forget(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_CONFIRMED, SLICE_NULL);
    while (walk.live) {
        (void)store_delete(txn, AT_CONFIRMED, walk.key);
        store_walk_next(&walk);
    }
    agent_meta_put_u64(txn, META_BEGUN, 0);
    agent_meta_put_u64(txn, META_MISSED, 0);
}

/* --- judging one --- */

enum judged {
    JUDGED_HOLDS = 1,
    JUDGED_REFUSED,
    JUDGED_OTHER_LOG
};

static const struct agency_key *key_behind(const struct confirm_view *view,
                                           const struct wire_cosigned *shown)
{
    const struct agency *agency = directory_agency(&view->governance->directory, shown->agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, shown->key_id);
    return key == NULL || !agency->active || key->status == KEY_REVOKED ? NULL : key;
}

static bool is_signed(const struct confirm_view *view, const struct agency_key *key,
                      const struct wire_cosigned *shown)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    checkpoint_text(&shown->head, view->governance->root.origin, &text);
    return cosignature_check(buf_slice(&text), shown->cosignature, key->verifier);
}

static bool is_of_our_log(const struct confirm_view *view, const struct wire_cosigned *shown)
{
    const struct tree_consistency claim = {
        .old_size = shown->head.size,
        .new_size = view->head->size,
        .old_root = &shown->head.root,
        .new_root = &view->head->root,
    };
    return tree_check_consistency(&claim, &shown->consistency);
}

/* In seconds by C2SP, and by its signer's clock. */
static bool time_of(const struct confirm_view *view, const struct wire_cosigned *shown,
                    int64_t *ret_ms)
{
    struct reader reader = reader_over(SLICE_OF(shown->cosignature));
    uint64_t time_s = read_u64(&reader);
    if (time_s > (uint64_t)(view->now_ms + CONFIRM_AHEAD_MS) / 1000) {
        return false;
    }
    *ret_ms = (int64_t)time_s * 1000;
    return true;
}

static enum judged judge(const struct confirm_view *view, const struct wire_cosigned *shown,
                         int64_t *ret_ms, const char **ret_why)
{
    const struct agency_key *key = key_behind(view, shown);
    if (shown->agency == view->own) {
        *ret_why = "our-own";
        return JUDGED_REFUSED;
    }
    if (key == NULL) {
        *ret_why = "no-key-in-force";
        return JUDGED_REFUSED;
    }
    if (!is_signed(view, key, shown)) {
        *ret_why = "not-signed";
        return JUDGED_REFUSED;
    }
    if (shown->head.size > view->head->size) {
        *ret_why = "longer-than-the-log";
        return JUDGED_REFUSED;
    }
    if (!is_of_our_log(view, shown)) {
        return JUDGED_OTHER_LOG;
    }
    if (key->status != KEY_ACTIVE) {
        *ret_why = "key-retired"; /* whoever has it may say so for ever */
        return JUDGED_REFUSED;
    }
    if (!time_of(view, shown, ret_ms)) {
        *ret_why = "of-the-future";
        return JUDGED_REFUSED;
    }
    return JUDGED_HOLDS;
}

/* --- keeping --- */

static void keep(struct store_txn *txn, const struct wire_cosigned *shown, int64_t time_ms)
{
    struct confirmed_row held = {.size = 0};
    const struct confirmed_row row = {.size = shown->head.size, .time_ms = time_ms};
    if (!row_get(txn, shown->agency, &held) || row.size > held.size ||
        (row.size == held.size && row.time_ms > held.time_ms)) {
        row_put(txn, shown->agency, &row);
    }
}

static void write_evidence(const struct confirm_view *view, const struct wire_cosigned *shown,
                           struct buf *evidence)
{
    const struct agency *agency = directory_agency(&view->governance->directory, shown->agency);
    const struct agency_key *by = agency_sign_key(agency, shown->key_id);
    struct note_key key;
    bool named = note_key_init(&key, agency->id, NOTE_TYPE_COSIGNATURE, by->public_key);
    assert(named); /* an id of the directory */
    int r = checkpoint_cosigned_write(&shown->head, view->governance->root.origin, &key,
                                      shown->cosignature, evidence);
    assert(r == 0);
}

uint32_t confirm_next(struct store_txn *txn)
{
    uint64_t next = agent_meta_u64(txn, META_NEXT, 1);
    return next == 0 || next > UINT32_MAX ? 1 : (uint32_t)next;
}

/* Fewer than may come: there is nobody behind them. */
static void go_on(struct store_txn *txn, const struct wire_hello_reply *reply)
{
    uint64_t next = 1;
    if (reply->n_cosigned == CAIRN_COSIGNED_MAX) {
        next = (uint64_t)reply->cosigned[CAIRN_COSIGNED_MAX - 1].agency + 1;
    }
    if (next != confirm_next(txn)) {
        agent_meta_put_u64(txn, META_NEXT, next);
    }
}

/* Until there is somebody to answer nobody is late. */
static void begin_waiting(struct store_txn *txn, const struct confirm_view *view,
                          const struct confirmations *now)
{
    if (now->others == 0 || now->begun_ms == 0 || now->begun_ms > view->now_ms) {
        agent_meta_put_u64(txn, META_BEGUN, (uint64_t)view->now_ms);
        agent_meta_put_u64(txn, META_BEGUN_SIZE, view->head->size);
    }
}

static void say_whether_missed(struct store_txn *txn, const struct confirm_view *view,
                               const struct confirmations *now)
{
    if (now->missed == (agent_meta_u64(txn, META_MISSED, 0) != 0)) {
        return;
    }
    agent_meta_put_u64(txn, META_MISSED, now->missed ? 1 : 0);
    if (now->missed) {
        log_event(LOG_LEVEL_WARNING, "log_unconfirmed",
                  "size=%" PRIu64 " others=%zu ever=%zu lately=%zu", view->head->size, now->others,
                  now->ever, now->lately);
    } else {
        log_event(LOG_LEVEL_NOTICE, "log_confirmed", "size=%" PRIu64 " ever=%zu lately=%zu",
                  now->size, now->ever, now->lately);
    }
}

bool confirm_take(struct store_txn *txn, const struct confirm_view *view,
                  const struct wire_hello_reply *reply, struct buf *evidence)
{
    for (size_t i = 0; i < reply->n_cosigned; i++) {
        const struct wire_cosigned *shown = &reply->cosigned[i];
        const char *why = "";
        int64_t time_ms = 0;
        switch (judge(view, shown, &time_ms, &why)) {
        case JUDGED_HOLDS:
            keep(txn, shown, time_ms);
            break;
        case JUDGED_REFUSED:
            log_event(LOG_LEVEL_WARNING, "cosignature_refused", "agency=%" PRIu32 " why=%s",
                      shown->agency, why);
            break;
        case JUDGED_OTHER_LOG:
            write_evidence(view, shown, evidence);
            return false;
        }
    }
    go_on(txn, reply);
    struct confirmations now;
    confirm_count(txn, view, &now);
    begin_waiting(txn, view, &now);
    say_whether_missed(txn, view, &now);
    return true;
}

/* --- counting --- */

static void count_one(struct store_txn *txn, const struct confirm_view *view, uint32_t agency,
                      struct confirmations *ret)
{
    struct confirmed_row row;
    if (!row_get(txn, agency, &row)) {
        return;
    }
    ret->ever++;
    int64_t age_ms = view->now_ms - row.time_ms; /* below 0: by a clock that was wrong then */
    ret->lately +=
        row.size >= view->head->size || (age_ms >= -CONFIRM_AHEAD_MS && age_ms < CONFIRM_LATE_MS)
            ? 1
            : 0;
    if (row.size > ret->size || (row.size == ret->size && row.time_ms > ret->time_ms)) {
        ret->agency = agency;
        ret->size = row.size;
        ret->time_ms = row.time_ms;
    }
}

void confirm_count(struct store_txn *txn, const struct confirm_view *view,
                   struct confirmations *ret)
{
    const struct directory *directory = &view->governance->directory;
    *ret = (struct confirmations){.begun_ms = (int64_t)agent_meta_u64(txn, META_BEGUN, 0)};
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        if (agency->active && agency->number != view->own) {
            ret->others++;
            count_one(txn, view, agency->number, ret);
        }
    }
    bool waited = ret->begun_ms != 0 && view->now_ms - ret->begun_ms >= CONFIRM_LATE_MS;
    bool grown = view->head->size > agent_meta_u64(txn, META_BEGUN_SIZE, 0);
    ret->missed = waited && (grown || ret->ever > 0) && 2 * ret->lately < ret->others;
}
