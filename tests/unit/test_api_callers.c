/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what at the local interface, how much of it one user can hold, and what a caller is
 * told who may have a child in danger before them. */
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/api_request.h"
#include "agents/core/api_users.h"
#include "os/fd.h"
#include "support/interface.h"

#define PROBLEM(x)      "\"type\":\"" CAIRN_PROBLEM_PREFIX x "\""
#define TELEPHONE       "\"telephone\":{\"desk\":\"MASH duty desk\",\"phone\":\"01632 960100\"}"
#define FALLBACK_NUMBER "01632 960199"
#define REASON          "Three appointments were missed and nobody has asked why."
#define OPEN_WITH(tell)                                                                            \
    "{\"person\":{\"name\":\"Ada Quill\",\"role\":\"screener\"},\"action\":\"open\",\"reason\":"   \
    "\"" REASON "\",\"tell\":[" tell "]}"

/* --- roles --- */

static void give_nobody(struct story *story, enum user_role role)
{
    if (geteuid() != 0) {
        skip(); /* nobody else can be tried out */
    }
    story->member->options.users[0] = (struct local_user){.uid = NOBODY, .role = role};
    story->member->options.n_users = 1;
    restart_api(story);
}

static struct reply ask_as_nobody(struct story *story, const struct ask *asked)
{
    _cleanup_(fd_close) int fd = dial_as_nobody(story);
    return ask_over(fd, asked);
}

static struct reply get_as_nobody(struct story *story, const char *path)
{
    return ask_as_nobody(story, &(struct ask){.method = "GET", .path = path});
}

static struct reply submit_as_nobody(struct story *story, const char *type, struct buf *body)
{
    return ask_as_nobody(story, &(struct ask){.method = "POST",
                                              .path = CAIRN_PATH_SUBMISSIONS,
                                              .type = type,
                                              .body = buf_text(body)});
}

static void a_submitter_may_submit_and_see_what_became_of_it_and_no_more(void **state)
{
    static const char *const beyond[][2] = {
        {"GET", CAIRN_PATH_INBOX},
        {"GET", CAIRN_PATH_ALERTS},
        {"GET", CAIRN_PATH_ALERTS "/1"},
        {"GET", CAIRN_PATH_RECEIVED "/gp-1-1"},
        {"GET", CAIRN_PATH_RECORDS "/gp-1-1/proof"},
        {"GET", CAIRN_PATH_LOG_HEAD},
        {"GET", CAIRN_PATH_LOG_EVIDENCE "/held"},
        {"POST", CAIRN_PATH_ACKNOWLEDGEMENTS},
        {"POST", CAIRN_PATH_ALERTS "/1/decisions"},
        {"POST", CAIRN_PATH_PICTURE},
        {"POST", CAIRN_PATH_RETURNED "/x/done"},
        {"POST", CAIRN_PATH_RECORDS "/gp-1-1/decisions"},
    };
    struct story *story = *state;
    char reference[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    give_nobody(story, USER_SUBMITTER);

    _cleanup_(reply_deinit) struct reply taken = submit_as_nobody(story, CAIRN_MEDIA_RECORD, &body);
    expect(&taken, 202, "accepted");
    pick(&taken, "reference", reference, sizeof(reference));
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);
    _cleanup_(reply_deinit) struct reply shown = get_as_nobody(story, path);
    _cleanup_(reply_deinit) struct reply health = get_as_nobody(story, CAIRN_PATH_HEALTH);

    expect(&shown, 200, "\"submitted_by\":{\"uid\":65534}");
    expect(&health, 200, "\"link\"");
    for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
        _cleanup_(reply_deinit) struct reply refused =
            ask_as_nobody(story, &(struct ask){.method = beyond[i][0], .path = beyond[i][1]});
        expect(&refused, 403, PROBLEM("role"));
        expect(&refused, 403, "allow_uid");
    }
}

static void a_watcher_asks_how_the_agent_does_and_nothing_else(void **state)
{
    static const char *const beyond[][2] = {
        {"POST", CAIRN_PATH_SUBMISSIONS}, {"GET", CAIRN_PATH_RECORDS "/gp-1-1"},
        {"GET", CAIRN_PATH_INBOX},        {"GET", CAIRN_PATH_ALERTS},
        {"POST", CAIRN_PATH_PICTURE},
    };
    struct story *story = *state;
    give_nobody(story, USER_WATCHER);

    _cleanup_(reply_deinit) struct reply health = get_as_nobody(story, CAIRN_PATH_HEALTH);
    _cleanup_(reply_deinit) struct reply metrics = get_as_nobody(story, CAIRN_PATH_METRICS);

    expect(&health, 200, "\"unopened\"");
    expect(&metrics, 200, "cairn_agent_up 1\n");
    for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
        _cleanup_(reply_deinit) struct reply refused =
            ask_as_nobody(story, &(struct ask){.method = beyond[i][0], .path = beyond[i][1]});
        expect(&refused, 403, PROBLEM("role"));
    }
}

