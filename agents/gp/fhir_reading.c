/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_reading.h"

#include <stdio.h>

#include "base/date.h"

#define CHANGED_AHEAD_MAX_MS (86400 * INT64_C(1000)) /* of lastUpdated, beyond our clock */

static void read_source_id(const struct json_view *appointment, struct event *event)
{
    struct json_view identifiers = json_opt_array(appointment, "identifier");
    struct json_view first = json_item(&identifiers, 0);

    json_opt_copy(appointment, "id", event->source_id, sizeof(event->source_id));
    if (event->source_id[0] == '\0') {
        json_opt_copy(&first, "value", event->source_id, sizeof(event->source_id));
    }
    if (event->source_id[0] == '\0') {
        (void)json_refuse(appointment, "has neither id nor identifier: send one, so that "
                                       "a correction can be matched to it");
    }
}

/* The version as the source calls it, else its time of change as written. Without either the
 * versions of an appointment differ by what they say. */
static void read_source_version(const struct json_view *meta, struct event *event)
{
    json_opt_copy(meta, "versionId", event->source_version, sizeof(event->source_version));
    if (event->source_version[0] == '\0') {
        json_opt_copy(meta, "lastUpdated", event->source_version, sizeof(event->source_version));
    }
}

/* A source whose clock runs far ahead of ours must not make all its later versions look old. */
static bool read_changed(const struct json_view *meta, int64_t now_ms, int64_t *ret_ms)
{
    int64_t ms = 0;

    if (!instant_parse(json_opt_text(meta, "lastUpdated"), &ms) ||
        ms > now_ms + CHANGED_AHEAD_MAX_MS) {
        return false;
    }
    *ret_ms = ms;
    return true;
}

void reading_source(struct reading *reading)
{
    struct event *event = &reading->result->event;
    struct json_view meta = json_opt_object(&reading->appointment, "meta");

    (void)snprintf(event->adapter, sizeof(event->adapter), "%s", FHIR_APPOINTMENT_ADAPTER);
    read_source_id(&reading->appointment, event);
    read_source_version(&meta, event);
    event->recorded_ms = reading->terms->now_ms;
    if (read_changed(&meta, reading->terms->now_ms, &event->changed_ms)) {
        event->recorded_ms = event->changed_ms;
    }
    event->event_day = instant_london_day(event->recorded_ms);
}

void reading_conclude(struct reading *reading, enum appointment_outcome outcome,
                      enum appointment_why why, const char *member, const char *words)
{
    struct json_view at = reading->appointment;

    reading->result->outcome = outcome;
    reading->result->why = why;
    if (member != NULL) {
        at = json_member(&at, member);
    }
    reading->result->reason = ERROR_NULL;
    (void)json_refuse(&at, "%s", words);
}

void reading_set_aside(struct reading *reading, enum appointment_why why)
{
    reading->result->outcome = APPOINTMENT_SET_ASIDE;
    reading->result->why = why;
}
