/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv: rows of a comma-separated file (RFC 4180), in pieces as they are read, so that memory does
 * not grow with the file. The only user of libcsv.
 *
 * A byte-order mark of UTF-8 is skipped; Windows-1252 is turned into UTF-8 when the caller says
 * that the file is in it. What is wrong with the file as a whole ends the reading, since nothing
 * after it can be trusted: a zero byte (UTF-16 has them), a quotation mark where none may be or
 * that is never closed, a cell longer than CSV_CELL_MAX_BYTES, more than CSV_CELLS_MAX cells.
 * Blanks around a cell that is not quoted are dropped.
 *
 * One thread at a time. Cells hold what somebody typed: personal data, wiped with the reader.
 */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include "base/error.h"
#include "base/slice.h"

#define CSV_CELLS_MAX      128         /* columns of the widest export seen, four times over */
#define CSV_CELL_MAX_BYTES 4096        /* no cell that we read is as long as an address */
#define CSV_ROW_MAX_BYTES  (64 * 1024) /* all cells of a row together */

enum csv_encoding {
    CSV_UTF_8 = 1,
    CSV_WINDOWS_1252
};

/* Number as a spreadsheet shows it: 1 is the first, empty rows and those of several lines count as
 * one. Cells are borrowed until the handler returns, and may be anything but UTF-8. */
struct csv_row {
    uint64_t number;
    size_t n;
    const struct slice *cells;
};
/* 0, or anything else to end the reading: csv_feed returns it. Not called for rows without text. */
typedef int csv_handler(void *data, const struct csv_row *row);

struct csv;
/* `handler` and `data` are borrowed. */
struct csv *csv_new(enum csv_encoding encoding, csv_handler *handler, void *data) MUST_USE;
void csv_drop(struct csv **csv); /* accepts NULL; wipes */
/* 0; what the handler returned; -EINVAL and the error ("row 17", what to do). Not again after
 * anything but 0. */
int csv_feed(struct csv *csv, struct slice piece, struct error *error) MUST_USE;
/* The end of the file, with a last row that no newline ends. */
int csv_end(struct csv *csv, struct error *error) MUST_USE;

/* A whole file, to be read as often as it has to be: an open one, or bytes in memory. */
struct csv_source {
    int fd; /* borrowed, regular; -1 for `bytes` */
    struct slice bytes;
};
/* From its beginning to its end; results as csv_feed and csv_end, or -errno of reading. */
int csv_read(const struct csv_source *source, struct csv *csv, struct error *error) MUST_USE;

#endif
