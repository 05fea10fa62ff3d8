/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/asks.h"

#include <errno.h>

int asks_init(struct asks *asks)
{
    *asks = (struct asks){.open = false};
    int r = news_init(&asks->answered);
    if (r != 0) {
        return r;
    }
    r = pthread_mutex_init(&asks->lock, NULL);
    if (r != 0) {
        news_deinit(&asks->answered);
    }
    return -r;
}

void asks_deinit(struct asks *asks)
{
    for (size_t i = 0; i < ASKS_MAX; i++) {
        buf_deinit(&asks->of[i].document);
    }
    news_deinit(&asks->answered);
    (void)pthread_mutex_destroy(&asks->lock);
}

static void lock(struct asks *asks)
{
    int r = pthread_mutex_lock(&asks->lock);
    assert(r == 0);
}

static void unlock(struct asks *asks)
{
    int r = pthread_mutex_unlock(&asks->lock);
    assert(r == 0);
}

/* Under the lock. */
static void answer(struct asks *asks, struct ask *ask, int result)
{
    ask->stage = ASK_ANSWERED;
    ask->result = result;
    news_tell(&asks->answered);
}

/* --- asking --- */

/* Under the lock. */
static int take_slot(struct asks *asks, const struct ask *question, struct ask **ret)
{
    if (!asks->open) {
        return -ENOTCONN;
    }
    for (size_t i = 0; i < ASKS_MAX; i++) {
        if (asks->of[i].stage == ASK_FREE) {
            asks->of[i] = *question;
            asks->of[i].stage = ASK_WAITS;
            asks->of[i].document = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            *ret = &asks->of[i];
            return 0;
        }
    }
    return -EBUSY;
}

/* True once the slot holds an answer; false when the time is up. */
static bool wait_answer(struct asks *asks, const struct ask *ask, const struct clock *clock,
                        int timeout_ms)
{
    int64_t deadline_ms = clock_boot_ms(clock) + timeout_ms;
    for (;;) {
        uint64_t seen = news_count(&asks->answered);
        int64_t left_ms = deadline_ms - clock_boot_ms(clock);
        lock(asks);
        bool answered = ask->stage == ASK_ANSWERED;
        unlock(asks);
        if (answered || left_ms <= 0) {
            return answered;
        }
        (void)news_wait(&asks->answered, seen, (int)left_ms);
    }
}

int asks_put(struct asks *asks, struct agent *agent, const struct ask *question, int timeout_ms,
             struct ask *ret)
{
    struct ask *ask = NULL;
    lock(asks);
    int r = take_slot(asks, question, &ask);
    unlock(asks);
    if (r != 0) {
        return r;
    }
    link_wake(agent);
    (void)wait_answer(asks, ask, agent->clock, timeout_ms);
    lock(asks);
    r = ask->stage == ASK_ANSWERED ? ask->result : -ETIMEDOUT;
    if (r == 0) {
        *ret = *ask;
    } else {
        buf_deinit(&ask->document);
    }
    *ask = (struct ask){.stage = ASK_FREE}; /* a late answer finds no question */
    unlock(asks);
    return r;
}

/* --- the link's side --- */

void asks_set_open(struct asks *asks, bool open)
{
    lock(asks);
    asks->open = open;
    for (size_t i = 0; i < ASKS_MAX && !open; i++) {
        if (asks->of[i].stage == ASK_WAITS || asks->of[i].stage == ASK_SENT) {
            answer(asks, &asks->of[i], -ENOTCONN);
        }
    }
    unlock(asks);
}

