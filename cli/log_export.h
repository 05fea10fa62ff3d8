/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_export: a log as a text file that needs no database to be checked, and that a program of a
 * page in any language can check:
 *
 *   cairn-log/v1
 *   ORIGIN
 *   VKEY            of the checkpoint's key, as the exporter knew it; "-" when it knew none
 *   SIZE            number of leaves, decimal
 *   LEAF            SIZE lines: base64 of the leaf's data (docs/protocol.md), in order
 *   (empty line)
 *   the checkpoint's signed note over exactly these leaves, or nothing
 *
 * A file is written once and read once from front to back, however long it is.
 */
#ifndef CLI_LOG_EXPORT_H
#define CLI_LOG_EXPORT_H

#include <stdio.h>

#include "store/log.h"
#include "tree/note.h"

#define LOG_EXPORT_FORMAT "cairn-log/v1"
/* a leaf in base64, a name, a key: any line with its newline */
#define LOG_EXPORT_LINE_BYTES 1024

struct log_export {
    char origin[NOTE_NAME_MAX_BYTES];
    char vkey[NOTE_VKEY_BYTES]; /* "-" none */
    uint64_t size;
};

void log_export_write_head(const struct log_export *head, FILE *out);
void log_export_write_leaf(struct slice leaf, FILE *out);
void log_export_write_end(struct slice note, FILE *out); /* may be empty */

/* False, with the error, when the file is not of that form. */
bool log_export_read_head(FILE *in, struct log_export *ret, struct error *error) MUST_USE;
bool log_export_read_leaf(FILE *in, uint8_t storage[LOG_LEAF_MAX_BYTES], struct slice *ret,
                          struct error *error) MUST_USE;
/* The note is appended; nothing when there is none. */
bool log_export_read_end(FILE *in, struct buf *ret_note, struct error *error) MUST_USE;

#endif
