/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the local interface is asked, freed of HTTP: api.c fills it from a connection, api_route.c
 * finds who answers, api_*.c answer. Nothing here touches sockets, so tests and fuzzing ask
 * directly.
 *
 * Answering blocks: on the disk, on a question to the broker, on news in a long poll. No
 * transaction is held while waiting for anybody.
 */
#ifndef AGENTS_API_REQUEST_H
#define AGENTS_API_REQUEST_H

#include "agents/core/agent.h"
#include "agents/core/api_answer.h"

#define API_SEGMENT_MAX_BYTES 64 /* an entry id has 49 */
#define API_QUERY_MAX         4  /* the most that any path takes */
#define API_QUERY_MAX_BYTES   64

struct api_query {
    char name[API_QUERY_MAX_BYTES];
    char value[API_QUERY_MAX_BYTES];
};

struct api_request {
    struct slice body;
    const char *content_type; /* NULL: none was sent; likewise the next */
    const char *idempotency_key;
    size_t n_query;
    struct api_query query[API_QUERY_MAX];
};

/* Adds a member of the query. False, and it must not be answered, for too many, too long or one
 * that is there already. */
bool api_query_add(struct api_request *request, const char *name, const char *value) MUST_USE;

/* --- who answers --- */

struct api_call {
    struct agent *agent;
    uid_t uid; /* who calls, as the kernel says, and what that user may do */
    enum user_role role;
    const struct api_request *request;
    char segment[API_SEGMENT_MAX_BYTES]; /* what stood for {} in the path */
};

struct api_route {
    const char *method;
    const char *path; /* {} stands for one segment */
    void (*answer)(const struct api_call *call, struct api_answer *answer);
    const char *query;   /* names it may have, each followed by a space; "" none */
    enum user_role role; /* the least that may ask it */
};

/* NULL, and *answer says why: no such path, another method. */
const struct api_route *api_route_find(const char *method, const char *path,
                                       char segment[API_SEGMENT_MAX_BYTES],
                                       struct api_answer *answer);
/* Checks the caller's role and the query's names, then answers. */
void api_route_answer(const struct api_route *route, const struct api_call *call,
                      struct api_answer *answer);

/* --- what the answers read --- */

/* A whole number of the query: `fallback` when it is missing. False, and *answer is a problem, when
 * it is none or beyond `max`. */
bool api_query_number(const struct api_call *call, const char *name, uint64_t max, uint64_t *value,
                      struct api_answer *answer) MUST_USE;
/* The query's `limit`, from 1 to CAIRN_PAGE_MAX; *limit stays when it is missing. */
bool api_query_limit(const struct api_call *call, uint64_t *limit,
                     struct api_answer *answer) MUST_USE;
/* NULL when it is missing. */
const char *api_query_text(const struct api_call *call, const char *name);
/* The media type without parameters; only charset=utf-8 may follow. */
bool api_content_is(const struct api_call *call, const char *media_type) MUST_USE;
/* The body as one JSON object of media type application/json; NULL and a problem otherwise. */
struct json *api_body_json(const struct api_call *call, struct api_answer *answer) MUST_USE;
/* SLICE_NULL when there is none; false and a problem when it cannot be a key. */
bool api_idempotency_key(const struct api_call *call, struct slice *ret,
                         struct api_answer *answer) MUST_USE;

/* --- the answers, by file --- */
void api_submit(const struct api_call *call, struct api_answer *answer);
void api_record_show(const struct api_call *call, struct api_answer *answer);
void api_record_proof(const struct api_call *call, struct api_answer *answer);
void api_record_decide(const struct api_call *call, struct api_answer *answer);
void api_alert_decide(const struct api_call *call, struct api_answer *answer);
void api_inbox_list(const struct api_call *call, struct api_answer *answer);
void api_inbox_acknowledge(const struct api_call *call, struct api_answer *answer);
void api_received_show(const struct api_call *call, struct api_answer *answer);
void api_governance(const struct api_call *call, struct api_answer *answer);
void api_kept_list(const struct api_call *call, struct api_answer *answer);
void api_kept_send(const struct api_call *call, struct api_answer *answer);
void api_kept_withdraw(const struct api_call *call, struct api_answer *answer);
void api_kept_keep(const struct api_call *call, struct api_answer *answer);
void api_returned_list(const struct api_call *call, struct api_answer *answer);
void api_returned_done(const struct api_call *call, struct api_answer *answer);
void api_asked_list(const struct api_call *call, struct api_answer *answer);
void api_asked_grant(const struct api_call *call, struct api_answer *answer);
void api_asked_refuse(const struct api_call *call, struct api_answer *answer);
void api_ask(const struct api_call *call, struct api_answer *answer);
void api_alert_list(const struct api_call *call, struct api_answer *answer);
void api_alert_show(const struct api_call *call, struct api_answer *answer);
void api_picture(const struct api_call *call, struct api_answer *answer);
void api_health(const struct api_call *call, struct api_answer *answer);
void api_metrics(const struct api_call *call, struct api_answer *answer);
void api_log_head(const struct api_call *call, struct api_answer *answer);
void api_log_evidence(const struct api_call *call, struct api_answer *answer);

#endif
