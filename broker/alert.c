/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert.h"

#include <string.h>

#include "broker/backfill.h"
#include "broker/chronology.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/notice.h"
#include "broker/ties.h"
#include "broker/timers.h"
#include "ledger/tally.h"
#include "wire/narrowing.h"

/* --- telling --- */

void alert_own_handle(struct apply *apply, uint64_t child, uint32_t agency,
                      struct wire_notice *notice)
{
    struct subject_id own;
    if (members_own_subject(apply->txn, child, agency, &own)) {
        notice->has_handle = true;
        memcpy(notice->handle, own.handle, CAIRN_HANDLE_BYTES);
    }
}

struct wire_notice alert_notice(const struct apply *apply, uint64_t number,
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

void alert_deliver_card(struct apply *apply, const struct told_record *record,
                        const struct agency *recipient)
{
    if (record->id.agency != recipient->number && record->row.destroyed == DESTROYED_NOT &&
        disclose_granted(&record->input, recipient->number, PART_CARD) &&
        headline_decide(apply, record, recipient).mode == MODE_CONTENT) {
        const struct telling card = {.entry = &record->id,
                                     .item = &record->row.item,
                                     .parts = PART_BIT(PART_CARD),
                                     .flags = record->provisional ? DELIVERED_PROVISIONAL : 0};
        mailbox_deliver(apply, recipient->number, &card);
    }
}

bool alert_known_to(struct apply *apply, const struct alert_row *alert,
                    const struct agency *recipient)
{
    struct told_record record;
    struct wire_headline ignored;
    for (size_t i = 0; i < alert->n_records; i++) {
        if (headline_load_listed(apply, alert, i, &record) &&
            headline_for(apply, &record, recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* The headlines of one notice, and whose they are. */
struct headlines {
    size_t n;
    struct wire_headline of[CAIRN_ALERT_RECORDS_MAX];
    struct entry_id records[CAIRN_ALERT_RECORDS_MAX];
};

/* What it was not told of yet: every addressee hears of each record once. */
static void tell_addressee(struct apply *apply, uint64_t number, const struct alert_row *alert,
                           struct alert_addressee *addressee, enum notice_type type)
{
    struct headlines headlines = {.n = 0};
    struct wire_notice notice = alert_notice(apply, number, alert, type);
    const struct agency *recipient =
        directory_agency(&apply->governance->directory, addressee->agency);
    if (recipient == NULL || !recipient->active) {
        return;
    }
    for (size_t i = 0; i < alert->n_records; i++) {
        struct told_record record;
        if (alert->records[i].revision <= addressee->told ||
            !headline_load_listed(apply, alert, i, &record) ||
            !headline_for(apply, &record, recipient, &headlines.of[headlines.n])) {
            continue;
        }
        headlines.records[headlines.n++] = record.id;
        if (agency_is_front_door(recipient) && type != NOTICE_LISTED) {
            alert_deliver_card(apply, &record, recipient);
        }
    }
    if (headlines.n == 0) {
        return; /* left out of every record: it is not to know that there is an alert either */
    }
    addressee->told = alert->revision;
    notice.n_headlines = headlines.n;
    notice.headlines = headlines.of;
    alert_own_handle(apply, alert->child, recipient->number, &notice);
    uint64_t position = mailbox_notice(apply, recipient->number, &notice);
    for (size_t i = 0; i < headlines.n; i++) {
        headline_told(apply, &headlines.records[i], recipient->number, position);
    }
}

/* Whoever was told of the alert before hears of this record alone, who was not of all that it may. */
static void show_addressee(struct apply *apply, uint64_t number, const struct alert_row *alert,
                           struct alert_addressee *addressee, const struct told_record *record)
{
    const struct agency *recipient =
        directory_agency(&apply->governance->directory, addressee->agency);
    struct wire_headline headline;
    struct wire_notice notice = alert_notice(apply, number, alert, NOTICE_EXTENDED);
    if (recipient == NULL || !recipient->active || agency_is_front_door(recipient) ||
        recipient->number == record->id.agency) {
        return;
    }
    if (addressee->told == 0) {
        tell_addressee(apply, number, alert, addressee, NOTICE_RAISED);
        return;
    }
    if (headline_for(apply, record, recipient, &headline)) {
        notice.n_headlines = 1;
        notice.headlines = &headline;
        alert_own_handle(apply, alert->child, recipient->number, &notice);
        mailbox_notice(apply, recipient->number, &notice);
    }
}

void alert_shown(struct apply *apply, const struct told_record *record)
{
    struct alert_row alert;
    uint64_t number = child_alert_get(apply->txn, record->child, &alert);
    if (number == 0 || !alert_is_open(&alert) || !alert_lists(&alert, &record->id)) {
        return;
    }
    for (size_t i = 0; i < alert.n_addressees; i++) {
        show_addressee(apply, number, &alert, &alert.addressees[i], record);
    }
    alert_row_put(apply->txn, number, &alert);
}

/* --- addressees --- */

bool alert_was_told(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i].agency == agency) {
            return alert->addressees[i].told > 0;
        }
    }
    return false;
}

bool alert_is_addressee(const struct alert_row *alert, uint32_t agency)
{
    for (size_t i = 0; i < alert->n_addressees; i++) {
        if (alert->addressees[i].agency == agency) {
            return true;
        }
    }
    return false;
}

void alert_add_addressee(struct apply *apply, struct alert_row *alert, uint32_t agency)
{
    if (alert_is_addressee(alert, agency)) {
        return;
    }
    if (alert->n_addressees == CAIRN_ADDRESSEES_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
        return;
    }
    alert->addressees[alert->n_addressees++] = (struct alert_addressee){.agency = agency};
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
        disclose_subject_roles(search->apply->txn, subject, apply_day(search->apply)) != 0) {
        alert_add_addressee(search->apply, search->alert, subject->agency);
    }
    return true;
}

/* Whoever only spoke of an adult is not told to whom the adult is tied. */
static void add_origin(struct apply *apply, struct alert_row *alert, uint32_t agency)
{
    struct subject_id own;
    if (members_own_subject(apply->txn, alert->child, agency, &own)) {
        alert_add_addressee(apply, alert, agency);
    }
}

static void add_by_rule(struct apply *apply, struct alert_row *alert,
                        const struct addressee_rule *rule)
{
    const struct directory *directory = &apply->governance->directory;
    switch (rule->sort) {
    case ADDRESSEE_ORIGINS:
        for (size_t i = 0; i < alert->n_records; i++) {
            add_origin(apply, alert, alert->records[i].entry.agency);
        }
        break;
    case ADDRESSEE_INVOLVED_CLASS: {
        struct involved_search search = {.apply = apply, .alert = alert, .class = rule->id};
        members_each(apply->txn, alert->child, add_involved, &search);
        break;
    }
    case ADDRESSEE_KIND:
        for (size_t i = 0; i < directory->n_agencies; i++) {
            if (directory->agencies[i].active &&
                strcmp(directory->agencies[i].kind->id, rule->id) == 0) {
                alert_add_addressee(apply, alert, directory->agencies[i].number);
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

bool alert_lists(const struct alert_row *alert, const struct entry_id *record)
{
    for (size_t i = 0; i < alert->n_records; i++) {
        if (entry_id_equal(&alert->records[i].entry, record)) {
            return true;
        }
    }
    return false;
}

/* Adds what the rule counted and marks each record with the alert, also one that the list has no
 * room for. What counts through a tie is not marked: alerts of several children may list it. Returns
 * how many the list has anew. */
static size_t add_records(struct apply *apply, uint64_t number, struct alert_row *alert,
                          const struct noticed *noticed)
{
    size_t added = 0;
    for (size_t i = 0; i < noticed->n; i++) {
        const struct chronology_item *item = noticed->items[i];
        struct entry_row row;
        if (!entry_row_get(apply->txn, &item->row.entry, &row) ||
            (item->tied ? alert_lists(alert, &item->row.entry) : row.alert == number)) {
            continue;
        }
        struct alert_record record = {.entry = item->row.entry,
                                      .log_index = item->log_index,
                                      .day = item->day,
                                      .revision = alert->revision};
        added += insert_record(alert, &record) ? 1 : 0;
        if (!item->tied) {
            row.alert = number;
            entry_row_put(apply->txn, &item->row.entry, &row);
        }
    }
    return added;
}

/* Whether whoever closed or listed the alert could not know of one of these: it came later, or it was another
 * child's until the two were joined and no alert has told of it. */
static bool any_news(struct apply *apply, const struct noticed *noticed,
                     const struct alert_row *closed)
{
    for (size_t i = 0; i < noticed->n; i++) {
        struct entry_row row;
        if (noticed->items[i]->since >= closed->closed_at ||
            (!noticed->items[i]->tied &&
             entry_row_get(apply->txn, &noticed->items[i]->row.entry, &row) && row.alert == 0)) {
            return true;
        }
    }
    return false;
}

/* One look at a child: what several patterns say of it is told as one change of one alert. */
struct look {
    uint64_t child;
    uint64_t number; /* of the alert below; 0: the child has none */
    struct alert_row alert;
    bool joined; /* because children came together, or parted: that is the news */
    bool raised;
    bool extended;
    bool over_budget;
};

/* Beyond the budget they are raised all the same: no child goes unseen because many were seen. Who
 * owns the pattern is told. */
static void count_raised(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    uint32_t raised = tally_add(apply->txn, TALLY_RAISED, pattern->id, apply_day(apply));
    if (raised > pattern->weekly_budget) {
        look->over_budget = true;
        apply_noted(apply, NOTED_ALERTS_OVER_BUDGET);
    }
}

static void fill_rule(struct apply *apply, struct alert_row *alert, const struct pattern *pattern)
{
    memcpy(alert->pattern, pattern->id, sizeof(alert->pattern));
    alert->rule_version = pattern->version;
    alert->pattern_hash = apply->governance->digests[GOVERNANCE_PATTERNS];
}

static void raise(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    enum outcome earlier = look->number == 0 ? OUTCOME_NONE : look->alert.outcome;
    look->number = meta_next(apply->txn, "alerts");
    look->alert = (struct alert_row){
        .child = look->child,
        .state = ALERT_OPEN,
        .revision = 1,
        .earlier_outcome = earlier,
    };
    fill_rule(apply, &look->alert, pattern);
    look->raised = true;
    count_raised(apply, look, pattern);
}

/* What was for review alone, and now there is news. */
static void promote(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    look->alert.state = ALERT_OPEN;
    look->alert.revision++;
    fill_rule(apply, &look->alert, pattern);
    look->raised = true;
    count_raised(apply, look, pattern);
}

static bool any_since(const struct noticed *noticed, uint64_t log_index)
{
    for (size_t i = 0; i < noticed->n; i++) {
        if (noticed->items[i]->log_index >= log_index) {
            return true;
        }
    }
    return false;
}

/* False: nothing that this pattern noticed concerns the alert, or raises one. */
static bool concerns(struct apply *apply, struct look *look, const struct pattern *pattern,
                     const struct noticed *noticed)
{
    struct alert_row *alert = &look->alert;
    if (look->number == 0) {
        raise(apply, look, pattern);
        return true;
    }
    switch (alert->state) {
    case ALERT_OPEN:
    case ALERT_OPENED:
    case ALERT_WITHDRAWN:
        return true;
    case ALERT_LISTED:
        if (any_news(apply, noticed, alert)) {
            promote(apply, look, pattern);
            return true;
        }
        return false;
    case ALERT_CLOSED:
        break;
    }
    if (any_news(apply, noticed, alert)) {
        raise(apply, look, pattern);
        return true;
    }
    return false;
}

/* Whoever owns a pattern is found at the front door: those that the pattern addresses, else all. */
static void add_owners(struct apply *apply, struct alert_row *alert, const struct pattern *pattern)
{
    const struct directory *directory = &apply->governance->directory;
    bool addressed = false;
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        const struct agency *agency = directory_agency(directory, directory->front_doors[i]);
        for (size_t j = 0; j < pattern->n_addressees; j++) {
            const struct addressee_rule *rule = &pattern->addressees[j];
            if (rule->sort == ADDRESSEE_KIND && strcmp(agency->kind->id, rule->id) == 0) {
                alert_add_addressee(apply, alert, agency->number);
                addressed = true;
            }
        }
    }
    for (size_t i = 0; i < directory->n_front_doors && !addressed; i++) {
        alert_add_addressee(apply, alert, directory->front_doors[i]);
    }
}

static void act_on(struct apply *apply, struct look *look, const struct pattern *pattern,
                   const struct noticed *noticed)
{
    struct alert_row *alert = &look->alert;
    uint64_t since = look->joined ? 0 : backfill_since(apply->txn, pattern);
    if (!any_since(noticed, since) || !concerns(apply, look, pattern, noticed)) {
        return;
    }
    uint32_t before = alert->revision;
    alert->revision += look->raised || look->extended ? 0 : 1;
    if (add_records(apply, look->number, alert, noticed) == 0) {
        alert->revision = before;
        return;
    }
    look->extended = true;
    add_addressees(apply, alert, pattern);
    if (look->over_budget) {
        add_owners(apply, alert, pattern);
    }
}

static void tell_over_budget(struct apply *apply, const struct look *look)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < look->alert.n_addressees; i++) {
        const struct alert_addressee *addressee = &look->alert.addressees[i];
        const struct agency *agency = directory_agency(directory, addressee->agency);
        struct wire_notice notice =
            alert_notice(apply, look->number, &look->alert, NOTICE_OVER_BUDGET);
        if (agency != NULL && agency->active && agency_is_front_door(agency) &&
            addressee->told > 0) {
            mailbox_notice(apply, agency->number, &notice);
        }
    }
}

static void tell_all(struct apply *apply, struct look *look)
{
    enum notice_type type = look->raised ? NOTICE_RAISED : NOTICE_EXTENDED;
    for (size_t i = 0; i < look->alert.n_addressees; i++) {
        tell_addressee(apply, look->number, &look->alert, &look->alert.addressees[i], type);
    }
    alert_row_put(apply->txn, look->number, &look->alert);
    if (look->over_budget) {
        tell_over_budget(apply, look);
    }
    if (look->raised) {
        timers_watch_alert(apply, look->number);
        child_alert_put(apply->txn, look->child, look->number);
    }
    apply_noted(apply, look->raised ? NOTED_ALERTS_RAISED : NOTED_ALERTS_EXTENDED);
}

void alert_unopened(struct apply *apply, uint64_t number, const struct alert_row *alert)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < alert->n_addressees; i++) {
        const struct agency *agency = directory_agency(directory, alert->addressees[i].agency);
        struct wire_notice notice = alert_notice(apply, number, alert, NOTICE_UNOPENED);
        if (agency != NULL && agency->active && alert_known_to(apply, alert, agency)) {
            alert_own_handle(apply, alert->child, agency->number, &notice);
            (void)mailbox_notice(apply, agency->number, &notice);
        }
    }
}

