/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/decide.h"
#include "agents/core/frozen.h"
#include "agents/core/seal.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "crypto/token.h"
#include "support/practice.h"

/* What lies in the spool, taken out of the store. */
struct spooled {
    struct spool_entry entry;
    struct entry_header header;
    struct arena arena;
};

static void spooled_deinit(struct spooled *frozen)
{
    arena_deinit(&frozen->arena);
}

static struct spooled take(struct practice *practice, enum lane lane, uint64_t seq)
{
    struct spooled frozen = {.arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);

    assert_true(spool_get(txn, lane, seq, &frozen.entry));
    frozen.entry.header = arena_copy(&frozen.arena, frozen.entry.header);
    frozen.entry.body = arena_copy(&frozen.arena, frozen.entry.body);
    if (frozen.entry.keys.len > 0) {
        frozen.entry.keys = arena_copy(&frozen.arena, frozen.entry.keys);
    }
    assert_true(wire_entry_header_read(frozen.entry.kind, frozen.entry.header, &frozen.arena,
                                       &frozen.header));
    assert_true(wire_entry_fits(&frozen.header, frozen.entry.body));
    return frozen;
}

/* The text of a part, opened with the data keys that the agent keeps for itself. */
static struct buf open_own(struct practice *practice, const struct spooled *frozen, enum part part)
{
    struct seal_keys keys = {.of = {SECRET_NULL}};
    struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    uint8_t digest[CAIRN_HASH_BYTES];
    size_t card = frozen->header.kind == ENTRY_RECORD ? frozen->header.record.card_bytes : 0;
    struct slice body = frozen->entry.body;
    struct slice sealed = part == PART_CARD ? slice_make(body.data, card)
                                            : slice_make(body.data + card, body.len - card);

    sha256(frozen->entry.header, digest);
    assert_int_equal(seal_keys_open(&practice->agent->keys.store, frozen->entry.keys, &keys), 0);
    assert_int_equal(seal_open_part(&keys.of[part], digest, part, sealed, &text), 0);
    seal_keys_deinit(&keys);
    return text;
}

static void expect_says(struct buf *text, const char *words)
{
    if (strstr(buf_text(text), words) == NULL) {
        fail_msg("%s is not in %s", words, buf_text(text));
    }
}

static void a_statement_stands_before_the_first_record_of_a_child(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");

    _cleanup_(spooled_deinit) struct spooled statement = take(practice, LANE_NORMAL, 1);
    _cleanup_(spooled_deinit) struct spooled record = take(practice, LANE_NORMAL, 2);

    assert_int_equal(statement.header.kind, ENTRY_SUBJECT);
    assert_int_equal(statement.header.subject.epoch, 1);
    assert_memory_equal(statement.header.subject.handle, record.header.record.handle,
                        CAIRN_HANDLE_BYTES);
    assert_int_equal(statement.header.subject.n_tokens,
                     2); /* no postcode: number, name and birth date */
    assert_int_equal(statement.header.subject.tokens[0].class, TOKEN_NHS_NUMBER);
    assert_int_equal(statement.header.subject.tokens[0].status, IDENTIFIER_VERIFIED);
    uint8_t token[CAIRN_HASH_BYTES];
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    assert_true(govern_keep_place(practice->agent->keep, &place));
    token_make(&place.linkage, TOKEN_NHS_NUMBER, slice_of_text("9994117025"), token);
    assert_true(
        slice_equal(slice_make(statement.entry.body.data, CAIRN_HASH_BYTES), SLICE_OF(token)));
}

/* A concern about a child of that authority. */
static uint32_t sealed_authority(struct practice *practice, uint32_t authority, uint64_t seq)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    char child[64];
    practice_concern_text("", &text);
    (void)snprintf(child, sizeof(child), "\"child\":{\"home_authority\":%u,", (unsigned)authority);
    text_replace(&text, "\"child\":{", child);
    (void)practice_submit(practice, INTAKE_RECORD, buf_text(&text));
    _cleanup_(spooled_deinit) struct spooled frozen = take(practice, LANE_NORMAL, seq);
    return frozen.header.record.home_authority;
}

