/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came, by the type of the frame. An answer that cannot be read or does not hold ends the
 * connection; a head that contradicts ours ends the talking.
 *
 * One DELIVERY answers one FETCH, which begins where our mailbox and our head are. After a repeated
 * FETCH two may be on their way; the second does not begin at our head any more, so it is left, and
 * fetched again.
 */
#include <errno.h>

#include "agents/core/inbox.h"
#include "agents/core/link_internal.h"
#include "base/log.h"

#define FETCH_AGAIN_MS    200   /* after a delivery that did not fit */
#define FULL_AGAIN_MS     60000 /* while there is no room for another */
#define FRAMES_A_TURN_MAX 64
#define REVOKED_REASON    "this agency, or its key, was revoked: the broker takes nothing from it"

/* False when the connection is to be dropped, or was. */
static bool goes_on(struct agent_link *link, enum session_result result)
{
    switch (result) {
    case SESSION_GOES_ON:
        return true;
    case SESSION_STALE:
        link->fetch_wanted = true;
        link->fetch_ms = link_boot_ms(link) + FETCH_AGAIN_MS;
        return false;
    case SESSION_REFUSED:
        link_drop(link, link->session.reason);
        return false;
    case SESSION_FORK:
        questions_set_open(&link->questions, false);
        link_set_status(link, LINK_IS_STOPPED, link->session.reason);
        return false;
    }
    return false;
}

static void take_delivery(struct agent_link *link, struct slice payload)
{
    struct wire_delivery delivery;
    uint64_t position = 0;
    if (!wire_delivery_read(payload, &link->arena, &delivery)) {
        link_drop(link, "a delivery cannot be read");
        return;
    }
    if (!goes_on(link, session_head(&link->session, delivery.checkpoint, delivery.consistent_from,
                                    &delivery.consistency))) {
        return;
    }
    int r = inbox_take(link->agent, &delivery, &link->session.witness.head, &position);
    link->fetch_wanted = true;
    acks_want(&link->acks, position);
    if (r == -ENOSPC) {
        /* It stays at the broker; what is to be sent goes on. */
        link->fetch_ms = link_boot_ms(link) + FULL_AGAIN_MS;
        log_event(LOG_LEVEL_ERROR, "inbox_full", "next_ms=%d", FULL_AGAIN_MS);
    } else if (r != 0) {
        link_drop(link, "a delivery does not hold");
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
        link_drop(link, "a receipt does not hold");
        break;
    }
    if (link->session.state == SESSION_READY && !link->redial) {
        link_set_status(link, LINK_IS_CONNECTED,
                        link->sending.refused == 0 ? "" : verdict_words(link->sending.refused));
    }
}

static void take_receipt(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    struct wire_receipt receipt;
    if (!wire_receipt_read(payload, &link->arena, &receipt)) {
        link_drop(link, "a receipt cannot be read");
        return;
    }
    enum sending_result result = sending_receipt(&link->sending, correlation, &receipt);
    if (result == SENDING_NOT_MINE) {
        result = acks_receipt(&link->acks, correlation, &receipt);
    }
    if (result == SENDING_DONE || result == SENDING_STALE) {
        session_promised(&link->session, receipt.checkpoint);
    }
    after_sending(link, result);
}

/* About nothing that was sent in a lane: to a question, to hello, or to a fetch. */
static void take_other_error(struct agent_link *link, uint64_t correlation, enum verdict verdict)
{
    if (questions_error(&link->questions, correlation, verdict)) {
        return;
    }
    if (link->session.state == SESSION_NEW && !verdict_is_retry(verdict)) {
        link_drop(link, verdict_words(verdict)); /* hello was refused */
        return;
    }
    if (!verdict_is_retry(verdict)) {
        session_fetch_refused(&link->session);
    }
    log_event(LOG_LEVEL_WARNING, "broker_error", "verdict=%s", verdict_name(verdict));
}

static void take_error(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    enum verdict verdict = VERDICT_BUSY;
    if (!wire_error_read(payload, &link->arena, &verdict)) {
        link_drop(link, "an error cannot be read");
        return;
    }
    if (verdict == VERDICT_HELLO_FIRST) {
        /* libzmq dialled again by itself, or the broker was started anew: begin as after any loss,
         * so that what was in flight is sent again at once and our signed head is shown. */
        link_drop(link, "the broker was started anew");
        return;
    }
    bool revoked = verdict == VERDICT_REVOKED_KEY;
    if (revoked) {
        link_set_status(link, LINK_IS_REVOKED, REVOKED_REASON);
    }
    enum sending_result result = sending_error(&link->sending, correlation, verdict);
    if (result == SENDING_NOT_MINE) {
        result = acks_error(&link->acks, correlation, verdict);
    }
    if (revoked && link_ways(link) > 1) { /* one of our keys, perhaps, and not this agency */
        if (link->session.state != SESSION_NEW) {
            link->way++; /* else link_drop does */
        }
        link_drop(link, REVOKED_REASON);
        return;
    }
    if (result == SENDING_NOT_MINE) {
        take_other_error(link, correlation, verdict);
    } else if (!revoked) {
        after_sending(link, result);
    }
}

static void take_proof(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(link->agent->keep);
    (void)questions_proof_reply(&link->questions, correlation, payload, &link->arena,
                                &governance->directory.checkpoint_key);
}

/* What a new connection brings is cosigned with what follows within the hour: an agent that is
 * started again and again does not fill the log. */
static void take_hello_reply(struct agent_link *link, uint64_t correlation, struct slice payload)
{
    uint64_t size = link->session.witness.head.size;
    if (goes_on(link, session_hello_reply(&link->session, correlation, payload, &link->arena)) &&
        link->session.witness.head.size > size) {
        acks_cosign(&link->acks, link->session.state == SESSION_READY ? 0 : ACKS_COSIGN_MS);
    }
}

static void take(struct agent_link *link, const struct wire_header *header, struct slice payload)
{
    switch (header->type) {
    case WIRE_HELLO_REPLY:
        take_hello_reply(link, header->correlation, payload);
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
        (void)questions_state_reply(&link->questions, header->correlation, payload, &link->arena);
        return;
    case WIRE_PICTURE_REPLY:
        (void)questions_picture_reply(&link->questions, header->correlation, payload, &link->arena);
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
    case WIRE_PICTURE_REQUEST:
        link_drop(link, "the broker said what only an agency says");
        return;
    }
}

static void take_frame(struct agent_link *link, struct slice bytes)
{
    struct wire_header header;
    if (!wire_header_read(bytes, &header)) {
        link_drop(link, "a frame cannot be read");
        return;
    }
    if (link->session.state == SESSION_NEW && header.type != WIRE_HELLO_REPLY &&
        header.type != WIRE_ERROR) {
        return; /* left over from before hello */
    }
    arena_reset(&link->arena);
    take(link, &header, wire_payload(bytes));
    link_note_contact(link);
}

void link_take_frames(struct agent_link *link)
{
    for (size_t i = 0; i < FRAMES_A_TURN_MAX && !link->redial; i++) {
        _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
        if (link->status.state == LINK_IS_STOPPED || !dealer_receive(link->dealer, &frame)) {
            return;
        }
        take_frame(link, net_frame_slice(&frame));
    }
}
