/* SPDX-License-Identifier: Apache-2.0 */
/* What an agency says of an adult and a child, from a submission to what lies in the spool. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/settle.h"
#include "os/files.h"
#include "support/practice.h"

#define DATA SOURCE_DIR "/tests/data/"
#define TIE  DATA "childrens_services/tie.json"

/* The file with the first `from`, if any, replaced. */
static int submit(struct practice *practice, enum intake_content content, const char *path,
                  const char *const change[2], struct intake_answer *ret, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    assert_int_equal(file_read(path, &text), 0);
    if (change != NULL) {
        text_replace(&text, change[0], change[1]);
    }
    if (content == INTAKE_ADULT) {
        practice_become(practice, "adult-services");
    }
    const struct intake_request request = {.content = content, .body = buf_slice(&text)};
    return intake_submit(practice->agent, &request, ret, error);
}

static void take(struct practice *practice, enum intake_content content, const char *path,
                 const char *const change[2])
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct error error = ERROR_NULL;

    if (submit(practice, content, path, change, &answer, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    assert_int_equal(answer.n, 1);
    assert_int_equal(answer.items[0].outcome, INTAKE_ACCEPTED);
}

static bool holds(struct slice bytes, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= bytes.len; i++) {
        if (memcmp(bytes.data + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The headers in the spool's normal lane, by kind, in their order; none of it says who somebody
 * is. */
static size_t spooled(struct practice *practice, enum entry_kind kind, struct entry_header ret[8])
{
    static const char *const canaries[] = {"Orielle", "Thistledown", "CSA-4471", "9992044187"};
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    struct spool_entry entry;
    size_t n = 0;

    for (uint64_t seq = 1; spool_get(txn, LANE_NORMAL, seq, &entry); seq++) {
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        struct entry_header header;
        assert_true(wire_entry_header_read(entry.kind, entry.header, &arena, &header));
        for (size_t i = 0; i < ARRAY_LEN(canaries); i++) {
            assert_false(holds(entry.header, canaries[i]) || holds(entry.body, canaries[i]));
        }
        if (entry.kind == kind && n < 8) {
            ret[n++] = header;
        }
    }
    return n;
}

static void a_tie_goes_with_a_statement_of_the_child_and_one_of_the_adult(void **state)
{
    struct practice *practice = *state;
    struct entry_header subjects[8];
    struct entry_header ties[8];

    take(practice, INTAKE_TIE, TIE, NULL);

    assert_int_equal(spooled(practice, ENTRY_SUBJECT, subjects), 2);
    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 1);
    assert_false(subjects[0].subject.person);
    assert_true(subjects[1].subject.person);
    assert_memory_equal(ties[0].tie.handle, subjects[0].subject.handle, CAIRN_HANDLE_BYTES);
    assert_memory_equal(ties[0].tie.person, subjects[1].subject.handle, CAIRN_HANDLE_BYTES);
    assert_int_equal(ties[0].tie.relationship, RELATIONSHIP_MOTHER);
    assert_int_equal(ties[0].tie.until_day, TIE_OPEN);
    assert_false(ties[0].tie.withdrawn);
    assert_int_equal(subjects[1].subject.n_tokens, 3);
    assert_int_equal(subjects[1].subject.tokens[0].class, TOKEN_PERSON_NHS_NUMBER);
    assert_int_equal(subjects[1].subject.tokens[0].status, IDENTIFIER_VERIFIED);
    assert_int_equal(subjects[1].subject.tokens[1].class, TOKEN_PERSON_LOCAL_ID);
    assert_int_equal(subjects[1].subject.tokens[2].class, TOKEN_PERSON_NAME_BIRTH_POSTCODE);
}

static void an_adult_service_names_the_adult_instead_of_children(void **state)
{
    struct practice *practice = *state;
    struct entry_header records[8];

    take(practice, INTAKE_ADULT, DATA "adult_services/adult-named.json", NULL);

    assert_int_equal(spooled(practice, ENTRY_RECORD, records), 1);
    assert_true(records[0].record.person);
    assert_int_equal(records[0].record.record_kind, RECORD_ADULT_SERVICE);
    assert_true(records[0].record.has_occurrence);
}

static void the_same_adult_has_one_handle_whatever_is_said(void **state)
{
    struct practice *practice = *state;
    static const char *const father[] = {"\"mother\"", "\"carer\""};
    struct entry_header subjects[8];
    struct entry_header ties[8];

    take(practice, INTAKE_TIE, TIE, NULL);
    take(practice, INTAKE_TIE, TIE, father);

    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 2);
    assert_memory_equal(ties[0].tie.person, ties[1].tie.person, CAIRN_HANDLE_BYTES);
    assert_int_equal(spooled(practice, ENTRY_SUBJECT, subjects), 2); /* nothing new of either */
}

static void an_adult_whose_tie_was_withdrawn_is_stated_anew(void **state)
{
    struct practice *practice = *state;
    static const char *const withdrawn[] = {"\"mother\"", "\"mother\", \"withdrawn\": true"};
    struct entry_header subjects[8];
    struct entry_header ties[8];
    take(practice, INTAKE_TIE, TIE, NULL);

    take(practice, INTAKE_TIE, TIE, withdrawn);
    take(practice, INTAKE_TIE, TIE, NULL);

    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 3);
    assert_true(ties[1].tie.withdrawn);
    assert_int_equal(spooled(practice, ENTRY_SUBJECT, subjects), 3);
    assert_true(subjects[2].subject.person);
    assert_true(subjects[2].subject.revision > subjects[1].subject.revision);
}

static void the_mother_of_a_child_who_is_expected_is_tied_for_so_long(void **state)
{
    struct practice *practice = *state;
    struct entry_header ties[8];

    take(practice, INTAKE_TIE, DATA "childrens_services/tie-unborn.json", NULL);

    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 1);
    assert_int_not_equal(ties[0].tie.until_day, TIE_OPEN);
}

