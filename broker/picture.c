/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/picture.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/alert_addressees.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/members.h"
#include "broker/stored.h"
#include "broker/ties.h"

/* --- the look --- */

/* As for a decision: an alert that there is not and one that it was not told of get one answer. */
static uint64_t child_of_alert(struct apply *apply, const struct decision_header *look)
{
    const struct agency *looks = directory_agency(&apply->governance->directory, look->id.agency);
    struct alert_row alert;
    if (looks == NULL || !agency_is_front_door(looks) ||
        !alert_row_get(apply->txn, look->alert, &alert) ||
        !alert_is_addressee(&alert, looks->number)) {
        return 0;
    }
    uint64_t number =
        alert_going_on(apply, look->alert, &alert); /* children may have been joined */
    if (!apply_found(apply, number != 0)) {
        return 0;
    }
    return alert.child;
}

uint64_t picture_child(struct apply *apply, const struct decision_header *look)
{
    struct subject_row row;
    if (look->alert != 0) {
        return child_of_alert(apply, look);
    }
    struct subject_id subject = subject_id_of(look->id.agency, look->handle);
    return subject_row_get(apply->txn, &subject, &row) && !row.person ? row.child : 0;
}

/* By the time of its batch: the broker's clock, which the looking agency does not set. */
static bool is_fresh(struct store_txn *txn, const struct entry_row *row, int64_t now_ms)
{
    struct store_key key = store_key_u64(row->batch);
    struct batch_head head;
    struct slice batch;
    return store_get(txn, T_JOURNAL, store_key_slice(&key), &batch) &&
           journal_head_read(batch, &head) && now_ms - head.time_ms < CAIRN_LOOK_MAX_MS;
}

/* What there is not, what is another agency's and what is no look get one answer. */
static bool find_look(const struct picture_question *question, struct decision_header *ret)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    const struct entry_id *look = &question->request.look;
    if (look->agency != question->asker->number ||
        !stored_load_as(question->txn, look, ENTRY_DECISION, &stored) ||
        !verdict_is_stored(stored.row.verdict) ||
        !is_fresh(question->txn, &stored.row, question->now_ms)) {
        return false;
    }
    *ret = stored.header.decision;
    return ret->action == ACTION_LOOK;
}

/* --- what it shows --- */

struct drawing {
    struct apply *apply;
    const struct agency *asker;
    uint64_t child;
    bool by_name; /* a name is all that says that the asker's child is this one */
    struct picture *picture;
};

/* What is held shows itself once an alert has told this agency of it. */
static bool is_released(const struct drawing *drawing, const struct told_record *record)
{
    struct alert_row alert;
    struct store_txn *txn = drawing->apply->txn;
    bool listed =
        record->tied
            ? child_alert_get(txn, record->child, &alert) != 0 && alert_lists(&alert, &record->id)
            : record->row.alert != 0 && alert_row_get(txn, record->row.alert, &alert);
    if (!listed) {
        return false;
    }
    for (size_t i = 0; i < alert.n_addressees; i++) {
        if (alert.addressees[i].agency == drawing->asker->number) {
            return alert.addressees[i].told != 0;
        }
    }
    return false;
}

/* A front door may know that there is more than it sees, unless the author left it out or no rule
 * lets it be counted. */
static void note_withheld(const struct drawing *drawing, const struct told_record *record,
                          const struct decision *decision)
{
    if (drawing->picture != NULL && agency_is_front_door(drawing->asker) && decision->count &&
        !record->row.retracted) {
        drawing->picture->reply.flags |= PICTURE_WITHHELD;
    }
}

static bool may_see(const struct drawing *drawing, const struct chronology_item *item,
                    struct wire_headline *ret)
{
    struct told_record record;
    if (!headline_load_of(drawing->apply, &item->row.entry, drawing->child, &record)) {
        return false;
    }
    struct decision decision = headline_decide(drawing->apply, &record, drawing->asker);
    bool own = record.id.agency == drawing->asker->number;
    if (headline_for(drawing->apply, &record, drawing->asker, ret) &&
        (own || decision.effect != EFFECT_HOLD || is_released(drawing, &record))) {
        ret->flags |= drawing->by_name && !own ? HEADLINE_PROVISIONAL : 0;
        return true;
    }
    note_withheld(drawing, &record, &decision);
    return false;
}

static bool wanted(const void *data, const struct chronology_item *item)
{
    struct wire_headline ignored;
    return may_see(data, item, &ignored);
}

/* The first of the newest that fit, so that no day is told in part; a day that does not fit by
 * itself is. */
static size_t first_shown(const struct chronology_item *items, size_t n)
{
    size_t first = n <= CAIRN_PICTURE_HEADLINES_MAX ? 0 : n - CAIRN_PICTURE_HEADLINES_MAX;
    size_t whole = first;
    while (whole > 0 && whole < n && items[whole].day == items[whole - 1].day) {
        whole++;
    }
    return whole == n ? first : whole;
}

