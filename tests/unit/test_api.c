/* SPDX-License-Identifier: Apache-2.0 */
/* The local interface as its callers meet it: a real socket, spoken to byte by byte. */
#include <errno.h>
#include <pthread.h>
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

#include "agents/core/api.h"
#include "agents/core/api_answer.h"
#include "agents/core/api_request.h"
#include "agents/core/inbox.h"
#include "base/date.h"
#include "os/fd.h"
#include "os/files.h"
#include "support/interface.h"
#include "support/stories.h"

#define REASON "Three appointments were missed and nobody has asked why."

/* --- what happens in the partnership --- */

static struct entry_id send_record(struct story *story, const struct world_record *record)
{
    struct world_entry entry;
    world_record(story->world, record, &entry);
    assert_int_equal(world_send_one(story->world, record->from, &entry), VERDICT_STORED);
    return entry.header.id;
}

static struct entry_id share(struct story *story)
{
    int32_t day = instant_london_day(story->world->clock.real_ms);
    struct entry_id id = send_record(story, &(struct world_record){.from = GP,
                                                                   .child = ALIX,
                                                                   .day = day,
                                                                   .record_kind = RECORD_CONCERN,
                                                                   .code = CODE_OTHER_CONCERN,
                                                                   .urgency = URGENCY_IMMEDIATE});
    (void)member_fetch(story->member);
    return id;
}

static void raise_alert(struct story *story)
{
    struct world_entry entry;
    int32_t today = instant_london_day(story->world->clock.real_ms);
    world_statement(story->world, GP, ALIX, true, &entry);
    assert_int_equal(world_send_one(story->world, GP, &entry), VERDICT_STORED);
    for (int32_t i = 0; i < 3; i++) {
        (void)send_record(
            story, &(struct world_record){.from = GP, .child = ALIX, .day = today - 90 + 30 * i});
    }
    (void)member_fetch(story->member);
}

static void broker_hears(struct story *story, enum action action, enum outcome outcome)
{
    struct world_entry decision;
    world_decision(story->world, MASH, 1, action, outcome, &decision);
    assert_int_equal(world_send_one(story->world, MASH, &decision), VERDICT_STORED);
    (void)member_fetch(story->member);
}

/* --- submissions --- */

static void an_immediate_record_is_on_disk_and_says_whom_to_telephone(void **state)
{
    struct story *story = *state;
    char reference[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);

    _cleanup_(reply_deinit) struct reply reply =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));

    expect(&reply, 202, "\"outcome\":\"accepted\"");
    expect(&reply, 202, "\"telephone\":{\"desk\":\"MASH duty desk\",\"phone\":\"01632 960100\"}");
    expect(&reply, 202, "\"replayed\":false");
    assert_non_null(strstr(reply.head, "Cache-Control: no-store"));
    pick(&reply, "reference", reference, sizeof(reference));
    restart(story);
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);
    EXPECT_GET(story, path, 200, "\"state\":\"on-its-way\"");
    EXPECT_GET(story, path, 200, "Telephone now: MASH duty desk 01632 960100. Stored on this");
}

/* What its source has taken back, before or after, is not told; the child may be in danger. */
static void an_immediate_record_that_is_not_told_says_whom_to_telephone_too(void **state)
{
    struct story *story = *state;
    for (int told_first = 0; told_first <= 1; told_first++) {
        const char *id = told_first == 1 ? "C-2" : "C-1";
        char taken_back[256];
        _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
        demo("school-immediate.json", &body);
        text_replace(&body, "C-2026-0313", id);
        (void)snprintf(
            taken_back, sizeof(taken_back),
            "{\"kind\":\"retraction\",\"event_date\":\"2026-11-20\",\"retracts\":\"%s\","
            "\"source\":{\"system\":\"spindle-safeguarding\",\"id\":\"%s\",\"version\":\"2\"}}",
            id, id);
        if (told_first == 1) {
            _cleanup_(reply_deinit) struct reply first =
                post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
            expect(&first, 202, "\"outcome\":\"accepted\"");
        }
        _cleanup_(reply_deinit) struct reply back =
            post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, taken_back);
        expect(&back, 202, told_first == 1 ? "\"retracted\"" : "\"counted\"");
        assert_null(strstr(back.body, "telephone"));

        _cleanup_(reply_deinit) struct reply reply =
            post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));

        expect(&reply, 202, told_first == 1 ? "\"known-already\"" : "\"older-version\"");
        expect(&reply, 202, "\"phone\":\"01632 960100\"");
    }
}

static void a_record_is_found_by_its_entry_id_too(void **state)
{
    struct story *story = *state;
    char record[64];
    char path[128];
    char reference[64];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    _cleanup_(reply_deinit) struct reply reply =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
    pick(&reply, "reference", reference, sizeof(reference));
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);
    _cleanup_(reply_deinit) struct reply shown = get(story, path);
    pick(&shown, "record", record, sizeof(record));

    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", record);

    EXPECT_GET(story, path, 200, reference);
}

static void the_same_key_has_the_same_answer(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    _cleanup_(buf_deinit) struct buf other = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    demo("school-concern-level-3.json", &other);
    struct ask submit = {.method = "POST",
                         .path = CAIRN_PATH_SUBMISSIONS,
                         .type = CAIRN_MEDIA_RECORD "; charset=UTF-8",
                         .key = "monday-1",
                         .body = buf_text(&body)};

    _cleanup_(reply_deinit) struct reply first = ask(story, &submit);
    _cleanup_(reply_deinit) struct reply second = ask(story, &submit);
    submit.body = buf_text(&other);
    _cleanup_(reply_deinit) struct reply third = ask(story, &submit);

    expect(&first, 202, "\"replayed\":false");
    expect(&second, 202, "\"replayed\":true");
    expect(&third, 422, "urn:cairn:problem:idempotency-key-used");
}