static void a_child_who_is_born_is_said_to_be_the_one_that_was_expected(void **state)
{
    struct practice *practice = *state;
    struct entry_header ties[8];
    take(practice, INTAKE_TIE, DATA "childrens_services/tie-unborn.json", NULL);

    take(practice, INTAKE_TIE, DATA "childrens_services/born.json", NULL);

    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 2);
    assert_int_equal(ties[1].tie.relationship, RELATIONSHIP_BORN);
    assert_memory_equal(ties[1].tie.person, ties[0].tie.handle, CAIRN_HANDLE_BYTES);
    assert_memory_not_equal(ties[1].tie.handle, ties[0].tie.handle, CAIRN_HANDLE_BYTES);
}

/* One thing of the adult changed; what the answer says of it. */
static void what_finds_nobody_or_cannot_be_is_said_of_the_adult_as_of_a_child(void **state)
{
    static const struct {
        enum intake_content content;
        const char *path;
        const char *change[2];
        const char *words;
    } rows[] = {
        {INTAKE_TIE, TIE, {"9992044187", "9992044188"}, "the adult's NHS number has a typing"},
        {INTAKE_TIE, TIE, {"9992044187", "4444444444"}, "so nobody finds the adult by it"},
        {INTAKE_TIE, TIE, {"999 411 7025", "n/a"}, "so nobody finds the child by it"},
        {INTAKE_TIE, TIE, {"1994-06-21", "2010-06-21"}, "the adult's birth date makes the adult"},
        {INTAKE_TIE, TIE, {"2022-03-14", "2005-03-14"}, "the child's birth date makes the child"},
        {INTAKE_ADULT,
         DATA "adult_services/adult-named.json",
         {"9992044187", "1234567890"},
         "the adult's NHS number is no person's number, so nobody finds the adult"},
    };
    struct practice *practice = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        struct error error = ERROR_NULL;

        assert_int_equal(
            submit(practice, rows[i].content, rows[i].path, rows[i].change, &answer, &error), 0);

        const char *reason = answer.items[answer.n - 1].reason;
        if (strstr(reason, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, reason);
        }
        assert_null(strstr(reason, ";")); /* and of nothing else */
    }
}

