/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/absence.h"

#include <string.h>

static enum attendance_class class_of(const struct absence_mark *mark)
{
    const struct attendance_code *code = attendance_code_find(slice_of_text(mark->code), mark->day);
    assert(code != NULL); /* only such marks are kept */
    return code->class;
}

static bool is_code(const struct absence_mark *mark, const char *code)
{
    return strcmp(mark->code, code) == 0;
}

/* Days of the register after each mark, counted from the end: a day on which the school was shut
 * resolves nothing, and costs no time. */
static uint32_t count_unresolved(const struct absence_mark *marks, size_t n)
{
    uint32_t unresolved = 0;
    uint32_t later_days = 0;
    int32_t day = INT32_MAX; /* that the marks looked at belong to */
    bool open = false;       /* and whether the school was */
    for (size_t i = n; i > 0; i--) {
        const struct absence_mark *mark = &marks[i - 1];
        if (mark->day != day) {
            later_days += open ? 1 : 0;
            day = mark->day;
            open = false;
        }
        open = open || class_of(mark) != ATTENDANCE_ADMINISTRATIVE;
        if (is_code(mark, "N") && later_days > ABSENCE_REASON_DAYS) {
            unresolved++;
        }
    }
    return unresolved;
}

static void count_mark(const struct absence_mark *mark, uint32_t *run, struct absence *ret)
{
    enum attendance_class class = class_of(mark);
    if (class == ATTENDANCE_NOT_POSSIBLE || class == ATTENDANCE_ADMINISTRATIVE) {
        return; /* and a run goes on over it */
    }
    ret->possible++;
    ret->authorised += class == ATTENDANCE_AUTHORISED ? 1 : 0;
    ret->unauthorised += class == ATTENDANCE_UNAUTHORISED ? 1 : 0;
    ret->part_time += is_code(mark, "C2") ? 1 : 0;
    *run = is_code(mark, "O") ? *run + 1 : 0;
    ret->run = *run > ret->run ? *run : ret->run;
}

static enum record_code judge(const struct absence *absence, uint32_t minimum)
{
    uint32_t counted = absence->authorised + absence->unauthorised - absence->part_time;
    bool enough = absence->possible >= minimum && counted > 0;
    if (enough && 2 * counted >= absence->possible) {
        return CODE_SEVERE_ABSENCE;
    }
    if (enough && 10 * counted >= absence->possible) {
        return CODE_PERSISTENT_ABSENCE;
    }
    return absence->unresolved > 0 || absence->run >= ABSENCE_RUN_MIN ? CODE_UNEXPLAINED_ABSENCE
                                                                      : CODE_NOT_SAID;
}

void absence_count(const struct absence_mark *marks, size_t n, uint32_t minimum, int32_t until,
                   struct absence *ret)
{
    struct absence absence = {.code = CODE_NOT_SAID};
    uint32_t run = 0;
    while (n > 0 && marks[n - 1].day > until) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        assert(i == 0 || marks[i - 1].day < marks[i].day ||
               marks[i - 1].session < marks[i].session);
        count_mark(&marks[i], &run, &absence);
    }
    absence.first_day = n > 0 ? marks[0].day : 0;
    absence.last_day = n > 0 ? marks[n - 1].day : 0;
    absence.unresolved = count_unresolved(marks, n);
    absence.code = judge(&absence, minimum);
    *ret = absence;
}

bool absence_equal(const struct absence *a, const struct absence *b)
{
    return a->code == b->code && a->possible == b->possible && a->authorised == b->authorised &&
           a->unauthorised == b->unauthorised && a->part_time == b->part_time &&
           a->unresolved == b->unresolved && a->run == b->run && a->first_day == b->first_day &&
           a->last_day == b->last_day;
}

static int rank(enum record_code code)
{
    static const enum record_code rising[] = {CODE_NOT_SAID, CODE_UNEXPLAINED_ABSENCE,
                                              CODE_PERSISTENT_ABSENCE, CODE_SEVERE_ABSENCE};
    int at = 0;
    while (rising[at] != code) {
        at++;
        assert(at < (int)ARRAY_LEN(rising));
    }
    return at;
}

int absence_compare(enum record_code a, enum record_code b)
{
    return rank(a) - rank(b);
}
