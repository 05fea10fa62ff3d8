/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/request.h"

#include "broker/chronology.h"
#include "broker/circle.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/members.h"

/* The child that the asker speaks of, while it is involved with it; 0: none. */
static uint64_t asked_about(struct apply *apply, const struct request_header *header)
{
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    uint64_t child = members_child(apply->txn, &subject);
    return child != 0 && disclose_roles(apply, child, subject.agency) != 0 ? child : 0;
}

/* Whether this may be asked for: an agreement tells the asker of it, now or later, and it is not a
 * sensitive service's. */
static bool may_ask(struct apply *apply, const struct told_record *record,
                    const struct agency *asker)
{
    return record->id.agency != asker->number && !record->origin->sensitive &&
           !record->row.retracted && headline_decide(apply, record, asker).effect >= EFFECT_ASK;
}

static bool within_limit(struct apply *apply, uint32_t number)
{
    struct agency_row row;
    circle_today(apply, number, &row);
    if (row.requests_today >= CAIRN_REQUESTS_PER_DAY) {
        apply_noted(apply, NOTED_LIMITS_REACHED);
        return false;
    }
    row.requests_today++;
    agency_row_put(apply->txn, number, &row);
    return true;
}

enum verdict request_judge(struct apply *apply, const struct request_header *header)
{
    const struct agency *asker = directory_agency(&apply->governance->directory, header->id.agency);
    uint64_t child = asked_about(apply, header);
    struct told_record record;
    assert(asker != NULL); /* its key was checked */
    if (child == 0) {
        return VERDICT_NOT_ENTITLED;
    }
    /* What does not exist and what it may not ask for get one answer: ids are not to be probed. */
    if (header->has_record && (!headline_load(apply, &header->record, &record) ||
                               record.child != child || !may_ask(apply, &record, asker))) {
        return VERDICT_NOT_ENTITLED;
    }
    return within_limit(apply, header->id.agency) ? VERDICT_STORED : VERDICT_OVER_LIMIT;
}

/* What somebody asks for stays at the broker until its origin has had time to answer. */
static void note_asked(struct apply *apply, const struct entry_id *record)
{
    struct entry_row row;
    if (entry_row_get(apply->txn, record, &row)) {
        row.asked_day = apply_day(apply);
        entry_row_put(apply->txn, record, &row);
    }
}

static void ask(struct apply *apply, const struct entry_input *entry, uint64_t child,
                uint32_t origin)
{
    circle_introduce(apply, child, entry->id.agency, origin);
    const struct telling question = {.entry = &entry->id, .item = &entry->item};
    mailbox_deliver(apply, origin, &question);
}

static bool of_another(const void *data, const struct chronology_item *item)
{
    const uint32_t *asker = data;
    return item->row.entry.agency != *asker && !item->row.retracted;
}

/* Each origin is asked once, whatever number of records it has. */
static void ask_all(struct apply *apply, const struct entry_input *entry, uint64_t child,
                    const struct agency *asker)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    const struct chronology_search search = {
        .child = child,
        .from = INT32_MIN,
        .to = INT32_MAX,
        .wanted = of_another,
        .data = &asker->number,
    };
    size_t n = chronology_scan(apply, &search, items);
    for (size_t i = 0; i < n; i++) {
        struct told_record record;
        if (headline_load(apply, &items[i].row.entry, &record) && may_ask(apply, &record, asker)) {
            note_asked(apply, &record.id);
            ask(apply, entry, child, record.id.agency);
        }
    }
}

void request_act(struct apply *apply, const struct request_header *header,
                 const struct entry_input *entry)
{
    const struct agency *asker = directory_agency(&apply->governance->directory, header->id.agency);
    uint64_t child = asked_about(apply, header);
    apply_noted(apply, NOTED_REQUESTS);
    if (header->has_record) {
        note_asked(apply, &header->record);
        ask(apply, entry, child, header->record.agency);
    } else {
        ask_all(apply, entry, child, asker);
    }
}

/* --- refusing --- */

enum verdict request_judge_refusal(struct apply *apply, const struct decision_header *header)
{
    struct reader_row reader;
    struct entry_row row;
    /* What does not exist and what nobody asked of it get one answer: ids are not to be probed. */
    bool asked = entry_row_get(apply->txn, &header->record, &row) && row.kind == ENTRY_REQUEST &&
                 reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    return asked ? VERDICT_STORED : VERDICT_NOT_ENTITLED;
}

void request_refuse(struct apply *apply, const struct decision_header *header,
                    const struct entry_input *entry)
{
    uint32_t asker = header->record.agency;
    const struct telling refusal = {
        .entry = &entry->id,
        .item = &entry->item,
        .parts = disclose_granted(entry, asker, PART_ACCOUNT) ? PART_BIT(PART_ACCOUNT) : 0,
    };
    mailbox_deliver(apply, asker, &refusal);
    apply_noted(apply, NOTED_REQUESTS_REFUSED);
}
