/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP on a Unix socket, by libmicrohttpd. The library calls on_request once with the headers, then
 * with each piece of the body, then once more; what is known of the request stands in struct
 * exchange, from the first call until on_completed frees it.
 *
 * One thread a connection: an answer may wait for the disk, for the broker or for news, and whoever
 * waits is one caller who asked for it. A slow one holds up nobody else; api_users.c bounds what
 * one user can have of connections, long polls and time. A pool of fewer threads would let as many
 * long polls stop everybody.
 *
 * Who calls is what the kernel says of the socket (SO_PEERCRED), not what the caller says. The
 * library's own form parser is not used; a body is bytes until intake or lib/json reads it. Nothing
 * is unescaped: no path or query of ours needs it, so there is one spelling of everything.
 */
#include "agents/core/api.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/core/api_door.h"
#include "agents/core/api_mhd.h"
#include "agents/core/api_request.h"
#include "agents/core/api_socket.h"
#include "agents/core/api_users.h"
#include "agents/core/api_view.h"
#include "base/log.h"
#include "base/text.h"
#include "os/fd.h"

/* How long an answer may take: the longest poll, and what comes after it. */
#define ANSWER_MAX_S (CAIRN_API_POLL_MAX_S + 30)
/* What is read of a body that is too large, so that its sender hears why. */
#define DISCARD_MAX_BYTES (2 * (size_t)CAIRN_API_BODY_MAX_BYTES)
/* What the library counts: ours, and those that it has not finished with. */
#define LIBRARY_CONNECTIONS_MAX (2 * CAIRN_API_CONNECTIONS_MAX)
#define STOP_MAX_MS             5000 /* for answers that are under way when the agent stops */

static_assert(CAIRN_API_ASK_MAX_MS / 1000 < ANSWER_MAX_S - CAIRN_API_POLL_MAX_S,
              "a question to the broker ends before the connection's patience");

struct api {
    struct agent *agent;
    struct MHD_Daemon *daemon;
    struct api_users *users;
    struct api_door *door;
    int in_flight;    /* exchanges; atomic */
    struct news done; /* told when one ends */
    char path[SOCKET_PATH_BYTES];
};

struct exchange {
    const struct api_route *route;
    struct api_request request;
    struct api_call call;
    struct buf body;
    size_t received;    /* of the body, what was discarded too */
    bool may_be_urgent; /* it hands something in */
    bool bad_query;
    bool large; /* has one of the places for large bodies */
    bool busy;  /* would have needed one, and there was none */
};

/* --- who calls --- */

static const union MHD_ConnectionInfo *info_of(struct MHD_Connection *connection,
                                               enum MHD_ConnectionInfoType what)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, what);
    assert(info != NULL);
    return info;
}

