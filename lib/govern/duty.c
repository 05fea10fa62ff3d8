/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/duty.h"

enum duty_gap duty_gap(const struct governance *governance)
{
    if (governance->versions[GOVERNANCE_DIRECTORY] == 0) {
        return DUTY_GAP_NONE;
    }
    if (!directory_has_front_door(&governance->directory)) {
        return DUTY_GAP_FRONT_DOOR;
    }
    if (governance->calendar == NULL) {
        return DUTY_GAP_CALENDAR;
    }
    return calendar_has_front_door(governance->calendar, &governance->directory) ? DUTY_GAP_NONE
                                                                                 : DUTY_GAP_DESK;
}

const char *duty_gap_text(enum duty_gap gap)
{
    switch (gap) {
#define X(name, number, text, words)                                                               \
    case DUTY_GAP_##name:                                                                          \
        return (text);
        DUTY_GAPS(X)
#undef X
    }
    return "unknown";
}

const char *duty_gap_words(uint64_t number)
{
    static const char *const rows[] = {
#define X(name, number, text, words) [DUTY_GAP_##name] = (words),
        DUTY_GAPS(X)
#undef X
    };
    return number < ARRAY_LEN(rows) ? rows[number] : "nobody may be there to open what is urgent";
}
