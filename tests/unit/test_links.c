/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements make one child of two agencies' handles, and which never do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/chronology.h"
#include "support/stories.h"

#define NUMBER_A "9990000018"
#define NUMBER_B "9990000026"
#define NUMBER_C "9990000034"
#define NAME_A   "alix|oak|2022-05-01|ZZ9 9ZZ"
#define NAME_B   "blake|elm|2021-01-02|ZZ9 9ZZ"

#define STATE(world, agency, child, ...)                                                           \
    do {                                                                                           \
        const struct stated stated_[] = {__VA_ARGS__};                                             \
        state_child((world), (agency), (child), stated_, ARRAY_LEN(stated_));                      \
    } while (0)

static uint64_t child_of(struct world *world, uint32_t agency)
{
    return subject_row_of(world, agency, ALIX).child;
}

static enum link link_of(struct world *world, uint32_t agency)
{
    return subject_row_of(world, agency, ALIX).link;
}

static bool together(struct world *world, uint32_t a, uint32_t b)
{
    return child_of(world, a) == child_of(world, b);
}

static size_t rows_of(struct world *world, uint64_t child)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct store_key prefix = store_key_u64(child);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_CHRONOLOGY, store_key_slice(&prefix));
    while (walk.live && key_has_prefix(walk.key, &prefix)) {
        n++;
        store_walk_next(&walk);
    }
    return n;
}

/* --- verified --- */

static void a_shared_verified_number_makes_one_child_for_good(void **state)
{
    struct world *world = *state;

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_B));

    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(link_of(world, HOSPITAL), LINK_VERIFIED);
}

static void a_shared_pupil_number_links_as_well(void **state)
{
    struct world *world = *state;

    STATE(world, SCHOOL, ALIX, {TOKEN_UPN, IDENTIFIER_VERIFIED, "A123456789012"});
    STATE(world, GP, ALIX, {TOKEN_UPN, IDENTIFIER_VERIFIED, "A123456789012"});

    assert_true(together(world, GP, SCHOOL));
}

static void the_same_digits_of_another_class_are_another_identifier(void **state)
{
    struct world *world = *state;

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, SCHOOL, ALIX, {TOKEN_UPN, IDENTIFIER_VERIFIED, NUMBER_A});

    assert_false(together(world, GP, SCHOOL));
}

static const enum identifier_status unverified[] = {
    IDENTIFIER_WELL_FORMED, IDENTIFIER_BAD_CHECK_DIGIT, IDENTIFIER_PLACEHOLDER, IDENTIFIER_ABSENT};

static void an_identifier_that_either_side_has_not_verified_links_nobody(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(unverified); i++) {
        void *fresh = world_new();
        struct world *world = fresh;
        enum identifier_status status = unverified[i / 2];
        STATE(world, GP, ALIX,
              {TOKEN_NHS_NUMBER, i % 2 == 0 ? status : IDENTIFIER_VERIFIED, NUMBER_A});
        STATE(world, HOSPITAL, ALIX,
              {TOKEN_NHS_NUMBER, i % 2 == 0 ? IDENTIFIER_VERIFIED : status, NUMBER_A});
        assert_false(together(world, GP, HOSPITAL));
        (void)world_tear_down(&fresh);
    }
}

static void a_local_number_links_nobody(void **state)
{
    struct world *world = *state;

    STATE(world, GP, ALIX, {TOKEN_LOCAL_ID, IDENTIFIER_VERIFIED, "17"});
    STATE(world, HOSPITAL, ALIX, {TOKEN_LOCAL_ID, IDENTIFIER_VERIFIED, "17"});

    assert_false(together(world, GP, HOSPITAL));
}

static void one_statement_with_two_identifiers_joins_two_children(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, SCHOOL, ALIX, {TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"});
    assert_false(together(world, GP, SCHOOL));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), {TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"});

    assert_true(together(world, GP, SCHOOL));
    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(child_of(world, GP), 1);
}

static void a_contradicted_match_stays_apart(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), {TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"});

    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_B), {TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"});

    assert_false(together(world, GP, SCHOOL));
}

static void a_contradiction_by_another_member_stops_the_join_too(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), {TOKEN_UPN, IDENTIFIER_VERIFIED, "A1"});
    STATE(world, SCHOOL, ALIX, {TOKEN_UPN, IDENTIFIER_VERIFIED, "B2"});

    STATE(world, HEALTH_VISITING, ALIX, VERIFIED_NHS(NUMBER_A),
          {TOKEN_UPN, IDENTIFIER_VERIFIED, "B2"});

    assert_false(together(world, GP, HEALTH_VISITING));
    assert_false(together(world, GP, SCHOOL));
}

