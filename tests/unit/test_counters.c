/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/counters.h"
#include "os/files.h"
#include "support/scratch.h"

enum {
    TAKEN,
    STORED,
    DISK_PERCENT,
    COUNTERS
};

static const char *const names[COUNTERS] = {"taken", "stored", "disk_percent"};

static struct counters given_counters(const char *path)
{
    struct counters counters = COUNTERS_NULL;
    struct clock_fake fake;

    clock_fake_init(&fake, 1795334400000);
    assert_int_equal(counters_create(path, names, COUNTERS, &fake.clock, &counters), 0);
    return counters;
}

static void another_process_reads_what_was_counted(void **state)
{
    const char *path = in_scratch(*state, "counters");
    _cleanup_(counters_close) struct counters counters = given_counters(path);
    struct counters_reading reading;

    counter_add(&counters, TAKEN, 3);
    counter_add(&counters, TAKEN, 4);
    counter_set(&counters, DISK_PERCENT, 81);

    assert_int_equal(counters_read(path, &reading), 0);
    assert_int_equal(reading.count, COUNTERS);
    assert_int_equal(reading.pid, getpid());
    assert_true(reading.start_ms == 1795334400000);
    assert_true(reading.alive);
    assert_string_equal(reading.counters[TAKEN].name, "taken");
    assert_true(reading.counters[TAKEN].value == 7);
    assert_true(reading.counters[STORED].value == 0);
    assert_string_equal(reading.counters[DISK_PERCENT].name, "disk_percent");
    assert_true(reading.counters[DISK_PERCENT].value == 81);
}

static void words_are_read_as_they_were_said_last(void **state)
{
    const char *path = in_scratch(*state, "counters");
    _cleanup_(counters_close) struct counters counters = given_counters(path);
    struct counters_reading reading;
    char longest[2 * COUNTERS_WORDS_BYTES];
    memset(longest, 'x', sizeof(longest));

    assert_int_equal(counters_read(path, &reading), 0);
    assert_string_equal(reading.words, "");
    counters_say(&counters, slice_make(longest, sizeof(longest)));
    assert_int_equal(counters_read(path, &reading), 0);
    assert_int_equal(strlen(reading.words), COUNTERS_WORDS_BYTES - 1);
    counters_say(&counters, slice_of_text("gp-elm, oak"));
    assert_int_equal(counters_read(path, &reading), 0);
    assert_string_equal(reading.words, "gp-elm, oak");
    counters_say(&counters, SLICE_NULL);

    assert_int_equal(counters_read(path, &reading), 0);
    assert_string_equal(reading.words, "");
}

struct saying {
    const struct counters *counters;
    bool stop; /* atomic */
};

