/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/timekeeper.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/date.h"

/* 2026-11-01: no honest clock of a machine that runs this release is earlier. */
#define RELEASE_MS      INT64_C(1793491200000)
#define TWENTY_YEARS_MS (INT64_C(20) * 366 * 86400 * 1000)
#define AWAY_MAX_MS     (90 * DAY_MS)

/* A clock that is far ahead is as bad as one that is behind: its first batch would set the time for
 * good, and everything would be overdue until then and nothing fall due. */
static bool is_absurd(int64_t now, int64_t last_ms)
{
    return now < RELEASE_MS || now > RELEASE_MS + TWENTY_YEARS_MS || now < last_ms - DAY_MS ||
           (last_ms > 0 && now > last_ms + AWAY_MAX_MS);
}

int timekeeper_init(struct timekeeper *keeper, const struct clock *clock, int64_t last_ms,
                    bool accept, struct error *error)
{
    int64_t now = clock_real_ms(clock);
    if (!accept && is_absurd(now, last_ms)) {
        char says[INSTANT_TEXT_BYTES];
        char stored[INSTANT_TEXT_BYTES];
        instant_format(now, says);
        instant_format(last_ms, stored);
        return error_set(error, "clock",
                         "it says %s and the newest batch is of %s; set the clock, or start with "
                         "--accept-clock when it is right",
                         says, last_ms == 0 ? "no time" : stored);
    }
    *keeper = (struct timekeeper){
        .clock = clock,
        .last_ms = last_ms,
        .offset_ms = now - clock_boot_ms(clock),
    };
    return 0;
}

int64_t timekeeper_batch(struct timekeeper *keeper)
{
    int64_t boot = clock_boot_ms(keeper->clock);
    int64_t real = clock_real_ms(keeper->clock);
    keeper->frozen = llabs(real - boot - keeper->offset_ms) > CLOCK_STEP_MAX_MS;
    int64_t now = keeper->frozen ? boot + keeper->offset_ms : real;
    if (!keeper->frozen) {
        keeper->offset_ms = real - boot; /* follows the slow corrections of time synchronisation */
    }
    if (now > keeper->last_ms) {
        keeper->last_ms = now;
    }
    return keeper->last_ms;
}

bool timekeeper_is_due(const struct timekeeper *keeper, int64_t now_ms, int64_t due_ms)
{
    return !keeper->frozen && now_ms >= due_ms;
}