/* --- provisional --- */

static void an_exact_and_unique_name_links_provisionally(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    STATE(world, HOSPITAL, ALIX, NAMED(NAME_A));

    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);
    assert_int_equal(link_of(world, GP), LINK_ALONE);
}

static void another_name_links_nobody(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    STATE(world, HOSPITAL, ALIX, NAMED(NAME_B));

    assert_false(together(world, GP, HOSPITAL));
}

static void a_name_that_two_children_have_links_to_neither(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));
    assert_false(together(world, GP, HOSPITAL));

    STATE(world, SCHOOL, ALIX, NAMED(NAME_A));

    assert_false(together(world, SCHOOL, GP));
    assert_false(together(world, SCHOOL, HOSPITAL));
    assert_int_equal(link_of(world, SCHOOL), LINK_ALONE);
}

/* Twins registered at one practice under one name (one of them unnamed yet): two handles there. */
static void two_handles_of_one_agency_and_name_are_not_joined_when_numbers_differ(void **state)
{
    struct world *world = *state;

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, GP, BLAKE, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));

    assert_int_not_equal(subject_row_of(world, GP, ALIX).child,
                         subject_row_of(world, GP, BLAKE).child);
}

static void a_child_on_whom_others_rely_is_not_moved_by_a_name(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, SCHOOL, ALIX, NAMED(NAME_A));

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    assert_true(together(world, GP, HOSPITAL));
    assert_false(together(world, GP, SCHOOL));
}

/* --- stating again --- */

static void a_provisional_link_becomes_firm_when_its_subject_states_the_number(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, NAMED(NAME_A));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(link_of(world, HOSPITAL), LINK_VERIFIED);
}

static void a_provisional_link_becomes_firm_when_the_other_side_states_the_number(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    assert_int_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    assert_true(together(world, GP, HOSPITAL));
    assert_int_not_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);
    assert_int_not_equal(link_of(world, GP), LINK_PROVISIONAL);
}

static void a_provisional_link_ends_when_its_subject_turns_out_to_be_another(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, NAMED(NAME_A));
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    assert_int_equal(rows_of(world, child_of(world, GP)), 2);

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(link_of(world, HOSPITAL), LINK_ALONE);
    assert_int_equal(rows_of(world, child_of(world, GP)), 1);
    assert_int_equal(rows_of(world, child_of(world, HOSPITAL)), 1);
    (void)miss(world, GP, ALIX, "2026-09-21");
    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);
}

static void a_provisional_link_ends_when_the_child_it_hangs_on_turns_out_to_be_another(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));
    assert_true(together(world, GP, HOSPITAL));

    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));

    assert_false(together(world, GP, HOSPITAL));
}

/* A match of names must not become a link for good between the two whom it touches. */
static void a_provisional_member_never_ties_two_numbers_together(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_B));
    STATE(world, HOSPITAL, ALIX, NAMED(NAME_A));
    assert_true(together(world, GP, HOSPITAL));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));

    assert_true(together(world, SCHOOL, HOSPITAL));
    assert_false(together(world, GP, HOSPITAL));
    assert_false(together(world, GP, SCHOOL));
}

/* GP has only the name. What the hospital's number says firmly, the name still says provisionally.
 */
static void a_firm_match_elsewhere_takes_the_member_and_the_name_follows_provisionally(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, NAMED(NAME_A));
    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_B));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));

    assert_true(together(world, SCHOOL, HOSPITAL));
    assert_int_not_equal(link_of(world, SCHOOL), LINK_PROVISIONAL);
    assert_int_not_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);
    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(link_of(world, GP), LINK_PROVISIONAL);
}

static void a_number_stated_by_a_third_takes_a_provisional_member_along(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B), NAMED(NAME_A));
    assert_int_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);

    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_B));

    assert_true(together(world, SCHOOL, HOSPITAL));
    assert_int_not_equal(link_of(world, SCHOOL), LINK_PROVISIONAL);
    assert_int_not_equal(link_of(world, HOSPITAL), LINK_PROVISIONAL);
    assert_int_equal(link_of(world, GP), LINK_PROVISIONAL);
}

static void a_corrected_number_joins_nobody_through_its_old_company(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_B));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_B));

    assert_true(together(world, GP, HOSPITAL)); /* undoing a firm link is a person's decision */
    assert_false(together(world, GP, SCHOOL));
}

