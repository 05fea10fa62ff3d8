/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Happy path: gate fills a free slot and claims it; a worker takes the oldest untaken slot and
 * finishes it, in any order; the verified cursor follows the finished prefix; commit makes a prefix
 * of verified slots written as one batch; attest makes durable what was written, which may be
 * several batches; answer sends the receipts in order and frees the slots.
 *
 * Why one mutex and not five atomics: each operation holds it for some tens of nanoseconds, a few
 * times per frame of up to 64 records, and the invariant can be asserted on all cursors at once.
 * Waiting uses condition variables, so an idle broker makes no system calls and a busy one few.
 * They are signalled after the mutex is free: who wakes takes it at once.
 *
 * Not done here: what the stages do with a slot.
 */
#include "broker/pipeline.h"

#include <errno.h>
#include <time.h>

struct letters {
    struct letter items[CAIRN_OUT_QUEUE_FRAMES];
    uint64_t put;
    uint64_t got;
};

struct pipeline {
    pthread_mutex_t lock;
    pthread_cond_t to_verify;
    pthread_cond_t to_commit;
    pthread_cond_t to_attest;
    pthread_cond_t to_publish;
    uint64_t claimed;
    uint64_t taken;
    uint64_t verified;
    struct written written;
    struct written durable;
    uint64_t times_durable; /* times that something became durable */
    uint64_t answered;
    size_t bytes;
    bool gathering; /* commit has some and waits for more */
    bool stopped;
    void (*wake)(void *data);
    void *wake_data;
    struct letters asked;
    struct letters posted;
    struct slot slots[CAIRN_RING_SLOTS];
};

static struct slot *slot_at(struct pipeline *pipeline, uint64_t number)
{
    return &pipeline->slots[number % CAIRN_RING_SLOTS];
}

static void check(const struct pipeline *pipeline)
{
    assert(pipeline->answered <= pipeline->durable.slots);
    assert(pipeline->durable.slots <= pipeline->written.slots);
    assert(pipeline->durable.log_size <= pipeline->written.log_size);
    assert(pipeline->written.slots <= pipeline->verified);
    assert(pipeline->verified <= pipeline->taken);
    assert(pipeline->taken <= pipeline->claimed);
    assert(pipeline->claimed <= pipeline->answered + CAIRN_RING_SLOTS);
}

static void lock(struct pipeline *pipeline)
{
    int r = pthread_mutex_lock(&pipeline->lock);
    assert(r == 0);
    check(pipeline);
}

static void unlock(struct pipeline *pipeline)
{
    check(pipeline);
    int r = pthread_mutex_unlock(&pipeline->lock);
    assert(r == 0);
}

static struct timespec deadline(int timeout_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int r = pthread_condattr_init(&attributes);
    assert(r == 0);
    r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    assert(r == 0);
    r = pthread_cond_init(cond, &attributes);
    assert(r == 0);
    (void)pthread_condattr_destroy(&attributes);
}

int pipeline_new(struct pipeline **ret)
{
    struct pipeline *pipeline = base_zalloc(1, sizeof(*pipeline));
    int r = pthread_mutex_init(&pipeline->lock, NULL);
    if (r != 0) {
        base_free(&pipeline);
        return -r;
    }
    cond_init(&pipeline->to_verify);
    cond_init(&pipeline->to_commit);
    cond_init(&pipeline->to_attest);
    cond_init(&pipeline->to_publish);
    for (size_t i = 0; i < CAIRN_RING_SLOTS; i++) {
        pipeline->slots[i].arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        pipeline->slots[i].offer.text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        pipeline->slots[i].offer.note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    }
    *ret = pipeline;
    return 0;
}

static void slot_clear(struct slot *slot)
{
    net_frame_deinit(&slot->frame);
    arena_deinit(&slot->arena);
    buf_deinit(&slot->offer.text);
    buf_deinit(&slot->offer.note);
}

static void letters_deinit(struct letters *letters)
{
    while (letters->got < letters->put) {
        net_frame_deinit(&letters->items[letters->got++ % CAIRN_OUT_QUEUE_FRAMES].frame);
    }
}

void pipeline_free(struct pipeline **pipeline)
{
    if (*pipeline == NULL) {
        return;
    }
    for (size_t i = 0; i < CAIRN_RING_SLOTS; i++) {
        slot_clear(&(*pipeline)->slots[i]);
    }
    letters_deinit(&(*pipeline)->asked);
    letters_deinit(&(*pipeline)->posted);
    (void)pthread_cond_destroy(&(*pipeline)->to_verify);
    (void)pthread_cond_destroy(&(*pipeline)->to_commit);
    (void)pthread_cond_destroy(&(*pipeline)->to_attest);
    (void)pthread_cond_destroy(&(*pipeline)->to_publish);
    (void)pthread_mutex_destroy(&(*pipeline)->lock);
    base_free(pipeline);
}

void pipeline_stop(struct pipeline *pipeline)
{
    lock(pipeline);
    pipeline->stopped = true;
    (void)pthread_cond_broadcast(&pipeline->to_verify);
    (void)pthread_cond_broadcast(&pipeline->to_commit);
    (void)pthread_cond_broadcast(&pipeline->to_attest);
    (void)pthread_cond_broadcast(&pipeline->to_publish);
    unlock(pipeline);
}

