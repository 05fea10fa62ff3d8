/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: a program's configuration: an INI file and a folder of drop-ins beside it ("broker.ini" and
 * "broker.d/" with files *.ini, in the order of their names; what is said last wins). The program
 * states what may be said in one table of options, from which come the check, the defaults,
 * --print-config and the example file. Nothing is guessed: an unknown section or key, a value
 * outside its kind or range, or the same key twice in one file is an error that names file, line
 * and what is allowed. Immutable once loaded; any thread may read.
 *
 * The form: [section] lines, "key = value" lines, comment lines starting with ; or #. In a value,
 * what follows " ;" is a comment. No quoting, no continuation lines. At most CONF_LINE_MAX_BYTES a
 * line, comments apart.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/error.h"
#include "base/slice.h"

#define CONF_LINE_MAX_BYTES 190         /* inih's buffer is 200 */
#define CONF_FILE_MAX_BYTES (64 * 1024) /* a file this large is not a configuration */
#define CONF_DROP_INS_MAX   64
#define CONF_OPTIONS_MAX    128

enum conf_kind {
    CONF_TEXT,    /* no range */
    CONF_PATH,    /* an absolute path, or nothing */
    CONF_INTEGER, /* decimal, may be negative */
    CONF_SIZE,    /* bytes, or with k, M, G (powers of 1024) */
    CONF_SECONDS, /* seconds, or with s, m, h, d */
};

/* Options of one section stand together. Section and key have at most 40 bytes. */
struct conf_option {
    const char *section;
    const char *key;
    const char *fallback; /* as it would be written; NULL: must be set, and not to nothing */
    const char *help;     /* one or more sentences for the example file */
    enum conf_kind kind;
    int64_t min; /* of a number, in its smallest unit; min < max for every number */
    int64_t max;
};

struct conf;

/*
 * Reads `path` and its drop-ins. The table is borrowed for as long as the conf lives; a fault in
 * the table is asserted. On failure the error is filled and *ret untouched.
 */
int conf_load(const char *path, const struct conf_option *options, size_t n, struct conf **ret,
              struct error *error) MUST_USE;
void conf_free(struct conf **conf);

/* In steps, for text that is not in a file: the defaults; one file's text after the other; then the
 * check that all is there. */
struct conf *conf_new(const struct conf_option *options, size_t n) MUST_USE;
int conf_add(struct conf *conf, struct slice text, const char *name, struct error *error) MUST_USE;
int conf_check(const struct conf *conf, struct error *error) MUST_USE;

/* Asserted: the option is in the table and of that kind. Text is borrowed while the conf lives. */
const char *conf_text(const struct conf *conf, const char *section, const char *key);
int64_t conf_integer(const struct conf *conf, const char *section,
                     const char *key); /* also sizes, seconds */

/* Every value in force, each below a comment with where it was said ("FILE:LINE", or "default"); an
 * INI file again. */
void conf_print(const struct conf *conf, struct buf *out);
/* A file to start from: each option with its help, what is allowed and its default, commented out
 * unless it must be set. */
void conf_example(const struct conf_option *options, size_t n, struct buf *out);

#endif