static struct api_user *user_of(struct MHD_Connection *connection)
{
    return info_of(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* A connection is the library's now, or is no more. */
static void on_connection(void *data, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct api *api = data;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        users_leave(api->users, *context);
        return;
    }
    *context =
        users_hear(api->users, info_of(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
}

/* One beyond its user's share ends before it is heard. */
static void on_caller(void *data, int fd, uid_t uid)
{
    struct api *api = data;
    const struct sockaddr_un caller = {.sun_family = AF_UNIX};
    struct api_user *user = users_enter(api->users, uid, fd);
    if (user == NULL) {
        fd_close(&fd);
        return;
    }
    if (MHD_add_connection(api->daemon, fd, (const struct sockaddr *)&caller,
                           sizeof(caller.sun_family)) != MHD_YES) { /* and has closed it */
        users_leave(api->users, user);
    }
}

/* --- answering --- */

static void free_body(void *data)
{
    struct buf *body = data;
    buf_deinit(body); /* wipes: it may hold an account */
    base_free(&body);
}

/* Queues the answer; its body now belongs to the response. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct api_answer *answer)
{
    struct buf *body = base_alloc(sizeof(*body));
    *body = answer->body;
    answer->body = API_ANSWER_NULL.body;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        body->len, body->data, free_body, body);
    if (response == NULL) {
        free_body(body);
        return MHD_NO;
    }
    enum MHD_Result r = MHD_YES;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type) != MHD_YES ||
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") != MHD_YES ||
        (answer->allow != NULL &&
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow) != MHD_YES)) {
        r = MHD_NO;
    }
    if (r == MHD_YES) {
        r = MHD_queue_response(connection, answer->status, response);
    }
    MHD_destroy_response(response);
    return r;
}

/* Whatever becomes of it, it can say whom to telephone. */
static struct api_answer new_answer(struct agent *agent, bool may_be_urgent)
{
    struct api_answer answer = API_ANSWER_NULL;
    answer.may_be_urgent = may_be_urgent;
    view_set_desk(agent, &answer);
    return answer;
}

static enum MHD_Result send_problem(struct MHD_Connection *connection,
                                    const struct exchange *exchange, enum problem problem)
{
    struct api_answer answer = new_answer(exchange->call.agent, exchange->may_be_urgent);
    answer_problem(&answer, problem, NULL);
    return send_answer(connection, &answer);
}

/* --- one request --- */

static enum MHD_Result on_query(void *data, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct exchange *exchange = data;
    (void)kind;
    exchange->bad_query = exchange->bad_query || !api_query_add(&exchange->request, name, value);
    return MHD_YES;
}

static bool announced_too_large(struct MHD_Connection *connection)
{
    uint64_t len;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text != NULL && !u64_parse(text, CAIRN_API_BODY_MAX_BYTES, &len);
}

/* The headers are here: whatever can be refused is refused before a byte of the body is read. */
static enum MHD_Result begin(struct MHD_Connection *connection, struct exchange *exchange,
                             const char *method, const char *path)
{
    const struct api_user *user = user_of(connection);
    if (user == NULL) {
        return MHD_NO;
    }
    exchange->call.uid = user_uid(user);
    exchange->call.role = user_role(user);
    exchange->may_be_urgent = strcmp(method, MHD_HTTP_METHOD_GET) != 0;
    if (exchange->call.role == USER_NOBODY) {
        log_event(LOG_LEVEL_WARNING, "api_caller_refused", "uid=%u", (unsigned)exchange->call.uid);
        return send_problem(connection, exchange, PROBLEM_CALLER);
    }
    struct api_answer answer = new_answer(exchange->call.agent, exchange->may_be_urgent);
    exchange->route = api_route_find(method, path, exchange->call.segment, &answer);
    if (exchange->route == NULL) {
        return send_answer(connection, &answer);
    }
    if (announced_too_large(connection)) {
        return send_problem(connection, exchange, PROBLEM_TOO_LARGE);
    }
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_query, exchange);
    return exchange->bad_query ? send_problem(connection, exchange, PROBLEM_BAD_REQUEST) : MHD_YES;
}

/* A body that came without a length may still be too large: the rest is thrown away, and when even
 * that has no end the connection is closed. */
static enum MHD_Result take_piece(struct api *api, struct exchange *exchange, const char *data,
                                  size_t *len)
{
    exchange->received += *len;
    if (exchange->received > DISCARD_MAX_BYTES) {
        return MHD_NO;
    }
    if (exchange->received > CAIRN_API_SMALL_BODY_BYTES && !exchange->large && !exchange->busy) {
        exchange->large = users_large(api->users);
        exchange->busy = !exchange->large;
    }
    if (exchange->received <= CAIRN_API_BODY_MAX_BYTES && !exchange->busy) {
        buf_add(&exchange->body, data, *len);
    } else {
        buf_deinit(&exchange->body);
    }
    *len = 0;
    return MHD_YES;
}

/* A long poll takes one of its user's places for as long as it waits. */
static void make_answer(struct api *api, struct api_user *user, const struct exchange *exchange,
                        struct api_answer *answer)
{
    bool waits = api_query_text(&exchange->call, "wait") != NULL;
    if (waits && !users_wait(api->users, user)) {
        answer_problem_words(answer, PROBLEM_BUSY, "half of this user's connections wait already");
        return;
    }
    api_route_answer(exchange->route, &exchange->call, answer);
    if (waits) {
        users_wait_end(api->users, user);
    }
}

static enum MHD_Result finish(struct api *api, struct MHD_Connection *connection,
                              struct exchange *exchange)
{
    struct api_request *request = &exchange->request;
    struct api_user *user = user_of(connection);
    if (exchange->received > CAIRN_API_BODY_MAX_BYTES) {
        return send_problem(connection, exchange, PROBLEM_TOO_LARGE);
    }
    if (exchange->busy) {
        return send_problem(connection, exchange, PROBLEM_BUSY);
    }
    request->body = buf_slice(&exchange->body);
    request->content_type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->idempotency_key =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, CAIRN_IDEMPOTENCY_HEADER);
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                    (unsigned)ANSWER_MAX_S);
    struct api_answer answer = new_answer(api->agent, exchange->may_be_urgent);
    users_ours(api->users, user);
    make_answer(api, user, exchange, &answer);
    users_theirs(api->users, user);
    return send_answer(connection, &answer);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_len, void **of_request)
{
    struct api *api = data;
    struct exchange *exchange = *of_request;
    (void)version;
    if (exchange == NULL) {
        exchange = base_zalloc(1, sizeof(*exchange));
        exchange->body = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);
        exchange->call.agent = api->agent;
        exchange->call.request = &exchange->request;
        *of_request = exchange;
        (void)__atomic_add_fetch(&api->in_flight, 1, __ATOMIC_RELAXED);
        return begin(connection, exchange, method, path);
    }
    return *piece_len != 0 ? take_piece(api, exchange, piece, piece_len)
                           : finish(api, connection, exchange);
}

