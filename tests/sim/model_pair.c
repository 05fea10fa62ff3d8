/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two children who might be one: SIM_HERE and SIM_THERE have a name and a birth date in common and
 * nothing else joins them. The front door is asked once, as soon as somebody has a record of each
 * and either has an open alert or together they complete what neither meets alone; with that it has
 * the card of the newest record of each. Nobody else is ever asked, and what a person says when
 * nobody was asked, or of other records, does nothing.
 */
#include <string.h>

#include "sim/model_internal.h"

static bool is_of_pair(int child)
{
    return child == SIM_HERE || child == SIM_THERE;
}

bool model_same_child(const struct model *model, int a, int b)
{
    return a == b || (model->pair.judged && model->pair.one && is_of_pair(a) && is_of_pair(b));
}

static bool is_newer(const struct said *said, const struct said *than)
{
    return than == NULL || said->day > than->day ||
           (said->day == than->day && said->index > than->index);
}

static bool is_stated(const struct model_pair *pair, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    for (size_t i = 0; i < pair->n_stated; i++) {
        if (memcmp(pair->stated[i], handle, CAIRN_HANDLE_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Its newest record that stands, and how many missed appointments do. Whose a record is the broker
 * knows once its agency has stated that: what a revoked agency stated was refused, and a record may
 * come before it is stated anew. */
static struct said *look_at(struct model *model, int child, size_t *ret_missed)
{
    struct said *newest = NULL;
    *ret_missed = 0;
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (said->child == child && model_is_record(said) && model_stands(said) &&
            is_stated(&model->pair, model->handles[said->agency][child])) {
            newest = is_newer(said, newest) ? said : newest;
            *ret_missed += said->kind == SAID_MISSED ? 1 : 0;
        }
    }
    return newest;
}

void model_pair_look(struct model *model, int child)
{
    struct model_pair *pair = &model->pair;
    size_t here;
    size_t there;
    if (!is_of_pair(child) || pair->asked) {
        return;
    }
    struct said *of_here = look_at(model, SIM_HERE, &here);
    struct said *of_there = look_at(model, SIM_THERE, &there);
    bool complete = here < MODEL_PATTERN && there < MODEL_PATTERN && here + there >= MODEL_PATTERN;
    if (of_here == NULL || of_there == NULL ||
        (!complete && !model->open[SIM_HERE] && !model->open[SIM_THERE])) {
        return;
    }
    pair->asked = true;
    pair->shown[0] = of_here;
    pair->shown[1] = of_there;
    of_here->shown = true;
    of_there->shown = true;
}

void model_pair_stated(struct model *model, uint32_t agency,
                       const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct model_pair *pair = &model->pair;
    if (is_stated(pair, handle) || pair->n_stated == MODEL_SAID) {
        return;
    }
    memcpy(pair->stated[pair->n_stated++], handle, CAIRN_HANDLE_BYTES);
    model_pair_look(model, model_child_of(model, agency, handle));
}

/* Each agency has one handle of each child. */
static bool is_one_handle(const struct said *a, const struct said *b)
{
    return a->agency == b->agency && a->child == b->child;
}

static bool names_shown(const struct model_pair *pair, const struct said *judgement)
{
    const struct said *a = judgement->named[0];
    const struct said *b = judgement->named[1];
    return (is_one_handle(a, pair->shown[0]) && is_one_handle(b, pair->shown[1])) ||
           (is_one_handle(a, pair->shown[1]) && is_one_handle(b, pair->shown[0]));
}

void model_pair_judged(struct model *model, const struct said *judgement)
{
    struct model_pair *pair = &model->pair;
    bool stored = verdict_is_stored(judgement->verdict);
    bool may =
        judgement->agency == MASH && pair->asked && !pair->judged && names_shown(pair, judgement);
    if (stored != may) {
        model_wrong("what agency %u says of two children is %s", judgement->agency,
                    verdict_name(judgement->verdict));
    }
    if (stored) {
        pair->judged = true;
        pair->one = judgement->confirms;
    }
}

void model_pair_heard(struct model *model, uint32_t agency, const struct wire_notice *notice)
{
    struct model_pair *pair = &model->pair;
    if (agency != MASH || !pair->asked || notice->n_headlines != 2) {
        model_wrong("agency %u is told that two children might be one", agency);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct wire_headline *line = &notice->headlines[i];
        const struct logged *leaf = &model->log[line->log_index];
        bool there = line->has_record && line->log_index < model->log_size &&
                     entry_id_equal(&leaf->id, &line->record);
        const struct said *said = there ? model_said(model, &leaf->digest) : NULL;
        if (said == NULL || (said != pair->shown[0] && said != pair->shown[1])) {
            model_wrong("the front door is shown another record of two children");
        }
    }
    pair->heard = true;
}
