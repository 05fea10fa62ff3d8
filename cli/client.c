/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cairn/ids.h"
#include "cli/http.h"

#define REFERENCE_DIGITS 32
#define TELEPHONE_BYTES  (CAIRN_NAME_MAX_BYTES + CAIRN_PHONE_MAX_BYTES + 48)

struct client client_default(void)
{
    const char *socket = getenv(CLIENT_SOCKET_NAME);

    return (struct client){.socket = socket != NULL && socket[0] != '\0' ? socket : NULL};
}

static bool several(const glob_t *found, struct error *error)
{
    char names[sizeof(error->what)] = "";
    size_t len = 0;

    for (size_t i = 0; i < found->gl_pathc && len < sizeof(names); i++) {
        int n = snprintf(names + len, sizeof(names) - len, "%s%s", i == 0 ? "" : ", ",
                         found->gl_pathv[i]);
        len += n > 0 ? (size_t)n : 0;
    }
    (void)error_set(error, "several agents run here", "name one with --agent or CAIRN_AGENT: %s",
                    names);
    return false;
}

bool client_find(const char *folder, char out[HTTP_SOCKET_BYTES], struct error *error)
{
    char pattern[CLIENT_PATH_BYTES];
    glob_t found = {.gl_pathc = 0};
    const char *socket = CLIENT_SOCKET_DEFAULT;
    bool one = true;

    int len = snprintf(pattern, sizeof(pattern), "%s/*/agent.sock", folder);
    assert(len > 0 && (size_t)len < sizeof(pattern));
    if (access(socket, F_OK) != 0 && glob(pattern, 0, NULL, &found) == 0) {
        one = found.gl_pathc == 1 || several(&found, error);
        socket = found.gl_pathv[0];
    }
    if (one && !text_copy(out, HTTP_SOCKET_BYTES, slice_of_text(socket))) {
        (void)error_set(error, socket, "is too long for the path of a socket");
        one = false;
    }
    globfree(&found);
    return one;
}

error_t client_option(struct client *client, int key, char *argument)
{
    if (key != CLIENT_KEY) {
        return ARGP_ERR_UNKNOWN;
    }
    client->socket = argument;
    return 0;
}

/* --- refusals --- */

static enum status status_of_http(int status)
{
    switch (status) {
    case 403:
        return STATUS_NOT_ALLOWED;
    case 404:
        return STATUS_NOT_FOUND;
    case 409:
        return STATUS_CONFLICT;
    case 503:
        return STATUS_UNREACHABLE;
    default:
        return STATUS_FAILED;
    }
}

/* A problem that has its own exit code, whatever HTTP calls it. */
static bool is_key_used(const struct json_view *problem)
{
    static const char type[] = CAIRN_PROBLEM_PREFIX "idempotency-key-used";
    struct json_view member = json_has(problem, "type") ? json_member(problem, "type") : *problem;

    return json_holds_text(&member) && slice_is_text(json_as_text(&member), type);
}

/* "; a child in danger: telephone MASH duty desk 01632 960100", when the problem has a number. */
static void add_telephone(const struct json_view *problem, char *out, size_t bytes)
{
    struct json_view telephone = json_opt_object(problem, "telephone");
    char desk[CAIRN_NAME_MAX_BYTES] = "";
    char phone[CAIRN_PHONE_MAX_BYTES] = "";

    json_opt_copy(&telephone, "desk", desk, sizeof(desk));
    json_opt_copy(&telephone, "phone", phone, sizeof(phone));
    if (phone[0] != '\0') {
        (void)snprintf(out, bytes, "; a child in danger: telephone %s %s", desk, phone);
    }
}

/* The problem's own words; the bare status when the answer holds none. */
static enum status refused(const char *socket, const struct http_answer *answer,
                           struct error *error)
{
    struct error ignored = ERROR_NULL;
    char where[sizeof(error->where)] = "";
    char what[sizeof(error->what)] = "";
    char telephone[TELEPHONE_BYTES] = "";
    enum status status = status_of_http(answer->status);
    _cleanup_(json_free) struct json *problem = json_parse(buf_slice(&answer->body), &ignored);

