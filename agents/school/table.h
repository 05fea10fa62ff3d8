/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: a comma-separated file with a header somewhere in its first rows, as school systems write
 * it. The header is the first row that holds every column that the configuration names; what stands
 * above it (instructions, a title) is passed over. Names are compared without regard to case.
 */
#ifndef AGENTS_SCHOOL_TABLE_H
#define AGENTS_SCHOOL_TABLE_H

#include "agents/school/options.h"

#define TABLE_HEADER_ROWS_MAX 10

struct table_row {
    uint64_t number;
    bool too_long; /* more cells than the header: a comma inside a cell moved the others */
    struct slice cells[COLUMN_COUNT]; /* empty where there is none */
};
typedef int table_handler(void *data, const struct table_row *row);

struct table_reading {
    const struct school_names *names;
    enum csv_encoding encoding;
    table_handler *handler;
    void *data;
};

/* Rows below the header, to the handler. 0; -EINVAL and the error when the file cannot be read as a
 * whole (as csv_feed; no header, a column missing or there twice); what the handler returned; or
 * -errno. */
int table_read(const struct csv_source *source, const struct table_reading *reading,
               struct error *error) MUST_USE;

#endif
