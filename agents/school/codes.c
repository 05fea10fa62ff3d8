/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/codes.h"

#include <string.h>

#define FIRST_DAY_2024 19954 /* 2024-08-19 */

static const struct attendance_code codes_2024[] = {
    {"/", ATTENDANCE_PRESENT},        {"\\", ATTENDANCE_PRESENT},
    {"L", ATTENDANCE_PRESENT},        {"K", ATTENDANCE_PRESENT},
    {"V", ATTENDANCE_PRESENT},        {"P", ATTENDANCE_PRESENT},
    {"W", ATTENDANCE_PRESENT},        {"B", ATTENDANCE_PRESENT},
    {"C1", ATTENDANCE_AUTHORISED},    {"M", ATTENDANCE_AUTHORISED},
    {"J1", ATTENDANCE_AUTHORISED},    {"S", ATTENDANCE_AUTHORISED},
    {"C2", ATTENDANCE_AUTHORISED},    {"C", ATTENDANCE_AUTHORISED},
    {"T", ATTENDANCE_AUTHORISED},     {"R", ATTENDANCE_AUTHORISED},
    {"I", ATTENDANCE_AUTHORISED},     {"E", ATTENDANCE_AUTHORISED},
    {"G", ATTENDANCE_UNAUTHORISED},   {"N", ATTENDANCE_UNAUTHORISED},
    {"O", ATTENDANCE_UNAUTHORISED},   {"U", ATTENDANCE_UNAUTHORISED},
    {"D", ATTENDANCE_NOT_POSSIBLE},   {"X", ATTENDANCE_NOT_POSSIBLE},
    {"Q", ATTENDANCE_NOT_POSSIBLE},   {"Y1", ATTENDANCE_NOT_POSSIBLE},
    {"Y2", ATTENDANCE_NOT_POSSIBLE},  {"Y3", ATTENDANCE_NOT_POSSIBLE},
    {"Y4", ATTENDANCE_NOT_POSSIBLE},  {"Y5", ATTENDANCE_NOT_POSSIBLE},
    {"Y6", ATTENDANCE_NOT_POSSIBLE},  {"Y7", ATTENDANCE_NOT_POSSIBLE},
    {"Z", ATTENDANCE_ADMINISTRATIVE}, {"#", ATTENDANCE_ADMINISTRATIVE},
};

/* J (interview) counted as attending; H was a holiday that the head had agreed to. */
static const struct attendance_code codes_before[] = {
    {"/", ATTENDANCE_PRESENT},        {"\\", ATTENDANCE_PRESENT},
    {"L", ATTENDANCE_PRESENT},        {"B", ATTENDANCE_PRESENT},
    {"J", ATTENDANCE_PRESENT},        {"P", ATTENDANCE_PRESENT},
    {"V", ATTENDANCE_PRESENT},        {"W", ATTENDANCE_PRESENT},
    {"C", ATTENDANCE_AUTHORISED},     {"E", ATTENDANCE_AUTHORISED},
    {"H", ATTENDANCE_AUTHORISED},     {"I", ATTENDANCE_AUTHORISED},
    {"M", ATTENDANCE_AUTHORISED},     {"R", ATTENDANCE_AUTHORISED},
    {"S", ATTENDANCE_AUTHORISED},     {"T", ATTENDANCE_AUTHORISED},
    {"G", ATTENDANCE_UNAUTHORISED},   {"N", ATTENDANCE_UNAUTHORISED},
    {"O", ATTENDANCE_UNAUTHORISED},   {"U", ATTENDANCE_UNAUTHORISED},
    {"D", ATTENDANCE_NOT_POSSIBLE},   {"X", ATTENDANCE_NOT_POSSIBLE},
    {"Y", ATTENDANCE_NOT_POSSIBLE},   {"Z", ATTENDANCE_ADMINISTRATIVE},
    {"#", ATTENDANCE_ADMINISTRATIVE}, {"-", ATTENDANCE_ADMINISTRATIVE},
};

static const struct attendance_code *find(const struct attendance_code *codes, size_t n,
                                          struct slice text)
{
    char capitals[ATTENDANCE_CODE_MAX_BYTES + 1] = "";
    if (text.len == 0 || text.len > ATTENDANCE_CODE_MAX_BYTES) {
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        capitals[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(codes[i].text, capitals) == 0) {
            return &codes[i];
        }
    }
    return NULL;
}

static const struct attendance_code *find_2024(struct slice text)
{
    return find(codes_2024, ARRAY_LEN(codes_2024), text);
}

static const struct attendance_code *find_before(struct slice text)
{
    return find(codes_before, ARRAY_LEN(codes_before), text);
}

const struct attendance_code *attendance_code_find(struct slice text, int32_t day)
{
    return day >= FIRST_DAY_2024 ? find_2024(text) : find_before(text);
}

bool attendance_code_other_day(struct slice text, int32_t day)
{
    return (day >= FIRST_DAY_2024 ? find_before(text) : find_2024(text)) != NULL;
}
