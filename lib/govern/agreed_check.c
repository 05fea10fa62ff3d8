/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every question is asked once. A rule that is the answer to none never decides; two rules of one
 * rank that speak of one case and say different things contradict each other, and that the stricter
 * wins is hardly what both their authors meant. A rule that denies is meant to take something away
 * from others and contradicts nobody.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "govern/space.h"

#define NOTHING       UINT32_MAX
#define REVIEW_SOON   60 /* days */
#define FINDINGS_ROOM (4 * RULES_MAX + 2)

struct checking {
    const struct agreements *agreements;
    bool decides[RULES_MAX];
    const char *instead[RULES_MAX];  /* what decides where this rule speaks */
    uint32_t contradicts[RULES_MAX]; /* the stricter one; NOTHING */
};

PRINTF(4, 5)
static void add(struct agreed_findings *findings, bool warning, const char *rule,
                const char *format, ...)
{
    va_list arguments;

    assert(findings->n < FINDINGS_ROOM);
    struct agreed_finding *finding = &findings->items[findings->n++];
    finding->warning = warning;
    findings->problems += warning ? 0 : 1;
    (void)snprintf(finding->rule, sizeof(finding->rule), "%s", rule);
    va_start(arguments, format);
    (void)vsnprintf(finding->what, sizeof(finding->what), format, arguments);
    va_end(arguments);
}

static void note_contradiction(struct checking *checking, const struct rule *rule,
                               const struct rule *best)
{
    const struct rule *rules = checking->agreements->rules;

    if (rule != best && rule->exception == best->exception && rule->effect != EFFECT_DENY &&
        best->effect != EFFECT_DENY && (rule->effect != best->effect || rule->mode != best->mode)) {
        checking->contradicts[rule - rules] = (uint32_t)(best - rules);
    }
}

static void asked(void *data, const struct disclosure *what, const uint64_t sets[AGREED_AXES])
{
    struct checking *checking = data;
    const struct agreements *agreements = checking->agreements;
    struct decision decision = agreements_decide(agreements, what);
    const struct rule *best = rule_find(agreements, decision.rule);

    (void)sets;
    if (best != NULL) {
        checking->decides[best - agreements->rules] = true;
    }
    for (size_t i = 0; i < agreements->n_rules; i++) {
        if (!rule_covers(&agreements->rules[i], what)) {
            continue;
        }
        checking->instead[i] = decision.rule;
        if (best != NULL) {
            note_contradiction(checking, &agreements->rules[i], best);
        }
    }
}

static void check_rule(const struct checking *checking, size_t i, int32_t day,
                       struct agreed_findings *findings)
{
    const struct rule *rules = checking->agreements->rules;
    const struct rule *rule = &rules[i];
    uint32_t other = checking->contradicts[i];

    if (rule->valid_until < day) {
        add(findings, true, rule->id, "has ended: take it out");
    } else if (rule->valid_from > day) {
        return; /* asked about on its own first day */
    } else if (!checking->decides[i]) {
        add(findings, false, rule->id,
            "never decides: others come first wherever it speaks, such as %s; take it out",
            checking->instead[i] != NULL ? checking->instead[i] : "what holds by law");
    }
    if (other != NOTHING) {
        add(findings, false, rule->id,
            "says %s where %s, of the same rank, says %s: narrow one, or make it an exception",
            effect_text(rule->effect), rules[other].id, effect_text(rules[other].effect));
    }
}

static void check_on(const struct agreements *agreements, const struct space *space, int32_t day,
                     struct checking *checking)
{
    *checking = (struct checking){.agreements = agreements};
    memset(checking->contradicts, 0xff, sizeof(checking->contradicts));
    space_walk(space, day, asked, checking);
}

static void check_document(const struct agreements *agreements, int32_t day,
                           struct agreed_findings *findings)
{
    char text[DATE_TEXT_BYTES];

    date_format(agreements->review_by, text);
    if (agreements->review_by < day) {
        add(findings, false, "",
            "review_by is %s, which has passed: nothing is shared; review them", text);
    } else if (agreements->review_by - day <= REVIEW_SOON) {
        add(findings, true, "", "review_by is %s: after that day nothing is shared", text);
    }
    for (size_t i = 0; i < agreements->n_rules; i++) {
        if (agreements->rules[i].source[0] == '\0') {
            add(findings, false, agreements->rules[i].id,
                "names no source: say which law, policy or agreement it comes from");
        }
    }
}

int agreed_check(const struct agreements *agreements, const struct directory *directory,
                 int32_t day, struct agreed_findings *ret)
{
    struct agreed_findings findings = {.n = 0};
    _cleanup_(base_free) struct checking *checking = base_zalloc(1, sizeof(*checking));
    _cleanup_(space_free) struct space *space = NULL;

    int r = space_new(directory, agreements, NULL, &space);
    if (r < 0) {
        return r;
    }
    findings.items = base_zalloc(FINDINGS_ROOM, sizeof(*findings.items));
    check_document(agreements, day, &findings);
    int32_t asked_on = agreements->review_by < day ? agreements->review_by : day;
    check_on(agreements, space, asked_on, checking);
    for (size_t i = 0; i < agreements->n_rules; i++) {
        check_rule(checking, i, asked_on, &findings);
    }
    for (size_t i = 0; i < agreements->n_rules; i++) {
        int32_t first = agreements->rules[i].valid_from;
        if (first > asked_on && first <= agreements->review_by) {
            check_on(agreements, space, first, checking);
            check_rule(checking, i, first, &findings);
        }
    }
    *ret = findings;
    return 0;
}

void agreed_findings_deinit(struct agreed_findings *findings)
{
    free(findings->items);
    *findings = (struct agreed_findings){.n = 0};
}
