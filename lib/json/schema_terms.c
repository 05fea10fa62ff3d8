/* SPDX-License-Identifier: Apache-2.0 */
/* The types and formats that a schema may name. */
#include <string.h>

#include "base/date.h"
#include "json/schema_internal.h"

static const struct schema_type types[] = {
    {"object", "an object", TYPE_OBJECT},
    {"array", "an array", TYPE_ARRAY},
    {"string", "text", TYPE_STRING},
    {"integer", "a whole number", TYPE_INTEGER},
    {"number", "a number", TYPE_NUMBER | TYPE_INTEGER},
    {"boolean", "true or false", TYPE_BOOLEAN},
    {"null", "null", TYPE_NULL},
};

static bool is_date(struct slice text)
{
    int32_t day;

    return date_parse(text, &day);
}

static bool is_date_time(struct slice text)
{
    int64_t ms;

    return instant_parse(text, &ms);
}

static const struct schema_format formats[] = {
    {"date", "a date like 2026-11-22", is_date},
    {"date-time", "a time like 2026-11-22T08:00:00Z", is_date_time},
};

const struct schema_type *schema_type(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

const struct schema_format *schema_format(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}
