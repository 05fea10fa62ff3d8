/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule: one rule of the agreements as it was compiled. Private to lib/govern: the reader fills it,
 * the decision and the map of who gets what compare it.
 */
#ifndef GOVERN_RULE_H
#define GOVERN_RULE_H

#include "govern/internal.h"

#define RULES_MAX       256
#define RULE_SOURCE_MAX 201
#define RULE_SET_MAX    64 /* numbers of record kinds and codes fit a set */

struct party {
    bool any;
    uint32_t agency; /* 0: by kind */
    uint32_t kinds;  /* bits of agency_kind.index */
};

struct rule {
    char id[RULE_ID_MAX_BYTES];
    struct party origin;
    struct party recipient;
    uint64_t kinds;
    uint64_t codes;
    uint32_t level_min;
    uint32_t level_max;
    uint32_t urgencies;
    uint32_t roles;    /* ROLE_BIT; 0: none named */
    uint32_t purposes; /* PURPOSE_BIT; never 0 */
    enum effect effect;
    enum mode mode;
    uint32_t history_days;
    bool count;
    bool exception;
    int32_t valid_from;
    int32_t valid_until;
    char source[RULE_SOURCE_MAX]; /* "" when it names none */
};

struct agreements {
    uint64_t version;
    int32_t review_by;
    size_t n_rules;
    struct rule *rules;
};

static inline bool rule_set_has(uint64_t set, uint32_t number)
{
    return number < RULE_SET_MAX && (set & (UINT64_C(1) << number)) != 0;
}

bool party_is(const struct party *party, const struct agency *agency);
/* Does the rule speak of this case? */
bool rule_covers(const struct rule *rule, const struct disclosure *what);
/* The rule of that id; NULL when there is none. */
const struct rule *rule_find(const struct agreements *agreements, const char *id);

#endif
