/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert.h"

#include "broker/chronology.h"
#include "broker/disclose.h"
#include "broker/identity.h"
#include "broker/mailbox.h"
#include "broker/notice.h"

#include <string.h>

/* --- what one agency may see of one record --- */

/* A record of an alert with everything that decides who may see it. */
struct told_record {
    struct entry_id id;
    uint64_t log_index;
    struct entry_row row;
    struct entry_input input;
    struct record_header header;
    const struct agency *origin;
    uint64_t child; /* whose it is now: a link may have been undone since the alert listed it */
    bool provisional;
};

static bool load_record(struct apply *apply, const struct entry_id *id, struct told_record *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!entry_row_get(apply->txn, id, &ret->row) || ret->row.kind != ENTRY_RECORD ||
        !verdict_is_stored(ret->row.verdict) ||
        !journal_entry_at(apply->txn, ret->row.batch, ret->row.offset, &ret->input) ||
        !wire_entry_header_read(ENTRY_RECORD, ret->input.header, &arena, &header)) {
        return false;
    }
    ret->id = *id;
    ret->log_index = ret->row.log_index;
    ret->header = header.record;
    ret->origin = directory_agency(&apply->governance->directory, id->agency);
    struct subject_id subject = {.agency = id->agency};
    memcpy(subject.handle, header.record.handle, CAIRN_HANDLE_BYTES);
    struct subject_row row;
    if (!subject_row_get(apply->txn, &subject, &row)) {
        return false;
    }
    ret->child = row.child;
    ret->provisional = row.link == LINK_PROVISIONAL;
    return ret->origin != NULL;
}

/* Fills one headline; false when this recipient is not to know of the record at all. */
static bool headline(struct apply *apply, const struct told_record *record,
                     const struct agency *recipient, struct wire_headline *ret)
{
    bool own = record->id.agency == recipient->number;
    struct decision decision = disclose_decide(apply, &record->header, record->origin, recipient);
    if (!own &&
        (decision.effect < EFFECT_HOLD || disclose_narrowed(&record->header, recipient->number))) {
        return false;
    }
    *ret = (struct wire_headline){
        .class = slice_of_text(record_kind_class(record->header.record_kind)),
        .event_day = record->header.event_day,
        .origin_kind = slice_of_text(record->origin->kind->id),
        .flags = (record->provisional ? HEADLINE_PROVISIONAL : 0) |
                 (record->row.retracted ? HEADLINE_RETRACTED : 0) | (own ? HEADLINE_OWN : 0),
    };
    if (own || decision.mode == MODE_CONTENT) {
        ret->has_record = true;
        ret->record = record->id;
        ret->log_index = record->log_index;
        ret->record_kind = (uint32_t)record->header.record_kind;
        ret->code = record->header.code;
        ret->origin = record->id.agency;
    }
    return true;
}

/* --- telling --- */

static void own_handle(struct apply *apply, uint64_t child, uint32_t agency,
                       struct wire_notice *notice)
{
    struct subject_id own;
    if (identity_own_subject(apply->txn, child, agency, &own)) {
        notice->has_handle = true;
        memcpy(notice->handle, own.handle, CAIRN_HANDLE_BYTES);
    }
}

static struct wire_notice notice_about(const struct apply *apply, uint64_t number,
                                       const struct alert_row *alert, enum notice_type type)
{
    return (struct wire_notice){
        .type = type,
        .alert = number,
        .revision = alert->revision,
        .pattern = slice_of_text(alert->pattern),
        .pattern_hash = alert->pattern_hash,
        .rule_version = alert->rule_version,
        .outcome = (uint32_t)alert->outcome,
        .earlier_outcome = (uint32_t)alert->earlier_outcome,
        .time_ms = apply->time_ms,
    };
}

/* The identity card, so that a screener knows which child: never the account. */
static void deliver_card(struct apply *apply, const struct told_record *record,
                         const struct agency *recipient)
{
    if (record->id.agency != recipient->number &&
        disclose_granted(&record->input, recipient->number, PART_CARD) &&
        disclose_decide(apply, &record->header, record->origin, recipient).mode == MODE_CONTENT) {
        mailbox_deliver(apply, recipient->number, &record->id, &record->row.item,
                        PART_BIT(PART_CARD), record->provisional ? DELIVERED_PROVISIONAL : 0);
    }
}

/* A record of the alert, while it still is about the alert's child. */
static bool load_listed(struct apply *apply, const struct alert_row *alert, size_t i,
                        struct told_record *ret)
{
    return load_record(apply, &alert->records[i].entry, ret) && ret->child == alert->child;
}