static bool counts(const void *data, const struct chronology_item *item)
{
    const struct notice_rule *rule = data;
    return notice_counts(rule, item);
}

static bool may_be_told(const void *data, const struct chronology_item *item)
{
    (void)data;
    return !item->row.retracted && item->row.counts;
}

/* What those children's chronologies hold, as if they were one. */
static size_t scan_all(struct apply *apply, const struct alert_question *question,
                       struct chronology_search *search,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < question->n; i++) {
        search->child = question->children[i];
        n = ties_merge(apply, search, items, n);
    }
    return n;
}

/* What the rule does not count comes along: a screener is to see that something is kept elsewhere.
 * False when nothing is: then there is nothing to look at but what was sent. */
static bool bring_kept(struct apply *apply, const struct alert_question *question,
                       const struct chronology_search *span,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX],
                       struct noticed *noticed)
{
    struct chronology_search search = *span;
    size_t counted = noticed->n;
    search.wanted = may_be_told;
    noticed->n = scan_all(apply, question, &search, items);
    for (size_t i = 0; i < noticed->n; i++) {
        noticed->items[i] = &items[i];
    }
    return noticed->n > counted;
}

/* Of any pattern its own: what it does not count, and what is younger, hides nothing from it. */
static bool find_newest(struct apply *apply, const struct alert_question *question,
                        struct notice_rule *rule)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct chronology_search search = {
        .from = INT32_MIN, .to = INT32_MAX, .wanted = counts, .data = rule};
    size_t n = scan_all(apply, question, &search, items);
    if (n > 0) {
        rule->anchor = items[n - 1].day;
    }
    return n > 0;
}

