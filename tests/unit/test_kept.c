/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept and nobody has seen, at the agent that said it: a real agent beside a world's
 * broker, without sockets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/inbox_internal.h"
#include "agents/core/open.h"
#include "agents/core/review_decide.h"
#include "base/date.h"
#include "support/member.h"
#include "support/stories.h"

struct story {
    struct world *world;
    struct member *gp;
    struct member *mash;
};

/* The front door gets concerns as `concern` says; the agents have not heard of it yet. */
static void agree_at_broker(struct story *story, const char *concern)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"concern\", \"records\": [\"concern\"], "
               "\"recipient_class\": \"front-door\", %s}]}",
               concern);
    publish_document(story->world, GOVERNANCE_AGREEMENTS, &text);
}

static void agree(struct story *story, const char *concern)
{
    agree_at_broker(story, concern);
    member_govern(story->gp);
    member_govern(story->mash);
}

#define HOLD                                                                                       \
    "\"urgency\": [\"routine\"], \"level_max\": 2, \"effect\": \"hold\", \"mode\": \"content\""
#define SHARE "\"effect\": \"share\", \"mode\": \"content\""

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->world = world_new();
    story->gp = member_new(story->world, GP);
    story->mash = member_new(story->world, MASH);
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    member_free(&story->gp);
    member_free(&story->mash);
    world_free(&story->world);
    base_free(&story);
    return 0;
}

/* --- verbs --- */

#define ALIX_NUMBER    "999 411 7025"
#define ANOTHER_NUMBER "999 234 5670"

/* `source`: of the system that it was typed into, or "". */
static struct reference concern_of(struct member *member, const char *day, const char *source,
                                   const char *number)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text,
               "{\"kind\":\"concern\",\"code\":\"neglect-physical\",%s\"event_date\":\"%s\","
               "\"child\":{\"nhs_number\":{\"value\":\"%s\",\"verified\":true},"
               "\"given_name\":\"Peregrina\",\"family_name\":\"Thistledown\","
               "\"birth_date\":\"2022-03-14\"},"
               "\"account\":{\"summary\":\"Came without a coat again.\"},"
               "\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example, nurse\","
               "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","
               "\"function\":\"early help\",\"family_told\":\"told\"}}",
               source, day, number);
    return member_submit(member, INTAKE_RECORD, buf_text(&text));
}

static struct reference concern(struct member *member, const char *day)
{
    return concern_of(member, day, "", ALIX_NUMBER);
}

#define VERSION(n) "\"source\":{\"system\":\"emis\",\"id\":\"c1\",\"version\":\"" n "\"},"

static void turn(struct story *story)
{
    for (size_t round = 0; round < 3; round++) {
        member_send(story->gp);
        member_send(story->mash);
        (void)member_fetch(story->gp);
        (void)member_fetch(story->mash);
    }
}

/* The member's list, a page of `max` behind the cursor of `page`. */
static void look(struct member *member, struct review_page *page, struct review_item *items,
                 size_t max)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(member->agent.keep);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    const struct review review = {
        .txn = txn, .governance = governance, .now_ms = clock_real_ms(member->agent.clock)};
    page->items = items;
    page->max = max;
    review_list(&review, page);
    assert_int_equal(store_fault(txn), 0);
}

static size_t kept(struct member *member)
{
    struct review_item items[8];
    struct review_page page = {.n = 0};
    look(member, &page, items, ARRAY_LEN(items));
    return page.n;
}

static uint64_t overdue(struct member *member)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(member->agent.keep);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    const struct review review = {
        .txn = txn, .governance = governance, .now_ms = clock_real_ms(member->agent.clock)};
    return review_overdue(&review);
}

#define REASON "Her mother rang and is frightened of what comes next."

static int decides(struct member *member, const struct reference *reference, enum review_act act)
{
    char text[REFERENCE_TEXT_BYTES];
    struct error error = ERROR_NULL;
    struct reference decided;
    reference_format(reference, text);
    const struct review_decision decision = {
        .record = text,
        .act = act,
        .person = {.name = "Rowan Ashgrove", .role = "Lead", .reason = REASON},
    };
    return review_decide(&member->agent, &decision, &decided, &error);
}

static struct reviewed last_of(struct member *member, const struct reference *reference)
{
    struct reviewed last;
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    assert_true(review_last(txn, reference, &last));
    last.sealed = SLICE_NULL; /* the row's end with the transaction */
    return last;
}