static void the_header_names_another_authority_and_not_our_own(void **state)
{
    struct practice *practice = *state;
    assert_int_equal(sealed_authority(practice, 301, 2), 301);
    practice_amend(practice, GOVERNANCE_CALENDAR, 2, "\"desks\"",
                   "\"own_authorities\": [301], \"desks\"");

    assert_int_equal(sealed_authority(practice, 301, 3), 0);
    assert_int_equal(sealed_authority(practice, 302, 4), 302);
}

static void the_header_says_what_the_broker_needs_and_no_more(void **state)
{
    struct practice *practice = *state;
    struct intake_item item = practice_concern(
        practice, "\"level\":2,\"narrow\":{\"agencies\":[\"oak-school\",\"north-hospital\"],"
                  "\"reason\":\"allegation-against-staff\",\"authority\":\"lado\"},");

    _cleanup_(spooled_deinit) struct spooled frozen = take(practice, LANE_NORMAL, 2);

    const struct record_header *header = &frozen.header.record;
    struct out_row row = practice_out(practice, &item.reference);
    assert_true(entry_id_equal(&header->id, &row.entry));
    assert_int_equal(header->record_kind, RECORD_CONCERN);
    assert_int_equal(header->code, CODE_NEGLECT_PHYSICAL);
    assert_int_equal(header->level, 2);
    assert_int_equal(header->created_ms, PRACTICE_NOW_MS);
    assert_int_equal(header->narrow.n_agencies, 2);
    assert_int_equal(header->narrow.agencies[0], AGENCY_HOSPITAL);
    assert_int_equal(header->narrow.agencies[1], AGENCY_SCHOOL);
    assert_false(header->has_occurrence);
    assert_false(header->has_retracts);
    assert_null(memmem(frozen.entry.header.data, frozen.entry.header.len, "Thistledown", 11));
    assert_null(memmem(frozen.entry.body.data, frozen.entry.body.len, "Thistledown", 11));
}

static void an_agency_that_leaves_itself_out_hears_so_at_once(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct error error = ERROR_NULL;
    practice_concern_text("\"urgency\":\"immediate\",\"narrow\":{\"agencies\":[\"elm-street\"],"
                          "\"reason\":\"risk-to-the-child\",\"authority\":\"police\"},",
                          &text);
    const struct intake_request request = {.content = INTAKE_RECORD,
                                           .body = slice_of_text(buf_text(&text))};

    assert_int_not_equal(intake_submit(practice->agent, &request, &answer, &error), 0);

    assert_string_equal(error.where, "/narrow/agencies/0");
    assert_non_null(strstr(error.what, "leave it out"));
}

static void card_and_account_open_again_with_the_keys_that_are_kept(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    practice_reopen(practice);

    _cleanup_(spooled_deinit) struct spooled frozen = take(practice, LANE_NORMAL, 2);
    _cleanup_(buf_deinit) struct buf card = open_own(practice, &frozen, PART_CARD);
    _cleanup_(buf_deinit) struct buf account = open_own(practice, &frozen, PART_ACCOUNT);

    expect_says(&card, "Thistledown");
    expect_says(&card, "9994117025");
    expect_says(&account, "without a coat");
    expect_says(&account, "A. Example, nurse");
    assert_null(strstr(buf_text(&account), "Thistledown"));
}

static void a_known_child_keeps_its_handle_and_is_not_stated_twice_in_a_lane(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    practice_reopen(practice);
    (void)practice_concern(practice, "");

    _cleanup_(spooled_deinit) struct spooled first = take(practice, LANE_NORMAL, 2);
    _cleanup_(spooled_deinit) struct spooled second = take(practice, LANE_NORMAL, 3);

    assert_int_equal(second.header.kind, ENTRY_RECORD);
    assert_memory_equal(first.header.record.handle, second.header.record.handle,
                        CAIRN_HANDLE_BYTES);
    assert_memory_not_equal(first.header.record.event_id, second.header.record.event_id, 16);
    assert_int_equal(practice_rows(practice, AT_CHILD), 1);
}