/* `items` outlives what is noticed. */
static bool pattern_met(struct apply *apply, const struct alert_question *question,
                        const struct pattern *pattern,
                        struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX],
                        struct noticed *ret)
{
    struct notice_rule rule = {pattern, &apply->governance->directory, question->anchor};
    struct chronology_search search = {.wanted = counts, .data = &rule};
    if (question->anchor == ALERT_NEWEST && !find_newest(apply, question, &rule)) {
        return false;
    }
    notice_span(&rule, &search.from, &search.to);
    size_t n = scan_all(apply, question, &search, items);
    return notice_pattern(&rule, items, n, ret) &&
           (!pattern->brings_kept || bring_kept(apply, question, &search, items, ret));
}

bool alert_met(struct apply *apply, const struct alert_question *question)
{
    const struct patterns *patterns = &apply->governance->patterns;
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    for (size_t i = 0; i < patterns->n; i++) {
        if (pattern_met(apply, question, &patterns->items[i], items, &noticed)) {
            return true;
        }
    }
    return false;
}

/* The record at hand tells of an occurrence that no other one does. */
static bool completes(const struct noticed *noticed, uint64_t log_index)
{
    const struct chronology_item *fresh = NULL;
    for (size_t i = 0; i < noticed->n; i++) {
        fresh = noticed->items[i]->log_index == log_index ? noticed->items[i] : fresh;
    }
    for (size_t i = 0; fresh != NULL && i < noticed->n; i++) {
        const struct chronology_row *row = &noticed->items[i]->row;
        if (noticed->items[i] != fresh &&
            memcmp(row->occurrence, fresh->row.occurrence, sizeof(row->occurrence)) == 0) {
            return false;
        }
    }
    return fresh != NULL;
}

