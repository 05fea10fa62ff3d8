/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(100000);
    unsigned char *blocks[50];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        blocks[i] = arena_alloc(&arena, i * 20);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t j = 0; j < i * 20; j++) {
            assert_int_equal(blocks[i][j], 0);
        }
        memset(blocks[i], (int)i + 1, i * 20);
    }

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        for (size_t j = 0; j < i * 20; j++) {
            assert_int_equal(blocks[i][j], i + 1);
        }
    }
}

static void the_budget_holds_for_many_small_and_for_one_large(void **state)
{
    _cleanup_(arena_deinit) struct arena small = ARENA_BUDGET(10000);
    _cleanup_(arena_deinit) struct arena large = ARENA_BUDGET(10000);
    size_t count = 0;
    (void)state;

    while (count < 10000 && arena_alloc(&small, 16) != NULL) {
        count++;
    }

    assert_in_range(count, 500, 10000 / 16);
    assert_true(small.total <= 10000);
    assert_null(arena_alloc(&large, 10001));
    assert_null(arena_alloc(&large, SIZE_MAX));
    assert_non_null(arena_alloc(&large, 9900));
    assert_null(arena_alloc(&large, 200));
}

static void an_arena_without_budget_gives_nothing(void **state)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(0);
    (void)state;

    assert_null(arena_alloc(&arena, 0));
    assert_null(arena_alloc(&arena, 1));
}

static void reset_keeps_the_first_chunk_and_zeroes_anew(void **state)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(1 << 20);
    (void)state;
    unsigned char *first = arena_alloc(&arena, 100);
    memset(first, 0xff, 100);
    assert_non_null(arena_alloc(&arena, 100000));
    assert_non_null(arena_alloc(&arena, 200000));
    size_t grown = arena.total;

    arena_reset(&arena);

    assert_true(arena.total < grown);
    unsigned char *again = arena_alloc(&arena, 100);
    assert_ptr_equal(again, first);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(again[i], 0);
    }
}

static void an_arena_is_usable_after_deinit_and_after_empty_reset(void **state)
{
    struct arena arena = ARENA_BUDGET(5000);
    (void)state;

    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 4000));
    arena_deinit(&arena);
    arena_deinit(&arena);

    assert_int_equal(arena.budget, 5000);
    assert_non_null(arena_alloc(&arena, 4000));
    arena_deinit(&arena);
}

static void a_copy_is_of_its_own_and_null_past_the_budget(void **state)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(200);
    char text[] = "bytes";
    (void)state;

    struct slice copy = arena_copy(&arena, slice_of_text(text));
    text[0] = 'X';
    struct slice empty = arena_copy(&arena, SLICE_NULL);
    struct slice refused = arena_copy(&arena, slice_make(text, 500));

    assert_true(slice_is_text(copy, "bytes"));
    assert_non_null(empty.data);
    assert_int_equal(empty.len, 0);
    assert_null(refused.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(the_budget_holds_for_many_small_and_for_one_large),
        cmocka_unit_test(an_arena_without_budget_gives_nothing),
        cmocka_unit_test(reset_keeps_the_first_chunk_and_zeroes_anew),
        cmocka_unit_test(an_arena_is_usable_after_deinit_and_after_empty_reset),
        cmocka_unit_test(a_copy_is_of_its_own_and_null_past_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
