/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/record_json.h"
#include "base/date.h"
#include "json/json.h"
#include "os/files.h"
#include "support/nobody.h"

#define DATA    SOURCE_DIR "/tests/data/"
#define CONCERN DATA "demo/school-concern-level-3.json"
#define NOW     "2026-11-22T09:00:00Z"

static struct record_reader *reader;
static struct event_terms terms;

static int start(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    reader = record_reader_new(&error);
    return reader != NULL && instant_parse(slice_of_text(NOW), &terms.now_ms) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    record_reader_free(&reader);
    return 0;
}

static struct buf file_text(const char *path)
{
    struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    assert_int_equal(file_read(path, &text), 0);
    return text;
}

/* The text with the first `from` replaced; `from` must occur. */
static struct buf changed(struct slice text, const char *from, const char *to)
{
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

static struct event read_file(const char *path)
{
    _cleanup_(buf_deinit) struct buf text = file_text(path);
    struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    if (record_json_read(reader, buf_slice(&text), &terms, &event, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    return event;
}

static int32_t day(const char *text)
{
    int32_t ret = 0;

    assert_true(date_parse(slice_of_text(text), &ret));
    return ret;
}

static void expect_refused(struct slice text, const char *where, const char *what)
{
    struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    if (record_json_read(reader, text, &terms, &event, &error) == 0) {
        event_deinit(&event);
        fail_msg("was taken, and should not be: %s %s", where, what);
    }
    if (strcmp(error.where, where) != 0 || strstr(error.what, what) == NULL) {
        fail_msg("\"%s\" \"%s\", not \"%s\" \"%s\"", error.where, error.what, where, what);
    }
    assert_null(event.account.data);
    assert_null(strstr(error.what, "Thistledown"));
    assert_null(strstr(error.what, "9994117025"));
}

static void a_concern_becomes_an_event(void **state)
{
    (void)state;

    _cleanup_(event_deinit) struct event event = read_file(CONCERN);

    assert_string_equal(event.adapter, "record/spindle-safeguarding");
    assert_string_equal(event.source_id, "C-2026-0311");
    assert_string_equal(event.source_version, "1");
    assert_int_equal(event.kind, RECORD_CONCERN);
    assert_int_equal(event.code, CODE_NEGLECT_PHYSICAL);
    assert_int_equal(event.level, 3);
    assert_int_equal(event.urgency, URGENCY_SAME_DAY);
    assert_int_equal(event.event_day, day("2026-11-18"));
    assert_false(event.settles);
    assert_string_equal(event.occurrence, "");
    assert_string_equal(event.child.given, "Peregrina");
    assert_string_equal(event.child.family, "Thistledown");
    assert_int_equal(event.child.birth_day, day("2022-03-14"));
    assert_string_equal(event.child.nhs_number.value, "9994117025");
    assert_int_equal(event.child.nhs_number.status, IDENTIFIER_VERIFIED);
    assert_string_equal(event.child.upn.value, "X840200126017");
    assert_int_equal(event.child.upn.status, IDENTIFIER_VERIFIED);
    assert_int_equal(event.lawfulness.judged_by, JUDGED_BY_PERSON);
    assert_int_equal(event.lawfulness.basis, BASIS_PUBLIC_TASK);
    assert_int_equal(event.lawfulness.detriment, DETRIMENT_NOT_MORE);
    assert_int_equal(event.lawfulness.family_told, FAMILY_TOLD);
    assert_string_equal(event.lawfulness.judge, "Odalys Penhaligon, designated safeguarding lead");
}

static void an_event_comes_back_from_storage_as_it_went(void **state)
{
    (void)state;
    static const char *const files[] = {
        CONCERN,
        DATA "demo/school-immediate.json",
        DATA "demo/school-concern-withdrawn.json",
    };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        _cleanup_(event_deinit) struct event event = read_file(files[i]);
        _cleanup_(event_deinit) struct event back = EVENT_NULL;
        _cleanup_(buf_deinit) struct buf first = BUF_MAX(EVENT_JSON_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf second = BUF_MAX(EVENT_JSON_MAX_BYTES);
        struct error error = ERROR_NULL;
        memcpy(event.narrow.agencies[0], "police-north", sizeof("police-north"));
        event.narrow.n_agencies = 1;
        event.narrow.roles = ROLE_BIT(ROLE_PLAN_TEAM);
        event.narrow.hidden_until = event.event_day + 9;
        event.narrow.not_for_family = true;
        event.narrow.reason = NARROW_COURT;
        event.narrow.authority = AUTHORITY_COURT;
        memcpy(event.narrow.words, "The judge said so.", sizeof("The judge said so."));
        memcpy(event.occurrence, "text:clinic", sizeof("text:clinic"));

        assert_int_equal(event_to_json(&event, &first), 0);
        assert_int_equal(event_from_json(buf_slice(&first), &back, &error), 0);
        assert_int_equal(event_to_json(&back, &second), 0);

        assert_string_equal(buf_text(&first), buf_text(&second));
        assert_memory_equal(&back.narrow, &event.narrow, sizeof(back.narrow));
        assert_int_equal(back.child.birth_day, event.child.birth_day);
        assert_int_equal(back.recorded_ms, event.recorded_ms);
        assert_int_equal(back.lawfulness.family_told, event.lawfulness.family_told);
    }
}

/* A level, and whom the author tells less. */
#define NARROW_ONLY(what)                                                                          \
    "\"narrow\":{" what ",\"reason\":\"enquiry-under-way\",\"authority\":\"police\"}"
#define NARROW(what) "\"level\":3," NARROW_ONLY(what)

static void a_damaged_stored_event_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *where;
    } rows[] = {
        {"cairn-event/v1", "cairn-event/v2", "/"},
        {"\"kind\":\"concern\"", "\"kind\":\"rumour\"", "/kind"},
        {"\"code\":\"neglect-physical\"", "\"code\":\"\"", "/code"},
        {"\"urgency\":\"same-day\"", "\"urgency\":3", "/urgency"},
        {"\"level\":3", "\"level\":5", "/level"},
        {"2026-11-18\",\"format", "2026-11-31\",\"format", "/"},
        {"\"status\":\"verified\"", "\"status\":\"certain\"", "/card/nhs_number/status"},
        {"\"basis\":\"public-task\"", "\"basis\":\"consent\"", "/account/lawfulness/basis"},
        {"\"recorded_at\":\"2026", "\"recorded_at\":\"26", "/account"},
        {"\"narrative\":{", "\"story\":{", "/account/narrative"},
        {"\"level\":3", NARROW("\"roles\":[1]"), "/narrow/roles/0"},
        {"\"level\":3", NARROW("\"roles\":[\"reader\"]"), "/narrow/roles/0"},
        {"\"level\":3", NARROW("\"hidden_until\":\"soon\""), "/narrow/hidden_until"},
        {"\"level\":3", "\"level\":3,\"narrow\":{\"reason\":\"\"}", "/narrow/reason"},
        {"\"settles\":false", "\"settles\":0", "/settles"},
        {"\"kind\":\"concern\"", "\"kind\":\"\"", "/kind"},
        {"\"urgency\":\"same-day\"", "\"urgency\":\"\"", "/urgency"},
        {"\"judged_by\":\"person\"", "\"judged_by\":\"\"", "/account/lawfulness/judged_by"},
        {"\"status\":\"verified\"", "\"status\":\"\"", "/card/nhs_number/status"},
        {"{", "[", "line"},
    };
    _cleanup_(event_deinit) struct event event = read_file(CONCERN);
    _cleanup_(buf_deinit) struct buf stored = BUF_MAX(EVENT_JSON_MAX_BYTES);
    assert_int_equal(event_to_json(&event, &stored), 0);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text =
            changed(buf_slice(&stored), rows[i].from, rows[i].to);
        struct event back = EVENT_NULL;
        struct error error = ERROR_NULL;
        int r = event_from_json(buf_slice(&text), &back, &error);
        if (r != -EINVAL || strncmp(error.where, rows[i].where, strlen(rows[i].where)) != 0) {
            fail_msg("%s: %d %s %s", rows[i].from, r, error.where, error.what);
        }
        assert_null(back.account.data);
    }
}

