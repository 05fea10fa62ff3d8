/* SPDX-License-Identifier: Apache-2.0 */
/* Adults whom an agency ties to a child: what is said of them counts for it, and shows that it
 * exists, and nobody finds an adult but through a tie. The hospital of this test tells of
 * adults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "crypto/token.h"
#include "support/replaying.h"
#include "support/stories.h"

static int set_up(void **state)
{
    struct world *world = world_new();
    change_directory(world, "\"id\": \"hospital\", \"kind\": \"hospital\"",
                     "\"id\": \"hospital\", \"kind\": \"adult-services\"");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    expect_replay_is_the_same(world->store);
    world_free(&world);
    return 0;
}

/* Numbers of handles, apart from those of children. */
enum {
    ANNA = 101,
    BORIS = 102
};

#define PERSON_NHS(value) ((struct stated){TOKEN_PERSON_NHS_NUMBER, IDENTIFIER_VERIFIED, (value)})

/* What the tests agree on: health hears that an adult is known, and the front door counts it. */
static void agree(struct world *world)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-agreements/v1\", \"review_by\": \"2099-01-01\", \"rules\": ["
               "{\"id\": \"missed\", \"records\": [\"was-not-brought\"], \"recipient_kind\": "
               "\"mash\", \"urgency\": [\"routine\"], \"effect\": \"hold\", \"mode\": \"content\"},"
               "{\"id\": \"adult\", \"records\": [\"adult-service\"], \"recipient_class\": "
               "\"health\", \"recipient_roles\": [\"any\"], \"urgency\": [\"routine\"], "
               "\"effect\": \"share\", \"mode\": \"content\"}]}");
    publish_document(world, GOVERNANCE_AGREEMENTS, &text);
}

static void state_person(struct world *world, uint32_t agency, int adult,
                         const struct stated *stated)
{
    struct world_entry entry;
    struct subject_id subject = subject_of(agency, adult);
    make_statement(world, &subject, stated, 1, &entry);
    entry.header.subject.person = true;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static void state_adult(struct world *world, uint32_t agency, int adult, const char *nhs)
{
    const struct stated stated = PERSON_NHS(nhs);
    state_person(world, agency, adult, &stated);
}

static void make_signal(struct world *world, uint32_t agency, int adult, const char *when,
                        struct world_entry *ret)
{
    const struct world_record record = {.from = agency,
                                        .child = adult,
                                        .day = day_of(when),
                                        .code = CODE_ADULT_KNOWN,
                                        .record_kind = RECORD_ADULT_SERVICE};
    world_record(world, &record, ret);
    ret->header.record.person = true;
    for (uint32_t other = 1; other <= WORLD_AGENCIES; other++) {
        if (other != agency) {
            world_withhold(ret, other);
        }
    }
    world_refreeze(ret);
}

static enum verdict signal_adult(struct world *world, uint32_t agency, int adult, const char *when)
{
    struct world_entry entry;
    make_signal(world, agency, adult, when, &entry);
    return world_send_one(world, agency, &entry);
}

struct tying {
    uint32_t agency;
    int child;
    int adult;
    const char *until; /* NULL: open */
    bool withdrawn;
    enum relationship relationship; /* 0: mother */
};

static enum verdict tie(struct world *world, const struct tying *tying)
{
    struct world_entry entry = {.header = {.kind = ENTRY_TIE}};
    const struct subject_id child = subject_of(tying->agency, tying->child);
    const struct subject_id adult = subject_of(tying->agency, tying->adult);
    entry.header.id = world_next_id(world, tying->agency, LANE_NORMAL);
    entry.header.tie = (struct tie_header){
        .id = entry.header.id,
        .relationship = tying->relationship == 0 ? RELATIONSHIP_MOTHER : tying->relationship,
        .until_day = tying->until == NULL ? TIE_OPEN : day_of(tying->until),
        .withdrawn = tying->withdrawn,
    };
    memcpy(entry.header.tie.handle, child.handle, CAIRN_HANDLE_BYTES);
    memcpy(entry.header.tie.person, adult.handle, CAIRN_HANDLE_BYTES);
    world_refreeze(&entry);
    return world_send_one(world, tying->agency, &entry);
}

/* The GP knows Alix and its mother. */
static void know_family(struct world *world)
{
    agree(world);
    state_verified(world, GP, ALIX);
    involve(world, GP, ALIX);
    state_adult(world, GP, ANNA, "9990000101");
}

static const struct tying mother = {.agency = GP, .child = ALIX, .adult = ANNA};

static void what_is_said_of_a_tied_adult_is_told_as_existing_and_no_more(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    know_family(world);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    state_adult(world, HOSPITAL, ANNA, "9990000101");

    enum verdict verdict = signal_adult(world, HOSPITAL, ANNA, "2026-03-02");

    assert_int_equal(verdict, VERDICT_STORED);
    assert_true(world_notice(world, GP, NOTICE_TOLD, 0, &notice));
    const struct subject_id own = subject_of(GP, ALIX);
    assert_memory_equal(notice.handle, own.handle, CAIRN_HANDLE_BYTES);
    assert_int_equal(notice.n_headlines, 1);
    assert_false(notice.headlines[0].has_record);
    assert_true(slice_is_text(notice.headlines[0].class, "adult-service"));
    assert_int_equal(notice.headlines[0].event_day, day_of("2026-03-02"));
    assert_int_equal(notice.headlines[0].origin, 0);
    assert_int_equal(world_items(world, GP, ITEM_DELIVERED), 0);
    assert_int_equal(notices(world, SCHOOL, NOTICE_TOLD), 0);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_TOLD), 0);
}

