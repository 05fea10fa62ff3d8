/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"

/* Their own allocators end the process before ours can. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED_HEAP 1
#endif
#endif
#ifndef SANITIZED_HEAP
#define SANITIZED_HEAP 0
#endif

static void slices_are_equal_when_their_bytes_are(void **state)
{
    (void)state;

    assert_true(slice_equal(slice_of_text("abc"), slice_make("abcd", 3)));
    assert_false(slice_equal(slice_of_text("abc"), slice_of_text("abd")));
    assert_false(slice_equal(slice_of_text("abc"), slice_of_text("ab")));
    assert_true(slice_equal(SLICE_NULL, slice_of_text("")));
    assert_true(slice_is_text(slice_make("xyz", 2), "xy"));
    assert_false(slice_is_text(slice_make("xyz", 2), "xyz"));
}

static void what_a_writer_wrote_a_reader_reads(void **state)
{
    uint8_t storage[64];
    uint8_t three[3];
    (void)state;

    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, 0xab);
    write_u16(&writer, 0xabcd);
    write_u32(&writer, 0xabcdef01);
    write_u64(&writer, UINT64_MAX - 1);
    write_i32(&writer, -5);
    write_bytes(&writer, "\1\2\3", 3);
    write_sized(&writer, slice_of_text("sized"));
    write_text(&writer, "te");
    write_slice(&writer, slice_of_text("xt"));
    assert_true(writer_ok(&writer));
    struct reader reader = reader_over(writer_slice(&writer));

    assert_int_equal(read_u8(&reader), 0xab);
    assert_int_equal(read_u16(&reader), 0xabcd);
    assert_int_equal(read_u32(&reader), 0xabcdef01);
    assert_true(read_u64(&reader) == UINT64_MAX - 1);
    assert_int_equal(read_i32(&reader), -5);
    read_into(&reader, three, sizeof(three));
    assert_memory_equal(three, "\1\2\3", 3);
    assert_true(slice_is_text(read_sized(&reader, 5), "sized"));
    assert_false(reader_end(&reader));
    assert_true(slice_is_text(read_bytes(&reader, 4), "text"));
    assert_true(reader_end(&reader));
}

static void integers_are_big_endian(void **state)
{
    uint8_t storage[14];
    (void)state;

    struct writer writer = writer_over(storage, sizeof(storage));
    write_u16(&writer, 0x0102);
    write_u32(&writer, 0x03040506);
    write_u64(&writer, 0x0708090a0b0c0d0eULL);

    assert_memory_equal(storage, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16", sizeof(storage));
}

static void signed_integers_sort_as_bytes(void **state)
{
    static const int32_t rising[] = {INT32_MIN, -25567, -1, 0, 1, 84005, INT32_MAX};
    uint8_t storage[ARRAY_LEN(rising)][4];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rising); i++) {
        struct writer writer = writer_over(storage[i], 4);
        write_i32(&writer, rising[i]);
    }

    for (size_t i = 1; i < ARRAY_LEN(rising); i++) {
        struct reader reader = reader_over(SLICE_OF(storage[i]));
        assert_true(memcmp(storage[i - 1], storage[i], 4) < 0);
        assert_int_equal(read_i32(&reader), rising[i]);
    }
}

static void a_reader_that_overran_yields_zeros_for_ever(void **state)
{
    static const uint8_t three[] = {1, 2, 3};
    uint8_t out[2] = {9, 9};
    (void)state;

    struct reader reader = reader_over(SLICE_OF(three));
    assert_int_equal(read_u32(&reader), 0);

    assert_false(reader_ok(&reader));
    assert_false(reader_end(&reader));
    assert_int_equal(read_u8(&reader), 0);
    assert_int_equal(read_i32(&reader), 0);
    assert_int_equal(read_bytes(&reader, 1).len, 0);
    read_into(&reader, out, sizeof(out));
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 0);
}

static void a_sized_field_longer_than_allowed_or_than_the_rest_fails(void **state)
{
    static const uint8_t five[] = {0, 0, 0, 5, 'a', 'b', 'c', 'd', 'e'};
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    (void)state;

    struct reader fits = reader_over(SLICE_OF(five));
    struct reader too_long = reader_over(SLICE_OF(five));
    struct reader beyond = reader_over(SLICE_OF(huge));
    struct reader cut = reader_over(slice_make(five, 3));

    assert_int_equal(read_sized(&fits, 5).len, 5);
    assert_true(reader_end(&fits));
    assert_int_equal(read_sized(&too_long, 4).len, 0);
    assert_false(reader_ok(&too_long));
    assert_int_equal(read_sized(&beyond, SIZE_MAX).len, 0);
    assert_false(reader_ok(&beyond));
    assert_int_equal(read_sized(&cut, 100).len, 0);
    assert_false(reader_ok(&cut));
}

static void a_writer_fills_its_storage_exactly_and_then_fails(void **state)
{
    uint8_t storage[5] = {0, 0, 0, 0, 7};
    (void)state;

    struct writer writer = writer_over(storage, 4);
    write_format(&writer, "%s%d", "ab", 12);
    assert_true(writer_ok(&writer));
    assert_true(slice_is_text(writer_slice(&writer), "ab12"));
    write_u8(&writer, 1);

    assert_false(writer_ok(&writer));
    assert_int_equal(storage[4], 7);
}

static void a_writer_that_failed_writes_nothing_more(void **state)
{
    uint8_t storage[4] = {0};
    (void)state;

    struct writer writer = writer_over(storage, sizeof(storage));
    write_bytes(&writer, "12345", 5);
    write_u8(&writer, 1);
    write_format(&writer, "%d", 1);

    assert_false(writer_ok(&writer));
    assert_int_equal(writer.len, 0);
    assert_int_equal(storage[0], 0);
}

static void a_buf_grows_up_to_its_ceiling(void **state)
{
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(1000);
    (void)state;

    for (int i = 0; i < 100; i++) {
        buf_format(&buf, "%s-%04d.%s", "ab", i, "c");
    }
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.len, 900);
    for (int i = 0; i < 10; i++) {
        buf_add_text(&buf, "0123456789");
    }

    assert_true(buf_ok(&buf));
    assert_int_equal(buf_slice(&buf).len, 1000);
    assert_memory_equal(buf_slice(&buf).data, "ab-0000.cab-0001.c", 18);
    assert_int_equal(strlen(buf_text(&buf)), 1000);
    buf_add(&buf, "x", 1);
    assert_false(buf_ok(&buf));
    assert_int_equal(buf.len, 1000);
    assert_string_equal(buf_text(&buf), "");
}

static void a_failed_buf_stays_failed_until_reset(void **state)
{
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(4);
    (void)state;

    buf_add_text(&buf, "12345");
    buf_add_text(&buf, "1");
    assert_false(buf_ok(&buf));
    assert_null(buf_extend(&buf, 1));
    buf_reset(&buf);
    buf_add_slice(&buf, slice_of_text("1234"));

    assert_true(buf_ok(&buf));
    assert_string_equal(buf_text(&buf), "1234");
    buf_format(&buf, "%d", 5);
    assert_false(buf_ok(&buf));
}

static void a_buf_without_ceiling_room_takes_nothing_but_nothing(void **state)
{
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(0);
    (void)state;

    buf_add(&buf, NULL, 0);
    assert_true(buf_ok(&buf));
    assert_string_equal(buf_text(&buf), "");
    buf_add_text(&buf, "x");

    assert_false(buf_ok(&buf));
}

static void a_buf_is_usable_after_deinit(void **state)
{
    struct buf buf = BUF_MAX(16);
    (void)state;

    buf_add_text(&buf, "first");
    buf_deinit(&buf);
    assert_string_equal(buf_text(&buf), "");
    uint8_t *room = buf_extend(&buf, 6);

    assert_non_null(room);
    memcpy(room, "second", 6);
    assert_string_equal(buf_text(&buf), "second");
    buf_deinit(&buf);
}

static void running_out_of_memory_ends_the_process(void **state)
{
    int status;
    (void)state;

    if (SANITIZED_HEAP) {
        skip();
    }

    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        volatile size_t too_much = SIZE_MAX / 4;
        void *memory = base_zalloc(too_much, 2);
        _exit(memory != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 74);
}

static void base_free_nulls_what_it_frees(void **state)
{
    char *text = base_strdup("text");
    uint64_t *numbers = base_zalloc(3, sizeof(*numbers));
    void *nothing = base_alloc(0);
    (void)state;

    assert_string_equal(text, "text");
    assert_true(numbers[0] == 0 && numbers[2] == 0);
    base_free(&text);
    base_free(&numbers);
    base_free(&nothing);
    base_free(&nothing);

    assert_null(text);
    assert_null(numbers);
    assert_null(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_equal_when_their_bytes_are),
        cmocka_unit_test(what_a_writer_wrote_a_reader_reads),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(signed_integers_sort_as_bytes),
        cmocka_unit_test(a_reader_that_overran_yields_zeros_for_ever),
        cmocka_unit_test(a_sized_field_longer_than_allowed_or_than_the_rest_fails),
        cmocka_unit_test(a_writer_fills_its_storage_exactly_and_then_fails),
        cmocka_unit_test(a_writer_that_failed_writes_nothing_more),
        cmocka_unit_test(a_buf_grows_up_to_its_ceiling),
        cmocka_unit_test(a_failed_buf_stays_failed_until_reset),
        cmocka_unit_test(a_buf_without_ceiling_room_takes_nothing_but_nothing),
        cmocka_unit_test(a_buf_is_usable_after_deinit),
        cmocka_unit_test(running_out_of_memory_ends_the_process),
        cmocka_unit_test(base_free_nulls_what_it_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