static void another_lane_says_who_the_child_is_for_itself(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");

    (void)practice_concern(practice, "\"urgency\":\"immediate\",");

    _cleanup_(spooled_deinit) struct spooled statement = take(practice, LANE_URGENT, 1);
    _cleanup_(spooled_deinit) struct spooled record = take(practice, LANE_URGENT, 2);
    assert_int_equal(statement.header.kind, ENTRY_SUBJECT);
    assert_int_equal(record.header.record.urgency, URGENCY_IMMEDIATE);
}

static void what_the_broker_has_receipted_is_not_stated_again(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    struct wire_result stored = {.seq = 1, .verdict = VERDICT_STORED};
    struct store_txn *txn = store_begin(practice->agent->store);
    spool_answer(txn, LANE_NORMAL, &stored, PRACTICE_NOW_MS);
    assert_int_equal(agent_commit(&txn), 0);

    (void)practice_concern(practice, "\"urgency\":\"immediate\",");

    _cleanup_(spooled_deinit) struct spooled record = take(practice, LANE_URGENT, 1);
    assert_int_equal(record.header.kind, ENTRY_RECORD);
}

static void a_child_of_whom_more_is_known_is_stated_again_with_all_of_it(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    practice_concern_text("", &text);
    text_replace(&text, "\"birth_date\"", "\"postcode\":\"ZE1 0AA\",\"birth_date\"");
    (void)practice_concern(practice, "");

    (void)practice_submit(practice, INTAKE_RECORD, buf_text(&text));
    (void)practice_concern(practice, ""); /* knows less again: nothing is unsaid */

    _cleanup_(spooled_deinit) struct spooled statement = take(practice, LANE_NORMAL, 3);
    assert_int_equal(statement.header.kind, ENTRY_SUBJECT);
    assert_int_equal(statement.header.subject.n_tokens, 4);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 5);
}

/* With a postcode, or with another one instead: what is said about the child changes. */
static void say_postcode(struct practice *practice, const char *members, const char *postcode)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    char field[64];
    (void)snprintf(field, sizeof(field), "\"postcode\":\"%s\",\"birth_date\"", postcode);
    practice_concern_text(members, &text);
    text_replace(&text, "\"birth_date\"", field);
    (void)practice_submit(practice, INTAKE_RECORD, buf_text(&text));
}

static void what_is_corrected_in_one_lane_has_a_higher_revision_in_every_lane(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    say_postcode(practice, "\"urgency\":\"immediate\",", "ZE1 0AA");
    (void)practice_concern(practice, "");

    _cleanup_(spooled_deinit) struct spooled old = take(practice, LANE_NORMAL, 1);
    _cleanup_(spooled_deinit) struct spooled corrected = take(practice, LANE_URGENT, 1);
    _cleanup_(spooled_deinit) struct spooled again = take(practice, LANE_NORMAL, 3);

    assert_true(corrected.header.subject.revision > old.header.subject.revision);
    assert_int_equal(again.header.kind, ENTRY_SUBJECT);
    assert_true(again.header.subject.revision == corrected.header.subject.revision);
}

static void what_is_said_as_before_after_something_else_is_said_anew(void **state)
{
    struct practice *practice = *state;
    struct wire_result stored = {.seq = 1, .verdict = VERDICT_STORED};
    say_postcode(practice, "", "ZE1 0AA");
    struct store_txn *txn = store_begin(practice->agent->store);
    spool_answer(txn, LANE_NORMAL, &stored, PRACTICE_NOW_MS);
    assert_int_equal(agent_commit(&txn), 0);
    say_postcode(practice, "\"urgency\":\"immediate\",", "ZE2 9ZZ");

    say_postcode(practice, "", "ZE1 0AA");

    _cleanup_(spooled_deinit) struct spooled between = take(practice, LANE_URGENT, 1);
    _cleanup_(spooled_deinit) struct spooled back = take(practice, LANE_NORMAL, 3);
    assert_int_equal(back.header.kind, ENTRY_SUBJECT);
    assert_true(back.header.subject.revision > between.header.subject.revision);
}