static void the_card_says_who_and_the_account_says_what(void **state)
{
    (void)state;
    _cleanup_(event_deinit) struct event event = read_file(CONCERN);
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);

    assert_int_equal(event_card_json(&event, &card), 0);
    assert_int_equal(event_account_json(&event, &account), 0);

    assert_string_equal(
        buf_text(&card),
        "{\"address\":\"7 Quillfeather Lane, Nethermere\",\"birth_date\":\"2022-03-14\","
        "\"family_name\":\"Thistledown\",\"format\":\"cairn-card/v1\",\"given_name\":\"Peregrina\","
        "\"local_id\":\"SP-2291\",\"nhs_number\":{\"status\":\"verified\",\"value\":\"9994117025\"}"
        ","
        "\"postcode\":\"NM7 "
        "4QX\",\"upn\":{\"status\":\"verified\",\"value\":\"X840200126017\"}}");
    assert_non_null(strstr(buf_text(&account), "\"summary\":\"Peregrina came to nursery class"));
    assert_non_null(strstr(buf_text(&account), "\"family_told\":\"told\""));
    assert_non_null(strstr(buf_text(&account), "\"recorded_at\":\"2026-11-18T15:50:00.000Z\""));
    assert_null(strstr(buf_text(&account), "9994117025"));
    assert_null(strstr(buf_text(&account), "Quillfeather"));
}

