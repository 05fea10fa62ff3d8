/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's memory plan, attacked: each of its rows by what fills that buffer, all of them at
 * once in one real process whose signer stands still, so that nothing leaves it. What the process
 * has by then, as the kernel counts it, is within the plan.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "broker/memory_plan.h"
#include "broker/pipeline.h"
#include "load/rig.h"
#include "net/net.h"
#include "os/fd.h"
#include "support/crypto.h"
#include "support/load_internal.h"

#define AGENCIES    4
#define CONNECTIONS (2 * AGENCIES) /* an agency that reconnects has two: the first half is sound */
#define WORKERS     2
#define ROUNDS      40
#define STRANGERS   500
#define PARCELS     20 /* full ones, of each health agency */

struct scene {
    struct estate estate;
    struct process broker;
    struct load *loads[CONNECTIONS];
    int strangers[STRANGERS];
    uint64_t plan[N_MEMORY_ROWS];
    uint64_t rest;
};

static struct scene scene;

static int set_up(void **state)
{
    static const char *const ids[AGENCIES][2] = {
        {"gp-elm", "gp"}, {"gp-oak", "gp"}, {"gp-ash", "gp"}, {"mash", "mash"}};
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    for (size_t i = 0; i < STRANGERS; i++) {
        scene.strangers[i] = -1;
    }
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    for (size_t i = 0; i < AGENCIES; i++) {
        estate_add_agency(&scene.estate, ids[i][0], ids[i][1]);
    }
    memory_plan_rows(AGENCIES, WORKERS, scene.plan);
    broker_start(&scene.estate, &scene.broker);
    scene.rest = rig_anonymous_bytes(scene.broker.pid);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        scene.loads[i] = load_new(&scene.estate, ids[i % AGENCIES][0]);
        load_greet(scene.loads[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < STRANGERS; i++) {
        fd_close(&scene.strangers[i]);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        load_free(&scene.loads[i]);
    }
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

/* --- a row each --- */

static void attack_base(void)
{
    rig_assert_at_most(scene.rest, scene.plan[MEMORY_BASE]);
}

/* Sound parcels of the most entries: what verify unpacks of them stays in their slots, because the
 * signer stands still from here on. */
static void attack_ring(void)
{
    for (size_t i = 0; i < (AGENCIES - 1) * PARCELS; i++) {
        struct load *load = scene.loads[i % (AGENCIES - 1)];
        load->greeted = false; /* sent all at once, below */
        load_in_lane(load, i % 2 == 0 ? LANE_BULK : LANE_NORMAL);
        load_submit(load, CAIRN_PARCEL_ENTRIES_MAX);
    }
    rig_halt_signer(scene.broker.pid);
    for (size_t i = 0; i < (AGENCIES - 1) * 3; i++) {
        scene.loads[i % (AGENCIES - 1)]->greeted = true;
        load_resend(scene.loads[i % (AGENCIES - 1)]);
        (void)rig_settled_bytes(scene.broker.pid);
    }
}

static void send_everywhere(unsigned type, enum lane lane)
{
    for (size_t n = 0; n < ROUNDS; n++) {
        for (size_t i = AGENCIES; i < CONNECTIONS; i++) {
            (void)rig_send_largest(scene.loads[i], type, lane);
        }
    }
}

/* Questions as long as a frame may be: they wait for publish, and its answers for net. */
static void attack_queues(void)
{
    send_everywhere(WIRE_PROOF_REQUEST, (enum lane)0);
}

/* Connections ask for all that lies in their mailboxes, and read none of it. */
static void attack_publish(void)
{
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH};
    const struct wire_fetch fetch = {.credit = CAIRN_CREDIT_MAX};
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    wire_frame_begin(&frame, &header);
    wire_fetch_write(&fetch, &frame);
    wire_frame_end(&frame);
    for (size_t n = 0; n < ROUNDS; n++) {
        for (size_t i = AGENCIES; i < CONNECTIONS; i++) {
            (void)load_send(scene.loads[i], buf_slice(&frame));
        }
    }
}

/* Once the ring has no room even for what is urgent nothing is read any more, and sockets fill. */
static void attack_peers(void)
{
    send_everywhere(WIRE_PARCEL, LANE_URGENT);
    send_everywhere(WIRE_PARCEL, LANE_NORMAL);
}

/* They say the beginning of a handshake and stop; the broker cuts them off in its own time. */
static void attack_strangers(void)
{
    static const uint8_t greeting[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons(scene.estate.port);
    for (size_t i = 0; i < STRANGERS; i++) {
        scene.strangers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(scene.strangers[i] >= 0);
        if (connect(scene.strangers[i], (const struct sockaddr *)&address, sizeof(address)) == 0) {
            (void)send(scene.strangers[i], greeting, sizeof(greeting), MSG_NOSIGNAL);
        }
    }
}

/* The batches that follow once the signer goes on: of the most bytes, and of more rows than one may
 * write, with patterns that are met. */
static void attack_batches(void)
{
    rig_resume_signer(scene.broker.pid);
    for (size_t n = 0; n < 3; n++) {
        for (size_t i = 0; i < AGENCIES; i++) {
            load_resend(scene.loads[i]);
            (void)load_receive(scene.loads[i], 1);
        }
    }
}

static void (*const attacks[])(void) = {
    [MEMORY_BASE] = attack_base,       [MEMORY_RING] = attack_ring,
    [MEMORY_QUEUES] = attack_queues,   [MEMORY_PUBLISH] = attack_publish,
    [MEMORY_PEERS] = attack_peers,     [MEMORY_STRANGERS] = attack_strangers,
    [MEMORY_BATCH] = attack_batches,   [MEMORY_PAGES] = attack_batches,
    [MEMORY_THREADS] = attack_batches,
};

/* What fills up while nothing leaves, then what the rest does to it. */
static const enum memory_row order[] = {MEMORY_BASE,    MEMORY_RING,  MEMORY_QUEUES,
                                        MEMORY_PUBLISH, MEMORY_PEERS, MEMORY_STRANGERS,
                                        MEMORY_BATCH,   MEMORY_PAGES, MEMORY_THREADS};

static void every_row_of_the_plan_has_an_attack(void **state)
{
    bool attacked[N_MEMORY_ROWS] = {false};
    (void)state;

    assert_int_equal(ARRAY_LEN(attacks), N_MEMORY_ROWS);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        attacked[order[i]] = attacks[order[i]] != NULL;
    }

    for (size_t i = 0; i < N_MEMORY_ROWS; i++) {
        if (!attacked[i]) {
            fail_msg("nothing attacks: %s", memory_row_names[i]);
        }
    }
}

static void all_buffers_filled_at_once_stay_within_the_plan(void **state)
{
    struct rig_sampler sampler;
    uint64_t plan = memory_plan_bytes(AGENCIES, WORKERS);
    (void)state;
    rig_sampler_start(&sampler, scene.broker.pid);

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        attacks[order[i]]();
        rig_print("  %6.1f MiB, of %6.1f, after: %s\n",
                  (double)rig_settled_bytes(scene.broker.pid) / RIG_MIB,
                  (double)scene.plan[order[i]] / RIG_MIB, memory_row_names[order[i]]);
    }
    for (size_t i = 0; i < AGENCIES; i++) {
        load_settle(scene.loads[i]); /* what was sound is stored in the end */
    }

    uint64_t most = rig_sampler_stop(&sampler);
    uint64_t after = rig_anonymous_bytes(scene.broker.pid);
    rig_print("  at rest %.1f, at most %.1f, afterwards %.1f, plan %.1f MiB\n",
              (double)scene.rest / RIG_MIB, (double)most / RIG_MIB, (double)after / RIG_MIB,
              (double)plan / RIG_MIB);
    assert_false(process_has_ended(&scene.broker));
    assert_true(most > 2 * scene.rest); /* or it was no attack */
    rig_assert_at_most(most, plan);
    process_stop(&scene.broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_plan_has_an_attack),
        cmocka_unit_test_setup_teardown(all_buffers_filled_at_once_stay_within_the_plan, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("memory", tests, net_set_up, net_tear_down);
}