static void an_involvement_is_taken(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-involvement.json", &body);

    _cleanup_(reply_deinit) struct reply reply =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_INVOLVEMENT, buf_text(&body));

    expect(&reply, 202, "\"outcome\":\"accepted\"");
    assert_null(strstr(reply.body, "telephone"));
}

/* --- what is refused --- */

struct refusal {
    const char *method;
    const char *path;
    const char *type;
    const char *body;
    int status;
    const char *in_body;
};

#define DECIDE(rest) "{\"person\":{\"name\":\"Ada Quill\",\"role\":\"screener\"}," rest "}"
#define RECORDS      CAIRN_PATH_RECORDS
#define ALERT_1      CAIRN_PATH_ALERTS "/1/decisions"
#define SUBMIT       CAIRN_PATH_SUBMISSIONS
#define ACKNOWLEDGE  CAIRN_PATH_ACKNOWLEDGEMENTS
#define PICTURE      CAIRN_PATH_PICTURE
#define JSON         CAIRN_MEDIA_JSON
#define PROBLEM(x)   "\"type\":\"" CAIRN_PROBLEM_PREFIX x "\""

static const struct refusal refusals[] = {
    {"GET", "/", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", "/v1/nothing", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", "/v1/health/", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", "/v1/health%00", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", "/v1/%68ealth", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", "//v1/health", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", RECORDS "/", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", RECORDS "/a/b", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", RECORDS "/00112233445566778899aabbccddeeff", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", RECORDS "/1-0000000000000101-1", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", RECORDS "/1-0000000000000101-1/proof", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_RECEIVED "/1-0000000000000101-99", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_RECEIVED "/nonsense", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_ALERTS "/2", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_ALERTS "/01", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_ALERTS "/18446744073709551616", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_LOG_HEAD, NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", CAIRN_PATH_LOG_EVIDENCE "/held", NULL, NULL, 404, "never shown another log"},
    {"GET", CAIRN_PATH_LOG_EVIDENCE "/other", NULL, NULL, 404, PROBLEM("not-found")},
    {"GET", SUBMIT, NULL, NULL, 405, PROBLEM("method")},
    {"PUT", SUBMIT, NULL, NULL, 405, PROBLEM("method")},
    {"DELETE", CAIRN_PATH_INBOX, NULL, NULL, 405, PROBLEM("method")},
    {"POST", CAIRN_PATH_HEALTH, NULL, NULL, 405, PROBLEM("method")},
    {"BREW", CAIRN_PATH_HEALTH, NULL, NULL, 405, PROBLEM("method")},
    {"GET", CAIRN_PATH_HEALTH "?x=1", NULL, NULL, 400, PROBLEM("bad-request")},
    {"GET", CAIRN_PATH_INBOX "?after=1&after=2", NULL, NULL, 400, PROBLEM("bad-request")},
    {"GET", CAIRN_PATH_INBOX "?after=-1", NULL, NULL, 400, "\"where\":\"after\""},
    {"GET", CAIRN_PATH_INBOX "?after=1x", NULL, NULL, 400, PROBLEM("bad-request")},
    {"GET", CAIRN_PATH_INBOX "?after", NULL, NULL, 400, PROBLEM("bad-request")},
    {"GET", CAIRN_PATH_INBOX "?limit=101", NULL, NULL, 400, "\"where\":\"limit\""},
    {"GET", CAIRN_PATH_INBOX "?limit=0", NULL, NULL, 400, "\"where\":\"limit\""},
    {"GET", CAIRN_PATH_ALERTS "?limit=0", NULL, NULL, 400, "\"where\":\"limit\""},
    {"GET", CAIRN_PATH_KEPT "?limit=0", NULL, NULL, 400, "\"where\":\"limit\""},
    {"GET", CAIRN_PATH_INBOX "?wait=61", NULL, NULL, 400, "\"where\":\"wait\""},
    {"GET", CAIRN_PATH_INBOX "?application=A%20b", NULL, NULL, 400, PROBLEM("bad-request")},
    {"GET", CAIRN_PATH_INBOX "?afte=1", NULL, NULL, 400, PROBLEM("bad-request")},
    {"POST", SUBMIT, NULL, "{}", 415, PROBLEM("media-type")},
    {"POST", SUBMIT, JSON, "{}", 415, PROBLEM("media-type")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD "x", "{}", 415, PROBLEM("media-type")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD "; charset=latin1", "{}", 415, PROBLEM("media-type")},
    {"POST", SUBMIT, "multipart/form-data; boundary=--", "{}", 415, PROBLEM("media-type")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD, "", 400, PROBLEM("bad-request")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD, "{\"a\":", 400, PROBLEM("bad-request")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD, "{\"a\":1,\"a\":1}", 400, PROBLEM("bad-request")},
    {"POST", SUBMIT, CAIRN_MEDIA_RECORD, "{\"unknown\":1}", 422, PROBLEM("refused")},
    {"POST", SUBMIT, CAIRN_MEDIA_INVOLVEMENT, "{}", 422, PROBLEM("refused")},
    {"POST", SUBMIT, CAIRN_MEDIA_FHIR, "{\"resourceType\":\"Patient\"}", 422, PROBLEM("refused")},
    {"POST", ACKNOWLEDGE, "text/plain", "{}", 415, PROBLEM("media-type")},
    {"POST", ACKNOWLEDGE, JSON, "[", 400, PROBLEM("bad-request")},
    {"POST", ACKNOWLEDGE, JSON, "{\"application\":\"a\"}", 422, "\"where\":\"/delivery\""},
    {"POST", ACKNOWLEDGE, JSON, "{\"application\":\"A\",\"delivery\":1}", 422, "/application"},
    {"POST", ACKNOWLEDGE, JSON, "{\"application\":\"a\",\"delivery\":0}", 422, "/delivery"},
    {"POST", ACKNOWLEDGE, JSON, "{\"application\":\"a\",\"delivery\":999}", 422, "/delivery"},
    {"POST", ACKNOWLEDGE, JSON, "{\"application\":\"a\",\"delivery\":1,\"x\":1}", 422, "/x"},
    {"POST", CAIRN_PATH_ALERTS "/0/decisions", JSON, "{}", 404, PROBLEM("not-found")},
    {"POST", CAIRN_PATH_ALERTS "/7/decisions", JSON, "{}", 404, PROBLEM("not-found")},
    {"POST", ALERT_1, "text/plain", "{}", 415, PROBLEM("media-type")},
    {"POST", ALERT_1, JSON, "{", 400, PROBLEM("bad-request")},
    {"POST", ALERT_1, JSON, "{}", 422, "\"where\":\"/action\""},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"open\""), 422, "\"where\":\"/reason\""},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"because\""), 422, "/reason"},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"b                    e\""),
     422, "/reason"},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"look\",\"reason\":\"" REASON "\""), 422,
     "/action"},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"close\",\"reason\":\"" REASON "\""), 422,
     PROBLEM("refused")},
    {"POST", ALERT_1, JSON,
     DECIDE("\"action\":\"open\",\"outcome\":\"early-help\",\"reason\":\"" REASON "\""), 422,
     PROBLEM("refused")},
    {"POST", ALERT_1, JSON,
     DECIDE("\"action\":\"close\",\"outcome\":\"whatever\",\"reason\":\"" REASON "\""), 422,
     "/outcome"},
    {"POST", ALERT_1, JSON, "{\"action\":\"open\",\"reason\":\"" REASON "\"}", 422, "/person"},
    {"POST", ALERT_1, JSON,
     "{\"action\":\"open\",\"reason\":\"" REASON "\",\"person\":{\"name\":\"\",\"role\":\"x\"}}",
     422, "/person"},
    {"POST", ALERT_1, JSON,
     "{\"action\":\"open\",\"reason\":\"" REASON
     "\",\"person\":{\"name\":\"A\",\"role\":\"x\",\"age\":1}}",
     422, "/person/age"},
    {"POST", ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\",\"alert\":2"),
     422, "/alert"},
    {"POST", ALERT_1, JSON,
     DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\",\"tell\":[\"nobody-here\"]"), 422,
     "/tell"},
    {"POST", RECORDS "/1-0000000000000101-99/decisions", JSON, "{}", 404, PROBLEM("not-found")},
    {"POST", CAIRN_PATH_KEPT "/1-0000000000000101-99/keep", JSON,
     DECIDE("\"reason\":\"" REASON "\""), 404, "is not kept by this agency"},
    {"POST", CAIRN_PATH_RETURNED "/1-0000000000000101-99/done", JSON,
     DECIDE("\"reason\":\"" REASON "\""), 404, "has not come back"},
    {"GET", PICTURE, NULL, NULL, 405, PROBLEM("method")},
    {"POST", PICTURE, "text/plain", "{}", 415, PROBLEM("media-type")},
    {"POST", PICTURE, JSON, "{", 400, PROBLEM("bad-request")},
    {"POST", PICTURE, JSON, DECIDE("\"reason\":\"" REASON "\""), 422, "one child or at one alert"},
    {"POST", PICTURE, JSON,
     DECIDE("\"alert\":1,\"child\":{\"local_id\":\"1\"},\"reason\":\"" REASON "\""), 422,
     "one child or at one alert"},
    {"POST", PICTURE, JSON, DECIDE("\"alert\":1"), 422, "\"where\":\"/reason\""},
    {"POST", PICTURE, JSON, DECIDE("\"alert\":1,\"reason\":\"because\""), 422, "/reason"},
    {"POST", PICTURE, JSON, "{\"alert\":1,\"reason\":\"" REASON "\"}", 422, "/person"},
    {"POST", PICTURE, JSON, DECIDE("\"alert\":0,\"reason\":\"" REASON "\""), 422, "/alert"},
    {"POST", PICTURE, JSON, DECIDE("\"alert\":2,\"reason\":\"" REASON "\""), 404,
     PROBLEM("not-found")},
    {"POST", PICTURE, JSON, DECIDE("\"child\":{},\"reason\":\"" REASON "\""), 422, "/child"},
    {"POST", PICTURE, JSON,
     DECIDE("\"child\":{\"local_id\":\"1\",\"address\":\"x\"},\"reason\":\"" REASON "\""), 422,
     "/child/address"},
    {"POST", PICTURE, JSON,
     DECIDE("\"child\":{\"upn\":{\"value\":\"1\"}},\"reason\":\"" REASON "\""), 422, "/child/upn"},
    {"POST", PICTURE, JSON, DECIDE("\"alert\":1,\"reason\":\"" REASON "\""), 503,
     PROBLEM("offline")},
};

