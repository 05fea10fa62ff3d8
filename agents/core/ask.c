/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/ask.h"

#include <errno.h>

#include "agents/core/room.h"
#include "agents/core/taking.h"

#define ASK_SORT 101 /* of request, for idempotency; beside decide.c's */

static int take(struct taking *taking, const struct asking *asking, struct intake_answer *answer)
{
    struct out_row row;
    int r = taking_begin_entry(taking, ENTRY_REQUEST, &row, answer);
    if (r == 0) {
        r = room_for(taking->txn, LANE_NORMAL, 2); /* with a statement about the child */
    }
    if (r == 0) {
        r = seal_request(&taking->seal, asking, &answer->items[0].reference, &row);
    }
    if (r == 0) {
        out_put(taking->txn, &answer->items[0].reference, &row);
        taking_count(taking, "request-accepted");
    }
    return r;
}

int ask_submit(struct agent *agent, const struct ask_request *request, struct reference *ret,
               struct error *error)
{
    _cleanup_(governance_unref) struct governance *governance = govern_keep_current(agent->keep);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    _cleanup_(asking_deinit) struct asking asking = ASKING_NULL;
    const struct event_terms terms = {.live = governance->root.live,
                                      .now_ms = clock_real_ms(agent->clock)};
    struct idempotency idempotency = {.key = request->idempotency_key,
                                      .by_uid = request->by_uid,
                                      .sort = ASK_SORT,
                                      .body = request->body};
    bool done = false;
    int r = request_json_read(agent->records, request->body, &terms, &asking, error);
    if (r == 0) {
        r = taking_begin(agent, request->by_uid, &taking);
    }
    if (r == 0 && !taking.can_seal) {
        r = -EAGAIN;
    }
    if (r == 0) {
        r = taking_look(&taking, &idempotency, &answer, &done);
    }
    if (r == 0 && !done) {
        r = take(&taking, &asking, &answer);
        if (r == 0) {
            r = taking_finish(&taking, &idempotency, &answer);
        }
    }
    if (r == 0) {
        *ret = answer.items[0].reference;
    }
    return r;
}