/* Whether this agency may know of any record of the alert, and so of the alert. */
static bool may_know(struct apply *apply, const struct alert_row *alert,
                     const struct agency *recipient)
{
    struct told_record record;
    struct wire_headline ignored;
    for (size_t i = 0; i < alert->n_records; i++) {
        if (load_listed(apply, alert, i, &record) &&
            headline(apply, &record, recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

static void tell_addressee(struct apply *apply, uint64_t number, const struct alert_row *alert,
                           const struct agency *recipient, enum notice_type type)
{
    struct wire_headline headlines[CAIRN_ALERT_RECORDS_MAX];
    struct wire_notice notice = notice_about(apply, number, alert, type);
    notice.headlines = headlines;
    for (size_t i = 0; i < alert->n_records; i++) {
        struct told_record record;
        if (!load_listed(apply, alert, i, &record) ||
            !headline(apply, &record, recipient, &headlines[notice.n_headlines])) {
            continue;
        }
        notice.n_headlines++;
        if (agency_is_front_door(recipient)) {
            deliver_card(apply, &record, recipient);
        }
    }
    if (notice.n_headlines == 0) {
        return; /* left out of every record: it is not to know that there is an alert either */
    }
    own_handle(apply, alert->child, recipient->number, &notice);
    mailbox_notice(apply, recipient->number, &notice);
}

static void tell_all(struct apply *apply, uint64_t number, const struct alert_row *alert,
                     enum notice_type type)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        const struct agency *recipient =
            directory_agency(&apply->governance->directory, alert->addressees[i]);
        if (recipient != NULL && recipient->active) {
            tell_addressee(apply, number, alert, recipient, type);
        }
    }
}

/* --- addressees --- */

static void add_addressee(struct apply *apply, struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i] == agency) {
            return;
        }
    }
    if (alert->n_addressees == CAIRN_ADDRESSEES_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
        return;
    }
    alert->addressees[alert->n_addressees++] = agency;
}

struct involved_search {
    struct apply *apply;
    struct alert_row *alert;
    const char *class;
};

static bool add_involved(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct involved_search *search = data;
    const struct agency *agency =
        directory_agency(&search->apply->governance->directory, subject->agency);
    if (agency != NULL && agency->active && strcmp(agency->kind->class, search->class) == 0 &&
        disclose_involved(search->apply, subject)) {
        add_addressee(search->apply, search->alert, subject->agency);
    }
    return true;
}

static void add_by_rule(struct apply *apply, struct alert_row *alert,
                        const struct addressee_rule *rule)
{
    const struct directory *directory = &apply->governance->directory;
    switch (rule->sort) {
    case ADDRESSEE_ORIGINS:
        for (size_t i = 0; i < alert->n_records; i++) {
            add_addressee(apply, alert, alert->records[i].entry.agency);
        }
        break;
    case ADDRESSEE_INVOLVED_CLASS: {
        struct involved_search search = {.apply = apply, .alert = alert, .class = rule->id};
        identity_members(apply->txn, alert->child, add_involved, &search);
        break;
    }
    case ADDRESSEE_KIND:
        for (size_t i = 0; i < directory->n_agencies; i++) {
            if (directory->agencies[i].active &&
                strcmp(directory->agencies[i].kind->id, rule->id) == 0) {
                add_addressee(apply, alert, directory->agencies[i].number);
            }
        }
        break;
    }
}

/* Kinds first, which is how a rule names the front door: should there be more addressees than an
 * alert has room for, it is not the front door that goes without. */
static void add_addressees(struct apply *apply, struct alert_row *alert,
                           const struct pattern *pattern)
{
    static const enum addressee_sort order[] = {ADDRESSEE_KIND, ADDRESSEE_ORIGINS,
                                                ADDRESSEE_INVOLVED_CLASS};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t j = 0; j < pattern->n_addressees; j++) {
            if (pattern->addressees[j].sort == order[i]) {
                add_by_rule(apply, alert, &pattern->addressees[j]);
            }
        }
    }
}

/* --- raising and extending --- */

static bool is_later(const struct alert_record *a, const struct alert_record *b)
{
    return a->day > b->day || (a->day == b->day && a->log_index > b->log_index);
}

/* Keeps the newest, ascending by day, then log index: when the list is full its oldest goes. False
 * for one that is older than all of a full list. */
