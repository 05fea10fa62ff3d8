/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: what `cairn check` finds about a broker or an agent, and how bad it is, as monitoring
 * plugins say it: an exit code, one line, performance data. Judging looks at figures alone, so that
 * every state can be tried out.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/output.h"
#include "os/counters.h"

/* The exit codes of monitoring plugins: not those of other commands. */
#define CHECK_LEVELS(X)                                                                            \
    X(OK, 0, "OK")                                                                                 \
    X(WARNING, 1, "WARNING")                                                                       \
    X(CRITICAL, 2, "CRITICAL")                                                                     \
    X(UNKNOWN, 3, "UNKNOWN")

enum check_level {
#define X(name, number, text) CHECK_##name = (number),
    CHECK_LEVELS(X)
#undef X
};
const char *check_level_text(enum check_level level);

/* What has two limits that a caller may set: id, option, unit, warning, critical, what it limits.
 * Either limit 0: not judged. */
#define CHECK_LIMITS(X)                                                                            \
    X(DISK, "disk", "percent", 80, 90, "how full the disk or the store is")                        \
    X(OFFLINE, "offline", "minutes", 5, 30, "how long an agent has not been connected")            \
    X(UNSENT, "unsent", "minutes", 30, 240, "how old the oldest is that an agent has to send")     \
    X(URGENT, "urgent", "minutes", 1, 2, "how old the oldest urgent is that an agent has to send") \
    X(ALERTS, "alerts", "hours", 24, 72, "how old the oldest alert is that nobody has opened")     \
    X(FEEDS, "feeds", "hours", 96, 0, "how long a folder that is watched has brought nothing")     \
    X(REVIEW, "review", "days", 60, 14, "how near the day is by which a document must be reviewed")

enum check_limit {
#define X(id, option, unit, warning, critical, help) LIMIT_##id,
    CHECK_LIMITS(X)
#undef X
    N_CHECK_LIMITS
};

struct check_limits {
    struct {
        int64_t warning;
        int64_t critical;
    } of[N_CHECK_LIMITS];
};
struct check_limits check_limits_default(void);

struct check {
    const struct check_limits *limits;
    int64_t now_ms;
    enum check_level worst;
    struct buf words[CHECK_UNKNOWN + 1]; /* by level: what was found, with "; " between */
    struct buf figures;                  /* performance data */
    struct json *values;                 /* the same for --json: {name: value} */
    struct json *findings;               /* for --json: [{level, words}] */
};
void check_init(struct check *check, const struct check_limits *limits, int64_t now_ms);
void check_deinit(struct check *check);
/* One thing that somebody should know. */
void check_find(struct check *check, enum check_level level, const char *format, ...) PRINTF(3, 4);

/* An agent's answer about its health (cairn/client.h). */
void check_agent(struct check *check, const struct json_view *health);
/* A broker's counters. */
void check_broker(struct check *check, const struct counters_reading *reading);

#endif