static void an_older_statement_that_is_receipted_late_does_not_count_as_the_newest(void **state)
{
    struct practice *practice = *state;
    struct wire_result stored = {.seq = 1, .verdict = VERDICT_STORED};
    (void)practice_concern(practice, "");
    say_postcode(practice, "\"urgency\":\"immediate\",", "ZE1 0AA");
    struct store_txn *txn = store_begin(practice->agent->store);
    spool_answer(txn, LANE_NORMAL, &stored, PRACTICE_NOW_MS);
    assert_int_equal(agent_commit(&txn), 0);

    (void)practice_concern(practice, "");

    _cleanup_(spooled_deinit) struct spooled statement = take(practice, LANE_NORMAL, 3);
    assert_int_equal(statement.header.kind, ENTRY_SUBJECT);
    assert_int_equal(statement.header.subject.n_tokens, 4);
}

/* A concern about whoever this JSON names, with these members of the child more. */
static struct out_row concern_about(struct practice *practice, const char *child)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    practice_concern_text("", &text);
    text_replace(&text,
                 "\"given_name\":\"Peregrina\",\"family_name\":\"Thistledown\","
                 "\"birth_date\":\"2022-03-14\",\"nhs_number\":{\"value\":\"999 411 7025\","
                 "\"verified\":true}",
                 child);
    struct intake_item item = practice_submit(practice, INTAKE_RECORD, buf_text(&text));
    return practice_out(practice, &item.reference);
}

static bool same_handle(const struct out_row *a, const struct out_row *b)
{
    return memcmp(a->handle, b->handle, CAIRN_HANDLE_BYTES) == 0;
}

#define PEREGRINA                                                                                  \
    "\"given_name\":\"Peregrina\",\"family_name\":\"Thistledown\",\"birth_date\":\"2022-03-14\""
#define BARNABY           "\"given_name\":\"Barnaby\",\"family_name\":\"Quill\",\"birth_date\":\"2019-07-02\""
#define TRACED            ",\"nhs_number\":{\"value\":\"999 411 7025\",\"verified\":true}"
#define TYPED             ",\"nhs_number\":{\"value\":\"999 411 7025\",\"verified\":false}"
#define LOCAL(system, id) ",\"local_id\":\"" system "|" id "\""
#define ADDRESS           ",\"address\":\"7 Quillfeather Lane\",\"postcode\":\"ZE1 0AA\""

static void a_child_that_comes_with_its_number_alone_keeps_its_handle(void **state)
{
    struct practice *practice = *state;
    struct out_row with_both = concern_about(practice, PEREGRINA LOCAL("emis", "17") TRACED);

    struct out_row by_number = concern_about(practice, PEREGRINA TRACED);
    struct out_row by_local = concern_about(practice, PEREGRINA LOCAL("emis", "17"));

    assert_true(same_handle(&with_both, &by_number));
    assert_true(same_handle(&with_both, &by_local));
}

static void a_key_of_another_child_is_never_taken_over(void **state)
{
    struct practice *practice = *state;
    struct out_row local = concern_about(practice, PEREGRINA LOCAL("emis", "17"));
    struct out_row number = concern_about(practice, PEREGRINA TYPED);

    /* another child under both of them: a number that was reused, and one that was mistyped */
    struct out_row other = concern_about(practice, BARNABY LOCAL("emis", "17") TYPED);

    struct out_row local_again = concern_about(practice, PEREGRINA LOCAL("emis", "17"));
    struct out_row number_again = concern_about(practice, PEREGRINA TYPED);
    assert_true(same_handle(&local, &local_again));
    assert_true(same_handle(&number, &number_again));
    assert_false(same_handle(&other, &local));
    assert_false(same_handle(&other, &number));
}

