/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timekeeper: the time of a batch = max(previous, real time). When real time steps by more than a
 * minute against boot time it is frozen: the batch time goes on by boot time until real time is
 * back; commit says so once in the log and in a counter. Accepting goes on. Owned by commit.
 */
#ifndef BROKER_TIMEKEEPER_H
#define BROKER_TIMEKEEPER_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"

#define CLOCK_STEP_MAX_MS (60 * 1000)

struct timekeeper {
    const struct clock *clock;
    int64_t last_ms;   /* of the newest batch */
    int64_t offset_ms; /* real minus boot, as of the last sane look */
    bool frozen;
};

/* -EINVAL and a reason when the clock is absurd: before this program was released, more than twenty
 * years after, more than a day before the newest batch or more than ninety after it; `accept` lets
 * it pass. */
int timekeeper_init(struct timekeeper *keeper, const struct clock *clock, int64_t last_ms,
                    bool accept, struct error *error) MUST_USE;
/* Never smaller than before. */
int64_t timekeeper_batch(struct timekeeper *keeper);
/* Whether now_ms has come to due_ms. Never while it is frozen: what is due then waits. */
bool timekeeper_is_due(const struct timekeeper *keeper, int64_t now_ms, int64_t due_ms);

#endif
