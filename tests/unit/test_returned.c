/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker refused for good, at the agency that said it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/returned.h"
#include "support/practice.h"

#define SOURCE "\"source\":{\"system\":\"emis\",\"id\":\"c-1\"},"
#define REASON "Rang the duty desk about it, and wrote it again by hand."

/* --- verbs --- */

static void refuse(struct practice *practice, const struct intake_item *item, enum verdict verdict)
{
    struct out_row row = practice_out(practice, &item->reference);
    const struct wire_result result = {.seq = row.entry.seq, .verdict = verdict};
    struct store_txn *txn = store_begin(practice->agent->store);
    spool_answer(txn, row.lane, &result, PRACTICE_NOW_MS + 5);
    assert_int_equal(agent_commit(&txn), 0);
}

static struct returned_figures figures(struct practice *practice)
{
    struct returned_figures figures;
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    returned_count(txn, &figures);
    assert_int_equal(store_fault(txn), 0);
    return figures;
}

static int deal(struct practice *practice, const struct reference *reference, const char *reason)
{
    char text[REFERENCE_TEXT_BYTES];
    struct error error = ERROR_NULL;
    struct reference dealt;
    reference_format(reference, text);
    const struct returned_decision decision = {
        .record = text,
        .person = {.name = "Rowan Ashgrove", .role = "Practice manager", .reason = reason},
    };
    return returned_deal(practice->agent, &decision, &dealt, &error);
}

/* How many of that user, or of everybody, in pages of two. */
static size_t listed(struct practice *practice, bool own, uint32_t by_uid)
{
    struct returned_item items[2];
    struct returned_page page = {.own = own, .by_uid = by_uid, .max = 2, .items = items};
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    size_t n = 0;
    do {
        returned_list(txn, &page);
        n += page.n;
    } while (page.more);
    return n;
}

static struct intake_item take_back(struct practice *practice)
{
    return practice_submit(practice, INTAKE_RECORD,
                           "{\"kind\":\"retraction\",\"event_date\":\"2026-11-20\","
                           "\"retracts\":\"c-1\","
                           "\"source\":{\"system\":\"emis\",\"id\":\"r-1\"}}");
}

/* --- stories --- */

static void what_the_broker_refused_waits_until_somebody_has_dealt_with_it(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, "");
    assert_int_equal(figures(practice).n, 0);

    refuse(practice, &item, VERDICT_BAD_ENTRY);
    practice_reopen(practice);

    assert_int_equal(figures(practice).n, 1);
    assert_int_equal(figures(practice).danger, 0);
    assert_int_equal(figures(practice).oldest_ms, PRACTICE_NOW_MS + 5);
    assert_int_equal(deal(practice, &item.reference, REASON), 0);
    assert_int_equal(figures(practice).n, 0);
    assert_int_equal(figures(practice).oldest_ms, 0);
    assert_int_equal(deal(practice, &item.reference, REASON), 0);
}

static void what_is_stored_never_waits(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, "");

    refuse(practice, &item, VERDICT_STORED_NO_READER);

    assert_int_equal(figures(practice).n, 0);
    assert_int_equal(deal(practice, &item.reference, REASON), -ENOENT);
}

static void what_speaks_of_danger_is_counted_apart(void **state)
{
    struct practice *practice = *state;
    struct intake_item calm = practice_concern(practice, "");
    struct intake_item urgent = practice_concern(practice, "\"urgency\":\"immediate\",");

    refuse(practice, &calm, VERDICT_BAD_GRANT);
    refuse(practice, &urgent, VERDICT_BAD_GRANT);

    assert_int_equal(figures(practice).n, 2);
    assert_int_equal(figures(practice).danger, 1);
}

static void said_again_by_its_source_it_waits_no_more(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, SOURCE);
    refuse(practice, &item, VERDICT_REVOKED_KEY);

    struct intake_item again = practice_concern(practice, SOURCE);

    assert_int_equal(again.outcome, INTAKE_ACCEPTED);
    assert_int_equal(figures(practice).n, 0);
    assert_int_equal(deal(practice, &item.reference, REASON), -EALREADY);
    refuse(practice, &again, VERDICT_REVOKED_KEY);
    assert_int_equal(figures(practice).n, 1);
}

static void taken_back_by_its_source_it_waits_no_more(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, SOURCE);
    refuse(practice, &item, VERDICT_REVOKED_KEY);

    struct intake_item taken_back = take_back(practice);

    assert_int_equal(taken_back.outcome, INTAKE_COUNTED);
    assert_int_equal(figures(practice).n, 0);
}

