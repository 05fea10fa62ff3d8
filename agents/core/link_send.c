/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is due, in order: until hello is answered nothing but hello; then what is wanted of the
 * governance; then parcels, urgent first, the acknowledgement, ping, FETCH and questions. A frame
 * that the connection does not take is no loss: all of them can be sent again.
 */
#include "agents/core/inbox.h"
#include "agents/core/link_internal.h"
#include "base/crash_point.h"
#include "base/log.h"

#define HELLO_AGAIN_MS 5000  /* an answer is a few milliseconds away */
#define PING_EVERY_MS  10000 /* also how soon a revocation is learned of */
#define DEAD_AFTER_MS  30000 /* of silence, in spite of pings */
#define UNANSWERED_MS  5000  /* before another of our keys is tried */
#define FETCH_EVERY_MS 10000 /* while nothing is delivered */

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
    int64_t now_ms = link_boot_ms(link);
    if (link->session.state != SESSION_NEW ||
        (link->hello_ms != 0 && now_ms - link->hello_ms < HELLO_AGAIN_MS)) {
        return;
    }
    session_hello(&link->session, link->correlation + 1, &link->payload);
    if (send_payload(link, WIRE_HELLO, ++link->correlation) == 0) {
        link->hello_ms = now_ms;
    }
}

static void become_ready(struct agent_link *link)
{
    link_follow(link);
    if (link->redial) {
        return;
    }
    backoff_succeed(&link->backoff);
    link->refused = false;
    questions_set_open(&link->questions, true);
    link_set_status(link, LINK_IS_CONNECTED, "");
}

static void send_governance_fetch(struct agent_link *link)
{
    enum session_state before = link->session.state;
    if (session_fetch(&link->session, &link->payload) &&
        send_payload(link, WIRE_GOVERNANCE_FETCH, ++link->correlation) != 0) {
        link_drop(link, "the connection took no frame");
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
    CRASH_POINT(PARCEL_CUT);
    if (send_bytes(link, buf_slice(&parcel.frame)) == 0) {
        CRASH_POINT(PARCEL_SENT);
        sending_sent(&link->sending, lane, &parcel);
    } else {
        link_drop(link, "the connection took no frame");
    }
}

static void send_ack(struct agent_link *link)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    if (acks_cut(&link->acks, &link->session, link->correlation + 1, &parcel) != 0) {
        return;
    }
    link->correlation++;
    CRASH_POINT(ACKNOWLEDGEMENT_CUT);
    if (send_bytes(link, buf_slice(&parcel.frame)) == 0) {
        CRASH_POINT(ACKNOWLEDGEMENT_SENT);
        acks_sent(&link->acks, &parcel);
    } else {
        link_drop(link, "the connection took no frame");
    }
}

uint64_t link_mailbox_position(const struct agent_link *link)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(link->agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=inbox");
    }
    return inbox_position(txn);
}

static void send_fetch(struct agent_link *link)
{
    int64_t now_ms = link_boot_ms(link);
    bool wanted = link->fetch_wanted || now_ms - link->fetched_ms >= FETCH_EVERY_MS;
    if (!wanted || now_ms < link->fetch_ms) {
        return;
    }
    struct wire_fetch fetch = {
        .after = link_mailbox_position(link),
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
    while (questions_next(&link->questions, link->correlation + 1, &type, &link->payload)) {
        if (send_payload(link, type, ++link->correlation) != 0) {
            link_drop(link, "the connection took no frame");
            return;
        }
    }
}

static void send_ping(struct agent_link *link)
{
    int64_t now_ms = link_boot_ms(link);
    if (!link->ping_wanted && now_ms - link->ping_ms < PING_EVERY_MS) {
        return;
    }
    /* Hello is a ping that also has the broker prove what its receipts promised, and show what
     * others have cosigned. */
    bool greets = session_owed(&link->session) || session_asks(&link->session);
    buf_reset(&link->payload);
    if (greets) {
        session_hello(&link->session, link->correlation + 1, &link->payload);
    }
    if (send_payload(link, greets ? WIRE_HELLO : WIRE_PING, ++link->correlation) == 0) {
        link->ping_ms = now_ms;
        link->ping_wanted = false;
        behind_look(&link->behind, link->agent);
    }
}

/* A broker that does not know the key says nothing at all: while there is another, it is tried
 * soon. */
static int64_t silence_ms(const struct agent_link *link)
{
    return link->session.state == SESSION_NEW && link_ways(link) > 1 ? UNANSWERED_MS
                                                                     : DEAD_AFTER_MS;
}

void link_send_due(struct agent_link *link)
{
    if (link_boot_ms(link) - link->heard_ms >= silence_ms(link)) {
        link_drop(link, "nothing was heard from the broker");
        return;
    }
    send_hello(link);
    send_governance_fetch(link);
    if (link->session.state == SESSION_READY && !link->session.fetching) {
        link_follow(link);
    }
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
