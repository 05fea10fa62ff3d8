/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of the thread: take what came, then send what may go, then wait for either.
 *
 *   dial -> HELLO until it is answered -> governance -> ready: parcels, acknowledgements, FETCH,
 *   questions; PING after silence; after more silence, or an answer that does not hold, dial again.
 *
 * libzmq dials again by itself when the transport breaks, and tells nobody. Nothing here relies on
 * knowing: every frame can be sent again, and FETCH is repeated when nothing was delivered for a
 * while, so that a broker that lost our subscription with the old connection has it back.
 *
 * One DELIVERY answers one FETCH, which begins where our mailbox and our head are. After a repeated
 * FETCH two may be on their way; the second does not begin at our head any more, so it is left, and
 * fetched again.
 */
#include "agents/core/link.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/acks.h"
#include "agents/core/asks.h"
#include "agents/core/inbox.h"
#include "agents/core/sending.h"
#include "agents/core/session.h"
#include "base/log.h"
#include "net/dealer.h"

#define HELLO_AGAIN_MS    5000  /* an answer is a few milliseconds away */
#define HELLO_TRY_MS      250   /* while not connected: nothing tells when that changes */
#define PING_EVERY_MS     10000 /* also how soon a revocation is learned of */
#define DEAD_AFTER_MS     30000 /* of silence, in spite of pings */
#define FETCH_EVERY_MS    10000 /* while nothing is delivered */
#define FETCH_AGAIN_MS    200   /* after a delivery that did not fit */
#define REDIAL_MIN_MS     1000
#define REDIAL_MAX_MS     30000
#define TURN_MAX_MS       1000
#define FRAMES_A_TURN_MAX 64

/* Of the broker. */
struct address {
    char endpoint[128];
    uint8_t key[CURVE_KEY_BYTES];
};

struct agent_link {
    struct agent *agent;
    pthread_t thread;
    struct dealer *dealer; /* only its wake from other threads */
    bool running;
    bool stopping; /* atomic */

    /* the thread's own */
    struct address dialled;
    struct session session;
    struct sending sending;
    struct acks acks;
    struct arena arena;
    struct buf payload;
    uint64_t correlation;
    int64_t hello_ms; /* boot times; 0 never on this connection */
    int64_t heard_ms;
    int64_t ping_ms;
    int64_t fetch_ms;   /* when the next FETCH may go, once it is wanted */
    int64_t fetched_ms; /* of the last FETCH */
    bool fetch_wanted;  /* none is out */
    bool ping_wanted;   /* the broker knows of newer governance */
    bool redial;        /* the connection is to be dropped when the backoff is over */
    struct backoff backoff;

    struct asks asks;
    pthread_mutex_t status_lock;
    struct link_status status;
};

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

/* --- status --- */

static int64_t boot_ms(const struct agent_link *link)
{
    return clock_boot_ms(link->agent->clock);
}

static void lock_status(struct agent_link *link)
{
    int r = pthread_mutex_lock(&link->status_lock);
    assert(r == 0);
}

static void unlock_status(struct agent_link *link)
{
    int r = pthread_mutex_unlock(&link->status_lock);
    assert(r == 0);
}

static void set_status(struct agent_link *link, enum link_state state, const char *reason)
{
    lock_status(link);
    bool changed = link->status.state != state;
    if (changed) {
        link->status.since_ms = clock_real_ms(link->agent->clock);
    }
    link->status.state = state;
    (void)snprintf(link->status.reason, sizeof(link->status.reason), "%s", reason);
    unlock_status(link);
    if (changed) {
        log_event(LOG_LEVEL_NOTICE, "link_changed", "state=%s reason=\"%s\"",
                  link_state_text(state), reason);
        news_tell(&link->agent->news);
    }
}

static void note_contact(struct agent_link *link)
{
    link->heard_ms = boot_ms(link);
    lock_status(link);
    link->status.last_contact_ms = clock_real_ms(link->agent->clock);
    link->status.log_size = link->session.witness.head.size;
    link->status.clock_ahead_ms = link->session.clock_ahead_ms;
    unlock_status(link);
}

void link_status(struct agent *agent, struct link_status *ret)
{
    struct agent_link *link = agent->link;
    if (link == NULL) {
        *ret = (struct link_status){.state = LINK_IS_CONNECTING, .reason = "not started"};
        return;
    }
    lock_status(link);
    *ret = link->status;
    unlock_status(link);
}

