/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attendance codes of England's registers. Which of them exist depends on the day of the
 * session: those of the School Attendance (Pupil Registration) (England) Regulations 2024 from
 * 19 August 2024, those of the guidance before it until then.
 */
#ifndef AGENTS_SCHOOL_CODES_H
#define AGENTS_SCHOOL_CODES_H

#include "base/slice.h"

/* What a session with this code is, in the count of absence. */
enum attendance_class {
    ATTENDANCE_PRESENT = 1,
    ATTENDANCE_AUTHORISED,
    ATTENDANCE_UNAUTHORISED,
    ATTENDANCE_NOT_POSSIBLE,  /* the pupil could not have been expected: counts for nothing */
    ATTENDANCE_ADMINISTRATIVE /* no session: not on roll yet, planned closure */
};

#define ATTENDANCE_CODE_MAX_BYTES 2
struct attendance_code {
    char text[ATTENDANCE_CODE_MAX_BYTES + 1];
    enum attendance_class class;
};

/* NULL when there was no such code on that day; letters of either case. Static. */
const struct attendance_code *attendance_code_find(struct slice text, int32_t day);
/* Whether it is, or was, a code on another day. */
bool attendance_code_other_day(struct slice text, int32_t day);

#endif