static void what_no_adult_can_be_is_refused(void **state)
{
    static const struct {
        const char *change[2];
        const char *where;
        const char *what;
    } rows[] = {
        {{"1994-06-21", "2024-06-21"}, "/person/birth_date", "younger than 10"},
        {{"1994-06-21", "2031-06-21"}, "/person/birth_date", "future"},
        {{"2022-03-14", "1970-03-14"}, "/child/birth_date", "26 or older"},
        {{"9992044187", "4505577104"}, "/person/nhs_number/value", "partnership is for tests"},
    };
    struct practice *practice = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        struct error error = ERROR_NULL;

        int r = submit(practice, INTAKE_TIE, TIE, rows[i].change, &answer, &error);

        assert_int_equal(r, -EINVAL);
        assert_string_equal(error.where, rows[i].where);
        assert_non_null(strstr(error.what, rows[i].what));
    }
}

static void a_tie_of_whom_it_never_was_is_withdrawn_whatever_the_age(void **state)
{
    static const char *const withdrawn[] = {"1994-06-21\",\n    \"postcode\": \"NM7 4QX\"\n  },",
                                            "2024-06-21\"\n  }, \"withdrawn\": true,"};
    struct practice *practice = *state;

    take(practice, INTAKE_TIE, TIE, withdrawn);
}

static void a_tie_waits_until_the_agency_knows_its_place(void **state)
{
    struct practice *practice = *state;
    struct entry_header ties[8];
    bool more = false;
    take(practice, INTAKE_TIE, TIE, NULL);
    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 0);

    practice_govern(practice);
    assert_int_equal(settle_step(practice->agent, &more), 0);

    assert_int_equal(spooled(practice, ENTRY_TIE, ties), 1);
}

static void malformed_input_is_refused_and_says_where(void **state)
{
    struct practice *practice = *state;
    static const struct {
        enum intake_content content;
        const char *path;
        const char *where;
    } rows[] = {
        {INTAKE_TIE, DATA "childrens_services/malformed-tie-without-person.json", "/person"},
        {INTAKE_TIE, DATA "childrens_services/malformed-tie-unknown-relationship.json",
         "/relationship"},
        {INTAKE_TIE, DATA "childrens_services/malformed-tie-with-a-diagnosis.json",
         "/person/diagnosis"},
        {INTAKE_ADULT, DATA "adult_services/malformed-of-nobody.json", "/children"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        struct error error = ERROR_NULL;
        assert_int_equal(submit(practice, rows[i].content, rows[i].path, NULL, &answer, &error),
                         -EINVAL);
        assert_string_equal(error.where, rows[i].where);
    }
}

#define GOVERNED(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GOVERNED(a_tie_goes_with_a_statement_of_the_child_and_one_of_the_adult),
        GOVERNED(an_adult_service_names_the_adult_instead_of_children),
        GOVERNED(the_same_adult_has_one_handle_whatever_is_said),
        GOVERNED(an_adult_whose_tie_was_withdrawn_is_stated_anew),
        GOVERNED(the_mother_of_a_child_who_is_expected_is_tied_for_so_long),
        GOVERNED(a_child_who_is_born_is_said_to_be_the_one_that_was_expected),
        GOVERNED(what_finds_nobody_or_cannot_be_is_said_of_the_adult_as_of_a_child),
        GOVERNED(what_no_adult_can_be_is_refused),
        GOVERNED(a_tie_of_whom_it_never_was_is_withdrawn_whatever_the_age),
        cmocka_unit_test_setup_teardown(a_tie_waits_until_the_agency_knows_its_place,
                                        practice_set_up_ungoverned, practice_tear_down),
        GOVERNED(malformed_input_is_refused_and_says_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