static void whatever_cannot_be_done_is_a_problem_of_its_own(void **state)
{
    struct story *story = *state;
    raise_alert(story);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct refusal *row = &refusals[i];
        const struct ask asked = {
            .method = row->method, .path = row->path, .type = row->type, .body = row->body};

        _cleanup_(reply_deinit) struct reply reply = ask(story, &asked);

        expect(&reply, row->status, row->in_body);
        assert_non_null(strstr(reply.head, "Content-Type: application/problem+json"));
        assert_non_null(strstr(reply.head, "Cache-Control: no-store"));
        assert_int_equal(strstr(reply.head, "Allow: ") != NULL, row->status == 405);
    }
}

static void a_bad_idempotency_key_is_refused(void **state)
{
    char too_long[CAIRN_IDEMPOTENCY_MAX_BYTES + 2];
    memset(too_long, 'k', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    const char *const keys[] = {"two words", "\x7f", too_long};
    struct story *story = *state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct ask asked = {.method = "POST",
                                  .path = SUBMIT,
                                  .type = CAIRN_MEDIA_RECORD,
                                  .key = keys[i],
                                  .body = "{}"};

        _cleanup_(reply_deinit) struct reply reply = ask(story, &asked);

        expect(&reply, 400, "\"where\":\"Idempotency-Key\"");
    }
}