static void tokens_that_are_no_longer_stated_link_nobody_any_more(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_C));

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));
    assert_false(together(world, GP, HOSPITAL));

    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_C));
    assert_true(together(world, GP, SCHOOL));
}

static void stating_the_same_again_changes_nothing(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    const struct subject_row before = subject_row_of(world, HOSPITAL, ALIX);

    for (int i = 0; i < 3; i++) {
        STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
        STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A), NAMED(NAME_A));
    }

    const struct subject_row after = subject_row_of(world, HOSPITAL, ALIX);
    assert_int_equal(after.child, before.child);
    assert_int_equal(after.link, before.link);
    assert_true(after.statement > before.statement);
}

static void a_statement_that_a_newer_one_has_overtaken_changes_nothing(void **state)
{
    struct world *world = *state;
    struct world_entry older;
    struct subject_id subject = subject_of(GP, ALIX);
    const struct stated wrong[] = {VERIFIED_NHS(NUMBER_B)};
    make_statement(world, &subject, wrong, ARRAY_LEN(wrong), &older);
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    const struct subject_row before = subject_row_of(world, GP, ALIX);

    assert_int_equal(world_send_one(world, GP, &older), VERDICT_STORED);

    const struct subject_row after = subject_row_of(world, GP, ALIX);
    assert_int_equal(after.statement, before.statement);
    assert_memory_equal(after.tokens[0].stored, before.tokens[0].stored, 32);
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));
    assert_true(together(world, GP, HOSPITAL));
}

static void a_statement_without_identifiers_stays_alone(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));

    state_child(world, HOSPITAL, ALIX, NULL, 0);

    assert_int_equal(link_of(world, HOSPITAL), LINK_ALONE);
    assert_false(together(world, GP, HOSPITAL));
}

/* --- what a join takes along --- */

static void a_join_brings_both_chronologies_together(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    (void)miss(world, GP, ALIX, "2026-02-03");
    struct entry_id late = miss(world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));

    assert_int_equal(rows_of(world, child_of(world, GP)), 3);
    retract(world, &late, ALIX); /* finds its row where it lies now */
    (void)miss(world, GP, ALIX, "2026-09-21");
    struct wire_notice notice;
    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
}

static void a_handle_known_by_its_records_alone_gets_a_child(void **state)
{
    struct world *world = *state;

    (void)miss(world, GP, ALIX, "2026-02-03");

    assert_int_equal(link_of(world, GP), LINK_ALONE);
    assert_int_equal(rows_of(world, child_of(world, GP)), 1);
}

/* --- bounds --- */

static void one_agency_cannot_fill_a_child_and_shut_others_out(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < CAIRN_MEMBERS_PER_AGENCY_MAX + 3; i++) {
        STATE(world, GP, i + 1, VERIFIED_NHS(NUMBER_A));
    }
    STATE(world, HOSPITAL, 1, VERIFIED_NHS(NUMBER_A));

    uint64_t child = subject_row_of(world, GP, 1).child;
    size_t members = 0;
    for (int i = 0; i < CAIRN_MEMBERS_PER_AGENCY_MAX + 3; i++) {
        members += subject_row_of(world, GP, i + 1).child == child ? 1 : 0;
    }
    assert_int_equal(members, CAIRN_MEMBERS_PER_AGENCY_MAX);
    assert_true(subject_row_of(world, HOSPITAL, 1).child == child);
}

static void a_statement_with_two_verified_numbers_is_refused(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    world_statement(world, GP, ALIX, true, &entry);
    entry.header.subject.tokens[1] = entry.header.subject.tokens[0];
    world_refreeze(&entry);

    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_BAD_ENTRY);
}

/* Parcels of notes, straight into one child's chronology. */
static void write_history(struct world *world, uint32_t agency, size_t n)
{
    static struct world_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    world->gate.quota_records = 1000000;
    for (size_t done = 0; done < n; done += ARRAY_LEN(entries)) {
        for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
            const struct world_record note = {.from = agency,
                                              .child = ALIX,
                                              .day = day_of("2020-05-01") + (int32_t)(done % 900),
                                              .record_kind = RECORD_CASE_NOTE};
            world_record(world, &note, &entries[i]);
        }
        const struct world_parcel parcel = {
            .agency = agency, .n = ARRAY_LEN(entries), .entries = entries};
        assert_true(verdict_is_stored(world_send(world, &parcel)));
    }
}