static void who_was_told_of_an_adult_is_not_named_to_the_service_that_knows_it(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    know_family(world);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    make_signal(world, HOSPITAL, ANNA, "2026-03-02", &entry);

    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);

    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);
    assert_int_equal(reader_state_at(world, &entry.header.id, GP), 0);
    assert_int_equal(reader_state_at(world, &entry.header.id, 0), READER_TOLD);
}

static void what_nobody_has_tied_waits_unread_and_counts_once_it_is_tied(void **state)
{
    struct world *world = *state;
    know_family(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED_NO_READER);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 0);

    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);

    /* Said again: nothing is new. */
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);
}

static void a_statement_that_comes_last_brings_the_adult_and_the_child_together(void **state)
{
    struct world *world = *state;
    know_family(world);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED_NO_READER);

    state_adult(world, HOSPITAL, ANNA, "9990000101");

    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);
}

static void more_than_one_step_may_tell_of_an_adult_is_told_by_the_next_ones(void **state)
{
    struct world *world = *state;
    know_family(world);
    state_verified(world, HEALTH_VISITING, ALIX);
    involve(world, HEALTH_VISITING, ALIX);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    for (int i = 0; i < CAIRN_CHRONOLOGY_SCAN_MAX; i++) {
        assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"),
                         VERDICT_STORED_NO_READER);
    }
    uint64_t before = world->commit.batch;

    state_adult(world, HOSPITAL, ANNA, "9990000101");

    assert_true(world->commit.batch > before + 1);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), CAIRN_CHRONOLOGY_SCAN_MAX);
    assert_int_equal(notices(world, HEALTH_VISITING, NOTICE_TOLD), CAIRN_CHRONOLOGY_SCAN_MAX);
}

static void an_adults_token_never_meets_a_childs(void **state)
{
    struct world *world = *state;
    const struct stated same = VERIFIED_NHS("9990000101");
    know_family(world);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);

    state_child(world, HOSPITAL, BLAKE, &same, 1);

    assert_int_not_equal(subject_row_of(world, HOSPITAL, BLAKE).child,
                         subject_row_of(world, GP, ANNA).child);
}

