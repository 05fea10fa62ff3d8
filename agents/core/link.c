/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread, and what other threads call. One turn: take what came (link_take.c), send what is due
 * (link_send.c), then wait for either.
 *
 *   dial -> HELLO until it is answered -> governance -> ready: parcels, acknowledgements, FETCH,
 *   questions; PING after silence; after more silence, or an answer that does not hold, dial again.
 *
 * libzmq dials again by itself when the transport breaks, and tells nobody. Nothing here relies on
 * knowing: every frame can be sent again, and FETCH is repeated when nothing was delivered for a
 * while, so that a broker that lost our subscription with the old connection has it back.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/link_internal.h"
#include "base/log.h"

#define HELLO_TRY_MS 250 /* while not connected: nothing tells when that changes */
#define TURN_MAX_MS  1000

const char *link_state_text(enum link_state state)
{
    switch (state) {
#define X(name, number, text)                                                                      \
    case LINK_IS_##name:                                                                           \
        return (text);
        LINK_STATES(X)
#undef X
    }
    return "unknown";
}

/* --- the thread --- */

static bool stopping(const struct agent_link *link)
{
    return __atomic_load_n(&link->stopping, __ATOMIC_ACQUIRE);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct agent_link *link)
{
    int64_t now_ms = link_boot_ms(link);
    int64_t left_ms = TURN_MAX_MS;
    if (link->redial) {
        left_ms = least(left_ms, link->backoff.not_before_ms - now_ms);
    } else if (link->hello_ms == 0) {
        left_ms = HELLO_TRY_MS;
    }
    if (link->session.state == SESSION_READY) {
        left_ms = least(left_ms, sending_next_ms(&link->sending) - now_ms);
        left_ms = least(left_ms, acks_next_ms(&link->acks) - now_ms);
    }
    if (link->fetch_wanted && link->fetch_ms > now_ms) {
        left_ms = least(left_ms, link->fetch_ms - now_ms);
    }
    return left_ms < 1 ? 1 : (int)left_ms;
}

void link_turn(struct agent_link *link)
{
    if (link->redial && backoff_over(&link->backoff, link_boot_ms(link))) {
        link_redial(link);
    }
    if (!link->redial && dealer_refused(link->dealer)) {
        link_refuse(link);
    }
    if (!link->redial) {
        link_take_frames(link);
        link_send_due(link);
    }
}

static void wait(struct agent_link *link)
{
    bool readable = false;
    int r = dealer_wait(link->dealer, wait_ms(link), &readable);
    if (r != 0) {
        log_fatal("link_failed", "error=\"%s\"", strerror(-r));
    }
}

static void *run(void *data)
{
    (void)pthread_setname_np(pthread_self(), "link");
    struct agent_link *link = data;
    while (!stopping(link) && link->status.state != LINK_IS_STOPPED) {
        link_turn(link);
        wait(link);
    }
    questions_set_open(&link->questions, false);
    if (session_save(&link->session) != 0) {
        log_event(LOG_LEVEL_WARNING, "head_not_kept", "size=%" PRIu64,
                  link->session.witness.head.size);
    }
    return NULL;
}

/* --- start and stop --- */

/* At once, for whoever has started it in a terminal: a broker that is away says nothing, and a
 * connection that is there says so by link_changed. */
static void tell_dialling(const struct link_address *address)
{
    char broker[sizeof(address->endpoint)];
    log_event(LOG_LEVEL_NOTICE, "not_connected_yet", "broker=\"%s\" next=\"%s\"",
              log_escape(address->endpoint, broker, sizeof(broker)),
              "it goes on trying by itself; what is submitted is kept here and sent then");
}

static bool forked(struct agent *agent)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    return txn == NULL || witness_forked(txn) || store_fault(txn) != 0;
}

static void link_free(struct agent_link **owned)
{
    struct agent_link *link = *owned;
    if (link == NULL) {
        return;
    }
    dealer_close(&link->dealer);
    arena_deinit(&link->arena);
    buf_deinit(&link->payload);
    questions_deinit(&link->questions);
    (void)pthread_mutex_destroy(&link->status_lock);
    base_free(owned);
}

