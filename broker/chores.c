/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/chores.h"

#include <limits.h>

#include "base/date.h"

/* Between two chores beside frames: so many times what the last one took. */
#define CHORE_PAUSE_TIMES 8

/* Judging what waits, and what patterns find in what was there before. A clock that stepped stops
 * timers and retention, not this. */
static bool must_continue(const struct commit *commit)
{
    int64_t now = clock_real_ms(commit->time.clock);
    bool next_day = !commit->time.frozen && instant_london_day(now) > commit->judged_day;
    return commit->governance != NULL && (commit->continues || next_day);
}

bool chore_next(const struct commit *commit, struct input *ret)
{
    int64_t now = clock_real_ms(commit->time.clock);
    bool destroys = timekeeper_is_due(&commit->time, now, commit->next_retention_ms);
    bool continues = must_continue(commit);
    bool retention = destroys && (!continues || !commit->retention_was_last);
    *ret = (struct input){.type = retention ? INPUT_RETENTION : INPUT_CONTINUE};
    return destroys || continues;
}

int chore_rest_ms(const struct commit *commit)
{
    int64_t from = commit->served_ms < commit->chore_ms ? commit->served_ms : commit->chore_ms;
    int64_t rest = from + commit->chore_pause_ms - clock_boot_ms(commit->time.clock);
    struct input ignored;
    if (!chore_next(commit, &ignored)) {
        return INT_MAX;
    }
    return rest > 0 ? (int)rest : 0;
}

bool chore_is_overdue(const struct commit *commit)
{
    return clock_boot_ms(commit->time.clock) >= commit->chore_ms + commit->chore_pause_ms;
}

void chore_done(struct commit *commit, const struct input *chore, int64_t began_ms)
{
    commit->retention_was_last = chore->type == INPUT_RETENTION;
    commit->chore_ms = clock_boot_ms(commit->time.clock);
    int64_t pause_ms = CHORE_PAUSE_TIMES * (commit->chore_ms - began_ms);
    commit->chore_pause_ms = pause_ms > CHORE_PAUSE_MS ? pause_ms : CHORE_PAUSE_MS;
}
