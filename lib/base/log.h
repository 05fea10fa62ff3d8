/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event on stderr: sd-daemon priority, event name, then key=value pairs. A value is
 * one word, or text in quotation marks, which may hold blanks but no such mark. Libraries return,
 * stages log. No personal data: ids, numbers and verdicts only; anything a peer chose, and text
 * that may hold a quotation mark, is escaped with %s through log_escape. Any thread may log. Set
 * the program name once, before threads start.
 *
 *   <6>cairn-broker record_refused agency=3 verdict=bad_signature
 *   <3>cairn-agent file_waits kind=roll errno=5 error="Input/output error"
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/error.h"

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

void log_init(const char *program, enum log_level max_level);
/* event: lower_case_words, one of the table in docs/operations.md. */
void log_event(enum log_level level, const char *event, const char *format, ...) PRINTF(3, 4);
/* For what a peer can cause at will: of one event, LOG_PEER_LINES_PER_MIN lines in a minute. What
 * is left out is counted, and said as `event suppressed=N` once the minute is over: with the
 * event's next line, or by log_peer_flush, whichever comes first. At most LOG_PEER_EVENTS_MAX
 * events. */
void log_peer_event(enum log_level level, const char *event, const char *format, ...) PRINTF(3, 4);
void log_peer_flush(void);
#define LOG_PEER_LINES_PER_MIN 30
#define LOG_PEER_EVENTS_MAX    16
/* Whose minutes they are: the system's clock unless a test says otherwise (NULL puts it back, and
 * forgets what was counted). */
void log_peer_clock(const struct clock *clock);
/* Logs at error level with errno and its text appended, and returns -error: `return log_fault(-r,
 * "open_failed", ...)`. */
int log_fault(int error, const char *event, const char *format, ...) PRINTF(3, 4);
/* Replaces everything but printable ASCII by '?', a quotation mark by an apostrophe, cuts at
 * out_bytes - 1. Returns out. */
const char *log_escape(const char *text, char *out, size_t out_bytes);
/* The same words, fit to be quoted: where="..." reason="...". */
struct error log_escape_error(const struct error *error);
/* The broken-world exit: logs and ends the process at once with EX_IOERR (74), without running
 * handlers. */
void log_fatal(const char *event, const char *format, ...) PRINTF(2, 3) NORETURN;
/* What log_fatal does before the end, on the thread that it is called on; NULL nothing. Set before
 * there are other threads. */
void log_on_fatal(void (*before)(void *data), void *data);

#endif