static void an_adults_token_lies_under_the_pepper(void **state)
{
    struct world *world = *state;
    _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
    uint8_t token[CAIRN_HASH_BYTES];
    know_family(world);
    governing_seed(0, "linkage", &linkage);
    token_make(&linkage, TOKEN_PERSON_NHS_NUMBER, slice_of_text("9990000101"), token);

    const struct subject_row row = subject_row_of(world, GP, ANNA);

    assert_int_equal(row.n_tokens, 1);
    assert_memory_not_equal(row.tokens[0].stored, token, sizeof(token));
}

static void whoever_is_not_involved_with_the_child_ties_nobody_to_it(void **state)
{
    struct world *world = *state;
    know_family(world);
    state_verified(world, SCHOOL, ALIX);
    const struct tying invented = {.agency = SCHOOL, .child = ALIX, .adult = BORIS};
    const struct tying stranger = {.agency = GP, .child = BLAKE, .adult = BORIS};

    assert_int_equal(tie(world, &invented), VERDICT_NOT_ENTITLED);
    assert_int_equal(tie(world, &stranger), VERDICT_NOT_ENTITLED);
}

static void a_handle_is_a_childs_or_an_adults_for_good(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    know_family(world);
    const struct tying child_as_adult = {.agency = GP, .child = ALIX, .adult = BLAKE};
    state_verified(world, GP, BLAKE);

    assert_int_equal(tie(world, &child_as_adult), VERDICT_BAD_ENTRY);
    state_verified(world, HOSPITAL, ALIX);
    assert_int_equal(signal_adult(world, HOSPITAL, ALIX, "2026-03-02"), VERDICT_BAD_ENTRY);
    world_involvement(world, GP, ANNA, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_ENTRY);
    world_statement(world, GP, ANNA, true, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_ENTRY);
}

static void nobody_is_given_what_opens_a_word_about_an_adult(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    know_family(world);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    make_signal(world, HOSPITAL, ANNA, "2026-03-02", &entry);
    struct world_entry other = entry;

    world_grant_to(world, &other, &entry, STRANGER);

    assert_int_equal(world_send_one(world, HOSPITAL, &other), VERDICT_BAD_GRANT);
}

static void an_ended_tie_keeps_what_was_and_takes_nothing_new(void **state)
{
    struct world *world = *state;
    const struct tying ended = {.agency = GP, .child = ALIX, .adult = ANNA, .until = "2026-04-01"};
    know_family(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);

    assert_int_equal(tie(world, &ended), VERDICT_STORED);

    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-05-02"), VERDICT_STORED_NO_READER);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);
    assert_int_equal(notices(world, GP, NOTICE_LINK_UNDONE), 0);
}

static void a_withdrawn_tie_is_undone_and_whoever_was_told_hears_so(void **state)
{
    struct world *world = *state;
    struct tying wrong = mother;
    struct wire_notice notice;
    know_family(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);

    wrong.withdrawn = true;
    assert_int_equal(tie(world, &wrong), VERDICT_STORED);

    assert_true(world_notice(world, GP, NOTICE_LINK_UNDONE, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_false(notice.has_record);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    const struct subject_id adult = subject_of(GP, ANNA);
    struct subject_row row;
    assert_false(subject_row_get(txn, &adult, &row)); /* nobody is kept without a tie */
}

static void what_waits_through_a_tie_that_never_held_is_not_told(void **state)
{
    struct world *world = *state;
    struct tying wrong = mother;
    know_family(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);

    wrong.withdrawn = true;
    assert_int_equal(tie(world, &wrong), VERDICT_STORED);

    assert_int_equal(notices(world, GP, NOTICE_TOLD), 0);
}

static void what_waits_through_a_tie_that_had_ended_by_then_is_not_told(void **state)
{
    struct world *world = *state;
    struct tying ended = mother;
    know_family(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);
    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);

    ended.until = "2026-01-01";
    assert_int_equal(tie(world, &ended), VERDICT_STORED);

    assert_int_equal(notices(world, GP, NOTICE_TOLD), 0);
}

static void three_of_brothers_and_sisters(struct world *world)
{
    static const struct tying sibling = {.agency = GP, .child = BLAKE, .adult = ANNA};
    state_verified(world, GP, BLAKE);
    involve(world, GP, BLAKE);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    assert_int_equal(tie(world, &sibling), VERDICT_STORED);
}

static void count_adults(struct world *world)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    buf_format(&text,
               "{\"format\": \"cairn-patterns/v1\", \"review_by\": \"2099-01-01\", \"patterns\": ["
               "{\"id\": \"two\", \"title\": \"Two\", \"version\": 1, \"state\": \"live\", "
               "\"approved_by\": [\"A\", \"B\"], \"owner\": \"C\", \"weekly_budget\": 40, "
               "\"backfill\": \"none\", \"records\": [\"was-not-brought\", \"adult-known\"], "
               "\"occurrences_min\": 2, \"agencies_min\": 2, \"window_months\": 12, "
               "\"addressees\": [{\"to\": \"origins\"}, {\"to\": \"kind\", \"id\": \"mash\"}], "
               "\"source\": \"of this test\"}]}");
    publish_document(world, GOVERNANCE_PATTERNS, &text);
}