static void a_restricted_child_leaves_no_address_anywhere(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = file_text(CONCERN);
    _cleanup_(buf_deinit) struct buf restricted =
        changed(buf_slice(&text), "\"given_name\"", "\"restricted\": true, \"given_name\"");
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    _cleanup_(buf_deinit) struct buf whole = BUF_MAX(EVENT_JSON_MAX_BYTES);
    struct error error = ERROR_NULL;

    assert_int_equal(record_json_read(reader, buf_slice(&restricted), &terms, &event, &error), 0);
    assert_int_equal(event_to_json(&event, &whole), 0);

    assert_null(strstr(buf_text(&whole), "Quillfeather"));
    assert_null(strstr(buf_text(&whole), "NM7"));
    assert_non_null(strstr(buf_text(&whole), "\"address_withheld\":true"));
}

static void what_breaks_the_schema_or_contradicts_itself_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *where;
        const char *what;
    } rows[] = {
        {"{", "[", "line 2 column 11", ""},
        {"cairn-record/v1", "cairn-record/v9", "/format", ""},
        {"\"kind\": \"concern\",", "", "/kind", ""},
        {"\"kind\": \"concern\"", "\"kind\": \"gossip\"", "/kind", ""},
        {"\"neglect-physical\"", "\"was-not-brought\"", "/code", "code does not belong"},
        {"\"level\": 3", "\"level\": 5", "/level", ""},
        {"\"level\": 3", "\"level\": \"3\"", "/level", ""},
        {"\"same-day\"", "\"soon\"", "/urgency", ""},
        {"\"2026-11-18\"", "\"18/11/2026\"", "/event_date", ""},
        {"\"2026-11-18\"", "\"2026-11-24\"", "/event_date", "future"},
        {"\"event_date\": \"2026-11-18\",", "", "/event_date", ""},
        {"2026-11-18T15:50:00Z", "2026-11-18T15:50:00", "/recorded_at", ""},
        {"\"given_name\"", "\"nickname\"", "/child/nickname", ""},
        {"2022-03-14", "2022-02-30", "/child/birth_date", ""},
        {"2022-03-14", "2026-11-24", "/child/birth_date", "expected_date"},
        {"2022-03-14", "1970-03-14", "/child/birth_date", "26 or older"},
        {"\"verified\": true", "\"verified\": \"yes\"", "/child/nhs_number/verified", ""},
        {"999 411 7025", "999\\u0007411 7025", "/child/nhs_number/value", ""},
        {"999 411 7025", "450 557 7104", "/child/nhs_number/value", "partnership is for tests"},
        {"X840200126017", "X\\u001b[2J", "/child/upn/value", ""},
        {"\"child\":", "\"cihld\":", "/cihld", ""},
        {"Peregrina came", "\\u001b[31mcame", "/account/summary", "control"},
        {"\"evidence\": \"seen\"", "\"evidence\": \"certain\"", "/account/evidence", ""},
        {"\"reported_by\"", "\"score\"", "/account/score", ""},
        {"spindle-safeguarding", "Spindle Safeguarding", "/source/system", "lower-case"},
        {"\"id\": \"C-2026-0311\"", "\"id\": \"\"", "/source/id", ""},
        {"\"public-task\"", "\"consent\"", "/lawfulness/basis", ""},
        {"\"judged_by\": \"person\",", "", "/lawfulness/judged_by", ""},
        {"\"family_told\": \"told\"", "\"family_told\": \"perhaps\"", "/lawfulness/family_told",
         ""},
        {"\"told\",\n    \"family_words\": \"We told her mother that we would ask for help for the "
         "family.\"",
         "\"not-told\"", "/lawfulness/family_words", "why"},
        {"\"level\": 3", "\"level\": 3, \"retracts\": \"C-2026-0300\"", "/retracts",
         "only a retraction"},
        {"\"kind\": \"concern\",\n  \"code\": \"neglect-physical\",", "\"kind\": \"retraction\",",
         "/retracts", "what it retracts"},
    };
    _cleanup_(buf_deinit) struct buf text = file_text(CONCERN);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf wrong =
            changed(buf_slice(&text), rows[i].from, rows[i].to);
        expect_refused(buf_slice(&wrong), rows[i].where, rows[i].what);
    }
}

