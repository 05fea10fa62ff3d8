/* SPDX-License-Identifier: Apache-2.0 */
/* What is here and nobody has opened, for figures; and when each feed last brought something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/core/feeds.h"
#include "agents/core/unopened.h"
#include "support/practice.h"

#define MINUTE_MS (60 * INT64_C(1000))

static const struct entry_id urgent = {.agency = 3, .stream = 7, .seq = 1};
static const struct entry_id other = {.agency = 3, .stream = 7, .seq = 2};

static void told(struct practice *practice, const struct entry_id *record, int64_t at_ms)
{
    struct store_txn *txn = store_begin(practice->agent->store);
    unopened_note(txn, record, at_ms);
    assert_int_equal(agent_commit(&txn), 0);
}

static struct unopened look(struct practice *practice, int64_t at_ms)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(practice->agent->keep);
    struct unopened ret;
    unopened_count(txn, governance, at_ms, &ret);
    assert_int_equal(store_fault(txn), 0);
    return ret;
}

static void a_record_counts_from_when_its_time_is_over_until_somebody_opens_it(void **state)
{
    struct practice *practice = *state;
    told(practice, &urgent, PRACTICE_NOW_MS);
    told(practice, &other, PRACTICE_NOW_MS + MINUTE_MS);

    struct unopened both = look(practice, PRACTICE_NOW_MS + 2 * MINUTE_MS);
    struct store_txn *txn = store_begin(practice->agent->store);
    unopened_drop(txn, &urgent);
    assert_int_equal(agent_commit(&txn), 0);
    struct unopened one = look(practice, PRACTICE_NOW_MS + 2 * MINUTE_MS);

    assert_int_equal(both.records.n, 2);
    assert_int_equal(both.records.oldest_ms, PRACTICE_NOW_MS);
    assert_int_equal(one.records.n, 1);
    assert_int_equal(one.records.oldest_ms, PRACTICE_NOW_MS + MINUTE_MS);
}

static void one_that_the_broker_does_not_say_again_was_opened_elsewhere(void **state)
{
    struct practice *practice = *state;
    told(practice, &urgent, PRACTICE_NOW_MS);

    assert_int_equal(look(practice, PRACTICE_NOW_MS + 74 * MINUTE_MS).records.n, 1);
    assert_int_equal(look(practice, PRACTICE_NOW_MS + 76 * MINUTE_MS).records.n, 0);
}

static void one_that_is_said_again_waits_for_as_long_as_the_next_word_may_take(void **state)
{
    struct practice *practice = *state;
    told(practice, &urgent, PRACTICE_NOW_MS);
    told(practice, &urgent, PRACTICE_NOW_MS + 60 * MINUTE_MS);

    struct unopened later = look(practice, PRACTICE_NOW_MS + 190 * MINUTE_MS);

    assert_int_equal(later.records.n, 1);
    assert_int_equal(later.records.oldest_ms, PRACTICE_NOW_MS);
}

static void what_was_said_long_ago_is_forgotten(void **state)
{
    struct practice *practice = *state;
    told(practice, &urgent, PRACTICE_NOW_MS);

    told(practice, &other, PRACTICE_NOW_MS + 31 * 24 * PRACTICE_HOUR);

    assert_int_equal(practice_rows(practice, AT_UNOPENED), 1);
}

static void a_feed_has_the_time_of_what_it_last_brought(void **state)
{
    struct practice *practice = *state;
    struct feed feeds[FEEDS_MAX];
    struct agent_options options = {.socket = "agent.sock"};
    options.watch.roll = "rolls";
    struct store_txn *txn = store_begin(practice->agent->store);
    feed_note(txn, "roll", 5);
    feed_note(txn, "roll", 9);
    feed_note(txn, "plans", 7);

    size_t n = feeds_list(txn, &options, feeds);

    store_end(&txn);
    assert_int_equal(n, 2);
    assert_string_equal(feeds[0].name, "roll");
    assert_int_equal(feeds[0].last_ms, 9);
    assert_string_equal(feeds[1].name, FEED_INTERFACE);
    assert_int_equal(feeds[1].last_ms, 0);
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, practice_set_up, practice_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_record_counts_from_when_its_time_is_over_until_somebody_opens_it),
        STORY(one_that_the_broker_does_not_say_again_was_opened_elsewhere),
        STORY(one_that_is_said_again_waits_for_as_long_as_the_next_word_may_take),
        STORY(what_was_said_long_ago_is_forgotten),
        STORY(a_feed_has_the_time_of_what_it_last_brought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
