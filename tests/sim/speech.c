/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "sim/chance.h"
#include "sim/speech_internal.h"

#define BY_NAME "\"given_name\":\"Edlyn\",\"postcode\":\"NE1 4XD\""

/* NHS numbers for tests begin with 999; the last digit is the check digit. */
static const char *const children[SIM_CHILDREN + 1] = {
    "",
    "\"nhs_number\":{\"value\":\"9990000018\",\"verified\":true},\"given_name\":\"Alix\"",
    "\"nhs_number\":{\"value\":\"9990000026\",\"verified\":true},\"given_name\":\"Blake\"",
    "\"nhs_number\":{\"value\":\"9990000034\",\"verified\":true},\"given_name\":\"Corin\"",
    "\"nhs_number\":{\"value\":\"9990000042\",\"verified\":true},\"given_name\":\"Devon\"",
    ("\"nhs_number\":{\"value\":\"9990000050\",\"verified\":true}," BY_NAME),
    ("\"nhs_number\":{\"value\":\"9990000069\",\"verified\":true},\"given_name\":\"Faye\","
     "\"postcode\":\"NE1 4XE\""),
    "\"given_name\":\"Faye\",\"postcode\":\"NE2 1AA\"",
};

static const char *const agencies[SIM_AGENTS + 1] = {"",     "gp-elm", "hospital", "hv",
                                                     "mash", "school", "gp-oak"};

#define LAWFUL                                                                                     \
    "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","                    \
    "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","                       \
    "\"function\":\"early help\",\"family_told\":\"told\"}"
#define NARROWED                                                                                   \
    "\"narrow\":{\"agencies\":[\"%s\"],\"reason\":\"enquiry-under-way\",\"authority\":\"police\"}"

struct said *speech_add(struct life *life, const struct said *said)
{
    struct said *ret = &life->model.said[life->model.n_said++];
    *ret = *said;
    return ret;
}

const char *speech_named(const struct node *node, int child)
{
    return model_by_name(node->agency, child) ? BY_NAME : children[child];
}

/* In a life with two who might be one, people talk of these: else nobody would be asked. */
static int any_child(const struct life *life, const struct node *node)
{
    int child = 1 + (int)chance_below(SIM_BY_NAME);
    if (!life->pairs || chance_one_in(3)) {
        return child;
    }
    return node->agency == HOSPITAL ? SIM_THERE : SIM_HERE;
}

/* --- of records --- */

bool speech_submit(struct node *node, enum intake_content content, const struct buf *text,
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
                        .child = any_child(life, node)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    if (node->agency == MASH) {
        return; /* the front door hears, and decides */
    }
    if (said.child == SIM_BY_NAME) {
        said.kind = SAID_CONCERN; /* which names are one child, the pattern would depend on */
    }
    said.immediate = said.kind == SAID_CONCERN && chance_one_in(5);
    uint32_t month = 5 + chance_below(5);
    uint32_t day = 1 + chance_below(28);
    said.day = (int32_t)(100 * month + day);
    buf_format(&text, "{%s,\"event_date\":\"2026-%02u-%02u\",",
               said.kind == SAID_MISSED
                   ? "\"kind\":\"missed-appointment\",\"code\":\"was-not-brought\""
                   : "\"kind\":\"concern\",\"code\":\"neglect-physical\"",
               month, day);
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
               speech_named(node, said.child), life->model.n_said);
    if (speech_submit(node, INTAKE_RECORD, &text, &item)) {
        said.reference = item.reference;
        (void)speech_add(life, &said);
    }
}

static void say_involvement(struct life *life, struct node *node)
{
    struct said said = {
        .kind = SAID_INVOLVEMENT, .agency = node->agency, .child = any_child(life, node)};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    buf_format(&text,
               "{\"format\":\"cairn-involvement/v1\",\"child\":{%s," FAMILY "},"
               "\"role\":\"open-case\",\"from\":\"2024-01-01\","
               "\"contact\":{\"name\":\"Corisande Applegarth\",\"phone\":\"0191 498 0123\"}}",
               speech_named(node, said.child));
    if (speech_submit(node, INTAKE_INVOLVEMENT, &text, &item) && item.outcome == INTAKE_ACCEPTED) {
        said.reference = item.reference;
        (void)speech_add(life, &said);
    }
}

static void take_back(struct life *life, struct node *node)
{
    struct model *model = &life->model;
    size_t which = chance_below((uint32_t)model->n_said + 1);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct intake_item item;
    if (which == model->n_said || model->said[which].agency != node->agency ||
        model->said[which].kind > SAID_MISSED || model->said[which].stolen ||
        model->said[which].may_be_lost) {
        return;
    }
    buf_format(&text,
               "{\"kind\":\"retraction\",\"source\":{\"system\":\"notes\",\"id\":\"s-%zu\"},"
               "\"event_date\":\"2026-11-01\",\"retracts\":\"s-%zu\"}",
               which, which);
    if (!speech_submit(node, INTAKE_RECORD, &text, &item)) {
        return;
    }
    if (item.outcome == INTAKE_WITHDRAWN) {
        model->said[which].withdrawn = true;
    } else if (item.outcome == INTAKE_RETRACTED) {
        (void)speech_add(life, &(struct said){.kind = SAID_RETRACTION,
                                              .agency = node->agency,
                                              .child = model->said[which].child,
                                              .takes_back = which,
                                              .reference = item.reference});
    }
}

void speech_say(struct life *life, struct node *node)
{
    if (node->agency == ADULT_SERVICE) {
        return;
    }
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
        speech_decide_alert(life, node);
    } else if (drawn < 18) {
        speech_ask_others(life, node);
    } else if (drawn < 19) {
        speech_decide_link(life, node);
    } else {
        speech_answer_request(life, node);
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
        if (said->agency == node->agency && !said->stolen && (!said->logged || said->may_repeat) &&
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
