/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_BYTES 40
#define NUMBER_BYTES   24

struct unit {
    char letter;
    int64_t factor;
};

struct units {
    const struct unit *rows;
    size_t count;
};

static const struct unit size_units[] = {{'G', 1 << 30}, {'M', 1 << 20}, {'k', 1 << 10}};
static const struct unit time_units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

static struct units units_of(enum conf_kind kind)
{
    if (kind == CONF_SIZE) {
        return (struct units){size_units, ARRAY_LEN(size_units)};
    }
    if (kind == CONF_SECONDS) {
        return (struct units){time_units, ARRAY_LEN(time_units)};
    }
    return (struct units){NULL, 0};
}

static bool is_number(enum conf_kind kind)
{
    return kind == CONF_INTEGER || kind == CONF_SIZE || kind == CONF_SECONDS;
}

/* 0 for a letter that is no unit of these. */
static int64_t factor_of(struct units units, char letter)
{
    for (size_t i = 0; i < units.count; i++) {
        if (units.rows[i].letter == letter) {
            return units.rows[i].factor;
        }
    }
    return 0;
}

/* Digits, and a unit where the kind has units. */
static bool parse_magnitude(enum conf_kind kind, const char *text, int64_t *ret)
{
    char digits[NUMBER_BYTES];
    size_t len = strlen(text);
    int64_t factor = 1;
    uint64_t count;

    if (len == 0 || len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, len + 1);
    if (digits[len - 1] < '0' || digits[len - 1] > '9') {
        factor = factor_of(units_of(kind), digits[len - 1]);
        digits[len - 1] = '\0';
    }
    if (factor == 0 || !u64_parse(digits, (uint64_t)(INT64_MAX / factor), &count)) {
        return false;
    }
    *ret = (int64_t)count * factor;
    return true;
}

static bool parse_number(const struct conf_option *option, const char *text, int64_t *ret)
{
    bool negative = option->kind == CONF_INTEGER && text[0] == '-';
    int64_t value;

    if (!parse_magnitude(option->kind, negative ? text + 1 : text, &value)) {
        return false;
    }
    value = negative ? -value : value;
    if (value < option->min || value > option->max) {
        return false;
    }
    *ret = value;
    return true;
}

bool value_parse(const struct conf_option *option, const char *text, int64_t *ret)
{
    bool nothing = text[0] == '\0';

    if (is_number(option->kind)) {
        return parse_number(option, text, ret);
    }
    *ret = 0;
    if (nothing) {
        return option->fallback != NULL;
    }
    return option->kind == CONF_TEXT || text[0] == '/';
}

/* In the largest unit that says it exactly: 3600 as "1h". */
static void format_number(enum conf_kind kind, int64_t value, char out[NUMBER_BYTES])
{
    struct units units = units_of(kind);

    for (size_t i = 0; i < units.count; i++) {
        if (value != 0 && value % units.rows[i].factor == 0) {
            (void)snprintf(out, NUMBER_BYTES, "%" PRId64 "%c", value / units.rows[i].factor,
                           units.rows[i].letter);
            return;
        }
    }
    (void)snprintf(out, NUMBER_BYTES, "%" PRId64, value);
}

void value_allowed(const struct conf_option *option, char out[CONF_ALLOWED_BYTES])
{
    static const char *const words[] = {
        [CONF_TEXT] = "text",
        [CONF_PATH] = "a path that starts with /",
        [CONF_INTEGER] = "a whole number",
        [CONF_SIZE] = "a size in bytes, or with k, M or G,",
        [CONF_SECONDS] = "a time in seconds, or with s, m, h or d,",
    };
    char min[NUMBER_BYTES];
    char max[NUMBER_BYTES];

    if (!is_number(option->kind)) {
        (void)snprintf(out, CONF_ALLOWED_BYTES, "%s%s", words[option->kind],
                       option->fallback == NULL ? ", not empty" : "");
        return;
    }
    format_number(option->kind, option->min, min);
    format_number(option->kind, option->max, max);
    (void)snprintf(out, CONF_ALLOWED_BYTES, "%s from %s to %s", words[option->kind], min, max);
}

static bool name_is_sound(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = strlen(name);

    return len > 0 && len <= NAME_MAX_BYTES && strspn(name, allowed) == len;
}

bool option_is_sound(const struct conf_option *option)
{
    int64_t value;

    return name_is_sound(option->section) && name_is_sound(option->key) && option->help != NULL &&
           (!is_number(option->kind) || option->min < option->max) &&
           (option->fallback == NULL || value_parse(option, option->fallback, &value));
}
