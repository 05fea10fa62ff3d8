/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/chance.h"
#include "sim/speech_internal.h"

/* Any record in the log. */
static const struct said *any_record(const struct life *life)
{
    const struct model *model = &life->model;
    size_t from = chance_below((uint32_t)model->n_said + 1);
    for (size_t i = 0; i < model->n_said; i++) {
        const struct said *said = &model->said[(from + i) % model->n_said];
        if (said->kind <= SAID_MISSED && said->logged) {
            return said;
        }
    }
    return NULL;
}

void speech_judge_pair(struct life *life, struct node *node)
{
    const struct model_pair *pair = &life->model.pair;
    bool asked = pair->heard && !chance_one_in(4);
    struct said said = {
        .kind = SAID_SAME, .agency = node->agency, .child = SIM_HERE, .confirms = chance_one_in(2)};
    struct decide_request decision = {
        .action = said.confirms ? ACTION_CONFIRM_LINK : ACTION_REFUSE_LINK,
        .has_record = true,
        .has_other = true,
        .person = {.name = "C. Screener",
                   .role = "screening officer",
                   .reason =
                       "The mother was asked by telephone where they lived before, and with whom."},
    };
    for (size_t i = 0; i < 2; i++) {
        said.named[i] = asked ? pair->shown[i] : any_record(life);
        if (said.named[i] == NULL) {
            return;
        }
    }
    decision.record = life->model.log[said.named[0]->index].id;
    decision.other = life->model.log[said.named[1]->index].id;
    if (said.named[0] == said.named[1]) {
        return;
    }
    speech_say_who_is_one(life, node, &decision, &said);
}