static void a_narrowing_says_whom_it_leaves_out_why_and_by_whose_authority(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *where;
        const char *what;
    } rows[] = {
        {"\"level\": 3", NARROW("\"agencies\":[\"\"]"), "/narrow/agencies/0", ""},
        {"\"level\": 3",
         NARROW("\"agencies\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]"),
         "/narrow/agencies", ""},
        {"\"level\": 3", NARROW("\"agencies\":[\"a\\u0000\"]"), "line 6 column 43", ""},
        {"\"level\": 3", NARROW("\"agencies\":[\"a\\u0001\"]"), "/narrow/agencies/0", "agency id"},
        {"\"level\": 3", NARROW("\"roles\":[\"reader\"]"), "/narrow/roles/0", ""},
        {"\"level\": 3", NARROW("\"family_view\":\"yes\""), "/narrow/family_view", ""},
        {"\"level\": 3", NARROW("\"words\":\"Nothing.\""), "/narrow", "narrows nothing"},
        {"\"level\": 3", NARROW("\"hidden_until\":\"2026-11-22\""), "/narrow/hidden_until",
         "four weeks"},
        {"\"level\": 3", NARROW("\"hidden_until\":\"2027-01-23\""), "/narrow/hidden_until",
         "four weeks"},
        {"\"urgency\": \"same-day\"",
         "\"urgency\": \"immediate\"," NARROW_ONLY("\"hidden_until\":\"2026-11-26\""),
         "/narrow/hidden_until", "never hidden"},
        {"\"level\": 3",
         "\"level\": 3, \"narrow\": {\"family_view\":\"no\",\"reason\":\"enquiry-under-way\"}",
         "/narrow/authority", ""},
        {"\"level\": 3",
         "\"level\": 3, \"narrow\": {\"family_view\":\"no\",\"authority\":\"lado\"}",
         "/narrow/reason", ""},
    };
    _cleanup_(buf_deinit) struct buf text = file_text(CONCERN);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf wrong =
            changed(buf_slice(&text), rows[i].from, rows[i].to);
        expect_refused(buf_slice(&wrong), rows[i].where, rows[i].what);
    }
}