static void a_history_too_long_to_move_stays_where_it_is(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, VERIFIED_NHS(NUMBER_A));
    write_history(world, HOSPITAL, CAIRN_JOIN_ROWS_MAX);
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(rows_of(world, child_of(world, HOSPITAL)), CAIRN_JOIN_ROWS_MAX + 1);
}

static void a_flood_of_statements_of_one_number_is_looked_at_within_bounds(void **state)
{
    struct world *world = *state;
    for (int child = 1; child <= CAIRN_TOKEN_MATCHES_MAX + 10; child++) {
        STATE(world, GP, child, {TOKEN_NHS_NUMBER, IDENTIFIER_WELL_FORMED, NUMBER_A});
    }

    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS(NUMBER_A));
    STATE(world, SCHOOL, ALIX, VERIFIED_NHS(NUMBER_A));

    assert_int_equal(link_of(world, HOSPITAL), LINK_ALONE);
}

/* --- crowds --- */

static void a_crowd_of_one_agencys_handles_hides_nobody_elses(void **state)
{
    struct world *world = *state;
    const struct stated claimed[] = {{TOKEN_NHS_NUMBER, IDENTIFIER_WELL_FORMED, "9990000077"}};
    const struct stated verified[] = {VERIFIED_NHS("9990000077")};
    for (int child = 100; child < 100 + CAIRN_TOKEN_MATCHES_MAX + 4; child++) {
        state_child(world, GP, child, claimed, ARRAY_LEN(claimed));
    }
    for (int child = 200; child < 200 + 2 * CAIRN_MEMBERS_PER_AGENCY_MAX; child++) {
        state_child(world, GP, child, verified, ARRAY_LEN(verified));
    }

    state_child(world, HOSPITAL, 5, verified, ARRAY_LEN(verified));
    state_child(world, HEALTH_VISITING, 6, verified, ARRAY_LEN(verified));

    assert_int_equal(subject_row_of(world, HOSPITAL, 5).child,
                     subject_row_of(world, HEALTH_VISITING, 6).child);
    assert_int_equal(subject_row_of(world, HOSPITAL, 5).child,
                     subject_row_of(world, GP, 200).child);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_shared_verified_number_makes_one_child_for_good),
        STORY(a_shared_pupil_number_links_as_well),
        STORY(the_same_digits_of_another_class_are_another_identifier),
        cmocka_unit_test(an_identifier_that_either_side_has_not_verified_links_nobody),
        STORY(a_local_number_links_nobody),
        STORY(one_statement_with_two_identifiers_joins_two_children),
        STORY(a_contradicted_match_stays_apart),
        STORY(a_contradiction_by_another_member_stops_the_join_too),
        STORY(an_exact_and_unique_name_links_provisionally),
        STORY(another_name_links_nobody),
        STORY(a_name_that_two_children_have_links_to_neither),
        STORY(two_handles_of_one_agency_and_name_are_not_joined_when_numbers_differ),
        STORY(a_child_on_whom_others_rely_is_not_moved_by_a_name),
        STORY(a_provisional_link_becomes_firm_when_its_subject_states_the_number),
        STORY(a_provisional_link_becomes_firm_when_the_other_side_states_the_number),
        STORY(a_provisional_link_ends_when_its_subject_turns_out_to_be_another),
        STORY(a_provisional_link_ends_when_the_child_it_hangs_on_turns_out_to_be_another),
        STORY(a_provisional_member_never_ties_two_numbers_together),
        STORY(a_firm_match_elsewhere_takes_the_member_and_the_name_follows_provisionally),
        STORY(a_number_stated_by_a_third_takes_a_provisional_member_along),
        STORY(a_corrected_number_joins_nobody_through_its_old_company),
        STORY(tokens_that_are_no_longer_stated_link_nobody_any_more),
        STORY(stating_the_same_again_changes_nothing),
        STORY(a_statement_that_a_newer_one_has_overtaken_changes_nothing),
        STORY(a_statement_without_identifiers_stays_alone),
        STORY(a_join_brings_both_chronologies_together),
        STORY(a_handle_known_by_its_records_alone_gets_a_child),
        STORY(one_agency_cannot_fill_a_child_and_shut_others_out),
        STORY(a_statement_with_two_verified_numbers_is_refused),
        STORY(a_history_too_long_to_move_stays_where_it_is),
        STORY(a_flood_of_statements_of_one_number_is_looked_at_within_bounds),
        STORY(a_crowd_of_one_agencys_handles_hides_nobody_elses),
    };
    return cmocka_run_group_tests_name("broker_identity", tests, NULL, NULL);
}