static void a_submitter_does_not_see_what_another_user_submitted(void **state)
{
    struct story *story = *state;
    char reference[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    give_nobody(story, USER_SUBMITTER);
    _cleanup_(reply_deinit) struct reply taken =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
    pick(&taken, "reference", reference, sizeof(reference));
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);

    _cleanup_(reply_deinit) struct reply hidden = get_as_nobody(story, path);

    expect(&hidden, 404, PROBLEM("not-found"));
    EXPECT_GET(story, path, 200, "\"submitted_by\":{\"uid\":0}");
}

/* The broker refuses for good what lies in the urgent lane. */
static void refuse_all(struct story *story)
{
    struct store_txn *txn = store_begin(story->member->agent.store);
    for (uint64_t seq = 1; seq <= 8; seq++) {
        const struct wire_result result = {.seq = seq, .verdict = VERDICT_BAD_ENTRY};
        spool_answer(txn, LANE_URGENT, &result, clock_real_ms(story->member->agent.clock));
    }
    assert_int_equal(agent_commit(&txn), 0);
}

static void a_submitter_sees_of_what_came_back_its_own_alone(void **state)
{
    struct story *story = *state;
    char theirs[64];
    char ours[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    give_nobody(story, USER_SUBMITTER);
    _cleanup_(reply_deinit) struct reply by_us =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
    pick(&by_us, "reference", ours, sizeof(ours));
    text_replace(&body, "C-2026-0313", "C-2026-0314");
    _cleanup_(reply_deinit) struct reply by_them =
        submit_as_nobody(story, CAIRN_MEDIA_RECORD, &body);
    pick(&by_them, "reference", theirs, sizeof(theirs));

    refuse_all(story);

    _cleanup_(reply_deinit) struct reply seen = get_as_nobody(story, CAIRN_PATH_RETURNED);
    expect(&seen, 200, theirs);
    expect(&seen, 200, "\"verdict\":\"bad_entry\"");
    expect(&seen, 200, "Mend it where it was written");
    expect(&seen, 200, TELEPHONE);
    assert_null(strstr(seen.body, ours));
    EXPECT_GET(story, CAIRN_PATH_RETURNED, 200, ours);
    EXPECT_GET(story, CAIRN_PATH_RETURNED "?limit=1", 200, "\"next\":");
    EXPECT_GET(story, CAIRN_PATH_RETURNED "?after=x", 400, PROBLEM("bad-request"));
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"returned\":{\"danger\":2");
    EXPECT_GET(story, CAIRN_PATH_METRICS, 200, "cairn_agent_returned{what=\"danger\"} 2\n");
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RETURNED "/%s" CAIRN_PATH_PART_DONE, ours);
    _cleanup_(reply_deinit) struct reply refused = ask_as_nobody(
        story,
        &(struct ask){.method = "POST", .path = path, .type = CAIRN_MEDIA_JSON, .body = "{}"});
    expect(&refused, 403, PROBLEM("role"));
}

static void what_came_back_is_shown_with_who_dealt_with_it(void **state)
{
    static const char *const answer = "{\"person\":{\"name\":\"Ada Quill\",\"role\":\"lead\"},"
                                      "\"reason\":\"" REASON "\"}";
    struct story *story = *state;
    char reference[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    _cleanup_(reply_deinit) struct reply taken =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
    pick(&taken, "reference", reference, sizeof(reference));
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RETURNED "/%s" CAIRN_PATH_PART_DONE, reference);
    EXPECT_POST(story, path, CAIRN_MEDIA_JSON, answer, 404, PROBLEM("not-found"));
    refuse_all(story);

    EXPECT_POST(story, path, CAIRN_MEDIA_JSON, "{\"reason\":\"short\"}", 422, PROBLEM("refused"));
    EXPECT_POST(story, path, CAIRN_MEDIA_JSON, answer, 200, "somebody has dealt with that");

    EXPECT_GET(story, CAIRN_PATH_RETURNED, 200, "{\"items\":[]}");
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);
    EXPECT_GET(story, path, 200, "\"person\":{\"name\":\"Ada Quill\",\"role\":\"lead\"}");
    EXPECT_GET(story, path, 200, "\"waits\":false");
}