static void each_malformed_file_is_refused_for_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *where;
        const char *what;
    } rows[] = {
        {DATA "malformed/record-unknown-member.json", "/account/score", ""},
        {DATA "malformed/record-no-such-day.json", "/event_date", ""},
        {DATA "malformed/record-code-of-another-kind.json", "/code", "code does not belong"},
        {DATA "malformed/record-without-lawfulness.json", "/lawfulness", "is missing"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text = file_text(rows[i].file);
        expect_refused(buf_slice(&text), rows[i].where, rows[i].what);
    }
    expect_refused(SLICE_NULL, "line 1 column 1", "");
}

static void a_number_is_verified_only_when_its_source_says_so_and_it_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *child;
        enum identifier_status nhs_number;
        enum identifier_status upn;
    } rows[] = {
        {"\"upn\":{\"value\":\"X840200126017\",\"verified\":true}", IDENTIFIER_ABSENT,
         IDENTIFIER_VERIFIED},
        {"\"upn\":{\"value\":\"x840 200 126 017\",\"verified\":true}", IDENTIFIER_ABSENT,
         IDENTIFIER_VERIFIED},
        {"\"upn\":{\"value\":\"X840200126017\",\"verified\":false}", IDENTIFIER_ABSENT,
         IDENTIFIER_WELL_FORMED},
        /* temporary: another school may have given the child another one */
        {"\"upn\":{\"value\":\"U80120000100A\",\"verified\":true}", IDENTIFIER_ABSENT,
         IDENTIFIER_WELL_FORMED},
        {"\"upn\":{\"value\":\"X840200126018\",\"verified\":true}", IDENTIFIER_ABSENT,
         IDENTIFIER_BAD_CHECK_DIGIT},
        {"\"upn\":{\"value\":\"A000000000000\",\"verified\":true}", IDENTIFIER_ABSENT,
         IDENTIFIER_PLACEHOLDER},
        {"\"nhs_number\":{\"value\":\"999 411 7025\",\"verified\":true}", IDENTIFIER_VERIFIED,
         IDENTIFIER_ABSENT},
        {"\"nhs_number\":{\"value\":\"999 411 7025\",\"verified\":false},"
         "\"upn\":{\"value\":\"X840200126017\",\"verified\":true}",
         IDENTIFIER_WELL_FORMED, IDENTIFIER_VERIFIED},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[256];
        _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
        struct error error = ERROR_NULL;
        (void)snprintf(text, sizeof(text),
                       "{\"role\":\"on-roll\",\"from\":\"2026-09-02\",\"child\":{%s}}",
                       rows[i].child);

        int r = involvement_json_read(reader, slice_of_text(text), &terms, &involvement, &error);

        if (r != 0 || involvement.child.nhs_number.status != rows[i].nhs_number ||
            involvement.child.upn.status != rows[i].upn) {
            fail_msg("%s: %s %s, NHS number %s, UPN %s", rows[i].child, error.where, error.what,
                     identifier_status_text(involvement.child.nhs_number.status),
                     identifier_status_text(involvement.child.upn.status));
        }
    }
}

