/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "agents/core/ask.h"
#include "agents/core/asked.h"
#include "agents/core/decide.h"
#include "sim/chance.h"
#include "sim/speech_internal.h"

#define ALERTS 10 /* one for each child, and what was raised after one was closed */

/* Any alert, and its child. */
static uint64_t known_alert(struct life *life, int *ret_child)
{
    uint64_t alert = 1 + chance_below(ALERTS);
    struct alert_row row;
    struct entry_row entry;
    _cleanup_(store_end) struct store_txn *txn = store_read(life->hub.world->store);
    if (!alert_row_get(txn, alert, &row) || row.n_records == 0 ||
        !entry_row_get(txn, &row.records[0].entry, &entry)) {
        return 0;
    }
    const struct said *said = model_said(&life->model, &entry.item);
    *ret_child = said == NULL ? 0 : said->child;
    return said == NULL ? 0 : alert;
}

void speech_decide_alert(struct life *life, struct node *node)
{
    struct said said = {.kind = SAID_DECISION, .agency = node->agency};
    struct decide_request decision = {
        .action = ACTION_OPEN,
        .person =
            {.name = "A. Screener",
             .role = "screening officer",
             .reason =
                 "Three missed appointments within a few months; the family is not known to us."},
    };
    struct error error = ERROR_NULL;
    if (node->agency != MASH) {
        return;
    }
    decision.alert = known_alert(life, &said.child);
    if (decision.alert == 0) {
        return;
    }
    if (chance_one_in(3)) {
        decision.action = ACTION_CLOSE;
        decision.outcome = chance_one_in(2) ? OUTCOME_EARLY_HELP : OUTCOME_NO_FURTHER_ACTION;
    }
    said.alert = decision.alert;
    said.outcome = decision.outcome;
    int r = decide_submit(&node->member->agent, &decision, &said.reference, &error);
    if (r == 0) {
        (void)speech_add(life, &said);
    } else if (r != -EAGAIN) {
        model_wrong("agency %u may not decide: %s %s", node->agency, error.where, error.what);
    }
}

/* A record of the child by an agency that knows it by name alone, in this alert; NULL: none. */
static const struct said *listed_by_name(struct life *life, uint64_t alert, struct entry_id *ret)
{
    struct alert_row row;
    struct entry_row entry;
    _cleanup_(store_end) struct store_txn *txn = store_read(life->hub.world->store);
    if (!alert_row_get(txn, alert, &row)) {
        return NULL;
    }
    for (size_t i = 0; i < row.n_records; i++) {
        const struct said *said = entry_row_get(txn, &row.records[i].entry, &entry)
                                      ? model_said(&life->model, &entry.item)
                                      : NULL;
        if (said != NULL && model_by_name(said->agency, said->child)) {
            *ret = row.records[i].entry;
            return said;
        }
    }
    return NULL;
}

/* One of its own about that child that is stored. */
static const struct said *own_by_name(struct life *life, uint32_t agency, struct entry_id *ret)
{
    for (size_t i = 0; i < life->model.n_said; i++) {
        const struct said *said = &life->model.said[i];
        if (said->agency == agency && said->kind <= SAID_MISSED && said->logged &&
            model_by_name(agency, said->child)) {
            *ret = life->model.log[said->index].id;
            return said;
        }
    }
    return NULL;
}

void speech_say_who_is_one(struct life *life, struct node *node,
                           const struct decide_request *decision, struct said *said)
{
    struct error error = ERROR_NULL;
    int r = decide_submit(&node->member->agent, decision, &said->reference, &error);
    if (r == 0) {
        (void)speech_add(life, said);
    } else if (r != -EAGAIN) {
        model_wrong("agency %u may not say who is one child: %s %s", node->agency, error.where,
                    error.what);
    }
}

void speech_decide_link(struct life *life, struct node *node)
{
    static const enum action actions[] = {ACTION_CONFIRM_LINK, ACTION_REFUSE_LINK,
                                          ACTION_UNDO_LINK};
    struct said said = {.kind = SAID_LINK, .agency = node->agency, .child = SIM_BY_NAME};
    struct decide_request decision = {
        .has_record = true,
        .person = {.name = "C. Screener",
                   .role = "screening officer",
                   .reason = "Both addresses and the mother's name were compared by telephone."},
    };
    const struct said *record = NULL;
    bool at_alert = node->agency == MASH;
    decision.action = actions[at_alert ? chance_below(3) : 1 + chance_below(2)];
    decision.alert = at_alert ? 1 + chance_below(ALERTS) : 0;
    record = at_alert ? listed_by_name(life, decision.alert, &decision.record)
                      : own_by_name(life, node->agency, &decision.record);
    if (!life->links || record == NULL) {
        return;
    }
    said.member = record->agency;
    said.confirms = decision.action == ACTION_CONFIRM_LINK;
    speech_say_who_is_one(life, node, &decision, &said);
}

void speech_ask_others(struct life *life, struct node *node)
{
    struct said said = {
        .kind = SAID_REQUEST, .agency = node->agency, .child = 1 + (int)chance_below(SIM_BY_NAME)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct error error = ERROR_NULL;
    buf_format(&text,
               "{\"format\":\"cairn-request/v1\",\"child\":{%s," FAMILY
               "},\"purpose\":\"safeguarding\"}",
               speech_named(node, said.child));
    const struct ask_request request = {.body = buf_slice(&text)};
    if (!life->model.involved[node->agency][said.child]) {
        return;
    }
    int r = ask_submit(&node->member->agent, &request, &said.reference, &error);
    if (r == 0) {
        (void)speech_add(life, &said);
    } else if (r != -EAGAIN) {
        model_wrong("agency %u may not ask: %s %s", node->agency, error.where, error.what);
    }
}

/* The first request that waits for a person here. */
static bool waiting_request(struct node *node, struct entry_id *ret)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_ASKED, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk)) {
        struct asked_row row;
        if (asked_unpack(walk.key, walk.value, ret, &row) && row.state == ASKED_WAITING) {
            return true;
        }
    }
    return false;
}

void speech_answer_request(struct life *life, struct node *node)
{
    struct asked_decision decision = {
        .grant = chance_one_in(2),
        .person = {.name = "B. Keeper",
                   .role = "named nurse",
                   .reason = "They work with the child and need to know it."}};
    struct error error = ERROR_NULL;
    if (life->model.n_refusals == MODEL_SAID || !waiting_request(node, &decision.request)) {
        return;
    }
    for (size_t i = 0; decision.grant && i < life->model.n_said; i++) {
        struct said *said = &life->model.said[i];
        if (said->agency == node->agency && said->kind == SAID_CONCERN) {
            said->granted[decision.request.agency] = true;
        }
    }
    int r = asked_decide(&node->member->agent, &decision, &error);
    if (r == 0 && !decision.grant) {
        life->model.refusals[life->model.n_refusals++] =
            (struct model_refusal){.agency = node->agency, .request = decision.request};
    }
    if (r != 0 && r != -EPERM && r != -EALREADY && r != -EAGAIN && r != -ENOSPC) {
        model_wrong("agency %u cannot answer: %s %s", node->agency, error.where, error.what);
    }
}
