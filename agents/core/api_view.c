/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_view.h"

#include <errno.h>
#include <stdio.h>

#include "agents/core/settling_time.h"
#include "agents/core/witness.h"

#define FALLBACK_DESK "duty desk"

void view_begin(struct agent *agent, struct api_view *ret)
{
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    *ret = (struct api_view){
        .agent = agent,
        .governance = govern_keep_current(agent->keep),
        .now_ms = clock_real_ms(agent->clock),
        .placed = govern_keep_place(agent->keep, &place),
    };
    ret->own = place.agency;
    (void)snprintf(ret->fallback.name, sizeof(ret->fallback.name), "%s", FALLBACK_DESK);
    (void)snprintf(ret->fallback.phone, sizeof(ret->fallback.phone), "%s",
                   agent->options->duty_telephone == NULL ? "" : agent->options->duty_telephone);
    link_status(agent, &ret->link);
}

void view_end(struct api_view *view)
{
    governance_unref(&view->governance);
}

struct store_txn *view_read(const struct api_view *view, struct api_answer *answer)
{
    struct store_txn *txn = store_read(view->agent->store);
    if (txn == NULL) {
        answer_fault(answer, -ENOMEM);
    }
    return txn;
}

bool view_broken(const struct store_txn *txn, struct api_answer *answer)
{
    int r = store_fault(txn);
    if (r != 0) {
        answer_fault(answer, r);
    }
    return r != 0;
}

void view_confirmations(const struct api_view *view, struct store_txn *txn,
                        struct confirmations *ret)
{
    struct witness witness;
    witness_load(txn, &witness);
    const struct confirm_view from = {
        .governance = view->governance,
        .own = view->own,
        .head = &witness.head,
        .now_ms = view->now_ms,
    };
    confirm_count(txn, &from, ret);
}

/* --- agencies --- */

const char *view_agency_name(const struct api_view *view, uint32_t agency)
{
    const struct agency *found = directory_agency(&view->governance->directory, agency);
    return found == NULL ? "an agency that is not in the directory" : found->name;
}

struct json *view_agency(const struct api_view *view, uint32_t agency)
{
    struct json *object = json_object_new();
    const struct agency *found = directory_agency(&view->governance->directory, agency);
    if (found == NULL) {
        json_set_integer(object, "number", agency);
        return object;
    }
    json_set_word(object, "agency", found->id);
    json_set_word(object, "name", found->name);
    json_set_word(object, "kind", found->kind->id);
    return object;
}

void view_set_agency(struct json *object, const char *key, const struct api_view *view,
                     uint32_t agency)
{
    struct json *part = view_agency(view, agency);
    (void)json_set_node(object, key, &part);
}

bool view_is_front_door(const struct api_view *view)
{
    const struct agency *own =
        view->placed ? directory_agency(&view->governance->directory, view->own) : NULL;
    return own != NULL && agency_is_front_door(own);
}

/* On duty now, as the calendar or else the configuration says; NULL while neither does. Lives as
 * long as the view. */
static const struct desk *view_desk(const struct api_view *view)
{
    if (view->governance->calendar != NULL) {
        return calendar_desk(view->governance->calendar, view->now_ms);
    }
    return view->fallback.phone[0] == '\0' ? NULL : &view->fallback;
}

bool view_must_pass_on(const struct api_view *view, const struct record_header *record)
{
    const struct agency *own = directory_agency(&view->governance->directory, view->own);
    return own != NULL && agency_is_front_door(own) && record->home_authority != 0 &&
           record->record_kind != RECORD_RETRACTION;
}

void view_set_unopened(struct json *object, const struct api_view *view)
{
    char text[WORDS_MAX_BYTES];
    struct words_watch watch = {.desk = view_desk(view), .now_ms = view->now_ms};
    if (view->governance->calendar != NULL) {
        watch.next = calendar_next_desk(view->governance->calendar, view->now_ms, &watch.next_ms);
    }
    words_unopened(&watch, text);
    json_set_word(object, "words", text);
    if (watch.desk != NULL) {
        json_set_word(object, "desk", watch.desk->name);
        json_set_word(object, "phone", watch.desk->phone);
    }
}

void view_set_desk(struct agent *agent, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    view_begin(agent, &view);
    const struct desk *desk = view_desk(&view);
    if (desk != NULL) {
        (void)snprintf(answer->desk, sizeof(answer->desk), "%s", desk->name);
        (void)snprintf(answer->phone, sizeof(answer->phone), "%s", desk->phone);
    }
}

/* --- what became of something of ours --- */

static bool said_opened(const struct view_readers *readers, uint32_t agency)
{
    for (size_t i = 0; readers != NULL && i < readers->n; i++) {
        if (readers->agencies[i] == agency && readers->of[i].state == READER_OPENED) {
            return true;
        }
    }
    return false;
}

/* Whether the log says that it was opened: in a notice about it, or in one about an alert that
 * listed it by then. An alert's opening leaves some records closed, and which ones only the broker
 * says: so both must say it. */
static void find_opened(const struct api_view *view, struct store_txn *txn,
                        const struct view_readers *readers, struct words_about *about)
{
    struct received_row received;
    if (!about->row->has_entry || !received_get(txn, &about->row->entry, &received)) {
        return;
    }
    about->destroyed_ms = received.destroyed_ms;
    if (received.opened_ms != 0) {
        about->opened_ms = received.opened_ms;
        about->opened_by = view_agency_name(view, received.opened_by);
    } else if (received.alert_opened_ms != 0 && said_opened(readers, received.alert_opened_by)) {
        about->opened_ms = received.alert_opened_ms;
        about->opened_by = view_agency_name(view, received.alert_opened_by);
    }
}