/* --- the connection --- */

static void forget_connection(struct agent_link *link)
{
    asks_set_open(&link->asks, false);
    sending_reset(&link->sending);
    acks_reset(&link->acks);
    session_start(&link->session, link->agent);
    link->hello_ms = 0;
    link->heard_ms = boot_ms(link);
    link->ping_ms = boot_ms(link);
    link->fetch_wanted = true;
    link->fetch_ms = 0;
    link->ping_wanted = false;
    link->redial = false;
    lock_status(link);
    link->status.log_size = link->session.witness.head.size;
    unlock_status(link);
}

/* After a failure: not at once, and not all agencies together. */
static void drop(struct agent_link *link, const char *reason)
{
    if (link->redial) {
        return;
    }
    link->redial = true;
    backoff_fail(&link->backoff, boot_ms(link), REDIAL_MIN_MS, REDIAL_MAX_MS);
    asks_set_open(&link->asks, false);
    set_status(link, LINK_IS_CONNECTING, reason);
}

/* Where the directory says the broker is; before there is one, where the joining file says. */
static struct address present_address(const struct agent_link *link)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    const struct joining *joining = &link->agent->joining;
    bool known = governance->versions[GOVERNANCE_DIRECTORY] > 0;
    struct address address = {.endpoint = ""};
    (void)snprintf(address.endpoint, sizeof(address.endpoint), "%s",
                   known ? governance->directory.broker_endpoint : joining->endpoint);
    memcpy(address.key, known ? governance->directory.broker_curve_key : joining->curve_key,
           sizeof(address.key));
    return address;
}

static bool same_address(const struct address *a, const struct address *b)
{
    return strcmp(a->endpoint, b->endpoint) == 0 && slice_equal(SLICE_OF(a->key), SLICE_OF(b->key));
}

static int dial(struct agent_link *link, const struct address *address, struct error *error)
{
    struct dealer_options options = {
        .endpoint = address->endpoint,
        .secret_key = &link->agent->keys.curve,
    };
    struct dealer *dealer = NULL;
    memcpy(options.server_key, address->key, CURVE_KEY_BYTES);
    int r = dealer_open(&options, &dealer, error);
    if (r != 0) {
        return r;
    }
    lock_status(link); /* link_wake uses it from other threads */
    struct dealer *old = link->dealer;
    link->dealer = dealer;
    unlock_status(link);
    dealer_close(&old);
    link->dialled = *address;
    return 0;
}

static void redial(struct agent_link *link)
{
    struct address address = present_address(link);
    struct error error = ERROR_NULL;
    int r = same_address(&address, &link->dialled) ? dealer_reconnect(link->dealer)
                                                   : dial(link, &address, &error);
    if (r != 0) {
        (void)log_fault(-r, "dial_failed", "%s", error.what);
        backoff_fail(&link->backoff, boot_ms(link), REDIAL_MIN_MS, REDIAL_MAX_MS);
        return;
    }
    forget_connection(link);
}

/* --- sending --- */

static int send_bytes(struct agent_link *link, struct slice bytes)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    net_frame_copy(&frame, bytes);
    return dealer_send(link->dealer, &frame);
}

/* A frame of that type around link->payload. */
static int send_payload(struct agent_link *link, enum wire_type type, uint64_t correlation)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_header header = {
        .version = link->session.protocol, .type = type, .correlation = correlation};
    wire_frame_begin(&frame, &header);
    buf_add_slice(&frame, buf_slice(&link->payload));
    wire_frame_end(&frame);
    buf_reset(&link->payload);
    return send_bytes(link, buf_slice(&frame));
}

static void send_hello(struct agent_link *link)
{
    int64_t now_ms = boot_ms(link);
    if (link->session.state != SESSION_NEW ||
        (link->hello_ms != 0 && now_ms - link->hello_ms < HELLO_AGAIN_MS)) {
        return;
    }
    session_hello(&link->session, &link->payload);
    if (send_payload(link, WIRE_HELLO, ++link->correlation) == 0) {
        link->hello_ms = now_ms;
    }
}

static void become_ready(struct agent_link *link)
{
    struct address address = present_address(link);
    if (!same_address(&address, &link->dialled)) {
        drop(link, "the broker has moved");
        return;
    }
    backoff_succeed(&link->backoff);
    asks_set_open(&link->asks, true);
    set_status(link, LINK_IS_CONNECTED, "");
}

