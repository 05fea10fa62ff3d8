/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcsv tells of each cell and of each end of a row, for empty rows too (CSV_REPALL_NL), so that
 * rows are counted as a spreadsheet does: the line feed of a CR LF ends no second row. Its buffer
 * grows with a cell; it is fed in small pieces and its size is looked at after each.
 */
#include "csv/csv.h"

#include <csv.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES     1024
#define CONVERTED_BYTES (3 * PIECE_BYTES) /* a byte of Windows-1252 has at most three in UTF-8 */
#define MARK            "\xef\xbb\xbf"
#define MARK_BYTES      3

struct csv {
    struct csv_parser parser;
    enum csv_encoding encoding;
    csv_handler *handler;
    void *data;
    uint64_t number;           /* of the row that is being read */
    uint8_t begin[MARK_BYTES]; /* the first bytes, until it is known whether they are a mark */
    size_t n_begin;
    bool begun;
    bool after_return; /* the last byte of all was a CR that ended a row */
    struct buf row;
    size_t n;
    size_t ends[CSV_CELLS_MAX];
    int result; /* the handler's, or -EINVAL with the reason in `error` */
    struct error *error;
};

static int refuse(struct csv *csv, const char *what)
{
    char where[32] = "row ";
    struct writer writer = writer_over(where, sizeof(where) - 1);
    write_format(&writer, "row %llu", (unsigned long long)csv->number);
    csv->result = -EINVAL;
    return error_set(csv->error, where, "%s", what);
}

static void on_cell(void *cell, size_t len, void *data)
{
    struct csv *csv = data;
    if (csv->result != 0) {
        return;
    }
    csv->after_return = false;
    if (len > CSV_CELL_MAX_BYTES) {
        (void)refuse(csv, "has a cell that is far too long: look for a quotation mark (\") that is "
                          "never closed");
        return;
    }
    if (len > 0) {
        buf_add(&csv->row, cell, len);
    }
    if (csv->n == CSV_CELLS_MAX || !buf_ok(&csv->row)) {
        (void)refuse(csv, "has too many cells or too much text: is this a comma-separated file?");
        return;
    }
    csv->ends[csv->n++] = csv->row.len;
}

/* -1 stands for the end of the file. */
static void on_row(int ended_by, void *data)
{
    struct csv *csv = data;
    struct slice cells[CSV_CELLS_MAX];
    size_t at = 0;
    bool second_half = csv->n == 0 && ended_by == '\n' && csv->after_return;
    csv->after_return = ended_by == '\r';
    if (csv->result != 0 || second_half) {
        return;
    }
    for (size_t i = 0; csv->row.len > 0 && i < csv->n; i++) {
        cells[i] = slice_make(csv->row.data + at, csv->ends[i] - at);
        at = csv->ends[i];
    }
    if (csv->row.len > 0) {
        struct csv_row row = {.number = csv->number, .n = csv->n, .cells = cells};
        csv->result = csv->handler(csv->data, &row);
    }
    csv->number++;
    csv->n = 0;
    buf_reset(&csv->row);
}

struct csv *csv_new(enum csv_encoding encoding, csv_handler *handler, void *data)
{
    struct csv *csv = base_zalloc(1, sizeof(*csv));
    int r = csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    assert(r == 0);
    csv_set_blk_size(&csv->parser, PIECE_BYTES);
    csv->encoding = encoding;
    csv->handler = handler;
    csv->data = data;
    csv->number = 1;
    csv->row = BUF_MAX(CSV_ROW_MAX_BYTES);
    return csv;
}

void csv_drop(struct csv **owned)
{
    struct csv *csv = *owned;
    if (csv != NULL) {
        if (csv->parser.entry_buf != NULL) {
            explicit_bzero(csv->parser.entry_buf, csv_get_buffer_size(&csv->parser));
        }
        csv_free(&csv->parser);
        buf_deinit(&csv->row);
        base_free(owned);
    }
}

/* --- bytes --- */

