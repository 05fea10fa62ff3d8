/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the memory plans that no peer fills from outside in a test's time: filled here on the
 * parts themselves, in this process, to the most that their limits let in. Each row has to hold
 * that, and not to be many times as large.
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/memory_plan.h"
#include "base/clock.h"
#include "broker/memory_plan.h"
#include "broker/pipeline.h"
#include "load/rig.h"
#include "net/dealer.h"
#include "net/router.h"
#include "support/crypto.h"
#include "support/ledger_store.h"

#define ROWS_MOST   ((size_t)(CAIRN_BATCH_WRITES_MAX + CAIRN_ENTRY_WRITES_MAX))
#define ROW_BYTES   2000 /* two of them are a page */
#define FILL_ROWS   16384
#define BODY_BYTES  ((size_t)CAIRN_BODY_MAX_BYTES)
#define PATIENCE_MS 60000
#define FULL_TRIES  200 /* of 5 ms: nothing more is taken */
#define FULL_MS     5
#define AGENCY      7
#define PAGE_BYTES  4096

static uint8_t bytes[2 * CAIRN_BATCH_BYTES_MAX];

/* What was freed before and not given back would hide what is taken now. */
static uint64_t memory_before(void)
{
    (void)malloc_trim(0);
    return rig_anonymous_bytes(getpid());
}

static uint64_t grown_since(uint64_t before)
{
    uint64_t now = rig_anonymous_bytes(getpid());
    return now > before ? now - before : 0;
}

/* --- pages --- */

static void put_row(struct store_txn *txn, size_t i)
{
    struct store_key key = store_key_u64(i);
    store_put(txn, T_READER, store_key_slice(&key), slice_make(bytes, ROW_BYTES));
}

static void fill(struct store *store, size_t rows)
{
    for (size_t i = 0; i < rows;) {
        struct store_txn *txn = store_begin(store);
        assert_non_null(txn);
        for (size_t n = 0; n < FILL_ROWS && i < rows; n++) {
            put_row(txn, i++);
        }
        assert_int_equal(store_commit(&txn), 0);
    }
}

/* The journal's row, and the bodies: as many bytes as a batch takes. */
static void put_frames(struct store_txn *txn)
{
    struct store_key journal = store_key_u64(1);
    store_put(txn, T_JOURNAL, store_key_slice(&journal), slice_make(bytes, sizeof(bytes)));
    for (size_t i = 0; i < CAIRN_BATCH_BYTES_MAX / BODY_BYTES; i++) {
        struct store_key key = store_key_u64(i);
        store_put(txn, T_BLOB, store_key_slice(&key), slice_make(bytes, BODY_BYTES));
    }
}

/* So many rows one batch may write; here each lies on a page of its own. */
static void a_batch_of_the_most_rows_on_as_many_pages_fits_its_rows(void **state)
{
    const struct scratch *scratch = *state;
    uint64_t plan[N_MEMORY_ROWS];
    memory_plan_rows(1, 1, plan);
    struct store *store = ledger_store_open(scratch->dir);
    uint64_t before = memory_before();
    fill(store, 2 * ROWS_MOST);

    struct store_txn *txn = store_begin(store);
    assert_non_null(txn);
    for (size_t i = 0; i < ROWS_MOST; i++) {
        put_row(txn, 2 * i);
    }
    uint64_t pages = grown_since(before);
    put_frames(txn);
    uint64_t all = grown_since(before);
    int fault = store_fault(txn);
    store_end(&txn);
    store_close(&store);

    rig_print("  %zu rows: %.1f MiB of %.1f; and frames: %.1f of %.1f\n", ROWS_MOST,
              (double)pages / RIG_MIB, (double)plan[MEMORY_PAGES] / RIG_MIB, (double)all / RIG_MIB,
              (double)(plan[MEMORY_PAGES] + plan[MEMORY_BATCH]) / RIG_MIB);
    assert_int_equal(fault, 0);
    rig_assert_at_most(pages, plan[MEMORY_PAGES]);
    rig_assert_at_most(all, plan[MEMORY_PAGES] + plan[MEMORY_BATCH]);
    assert_true(pages > plan[MEMORY_PAGES] / 2); /* or it was no attack */
}

/* --- letters --- */

static struct letter largest_letter(void)
{
    struct letter letter = {.peer = {.agency = AGENCY}};
    net_frame_copy(&letter.frame, slice_make(bytes, CAIRN_FRAME_MAX_BYTES));
    return letter;
}

/* How many go in until there is no room. */
static size_t fill_queue(struct pipeline *pipeline,
                         bool (*add)(struct pipeline *pipeline, struct letter *letter))
{
    size_t n = 0;
    bool taken;
    do {
        struct letter letter = largest_letter();
        taken = add(pipeline, &letter);
        n += taken ? 1 : 0;
        net_frame_deinit(&letter.frame);
    } while (taken);
    return n;
}