static void a_local_number_of_another_system_is_another_child(void **state)
{
    struct practice *practice = *state;

    struct out_row one = concern_about(practice, "\"local_id\":\"emis|17\"");
    struct out_row other = concern_about(practice, "\"local_id\":\"pas|17\"");

    assert_false(same_handle(&one, &other));
}

static struct buf card_of(struct practice *practice, const struct out_row *row)
{
    _cleanup_(spooled_deinit) struct spooled spooled = take(practice, row->lane, row->entry.seq);
    return open_own(practice, &spooled, PART_CARD);
}

static void what_one_system_withholds_no_system_of_the_agency_tells(void **state)
{
    struct practice *practice = *state;
    struct out_row before = concern_about(practice, PEREGRINA LOCAL("pas", "9") TRACED ADDRESS);
    (void)concern_about(practice, PEREGRINA LOCAL("emis", "17") TRACED ",\"restricted\":true");

    struct out_row after = concern_about(practice, PEREGRINA LOCAL("pas", "9") TRACED ADDRESS);

    _cleanup_(buf_deinit) struct buf told = card_of(practice, &before);
    _cleanup_(buf_deinit) struct buf withheld = card_of(practice, &after);
    _cleanup_(spooled_deinit) struct spooled statement =
        take(practice, after.lane, after.entry.seq - 1);
    expect_says(&told, "Quillfeather");
    expect_says(&withheld, "\"address_withheld\":true");
    assert_null(strstr(buf_text(&withheld), "Quillfeather"));
    assert_null(strstr(buf_text(&withheld), "ZE1"));
    assert_true(same_handle(&before, &after));
    if (statement.header.kind == ENTRY_SUBJECT) {
        for (size_t i = 0; i < statement.header.subject.n_tokens; i++) {
            assert_int_not_equal(statement.header.subject.tokens[i].class,
                                 TOKEN_NAME_BIRTH_POSTCODE);
        }
    }
}

static void only_an_express_word_releases_an_address(void **state)
{
    struct practice *practice = *state;
    (void)concern_about(practice, PEREGRINA LOCAL("emis", "17") TRACED ",\"restricted\":true");
    struct out_row silent = concern_about(practice, PEREGRINA LOCAL("emis", "17") TRACED ADDRESS
                                          ",\"restricted\":false");

    struct out_row released = concern_about(practice, PEREGRINA LOCAL("pas", "9") TRACED ADDRESS
                                            ",\"address_released\":true");
    struct out_row after = concern_about(practice, PEREGRINA LOCAL("emis", "17") TRACED ADDRESS);

    _cleanup_(buf_deinit) struct buf before = card_of(practice, &silent);
    _cleanup_(buf_deinit) struct buf word = card_of(practice, &released);
    _cleanup_(buf_deinit) struct buf later = card_of(practice, &after);
    assert_null(strstr(buf_text(&before), "Quillfeather"));
    expect_says(&word, "Quillfeather");
    expect_says(&later, "Quillfeather");
}

static void two_agencies_give_one_appointment_one_occurrence(void **state)
{
    struct practice *practice = *state;
    uint8_t occurrence[16];
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    practice->options.settle_ms = 0;
    (void)practice_appointment(practice, "a-1", "noshow", "1");

    _cleanup_(spooled_deinit) struct spooled frozen = take(practice, LANE_NORMAL, 2);

    assert_true(govern_keep_place(practice->agent->keep, &place));
    token_occurrence(&place.linkage, frozen.header.record.event_day,
                     slice_of_text("text:paediatricclinic"), occurrence);
    assert_true(frozen.header.record.has_occurrence);
    assert_memory_equal(frozen.header.record.occurrence, occurrence, sizeof(occurrence));
}

