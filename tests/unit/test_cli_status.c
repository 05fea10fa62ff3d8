/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn status`, and through it how any command treats an agent: what it says, what it refuses,
 * and that it is not there. The agent is a thread that answers one request with what it was given.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/client.h"
#include "crypto/crypto.h"
#include "govern/duty.h"
#include "os/counters.h"
#include "os/files.h"
#include "support/console.h"
#include "support/scratch.h"

#define REQUEST_BYTES (64 * 1024)

struct world {
    char dir[SCRATCH_BYTES];
    char path[96]; /* of the counters, or the socket */
    struct console *console;
    struct counters counters;
    int listener;
    pthread_t agent;
    char answer[8192]; /* the whole HTTP answer */
    char request[REQUEST_BYTES];
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));

    assert_int_equal(crypto_init(NULL), 0);
    scratch_make(world->dir);
    world->console = console_new();
    world->counters = COUNTERS_NULL;
    world->listener = -1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    counters_close(&world->counters);
    console_free(&world->console);
    scratch_remove(world->dir);
    free(world);
    crypto_deinit();
    return 0;
}

/* --- a broker --- */

static void broker_counts(struct world *world, const char *folder)
{
    static const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"gate_frames", 28},
        {"gate_bytes", 3 * 1024 * 1024 + 512 * 1024},
        {"gate_bad_frames", 0},
        {"answers_STORED", 3},
        {"answers_BUSY", 0},
        {"commit_took_ms", 1250},
        {"commit_log_size", UINT64_MAX},
        {"commit_oldest_read_ms", 40},
        {"commit_disk_percent", 41},
        {"duty_gap", 0},
        {"review_agreements_ms", 1811721600000}, /* the end of 2027-05-30 */
        {"review_calendar_ms", 0},
    };
    const char *names[ARRAY_LEN(rows)];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        names[i] = rows[i].name;
    }
    (void)snprintf(world->path, sizeof(world->path), "%s/%s", world->dir, folder);
    (void)mkdir(world->path, 0700);
    (void)snprintf(world->path, sizeof(world->path), "%s/%s/counters", world->dir, folder);
    assert_int_equal(
        counters_create(world->path, names, ARRAY_LEN(names), clock_system(), &world->counters), 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        counter_set(&world->counters, i, rows[i].value);
    }
}

static void a_running_broker_is_shown_in_the_words_and_units_of_people(void **state)
{
    static const char *const lines[] = {
        "what came in\n            28  messages from agencies\n",
        "       3.5 MiB  their size, all together\n",
        "             0  messages that were none of Cairn's\n",
        "what agencies were answered, of each thing they sent or asked\n"
        "             3  it is stored and in the log\n",
        "what was written down\n         1.2 s  time that they took, all together\n",
        "  18446744073709551615  entries of the log\n",
        "         40 ms  since the longest reading",
        "          41 %  of the store's disk is full\n",
        "the partnership is to look again at its documents by\n"
        "    2027-05-30  the agreements\n",
        "      not said  the calendar\n",
    };
    struct world *world = *state;
    broker_counts(world, ".");

    assert_int_equal(CONSOLE(world->console, "status", world->dir), STATUS_OK);

    assert_non_null(strstr(world->console->said, "is running, started 20"));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (strstr(world->console->said, lines[i]) == NULL) {
            fail_msg("%sis not in\n%s", lines[i], world->console->said);
        }
    }
    assert_null(strstr(world->console->said, "the broker is busy"));
    assert_null(strstr(world->console->said, "MISSING"));
}

static void a_broker_without_a_front_door_says_so_in_the_agents_words(void **state)
{
    struct world *world = *state;
    broker_counts(world, ".");
    counter_set(&world->counters, 9, DUTY_GAP_FRONT_DOOR);

    assert_int_equal(CONSOLE(world->console, "status", world->dir), STATUS_OK);

    assert_non_null(strstr(world->console->said, duty_gap_words(DUTY_GAP_FRONT_DOOR)));
}

static void the_folder_above_will_do(void **state)
{
    struct world *world = *state;
    broker_counts(world, "data");

    assert_int_equal(CONSOLE(world->console, "status", world->dir), STATUS_OK);
}

static void a_broker_that_has_ended_is_unreachable_and_its_numbers_stay(void **state)
{
    struct world *world = *state;
    broker_counts(world, ".");
    counters_close(&world->counters);

    assert_int_equal(CONSOLE(world->console, "--json", "status", world->dir), STATUS_UNREACHABLE);

    assert_non_null(strstr(world->console->said, "\"alive\":false"));
    assert_non_null(strstr(world->console->said, "\"gate_frames\":28"));
    assert_non_null(strstr(world->console->complained, "not running"));
}

/* A folder below the world's, with that in it. */
static const char *folder_with(struct world *world, const char *name, const char *inside)
{
    (void)snprintf(world->path, sizeof(world->path), "%s/%s", world->dir, name);
    (void)mkdir(world->path, 0700);
    (void)snprintf(world->path, sizeof(world->path), "%s/%s/%s", world->dir, name, inside);
    (void)mkdir(world->path, 0700);
    world->path[strlen(world->path) - strlen(inside) - 1] = '\0';
    return world->path;
}

static void every_command_says_of_a_folder_without_a_broker_which_one_it_wants(void **state)
{
    struct world *world = *state;
    const char *const lines[][4] = {
        {"status", world->dir, NULL},
        {"metrics", world->dir, NULL},
        {"pattern", "preview", world->dir, NULL},
        {"log", "head", world->dir, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_int_equal(console_run(world->console, lines[i]), STATUS_NOT_FOUND);

        assert_non_null(strstr(world->console->complained, "NAME/broker"));
    }
}

static void the_folder_that_was_meant_is_named(void **state)
{
    struct world *world = *state;

    assert_int_equal(CONSOLE(world->console, "status", "/nowhere/at/all"), STATUS_NOT_FOUND);
    assert_non_null(strstr(world->console->complained, "no such folder"));
    const char *elm = folder_with(world, "elm", "agent.ini");
    assert_int_equal(CONSOLE(world->console, "status", elm), STATUS_NOT_FOUND);
    assert_non_null(strstr(world->console->complained, "elm/agent.sock"));
    (void)folder_with(world, "north", "broker");
    const char *north = folder_with(world, "north/broker", "data");
    world->path[strlen(north) - strlen("/broker")] = '\0';
    assert_int_equal(CONSOLE(world->console, "pattern", "preview", north), STATUS_NOT_FOUND);
    assert_non_null(strstr(world->console->complained, "north/broker"));
}

static void a_file_that_is_no_counters_is_refused(void **state)
{
    struct world *world = *state;
    (void)snprintf(world->path, sizeof(world->path), "%s/counters", world->dir);
    FILE *file = fopen(world->path, "we");
    (void)fprintf(file, "%0128d", 0);
    (void)fclose(file);

    assert_int_equal(CONSOLE(world->console, "status", world->dir), STATUS_FAILED);
}

/* --- an agent --- */

/* How long the request is that begins like this; SIZE_MAX while its head is not whole. */
static size_t whole_request(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    char digits[20] = "0";
    uint64_t body = 0;

    if (end == NULL) {
        return SIZE_MAX;
    }
    if (length != NULL) {
        length += strlen("Content-Length: ");
        (void)snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(length, "\r"), length);
    }
    assert_true(u64_parse(digits, REQUEST_BYTES, &body));
    return (size_t)(end - request) + 4 + (size_t)body;
}

/* One request, read to the end of its body, then the answer. */
static void *answer_once(void *data)
{
    struct world *world = data;
    size_t have = 0;
    size_t want = SIZE_MAX;

    int fd = accept(world->listener, NULL, NULL);
    while (have < want && have < sizeof(world->request) - 1) {
        ssize_t n = read(fd, world->request + have, sizeof(world->request) - 1 - have);
        if (n <= 0) {
            break;
        }
        have += (size_t)n;
        world->request[have] = '\0';
        want = whole_request(world->request);
    }
    size_t len = strlen(world->answer);
    (void)!write(fd, world->answer, len);
    (void)close(fd);
    return NULL;
}

static void agent_answers(struct world *world, const char *status, const char *type,
                          const char *body)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(world->path, sizeof(world->path), "%s/agent.sock", world->dir);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->path);
    (void)snprintf(world->answer, sizeof(world->answer),
                   "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: "
                   "close\r\n\r\n%s",
                   status, type, strlen(body), body);
    world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(world->listener >= 0);
    (void)unlink(world->path);
    assert_int_equal(
        bind(world->listener, (const struct sockaddr *)&address, (socklen_t)sizeof(address)), 0);
    assert_int_equal(listen(world->listener, 1), 0);
    assert_int_equal(pthread_create(&world->agent, NULL, answer_once, world), 0);
}

static void agent_says(struct world *world, const char *body)
{
    agent_answers(world, "200 OK", "application/json", body);
}

static void agent_ends(struct world *world)
{
    assert_int_equal(pthread_join(world->agent, NULL), 0);
    (void)close(world->listener);
}

static const char health[] =
    "{\"agency\": {\"agency\": \"elm\", \"name\": \"Elm Street Surgery\", \"kind\": \"gp\"},"
    " \"link\": {\"state\": \"connected\", \"since\": \"2026-11-22T08:00:00.000Z\"},"
    " \"spool\": {\"urgent\": 0, \"normal\": 2, \"bulk\": 0, \"unsealed\": 4, \"settling\": 5},"
    " \"held\": [{\"record\": \"1-0000000000000009-4\", \"verdict\": \"malformed\","
    " \"words\": \"not the canonical encoding\", \"since\": \"2026-11-22T07:00:00.000Z\","
    " \"aside\": true}],"
    " \"returned\": {\"waiting\": 3, \"danger\": 1, \"oldest\": \"2026-11-22T06:00:00.000Z\"},"
    " \"today\": {\"accepted\": 3, \"grant-stored\": 2},"
    " \"unopened\": {\"alerts\": 2, \"oldest_alert\": \"2026-11-20T08:00:00.000Z\", \"records\": 1,"
    " \"oldest_record\": \"2026-11-22T07:30:00.000Z\"},"
    " \"feeds\": [{\"feed\": \"roll\", \"last\": \"2026-11-19T06:00:00.000Z\"}],"
    " \"store\": {\"used_percent\": 3, \"disk_percent\": 41},"
    " \"governance\": {\"agreements\": {\"version\": 1, \"review_by\": \"2026-11-01\","
    " \"overdue\": true}, \"calendar\": {\"version\": 0}},"
    " \"inbox\": {\"position\": 4}, \"log\": {\"size\": 39, \"contradicted\": false,"
    " \"confirmations\": {\"others\": 5, \"ever\": 3, \"lately\": 1, \"missed\": true, \"size\": "
    "37,"
    " \"by\": {\"agency\": \"hospital\", \"name\": \"North Hospital\", \"kind\": \"hospital\"},"
    " \"at\": \"2026-11-18T11:57:00.000Z\"}}}";

static void an_agent_is_shown_in_words(void **state)
{
    struct world *world = *state;
    agent_says(world, health);

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "GET /v1/health HTTP/1.1"));
    assert_non_null(strstr(world->console->said, "Elm Street Surgery (elm)"));
    assert_non_null(strstr(world->console->said, "connected since 2026-11-22 08:00"));
    assert_non_null(strstr(world->console->said, "0 urgent, 2 normal, 0 bulk, 4 not sealed yet\n"));
    assert_non_null(strstr(world->console->said, "  5 more settle first"));
    assert_non_null(strstr(world->console->said, "3 refused by the broker, so that nobody has it, "
                                                 "1 OF IT URGENT, the oldest of 2026-11-22 06:00: "
                                                 "cairn returned"));
    assert_non_null(
        strstr(world->console->said, "set aside  1-0000000000000009-4 since 2026-11-22 07:00"));
    assert_non_null(strstr(world->console->said, "not the canonical encoding"));
    assert_non_null(strstr(world->console->said, "1 THAT NOBODY HAS OPENED IN TIME, the oldest "
                                                 "since 2026-11-22 07:30"));
    assert_non_null(
        strstr(world->console->said, "2 that nobody has opened, the oldest of 2026-11-20 08:00"));
    assert_non_null(strstr(world->console->said, "last brought something 2026-11-19 06:00"));
    assert_non_null(strstr(world->console->said, "3 % full, its disk 41 %"));
    assert_non_null(strstr(world->console->said, "the first 37 confirmed by North Hospital "
                                                 "(hospital), 2026-11-18 11:57"));
    assert_non_null(
        strstr(world->console->said, "confirmed in the last 72 hours by 1 of 5 other agencies"));
    assert_non_null(strstr(world->console->said, "TOO FEW HAVE CONFIRMED WHAT IS SHOWN HERE"));
    assert_non_null(strstr(world->console->said, "OVERDUE"));
    assert_non_null(strstr(world->console->said, "not held yet"));
}

static void deliveries_that_never_came_cannot_be_overlooked(void **state)
{
    struct world *world = *state;
    agent_answers(
        world, "200 OK", "application/json",
        "{\"link\": {\"state\": \"connected\"}, \"inbox\": {\"position\": 9, \"missing\": 3, "
        "\"first_missing\": 2, \"last_missing\": 6, "
        "\"noticed\": \"2026-11-22T08:00:00.000Z\"}}");

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said,
                           "3 BETWEEN 2 AND 6 NEVER CAME, noticed 2026-11-22 08:00: an operator "
                           "must look"));
}

static void an_agent_without_its_broker_is_unreachable(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"link\": {\"state\": \"connecting\"}}");

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_UNREACHABLE);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "connecting"));
}

static void an_agent_that_waits_for_its_approval_says_so_and_when_it_tries_again(void **state)
{
    struct world *world = *state;
    struct clock_fake clock;
    int64_t now_ms = 0;
    assert_true(instant_parse(slice_of_text("2026-11-22T08:00:00Z"), &now_ms));
    clock_fake_init(&clock, now_ms);
    world->console->clock = &clock.clock;
    agent_says(world, "{\"link\": {\"state\": \"unapproved\", \"reason\": \"not in it yet\", "
                      "\"next_try\": \"2026-11-22T08:00:11.200Z\"}}");

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_UNREACHABLE);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "waits for the partnership's approval"));
    assert_non_null(strstr(world->console->said, "not in it yet"));
    assert_non_null(strstr(world->console->said, "Send them request.json."));
    assert_non_null(
        strstr(world->console->said, "It goes on trying by itself: next in 12 seconds."));
    assert_non_null(strstr(world->console->complained, "the agent is not approved yet"));
}

static void an_agent_that_is_not_there_is_unreachable(void **state)
{
    struct world *world = *state;
    (void)snprintf(world->path, sizeof(world->path), "%s/none.sock", world->dir);
    char long_path[200];
    memset(long_path, 'x', sizeof(long_path));
    long_path[199] = '\0';

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_UNREACHABLE);
    assert_non_null(strstr(world->console->complained, "is cairn-agent running?"));
    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", long_path), STATUS_UNREACHABLE);
    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_UNREACHABLE);
    assert_int_equal(world->console->said_len, 0); /* no list, of nothing either */
}

static void a_refusal_has_its_exit_code_and_the_agents_words(void **state)
{
    static const struct {
        const char *line;
        enum status status;
    } rows[] = {
        {"400 Bad Request", STATUS_FAILED},      {"403 Forbidden", STATUS_NOT_ALLOWED},
        {"404 Not Found", STATUS_NOT_FOUND},     {"409 Conflict", STATUS_CONFLICT},
        {"422 Unprocessable", STATUS_FAILED},    {"500 Internal", STATUS_FAILED},
        {"503 Unavailable", STATUS_UNREACHABLE},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        agent_answers(world, rows[i].line, "application/problem+json",
                      "{\"title\": \"no\", \"detail\": \"not today\", \"where\": \"/child\"}");

        assert_int_equal(CONSOLE(world->console, "alert", "7", "--agent", world->path),
                         rows[i].status);
        agent_ends(world);

        assert_string_equal(world->console->complained, "cairn: /child: not today\n");
    }
}

static void an_alert_that_was_not_sent_here_shows_what_became_of_it_and_no_blanks(void **state)
{
    struct world *world = *state;
    agent_answers(
        world, "200 OK", "application/json",
        "{\"alert\": 7, \"state\": \"opened\", \"heading\": \"An alert lists something\", "
        "\"words\": \"Opened at MASH.\", \"revision\": 0, "
        "\"changed_at\": \"2026-11-22T08:00:00.000Z\", \"headlines\": [], "
        "\"child\": {\"known_as\": \"not-named\"}}");

    assert_int_equal(CONSOLE(world->console, "alert", "7", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_string_equal(world->console->said, "An alert lists something\n"
                                              "  alert 7, opened, 2026-11-22 08:00\n"
                                              "  Opened at MASH.\n");
}

static void whoever_may_decide_is_shown_the_way_on_from_an_alert(void **state)
{
    static const struct {
        const char *alert;
        const char *way; /* NULL: none */
    } rows[] = {
        {"\"state\": \"noticed\", \"may_decide\": true", "cairn alert 7 --open "},
        {"\"state\": \"listed\", \"may_decide\": true", "cairn alert 7 --open "},
        {"\"state\": \"opened\", \"may_decide\": true", "cairn alert 7 --close --outcome "},
        {"\"state\": \"noticed\", \"may_decide\": false", NULL},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char answer[128];
        (void)snprintf(answer, sizeof(answer), "{\"alert\": 7, %s}", rows[i].alert);
        agent_says(world, answer);

        assert_int_equal(CONSOLE(world->console, "alert", "7", "--agent", world->path), STATUS_OK);
        agent_ends(world);

        const char *way = strstr(world->console->said, "cairn alert");
        assert_true((way != NULL) == (rows[i].way != NULL));
        assert_true(way == NULL || strncmp(way, rows[i].way, strlen(rows[i].way)) == 0);
    }
    assert_int_equal(CONSOLE(world->console, "alert", "open", "7"), STATUS_USAGE);
    assert_non_null(strstr(world->console->complained, "with --open or --close"));
}

static void put_unit(const struct world *world, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", world->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/%s/agent.sock", world->dir, name);
    assert_int_equal(file_write_new(path, slice_of_text(""), 0600), 0);
}

static void the_only_agent_that_runs_as_a_unit_is_found(void **state)
{
    struct world *world = *state;
    char found[HTTP_SOCKET_BYTES];
    struct error error = ERROR_NULL;
    if (access(CLIENT_SOCKET_DEFAULT, F_OK) == 0) {
        skip();
    }
    assert_true(client_find(world->dir, found, &error));
    assert_string_equal(found, CLIENT_SOCKET_DEFAULT);
    put_unit(world, "elm");

    assert_true(client_find(world->dir, found, &error));

    assert_non_null(strstr(found, "/elm/agent.sock"));
    put_unit(world, "oak");
    assert_false(client_find(world->dir, found, &error));
    assert_non_null(strstr(error.what, "CAIRN_AGENT"));
    assert_non_null(strstr(error.what, "/oak/agent.sock"));
}

static void a_refusal_says_whom_to_telephone_on_the_same_line(void **state)
{
    struct world *world = *state;
    agent_answers(world, "507 Insufficient Storage", "application/problem+json",
                  "{\"title\": \"the disk is full\", \"telephone\": {\"desk\": \"MASH duty "
                  "desk\", \"phone\": \"01632 960100\"}}");

    assert_int_equal(CONSOLE(world->console, "alert", "7", "--agent", world->path), STATUS_FAILED);
    agent_ends(world);

    assert_string_equal(world->console->complained,
                        "cairn: the disk is full; a child in danger: telephone MASH duty desk "
                        "01632 960100\n");
}

static void an_answer_that_is_none_is_a_failure(void **state)
{
    static const char *const bodies[] = {"", "[", "\"text\"", "{\"items\": 3}", "{}"};
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        agent_says(world, bodies[i]);
        assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_FAILED);
        agent_ends(world);
    }
    agent_answers(world, "500 Internal", "text/plain", "words");
    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_FAILED);
    agent_ends(world);
    assert_non_null(strstr(world->console->complained, "status 500"));
}

static void a_redirect_is_not_followed(void **state)
{
    struct world *world = *state;
    agent_answers(world, "302 Found\r\nLocation: http://127.0.0.1:9/", "text/plain", "");

    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_FAILED);
    agent_ends(world);
}

static void alerts_of_one_household_stand_together_each_in_full(void **state)
{
    struct world *world = *state;
    agent_answers(
        world, "200 OK", "application/json",
        "{\"items\": [{\"alert\": 3, \"household\": 3, \"state\": \"closed\", \"child\": "
        "{\"card\": {\"given_name\": \"Ash\"}}}, {\"alert\": 4, \"household\": 4, "
        "\"state\": \"closed\"}, {\"alert\": 5, \"household\": 3, \"state\": "
        "\"noticed\", \"raised_at\": \"2026-11-22T08:00:00.000Z\", \"pattern\": {\"title\": "
        "\"Three missed\"}, \"child\": {\"card\": {\"given_name\": \"Birch\", "
        "\"family_name\": \"Rowe\"}}}], \"next\": 5}");

    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    const char *first = strstr(world->console->said, "3  closed");
    const char *second =
        strstr(world->console->said, "\n5  noticed  2026-11-22 08:00  Three missed");
    const char *other = strstr(world->console->said, "\n4  closed");
    assert_true(first != NULL && second != NULL && other != NULL);
    assert_true(first < second && second < other);
    assert_non_null(strstr(first, "    Ash\n"));
    assert_non_null(strstr(second, "    Birch Rowe\n    One household: something happened to "
                                   "several children.\n"));
}

static void one_child_noticed_twice_is_no_household(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"items\": [{\"alert\": 1, \"household\": 1, \"state\": \"closed\", "
                      "\"child\": {\"card\": {\"given_name\": \"Ash\"}}}, {\"alert\": 2, "
                      "\"household\": 1, \"state\": \"noticed\", \"child\": {\"card\": "
                      "{\"given_name\": \"Ash\"}}}, {\"alert\": 3, \"household\": 1, \"state\": "
                      "\"noticed\"}], \"next\": 3}");

    assert_int_equal(CONSOLE(world->console, "alerts", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "\n2  noticed"));
    assert_non_null(strstr(world->console->said, "    The same child, noticed again.\n"));
    assert_non_null(
        strstr(world->console->said, "    a child not named yet\n    Part of the same:"));
    assert_null(strstr(world->console->said, "One household"));
}

static void an_inbox_shows_the_newest_and_how_many_are_older(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"items\": [{\"delivery\": 30, \"kind\": \"record\"}], \"next\": 30, "
                      "\"older\": 29, \"more\": false}");

    assert_int_equal(CONSOLE(world->console, "inbox", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "GET /v1/inbox?after=0&limit=20&newest=1"));
    assert_non_null(strstr(world->console->said, "29 older not shown: cairn inbox --after 0"));
}

static void what_came_is_said_in_plain_words_and_numbers_may_skip(void **state)
{
    struct world *world = *state;
    agent_says(world,
               "{\"items\": [{\"delivery\": 3, \"kind\": \"release\", \"record\": \"gp-1-1\"},"
               "{\"delivery\": 7, \"kind\": \"notice\", \"notice\": \"extended\", \"alert\": 2},"
               "{\"delivery\": 8, \"kind\": \"later\"}], \"next\": 8, \"more\": false}");

    assert_int_equal(CONSOLE(world->console, "inbox", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "  may be opened now  gp-1-1\n"));
    assert_non_null(strstr(world->console->said, "  more of an alert  alert 2\n"));
    assert_non_null(strstr(world->console->said, "  later\n"));
    assert_non_null(strstr(world->console->said,
                           "\nNumbers between these are of what nobody needs to read.\n"));
}

static void an_inbox_read_from_a_place_says_when_more_came(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"items\": [{\"delivery\": 20, \"kind\": \"record\"}], \"next\": 20, "
                      "\"more\": true}");

    assert_int_equal(CONSOLE(world->console, "inbox", "--after", "0", "--agent", world->path),
                     STATUS_OK);
    agent_ends(world);

    assert_null(strstr(world->request, "newest"));
    assert_non_null(
        strstr(world->console->said, "More came after these: cairn inbox --after 20\n"));
}

static void an_urgent_submission_is_answered_with_the_number_to_ring(void **state)
{
    struct world *world = *state;
    world->console->typed = "{\"kind\": \"concern\", \"event_date\": \"2026-11-22\"}";
    agent_answers(world, "202 Accepted", "application/json",
                  "{\"items\": [{\"outcome\": \"accepted\", \"reference\": \"ab\", \"words\": "
                  "\"Seen by nobody.\", \"telephone\": {\"desk\": \"Duty\", \"phone\": "
                  "\"01632 960100\"}}], \"replayed\": false}");

    assert_int_equal(CONSOLE(world->console, "submit", "--key", "k-1", "--agent", world->path),
                     STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "POST /v1/submissions HTTP/1.1"));
    assert_non_null(strstr(world->request, "Content-Type: application/vnd.cairn.record+json"));
    assert_non_null(strstr(world->request, "Idempotency-Key: k-1"));
    assert_non_null(strstr(world->request, world->console->typed));
    assert_non_null(strstr(world->console->said, "TELEPHONE NOW:  01632 960100"));
}

static void what_came_back_is_listed_with_the_reason_and_what_to_do(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"items\": [{\"reference\": \"ab\", \"kind\": \"concern\", \"code\": "
                      "\"neglect-physical\", \"event_date\": \"2026-11-20\", \"returned_at\": "
                      "\"2026-11-22T06:00:00.000Z\", \"words\": \"Refused: it is too large.\", "
                      "\"advice\": \"Mend it.\", \"submitted_by\": {\"uid\": 7}, \"telephone\": "
                      "{\"desk\": \"Duty\", \"phone\": \"01632 960100\"}}]}");

    assert_int_equal(CONSOLE(world->console, "returned", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "TELEPHONE NOW:  01632 960100"));
    assert_non_null(strstr(world->console->said, "ab  concern: neglect-physical of 2026-11-20\n"
                                                 "    returned 2026-11-22 06:00; submitted by user "
                                                 "7 of this computer\n"
                                                 "    Refused: it is too large.\n    Mend it.\n"));
    assert_non_null(strstr(world->console->said, "cairn returned REFERENCE --done"));
}

static void what_was_set_aside_has_a_name_a_reason_and_an_exit_code(void **state)
{
    struct world *world = *state;
    world->console->typed =
        "{\"resourceType\": \"Bundle\", \"entry\": ["
        "{\"resource\": {\"resourceType\": \"Patient\", \"id\": \"p1\"}},"
        "{\"resource\": {\"resourceType\": \"Appointment\", \"id\": \"a1\"}}, {},"
        "{\"resource\": {\"resourceType\": \"Appointment\", \"id\": \"a2\"}}]}";
    agent_answers(world, "202 Accepted", "application/json",
                  "{\"items\": [{\"outcome\": \"counted\", \"reason\": \"the child was seen\"},"
                  " {\"outcome\": \"set-aside\", \"reason\": \"no resource\"},"
                  " {\"outcome\": \"set-aside\", \"reason\": \"no patient\"}]}");

    assert_int_equal(CONSOLE(world->console, "submit", "--agent", world->path), STATUS_LOOK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "counted        entry 1, id a1\n"));
    assert_non_null(strstr(world->console->said, "    the child was seen\n"));
    assert_non_null(strstr(world->console->said, "set-aside      entry 2\n    no resource\n"));
    assert_non_null(
        strstr(world->console->said, "set-aside      entry 3, id a2\n    no patient\n"));
    assert_non_null(strstr(world->console->complained, "2 of 3 set aside"));
}

static void a_wrong_number_is_said_has_an_exit_code_and_is_no_secret_of_quiet(void **state)
{
    struct world *world = *state;
    world->console->typed = "{\"kind\": \"concern\"}";
    agent_answers(world, "202 Accepted", "application/json",
                  "{\"items\": [{\"outcome\": \"accepted\", \"reference\": \"ab\", \"reason\": "
                  "\"the number has a typing error\", \"flawed\": true}]}");

    assert_int_equal(CONSOLE(world->console, "--quiet", "submit", "--agent", world->path),
                     STATUS_LOOK);
    agent_ends(world);

    assert_string_equal(world->console->said, "");
    assert_string_equal(world->console->complained,
                        "cairn: 1 of 1 taken with an NHS or pupil number that is wrong: nobody is "
                        "found by it; a person must look\n");
}

static void nothing_set_aside_is_no_reason_to_look(void **state)
{
    struct world *world = *state;
    world->console->typed = "{\"resourceType\": \"Appointment\", \"id\": \"a1\"}";
    agent_answers(world, "202 Accepted", "application/json",
                  "{\"items\": [{\"outcome\": \"counted\", \"reason\": \"an adult\"}]}");

    assert_int_equal(CONSOLE(world->console, "submit", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->console->said, "counted        id a1\n"));
    assert_string_equal(world->console->complained, "");
}

static void a_key_that_came_with_something_else_is_a_conflict(void **state)
{
    struct world *world = *state;
    world->console->typed = "{\"kind\": \"concern\"}";
    agent_answers(world, "422 Unprocessable", "application/problem+json",
                  "{\"type\": \"urn:cairn:problem:idempotency-key-used\", \"title\": \"this "
                  "idempotency key came with something else\"}");

    assert_int_equal(CONSOLE(world->console, "submit", "--key", "k-1", "--agent", world->path),
                     STATUS_CONFLICT);
    agent_ends(world);
}

static void an_agent_says_when_nobody_is_there_to_open_what_is_urgent(void **state)
{
    struct world *world = *state;
    agent_says(world, "{\"link\": {\"state\": \"connected\"}, "
                      "\"duty\": {\"gap\": \"front-door\", \"words\": \"nobody is there\"},"
                      " \"inbox\": {\"position\": 1}, \"log\": {\"size\": 1}, \"today\": {}, "
                      "\"spool\": {\"settling\": 1}, \"requests_waiting\": 1, \"reviews_due\": 1}");

    assert_int_equal(CONSOLE(world->console, "status", "--agent", world->path), STATUS_OK);
    agent_ends(world);

    assert_non_null(
        strstr(world->console->said, "SOMEBODY IS MISSING:\n           nobody is there\n"));
    assert_non_null(strstr(world->console->said, "1 delivery\n"));
    assert_non_null(strstr(world->console->said, "1 leaf verified\n"));
    assert_non_null(
        strstr(world->console->said, "1 more settles first, while it can be corrected"));
    assert_non_null(strstr(world->console->said, "1 waits for a person here"));
    assert_non_null(strstr(world->console->said, "1 that nobody has seen is due for review"));
    assert_non_null(strstr(world->console->said, "today      nothing yet\n"));
}

static void what_a_submission_is_shows_in_its_look(void **state)
{
    static const char *const rows[][2] = {
        {"{\"resourceType\": \"Bundle\"}", "Content-Type: application/fhir+json"},
        {"{\"role\": \"on-roll\"}", "Content-Type: application/vnd.cairn.involvement+json"},
        {"{\"kind\": \"concern\"}", "Content-Type: application/vnd.cairn.record+json"},
        {"{\"notice\": \"missing-episode\"}",
         "Content-Type: application/vnd.cairn.police-incident+json"},
        {"{\"plan\": \"early-help\"}", "Content-Type: application/vnd.cairn.plan+json"},
        {"{\"since\": \"2026-08-03\"}", "Content-Type: application/vnd.cairn.adult+json"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        world->console->typed = rows[i][0];
        agent_answers(world, "202 Accepted", "application/json", "{\"items\": []}");
        assert_int_equal(CONSOLE(world->console, "submit", "-", "--agent", world->path), STATUS_OK);
        agent_ends(world);
        assert_non_null(strstr(world->request, rows[i][1]));
    }
}

static void who_decides_and_why_may_come_from_standard_input(void **state)
{
    struct world *world = *state;
    world->console->typed = "Rowan Ashgrove\nScreener\nBecause three were missed\nwithin a year.\n";
    agent_answers(world, "202 Accepted", "application/json", "{\"words\": \"On its way.\"}");

    assert_int_equal(
        CONSOLE(world->console, "record", "1-0000000000000001-2", "--open", "--agent", world->path),
        STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "POST /v1/records/1-0000000000000001-2/decisions"));
    assert_non_null(strstr(world->request,
                           "{\"action\":\"open\",\"person\":{\"name\":\"Rowan Ashgrove\",\"role\":"
                           "\"Screener\"},\"reason\":\"Because three were missed\\nwithin a "
                           "year.\",\"tell\":[]}"));
    assert_string_equal(world->console->said, "On its way.\n");
}

static void what_is_about_another_authoritys_child_is_closed_once_it_was_passed_on(void **state)
{
    struct world *world = *state;
    agent_answers(world, "202 Accepted", "application/json", "{\"words\": \"On its way.\"}");

    assert_int_equal(CONSOLE(world->console, "record", "1-0000000000000001-2", "--close",
                             "--outcome", "passed-to-another-authority", "--name", "Rowan",
                             "--role", "Screener", "--reason", "Rang their desk at nine today.",
                             "--agent", world->path),
                     STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "POST /v1/records/1-0000000000000001-2/decisions"));
    assert_non_null(strstr(world->request, "\"action\":\"close\""));
    assert_non_null(strstr(world->request, "\"outcome\":\"passed-to-another-authority\""));
}

static void a_link_is_undone_from_an_alert_or_by_the_agency_whose_record_it_is(void **state)
{
    struct world *world = *state;
    static const char *const who[] = {"--name",   "Rowan",
                                      "--role",   "Screener",
                                      "--reason", "Their mother says that it is a cousin."};
    agent_answers(world, "202 Accepted", "application/json", "{\"words\": \"On its way.\"}");
    assert_int_equal(CONSOLE(world->console, "record", "1-0000000000000001-2", "--undo-link",
                             who[0], who[1], who[2], who[3], who[4], who[5], "--agent",
                             world->path),
                     STATUS_OK);
    agent_ends(world);
    assert_non_null(strstr(world->request, "POST /v1/records/1-0000000000000001-2/decisions"));
    assert_non_null(strstr(world->request, "\"action\":\"undo-link\""));
    assert_null(strstr(world->request, "\"record\":"));

    agent_answers(world, "202 Accepted", "application/json", "{\"words\": \"On its way.\"}");
    assert_int_equal(CONSOLE(world->console, "alert", "4", "--undo-link", "1-0000000000000001-2",
                             who[0], who[1], who[2], who[3], who[4], who[5], "--agent",
                             world->path),
                     STATUS_OK);
    agent_ends(world);

    assert_non_null(strstr(world->request, "POST /v1/alerts/4/decisions"));
    assert_non_null(strstr(world->request, "\"action\":\"undo-link\""));
    assert_non_null(strstr(world->request, "\"record\":\"1-0000000000000001-2\""));
}

static void without_a_terminal_what_is_missing_is_named_by_its_option(void **state)
{
    static const char *const rows[][2] = {
        {"", "--name: is needed"},
        {"Rowan Ashgrove\n", "--role: is needed"},
        {"Rowan Ashgrove\nScreener\n", "--reason: is needed"},
        {"Rowan Ashgrove\nScreener\nToo short\n", "--reason: "},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        world->console->typed = rows[i][0];

        assert_int_equal(CONSOLE(world->console, "alert", "1", "--open"), STATUS_USAGE);

        assert_non_null(strstr(world->console->complained, rows[i][1]));
    }
}

static void a_spreadsheet_is_shown_the_way_to_the_watched_folder(void **state)
{
    struct world *world = *state;
    world->console->typed = "UPN,Date,Mark\nA1,2026-11-22,N\n";

    assert_int_equal(CONSOLE(world->console, "submit"), STATUS_FAILED);

    assert_non_null(strstr(world->console->complained, "[watch] in agent.ini"));
    assert_non_null(strstr(world->console->complained, "--type attendance"));
}

static void a_line_that_cannot_be_meant_asks_nobody(void **state)
{
    static const char *const rows[][6] = {
        {"record", "../health"},
        {"record", "1-0000000000000001-2?x=1"},
        {"alert", "0"},
        {"alert", "0x1"},
        {"alert", "1", "--close"},
        {"alert", "1", "--close", "--outcome", "child-protection"},
        {"alert", "1", "--open", "--close"},
        {"alert", "1", "--reason", "without a decision, which is wrong"},
        {"alert", "1", "--open", "--outcome", "early-help"},
        {"returned", "--done"},
        {"returned", "0123456789abcdef0123456789abcdef"},
        {"returned", "--name", "Rowan"},
        {"inbox", "--acknowledge"},
        {"inbox", "--application", "My App"},
        {"inbox", "--limit", "101"},
        {"inbox", "--limit", "0"},
        {"inbox", "--wait", "-1"},
        {"inbox", "--after", "x"},
        {"submit", "--type", "csv"},
        {"submit", "--key", "with blanks"},
        {"log", "prove"},
        {"log", "verify"},
        {"log", "prove", "--check"},
        {"log", "verify", "/tmp", "--key", "no-key"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *words[7] = {NULL};
        memcpy(words, rows[i], sizeof(rows[i]));
        assert_int_equal(console_run(world->console, words), STATUS_USAGE);
        assert_string_not_equal(world->console->complained, "");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_running_broker_is_shown_in_the_words_and_units_of_people),
        TEST(the_folder_above_will_do),
        TEST(a_broker_that_has_ended_is_unreachable_and_its_numbers_stay),
        TEST(every_command_says_of_a_folder_without_a_broker_which_one_it_wants),
        TEST(a_broker_without_a_front_door_says_so_in_the_agents_words),
        TEST(the_folder_that_was_meant_is_named),
        TEST(a_file_that_is_no_counters_is_refused),
        TEST(an_agent_is_shown_in_words),
        TEST(deliveries_that_never_came_cannot_be_overlooked),
        TEST(an_agent_without_its_broker_is_unreachable),
        TEST(an_agent_that_waits_for_its_approval_says_so_and_when_it_tries_again),
        TEST(an_agent_that_is_not_there_is_unreachable),
        TEST(a_refusal_has_its_exit_code_and_the_agents_words),
        TEST(a_refusal_says_whom_to_telephone_on_the_same_line),
        TEST(an_alert_that_was_not_sent_here_shows_what_became_of_it_and_no_blanks),
        TEST(whoever_may_decide_is_shown_the_way_on_from_an_alert),
        TEST(the_only_agent_that_runs_as_a_unit_is_found),
        TEST(an_answer_that_is_none_is_a_failure),
        TEST(a_redirect_is_not_followed),
        TEST(alerts_of_one_household_stand_together_each_in_full),
        TEST(one_child_noticed_twice_is_no_household),
        TEST(an_inbox_shows_the_newest_and_how_many_are_older),
        TEST(what_came_is_said_in_plain_words_and_numbers_may_skip),
        TEST(an_inbox_read_from_a_place_says_when_more_came),
        TEST(an_urgent_submission_is_answered_with_the_number_to_ring),
        TEST(what_came_back_is_listed_with_the_reason_and_what_to_do),
        TEST(what_was_set_aside_has_a_name_a_reason_and_an_exit_code),
        TEST(a_wrong_number_is_said_has_an_exit_code_and_is_no_secret_of_quiet),
        TEST(nothing_set_aside_is_no_reason_to_look),
        TEST(a_key_that_came_with_something_else_is_a_conflict),
        TEST(an_agent_says_when_nobody_is_there_to_open_what_is_urgent),
        TEST(what_a_submission_is_shows_in_its_look),
        TEST(who_decides_and_why_may_come_from_standard_input),
        TEST(what_is_about_another_authoritys_child_is_closed_once_it_was_passed_on),
        TEST(a_link_is_undone_from_an_alert_or_by_the_agency_whose_record_it_is),
        TEST(without_a_terminal_what_is_missing_is_named_by_its_option),
        TEST(a_spreadsheet_is_shown_the_way_to_the_watched_folder),
        TEST(a_line_that_cannot_be_meant_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