/* What this agency may do with a part; OPEN_NO_GRANT also when it was never delivered. */
static enum open_result part_at(struct member *member, const struct entry_id *entry, enum part part)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = store_read(member->agent.store);
    const struct opening opening = {.agent = &member->agent, .txn = txn, .own = member->number};
    struct wire_delivered delivered;
    uint8_t flags;
    return received_entry(txn, entry, &arena, &delivered, &flags)
               ? open_may(&opening, &delivered, part)
               : OPEN_NO_GRANT;
}

/* --- the list --- */

static void what_an_agreement_holds_back_is_kept_from_the_start_and_stays_so(void **state)
{
    struct story *story = *state;
    struct review_item items[2];
    struct review_page page = {.n = 0};
    agree(story, HOLD);

    struct reference reference = concern(story->gp, "2026-06-20");

    assert_int_equal(kept(story->gp), 1);
    turn(story);
    look(story->gp, &page, items, ARRAY_LEN(items));
    assert_int_equal(page.n, 1);
    assert_memory_equal(&items[0].reference, &reference, sizeof(reference));
    assert_int_equal(items[0].row.state, OUT_STORED);
    assert_int_equal(items[0].due_ms, items[0].row.created_ms + MEMBER_REVIEW_MS);
}

static void what_is_shared_is_not_kept(void **state)
{
    struct story *story = *state;
    agree(story, SHARE);

    (void)concern(story->gp, "2026-06-20");

    assert_int_equal(kept(story->gp), 0);
    turn(story);
    assert_int_equal(kept(story->gp), 0);
}

static void what_an_agreement_denies_to_all_is_kept_too(void **state)
{
    struct story *story = *state;
    agree(story, "\"urgency\": [\"routine\"], \"level_max\": 2, \"effect\": \"deny\"");

    (void)concern(story->gp, "2026-06-20");
    turn(story);

    assert_int_equal(kept(story->gp), 1);
}

static void an_agreement_that_shares_later_says_nothing_of_what_was_stored_before(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    (void)concern(story->gp, "2026-06-20");
    turn(story);

    agree(story, SHARE);

    assert_int_equal(kept(story->gp), 1);
}

static void what_a_front_door_says_itself_is_not_listed_there(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);

    (void)concern(story->mash, "2026-06-20");
    turn(story);

    assert_int_equal(kept(story->mash), 0);
}

static void the_list_is_by_review_date_and_comes_in_pages(void **state)
{
    struct story *story = *state;
    struct review_item items[2];
    struct review_page page = {.n = 0};
    agree(story, HOLD);
    struct reference first = concern(story->gp, "2026-06-20");
    story->world->clock.real_ms += DAY_MS;
    struct reference second = concern(story->gp, "2026-06-18");
    story->world->clock.real_ms += DAY_MS;
    struct reference third = concern(story->gp, "2026-06-19");

    look(story->gp, &page, items, 2);
    assert_int_equal(page.n, 2);
    assert_true(page.more);
    assert_memory_equal(&items[0].reference, &first, sizeof(first));
    assert_memory_equal(&items[1].reference, &second, sizeof(second));

    look(story->gp, &page, items, 2);
    assert_int_equal(page.n, 1);
    assert_false(page.more);
    assert_memory_equal(&items[0].reference, &third, sizeof(third));
}

static void what_is_due_for_review_is_counted(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    (void)concern(story->gp, "2026-06-20");

    story->world->clock.real_ms += MEMBER_REVIEW_MS - 1;
    assert_int_equal(overdue(story->gp), 0);
    story->world->clock.real_ms += 1;

    assert_int_equal(overdue(story->gp), 1);
}

/* --- what a person does about it --- */

static void what_is_sent_on_comes_to_the_front_door_and_waits_there_for_a_reason(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);
    struct entry_id entry = member_out(story->gp, &reference).entry;
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_NO_GRANT);

    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    turn(story);

    assert_int_equal(kept(story->gp), 0);
    assert_int_equal(last_of(story->gp, &reference).act, REVIEW_SEND);
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_DONE);
    assert_int_equal(part_at(story->mash, &entry, PART_ACCOUNT), OPEN_NEEDS_DECISION);
}

static void what_is_sent_on_before_it_has_left_arrives_as_well(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");

    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    turn(story);

    struct entry_id entry = member_out(story->gp, &reference).entry;
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_DONE);
}

static void sending_on_twice_is_sending_on_once(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);

    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    turn(story);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);

    assert_int_equal(member_count(story->gp, "grant-accepted"), 1);
    assert_int_equal(member_count(story->gp, "kept-decided"), 1);
}

