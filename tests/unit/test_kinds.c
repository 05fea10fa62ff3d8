/* SPDX-License-Identifier: Apache-2.0 */
/* What the police, children's services and adults' services say, and what becomes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/adult_services/adult.h"
#include "agents/childrens_services/plan.h"
#include "agents/police/incident.h"
#include "base/date.h"
#include "crypto/crypto.h"
#include "os/files.h"

#define DATA SOURCE_DIR "/tests/data/"
#define NOW  "2026-11-22T09:00:00Z"

static struct record_reader *reader;
static struct event_terms terms;

static int start(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    reader = record_reader_new(&error);
    return crypto_init(&error) == 0 && reader != NULL &&
                   instant_parse(slice_of_text(NOW), &terms.now_ms)
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    record_reader_free(&reader);
    crypto_deinit();
    return 0;
}

typedef int read_one(const struct record_reader *reader, struct slice text,
                     const struct event_terms *terms, struct family *ret, struct error *error);

/* The reader of a file, by the folder it lies in. */
static read_one *reader_of(const char *path)
{
    if (strncmp(path, "police/", 7) == 0) {
        return incident_json_read;
    }
    return strncmp(path, "adult_services/", 15) == 0 ? adult_json_read : plan_json_read;
}

static struct buf file_text(const char *path)
{
    char whole[512];
    struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    (void)snprintf(whole, sizeof(whole), DATA "%s", path);
    assert_int_equal(file_read(whole, &text), 0);
    return text;
}

/* The file with the first `from` replaced. */
static struct buf changed(const char *path, const char *from, const char *to)
{
    _cleanup_(buf_deinit) struct buf text = file_text(path);
    struct buf out = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    const uint8_t *at = memmem(text.data, text.len, from, strlen(from));

    assert_non_null(at);
    buf_add(&out, text.data, (size_t)(at - text.data));
    buf_add_text(&out, to);
    at += strlen(from);
    buf_add(&out, at, (size_t)(text.data + text.len - at));
    assert_true(buf_ok(&out));
    return out;
}

static struct family read_text(const char *path, struct slice text)
{
    struct family family = FAMILY_NULL;
    struct error error = ERROR_NULL;

    if (reader_of(path)(reader, text, &terms, &family, &error) != 0) {
        fail_msg("%s: %s: %s", path, error.where, error.what);
    }
    return family;
}

static struct family read_file(const char *path)
{
    _cleanup_(buf_deinit) struct buf text = file_text(path);

    return read_text(path, buf_slice(&text));
}

static void expect_refused(const char *path, struct slice text, const char *where, const char *what)
{
    struct family family = FAMILY_NULL;
    struct error error = ERROR_NULL;

    if (reader_of(path)(reader, text, &terms, &family, &error) == 0) {
        family_deinit(&family);
        fail_msg("%s was taken", path);
    }
    if (strcmp(error.where, where) != 0 || strstr(error.what, what) == NULL) {
        fail_msg("%s: \"%s\" \"%s\", not \"%s\" \"%s\"", path, error.where, error.what, where,
                 what);
    }
    assert_int_equal(family.n, 0);
    assert_null(strcasestr(error.what, "alaric"));
    assert_null(strstr(error.what, "Thistledown"));
}

static bool account_says(const struct event *event, const char *words)
{
    return memmem(event->account.data, event->account.len, words, strlen(words)) != NULL;
}

/* What of an event can leave the agency holds the words. */
static bool leaves(const struct event *event, const char *words)
{
    _cleanup_(buf_deinit) struct buf whole = BUF_MAX(EVENT_JSON_MAX_BYTES);

    assert_int_equal(event_to_json(event, &whole), 0);
    return strcasestr(buf_text(&whole), words) != NULL;
}

static int32_t day(const char *text)
{
    int32_t ret = 0;

    assert_true(date_parse(slice_of_text(text), &ret));
    return ret;
}

/* --- police --- */

static void an_incident_becomes_a_record_for_each_child(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("police/incident.json");

    assert_int_equal(family.n, 3);
    for (size_t i = 0; i < family.n; i++) {
        const struct event *event = &family.children[i].event;
        assert_int_equal(event->kind, RECORD_DOMESTIC_ABUSE);
        assert_int_equal(event->event_day, day("2026-11-21"));
        assert_string_equal(event->adapter, "record/nethermere-police");
        assert_string_equal(event->event_id, "NP-2026-118204");
    }
    assert_string_equal(family.children[0].event.source_id, "NP-2026-118204/1");
    assert_string_equal(family.children[1].event.source_id, "NP-2026-118204/2");
    assert_string_equal(family.children[0].event.child.given, "Peregrina");
    assert_string_equal(family.children[1].event.child.given, "Larkspurne");
    assert_true(account_says(&family.children[0].event, "plates were loud"));
    assert_false(account_says(&family.children[1].event, "plates were loud"));
    assert_true(account_says(&family.children[0].event, "DASH: medium"));
}