static int link_new(struct agent *agent, struct agent_link **ret)
{
    struct agent_link *link = base_zalloc(1, sizeof(*link));
    link->agent = agent;
    link->arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    link->payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    link->status = (struct link_status){
        .state = LINK_IS_CONNECTING,
        .since_ms = clock_real_ms(agent->clock),
        .reason = "dialling",
    };
    int r = pthread_mutex_init(&link->status_lock, NULL);
    assert(r == 0); /* a default mutex on Linux allocates nothing */
    r = questions_init(&link->questions);
    if (r == 0) {
        sending_start(&link->sending, agent);
        r = acks_start(&link->acks, agent);
    }
    if (r != 0) {
        link_free(&link);
        return r;
    }
    *ret = link;
    return 0;
}

int link_open(struct agent *agent, struct error *error)
{
    struct agent_link *link = NULL;
    int r = link_new(agent, &link);
    if (r != 0) {
        return r;
    }
    struct link_address address = link_present_address(link);
    if (forked(agent)) {
        link_set_status(link, LINK_IS_STOPPED, "the broker showed two logs: see --clear-fork");
        agent->link = link;
        return 0;
    }
    r = link_dial(link, &address, error);
    if (r != 0) {
        link_free(&link);
        return r;
    }
    tell_dialling(&address);
    link_begin(link);
    acks_want(&link->acks, link_mailbox_position(link)); /* the last one may not have arrived */
    agent->link = link;
    return 0;
}

void link_close(struct agent *agent)
{
    struct agent_link *link = agent->link;
    agent->link = NULL;
    link_free(&link);
}

int link_start(struct agent *agent, struct error *error)
{
    int r = link_open(agent, error);
    if (r != 0 || agent->link->status.state == LINK_IS_STOPPED) {
        return r;
    }
    r = -pthread_create(&agent->link->thread, NULL, run, agent->link);
    agent->link->running = r == 0;
    if (r != 0) {
        link_close(agent);
    }
    return r;
}

void link_stop(struct agent *agent)
{
    struct agent_link *link = agent->link;
    if (link == NULL) {
        return;
    }
    __atomic_store_n(&link->stopping, true, __ATOMIC_RELEASE);
    link_wake(agent);
    if (link->running) {
        (void)pthread_join(link->thread, NULL);
    }
    link_close(agent);
}

void link_wake(struct agent *agent)
{
    struct agent_link *link = agent->link;
    if (link == NULL) {
        return;
    }
    link_lock_status(link);
    if (link->dealer != NULL) {
        dealer_wake(link->dealer);
    }
    link_unlock_status(link);
}

/* --- what other threads ask --- */

void link_status(struct agent *agent, struct link_status *ret)
{
    struct agent_link *link = agent->link;
    if (link == NULL) {
        *ret = (struct link_status){.state = LINK_IS_CONNECTING, .reason = "not started"};
        return;
    }
    link_lock_status(link);
    *ret = link->status;
    link_unlock_status(link);
}

int link_ask_state(struct agent *agent, const struct logged_entry *entry, struct state_answer *ret,
                   int timeout_ms)
{
    struct question question = {.kind = QUESTION_STATE, .entry = *entry};
    struct question answer;
    if (agent->link == NULL) {
        return -ENOTCONN;
    }
    int r = questions_put(&agent->link->questions, agent, &question, timeout_ms, &answer);
    if (r == 0) {
        *ret = answer.state;
        buf_deinit(&answer.document);
    }
    return r;
}

static int ask_document(struct agent *agent, const struct question *question,
                        enum verdict *ret_verdict, struct buf *document, int timeout_ms)
{
    struct question answer;
    if (agent->link == NULL) {
        return -ENOTCONN;
    }
    int r = questions_put(&agent->link->questions, agent, question, timeout_ms, &answer);
    if (r == 0) {
        *ret_verdict = answer.verdict;
        buf_add_slice(document, buf_slice(&answer.document));
        buf_deinit(&answer.document);
    }
    return r;
}

int link_ask_proof(struct agent *agent, const struct logged_entry *entry, enum verdict *ret_verdict,
                   struct buf *document, int timeout_ms)
{
    const struct question question = {.kind = QUESTION_PROOF, .entry = *entry};
    return ask_document(agent, &question, ret_verdict, document, timeout_ms);
}

int link_ask_picture(struct agent *agent, const struct wire_picture_request *request,
                     enum verdict *ret_verdict, struct buf *payload, int timeout_ms)
{
    const struct question question = {
        .kind = QUESTION_PICTURE, .entry = {.id = request->look}, .until_day = request->until_day};
    return ask_document(agent, &question, ret_verdict, payload, timeout_ms);
}