bool pipeline_stopped(struct pipeline *pipeline)
{
    lock(pipeline);
    bool stopped = pipeline->stopped;
    unlock(pipeline);
    return stopped;
}

void pipeline_on_answer(struct pipeline *pipeline, void (*wake)(void *data), void *data)
{
    pipeline->wake = wake;
    pipeline->wake_data = data;
}

static void wake_net(struct pipeline *pipeline)
{
    if (pipeline->wake != NULL) {
        pipeline->wake(pipeline->wake_data);
    }
}

/* --- gate --- */

static bool has_room(const struct pipeline *pipeline, enum lane lane, size_t bytes)
{
    uint64_t slots = CAIRN_RING_SLOTS - (lane == LANE_URGENT ? 0 : CAIRN_RING_URGENT_SLOTS);
    size_t limit = CAIRN_RING_BYTES - (lane == LANE_URGENT ? 0 : CAIRN_RING_URGENT_BYTES);
    return pipeline->claimed - pipeline->answered < slots && pipeline->bytes + bytes <= limit;
}

struct slot *pipeline_free_slot(struct pipeline *pipeline, enum lane lane, size_t bytes)
{
    lock(pipeline);
    struct slot *slot =
        has_room(pipeline, lane, bytes) ? slot_at(pipeline, pipeline->claimed) : NULL;
    unlock(pipeline);
    if (slot != NULL) {
        slot->bytes = bytes;
        slot->finished = false;
        slot->verdict = VERDICT_STORED;
        slot->frame_verdict = VERDICT_STORED;
        slot->n_results = 0;
    }
    return slot;
}

void pipeline_claim(struct pipeline *pipeline, struct slot *slot)
{
    lock(pipeline);
    assert(slot == slot_at(pipeline, pipeline->claimed));
    pipeline->claimed++;
    pipeline->bytes += slot->bytes;
    unlock(pipeline);
    (void)pthread_cond_signal(&pipeline->to_verify);
}

bool pipeline_may_read(struct pipeline *pipeline)
{
    lock(pipeline);
    bool room = has_room(pipeline, LANE_URGENT, CAIRN_RING_CHARGE(CAIRN_FRAME_MAX_BYTES));
    unlock(pipeline);
    return room;
}

/* --- verify --- */

struct slot *pipeline_take(struct pipeline *pipeline, bool wait)
{
    struct slot *slot = NULL;
    lock(pipeline);
    while (wait && pipeline->taken == pipeline->claimed && !pipeline->stopped) {
        (void)pthread_cond_wait(&pipeline->to_verify, &pipeline->lock);
    }
    if (pipeline->taken < pipeline->claimed) {
        slot = slot_at(pipeline, pipeline->taken++);
    }
    unlock(pipeline);
    return slot;
}

static uint64_t ready(const struct pipeline *pipeline)
{
    uint64_t n = pipeline->verified - pipeline->written.slots;
    return n < CAIRN_BATCH_FRAMES_MAX ? n : CAIRN_BATCH_FRAMES_MAX;
}

/* Company is worth waiting for only while more is on its way through verify. */
static bool is_gathered(const struct pipeline *pipeline)
{
    return ready(pipeline) == 0 || ready(pipeline) == CAIRN_BATCH_FRAMES_MAX ||
           pipeline->verified == pipeline->claimed;
}

void pipeline_finish(struct pipeline *pipeline, struct slot *slot)
{
    lock(pipeline);
    slot->finished = true;
    while (pipeline->verified < pipeline->taken &&
           slot_at(pipeline, pipeline->verified)->finished) {
        pipeline->verified++;
    }
    bool wakes = !pipeline->gathering || is_gathered(pipeline);
    unlock(pipeline);
    if (wakes) {
        (void)pthread_cond_signal(&pipeline->to_commit);
    }
}

/* --- commit --- */

size_t pipeline_batch(struct pipeline *pipeline, bool wait, int timeout_ms)
{
    lock(pipeline);
    struct timespec until = deadline(timeout_ms);
    int r = 0;
    while (wait && ready(pipeline) == 0 && !pipeline->stopped && r != ETIMEDOUT) {
        r = pthread_cond_timedwait(&pipeline->to_commit, &pipeline->lock, &until);
    }
    until = deadline(CAIRN_BATCH_AGE_MAX_MS);
    r = 0;
    pipeline->gathering = true;
    while (wait && !is_gathered(pipeline) && !pipeline->stopped && r != ETIMEDOUT) {
        r = pthread_cond_timedwait(&pipeline->to_commit, &pipeline->lock, &until);
    }
    pipeline->gathering = false;
    size_t n = (size_t)ready(pipeline);
    unlock(pipeline);
    return n;
}

struct slot *pipeline_batch_slot(struct pipeline *pipeline, size_t i)
{
    lock(pipeline);
    assert(pipeline->written.slots + i < pipeline->verified);
    struct slot *slot = slot_at(pipeline, pipeline->written.slots + i);
    unlock(pipeline);
    return slot;
}