static void a_child_needs_something_to_be_known_by(void **state)
{
    (void)state;
    static const struct {
        const char *child;
        bool taken;
    } rows[] = {
        {"{}", false},
        {"{\"given_name\":\"Peregrina\",\"birth_date\":\"2022-03-14\",\"postcode\":\"NM7 4QX\"}",
         false},
        {"{\"family_name\":\"Thistledown\"}", true},
        {"{\"local_id\":\"SP-2291\"}", true},
        {"{\"upn\":{\"value\":\"UN1\",\"verified\":false}}", true},
        {"{\"upn\":{\"value\":\" \",\"verified\":true}}", false},
        {"{\"upn\":{\"value\":\"X840200126017\"}}", false},
        {"{\"upn\":{\"verified\":true}}", false},
        {"{\"upn\":\"X840200126017\"}", false},
        {"{\"nhs_number\":{\"value\":\"n/a\",\"verified\":false}}", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024];
        struct event event = EVENT_NULL;
        struct error error = ERROR_NULL;
        (void)snprintf(text, sizeof(text),
                       "{\"kind\":\"case-note\",\"event_date\":\"2026-11-18\",\"child\":%s,"
                       "\"account\":{\"summary\":\"s\"},\"lawfulness\":{\"judged_by\":\"person\","
                       "\"judge\":\"j\",\"basis\":\"legal-obligation\",\"detriment\":"
                       "\"shared-in-spite-of-detriment\",\"function\":\"f\",\"family_told\":"
                       "\"not-known\"}}",
                       rows[i].child);
        int r = record_json_read(reader, slice_of_text(text), &terms, &event, &error);
        assert_int_equal(r, rows[i].taken ? 0 : -EINVAL);
        assert_int_equal(event.recorded_ms, rows[i].taken ? terms.now_ms : 0);
        assert_string_equal(event.adapter, rows[i].taken ? "record" : "");
        event_deinit(&event);
    }
}

static void a_retraction_names_what_it_takes_back_and_nothing_else(void **state)
{
    (void)state;

    _cleanup_(event_deinit) struct event event =
        read_file(DATA "demo/school-concern-withdrawn.json");

    assert_int_equal(event.kind, RECORD_RETRACTION);
    assert_int_equal(event.lawfulness.judged_by, JUDGED_BY_STANDING_DECISION);
    assert_string_equal(event.retracts, "C-2026-0311");
    assert_string_equal(event.adapter, "record/spindle-safeguarding");
    assert_true(is_nobody(&event.child));
}

static void an_immediate_concern_does_not_wait(void **state)
{
    (void)state;

    _cleanup_(event_deinit) struct event event = read_file(DATA "demo/school-immediate.json");

    assert_int_equal(event.urgency, URGENCY_IMMEDIATE);
    assert_false(event.settles);
    assert_int_equal(event.lawfulness.family_told, FAMILY_NOT_TOLD);
    assert_int_equal(event.lawfulness.basis, BASIS_VITAL_INTERESTS);
}

static void a_missed_appointment_settles_and_counts_by_its_service(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = file_text(CONCERN);
    _cleanup_(buf_deinit) struct buf missed =
        changed(buf_slice(&text),
                "\"concern\",\n  \"code\": \"neglect-physical\",\n  \"urgency\": \"same-day\"",
                "\"missed-appointment\", \"code\": \"was-not-brought\"");
    _cleanup_(buf_deinit) struct buf with_service =
        changed(buf_slice(&missed), "\"setting\"", "\"service\": \"Eye Clinic\", \"setting\"");
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(record_json_read(reader, buf_slice(&with_service), &terms, &event, &error), 0);

    assert_int_equal(event.kind, RECORD_MISSED_APPOINTMENT);
    assert_true(event.settles);
    assert_string_equal(event.occurrence, "text:eyeclinic");
}

/* A text of n bytes that JSON escapes to twice as many. */
static void add_quotes(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_text(out, "\\\"");
    }
}

