/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/household.h"

#include <string.h>

void households_init(struct households *households, size_t max)
{
    households->max = max;
    households->n = 0;
    households->events = base_zalloc(max, sizeof(households->events[0]));
}

void households_deinit(struct households *households)
{
    base_free(&households->events);
    *households = HOUSEHOLDS_NULL;
}

void households_add(struct households *households, uint64_t alert,
                    const uint8_t event[CAIRN_EVENT_ID_BYTES])
{
    if (households->n < households->max) {
        struct household_event *row = &households->events[households->n++];
        memcpy(row->event, event, CAIRN_EVENT_ID_BYTES);
        row->alert = alert;
        row->household = alert;
    }
}

/* Of the first event before this one that is the same; 0 none. */
static uint64_t earlier(const struct households *households, const struct household_event *event)
{
    for (size_t i = 0; i < households->n; i++) {
        const struct household_event *other = &households->events[i];
        if (other->alert != event->alert &&
            memcmp(other->event, event->event, CAIRN_EVENT_ID_BYTES) == 0) {
            return other->household;
        }
    }
    return 0;
}

uint64_t households_settle(struct households *households, uint64_t alert)
{
    uint64_t household = alert;
    size_t first = households->n;

    while (first > 0 && households->events[first - 1].alert == alert) {
        first--;
        uint64_t found = earlier(households, &households->events[first]);
        household = found != 0 && found < household ? found : household;
    }
    for (size_t i = first; i < households->n; i++) {
        households->events[i].household = household;
    }
    return household;
}
