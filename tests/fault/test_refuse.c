/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps the broker from starting: each is said in words, and nothing is changed by the try. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "crypto/sign.h"
#include "govern/keys.h"
#include "ledger/journal.h"
#include "net/router.h"
#include "os/files.h"
#include "signer/highwater.h"
#include "support/ledger_store.h"
#include "support/load.h"

struct scene {
    struct estate estate;
    struct process broker;
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "mash", "mash");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

static const char *in(const char *name)
{
    static char path[ESTATE_PATH];
    estate_path(&scene.estate, name, path);
    return path;
}

static void run_once(void)
{
    broker_start(&scene.estate, &scene.broker);
    process_stop(&scene.broker);
}

static void expect_refusal_with(const char *argument, const char *words)
{
    const struct process_options options = {.argument = argument};
    broker_start_with(&scene.estate, &options, &scene.broker);
    bool ready = process_ready(&scene.broker);
    if (ready) {
        print_error("it starts in spite of: %s\n", words);
        process_kill(&scene.broker);
    }
    assert_false(ready);
    int status = process_wait(&scene.broker);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    if (!process_said(&scene.broker, words)) {
        print_error("it does not say \"%s\": see %s\n", words, scene.broker.log);
    }
    assert_true(process_said(&scene.broker, "refused_to_start"));
    assert_true(process_said(&scene.broker, words));
}

static void expect_refusal(const char *words)
{
    expect_refusal_with(NULL, words);
}

/* --- keys --- */

static const char *const keys[] = {KEY_TRANSPORT, KEY_CHECKPOINT, KEY_PEPPER};

static void a_key_that_others_can_read_is_refused_with_the_command_that_helps(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "north/broker/keys/%s", keys[i]);
        assert_int_equal(chmod(in(name), 0640), 0);
        expect_refusal("chmod");
        assert_int_equal(chmod(in(name), 0600), 0);
    }
    run_once();
}

static void a_key_that_is_not_there_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(unlink(in("north/broker/keys/" KEY_PEPPER)), 0);

    expect_refusal(KEY_PEPPER);
}

static void another_checkpoint_key_is_refused_before_it_signs_anything(void **state)
{
    struct error error = ERROR_NULL;
    char folder[ESTATE_PATH];
    struct signer *signer = NULL;
    (void)state;
    run_once();
    estate_path(&scene.estate, "north/broker/keys", folder);
    assert_int_equal(unlink(in("north/broker/keys/" KEY_CHECKPOINT)), 0);
    assert_int_equal(key_new_signing(folder, KEY_CHECKPOINT, &signer, &error), 0);
    signer_free(&signer);

    expect_refusal("is not the key that the directory names");
}

/* --- the store --- */

static struct store *open_store(void)
{
    char dir[ESTATE_PATH];
    estate_path(&scene.estate, "north/broker/data", dir);
    return ledger_store_open(dir);
}

static void set_meta(const char *name, uint64_t value)
{
    struct store *store = open_store();
    struct store_txn *txn = store_begin(store);
    meta_put(txn, name, value);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
}

static void copy_file(const char *from, const char *to)
{
    char source[ESTATE_PATH];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(256 * 1024 * 1024);
    estate_path(&scene.estate, from, source);
    assert_int_equal(file_read(source, &bytes), 0);
    assert_int_equal(file_write_atomic(in(to), buf_slice(&bytes), 0600), 0);
}

static void a_store_older_than_its_high_water_mark_is_refused(void **state)
{
    (void)state;
    run_once();
    copy_file("north/broker/data/data.mdb", "older.mdb");
    run_once();
    copy_file("older.mdb", "north/broker/data/data.mdb");

    expect_refusal("older than its high-water mark");
}

static void a_store_whose_newest_batch_lies_in_the_future_is_refused_unless_told(void **state)
{
    struct process_options options = {.argument = "--accept-clock"};
    (void)state;
    run_once();
    set_meta("time-ms", (uint64_t)clock_real_ms(clock_system()) + 3 * UINT64_C(86400000));

    expect_refusal("--accept-clock");

    broker_start_with(&scene.estate, &options, &scene.broker);
    assert_true(process_ready(&scene.broker));
    process_stop(&scene.broker);
}

