/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calendar is a table: for each sort of day (Monday to Sunday, holiday) and each of its 1,440
 * minutes, the desk on duty. Filling it shows every gap and every overlap. Minutes are those of the
 * wall clock in Europe/London, so the hour that comes twice in October has one desk both times and
 * the one that never comes in March needs none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "govern/internal.h"

#define DESKS_MAX       16
#define HOLIDAYS_MAX    200
#define MINUTES_PER_DAY 1440
#define NEXT_DESK_DAYS  14 /* longer than any run of holidays */
#define DAY_SORTS       8  /* 0 Monday to 6 Sunday, then: */
#define DAY_HOLIDAY     7
#define NO_DESK         UINT8_MAX
#define MINUTE_MS       INT64_C(60000)
#define UNOPENED_MS     (30 * MINUTE_MS)
#define UNDECIDED_MS    (24 * 60 * MINUTE_MS)
#define TRANSIT_DAYS    90
#define HISTORY_DAYS    366

static const char *const day_words[DAY_SORTS] = {"mon", "tue", "wed", "thu",
                                                 "fri", "sat", "sun", "holiday"};

struct calendar {
    size_t n_desks;
    struct desk desks[DESKS_MAX];
    size_t n_holidays;
    int32_t holidays[HOLIDAYS_MAX]; /* rising */
    uint8_t on_duty[DAY_SORTS][MINUTES_PER_DAY];
    int64_t unopened_ms;
    int64_t undecided_ms;
    int32_t transit_days;
    int32_t history_days;
    bool keep_all;
    size_t n_authorities;
    uint32_t authorities[CAIRN_OWN_AUTHORITIES_MAX];
};

/* --- asking --- */

static int compare_days(const void *a, const void *b)
{
    const int32_t *left = a;
    const int32_t *right = b;

    return (*left > *right) - (*left < *right);
}

static int day_sort(const struct calendar *calendar, int32_t day)
{
    bool holiday =
        calendar->n_holidays > 0 && bsearch(&day, calendar->holidays, calendar->n_holidays,
                                            sizeof(calendar->holidays[0]), compare_days) != NULL;

    return holiday ? DAY_HOLIDAY : date_weekday(day);
}

const struct desk *calendar_desks(const struct calendar *calendar, size_t *ret_n)
{
    *ret_n = calendar->n_desks;
    return calendar->desks;
}

const struct desk *calendar_desk(const struct calendar *calendar, int64_t real_ms)
{
    int sort = day_sort(calendar, instant_london_day(real_ms));
    int minute = instant_london_minute(real_ms);
    uint8_t desk = calendar->on_duty[sort][minute];

    assert(desk < calendar->n_desks);
    return &calendar->desks[desk];
}

const struct desk *calendar_next_desk(const struct calendar *calendar, int64_t real_ms,
                                      int64_t *ret_from_ms)
{
    const struct desk *now = calendar_desk(calendar, real_ms);
    int64_t minute_ms = real_ms - real_ms % MINUTE_MS;

    for (int i = 1; i <= NEXT_DESK_DAYS * MINUTES_PER_DAY; i++) {
        const struct desk *desk = calendar_desk(calendar, minute_ms + i * MINUTE_MS);
        if (desk != now) {
            *ret_from_ms = minute_ms + i * MINUTE_MS;
            return desk;
        }
    }
    return NULL;
}

bool calendar_has_front_door(const struct calendar *calendar, const struct directory *directory)
{
    for (size_t i = 0; i < calendar->n_desks; i++) {
        const struct agency *agency = directory_agency(directory, calendar->desks[i].agency);
        if (agency != NULL && agency->active && agency_is_front_door(agency)) {
            return true;
        }
    }
    return false;
}

int64_t calendar_unopened_ms(const struct calendar *calendar)
{
    return calendar == NULL ? UNOPENED_MS : calendar->unopened_ms;
}

int64_t calendar_undecided_ms(const struct calendar *calendar)
{
    return calendar == NULL ? UNDECIDED_MS : calendar->undecided_ms;
}

int32_t calendar_transit_days(const struct calendar *calendar)
{
    if (calendar == NULL) {
        return TRANSIT_DAYS;
    }
    return calendar->keep_all ? 0 : calendar->transit_days;
}

int32_t calendar_history_days(const struct calendar *calendar)
{
    return calendar == NULL ? HISTORY_DAYS : calendar->history_days;
}

bool calendar_is_own(const struct calendar *calendar, uint32_t authority)
{
    for (size_t i = 0; calendar != NULL && i < calendar->n_authorities; i++) {
        if (calendar->authorities[i] == authority) {
            return true;
        }
    }
    return false;
}

/* --- reading --- */

static size_t desk_index(const struct calendar *calendar, struct slice id)
{
    size_t i = 0;

    while (i < calendar->n_desks && !slice_is_text(id, calendar->desks[i].id)) {
        i++;
    }
    return i;
}

static void read_desks(const struct json_view *view, const struct directory *directory,
                       struct calendar *calendar)
{
    struct json_view list = json_get_array(view, "desks");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < DESKS_MAX; i++) {
        char agency_id[CAIRN_AGENCY_ID_MAX_BYTES];
        struct json_view item = json_item(&list, i);
        struct desk *desk = &calendar->desks[i];
        field_id(&item, "id", desk->id, sizeof(desk->id));
        field_id(&item, "agency", agency_id, sizeof(agency_id));
        field_line(&item, "name", desk->name, sizeof(desk->name));
        field_line(&item, "phone", desk->phone, sizeof(desk->phone));
        const struct agency *agency = directory_agency_by_id(directory, agency_id);
        desk->agency = agency != NULL ? agency->number : 0;
        if (desk_index(calendar, slice_of_text(desk->id)) < calendar->n_desks) {
            (void)json_refuse(&item, "the desk id is used twice");
        }
        calendar->n_desks = i + 1;
    }
}

