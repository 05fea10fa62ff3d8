/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/text.h"
#include "cairn/client.h"

#define URL_BYTES    1024
#define HEADER_BYTES 256

void http_answer_deinit(struct http_answer *answer)
{
    buf_deinit(&answer->body);
    *answer = HTTP_ANSWER_NULL;
}

static void easy_free(CURL **easy)
{
    curl_easy_cleanup(*easy);
}

static void list_free(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

/* Called by libcurl with what came; another number than n ends the transfer. */
static size_t take_body(char *data, size_t size, size_t n, void *user)
{
    struct buf *body = user;

    buf_add(body, data, size * n);
    return buf_ok(body) ? size * n : 0;
}

static int set_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_BYTES];

    int len = snprintf(line, sizeof(line), "%s: %s", name, value);
    if (len < 0 || (size_t)len >= sizeof(line)) {
        return -EINVAL;
    }
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL) {
        return -ENOMEM;
    }
    *list = longer;
    return 0;
}

static int set_headers(const struct http_request *request, struct curl_slist **list)
{
    /* Without this libcurl waits a second for leave to send a large body. */
    int r = set_header(list, "Expect", "");
    if (r == 0 && request->content_type != NULL) {
        r = set_header(list, "Content-Type", request->content_type);
    }
    if (r == 0 && request->idempotency_key != NULL) {
        r = set_header(list, CAIRN_IDEMPOTENCY_HEADER, request->idempotency_key);
    }
    return r;
}

static CURLcode set_options(CURL *easy, const struct http_request *request, struct buf *body)
{
    long timeout_s = HTTP_TIMEOUT_S + (long)request->wait_s;
    CURLcode code = CURLE_OK;

    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->socket);
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_TIMEOUT, timeout_s);
    code =
        code != 0 ? code : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    if (code == 0 && request->content_type != NULL) {
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        code = code != 0 ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.data);
    }
    return code;
}

static int not_reached(CURL *easy, const char *socket, struct error *error)
{
    long system = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system);
    if (system == EACCES) {
        (void)error_set(error, socket,
                        "this user may not use the agent's socket: name it in allow_uid or "
                        "submit_uid of agent.ini");
        return -EACCES;
    }
    (void)error_set(error, socket,
                    "no agent answers there; is cairn-agent running? --agent or CAIRN_AGENT names "
                    "its socket");
    return -ECONNREFUSED;
}

static int failed(CURL *easy, CURLcode code, const struct http_request *request,
                  const struct buf *body, struct error *error)
{
    if (code == CURLE_COULDNT_CONNECT) {
        return not_reached(easy, request->socket, error);
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        (void)error_set(error, request->socket, "the agent did not answer in time");
        return -ETIMEDOUT;
    }
    if (code == CURLE_WRITE_ERROR && !buf_ok(body)) {
        (void)error_set(error, request->socket, "the answer is larger than %d bytes",
                        HTTP_ANSWER_BYTES);
        return -EFBIG;
    }
    (void)error_set(error, request->socket, "no answer that can be read: %s",
                    curl_easy_strerror(code));
    return -EPROTO;
}

static void take_answer(CURL *easy, struct http_answer *ret)
{
    const char *type = NULL;
    long status = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    ret->status = (int)status;
    if (type == NULL ||
        !text_copy(ret->content_type, sizeof(ret->content_type), slice_of_text(type))) {
        ret->content_type[0] = '\0';
    }
}

int http_exchange(const struct http_request *request, struct http_answer *ret, struct error *error)
{
    char url[URL_BYTES];
    _cleanup_(easy_free) CURL *easy = curl_easy_init();
    _cleanup_(list_free) struct curl_slist *headers = NULL;

    if (strlen(request->socket) >= HTTP_SOCKET_BYTES) {
        (void)error_set(error, request->socket, "is too long for the path of a socket");
        return -ECONNREFUSED;
    }
    int len = snprintf(url, sizeof(url), "http://agent%s", request->path);
    assert(len > 0 && (size_t)len < sizeof(url));
    if (easy == NULL || set_headers(request, &headers) < 0 ||
        set_options(easy, request, &ret->body) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK) {
        (void)error_set(error, "libcurl", "cannot be used for this request");
        return -EPROTO;
    }
    CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) {
        return failed(easy, code, request, &ret->body, error);
    }
    take_answer(easy, ret);
    return 0;
}
