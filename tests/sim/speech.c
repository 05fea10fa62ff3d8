/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/speech.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/ask.h"
#include "agents/core/asked.h"
#include "agents/core/decide.h"
#include "base/date.h"
#include "base/text.h"
#include "sim/chance.h"

#define BY_NAME "\"given_name\":\"Edlyn\",\"postcode\":\"NE1 4XD\""

/* NHS numbers for tests begin with 999; the last digit is the check digit. */
static const char *const children[SIM_CHILDREN + 1] = {
    "",
    "\"nhs_number\":{\"value\":\"9990000018\",\"verified\":true},\"given_name\":\"Alix\"",
    "\"nhs_number\":{\"value\":\"9990000026\",\"verified\":true},\"given_name\":\"Blake\"",
    "\"nhs_number\":{\"value\":\"9990000034\",\"verified\":true},\"given_name\":\"Corin\"",
    "\"nhs_number\":{\"value\":\"9990000042\",\"verified\":true},\"given_name\":\"Devon\"",
    ("\"nhs_number\":{\"value\":\"9990000050\",\"verified\":true}," BY_NAME),
};

static const char *const agencies[SIM_AGENTS + 1] = {"",   "gp-elm", "hospital",
                                                     "hv", "mash",   "school"};

#define FAMILY "\"family_name\":\"Test\",\"birth_date\":\"2022-03-14\""
#define LAWFUL                                                                                     \
    "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","                    \
    "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","                       \
    "\"function\":\"early help\",\"family_told\":\"told\"}"
#define NARROWED                                                                                   \
    "\"narrow\":{\"agencies\":[\"%s\"],\"reason\":\"enquiry-under-way\",\"authority\":\"police\"}"

static struct said *add(struct life *life, const struct said *said)
{
    struct said *ret = &life->model.said[life->model.n_said++];
    *ret = *said;
    return ret;
}

static const char *named(const struct node *node, int child)
{
    return model_by_name(node->agency, child) ? BY_NAME : children[child];
}

/* --- of records --- */

/* What the agent answers to; false when it takes nothing now. */
static bool submit(struct node *node, enum intake_content content, const struct buf *text,
                   struct intake_item *ret)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    const struct intake_request request = {.content = content, .body = buf_slice(text)};
    struct error error = ERROR_NULL;
    int r = intake_submit(&node->member->agent, &request, &answer, &error);
    if (r == -ENOSPC) {
        return false;
    }
    if (r != 0 || answer.n != 1) {
        model_wrong("agency %u refuses what it is told: %s %s", node->agency, error.where,
                    error.what);
    }
    *ret = answer.items[0];
    return true;
}

