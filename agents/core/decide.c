/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/decide.h"

#include <errno.h>
#include <string.h>

#include "agents/core/room.h"
#include "agents/core/taking.h"
#include "base/text.h"
#include "json/json.h"

#define DECISION_SORT 100 /* of request, for idempotency; submissions have their content's number */

int decide_check_person(const struct decide_person *person, struct error *error)
{
    if (!text_is_reason(slice_of_text(person->reason))) {
        return error_set(error, "/reason", TEXT_REASON_RULE);
    }
    if (!utf8_is_prose(slice_of_text(person->name)) ||
        !utf8_is_prose(slice_of_text(person->role))) {
        return error_set(error, "", "name and role are text without control characters");
    }
    if (person->name[0] == '\0' || strlen(person->name) >= CAIRN_NAME_MAX_BYTES ||
        strlen(person->role) >= CAIRN_NAME_MAX_BYTES) {
        return error_set(error, "/name", "a named person decides: name and role, at most %d bytes",
                         CAIRN_NAME_MAX_BYTES - 1);
    }
    return 0;
}

int decide_seal(const struct secret *store_key, const char *purpose,
                const struct decide_person *person, uint8_t out[DECIDE_SEALED_MAX_BYTES],
                size_t *ret_len)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(DECIDE_SEALED_MAX_BYTES - WRAP_OVERHEAD_BYTES);
    struct json *document = json_object_new();
    json_set_word(document, "format", "cairn-decision-account/v1");
    json_set_word(document, "name", person->name);
    json_set_word(document, "role", person->role);
    json_set_word(document, "reason", person->reason);
    int r = json_write(document, JSON_STYLE_COMPACT, &text);
    json_free(&document);
    if (r == 0) {
        *ret_len = text.len + WRAP_OVERHEAD_BYTES;
        r = wrap_seal(store_key, purpose, buf_slice(&text), out);
    }
    return r;
}

bool decide_open(const struct secret *store_key, const char *purpose, struct slice sealed,
                 struct buf *out)
{
    uint8_t text[DECIDE_SEALED_MAX_BYTES];
    if (sealed.len <= WRAP_OVERHEAD_BYTES || sealed.len > DECIDE_SEALED_MAX_BYTES ||
        wrap_open(store_key, purpose, sealed, text) != 0) {
        return false;
    }
    buf_add(out, text, sealed.len - WRAP_OVERHEAD_BYTES);
    bytes_wipe(text, sizeof(text));
    return buf_ok(out);
}

static int check_decision(const struct decide_request *decision, struct error *error)
{
    unsigned about = 0;
    about += decision->alert != 0 ? 1U : 0U;
    about += decision->has_record ? 1U : 0U;
    about += decision->child != NULL ? 1U : 0U;
    if (action_is_link(decision->action) ? !decision->has_record : about != 1) {
        return error_set(error, "", "a decision is about one alert, one record or one child");
    }
    if (decision->action != ACTION_CLOSE && decision->outcome != OUTCOME_NONE) {
        return error_set(error, "/outcome", "only closing has an outcome");
    }
    return decide_check_person(&decision->person, error);
}

/* The parts of a decision that make it another one. */
static void decision_body(const struct decide_request *decision, struct buf *out)
{
    char record[ENTRY_ID_TEXT_BYTES] = "";
    char other[ENTRY_ID_TEXT_BYTES] = "";
    if (decision->has_record) {
        entry_id_format(&decision->record, record);
    }
    if (decision->has_other) {
        entry_id_format(&decision->other, other);
    }
    buf_format(out, "%u %llu %s %s %u\n%s\n%s\n", (unsigned)decision->action,
               (unsigned long long)decision->alert, record, other, (unsigned)decision->outcome,
               decision->person.name, decision->person.role);
    for (size_t i = 0; i < decision->n_recipients; i++) {
        buf_format(out, "%u ", (unsigned)decision->recipients[i]);
    }
    buf_add_text(out, "\n");
    buf_add_text(out, decision->person.reason);
    assert(buf_ok(out));
}

static int take_decision(struct taking *taking, const struct decide_request *decision,
                         struct intake_answer *answer)
{
    struct out_row row;
    int r = taking_begin_entry(taking, ENTRY_DECISION, &row, answer);
    if (r == 0) {
        r = seal_decision(&taking->seal, decision, &answer->items[0].reference, &row);
    }
    if (r == 0) {
        out_put(taking->txn, &answer->items[0].reference, &row);
        taking_count(taking, "decision-accepted");
    }
    return r;
}

int decide_submit(struct agent *agent, const struct decide_request *decision, struct reference *ret,
                  struct error *error)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(
        CAIRN_REASON_MAX_BYTES + 2 * CAIRN_NAME_MAX_BYTES + 11 * CAIRN_ADDRESSEES_MAX + 256);
    bool done = false;
    int r = check_decision(decision, error);
    if (r != 0) {
        return r;
    }
    decision_body(decision, &body);
    struct idempotency idempotency = {.key = decision->idempotency_key,
                                      .by_uid = decision->by_uid,
                                      .sort = DECISION_SORT,
                                      .body = buf_slice(&body)};
    r = taking_begin(agent, decision->by_uid, &taking);
    if (r == 0 && !taking.can_seal) {
        r = -EAGAIN;
    }
    if (r == 0) {
        r = taking_look(&taking, &idempotency, &answer, &done);
    }
    if (r == 0 && !done) {
        /* somebody waits to read or to close; a look may state the child */
        r = room_for(taking.txn, LANE_URGENT, decision->child == NULL ? 1 : 2);
        if (r == 0) {
            r = take_decision(&taking, decision, &answer);
        }
        if (r == 0) {
            r = taking_finish(&taking, &idempotency, &answer);
        }
    }
    if (r == 0) {
        *ret = answer.items[0].reference;
    }
    return r;
}