/* A pattern in the shadow raises nothing: that it would have is counted, once, by the occurrence that
 * completes it. */
static void count_shadow(struct apply *apply, const struct alert_question *question,
                         const struct pattern *pattern, uint64_t log_index)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct pattern live = *pattern;
    live.shadow = false;
    if (question->anchor != ALERT_NEWEST && pattern_met(apply, question, &live, items, &noticed) &&
        noticed.occurrences == pattern->occurrences_min && completes(&noticed, log_index)) {
        (void)tally_add(apply->txn, TALLY_SHADOW, pattern->id, apply_day(apply));
        apply_noted(apply, NOTED_SHADOW_RAISED);
    }
}

void alert_look_at(struct apply *apply, uint64_t child, int32_t anchor, uint64_t log_index)
{
    const struct patterns *patterns = &apply->governance->patterns;
    const struct alert_question question = {.n = 1, .children = {child}, .anchor = anchor};
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct look look = {.child = child, .joined = log_index == ALERT_NO_RECORD};
    look.number = child_alert_get(apply->txn, child, &look.alert);
    for (size_t i = 0; i < patterns->n; i++) {
        if (patterns->items[i].shadow) {
            count_shadow(apply, &question, &patterns->items[i], log_index);
        } else if (pattern_met(apply, &question, &patterns->items[i], items, &noticed)) {
            act_on(apply, &look, &patterns->items[i], &noticed);
        }
    }
    if (look.extended) {
        tell_all(apply, &look);
    }
}

