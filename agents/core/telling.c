/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/telling.h"

#include <stdio.h>

#include "agents/core/correct.h"
#include "agents/core/settle.h"

/* A number by which the child will not be found elsewhere stops nothing, but somebody should know. */
static void note_flaw(const struct identity *child, struct intake_item *item)
{
    const struct {
        const char *name;
        const struct identifier *number;
    } numbers[] = {{"the NHS number", &child->nhs_number}, {"the pupil number", &child->upn}};
    struct writer out = writer_over(item->reason, sizeof(item->reason) - 1);

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const char *flaw = identifier_flaw(numbers[i].number);
        if (flaw != NULL) {
            write_format(&out, "%s%s %s", out.len > 0 ? "; " : "", numbers[i].name, flaw);
        }
    }
}

static int accept_event(struct taking *taking, const struct event *event, struct intake_item *item)
{
    note_flaw(&event->child, item);
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    taking_count(taking, "accepted");
    return taking_keep(taking, event, NULL, NULL, &item->reference);
}

/* What was said before and is not to be said again, or never. */
static void leave_it(struct taking *taking, const struct told *told, struct intake_item *item)
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
    }
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
    return r != 0 ? r : accept_event(taking, event, item);
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
        leave_it(taking, &told, item);
    }
    if (r == 0) {
        correct_note(taking, event, &told, item);
    }
    return r;
}

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
    note_flaw(&involvement->child, item);
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    return 0;
}
