/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Well-signed agreements of any text: whatever they say, a referral, an urgent record and a concern
 * of level 3 are never held, danger reaches the front door, a revoked agency gets nothing, and
 * nobody but the front door is told of a child that it is not involved with.
 */
#include <string.h>

#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

static struct governing governing;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {
        {1, "gp-elm", "gp", false},
        {2, "school-oak", "school", false},
        {3, "mash", "mash", false},
        {4, "gp-closed", "gp", true},
    };

    (void)argc;
    (void)argv;
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&governing);
    governing_fill(&governing, agencies, ARRAY_LEN(agencies));
    return 0;
}

static void check_decision(const struct governance *governance, const struct disclosure *what)
{
    struct decision decision = agreements_decide(governance->agreements, what);
    bool urgent = what->urgency != URGENCY_ROUTINE;
    bool concern = what->kind == RECORD_CONCERN || what->kind == RECORD_ALLEGATION;
    bool grave = concern && what->level > 2;
    bool danger = what->kind != DISCLOSED_INVOLVEMENT &&
                  (what->urgency == URGENCY_IMMEDIATE || what->kind == RECORD_REFERRAL);

    assert(decision.rule != NULL);
    assert(decision.effect >= EFFECT_DENY && decision.effect <= EFFECT_SHARE);
    assert(decision.mode == MODE_EXISTENCE || decision.mode == MODE_CONTENT);
    if (!what->recipient->active) {
        assert(decision.effect == EFFECT_DENY);
        return;
    }
    if (urgent || grave || what->kind == RECORD_REFERRAL) {
        assert(decision.effect != EFFECT_HOLD);
    }
    if (decision.effect != EFFECT_DENY && what->roles == 0) {
        assert(agency_is_front_door(what->recipient) || strcmp(decision.rule, "own") == 0);
    }
    assert(agreements_decide_at_most(governance->agreements, what).effect >= decision.effect);
    if (danger && strcmp(what->recipient->kind->class, "front-door") == 0) {
        assert(decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT);
    }
}

/* Every kind, code, level and urgency between two agencies. */
static void check_pair(const struct governance *governance, const struct agency *origin,
                       const struct agency *recipient)
{
    static const struct {
        uint32_t kind;
        uint32_t code;
    } records[] = {
#define X(name, number, text, kind) {RECORD_##kind, (number)},
        CAIRN_RECORD_CODES(X)
#undef X
#define X(name, number, text, class) {(number), CODE_NOT_SAID},
            CAIRN_RECORD_KINDS(X)
#undef X
                {DISCLOSED_INVOLVEMENT, CODE_NOT_SAID},
    };
    struct disclosure what = {.origin = origin, .recipient = recipient, .day = 20000};

    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        for (uint32_t at = 0; at < (CAIRN_LEVEL_MAX + 1) * 3; at++) {
            what.kind = records[i].kind;
            what.code = records[i].code;
            what.level = at / 3;
            what.urgency = (enum urgency)(at % 3 + 1);
            what.roles = 0;
            check_decision(governance, &what);
            what.roles = ROLE_BIT(at % ROLES + 1);
            check_decision(governance, &what);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    _cleanup_(governance_unref) struct governance *made = NULL;

    enum govern_result result =
        governing_try(&governing, GOVERNANCE_AGREEMENTS, 2, slice_make(data, size), &made, &error);
    assert((result == GOVERN_ACCEPTED) == (error.what[0] == '\0'));
    for (size_t i = 0; made != NULL && i < made->directory.n_agencies; i++) {
        for (size_t k = 0; k < made->directory.n_agencies; k++) {
            check_pair(made, &made->directory.agencies[i], &made->directory.agencies[k]);
        }
    }
    return 0;
}