static void write_longest_child(struct buf *text)
{
    buf_add_text(text, "{\"kind\":\"case-note\",\"event_date\":\"2026-11-18\",\"child\":{"
                       "\"given_name\":\"");
    add_quotes(text, CAIRN_NAME_MAX_BYTES - 1);
    buf_add_text(text, "\",\"family_name\":\"");
    add_quotes(text, CAIRN_NAME_MAX_BYTES - 1);
    buf_add_text(text, "\",\"address\":\"");
    add_quotes(text, IDENTITY_ADDRESS_BYTES - 1);
    buf_add_text(text, "\",\"postcode\":\"");
    add_quotes(text, IDENTITY_POSTCODE_BYTES - 1);
    buf_add_text(text, "\",\"local_id\":\"");
    add_quotes(text, IDENTITY_LOCAL_ID_BYTES - 1);
    buf_add_text(text, "\",\"birth_date\":\"2022-03-14\",\"upn\":{\"verified\":true,\"value\":\"");
    add_quotes(text, IDENTIFIER_MAX_BYTES);
    buf_add_text(text, "\"},\"nhs_number\":{\"verified\":true,\"value\":\"");
    add_quotes(text, IDENTIFIER_MAX_BYTES);
}

static void write_longest_account(struct buf *text, size_t summary, size_t detail)
{
    buf_add_text(text, "\"}},\"account\":{\"summary\":\"");
    add_quotes(text, summary);
    buf_add_text(text, "\",\"detail\":\"");
    add_quotes(text, detail);
    buf_add_text(text, "\"},\"lawfulness\":{\"judged_by\":\"person\",\"basis\":"
                       "\"legal-obligation\",\"detriment\":\"shared-in-spite-of-detriment\","
                       "\"family_told\":\"not-known\",\"judge\":\"");
    add_quotes(text, EVENT_JUDGE_BYTES - 1);
    buf_add_text(text, "\",\"function\":\"");
    add_quotes(text, EVENT_FUNCTION_BYTES - 1);
    buf_add_text(text, "\",\"family_words\":\"");
    add_quotes(text, CAIRN_REASON_MAX_BYTES);
    buf_add_text(text, "\"}}");
}