static void every_problem_says_its_number_and_faults_are_told_apart(void **state)
{
    (void)state;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        struct api_answer answer = API_ANSWER_NULL;
        char status[32];
        answer_problem(&answer, (enum problem)i, NULL);
        (void)snprintf(status, sizeof(status), "\"status\":%u,", answer.status);
        assert_non_null(strstr(buf_text(&answer.body), status));
        buf_deinit(&answer.body);
    }
    struct api_answer full = API_ANSWER_NULL;
    answer_fault(&full, -ENOSPC);
    assert_int_equal(full.status, 507);
    buf_deinit(&full.body);
    answer_fault(&full, -EIO);
    assert_int_equal(full.status, 500);
    assert_null(strstr(buf_text(&full.body), "detail"));
    buf_deinit(&full.body);
}

/* --- bad callers --- */

static void a_body_that_is_announced_too_large_is_not_read(void **state)
{
    struct story *story = *state;
    _cleanup_(fd_close) int fd = dial(story);
    char head[256];
    (void)snprintf(head, sizeof(head),
                   "POST " SUBMIT " HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                   CAIRN_API_BODY_MAX_BYTES + 1);

    (void)put(fd, head, strlen(head));

    _cleanup_(reply_deinit) struct reply reply = take(fd);
    expect(&reply, 413, PROBLEM("too-large"));
}

static void put_chunks(int fd, size_t bytes)
{
    static char chunk[65536];
    char size[16];
    memset(chunk, 'a', sizeof(chunk));
    (void)snprintf(size, sizeof(size), "%zx\r\n", sizeof(chunk));
    for (size_t sent = 0; sent < bytes; sent += sizeof(chunk)) {
        if (!put(fd, size, strlen(size)) || !put(fd, chunk, sizeof(chunk)) || !put(fd, "\r\n", 2)) {
            return;
        }
    }
}

static void a_body_in_pieces_is_bounded_too(void **state)
{
    static const char head[] = "POST " SUBMIT " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    struct story *story = *state;
    _cleanup_(fd_close) int fd = dial(story);
    _cleanup_(fd_close) int endless = dial(story);

    (void)put(fd, head, strlen(head));
    put_chunks(fd, CAIRN_API_BODY_MAX_BYTES + 65536);
    (void)put(fd, "0\r\n\r\n", 5);
    _cleanup_(reply_deinit) struct reply reply = take(fd);
    (void)put(endless, head, strlen(head));
    put_chunks(endless, 4 * (size_t)CAIRN_API_BODY_MAX_BYTES);
    _cleanup_(reply_deinit) struct reply cut = take(endless);

    expect(&reply, 413, PROBLEM("too-large"));
    assert_true(cut.status != 202);
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

static void a_bomb_of_headers_is_refused(void **state)
{
    struct story *story = *state;
    _cleanup_(fd_close) int fd = dial(story);
    _cleanup_(buf_deinit) struct buf bomb = BUF_MAX(4U << 20);
    buf_add_text(&bomb, "GET " CAIRN_PATH_HEALTH " HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 20000; i++) {
        buf_format(&bomb, "X-%d: yes\r\n", i);
    }
    buf_add_text(&bomb, "\r\n");

    (void)put(fd, bomb.data, bomb.len);

    _cleanup_(reply_deinit) struct reply reply = take(fd);
    assert_true(reply.status == 0 || reply.status >= 400);
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

static void what_is_not_http_is_refused(void **state)
{
    static const char *const nonsense[] = {
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "GET\r\n\r\n",
        "GET /v1/health HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET /v1/health HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /v1/submissions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    struct story *story = *state;
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        _cleanup_(fd_close) int fd = dial(story);
        (void)put(fd, nonsense[i], strlen(nonsense[i]));
        (void)shutdown(fd, SHUT_WR);
        _cleanup_(reply_deinit) struct reply reply = take(fd);
        assert_true(reply.status == 0 || reply.status >= 400);
    }
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

static void slow_callers_hold_up_nobody(void **state)
{
    struct story *story = *state;
    int slow[CAIRN_API_CONNECTIONS_MAX / 2 - 1]; /* all but one of a user's share */
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        slow[i] = dial(story);
        assert_true(put(slow[i], "POST /v1/subm", 13));
    }

    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");

    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        fd_close(&slow[i]);
    }
}

static struct reply health_as_nobody(struct story *story)
{
    _cleanup_(fd_close) int fd = dial_as_nobody(story);
    return ask_over(fd, &(struct ask){.method = "GET", .path = CAIRN_PATH_HEALTH});
}

static void only_listed_users_may_ask(void **state)
{
    struct story *story = *state;
    if (geteuid() != 0) {
        skip(); /* nobody else can be tried out */
    }

    _cleanup_(reply_deinit) struct reply refused = health_as_nobody(story);
    story->member->options.users[0] = (struct local_user){.uid = NOBODY, .role = USER_PRACTITIONER};
    story->member->options.n_users = 1;
    _cleanup_(reply_deinit) struct reply allowed = health_as_nobody(story);

    expect(&refused, 403, PROBLEM("caller"));
    expect(&allowed, 200, "\"link\"");
}

static void the_socket_is_for_its_group_alone_and_goes_with_the_agent(void **state)
{
    struct story *story = *state;
    struct stat status;
    struct error error = ERROR_NULL;
    struct api *second = NULL;
    assert_int_equal(stat(story->member->socket, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);

    assert_int_equal(api_start(&story->member->agent, &second, &error), -EINVAL);
    assert_non_null(strstr(error.what, "another agent"));
    api_stop(&story->api);

    assert_int_equal(stat(story->member->socket, &status), -1);
    start_api(story);
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

static void a_socket_left_behind_is_replaced_and_a_file_is_not(void **state)
{
    struct story *story = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct error error = ERROR_NULL;
    api_stop(&story->api);
    memcpy(address.sun_path, story->member->socket, strlen(story->member->socket) + 1);
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(left, (const struct sockaddr *)&address, sizeof(address)), 0);
    fd_close(&left);

    start_api(story);
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
    api_stop(&story->api);

    assert_int_equal(file_write_new(story->member->socket, slice_of_text("mine"), 0600), 0);
    assert_int_equal(api_start(&story->member->agent, &story->api, &error), -EINVAL);
    assert_non_null(strstr(error.what, "not a socket"));
    assert_int_equal(unlink(story->member->socket), 0);
    start_api(story);
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
    struct story *story = *state;
    char run[128];
    struct error error = ERROR_NULL;
    api_stop(&story->api);
    (void)snprintf(run, sizeof(run), "%s/run", story->member->dir);
    assert_int_equal(chmod(run, 0777), 0);

    assert_int_equal(api_start(&story->member->agent, &story->api, &error), -EINVAL);

    assert_non_null(strstr(error.what, "write"));
}

/* --- the inbox --- */

static void what_came_is_handed_over_until_it_is_acknowledged(void **state)
{
    struct story *story = *state;
    (void)share(story);
    (void)share(story);

    EXPECT_GET(story, CAIRN_PATH_INBOX "?application=screen&limit=1", 200, "\"delivery\":1");
    restart(story);
    EXPECT_GET(story, CAIRN_PATH_INBOX "?application=screen", 200, "\"delivery\":1");
    EXPECT_GET(story, CAIRN_PATH_INBOX "?application=screen", 200, "\"delivery\":2");

    EXPECT_POST(story, ACKNOWLEDGE, JSON, "{\"application\":\"screen\",\"delivery\":1}", 200,
                "\"delivery\":1");
    restart(story);
    _cleanup_(reply_deinit) struct reply screen =
        get(story, CAIRN_PATH_INBOX "?application=screen");
    expect(&screen, 200, "\"delivery\":2");
    assert_null(strstr(screen.body, "\"delivery\":1"));
    _cleanup_(reply_deinit) struct reply back =
        get(story, CAIRN_PATH_INBOX "?application=screen&after=0");
    assert_null(strstr(back.body, "\"delivery\":1"));
    EXPECT_GET(story, CAIRN_PATH_INBOX "?application=other", 200, "\"delivery\":1");
    EXPECT_GET(story, CAIRN_PATH_INBOX "?after=2", 200, "\"items\":[],\"more\":false,\"next\":2");
}

static void the_newest_are_listed_with_how_many_are_older(void **state)
{
    struct story *story = *state;
    (void)share(story);
    (void)share(story);
    (void)share(story);

    _cleanup_(reply_deinit) struct reply newest = get(story, CAIRN_PATH_INBOX "?newest=1&limit=2");
    expect(&newest, 200, "\"delivery\":2");
    expect(&newest, 200, "\"delivery\":3");
    expect(&newest, 200, "\"older\":1");
    expect(&newest, 200, "\"more\":false");
    assert_null(strstr(newest.body, "\"delivery\":1,"));
    EXPECT_GET(story, CAIRN_PATH_INBOX "?newest=1", 200, "\"older\":0");
    EXPECT_GET(story, CAIRN_PATH_INBOX "?limit=2", 200, "\"more\":true");
}

static void an_item_says_what_it_is_and_not_what_is_in_it(void **state)
{
    struct story *story = *state;
    char record[ENTRY_ID_TEXT_BYTES];
    struct entry_id id = share(story);
    entry_id_format(&id, record);

    _cleanup_(reply_deinit) struct reply reply = get(story, CAIRN_PATH_INBOX);

    expect(&reply, 200, record);
    expect(&reply, 200, "\"kind\":\"record\"");
    expect(&reply, 200, "\"card_state\":\"open\"");
    expect(&reply, 200, "\"account_state\":\"closed\"");
    expect(&reply, 200, "\"urgency\":\"immediate\"");
    expect(&reply, 200, "\"on_duty\":true"); /* a Friday morning */
    expect(&reply, 200, "\"agency\":\"gp-elm\"");
    assert_null(strstr(reply.body, "Alix"));
}

static void what_nobody_opened_says_who_is_on_duty_and_who_is_next(void **state)
{
    struct story *story = *state;
    (void)share(story);
    clock_fake_advance(&story->world->clock, INT64_C(31) * 60000);
    world_turn(story->world);
    (void)member_fetch(story->member);

    _cleanup_(reply_deinit) struct reply reply = get(story, CAIRN_PATH_INBOX);

    expect(&reply, 200, "\"notice\":\"unopened\",\"phone\":\"01632 960100\"");
    expect(&reply, 200,
           "Nobody at the front door has opened this yet. Telephone now: MASH duty desk "
           "01632 960100. From 17:00 it is Emergency duty team, out of hours 01632 960199.");
}

static void *poll_inbox(void *data)
{
    struct story *story = data;
    struct reply *reply = base_alloc(sizeof(*reply));
    *reply = get(story, CAIRN_PATH_INBOX "?wait=30");
    return reply;
}

static struct reply *join(pthread_t thread)
{
    void *reply = NULL;
    assert_int_equal(pthread_join(thread, &reply), 0);
    return reply;
}

static void a_long_poll_ends_with_what_comes(void **state)
{
    struct story *story = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, poll_inbox, story), 0);

    (void)share(story);

    struct reply *reply = join(thread);
    expect(reply, 200, "\"delivery\":1");
    reply_deinit(reply);
    base_free(&reply);
}

static void a_long_poll_ends_with_nothing_when_its_time_is_up(void **state)
{
    struct story *story = *state;
    EXPECT_GET(story, CAIRN_PATH_INBOX "?wait=1", 200, "\"items\":[],\"more\":false,\"next\":0");
}

static void a_long_poll_ends_when_the_agent_does(void **state)
{
    struct story *story = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, poll_inbox, story), 0);

    news_close(&story->member->agent.news);

    struct reply *reply = join(thread);
    assert_true(reply->status == 200 || reply->status == 0);
    reply_deinit(reply);
    base_free(&reply);
}

