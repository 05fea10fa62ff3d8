/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/questions.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "wire/leaf.h"

int questions_init(struct questions *questions)
{
    *questions = (struct questions){.open = false};
    int r = news_init(&questions->answered);
    if (r != 0) {
        return r;
    }
    r = pthread_mutex_init(&questions->lock, NULL);
    if (r != 0) {
        news_deinit(&questions->answered);
    }
    return -r;
}

void questions_deinit(struct questions *questions)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        buf_deinit(&questions->of[i].document);
    }
    news_deinit(&questions->answered);
    (void)pthread_mutex_destroy(&questions->lock);
}

static void lock(struct questions *questions)
{
    int r = pthread_mutex_lock(&questions->lock);
    assert(r == 0);
}

static void unlock(struct questions *questions)
{
    int r = pthread_mutex_unlock(&questions->lock);
    assert(r == 0);
}

/* Under the lock. */
static void answer(struct questions *questions, struct question *slot, int result)
{
    slot->stage = QUESTION_ANSWERED;
    slot->result = result;
    news_tell(&questions->answered);
}

/* --- asking --- */

/* Under the lock. */
static int take_slot(struct questions *questions, const struct question *question,
                     struct question **ret)
{
    if (!questions->open) {
        return -ENOTCONN;
    }
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        if (questions->of[i].stage == QUESTION_FREE) {
            questions->of[i] = *question;
            questions->of[i].stage = QUESTION_WAITS;
            questions->of[i].document = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            *ret = &questions->of[i];
            return 0;
        }
    }
    return -EBUSY;
}

/* True once the slot holds an answer; false when the time is up. */
static bool wait_answer(struct questions *questions, const struct question *slot,
                        const struct clock *clock, int timeout_ms)
{
    int64_t deadline_ms = clock_boot_ms(clock) + timeout_ms;
    for (;;) {
        uint64_t seen = news_count(&questions->answered);
        int64_t left_ms = deadline_ms - clock_boot_ms(clock);
        lock(questions);
        bool answered = slot->stage == QUESTION_ANSWERED;
        unlock(questions);
        if (answered || left_ms <= 0) {
            return answered;
        }
        (void)news_wait(&questions->answered, seen, (int)left_ms);
    }
}

int questions_put(struct questions *questions, struct agent *agent, const struct question *question,
                  int timeout_ms, struct question *ret)
{
    struct question *slot = NULL;
    lock(questions);
    int r = take_slot(questions, question, &slot);
    unlock(questions);
    if (r != 0) {
        return r;
    }
    link_wake(agent);
    (void)wait_answer(questions, slot, agent->clock, timeout_ms);
    lock(questions);
    r = slot->stage == QUESTION_ANSWERED ? slot->result : -ETIMEDOUT;
    if (r == 0) {
        *ret = *slot;
    } else {
        buf_deinit(&slot->document);
    }
    *slot = (struct question){.stage = QUESTION_FREE}; /* a late answer finds no question */
    unlock(questions);
    return r;
}

/* --- the link's side --- */

void questions_set_open(struct questions *questions, bool open)
{
    lock(questions);
    questions->open = open;
    for (size_t i = 0; i < QUESTIONS_MAX && !open; i++) {
        if (questions->of[i].stage == QUESTION_WAITS || questions->of[i].stage == QUESTION_SENT) {
            answer(questions, &questions->of[i], -ENOTCONN);
        }
    }
    unlock(questions);
}

static enum wire_type write_question(const struct question *question, struct buf *out)
{
    switch (question->kind) {
    case QUESTION_STATE:
        wire_state_request_write(&question->entry.id, out);
        return WIRE_STATE_REQUEST;
    case QUESTION_PROOF:
        wire_proof_request_write(question->entry.log_index, out);
        return WIRE_PROOF_REQUEST;
    case QUESTION_PICTURE: {
        const struct wire_picture_request request = {.look = question->entry.id,
                                                     .until_day = question->until_day};
        wire_picture_request_write(&request, out);
        return WIRE_PICTURE_REQUEST;
    }
    }
    assert(false && "a question of a kind that there is not");
    return WIRE_PING;
}

bool questions_next(struct questions *questions, uint64_t correlation, enum wire_type *ret_type,
                    struct buf *out)
{
    bool found = false;
    lock(questions);
    for (size_t i = 0; i < QUESTIONS_MAX && !found; i++) {
        struct question *slot = &questions->of[i];
        if (slot->stage != QUESTION_WAITS) {
            continue;
        }
        found = true;
        slot->stage = QUESTION_SENT;
        slot->correlation = correlation;
        *ret_type = write_question(slot, out);
    }
    unlock(questions);
    return found;
}

/* Under the lock. */
static struct question *find(struct questions *questions, uint64_t correlation)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        if (questions->of[i].stage == QUESTION_SENT &&
            questions->of[i].correlation == correlation) {
            return &questions->of[i];
        }
    }
    return NULL;
}

static const char *question_text(enum question_kind kind)
{
    switch (kind) {
    case QUESTION_STATE:
        return "state";
    case QUESTION_PROOF:
        return "proof";
    case QUESTION_PICTURE:
        return "picture";
    }
    return "";
}