static void a_child_who_saw_or_heard_it_was_present(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("police/incident.json");

    assert_int_equal(family.children[0].event.code, CODE_CHILD_PRESENT);
    assert_int_equal(family.children[1].event.code, CODE_CHILD_PRESENT);
    assert_int_equal(family.children[2].event.code, CODE_NOT_SAID);
}

static void domestic_abuse_is_known_the_same_day_unless_it_says_otherwise(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf urgent = changed("police/incident.json", "\"event_time\"",
                                                      "\"urgency\":\"immediate\",\"event_time\"");

    _cleanup_(family_deinit) struct family family = read_file("police/incident.json");
    _cleanup_(family_deinit) struct family immediate =
        read_text("police/incident.json", buf_slice(&urgent));
    _cleanup_(family_deinit) struct family missing = read_file("police/missing-episode.json");

    assert_int_equal(family.children[0].event.urgency, URGENCY_SAME_DAY);
    assert_int_equal(immediate.children[0].event.urgency, URGENCY_IMMEDIATE);
    assert_int_equal(missing.children[0].event.urgency, URGENCY_ROUTINE);
}

static void the_police_are_involved_for_ninety_days(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("police/incident.json");

    for (size_t i = 0; i < family.n; i++) {
        assert_int_equal(family.children[i].n_involvements, 1);
        const struct involvement *ours = &family.children[i].involvements[0];
        assert_int_equal(ours->role, ROLE_OPEN_CASE);
        assert_int_equal(ours->from_day, day("2026-11-21"));
        assert_int_equal(ours->until_day, ours->from_day + 90);
        assert_string_equal(ours->contact_phone, "0191 498 0777");
        assert_string_equal(ours->child.local_id, family.children[i].event.child.local_id);
    }
}

static void other_notices_keep_their_code(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family missing = read_file("police/missing-episode.json");
    _cleanup_(family_deinit) struct family home = read_file("police/home-conditions.json");
    _cleanup_(family_deinit) struct family other = read_file("police/unborn.json");

    assert_int_equal(missing.children[0].event.kind, RECORD_POLICE_NOTICE);
    assert_int_equal(missing.children[0].event.code, CODE_MISSING_EPISODE);
    assert_int_equal(home.children[0].event.code, CODE_HOME_CONDITIONS);
    assert_int_equal(other.children[0].event.code, CODE_OTHER_POLICE_NOTICE);
}

static void who_must_not_be_named_is_nowhere_in_what_is_shared(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("police/incident.json");

    for (size_t i = 0; i < family.n; i++) {
        assert_false(leaves(&family.children[i].event, "alaric"));
        assert_false(leaves(&family.children[i].event, "thornbury"));
        assert_false(leaves(&family.children[i].event, "raz"));
        assert_false(leaves(&family.children[i].event, "never_share"));
    }
}

static void a_text_that_names_somebody_is_refused_where_it_does(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *where; /* NULL: taken */
    } rows[] = {
        {"thrown crockery", "thrown crockery; Alaric left", "/officer_account"},
        {"thrown crockery", "thrown crockery; ALARIC left", "/officer_account"},
        {"thrown crockery", "thrown crockery; Álaric left", "/officer_account"},
        {"thrown crockery", "thrown crockery; alaric's keys", "/officer_account"},
        {"thrown crockery", "thrown crockery; Alarics keys", "/officer_account"},
        {"thrown crockery", "thrown crockery; Alaric\\u2019s keys", "/officer_account"},
        {"thrown crockery", "thrown \\u201cAlaric\\u201d", "/officer_account"},
        {"thrown crockery", "ThornburyThistledown and ThornburyThistle", NULL},
        {"thrown crockery", "alaric thornbury thistledown", "/officer_account"},
        {"thrown crockery", "a\\u00a0raz\\u00a0b", "/officer_account"},
        {"thrown crockery", "razor wire, and the Thistledown family", NULL},
        {"a patrol passes", "Raz is bailed; a patrol passes", "/action_taken"},
        {"Isaura Fennimore, sergeant", "Thornbury, sergeant", "/reported_by"},
        {"23:40", "when Raz came home", "/event_time"},
        {"DASH: medium", "DASH for Raz: medium", "/risk_grade"},
        {"public protection desk", "desk, ask about Alaric", "/contact/name"},
        {"The school looks", "Alaric is dangerous. The school looks", "/lawfulness/function"},
        {"7 Quillfeather Lane, Nethermere\",\n", "Raz's flat\",\n", "/place"},
        {"the plates were loud", "Raz was loud", "/children/0/voice"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text =
            changed("police/incident.json", rows[i].from, rows[i].to);
        if (rows[i].where == NULL) {
            _cleanup_(family_deinit) struct family family =
                read_text("police/incident.json", buf_slice(&text));
            assert_int_equal(family.n, 3);
        } else {
            expect_refused("police/incident.json", buf_slice(&text), rows[i].where, "never_share");
        }
    }
}

