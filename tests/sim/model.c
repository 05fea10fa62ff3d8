/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model_internal.h"

#define BOTH_PARTS (PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT))

void model_wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "wrong: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void model_start(struct model *model)
{
    memset(model, 0, sizeof(*model));
    model->log = base_zalloc(MODEL_LOG, sizeof(model->log[0]));
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        model->keys[i] = (struct model_keys){.listed = 1};
    }
}

void model_stop(struct model *model)
{
    base_free(&model->log);
}

/* --- the agreements --- */

static const char *rule_text(enum model_effect effect)
{
    switch (effect) {
    case MODEL_SHARE:
        return "\"effect\": \"share\", \"mode\": \"content\"";
    case MODEL_HOLD:
        return "\"effect\": \"hold\", \"mode\": \"content\"";
    case MODEL_ASK:
        return "\"effect\": \"ask\"";
    case MODEL_DENY:
        return "\"effect\": \"deny\"";
    }
    return "";
}

void model_agreements(const struct model_rules *rules, struct buf *out)
{
    static const char routine[] = "\"urgency\": [\"routine\"]";
    buf_format(
        out,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
        "{\"id\": \"circle\", \"records\": [\"involvement\"], \"recipient_roles\": [\"any\"],"
        "\"effect\": \"share\", \"mode\": \"content\"},"
        "{\"id\": \"concern\", \"records\": [\"concern\"], %s, \"level_max\": 2,"
        "\"recipient_roles\": [\"any\"], %s},"
        "{\"id\": \"door\", \"records\": [\"concern\"], %s, \"level_max\": 2,"
        "\"recipient_kind\": \"mash\", %s},"
        "{\"id\": \"missed\", \"records\": [\"was-not-brought\"], %s,"
        "\"recipient_kind\": \"mash\", \"effect\": \"hold\", \"mode\": \"content\"},"
        "{\"id\": \"adult\", \"records\": [\"adult-service\"], %s,"
        "\"recipient_roles\": [\"any\"], \"effect\": \"share\", \"mode\": \"content\"}]}",
        routine, rule_text(rules->circle), routine, rule_text(rules->door), routine, routine);
}

/* --- who may --- */

bool model_is_record(const struct said *said)
{
    return said->kind == SAID_CONCERN || said->kind == SAID_MISSED;
}

bool model_by_name(uint32_t agency, int child)
{
    return child == SIM_BY_NAME && (agency == HEALTH_VISITING || agency == SCHOOL);
}

static bool has_link(const struct model *model, uint32_t agency, int child, enum model_link link)
{
    return model_by_name(agency, child) && model->links[agency] == link;
}

/* To this agency a name is all that says whom it is about. */
static bool is_by_name(const struct model *model, const struct said *said, uint32_t agency)
{
    return has_link(model, said->agency, said->child, MODEL_BY_NAME) ||
           has_link(model, agency, said->child, MODEL_BY_NAME);
}

/* A person has said that they mean two children. */
static bool is_apart(const struct model *model, const struct said *said, uint32_t agency)
{
    return has_link(model, said->agency, said->child, MODEL_APART) ||
           has_link(model, agency, said->child, MODEL_APART);
}

static bool in_circle(const struct model *model, const struct said *said, uint32_t agency)
{
    for (int child = 1; agency >= 1 && agency <= SIM_AGENTS && child <= SIM_CHILDREN; child++) {
        if (model->involved[agency][child] && model_same_child(model, child, said->child)) {
            return true;
        }
    }
    return false;
}

uint8_t model_may_have(const struct model *model, const struct said *said, uint32_t agency)
{
    const struct model_rules *rules = &model->rules[model->version];
    if (agency == said->agency || agency == said->narrowed || agency == 0 || agency > SIM_AGENTS) {
        return 0;
    }
    if (agency == MASH && said->kind == SAID_CONCERN) {
        uint8_t card = said->shown ? PART_BIT(PART_CARD) : 0;
        return said->immediate || rules->door == MODEL_SHARE || said->granted[MASH] ? BOTH_PARTS
                                                                                    : card;
    }
    if (agency == MASH) {
        uint8_t card = said->listed || said->shown ? PART_BIT(PART_CARD) : 0;
        return said->released ? BOTH_PARTS : card;
    }
    if (said->kind == SAID_MISSED || said->immediate || !in_circle(model, said, agency) ||
        is_apart(model, said, agency)) {
        return 0;
    }
    bool shared =
        rules->circle == MODEL_SHARE || (rules->circle == MODEL_ASK && said->granted[agency]);
    uint8_t parts = is_by_name(model, said, agency) ? PART_BIT(PART_CARD) : BOTH_PARTS;
    return shared ? parts : 0;
}

/* It has said something of the child: then it is told who is involved, and may seal to them. */
static bool speaks_of(const struct model *model, const struct said *said, uint32_t agency)
{
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *other = &model->said[i];
        if (other->agency == agency && other->logged &&
            model_same_child(model, other->child, said->child) && model_is_record(other)) {
            return true;
        }
    }
    return false;
}

bool model_may_be_told(const struct model *model, const struct said *said, uint32_t agency,
                       uint8_t parts)
{
    switch (said->kind) {
    case SAID_CONCERN:
    case SAID_MISSED:
        return (!said->taken_back || said->repeated) &&
               (parts & ~model_may_have(model, said, agency)) == 0;
    case SAID_INVOLVEMENT:
        return agency != said->agency && !is_apart(model, said, agency) &&
               (parts == 0 || !is_by_name(model, said, agency)) &&
               (in_circle(model, said, agency) || (parts == 0 && speaks_of(model, said, agency)));
    case SAID_RETRACTION:
    case SAID_REQUEST:
        return agency != said->agency;
    case SAID_ADULT:
    case SAID_TIE:
        return false;
    case SAID_LINK:
    case SAID_SAME:
    case SAID_DECISION:
        return true; /* colleagues of whoever decided are told as well */
    }
    return false;
}

uint8_t model_must(const struct model *model, const struct said *said, uint32_t agency)
{
    if (!model_is_record(said) || said->taken_back || agency == said->agency ||
        agency == said->narrowed) {
        return 0;
    }
    if (agency == MASH && said->kind == SAID_CONCERN) {
        uint8_t card = said->shown ? PART_BIT(PART_CARD) : 0;
        return said->immediate || said->door_shares ? BOTH_PARTS : card;
    }
    if (agency == MASH) {
        uint8_t card = said->listed || said->shown ? PART_BIT(PART_CARD) : 0;
        bool unsure = model->parted && said->child == SIM_BY_NAME;
        return unsure ? 0 : said->released ? BOTH_PARTS : card;
    }
    if (model_by_name(said->agency, said->child) || model_by_name(agency, said->child)) {
        return 0; /* names are linked as far as nothing speaks against it */
    }
    bool shared = said->kind == SAID_CONCERN && !said->immediate && said->circle_shares;
    /* whoever says it must know of the other's involvement, and does when it is involved itself */
    return shared && model->involved[agency][said->child] &&
                   model->involved[said->agency][said->child]
               ? BOTH_PARTS
               : 0;
}

struct said *model_said(struct model *model, const struct hash *item)
{
    for (size_t i = 0; i < model->n_said; i++) {
        for (size_t j = 0; j < model->said[i].n_items; j++) {
            if (hash_equal(&model->said[i].items[j], item)) {
                return &model->said[i];
            }
        }
    }
    return NULL;
}

/* What came twice is taken back once: the other one stays, and its sender does not know it any
 * more. */
bool model_stands(const struct said *said)
{
    return said->logged && (!said->taken_back || said->repeated);
}
