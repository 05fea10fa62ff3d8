/* SPDX-License-Identifier: Apache-2.0 */
/* META: steps u64 (two's complement), real u64, boot u64. Settling time = real - steps. */
#include "agents/core/settling_time.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"

#define META_CLOCK  "settling-clock"
#define CLOCK_BYTES 24

struct known_clock {
    int64_t steps_ms; /* all that the clock was ever set forward by */
    int64_t real_ms;  /* both at the same moment, of this run of the agent */
    int64_t boot_ms;
};

static bool load(struct store_txn *txn, struct known_clock *ret)
{
    struct slice value;
    if (!agent_meta_bytes(txn, META_CLOCK, &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->steps_ms = (int64_t)read_u64(&reader);
    ret->real_ms = (int64_t)read_u64(&reader);
    ret->boot_ms = (int64_t)read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void keep(struct store_txn *txn, const struct known_clock *known)
{
    uint8_t storage[CLOCK_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, (uint64_t)known->steps_ms);
    write_u64(&writer, (uint64_t)known->real_ms);
    write_u64(&writer, (uint64_t)known->boot_ms);
    assert(writer.len == sizeof(storage));
    agent_meta_put_bytes(txn, META_CLOCK, writer_slice(&writer));
}

/* By how much the clock was set since: how much more of real time has passed than of
 * `passed_ms`. */
static int64_t step_since(const struct known_clock *known, int64_t real_ms, int64_t passed_ms)
{
    int64_t step_ms = (real_ms - known->real_ms) - passed_ms;
    return step_ms > SETTLING_STEP_MS || step_ms < -SETTLING_STEP_MS ? step_ms : 0;
}

/* Of this run. */
static int64_t step_now(const struct known_clock *known, const struct clock *clock)
{
    return step_since(known, clock_real_ms(clock), clock_boot_ms(clock) - known->boot_ms);
}

/* What has surely passed between two runs: the machine went on running, or was started anew and has
 * been running since. Anything more is for its clock to say. */
static int64_t step_away(const struct known_clock *known, int64_t real_ms, int64_t boot_ms)
{
    int64_t at_least = boot_ms >= known->boot_ms ? boot_ms - known->boot_ms : boot_ms;
    int64_t step_ms = step_since(known, real_ms, at_least);
    return step_ms < 0 ? step_ms : 0;
}

void settling_time_start(struct store_txn *txn, const struct clock *clock)
{
    struct known_clock known = {.steps_ms = 0};
    struct known_clock now = {.real_ms = clock_real_ms(clock), .boot_ms = clock_boot_ms(clock)};
    if (load(txn, &known)) {
        now.steps_ms = known.steps_ms + step_away(&known, now.real_ms, now.boot_ms);
    }
    keep(txn, &now);
}

int64_t settling_time(struct store_txn *txn, const struct clock *clock)
{
    struct known_clock known;
    int64_t real_ms = clock_real_ms(clock);
    return load(txn, &known) ? real_ms - known.steps_ms - step_now(&known, clock) : real_ms;
}

int64_t settling_time_step(struct store_txn *txn, const struct clock *clock)
{
    struct known_clock known;
    return load(txn, &known) ? step_now(&known, clock) : 0;
}

void settling_time_keep(struct store_txn *txn, const struct clock *clock)
{
    int64_t step_ms = settling_time_step(txn, clock);
    struct known_clock now = {.real_ms = clock_real_ms(clock), .boot_ms = clock_boot_ms(clock)};
    struct known_clock known;
    if (load(txn, &known)) {
        now.steps_ms = known.steps_ms + step_ms;
    }
    keep(txn, &now);
    if (step_ms != 0) {
        log_event(LOG_LEVEL_WARNING, "clock_stepped", "step_ms=%" PRId64, step_ms);
    }
}

int64_t settling_time_shown(struct store_txn *txn, const struct clock *clock, int64_t due_ms)
{
    return due_ms + clock_real_ms(clock) - settling_time(txn, clock);
}