static void a_name_that_is_an_ordinary_word_counts_with_a_capital(void **state)
{
    (void)state;
    static const char *const texts[] = {"Will threw", "they will come"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        _cleanup_(buf_deinit) struct buf named =
            changed("police/incident.json", "Alaric Thornbury-Thistledown", "Will Thornbury");
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        const char *at = strstr(buf_text(&named), "had thrown");
        assert_non_null(at);
        buf_add(&text, named.data, (size_t)(at - (const char *)named.data));
        buf_add_text(&text, texts[i]);
        buf_add_text(&text, at + strlen("had thrown"));

        if (i == 0) {
            expect_refused("police/incident.json", buf_slice(&text), "/officer_account",
                           "never_share");
        } else {
            _cleanup_(family_deinit) struct family family =
                read_text("police/incident.json", buf_slice(&text));
            assert_int_equal(family.n, 3);
        }
    }
}

static void nothing_says_where_when_the_address_of_one_child_is_withheld(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text =
        changed("police/incident.json", "\"given_name\": \"Peregrina\"",
                "\"restricted\": true, \"given_name\": \"Peregrina\"");

    _cleanup_(family_deinit) struct family family =
        read_text("police/incident.json", buf_slice(&text));

    for (size_t i = 0; i < family.n; i++) {
        assert_false(leaves(&family.children[i].event, "quillfeather"));
        assert_false(leaves(&family.children[i].event, "NM7"));
    }
    assert_true(family.children[0].event.child.restricted);
    assert_false(family.children[1].event.child.restricted);
}

/* --- children's services --- */

static void a_plan_is_a_record_and_says_who_to_ring(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("childrens_services/plan.json");

    assert_int_equal(family.n, 1);
    const struct family_child *child = &family.children[0];
    assert_int_equal(child->event.kind, RECORD_PLAN);
    assert_int_equal(child->event.code, CODE_PLAN_CHILD_PROTECTION);
    assert_int_equal(child->event.event_day, day("2026-10-05"));
    assert_string_equal(child->event.source_id, "PL-5521");
    assert_true(account_says(&child->event, "Thaddeus Wrenfield, 0191 498 0811"));
    assert_true(account_says(&child->event, "Oak School: Odalys Penhaligon"));
    assert_int_equal(child->n_involvements, 2);
    assert_int_equal(child->involvements[0].role, ROLE_ALLOCATED_WORKER);
    assert_int_equal(child->involvements[0].from_day, day("2026-10-05"));
    assert_int_equal(child->involvements[0].until_day, INVOLVEMENT_OPEN);
    assert_string_equal(child->involvements[0].contact_name, "Thaddeus Wrenfield");
    assert_int_equal(child->involvements[1].role, ROLE_PLAN_TEAM);
    assert_string_equal(child->involvements[1].contact_name, "Ottoline Marchbanks");
}

static void an_early_help_plan_has_a_lead_professional(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("childrens_services/early-help.json");

    assert_int_equal(family.children[0].event.code, CODE_PLAN_EARLY_HELP);
    assert_int_equal(family.children[0].n_involvements, 1);
    assert_int_equal(family.children[0].involvements[0].role, ROLE_LEAD_PROFESSIONAL);
}

static void the_end_of_a_plan_is_a_record_and_ends_the_involvements(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("childrens_services/plan-ended.json");

    const struct family_child *child = &family.children[0];
    assert_int_equal(child->event.code, CODE_PLAN_ENDED);
    assert_int_equal(child->event.event_day, day("2026-11-16"));
    assert_string_equal(child->event.source_id, "PL-5521/ended");
    assert_int_equal(child->n_involvements, 2);
    for (size_t i = 0; i < child->n_involvements; i++) {
        assert_int_equal(child->involvements[i].until_day, day("2026-11-16"));
    }
}

