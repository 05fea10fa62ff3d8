/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/correct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/held.h"
#include "agents/core/returned.h"
#include "agents/core/settle.h"

#define CORRECTION_JUDGE "automatic: the source has corrected or withdrawn it"

/* --- looking --- */

/* A retraction with a source id of its own: it says nothing of versions of what it retracts. */
static bool names_another(const struct event *event)
{
    return event->kind == RECORD_RETRACTION && strcmp(event->retracts, event->source_id) != 0;
}

static bool stands(struct store_txn *txn, const struct source_row *row)
{
    struct out_row out;
    return row->has_reference && out_get(txn, &row->reference, &out) &&
           out.state != OUT_WITHDRAWN && out.state != OUT_REFUSED && !out.retracted;
}

static enum told_relation relation_of(struct store_txn *txn, const struct event *event,
                                      const struct told *told)
{
    if (!told->found || names_another(event)) {
        return TOLD_NEWER;
    }
    enum source_age age = source_age(&told->row.rank, event);
    bool tells = event->kind != RECORD_RETRACTION;
    if (age == SOURCE_OLDER || (age == SOURCE_UNRANKED && told->row.final && tells)) {
        return TOLD_OLDER;
    }
    bool same = tells && told->row.tells && hash_equal(&told->row.content, &told->content);
    return same && stands(txn, &told->row) ? TOLD_SAME : TOLD_NEWER;
}

/* The newest that was said, or that it does not hold; but the broker refused it for good, so nobody
 * heard it. Said again, it is tried again: what was wrong may have been mended. */
static bool was_in_vain(struct store_txn *txn, const struct event *event, const struct told *told)
{
    struct out_row out;
    bool newest = told->found && told->row.has_reference &&
                  memcmp(&told->row.reference, &told->reference, sizeof(told->reference)) == 0;
    return (newest || event->kind == RECORD_RETRACTION) && out_get(txn, &told->reference, &out) &&
           out.state == OUT_REFUSED;
}

int correct_look(struct taking *taking, struct event *event, struct told *ret)
{
    const struct secret *key = taking_store_key(taking);
    *ret = (struct told){.has_reference = true};
    int r = source_content(key, event, &ret->content);
    if (r != 0) {
        return r;
    }
    ret->found = source_get(taking->txn, key, event, &ret->row);
    if (source_known(taking->txn, key, event, &ret->content, &ret->reference)) {
        if (!was_in_vain(taking->txn, event, ret)) {
            ret->relation = TOLD_KNOWN;
            return 0;
        }
        returned_end(taking->txn, &ret->reference);
    }
    ret->relation = relation_of(taking->txn, event, ret);
    ret->has_reference = ret->found && ret->row.has_reference;
    ret->reference = ret->row.reference;
    return 0;
}

/* --- taking back --- */

void correct_nothing(const struct event *event, struct event *ret)
{
    *ret = EVENT_NULL;
    ret->kind = RECORD_RETRACTION;
    ret->urgency = URGENCY_ROUTINE;
    ret->event_day = event->event_day;
    ret->changed_ms = event->changed_ms;
    ret->final = event->final;
    ret->recorded_ms = event->recorded_ms;
    memcpy(ret->adapter, event->adapter, sizeof(ret->adapter));
    memcpy(ret->source_id, event->source_id, sizeof(ret->source_id));
    memcpy(ret->source_version, event->source_version, sizeof(ret->source_version));
    memcpy(ret->retracts, event->source_id, sizeof(ret->retracts));
    ret->lawfulness = (struct lawfulness){.judged_by = JUDGED_BY_STANDING_DECISION,
                                          .basis = BASIS_PUBLIC_TASK,
                                          .detriment = DETRIMENT_NOT_MORE,
                                          .family_told = FAMILY_NOT_KNOWN};
    (void)snprintf(ret->lawfulness.judge, sizeof(ret->lawfulness.judge), "%s", CORRECTION_JUDGE);
}