    if (problem != NULL) {
        struct json_view view = json_view(problem, &ignored);
        json_opt_copy(&view, "where", where, sizeof(where));
        json_opt_copy(&view, "detail", what, sizeof(what));
        if (what[0] == '\0') {
            json_opt_copy(&view, "title", what, sizeof(what));
        }
        add_telephone(&view, telephone, sizeof(telephone));
        status = is_key_used(&view) ? STATUS_CONFLICT : status;
    }
    if (what[0] == '\0') {
        (void)error_set(error, socket, "the agent refused this with status %d", answer->status);
    } else {
        /* The number last, and never cut off. */
        size_t room = sizeof(error->what) - 1 - strlen(telephone);
        (void)error_set(error, where, "%.*s%s", (int)room, what, telephone);
    }
    return status;
}

static enum status exchange(const struct http_request *asked, struct http_answer *ret,
                            struct error *error)
{
    char found[HTTP_SOCKET_BYTES];
    struct http_request named = *asked;
    const struct http_request *request = &named;

    if (named.socket == NULL) {
        if (!client_find(CLIENT_UNITS_FOLDER, found, error)) {
            return STATUS_UNREACHABLE;
        }
        named.socket = found;
    }
    int r = http_exchange(request, ret, error);
    if (r == -EACCES) {
        return STATUS_NOT_ALLOWED;
    }
    if (r < 0) {
        return r == -EFBIG || r == -EPROTO ? STATUS_FAILED : STATUS_UNREACHABLE;
    }
    return ret->status >= 200 && ret->status < 300 ? STATUS_OK
                                                   : refused(request->socket, ret, error);
}

static enum status exchange_json(const struct http_request *request, struct json **ret,
                                 struct error *error)
{
    _cleanup_(http_answer_deinit) struct http_answer answer = HTTP_ANSWER_NULL;

    enum status status = exchange(request, &answer, error);
    if (status != STATUS_OK) {
        return status;
    }
    struct json *document = json_parse(buf_slice(&answer.body), error);
    if (document == NULL) {
        return STATUS_FAILED;
    }
    *ret = document;
    return STATUS_OK;
}

/* --- requests --- */

enum status client_get_waiting(const struct client *client, const char *path, int wait_s,
                               struct json **ret, struct error *error)
{
    const struct http_request request = {
        .socket = client->socket,
        .path = path,
        .wait_s = wait_s,
    };

    return exchange_json(&request, ret, error);
}

enum status client_get(const struct client *client, const char *path, struct json **ret,
                       struct error *error)
{
    return client_get_waiting(client, path, 0, ret, error);
}

enum status client_text(const struct client *client, const char *path, struct buf *ret,
                        struct error *error)
{
    const struct http_request request = {.socket = client->socket, .path = path};
    _cleanup_(http_answer_deinit) struct http_answer answer = HTTP_ANSWER_NULL;

    enum status status = exchange(&request, &answer, error);
    if (status != STATUS_OK) {
        return status;
    }
    buf_add_slice(ret, buf_slice(&answer.body));
    if (!buf_ok(ret) || !utf8_is_prose(buf_slice(ret))) {
        (void)error_set(error, "agent", "the answer is no text of at most %zu bytes", ret->max);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

enum status client_post(const struct client *client, const struct client_post *post,
                        struct json **ret, struct error *error)
{
    const struct http_request request = {
        .socket = client->socket,
        .path = post->path,
        .content_type = post->content_type,
        .body = post->body,
        .idempotency_key = post->idempotency_key,
    };

    return exchange_json(&request, ret, error);
}

enum status client_post_json(const struct client *client, const char *path, const struct json *body,
                             struct json **ret, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);

    if (json_write(body, JSON_STYLE_COMPACT, &text) < 0) {
        (void)error_set(error, "", "what is to be sent is larger than %d bytes",
                        CAIRN_API_BODY_MAX_BYTES);
        return STATUS_FAILED;
    }
    const struct client_post post = {
        .path = path,
        .content_type = CAIRN_MEDIA_JSON,
        .body = buf_slice(&text),
    };
    return client_post(client, &post, ret, error);
}

/* --- what may stand in a path --- */

bool client_is_record(const char *text)
{
    struct entry_id id;

    return entry_id_parse(text, &id) || (strlen(text) == REFERENCE_DIGITS &&
                                         strspn(text, "0123456789abcdef") == REFERENCE_DIGITS);
}

bool client_is_application(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= CAIRN_APPLICATION_MAX_BYTES &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool client_is_key(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return len > 0 && len <= CAIRN_IDEMPOTENCY_MAX_BYTES;
}