static bool insert_record(struct alert_row *alert, const struct alert_record *record)
{
    if (alert->n_records == CAIRN_ALERT_RECORDS_MAX) {
        if (!is_later(record, &alert->records[0])) {
            return false;
        }
        alert->n_records--;
        memmove(alert->records, alert->records + 1, alert->n_records * sizeof(alert->records[0]));
    }
    size_t at = alert->n_records++;
    while (at > 0 && is_later(&alert->records[at - 1], record)) {
        alert->records[at] = alert->records[at - 1];
        at--;
    }
    alert->records[at] = *record;
    return true;
}

/* Adds what the rule counted and marks each record with the alert, also one that the list has no
 * room for. Returns how many the list has anew. */
static size_t add_records(struct apply *apply, uint64_t number, struct alert_row *alert,
                          const struct noticed *noticed)
{
    size_t added = 0;
    for (size_t i = 0; i < noticed->n; i++) {
        const struct chronology_item *item = noticed->items[i];
        struct entry_row row;
        if (!entry_row_get(apply->txn, &item->row.entry, &row) || row.alert == number) {
            continue;
        }
        struct alert_record record = {
            .entry = item->row.entry, .log_index = item->log_index, .day = item->day};
        added += insert_record(alert, &record) ? 1 : 0;
        row.alert = number;
        entry_row_put(apply->txn, &item->row.entry, &row);
    }
    return added;
}

static void extend(struct apply *apply, uint64_t number, struct alert_row *alert,
                   const struct pattern *pattern, const struct noticed *noticed)
{
    if (add_records(apply, number, alert, noticed) == 0) {
        return;
    }
    alert->revision++;
    add_addressees(apply, alert, pattern);
    alert_row_put(apply->txn, number, alert);
    tell_all(apply, number, alert, NOTICE_EXTENDED);
    apply_noted(apply, NOTED_ALERTS_EXTENDED);
}

static void raise(struct apply *apply, uint64_t child, const struct pattern *pattern,
                  const struct noticed *noticed, enum outcome earlier)
{
    uint64_t number = meta_next(apply->txn, "alerts");
    struct alert_row alert = {
        .child = child,
        .rule_version = pattern->version,
        .pattern_hash = apply->governance->digests[GOVERNANCE_PATTERNS],
        .state = ALERT_OPEN,
        .revision = 1,
        .raised_ms = apply->time_ms,
        .earlier_outcome = earlier,
    };
    memcpy(alert.pattern, pattern->id, sizeof(alert.pattern));
    (void)add_records(apply, number, &alert, noticed);
    add_addressees(apply, &alert, pattern);
    alert_row_put(apply->txn, number, &alert);
    child_alert_put(apply->txn, child, number);
    tell_all(apply, number, &alert, NOTICE_RAISED);
    apply_noted(apply, NOTED_ALERTS_RAISED);
}

/* Whether whoever closed the alert could not know of one of these: it came later, or it was another
 * child's until the two were joined and no alert has told of it. */
static bool any_news(struct apply *apply, const struct noticed *noticed,
                     const struct alert_row *closed)
{
    for (size_t i = 0; i < noticed->n; i++) {
        struct entry_row row;
        if (noticed->items[i]->log_index >= closed->closed_at ||
            (entry_row_get(apply->txn, &noticed->items[i]->row.entry, &row) && row.alert == 0)) {
            return true;
        }
    }
    return false;
}

static void act_on(struct apply *apply, uint64_t child, const struct pattern *pattern,
                   const struct noticed *noticed)
{
    struct alert_row alert;
    uint64_t number = child_alert_get(apply->txn, child, &alert);
    if (number == 0) {
        raise(apply, child, pattern, noticed, OUTCOME_NONE);
        return;
    }
    if (alert.state != ALERT_CLOSED) {
        extend(apply, number, &alert, pattern, noticed);
        return;
    }
    if (any_news(apply, noticed, &alert)) {
        raise(apply, child, pattern, noticed, alert.outcome);
    }
}

struct counting {
    const struct pattern *pattern;
    const struct directory *directory;
};

static bool counts(const void *data, const struct chronology_item *item)
{
    const struct counting *counting = data;
    return notice_counts(counting->pattern, counting->directory, item);
}

void alert_look(struct apply *apply, uint64_t child, int32_t anchor)
{
    const struct governance *governance = apply->governance;
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    for (size_t i = 0; i < governance->patterns.n; i++) {
        const struct pattern *pattern = &governance->patterns.items[i];
        const struct counting counting = {pattern, &governance->directory};
        struct chronology_search search = {.child = child, .wanted = counts, .data = &counting};
        notice_span(pattern, anchor, &search.from, &search.to);
        size_t n = chronology_scan(apply, &search, items);
        if (notice_pattern(pattern, &governance->directory, anchor, items, n, &noticed)) {
            act_on(apply, child, pattern, &noticed);
        }
    }
}

