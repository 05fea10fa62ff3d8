/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: one request to an agent over its Unix socket, and its answer. Nothing else than that socket
 * is ever spoken to: no proxy, no redirect, no other protocol. Answers are bounded in size, and
 * requests in time. One thread at a time.
 */
#ifndef CLI_HTTP_H
#define CLI_HTTP_H

#include "base/error.h"
#include "base/slice.h"
#include "cairn/limits.h"

#define HTTP_MEDIA_BYTES  64
#define HTTP_TIMEOUT_S    30 /* beyond what the request itself asks the agent to wait */
#define HTTP_CONNECT_MS   5000
#define HTTP_ANSWER_BYTES CAIRN_JSON_MAX_BYTES
#define HTTP_SOCKET_BYTES 108 /* of a Unix socket's path, with its NUL */

struct http_request {
    const char *socket;
    const char *path;         /* with its query; ours, not escaped here */
    const char *content_type; /* NULL: a GET without body */
    struct slice body;
    const char *idempotency_key; /* NULL: none */
    int wait_s;                  /* that the agent was asked to wait */
};

struct http_answer {
    int status;
    char content_type[HTTP_MEDIA_BYTES]; /* "" when it does not fit */
    struct buf body;
};
#define HTTP_ANSWER_NULL ((struct http_answer){.body = BUF_MAX(HTTP_ANSWER_BYTES)})
void http_answer_deinit(struct http_answer *answer);

/* 0 for any answer, whatever its status; *ret was HTTP_ANSWER_NULL. Otherwise the error says what
 * to do: -ECONNREFUSED nobody listens there, -EACCES this user may not, -ETIMEDOUT, -EFBIG the
 * answer is too large, -EPROTO it is no answer. */
int http_exchange(const struct http_request *request, struct http_answer *ret,
                  struct error *error) MUST_USE;

#endif