static void the_longest_texts_fit_the_sealed_parts_and_one_byte_more_is_refused(void **state)
{
    (void)state;
    const size_t summary = 384;
    const size_t detail = CAIRN_TEXT_MAX_BYTES - summary;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    for (size_t extra = 0; extra < 2; extra++) {
        _cleanup_(event_deinit) struct event event = EVENT_NULL;
        struct error error = ERROR_NULL;
        buf_reset(&text);
        write_longest_child(&text);
        write_longest_account(&text, summary + extra, detail);

        int r = record_json_read(reader, buf_slice(&text), &terms, &event, &error);

        if (extra > 0) {
            assert_int_equal(r, -EINVAL);
            assert_string_equal(error.where, "/account");
            break;
        }
        _cleanup_(buf_deinit) struct buf card = BUF_MAX(EVENT_CARD_JSON_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf account = BUF_MAX(EVENT_ACCOUNT_JSON_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf whole = BUF_MAX(EVENT_JSON_MAX_BYTES);
        assert_int_equal(r, 0);
        assert_int_equal(event_card_json(&event, &card), 0);
        assert_int_equal(event_account_json(&event, &account), 0);
        assert_int_equal(event_to_json(&event, &whole), 0);
    }
}

static void a_full_buffer_is_a_fault_and_no_half_event(void **state)
{
    (void)state;
    _cleanup_(event_deinit) struct event event = read_file(CONCERN);
    _cleanup_(buf_deinit) struct buf small = BUF_MAX(100);

    assert_int_equal(event_to_json(&event, &small), -EFBIG);
    buf_reset(&small);
    assert_int_equal(event_account_json(&event, &small), -EFBIG);
}

static void an_involvement_says_who_is_involved_since_when_and_whom_to_ring(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = file_text(DATA "demo/health-visiting-involvement.json");
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(1024);
    struct error error = ERROR_NULL;

    assert_int_equal(involvement_json_read(reader, buf_slice(&text), &terms, &involvement, &error),
                     0);
    assert_int_equal(involvement_account_json(&involvement, &account), 0);

    assert_int_equal(involvement.role, ROLE_OPEN_CASE);
    assert_int_equal(involvement.from_day, day("2022-03-28"));
    assert_int_equal(involvement.until_day, INVOLVEMENT_OPEN);
    assert_int_equal(involvement.child.nhs_number.status, IDENTIFIER_VERIFIED);
    assert_string_equal(buf_text(&account),
                        "{\"contact\":{\"name\":\"Corisande Applegarth\",\"phone\":\"0191 498 "
                        "0123\"},\"format\":\"cairn-involvement-account/v1\"}");
}

static void an_involvement_without_a_contact_has_an_empty_account(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = file_text(DATA "demo/gp-involvement.json");
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    _cleanup_(buf_deinit) struct buf account = BUF_MAX(1024);
    struct error error = ERROR_NULL;

    assert_int_equal(involvement_json_read(reader, buf_slice(&text), &terms, &involvement, &error),
                     0);
    assert_int_equal(involvement_account_json(&involvement, &account), 0);

    assert_string_equal(buf_text(&account), "{\"format\":\"cairn-involvement-account/v1\"}");
}

static void an_involvement_that_says_too_little_or_ends_before_it_begins_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *where;
    } rows[] = {
        {"\"open-case\"", "\"friend\"", "/role"},
        {"\"role\": \"open-case\",", "", "/role"},
        {"\"2022-03-28\"", "\"2022-02-29\"", "/from"},
        {"\"from\": \"2022-03-28\"", "\"from\": \"2022-03-28\", \"until\": \"2022-03-28\"",
         "/until"},
        {"\"phone\": \"0191 498 0123\"", "\"phone\": \"\"", "/contact/phone"},
        {"\"name\":", "\"phone\": \"0191 498 0124\", \"name\":", "line 19 column 11"},
        {"\"format\"", "\"fromat\"", "/fromat"},
    };
    _cleanup_(buf_deinit) struct buf text = file_text(DATA "demo/health-visiting-involvement.json");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf wrong =
            changed(buf_slice(&text), rows[i].from, rows[i].to);
        struct involvement involvement = INVOLVEMENT_NULL;
        struct error error = ERROR_NULL;
        int r = involvement_json_read(reader, buf_slice(&wrong), &terms, &involvement, &error);
        if (r != -EINVAL || strcmp(error.where, rows[i].where) != 0) {
            fail_msg("%s: %d %s %s", rows[i].to, r, error.where, error.what);
        }
        assert_true(is_nobody(&involvement.child));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_concern_becomes_an_event),
        cmocka_unit_test(an_event_comes_back_from_storage_as_it_went),
        cmocka_unit_test(a_damaged_stored_event_is_refused),
        cmocka_unit_test(the_card_says_who_and_the_account_says_what),
        cmocka_unit_test(a_restricted_child_leaves_no_address_anywhere),
        cmocka_unit_test(what_breaks_the_schema_or_contradicts_itself_is_refused),
        cmocka_unit_test(a_narrowing_says_whom_it_leaves_out_why_and_by_whose_authority),
        cmocka_unit_test(each_malformed_file_is_refused_for_its_reason),
        cmocka_unit_test(a_number_is_verified_only_when_its_source_says_so_and_it_can_be),
        cmocka_unit_test(a_child_needs_something_to_be_known_by),
        cmocka_unit_test(a_retraction_names_what_it_takes_back_and_nothing_else),
        cmocka_unit_test(an_immediate_concern_does_not_wait),
        cmocka_unit_test(a_missed_appointment_settles_and_counts_by_its_service),
        cmocka_unit_test(the_longest_texts_fit_the_sealed_parts_and_one_byte_more_is_refused),
        cmocka_unit_test(a_full_buffer_is_a_fault_and_no_half_event),
        cmocka_unit_test(an_involvement_says_who_is_involved_since_when_and_whom_to_ring),
        cmocka_unit_test(an_involvement_without_a_contact_has_an_empty_account),
        cmocka_unit_test(an_involvement_that_says_too_little_or_ends_before_it_begins_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