static void somebody_who_hands_over_is_involved_until_then(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = changed(
        "childrens_services/plan.json", "\"phone\": \"0191 498 0811\"",
        "\"phone\": \"0191 498 0811\", \"from\": \"2026-10-12\", \"until\": \"2026-11-02\"");

    _cleanup_(family_deinit) struct family family =
        read_text("childrens_services/plan.json", buf_slice(&text));

    assert_int_equal(family.children[0].involvements[0].from_day, day("2026-10-12"));
    assert_int_equal(family.children[0].involvements[0].until_day, day("2026-11-02"));
}

/* --- adults' services --- */

static void that_an_adult_is_known_is_all_that_is_said(void **state)
{
    (void)state;

    _cleanup_(family_deinit) struct family family = read_file("adult_services/adult.json");

    assert_int_equal(family.n, 2);
    for (size_t i = 0; i < family.n; i++) {
        const struct event *event = &family.children[i].event;
        assert_int_equal(event->kind, RECORD_ADULT_SERVICE);
        assert_int_equal(event->code, CODE_ADULT_KNOWN);
        assert_int_equal(family.children[i].n_involvements, 0);
        assert_string_equal(buf_text((struct buf *)&event->account),
                            "{\"duty_desk\":\"Adult services duty desk\",\"summary\":\"A parent of "
                            "this child is known to this service. Nothing more is shared: ring its "
                            "duty desk.\",\"telephone\":\"0191 498 0900\"}");
    }
}

/* --- who they are --- */

static void numbers_of_a_live_partnership_and_of_a_test_one_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        bool live;
        enum identifier_status status;
        const char *refused; /* or NULL */
    } rows[] = {
        {"999 411 7025", false, IDENTIFIER_VERIFIED, NULL},
        {"999 411 7025", true, IDENTIFIER_ABSENT, "is a test number"},
        {"943 476 5919", true, IDENTIFIER_PLACEHOLDER, NULL}, /* 9...: never issued */
        {"450 557 7104", true, IDENTIFIER_VERIFIED, NULL},
        {"450 557 7104", false, IDENTIFIER_ABSENT, "this partnership is for tests"},
        {"943 476 5919", false, IDENTIFIER_ABSENT, "this partnership is for tests"},
        {"450 557 7105", false, IDENTIFIER_ABSENT, "this partnership is for tests"},
        {"444 444 4444", false, IDENTIFIER_PLACEHOLDER, NULL},
        {"111 111 1111", true, IDENTIFIER_PLACEHOLDER, NULL},
        {"444 444 4444", true, IDENTIFIER_PLACEHOLDER, NULL},
        {"123 456 7881", true, IDENTIFIER_PLACEHOLDER, NULL},
        {"450 557 7105", true, IDENTIFIER_BAD_CHECK_DIGIT, NULL},
    };
    static const char *const files[] = {"police/incident.json", "childrens_services/plan.json"};

    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(files); i++) {
        const char *file = files[i % ARRAY_LEN(files)];
        size_t row = i / ARRAY_LEN(files);
        _cleanup_(buf_deinit) struct buf unverified =
            changed(file, "999 411 7025", rows[row].number);
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        const char *at = strstr(buf_text(&unverified), "\"verified\": false");
        assert_non_null(at);
        buf_add(&text, unverified.data, (size_t)(at - (const char *)unverified.data));
        buf_add_text(&text, "\"verified\": true");
        buf_add_text(&text, at + strlen("\"verified\": false"));
        terms.live = rows[row].live;
        if (rows[row].refused != NULL) {
            bool police = i % ARRAY_LEN(files) == 0;
            expect_refused(file, buf_slice(&text),
                           police ? "/children/0/child/nhs_number/value"
                                  : "/child/nhs_number/value",
                           rows[row].refused);
            terms.live = false;
            continue;
        }

        _cleanup_(family_deinit) struct family family = read_text(file, buf_slice(&text));

        terms.live = false;
        assert_int_equal(family.children[0].event.child.nhs_number.status, rows[row].status);
    }
}

static void an_unborn_child_is_known_by_its_own_number_alone(void **state)
{
    (void)state;
    static const char *const files[] = {"police/unborn.json", "childrens_services/unborn.json"};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        _cleanup_(family_deinit) struct family family = read_file(files[i]);
        struct identity_token tokens[IDENTITY_TOKENS_MAX];
        _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
        const struct event *event = &family.children[0].event;
        secret_set(&key, "0123456789abcdef0123456789abcdef", 32);

        assert_int_equal(identity_tokens(&event->child, 1, &key, tokens), 1);
        assert_int_equal(tokens[0].class, TOKEN_LOCAL_ID);
        assert_true(account_says(event, "2027-03-01"));
    }
}