static void a_signal_counts_for_each_tied_child_and_its_origin_is_told_of_none(void **state)
{
    struct world *world = *state;
    know_family(world);
    count_adults(world);
    three_of_brothers_and_sisters(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, GP, BLAKE, "2026-02-04");

    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);

    uint64_t of_alix = current_alert_of(world, subject_row_of(world, GP, ALIX).child);
    uint64_t of_blake = current_alert_of(world, subject_row_of(world, GP, BLAKE).child);
    assert_true(of_alix != 0 && of_blake != 0 && of_alix != of_blake);
    assert_int_equal(alert_row_of(world, of_alix).n_records, 2);
    assert_int_equal(alert_row_of(world, of_blake).n_records, 2);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_RAISED), 0);
    (void)miss(world, GP, ALIX, "2026-03-03");
    assert_int_equal(alert_row_of(world, of_alix).n_records, 3);
}

static void an_alert_that_only_a_wrong_tie_met_is_withdrawn(void **state)
{
    struct world *world = *state;
    struct tying wrong = mother;
    know_family(world);
    count_adults(world);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    (void)miss(world, GP, ALIX, "2026-02-03");
    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);
    uint64_t alert = current_alert_of(world, subject_row_of(world, GP, ALIX).child);
    assert_int_not_equal(alert, 0);

    wrong.withdrawn = true;
    assert_int_equal(tie(world, &wrong), VERDICT_STORED);

    assert_int_equal(alert_row_of(world, alert).state, ALERT_WITHDRAWN);
    assert_int_equal(notices(world, GP, NOTICE_WITHDRAWN), 1);
}

static void an_agency_ties_so_many_a_day_and_no_more(void **state)
{
    struct world *world = *state;
    know_family(world);
    enum verdict last = VERDICT_STORED;
    int n = 0;

    for (; last == VERDICT_STORED && n <= CAIRN_TIED_MAX; n++) {
        const struct tying one = {.agency = GP, .child = ALIX, .adult = ANNA + n};
        last = tie(world, &one);
    }

    assert_int_equal(last, VERDICT_OVER_LIMIT);
    assert_true(n <= CAIRN_TIED_MAX + 1);
}

static void one_agencys_many_ties_do_not_shut_out_anothers(void **state)
{
    struct world *world = *state;
    const struct tying of_hospital = {.agency = HOSPITAL, .child = ALIX, .adult = BORIS};
    know_family(world);
    state_verified(world, HOSPITAL, ALIX);
    involve(world, HOSPITAL, ALIX);
    state_adult(world, HOSPITAL, BORIS, "9990000102");
    for (int n = 0; n < CAIRN_TIED_MAX; n++) {
        const struct tying one = {.agency = GP, .child = ALIX, .adult = 120 + n};
        assert_int_equal(tie(world, &one), VERDICT_STORED);
    }

    assert_int_equal(tie(world, &of_hospital), VERDICT_STORED);
    assert_int_equal(signal_adult(world, HOSPITAL, BORIS, "2026-03-02"), VERDICT_STORED);

    assert_int_equal(notices(world, GP, NOTICE_TOLD), 1);
}