static void *say_one_or_the_other(void *data)
{
    struct saying *saying = data;
    while (!__atomic_load_n(&saying->stop, __ATOMIC_RELAXED)) {
        counters_say(saying->counters, slice_of_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
        counters_say(saying->counters, slice_of_text("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
    }
    return NULL;
}

static void nobody_reads_half_of_one_name_and_half_of_another(void **state)
{
    const char *path = in_scratch(*state, "counters");
    _cleanup_(counters_close) struct counters counters = given_counters(path);
    struct saying saying = {.counters = &counters};
    pthread_t thread;
    size_t mixed = 0;

    assert_int_equal(pthread_create(&thread, NULL, say_one_or_the_other, &saying), 0);
    for (int i = 0; i < 5000; i++) {
        struct counters_reading reading;
        assert_int_equal(counters_read(path, &reading), 0);
        mixed += strchr(reading.words, 'a') != NULL && strchr(reading.words, 'b') != NULL ? 1 : 0;
    }
    __atomic_store_n(&saying.stop, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_int_equal(mixed, 0);
}

static void a_closed_file_keeps_its_values_and_no_longer_lives(void **state)
{
    const char *path = in_scratch(*state, "counters");
    struct counters counters = given_counters(path);
    struct counters_reading reading;
    counter_add(&counters, STORED, 9);

    counters_close(&counters);
    counters_close(&counters);

    assert_int_equal(counters_read(path, &reading), 0);
    assert_false(reading.alive);
    assert_true(reading.counters[STORED].value == 9);
}

static void a_process_that_dies_leaves_its_numbers_marked_dead(void **state)
{
    const char *path = in_scratch(*state, "counters");
    struct counters_reading reading;
    int status;

    pid_t child = fork();
    if (child == 0) {
        struct counters counters = given_counters(path);
        counter_add(&counters, STORED, 5);
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(counters_read(path, &reading), 0);
    assert_false(reading.alive);
    assert_int_equal(reading.pid, child);
    assert_true(reading.counters[STORED].value == 5);
}

static void a_living_writer_is_not_displaced_and_a_dead_one_is(void **state)
{
    const char *path = in_scratch(*state, "counters");
    struct counters first = given_counters(path);
    struct counters second = COUNTERS_NULL;
    struct clock_fake fake;
    struct counters_reading reading;
    clock_fake_init(&fake, 1795334400001);
    counter_add(&first, TAKEN, 1);

    assert_int_equal(counters_create(path, names, 1, &fake.clock, &second), -EBUSY);
    assert_null(second.file);
    counters_close(&first);
    assert_int_equal(counters_create(path, names, 1, &fake.clock, &second), 0);

    assert_int_equal(counters_read(path, &reading), 0);
    assert_int_equal(reading.count, 1);
    assert_true(reading.counters[TAKEN].value == 0);
    assert_true(reading.start_ms == 1795334400001);
    counters_close(&second);
}

static void without_counters_counting_does_nothing(void **state)
{
    struct counters none = COUNTERS_NULL;
    (void)state;

    counter_add(&none, TAKEN, 1);
    counter_set(&none, TAKEN, 1);
    counters_say(&none, slice_of_text("x"));
    counters_close(&none);

    assert_null(none.file);
}

static void *count_to_many(void *data)
{
    const struct counters *counters = data;

    for (int i = 0; i < 20000; i++) {
        counter_add(counters, TAKEN, 1);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    const char *path = in_scratch(*state, "counters");
    struct counters counters = given_counters(path);
    struct counters_reading reading;
    pthread_t threads[4];

    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_to_many, &counters), 0);
    }
    assert_int_equal(counters_read(path, &reading), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }

    assert_int_equal(counters_read(path, &reading), 0);
    assert_true(reading.counters[TAKEN].value == 80000);
    counters_close(&counters);
}

static void the_file_is_laid_out_as_described(void **state)
{
    const char *path = in_scratch(*state, "counters");
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(65536);
    struct counters counters = given_counters(path);
    uint64_t value = 0;
    uint32_t number = 0;
    counter_set(&counters, STORED, 0x1122334455667788ULL);
    counters_say(&counters, slice_of_text("gp-elm"));

    assert_int_equal(file_read(path, &buf), 0);

    assert_int_equal(buf.len, 256 + 64 * COUNTERS);
    assert_memory_equal(buf.data, "CAIRNCNT", 8);
    memcpy(&number, buf.data + 8, 4);
    assert_int_equal(number, 1);
    memcpy(&number, buf.data + 12, 4);
    assert_int_equal(number, COUNTERS);
    assert_string_equal((const char *)buf.data + 64, "gp-elm");
    assert_string_equal((const char *)buf.data + 256 + 64 * STORED, "stored");
    memcpy(&value, buf.data + 256 + 64 * STORED + 56, 8);
    assert_true(value == 0x1122334455667788ULL);
    counters_close(&counters);
}

static void what_is_no_counters_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct counters_reading reading = {.pid = 77};
    _cleanup_(buf_deinit) struct buf good = BUF_MAX(65536);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s", in_scratch(scratch, "counters"));
    struct counters counters = given_counters(path);
    counters_close(&counters);
    assert_int_equal(file_read(path, &good), 0);
    static const struct {
        size_t offset;
        uint8_t byte;
    } damage[] = {{0, 'X'}, {7, 0}, {8, 2}, {12, 200}, {13, 0xff}, {15, 0xff}};

    for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
        uint8_t kept = good.data[damage[i].offset];
        good.data[damage[i].offset] = damage[i].byte;
        assert_int_equal(file_write_atomic(path, buf_slice(&good), 0600), 0);
        assert_int_equal(counters_read(path, &reading), -EBADMSG);
        good.data[damage[i].offset] = kept;
    }
    for (size_t len = 0; len < good.len; len += 16) {
        assert_int_equal(file_write_atomic(path, slice_make(good.data, len), 0600), 0);
        assert_int_equal(counters_read(path, &reading), -EBADMSG);
    }

    assert_int_equal(counters_read(in_scratch(scratch, "none"), &reading), -ENOENT);
    assert_int_equal(counters_read(scratch->dir, &reading), -EBADMSG);
    assert_int_equal(reading.pid, 77);
}

static void what_cannot_be_printed_is_read_as_question_marks(void **state)
{
    const char *path = in_scratch(*state, "counters");
    struct counters_reading reading;
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(65536);
    struct counters counters = given_counters(path);
    counters_say(&counters, slice_of_text("gp-elm, oak"));
    counters_close(&counters);
    assert_int_equal(file_read(path, &file), 0);
    memcpy(file.data + 64, "\x1b[2J\xff", 5);
    memcpy(file.data + 256 + 64 * STORED, "\xc3\n", 2);
    assert_int_equal(file_write_atomic(path, buf_slice(&file), 0600), 0);

    assert_int_equal(counters_read(path, &reading), 0);

    assert_string_equal(reading.words, "?[2J?m, oak");
    assert_string_equal(reading.counters[STORED].name, "??ored");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(another_process_reads_what_was_counted),
        IN_FOLDER(words_are_read_as_they_were_said_last),
        IN_FOLDER(nobody_reads_half_of_one_name_and_half_of_another),
        IN_FOLDER(a_closed_file_keeps_its_values_and_no_longer_lives),
        IN_FOLDER(a_process_that_dies_leaves_its_numbers_marked_dead),
        IN_FOLDER(a_living_writer_is_not_displaced_and_a_dead_one_is),
        IN_FOLDER(without_counters_counting_does_nothing),
        IN_FOLDER(threads_lose_no_count),
        IN_FOLDER(the_file_is_laid_out_as_described),
        IN_FOLDER(what_is_no_counters_file_is_refused),
        IN_FOLDER(what_cannot_be_printed_is_read_as_question_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