static void a_retraction_that_was_refused_waits_until_it_is_said_again(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(practice, SOURCE);
    refuse(practice, &item, VERDICT_STORED);
    struct intake_item taken_back = take_back(practice);
    refuse(practice, &taken_back, VERDICT_REVOKED_KEY);
    assert_int_equal(figures(practice).n, 1);

    struct intake_item again = take_back(practice);

    assert_int_equal(again.outcome, INTAKE_RETRACTED);
    assert_int_equal(figures(practice).n, 0);
}

static struct intake_item decide(struct practice *practice, enum action action)
{
    const struct identity child = {.local_id = "7"};
    struct intake_item item = {.has_reference = true};
    struct error error = ERROR_NULL;
    const struct decide_request request = {
        .action = action,
        .alert = action == ACTION_LOOK ? 0 : 1,
        .child = action == ACTION_LOOK ? &child : NULL,
        .person = {.name = "Rowan Ashgrove", .role = "Screener", .reason = REASON},
    };
    assert_int_equal(decide_submit(practice->agent, &request, &item.reference, &error), 0);
    return item;
}

static void a_decision_waits_and_a_look_whose_asker_was_answered_does_not(void **state)
{
    struct practice *practice = *state;
    struct intake_item opened = decide(practice, ACTION_OPEN);
    struct intake_item look = decide(practice, ACTION_LOOK);

    refuse(practice, &opened, VERDICT_CONFLICT);
    refuse(practice, &look, VERDICT_NOT_FOUND);

    assert_int_equal(figures(practice).n, 1);
    assert_int_equal(deal(practice, &look.reference, REASON), -EALREADY);
}

static void what_could_not_even_be_sealed_waits_too(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "\"narrow\":{\"agencies\":[\"oak-scool\"],\"reason\":"
                                     "\"allegation-against-staff\",\"authority\":\"lado\"},");

    practice_govern(practice);
    practice_settle(practice);

    assert_int_equal(figures(practice).n, 1);
}

static void each_sees_its_own_and_pages_end(void **state)
{
    struct practice *practice = *state;
    for (int i = 0; i < 5; i++) {
        struct intake_item item = practice_concern(practice, "");
        refuse(practice, &item, VERDICT_BAD_ENTRY);
    }
    struct intake_item dealt = practice_concern(practice, "");
    refuse(practice, &dealt, VERDICT_BAD_ENTRY);
    assert_int_equal(deal(practice, &dealt.reference, REASON), 0);
    uint32_t uid = practice_out(practice, &dealt.reference).by_uid;

    assert_int_equal(listed(practice, false, 0), 5);
    assert_int_equal(listed(practice, true, uid), 5);
    assert_int_equal(listed(practice, true, uid + 1), 0);
}

static void who_dealt_with_it_and_how_lies_sealed_beside_it(void **state)
{
    struct practice *practice = *state;
    struct returned_done done;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(DECIDE_SEALED_MAX_BYTES);
    struct intake_item item = practice_concern(practice, "");
    refuse(practice, &item, VERDICT_BAD_ENTRY);

    assert_int_equal(deal(practice, &item.reference, "too short"), -EINVAL);
    assert_int_equal(deal(practice, &item.reference, REASON), 0);

    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    assert_true(returned_done_get(txn, &item.reference, &done));
    assert_null(memmem(done.sealed.data, done.sealed.len, "Rowan", 5));
    assert_true(returned_done_open(&practice->agent->keys.store, &done, &text));
    assert_non_null(strstr(buf_text(&text), "Rowan Ashgrove"));
    assert_non_null(strstr(buf_text(&text), REASON));
}

static void every_verdict_that_refuses_for_good_has_its_advice(void **state)
{
    (void)state;
    for (uint32_t number = 0; number < 100; number++) {
        enum verdict verdict;
        if (verdict_from_wire(number, &verdict)) {
            bool refuses = !verdict_is_retry(verdict) && !verdict_is_stored(verdict);
            assert_int_equal(returned_advice(verdict)[0] != '\0', refuses);
        }
    }
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, practice_set_up, practice_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_the_broker_refused_waits_until_somebody_has_dealt_with_it),
        STORY(what_is_stored_never_waits),
        STORY(what_speaks_of_danger_is_counted_apart),
        STORY(said_again_by_its_source_it_waits_no_more),
        STORY(taken_back_by_its_source_it_waits_no_more),
        STORY(a_retraction_that_was_refused_waits_until_it_is_said_again),
        cmocka_unit_test_setup_teardown(what_could_not_even_be_sealed_waits_too,
                                        practice_set_up_ungoverned, practice_tear_down),
        STORY(a_decision_waits_and_a_look_whose_asker_was_answered_does_not),
        STORY(each_sees_its_own_and_pages_end),
        STORY(who_dealt_with_it_and_how_lies_sealed_beside_it),
        STORY(every_verdict_that_refuses_for_good_has_its_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