static void one_agencys_many_children_do_not_shut_out_anothers(void **state)
{
    struct world *world = *state;
    const struct tying of_school = {.agency = SCHOOL, .child = BLAKE, .adult = ANNA};
    know_family(world);
    state_adult(world, SCHOOL, ANNA, "9990000101");
    state_verified(world, SCHOOL, BLAKE);
    involve(world, SCHOOL, BLAKE);
    for (int n = 0; n < CAIRN_TIED_MAX; n++) {
        const struct tying one = {.agency = GP, .child = 20 + n, .adult = ANNA};
        state_named(world, GP, one.child);
        involve(world, GP, one.child);
        assert_int_equal(tie(world, &one), VERDICT_STORED);
    }
    assert_int_equal(tie(world, &of_school), VERDICT_STORED);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    state_verified(world, GP, BLAKE);
    involve(world, GP, BLAKE);

    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2026-03-02"), VERDICT_STORED);

    struct subject_id blake = subject_of(GP, BLAKE);
    bool told = false;
    struct wire_notice notice;
    for (size_t i = 0; !told && world_notice(world, GP, NOTICE_TOLD, i, &notice); i++) {
        told = notice.has_handle && memcmp(notice.handle, blake.handle, CAIRN_HANDLE_BYTES) == 0;
    }
    assert_true(told);
}

/* Each of them has so long a list that all together are far more than one step may write. Whichever
 * step it is, the look is around the record's own day: late, it completes what was years ago. */
static void one_record_that_counts_for_many_children_is_looked_at_in_steps(void **state)
{
    struct world *world = *state;
    know_family(world);
    count_adults(world);
    for (int n = 0; n < CAIRN_TIED_MAX; n++) {
        const struct tying one = {.agency = GP, .child = 20 + n, .adult = ANNA};
        state_named(world, GP, one.child);
        involve(world, GP, one.child);
        assert_int_equal(tie(world, &one), VERDICT_STORED);
        for (int i = 0; i < 20; i++) {
            (void)miss(world, GP, one.child, "2024-02-03");
        }
        (void)miss(world, GP, one.child, "2026-02-03");
    }
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    uint64_t before = world->commit.batch;

    assert_int_equal(signal_adult(world, HOSPITAL, ANNA, "2024-03-02"), VERDICT_STORED);

    assert_true(world->commit.batch > before + 1);
    for (int n = 0; n < CAIRN_TIED_MAX; n++) {
        uint64_t alert = current_alert_of(world, subject_row_of(world, GP, 20 + n).child);
        assert_true(alert != 0);
        assert_int_equal(alert_row_of(world, alert).n_records, 21);
    }
}

/* --- a child who is expected --- */

static void expect_child(struct world *world, uint32_t agency, int child)
{
    const struct stated own = {TOKEN_LOCAL_ID, IDENTIFIER_WELL_FORMED,
                               agency == GP ? "1:7" : "2:9"};
    state_child(world, agency, child, &own, 1);
    involve(world, agency, child);
    state_adult(world, agency, ANNA, "9990000101");
}

static const struct tying born = {
    .agency = GP, .child = BLAKE, .adult = ALIX, .relationship = RELATIONSHIP_BORN};