/* --- alerts and accounts --- */

static void the_documents_in_force_are_handed_over_as_they_were_signed(void **state)
{
    struct story *story = *state;

    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/agreements.json", 200, "cairn-agreements/v1");
    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/agreements.note", 200, "/root-");
    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/directory.json", 200, "cairn-directory/v1");
    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/agreements.txt", 404, "not-found");
    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/agreements", 404, "not-found");
    EXPECT_GET(story, CAIRN_PATH_GOVERNANCE "/secrets.json", 404, "not-found");
}

static void nobody_reads_an_account_without_a_reason(void **state)
{
    struct story *story = *state;
    const char *alert = CAIRN_PATH_ALERTS "/1";
    raise_alert(story);
    EXPECT_GET(story, CAIRN_PATH_ALERTS, 200, CAIRN_ALERT_HEADING_ONE);
    EXPECT_GET(story, alert, 200, "\"account_state\":\"kept\"");
    EXPECT_GET(story, alert, 200, "\"may_decide\":true");
    EXPECT_GET(story, alert, 200, "\"given_name\":\"Alix\"");
    EXPECT_GET(story, alert, 200, "\"known_as\":\"told\"");

    broker_hears(story, ACTION_OPEN, OUTCOME_NONE);
    _cleanup_(reply_deinit) struct reply closed = get(story, alert);
    expect(&closed, 200, "\"account_state\":\"closed\"");
    expect(&closed, 200, "\"state\":\"opened\"");
    assert_null(strstr(closed.body, "was not brought\""));

    EXPECT_POST(story, ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\""), 202,
                "\"reference\"");
    _cleanup_(reply_deinit) struct reply open = get(story, alert);
    expect(&open, 200, "\"account_state\":\"open\"");
    expect(&open, 200, "\"summary\":\"was not brought\"");
    restart(story);
    EXPECT_GET(story, alert, 200, "\"summary\":\"was not brought\"");
}

