/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/pipeline.h"

static int set_up(void **state)
{
    struct pipeline *pipeline = NULL;
    assert_int_equal(pipeline_new(&pipeline), 0);
    *state = pipeline;
    return 0;
}

static int tear_down(void **state)
{
    struct pipeline *pipeline = *state;
    pipeline_free(&pipeline);
    return 0;
}

static struct pipeline_cursors cursors(struct pipeline *pipeline)
{
    struct pipeline_cursors ret;
    pipeline_cursors(pipeline, &ret);
    return ret;
}

static bool claim(struct pipeline *pipeline, enum lane lane, size_t bytes)
{
    struct slot *slot = pipeline_free_slot(pipeline, lane, bytes);
    if (slot == NULL) {
        return false;
    }
    slot->header.correlation = cursors(pipeline).claimed;
    pipeline_claim(pipeline, slot);
    return true;
}

static void claim_many(struct pipeline *pipeline, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(claim(pipeline, LANE_NORMAL, 10));
    }
}

/* Written and attested; each slot is worth a leaf. */
static void make_durable(struct pipeline *pipeline, size_t n)
{
    struct written written;
    pipeline_written(pipeline, n, cursors(pipeline).written + n);
    assert_true(pipeline_to_attest(pipeline, false, 0, &written));
    pipeline_durable(pipeline, &written);
}

static void finish_many(struct pipeline *pipeline, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct slot *slot = pipeline_take(pipeline, false);
        assert_non_null(slot);
        pipeline_finish(pipeline, slot);
    }
}

static void answer_many(struct pipeline *pipeline, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_non_null(pipeline_answerable(pipeline));
        pipeline_answered(pipeline);
    }
}

/* --- cursors --- */

#define ORDERED 6

/* The next permutation in lexical order; false after the last. */
static bool next_order(size_t order[ORDERED])
{
    size_t i = ORDERED - 1;
    while (i > 0 && order[i - 1] >= order[i]) {
        i--;
    }
    if (i == 0) {
        return false;
    }
    size_t j = ORDERED - 1;
    while (order[j] <= order[i - 1]) {
        j--;
    }
    size_t swapped = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swapped;
    for (size_t a = i, b = ORDERED - 1; a < b; a++, b--) {
        swapped = order[a];
        order[a] = order[b];
        order[b] = swapped;
    }
    return true;
}

static void verified_follows_the_finished_prefix_in_every_order_of_finishing(void **state)
{
    struct pipeline *pipeline = *state;
    size_t order[ORDERED];
    for (size_t i = 0; i < ORDERED; i++) {
        order[i] = i;
    }
    do {
        struct slot *slots[ORDERED];
        bool finished[ORDERED] = {false};
        uint64_t base = cursors(pipeline).claimed;
        claim_many(pipeline, ORDERED);
        for (size_t i = 0; i < ORDERED; i++) {
            slots[i] = pipeline_take(pipeline, false);
        }
        for (size_t i = 0; i < ORDERED; i++) {
            pipeline_finish(pipeline, slots[order[i]]);
            finished[order[i]] = true;
            size_t prefix = 0;
            while (prefix < ORDERED && finished[prefix]) {
                prefix++;
            }
            assert_int_equal(cursors(pipeline).verified, base + prefix);
            assert_int_equal(pipeline_batch(pipeline, false, 0), prefix);
        }
        make_durable(pipeline, ORDERED);
        answer_many(pipeline, ORDERED);
    } while (next_order(order));
}

static void a_batch_is_taken_in_the_order_of_claiming(void **state)
{
    struct pipeline *pipeline = *state;
    claim_many(pipeline, 3);
    struct slot *first = pipeline_take(pipeline, false);
    finish_many(pipeline, 2);
    assert_int_equal(pipeline_batch(pipeline, false, 0), 0);

    pipeline_finish(pipeline, first);

    assert_int_equal(pipeline_batch(pipeline, false, 0), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pipeline_batch_slot(pipeline, i)->header.correlation, i);
    }
}