static void malformed_input_is_refused_and_says_where(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *where;
        const char *what;
    } rows[] = {
        {"police/malformed-named-in-account.json", "/officer_account", "never_share"},
        {"police/malformed-named-for-school.json", "/for_school", "never_share"},
        {"police/malformed-named-by-nickname.json", "/children/0/voice", "never_share"},
        {"police/malformed-named-in-lawfulness.json", "/lawfulness/family_words", "never_share"},
        {"police/malformed-perpetrator-member.json", "/perpetrator", ""},
        {"police/malformed-no-never-share.json", "/never_share", "is missing"},
        {"police/malformed-no-presence.json", "/children/1/presence", "is missing"},
        {"police/malformed-two-children-one-local-id.json", "/children/1", "local_id of another"},
        {"police/malformed-two-children-one-ref.json", "/children/1", "ref of another"},
        {"police/malformed-born-tomorrow-week.json", "/children/0/child/birth_date", "future"},
        {"police/malformed-incident-in-the-future.json", "/event_date", "future"},
        {"police/malformed-unborn-with-a-number.json", "/children/0/child/nhs_number", "not born"},
        {"police/malformed-unborn-without-local-id.json", "/children/0/child/local_id",
         "is missing"},
        {"police/malformed-no-children.json", "/children", ""},
        {"police/malformed-another-format.json", "/format", ""},
        {"childrens_services/malformed-nobody-to-ring.json", "/allocated_worker", "is missing"},
        {"childrens_services/malformed-ends-before-it-starts.json", "/allocated_worker",
         "begin before it ends"},
        {"childrens_services/malformed-ends-in-the-future.json", "/end", "future"},
        {"childrens_services/malformed-unborn-plan-for-a-born-child.json", "/child/expected_date",
         "is missing"},
        {"childrens_services/malformed-unborn-child-with-a-name.json", "/child/given_name",
         "not born"},
        {"childrens_services/malformed-unknown-plan.json", "/plan", ""},
        {"childrens_services/malformed-worker-without-telephone.json", "/allocated_worker/phone",
         ""},
        {"adult_services/malformed-diagnosis.json", "/diagnosis", ""},
        {"adult_services/malformed-note.json", "/note", ""},
        {"adult_services/malformed-account.json", "/account", ""},
        {"adult_services/malformed-adult-named.json", "/children/0/adult", ""},
        {"adult_services/malformed-lawfulness-tells.json", "/lawfulness/family_words", ""},
        {"adult_services/malformed-no-relationship.json", "/children/0/relationship", ""},
        {"adult_services/malformed-two-children-one-local-id.json", "/children/1",
         "local_id of another"},
        {"adult_services/malformed-since-the-future.json", "/since", "future"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text = file_text(rows[i].path);
        expect_refused(rows[i].path, buf_slice(&text), rows[i].where, rows[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_becomes_a_record_for_each_child),
        cmocka_unit_test(a_child_who_saw_or_heard_it_was_present),
        cmocka_unit_test(domestic_abuse_is_known_the_same_day_unless_it_says_otherwise),
        cmocka_unit_test(the_police_are_involved_for_ninety_days),
        cmocka_unit_test(other_notices_keep_their_code),
        cmocka_unit_test(who_must_not_be_named_is_nowhere_in_what_is_shared),
        cmocka_unit_test(a_text_that_names_somebody_is_refused_where_it_does),
        cmocka_unit_test(a_name_that_is_an_ordinary_word_counts_with_a_capital),
        cmocka_unit_test(nothing_says_where_when_the_address_of_one_child_is_withheld),
        cmocka_unit_test(a_plan_is_a_record_and_says_who_to_ring),
        cmocka_unit_test(an_early_help_plan_has_a_lead_professional),
        cmocka_unit_test(the_end_of_a_plan_is_a_record_and_ends_the_involvements),
        cmocka_unit_test(somebody_who_hands_over_is_involved_until_then),
        cmocka_unit_test(that_an_adult_is_known_is_all_that_is_said),
        cmocka_unit_test(numbers_of_a_live_partnership_and_of_a_test_one_are_told_apart),
        cmocka_unit_test(an_unborn_child_is_known_by_its_own_number_alone),
        cmocka_unit_test(malformed_input_is_refused_and_says_where),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