/* A retraction that a person wrote keeps who judged it and why. */
static int retract(struct taking *taking, const struct event *event, const struct reference *target,
                   struct out_row *row, struct intake_item *item)
{
    _cleanup_(event_deinit) struct event retraction = EVENT_NULL;
    const struct event *sent = event;
    if (event->kind != RECORD_RETRACTION) {
        correct_nothing(event, &retraction);
        sent = &retraction;
    }
    int r = taking_keep(taking, sent, target, row, &item->reference);
    if (r != 0) {
        return r;
    }
    row->retracted = true;
    out_put(taking->txn, target, row);
    item->outcome = INTAKE_RETRACTED;
    item->has_reference = true;
    taking_count(taking, "retracted");
    return 0;
}

void correct_withdraw(struct taking *taking, const struct reference *target, struct out_row *row,
                      struct intake_item *item)
{
    settle_drop(taking->txn, target, row);
    held_drop(taking->txn, row);
    row->verdict = 0;
    row->state = OUT_WITHDRAWN;
    row->due_ms = 0;
    row->answered_ms = taking->now_ms;
    out_put(taking->txn, target, row);
    item->outcome = INTAKE_WITHDRAWN;
    item->has_reference = true;
    item->reference = *target;
    taking_count(taking, "withdrawn");
}

/* Nobody has to be told, and whoever asked hears why. */
static int count_it(struct intake_item *item, const char *why)
{
    item->outcome = INTAKE_COUNTED;
    (void)snprintf(item->reason, sizeof(item->reason), "%s", why);
    return 0;
}

int correct_take_back_record(struct taking *taking, const struct event *event,
                             const struct reference *target, struct intake_item *item)
{
    static const char *const before = "it had been taken back before";
    struct out_row row;
    if (!out_get(taking->txn, target, &row)) {
        return -EBADMSG;
    }
    switch (row.state) {
    case OUT_SETTLING:
    case OUT_WAITING:
        correct_withdraw(taking, target, &row, item);
        return 0;
    case OUT_SPOOLED:
        if (held_is_aside(&row)) {
            correct_withdraw(taking, target, &row, item);
            return 0;
        }
        return row.retracted ? count_it(item, before) : retract(taking, event, target, &row, item);
    case OUT_STORED:
        return row.retracted ? count_it(item, before) : retract(taking, event, target, &row, item);
    case OUT_REFUSED:
        returned_end(taking->txn, target);
        return count_it(item, "the broker had refused it, so nobody was told");
    case OUT_WITHDRAWN:
        return count_it(item, before);
    }
    return -EBADMSG;
}

int correct_take_back(struct taking *taking, const struct event *event, const struct told *told,
                      struct intake_item *item)
{
    if (!told->found || !told->row.has_reference) {
        return count_it(item, "nothing by that id was told, so there is nothing to take back");
    }
    return correct_take_back_record(taking, event, &told->row.reference, item);
}

/* --- remembering --- */

static void note_newest(struct taking *taking, const struct event *event, const struct told *told,
                        const struct intake_item *item)
{
    struct source_row row = told->found ? told->row : SOURCE_ROW_NULL;
    row.tells = event->kind != RECORD_RETRACTION;
    row.final = event->final;
    row.content = told->content;
    row.kept_ms = taking->now_ms;
    if (!names_another(event)) {
        row.rank = source_rank(event);
    }
    if (row.tells) {
        row.has_reference = true;
        row.reference = item->reference;
    }
    if (row.has_reference || row.final || source_is_ranked(&row.rank)) {
        source_put(taking->txn, taking_store_key(taking), event, &row);
    }
}

/* What a retraction by name had meant has come: from now on its version is known, and what is newer
 * than that may be told. */
static void note_meant(struct taking *taking, const struct event *event, const struct told *told)
{
    struct source_row row = told->row;
    if (row.final && !source_is_ranked(&row.rank)) {
        row.rank = source_rank(event);
        source_put(taking->txn, taking_store_key(taking), event, &row);
    }
}

void correct_note(struct taking *taking, const struct event *event, const struct told *told,
                  const struct intake_item *item)
{
    switch (told->relation) {
    case TOLD_KNOWN:
        return;
    case TOLD_OLDER:
        note_meant(taking, event, told);
        return;
    case TOLD_NEWER:
    case TOLD_SAME:
        note_newest(taking, event, told, item);
        break;
    }
    if (item->has_reference) {
        source_put_known(taking->txn, taking_store_key(taking), event, &told->content,
                         &item->reference);
    }
}