bool asks_next(struct asks *asks, uint64_t correlation, enum wire_type *ret_type, struct buf *out)
{
    bool found = false;
    lock(asks);
    for (size_t i = 0; i < ASKS_MAX && !found; i++) {
        struct ask *ask = &asks->of[i];
        if (ask->stage != ASK_WAITS) {
            continue;
        }
        found = true;
        ask->stage = ASK_SENT;
        ask->correlation = correlation;
        if (ask->kind == ASK_STATE) {
            *ret_type = WIRE_STATE_REQUEST;
            wire_state_request_write(&ask->entry, out);
        } else {
            *ret_type = WIRE_PROOF_REQUEST;
            wire_proof_request_write(ask->log_index, out);
        }
    }
    unlock(asks);
    return found;
}

/* Under the lock. */
static struct ask *find(struct asks *asks, uint64_t correlation)
{
    for (size_t i = 0; i < ASKS_MAX; i++) {
        if (asks->of[i].stage == ASK_SENT && asks->of[i].correlation == correlation) {
            return &asks->of[i];
        }
    }
    return NULL;
}

static int keep_state(struct ask *ask, const struct wire_state_reply *reply)
{
    if (!entry_id_equal(&ask->entry, &reply->entry) || reply->n_readers > CAIRN_ADDRESSEES_MAX) {
        return -EPROTO;
    }
    ask->state = (struct state_answer){
        .verdict = reply->verdict,
        .log_index = reply->log_index,
        .n_readers = reply->n_readers,
        .retracted = reply->retracted,
        .alert = reply->alert,
    };
    for (size_t i = 0; i < reply->n_readers; i++) {
        ask->state.readers[i] = reply->readers[i];
    }
    return 0;
}

bool asks_state_reply(struct asks *asks, uint64_t correlation, struct slice payload,
                      struct arena *arena)
{
    struct wire_state_reply reply;
    bool good = wire_state_reply_read(payload, arena, &reply);
    lock(asks);
    struct ask *ask = find(asks, correlation);
    bool mine = ask != NULL && ask->kind == ASK_STATE;
    if (mine) {
        answer(asks, ask, good ? keep_state(ask, &reply) : -EPROTO);
    }
    unlock(asks);
    return mine;
}

/* The leaf is in a log whose head the broker signed; the document proves it to anybody. */
static int keep_proof(struct ask *ask, const struct wire_proof_reply *reply,
                      const struct note_key *key)
{
    struct checkpoint head;
    ask->verdict = reply->verdict;
    if (!verdict_is_stored(reply->verdict)) {
        return 0;
    }
    if (reply->log_index != ask->log_index) {
        return -EPROTO;
    }
    int r = tlog_proof_write(reply->log_index, reply->leaf, &reply->path, reply->checkpoint,
                             &ask->document);
    if (r != 0) {
        return r;
    }
    return tlog_proof_check(buf_slice(&ask->document), key, &head) ? 0 : -EPROTO;
}

bool asks_proof_reply(struct asks *asks, uint64_t correlation, struct slice payload,
                      struct arena *arena, const struct note_key *key)
{
    struct wire_proof_reply reply;
    bool good = wire_proof_reply_read(payload, arena, &reply);
    lock(asks);
    struct ask *ask = find(asks, correlation);
    bool mine = ask != NULL && ask->kind == ASK_PROOF;
    if (mine) {
        answer(asks, ask, good ? keep_proof(ask, &reply, key) : -EPROTO);
    }
    unlock(asks);
    return mine;
}

/* "Not found" and "not entitled" are answers; "busy" means ask later; the rest is a protocol fault.
 */
bool asks_error(struct asks *asks, uint64_t correlation, enum verdict verdict)
{
    lock(asks);
    struct ask *ask = find(asks, correlation);
    bool mine = ask != NULL;
    if (mine && (verdict == VERDICT_NOT_FOUND || verdict == VERDICT_NOT_ENTITLED)) {
        ask->verdict = verdict;
        ask->state = (struct state_answer){.verdict = verdict};
        answer(asks, ask, 0);
    } else if (mine) {
        answer(asks, ask, verdict_is_retry(verdict) ? -EBUSY : -EPROTO);
    }
    unlock(asks);
    return mine;
}
