/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request to the local interface: five lines (method, path, query, content type, idempotency key;
 * "-" for a header that there is not) and the body. Whatever it says, it finds one place or a
 * problem, only what that place takes reaches it, and a decision that is accepted has a person and
 * a reason.
 */
#include <string.h>

#include "agents/core/api_decision.h"
#include "agents/core/api_request.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"
#include "tree/note.h"

#define LINES          5
#define LINE_MAX_BYTES 512

struct asked {
    char lines[LINES][LINE_MAX_BYTES];
    struct slice body;
};

static bool split(struct slice input, struct asked *ret)
{
    for (size_t i = 0; i < LINES; i++) {
        struct slice line;
        if (!note_line(&input, &line) || line.len >= LINE_MAX_BYTES ||
            memchr(line.data, '\0', line.len) != NULL) {
            return false;
        }
        memcpy(ret->lines[i], line.data, line.len);
        ret->lines[i][line.len] = '\0';
    }
    ret->body = input;
    return true;
}

/* "a=b&c=d", as the HTTP library takes it apart. */
static bool add_query(struct api_request *request, char *query)
{
    bool good = true;
    while (query != NULL && *query != '\0') {
        char *next = strchr(query, '&');
        if (next != NULL) {
            *next++ = '\0';
        }
        char *value = strchr(query, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        good = api_query_add(request, query, value) && good;
        query = next;
    }
    assert(request->n_query <= API_QUERY_MAX);
    return good;
}

/* In the place of the function that answers on this path. */
static void count_call(const struct api_call *call, struct api_answer *answer)
{
    assert(call->role >= USER_PRACTITIONER && answer->status == 500);
    answer->status = 200;
}

static void reach(const struct api_route *route, const struct api_call *call)
{
    struct api_answer answer = API_ANSWER_NULL;
    struct api_route counted = *route;
    counted.answer = count_call;
    api_route_answer(&counted, call, &answer);
    assert(answer.status == 200 || answer.status == 400);
    bool reached = answer.status == 200;
    for (size_t i = 0; reached && i < call->request->n_query; i++) {
        assert(strstr(route->query, call->request->query[i].name) != NULL);
    }
    buf_deinit(&answer.body);
    struct api_call nobody = *call;
    nobody.role = USER_NOBODY;
    api_route_answer(&counted, &nobody, &answer);
    assert(answer.status == 401 || answer.status == 403);
    buf_deinit(&answer.body);
}

static void read_headers(const struct api_call *call)
{
    struct api_answer answer = API_ANSWER_NULL;
    uint64_t number = 7;
    uint64_t limit = 7;
    struct slice key;
    bool good = api_query_number(call, "after", 1000, &number, &answer);
    assert(good ? number <= 1000 : answer.status == 400);
    good = api_query_limit(call, &limit, &answer);
    assert(good ? limit >= 1 && limit <= CAIRN_PAGE_MAX : answer.status == 400);
    good = api_idempotency_key(call, &key, &answer);
    assert(good ? key.len <= CAIRN_IDEMPOTENCY_MAX_BYTES : answer.status == 400);
    assert(!(api_content_is(call, CAIRN_MEDIA_RECORD) && api_content_is(call, CAIRN_MEDIA_FHIR)));
    buf_deinit(&answer.body);
}

static void read_decision(const struct api_call *call)
{
    struct api_answer answer = API_ANSWER_NULL;
    struct api_decision decision;
    struct error error = ERROR_NULL;
    struct json *document = api_body_json(call, &answer);
    assert(document != NULL || answer.status == 400 || answer.status == 415);
    if (document != NULL && api_decision_read(document, &decision, &error) == 0) {
        assert(text_is_reason(slice_of_text(decision.reason)));
        assert(decision.name[0] != '\0' && decision.role[0] != '\0');
        assert((decision.action == ACTION_CLOSE) == (decision.outcome != OUTCOME_NONE));
        assert(decision.n_tell <= CAIRN_ADDRESSEES_MAX);
    } else if (document != NULL) {
        assert(error.what[0] != '\0');
    }
    json_free(&document);
    buf_deinit(&answer.body);
}

static void read_answer(const struct api_call *call)
{
    struct api_answer answer = API_ANSWER_NULL;
    struct api_decision decision;
    struct error error = ERROR_NULL;
    struct json *document = api_body_json(call, &answer);
    if (document != NULL && api_answer_read(document, &decision, &error) == 0) {
        assert(text_is_reason(slice_of_text(decision.reason)));
        assert(decision.name[0] != '\0' && decision.role[0] != '\0');
    } else if (document != NULL) {
        assert(error.what[0] != '\0');
    }
    json_free(&document);
    buf_deinit(&answer.body);
}

static void read_look(const struct api_call *call)
{
    const struct event_terms terms = {.now_ms = 1795334402000};
    struct api_answer answer = API_ANSWER_NULL;
    struct api_look look;
    struct error error = ERROR_NULL;
    struct json *document = api_body_json(call, &answer);
    if (document != NULL && api_look_read(document, &terms, &look, &error) == 0) {
        assert(text_is_reason(slice_of_text(look.who.reason)));
        assert(look.who.name[0] != '\0' && look.who.role[0] != '\0');
    } else if (document != NULL) {
        assert(error.what[0] != '\0');
    }
    json_free(&document);
    buf_deinit(&answer.body);
}

static const char *header(const char *line)
{
    return strcmp(line, "-") == 0 ? NULL : line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asked asked;
    struct api_request request = {.n_query = 0};
    struct api_call call = {.request = &request, .role = USER_PRACTITIONER};
    struct api_answer answer = API_ANSWER_NULL;
    if (!split(slice_make(data, size), &asked)) {
        return 0;
    }
    const struct api_route *route =
        api_route_find(asked.lines[0], asked.lines[1], call.segment, &answer);
    if (route == NULL) {
        assert(answer.status == 404 || (answer.status == 405 && answer.allow != NULL));
    } else if (strstr(route->path, "{}") != NULL) {
        assert(call.segment[0] != '\0' && strchr(call.segment, '/') == NULL);
    } else {
        assert(strcmp(route->path, asked.lines[1]) == 0);
    }
    buf_deinit(&answer.body);
    if (add_query(&request, asked.lines[2])) {
        request.content_type = header(asked.lines[3]);
        request.idempotency_key = header(asked.lines[4]);
        request.body = asked.body;
        if (route != NULL) {
            reach(route, &call);
        }
        read_headers(&call);
        read_decision(&call);
        read_answer(&call);
        read_look(&call);
    }
    return 0;
}
