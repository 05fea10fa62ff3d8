/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/judge.h"

#include <inttypes.h>
#include <stdio.h>

#include "agents/core/alerts.h"
#include "agents/core/inbox.h"
#include "agents/core/link_internal.h"
#include "agents/core/open.h"
#include "sim/network.h"
#include "support/replaying.h"

bool judge_mailboxes_are_empty(struct life *life)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(life->hub.world->store);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_MAILBOX, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk)) {
        struct reader key = reader_over(walk.key);
        if (read_u32(&key) <= SIM_AGENTS) {
            return false;
        }
    }
    return true;
}

void judge_what_is_stuck(struct life *life)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        struct node *node = &life->nodes[i];
        struct agent_link *link = node->member->agent.link;
        uint64_t rows[STORE_TABLES_MAX];
        if (store_rows(node->member->agent.store, rows) == 0) {
            (void)fprintf(stderr,
                          "agency %u: link %d (%s), session %d, spool %" PRIu64
                          ", settling %" PRIu64 ", inbox %" PRIu64 ", on the line %zu\n",
                          i, (int)link->status.state, link->status.reason, (int)link->session.state,
                          rows[AT_SPOOL], rows[AT_SETTLING], member_position(node->member),
                          network_waiting(i));
            for (unsigned lane = LANE_URGENT; rows[AT_SPOOL] > 0 && lane <= LANE_BULK; lane++) {
                const struct flight *flight = &link->sending.lanes[lane];
                (void)fprintf(stderr,
                              "  lane %u: %s, waits for %" PRIu64 " (%s), next in %" PRId64 " ms\n",
                              lane, flight->up ? "a parcel is up" : "none is up",
                              flight->waiting.seq, verdict_name(flight->waiting.verdict),
                              flight->backoff.not_before_ms - node->clock.boot_ms);
            }
        }
    }
}

/* --- at the agencies --- */

/* What it may open, now or once a named person has given a reason. */
static uint8_t parts_held(struct store_txn *txn, const struct node *node,
                          const struct entry_id *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    const struct opening opening = {.agent = &node->member->agent, .txn = txn, .own = node->agency};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    struct wire_delivered delivered;
    uint8_t parts = 0;
    uint8_t flags;
    if (!received_entry(txn, entry, &arena, &delivered, &flags)) {
        return 0;
    }
    for (enum part part = PART_CARD; part <= PART_ACCOUNT; part++) {
        enum open_result result = open_may(&opening, &delivered, part);
        if (result == OPEN_OTHER_KEY ||
            (result == OPEN_DONE && node->member->agent.keys.n > 1 &&
             open_part(&opening, &delivered, part, &text) != OPEN_DONE)) {
            model_wrong("agency %u cannot open part %d of what it was sent", node->agency,
                        (int)part);
        }
        buf_reset(&text);
        if (result == OPEN_DONE || result == OPEN_NEEDS_DECISION) {
            parts = (uint8_t)(parts | PART_BIT(part));
        }
    }
    return parts;
}

/* An agent that went back to an older copy has forgotten what it had acknowledged. */
static void judge_reader(struct life *life, const struct said *said, const struct node *node)
{
    const struct entry_id *id = &life->model.log[said->index].id;
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    uint8_t held = parts_held(txn, node, id);
    uint8_t must = model_must(&life->model, said, node->agency);
    if ((held & ~said->given[node->agency]) != 0) {
        model_wrong("agency %u holds parts %u of what agency %u said, and was sent %u",
                    node->agency, held, said->agency, said->given[node->agency]);
    }
    if (node->restored > 0 || said->withheld[node->agency] || said->repeated) {
        return;
    }
    if (held != said->given[node->agency]) {
        model_wrong("agency %u was sent parts %u of what agency %u said, and holds %u",
                    node->agency, said->given[node->agency], said->agency, held);
    }
    if ((must & ~held) != 0 && !said->may_be_lost && life->nodes[said->agency].restored == 0 &&
        !life->revokes) {
        model_wrong("agency %u must have parts %u of what agency %u said of child %d (kind %d, at "
                    "%" PRIu64 "), and has %u",
                    node->agency, must, said->agency, said->child, (int)said->kind, said->index,
                    held);
    }
}

/* What its agency says has become of it. */
static void judge_sender(struct life *life, const struct said *said)
{
    _cleanup_(store_end) struct store_txn *txn =
        store_read(life->nodes[said->agency].member->agent.store);
    struct out_row row;
    bool there = out_get(txn, &said->reference, &row);
    if (said->may_be_lost || said->repeated || said->stolen) {
        return;
    }
    if (said->kind == SAID_REQUEST && life->nodes[said->agency].restored > 0) {
        return; /* asked once more under a number that came back, it is the same entry */
    }
    if (!there) {
        model_wrong("agency %u has forgotten what it said", said->agency);
    }
    enum out_state state = said->withdrawn ? OUT_WITHDRAWN
                           : said->logged  ? OUT_STORED
                                           : OUT_REFUSED;
    if (row.state != state) {
        model_wrong("what agency %u said (kind %d) is %s there, and ought to be %s", said->agency,
                    (int)said->kind, out_state_text(row.state), out_state_text(state));
    }
    if (said->logged && (row.log_index != said->index || row.verdict != (uint32_t)said->verdict)) {
        model_wrong("what agency %u said is at %" PRIu64 " of the log, and it says %" PRIu64,
                    said->agency, said->index, row.log_index);
    }
}

