/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define LOG_LINE_BYTES 1024
#define LOG_CUT_MARK   "..."
#define LOG_CRITICAL   2 /* sd-daemon's word for "the process ends here" */

static char log_program[32] = "cairn";
static int log_max_level = LOG_LEVEL_INFO;
static void (*log_before_end)(void *data);
static void *log_end_data;

struct line {
    char text[LOG_LINE_BYTES];
    size_t len;
    bool cut;
};

void log_init(const char *program, enum log_level max_level)
{
    (void)log_escape(program, log_program, sizeof(log_program));
    log_max_level = (int)max_level;
}

static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

PRINTF(2, 0) static void line_vadd(struct line *line, const char *format, va_list arguments)
{
    size_t room = sizeof(line->text) - line->len;
    int wanted = vsnprintf(line->text + line->len, room, format, arguments);

    if (wanted < 0) {
        return;
    }
    line->cut = line->cut || (size_t)wanted >= room;
    line->len += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

PRINTF(2, 3) static void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line_vadd(line, format, arguments);
    va_end(arguments);
}

static void line_start(struct line *line, int priority, const char *event)
{
    line->len = 0;
    line->cut = false;
    line_add(line, "<%d>%s %s ", priority, log_program, event);
}

/* One write(2), so that lines of several threads never mix; a line that cannot be written is lost,
 * not waited for. */
static void line_emit(struct line *line)
{
    while (line->len > 0 && line->text[line->len - 1] == ' ') {
        line->len--;
    }
    if (line->cut || line->len >= sizeof(line->text) - 1) {
        line->len = sizeof(line->text) - sizeof(LOG_CUT_MARK);
        memcpy(line->text + line->len, LOG_CUT_MARK, sizeof(LOG_CUT_MARK) - 1);
        line->len += sizeof(LOG_CUT_MARK) - 1;
    }
    for (size_t i = 0; i < line->len; i++) {
        line->text[i] = is_printable(line->text[i]) ? line->text[i] : '?';
    }
    line->text[line->len] = '\n';
    ssize_t written = write(STDERR_FILENO, line->text, line->len + 1);
    (void)written;
}

PRINTF(3, 0)
static void log_vevent(enum log_level level, const char *event, const char *format,
                       va_list arguments)
{
    int saved_errno = errno;
    struct line line;

    if ((int)level > log_max_level) {
        return;
    }
    line_start(&line, (int)level, event);
    line_vadd(&line, format, arguments);
    line_emit(&line);
    errno = saved_errno;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_vevent(level, event, format, arguments);
    va_end(arguments);
}

/* --- what peers cause --- */

#define MINUTE_MS 60000

struct peer_event {
    const char *event; /* NULL: the place is free */
    enum log_level level;
    int64_t minute;
    uint32_t lines;
    uint64_t suppressed;
};

static pthread_mutex_t peer_lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static struct peer_event peer_events[LOG_PEER_EVENTS_MAX];
static const struct clock *peer_clock;

static struct peer_event *peer_event_of(const char *event)
{
    size_t i = 0;

    while (i < LOG_PEER_EVENTS_MAX && peer_events[i].event != NULL &&
           strcmp(peer_events[i].event, event) != 0) {
        i++;
    }
    assert(i < LOG_PEER_EVENTS_MAX);
    peer_events[i].event = event;
    return &peer_events[i];
}

static void turn_minute(struct peer_event *peer)
{
    int64_t minute = clock_boot_ms(peer_clock == NULL ? clock_system() : peer_clock) / MINUTE_MS;

    if (peer->minute == minute) {
        return;
    }
    if (peer->suppressed > 0) {
        log_event(peer->level, peer->event, "suppressed=%" PRIu64, peer->suppressed);
    }
    peer->minute = minute;
    peer->lines = 0;
    peer->suppressed = 0;
}

void log_peer_event(enum log_level level, const char *event, const char *format, ...)
{
    va_list arguments;

    (void)pthread_mutex_lock(&peer_lock);
    struct peer_event *peer = peer_event_of(event);
    peer->level = level;
    turn_minute(peer);
    if (peer->lines < LOG_PEER_LINES_PER_MIN) {
        peer->lines++;
        va_start(arguments, format);
        log_vevent(level, event, format, arguments);
        va_end(arguments);
    } else {
        peer->suppressed++;
    }
    (void)pthread_mutex_unlock(&peer_lock);
}

void log_peer_flush(void)
{
    (void)pthread_mutex_lock(&peer_lock);
    for (size_t i = 0; i < LOG_PEER_EVENTS_MAX && peer_events[i].event != NULL; i++) {
        turn_minute(&peer_events[i]);
    }
    (void)pthread_mutex_unlock(&peer_lock);
}

void log_peer_clock(const struct clock *clock)
{
    (void)pthread_mutex_lock(&peer_lock);
    memset(peer_events, 0, sizeof(peer_events));
    peer_clock = clock;
    (void)pthread_mutex_unlock(&peer_lock);
}

int log_fault(int error, const char *event, const char *format, ...)
{
    int saved_errno = errno;
    const char *words = strerrordesc_np(error);
    struct line line;
    va_list arguments;

    line_start(&line, LOG_LEVEL_ERROR, event);
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_add(&line, "%serrno=%d error=\"%s\"", line.text[line.len - 1] == ' ' ? "" : " ", error,
             words != NULL ? words : "unknown");
    line_emit(&line);
    errno = saved_errno;
    return -error;
}

const char *log_escape(const char *text, char *out, size_t out_bytes)
{
    size_t len = 0;

    assert(out_bytes > 0);
    while (text[len] != '\0' && len + 1 < out_bytes) {
        out[len] = is_printable(text[len]) ? text[len] : '?';
        out[len] = out[len] == '"' ? '\'' : out[len];
        len++;
    }
    out[len] = '\0';
    return out;
}

struct error log_escape_error(const struct error *error)
{
    struct error escaped = ERROR_NULL;
    (void)log_escape(error->where, escaped.where, sizeof(escaped.where));
    (void)log_escape(error->what, escaped.what, sizeof(escaped.what));
    return escaped;
}

void log_on_fatal(void (*before)(void *data), void *data)
{
    log_before_end = before;
    log_end_data = data;
}

void log_fatal(const char *event, const char *format, ...)
{
    struct line line;
    va_list arguments;

    line_start(&line, LOG_CRITICAL, event);
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_emit(&line);
    if (log_before_end != NULL) {
        log_before_end(log_end_data);
    }
    _exit(EX_IOERR);
}