static void what_was_submitted_says_by_whom_after_a_restart_too(void **state)
{
    struct story *story = *state;
    char reference[64];
    char path[128];
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-involvement.json", &body);
    give_nobody(story, USER_PRACTITIONER);
    _cleanup_(reply_deinit) struct reply taken =
        submit_as_nobody(story, CAIRN_MEDIA_INVOLVEMENT, &body);
    pick(&taken, "reference", reference, sizeof(reference));

    restart(story);

    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s", reference);
    EXPECT_GET(story, path, 200, "\"submitted_by\":{\"uid\":65534}");
}

/* --- idempotency --- */

static void the_same_key_with_another_media_type_is_refused(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf record = BUF_MAX(65536);
    _cleanup_(buf_deinit) struct buf involvement = BUF_MAX(65536);
    demo("school-immediate.json", &record);
    demo("school-involvement.json", &involvement);
    struct ask asked = {.method = "POST",
                        .path = CAIRN_PATH_SUBMISSIONS,
                        .type = CAIRN_MEDIA_RECORD,
                        .key = "k-1",
                        .body = buf_text(&record)};
    _cleanup_(reply_deinit) struct reply first = ask(story, &asked);
    asked.type = CAIRN_MEDIA_INVOLVEMENT;
    asked.body = buf_text(&involvement);

    _cleanup_(reply_deinit) struct reply second = ask(story, &asked);

    expect(&first, 202, "accepted");
    expect(&second, 422, PROBLEM("idempotency-key-used"));
}

static void the_same_key_of_another_user_is_another_key(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf record = BUF_MAX(65536);
    _cleanup_(buf_deinit) struct buf involvement = BUF_MAX(65536);
    demo("school-immediate.json", &record);
    demo("school-involvement.json", &involvement);
    give_nobody(story, USER_SUBMITTER);
    _cleanup_(reply_deinit) struct reply first =
        ask(story, &(struct ask){.method = "POST",
                                 .path = CAIRN_PATH_SUBMISSIONS,
                                 .type = CAIRN_MEDIA_RECORD,
                                 .key = "k-1",
                                 .body = buf_text(&record)});

    _cleanup_(reply_deinit) struct reply second =
        ask_as_nobody(story, &(struct ask){.method = "POST",
                                           .path = CAIRN_PATH_SUBMISSIONS,
                                           .type = CAIRN_MEDIA_INVOLVEMENT,
                                           .key = "k-1",
                                           .body = buf_text(&involvement)});

    expect(&first, 202, "accepted");
    expect(&second, 202, "\"replayed\":false");
}

static void raise_alert(struct story *story)
{
    struct world_entry entry;
    int32_t today = (int32_t)(story->world->clock.real_ms / 86400000);
    world_statement(story->world, GP, ALIX, true, &entry);
    assert_int_equal(world_send_one(story->world, GP, &entry), VERDICT_STORED);
    for (int32_t i = 0; i < 3; i++) {
        world_record(story->world,
                     &(struct world_record){.from = GP, .child = ALIX, .day = today - 90 + 30 * i},
                     &entry);
        assert_int_equal(world_send_one(story->world, GP, &entry), VERDICT_STORED);
    }
    (void)member_fetch(story->member);
}

static void the_same_key_with_other_readers_of_the_reason_is_refused(void **state)
{
    struct story *story = *state;
    raise_alert(story);
    struct ask asked = {.method = "POST",
                        .path = CAIRN_PATH_ALERTS "/1/decisions",
                        .type = CAIRN_MEDIA_JSON,
                        .key = "d-1",
                        .body = OPEN_WITH("")};
    _cleanup_(reply_deinit) struct reply first = ask(story, &asked);
    _cleanup_(reply_deinit) struct reply again = ask(story, &asked);
    asked.body = OPEN_WITH("\"school\"");

    _cleanup_(reply_deinit) struct reply wider = ask(story, &asked);

    expect(&first, 202, "reference");
    expect(&again, 202, "reference");
    expect(&wider, 422, PROBLEM("idempotency-key-used"));
}

/* --- whom to telephone --- */

