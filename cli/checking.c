/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checking.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/date.h"
#include "base/text.h"

#define WORDS_BYTES 300  /* of one finding */
#define ALL_BYTES   4096 /* of all of one level */

const char *check_level_text(enum check_level level)
{
    switch (level) {
#define X(name, number, text)                                                                      \
    case CHECK_##name:                                                                             \
        return (text);
        CHECK_LEVELS(X)
#undef X
    }
    return "UNKNOWN";
}

struct check_limits check_limits_default(void)
{
    return (struct check_limits){.of = {
#define X(id, option, unit, warned, worse, help)                                                   \
    [LIMIT_##id] = {.warning = (warned), .critical = (worse)},
                                     CHECK_LIMITS(X)
#undef X
                                 }};
}

void check_init(struct check *check, const struct check_limits *limits, int64_t now_ms)
{
    *check = (struct check){.limits = limits,
                            .now_ms = now_ms,
                            .figures = BUF_MAX(ALL_BYTES),
                            .values = json_object_new(),
                            .findings = json_array_new()};
    for (size_t i = 0; i < ARRAY_LEN(check->words); i++) {
        check->words[i] = BUF_MAX(ALL_BYTES);
    }
}

void check_deinit(struct check *check)
{
    for (size_t i = 0; i < ARRAY_LEN(check->words); i++) {
        buf_deinit(&check->words[i]);
    }
    buf_deinit(&check->figures);
    json_free(&check->values);
    json_free(&check->findings);
}

void check_find(struct check *check, enum check_level level, const char *format, ...)
{
    char words[WORDS_BYTES];
    struct json *item = json_object_new();
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    check->worst = level > check->worst ? level : check->worst;
    buf_format(&check->words[level], "%s%s", check->words[level].len > 0 ? "; " : "", words);
    json_set_word(item, "level", check_level_text(level));
    json_set_word(item, "words", words);
    (void)json_append_node(check->findings, &item);
}

enum check_level check_level_of(const struct check *check, enum check_limit limit, int64_t value)
{
    int64_t warning = check->limits->of[limit].warning;
    int64_t critical = check->limits->of[limit].critical;
    if (critical > 0 && value >= critical) {
        return CHECK_CRITICAL;
    }
    return warning > 0 && value >= warning ? CHECK_WARNING : CHECK_OK;
}

void check_figure(struct check *check, const char *name, int64_t value, const char *unit)
{
    buf_format(&check->figures, " %s=%" PRId64 "%s", name, value, unit);
    json_set_integer(check->values, name, value);
}

void check_percent(struct check *check, const char *what, int64_t percent)
{
    enum check_level level = check_level_of(check, LIMIT_DISK, percent);
    buf_format(&check->figures, " %s=%" PRId64 "%%;%" PRId64 ";%" PRId64 ";0;100", what, percent,
               check->limits->of[LIMIT_DISK].warning, check->limits->of[LIMIT_DISK].critical);
    json_set_integer(check->values, what, percent);
    if (level != CHECK_OK) {
        check_find(check, level, "the %s is %" PRId64 " %% full", what, percent);
    }
}

static void find_review(struct check *check, enum check_level level, const char *document,
                        int64_t days)
{
    check_find(check, level, "the %s must be reviewed within %" PRId64 " %s", document, days,
               text_plural((uint64_t)days, "day", "days"));
}

void check_review(struct check *check, const char *document, int64_t until_ms)
{
    int64_t days = (until_ms - check->now_ms) / DAY_MS;
    if (until_ms <= check->now_ms) {
        check_find(check, CHECK_CRITICAL, "the %s are past their review date", document);
    } else if (days < check->limits->of[LIMIT_REVIEW].critical) {
        find_review(check, CHECK_CRITICAL, document, days + 1);
    } else if (days < check->limits->of[LIMIT_REVIEW].warning) {
        find_review(check, CHECK_WARNING, document, days + 1);
    }
}

void check_duty(struct check *check, bool front_door, const char *words)
{
    check_find(check, front_door ? CHECK_WARNING : CHECK_CRITICAL, "%s", words);
}