/* Something does not hold: a person may have to know what the broker said, so the log has it. */
static int refuse(const struct question *slot, const char *what)
{
    char id[ENTRY_ID_TEXT_BYTES];
    entry_id_format(&slot->entry.id, id);
    log_event(LOG_LEVEL_ERROR, "answer_refused",
              "question=%s record=%s log_index=%" PRIu64 " check=%s", question_text(slot->kind), id,
              slot->entry.log_index, what);
    return -EPROTO;
}

/* What it says of readers is its word; what it says of the entry, its receipt has said. */
static int keep_state(struct question *slot, const struct wire_state_reply *reply)
{
    if (!entry_id_equal(&slot->entry.id, &reply->entry) ||
        reply->n_readers > CAIRN_ADDRESSEES_MAX) {
        return refuse(slot, "record");
    }
    if (!verdict_is_stored(reply->verdict) || reply->log_index != slot->entry.log_index) {
        return refuse(slot, "receipt");
    }
    slot->state = (struct state_answer){
        .n_readers = reply->n_readers,
        .retracted = reply->retracted,
        .alert = reply->alert,
        .on_hold = reply->on_hold,
    };
    for (size_t i = 0; i < reply->n_readers; i++) {
        slot->state.readers[i] = reply->readers[i];
    }
    return 0;
}

bool questions_state_reply(struct questions *questions, uint64_t correlation, struct slice payload,
                           struct arena *arena)
{
    struct wire_state_reply reply;
    bool good = wire_state_reply_read(payload, arena, &reply);
    lock(questions);
    struct question *slot = find(questions, correlation);
    bool mine = slot != NULL && slot->kind == QUESTION_STATE;
    if (mine) {
        answer(questions, slot, good ? keep_state(slot, &reply) : -EPROTO);
    }
    unlock(questions);
    return mine;
}

static bool leaf_is_of(struct slice bytes, const struct logged_entry *entry)
{
    struct leaf leaf;
    return leaf_read(bytes, &leaf) && leaf.type == LEAF_ENTRY && leaf.agency == entry->id.agency &&
           entry_id_equal(&leaf.id, &entry->id) && hash_equal(&leaf.digest, &entry->item);
}

/* The leaf is that of the entry, and is in a log whose head the broker signed; the document proves
 * it to anybody. */
static int keep_proof(struct question *slot, const struct wire_proof_reply *reply,
                      const struct note_key *key)
{
    struct checkpoint head;
    slot->verdict = reply->verdict;
    if (!verdict_is_stored(reply->verdict)) {
        return 0;
    }
    if (reply->log_index != slot->entry.log_index) {
        return refuse(slot, "index");
    }
    if (!leaf_is_of(reply->leaf, &slot->entry)) {
        return refuse(slot, "leaf");
    }
    int r = tlog_proof_write(reply->log_index, reply->leaf, &reply->path, reply->checkpoint,
                             &slot->document);
    if (r != 0) {
        return r;
    }
    return tlog_proof_check(buf_slice(&slot->document), key, &head) ? 0 : refuse(slot, "inclusion");
}

bool questions_proof_reply(struct questions *questions, uint64_t correlation, struct slice payload,
                           struct arena *arena, const struct note_key *key)
{
    struct wire_proof_reply reply;
    bool good = wire_proof_reply_read(payload, arena, &reply);
    lock(questions);
    struct question *slot = find(questions, correlation);
    bool mine = slot != NULL && slot->kind == QUESTION_PROOF;
    if (mine) {
        answer(questions, slot, good ? keep_proof(slot, &reply, key) : -EPROTO);
    }
    unlock(questions);
    return mine;
}

/* Its word and no more; kept as it came, since it lives longer than the frame. */
static int keep_picture(struct question *slot, const struct wire_picture_reply *reply,
                        struct slice payload)
{
    if (!entry_id_equal(&slot->entry.id, &reply->look)) {
        return refuse(slot, "look");
    }
    slot->verdict = VERDICT_STORED;
    buf_add_slice(&slot->document, payload);
    return buf_ok(&slot->document) ? 0 : -ENOMEM;
}

bool questions_picture_reply(struct questions *questions, uint64_t correlation,
                             struct slice payload, struct arena *arena)
{
    struct wire_picture_reply reply;
    bool good = wire_picture_reply_read(payload, arena, &reply);
    lock(questions);
    struct question *slot = find(questions, correlation);
    bool mine = slot != NULL && slot->kind == QUESTION_PICTURE;
    if (mine) {
        answer(questions, slot, good ? keep_picture(slot, &reply, payload) : -EPROTO);
    }
    unlock(questions);
    return mine;
}

/* What our receipt says is stored cannot be missing, nor be anybody else's: of a state such an
 * error does not hold. To whom a leaf or a child is shown the broker decides. "Busy" means ask
 * later; the rest is a protocol fault. */
bool questions_error(struct questions *questions, uint64_t correlation, enum verdict verdict)
{
    bool denied = verdict == VERDICT_NOT_FOUND || verdict == VERDICT_NOT_ENTITLED;
    lock(questions);
    struct question *slot = find(questions, correlation);
    bool mine = slot != NULL;
    if (mine && denied && slot->kind != QUESTION_STATE) {
        slot->verdict = verdict;
        answer(questions, slot, 0);
    } else if (mine && denied) {
        answer(questions, slot, refuse(slot, "receipt"));
    } else if (mine) {
        answer(questions, slot, verdict_is_retry(verdict) ? -EBUSY : -EPROTO);
    }
    unlock(questions);
    return mine;
}