static void a_store_of_another_schema_is_refused(void **state)
{
    (void)state;
    run_once();

    set_meta("schema", STATE_SCHEMA - 1);
    expect_refusal("was written by another version of the broker (schema 1, not 2)");
    set_meta("schema", STATE_SCHEMA + 1);
    expect_refusal("was written by another version of the broker (schema 3, not 2)");
}

static void a_store_that_others_may_enter_is_refused(void **state)
{
    (void)state;
    assert_int_equal(chmod(in("north/broker/data"), 0755), 0);

    expect_refusal("north/broker/data");

    assert_int_equal(chmod(in("north/broker/data"), 0700), 0);
}

static void a_second_broker_over_the_same_store_is_refused(void **state)
{
    struct process second = PROCESS_NULL;
    const struct process_options options = {.program = NULL};
    (void)state;
    broker_start(&scene.estate, &scene.broker);

    broker_start_with(&scene.estate, &options, &second);

    assert_false(process_ready(&second));
    int status = process_wait(&second);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    assert_true(process_said(&second, "another broker is running on"));
    process_stop(&scene.broker);
}

static void a_head_that_an_agency_showed_keeps_it_from_starting(void **state)
{
    const struct checkpoint shown = {.size = 3, .root = {.bytes = {0xF0}}};
    (void)state;
    run_once();
    assert_int_equal(highwater_accuse(in("north/broker/highwater"), &shown), 0);

    expect_refusal("differs from what was signed");
}

/* --- configuration and governance --- */

static void a_worst_case_beyond_the_memory_limit_is_refused_with_the_sum(void **state)
{
    (void)state;
    estate_configure(&scene.estate, "memory_limit", "16M");

    expect_refusal("worst case");
}

static void a_document_that_the_root_did_not_sign_is_refused(void **state)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    (void)state;
    assert_int_equal(file_read(in("north/governance/directory.json"), &text), 0);
    buf_add_text(&text, " ");
    assert_int_equal(
        file_write_atomic(in("north/governance/directory.json"), buf_slice(&text), 0600), 0);

    expect_refusal("directory");
}

static void without_documents_it_does_not_start(void **state)
{
    (void)state;
    assert_int_equal(unlink(in("north/governance/root.json")), 0);

    expect_refusal("root");
}

static void a_taken_port_is_refused(void **state)
{
    struct estate other;
    struct process first = PROCESS_NULL;
    (void)state;
    estate_make(&other);
    estate_configure(&other, "endpoint", scene.estate.endpoint);
    broker_start(&other, &first);

    expect_refusal(scene.estate.endpoint);

    process_stop(&first);
    estate_remove(&other);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_key_that_others_can_read_is_refused_with_the_command_that_helps),
        STORY(a_key_that_is_not_there_is_refused_by_name),
        STORY(another_checkpoint_key_is_refused_before_it_signs_anything),
        STORY(a_store_older_than_its_high_water_mark_is_refused),
        STORY(a_store_whose_newest_batch_lies_in_the_future_is_refused_unless_told),
        STORY(a_store_of_another_schema_is_refused),
        STORY(a_store_that_others_may_enter_is_refused),
        STORY(a_second_broker_over_the_same_store_is_refused),
        STORY(a_head_that_an_agency_showed_keeps_it_from_starting),
        STORY(a_worst_case_beyond_the_memory_limit_is_refused_with_the_sum),
        STORY(a_document_that_the_root_did_not_sign_is_refused),
        STORY(without_documents_it_does_not_start),
        STORY(a_taken_port_is_refused),
    };
    struct error error = ERROR_NULL;
    int r = crypto_init(&error);
    r = r == 0 ? cmocka_run_group_tests_name("refuse", tests, NULL, NULL) : r;
    crypto_deinit();
    return r;
}
