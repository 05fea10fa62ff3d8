/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence: what a pupil's marks of one period come to. Pure functions over whole numbers; shares
 * are compared by multiplying, so that exactly a tenth is a tenth.
 *
 *   possible   sessions that were present, authorised or unauthorised; what was not possible and
 *              what is administrative counts neither above nor below
 *   severe     absent from half of the possible sessions or more      \ from `minimum` possible
 *   persistent absent from a tenth of them or more                    / sessions on
 *   unexplained a mark N (no reason yet) that more than ABSENCE_REASON_DAYS later days of this
 *              pupil's register have not resolved, or ABSENCE_RUN_MIN marks O one after the other
 *
 * Sessions of an agreed part-time timetable (C2) are authorised absence, and told as such, but
 * never what reaches a threshold: the share is compared without them. Thresholds are England's
 * statistical ones; the worst word that holds is the one that is told.
 */
#ifndef AGENTS_SCHOOL_ABSENCE_H
#define AGENTS_SCHOOL_ABSENCE_H

#include "agents/school/codes.h"
#include "cairn/codes.h"

#define ABSENCE_REASON_DAYS 5
#define ABSENCE_RUN_MIN     10

struct absence_mark {
    int32_t day;
    uint8_t session; /* 0 morning, 1 afternoon */
    char code[ATTENDANCE_CODE_MAX_BYTES + 1];
};

struct absence {
    enum record_code code; /* CODE_NOT_SAID: nothing to tell */
    uint32_t possible;
    uint32_t authorised;
    uint32_t unauthorised;
    uint32_t part_time;  /* of the authorised ones */
    uint32_t unresolved; /* marks N beyond their time */
    uint32_t run;        /* longest run of O */
    int32_t first_day;   /* of the marks counted; 0 when there are none */
    int32_t last_day;
};

/* Marks rise by day and session; those after `until` are not looked at. */
void absence_count(const struct absence_mark *marks, size_t n, uint32_t minimum, int32_t until,
                   struct absence *ret);
/* Whether both say the same of the same days. */
bool absence_equal(const struct absence *a, const struct absence *b);
/* Above 0 when `a` is the worse word. */
int absence_compare(enum record_code a, enum record_code b);

#endif
