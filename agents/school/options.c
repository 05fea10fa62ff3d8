/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/options.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"

#define SAMPLE_LEAP_YEAR 2024
#define PERIOD_TEXT      5 /* "09-01" */

static void read_names(const struct conf *conf, const char *section, size_t n,
                       struct school_names *ret)
{
    static const char *const keys[] = {
#define X(name, key, text, roll) (key),
        SCHOOL_COLUMNS(X)
#undef X
    };
    for (size_t i = 0; i < n; i++) {
        ret->of[i] = conf_text(conf, section, keys[i]);
    }
}

/* "09-01" */
static bool read_period(const char *text, struct school_options *ret)
{
    char digits[2][3] = {{text[0], text[1]}, {text[3], text[4]}};
    uint64_t number[2];
    int32_t ignored;
    for (size_t i = 0; i < 2; i++) {
        const char *at = digits[i][0] == '0' ? &digits[i][1] : digits[i];
        if (!u64_parse(at, 31, &number[i])) {
            return false;
        }
    }
    int month = (int)number[0];
    int day = (int)number[1];
    if (text[2] != '-' || !date_join(SAMPLE_LEAP_YEAR, month, day, &ignored) ||
        (month == 2 && day == 29)) {
        return false;
    }
    size_t at = ret->n_periods;
    if (at > 0 && (ret->periods[at - 1].month > month ||
                   (ret->periods[at - 1].month == month && ret->periods[at - 1].day >= day))) {
        return false;
    }
    ret->periods[at].month = month;
    ret->periods[at].day = day;
    ret->n_periods++;
    return true;
}

static int read_periods(const char *text, struct school_options *ret, struct error *error)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (len != PERIOD_TEXT || ret->n_periods == SCHOOL_PERIODS_MAX || !read_period(text, ret)) {
            ret->n_periods = 0;
            break;
        }
        text += len + strspn(text + len, " ");
    }
    return ret->n_periods > 0 ? 0
                              : error_set(error, "school.periods",
                                          "is not a list of at most %d days of the year, month "
                                          "first and rising, as in: 01-01 04-15 09-01",
                                          SCHOOL_PERIODS_MAX);
}

/* One of two words. */
static int read_choice(const struct conf *conf, const char *key, const char *const words[2],
                       int *ret, struct error *error)
{
    const char *text = conf_text(conf, "school", key);
    for (int i = 0; i < 2; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    return error_set(error, key, "in [school] is %s or %s", words[0], words[1]);
}

/* What tells pupils apart must be there, and what a mark is. */
static int check_names(const char *section, const struct school_names *names, bool roll,
                       struct error *error)
{
    if (names->of[COLUMN_UPN][0] == '\0' && names->of[COLUMN_LOCAL_ID][0] == '\0' &&
        (names->of[COLUMN_FAMILY][0] == '\0' || names->of[COLUMN_BIRTH][0] == '\0')) {
        return error_set(error, section,
                         "names no column that tells pupils apart: pupil_upn, pupil_id, or "
                         "family_name and birth_date");
    }
    for (size_t i = COLUMN_DATE; !roll && i < COLUMN_COUNT; i++) {
        if (names->of[i][0] == '\0') {
            return error_set(error, section, "must name the columns date, session and code");
        }
    }
    return 0;
}

int school_options_read(const struct conf *conf, struct school_options *ret, struct error *error)
{
    static const char *const encodings[2] = {"utf-8", "windows-1252"};
    static const char *const dates[2] = {"yyyy-mm-dd", "dd/mm/yyyy"};
    static const char *const no_yes[2] = {"no", "yes"};
    struct school_options options = {.n_periods = 0};
    int encoding = 0;
    int british = 0;
    int verified = 0;
    int r = read_choice(conf, "encoding", encodings, &encoding, error);
    if (r == 0) {
        r = read_choice(conf, "dates", dates, &british, error);
    }
    if (r == 0) {
        r = read_choice(conf, "upn_verified", no_yes, &verified, error);
    }
    if (r == 0) {
        r = read_periods(conf_text(conf, "school", "periods"), &options, error);
    }
    if (r != 0) {
        return r;
    }
    options.encoding = encoding == 0 ? CSV_UTF_8 : CSV_WINDOWS_1252;
    options.british_dates = british == 1;
    options.upn_verified = verified == 1;
    options.minimum_sessions = (uint32_t)conf_integer(conf, "school", "minimum_sessions");
    options.retell_days = (uint32_t)(conf_integer(conf, "school", "retell") / 86400);
    options.leavers_max_percent = (uint32_t)conf_integer(conf, "roll", "leavers_max");
    read_names(conf, "attendance", COLUMN_COUNT, &options.attendance);
    read_names(conf, "roll", COLUMN_ROLL_COUNT, &options.roll);
    r = check_names("attendance", &options.attendance, false, error);
    if (r == 0) {
        r = check_names("roll", &options.roll, true, error);
    }
    if (r == 0) {
        *ret = options;
    }
    return r;
}
