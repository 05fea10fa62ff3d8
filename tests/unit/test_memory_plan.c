/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/memory_plan.h"
#include "broker/pipeline.h"
#include "os/files.h"

#define MIB (UINT64_C(1) << 20)

static void the_plan_covers_every_bounded_queue(void **state)
{
    (void)state;

    uint64_t none = memory_plan_bytes(0, 1);

    assert_true(none > CAIRN_RING_BYTES + CAIRN_RING_SLOTS * sizeof(struct slot) +
                           2ULL * CAIRN_OUT_QUEUE_FRAMES * CAIRN_FRAME_MAX_BYTES);
}

static void each_agency_costs_its_connections_full_of_whole_frames(void **state)
{
    (void)state;

    uint64_t one = memory_plan_bytes(1, 1) - memory_plan_bytes(0, 1);

    assert_true(one >=
                (uint64_t)(CAIRN_SEND_HWM + CAIRN_RECEIVE_HWM) * (uint64_t)CAIRN_FRAME_MAX_BYTES);
    assert_int_equal(memory_plan_bytes(200, 1) - memory_plan_bytes(0, 1), 200 * one);
}

static void strangers_at_the_door_are_counted(void **state)
{
    (void)state;

    assert_true(memory_plan_bytes(0, 1) > (uint64_t)CAIRN_BROKER_FILES_MAX * CAIRN_STRANGER_BYTES);
}

static void each_worker_costs_a_stack(void **state)
{
    (void)state;

    assert_true(memory_plan_bytes(10, 16) > memory_plan_bytes(10, 1));
}

static void two_hundred_agencies_fit_a_machine_of_four_gigabytes(void **state)
{
    (void)state;

    assert_true(memory_plan_bytes(200, 4) < 4096 * MIB);
}

static void the_unit_allows_what_a_partnership_of_150_agencies_can_come_to_use(void **state)
{
    _cleanup_(buf_deinit) struct buf unit = BUF_MAX(65536);
    (void)state;
    assert_int_equal(file_read(SOURCE_DIR "/config/systemd/cairn-broker.service", &unit), 0);

    assert_non_null(strstr(buf_text(&unit), "\nMemoryMax=2G\n"));

    assert_true(memory_plan_bytes(150, CAIRN_VERIFY_WORKERS_MAX) <= 2048 * MIB);
}

static void a_limit_below_the_plan_is_refused_with_the_sum_in_words(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    assert_int_equal(memory_plan_check(40, 2, 16 * MIB, &error), -ENOMEM);

    assert_non_null(strstr(error.what, "40 agencies"));
    assert_non_null(strstr(error.what, "limit is 16 MiB"));
    assert_non_null(strstr(error.what, "memory_limit"));
}

static void the_plan_itself_is_enough_and_a_byte_less_is_not(void **state)
{
    struct error error = ERROR_NULL;
    uint64_t plan = memory_plan_bytes(40, 2);
    (void)state;

    assert_int_equal(memory_plan_check(40, 2, plan, &error), 0);
    assert_int_equal(memory_plan_check(40, 2, plan - 1, &error), -ENOMEM);
}

static void without_a_limit_nothing_is_refused(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    assert_int_equal(memory_plan_check(CAIRN_AGENCIES_MAX, 16, 0, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_covers_every_bounded_queue),
        cmocka_unit_test(each_agency_costs_its_connections_full_of_whole_frames),
        cmocka_unit_test(strangers_at_the_door_are_counted),
        cmocka_unit_test(each_worker_costs_a_stack),
        cmocka_unit_test(two_hundred_agencies_fit_a_machine_of_four_gigabytes),
        cmocka_unit_test(the_unit_allows_what_a_partnership_of_150_agencies_can_come_to_use),
        cmocka_unit_test(a_limit_below_the_plan_is_refused_with_the_sum_in_words),
        cmocka_unit_test(the_plan_itself_is_enough_and_a_byte_less_is_not),
        cmocka_unit_test(without_a_limit_nothing_is_refused),
    };
    return cmocka_run_group_tests_name("memory_plan", tests, NULL, NULL);
}