static void send_governance_fetch(struct agent_link *link)
{
    enum session_state before = link->session.state;
    if (session_fetch(&link->session, &link->payload) &&
        send_payload(link, WIRE_GOVERNANCE_FETCH, ++link->correlation) != 0) {
        drop(link, "the connection took no frame");
        return;
    }
    if (link->session.state == SESSION_NEW && before != SESSION_NEW) {
        link->hello_ms = 0; /* once more, now that the broker's key is known */
    }
    if (link->session.state == SESSION_READY && before != SESSION_READY) {
        become_ready(link);
    }
}

static void send_parcel(struct agent_link *link, enum lane lane)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    if (sending_cut(&link->sending, &link->session, lane, link->correlation + 1, &parcel) != 0) {
        return;
    }
    link->correlation++;
    if (send_bytes(link, buf_slice(&parcel.frame)) == 0) {
        sending_sent(&link->sending, lane, &parcel);
    } else {
        drop(link, "the connection took no frame");
    }
}

static void send_ack(struct agent_link *link)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    if (acks_cut(&link->acks, &link->session, link->correlation + 1, &parcel) != 0) {
        return;
    }
    link->correlation++;
    if (send_bytes(link, buf_slice(&parcel.frame)) == 0) {
        acks_sent(&link->acks, &parcel);
    } else {
        drop(link, "the connection took no frame");
    }
}

static uint64_t mailbox_position(const struct agent_link *link)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(link->agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=inbox");
    }
    return inbox_position(txn);
}

static void send_fetch(struct agent_link *link)
{
    int64_t now_ms = boot_ms(link);
    bool wanted = link->fetch_wanted || now_ms - link->fetched_ms >= FETCH_EVERY_MS;
    if (!wanted || now_ms < link->fetch_ms) {
        return;
    }
    struct wire_fetch fetch = {
        .after = mailbox_position(link),
        .credit = CAIRN_CREDIT_MAX,
        .log_size = link->session.witness.head.size,
    };
    wire_fetch_write(&fetch, &link->payload);
    if (send_payload(link, WIRE_FETCH, ++link->correlation) == 0) {
        link->fetch_wanted = false;
        link->fetched_ms = now_ms;
    }
}

static void send_questions(struct agent_link *link)
{
    enum wire_type type = WIRE_STATE_REQUEST;
    while (asks_next(&link->asks, link->correlation + 1, &type, &link->payload)) {
        if (send_payload(link, type, ++link->correlation) != 0) {
            drop(link, "the connection took no frame");
            return;
        }
    }
}

static void send_ping(struct agent_link *link)
{
    int64_t now_ms = boot_ms(link);
    if (!link->ping_wanted && now_ms - link->ping_ms < PING_EVERY_MS) {
        return;
    }
    if (send_payload(link, WIRE_PING, ++link->correlation) == 0) {
        link->ping_ms = now_ms;
        link->ping_wanted = false;
    }
}

static void send_all(struct agent_link *link)
{
    if (boot_ms(link) - link->heard_ms >= DEAD_AFTER_MS) {
        drop(link, "nothing was heard from the broker");
        return;
    }
    send_hello(link);
    send_governance_fetch(link);
    if (link->session.state != SESSION_READY || link->redial) {
        return;
    }
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        send_parcel(link, lane);
    }
    send_ack(link);
    send_ping(link);
    send_fetch(link);
    send_questions(link);
}

/* --- receiving --- */

/* False when the connection is to be dropped, or was. */
static bool goes_on(struct agent_link *link, enum session_result result)
{
    switch (result) {
    case SESSION_GOES_ON:
        return true;
    case SESSION_STALE:
        link->fetch_wanted = true;
        link->fetch_ms = boot_ms(link) + FETCH_AGAIN_MS;
        return false;
    case SESSION_REFUSED:
        drop(link, link->session.reason);
        return false;
    case SESSION_FORK:
        asks_set_open(&link->asks, false);
        set_status(link, LINK_IS_STOPPED, link->session.reason);
        return false;
    }
    return false;
}