/* --- decisions --- */

static bool is_addressee(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i] == agency) {
            return true;
        }
    }
    return false;
}

/* The account goes to the opener when an agreement, a grant and a link for good all allow it. */
static void release_account(struct apply *apply, uint64_t number, const struct told_record *record,
                            const struct agency *opener)
{
    struct decision decision = disclose_decide(apply, &record->header, record->origin, opener);
    if (record->id.agency == opener->number || record->provisional || record->row.retracted ||
        decision.effect < EFFECT_HOLD || decision.mode != MODE_CONTENT ||
        disclose_narrowed(&record->header, opener->number) ||
        !disclose_granted(&record->input, opener->number, PART_ACCOUNT)) {
        return;
    }
    struct reader_row reader = {.opened = false};
    bool told = reader_row_get(apply->txn, &record->id, opener->number, &reader);
    if (told && reader.opened && (reader.parts & PART_BIT(PART_ACCOUNT)) != 0) {
        return; /* opened before: this decision is about what came since */
    }
    if (!told) {
        mailbox_deliver(apply, opener->number, &record->id, &record->row.item, PART_BIT(PART_CARD),
                        0);
    }
    mailbox_release(apply, opener->number, &record->id, &record->row.item, PART_BIT(PART_ACCOUNT),
                    number);
}

/* An origin hears who decided: the notice, and the decision itself (its sealed reason) when it was
 * granted to it. */
static void tell_origin(struct apply *apply, uint32_t origin, const struct wire_notice *notice,
                        const struct entry_input *decision)
{
    if (disclose_granted(decision, origin, PART_ACCOUNT)) {
        mailbox_deliver(apply, origin, &decision->id, &decision->item, PART_BIT(PART_ACCOUNT), 0);
    }
    mailbox_notice(apply, origin, notice);
}

static void tell_one_decided(struct apply *apply, const struct alert_row *alert,
                             const struct wire_notice *notice, uint32_t agency,
                             const struct entry_input *decision)
{
    struct wire_notice own = *notice;
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    if (recipient == NULL || !may_know(apply, alert, recipient)) {
        return;
    }
    own_handle(apply, alert->child, agency, &own);
    tell_origin(apply, agency, &own, decision);
}

/* The addressees, and every origin, whether or not the rule names origins as addressees. */
static void tell_decided(struct apply *apply, uint64_t number, const struct alert_row *alert,
                         const struct entry_input *decision, enum notice_type type)
{
    struct alert_row all = *alert;
    struct wire_notice notice = notice_about(apply, number, alert, type);
    notice.agency = decision->id.agency;
    notice.has_record = true;
    notice.record = decision->id;
    for (size_t i = 0; i < alert->n_records; i++) {
        add_addressee(apply, &all, alert->records[i].entry.agency);
    }
    for (size_t i = 0; i < all.n_addressees; i++) {
        tell_one_decided(apply, alert, &notice, all.addressees[i], decision);
    }
}

static void open_alert(struct apply *apply, uint64_t number, const struct entry_input *input,
                       struct alert_row *alert)
{
    const struct agency *opener = directory_agency(&apply->governance->directory, input->id.agency);
    for (size_t i = 0; i < alert->n_records; i++) {
        struct told_record record;
        if (load_listed(apply, alert, i, &record)) {
            release_account(apply, number, &record, opener);
        }
    }
    alert->state = ALERT_OPENED;
    alert_row_put(apply->txn, number, alert);
    tell_decided(apply, number, alert, input, NOTICE_OPENED);
    apply_noted(apply, NOTED_ALERTS_OPENED);
}

static void close_alert(struct apply *apply, const struct decision_header *header,
                        const struct entry_input *input, struct alert_row *alert)
{
    alert->state = ALERT_CLOSED;
    alert->outcome = header->outcome;
    alert->closed_at = apply->range.size;
    alert_row_put(apply->txn, header->alert, alert);
    tell_decided(apply, header->alert, alert, input, NOTICE_CLOSED);
    apply_noted(apply, NOTED_ALERTS_CLOSED);
}