static void a_problem_that_answers_a_submission_says_whom_to_telephone(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf large = BUF_MAX(CAIRN_API_BODY_MAX_BYTES + 64);
    for (size_t i = 0; i <= CAIRN_API_BODY_MAX_BYTES; i += 16) {
        buf_add_text(&large, "0123456789abcdef");
    }

    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, "{\"urgency\":\"immediate\"",
                400, TELEPHONE);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, "{\"urgency\":\"immediate\"}",
                422, TELEPHONE);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, "text/csv", "a,b", 415, TELEPHONE);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&large), 413,
                TELEPHONE);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS "/", CAIRN_MEDIA_RECORD, "{}", 404, TELEPHONE);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS "?x=1", CAIRN_MEDIA_RECORD, "{}", 400, TELEPHONE);
}

static void a_question_that_fails_does_so_only_with_our_own_faults(void **state)
{
    (void)state;
    struct api_answer answer = API_ANSWER_NULL;
    (void)snprintf(answer.phone, sizeof(answer.phone), "01632 960100");

    answer_problem(&answer, PROBLEM_NOT_FOUND, NULL);
    assert_null(strstr(buf_text(&answer.body), "telephone"));
    answer_problem(&answer, PROBLEM_FAULT, NULL);
    assert_non_null(strstr(buf_text(&answer.body), "01632 960100"));

    buf_deinit(&answer.body);
}

/* As an agent that has never spoken to the broker: nothing but the root is held. */
static void forget_governance(struct story *story)
{
    struct agent *agent = &story->member->agent;
    struct error error = ERROR_NULL;
    struct govern_keep_options options = {.store = agent->store, .keys = &agent->keys};
    api_stop(&story->api);
    govern_keep_close(&agent->keep);
    struct store_txn *txn = store_begin(agent->store);
    for (uint8_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        (void)store_delete(txn, AT_GOVERNANCE, slice_make(&i, 1));
    }
    assert_int_equal(agent_commit(&txn), 0);
    assert_true(
        governance_held(story->world->governing.governance, GOVERNANCE_ROOT, &options.joining));
    assert_int_equal(govern_keep_open(&options, &agent->keep, &error), 0);
    start_api(story);
}

static void an_agent_that_was_never_connected_tells_the_number_of_its_configuration(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    forget_governance(story);
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body), 202,
                "\"telephone\":{}");

    story->member->options.duty_telephone = FALLBACK_NUMBER;

    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body), 202,
                "\"telephone\":{\"desk\":\"duty desk\",\"phone\":\"" FALLBACK_NUMBER "\"}");
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, "{", 400, FALLBACK_NUMBER);
}

static void the_calendar_goes_before_the_configuration(void **state)
{
    struct story *story = *state;
    story->member->options.duty_telephone = FALLBACK_NUMBER;

    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, "{", 400, TELEPHONE);
}

static void limit_files_to(rlim_t bytes)
{
    struct rlimit limit;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* as the agent does */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_507_with_a_number_to_ring_and_the_agent_goes_on(void **state)
{
    struct story *story = *state;
    char path[128];
    struct stat status;
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(65536);
    demo("school-immediate.json", &body);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", story->member->dir);
    assert_int_equal(stat(path, &status), 0);

    limit_files_to((rlim_t)status.st_size);
    _cleanup_(reply_deinit) struct reply full =
        post(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body));
    _cleanup_(reply_deinit) struct reply health = get(story, CAIRN_PATH_HEALTH);
    limit_files_to(RLIM_INFINITY);

    expect(&full, 507, PROBLEM("disk-full"));
    expect(&full, 507, TELEPHONE);
    expect(&health, 200, "\"urgent\":0");
    EXPECT_POST(story, CAIRN_PATH_SUBMISSIONS, CAIRN_MEDIA_RECORD, buf_text(&body), 202,
                "accepted");
}

/* --- how much one user can hold --- */

static void a_user_with_every_connection_that_it_can_get_does_not_shut_out_another(void **state)
{
    struct story *story = *state;
    int idle[CAIRN_API_CONNECTIONS_MAX + 8];
    give_nobody(story, USER_SUBMITTER);

    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        idle[i] = dial_as_nobody(story);
    }

    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        fd_close(&idle[i]);
    }
}

