/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <assert.h>
#include <stddef.h>
#include <time.h>

static int64_t system_ms(clockid_t id)
{
    struct timespec now;
    int r = clock_gettime(id, &now);

    assert(r == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_real_ms(void *data)
{
    (void)data;
    return system_ms(CLOCK_REALTIME);
}

static int64_t system_boot_ms(void *data)
{
    (void)data;
    return system_ms(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock clock = {.real_ms = system_real_ms, .boot_ms = system_boot_ms};

    return &clock;
}

int64_t clock_real_ms(const struct clock *clock)
{
    return clock->real_ms(clock->data);
}

int64_t clock_boot_ms(const struct clock *clock)
{
    return clock->boot_ms(clock->data);
}

/* Atomic, because a test advances the clock while the threads under test read it. */
static int64_t fake_real_ms(void *data)
{
    struct clock_fake *fake = data;

    return __atomic_load_n(&fake->real_ms, __ATOMIC_RELAXED);
}

static int64_t fake_boot_ms(void *data)
{
    struct clock_fake *fake = data;

    return __atomic_load_n(&fake->boot_ms, __ATOMIC_RELAXED);
}

void clock_fake_init(struct clock_fake *fake, int64_t real_ms)
{
    *fake = (struct clock_fake){
        .clock = {.real_ms = fake_real_ms, .boot_ms = fake_boot_ms, .data = fake},
        .real_ms = real_ms,
        .boot_ms = 1000,
    };
}

void clock_fake_advance(struct clock_fake *fake, int64_t ms)
{
    assert(ms >= 0);
    (void)__atomic_add_fetch(&fake->boot_ms, ms, __ATOMIC_RELAXED);
    clock_fake_step(fake, ms);
}

void clock_fake_step(struct clock_fake *fake, int64_t ms)
{
    (void)__atomic_add_fetch(&fake->real_ms, ms, __ATOMIC_RELAXED);
}