static void a_retraction_names_the_record_and_its_handle(void **state)
{
    struct practice *practice = *state;
    practice->options.settle_ms = 0;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");

    (void)practice_appointment(practice, "a-1", "entered-in-error", "2");

    _cleanup_(spooled_deinit) struct spooled frozen = take(practice, LANE_NORMAL, 3);
    struct out_row target = practice_out(practice, &missed.reference);
    const struct record_header *header = &frozen.header.record;
    assert_int_equal(header->record_kind, RECORD_RETRACTION);
    assert_true(header->has_retracts);
    assert_true(entry_id_equal(&header->retracts, &target.entry));
    assert_memory_equal(header->handle, target.handle, CAIRN_HANDLE_BYTES);
    assert_int_equal(header->judged_by, JUDGED_BY_STANDING_DECISION);
}

static void an_involvement_and_a_decision_seal_their_account(void **state)
{
    struct practice *practice = *state;
    struct decide_request decision = {
        .action = ACTION_CLOSE,
        .alert = 7,
        .outcome = OUTCOME_EARLY_HELP,
        .person = {.name = "A. Example",
                   .role = "screener",
                   .reason = "An early help assessment begins on Monday."},
        .n_recipients = 1,
        .recipients = {AGENCY_SCHOOL}};
    struct reference reference;
    struct error error = ERROR_NULL;
    (void)practice_submit(practice, INTAKE_INVOLVEMENT,
                          "{\"child\":{\"local_id\":\"7\"},\"role\":\"lead-professional\","
                          "\"from\":\"2024-01-01\",\"contact\":{\"name\":\"B. Example\","
                          "\"phone\":\"01632 960123\"}}");
    assert_int_equal(decide_submit(practice->agent, &decision, &reference, &error), 0);

    _cleanup_(spooled_deinit) struct spooled involved = take(practice, LANE_NORMAL, 2);
    _cleanup_(spooled_deinit) struct spooled decided = take(practice, LANE_NORMAL, 3);
    _cleanup_(buf_deinit) struct buf contact = open_own(practice, &involved, PART_ACCOUNT);
    _cleanup_(buf_deinit) struct buf reason = open_own(practice, &decided, PART_ACCOUNT);

    assert_int_equal(involved.header.involvement.role, ROLE_LEAD_PROFESSIONAL);
    assert_int_equal(involved.header.involvement.until_day, INVOLVEMENT_OPEN);
    expect_says(&contact, "01632 960123");
    assert_int_equal(decided.header.decision.outcome, OUTCOME_EARLY_HELP);
    assert_int_equal(decided.entry.n_recipients, 1);
    assert_int_equal(decided.entry.recipients[0], AGENCY_SCHOOL);
    expect_says(&reason, "cairn-decision-account/v1");
    expect_says(&reason, "begins on Monday");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
        TEST(a_statement_stands_before_the_first_record_of_a_child),
        TEST(the_header_names_another_authority_and_not_our_own),
        TEST(the_header_says_what_the_broker_needs_and_no_more),
        TEST(an_agency_that_leaves_itself_out_hears_so_at_once),
        TEST(card_and_account_open_again_with_the_keys_that_are_kept),
        TEST(a_known_child_keeps_its_handle_and_is_not_stated_twice_in_a_lane),
        TEST(another_lane_says_who_the_child_is_for_itself),
        TEST(what_the_broker_has_receipted_is_not_stated_again),
        TEST(a_child_of_whom_more_is_known_is_stated_again_with_all_of_it),
        TEST(what_is_corrected_in_one_lane_has_a_higher_revision_in_every_lane),
        TEST(what_is_said_as_before_after_something_else_is_said_anew),
        TEST(an_older_statement_that_is_receipted_late_does_not_count_as_the_newest),
        TEST(a_child_that_comes_with_its_number_alone_keeps_its_handle),
        TEST(a_key_of_another_child_is_never_taken_over),
        TEST(a_local_number_of_another_system_is_another_child),
        TEST(what_one_system_withholds_no_system_of_the_agency_tells),
        TEST(only_an_express_word_releases_an_address),
        TEST(two_agencies_give_one_appointment_one_occurrence),
        TEST(a_retraction_names_the_record_and_its_handle),
        TEST(an_involvement_and_a_decision_seal_their_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
