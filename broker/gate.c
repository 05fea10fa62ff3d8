/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/gate.h"

#include <string.h>

#include "base/log.h"
#include "broker/admit.h"

#define MINUTE_MS 60000

/* --- replies without a slot --- */

static void frame_from(struct buf *bytes, struct net_frame *ret)
{
    wire_frame_end(bytes);
    assert(buf_ok(bytes));
    net_frame_copy(ret, buf_slice(bytes));
}

static struct wire_header answer_to(const struct wire_header *question, enum wire_type type)
{
    return (struct wire_header){
        .version = CAIRN_PROTOCOL_MAX,
        .type = type,
        .correlation = question->correlation,
    };
}

void gate_refusal(const struct wire_header *to, enum verdict verdict, struct net_frame *ret)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(256);
    struct wire_header header = answer_to(to, WIRE_ERROR);
    wire_frame_begin(&bytes, &header);
    wire_error_write(verdict, &bytes);
    frame_from(&bytes, ret);
}

static void refuse(struct gate *gate, const struct peer *peer, const struct wire_header *header,
                   enum verdict verdict)
{
    struct net_frame frame = NET_FRAME_NULL;
    count_verdict(gate->counters, verdict);
    gate_refusal(header, verdict, &frame);
    gate->reply(gate->data, peer, &frame);
}

static void pong(struct gate *gate, const struct peer *peer, const struct wire_header *question)
{
    _cleanup_(governance_unref) struct governance *governance = board_governance(gate->board);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(1024);
    struct net_frame frame = NET_FRAME_NULL;
    struct wire_pong reply = {.time_ms = clock_real_ms(gate->clock)};
    if (governance != NULL) {
        memcpy(reply.versions.of, governance->versions, sizeof(reply.versions.of));
    }
    struct wire_header header = answer_to(question, WIRE_PONG);
    wire_frame_begin(&bytes, &header);
    wire_pong_write(&reply, &bytes);
    frame_from(&bytes, &frame);
    gate->reply(gate->data, peer, &frame);
}

/* --- quota --- */

static struct guest *guest_of(struct gate *gate, uint32_t agency)
{
    int64_t minute = clock_boot_ms(gate->clock) / MINUTE_MS;
    struct guest *guest = NULL;
    for (size_t i = 0; i < gate->n_guests && guest == NULL; i++) {
        guest = gate->guests[i].agency == agency ? &gate->guests[i] : NULL;
    }
    if (guest == NULL) {
        /* ZAP admits only the directory's agencies */
        assert(gate->n_guests < CAIRN_AGENCIES_MAX);
        guest = &gate->guests[gate->n_guests++];
        *guest = (struct guest){.agency = agency, .quota = {.minute = minute}};
    }
    if (guest->quota.minute != minute) {
        guest->quota = (struct quota){.minute = minute};
    }
    return guest;
}

/* --- who has said hello --- */

static bool same_route(const struct peer *a, const struct peer *b)
{
    return a->route_len == b->route_len && a->route_len > 0 &&
           memcmp(a->route, b->route, a->route_len) == 0;
}

static bool is_greeted(struct gate *gate, const struct peer *peer)
{
    const struct guest *guest = guest_of(gate, peer->agency);
    for (size_t i = 0; i < CAIRN_PEER_ROUTES; i++) {
        if (same_route(&guest->routes[i], peer)) {
            return true;
        }
    }
    return false;
}

void gate_greeted(struct gate *gate, const struct peer *peer)
{
    struct guest *guest = guest_of(gate, peer->agency);
    if (!is_greeted(gate, peer)) {
        guest->routes[guest->next_route++ % CAIRN_PEER_ROUTES] = *peer;
    }
}

void gate_answered(struct gate *gate, const struct slot *slot)
{
    if (slot->content == SLOT_FRAME && slot->header.lane == LANE_URGENT) {
        struct guest *guest = guest_of(gate, slot->peer.agency);
        assert(guest->urgent_in_flight > 0);
        guest->urgent_in_flight--;
    }
}

static bool within_quota(struct gate *gate, uint32_t agency, const struct wire_header *header)
{
    struct quota *quota = &guest_of(gate, agency)->quota;
    if (header->lane == LANE_URGENT) {
        return true;
    }
    if (quota->records + header->entries > gate->quota_records ||
        quota->bytes + header->length > gate->quota_bytes) {
        return false;
    }
    quota->records += header->entries;
    quota->bytes += header->length;
    return true;
}

/* --- frames --- */

static void take_parcel(struct gate *gate, const struct peer *peer,
                        const struct wire_header *header, struct net_frame *frame)
{
    if (!within_quota(gate, peer->agency, header)) {
        refuse(gate, peer, header, VERDICT_OVER_QUOTA);
        return;
    }
    struct guest *guest = guest_of(gate, peer->agency);
    bool urgent = header->lane == LANE_URGENT;
    if (urgent && guest->urgent_in_flight >= CAIRN_URGENT_IN_FLIGHT_MAX) {
        /* The reserve is everybody's. An agent waits for each receipt, so it never gets here. */
        refuse(gate, peer, header, VERDICT_BUSY);
        return;
    }
    size_t bytes = CAIRN_RING_CHARGE(net_frame_slice(frame).len);
    struct slot *slot = pipeline_free_slot(gate->pipeline, (enum lane)header->lane, bytes);
    if (slot == NULL) {
        refuse(gate, peer, header, VERDICT_BUSY);
        return;
    }
    slot->content = SLOT_FRAME;
    slot->peer = *peer;
    slot->header = *header;
    net_frame_move(&slot->frame, frame);
    guest->urgent_in_flight += urgent ? 1 : 0;
    pipeline_claim(gate->pipeline, slot);
}