void alert_look(struct apply *apply, uint64_t child, int32_t anchor)
{
    alert_look_at(apply, child, anchor, ALERT_NO_RECORD);
}

/* --- for review --- */

/* That it met the pattern once, longer ago than the pattern looks back, is no news to anybody. */
static bool is_past(struct apply *apply, const struct pattern *pattern,
                    const struct noticed *noticed)
{
    const struct notice_rule rule = {pattern, &apply->governance->directory,
                                     noticed->items[noticed->n - 1]->day};
    int32_t from;
    int32_t to;
    notice_span(&rule, &from, &to);
    return to <= apply_day(apply);
}

static bool any_untold(struct apply *apply, const struct noticed *noticed)
{
    struct entry_row row;
    for (size_t i = 0; i < noticed->n; i++) {
        if (entry_row_get(apply->txn, &noticed->items[i]->row.entry, &row) && row.alert == 0) {
            return true;
        }
    }
    return false;
}

void alert_list(struct apply *apply, uint64_t child, const struct pattern *pattern)
{
    const struct alert_question question = {.n = 1, .children = {child}, .anchor = ALERT_NEWEST};
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct alert_row alert;
    uint64_t number = child_alert_get(apply->txn, child, &alert);
    if ((number != 0 && alert_may_be_decided(&alert)) ||
        !pattern_met(apply, &question, pattern, items, &noticed) ||
        any_since(&noticed, backfill_since(apply->txn, pattern)) ||
        is_past(apply, pattern, &noticed) || !any_untold(apply, &noticed)) {
        return;
    }
    enum outcome earlier = number == 0 ? OUTCOME_NONE : alert.outcome;
    number = meta_next(apply->txn, "alerts");
    alert = (struct alert_row){
        .child = child,
        .state = ALERT_LISTED,
        .revision = 1,
        .closed_at = apply->range.size,
        .earlier_outcome = earlier,
    };
    fill_rule(apply, &alert, pattern);
    (void)add_records(apply, number, &alert, &noticed);
    add_owners(apply, &alert, pattern);
    for (size_t i = 0; i < alert.n_addressees; i++) {
        tell_addressee(apply, number, &alert, &alert.addressees[i], NOTICE_LISTED);
    }
    alert_row_put(apply->txn, number, &alert);
    child_alert_put(apply->txn, child, number);
    (void)tally_add(apply->txn, TALLY_LISTED, pattern->id, apply_day(apply));
    apply_noted(apply, NOTED_ALERTS_LISTED);
}