/* A concern that was kept, until a person here sent it on to the front door. */
static struct reference given_sent_on(struct story *story)
{
    agree(story, HOLD);
    struct reference reference = concern_of(story->gp, "2026-06-20", VERSION("1"), ALIX_NUMBER);
    turn(story);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    turn(story);
    return reference;
}

static void a_correction_of_what_was_sent_on_goes_to_the_front_door_too(void **state)
{
    struct story *story = *state;
    struct reference first = given_sent_on(story);

    struct reference second = concern_of(story->gp, "2026-06-21", VERSION("2"), ALIX_NUMBER);
    turn(story);

    struct entry_id entry = member_out(story->gp, &second).entry;
    assert_true(member_out(story->gp, &first).retracted);
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_DONE);
    assert_int_equal(kept(story->gp), 0);
    assert_int_equal(last_of(story->gp, &second).act, REVIEW_SEND);

    struct reference third = concern_of(story->gp, "2026-06-22", VERSION("3"), ALIX_NUMBER);
    turn(story);

    entry = member_out(story->gp, &third).entry;
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_DONE);
}

static void a_correction_about_another_child_is_for_a_person_to_look_at_at_once(void **state)
{
    struct story *story = *state;
    (void)given_sent_on(story);

    struct reference second = concern_of(story->gp, "2026-06-21", VERSION("2"), ANOTHER_NUMBER);
    turn(story);

    struct entry_id entry = member_out(story->gp, &second).entry;
    assert_int_equal(part_at(story->mash, &entry, PART_CARD), OPEN_NO_GRANT);
    assert_int_equal(kept(story->gp), 1);
    assert_int_equal(overdue(story->gp), 1);
}

static void a_correction_of_what_nobody_sent_on_is_kept_like_it(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    (void)concern_of(story->gp, "2026-06-20", VERSION("1"), ALIX_NUMBER);
    turn(story);

    struct reference second = concern_of(story->gp, "2026-06-21", VERSION("2"), ALIX_NUMBER);
    turn(story);

    assert_int_equal(last_of(story->gp, &second).act, REVIEW_HELD);
    assert_int_equal(kept(story->gp), 1);
    assert_int_equal(overdue(story->gp), 0);
}

static void what_is_withdrawn_is_retracted_and_cannot_be_sent_on(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);

    assert_int_equal(decides(story->gp, &reference, REVIEW_WITHDRAW), 0);
    assert_int_equal(decides(story->gp, &reference, REVIEW_WITHDRAW), 0);
    turn(story);

    assert_true(member_out(story->gp, &reference).retracted);
    assert_int_equal(kept(story->gp), 0);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), -EALREADY);
    assert_int_equal(member_count(story->gp, "kept-decided"), 1);
}

static void what_is_kept_on_has_a_new_review_date_once_a_day(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);
    story->world->clock.real_ms += MEMBER_REVIEW_MS;
    assert_int_equal(overdue(story->gp), 1);

    assert_int_equal(decides(story->gp, &reference, REVIEW_KEEP), 0);
    int64_t due_ms = last_of(story->gp, &reference).due_ms;
    story->world->clock.real_ms += 1;
    assert_int_equal(decides(story->gp, &reference, REVIEW_KEEP), 0);

    assert_int_equal(overdue(story->gp), 0);
    assert_int_equal(kept(story->gp), 1);
    assert_int_equal(due_ms, story->world->clock.real_ms - 1 + MEMBER_REVIEW_MS);
    assert_int_equal(last_of(story->gp, &reference).due_ms, due_ms);
}

static void what_no_front_door_may_have_cannot_be_sent_on(void **state)
{
    struct story *story = *state;
    agree(story, "\"urgency\": [\"routine\"], \"level_max\": 2, \"effect\": \"deny\"");
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);

    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), -EPERM);

    assert_int_equal(kept(story->gp), 1);
    assert_int_equal(last_of(story->gp, &reference).act, REVIEW_HELD);
}

static void what_the_broker_has_destroyed_is_kept_and_cannot_be_sent_on(void **state)
{
    struct story *story = *state;
    struct review_item items[1];
    struct review_page page = {.n = 0};
    struct received_row row;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);
    look(story->gp, &page, items, ARRAY_LEN(items));
    const struct wire_headline headline = {.has_record = true, .record = items[0].row.entry};
    const struct wire_notice notice = {.type = NOTICE_DESTROYED_UNUSED,
                                       .n_headlines = 1,
                                       .headlines = &headline,
                                       .time_ms = 1795165300000};

    {
        _cleanup_(store_end) struct store_txn *txn = store_begin(story->gp->agent.store);
        notice_keep(txn, story->gp->number, 1, &notice);
        assert_true(received_get(txn, &items[0].row.entry, &row));
        assert_int_equal(store_commit(&txn), 0);
    }

    assert_true(row.destroyed_ms == notice.time_ms);
    assert_int_equal(kept(story->gp), 1);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), -ENODATA);
}

