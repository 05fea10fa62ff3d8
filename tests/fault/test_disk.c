/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk fails or is full. The broker says so, ends without answering, and what it had
 * acknowledged before is there; with a sound disk it goes on where it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "net/net.h"
#include "net/router.h"
#include "support/crypto.h"
#include "support/load.h"

struct scene {
    struct estate estate;
    struct process broker;
    struct load *gp;
    char trigger[ESTATE_PATH];
};

static struct scene scene;

/* The shim has the file mapped. */
static void set_trigger(char byte)
{
    int fd = open(scene.trigger, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, 0), 1);
    assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "mash", "mash");
    estate_path(&scene.estate, "armed", scene.trigger);
    set_trigger('\0');
    scene.gp = load_new(&scene.estate, "gp-elm");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    load_free(&scene.gp);
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

/* Sends one parcel after the other until the broker has ended. */
static void work_until_it_ends(size_t entries)
{
    while (!process_has_ended(&scene.broker)) {
        if (load_unanswered(scene.gp) < 3) {
            load_submit(scene.gp, entries);
        }
        if (load_receive(scene.gp, 5) == 0) {
            load_resend(scene.gp);
        }
    }
}

static void work(size_t entries)
{
    size_t until = load_acknowledged(scene.gp) + entries;
    while (load_acknowledged(scene.gp) < until) {
        assert_false(process_has_ended(&scene.broker));
        if (load_unanswered(scene.gp) < 3) {
            load_submit(scene.gp, 4);
        }
        if (load_receive(scene.gp, 5) == 0) {
            load_resend(scene.gp);
        }
    }
}

/* It ended as a broken world, saying why; nothing that it acknowledged is missing, and once the
 * disk is sound it goes on. */
static void expect_honest_end(const char *event)
{
    int status = process_wait(&scene.broker);
    if (!process_said(&scene.broker, event)) {
        print_error("%s was not said: see %s\n", event, scene.broker.log);
    }
    assert_true(process_said(&scene.broker, event));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
    (void)load_receive(scene.gp, 0); /* what was on its way */
    load_expect_store(scene.gp, &scene.estate);

    broker_start(&scene.estate, &scene.broker);
    load_reconnect(scene.gp);
    load_settle(scene.gp);
    load_expect_same_answers(scene.gp);
    load_expect_proofs(scene.gp);
    process_stop(&scene.broker);
    load_expect_store(scene.gp, &scene.estate);
}

struct fault_row {
    const char *function;
    const char *file;
    int error;
    const char *event;
};

static const struct fault_row faults[] = {
    {"fdatasync", "data.mdb", EIO, "commit_failed"},
    {"fdatasync", "data.mdb", ENOSPC, "commit_failed"},
    {"pwrite", "data.mdb", ENOSPC, "commit_failed"},
    {"pwrite", "data.mdb", EIO, "commit_failed"},
    {"pwrite", "highwater", EIO, "highwater_failed"},
    {"fdatasync", "highwater", EIO, "highwater_failed"},
    {"pwrite", "signed", EIO, "signer_mark_failed"},
    {"fdatasync", "signed", EIO, "signer_mark_failed"},
};

static void start_with(const struct process_options *options)
{
    broker_start_with(&scene.estate, options, &scene.broker);
    assert_true(process_ready(&scene.broker));
    load_reconnect(scene.gp);
}

static void arm(void)
{
    set_trigger('!');
}

static void a_disk_that_fails_ends_the_broker_before_it_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char fault[2 * ESTATE_PATH];
        (void)snprintf(fault, sizeof(fault), "%s:%s:%d:%s", faults[i].function, faults[i].file,
                       faults[i].error, scene.trigger);
        const struct process_options options = {.preload = "libcairn_shim.so", .fault = fault};
        start_with(&options);
        work(12);

        arm();
        work_until_it_ends(3);

        expect_honest_end(faults[i].event);
        set_trigger('\0');
    }
}

/* Nothing is answered from the moment on at which nothing can be kept. */
static void nothing_is_acknowledged_after_the_disk_has_failed(void **state)
{
    char fault[2 * ESTATE_PATH];
    (void)state;
    (void)snprintf(fault, sizeof(fault), "fdatasync:data.mdb:%d:%s", EIO, scene.trigger);
    const struct process_options options = {.preload = "libcairn_shim.so", .fault = fault};
    start_with(&options);
    work(12);
    while (load_unanswered(scene.gp) > 0) {
        (void)load_receive(scene.gp, 20);
    }
    size_t before = load_acknowledged(scene.gp);

    arm();
    work_until_it_ends(2);
    (void)load_receive(scene.gp, 100);

    assert_int_equal(load_acknowledged(scene.gp), before);
    expect_honest_end("commit_failed");
}

static void a_full_disk_ends_the_broker_and_room_brings_it_back(void **state)
{
    char data[ESTATE_PATH];
    struct stat status;
    (void)state;
    broker_start(&scene.estate, &scene.broker);
    process_stop(&scene.broker);
    estate_path(&scene.estate, "north/broker/data/data.mdb", data);
    assert_int_equal(stat(data, &status), 0);
    const struct process_options options = {.file_bytes = (uint64_t)status.st_size + (1U << 20)};
    start_with(&options);
    work(12);

    work_until_it_ends(16);

    assert_true(load_acknowledged(scene.gp) > 0);
    expect_honest_end("commit_failed");
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_disk_that_fails_ends_the_broker_before_it_answers),
        STORY(nothing_is_acknowledged_after_the_disk_has_failed),
        STORY(a_full_disk_ends_the_broker_and_room_brings_it_back),
    };
    return cmocka_run_group_tests_name("disk", tests, net_set_up, net_tear_down);
}
