/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's real threads over a real store, and the test in the place of the network. Run it
 * under the thread sanitizer. Everything that comes out is judged against the store at the moment
 * it comes out: a receipt or a delivery of something that is not there yet would be a promise too
 * early.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "os/wake.h"
#include "support/replaying.h"
#include "support/stories.h"

#define WORKERS 4
#define FRAMES  160 /* parcels of 1 to 4 entries, from five agencies */
#define WAIT_MS 20

struct sent {
    uint32_t agency;
    uint64_t correlation;
    size_t n_entries;
    size_t answers;
    bool settled; /* stored, not told to come again */
    struct buf frame;
};

struct office {
    struct world *world;
    struct wake wake; /* commit and publish have something for net */
    pthread_t threads[WORKERS + 3];
    struct sent sent[FRAMES];
    uint64_t last_position[WORLD_AGENCIES + 1];
};

static struct office office;

/* --- the threads, as broker.c has them --- */

static void *verify_thread(void *data)
{
    struct world *world = data;
    struct verify verify = world->verify;
    while (verify_step(&verify, true)) {
    }
    return NULL;
}

static void *commit_thread(void *data)
{
    struct world *world = data;
    while (commit_step(&world->commit, true, WAIT_MS) || !pipeline_stopped(world->pipeline)) {
    }
    return NULL;
}

static void *attest_thread(void *data)
{
    struct world *world = data;
    while (attest_step(&world->attest, true, WAIT_MS) || !pipeline_stopped(world->pipeline)) {
    }
    return NULL;
}

static void *publish_thread(void *data)
{
    struct world *world = data;
    while (!pipeline_stopped(world->pipeline)) {
        if (!publish_step(&world->publish)) {
            publish_wait(&world->publish, WAIT_MS);
        }
    }
    return NULL;
}

static void wake_net(void *data)
{
    wake_signal(data);
}

static void start_threads(void)
{
    size_t n = 0;
    pipeline_on_answer(office.world->pipeline, wake_net, &office.wake);
    for (; n < WORKERS; n++) {
        assert_int_equal(pthread_create(&office.threads[n], NULL, verify_thread, office.world), 0);
    }
    assert_int_equal(pthread_create(&office.threads[n++], NULL, commit_thread, office.world), 0);
    assert_int_equal(pthread_create(&office.threads[n++], NULL, attest_thread, office.world), 0);
    assert_int_equal(pthread_create(&office.threads[n], NULL, publish_thread, office.world), 0);
}

static void stop_threads(void)
{
    pipeline_stop(office.world->pipeline);
    for (size_t i = 0; i < ARRAY_LEN(office.threads); i++) {
        assert_int_equal(pthread_join(office.threads[i], NULL), 0);
    }
}

/* --- what is sent --- */

static void write_entry(uint32_t seed, uint32_t agency, struct world_entry *ret)
{
    struct world *world = office.world;
    int child = (int)(seed % 3) + 1;
    if (seed % 7 == 0) {
        world_statement(world, agency, child, seed % 2 == 0, ret);
        return;
    }
    const struct world_record record = {
        .from = agency,
        .child = child,
        .day = instant_london_day(world->clock.real_ms) - (int32_t)(seed % 400),
        .record_kind = agency == SCHOOL ? RECORD_CONCERN : 0,
        .code = agency == SCHOOL ? CODE_OTHER_CONCERN : 0,
        .service = seed % 5 == 0 ? "paediatrics" : NULL,
    };
    world_record(world, &record, ret);
}

static void cut_all(void)
{
    static const uint32_t senders[] = {GP, HOSPITAL, HEALTH_VISITING, SCHOOL, STRANGER};
    static struct world_entry entries[4];
    uint32_t seed = 4711;
    for (size_t i = 0; i < FRAMES; i++) {
        struct sent *sent = &office.sent[i];
        seed = seed * 1664525U + 1013904223U;
        sent->agency = senders[(seed >> 8) % ARRAY_LEN(senders)];
        sent->n_entries = 1 + (seed >> 16) % ARRAY_LEN(entries);
        sent->frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        for (size_t e = 0; e < sent->n_entries; e++) {
            seed = seed * 1664525U + 1013904223U;
            write_entry(seed >> 8, sent->agency, &entries[e]);
        }
        const struct world_parcel parcel = {
            .agency = sent->agency, .n = sent->n_entries, .entries = entries};
        world_cut(office.world, &parcel, &sent->frame);
        sent->correlation = office.world->correlation;
    }
}