static void take_delivery(struct agent_link *link, struct slice payload)
{
    struct wire_delivery delivery;
    uint64_t position = 0;
    if (!wire_delivery_read(payload, &link->arena, &delivery)) {
        drop(link, "a delivery cannot be read");
        return;
    }
    if (!goes_on(link, session_head(&link->session, delivery.checkpoint, delivery.consistent_from,
                                    &delivery.consistency))) {
        return;
    }
    int r = inbox_take(link->agent, &delivery, &link->session.witness.head, &position);
    link->fetch_wanted = true;
    acks_want(&link->acks, position);
    if (r != 0) {
        drop(link, r == -ENOSPC ? "the store is full" : "a delivery does not hold");
    }
}

static void after_sending(struct agent_link *link, enum sending_result result)
{
    switch (result) {
    case SENDING_NOT_MINE:
    case SENDING_DONE:
        break;
    case SENDING_STALE:
        link->ping_wanted = true; /* its answer says which version to fetch */
        break;
    case SENDING_INVALID:
        drop(link, "a receipt does not hold");
        break;
    }
    if (link->session.state == SESSION_READY && !link->redial) {
        set_status(link, LINK_IS_CONNECTED,
                   link->sending.refused == 0 ? "" : verdict_words(link->sending.refused));
    }
}

static void take_receipt(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    struct wire_receipt receipt;
    if (!wire_receipt_read(payload, &link->arena, &receipt)) {
        drop(link, "a receipt cannot be read");
        return;
    }
    enum sending_result result = sending_receipt(&link->sending, correlation, &receipt);
    if (result == SENDING_NOT_MINE) {
        result = acks_receipt(&link->acks, correlation, &receipt);
    }
    after_sending(link, result);
}

static void take_error(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    enum verdict verdict = VERDICT_BUSY;
    if (!wire_error_read(payload, &link->arena, &verdict)) {
        drop(link, "an error cannot be read");
        return;
    }
    if (verdict == VERDICT_HELLO_FIRST) {
        /* libzmq dialled again by itself, or the broker was started anew: begin as after any loss,
         * so that what was in flight is sent again at once and our signed head is shown. */
        drop(link, "the broker was started anew");
        return;
    }
    enum sending_result result = sending_error(&link->sending, correlation, verdict);
    if (result == SENDING_NOT_MINE) {
        result = acks_error(&link->acks, correlation, verdict);
    }
    if (result != SENDING_NOT_MINE) {
        after_sending(link, result);
        return;
    }
    if (asks_error(&link->asks, correlation, verdict)) {
        return;
    }
    if (link->session.state == SESSION_NEW && !verdict_is_retry(verdict)) {
        drop(link, verdict_words(verdict)); /* hello was refused */
        return;
    }
    session_fetch_refused(&link->session);
    log_event(LOG_LEVEL_WARNING, "broker_error", "verdict=%s", verdict_name(verdict));
}

static void take_proof(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    (void)asks_proof_reply(&link->asks, correlation, payload, &link->arena,
                           &governance->directory.checkpoint_key);
}

static void take(struct agent_link *link, const struct wire_header *header, struct slice payload)
{
    switch (header->type) {
    case WIRE_HELLO_REPLY:
        (void)goes_on(link, session_hello_reply(&link->session, payload, &link->arena));
        return;
    case WIRE_GOVERNANCE_DOCUMENT:
        (void)goes_on(link, session_document(&link->session, payload, &link->arena));
        return;
    case WIRE_PONG:
        (void)goes_on(link, session_pong(&link->session, payload, &link->arena));
        return;
    case WIRE_RECEIPT:
        take_receipt(link, header->correlation, payload);
        return;
    case WIRE_DELIVERY:
        take_delivery(link, payload);
        return;
    case WIRE_STATE_REPLY:
        (void)asks_state_reply(&link->asks, header->correlation, payload, &link->arena);
        return;
    case WIRE_PROOF_REPLY:
        take_proof(link, header->correlation, payload);
        return;
    case WIRE_ERROR:
        take_error(link, header->correlation, payload);
        return;
    case WIRE_HELLO:
    case WIRE_PING:
    case WIRE_PARCEL:
    case WIRE_FETCH:
    case WIRE_GOVERNANCE_FETCH:
    case WIRE_PROOF_REQUEST:
    case WIRE_STATE_REQUEST:
        drop(link, "the broker said what only an agency says");
        return;
    }
}