/* 0x80 to 0x9f of Windows-1252; 0 for what it leaves open. The rest is as in Latin-1. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static void write_utf8(struct writer *writer, uint8_t byte)
{
    uint32_t point = byte;
    if (byte >= 0x80 && byte < 0xa0) {
        point = windows_1252[byte - 0x80];
        point = point == 0 ? 0xfffd : point;
    }
    if (point < 0x80) {
        write_u8(writer, (uint8_t)point);
    } else if (point < 0x800) {
        write_u8(writer, (uint8_t)(0xc0 | (point >> 6)));
        write_u8(writer, (uint8_t)(0x80 | (point & 0x3f)));
    } else {
        write_u8(writer, (uint8_t)(0xe0 | (point >> 12)));
        write_u8(writer, (uint8_t)(0x80 | ((point >> 6) & 0x3f)));
        write_u8(writer, (uint8_t)(0x80 | (point & 0x3f)));
    }
}

/* What libcsv says of bytes that it took, or would not take. */
static int judge(struct csv *csv, bool taken)
{
    if (csv->result != 0) {
        return csv->result;
    }
    if (!taken && csv_error(&csv->parser) == CSV_EPARSE) {
        return refuse(csv, "has a quotation mark (\") where none may be, or one that is never "
                           "closed: let the system write the file again");
    }
    if (!taken) {
        return -ENOMEM;
    }
    if (csv_get_buffer_size(&csv->parser) > CSV_CELL_MAX_BYTES + 2 * CONVERTED_BYTES) {
        return refuse(csv, "has a cell that is far too long: look for a quotation mark (\") that "
                           "is never closed");
    }
    return 0;
}

static int parse_text(struct csv *csv, struct slice bytes)
{
    uint8_t storage[CONVERTED_BYTES];
    if (csv->encoding == CSV_WINDOWS_1252) {
        struct writer writer = writer_over(storage, sizeof(storage));
        for (size_t i = 0; i < bytes.len; i++) {
            write_utf8(&writer, bytes.data[i]);
        }
        bytes = writer_slice(&writer);
    }
    size_t taken = csv_parse(&csv->parser, bytes.data, bytes.len, on_cell, on_row, csv);
    explicit_bzero(storage, sizeof(storage));
    return judge(csv, taken == bytes.len);
}

/* At most PIECE_BYTES, and not none. What stands before a zero byte is read, so that the row is the
 * right one. */
static int parse(struct csv *csv, struct slice piece)
{
    const uint8_t *zero = memchr(piece.data, 0, piece.len);
    size_t len = zero == NULL ? piece.len : (size_t)(zero - piece.data);
    int r = len == 0 ? 0 : parse_text(csv, slice_make(piece.data, len));
    return r != 0 || zero == NULL
               ? r
               : refuse(csv, "holds a zero byte: save the file as \"CSV UTF-8\", not as a "
                             "spreadsheet (.xlsx) and not as \"Unicode\"");
}

/* The bytes held back, unless they are a mark. */
static int begin(struct csv *csv)
{
    struct slice held = slice_make(csv->begin, csv->n_begin);
    csv->begun = true;
    if (held.len >= 2 &&
        (memcmp(held.data, "\xff\xfe", 2) == 0 || memcmp(held.data, "\xfe\xff", 2) == 0)) {
        return refuse(csv, "begins as UTF-16 does: save the file as \"CSV UTF-8\"");
    }
    if (slice_is_text(held, MARK)) {
        csv->encoding = CSV_UTF_8; /* the file itself knows better than the settings */
        return 0;
    }
    return held.len == 0 ? 0 : parse(csv, held);
}

int csv_feed(struct csv *csv, struct slice piece, struct error *error)
{
    int r = 0;
    csv->error = error;
    while (!csv->begun && piece.len > 0) {
        csv->begin[csv->n_begin++] = piece.data[0];
        piece = slice_make(piece.data + 1, piece.len - 1);
        if (csv->n_begin == MARK_BYTES) {
            r = begin(csv);
        }
    }
    while (r == 0 && piece.len > 0) {
        size_t len = piece.len < PIECE_BYTES ? piece.len : PIECE_BYTES;
        r = parse(csv, slice_make(piece.data, len));
        piece = slice_make(piece.data + len, piece.len - len);
    }
    return r;
}

int csv_end(struct csv *csv, struct error *error)
{
    csv->error = error;
    int r = csv->begun ? 0 : begin(csv);
    if (r == 0) {
        int status = csv_fini(&csv->parser, on_cell, on_row, csv);
        r = judge(csv, status == 0);
    }
    return r;
}

static int read_file(int fd, struct csv *csv, struct error *error)
{
    uint8_t piece[16 * PIECE_BYTES];
    off_t at = 0;
    int r = 0;
    while (r == 0) {
        ssize_t n = pread(fd, piece, sizeof(piece), at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            r = n < 0 ? -errno : 0;
            break;
        }
        r = csv_feed(csv, slice_make(piece, (size_t)n), error);
        at += n;
    }
    explicit_bzero(piece, sizeof(piece));
    return r;
}

int csv_read(const struct csv_source *source, struct csv *csv, struct error *error)
{
    int r =
        source->fd >= 0 ? read_file(source->fd, csv, error) : csv_feed(csv, source->bytes, error);
    return r != 0 ? r : csv_end(csv, error);
}
