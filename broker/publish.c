/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/publish.h"

#include <string.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "broker/admit.h"
#include "broker/delivery.h"
#include "broker/question.h"

/* Then deliveries have their turn: a flood of questions delays them and does not stop them. */
#define QUESTIONS_PER_STEP 64

bool publish_send(struct publish *publish, const struct peer *peer)
{
    assert(!publish->has_letter && buf_ok(&publish->bytes));
    publish->letter.peer = *peer;
    net_frame_copy(&publish->letter.frame, buf_slice(&publish->bytes));
    publish->has_letter = !pipeline_post(publish->pipeline, &publish->letter);
    return !publish->has_letter;
}

void publish_subscribe(struct publish *publish, const struct peer *peer, uint64_t correlation,
                       const struct wire_fetch *fetch)
{
    size_t i = 0;
    while (i < publish->n_subscriptions && publish->subscriptions[i].peer.agency != peer->agency) {
        i++;
    }
    if (i == publish->n_subscriptions) {
        assert(publish->n_subscriptions <
               CAIRN_AGENCIES_MAX); /* ZAP admits only the directory's agencies */
        publish->n_subscriptions++;
    }
    publish->subscriptions[i] = (struct subscription){
        .peer = *peer,
        .correlation = correlation,
        .after = fetch->after,
        .credit = fetch->credit < CAIRN_CREDIT_MAX ? fetch->credit : CAIRN_CREDIT_MAX,
        .log_size = fetch->log_size,
    };
}

static void write_delivery(struct publish *publish, const struct delivery *delivery,
                           const struct subscription *to)
{
    struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_DELIVERY,
        .correlation = to->correlation,
    };
    struct tree_source tree = log_tree(delivery->log);
    struct wire_delivery message = {
        .n_items = delivery->n_items,
        .items = delivery->items,
        .checkpoint = head_note(delivery->head),
        .consistent_from = to->log_size,
    };
    if (to->log_size > 0 &&
        tree_prove_consistency(&tree, to->log_size, delivery->head->checkpoint.size,
                               &message.consistency) != 0) {
        message.consistent_from =
            0; /* it claims a head that this log never had: hello is where that is settled */
    }
    wire_frame_begin(&publish->bytes, &header);
    wire_delivery_write(&message, &publish->bytes);
    wire_frame_end(&publish->bytes);
}

/* What every agency's delivery is made from. */
struct published {
    struct head head;
    struct apply view;
    struct waiting_place passed;
    struct log_source log;
};

/* One delivery for one agency. False when there was nothing for it, or no room. */
static bool deliver(struct publish *publish, struct subscription *to, struct published *from)
{
    _cleanup_(delivery_deinit) struct delivery delivery = {.txn = from->view.txn,
                                                           .log = &from->log,
                                                           .head = &from->head,
                                                           .agency = to->peer.agency,
                                                           .tree = &publish->tree,
                                                           .view = &from->view,
                                                           .passed = &from->passed,
                                                           .items = publish->items};
    int r = delivery_fill(&delivery, to->after, to->credit);
    if (r != 0) {
        log_fatal("delivery_failed", "agency=%u error=\"%s\"", to->peer.agency, strerror(-r));
    }
    if (delivery.n_items == 0) {
        return false;
    }
    write_delivery(publish, &delivery, to);
    CRASH_POINT(PUBLISH_FILLED);
    to->after = delivery.items[delivery.n_items - 1].position;
    /* One delivery a fetch: bounds what a slow agency's connection holds in memory. */
    to->credit = 0;
    to->log_size = from->head.checkpoint.size;
    count(publish->counters, COUNT_PUBLISH_ITEMS, delivery.n_items);
    (void)publish_send(publish, &to->peer);
    CRASH_POINT(PUBLISH_SENT);
    return true;
}

static bool deliver_all(struct publish *publish)
{
    struct published from;
    bool did = false;
    /* The head first: the transaction, which begins after it, then holds all of its leaves. */
    board_head(publish->board, &from.head);
    _cleanup_(store_end) struct store_txn *txn = store_read(publish->store);
    _cleanup_(governance_unref) struct governance *governance = board_governance(publish->board);
    if (txn == NULL || from.head.note_len == 0 || governance == NULL) {
        return false;
    }
    from.view = (struct apply){
        .txn = txn, .governance = governance, .time_ms = (int64_t)meta_get(txn, "time-ms", 0)};
    from.passed = waiting_passed(txn, governance, apply_day(&from.view));
    from.log = (struct log_source){.txn = txn, .table = T_LOG};
    for (size_t i = 0; i < publish->n_subscriptions && !publish->has_letter; i++) {
        struct subscription *to = &publish->subscriptions[i];
        if (to->credit == 0 || !admit_peer(publish->board, &to->peer)) {
            continue; /* an open connection of a revoked key gets nothing further */
        }
        did = deliver(publish, to, &from) || did;
    }
    return did;
}

bool publish_step(struct publish *publish)
{
    bool did = false;
    if (publish->has_letter) {
        publish->has_letter = !pipeline_post(publish->pipeline, &publish->letter);
    }
    struct letter letter = {.frame = NET_FRAME_NULL};
    for (int n = 0; n < QUESTIONS_PER_STEP && !publish->has_letter &&
                    pipeline_asked(publish->pipeline, &letter);
         n++) {
        count(publish->counters, COUNT_PUBLISH_QUESTIONS, 1);
        question_answer(publish, &letter);
        net_frame_deinit(&letter.frame);
        arena_reset(&publish->arena);
        did = true;
    }
    if (!publish->has_letter) {
        did = deliver_all(publish) || did;
    }
    return did;
}

void publish_wait(struct publish *publish, int timeout_ms)
{
    pipeline_publish_wait(publish->pipeline, &publish->seen, publish->has_letter, timeout_ms);
}

void publish_deinit(struct publish *publish)
{
    net_frame_deinit(&publish->letter.frame);
    buf_deinit(&publish->bytes);
    arena_deinit(&publish->arena);
}
