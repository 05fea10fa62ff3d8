/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_decision.h"

#include <errno.h>
#include <string.h>

#include "agents/core/alerts.h"
#include "agents/core/api_tell.h"
#include "agents/core/api_view.h"
#include "agents/core/decide.h"
#include "agents/core/record_parts.h"
#include "base/crash_point.h"
#include "base/text.h"
#include "crypto/secret.h"

struct decide_person api_decision_person(const struct api_decision *decision)
{
    return (struct decide_person){
        .name = decision->name, .role = decision->role, .reason = decision->reason};
}

/* --- reading --- */

static uint32_t read_word(const struct json_view *object, const char *key,
                          uint32_t (*number)(const char *text))
{
    char text[KIND_ID_MAX_BYTES];
    json_get_copy(object, key, text, sizeof(text));
    uint32_t value = text[0] == '\0' ? 0 : number(text);
    if (value == 0) {
        struct json_view member = json_member(object, key);
        (void)json_refuse(&member, "is none of the words that may stand here");
    }
    return value;
}

static void read_reason(const struct json_view *decision, struct api_decision *ret)
{
    json_get_copy(decision, "reason", ret->reason, sizeof(ret->reason));
    if (!text_is_reason(slice_of_text(ret->reason))) {
        struct json_view member = json_member(decision, "reason");
        (void)json_refuse(&member, TEXT_REASON_RULE);
    }
}

static void read_person(const struct json_view *decision, struct api_decision *ret)
{
    static const char *const keys[] = {"name", "role"};
    struct json_view person = json_get_object(decision, "person");
    json_only(&person, keys, ARRAY_LEN(keys));
    json_get_copy(&person, "name", ret->name, sizeof(ret->name));
    json_get_copy(&person, "role", ret->role, sizeof(ret->role));
    if (ret->name[0] == '\0' || ret->role[0] == '\0') {
        (void)json_refuse(&person, "a named person decides: name and role");
    }
}