uint64_t alert_going_on(struct apply *apply, uint64_t number, struct alert_row *ret)
{
    while (alert_row_get(apply->txn, number, ret)) {
        if (ret->into == 0) {
            return number;
        }
        number = ret->into;
    }
    return 0;
}

/* --- retraction --- */

/* Tells one agency, as far as it knew: by the record's id when it was delivered or named to it,
 * that something is gone when it knew of existence, and nothing when it knew nothing. Who knows the
 * record gets the retraction itself, as its origin signed it, before the notice: our word is not
 * enough to set a record aside. */
static void tell_retracted(struct apply *apply, const struct told_record *record,
                           const struct retraction *retraction, uint32_t agency, uint64_t alert)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    struct reader_row reader;
    struct wire_headline line = {.has_record = false};
    bool delivered = reader_row_get(apply->txn, &record->id, agency, &reader);
    if (recipient == NULL || (!headline_for(apply, record, recipient, &line) && !delivered)) {
        return;
    }
    struct wire_notice notice = {
        .type = NOTICE_RETRACTED, .alert = alert, .time_ms = apply->time_ms};
    if (delivered || line.has_record) {
        notice.agency = record->id.agency;
        notice.has_record = true;
        notice.record = record->id;
        if (agency != record->id.agency && recipient->active &&
            !narrowing_names(retraction->header, agency)) {
            const struct telling body = {.entry = &retraction->entry->id,
                                         .item = &retraction->entry->item};
            mailbox_deliver(apply, agency, &body);
        }
    }
    (void)mailbox_notice(apply, agency, &notice);
}

size_t alert_readers(struct apply *apply, const struct entry_id *record,
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

/* What is said of an adult was delivered to nobody: the alerts of the children that it counted for
 * have told that it exists. */
static void tell_retracted_adult(struct apply *apply, const struct entry_id *record,
                                 const struct retraction *retraction)
{
    struct told_record told;
    struct tied_children children;
    if (!headline_load(apply, record, &told)) {
        return;
    }
    ties_children(apply, told.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        struct alert_row row;
        uint64_t number = child_alert_get(apply->txn, children.of[i], &row);
        if (number == 0 || !alert_lists(&row, record) ||
            !headline_load_of(apply, record, children.of[i], &told)) {
            continue;
        }
        for (size_t a = 0; a < row.n_addressees; a++) {
            tell_retracted(apply, &told, retraction, row.addressees[a].agency, number);
        }
    }
}

void alert_retracted(struct apply *apply, const struct retraction *retraction)
{
    const struct entry_id *record = &retraction->header->retracts;
    struct alert_row row = {.n_addressees = 0};
    struct told_record told;
    uint32_t readers[CAIRN_ADDRESSEES_MAX];
    if (!headline_load(apply, record, &told)) {
        return;
    }
    if (told.header.person) {
        tell_retracted_adult(apply, record, retraction);
        return;
    }
    if (retraction->alert != 0 && alert_row_get(apply->txn, retraction->alert, &row)) {
        for (size_t i = 0; i < row.n_addressees; i++) {
            tell_retracted(apply, &told, retraction, row.addressees[i].agency, retraction->alert);
        }
    }
    size_t n = alert_readers(apply, record, readers);
    for (size_t i = 0; i < n; i++) {
        if (!alert_is_addressee(&row, readers[i])) {
            tell_retracted(apply, &told, retraction, readers[i],
                           0); /* it was not told that there is an alert */
        }
    }
}
