/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/telling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/age.h"
#include "agents/core/correct.h"
#include "agents/core/following.h"
#include "agents/core/settle.h"
#include "base/date.h"

/* --- what is odd about what was taken --- */

/* Nothing is stopped by it, but somebody should know. One that has no room is left out. */
static void note(struct intake_item *item, const char *words)
{
    size_t len = strlen(item->reason);
    size_t room = sizeof(item->reason) - len;
    int n = snprintf(item->reason + len, room, "%s%s", len > 0 ? "; " : "", words);

    if (n < 0 || (size_t)n >= room) {
        item->reason[len] = '\0';
    }
}

static const char *word_for(const struct identity *identity)
{
    return identity->person ? "adult" : "child";
}

/* Numbers by which nobody will be found elsewhere. */
static void note_flaws(const struct identity *identity, struct intake_item *item)
{
    const struct {
        const char *name;
        const struct identifier *number;
    } numbers[] = {{"NHS", &identity->nhs_number}, {"pupil", &identity->upn}};
    const char *who = word_for(identity);

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const char *flaw = identifier_flaw(numbers[i].number);
        char words[200];
        if (flaw != NULL) {
            (void)snprintf(words, sizeof(words),
                           "the %s's %s number %s, so nobody finds the %s by it: correct it where "
                           "it came from, or leave it out",
                           who, numbers[i].name, flaw, who);
            note(item, words);
            item->flawed = true;
        }
    }
}

static void note_age(const struct identity *identity, const char *finding, struct intake_item *item)
{
    char words[200];

    if (finding != NULL) {
        (void)snprintf(words, sizeof(words), "the %s's birth date %s", word_for(identity), finding);
        note(item, words);
    }
}

/* Who somebody is, of whom something is said today, or was until then. */
static void note_person(const struct taking *taking, const struct identity *identity,
                        int32_t until_day, struct intake_item *item)
{
    note_flaws(identity, item);
    note_age(identity,
             age_finding(identity, until_day <= taking->day ? until_day - 1 : taking->day), item);
}

/* --- events --- */

static int accept_event(struct taking *taking, const struct event *event, struct intake_item *item)
{
    note_flaws(&event->child, item);
    note_age(&event->child, age_finding_of_event(event), item);
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    taking_count(taking, "accepted");
    return taking_keep(taking, event, NULL, NULL, &item->reference);
}

/* What was said before and is not to be said again, or never. */
static void leave_it(struct taking *taking, const struct event *event, const struct told *told,
                     struct intake_item *item)
{
    item->has_reference = told->has_reference;
    item->reference = told->reference;
    item->outcome = INTAKE_SAME;
    if (told->relation == TOLD_OLDER) {
        item->outcome = INTAKE_OLDER;
        (void)snprintf(item->reason, sizeof(item->reason), "%s",
                       told->row.final ? "its source had taken it back before it came"
                                       : "a newer version of it had come before");
        taking_count(taking, "older-version");
    } else if (event->kind != RECORD_RETRACTION &&
               !hash_equal(&told->row.content, &told->content)) {
        note(item, "its source has said otherwise since, and that holds: to say this again, give "
                   "it a new version");
    }
}

/* Whoever sends another thing under the same id by mistake has to see what it did. */
static void note_replaced(const struct told *told, const struct intake_item *taken,
                          struct intake_item *item)
{
    char reference[REFERENCE_TEXT_BYTES];
    char words[200];

    reference_format(&told->row.reference, reference);
    (void)snprintf(words, sizeof(words),
                   "it replaces %s, said before under the same id, which is %s", reference,
                   taken->outcome == INTAKE_WITHDRAWN ? "withdrawn: nobody outside was told of it"
                                                      : "taken back: whoever received it is told");
    note(item, words);
}