static void read_tell(const struct json_view *decision, struct api_decision *ret)
{
    struct json_view tell = json_opt_array(decision, "tell");
    size_t n = json_length(&tell);
    if (n > CAIRN_ADDRESSEES_MAX) {
        (void)json_refuse(&tell, "has more than %d agencies", CAIRN_ADDRESSEES_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct json_view item = json_item(&tell, i);
        struct slice id = json_as_text(&item);
        if (id.len == 0 || id.len >= CAIRN_AGENCY_ID_MAX_BYTES) {
            (void)json_refuse(&item, "is no agency's id");
            return;
        }
        memcpy(ret->tell[ret->n_tell], id.data, id.len);
        ret->tell[ret->n_tell++][id.len] = '\0';
    }
}

/* `record`: which of an alert's records shows the child that is meant. `other`: a record of another
 * child, who might be the same child as that of the record that the path names. */
static bool read_entry(const struct json_view *decision, const char *key,
                       const struct api_decision *read, struct entry_id *ret)
{
    char text[ENTRY_ID_TEXT_BYTES];
    if (!json_has(decision, key)) {
        return false;
    }
    struct json_view member = json_member(decision, key);
    json_get_copy(decision, key, text, sizeof(text));
    bool good = entry_id_parse(text, ret) && action_is_link(read->action);
    if (!good) {
        (void)json_refuse(&member, "names a record, in a decision about a link");
    }
    return good;
}

int api_decision_read(const struct json *document, struct api_decision *ret, struct error *error)
{
    static const char *const keys[] = {"action", "outcome", "reason", "person",
                                       "tell",   "record",  "other"};
    struct error problem = ERROR_NULL;
    struct json_view decision = json_view(document, &problem);
    struct api_decision read = {.outcome = OUTCOME_NONE};
    json_only(&decision, keys, ARRAY_LEN(keys));
    read.action = (enum action)read_word(&decision, "action", action_number);
    if (read.action == ACTION_LOOK || read.action == ACTION_REFUSE_REQUEST) {
        parts_refuse(&decision, "action",
                     read.action == ACTION_LOOK ? "looking decides nothing: ask for the picture"
                                                : "a request is refused by its own path");
    }
    if (json_has(&decision, "outcome")) {
        read.outcome = (enum outcome)read_word(&decision, "outcome", outcome_number);
    }
    if (json_ok(&decision) && (read.action == ACTION_CLOSE) != (read.outcome != OUTCOME_NONE)) {
        (void)json_refuse(&decision, "closing has an outcome, and only closing");
    }
    read.has_record = read_entry(&decision, "record", &read, &read.record);
    read.has_other = read_entry(&decision, "other", &read, &read.other);
    read_person(&decision, &read);
    read_reason(&decision, &read);
    read_tell(&decision, &read);
    if (!json_ok(&decision)) {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = read;
    return 0;
}

int api_answer_read(const struct json *document, struct api_decision *ret, struct error *error)
{
    static const char *const keys[] = {"reason", "person"};
    struct error problem = ERROR_NULL;
    struct json_view decision = json_view(document, &problem);
    struct api_decision read = {.outcome = OUTCOME_NONE};
    json_only(&decision, keys, ARRAY_LEN(keys));
    read_person(&decision, &read);
    read_reason(&decision, &read);
    if (!json_ok(&decision)) {
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = read;
    return 0;
}

/* As in a record; who is looked for needs no address. */
static void read_looked_at(const struct json_view *look, const struct event_terms *terms,
                           struct identity *ret)
{
    static const char *const keys[] = {"nhs_number",  "upn",        "local_id", "given_name",
                                       "family_name", "birth_date", "postcode"};
    static const char *const number_keys[] = {"value", "verified"};
    struct json_view child = json_get_object(look, "child");
    struct json_view nhs_number = json_opt_object(&child, "nhs_number");
    struct json_view upn = json_opt_object(&child, "upn");
    json_only(&child, keys, ARRAY_LEN(keys));
    if (nhs_number.node != NULL) {
        json_only(&nhs_number, number_keys, ARRAY_LEN(number_keys));
    }
    if (upn.node != NULL) {
        json_only(&upn, number_keys, ARRAY_LEN(number_keys));
    }
    if (json_ok(look)) {
        parts_child(&child, terms, parts_moment_today(terms), ret);
    }
}

int api_look_read(const struct json *document, const struct event_terms *terms,
                  struct api_look *ret, struct error *error)
{
    static const char *const keys[] = {"child", "alert", "reason", "person"};
    struct error problem = ERROR_NULL;
    struct json_view look = json_view(document, &problem);
    struct api_look read = {.child = IDENTITY_NULL};
    json_only(&look, keys, ARRAY_LEN(keys));
    if (json_has(&look, "alert") == json_has(&look, "child")) {
        (void)json_refuse(&look, "a look is at one child or at one alert");
    } else if (json_has(&look, "alert")) {
        read.alert = (uint64_t)json_get_integer(&look, "alert", 1, INT64_MAX);
    } else {
        read_looked_at(&look, terms, &read.child);
    }
    read_person(&look, &read.who);
    read_reason(&look, &read.who);
    if (!json_ok(&look)) {
        bytes_wipe(&read, sizeof(read));
        return error_set(error, problem.where, "%s", problem.what);
    }
    *ret = read;
    bytes_wipe(&read, sizeof(read));
    return 0;
}

/* --- deciding --- */

/* The decision is on disk and on its way; now what it opens here may open. Lost between the two
 * commits, the person is asked again: never the other way round. */
static int note_decided(const struct api_view *view, const struct decide_request *decision,
                        const struct reference *reference)
{
    if (action_is_link(decision->action) || action_is_hold(decision->action) ||
        (decision->has_record && decision->action == ACTION_CLOSE)) {
        return 0; /* it opens nothing */
    }
    _cleanup_(store_end) struct store_txn *txn = store_begin(view->agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    if (decision->has_record) {
        received_decided(txn, &decision->record, reference, view->now_ms);
    } else {
        known_alert_decided(txn, decision->alert, reference, view->now_ms);
    }
    CRASH_POINT(DECISION_PUT);
    int r = agent_commit(&txn);
    CRASH_POINT(DECISION_KEPT);
    if (r == 0) {
        news_tell(&view->agent->news);
    }
    return r;
}

/* What the path and the body say together about whom or what it is; words for what does not fit. */
static const char *settle_about(struct decide_request *decision, const struct api_decision *read)
{
    if (action_is_hold(read->action)) {
        return decision->has_record ? NULL : "a hold is on a record's child, not on an alert";
    }
    if (!action_is_link(read->action)) {
        return decision->has_record && read->action != ACTION_OPEN &&
                       read->outcome != OUTCOME_PASSED_TO_AUTHORITY
                   ? "a record can be opened, or passed to another authority; an alert is closed"
                   : NULL;
    }
    if (decision->has_record && read->has_other) { /* two who might be one */
        decision->has_other = true;
        decision->other = read->other;
        return read->has_record || read->action == ACTION_UNDO_LINK
                   ? "whether two children are one is confirmed or refused"
                   : NULL;
    }
    if (decision->has_record) { /* our own child, as this record shows it */
        return read->has_record || read->action == ACTION_CONFIRM_LINK
                   ? "a front door confirms, under the alert that shows both children"
                   : NULL;
    }
    if (read->has_other) {
        return "other goes with a record, not with an alert";
    }
    decision->has_record = read->has_record;
    decision->record = read->record;
    return read->has_record ? NULL : "record says which of the alert's records shows who is meant";
}

static bool was_delivered(const struct api_view *view, const struct entry_id *record)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(view->agent->store);
    struct received_row row;
    return txn != NULL && received_get(txn, record, &row) && row.delivered != 0;
}

/* Find_record found it: it is ours, or all that came of it is a notice. */
static void answer_not_delivered(const struct api_view *view, const struct entry_id *record,
                                 struct api_answer *answer)
{
    answer_problem_words(
        answer, PROBLEM_NOT_FOUND,
        record->agency == view->own
            ? "this agency sent that record itself: only what another agency sent here is decided "
              "about; `cairn record` shows what has become of it, and a retraction takes it back"
            : "that record itself was not delivered to this agency, so it can decide nothing "
              "about it");
}

/* `about` says already what it is about; the body says the rest. */
static void decide(const struct api_call *call, const struct api_view *view,
                   const struct decide_request *about, struct api_answer *answer)
{
    struct decide_request decision = *about;
    struct api_decision read = {.n_tell = 0};
    struct error error = ERROR_NULL;
    struct reference reference;
    if (!api_idempotency_key(call, &decision.idempotency_key, answer)) {
        return;
    }
    _cleanup_(json_free) struct json *document = api_body_json(call, answer);
    if (document == NULL) {
        return;
    }
    if (api_decision_read(document, &read, &error) != 0 ||
        tell_find(view, &read, &decision, &error) != 0) {
        answer_problem(answer, PROBLEM_REFUSED, &error);
        return;
    }
    if (about->has_record && !action_is_hold(read.action) && !was_delivered(view, &about->record)) {
        answer_not_delivered(view, &about->record, answer);
        return;
    }
    const char *problem = settle_about(&decision, &read);
    if (problem != NULL) {
        answer_problem_words(answer, PROBLEM_REFUSED, problem);
        return;
    }
    decision.by_uid = call->uid;
    decision.action = read.action;
    decision.outcome = read.outcome;
    decision.person = api_decision_person(&read);
    int r = decide_submit(call->agent, &decision, &reference, &error);
    if (r == 0) {
        r = note_decided(view, &decision, &reference);
    }
    bytes_wipe(&read, sizeof(read));
    if (r != 0) {
        view_answer_refused(r, &error, answer);
        return;
    }
    view_answer_taken(view, &reference, answer);
}

/* A record that we were told of, or one of our own. */
static bool find_record(const struct api_view *view, const char *text, struct entry_id *ret,
                        struct api_answer *answer)
{
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    struct received_row row;
    struct reference ignored;
    if (txn == NULL) {
        return false;
    }
    bool found = entry_id_parse(text, ret) &&
                 (received_get(txn, ret, &row) || out_by_entry(txn, ret, &ignored));
    if (!found && !view_broken(txn, answer)) {
        answer_no_record(answer);
    }
    return found;
}

void api_record_decide(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct decide_request decision = {.has_record = true};
    view_begin(call->agent, &view);
    if (find_record(&view, call->segment, &decision.record, answer)) {
        decide(call, &view, &decision, answer);
    }
}

static bool may_decide(const struct api_view *view, uint64_t alert, struct api_answer *answer)
{
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    struct known_alert row;
    if (txn == NULL) {
        return false;
    }
    if (!known_alert_get(txn, alert, &row)) {
        if (!view_broken(txn, answer)) {
            answer_no_alert(answer);
        }
        return false;
    }
    if (!view_is_front_door(view)) {
        answer_problem(answer, view->placed ? PROBLEM_FRONT_DOOR : PROBLEM_NOT_JOINED, NULL);
        return false;
    }
    if (!known_alert_is_open(&row)) {
        answer_problem(answer, PROBLEM_CLOSED, NULL);
        return false;
    }
    return true;
}

void api_alert_decide(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct decide_request decision = {.has_record = false};
    view_begin(call->agent, &view);
    if (!u64_parse(call->segment, INT64_MAX, &decision.alert) || decision.alert == 0) {
        answer_no_alert(answer);
        return;
    }
    if (may_decide(&view, decision.alert, answer)) {
        decide(call, &view, &decision, answer);
    }
}