static void who_is_born_is_one_child_with_who_was_expected(void **state)
{
    struct world *world = *state;
    expect_child(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    state_verified(world, GP, BLAKE);

    assert_int_equal(tie(world, &born), VERDICT_STORED);

    assert_int_equal(subject_row_of(world, GP, ALIX).child, subject_row_of(world, GP, BLAKE).child);
    struct tying wrong = born;
    wrong.withdrawn = true;
    assert_int_equal(tie(world, &wrong), VERDICT_STORED);
    assert_int_not_equal(subject_row_of(world, GP, ALIX).child,
                         subject_row_of(world, GP, BLAKE).child);
}

static void twins_both_have_the_history_and_stay_two(void **state)
{
    struct world *world = *state;
    const struct tying twin = {
        .agency = GP, .child = 3, .adult = ALIX, .relationship = RELATIONSHIP_BORN};
    agree(world);
    count_adults(world);
    expect_child(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    state_verified(world, GP, BLAKE);
    state_verified(world, GP, 3);
    assert_int_equal(tie(world, &born), VERDICT_STORED);

    assert_int_equal(tie(world, &twin), VERDICT_STORED);

    uint64_t first = subject_row_of(world, GP, BLAKE).child;
    uint64_t second = subject_row_of(world, GP, 3).child;
    assert_int_equal(subject_row_of(world, GP, ALIX).child, first);
    assert_int_not_equal(second, first);
    state_verified(world, HEALTH_VISITING, 3);
    (void)miss(world, HEALTH_VISITING, 3, "2026-03-03"); /* with one before the birth: two */
    assert_int_not_equal(current_alert_of(world, second), 0);
    assert_int_equal(current_alert_of(world, first), 0);
}

static void one_agency_ties_no_crowd_of_twins_to_a_child(void **state)
{
    struct world *world = *state;
    struct tying twin = born;
    enum verdict last = VERDICT_STORED;
    state_verified(world, GP, BLAKE);

    for (int n = 0; last == VERDICT_STORED && n <= CAIRN_TIED_MAX; n++) {
        twin.adult = 30 + n;
        state_named(world, GP, twin.adult);
        last = tie(world, &twin);
    }

    assert_int_equal(last, VERDICT_OVER_LIMIT);
}

static void a_tie_of_twins_does_not_end_as_that_of_an_adult(void **state)
{
    struct world *world = *state;
    const struct tying twin = {
        .agency = GP, .child = 3, .adult = ALIX, .relationship = RELATIONSHIP_BORN};
    struct tying wrong = {.agency = GP, .child = 3, .adult = ALIX};
    agree(world);
    expect_child(world, GP, ALIX);
    state_verified(world, GP, BLAKE);
    state_verified(world, GP, 3);
    involve(world, GP, 3);
    assert_int_equal(tie(world, &born), VERDICT_STORED);
    assert_int_equal(tie(world, &twin), VERDICT_STORED);

    wrong.until = "2026-01-01";
    assert_int_equal(tie(world, &wrong), VERDICT_BAD_ENTRY);
    wrong.until = NULL;
    wrong.withdrawn = true;
    assert_int_equal(tie(world, &wrong), VERDICT_BAD_ENTRY);

    assert_int_equal(subject_row_of(world, GP, ALIX).child, subject_row_of(world, GP, BLAKE).child);
}

static void who_waits_for_one_mothers_child_waits_for_the_same(void **state)
{
    struct world *world = *state;
    const struct tying other = {.agency = HOSPITAL, .child = ALIX, .adult = ANNA};
    expect_child(world, GP, ALIX);
    expect_child(world, HOSPITAL, ALIX);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);

    assert_int_equal(tie(world, &other), VERDICT_STORED);

    assert_int_equal(subject_row_of(world, GP, ALIX).child,
                     subject_row_of(world, HOSPITAL, ALIX).child);
    assert_true(subject_row_of(world, GP, ALIX).link == LINK_PROVISIONAL ||
                subject_row_of(world, HOSPITAL, ALIX).link == LINK_PROVISIONAL);
}

static void who_waits_meets_when_the_mother_is_found_later(void **state)
{
    struct world *world = *state;
    const struct tying other = {.agency = HOSPITAL, .child = ALIX, .adult = ANNA};
    const struct stated own = {TOKEN_LOCAL_ID, IDENTIFIER_WELL_FORMED, "2:9"};
    const struct stated unchecked = {TOKEN_PERSON_NHS_NUMBER, IDENTIFIER_WELL_FORMED, "9990000101"};
    expect_child(world, GP, ALIX);
    assert_int_equal(tie(world, &mother), VERDICT_STORED);
    state_child(world, HOSPITAL, ALIX, &own, 1);
    involve(world, HOSPITAL, ALIX);
    state_person(world, HOSPITAL, ANNA, &unchecked);
    assert_int_equal(tie(world, &other), VERDICT_STORED);
    assert_int_not_equal(subject_row_of(world, GP, ALIX).child,
                         subject_row_of(world, HOSPITAL, ALIX).child);

    state_adult(world, HOSPITAL, ANNA, "9990000101");

    assert_int_equal(subject_row_of(world, GP, ALIX).child,
                     subject_row_of(world, HOSPITAL, ALIX).child);
}

static void a_brother_who_is_born_is_not_who_is_expected(void **state)
{
    struct world *world = *state;
    const struct tying brother = {.agency = HOSPITAL, .child = BLAKE, .adult = ANNA};
    expect_child(world, GP, ALIX);
    state_verified(world, HOSPITAL, BLAKE);
    involve(world, HOSPITAL, BLAKE);
    state_adult(world, HOSPITAL, ANNA, "9990000101");
    assert_int_equal(tie(world, &mother), VERDICT_STORED);

    assert_int_equal(tie(world, &brother), VERDICT_STORED);

    assert_int_not_equal(subject_row_of(world, GP, ALIX).child,
                         subject_row_of(world, HOSPITAL, BLAKE).child);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_said_of_a_tied_adult_is_told_as_existing_and_no_more),
        TEST(who_was_told_of_an_adult_is_not_named_to_the_service_that_knows_it),
        TEST(what_nobody_has_tied_waits_unread_and_counts_once_it_is_tied),
        TEST(a_statement_that_comes_last_brings_the_adult_and_the_child_together),
        TEST(more_than_one_step_may_tell_of_an_adult_is_told_by_the_next_ones),
        TEST(an_adults_token_never_meets_a_childs),
        TEST(an_adults_token_lies_under_the_pepper),
        TEST(whoever_is_not_involved_with_the_child_ties_nobody_to_it),
        TEST(a_handle_is_a_childs_or_an_adults_for_good),
        TEST(nobody_is_given_what_opens_a_word_about_an_adult),
        TEST(an_ended_tie_keeps_what_was_and_takes_nothing_new),
        TEST(a_withdrawn_tie_is_undone_and_whoever_was_told_hears_so),
        TEST(what_waits_through_a_tie_that_never_held_is_not_told),
        TEST(what_waits_through_a_tie_that_had_ended_by_then_is_not_told),
        TEST(a_signal_counts_for_each_tied_child_and_its_origin_is_told_of_none),
        TEST(an_alert_that_only_a_wrong_tie_met_is_withdrawn),
        TEST(an_agency_ties_so_many_a_day_and_no_more),
        TEST(one_agencys_many_ties_do_not_shut_out_anothers),
        TEST(one_agencys_many_children_do_not_shut_out_anothers),
        TEST(one_record_that_counts_for_many_children_is_looked_at_in_steps),
        TEST(who_is_born_is_one_child_with_who_was_expected),
        TEST(twins_both_have_the_history_and_stay_two),
        TEST(one_agency_ties_no_crowd_of_twins_to_a_child),
        TEST(a_tie_of_twins_does_not_end_as_that_of_an_adult),
        TEST(who_waits_for_one_mothers_child_waits_for_the_same),
        TEST(who_waits_meets_when_the_mother_is_found_later),
        TEST(a_brother_who_is_born_is_not_who_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