static void letters_of_the_most_bytes_both_ways_fit_their_row(void **state)
{
    struct pipeline *pipeline = NULL;
    uint64_t plan[N_MEMORY_ROWS];
    (void)state;
    memory_plan_rows(1, 1, plan);
    assert_int_equal(pipeline_new(&pipeline), 0);

    size_t asked = fill_queue(pipeline, pipeline_ask);
    size_t posted = fill_queue(pipeline, pipeline_post);

    rig_print("  %zu questions and %zu answers\n", asked, posted);
    pipeline_free(&pipeline);
    assert_true(asked > 0 && posted > 0);
    assert_true((asked + posted) * CAIRN_FRAME_MAX_BYTES <= plan[MEMORY_QUEUES]);
}

/* --- an agent's link --- */

struct line {
    struct secret broker_secret;
    struct secret agent_secret;
    uint8_t agent_key[CURVE_KEY_BYTES];
    struct router *router;
    struct dealer *dealer;
    struct peer peer;
};

static bool admit(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    const struct line *line = data;
    *ret_agency = AGENCY;
    return memcmp(key, line->agent_key, CURVE_KEY_BYTES) == 0;
}

static void open_line(struct line *line)
{
    struct error error = ERROR_NULL;
    struct dealer_options agent = {.secret_key = &line->agent_secret};
    assert_int_equal(curve_keypair(&line->broker_secret, agent.server_key), 0);
    assert_int_equal(curve_keypair(&line->agent_secret, line->agent_key), 0);
    const struct router_options broker = {.endpoint = "tcp://127.0.0.1:*",
                                          .secret_key = &line->broker_secret,
                                          .admit = admit,
                                          .data = line};
    assert_int_equal(router_open(&broker, &line->router, &error), 0);
    agent.endpoint = router_endpoint(line->router);
    assert_int_equal(dealer_open(&agent, &line->dealer, &error), 0);
}

/* Until the broker's end knows where to send. */
static void greet(struct line *line)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    bool known = false;
    while (!known) {
        _cleanup_(net_frame_deinit) struct net_frame hello = NET_FRAME_NULL;
        _cleanup_(net_frame_deinit) struct net_frame got = NET_FRAME_NULL;
        assert_true(clock_boot_ms(clock_system()) < until);
        net_frame_copy(&hello, slice_of_text("hello"));
        (void)!dealer_send(line->dealer, &hello);
        assert_int_equal(router_wait(line->router, true, FULL_MS), 0);
        known = router_receive(line->router, &line->peer, &got) == ROUTER_FRAME;
    }
}

/* A broker that sends without having been asked; the agent does not read. */
static size_t send_until_full(struct line *line)
{
    size_t sent = 0;
    for (size_t tries = 0; tries < FULL_TRIES;) {
        _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
        net_frame_copy(&frame, slice_make(bytes, CAIRN_FRAME_MAX_BYTES));
        if (router_send(line->router, &line->peer, &frame) == 0) {
            sent++;
            tries = 0;
        } else {
            tries++;
            assert_int_equal(router_wait(line->router, false, FULL_MS), 0);
        }
    }
    return sent;
}

static void what_waits_for_an_agent_that_does_not_read_fits_its_row(void **state)
{
    static struct line line;
    uint64_t plan[N_AGENT_MEMORY_ROWS];
    (void)state;
    agent_memory_plan_rows(plan);
    open_line(&line);
    greet(&line);
    uint64_t before = memory_before();

    size_t sent = send_until_full(&line);

    /* The broker's own queue to it is in this process too, and what it enciphers. */
    uint64_t broker = (uint64_t)(CAIRN_SEND_HWM + 2) * (CAIRN_FRAME_MAX_BYTES + PAGE_BYTES);
    uint64_t grown = grown_since(before);
    rig_print("  %zu frames taken: %.1f MiB of %.1f\n", sent, (double)grown / RIG_MIB,
              (double)(plan[AGENT_MEMORY_LINK] + broker) / RIG_MIB);
    dealer_close(&line.dealer);
    router_close(&line.router);
    secret_deinit(&line.broker_secret);
    secret_deinit(&line.agent_secret);
    rig_assert_at_most(grown, plan[AGENT_MEMORY_LINK] + broker);
    assert_true(grown > plan[AGENT_MEMORY_LINK] / 2); /* or it was no attack */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_of_the_most_rows_on_as_many_pages_fits_its_rows,
                                        scratch_set_up, scratch_tear_down),
        cmocka_unit_test(letters_of_the_most_bytes_both_ways_fit_their_row),
        cmocka_unit_test(what_waits_for_an_agent_that_does_not_read_fits_its_row),
    };
    return cmocka_run_group_tests_name("plan_rows", tests, net_set_up, net_tear_down);
}