static void pass_question(struct gate *gate, const struct peer *peer,
                          const struct wire_header *header, struct net_frame *frame)
{
    struct letter letter = {.peer = *peer};
    struct quota *quota = &guest_of(gate, peer->agency)->quota;
    if (header->type == WIRE_HELLO) {
        quota->questions += CAIRN_COSIGNED_MAX - 1; /* its answer may prove so many heads */
    }
    if (header->type != WIRE_FETCH && ++quota->questions > CAIRN_QUESTIONS_PER_MIN) {
        refuse(gate, peer, header, VERDICT_OVER_QUOTA);
        return;
    }
    if (header->type == WIRE_HELLO) {
        gate_greeted(gate, peer);
    }
    net_frame_move(&letter.frame, frame);
    if (!pipeline_ask(gate->pipeline, &letter)) {
        net_frame_deinit(&letter.frame);
        refuse(gate, peer, header, VERDICT_BUSY);
    }
}

static void route(struct gate *gate, const struct peer *peer, const struct wire_header *header,
                  struct net_frame *frame)
{
    switch (header->type) {
    case WIRE_PARCEL:
        take_parcel(gate, peer, header, frame);
        return;
    case WIRE_PING:
        pong(gate, peer, header);
        return;
    case WIRE_HELLO:
    case WIRE_FETCH:
    case WIRE_GOVERNANCE_FETCH:
    case WIRE_PROOF_REQUEST:
    case WIRE_STATE_REQUEST:
    case WIRE_PICTURE_REQUEST:
        pass_question(gate, peer, header, frame);
        return;
    case WIRE_HELLO_REPLY:
    case WIRE_PONG:
    case WIRE_RECEIPT:
    case WIRE_DELIVERY:
    case WIRE_GOVERNANCE_DOCUMENT:
    case WIRE_PROOF_REPLY:
    case WIRE_STATE_REPLY:
    case WIRE_PICTURE_REPLY:
    case WIRE_ERROR:
        refuse(gate, peer, header, VERDICT_BAD_FRAME); /* only a broker says these */
        return;
    }
}

void gate_bad(struct gate *gate, const struct peer *peer)
{
    count(gate->counters, COUNT_GATE_BAD, 1);
    if (peer->agency == 0) {
        return;
    }
    struct quota *quota = &guest_of(gate, peer->agency)->quota;
    if (quota->strikes++ == 0) {
        log_peer_event(LOG_LEVEL_WARNING, "bad_frame", "agency=%u", peer->agency);
    }
}

void gate_frame(struct gate *gate, const struct peer *peer, struct net_frame *frame)
{
    struct slice bytes = net_frame_slice(frame);
    struct wire_header header = {.correlation = 0};
    assert(bytes.len <= CAIRN_FRAME_MAX_BYTES); /* as router_receive gives them */
    count(gate->counters, COUNT_GATE_FRAMES, 1);
    count(gate->counters, COUNT_GATE_BYTES, bytes.len);
    if (guest_of(gate, peer->agency)->quota.strikes >= GATE_STRIKES_MAX) {
        net_frame_deinit(frame);
        return;
    }
    if (!wire_header_read(bytes, &header)) {
        gate_bad(gate, peer);
        refuse(gate, peer, &header, VERDICT_BAD_FRAME);
    } else if (!admit_peer(gate->board, peer)) {
        refuse(gate, peer, &header, VERDICT_REVOKED_KEY);
    } else if (header.type != WIRE_HELLO &&
               (header.version < CAIRN_PROTOCOL_MIN || header.version > CAIRN_PROTOCOL_MAX)) {
        refuse(gate, peer, &header, VERDICT_UNSUPPORTED_VERSION);
    } else if (header.type != WIRE_HELLO && !is_greeted(gate, peer)) {
        refuse(gate, peer, &header, VERDICT_HELLO_FIRST);
    } else {
        route(gate, peer, &header, frame);
    }
    net_frame_deinit(frame);
}

bool gate_offer(struct gate *gate, const struct govern_document *document)
{
    struct slot *slot =
        pipeline_free_slot(gate->pipeline, LANE_URGENT, document->text.len + document->note.len);
    if (slot == NULL) {
        return false;
    }
    slot->content = SLOT_GOVERNANCE;
    slot->peer = (struct peer){.agency = 0};
    slot->offer.document = document->document;
    buf_reset(&slot->offer.text);
    buf_reset(&slot->offer.note);
    buf_add_slice(&slot->offer.text, document->text);
    buf_add_slice(&slot->offer.note, document->note);
    if (!buf_ok(&slot->offer.text) || !buf_ok(&slot->offer.note)) {
        return true; /* larger than a document may be: its loader has refused it already */
    }
    pipeline_claim(gate->pipeline, slot);
    return true;
}