static void long_polls_leave_half_of_a_users_connections(void **state)
{
    struct story *story = *state;
    struct api_users *users = users_new(&story->member->options, &story->world->clock.clock);
    size_t share = users_share(&story->member->options);
    struct api_user *all[CAIRN_API_CONNECTIONS_MAX];

    for (size_t i = 0; i < share; i++) {
        all[i] = users_enter(users, geteuid(), -1);
        assert_non_null(all[i]);
        assert_int_equal(users_wait(users, all[i]), i < share / 2);
    }

    assert_null(users_enter(users, geteuid(), -1));
    users_wait_end(users, all[0]);
    assert_true(users_wait(users, all[share - 1]));
    users_wait_end(users, all[share - 1]);
    for (size_t i = 0; i < share; i++) {
        if (i > 0 && i < share / 2) {
            users_wait_end(users, all[i]);
        }
        users_leave(users, all[i]);
    }
    users_free(&users);
}

static void strangers_share_one_share(void **state)
{
    struct story *story = *state;
    struct api_users *users = users_new(&story->member->options, &story->world->clock.clock);
    size_t share = users_share(&story->member->options);
    struct api_user *all[CAIRN_API_CONNECTIONS_MAX];

    for (size_t i = 0; i < share; i++) {
        all[i] = users_enter(users, (uid_t)(70000 + i), -1);
        assert_non_null(all[i]);
        assert_int_equal(user_role(all[i]), USER_NOBODY);
    }

    assert_null(users_enter(users, 80000, -1));
    for (size_t i = 0; i < share; i++) {
        users_leave(users, all[i]);
    }
    users_free(&users);
}

static void whoever_takes_too_long_over_asking_is_cut_off(void **state)
{
    struct story *story = *state;
    _cleanup_(fd_close) int slow = dial(story);
    assert_true(put(slow, "POST /v1/subm", 13));
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\""); /* the slow one has been let in */
    api_shed(story->api);
    assert_true(put(slow, "issions", 7));

    story->world->clock.boot_ms += CAIRN_API_TURN_MAX_S * 1000 + 1;
    api_shed(story->api);

    _cleanup_(reply_deinit) struct reply reply = take(slow);
    assert_int_equal(reply.status, 0);
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

/* --- whoever is at the door when the agent stops --- */

#define STOPS 40

struct dialling {
    const struct story *story;
    atomic_bool ends;
    pthread_t thread;
};

static void *dial_without_end(void *data)
{
    struct dialling *dialling = data;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, dialling->story->member->socket,
           strlen(dialling->story->member->socket) + 1);
    while (!atomic_load(&dialling->ends)) {
        _cleanup_(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)connect(fd, (const struct sockaddr *)&address, sizeof(address));
    }
    return NULL;
}

static void an_agent_stops_in_order_while_callers_come(void **state)
{
    struct story *story = *state;
    struct dialling dialling[4];
    for (size_t i = 0; i < ARRAY_LEN(dialling); i++) {
        dialling[i].story = story;
        atomic_init(&dialling[i].ends, false);
        assert_int_equal(pthread_create(&dialling[i].thread, NULL, dial_without_end, &dialling[i]),
                         0);
    }

    for (int i = 0; i < STOPS; i++) {
        restart_api(story);
    }

    for (size_t i = 0; i < ARRAY_LEN(dialling); i++) {
        atomic_store(&dialling[i].ends, true);
        assert_int_equal(pthread_join(dialling[i].thread, NULL), 0);
    }
    restart_api(story); /* the places of those who came last are free */
    EXPECT_GET(story, CAIRN_PATH_HEALTH, 200, "\"link\"");
}

static void whom_the_library_closed_unheard_is_neither_counted_nor_shut(void **state)
{
    struct story *story = *state;
    struct api_users *users = users_new(&story->member->options, &story->world->clock.clock);
    size_t share = users_share(&story->member->options);
    int ends[2];
    char word = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);

    for (size_t i = 0; i < share + 1; i++) { /* closed each time, and the number is used again */
        assert_non_null(users_enter(users, geteuid(), ends[0]));
    }
    story->world->clock.boot_ms += CAIRN_API_TURN_MAX_S * 1000 + 1;
    users_shed(users);

    assert_int_equal(send(ends[0], "w", 1, MSG_NOSIGNAL), 1); /* by now it is something else's */
    assert_int_equal(read(ends[1], &word, 1), 1);
    users_free(&users);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* A log, a folder, a connection of the link: whatever has such a number next, and keeps it. */