static void say_record(struct life *life, struct node *node)
{
    bool health = node->agency != SCHOOL && node->agency != MASH;
    struct said said = {.kind = health && chance_one_in(2) ? SAID_MISSED : SAID_CONCERN,
                        .agency = node->agency,
                        .child = 1 + (int)chance_below(SIM_CHILDREN)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    if (node->agency == MASH) {
        return; /* the front door hears, and decides */
    }
    if (said.child == SIM_BY_NAME) {
        said.kind = SAID_CONCERN; /* which names are one child, the pattern would depend on */
    }
    said.immediate = said.kind == SAID_CONCERN && chance_one_in(5);
    buf_format(&text, "{%s,\"event_date\":\"2026-%02u-%02u\",",
               said.kind == SAID_MISSED
                   ? "\"kind\":\"missed-appointment\",\"code\":\"was-not-brought\""
                   : "\"kind\":\"concern\",\"code\":\"neglect-physical\"",
               5 + chance_below(5), 1 + chance_below(28));
    buf_format(&text, "\"source\":{\"system\":\"notes\",\"id\":\"s-%zu\"},", life->model.n_said);
    if (said.immediate) {
        buf_add_text(&text, "\"urgency\":\"immediate\",");
    }
    if (said.kind == SAID_CONCERN && chance_one_in(6)) {
        said.narrowed = 1 + chance_below(SIM_AGENTS);
        said.narrowed = said.narrowed == MASH || said.narrowed == said.agency ? 0 : said.narrowed;
    }
    if (said.narrowed != 0) {
        buf_format(&text, NARROWED ",", agencies[said.narrowed]);
    }
    buf_format(&text,
               "\"child\":{%s," FAMILY "},\"account\":{\"summary\":\"Number %zu.\"}," LAWFUL "}",
               named(node, said.child), life->model.n_said);
    if (submit(node, INTAKE_RECORD, &text, &item)) {
        said.reference = item.reference;
        (void)add(life, &said);
    }
}

static void say_involvement(struct life *life, struct node *node)
{
    struct said said = {.kind = SAID_INVOLVEMENT,
                        .agency = node->agency,
                        .child = 1 + (int)chance_below(SIM_CHILDREN)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    buf_format(&text,
               "{\"format\":\"cairn-involvement/v1\",\"child\":{%s," FAMILY "},"
               "\"role\":\"open-case\",\"from\":\"2024-01-01\","
               "\"contact\":{\"name\":\"Corisande Applegarth\",\"phone\":\"0191 498 0123\"}}",
               named(node, said.child));
    if (submit(node, INTAKE_INVOLVEMENT, &text, &item) && item.outcome == INTAKE_ACCEPTED) {
        said.reference = item.reference;
        (void)add(life, &said);
    }
}

static void take_back(struct life *life, struct node *node)
{
    struct model *model = &life->model;
    size_t which = chance_below((uint32_t)model->n_said + 1);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    if (which == model->n_said || model->said[which].agency != node->agency ||
        model->said[which].kind > SAID_MISSED || model->said[which].may_be_lost) {
        return;
    }
    buf_format(&text,
               "{\"kind\":\"retraction\",\"source\":{\"system\":\"notes\",\"id\":\"s-%zu\"},"
               "\"event_date\":\"2026-11-01\",\"retracts\":\"s-%zu\"}",
               which, which);
    if (!submit(node, INTAKE_RECORD, &text, &item)) {
        return;
    }
    if (item.outcome == INTAKE_WITHDRAWN) {
        model->said[which].withdrawn = true;
    } else if (item.outcome == INTAKE_RETRACTED) {
        (void)add(life, &(struct said){.kind = SAID_RETRACTION,
                                       .agency = node->agency,
                                       .child = model->said[which].child,
                                       .takes_back = which,
                                       .reference = item.reference});
    }
}

/* --- of people who decide --- */

#define ALERTS 8 /* one for each child, and what was raised after one was closed */

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

static void decide_alert(struct life *life, struct node *node)
{
    struct said said = {.kind = SAID_DECISION, .agency = node->agency};
    struct decide_request decision = {
        .action = ACTION_OPEN,
        .name = "A. Screener",
        .role = "screening officer",
        .reason = "Three missed appointments within a few months; the family is not known to us.",
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
        (void)add(life, &said);
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

/* Whom an agency knows by its name is the child, says the front door by an alert; or is not, says
 * the front door, or that agency. */
static void decide_link(struct life *life, struct node *node)
{
    static const enum action actions[] = {ACTION_CONFIRM_LINK, ACTION_REFUSE_LINK,
                                          ACTION_UNDO_LINK};
    struct said said = {.kind = SAID_LINK, .agency = node->agency, .child = SIM_BY_NAME};
    struct decide_request decision = {
        .has_record = true,
        .name = "C. Screener",
        .role = "screening officer",
        .reason = "Both addresses and the mother's name were compared by telephone.",
    };
    struct error error = ERROR_NULL;
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
    int r = decide_submit(&node->member->agent, &decision, &said.reference, &error);
    if (r == 0) {
        (void)add(life, &said);
    } else if (r != -EAGAIN) {
        model_wrong("agency %u may not say who is one child: %s %s", node->agency, error.where,
                    error.what);
    }
}

static void ask_others(struct life *life, struct node *node)
{
    struct said said = {
        .kind = SAID_REQUEST, .agency = node->agency, .child = 1 + (int)chance_below(SIM_CHILDREN)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct error error = ERROR_NULL;
    buf_format(&text,
               "{\"format\":\"cairn-request/v1\",\"child\":{%s," FAMILY
               "},\"purpose\":\"safeguarding\"}",
               named(node, said.child));
    const struct ask_request request = {.body = buf_slice(&text)};
    if (!life->model.involved[node->agency][said.child]) {
        return;
    }
    int r = ask_submit(&node->member->agent, &request, &said.reference, &error);
    if (r == 0) {
        (void)add(life, &said);
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

/* Whom this agency's records of the child are granted to from now on, if the person says so. */
static void answer_request(struct life *life, struct node *node)
{
    struct asked_decision decision = {.grant = chance_one_in(2),
                                      .name = "B. Keeper",
                                      .role = "named nurse",
                                      .reason = "They work with the child and need to know it."};
    struct error error = ERROR_NULL;
    if (!waiting_request(node, &decision.request)) {
        return;
    }
    for (size_t i = 0; decision.grant && i < life->model.n_said; i++) {
        struct said *said = &life->model.said[i];
        if (said->agency == node->agency && said->kind == SAID_CONCERN) {
            said->granted[decision.request.agency] = true;
        }
    }
    int r = asked_decide(&node->member->agent, &decision, &error);
    if (r != 0 && r != -EPERM && r != -EALREADY && r != -EAGAIN) {
        model_wrong("agency %u cannot answer: %s %s", node->agency, error.where, error.what);
    }
}

void speech_say(struct life *life, struct node *node)
{
    uint32_t drawn = chance_below(21);
    if (life->model.n_said >= MODEL_SAID - 1) {
        return;
    }
    if (drawn < 9) {
        say_record(life, node);
    } else if (drawn < 13) {
        say_involvement(life, node);
    } else if (drawn < 15) {
        take_back(life, node);
    } else if (drawn < 17) {
        decide_alert(life, node);
    } else if (drawn < 18) {
        ask_others(life, node);
    } else if (drawn < 19) {
        decide_link(life, node);
    } else {
        answer_request(life, node);
    }
}

/* --- what has become of it at its agency --- */

static bool has_item(const struct said *said, const struct hash *item)
{
    for (size_t i = 0; i < said->n_items; i++) {
        if (hash_equal(&said->items[i], item)) {
            return true;
        }
    }
    return false;
}

void speech_settled(struct life *life, struct node *node)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    for (size_t i = 0; i < life->model.n_said; i++) {
        struct said *said = &life->model.said[i];
        struct out_row row;
        if (said->agency == node->agency && (!said->logged || said->may_repeat) &&
            out_get(txn, &said->reference, &row) && row.has_entry && !has_item(said, &row.item)) {
            if (said->n_items == MODEL_ITEMS) {
                model_wrong("agency %u freezes one thing again and again", node->agency);
            }
            said->items[said->n_items++] = row.item;
        }
    }
}

void speech_backed_up(struct life *life, const struct node *node)
{
    life->backed_up[node->agency] = life->model.n_said;
    for (size_t i = 0; i < life->model.n_said; i++) {
        struct said *said = &life->model.said[i];
        if (said->agency == node->agency) {
            said->settled = said->n_items == 0;
        }
    }
}

void speech_restored(struct life *life, const struct node *node)
{
    for (size_t i = life->backed_up[node->agency]; i < life->model.n_said; i++) {
        life->model.said[i].may_be_lost |= life->model.said[i].agency == node->agency;
    }
    for (size_t i = 0; i < life->model.n_said; i++) {
        struct said *said = &life->model.said[i];
        said->may_be_lost |= said->agency == node->agency && said->withdrawn;
        said->may_repeat |= said->agency == node->agency && said->settled;
    }
}

/* --- what is agreed --- */

static void agree(struct life *life, const struct model_rules *rules)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    uint64_t version = life->hub.world->governing.governance->versions[GOVERNANCE_AGREEMENTS] + 1;
    if (version > MODEL_VERSIONS) {
        return;
    }
    life->model.rules[version] = *rules;
    model_agreements(rules, &text);
    hub_offer(&life->hub, GOVERNANCE_AGREEMENTS, &text);
}

static void note_key(struct life *life, const struct node *node)
{
    const struct own_keys *keys = &node->member->agent.keys;
    life->model.key_ids[node->agency][keys->n] = keys->sets[keys->n - 1].sign_key_id;
}

void speech_begin(struct life *life)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        life->keys[i] = (struct model_keys){.listed = 1};
        note_key(life, &life->nodes[i]);
    }
    const struct model_rules rules = {.circle = MODEL_SHARE, .door = MODEL_SHARE};
    agree(life, &rules);
    while (hub_commit(&life->hub)) {
    }
}

void speech_agree(struct life *life)
{
    static const enum model_effect circle[] = {MODEL_SHARE, MODEL_ASK, MODEL_DENY};
    const struct model_rules rules = {
        .circle = circle[chance_below(ARRAY_LEN(circle))],
        .door = chance_one_in(2) ? MODEL_SHARE : MODEL_HOLD,
    };
    agree(life, &rules);
}

static void publish_directory(struct life *life)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    uint64_t version = life->hub.world->governing.governance->versions[GOVERNANCE_DIRECTORY] + 1;
    if (version > MODEL_VERSIONS) {
        return;
    }
    life->model.revoked_by[version] = life->revoked;
    memcpy(life->model.keys_by[version], life->keys, sizeof(life->keys));
    world_directory_of(life->revoked, &text);
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        if (life->keys[i].listed > 1) {
            governing_renew(i, life->keys[i].listed, life->keys[i].retired, &text);
        }
    }
    hub_offer(&life->hub, GOVERNANCE_DIRECTORY, &text);
}

void speech_renew(struct life *life, struct node *node)
{
    struct model_keys *keys = &life->keys[node->agency];
    unsigned held = (unsigned)node->member->agent.keys.n;
    if (keys->listed < held) {
        keys->listed = held;
        keys->retired = chance_one_in(3) ? held - 1 : keys->retired;
        life->renewed++;
        publish_directory(life);
    } else if (keys->retired < held - 1) {
        keys->retired = held - 1;
        publish_directory(life);
    } else if (held < MODEL_KEYS) {
        node_renew(node);
        note_key(life, node);
    }
}

void speech_revoke(struct life *life, uint32_t agency)
{
    if (agency != MASH) {
        life->revoked ^= 1U << agency;
        publish_directory(life);
    }
}

void speech_admit_all(struct life *life)
{
    if (life->revoked != 0) {
        life->revoked = 0;
        publish_directory(life);
    }
}
