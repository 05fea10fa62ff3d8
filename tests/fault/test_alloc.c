/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out at every allocation in turn, once or for good, ours or a library's. Whatever is
 * being done then is done after all, or fails as a fault that leaves everything as it was and can
 * be tried again, or ends the process in order. Nothing is refused for good because of it, nothing
 * leaks, and nothing crashes.
 *
 * test_alloc [EVERY]: only every so many allocations; 1: all; says how many. Without it every
 * 211th, and fewer where that would take an operation longer than BUDGET_MS on this machine as it
 * is now.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/api_request.h"
#include "agents/core/inbox.h"
#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "fault/alloc.h"
#include "os/files.h"
#include "support/member.h"

#define EVERY_OF_TESTS 211
#define BUDGET_MS      20000 /* of eight operations; a test may take 300 s */
#define NTH_MAX        100000
#define TODAY_MS       INT64_C(1796083200000) /* 2026-12-01, after all that the data tell of */

/* What came of an operation; how a child ends. A fatal end is EX_IOERR. */
enum came {
    CAME_DONE = 0,
    CAME_FAULT = 10,      /* nothing is changed, and then it was done after all */
    CAME_REFUSED = 11,    /* for good, with good input */
    CAME_NO_RECOVERY = 12 /* it fails with all the memory that there is */
};

static size_t every; /* 0: as the budget allows */
static size_t bad;   /* ends of another kind; each was said */

/* A world and one agency's agent; what the operation needs is in it before memory runs out. */
struct stage {
    struct world *world;
    struct member *member;
    struct buf text;
    struct buf frame;
    struct wire_delivery delivery;
    struct checkpoint head;
};

struct operation {
    const char *name;
    uint32_t agency;
    void (*prepare)(struct stage *stage);
    enum came (*run)(struct stage *stage);
};

/* --- the operations --- */

static void read_data(struct stage *stage, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/tests/data/%s", SOURCE_DIR, name);
    assert_int_equal(file_read(path, &stage->text), 0);
}

static enum came submit(struct stage *stage, enum intake_content content)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    const struct intake_request request = {.content = content, .body = buf_slice(&stage->text)};
    struct error error = ERROR_NULL;
    int r = intake_submit(&stage->member->agent, &request, &answer, &error);
    if (r == -EINVAL || r == -EEXIST) {
        print_error("%s: %s\n", error.where, error.what);
        return CAME_REFUSED;
    }
    return r == 0 ? CAME_DONE : CAME_FAULT;
}

static void have_record(struct stage *stage)
{
    read_data(stage, "demo/health-visiting-immediate.json");
}

static enum came submit_record(struct stage *stage)
{
    return submit(stage, INTAKE_RECORD);
}

static void have_appointment(struct stage *stage)
{
    read_data(stage, "demo/gp-noshow-1.json");
}

static enum came submit_appointment(struct stage *stage)
{
    return submit(stage, INTAKE_APPOINTMENT);
}

static void have_register(struct stage *stage)
{
    read_data(stage, "school/numbers.csv");
}

static enum came submit_register(struct stage *stage)
{
    return submit(stage, INTAKE_ATTENDANCE);
}

static void have_spooled(struct stage *stage)
{
    have_record(stage);
    assert_int_equal(submit_record(stage), CAME_DONE);
}

static enum came cut_parcel(struct stage *stage)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    struct member *member = stage->member;
    int r = sending_cut(&member->sending, &member->session, LANE_URGENT, 7, &parcel);
    if (r == -ENOENT) {
        return CAME_REFUSED;
    }
    return r == 0 ? CAME_DONE : CAME_FAULT;
}

static void cut_of_a_record(struct stage *stage)
{
    const struct world_record record = {
        .from = GP, .child = ALIX, .day = instant_london_day(stage->world->clock.real_ms)};
    struct world_entry entry;
    world_record(stage->world, &record, &entry);
    const struct world_parcel parcel = {
        .agency = GP, .lane = LANE_NORMAL, .n = 1, .entries = &entry};
    world_cut(stage->world, &parcel, &stage->frame);
}

static enum came take_parcel(struct stage *stage)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_receipt receipt;
    world_forget_letters(stage->world);
    world_receive(stage->world, GP, buf_slice(&stage->frame));
    world_turn(stage->world);
    (void)alloc_stop();
    struct slice payload = world_letter(stage->world, GP, WIRE_RECEIPT);
    if (payload.len == 0 || !wire_receipt_read(payload, &arena, &receipt)) {
        return CAME_FAULT;
    }
    if (receipt.results[0].verdict == VERDICT_STORED) {
        return CAME_DONE;
    }
    return verdict_is_retry(receipt.results[0].verdict) ? CAME_FAULT : CAME_REFUSED;
}

static void have_delivery(struct stage *stage)
{
    const struct world_record record = {.from = GP,
                                        .child = ALIX,
                                        .day = instant_london_day(stage->world->clock.real_ms),
                                        .urgency = URGENCY_IMMEDIATE};
    struct world_entry entry;
    world_record(stage->world, &record, &entry);
    assert_int_equal(world_send_one(stage->world, GP, &entry), VERDICT_STORED);
    assert_true(world_fetch(stage->world, MASH, 0, &stage->delivery));
    stage->head = member_head(stage->member, &stage->delivery);
}

static enum came take_delivery(struct stage *stage)
{
    uint64_t position = 0;
    int r = inbox_take(&stage->member->agent, &stage->delivery, &stage->head, &position);
    (void)alloc_stop();
    if (r == 0) {
        return position > 0 ? CAME_DONE : CAME_REFUSED;
    }
    return r == -EBADMSG || r == -EINVAL ? CAME_REFUSED : CAME_FAULT;
}

