/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agreements of any text, with their schema and without it, for the reader takes nothing for
 * granted that the schema says. Whatever they say, a referral, an urgent record and a concern of
 * level 3 are never held, danger reaches the front door, a revoked agency gets nothing, and nobody
 * but the front door is told of a child that it is not involved with. Each input is asked some of
 * all questions.
 */
#include <string.h>

#include "govern/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fuzz_document.h"

#define QUESTIONS_STEP 1009 /* from one question to the next; a prime */

static struct fuzz_document given;

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
    return fuzz_document_init(&given, "agreements", agencies, ARRAY_LEN(agencies));
}

static void check_decision(const struct agreements *agreements, const struct disclosure *what)
{
    struct decision decision = agreements_decide(agreements, what);
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
    assert(agreements_decide_at_most(agreements, what).effect >= decision.effect);
    if (danger && strcmp(what->recipient->kind->class, "front-door") == 0) {
        assert(decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT);
    }
}

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

/* The number of a question: kind or code, level, urgency, origin, recipient, involved or not. */
static void ask(const struct agreements *agreements, uint32_t number)
{
    const struct directory *directory = &given.governing.governance->directory;
    uint32_t of[6];
    const uint32_t sizes[6] = {(uint32_t)ARRAY_LEN(records),
                               CAIRN_LEVEL_MAX + 1,
                               3,
                               (uint32_t)directory->n_agencies,
                               (uint32_t)directory->n_agencies,
                               ROLES + 1};
    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        of[i] = number % sizes[i];
        number /= sizes[i];
    }
    const struct disclosure what = {
        .origin = &directory->agencies[of[3]],
        .recipient = &directory->agencies[of[4]],
        .kind = records[of[0]].kind,
        .code = records[of[0]].code,
        .level = of[1],
        .urgency = (enum urgency)(of[2] + 1),
        .roles = of[5] == 0 ? 0 : ROLE_BIT(of[5]),
        .day = 20000 + (int32_t)number * 400,
    };
    check_decision(agreements, &what);
}

static void check_agreements(const struct agreements *agreements, uint32_t start)
{
    size_t n = given.governing.governance->directory.n_agencies;
    uint32_t questions =
        (uint32_t)(ARRAY_LEN(records) * (CAIRN_LEVEL_MAX + 1) * 3 * n * n * (ROLES + 1));

    for (uint32_t number = start % QUESTIONS_STEP; number < questions; number += QUESTIONS_STEP) {
        ask(agreements, number);
    }
}

/* Another one for each input. */
static uint32_t start_of(struct slice text)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < text.len; i++) {
        sum = sum * 31 + text.data[i];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_make(data, size);
    struct error error = ERROR_NULL;
    _cleanup_(agreements_free) struct agreements *made = NULL;
    bool checked;
    _cleanup_(json_free) struct json *document = fuzz_document_read(&given, text, &checked);

    if (document == NULL) {
        return 0;
    }
    int r = agreements_read(document, &given.governing.governance->directory, 2, &made, &error);
    assert((r == 0) == (error.what[0] == '\0') && (r == 0) == (made != NULL));
    if (made != NULL) {
        check_agreements(made, start_of(text));
    }
    return 0;
}
