/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker is killed in the middle of its work, again and again. Whatever it has acknowledged is
 * in the log afterwards, once, with the answer that it gave.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/log.h"
#include "net/net.h"
#include "net/router.h"
#include "support/crypto.h"
#include "support/load.h"

#define DEATHS 8

struct scene {
    struct estate estate;
    struct process broker;
    struct load *gp;
    struct load *hospital;
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "hospital", "hospital");
    estate_add_agency(&scene.estate, "mash", "mash");
    scene.gp = load_new(&scene.estate, "gp-elm");
    scene.hospital = load_new(&scene.estate, "hospital");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    load_free(&scene.gp);
    load_free(&scene.hospital);
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

static void start(void)
{
    broker_start(&scene.estate, &scene.broker);
    load_reconnect(scene.gp);
    load_reconnect(scene.hospital);
}

static size_t acknowledged(void)
{
    return load_acknowledged(scene.gp) + load_acknowledged(scene.hospital);
}

/* Both agencies send until so many more entries were acknowledged; then more is on its way. */
static void work(size_t entries, uint32_t shape)
{
    size_t until = acknowledged() + entries;
    load_resend(scene.gp);
    load_resend(scene.hospital);
    while (acknowledged() < until) {
        assert_false(process_has_ended(&scene.broker));
        if (load_unanswered(scene.gp) < 3) {
            load_submit(scene.gp, 1 + shape % 7);
        }
        if (load_unanswered(scene.hospital) < 3) {
            load_submit(scene.hospital, 1 + shape / 7 % 3);
        }
        if (load_receive(scene.gp, 5) + load_receive(scene.hospital, 5) == 0) {
            load_resend(scene.gp); /* what found no connection, or was dropped */
            load_resend(scene.hospital);
        }
    }
}

static void judge(void)
{
    load_settle(scene.gp);
    load_settle(scene.hospital);
    load_expect_same_answers(scene.gp);
    load_expect_same_answers(scene.hospital);
    load_expect_proofs(scene.gp);
    load_expect_proofs(scene.hospital);
    process_stop(&scene.broker);
    load_expect_store(scene.gp, &scene.estate);
    load_expect_store(scene.hospital, &scene.estate);
    load_expect_oracle(scene.gp, &scene.estate);
    load_expect_oracle(scene.hospital, &scene.estate);
}

static void what_was_acknowledged_survives_every_death(void **state)
{
    uint32_t random = 12345;
    (void)state;

    for (int death = 0; death < DEATHS; death++) {
        random = random * 1664525U + 1013904223U;
        start();
        work(1 + (random >> 8) % 60, random >> 16);
        process_kill(&scene.broker);
        load_expect_store(scene.gp, &scene.estate);
        load_expect_store(scene.hospital, &scene.estate);
    }

    start();
    judge();
}

static void a_stop_in_order_answers_what_it_has_taken(void **state)
{
    (void)state;
    start();
    work(40, 5);
    for (int i = 0; i < 5; i++) {
        load_submit(scene.gp, 8);
    }

    process_stop(&scene.broker);

    assert_true(process_said(&scene.broker, "draining"));
    assert_true(process_said(&scene.broker, "stopped"));
    (void)load_receive(scene.gp, 0);
    load_expect_store(scene.gp, &scene.estate);
    start();
    judge();
}

static void a_stop_with_nothing_to_do_is_in_order(void **state)
{
    (void)state;
    start();

    process_stop(&scene.broker);

    assert_true(process_said(&scene.broker, "stopped"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_was_acknowledged_survives_every_death),
        STORY(a_stop_in_order_answers_what_it_has_taken),
        STORY(a_stop_with_nothing_to_do_is_in_order),
    };
    return cmocka_run_group_tests_name("kill", tests, net_set_up, net_tear_down);
}