static void a_shared_account_opens_with_a_reason_too(void **state)
{
    struct story *story = *state;
    char record[ENTRY_ID_TEXT_BYTES];
    char path[128];
    char decide[160];
    struct entry_id id = share(story);
    entry_id_format(&id, record);
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECEIVED "/%s", record);
    (void)snprintf(decide, sizeof(decide), CAIRN_PATH_RECORDS "/%s/decisions", record);
    _cleanup_(reply_deinit) struct reply closed = get(story, path);
    expect(&closed, 200, "\"account_state\":\"closed\"");
    expect(&closed, 200, "\"given_name\":\"Alix\"");
    assert_null(strstr(closed.body, "summary"));
    EXPECT_POST(story, decide, JSON,
                DECIDE("\"action\":\"close\",\"outcome\":\"early-help\",\"reason\":\"" REASON "\""),
                422, PROBLEM("refused"));
    EXPECT_POST(story, decide, JSON, DECIDE("\"action\":\"open\",\"reason\":\"why not\""), 422,
                "/reason");
    EXPECT_GET(story, path, 200, "\"account_state\":\"closed\"");

    EXPECT_POST(story, decide, JSON,
                DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\",\"tell\":[\"gp-elm\"]"), 202,
                "\"reference\"");

    EXPECT_GET(story, path, 200, "\"summary\":\"was not brought\"");
}

/* What was missed is held, and the front door may know that it exists and no more. */
static void hold_existence(struct world *world)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_add_text(
        &text,
        "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": "
        "[{\"id\": \"missed\", \"records\": [\"was-not-brought\"], \"recipient_kind\": \"mash\", "
        "\"urgency\": [\"routine\"], \"effect\": \"hold\", \"mode\": \"existence\"}]}");
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

static void the_reason_reaches_origins_of_whom_only_the_kind_is_named(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    hold_existence(world);
    member_govern(story->member);
    raise_alert(story);
    _cleanup_(reply_deinit) struct reply alert = get(story, CAIRN_PATH_ALERTS "/1");
    expect(&alert, 200, "\"origin_kind\":\"gp\"");
    assert_null(strstr(alert.body, "\"record\""));

    EXPECT_POST(story, ALERT_1, JSON,
                DECIDE("\"action\":\"open\",\"reason\":\"" REASON
                       "\",\"tell\":[\"" CAIRN_TELL_ORIGINS "\"]"),
                202, "\"reference\"");
    member_send(story->member);

    assert_int_equal(notices(world, GP, NOTICE_OPENED), 1);
    assert_int_equal(world_items(world, GP, ITEM_DELIVERED), 1);
    assert_int_equal(world_items(world, HOSPITAL, ITEM_DELIVERED), 0);
}

static void holding_a_record_opens_nothing(void **state)
{
    struct story *story = *state;
    char record[ENTRY_ID_TEXT_BYTES];
    char path[128];
    char decide[160];
    struct entry_id id = share(story);
    entry_id_format(&id, record);
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECEIVED "/%s", record);
    (void)snprintf(decide, sizeof(decide), CAIRN_PATH_RECORDS "/%s/decisions", record);

    EXPECT_POST(story, decide, JSON, DECIDE("\"action\":\"hold\",\"reason\":\"" REASON "\""), 202,
                "\"reference\"");

    EXPECT_GET(story, path, 200, "\"account_state\":\"closed\"");
    EXPECT_POST(story, ALERT_1, JSON, DECIDE("\"action\":\"hold\",\"reason\":\"" REASON "\""), 404,
                PROBLEM("not-found"));
}