/* A person opened a record that was shared with the agency: its origin is told that it was seen. */
static void open_record(struct apply *apply, const struct decision_header *header,
                        const struct entry_input *input)
{
    struct reader_row reader;
    bool queued = reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    assert(queued); /* judged */
    if (reader.opened) {
        return; /* its origin was told then */
    }
    reader.opened = true;
    reader_row_put(apply->txn, &header->record, header->id.agency, &reader);
    struct wire_notice notice = {
        .type = NOTICE_RECORD_OPENED,
        .agency = header->id.agency,
        .has_record = true,
        .record = header->record,
        .time_ms = apply->time_ms,
    };
    tell_origin(apply, header->record.agency, &notice, input);
}

static enum verdict judge_record(struct apply *apply, const struct decision_header *header)
{
    struct reader_row reader;
    struct entry_row row;
    if (header->action != ACTION_OPEN) {
        return VERDICT_BAD_ENTRY;
    }
    /* What does not exist and what was not told get one answer: ids are not to be probed. */
    bool queued = entry_row_get(apply->txn, &header->record, &row) &&
                  reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    return queued ? VERDICT_STORED : VERDICT_NOT_ENTITLED;
}

enum verdict alert_judge(struct apply *apply, const struct decision_header *header)
{
    if (header->has_record) {
        return judge_record(apply, header);
    }
    struct alert_row alert;
    if (!alert_row_get(apply->txn, header->alert, &alert)) {
        return VERDICT_NOT_ENTITLED; /* as for one that it was not told of */
    }
    const struct agency *sender =
        directory_agency(&apply->governance->directory, header->id.agency);
    if (sender == NULL || !agency_is_front_door(sender) || !is_addressee(&alert, sender->number)) {
        return VERDICT_NOT_ENTITLED;
    }
    bool closes = header->action == ACTION_CLOSE;
    return alert.state == ALERT_CLOSED || closes != (header->outcome != OUTCOME_NONE)
               ? VERDICT_CONFLICT
               : VERDICT_STORED;
}

void alert_act(struct apply *apply, const struct decision_header *header,
               const struct entry_input *input)
{
    struct alert_row alert;
    if (header->has_record) {
        open_record(apply, header, input);
        return;
    }
    bool there = alert_row_get(apply->txn, header->alert, &alert);
    assert(there); /* judged */
    switch (header->action) {
    case ACTION_OPEN:
        open_alert(apply, header->alert, input, &alert);
        return;
    case ACTION_CLOSE:
        close_alert(apply, header, input, &alert);
        return;
    }
}

/* --- retraction --- */

/* Tells one agency, as far as it knew: by the record's id when it was delivered or named to it,
 * that something is gone when it knew of existence, and nothing when it knew nothing. */
static void tell_retracted(struct apply *apply, const struct told_record *record, uint32_t agency,
                           uint64_t alert)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    struct reader_row reader;
    struct wire_headline line = {.has_record = false};
    bool delivered = reader_row_get(apply->txn, &record->id, agency, &reader);
    if (recipient == NULL || (!headline(apply, record, recipient, &line) && !delivered)) {
        return;
    }
    struct wire_notice notice = {
        .type = NOTICE_RETRACTED, .alert = alert, .time_ms = apply->time_ms};
    if (delivered || line.has_record) {
        notice.agency = record->id.agency;
        notice.has_record = true;
        notice.record = record->id;
    }
    mailbox_notice(apply, agency, &notice);
}

static size_t collect_readers(struct apply *apply, const struct entry_id *record,
                              uint32_t readers[CAIRN_ADDRESSEES_MAX])
{
    struct store_key prefix = key_entry(record);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_READER, store_key_slice(&prefix));
    while (walk.live && n < CAIRN_ADDRESSEES_MAX && key_has_prefix(walk.key, &prefix)) {
        struct reader reader =
            reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
        readers[n++] = read_u32(&reader);
        store_walk_next(&walk);
    }
    return n;
}

void alert_retracted(struct apply *apply, const struct entry_id *record, uint64_t alert)
{
    struct alert_row row = {.n_addressees = 0};
    struct told_record told;
    uint32_t readers[CAIRN_ADDRESSEES_MAX];
    if (!load_record(apply, record, &told)) {
        return;
    }
    if (alert != 0 && alert_row_get(apply->txn, alert, &row)) {
        for (size_t i = 0; i < row.n_addressees; i++) {
            tell_retracted(apply, &told, row.addressees[i], alert);
        }
    }
    size_t n = collect_readers(apply, record, readers);
    for (size_t i = 0; i < n; i++) {
        if (!is_addressee(&row, readers[i])) {
            tell_retracted(apply, &told, readers[i],
                           0); /* it was not told that there is an alert */
        }
    }
}