static void take_frame(struct agent_link *link, struct slice bytes)
{
    struct wire_header header;
    if (!wire_header_read(bytes, &header)) {
        drop(link, "a frame cannot be read");
        return;
    }
    if (link->session.state == SESSION_NEW && header.type != WIRE_HELLO_REPLY &&
        header.type != WIRE_ERROR) {
        return; /* left over from before hello */
    }
    arena_reset(&link->arena);
    take(link, &header, wire_payload(bytes));
    note_contact(link);
}

static void receive_all(struct agent_link *link)
{
    for (size_t i = 0; i < FRAMES_A_TURN_MAX && !link->redial; i++) {
        _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
        if (link->status.state == LINK_IS_STOPPED || !dealer_receive(link->dealer, &frame)) {
            return;
        }
        take_frame(link, net_frame_slice(&frame));
    }
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
    int64_t now_ms = boot_ms(link);
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

static void turn(struct agent_link *link)
{
    bool readable = false;
    if (link->redial && backoff_over(&link->backoff, boot_ms(link))) {
        redial(link);
    }
    if (!link->redial) {
        receive_all(link);
        send_all(link);
    }
    int r = dealer_wait(link->dealer, wait_ms(link), &readable);
    if (r != 0) {
        log_fatal("link_failed", "error=%s", strerror(-r));
    }
}

static void *run(void *data)
{
    struct agent_link *link = data;
    while (!stopping(link) && link->status.state != LINK_IS_STOPPED) {
        turn(link);
    }
    asks_set_open(&link->asks, false);
    if (session_save(&link->session) != 0) {
        log_event(LOG_LEVEL_WARNING, "head_not_kept", "size=%" PRIu64,
                  link->session.witness.head.size);
    }
    return NULL;
}

/* --- start and stop --- */

static bool forked(struct agent *agent)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    return txn == NULL || witness_forked(txn);
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
    asks_deinit(&link->asks);
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
    r = asks_init(&link->asks);
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

/* Dials and runs; not while an operator has to look. */
static int set_running(struct agent_link *link, struct error *error)
{
    struct address address = present_address(link);
    if (forked(link->agent)) {
        set_status(link, LINK_IS_STOPPED,
                   "the broker showed another log than before: see --clear-fork");
        return 0;
    }
    int r = dial(link, &address, error);
    if (r != 0) {
        return r;
    }
    forget_connection(link);
    acks_want(&link->acks, mailbox_position(link)); /* the last one may not have arrived */
    r = -pthread_create(&link->thread, NULL, run, link);
    if (r == 0) {
        link->running = true;
        (void)pthread_setname_np(link->thread, "link");
    }
    return r;
}

int link_start(struct agent *agent, struct error *error)
{
    struct agent_link *link = NULL;
    int r = link_new(agent, &link);
    if (r == 0) {
        r = set_running(link, error);
    }
    if (r != 0) {
        link_free(&link);
        return r;
    }
    agent->link = link;
    return 0;
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
    agent->link = NULL;
    link_free(&link);
}

void link_wake(struct agent *agent)
{
    struct agent_link *link = agent->link;
    if (link == NULL) {
        return;
    }
    lock_status(link);
    if (link->dealer != NULL) {
        dealer_wake(link->dealer);
    }
    unlock_status(link);
}

/* --- questions --- */

int link_ask_state(struct agent *agent, const struct entry_id *entry, struct state_answer *ret,
                   int timeout_ms)
{
    struct ask question = {.kind = ASK_STATE, .entry = *entry};
    struct ask answer;
    if (agent->link == NULL) {
        return -ENOTCONN;
    }
    int r = asks_put(&agent->link->asks, agent, &question, timeout_ms, &answer);
    if (r == 0) {
        *ret = answer.state;
        buf_deinit(&answer.document);
    }
    return r;
}

int link_ask_proof(struct agent *agent, uint64_t log_index, enum verdict *ret_verdict,
                   struct buf *document, int timeout_ms)
{
    struct ask question = {.kind = ASK_PROOF, .log_index = log_index};
    struct ask answer;
    if (agent->link == NULL) {
        return -ENOTCONN;
    }
    int r = asks_put(&agent->link->asks, agent, &question, timeout_ms, &answer);
    if (r == 0) {
        *ret_verdict = answer.verdict;
        buf_add_slice(document, buf_slice(&answer.document));
        buf_deinit(&answer.document);
    }
    return r;
}