void view_set_telephone(struct json *object, const struct api_view *view)
{
    const struct desk *desk = view_desk(view);
    struct json *telephone = json_object_new();
    if (desk != NULL) {
        json_set_word(telephone, "desk", desk->name);
        json_set_word(telephone, "phone", desk->phone);
    }
    (void)json_set_node(object, "telephone", &telephone);
}

void view_set_state(struct json *object, const struct api_view *view, struct store_txn *txn,
                    const struct out_row *row, const struct view_readers *readers)
{
    char words[WORDS_MAX_BYTES];
    struct out_row shown = *row;
    shown.due_ms = settling_time_shown(txn, view->agent->clock, row->due_ms);
    struct words_about about = {
        .row = &shown,
        .now_ms = view->now_ms,
        .link = view->link.state,
        .link_since_ms = view->link.since_ms,
        .asked = readers != NULL && readers->asked,
        .not_tried = readers == NULL,
        .n_readers = readers == NULL ? 0 : readers->n,
        .readers = readers == NULL ? NULL : readers->of,
        .desk = view_desk(view),
    };
    find_opened(view, txn, readers, &about);
    words_state(&about, words);
    json_set_word(object, "state", out_state_text(row->state));
    answer_set_peer_text(object, "words", slice_of_text(words));
    if (words_must_telephone(&about)) {
        view_set_telephone(object, view);
    }
}

/* --- what was handed in --- */

/* Danger that is not told, because its source had taken it back or said something newer, is for a
 * person all the same: whoever asks hears whom to telephone. */
static bool is_left_untold(const struct intake_item *item, const struct out_row *row)
{
    return item->danger && (item->outcome == INTAKE_OLDER || row == NULL ||
                            row->state == OUT_WITHDRAWN || row->retracted);
}

struct json *view_item(const struct api_view *view, struct store_txn *txn,
                       const struct intake_item *item)
{
    char reference[REFERENCE_TEXT_BYTES];
    struct out_row row;
    struct json *object = json_object_new();
    json_set_word(object, "outcome", intake_outcome_text(item->outcome));
    if (item->reason[0] != '\0') {
        answer_set_peer_text(object, "reason", slice_of_text(item->reason));
    }
    if (item->flawed) {
        json_set_bool(object, "flawed", true);
    }
    if (item->has_reference) {
        reference_format(&item->reference, reference);
        json_set_word(object, "reference", reference);
    }
    bool found = item->has_reference && out_get(txn, &item->reference, &row);
    if (found) {
        view_set_state(object, view, txn, &row, NULL);
    }
    if (is_left_untold(item, found ? &row : NULL)) {
        view_set_telephone(object, view);
    }
    return object;
}

/* --- what others sent --- */

void view_set_retraction(struct json *object, enum retraction retraction)
{
    json_set_bool(object, "retracted", retraction == RETRACTION_SIGNED);
    if (retraction == RETRACTION_SAID) {
        json_set_bool(object, "retraction_unproven", true);
    }
}

void view_set_link(struct json *object, bool provisional, enum judged_link link)
{
    json_set_bool(object, "provisional", provisional && link == JUDGED_NOT);
    if (link == JUDGED_ANOTHER) {
        json_set_bool(object, "another_child", true);
    }
}

void view_set_part(struct json *object, const struct opening *opening,
                   const struct wire_delivered *delivered, enum part part)
{
    const char *key = part == PART_CARD ? "card" : "account";
    const char *state_key = part == PART_CARD ? "card_state" : "account_state";
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    enum open_result result = open_part(opening, delivered, part, &text);
    if (result == OPEN_DONE && !answer_set_sealed(object, key, buf_slice(&text))) {
        result = OPEN_DOES_NOT_OPEN;
    }
    json_set_word(object, state_key, open_result_text(result));
}

/* --- what was decided or asked here --- */

void view_answer_taken(const struct api_view *view, const struct reference *reference,
                       struct api_answer *answer)
{
    char text[REFERENCE_TEXT_BYTES];
    struct out_row row;
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return;
    }
    struct json *document = json_object_new();
    reference_format(reference, text);
    json_set_word(document, "reference", text);
    if (out_get(txn, reference, &row)) {
        view_set_state(document, view, txn, &row, NULL);
    }
    answer_json(answer, 202, &document);
}

void view_answer_refused(int r, const struct error *error, struct api_answer *answer)
{
    switch (r) {
    case -EINVAL:
        answer_problem(answer, PROBLEM_REFUSED, error);
        return;
    case -EEXIST:
        answer_problem(answer, PROBLEM_KEY_USED, NULL);
        return;
    case -EAGAIN:
        answer_problem(answer, PROBLEM_NOT_JOINED, NULL);
        return;
    case -ENOENT:
        answer_problem(answer, PROBLEM_NOT_FOUND, NULL);
        return;
    default:
        answer_fault(answer, r);
    }
}

void view_set_person(struct json *object, struct slice account)
{
    struct error ignored = ERROR_NULL;
    _cleanup_(json_free) struct json *document = json_parse(account, &ignored);
    struct json_view view = json_view(document, &ignored);
    struct json *person = json_object_new();
    answer_set_peer_text(person, "name", json_opt_text(&view, "name"));
    answer_set_peer_text(person, "role", json_opt_text(&view, "role"));
    answer_set_peer_text(object, "reason", json_opt_text(&view, "reason"));
    (void)json_set_node(object, "person", &person);
}
