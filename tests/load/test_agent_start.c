/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real agent starts with a large store, every row of which it reads first: it says how far it is,
 * and asks for the time that it takes. CAIRN_LOAD_STORE_MIB is how large; what the start took, and
 * the longest that nothing was said, is printed by `./run load`.
 */
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "agents/core/state.h"
#include "base/clock.h"
#include "govern/keys.h"
#include "load/rig.h"
#include "support/crypto.h"
#include "support/setting.h"

#define STORE_MIB_DEFAULT 40 /* some tenths of a second of reading */
#define STORE_MIB_MAX     4000
#define RECORDS_A_COMMIT  10000
#define PATIENCE_MS       120000 /* without a word: it asks for that much each time */
#define EXTENDS           "EXTEND_TIMEOUT_USEC=120000000\nSTATUS=looks through its store: "

/* What an agent keeps of a record that it told, by size: entry ids and times rise, the rest has no
 * order. */
static const struct kept_part {
    enum agent_table table;
    bool ordered;
    size_t key_len;
    size_t value_len;
} parts[] = {
    {AT_OUT, true, REFERENCE_BYTES, 154},
    {AT_OUT_ENTRY, true, ENTRY_ID_BYTES, REFERENCE_BYTES},
    {AT_SOURCE, false, 33, 60},
    {AT_KEYS, true, ENTRY_ID_BYTES, 450},
    {AT_OWN, false, CAIRN_HANDLE_BYTES + 24, 0},
};

struct scene {
    struct estate estate;
    struct process agent;
    struct store *store;
    uint64_t seed;
    uint64_t records;
};
static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.agent = PROCESS_NULL, .seed = 1};
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    process_deinit(&scene.agent);
    estate_remove(&scene.estate);
    return 0;
}

/* --- the store --- */

static void open_store(void)
{
    char dir[ESTATE_PATH];
    char keys[ESTATE_PATH];
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret row_key = SECRET_NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_AGENT_MAP_BYTES,
        .tables = agent_table_names,
        .n_tables = AGENT_TABLE_COUNT,
        .allow_tmpfs = true,
        .row_tags = true,
        .row_key = &row_key,
    };
    estate_path(&scene.estate, "gp-elm/data", dir);
    estate_path(&scene.estate, "gp-elm/keys", keys);
    assert_int_equal(key_read(keys, KEY_STORE, &key, &error), 0);
    agent_row_key(&key, &row_key);
    assert_int_equal(store_open(&options, &scene.store, &error), 0);
}

static void put_part(struct store_txn *txn, const struct kept_part *part)
{
    static const uint8_t value[512] = {1};
    uint8_t key[64];
    struct writer writer = writer_over(key, part->key_len);
    if (part->ordered) {
        write_u64(&writer, scene.records);
    }
    while (writer.len < part->key_len) {
        write_u8(&writer, (uint8_t)setting_draw(&scene.seed));
    }
    store_put(txn, part->table, writer_slice(&writer), slice_make(value, part->value_len));
}

static void fill_store(uint64_t bytes)
{
    struct store_stats stats = {.used_bytes = 0};
    open_store();
    while (stats.used_bytes < bytes) {
        struct store_txn *txn = store_begin(scene.store);
        for (int i = 0; i < RECORDS_A_COMMIT; i++, scene.records++) {
            for (size_t part = 0; part < ARRAY_LEN(parts); part++) {
                put_part(txn, &parts[part]);
            }
        }
        assert_int_equal(store_commit(&txn), 0);
        assert_int_equal(store_stats(scene.store, &stats), 0);
    }
    store_close(&scene.store);
}

/* --- the start --- */

/* The next that the service manager hears. */
static void hear(char message[512])
{
    struct pollfd fds[] = {{.fd = scene.agent.notify, .events = POLLIN},
                           {.fd = scene.agent.pidfd, .events = POLLIN}};
    assert_true(poll(fds, ARRAY_LEN(fds), PATIENCE_MS) > 0);
    assert_true((fds[0].revents & POLLIN) != 0); /* it ended */
    ssize_t n = recv(scene.agent.notify, message, 511, 0);
    assert_true(n > 0);
    message[n] = '\0';
}

static void expect_word_of(const char *message, uint64_t rows, uint64_t *last)
{
    char total[64];
    assert_memory_equal(message, EXTENDS, strlen(EXTENDS));
    uint64_t looked = number_in(message + strlen(EXTENDS));
    (void)snprintf(total, sizeof(total), " of %" PRIu64 " rows", rows);
    assert_non_null(strstr(message, total));
    assert_in_range(looked, *last + 1, rows);
    *last = looked;
}

static void a_start_with_a_large_store_says_how_far_it_is_and_asks_for_the_time(void **state)
{
    const struct process_options options = {.program = "cairn-agent", .config = "gp-elm/agent.ini"};
    const struct clock *clock = clock_system();
    uint64_t mib = setting_count("CAIRN_LOAD_STORE_MIB", STORE_MIB_DEFAULT, STORE_MIB_MAX);
    char message[512] = "";
    uint64_t looked = 0;
    int64_t silent_ms = 0;
    (void)state;
    fill_store(mib << 20);

    int64_t started_ms = clock_boot_ms(clock);
    process_start(&scene.estate, &options, &scene.agent);
    for (int64_t heard_ms = started_ms; strstr(message, "READY=1") == NULL;) {
        if (message[0] != '\0') {
            expect_word_of(message, scene.records * ARRAY_LEN(parts), &looked);
        }
        hear(message);
        int64_t now_ms = clock_boot_ms(clock);
        silent_ms = now_ms - heard_ms > silent_ms ? now_ms - heard_ms : silent_ms;
        heard_ms = now_ms;
    }

    assert_true(looked > 0);
    rig_print("a store of %" PRIu64 " MiB, %" PRIu64
              " rows: ready after %.1f s, %.1f s without a word\n",
              mib, scene.records * ARRAY_LEN(parts),
              (double)(clock_boot_ms(clock) - started_ms) / 1000, (double)silent_ms / 1000);
    process_kill(&scene.agent); /* its rows mean nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_start_with_a_large_store_says_how_far_it_is_and_asks_for_the_time, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("agent_start", tests, crypto_set_up, crypto_tear_down);
}