/* It stands in the place of what was told before; or nothing does. */
static int take_newer(struct taking *taking, const struct event *event, const struct told *told,
                      struct intake_item *item)
{
    struct intake_item taken = {.has_reference = false};
    if (event->kind == RECORD_RETRACTION) {
        return correct_take_back(taking, event, told, item);
    }
    int r = correct_take_back(taking, event, told, &taken);
    if (r == 0) {
        r = accept_event(taking, event, item);
    }
    if (r == 0 && (taken.outcome == INTAKE_RETRACTED || taken.outcome == INTAKE_WITHDRAWN)) {
        note_replaced(told, &taken, item);
        following_note(taking, &told->row.reference, &item->reference);
    }
    return r;
}

int telling_event(struct taking *taking, struct event *event, struct intake_item *item)
{
    struct told told;
    int r = 0;
    item->danger =
        event->kind != RECORD_RETRACTION && record_is_danger(event->kind, event->urgency);
    if (event->source_id[0] == '\0') {
        return accept_event(taking, event, item);
    }
    r = correct_look(taking, event, &told);
    if (r == 0 && told.relation == TOLD_NEWER) {
        r = take_newer(taking, event, &told, item);
    } else if (r == 0) {
        leave_it(taking, event, &told, item);
    }
    if (r == 0) {
        correct_note(taking, event, &told, item);
    }
    return r;
}

/* --- involvements --- */

/* As it came, to be read again when it can be sealed. */
static int let_wait(struct taking *taking, const struct involvement *involvement,
                    struct out_row *row, const struct reference *reference)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    const struct settling settling = {.due_ms = 0, .reference = *reference};
    row->state = OUT_WAITING;
    row->due_ms = 0;
    int r = involvement_to_json(involvement, &json);
    return r != 0 ? r
                  : settle_statement(taking->txn, taking_store_key(taking), ENTRY_INVOLVEMENT,
                                     buf_slice(&json), &settling);
}

int telling_involvement(struct taking *taking, const struct involvement *involvement,
                        const struct stated_by *by, struct intake_item *item)
{
    struct out_row row = {.kind = ENTRY_INVOLVEMENT,
                          .urgency = URGENCY_ROUTINE,
                          .event_day = involvement->from_day,
                          .created_ms = taking->now_ms,
                          .by_uid = taking->by_uid,
                          .stated_by = *by};
    int r = reference_new(taking->now_ms, &item->reference);
    if (r == 0) {
        r = taking->can_seal ? seal_involvement(&taking->seal, involvement, &item->reference, &row)
                             : let_wait(taking, involvement, &row, &item->reference);
    }
    if (r != 0) {
        return r;
    }
    out_put(taking->txn, &item->reference, &row);
    taking_count(taking, "involvement-accepted");
    note_person(taking, &involvement->child, involvement->until_day, item);
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    return 0;
}

/* --- ties --- */

int telling_tie(struct taking *taking, const struct tying *tying, struct slice json,
                struct intake_item *item)
{
    struct out_row row = {.kind = ENTRY_TIE,
                          .urgency = URGENCY_ROUTINE,
                          .event_day = instant_london_day(taking->now_ms),
                          .created_ms = taking->now_ms,
                          .by_uid = taking->by_uid};
    int r = reference_new(taking->now_ms, &item->reference);
    if (r != 0) {
        return r;
    }
    if (taking->can_seal) {
        r = seal_tie(&taking->seal, tying, &item->reference, &row);
    } else {
        row.state = OUT_WAITING;
        const struct settling settling = {.due_ms = 0, .reference = item->reference};
        r = settle_statement(taking->txn, taking_store_key(taking), ENTRY_TIE, json, &settling);
    }
    if (r == -EEXIST) { /* one number, one handle: it is the same child already */
        item->outcome = INTAKE_COUNTED;
        (void)snprintf(item->reason, sizeof(item->reason), "%s",
                       "both numbers lead to one child here already");
        return 0;
    }
    if (r == 0) {
        out_put(taking->txn, &item->reference, &row);
        taking_count(taking, "tie-accepted");
        note_person(taking, &tying->child, tying->until_day, item);
        note_person(taking, &tying->person, tying->until_day, item);
    }
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    return r;
}
