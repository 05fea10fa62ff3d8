/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a school's system exports: a register. The first byte chooses how the file is written and
 * what its columns are. Whatever comes: a row is believed only with a pupil who has a key and a
 * birth that is not ahead; what is not believed has words of ours and no value; the same bytes in
 * other pieces are the same rows.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "agents/school/absence.h"
#include "agents/school/pupil.h"
#include "base/date.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"

#define TODAY 20779 /* 2026-11-22 */

static struct secret key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    secret_set(&key, "0123456789abcdef0123456789abcdef", 32);
    return crypto_init(&error);
}

struct seen {
    struct pupil_terms terms;
    struct pupils pupils;
    uint64_t rows;
    uint64_t last;
};

static void expect_believed(struct seen *seen, const struct identity *identity)
{
    bool is_new;
    struct pupil_finding note = pupil_note(identity);
    const struct pupil *pupil = pupils_add(&seen->pupils, &seen->terms, identity, &is_new);

    assert(pupil != NULL || seen->pupils.n == PUPILS_MAX);
    assert(note.what != NULL || identifier_is_sound(&identity->upn));
    assert(!identity->has_birth || identity->birth_day <= TODAY);
    assert(!identity->restricted || identity->postcode[0] == '\0');
    assert(identity->upn.status != IDENTIFIER_VERIFIED || seen->terms.options->upn_verified);
}

static int on_row(void *data, const struct table_row *row)
{
    struct seen *seen = data;
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    struct pupil_finding finding = PUPIL_FINDING_NULL;
    int32_t day;

    assert(row->number > seen->last);
    seen->last = row->number;
    seen->rows++;
    if (pupil_read(&seen->terms, row, &identity, &finding)) {
        expect_believed(seen, &identity);
    } else {
        assert(finding.what != NULL);
    }
    if (pupil_date(seen->terms.options, row->cells[COLUMN_DATE], &day)) {
        const struct attendance_code *code = attendance_code_find(row->cells[COLUMN_CODE], day);
        assert(code == NULL || strlen(code->text) == row->cells[COLUMN_CODE].len);
    }
    return 0;
}

static int read_register(const struct school_options *options, struct slice text, struct seen *seen)
{
    const struct csv_source source = {.fd = -1, .bytes = text};
    const struct table_reading reading = {.names = &options->attendance,
                                          .encoding = options->encoding,
                                          .handler = on_row,
                                          .data = seen};
    struct error error = ERROR_NULL;

    seen->terms = (struct pupil_terms){.options = options, .store_key = &key, .today = TODAY};
    int r = table_read(&source, &reading, &error);
    assert(r == 0 || (r == -EINVAL && error.what[0] != '\0'));
    return r;
}

static int count_row(void *data, const struct csv_row *row)
{
    uint64_t *sum = data;

    *sum = *sum * 31 + row->number;
    for (size_t i = 0; i < row->n; i++) {
        *sum = *sum * 31 + row->cells[i].len;
    }
    return 0;
}

static int read_in_pieces(enum csv_encoding encoding, struct slice text, size_t piece,
                          uint64_t *sum)
{
    _cleanup_(csv_drop) struct csv *csv = csv_new(encoding, count_row, sum);
    struct error error = ERROR_NULL;
    int r = 0;

    for (size_t at = 0; r == 0 && at < text.len; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        r = csv_feed(csv, slice_make(text.data + at, len), &error);
    }
    return r != 0 ? r : csv_end(csv, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct school_options options = {
        .attendance = {.of = {"UPN", "", "Forename", "Surname", "DOB", "Postcode", "Restricted",
                              "Date", "Session", "Code"}}};
    struct seen seen = {.pupils = PUPILS_NULL};
    uint64_t whole = 0;
    uint64_t pieces = 0;

    if (size == 0) {
        return 0;
    }
    options.encoding = (data[0] & 1) != 0 ? CSV_WINDOWS_1252 : CSV_UTF_8;
    options.british_dates = (data[0] & 2) != 0;
    options.upn_verified = (data[0] & 4) != 0;
    options.attendance.of[COLUMN_LOCAL_ID] = (data[0] & 8) != 0 ? "Adno" : "";
    options.attendance.of[COLUMN_RESTRICTED] = (data[0] & 16) != 0 ? "Restricted" : "";
    struct slice text = slice_make(data + 1, size - 1);
    (void)read_register(&options, text, &seen);
    pupils_deinit(&seen.pupils);
    int a = read_in_pieces(options.encoding, text, size, &whole);
    int b = read_in_pieces(options.encoding, text, 3, &pieces);
    assert(a == b);
    assert(a != 0 || whole == pieces);
    return 0;
}