void pipeline_written(struct pipeline *pipeline, size_t n, uint64_t log_size)
{
    lock(pipeline);
    pipeline->written.slots += n;
    pipeline->written.log_size = log_size;
    unlock(pipeline);
    (void)pthread_cond_signal(&pipeline->to_attest);
}

/* --- attest --- */

static bool is_attested(const struct pipeline *pipeline)
{
    return pipeline->durable.slots == pipeline->written.slots &&
           pipeline->durable.log_size == pipeline->written.log_size;
}

bool pipeline_to_attest(struct pipeline *pipeline, bool wait, int timeout_ms, struct written *ret)
{
    lock(pipeline);
    struct timespec until = deadline(timeout_ms);
    int r = 0;
    while (wait && is_attested(pipeline) && !pipeline->stopped && r != ETIMEDOUT) {
        r = pthread_cond_timedwait(&pipeline->to_attest, &pipeline->lock, &until);
    }
    bool some = !is_attested(pipeline);
    *ret = pipeline->written;
    unlock(pipeline);
    return some;
}

void pipeline_durable(struct pipeline *pipeline, const struct written *to)
{
    lock(pipeline);
    pipeline->durable = *to;
    pipeline->times_durable++;
    unlock(pipeline);
    (void)pthread_cond_signal(&pipeline->to_publish); /* first: an alert has the longer way */
    wake_net(pipeline);
}

/* --- answer --- */

struct slot *pipeline_answerable(struct pipeline *pipeline)
{
    lock(pipeline);
    struct slot *slot =
        pipeline->answered < pipeline->durable.slots ? slot_at(pipeline, pipeline->answered) : NULL;
    unlock(pipeline);
    return slot;
}

void pipeline_answered(struct pipeline *pipeline)
{
    struct slot *slot = pipeline_answerable(pipeline);
    assert(slot != NULL);
    slot_clear(slot);
    lock(pipeline);
    pipeline->bytes -= slot->bytes;
    pipeline->answered++;
    unlock(pipeline);
}

void pipeline_cursors(struct pipeline *pipeline, struct pipeline_cursors *ret)
{
    lock(pipeline);
    *ret = (struct pipeline_cursors){
        .claimed = pipeline->claimed,
        .taken = pipeline->taken,
        .verified = pipeline->verified,
        .written = pipeline->written.slots,
        .durable = pipeline->durable.slots,
        .answered = pipeline->answered,
        .bytes = pipeline->bytes,
    };
    unlock(pipeline);
}

/* --- between net and publish --- */

static bool is_full(const struct letters *letters)
{
    return letters->put - letters->got == CAIRN_OUT_QUEUE_FRAMES;
}

static bool letters_put(struct letters *letters, struct letter *letter)
{
    if (is_full(letters)) {
        return false;
    }
    struct letter *item = &letters->items[letters->put++ % CAIRN_OUT_QUEUE_FRAMES];
    item->peer = letter->peer;
    net_frame_move(&item->frame, &letter->frame);
    return true;
}

static bool letters_get(struct letters *letters, struct letter *ret)
{
    if (letters->put == letters->got) {
        return false;
    }
    struct letter *item = &letters->items[letters->got++ % CAIRN_OUT_QUEUE_FRAMES];
    ret->peer = item->peer;
    net_frame_move(&ret->frame, &item->frame);
    return true;
}

bool pipeline_ask(struct pipeline *pipeline, struct letter *letter)
{
    lock(pipeline);
    bool put = letters_put(&pipeline->asked, letter);
    unlock(pipeline);
    (void)pthread_cond_signal(&pipeline->to_publish);
    return put;
}

bool pipeline_asked(struct pipeline *pipeline, struct letter *ret)
{
    lock(pipeline);
    bool got = letters_get(&pipeline->asked, ret);
    unlock(pipeline);
    return got;
}

bool pipeline_post(struct pipeline *pipeline, struct letter *letter)
{
    lock(pipeline);
    bool put = letters_put(&pipeline->posted, letter);
    unlock(pipeline);
    wake_net(pipeline);
    return put;
}

bool pipeline_posted(struct pipeline *pipeline, struct letter *ret)
{
    lock(pipeline);
    bool was_full = is_full(&pipeline->posted);
    bool got = letters_get(&pipeline->posted, ret);
    unlock(pipeline);
    if (was_full) {
        (void)pthread_cond_signal(&pipeline->to_publish);
    }
    return got;
}

void pipeline_publish_wait(struct pipeline *pipeline, uint64_t *seen, bool blocked, int timeout_ms)
{
    lock(pipeline);
    struct timespec until = deadline(timeout_ms);
    int r = 0;
    while (!pipeline->stopped && r != ETIMEDOUT &&
           (blocked
                ? is_full(&pipeline->posted)
                : pipeline->times_durable == *seen && pipeline->asked.put == pipeline->asked.got)) {
        r = pthread_cond_timedwait(&pipeline->to_publish, &pipeline->lock, &until);
    }
    *seen = pipeline->times_durable;
    unlock(pipeline);
}