static void what_was_shared_is_nothing_to_decide_about(void **state)
{
    struct story *story = *state;
    agree(story, SHARE);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);

    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), -ENOENT);
}

static void what_was_sent_on_is_looked_at_no_more_once_its_date_is_over(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    turn(story);

    story->world->clock.real_ms += MEMBER_REVIEW_MS + 2 * DAY_MS;
    (void)concern(story->gp, "2026-06-21");

    _cleanup_(store_end) struct store_txn *txn = store_read(story->gp->agent.store);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_REVIEW, SLICE_NULL);
    assert_true(walk.live);
    store_walk_next(&walk);
    assert_false(walk.live);
}

/* A person was late, sent it on all the same, and the broker did not take the grant. */
static void what_was_sent_on_in_vain_is_on_the_list_again(void **state)
{
    struct story *story = *state;
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    turn(story);
    story->world->clock.real_ms += MEMBER_REVIEW_MS + 2 * DAY_MS;
    assert_int_equal(decides(story->gp, &reference, REVIEW_SEND), 0);
    (void)concern(story->gp, "2026-06-21");
    agree(story, "\"urgency\": [\"routine\"], \"level_max\": 2, \"effect\": \"deny\"");
    assert_int_equal(kept(story->gp), 1);

    turn(story);

    assert_int_equal(member_count(story->gp, "grant-refused"), 1);
    assert_int_equal(kept(story->gp), 2);
    assert_int_equal(overdue(story->gp), 1);
}

static void a_decision_needs_a_reason_and_lies_sealed_in_the_store(void **state)
{
    struct story *story = *state;
    struct error error = ERROR_NULL;
    struct reference decided;
    struct reviewed last;
    char text[REFERENCE_TEXT_BYTES];
    _cleanup_(buf_deinit) struct buf opened = BUF_MAX(DECIDE_SEALED_MAX_BYTES);
    agree(story, HOLD);
    struct reference reference = concern(story->gp, "2026-06-20");
    reference_format(&reference, text);
    struct review_decision decision = {
        .record = text,
        .act = REVIEW_KEEP,
        .person = {.name = "Rowan Ashgrove", .role = "Lead", .reason = "ok"},
    };

    assert_int_equal(review_decide(&story->gp->agent, &decision, &decided, &error), -EINVAL);
    assert_int_equal(decides(story->gp, &reference, REVIEW_KEEP), 0);

    _cleanup_(store_end) struct store_txn *txn = store_read(story->gp->agent.store);
    assert_true(review_last(txn, &reference, &last));
    assert_null(memmem(last.sealed.data, last.sealed.len, "Rowan", 5));
    assert_true(reviewed_open(&story->gp->agent.keys.store, &last, &opened));
    assert_non_null(strstr(buf_text(&opened), "Rowan Ashgrove"));
    assert_non_null(strstr(buf_text(&opened), REASON));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_sent_on_in_vain_is_on_the_list_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            what_an_agreement_holds_back_is_kept_from_the_start_and_stays_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_broker_has_destroyed_is_kept_and_cannot_be_sent_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_shared_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_agreement_denies_to_all_is_kept_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            an_agreement_that_shares_later_says_nothing_of_what_was_stored_before, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(what_a_front_door_says_itself_is_not_listed_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_list_is_by_review_date_and_comes_in_pages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_due_for_review_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_sent_on_comes_to_the_front_door_and_waits_there_for_a_reason, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(what_is_sent_on_before_it_has_left_arrives_as_well, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sending_on_twice_is_sending_on_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_correction_of_what_was_sent_on_goes_to_the_front_door_too,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_correction_about_another_child_is_for_a_person_to_look_at_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_correction_of_what_nobody_sent_on_is_kept_like_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_withdrawn_is_retracted_and_cannot_be_sent_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_kept_on_has_a_new_review_date_once_a_day, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_no_front_door_may_have_cannot_be_sent_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_shared_is_nothing_to_decide_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_sent_on_is_looked_at_no_more_once_its_date_is_over,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_decision_needs_a_reason_and_lies_sealed_in_the_store,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