static struct sent *sent_by(uint64_t correlation)
{
    for (size_t i = 0; i < FRAMES; i++) {
        if (office.sent[i].correlation == correlation) {
            return &office.sent[i];
        }
    }
    return NULL;
}

/* --- what comes back --- */

static void judge_receipt(uint32_t agency, const struct wire_header *header, struct slice payload)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(office.world->store);
    struct sent *sent = sent_by(header->correlation);
    struct wire_receipt receipt;
    struct checkpoint head;
    assert_non_null(sent);
    assert_int_equal(sent->agency, agency);
    assert_true(wire_receipt_read(payload, &arena, &receipt));
    assert_int_equal(receipt.n_results, sent->n_entries);
    assert_true(checkpoint_check(receipt.checkpoint, &office.world->commit.checkpoint_key, &head));
    assert_true(head.size <= log_size(txn, T_LOG));
    for (size_t i = 0; i < receipt.n_results; i++) {
        const struct wire_result *result = &receipt.results[i];
        const struct entry_id id = {.agency = agency, .stream = receipt.stream, .seq = result->seq};
        struct entry_row row;
        assert_true(verdict_is_stored(result->verdict));
        assert_true(entry_row_get(txn, &id, &row));
        assert_int_equal(row.log_index, result->log_index);
        assert_true(result->log_index < head.size);
    }
    sent->answers++;
    sent->settled = true;
}

static void judge_refusal(const struct wire_header *header, struct slice payload)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    enum verdict verdict = VERDICT_STORED;
    struct sent *sent = sent_by(header->correlation);
    assert_true(wire_error_read(payload, &arena, &verdict));
    assert_int_equal(verdict, VERDICT_BUSY);
    if (sent != NULL) {
        sent->answers++;
    }
}

static void judge_delivery(uint32_t agency, struct slice payload)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(office.world->store);
    struct wire_delivery delivery;
    struct checkpoint head;
    assert_true(wire_delivery_read(payload, &arena, &delivery));
    assert_true(checkpoint_check(delivery.checkpoint, &office.world->commit.checkpoint_key, &head));
    assert_true(head.size <= log_size(txn, T_LOG));
    for (size_t i = 0; i < delivery.n_items; i++) {
        const struct wire_item *item = &delivery.items[i];
        struct hash leaf;
        tree_leaf(item->leaf, &leaf);
        const struct tree_inclusion claim = {
            .index = item->log_index, .size = head.size, .leaf = &leaf, .root = &head.root};
        assert_true(tree_check_inclusion(&claim, &item->path));
        assert_int_equal(item->position, office.last_position[agency] + 1); /* none left out */
        office.last_position[agency] = item->position;
    }
}

static void fetch(uint32_t agency)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH};
    const struct wire_fetch fetch = {.after = office.last_position[agency],
                                     .credit = CAIRN_CREDIT_MAX};
    wire_frame_begin(&frame, &header);
    wire_fetch_write(&fetch, &frame);
    wire_frame_end(&frame);
    world_receive(office.world, agency, buf_slice(&frame));
}

static void judge(const struct world_letter *letter)
{
    struct slice frame = net_frame_slice(&letter->frame);
    struct wire_header header;
    assert_true(wire_header_read(frame, &header));
    if (header.type == WIRE_RECEIPT) {
        judge_receipt(letter->to, &header, wire_payload(frame));
    } else if (header.type == WIRE_DELIVERY) {
        judge_delivery(letter->to, wire_payload(frame));
        fetch(letter->to);
    } else {
        assert_int_equal(header.type, WIRE_ERROR);
        judge_refusal(&header, wire_payload(frame));
    }
}

/* What the net thread does in one turn, but for the socket. */
static void net_turn(void)
{
    struct world *world = office.world;
    struct letter letter = {.frame = NET_FRAME_NULL};
    while (answer_step(&world->answer)) {
    }
    for (size_t i = 0; i < world->n_letters; i++) {
        judge(&world->letters[i]);
    }
    world_forget_letters(world);
    while (pipeline_posted(world->pipeline, &letter)) {
        struct world_letter posted = {.to = letter.peer.agency};
        net_frame_move(&posted.frame, &letter.frame);
        judge(&posted);
        net_frame_deinit(&posted.frame);
    }
}

