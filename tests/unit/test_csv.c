/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "csv/csv.h"

/* Rows as "number:cell|cell\n". */
static int write_row(void *data, const struct csv_row *row)
{
    struct buf *out = data;

    buf_format(out, "%llu:", (unsigned long long)row->number);
    for (size_t i = 0; i < row->n; i++) {
        buf_add_text(out, i > 0 ? "|" : "");
        buf_add_slice(out, row->cells[i]);
    }
    buf_add_text(out, "\n");
    return 0;
}

static int read_in_pieces(struct slice text, size_t piece, enum csv_encoding encoding,
                          struct buf *out, struct error *error)
{
    _cleanup_(csv_drop) struct csv *csv = csv_new(encoding, write_row, out);
    int r = 0;

    for (size_t at = 0; r == 0 && at < text.len; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        r = csv_feed(csv, slice_make(text.data + at, len), error);
    }
    return r != 0 ? r : csv_end(csv, error);
}

static void expect_rows(struct slice text, enum csv_encoding encoding, const char *rows)
{
    static const size_t pieces[] = {1, 2, 7, 100000};

    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
        struct error error = ERROR_NULL;
        assert_int_equal(read_in_pieces(text, pieces[i], encoding, &out, &error), 0);
        assert_string_equal(buf_text(&out), rows);
    }
}

static void expect_refused(struct slice text, const char *where, const char *what)
{
    static const size_t pieces[] = {1, 7, 100000};

    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        _cleanup_(buf_deinit) struct buf out = BUF_MAX(65536);
        struct error error = ERROR_NULL;
        assert_int_equal(read_in_pieces(text, pieces[i], CSV_UTF_8, &out, &error), -EINVAL);
        assert_string_equal(error.where, where);
        assert_non_null(strstr(error.what, what));
    }
}

static void rows_are_the_same_whatever_the_pieces(void **state)
{
    (void)state;

    expect_rows(slice_of_text("a,b\r\n1, 2 \r\n\"x, \"\"y\"\"\",\r\n"), CSV_UTF_8,
                "1:a|b\n2:1|2\n3:x, \"y\"|\n");
}

static void rows_are_numbered_as_a_spreadsheet_does(void **state)
{
    (void)state;

    expect_rows(slice_of_text("a\r\n\r\n,,\r\nb\r\n"), CSV_UTF_8, "1:a\n4:b\n");
    expect_rows(slice_of_text("a\n\n\nb\n"), CSV_UTF_8, "1:a\n4:b\n");
    expect_rows(slice_of_text("a\n\"two\nlines\",\nb"), CSV_UTF_8, "1:a\n2:two\nlines|\n3:b\n");
    expect_rows(slice_of_text("a\rb\r"), CSV_UTF_8, "1:a\n2:b\n");
}

static void a_byte_order_mark_is_no_part_of_the_first_cell(void **state)
{
    (void)state;

    expect_rows(slice_of_text("\xef\xbb\xbf"
                              "a,b\n"),
                CSV_UTF_8, "1:a|b\n");
    expect_rows(slice_of_text("\xef\xbb\xbf"
                              "\xc3\xa9\n"),
                CSV_WINDOWS_1252, "1:\xc3\xa9\n");
    expect_rows(slice_of_text("\xef\xbb"), CSV_UTF_8, "1:\xef\xbb\n");
    expect_rows(SLICE_NULL, CSV_UTF_8, "");
}

static void windows_1252_becomes_utf_8(void **state)
{
    (void)state;

    expect_rows(slice_of_text("Zo\xeb,O\x92Hara,\x80\n"), CSV_WINDOWS_1252,
                "1:Zo\xc3\xab|O\xe2\x80\x99Hara|\xe2\x82\xac\n");
}

static void what_makes_the_rest_unbelievable_ends_the_reading(void **state)
{
    (void)state;

    expect_refused(slice_of_text("a,b\n1,2\"3\n"), "row 2", "quotation mark");
    expect_refused(slice_of_text("a,b\n1,\"2\n3,4\n"), "row 2", "quotation mark");
    expect_refused(slice_make("a,b\n1,\0\n", 8), "row 2", "zero byte");
    expect_refused(slice_make("\xff\xfe"
                              "a\0b\0",
                              6),
                   "row 1", "UTF-16");
}

static void a_cell_of_ten_million_bytes_ends_the_reading_in_bounded_memory(void **state)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(11 * 1000 * 1000);
    (void)state;
    buf_add_text(&text, "a,b\n1,\"");
    uint8_t *cell = buf_extend(&text, 10 * 1000 * 1000);
    assert_non_null(cell);
    memset(cell, 'x', 10 * 1000 * 1000);
    buf_add_text(&text, "\"\n");

    expect_refused(buf_slice(&text), "row 2", "far too long");
}

static void a_row_has_so_many_cells_and_no_more(void **state)
{
    char text[2 * CSV_CELLS_MAX + 2];
    (void)state;
    memset(text, ',', sizeof(text));
    text[0] = 'a';

    expect_refused(slice_make(text, CSV_CELLS_MAX + 1), "row 1", "too many cells");
}

static int stop(void *data, const struct csv_row *row)
{
    (void)data;
    return row->number == 2 ? -ENOSPC : 0;
}

static void the_handler_can_end_the_reading(void **state)
{
    struct error error = ERROR_NULL;
    _cleanup_(csv_drop) struct csv *csv = csv_new(CSV_UTF_8, stop, NULL);
    (void)state;

    assert_int_equal(csv_feed(csv, slice_of_text("a\nb\nc\n"), &error), -ENOSPC);
}

static void a_file_is_read_from_its_beginning_each_time(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    struct error error = ERROR_NULL;
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    assert_int_equal(fputs("a,b\n1,2\n", file) < 0, 0);
    assert_int_equal(fflush(file), 0);
    const struct csv_source source = {.fd = fileno(file)};

    for (int i = 0; i < 2; i++) {
        _cleanup_(csv_drop) struct csv *csv = csv_new(CSV_UTF_8, write_row, &out);
        assert_int_equal(csv_read(&source, csv, &error), 0);
    }

    assert_string_equal(buf_text(&out), "1:a|b\n2:1|2\n1:a|b\n2:1|2\n");
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_same_whatever_the_pieces),
        cmocka_unit_test(rows_are_numbered_as_a_spreadsheet_does),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_cell),
        cmocka_unit_test(windows_1252_becomes_utf_8),
        cmocka_unit_test(what_makes_the_rest_unbelievable_ends_the_reading),
        cmocka_unit_test(a_cell_of_ten_million_bytes_ends_the_reading_in_bounded_memory),
        cmocka_unit_test(a_row_has_so_many_cells_and_no_more),
        cmocka_unit_test(the_handler_can_end_the_reading),
        cmocka_unit_test(a_file_is_read_from_its_beginning_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
