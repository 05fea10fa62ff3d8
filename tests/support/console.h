/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console: `cairn` as somebody types it, in this process: a line in, an exit code out, and what was
 * said on standard output and on standard error.
 */
#ifndef SUPPORT_CONSOLE_H
#define SUPPORT_CONSOLE_H

#include "cli/command.h"

struct console {
    char *said; /* on standard output by the last line; after console_run */
    char *complained;
    size_t said_len;
    size_t complained_len;
    const char *typed;         /* standard input; NULL: nothing */
    const struct clock *clock; /* NULL: the machine's */
};

struct console *console_new(void); /* the caller has called crypto_init */
void console_free(struct console **console);
/* The words after "cairn", ended by NULL. */
enum status console_run(struct console *console, const char *const words[]);
#define CONSOLE(console, ...) console_run(console, (const char *const[]){__VA_ARGS__, NULL})
/* What --json said, parsed; the test ends when it is no JSON. The caller frees it. */
struct json *console_json(const struct console *console);

#endif