static void a_batch_is_no_larger_than_its_limit(void **state)
{
    struct pipeline *pipeline = *state;
    claim_many(pipeline, CAIRN_BATCH_FRAMES_MAX + 1);
    finish_many(pipeline, CAIRN_BATCH_FRAMES_MAX + 1);

    assert_int_equal(pipeline_batch(pipeline, false, 0), CAIRN_BATCH_FRAMES_MAX);
    make_durable(pipeline, CAIRN_BATCH_FRAMES_MAX);

    assert_int_equal(pipeline_batch(pipeline, false, 0), 1);
}

/* While the head of the first is signed, two more are written. */
static void what_was_written_meanwhile_becomes_durable_together(void **state)
{
    struct pipeline *pipeline = *state;
    struct written written;
    claim_many(pipeline, 4);
    finish_many(pipeline, 4);
    pipeline_written(pipeline, 1, 10);
    assert_true(pipeline_to_attest(pipeline, false, 0, &written));

    pipeline_written(pipeline, 2, 12);
    assert_int_equal(pipeline_batch(pipeline, false, 0), 1);
    pipeline_durable(pipeline, &written);

    assert_int_equal(cursors(pipeline).durable, 1);
    assert_true(pipeline_to_attest(pipeline, false, 0, &written));
    assert_int_equal(written.slots, 3);
    assert_int_equal(written.log_size, 12);
    pipeline_durable(pipeline, &written);
    assert_int_equal(cursors(pipeline).durable, 3);
    assert_false(pipeline_to_attest(pipeline, false, 0, &written));
}

static void a_batch_without_frames_is_attested_too(void **state)
{
    struct pipeline *pipeline = *state;
    struct written written;

    pipeline_written(pipeline, 0, 1);

    assert_true(pipeline_to_attest(pipeline, false, 0, &written));
    pipeline_durable(pipeline, &written);
    assert_false(pipeline_to_attest(pipeline, false, 0, &written));
}

static void a_slot_is_answerable_only_when_durable_and_free_only_when_answered(void **state)
{
    struct pipeline *pipeline = *state;
    struct written written;
    claim_many(pipeline, 1);
    assert_null(pipeline_answerable(pipeline));
    finish_many(pipeline, 1);
    assert_null(pipeline_answerable(pipeline));
    pipeline_written(pipeline, 1, 7);
    assert_null(pipeline_answerable(pipeline));

    assert_true(pipeline_to_attest(pipeline, false, 0, &written));
    assert_int_equal(written.slots, 1);
    assert_int_equal(written.log_size, 7);
    pipeline_durable(pipeline, &written);

    assert_int_equal(pipeline_answerable(pipeline)->header.correlation, 0);
    assert_int_equal(cursors(pipeline).bytes, 10);
    pipeline_answered(pipeline);
    assert_int_equal(cursors(pipeline).bytes, 0);
    assert_null(pipeline_answerable(pipeline));
}

