/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock: the only source of time, injected wherever time matters. Real time orders nothing; boot
 * time measures waiting. A clock is shared and immutable; a fake one (tests) is advanced by its
 * owner only.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*real_ms)(void *data); /* milliseconds since 1970 UTC, CLOCK_REALTIME */
    int64_t (*boot_ms)(void *data); /* milliseconds since boot, CLOCK_BOOTTIME, never steps */
    void *data;
};

const struct clock *clock_system(void);
int64_t clock_real_ms(const struct clock *clock);
int64_t clock_boot_ms(const struct clock *clock);

struct clock_fake {
    struct clock clock; /* pass &fake.clock */
    int64_t real_ms;
    int64_t boot_ms;
};
void clock_fake_init(struct clock_fake *fake, int64_t real_ms);
void clock_fake_advance(struct clock_fake *fake, int64_t ms); /* both times */
void clock_fake_step(struct clock_fake *fake,
                     int64_t ms); /* real time only, as when an operator sets it */

#endif