static void net_wait(void)
{
    struct pollfd woken = {.fd = office.wake.fd, .events = POLLIN};
    (void)poll(&woken, 1, WAIT_MS);
    wake_drain(&office.wake);
    net_turn();
}

static size_t settled(void)
{
    size_t n = 0;
    for (size_t i = 0; i < FRAMES; i++) {
        n += office.sent[i].settled ? 1 : 0;
    }
    return n;
}

static void send_what_is_not_settled(void)
{
    for (size_t i = 0; i < FRAMES; i++) {
        struct sent *sent = &office.sent[i];
        if (sent->settled) {
            continue;
        }
        while (!pipeline_may_read(office.world->pipeline)) {
            net_wait();
        }
        world_receive(office.world, sent->agency, buf_slice(&sent->frame));
        if (i % 16 == 0) {
            net_turn();
        }
    }
}

static bool answered_all(void)
{
    struct pipeline_cursors at;
    pipeline_cursors(office.world->pipeline, &at);
    return at.claimed == at.answered;
}

/* Every mailbox read to its end. */
static bool read_all(void)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(office.world->store);
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        struct agency_row row;
        agency_row_get(txn, agency, &row);
        if (office.last_position[agency] + 1 != row.next_position) {
            return false;
        }
    }
    return true;
}

static int set_up(void **state)
{
    memset(&office, 0, sizeof(office));
    office.world = world_new();
    office.world->gate.quota_records = 1000000;
    assert_int_equal(wake_open(&office.wake), 0);
    *state = &office;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        buf_deinit(&office.sent[i].frame);
    }
    world_free(&office.world);
    wake_close(&office.wake);
    return 0;
}

static void receipts_and_deliveries_speak_only_of_what_is_durable(void **state)
{
    (void)state;
    cut_all();
    start_threads();
    for (uint32_t agency = 1; agency <= WORLD_AGENCIES; agency++) {
        fetch(agency);
    }

    while (settled() < FRAMES) {
        send_what_is_not_settled();
        while (!answered_all()) {
            net_wait();
        }
    }
    while (!read_all()) {
        net_wait();
    }
    stop_threads();

    for (size_t i = 0; i < FRAMES; i++) {
        assert_true(office.sent[i].answers >= 1);
    }
    expect_replay_is_the_same(office.world->store);
}

static void every_frame_sent_once_is_answered_once(void **state)
{
    (void)state;
    cut_all();
    start_threads();

    for (size_t i = 0; i < FRAMES; i++) {
        world_receive(office.world, office.sent[i].agency, buf_slice(&office.sent[i].frame));
    }
    while (!answered_all()) {
        net_wait();
    }
    net_turn();
    stop_threads();

    for (size_t i = 0; i < FRAMES; i++) {
        assert_int_equal(office.sent[i].answers, 1);
    }
}

/* The same frames through one thread give the same entries and the same leaves but for their order,
 * time and salt. */
static void threads_lose_and_invent_no_entry(void **state)
{
    uint64_t many[STORE_TABLES_MAX];
    uint64_t one[STORE_TABLES_MAX];
    (void)state;
    cut_all();
    start_threads();
    send_what_is_not_settled();
    while (!answered_all()) {
        net_wait();
    }
    stop_threads();
    assert_int_equal(settled(), FRAMES);
    assert_int_equal(store_rows(office.world->store, many), 0);

    struct world *alone = world_new();
    alone->gate.quota_records = 1000000;
    for (size_t i = 0; i < FRAMES; i++) {
        world_receive(alone, office.sent[i].agency, buf_slice(&office.sent[i].frame));
        world_turn(alone);
        world_forget_letters(alone);
    }
    assert_int_equal(store_rows(alone->store, one), 0);

    static const unsigned tables[] = {T_ENTRY, T_STREAM, T_SUBJECT, T_TOKEN, T_CHRONOLOGY, T_BLOB};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        assert_int_equal(many[tables[i]], one[tables[i]]);
    }
    world_free(&alone);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(receipts_and_deliveries_speak_only_of_what_is_durable),
        STORY(every_frame_sent_once_is_answered_once),
        STORY(threads_lose_and_invent_no_entry),
    };
    return cmocka_run_group_tests_name("broker_threads", tests, NULL, NULL);
}