static void whom_the_library_closed_unheard_has_no_place_whatever_has_its_number(void **state)
{
    struct story *story = *state;
    struct api_users *users = users_new(&story->member->options, &story->world->clock.clock);
    size_t share = users_share(&story->member->options);
    int others[CAIRN_API_CONNECTIONS_MAX];
    assert_true(share < ARRAY_LEN(others));

    for (size_t i = 0; i <= share; i++) {
        int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(caller >= 0);
        assert_non_null(users_enter(users, geteuid(), caller));
        others[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_int_equal(dup3(others[i], caller, O_CLOEXEC), caller);
        (void)close(others[i]);
        others[i] = caller;
    }

    for (size_t i = 0; i <= share; i++) {
        (void)close(others[i]);
    }
    users_free(&users);
}

static void large_bodies_have_few_places_and_get_them_back(void **state)
{
    struct story *story = *state;
    struct api_users *users = users_new(&story->member->options, &story->world->clock.clock);

    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        assert_true(users_large(users));
    }
    assert_false(users_large(users));
    users_large_end(users);

    assert_true(users_large(users));
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        users_large_end(users);
    }
    users_free(&users);
}

/* Until the agent has taken all that was sent. */
static void wait_until_read(int fd)
{
    int left = 1;
    while (left > 0) {
        assert_int_equal(ioctl(fd, SIOCOUTQ, &left), 0);
        (void)sched_yield();
    }
}

static void one_large_body_too_many_is_told_to_come_again(void **state)
{
    struct story *story = *state;
    int large[CAIRN_API_LARGE_BODIES_MAX + 1];
    char piece[CAIRN_API_SMALL_BODY_BYTES + 1];
    char head[256];
    memset(piece, ' ', sizeof(piece));
    int len = snprintf(head, sizeof(head),
                       "POST " CAIRN_PATH_SUBMISSIONS " HTTP/1.1\r\nHost: a\r\nConnection: "
                       "close\r\nContent-Length: %zu\r\n\r\n",
                       sizeof(piece) + 1);

    for (size_t i = 0; i < ARRAY_LEN(large); i++) {
        large[i] = dial(story);
        assert_true(put(large[i], head, (size_t)len));
        assert_true(put(large[i], piece, sizeof(piece)));
        wait_until_read(large[i]);
    }
    assert_true(put(large[CAIRN_API_LARGE_BODIES_MAX], " ", 1));
    struct reply reply = take(large[CAIRN_API_LARGE_BODIES_MAX]);

    expect(&reply, 503, PROBLEM("busy"));
    expect(&reply, 503, TELEPHONE);
    reply_deinit(&reply);
    for (size_t i = 0; i < ARRAY_LEN(large); i++) {
        fd_close(&large[i]);
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up_school, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_watcher_asks_how_the_agent_does_and_nothing_else),
        STORY(a_submitter_may_submit_and_see_what_became_of_it_and_no_more),
        STORY(a_submitter_does_not_see_what_another_user_submitted),
        STORY(a_submitter_sees_of_what_came_back_its_own_alone),
        STORY(what_came_back_is_shown_with_who_dealt_with_it),
        STORY(what_was_submitted_says_by_whom_after_a_restart_too),
        STORY(the_same_key_with_another_media_type_is_refused),
        STORY(the_same_key_of_another_user_is_another_key),
        cmocka_unit_test_setup_teardown(the_same_key_with_other_readers_of_the_reason_is_refused,
                                        set_up_mash, tear_down),
        STORY(a_problem_that_answers_a_submission_says_whom_to_telephone),
        cmocka_unit_test(a_question_that_fails_does_so_only_with_our_own_faults),
        STORY(an_agent_that_was_never_connected_tells_the_number_of_its_configuration),
        STORY(the_calendar_goes_before_the_configuration),
        STORY(a_full_disk_is_507_with_a_number_to_ring_and_the_agent_goes_on),
        STORY(a_user_with_every_connection_that_it_can_get_does_not_shut_out_another),
        STORY(long_polls_leave_half_of_a_users_connections),
        STORY(strangers_share_one_share),
        STORY(whoever_takes_too_long_over_asking_is_cut_off),
        STORY(an_agent_stops_in_order_while_callers_come),
        STORY(whom_the_library_closed_unheard_is_neither_counted_nor_shut),
        STORY(whom_the_library_closed_unheard_has_no_place_whatever_has_its_number),
        STORY(large_bodies_have_few_places_and_get_them_back),
        STORY(one_large_body_too_many_is_told_to_come_again),
    };
    return cmocka_run_group_tests_name("api callers", tests, NULL, NULL);
}