static void on_completed(void *data, struct MHD_Connection *connection, void **of_request,
                         enum MHD_RequestTerminationCode code)
{
    struct api *api = data;
    struct exchange *exchange = *of_request;
    (void)code;
    if (exchange == NULL) {
        return;
    }
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                    (unsigned)CAIRN_API_REQUEST_MAX_S);
    if (exchange->large) {
        users_large_end(api->users);
    }
    if (user_of(connection) != NULL) {
        users_theirs(api->users, user_of(connection)); /* the next request's time begins */
    }
    buf_deinit(&exchange->body);
    base_free(of_request);
    (void)__atomic_sub_fetch(&api->in_flight, 1, __ATOMIC_RELAXED);
    news_tell(&api->done);
}

/* Nothing is escaped here, so nothing is unescaped: "%2e" is three characters. */
static size_t on_unescape(void *data, struct MHD_Connection *connection, char *text)
{
    (void)data;
    (void)connection;
    return strlen(text);
}

/* --- entry points --- */

/* Every limit that the library has is said here: most of its defaults are none. */
static struct MHD_Daemon *start_daemon(struct api *api)
{
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                                MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET,
                            0, NULL, NULL, on_request, api, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)LIBRARY_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)LIBRARY_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)CAIRN_API_CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)CAIRN_API_REQUEST_MAX_S, MHD_OPTION_THREAD_STACK_SIZE,
                            (size_t)CAIRN_API_STACK_BYTES, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, api, MHD_OPTION_NOTIFY_CONNECTION, on_connection, api,
                            MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, API_MHD_STRICT,
                            API_MHD_STRICT_LEVEL, MHD_OPTION_END);
}

/* And what is behind it. */
static int open_door(struct api *api, struct error *error)
{
    const char *path = api->agent->options->socket;
    int fd = -1;
    int r = api_socket_listen(path, &fd, error);
    if (r != 0) {
        return r;
    }
    bool fits = text_copy(api->path, sizeof(api->path), slice_of_text(path));
    assert(fits); /* it was bound */
    api->daemon = start_daemon(api);
    if (api->daemon != NULL && door_open(fd, on_caller, api, &api->door) == 0) {
        return 0;
    }
    (void)unlink(api->path);
    if (api->daemon == NULL) {
        fd_close(&fd);
    } else {
        MHD_stop_daemon(api->daemon);
    }
    return error_set(error, path, "the local interface does not start");
}

int api_start(struct agent *agent, struct api **ret, struct error *error)
{
    struct api *api = base_zalloc(1, sizeof(*api));
    api->agent = agent;
    int r = news_init(&api->done);
    if (r != 0) {
        base_free(&api);
        return r;
    }
    api->users = users_new(agent->options, agent->clock);
    if (api->users == NULL) {
        news_deinit(&api->done);
        base_free(&api);
        return -ENOMEM;
    }
    r = open_door(api, error);
    if (r != 0) {
        users_free(&api->users);
        news_deinit(&api->done);
        base_free(&api);
        return r;
    }
    *ret = api;
    return 0;
}

void api_shed(struct api *api)
{
    users_shed(api->users);
}

/* Answers under way are sent before their connections are cut. */
static void wait_for_answers(struct api *api)
{
    int64_t until_ms = clock_boot_ms(clock_system()) + STOP_MAX_MS;
    for (;;) {
        uint64_t seen = news_count(&api->done);
        int64_t left_ms = until_ms - clock_boot_ms(clock_system());
        if (__atomic_load_n(&api->in_flight, __ATOMIC_RELAXED) == 0 || left_ms <= 0) {
            return;
        }
        (void)news_wait(&api->done, seen, (int)left_ms);
    }
}

void api_stop(struct api **owned)
{
    struct api *api = *owned;
    if (api == NULL) {
        return;
    }
    (void)unlink(api->path);
    door_close(&api->door);
    wait_for_answers(api);
    MHD_stop_daemon(api->daemon); /* whom it had not heard yet it closes, and says nothing */
    users_free(&api->users);
    news_deinit(&api->done);
    base_free(owned);
}
