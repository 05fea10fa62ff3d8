/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_inbox_item.h"

#include <stdio.h>
#include <string.h>

#include "agents/core/narrow.h"

static void set_state_of_part(struct json *object, const char *key, const struct opening *opening,
                              const struct wire_delivered *delivered, enum part part)
{
    json_set_word(object, key, open_result_text(open_may(opening, delivered, part)));
}

/* Whether somebody is named to act on it. */
static bool desk_matters(const struct record_header *record)
{
    return record->record_kind != RECORD_RETRACTION &&
           record_is_danger(record->record_kind, record->urgency);
}

static void set_record(struct json *object, const struct opening *opening,
                       const struct wire_delivered *delivered, const struct record_header *record)
{
    json_set_word(object, "record_kind", record_kind_text(record->record_kind));
    if (record->code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(record->code));
    }
    json_set_word(object, "urgency", urgency_text(record->urgency));
    json_set_integer(object, "level", record->level);
    json_set_day(object, "event_date", record->event_day);
    json_set_bool(object, "provisional", (delivered->flags & DELIVERED_PROVISIONAL) != 0);
    if (desk_matters(record)) {
        json_set_bool(object, "on_duty", (delivered->flags & DELIVERED_ON_DUTY) != 0);
    }
    narrow_show(object, &record->narrow);
    set_state_of_part(object, "card_state", opening, delivered, PART_CARD);
    set_state_of_part(object, "account_state", opening, delivered, PART_ACCOUNT);
}

/* A front door is to tell the child's own authority. */
static void set_passing(struct json *object, const struct api_view *view,
                        const struct record_header *record)
{
    char words[WORDS_MAX_BYTES];
    if (view_must_pass_on(view, record)) {
        words_pass_on(record->home_authority, words);
        json_set_integer(object, "pass_on_to", record->home_authority);
        json_set_word(object, "pass_on", words);
    }
}

static void set_decision(struct json *object, const struct decision_header *decision)
{
    json_set_word(object, "action", action_text(decision->action));
    if (decision->alert != 0) {
        answer_set_count(object, "alert", decision->alert);
    }
}

static const char *record_words(const struct record_header *record, bool on_duty)
{
    if (record->record_kind == RECORD_RETRACTION) {
        return "Another agency has taken back what it sent.";
    }
    if (record->urgency == URGENCY_IMMEDIATE) {
        return on_duty
                   ? "Immediate: another agency needs you, who are on duty, to look at this now."
                   : "Immediate: another agency needs somebody to look at this now. The desk on "
                     "duty has it too.";
    }
    if (record->record_kind == RECORD_REFERRAL) {
        return on_duty ? "A referral from another agency, for you, who are on duty."
                       : "A referral from another agency. The desk on duty has it too.";
    }
    return "Another agency has shared something.";
}

static bool set_delivered(struct json *object, const struct api_view *view,
                          const struct opening *opening, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct entry_header header;
    const char *kind = "entry";
    const char *words = "Another agency has said something.";
    if (!wire_delivered_read(row->payload, &arena, &delivered) ||
        !wire_entry_header_read(delivered.kind, delivered.header, &arena, &header)) {
        return false;
    }
    if (header.kind == ENTRY_RECORD) {
        kind = "record";
        words = record_words(&header.record, (delivered.flags & DELIVERED_ON_DUTY) != 0);
        set_record(object, opening, &delivered, &header.record);
        set_passing(object, view, &header.record);
    } else if (header.kind == ENTRY_DECISION) {
        kind = "decision";
        words = "A named person there has decided, and lets this agency read why.";
        set_decision(object, &header.decision);
    }
    json_set_word(object, "kind", kind);
    json_set_word(object, "words", words);
    answer_set_entry(object, "record", &header.id);
    view_set_agency(object, "from", view, header.id.agency);
    return true;
}

static bool set_release(struct json *object, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_release release;
    if (!wire_release_read(row->payload, &arena, &release)) {
        return false;
    }
    json_set_word(object, "kind", "release");
    json_set_word(object, "words",
                  (row->flags & INBOX_NOT_HELD) != 0
                      ? "What was kept until now could be opened, but the record never came here: "
                        "ask the agency that sent it."
                      : "What was kept until now can be opened here.");
    answer_set_entry(object, "record", &release.record);
    if (release.alert != 0) {
        answer_set_count(object, "alert", release.alert);
    }
    return true;
}

