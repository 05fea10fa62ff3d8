/* SPDX-License-Identifier: Apache-2.0 */
/* Submissions: what an agency's system tells. 202 means that it is on disk. */
#include <errno.h>

#include "agents/core/api_view.h"
#include "agents/core/feeds.h"
#include "agents/core/intake.h"
#include "base/crash_point.h"

static bool find_content(const struct api_call *call, enum intake_content *ret)
{
#define X(name, number, text)                                                                      \
    if (api_content_is(call, (text))) {                                                            \
        *ret = INTAKE_##name;                                                                      \
        return true;                                                                               \
    }
    INTAKE_CONTENTS(X)
#undef X
    return false;
}

/* What is no JSON at all is a bad request; JSON that says nothing we may keep is refused. */
static void refuse(const struct api_call *call, const struct error *error,
                   struct api_answer *answer)
{
    struct error ignored = ERROR_NULL;
    bool rows = api_content_is(call, CAIRN_MEDIA_ATTENDANCE) ||
                api_content_is(call, CAIRN_MEDIA_ROLL); /* no JSON, and none is expected */
    struct json *document = rows ? NULL : json_parse(call->request->body, &ignored);
    answer_problem(answer, document == NULL && !rows ? PROBLEM_BAD_REQUEST : PROBLEM_REFUSED,
                   error);
    json_free(&document);
}

static void show(const struct api_call *call, const struct intake_answer *taken,
                 struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return; /* it is on disk all the same: the same key gets this answer again */
    }
    struct json *document = json_object_new();
    struct json *items = json_array_new();
    for (size_t i = 0; i < taken->n; i++) {
        struct json *item = view_item(&view, txn, &taken->items[i]);
        (void)json_append_node(items, &item);
    }
    (void)json_set_node(document, "items", &items);
    json_set_bool(document, "replayed", taken->replayed);
    if (taken->rows > 0) {
        json_set_integer(document, "rows", (int64_t)taken->rows);
        json_set_integer(document, "rows_taken", (int64_t)taken->rows_taken);
    }
    answer_json(answer, 202, &document);
}

void api_submit(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(intake_answer_deinit) struct intake_answer taken = INTAKE_ANSWER_NULL;
    struct intake_request request = {
        .body = call->request->body, .by_uid = call->uid, .feed = FEED_INTERFACE};
    struct error error = ERROR_NULL;
    if (!find_content(call, &request.content)) {
        answer_problem_words(answer, PROBLEM_MEDIA_TYPE,
                             "submissions are " CAIRN_MEDIA_RECORD ", " CAIRN_MEDIA_INVOLVEMENT
                             ", " CAIRN_MEDIA_FHIR ", " CAIRN_MEDIA_INCIDENT ", " CAIRN_MEDIA_PLAN
                             ", " CAIRN_MEDIA_ADULT ", " CAIRN_MEDIA_TIE ", " CAIRN_MEDIA_ATTENDANCE
                             " or " CAIRN_MEDIA_ROLL);
        return;
    }
    if (!api_idempotency_key(call, &request.idempotency_key, answer)) {
        return;
    }
    int r = intake_submit(call->agent, &request, &taken, &error);
    switch (r) {
    case 0:
        if (request.content == INTAKE_ATTENDANCE || request.content == INTAKE_ROLL) {
            feed_keep(call->agent, FEED_INTERFACE); /* taken in several pieces */
        }
        show(call, &taken, answer);
        CRASH_POINT(INTAKE_ANSWERED);
        return;
    case -EINVAL:
        refuse(call, &error, answer);
        return;
    case -EEXIST:
        answer_problem(answer, PROBLEM_KEY_USED, NULL);
        return;
    default:
        answer_fault(answer, r);
    }
}
