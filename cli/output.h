/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output: what a command says. For people it is lines of text as the command goes along; with
 * --json it is one JSON object at the end and nothing else. A command says both, and the output
 * keeps the one that was asked for. Problems go to standard error: "cairn: WHERE: WHAT", or
 * {"error": {"where": ..., "what": ...}}.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"
#include "json/json.h"

/* The exit codes of every command; scripts rely on them. */
enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,      /* files, keys, documents: the error says what */
    STATUS_USAGE = 2,       /* the command line */
    STATUS_UNREACHABLE = 3, /* the daemon or the broker does not answer */
    STATUS_NOT_ALLOWED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_CONFLICT = 6, /* it does not fit what is there already */
    STATUS_LOOK = 7,     /* done, but a person must look at some of it */
};

struct output {
    FILE *out;
    FILE *err;
    bool json;
    bool quiet;          /* no text but problems */
    struct json *result; /* what output_result gave out */
};

void output_init(struct output *output, FILE *out, FILE *err);
void output_deinit(struct output *output);

/* The object that --json prints: fill it as the text is said. Lives as long as the output. */
struct json *output_result(struct output *output);
/* One line of text, without its newline; nothing with --json or --quiet. */
void output_line(struct output *output, const char *format, ...) PRINTF(2, 3);
/* Says the problem at once and returns `status`, so that it can be returned. */
enum status output_fail(struct output *output, enum status status, const struct error *error);
enum status output_refuse(struct output *output, enum status status, const char *where,
                          const char *format, ...) PRINTF(4, 5);
/* At the end of a command that did not fail: prints the object with --json. STATUS_FAILED when the
 * output is not taken, as on a full disk. */
enum status output_finish(struct output *output) MUST_USE;

#endif