static void a_closed_alert_takes_no_more_decisions(void **state)
{
    struct story *story = *state;
    raise_alert(story);
    EXPECT_POST(story, ALERT_1, JSON,
                DECIDE("\"action\":\"close\",\"outcome\":\"early-help\",\"reason\":\"" REASON "\""),
                202, "\"reference\"");
    broker_hears(story, ACTION_CLOSE, OUTCOME_EARLY_HELP);

    EXPECT_POST(story, ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\""), 409,
                PROBLEM("alert-closed"));
    EXPECT_GET(story, CAIRN_PATH_ALERTS "/1", 200, "\"may_decide\":false");
    EXPECT_GET(story, CAIRN_PATH_ALERTS, 200, "Closed at Agency 4, 09:00: early help.");
}

static void only_a_front_door_decides(void **state)
{
    struct story *story = *state;
    tear_down(state);
    story = set_up_as(GP);
    *state = story;
    raise_alert(story);

    EXPECT_POST(story, ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\""), 403,
                PROBLEM("front-door"));
    EXPECT_GET(story, CAIRN_PATH_ALERTS "/1", 200, "\"may_decide\":false");
    EXPECT_GET(story, CAIRN_PATH_ALERTS "/1", 200, "\"own\":true");
}

static void an_agency_without_a_place_cannot_decide(void **state)
{
    struct story *story = *state;
    raise_alert(story);
    memset(story->member->agent.keys.sets[0].sign_public, 1, SIGN_PUBLIC_BYTES);
    restart(story);

    EXPECT_POST(story, ALERT_1, JSON, DECIDE("\"action\":\"open\",\"reason\":\"" REASON "\""), 503,
                PROBLEM("not-joined"));
}

static void alerts_come_in_pages(void **state)
{
    struct story *story = *state;
    raise_alert(story);

    EXPECT_GET(story, CAIRN_PATH_ALERTS "?limit=1", 200, "\"next\":1");
    EXPECT_GET(story, CAIRN_PATH_ALERTS "?after=1", 200, "\"items\":[],\"next\":1");
}

/* GP's child with three missed appointments, the last of which was of that event. */
static void raise_of_event(struct story *story, int child, uint8_t event)
{
    struct world_entry entry;
    int32_t today = instant_london_day(story->world->clock.real_ms);
    world_statement(story->world, GP, child, true, &entry);
    assert_int_equal(world_send_one(story->world, GP, &entry), VERDICT_STORED);
    for (int32_t i = 0; i < 3; i++) {
        (void)send_record(story, &(struct world_record){.from = GP,
                                                        .child = child,
                                                        .day = today - 90 + 30 * i,
                                                        .event = i == 2 ? event : 0});
    }
    (void)member_fetch(story->member);
}

static void alerts_of_children_of_one_event_are_one_household(void **state)
{
    struct story *story = *state;
    raise_of_event(story, ALIX, 7);
    raise_of_event(story, BLAKE, 7);

    _cleanup_(reply_deinit) struct reply reply = get(story, CAIRN_PATH_ALERTS);

    expect(&reply, 200, "\"alert\":2");
    const char *first = strstr(reply.body, "\"household\":1");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "\"household\":1"));
}

static void a_household_is_whole_whatever_the_page(void **state)
{
    struct story *story = *state;
    raise_of_event(story, ALIX, 7);
    raise_of_event(story, BLAKE, 7);

    EXPECT_GET(story, CAIRN_PATH_ALERTS "?after=1", 200, "\"household\":1");
    EXPECT_GET(story, CAIRN_PATH_ALERTS "/2", 200, "\"household\":1");
}

static void alerts_of_children_of_different_events_are_not(void **state)
{
    struct story *story = *state;
    raise_of_event(story, ALIX, 7);
    raise_of_event(story, BLAKE, 8);

    _cleanup_(reply_deinit) struct reply reply = get(story, CAIRN_PATH_ALERTS);

    expect(&reply, 200, "\"household\":1");
    expect(&reply, 200, "\"household\":2");
}

/* --- the rest --- */

static void what_needs_the_broker_says_that_it_cannot_be_asked(void **state)
{
    struct story *story = *state;
    char record[ENTRY_ID_TEXT_BYTES];
    char reference[64];
    char path[128];
    struct entry_id id = share(story);
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    entry_id_format(&id, record);
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s/proof", record);

    EXPECT_GET(story, path, 503, PROBLEM("offline"));

    demo("school-immediate.json", &body);
    _cleanup_(reply_deinit) struct reply reply =
        post(story, SUBMIT, CAIRN_MEDIA_RECORD, buf_text(&body));
    pick(&reply, "reference", reference, sizeof(reference));
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s/proof", reference);
    EXPECT_GET(story, path, 409, PROBLEM("not-in-the-log"));
}

static void health_says_what_an_operator_asks(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    EXPECT_POST(story, SUBMIT, CAIRN_MEDIA_RECORD, buf_text(&body), 202, "accepted");

    _cleanup_(reply_deinit) struct reply reply = get(story, CAIRN_PATH_HEALTH);

    expect(&reply, 200, "\"agency\":{\"agency\":\"school\"");
    expect(&reply, 200, "\"state\":\"connecting\"");
    expect(&reply, 200, "\"urgent\":2"); /* the child's statement goes first */
    expect(&reply, 200, "\"oldest\":\"2026-11-20T09:00:00.000Z\"");
    expect(&reply, 200, "\"oldest_urgent\":\"2026-11-20T09:00:00.000Z\"");
    expect(&reply, 200, "\"agreements\":{\"overdue\":false,\"review_by\":\"2027-11-30\"");
    expect(&reply, 200,
           "\"log\":{\"confirmations\":{\"ever\":0,\"lately\":0,\"missed\":false,"
           "\"others\":5},\"contradicted\":false,\"size\":0}");
    expect(&reply, 200, "\"duty\":{\"gap\":\"none\"}");
}

