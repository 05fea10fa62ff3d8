/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "agents/core/api_request.h"
#include "base/text.h"

/* Who may ask what stands here and is enforced in api_route_answer, and nowhere else; but for a
 * submitter's view of records, which ends at its own (api_record.c, api_returned.c). */
static const struct api_route routes[] = {
    {"POST", CAIRN_PATH_SUBMISSIONS, api_submit, "", USER_SUBMITTER},
    {"GET", CAIRN_PATH_RECORDS "/{}", api_record_show, "", USER_SUBMITTER},
    {"GET", CAIRN_PATH_HEALTH, api_health, "", USER_WATCHER},
    {"GET", CAIRN_PATH_METRICS, api_metrics, "", USER_WATCHER},
    {"GET", CAIRN_PATH_LOG_HEAD, api_log_head, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_LOG_EVIDENCE "/{}", api_log_evidence, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_GOVERNANCE "/{}", api_governance, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_RECORDS "/{}" CAIRN_PATH_PART_PROOF, api_record_proof, "",
     USER_PRACTITIONER},
    {"POST", CAIRN_PATH_RECORDS "/{}" CAIRN_PATH_PART_DECISIONS, api_record_decide, "",
     USER_PRACTITIONER},
    {"GET", CAIRN_PATH_INBOX, api_inbox_list, "after limit newest wait application ",
     USER_PRACTITIONER},
    {"POST", CAIRN_PATH_ACKNOWLEDGEMENTS, api_inbox_acknowledge, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_RECEIVED "/{}", api_received_show, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_KEPT, api_kept_list, "after limit ", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_KEPT "/{}" CAIRN_PATH_PART_SEND, api_kept_send, "", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_KEPT "/{}" CAIRN_PATH_PART_WITHDRAW, api_kept_withdraw, "",
     USER_PRACTITIONER},
    {"POST", CAIRN_PATH_KEPT "/{}" CAIRN_PATH_PART_KEEP, api_kept_keep, "", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_RETURNED, api_returned_list, "after limit ", USER_SUBMITTER},
    {"POST", CAIRN_PATH_RETURNED "/{}" CAIRN_PATH_PART_DONE, api_returned_done, "",
     USER_PRACTITIONER},
    {"GET", CAIRN_PATH_REQUESTS, api_asked_list, "", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_REQUESTS, api_ask, "", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_REQUESTS "/{}" CAIRN_PATH_PART_GRANT, api_asked_grant, "",
     USER_PRACTITIONER},
    {"POST", CAIRN_PATH_REQUESTS "/{}" CAIRN_PATH_PART_REFUSE, api_asked_refuse, "",
     USER_PRACTITIONER},
    {"GET", CAIRN_PATH_ALERTS, api_alert_list, "after limit review ", USER_PRACTITIONER},
    {"GET", CAIRN_PATH_ALERTS "/{}", api_alert_show, "", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_PICTURE, api_picture, "", USER_PRACTITIONER},
    {"POST", CAIRN_PATH_ALERTS "/{}" CAIRN_PATH_PART_DECISIONS, api_alert_decide, "",
     USER_PRACTITIONER},
};

/* --- finding --- */

/* "{}" takes everything up to the next slash or the end, and not nothing. */
static bool path_matches(const char *pattern, const char *path, char segment[API_SEGMENT_MAX_BYTES])
{
    const char *hole = strstr(pattern, "{}");
    if (hole == NULL) {
        return strcmp(pattern, path) == 0;
    }
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0) {
        return false;
    }
    size_t len = strcspn(path + before, "/");
    if (len == 0 || len >= API_SEGMENT_MAX_BYTES || strcmp(path + before + len, hole + 2) != 0) {
        return false;
    }
    memcpy(segment, path + before, len);
    segment[len] = '\0';
    return true;
}

const struct api_route *api_route_find(const char *method, const char *path,
                                       char segment[API_SEGMENT_MAX_BYTES],
                                       struct api_answer *answer)
{
    const char *allow = NULL;
    segment[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (!path_matches(routes[i].path, path, segment)) {
            continue;
        }
        if (strcmp(routes[i].method, method) == 0) {
            return &routes[i];
        }
        allow = allow == NULL ? routes[i].method : "GET, POST";
    }
    if (allow == NULL) {
        answer_problem(answer, PROBLEM_NOT_FOUND, NULL);
        return NULL;
    }
    answer_problem(answer, PROBLEM_METHOD, NULL);
    answer->allow = allow;
    return NULL;
}

/* --- the query --- */

