/* SPDX-License-Identifier: Apache-2.0 */
#include "support/interface.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "os/files.h"

#define REPLY_MAX_BYTES (4U << 20)

void start_api(struct story *story)
{
    struct error error = ERROR_NULL;
    int r = api_start(&story->member->agent, &story->api, &error);
    if (r != 0) {
        print_message("%s: %s\n", error.where, error.what);
    }
    assert_int_equal(r, 0);
}

struct story *set_up_as(uint32_t agency)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->member = member_new(story->world, agency);
    start_api(story);
    return story;
}

int set_up_mash(void **state)
{
    *state = set_up_as(MASH);
    return 0;
}

int set_up_school(void **state)
{
    *state = set_up_as(SCHOOL);
    return 0;
}

int tear_down(void **state)
{
    struct story *story = *state;
    news_close(&story->member->agent.news);
    api_stop(&story->api);
    member_free(&story->member);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

void restart(struct story *story)
{
    news_close(&story->member->agent.news);
    api_stop(&story->api);
    member_restart(story->member);
    start_api(story);
}

void reply_deinit(struct reply *reply)
{
    buf_deinit(&reply->text);
}

int dial(const struct story *story)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, story->member->socket, strlen(story->member->socket) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

bool put(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

struct reply take(int fd)
{
    static const char *const nothing = "";
    struct reply reply = {.text = BUF_MAX(REPLY_MAX_BYTES), .body = nothing};
    char piece[8192];
    ssize_t n;
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
        buf_add(&reply.text, piece, (size_t)n);
    }
    reply.head = buf_text(&reply.text);
    const char *end = strstr(reply.head, "\r\n\r\n");
    if (end != NULL && strncmp(reply.head, "HTTP/1.1 ", 9) == 0) {
        reply.status =
            (reply.head[9] - '0') * 100 + (reply.head[10] - '0') * 10 + (reply.head[11] - '0');
        reply.body = end + 4;
    }
    return reply;
}

struct reply ask_over(int fd, const struct ask *ask)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES + 4096);
    buf_format(&text, "%s %s HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n", ask->method,
               ask->path);
    if (ask->type != NULL) {
        buf_format(&text, "Content-Type: %s\r\n", ask->type);
    }
    if (ask->key != NULL) {
        buf_format(&text, "Idempotency-Key: %s\r\n", ask->key);
    }
    if (ask->body != NULL) {
        buf_format(&text, "Content-Length: %zu\r\n", strlen(ask->body));
    }
    buf_add_text(&text, "\r\n");
    buf_add_text(&text, ask->body == NULL ? "" : ask->body);
    (void)put(fd, text.data, text.len);
    return take(fd);
}

struct reply ask(const struct story *story, const struct ask *ask)
{
    _cleanup_(fd_close) int fd = dial(story);
    return ask_over(fd, ask);
}

struct reply get(const struct story *story, const char *path)
{
    return ask(story, &(struct ask){.method = "GET", .path = path});
}

struct reply post(const struct story *story, const char *path, const char *type, const char *body)
{
    return ask(story, &(struct ask){.method = "POST", .path = path, .type = type, .body = body});
}

void expect(const struct reply *reply, int status, const char *in_body)
{
    if (reply->status != status || strstr(reply->body, in_body) == NULL) {
        print_message("%d, not %d with %s: %s\n", reply->status, status, in_body, reply->head);
    }
    assert_int_equal(reply->status, status);
    assert_non_null(strstr(reply->body, in_body));
}

void pick(const struct reply *reply, const char *key, char *out, size_t bytes)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof(quoted), "\"%s\":\"", key);
    const char *at = strstr(reply->body, quoted);
    assert_non_null(at);
    at += strlen(quoted);
    size_t len = strcspn(at, "\"");
    assert_true(len < bytes);
    memcpy(out, at, len);
    out[len] = '\0';
}

void restart_api(struct story *story)
{
    api_stop(&story->api);
    start_api(story);
}

/* The system call itself, so that only this thread becomes somebody else. */
static void become(uid_t uid)
{
    assert_int_equal(syscall(SYS_setresuid, -1, (long)uid, -1), 0);
}

int dial_as_nobody(struct story *story)
{
    char run[128];
    (void)snprintf(run, sizeof(run), "%s/run", story->member->dir);
    assert_int_equal(chmod(story->member->dir, 0755), 0);
    assert_int_equal(chmod(run, 0755), 0);
    assert_int_equal(chmod(story->member->socket, 0666), 0);
    become(NOBODY);
    int fd = dial(story);
    become(0);
    assert_int_equal(chmod(story->member->dir, 0700), 0);
    return fd;
}

void demo(const char *name, struct buf *out)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/tests/data/demo/%s", SOURCE_DIR, name);
    assert_int_equal(file_read(path, out), 0);
}
