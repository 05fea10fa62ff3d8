/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adults: what the adult service says of one counts for a child as long as some agency's tie says
 * so, up to the day on which that ends; whoever is involved with the child hears that there is
 * something, of which day, and no more. Only who is involved ties anybody to a child; nobody is
 * told of a tie, and nobody is sent what was said of an adult.
 */
#include <string.h>

#include "sim/model_internal.h"

static bool counts(const struct model *model, const struct said *said, int child)
{
    for (uint32_t agency = 1; agency <= SIM_AGENTS; agency++) {
        const struct model_tie *tie = &model->ties[agency][child][said->adult];
        if (tie->there && said->day < tie->until) {
            return true;
        }
    }
    return false;
}

/* Whom the agreements tell of it, as bits of agencies: not a front door, which is told as such. */
static uint32_t circle(const struct model *model, int child)
{
    uint32_t bits = 0;
    for (uint32_t agency = 1; agency <= SIM_AGENTS; agency++) {
        bool told = agency != ADULT_SERVICE && agency != MASH && model->involved[agency][child];
        bits |= told ? 1U << agency : 0;
    }
    return bits;
}

/* What is known now may be told; what `fresh` has made known must be. */
static void look(struct model *model, const struct said *fresh)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        bool told = fresh != NULL &&
                    (said == fresh || (fresh->kind == SAID_TIE && fresh->adult == said->adult));
        if (said->kind != SAID_ADULT || !said->logged) {
            continue;
        }
        for (int child = 1; child <= SIM_CHILDREN; child++) {
            uint32_t bits = counts(model, said, child) ? circle(model, child) : 0;
            said->may_know[child] |= bits;
            said->must_know[child] |=
                told && (fresh->kind == SAID_ADULT || fresh->child == child) ? bits : 0;
        }
    }
}

static uint32_t count_ties(const struct model *model, int child, int adult)
{
    uint32_t n = 0;
    for (uint32_t agency = 1; agency <= SIM_AGENTS; agency++) {
        n += model->ties[agency][child][adult].there ? 1 : 0;
    }
    return n;
}

/* Nobody has to hear what was not told yet; whoever has heard must hear that it was wrong. */
static void untie(struct model *model, int child, int adult)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (said->kind == SAID_ADULT && said->logged && said->adult == adult) {
            uint32_t told =
                counts(model, said, child) ? said->knows[child] & said->must_know[child] : 0;
            said->must_unlearn[child] |= told & circle(model, child);
            said->must_know[child] = 0;
        }
    }
}

/* What no tie lets count any more, nobody has to hear who has not heard it yet. */
static void drop(struct model *model, int child, int adult)
{
    for (size_t i = 0; i < model->n_said; i++) {
        struct said *said = &model->said[i];
        if (said->kind == SAID_ADULT && said->adult == adult && !counts(model, said, child)) {
            said->must_know[child] &= said->knows[child];
        }
    }
}

static void tie(struct model *model, const struct said *said)
{
    struct model_tie *row = &model->ties[said->agency][said->child][said->adult];
    bool holds = said->until == MODEL_TIE_OPEN;
    bool fresh = holds && !(row->there && row->until == MODEL_TIE_OPEN);
    if (said->undone) {
        if (row->there && count_ties(model, said->child, said->adult) == 1) {
            untie(model, said->child, said->adult);
        }
        row->there = false;
    } else if (row->there || holds) {
        *row = (struct model_tie){.there = true, .until = said->until};
        drop(model, said->child, said->adult);
    }
    if (fresh && !said->undone) {
        look(model, said);
    }
}

void model_adult_judged(const struct model *model, const struct said *said)
{
    bool entitled =
        said->undone || said->until != MODEL_TIE_OPEN || model->involved[said->agency][said->child];
    bool revoked = said->verdict == VERDICT_REVOKED_KEY; /* whoever reads the log has looked */
    if (!revoked && entitled != verdict_is_stored(said->verdict)) {
        model_wrong("a tie that agency %u states of child %d is %s", said->agency, said->child,
                    verdict_name(said->verdict));
    }
}

void model_adult_entered(struct model *model, const struct said *said)
{
    if (said->kind == SAID_TIE) {
        tie(model, said);
    } else {
        look(model, said);
    }
}

void model_adult_known(struct model *model)
{
    look(model, NULL);
}

void model_handle(struct model *model, const struct said *said,
                  const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    memcpy(model->handles[said->agency][said->child], handle, CAIRN_HANDLE_BYTES);
}

int model_child_of(const struct model *model, uint32_t agency,
                   const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    for (int child = 1; child <= SIM_CHILDREN; child++) {
        if (memcmp(model->handles[agency][child], handle, CAIRN_HANDLE_BYTES) == 0) {
            return child;
        }
    }
    return 0;
}

/* Each thing that is said of an adult has a day of its own. */
static struct said *of_day(struct model *model, int32_t day)
{
    for (size_t i = 0; i < model->n_said; i++) {
        if (model->said[i].kind == SAID_ADULT && model->said[i].day == day) {
            return &model->said[i];
        }
    }
    return NULL;
}

void model_adult_heard(struct model *model, uint32_t agency, const struct wire_notice *notice)
{
    for (size_t i = 0; i < notice->n_headlines; i++) {
        const struct wire_headline *line = &notice->headlines[i];
        int child = notice->has_handle ? model_child_of(model, agency, notice->handle) : 0;
        struct said *said = of_day(model, line->event_day);
        uint32_t bit = 1U << agency;
        if (!slice_is_text(line->class, "adult-service")) {
            continue;
        }
        if (said == NULL || child == 0 || line->has_record || line->origin != 0 ||
            (said->may_know[child] & bit) == 0) {
            model_wrong("agency %u is told of an adult of child %d", agency, child);
        }
        said->knows[child] |= bit;
        said->unlearned[child] |= notice->type == NOTICE_LINK_UNDONE ? bit : 0;
    }
}
