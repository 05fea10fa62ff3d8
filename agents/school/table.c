/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NO_CELL SIZE_MAX

struct table {
    const struct table_reading *reading;
    struct error *error;
    size_t n_header;         /* cells of the header; 0 until it was found */
    size_t at[COLUMN_COUNT]; /* cell of each column */
    uint64_t tried;          /* rows looked at for the header */
    size_t best;             /* most columns that one of them held, and which it lacked */
    char missing[160];
    bool semicolons; /* a row of one cell held some */
};

static bool is_named(struct slice cell, const char *name)
{
    return cell.len > 0 && cell.len == strlen(name) &&
           strncasecmp((const char *)cell.data, name, cell.len) == 0;
}

/* Where each wanted column is in this row. */
static int find_columns(struct table *table, const struct csv_row *row, size_t at[COLUMN_COUNT],
                        size_t *ret_found)
{
    *ret_found = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const char *name = table->reading->names->of[i];
        at[i] = NO_CELL;
        for (size_t j = 0; name != NULL && name[0] != '\0' && j < row->n; j++) {
            if (!is_named(row->cells[j], name)) {
                continue;
            }
            if (at[i] != NO_CELL) {
                char where[32];
                (void)snprintf(where, sizeof(where), "row %llu", (unsigned long long)row->number);
                return error_set(table->error, where,
                                 "the header has the column %s twice: which one is meant?", name);
            }
            at[i] = j;
            (*ret_found)++;
        }
    }
    return 0;
}

static size_t n_wanted(const struct school_names *names)
{
    size_t n = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        n += names->of[i] != NULL && names->of[i][0] != '\0' ? 1 : 0;
    }
    return n;
}

static void note_missing(struct table *table, const size_t at[COLUMN_COUNT])
{
    struct writer writer = writer_over(table->missing, sizeof(table->missing) - 1);
    memset(table->missing, 0, sizeof(table->missing));
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const char *name = table->reading->names->of[i];
        if (name != NULL && name[0] != '\0' && at[i] == NO_CELL) {
            write_text(&writer, writer.len > 0 ? ", " : "");
            write_text(&writer, name);
        }
    }
}

static int refuse_header(struct table *table)
{
    size_t nowhere[COLUMN_COUNT];

    if (table->tried == 0) {
        return error_set(table->error, "header", "the file is empty");
    }
    for (size_t i = 0; table->best == 0 && i < COLUMN_COUNT; i++) {
        nowhere[i] = NO_CELL;
    }
    if (table->best == 0) {
        note_missing(table, nowhere);
    }
    return error_set(table->error, "header",
                     "none of the first %d rows has all columns that agent.ini names under "
                     "[attendance] or [roll]; missing: %s%s",
                     TABLE_HEADER_ROWS_MAX, table->missing,
                     table->semicolons ? "; its separator is ';': save it with commas" : "");
}

static void note_separator(struct table *table, const struct csv_row *row)
{
    table->semicolons = table->semicolons ||
                        (row->n == 1 && memchr(row->cells[0].data, ';', row->cells[0].len) != NULL);
}

static int look_for_header(struct table *table, const struct csv_row *row)
{
    size_t at[COLUMN_COUNT];
    size_t found;
    int r = find_columns(table, row, at, &found);
    if (r != 0) {
        return r;
    }
    if (found == n_wanted(table->reading->names)) {
        memcpy(table->at, at, sizeof(table->at));
        table->n_header = row->n;
        return 0;
    }
    if (found > table->best) {
        table->best = found;
        note_missing(table, at);
    }
    note_separator(table, row);
    return ++table->tried == TABLE_HEADER_ROWS_MAX ? refuse_header(table) : 0;
}

static int on_row(void *data, const struct csv_row *row)
{
    struct table *table = data;
    if (table->n_header == 0) {
        return look_for_header(table, row);
    }
    struct table_row ret = {.number = row->number};
    for (size_t i = table->n_header; i < row->n; i++) {
        ret.too_long = ret.too_long || row->cells[i].len > 0;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        ret.cells[i] = table->at[i] < row->n ? row->cells[table->at[i]] : SLICE_NULL;
    }
    return table->reading->handler(table->reading->data, &ret);
}

int table_read(const struct csv_source *source, const struct table_reading *reading,
               struct error *error)
{
    struct table table = {.reading = reading, .error = error};
    _cleanup_(csv_drop) struct csv *csv = csv_new(reading->encoding, on_row, &table);
    int r = csv_read(source, csv, error);
    return r == 0 && table.n_header == 0 ? refuse_header(&table) : r;
}