static uint32_t random_of(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* What a plain count makes of the same steps. */
struct counted {
    struct slot *held[8]; /* taken, and not finished */
    size_t n_held;
    uint64_t claimed;
    uint64_t durable;
    uint64_t answered;
};

static void take_one(struct pipeline *pipeline, struct counted *counted)
{
    if (counted->n_held < ARRAY_LEN(counted->held)) {
        struct slot *slot = pipeline_take(pipeline, false);
        counted->held[counted->n_held] = slot;
        counted->n_held += slot == NULL ? 0 : 1;
    }
}

static void finish_any(struct pipeline *pipeline, struct counted *counted, uint32_t *seed)
{
    if (counted->n_held > 0) {
        size_t which = random_of(seed, (uint32_t)counted->n_held);
        pipeline_finish(pipeline, counted->held[which]);
        counted->held[which] = counted->held[--counted->n_held];
    }
}

static void write_some(struct pipeline *pipeline, uint32_t *seed)
{
    size_t ready = pipeline_batch(pipeline, false, 0);
    size_t n = ready == 0 ? 0 : 1 + random_of(seed, (uint32_t)ready);
    pipeline_written(pipeline, n, cursors(pipeline).written + n);
}

static void attest_one(struct pipeline *pipeline, struct counted *counted)
{
    struct written written;
    if (pipeline_to_attest(pipeline, false, 0, &written)) {
        pipeline_durable(pipeline, &written);
        counted->durable = written.slots;
    }
}

static void answer_one(struct pipeline *pipeline, struct counted *counted)
{
    const struct slot *slot = pipeline_answerable(pipeline);
    if (slot != NULL) {
        assert_int_equal(slot->header.correlation, counted->answered);
        pipeline_answered(pipeline);
        counted->answered++;
    }
}

static void any_step(struct pipeline *pipeline, struct counted *counted, uint32_t *seed)
{
    switch (random_of(seed, 6)) {
    case 0:
        counted->claimed += claim(pipeline, LANE_URGENT, random_of(seed, 30000)) ? 1 : 0;
        return;
    case 1:
        take_one(pipeline, counted);
        return;
    case 2:
        finish_any(pipeline, counted, seed);
        return;
    case 3:
        write_some(pipeline, seed);
        return;
    case 4:
        attest_one(pipeline, counted);
        return;
    default:
        answer_one(pipeline, counted);
    }
}

static void expect_counted(struct pipeline *pipeline, const struct counted *counted)
{
    struct pipeline_cursors at = cursors(pipeline);
    assert_int_equal(at.claimed, counted->claimed);
    assert_int_equal(at.durable, counted->durable);
    assert_int_equal(at.answered, counted->answered);
    assert_true(at.answered <= at.durable && at.durable <= at.verified && at.verified <= at.taken &&
                at.taken <= at.claimed && at.claimed <= at.answered + CAIRN_RING_SLOTS);
    assert_true(at.bytes <= CAIRN_RING_BYTES);
}

/* Some thousand times round the ring. */
static void the_invariant_holds_in_any_order_of_steps(void **state)
{
    struct pipeline *pipeline = *state;
    struct counted counted = {.n_held = 0};
    uint32_t seed = 7;

    for (int i = 0; i < 200000; i++) {
        any_step(pipeline, &counted, &seed);

        expect_counted(pipeline, &counted);
    }
    assert_true(counted.answered > CAIRN_RING_SLOTS);
}

/* --- the reserve --- */

static void the_last_slots_are_for_the_urgent_lane(void **state)
{
    struct pipeline *pipeline = *state;
    claim_many(pipeline, CAIRN_RING_SLOTS - CAIRN_RING_URGENT_SLOTS);
    assert_false(claim(pipeline, LANE_NORMAL, 10));
    assert_false(claim(pipeline, LANE_BULK, 10));
    assert_true(pipeline_may_read(pipeline));

    for (size_t i = 0; i < CAIRN_RING_URGENT_SLOTS; i++) {
        assert_true(claim(pipeline, LANE_URGENT, 10));
    }

    assert_false(claim(pipeline, LANE_URGENT, 10));
    assert_false(pipeline_may_read(pipeline));
}

static void the_last_bytes_are_for_the_urgent_lane(void **state)
{
    struct pipeline *pipeline = *state;
    assert_true(claim(pipeline, LANE_NORMAL, CAIRN_RING_BYTES - CAIRN_RING_URGENT_BYTES));
    assert_false(claim(pipeline, LANE_NORMAL, 1));
    assert_true(pipeline_may_read(pipeline));

    assert_true(claim(pipeline, LANE_URGENT, CAIRN_RING_URGENT_BYTES));

    assert_false(claim(pipeline, LANE_URGENT, 1));
}

static void reading_stops_when_the_largest_frame_would_find_no_room(void **state)
{
    struct pipeline *pipeline = *state;
    size_t largest = CAIRN_RING_CHARGE(CAIRN_FRAME_MAX_BYTES);
    assert_true(claim(pipeline, LANE_URGENT, CAIRN_RING_BYTES - largest));
    assert_true(pipeline_may_read(pipeline));

    assert_true(claim(pipeline, LANE_URGENT, 1));

    assert_false(pipeline_may_read(pipeline));
    finish_many(pipeline, 2);
    make_durable(pipeline, 2);
    answer_many(pipeline, 1);
    assert_true(pipeline_may_read(pipeline));
}

static void room_comes_back_with_each_answer(void **state)
{
    struct pipeline *pipeline = *state;
    for (size_t round = 0; round < 3 * CAIRN_RING_SLOTS; round++) {
        while (claim(pipeline, LANE_NORMAL, 10)) {
        }
        finish_many(pipeline, 1);
        make_durable(pipeline, 1);
        answer_many(pipeline, 1);
        assert_true(claim(pipeline, LANE_NORMAL, 10));
    }
}

/* --- queues --- */

static void write_letter(struct letter *letter, uint8_t what)
{
    letter->peer = (struct peer){.agency = what};
    letter->frame = NET_FRAME_NULL;
    net_frame_copy(&letter->frame, slice_make(&what, 1));
}

static void expect_letter(const struct letter *letter, uint8_t what)
{
    assert_int_equal(letter->peer.agency, what);
    assert_int_equal(net_frame_slice(&letter->frame).data[0], what);
}

static void a_queue_holds_its_limit_in_order_and_leaves_the_rest_with_the_caller(void **state)
{
    struct pipeline *pipeline = *state;
    bool (*const put[])(struct pipeline *, struct letter *) = {pipeline_ask, pipeline_post};
    bool (*const get[])(struct pipeline *, struct letter *) = {pipeline_asked, pipeline_posted};

    for (size_t queue = 0; queue < 2; queue++) {
        struct letter letter = {.frame = NET_FRAME_NULL};
        for (uint8_t i = 0; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
            write_letter(&letter, i);
            assert_true(put[queue](pipeline, &letter));
        }
        write_letter(&letter, 200);
        assert_false(put[queue](pipeline, &letter));
        expect_letter(&letter, 200);

        struct letter got = {.frame = NET_FRAME_NULL};
        assert_true(get[queue](pipeline, &got));
        expect_letter(&got, 0);
        net_frame_deinit(&got.frame);
        assert_true(put[queue](pipeline, &letter));
        for (uint8_t i = 1; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
            assert_true(get[queue](pipeline, &got));
            expect_letter(&got, i);
            net_frame_deinit(&got.frame);
        }
        assert_true(get[queue](pipeline, &got));
        expect_letter(&got, 200);
        net_frame_deinit(&got.frame);
        assert_false(get[queue](pipeline, &got));
    }
}

static void what_is_left_in_ring_and_queues_is_freed_with_them(void **state)
{
    struct pipeline *pipeline = *state;
    struct letter letter = {.frame = NET_FRAME_NULL};
    write_letter(&letter, 1);
    assert_true(pipeline_ask(pipeline, &letter));
    write_letter(&letter, 2);
    assert_true(pipeline_post(pipeline, &letter));

    struct slot *slot = pipeline_free_slot(pipeline, LANE_NORMAL, 1);
    net_frame_copy(&slot->frame, slice_of_text("frame"));
    pipeline_claim(pipeline, slot); /* the leak checker looks at the rest */
}

/* --- waking and stopping --- */

static void wake(void *data)
{
    (*(int *)data)++;
}

static void net_is_woken_for_answers_and_letters(void **state)
{
    struct pipeline *pipeline = *state;
    struct letter letter = {.frame = NET_FRAME_NULL};
    int woken = 0;
    pipeline_on_answer(pipeline, wake, &woken);
    claim_many(pipeline, 1);
    finish_many(pipeline, 1);
    assert_int_equal(woken, 0);

    make_durable(pipeline, 1);
    assert_int_equal(woken, 1);
    write_letter(&letter, 1);
    assert_true(pipeline_post(pipeline, &letter));

    assert_int_equal(woken, 2);
}

static void a_wait_without_anything_ends_by_itself(void **state)
{
    struct pipeline *pipeline = *state;
    uint64_t seen = 0;
    struct written written;

    assert_int_equal(pipeline_batch(pipeline, true, 1), 0);
    assert_false(pipeline_to_attest(pipeline, true, 1, &written));
    pipeline_publish_wait(pipeline, &seen, false, 1);

    assert_int_equal(seen, 0);
}

static void publish_does_not_sleep_when_there_is_news(void **state)
{
    struct pipeline *pipeline = *state;
    struct letter letter = {.frame = NET_FRAME_NULL};
    uint64_t seen = 0;
    claim_many(pipeline, 2);
    finish_many(pipeline, 2);
    make_durable(pipeline, 2);

    pipeline_publish_wait(pipeline, &seen, false, 3600 * 1000);
    assert_int_equal(seen, 1);
    write_letter(&letter, 1);
    assert_true(pipeline_ask(pipeline, &letter));

    pipeline_publish_wait(pipeline, &seen, false, 3600 * 1000);
}

static void *drain_one(void *data)
{
    struct letter got = {.frame = NET_FRAME_NULL};
    bool there = pipeline_posted(data, &got);
    net_frame_deinit(&got.frame);
    return there ? data : NULL;
}

/* However much is asked meanwhile: it could not be answered. */
static void a_blocked_publish_sleeps_until_net_has_room(void **state)
{
    struct pipeline *pipeline = *state;
    struct letter letter = {.frame = NET_FRAME_NULL};
    uint64_t seen = 0;
    pthread_t net;
    for (uint8_t i = 0; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
        write_letter(&letter, i);
        assert_true(pipeline_post(pipeline, &letter));
    }
    write_letter(&letter, 1);
    assert_true(pipeline_ask(pipeline, &letter));
    pipeline_publish_wait(pipeline, &seen, true, 1); /* only by its timeout */

    assert_int_equal(pthread_create(&net, NULL, drain_one, pipeline), 0);
    pipeline_publish_wait(pipeline, &seen, true, 3600 * 1000);

    write_letter(&letter, 2);
    assert_true(pipeline_post(pipeline, &letter));
    assert_int_equal(pthread_join(net, NULL), 0);
}

struct sleeper {
    struct pipeline *pipeline;
    int which;
};

static void *sleep_on(void *data)
{
    const struct sleeper *sleeper = data;
    struct written written;
    uint64_t seen = 0;
    switch (sleeper->which) {
    case 0:
        return pipeline_take(sleeper->pipeline, true);
    case 1:
        return pipeline_batch(sleeper->pipeline, true, 3600 * 1000) == 0 ? NULL : data;
    case 2:
        return pipeline_to_attest(sleeper->pipeline, true, 3600 * 1000, &written) ? data : NULL;
    default:
        pipeline_publish_wait(sleeper->pipeline, &seen, false, 3600 * 1000);
        return NULL;
    }
}

static void stopping_ends_every_wait(void **state)
{
    struct pipeline *pipeline = *state;
    struct sleeper sleepers[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        sleepers[i] = (struct sleeper){.pipeline = pipeline, .which = i % 4};
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_on, &sleepers[i]), 0);
    }
    assert_false(pipeline_stopped(pipeline));

    pipeline_stop(pipeline);

    for (int i = 0; i < 8; i++) {
        void *got = pipeline;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        assert_null(got);
    }
    assert_true(pipeline_stopped(pipeline));
}

