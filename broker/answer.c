/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/answer.h"

#include "base/crash_point.h"
#include "broker/gate.h"

static void receipt(struct answer *answer, const struct slot *slot, struct net_frame *ret)
{
    struct head head;
    board_head(answer->board, &head);
    struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_RECEIPT,
        .lane = slot->header.lane,
        .correlation = slot->header.correlation,
    };
    struct wire_receipt receipt = {
        .stream = slot->parcel.head.stream,
        .n_results = slot->n_results,
        .results = slot->results,
        .checkpoint = head_note(&head),
    };
    wire_frame_begin(&answer->bytes, &header);
    wire_receipt_write(&receipt, &answer->bytes);
    wire_frame_end(&answer->bytes);
    assert(buf_ok(&answer->bytes));
    net_frame_copy(ret, buf_slice(&answer->bytes));
}

static void answer_frame(struct answer *answer, const struct slot *slot)
{
    struct net_frame frame = NET_FRAME_NULL;
    if (slot->frame_verdict == VERDICT_STORED) {
        for (size_t i = 0; i < slot->n_results; i++) {
            count_verdict(answer->counters, slot->results[i].verdict);
        }
        receipt(answer, slot, &frame);
    } else {
        count_verdict(answer->counters, slot->frame_verdict);
        gate_refusal(&slot->header, slot->frame_verdict, &frame);
    }
    CRASH_POINT(ANSWER_DUE);
    bool sent = answer->send(answer->data, &slot->peer, &frame);
    CRASH_POINT(ANSWER_SENT);
    count(answer->counters, sent ? COUNT_ANSWER_SENT : COUNT_ANSWER_DROPPED, 1);
    net_frame_deinit(&frame);
}

bool answer_step(struct answer *answer)
{
    struct slot *slot = pipeline_answerable(answer->pipeline);
    if (slot == NULL) {
        return false;
    }
    if (slot->content == SLOT_FRAME) {
        answer_frame(answer, slot);
    }
    gate_answered(answer->gate, slot);
    pipeline_answered(answer->pipeline);
    return true;
}

void answer_deinit(struct answer *answer)
{
    buf_deinit(&answer->bytes);
}