bool api_query_add(struct api_request *request, const char *name, const char *value)
{
    if (request->n_query == API_QUERY_MAX || name == NULL || value == NULL ||
        strlen(name) >= API_QUERY_MAX_BYTES || strlen(value) >= API_QUERY_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < request->n_query; i++) {
        if (strcmp(request->query[i].name, name) == 0) {
            return false;
        }
    }
    struct api_query *query = &request->query[request->n_query++];
    memcpy(query->name, name, strlen(name) + 1);
    memcpy(query->value, value, strlen(value) + 1);
    return true;
}

/* Whether `name` is one of the words of `names`. */
static bool is_listed(const char *name, const char *names)
{
    size_t len = strlen(name);
    for (const char *at = names; *at != '\0'; at += strcspn(at, " ") + 1) {
        if (strcspn(at, " ") == len && strncmp(at, name, len) == 0) {
            return true;
        }
    }
    return false;
}

void api_route_answer(const struct api_route *route, const struct api_call *call,
                      struct api_answer *answer)
{
    if (call->role < route->role) {
        answer_problem_words(answer, call->role == USER_NOBODY ? PROBLEM_CALLER : PROBLEM_ROLE,
                             "whoever runs the agent gives a user more by naming it in allow_uid "
                             "of agent.ini");
        return;
    }
    for (size_t i = 0; i < call->request->n_query; i++) {
        if (!is_listed(call->request->query[i].name, route->query)) {
            answer_problem_words(answer, PROBLEM_BAD_REQUEST,
                                 "the query has a member that this path does not take");
            return;
        }
    }
    route->answer(call, answer);
}

const char *api_query_text(const struct api_call *call, const char *name)
{
    for (size_t i = 0; i < call->request->n_query; i++) {
        if (strcmp(call->request->query[i].name, name) == 0) {
            return call->request->query[i].value;
        }
    }
    return NULL;
}

bool api_query_number(const struct api_call *call, const char *name, uint64_t max, uint64_t *value,
                      struct api_answer *answer)
{
    struct error error = ERROR_NULL;
    const char *text = api_query_text(call, name);
    if (text == NULL || u64_parse(text, max, value)) {
        return true;
    }
    (void)error_set(&error, name, "is not a whole number of at most %llu", (unsigned long long)max);
    answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
    return false;
}

bool api_query_limit(const struct api_call *call, uint64_t *limit, struct api_answer *answer)
{
    struct error error = ERROR_NULL;
    if (!api_query_number(call, "limit", CAIRN_PAGE_MAX, limit, answer)) {
        return false;
    }
    if (*limit > 0) {
        return true;
    }
    (void)error_set(&error, "limit", "is 0: a page has at least one item");
    answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
    return false;
}

/* --- headers and body --- */

bool api_content_is(const struct api_call *call, const char *media_type)
{
    const char *given = call->request->content_type;
    size_t len = strlen(media_type);
    if (given == NULL || strncasecmp(given, media_type, len) != 0) {
        return false;
    }
    const char *rest = given + len + strspn(given + len, " ");
    return *rest == '\0' ||
           (*rest == ';' && strcasecmp(rest + 1 + strspn(rest + 1, " "), "charset=utf-8") == 0);
}

struct json *api_body_json(const struct api_call *call, struct api_answer *answer)
{
    struct error error = ERROR_NULL;
    if (!api_content_is(call, CAIRN_MEDIA_JSON)) {
        answer_problem_words(answer, PROBLEM_MEDIA_TYPE, "this path takes " CAIRN_MEDIA_JSON);
        return NULL;
    }
    struct json *document = json_parse(call->request->body, &error);
    if (document == NULL) {
        answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
    }
    return document;
}

bool api_idempotency_key(const struct api_call *call, struct slice *ret, struct api_answer *answer)
{
    struct error error = ERROR_NULL;
    const char *key = call->request->idempotency_key;
    *ret = SLICE_NULL;
    if (key == NULL) {
        return true;
    }
    bool printable = true;
    for (const char *at = key; *at != '\0'; at++) {
        printable = printable && *at > 0x20 && *at < 0x7f;
    }
    if (!printable || key[0] == '\0' || strlen(key) > CAIRN_IDEMPOTENCY_MAX_BYTES) {
        (void)error_set(&error, CAIRN_IDEMPOTENCY_HEADER,
                        "has 1 to %d printable characters and no spaces",
                        CAIRN_IDEMPOTENCY_MAX_BYTES);
        answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
        return false;
    }
    *ret = slice_of_text(key);
    return true;
}