static void draw_headlines(const struct drawing *drawing, int32_t until_day)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct wire_picture_reply *reply = &drawing->picture->reply;
    struct ties ties;
    const struct chronology_search search = {
        .from = INT32_MIN,
        .to = until_day,
        .wanted = wanted,
        .data = drawing,
    };
    ties_of_child(drawing->apply, drawing->child, &ties);
    size_t n = ties_merge(drawing->apply, &ties, &search, items, 0);
    size_t first = first_shown(items, n);
    for (size_t i = n; i > first; i--) {
        struct wire_headline *headline = &drawing->picture->headlines[reply->n_headlines];
        reply->n_headlines += may_see(drawing, &items[i - 1], headline) ? 1 : 0;
    }
    if (first > 0 || drawing->apply->notes[NOTED_LOOKS_CUT_SHORT] > 0) {
        reply->flags |= PICTURE_OLDER;
    }
}

/* --- who is involved --- */

struct involved_search {
    const struct drawing *drawing;
    uint32_t roles; /* of the asker */
};

/* The row of this agency, a new one in its place when it has none yet. */
static struct wire_involved *row_for(struct picture *picture, uint32_t agency)
{
    size_t at = 0;
    while (at < picture->reply.n_involved && picture->involved[at].agency < agency) {
        at++;
    }
    struct wire_involved *row = &picture->involved[at];
    if (at < picture->reply.n_involved && row->agency == agency) {
        return row;
    }
    memmove(row + 1, row, (picture->reply.n_involved - at) * sizeof(*row));
    picture->reply.n_involved++; /* no more agencies than members */
    *row = (struct wire_involved){.agency = agency};
    return row;
}

static bool may_know_of(const struct involved_search *search, const struct agency *involved)
{
    const struct agency *asker = search->drawing->asker;
    return involved->number == asker->number ||
           disclose_involvement(search->drawing->apply, involved, asker, search->roles).effect ==
               EFFECT_SHARE;
}

static bool add_involved(void *data, const struct subject_id *subject, enum link link)
{
    const struct involved_search *search = data;
    struct apply *apply = search->drawing->apply;
    const struct agency *involved =
        directory_agency(&apply->governance->directory, subject->agency);
    uint32_t roles = disclose_subject_roles(apply->txn, subject, apply_day(apply));
    if (involved != NULL && involved->active && roles != 0 && may_know_of(search, involved)) {
        struct wire_involved *row = row_for(search->drawing->picture, involved->number);
        row->roles |= roles;
        row->flags |= link == LINK_PROVISIONAL ? INVOLVED_PROVISIONAL : 0;
    }
    return true;
}

/* --- whose feed is silent --- */

/* Of any agency that may be named, involved or not, but front doors, which mostly read: one that
 * says nothing of any child would not show itself otherwise. */
static void draw_silent(const struct drawing *drawing)
{
    const struct directory *directory = &drawing->apply->governance->directory;
    struct wire_picture_reply *reply = &drawing->picture->reply;
    int32_t today = apply_day(drawing->apply);
    for (size_t i = 0; i < directory->n_agencies && reply->n_silent < CAIRN_PICTURE_SILENT_MAX;
         i++) {
        const struct agency *agency = &directory->agencies[i];
        struct agency_row row;
        agency_row_get(drawing->apply->txn, agency->number, &row);
        if (agency->active && !agency->sensitive && !agency_is_front_door(agency) &&
            today - row.said_day >= CAIRN_SILENT_DAYS) {
            drawing->picture->silent[reply->n_silent++] =
                (struct wire_silent){.agency = agency->number, .last_day = row.said_day};
        }
    }
}

/* --- the look, in the log --- */

void picture_look(struct apply *apply, const struct decision_header *look)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    const struct agency *asker = directory_agency(&apply->governance->directory, look->id.agency);
    const struct drawing drawing = {
        .apply = apply, .asker = asker, .child = picture_child(apply, look)};
    struct ties ties;
    const struct chronology_search search = {
        .from = INT32_MIN,
        .to = INT32_MAX,
        .wanted = wanted,
        .data = &drawing,
    };
    assert(asker != NULL && drawing.child != 0); /* it was judged */
    ties_of_child(apply, drawing.child, &ties);
    size_t n = ties_merge(apply, &ties, &search, items, 0);
    for (size_t i = 0; i < n; i++) {
        headline_told(apply, &items[i].row.entry, asker->number, 0);
    }
}

/* --- the picture --- */

enum verdict picture_draw(const struct picture_question *question, struct picture *ret)
{
    /* The rules of apply, over a transaction that cannot write. */
    struct apply apply = {
        .txn = question->txn, .governance = question->governance, .time_ms = question->now_ms};
    struct decision_header look;
    if (!find_look(question, &look)) {
        return VERDICT_NOT_ENTITLED;
    }
    uint64_t child = picture_child(&apply, &look);
    if (child == 0) {
        return VERDICT_NOT_ENTITLED;
    }
    const struct drawing drawing = {
        .apply = &apply,
        .asker = question->asker,
        .child = child,
        .by_name = members_by_name(question->txn, child, question->asker->number),
        .picture = ret,
    };
    struct involved_search search = {
        .drawing = &drawing, .roles = disclose_roles(&apply, child, question->asker->number)};
    ret->reply = (struct wire_picture_reply){
        .look = question->request.look,
        .headlines = ret->headlines,
        .involved = ret->involved,
        .silent = ret->silent,
    };
    draw_headlines(&drawing, question->request.until_day);
    members_each(question->txn, child, add_involved, &search);
    draw_silent(&drawing);
    return VERDICT_STORED;
}
