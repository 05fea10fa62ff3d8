/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/question.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "broker/admit.h"
#include "broker/cosigned.h"
#include "broker/delivery.h"
#include "broker/hold.h"
#include "broker/picture.h"
#include "broker/readers.h"
#include "ledger/journal.h"
#include "signer/highwater.h"

/* One question being answered. */
struct question {
    struct publish *publish;
    const struct peer *peer;
    struct wire_header header;
    struct slice payload;
    struct governance *governance;
    struct store_txn *txn;
    struct head head;
};

static void begin_answer(struct question *question, enum wire_type type)
{
    struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = type,
        .correlation = question->header.correlation,
    };
    wire_frame_begin(&question->publish->bytes, &header);
}

static void send_answer(struct question *question)
{
    wire_frame_end(&question->publish->bytes);
    (void)publish_send(question->publish, question->peer);
}

static void refuse(struct question *question, enum verdict verdict)
{
    count_verdict(question->publish->counters, verdict);
    begin_answer(question, WIRE_ERROR);
    wire_error_write(verdict, &question->publish->bytes);
    send_answer(question);
}

/* --- hello --- */

/* An agency shows a head that our key signed. When our log does not contain it, the store was
 * rolled back or replaced: evidence that no broker should go on from. */
static bool head_is_ours(struct question *question, const struct checkpoint *shown)
{
    struct log_source source = {.txn = question->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct hash root;
    if (shown->size == 0) {
        return true;
    }
    return shown->size <= log_size(question->txn, T_LOG) &&
           tree_root_at(&tree, shown->size, &root) == 0 && hash_equal(&root, &shown->root);
}

/* Kept in the high-water file, so that the next start refuses as well. */
static void stop_signing(struct question *question, const struct checkpoint *shown)
{
    int r = highwater_accuse(question->publish->highwater, shown);
    log_fatal("log_fork", "agency=%u size=%" PRIu64 " kept=%s reason=\"%s\"",
              question->peer->agency, shown->size, r == 0 ? "yes" : "no",
              r == 0 ? "" : strerror(-r));
}

/* The head of this moment may be older than the one shown: false, the next will do. */
static bool prove_heads(struct question *question, const struct checkpoint *shown, uint64_t proven,
                        struct wire_hello_reply *reply)
{
    struct log_source source = {.txn = question->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    if (shown->size > 0 &&
        tree_prove_consistency(&tree, shown->size, question->head.checkpoint.size,
                               &reply->consistency) != 0) {
        return false;
    }
    return proven == 0 || proven >= shown->size ||
           tree_prove_consistency(&tree, proven, shown->size, &reply->bridge) == 0;
}

static void add_cosigned(struct question *question, uint32_t from, struct wire_hello_reply *reply)
{
    const struct cosigned_question about = {
        .txn = question->txn,
        .directory = &question->governance->directory,
        .asker = question->peer->agency,
        .from = from,
        .head = &question->head.checkpoint,
    };
    struct wire_cosigned *list =
        from == 0 ? NULL
                  : arena_alloc(&question->publish->arena, CAIRN_COSIGNED_MAX * sizeof(*list));
    if (list != NULL) {
        reply->n_cosigned = cosigned_collect(&about, list);
        reply->cosigned = list;
    }
}

static void hello(struct question *question)
{
    struct wire_hello hello;
    struct checkpoint shown = {.size = 0};
    if (!wire_hello_read(question->payload, &question->publish->arena, &hello)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    if (hello.protocol_max < CAIRN_PROTOCOL_MIN || hello.protocol_min > CAIRN_PROTOCOL_MAX) {
        refuse(question, VERDICT_UNSUPPORTED_VERSION);
        return;
    }
    const struct note_key *key = &question->governance->directory.checkpoint_key;
    bool signed_by_us = hello.checkpoint.len > 0 && checkpoint_check(hello.checkpoint, key, &shown);
    if (signed_by_us && !head_is_ours(question, &shown)) {
        stop_signing(question, &shown);
    }
    struct wire_hello_reply reply = {
        .protocol =
            hello.protocol_max < CAIRN_PROTOCOL_MAX ? hello.protocol_max : CAIRN_PROTOCOL_MAX,
        .checkpoint = head_note(&question->head),
        .time_ms = clock_real_ms(question->publish->clock),
    };
    memcpy(reply.versions.of, question->governance->versions, sizeof(reply.versions.of));
    if (!prove_heads(question, &shown, hello.proven, &reply)) {
        refuse(question, VERDICT_BUSY);
        return;
    }
    add_cosigned(question, hello.cosigned_from, &reply);
    begin_answer(question, WIRE_HELLO_REPLY);
    wire_hello_reply_write(&reply, &question->publish->bytes);
    send_answer(question);
}

/* --- fetch --- */

static void fetch(struct question *question)
{
    struct wire_fetch fetch;
    if (!wire_fetch_read(question->payload, &question->publish->arena, &fetch)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    publish_subscribe(question->publish, question->peer, question->header.correlation, &fetch);
}

/* --- governance --- */

static void governance_document(struct question *question)
{
    struct wire_governance_fetch fetch;
    struct governance_row row;
    if (!wire_governance_fetch_read(question->payload, &question->publish->arena, &fetch)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    if (governance_row_get(question->txn, fetch.document, &row) != 0) {
        refuse(question, VERDICT_NOT_FOUND);
        return;
    }
    struct wire_governance_document reply = {.document = fetch.document, .version = row.version};
    if (row.version > fetch.have) {
        reply.text = row.text;
        reply.note = row.note;
    }
    begin_answer(question, WIRE_GOVERNANCE_DOCUMENT);
    wire_governance_document_write(&reply, &question->publish->bytes);
    send_answer(question);
}

/* --- proof --- */

/* Whether this leaf is the asker's to see: about itself, about an entry delivered to it, or about
 * the broker. */
static bool leaf_is_for(struct question *question, const struct leaf *leaf)
{
    struct reader_row reader;
    uint32_t agency = question->peer->agency;
    switch (leaf->type) {
    case LEAF_ENTRY:
    case LEAF_DESTROYED:
        return leaf->agency == agency || reader_row_get(question->txn, &leaf->id, agency, &reader);
    case LEAF_TOLD:
    case LEAF_REFUSED:
        return leaf->agency == agency;
    case LEAF_GOVERNANCE:
    case LEAF_START:
    case LEAF_TICK:
        return true;
    }
    return false;
}

static void proof(struct question *question)
{
    struct wire_proof_reply reply = {.verdict = VERDICT_STORED,
                                     .checkpoint = head_note(&question->head)};
    struct log_source log = {.txn = question->txn, .table = T_LOG};
    struct leaf leaf;
    if (!wire_proof_request_read(question->payload, &question->publish->arena, &reply.log_index)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    int r = delivery_prove(&log, &question->head, reply.log_index, &reply.leaf, &reply.path);
    if (r != 0) {
        refuse(question, VERDICT_NOT_FOUND);
        return;
    }
    if (!leaf_read(reply.leaf, &leaf) || !leaf_is_for(question, &leaf)) {
        refuse(question, VERDICT_NOT_ENTITLED);
        return;
    }
    begin_answer(question, WIRE_PROOF_REPLY);
    wire_proof_reply_write(&reply, &question->publish->bytes);
    send_answer(question);
}

/* --- state --- */

static void state(struct question *question)
{
    struct wire_reader readers[CAIRN_ADDRESSEES_MAX];
    struct wire_state_reply reply = {.verdict = VERDICT_NOT_FOUND, .readers = readers};
    struct entry_row row;
    struct apply apply = {.txn = question->txn,
                          .governance = question->governance,
                          .time_ms = clock_real_ms(question->publish->clock)};
    const struct readers_question about = {.apply = &apply, .entry = &reply.entry, .row = &row};
    if (!wire_state_request_read(question->payload, &question->publish->arena, &reply.entry)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    if (reply.entry.agency != question->peer->agency) {
        refuse(question, VERDICT_NOT_ENTITLED);
        return;
    }
    if (entry_row_get(question->txn, &reply.entry, &row)) {
        reply.verdict = row.verdict;
        reply.log_index = row.log_index;
        reply.retracted = row.retracted;
        reply.alert = row.alert;
        reply.destroyed = row.destroyed;
        reply.n_readers = readers_collect(&about, readers);
        reply.on_hold = hold_is_on(&apply, hold_child(&apply, &reply.entry));
    }
    begin_answer(question, WIRE_STATE_REPLY);
    wire_state_reply_write(&reply, &question->publish->bytes);
    send_answer(question);
}

/* --- the picture of a child --- */

static void picture(struct question *question)
{
    struct picture_question about = {
        .txn = question->txn,
        .governance = question->governance,
        .now_ms = clock_real_ms(question->publish->clock),
        .asker = directory_agency(&question->governance->directory, question->peer->agency),
    };
    if (!wire_picture_request_read(question->payload, &question->publish->arena, &about.request)) {
        refuse(question, VERDICT_MALFORMED);
        return;
    }
    struct picture *drawn = arena_alloc(&question->publish->arena, sizeof(*drawn));
    if (drawn == NULL) {
        refuse(question, VERDICT_BUSY);
        return;
    }
    enum verdict verdict = about.asker == NULL ? VERDICT_NOT_ENTITLED : picture_draw(&about, drawn);
    if (verdict != VERDICT_STORED) {
        refuse(question, verdict);
        return;
    }
    begin_answer(question, WIRE_PICTURE_REPLY);
    wire_picture_reply_write(&drawn->reply, &question->publish->bytes);
    send_answer(question);
}

/* --- which --- */

static void dispatch(struct question *question)
{
    switch (question->header.type) {
    case WIRE_HELLO:
        hello(question);
        return;
    case WIRE_FETCH:
        fetch(question);
        return;
    case WIRE_GOVERNANCE_FETCH:
        governance_document(question);
        return;
    case WIRE_PROOF_REQUEST:
        proof(question);
        return;
    case WIRE_STATE_REQUEST:
        state(question);
        return;
    case WIRE_PICTURE_REQUEST:
        picture(question);
        return;
    case WIRE_HELLO_REPLY:
    case WIRE_PING:
    case WIRE_PONG:
    case WIRE_PARCEL:
    case WIRE_RECEIPT:
    case WIRE_DELIVERY:
    case WIRE_GOVERNANCE_DOCUMENT:
    case WIRE_PROOF_REPLY:
    case WIRE_STATE_REPLY:
    case WIRE_PICTURE_REPLY:
    case WIRE_ERROR:
        assert(false && "gate passes only questions");
    }
}

void question_answer(struct publish *publish, const struct letter *letter)
{
    struct slice frame = net_frame_slice(&letter->frame);
    struct question question = {
        .publish = publish,
        .peer = &letter->peer,
        .payload = wire_payload(frame),
        .governance = board_governance(publish->board),
    };
    bool sound = wire_header_read(frame, &question.header);
    assert(sound); /* gate read it */
    board_head(publish->board, &question.head);
    question.txn = store_read(publish->store);
    if (!admit_peer(publish->board, &letter->peer)) {
        refuse(&question, VERDICT_REVOKED_KEY);
    } else if (question.txn == NULL) {
        refuse(&question, VERDICT_BUSY);
    } else {
        dispatch(&question);
    }
    store_end(&question.txn);
    governance_unref(&question.governance);
}