static void have_inbox(struct stage *stage)
{
    have_delivery(stage);
    assert_int_equal(take_delivery(stage), CAME_DONE);
}

static enum came answer_inbox(struct stage *stage)
{
    struct api_answer answer = API_ANSWER_NULL;
    const struct api_request request = {.body = SLICE_NULL};
    struct api_call call = {
        .agent = &stage->member->agent, .role = USER_PRACTITIONER, .request = &request};
    const struct api_route *route = api_route_find("GET", CAIRN_PATH_INBOX, call.segment, &answer);
    assert_non_null(route);
    api_route_answer(route, &call, &answer);
    unsigned status = answer.status;
    buf_deinit(&answer.body);
    if (status == 200) {
        return CAME_DONE;
    }
    return status >= 500 ? CAME_FAULT : CAME_REFUSED;
}

static void have_agreements(struct stage *stage)
{
    governing_template("agreements", &stage->text);
}

static enum came read_agreements(struct stage *stage)
{
    _cleanup_(governance_unref) struct governance *governance = NULL;
    struct error error = ERROR_NULL;
    enum govern_result r = governing_try(&stage->world->governing, GOVERNANCE_AGREEMENTS, 9,
                                         buf_slice(&stage->text), &governance, &error);
    return r == GOVERN_ACCEPTED ? CAME_DONE : CAME_REFUSED;
}

static const struct operation operations[] = {
    {"a record is submitted", HEALTH_VISITING, have_record, submit_record},
    {"an appointment is submitted", GP, have_appointment, submit_appointment},
    {"a register is submitted", SCHOOL, have_register, submit_register},
    {"a parcel is cut", HEALTH_VISITING, have_spooled, cut_parcel},
    {"a parcel is judged, applied and answered", GP, cut_of_a_record, take_parcel},
    {"a delivery is taken", MASH, have_delivery, take_delivery},
    {"the inbox is answered", MASH, have_inbox, answer_inbox},
    {"agreements are read", GP, have_agreements, read_agreements},
};

/* --- one attempt --- */

static void stage_open(struct stage *stage, const struct operation *operation)
{
    *stage = (struct stage){.text = BUF_MAX(1 << 20), .frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES)};
    stage->world = world_new();
    clock_fake_advance(&stage->world->clock, TODAY_MS - stage->world->clock.real_ms);
    stage->member = member_new(stage->world, operation->agency);
    member_govern(stage->member);
    operation->prepare(stage);
}

static void stage_close(struct stage *stage)
{
    buf_deinit(&stage->text);
    buf_deinit(&stage->frame);
    member_free(&stage->member);
    world_free(&stage->world);
}

/* In the child. Tells how many allocations there were, or 0 when so many were not reached. */
static enum came attempt(const struct operation *operation, size_t nth, bool for_ever, int told)
{
    struct stage stage;
    stage_open(&stage, operation);
    alloc_fail(nth, for_ever);
    enum came came = operation->run(&stage);
    const size_t unreached = alloc_stop() == 0 ? alloc_seen() : 0;
    if (write(told, &unreached, sizeof(unreached)) != (ssize_t)sizeof(unreached)) {
        _exit(EX_OSERR);
    }
    if (came == CAME_FAULT && operation->run(&stage) != CAME_DONE) {
        came = CAME_NO_RECOVERY;
    }
    stage_close(&stage);
    return came;
}

/* 0, or how often the operation allocates when that is less. */
static size_t try_at(const struct operation *operation, size_t nth, bool for_ever)
{
    int ends[2];
    size_t unreached = 0; /* a child that ended before it could say has reached it */
    int status = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        exit((int)attempt(operation, nth, for_ever, ends[1]));
    }
    (void)close(ends[1]);
    if (read(ends[0], &unreached, sizeof(unreached)) != (ssize_t)sizeof(unreached)) {
        unreached = 0;
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code != CAME_DONE && code != CAME_FAULT && code != EX_IOERR) {
        print_error("%s: allocation %zu refused %s: ended with status %#x\n", operation->name, nth,
                    for_ever ? "and all after it" : "once", (unsigned)status);
        bad++;
    }
    return unreached;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Each is tried once and for ever; a try takes as long as the one that has just been made. */
static size_t step_for(size_t allocations, int64_t try_ms)
{
    if (every > 0) {
        return every;
    }
    size_t step = allocations * 2 * (size_t)(try_ms + 1) / BUDGET_MS + 1;
    return step > EVERY_OF_TESTS ? step : EVERY_OF_TESTS;
}

static void without_memory_everything_is_done_or_can_be_done_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        int64_t began_ms = now_ms();
        size_t allocations = try_at(&operations[i], NTH_MAX, false); /* it is simply done */
        size_t step = step_for(allocations, now_ms() - began_ms);
        size_t nth = 1;
        assert_int_not_equal(allocations, 0);
        for (; nth < NTH_MAX && try_at(&operations[i], nth, false) == 0; nth += step) {
            (void)try_at(&operations[i], nth, true);
        }
        assert_true(nth > 1);
        if (every > 0) {
            print_message("ok    %s: %zu allocations, every %zu\n", operations[i].name, allocations,
                          step);
        }
    }
    assert_int_equal(bad, 0);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_everything_is_done_or_can_be_done_again),
    };
    uint64_t number = 0;
    if (argc > 1 && (!u64_parse(argv[1], NTH_MAX, &number) || number == 0)) {
        (void)fputs("test_alloc [EVERY]\n", stderr);
        return EX_USAGE;
    }
    every = (size_t)number;
    log_init("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
