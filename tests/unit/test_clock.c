/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void a_fake_clock_advances_both_times_and_steps_one(void **state)
{
    struct clock_fake fake;
    (void)state;
    clock_fake_init(&fake, 1795334400000);
    int64_t boot = clock_boot_ms(&fake.clock);

    clock_fake_advance(&fake, 1500);
    assert_true(clock_real_ms(&fake.clock) == 1795334401500);
    assert_true(clock_boot_ms(&fake.clock) == boot + 1500);
    clock_fake_step(&fake, -3600000);

    assert_true(clock_real_ms(&fake.clock) == 1795330801500);
    assert_true(clock_boot_ms(&fake.clock) == boot + 1500);
}

static void the_system_clock_is_the_kernel_s(void **state)
{
    const struct clock *clock = clock_system();
    struct timespec before;
    struct timespec after;
    (void)state;

    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &before), 0);
    int64_t boot = clock_boot_ms(clock);
    int64_t real = clock_real_ms(clock);
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &after), 0);

    assert_true(boot >= (int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000);
    assert_true(boot <= (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000);
    assert_true(real / 1000 - (int64_t)time(NULL) <= 1);
    assert_true((int64_t)time(NULL) - real / 1000 <= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fake_clock_advances_both_times_and_steps_one),
        cmocka_unit_test(the_system_clock_is_the_kernel_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