static void what_was_claimed_is_still_verified_after_stopping(void **state)
{
    struct pipeline *pipeline = *state;
    claim_many(pipeline, 2);

    pipeline_stop(pipeline);

    finish_many(pipeline, 2);
    assert_null(pipeline_take(pipeline, true));
    assert_int_equal(pipeline_batch(pipeline, true, 3600 * 1000), 2);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(verified_follows_the_finished_prefix_in_every_order_of_finishing),
        STORY(a_batch_is_taken_in_the_order_of_claiming),
        STORY(a_batch_is_no_larger_than_its_limit),
        STORY(what_was_written_meanwhile_becomes_durable_together),
        STORY(a_batch_without_frames_is_attested_too),
        STORY(a_slot_is_answerable_only_when_durable_and_free_only_when_answered),
        STORY(the_invariant_holds_in_any_order_of_steps),
        STORY(the_last_slots_are_for_the_urgent_lane),
        STORY(the_last_bytes_are_for_the_urgent_lane),
        STORY(reading_stops_when_the_largest_frame_would_find_no_room),
        STORY(room_comes_back_with_each_answer),
        STORY(a_queue_holds_its_limit_in_order_and_leaves_the_rest_with_the_caller),
        STORY(what_is_left_in_ring_and_queues_is_freed_with_them),
        STORY(net_is_woken_for_answers_and_letters),
        STORY(a_wait_without_anything_ends_by_itself),
        STORY(publish_does_not_sleep_when_there_is_news),
        STORY(a_blocked_publish_sleeps_until_net_has_room),
        STORY(stopping_ends_every_wait),
        STORY(what_was_claimed_is_still_verified_after_stopping),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