/* The records that a question or an answer about children is about, one of each. */
static void set_records(struct json *object, const struct wire_notice *notice)
{
    struct json *list = json_array_new();
    for (size_t i = 0; i < notice->n_headlines; i++) {
        if (notice->headlines[i].has_record) {
            struct json *record = json_object_new();
            answer_set_entry(record, "record", &notice->headlines[i].record);
            (void)json_append_node(list, &record);
        }
    }
    (void)json_set_node(object, "records", &list);
}

/* Of a child of ours: which one, and what there is. */
static void set_told(struct json *object, const struct api_view *view,
                     const struct opening *opening, const struct wire_notice *notice)
{
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(SEAL_CARD_MAX_BYTES);
    struct json *list = json_array_new();
    for (size_t i = 0; i < notice->n_headlines; i++) {
        struct json *headline = view_headline(view, opening->txn, &notice->headlines[i]);
        (void)json_append_node(list, &headline);
    }
    (void)json_set_node(object, "told", &list);
    if (known_alert_child(opening->txn, &view->agent->keys.store, notice, &identity) &&
        identity_card_json(&identity, &card) == 0) {
        (void)answer_set_sealed(object, "card", buf_slice(&card));
    }
}

static void set_heading(struct json *object, const struct wire_notice *notice)
{
    char words[WORDS_MAX_BYTES];
    (void)snprintf(words, sizeof(words), "%s.",
                   words_alert_heading(notice->headlines, notice->n_headlines));
    json_set_word(object, "words", words);
}

static void set_notice_words(struct json *object, const struct api_view *view,
                             const struct wire_notice *notice)
{
    if (notice->alert == 0 && notice->outcome == OUTCOME_PASSED_TO_AUTHORITY) {
        json_set_word(object, "words",
                      notice->type == NOTICE_CLOSED ? WORDS_PASSED_ON : WORDS_NOT_PASSED_ON);
    } else if (notice->type == NOTICE_UNOPENED) {
        view_set_unopened(object, view);
    } else if (notice->type == NOTICE_RAISED) {
        set_heading(object, notice);
    } else {
        json_set_word(object, "words", words_notice(notice->type));
    }
}

static bool set_notice(struct json *object, const struct api_view *view,
                       const struct opening *opening, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_notice notice;
    if (!wire_notice_read(row->payload, &arena, &notice)) {
        return false;
    }
    json_set_word(object, "kind", "notice");
    json_set_word(object, "notice", notice_type_text(notice.type));
    set_notice_words(object, view, &notice);
    if (notice.alert != 0) {
        answer_set_count(object, "alert", notice.alert);
        json_set_integer(object, "revision", notice.revision);
    }
    if (notice.has_record) {
        answer_set_entry(object, "record", &notice.record);
    }
    if (notice.agency != 0) {
        view_set_agency(object, "agency", view, notice.agency);
    }
    if (notice.outcome != OUTCOME_NONE) {
        json_set_word(object, "outcome", outcome_text(notice.outcome));
    }
    if (notice.type == NOTICE_CANDIDATE || notice.type == NOTICE_LINK_CONFIRMED ||
        notice.type == NOTICE_LINK_UNDONE) {
        set_records(object, &notice);
    }
    if (notice.type == NOTICE_RAISED || notice.type == NOTICE_EXTENDED ||
        notice.type == NOTICE_TOLD) {
        answer_set_count(object, "headlines", notice.n_headlines);
    }
    if (notice.type == NOTICE_TOLD) {
        set_told(object, view, opening, &notice);
    }
    return true;
}

bool api_inbox_item(struct json *object, const struct api_view *view, const struct opening *opening,
                    const struct inbox_row *row)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
        return set_delivered(object, view, opening, row);
    case ITEM_RELEASE:
        return set_release(object, row);
    case ITEM_NOTICE:
        return set_notice(object, view, opening, row);
    case ITEM_WITHHELD:
        break; /* quiet: never listed */
    }
    return false;
}