/* Nothing that was said is refused but what a person did too late or without need. */
static void judge_verdict(const struct model *model, const struct said *said)
{
    bool accepted = said->logged || said->withdrawn || said->may_be_lost;
    bool in_vain = said->kind == SAID_RETRACTION && !model->said[said->takes_back].logged;
    bool may_fail = said->stolen || in_vain || said->kind == SAID_DECISION ||
                    said->kind == SAID_REQUEST || said->kind == SAID_LINK ||
                    said->kind == SAID_SAME || said->kind == SAID_TIE ||
                    said->verdict == VERDICT_REVOKED_KEY; /* the model has looked */
    if (!accepted && !may_fail) {
        model_wrong("what agency %u said of child %d (kind %d) is refused: %s", said->agency,
                    said->child, (int)said->kind, verdict_name(said->verdict));
    }
}

static bool has_listed(const struct model *model, uint32_t agency, int child)
{
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *said = &model->said[i];
        if (said->agency == agency && model_same_child(model, said->child, child) && said->listed &&
            model_stands(said)) {
            return true;
        }
    }
    return false;
}

/* Whose records an alert lists knows what came of it. */
static void judge_feedback(const struct life *life, const struct said *said,
                           const struct node *node)
{
    struct known_alert known;
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    bool must = node->agency == MASH || ((said->concerns & 1U << node->agency) != 0 &&
                                         has_listed(&life->model, node->agency, said->child));
    bool unsure = life->model.parted && said->child == SIM_BY_NAME;
    if (!must || unsure || said->repeated || node->restored > 0 || life->revokes) {
        return;
    }
    if ((said->heard & 1U << node->agency) == 0 || !known_alert_get(txn, said->alert, &known) ||
        known.state != KNOWN_CLOSED || (uint32_t)known.outcome != said->outcome) {
        model_wrong("agency %u does not know that alert %" PRIu64 " was closed, at %" PRIu64
                    ", and with what outcome",
                    node->agency, said->alert, said->index);
    }
}

/* --- at the broker --- */

static void judge_alerts(struct life *life)
{
    bool raised[SIM_CHILDREN + 1] = {false};
    _cleanup_(store_end) struct store_txn *txn = store_read(life->hub.world->store);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_ALERT, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk)) {
        struct reader key = reader_over(walk.key);
        struct alert_row alert;
        bool there = alert_row_get(txn, read_u64(&key), &alert);
        if (!there) {
            model_wrong("an alert cannot be read");
        }
        for (size_t i = 0; i < alert.n_records; i++) {
            struct entry_row entry;
            const struct said *said = entry_row_get(txn, &alert.records[i].entry, &entry)
                                          ? model_said(&life->model, &entry.item)
                                          : NULL;
            if (said == NULL || !said->listed) {
                model_wrong("an alert lists what does not belong there");
            }
            raised[said->child] = true;
        }
    }
    for (int child = 1; child <= SIM_CHILDREN; child++) {
        bool unsure = life->model.parted && child == SIM_BY_NAME;
        if (raised[child] != life->model.alert[child] && !unsure) {
            model_wrong("child %d %s", child,
                        raised[child] ? "has an alert too many" : "lacks its alert");
        }
    }
}

/* Whoever must say whether two are one has been asked. */
static void judge_pair(const struct life *life)
{
    const struct model_pair *pair = &life->model.pair;
    if (pair->asked && !pair->heard) {
        model_wrong("two children might be one, and the front door is not asked");
    }
}

/* Whoever is involved with a child that an adult is tied to has heard of it, or that it was
 * wrong. */
static void judge_adults(const struct life *life)
{
    for (size_t i = 0; i < life->model.n_said && !life->revokes; i++) {
        const struct said *said = &life->model.said[i];
        for (int child = 1; said->kind == SAID_ADULT && child <= SIM_CHILDREN; child++) {
            uint32_t missing = said->must_know[child] & ~said->knows[child];
            uint32_t wrong = said->must_unlearn[child] & ~said->unlearned[child];
            if (missing != 0 || wrong != 0) {
                model_wrong("agencies %x must hear of an adult of child %d, and %x that it is "
                            "wrong",
                            missing, child, wrong);
            }
        }
    }
}

void judge(struct life *life)
{
    for (size_t i = 0; i < life->model.n_said; i++) {
        const struct said *said = &life->model.said[i];
        judge_verdict(&life->model, said);
        judge_sender(life, said);
        for (uint32_t agency = 1; said->logged && agency <= SIM_AGENTS; agency++) {
            if (said->kind <= SAID_MISSED && agency != said->agency) {
                judge_reader(life, said, &life->nodes[agency]);
            }
            if (said->kind == SAID_DECISION && said->outcome != OUTCOME_NONE) {
                judge_feedback(life, said, &life->nodes[agency]);
            }
        }
    }
    judge_alerts(life);
    judge_pair(life);
    judge_adults(life);
    expect_replay_is_the_same(life->hub.world->store);
}