/* What the broker has for the MASH behind that position, without the first item of it. */
static void miss_one(struct story *story, uint64_t after)
{
    struct wire_delivery delivery;
    uint64_t position;
    assert_true(world_fetch(story->world, MASH, after, &delivery));
    assert_true(delivery.n_items >= 2);
    struct checkpoint head = member_head(story->member, &delivery);
    delivery.items++;
    delivery.n_items--;
    assert_int_equal(inbox_take(&story->member->agent, &delivery, &head, &position), 0);
}

static void take_back(struct story *story, const struct entry_id *record)
{
    int32_t day = instant_london_day(story->world->clock.real_ms);
    (void)send_record(story, &(struct world_record){.from = record->agency,
                                                    .child = ALIX,
                                                    .day = day,
                                                    .record_kind = RECORD_RETRACTION,
                                                    .urgency = URGENCY_IMMEDIATE,
                                                    .retracts = record});
}

static void what_never_came_is_in_health(void **state)
{
    struct story *story = *state;
    (void)share(story);
    _cleanup_(reply_deinit) struct reply before = get(story, CAIRN_PATH_HEALTH);
    expect(&before, 200, "\"inbox\":{\"missing\":0,\"position\":1}");
    struct entry_id record = share(story);
    take_back(story, &record);

    miss_one(story, 2);

    _cleanup_(reply_deinit) struct reply after = get(story, CAIRN_PATH_HEALTH);
    expect(&after, 200,
           "\"inbox\":{\"first_missing\":3,\"last_missing\":3,\"missing\":1,\"noticed\":");
}

static void a_record_is_taken_back_by_its_origin_and_not_by_the_broker(void **state)
{
    struct story *story = *state;
    char path[128];
    char id[ENTRY_ID_TEXT_BYTES];
    struct entry_id record = share(story);
    entry_id_format(&record, id);
    (void)snprintf(path, sizeof(path), "%s/%s", CAIRN_PATH_RECEIVED, id);
    take_back(story, &record);

    miss_one(story, 1); /* the retraction itself: what comes is the notice */
    _cleanup_(reply_deinit) struct reply said = get(story, path);
    expect(&said, 200, "\"retracted\":false,\"retraction_unproven\":true");
    expect(&said, 200, "The broker says that it was taken back");

    struct entry_id other = share(story);
    entry_id_format(&other, id);
    (void)snprintf(path, sizeof(path), "%s/%s", CAIRN_PATH_RECEIVED, id);
    take_back(story, &other);
    (void)member_fetch(story->member);
    _cleanup_(reply_deinit) struct reply proven = get(story, path);
    expect(&proven, 200, "\"retracted\":true");
    expect(&proven, 200, "Taken back by the agency that sent it");
}

#define MASH_STORY(name)   cmocka_unit_test_setup_teardown(name, set_up_mash, tear_down)
#define SCHOOL_STORY(name) cmocka_unit_test_setup_teardown(name, set_up_school, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHOOL_STORY(an_immediate_record_is_on_disk_and_says_whom_to_telephone),
        SCHOOL_STORY(an_immediate_record_that_is_not_told_says_whom_to_telephone_too),
        SCHOOL_STORY(a_record_is_found_by_its_entry_id_too),
        SCHOOL_STORY(the_same_key_has_the_same_answer),
        SCHOOL_STORY(an_involvement_is_taken),
        MASH_STORY(whatever_cannot_be_done_is_a_problem_of_its_own),
        SCHOOL_STORY(a_bad_idempotency_key_is_refused),
        cmocka_unit_test(every_problem_says_its_number_and_faults_are_told_apart),
        SCHOOL_STORY(a_body_that_is_announced_too_large_is_not_read),
        SCHOOL_STORY(a_body_in_pieces_is_bounded_too),
        SCHOOL_STORY(a_bomb_of_headers_is_refused),
        SCHOOL_STORY(what_is_not_http_is_refused),
        SCHOOL_STORY(slow_callers_hold_up_nobody),
        SCHOOL_STORY(only_listed_users_may_ask),
        SCHOOL_STORY(the_socket_is_for_its_group_alone_and_goes_with_the_agent),
        SCHOOL_STORY(a_socket_left_behind_is_replaced_and_a_file_is_not),
        SCHOOL_STORY(a_folder_that_others_may_write_to_is_refused),
        MASH_STORY(what_came_is_handed_over_until_it_is_acknowledged),
        MASH_STORY(the_newest_are_listed_with_how_many_are_older),
        MASH_STORY(an_item_says_what_it_is_and_not_what_is_in_it),
        MASH_STORY(what_nobody_opened_says_who_is_on_duty_and_who_is_next),
        MASH_STORY(a_long_poll_ends_with_what_comes),
        MASH_STORY(a_long_poll_ends_with_nothing_when_its_time_is_up),
        MASH_STORY(a_long_poll_ends_when_the_agent_does),
        MASH_STORY(the_documents_in_force_are_handed_over_as_they_were_signed),
        MASH_STORY(nobody_reads_an_account_without_a_reason),
        MASH_STORY(a_shared_account_opens_with_a_reason_too),
        MASH_STORY(the_reason_reaches_origins_of_whom_only_the_kind_is_named),
        MASH_STORY(holding_a_record_opens_nothing),
        MASH_STORY(a_closed_alert_takes_no_more_decisions),
        MASH_STORY(only_a_front_door_decides),
        MASH_STORY(an_agency_without_a_place_cannot_decide),
        MASH_STORY(alerts_come_in_pages),
        MASH_STORY(alerts_of_children_of_one_event_are_one_household),
        MASH_STORY(a_household_is_whole_whatever_the_page),
        MASH_STORY(alerts_of_children_of_different_events_are_not),
        MASH_STORY(what_needs_the_broker_says_that_it_cannot_be_asked),
        SCHOOL_STORY(health_says_what_an_operator_asks),
        MASH_STORY(what_never_came_is_in_health),
        MASH_STORY(a_record_is_taken_back_by_its_origin_and_not_by_the_broker),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