static bool digit_pair(const uint8_t *at, int *ret)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') {
        return false;
    }
    *ret = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

/* "HH:MM" to minutes after midnight, "24:00" included. */
static int read_minute(const struct json_view *view, const char *key)
{
    int hour = 0;
    int minute = 0;
    struct slice text = json_get_text(view, key);
    bool good = text.len == 5 && text.data[2] == ':' && digit_pair(text.data, &hour) &&
                digit_pair(text.data + 3, &minute) && minute < 60 &&
                hour * 60 + minute <= MINUTES_PER_DAY;

    if (!good) {
        struct json_view member = json_member(view, key);
        (void)json_refuse(&member, "must be a time from 00:00 to 24:00");
        return 0;
    }
    return hour * 60 + minute;
}

struct shift {
    uint8_t desk;
    int from;
    int until;
};

static void fill(const struct json_view *day, const struct shift *shift,
                 uint8_t minutes[MINUTES_PER_DAY])
{
    for (int minute = shift->from; minute < shift->until; minute++) {
        if (minutes[minute] != NO_DESK) {
            (void)json_refuse(day, "another desk is on duty at %02d:%02d already", minute / 60,
                              minute % 60);
            return;
        }
        minutes[minute] = shift->desk;
    }
}

static void read_shift(const struct json_view *item, struct calendar *calendar)
{
    size_t desk = desk_index(calendar, json_get_text(item, "desk"));
    const struct shift shift = {
        .desk = (uint8_t)desk,
        .from = read_minute(item, "from"),
        .until = read_minute(item, "until"),
    };
    struct json_view days = json_get_array(item, "days");
    size_t n = json_length(&days);

    if (desk == calendar->n_desks) {
        (void)json_refuse(item, "the desk is not listed");
    }
    if (shift.from >= shift.until) {
        (void)json_refuse(item, "must end after it begins; split what passes midnight");
    }
    for (size_t i = 0; i < n && json_ok(item); i++) {
        struct json_view day = json_item(&days, i);
        uint32_t word = field_word(&day, day_words, DAY_SORTS);
        if (word != 0) {
            fill(&day, &shift, calendar->on_duty[word - 1]);
        }
    }
}

static void read_hours(const struct json_view *view, struct calendar *calendar)
{
    struct json_view list = json_get_array(view, "hours");
    size_t n = json_length(&list);

    memset(calendar->on_duty, NO_DESK, sizeof(calendar->on_duty));
    for (size_t i = 0; i < n && json_ok(view); i++) {
        struct json_view item = json_item(&list, i);
        read_shift(&item, calendar);
    }
    for (int sort = 0; sort < DAY_SORTS && json_ok(view); sort++) {
        const uint8_t *gap = memchr(calendar->on_duty[sort], NO_DESK, MINUTES_PER_DAY);
        if (gap != NULL) {
            int minute = (int)(gap - calendar->on_duty[sort]);
            (void)json_refuse(&list, "nobody is on duty on %s at %02d:%02d", day_words[sort],
                              minute / 60, minute % 60);
        }
    }
}

static void read_holidays(const struct json_view *view, struct calendar *calendar)
{
    struct json_view list = json_get_array(view, "holidays");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < HOLIDAYS_MAX; i++) {
        struct json_view item = json_item(&list, i);
        calendar->holidays[i] = field_day(&item, "day");
        if (i > 0 && calendar->holidays[i] <= calendar->holidays[i - 1]) {
            (void)json_refuse(&item, "holidays must be listed in order");
        }
        calendar->n_holidays = i + 1;
    }
}

static void read_authorities(const struct json_view *view, struct calendar *calendar)
{
    struct json_view list = json_opt_array(view, "own_authorities");
    size_t n = json_length(&list);

    for (size_t i = 0; i < n && i < CAIRN_OWN_AUTHORITIES_MAX; i++) {
        struct json_view item = json_item(&list, i);
        calendar->authorities[i] =
            (uint32_t)json_as_integer(&item, CAIRN_AUTHORITY_MIN, CAIRN_AUTHORITY_MAX);
        calendar->n_authorities = i + 1;
    }
}

int calendar_read(const struct json *document, const struct directory *directory,
                  struct calendar **ret, struct error *error)
{
    struct json_view view = json_view(document, error);
    _cleanup_(calendar_free) struct calendar *made = base_zalloc(1, sizeof(*made));

    read_desks(&view, directory, made);
    read_hours(&view, made);
    read_holidays(&view, made);
    read_authorities(&view, made);
    made->unopened_ms =
        json_opt_integer(&view, "urgent_unopened_minutes", 1, 1440, UNOPENED_MS / MINUTE_MS) *
        MINUTE_MS;
    made->undecided_ms =
        json_opt_integer(&view, "alert_unopened_hours", 1, 744, UNDECIDED_MS / MINUTE_MS / 60) *
        60 * MINUTE_MS;
    made->transit_days = (int32_t)json_opt_integer(
        &view, "delivered_kept_days", CAIRN_TRANSIT_MIN_DAYS, CAIRN_TRANSIT_MAX_DAYS, TRANSIT_DAYS);
    made->history_days = (int32_t)json_opt_integer(
        &view, "history_kept_days", CAIRN_TRANSIT_MIN_DAYS, CAIRN_HISTORY_MAX_DAYS, HISTORY_DAYS);
    made->keep_all = json_opt_bool(&view, "keep_all", false);
    if (!json_ok(&view)) {
        return -EINVAL;
    }
    *ret = made;
    made = NULL;
    return 0;
}

void calendar_free(struct calendar **calendar)
{
    free(*calendar);
    *calendar = NULL;
}
