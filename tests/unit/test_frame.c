/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/limits.h"
#include "net/frame.h"

static void fill(struct net_frame *frame, size_t len)
{
    net_frame_init(frame, len);
    for (size_t i = 0; i < len; i++) {
        net_frame_bytes(frame)[i] = (uint8_t)(i * 31);
    }
}

static void expect_filled(const struct net_frame *frame, size_t len)
{
    struct slice slice = net_frame_slice(frame);

    assert_int_equal(slice.len, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(slice.data[i], (uint8_t)(i * 31));
    }
}

static void moving_a_frame_never_moves_its_bytes(void **state)
{
    const size_t lengths[] = {1, 16, 29, 33, 34, 64, 4096, CAIRN_FRAME_MAX_BYTES};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        _cleanup_(net_frame_deinit) struct net_frame from = NET_FRAME_NULL;
        _cleanup_(net_frame_deinit) struct net_frame to = NET_FRAME_NULL;
        fill(&from, lengths[i]);
        const uint8_t *bytes = net_frame_slice(&from).data;

        net_frame_move(&to, &from);

        assert_ptr_equal(net_frame_slice(&to).data, bytes);
        expect_filled(&to, lengths[i]);
    }
}

static void moving_leaves_the_source_null(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame from = NET_FRAME_NULL;
    _cleanup_(net_frame_deinit) struct net_frame to = NET_FRAME_NULL;

    (void)state;
    fill(&from, 100);

    net_frame_move(&to, &from);

    assert_false(from.live);
    assert_int_equal(net_frame_slice(&from).len, 0);
    assert_true(to.live);
}

static void moving_onto_a_frame_releases_what_it_held(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame from = NET_FRAME_NULL;
    _cleanup_(net_frame_deinit) struct net_frame to = NET_FRAME_NULL;

    (void)state;
    fill(&to, 5000);
    fill(&from, 100);

    net_frame_move(&to, &from);

    expect_filled(&to, 100);
}

static void moving_a_null_frame_makes_the_target_null(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame from = NET_FRAME_NULL;
    _cleanup_(net_frame_deinit) struct net_frame to = NET_FRAME_NULL;

    (void)state;
    fill(&to, 100);

    net_frame_move(&to, &from);

    assert_false(to.live);
}

static void moving_a_frame_onto_itself_keeps_it(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    (void)state;
    fill(&frame, 100);

    net_frame_move(&frame, &frame);

    expect_filled(&frame, 100);
}

static void a_copy_holds_its_own_bytes(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    char text[] = "the health visitor called";

    (void)state;
    net_frame_copy(&frame, slice_of_text(text));
    memset(text, 0, sizeof(text));

    assert_true(slice_is_text(net_frame_slice(&frame), "the health visitor called"));
}

static void an_empty_frame_is_live_and_has_no_bytes(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    (void)state;
    net_frame_copy(&frame, SLICE_NULL);

    assert_true(frame.live);
    assert_int_equal(net_frame_slice(&frame).len, 0);
}

static void deinit_accepts_the_null_frame_and_a_second_call(void **state)
{
    struct net_frame frame = NET_FRAME_NULL;

    (void)state;
    net_frame_deinit(&frame);
    fill(&frame, 100);

    net_frame_deinit(&frame);
    net_frame_deinit(&frame);

    assert_false(frame.live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moving_a_frame_never_moves_its_bytes),
        cmocka_unit_test(moving_leaves_the_source_null),
        cmocka_unit_test(moving_onto_a_frame_releases_what_it_held),
        cmocka_unit_test(moving_a_null_frame_makes_the_target_null),
        cmocka_unit_test(moving_a_frame_onto_itself_keeps_it),
        cmocka_unit_test(a_copy_holds_its_own_bytes),
        cmocka_unit_test(an_empty_frame_is_live_and_has_no_bytes),
        cmocka_unit_test(deinit_accepts_the_null_frame_and_a_second_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
