/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are compiled when they are loaded (rule_read.c): agencies to numbers, kinds and classes to
 * sets of kinds, records to sets of kinds and codes. A decision is then one pass over at most
 * RULES_MAX rules, comparing integers.
 */
#include <stdlib.h>
#include <string.h>

#include "govern/agreed.h"
#include "govern/rule.h"

const char *effect_text(enum effect effect)
{
    switch (effect) {
    case EFFECT_DENY:
        return "deny";
    case EFFECT_ASK:
        return "ask";
    case EFFECT_HOLD:
        return "hold";
    case EFFECT_SHARE:
        return "share";
    }
    return "unknown";
}

bool party_is(const struct party *party, const struct agency *agency)
{
    if (party->any) {
        return true;
    }
    if (party->agency != 0) {
        return party->agency == agency->number;
    }
    return (party->kinds & (UINT32_C(1) << agency->kind->index)) != 0;
}

/* A front door is told as such, whoever is involved. Everybody else is told of a child that it is
 * involved with; what denies asks nobody for that. */
static bool fits_roles(const struct rule *rule, const struct disclosure *what)
{
    if (agency_is_front_door(what->recipient)) {
        return rule->roles == 0;
    }
    if (rule->roles != 0) {
        return (rule->roles & what->roles) != 0;
    }
    return rule->effect == EFFECT_DENY || what->roles != 0;
}

bool rule_covers(const struct rule *rule, const struct disclosure *what)
{
    return (rule_set_has(rule->kinds, what->kind) || rule_set_has(rule->codes, what->code)) &&
           what->level >= rule->level_min && what->level <= rule->level_max &&
           rule_set_has(rule->urgencies, what->urgency) && what->day >= rule->valid_from &&
           what->day <= rule->valid_until && party_is(&rule->recipient, what->recipient) &&
           party_is(&rule->origin, what->origin) && fits_roles(rule, what) &&
           (what->purpose == 0 || (rule->purposes & PURPOSE_BIT(what->purpose)) != 0);
}

static bool is_stricter(const struct rule *a, const struct rule *b)
{
    return a->effect != b->effect ? a->effect < b->effect : a->mode < b->mode;
}

/* Does `rule` take the place of the best one so far? */
static bool prevails(const struct rule *rule, const struct rule *best)
{
    if (best == NULL) {
        return true;
    }
    if (rule->exception != best->exception) {
        return rule->exception;
    }
    return is_stricter(rule, best);
}

static struct decision by_law(const struct agreements *agreements, enum effect effect,
                              const char *why)
{
    return (struct decision){
        .effect = effect,
        .mode = effect == EFFECT_DENY ? MODE_EXISTENCE : MODE_CONTENT,
        .count = effect != EFFECT_DENY,
        .purposes = PURPOSES_ALL,
        .rule = why,
        .version = agreements != NULL ? agreements->version : 0,
    };
}

static bool is_danger_to_front_door(const struct disclosure *what)
{
    return what->kind != DISCLOSED_INVOLVEMENT &&
           record_is_danger((enum record_kind)what->kind, what->urgency) &&
           agency_is_front_door(what->recipient);
}

/* What holds before any rule is asked; NULL when the rules decide. */
static const char *before_rules(const struct agreements *agreements, const struct disclosure *what,
                                enum effect *ret_effect)
{
    *ret_effect = EFFECT_DENY;
    if (!what->recipient->active) {
        return "revoked";
    }
    *ret_effect = EFFECT_SHARE;
    if (what->origin->number == what->recipient->number) {
        return "own";
    }
    if (is_danger_to_front_door(what)) {
        return "danger";
    }
    *ret_effect = EFFECT_DENY;
    if (what->kind == DISCLOSED_INVOLVEMENT && what->origin->sensitive) {
        return "sensitive";
    }
    if (agreements == NULL) {
        return "not-loaded";
    }
    return what->day > agreements->review_by ? "expired" : NULL;
}

struct decision agreements_decide(const struct agreements *agreements,
                                  const struct disclosure *what)
{
    const struct rule *best = NULL;
    enum effect effect;
    const char *law = before_rules(agreements, what, &effect);

    if (law != NULL) {
        return by_law(agreements, effect, law);
    }
    for (size_t i = 0; i < agreements->n_rules; i++) {
        const struct rule *rule = &agreements->rules[i];
        if (rule_covers(rule, what) && prevails(rule, best)) {
            best = rule;
        }
    }
    if (best == NULL) {
        return by_law(agreements, EFFECT_DENY, "no-match");
    }
    return (struct decision){
        .effect = best->effect,
        .mode = best->mode,
        .count = best->effect != EFFECT_DENY || best->count,
        .purposes = best->purposes,
        .history_days = best->history_days,
        .rule = best->id,
        .version = agreements->version,
    };
}

/* No rule gives more. */
static bool is_all(const struct decision *decision)
{
    return decision->effect == EFFECT_SHARE && decision->mode == MODE_CONTENT;
}

struct decision agreements_decide_at_most(const struct agreements *agreements,
                                          const struct disclosure *what)
{
    struct disclosure supposed = *what;
    struct decision most = agreements_decide(agreements, what);
    uint32_t roles = agency_is_front_door(what->recipient) ? 0 : ROLES; /* see fits_roles */

    for (uint32_t role = 1; role <= roles && !is_all(&most); role++) {
        supposed.roles = ROLE_BIT(role);
        struct decision decision = agreements_decide(agreements, &supposed);
        if (decision.effect > most.effect ||
            (decision.effect == most.effect && decision.mode > most.mode)) {
            most = decision;
        }
    }
    return most;
}

/* --- looking at the rules --- */

const struct rule *rule_find(const struct agreements *agreements, const char *id)
{
    for (size_t i = 0; i < agreements->n_rules; i++) {
        if (strcmp(agreements->rules[i].id, id) == 0) {
            return &agreements->rules[i];
        }
    }
    return NULL;
}

size_t agreements_covering(const struct agreements *agreements, const struct disclosure *what,
                           const char *ids[], size_t max)
{
    size_t n = 0;

    for (size_t i = 0; agreements != NULL && i < agreements->n_rules; i++) {
        if (rule_covers(&agreements->rules[i], what)) {
            if (n < max) {
                ids[n] = agreements->rules[i].id;
            }
            n++;
        }
    }
    return n;
}

const char *agreements_source(const struct agreements *agreements, const char *rule)
{
    const struct rule *found = agreements != NULL ? rule_find(agreements, rule) : NULL;

    return found != NULL && found->source[0] != '\0' ? found->source : NULL;
}

int32_t agreements_review_by(const struct agreements *agreements)
{
    return agreements->review_by;
}

void agreements_free(struct agreements **agreements)
{
    if (*agreements != NULL) {
        free((*agreements)->rules);
    }
    free(*agreements);
    *agreements = NULL;
}
