/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/words.h"
#include "base/date.h"
#include "cairn/client.h"

/* 2026-11-20 14:30 in London */
#define NOW       INT64_C(1795185000000)
#define MINUTE    INT64_C(60000)
#define TELEPHONE "Telephone now: MASH duty desk 01632 960100. "

#define SAID_OPENED                                                                                \
    "The broker says that it was opened at MASH; the log has not confirmed it to this agency "     \
    "yet, and does so by itself. Nothing to do, unless you must be certain: then ask MASH."

static const struct desk duty = {
    .id = "mash", .agency = 4, .name = "MASH duty desk", .phone = "01632 960100"};

static const struct words_reader kept[] = {{"MASH", READER_KEPT}};
static const struct words_reader withheld[] = {{"MASH", READER_WITHHELD},
                                               {"Out of hours", READER_KEPT}};
static const struct words_reader queued[] = {{"MASH", READER_QUEUED}};
static const struct words_reader delivered[] = {{"MASH", READER_DELIVERED},
                                                {"Elm Road", READER_KEPT}};
static const struct words_reader two_delivered[] = {{"MASH", READER_DELIVERED},
                                                    {"Out of hours", READER_DELIVERED}};
static const struct words_reader opened[] = {{"Elm Road", READER_DELIVERED},
                                             {"MASH", READER_OPENED}};

static const struct words_reader told[] = {
    {"MASH", READER_TOLD}, {"Elm Road", READER_TOLD}, {"Out of hours", READER_WITHHELD}};
static const struct words_reader opened_and_told[] = {{"MASH", READER_OPENED},
                                                      {"Elm Road", READER_TOLD}};

struct row {
    struct out_row out;
    enum link_state link;
    int64_t link_since_ms;
    bool asked;
    bool not_tried;
    size_t n_readers;
    const struct words_reader *readers;
    const char *opened_by;
    int64_t opened_ms;
    bool no_calendar;
    const char *expected;
};

#define RECORD(...)                                                                                \
    {                                                                                              \
        .kind = ENTRY_RECORD, .record_kind = RECORD_CONCERN, .urgency = URGENCY_ROUTINE,           \
        __VA_ARGS__                                                                                \
    }
#define IMMEDIATE(...)                                                                             \
    {                                                                                              \
        .kind = ENTRY_RECORD, .record_kind = RECORD_CONCERN, .urgency = URGENCY_IMMEDIATE,         \
        __VA_ARGS__                                                                                \
    }
#define REFERRAL(...)                                                                              \
    {                                                                                              \
        .kind = ENTRY_RECORD, .record_kind = RECORD_REFERRAL, .urgency = URGENCY_ROUTINE,          \
        __VA_ARGS__                                                                                \
    }
#define STORED_ROW  .state = OUT_STORED, .verdict = VERDICT_STORED
#define CONNECTED   .link = LINK_IS_CONNECTED
#define OFFLINE     .link = LINK_IS_CONNECTING, .link_since_ms = NOW - 25 * MINUTE
#define READERS(of) .asked = true, .n_readers = ARRAY_LEN(of), .readers = (of)

static const struct row rows[] = {
    {RECORD(.state = OUT_SETTLING, .due_ms = NOW + 90 * MINUTE), CONNECTED,
     .expected = "Settling until 16:00: can still be taken back. It has not left this computer."},
    {RECORD(.state = OUT_SETTLING, .due_ms = NOW + 24 * 60 * MINUTE), CONNECTED,
     .expected = "Settling until 21 November 2026, 14:30: can still be taken back. It has not left "
                 "this computer."},
    {RECORD(.state = OUT_WAITING), OFFLINE,
     .expected = "Stored on this computer; not sent yet (this agency's place in the partnership is "
                 "not known yet)."},
    {RECORD(.state = OUT_SPOOLED), OFFLINE,
     .expected = "Stored on this computer; not sent yet (no connection since 14:05)."},
    {RECORD(.state = OUT_SPOOLED), .link = LINK_IS_CONNECTING,
     .expected = "Stored on this computer; not sent yet (no connection since the agent started)."},
    {RECORD(.state = OUT_SPOOLED), .link = LINK_IS_STOPPED,
     .expected = "Stored on this computer; not sent: the agent has stopped talking to the broker "
                 "and an operator must look."},
    {IMMEDIATE(.state = OUT_SPOOLED), .link = LINK_IS_REVOKED,
     .expected = TELEPHONE
     "Stored on this computer; not sent: this agency, or its key, was revoked, as the broker says. "
     "Nothing that is written here reaches anybody: an operator must ask the partnership."},
    {RECORD(STORED_ROW), CONNECTED, .not_tried = true,
     .expected = "Stored by the partnership's broker; it was not asked just now whether anybody "
                 "has seen it: cairn record asks it."},
    {RECORD(STORED_ROW), OFFLINE, .not_tried = true,
     .expected = "Stored by the partnership's broker; the broker cannot be asked now whether "
                 "anybody has seen it (no connection since 14:05)."},
    {RECORD(.state = OUT_SPOOLED, .verdict = VERDICT_MALFORMED), CONNECTED,
     .expected = "Stored on this computer; not sent: the broker refuses it (the message cannot be "
                 "read: the program that sent it is at fault) and an operator must look."},
    {RECORD(.state = OUT_SPOOLED), CONNECTED,
     .expected = "Stored on this computer; being sent now."},
    {RECORD(STORED_ROW), CONNECTED, READERS(kept),
     .expected = "Stored by the partnership's broker; as it says, kept, seen by nobody; this "
                 "is not a referral."},
    {RECORD(STORED_ROW), CONNECTED, .asked = true,
     .expected = "Stored by the partnership's broker; as it says, kept, seen by nobody; this "
                 "is not a referral."},
    {RECORD(.state = OUT_STORED, .verdict = VERDICT_STORED_NO_READER), CONNECTED, .asked = true,
     .expected = "Stored by the partnership's broker; no agreement lets anybody read it; seen by "
                 "nobody; this is not a referral."},
    {RECORD(.state = OUT_STORED, .verdict = VERDICT_STORED_NO_READER), OFFLINE,
     .expected = "Stored by the partnership's broker; no agreement lets anybody read it; seen by "
                 "nobody; this is not a referral."},
    {RECORD(STORED_ROW), CONNECTED, READERS(withheld),
     .expected =
         "Stored by the partnership's broker; as it says, not shared with MASH: no agreement "
         "allowed it any more before it was delivered; seen by nobody; this is "
         "not a referral."},
    {{.kind = ENTRY_REQUEST, STORED_ROW, .created_ms = NOW - 24 * 60 * MINUTE},
     OFFLINE,
     .expected = "Asked on 19 November 2026, 14:30. No answer yet. What is granted comes to the "
                 "inbox by itself."},
    {{.kind = ENTRY_REQUEST, STORED_ROW, .created_ms = NOW - 25 * MINUTE},
     CONNECTED,
     READERS(opened),
     .expected = "Asked at 14:05. Refused at MASH. No answer yet from Elm Road. What is granted "
                 "comes to the inbox by itself."},
    {RECORD(STORED_ROW), CONNECTED, READERS(told),
     .expected = "Stored by the partnership's broker, and kept there; what it says is seen by "
                 "nobody; this is not a referral. Told that it exists, on which day and of what "
                 "kind, as the broker says: MASH and 1 more."},
    {RECORD(STORED_ROW), CONNECTED, READERS(opened_and_told), .opened_by = "MASH",
     .opened_ms = NOW - 25 * MINUTE,
     .expected = "Opened at MASH at 14:05, as a notice in the log says. Told that it exists, on "
                 "which day and of what kind, as the broker says: Elm Road."},
    {RECORD(STORED_ROW), CONNECTED, READERS(queued),
     .expected = "Stored by the partnership's broker; as it says, on its way to MASH; seen by "
                 "nobody yet."},
    {RECORD(STORED_ROW), CONNECTED, READERS(delivered),
     .expected = "Delivered to MASH, as the broker says; nobody there has opened it yet."},
    {RECORD(STORED_ROW), CONNECTED, READERS(two_delivered),
     .expected =
         "Delivered to MASH and 1 more, as the broker says; nobody there has opened it yet."},
    {RECORD(STORED_ROW), CONNECTED, READERS(opened), .expected = SAID_OPENED},
    {RECORD(STORED_ROW), CONNECTED, READERS(opened), .opened_by = "MASH",
     .opened_ms = NOW - 25 * MINUTE,
     .expected = "Opened at MASH at 14:05, as a notice in the log says."},
    {RECORD(STORED_ROW), OFFLINE, .opened_by = "MASH", .opened_ms = NOW - 24 * 60 * MINUTE,
     .expected = "Opened at MASH on 19 November 2026, 14:30, as a notice in the log says."},
    {RECORD(STORED_ROW), OFFLINE,
     .expected = "Stored by the partnership's broker; the broker cannot be asked now whether "
                 "anybody has seen it (no connection since 14:05)."},
    {RECORD(STORED_ROW), CONNECTED,
     .expected = "Stored by the partnership's broker; the broker cannot be asked now whether "
                 "anybody has seen it (it does not answer)."},
    {RECORD(.state = OUT_REFUSED, .verdict = VERDICT_BAD_GRANT), CONNECTED,
     .expected = "Refused: it is sealed for an agency that no agreement lets read it, or not for "
                 "the one that sent it."},
    {{.kind = ENTRY_RECORD,
      .record_kind = RECORD_RETRACTION,
      .urgency = URGENCY_ROUTINE,
      .state = OUT_REFUSED,
      .verdict = VERDICT_REVOKED_KEY},
     CONNECTED,
     .expected =
         "Refused: the key that signed it, or its agency, was revoked. It has taken nothing "
         "back."},
    {RECORD(.state = OUT_WITHDRAWN), CONNECTED,
     .expected = "Withdrawn before it left. Nobody outside was told."},
    {RECORD(STORED_ROW, .retracted = true), CONNECTED, READERS(delivered),
     .expected = "Taken back after it had left; whoever received it is told."},
    {{.kind = ENTRY_INVOLVEMENT, STORED_ROW},
     CONNECTED,
     .expected = "Stored by the partnership's broker."},
    {{.kind = ENTRY_DECISION, STORED_ROW, .urgency = URGENCY_IMMEDIATE},
     CONNECTED,
     .expected = "Stored by the partnership's broker."},
    {IMMEDIATE(.state = OUT_SPOOLED), OFFLINE,
     .expected = TELEPHONE "Stored on this computer; not sent yet (no connection since 14:05)."},
    {IMMEDIATE(.state = OUT_SPOOLED), OFFLINE, .no_calendar = true,
     .expected = "Telephone the duty desk now (its number is not known to this computer yet). "
                 "Stored on this computer; not sent yet (no connection since 14:05)."},
    {IMMEDIATE(STORED_ROW), CONNECTED, READERS(delivered),
     .expected =
         TELEPHONE "Delivered to MASH, as the broker says; nobody there has opened it yet."},
    {IMMEDIATE(STORED_ROW), CONNECTED, READERS(opened), .expected = TELEPHONE SAID_OPENED},
    {IMMEDIATE(STORED_ROW), CONNECTED, READERS(delivered), .opened_by = "MASH", .opened_ms = NOW,
     .expected = "Opened at MASH at 14:30, as a notice in the log says."},
    {IMMEDIATE(.state = OUT_REFUSED, .verdict = VERDICT_BAD_ENTRY), CONNECTED,
     .expected = TELEPHONE "Refused: a field of it is missing or outside its range."},
    {IMMEDIATE(.state = OUT_WITHDRAWN), CONNECTED,
     .expected = "Withdrawn before it left. Nobody outside was told."},
    {REFERRAL(STORED_ROW), CONNECTED, READERS(kept),
     .expected = TELEPHONE "Stored by the partnership's broker; as it says, kept, seen by nobody."},
    {REFERRAL(STORED_ROW), OFFLINE,
     .expected = TELEPHONE "Stored by the partnership's broker; the broker cannot be asked now "
                           "whether anybody has seen it (no connection since 14:05)."},
};

static struct words_about about_row(const struct row *row)
{
    return (struct words_about){
        .row = &row->out,
        .now_ms = NOW,
        .link = row->link,
        .link_since_ms = row->link_since_ms,
        .asked = row->asked,
        .not_tried = row->not_tried,
        .n_readers = row->n_readers,
        .readers = row->readers,
        .opened_by = row->opened_by,
        .opened_ms = row->opened_ms,
        .desk = row->no_calendar ? NULL : &duty,
    };
}

static void every_situation_has_its_words(void **state)
{
    char words[WORDS_MAX_BYTES];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct words_about about = about_row(&rows[i]);
        words_state(&about, words);
        assert_string_equal(words, rows[i].expected);
    }
}

static void the_table_shows_every_situation(void **state)
{
    bool shown[SITUATION_RETRACTED + 1] = {false};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct words_about about = about_row(&rows[i]);
        shown[words_situation(&about)] = true;
    }
    for (size_t i = SITUATION_SETTLING; i <= SITUATION_RETRACTED; i++) {
        assert_true(shown[i]);
    }
}

/* --- every combination there is --- */

static const uint32_t verdicts[] = {
#define X(name, number, lasting, words) VERDICT_##name,
    CAIRN_VERDICTS(X)
#undef X
};

static void check(const struct words_about *about)
{
    char words[WORDS_MAX_BYTES];
    const struct out_row *row = about->row;
    bool urgent = row->kind == ENTRY_RECORD &&
                  (row->urgency == URGENCY_IMMEDIATE || row->record_kind == RECORD_REFERRAL);
    words_state(about, words);
    bool proven = row->state == OUT_STORED && about->opened_by != NULL;
    bool seen =
        proven || strncmp(words, "Withdrawn", 9) == 0 || strncmp(words, "Taken back", 10) == 0;

    assert_int_equal(strncmp(words, "Telephone", 9) == 0, urgent && !seen);
    assert_true(words_must_telephone(about) == (urgent && !seen));
    assert_null(strchr(words, '@'));
    assert_int_equal(words[strlen(words) - 1], '.');
    if (strncmp(words, "Opened at", 9) == 0) {
        assert_true(proven);
    }
    if (row->record_kind == RECORD_REFERRAL) {
        assert_null(strstr(words, "not a referral"));
    }
    assert_null(strstr(words, "denied"));
    assert_null(strstr(words, "nothing known"));
}

static void check_readers(struct words_about *about)
{
    for (int state = 0; state <= READER_OPENED; state++) {
        const struct words_reader readers[] = {{"A", READER_KEPT}, {"B", (enum reader_state)state}};
        about->readers = readers;
        about->n_readers = state == 0 ? 0 : ARRAY_LEN(readers);
        for (int bits = 0; bits < 8; bits++) {
            about->asked = (bits & 1) != 0;
            about->opened_by = (bits & 2) != 0 ? "C" : NULL;
            about->desk = (bits & 4) != 0 ? &duty : NULL;
            check(about);
        }
    }
}

static void check_row(const struct out_row *row)
{
    for (int link = LINK_IS_CONNECTING; link <= LINK_IS_UNAPPROVED; link++) {
        struct words_about about = {
            .row = row, .now_ms = NOW, .link = (enum link_state)link, .opened_ms = NOW};
        check_readers(&about);
        about.link_since_ms = NOW - MINUTE;
        check_readers(&about);
    }
}

static void no_combination_forgets_the_telephone_or_breaks_a_sentence(void **state)
{
    static const enum entry_kind kinds[] = {ENTRY_RECORD, ENTRY_INVOLVEMENT, ENTRY_DECISION};
    static const uint32_t records[] = {RECORD_CONCERN, RECORD_REFERRAL, RECORD_RETRACTION};
    (void)state;
    for (size_t v = 0; v < ARRAY_LEN(verdicts); v++) {
        for (int out = OUT_SETTLING; out <= OUT_WITHDRAWN; out++) {
            for (size_t i = 0; i < 3 * 3 * 3 * 2; i++) {
                const struct out_row row = {
                    .state = (enum out_state)out,
                    .kind = kinds[i % 3],
                    .record_kind = records[i / 3 % 3],
                    .urgency = (enum urgency)(URGENCY_ROUTINE + i / 9 % 3),
                    .retracted = i / 27 == 1,
                    .verdict = verdicts[v],
                    .due_ms = NOW,
                };
                check_row(&row);
            }
        }
    }
}

/* --- times, alerts, notices --- */

static void times_are_londons(void **state)
{
    char when[WHEN_BYTES];
    int64_t summer;
    (void)state;
    assert_true(instant_parse(slice_of_text("2026-07-01T22:59:00Z"), &summer));

    words_when(summer, summer, when);
    assert_string_equal(when, "23:59");
    words_when(summer, summer + MINUTE, when);
    assert_string_equal(when, "1 July 2026, 23:59");
    words_when(NOW, NOW, when);
    assert_string_equal(when, "14:30");
}

static void an_alert_says_whether_anybody_has_looked(void **state)
{
    char words[WORDS_MAX_BYTES];
    struct known_alert row = {.state = KNOWN_NOTICED, .raised_ms = NOW};
    (void)state;

    words_alert(&row, "MASH", NOW, words);
    assert_string_equal(words, "Noticed 14:30. Nobody at the front door has opened it yet.");
    row.state = KNOWN_LISTED;
    words_alert(&row, "MASH", NOW, words);
    assert_string_equal(words,
                        "Listed for review 14:30, from what was there before the pattern was "
                        "turned on. Nobody was alerted.");
    row.state = KNOWN_OPENED;
    row.opened = (struct alert_act){.at_ms = NOW};
    words_alert(&row, "MASH", NOW, words);
    assert_string_equal(words, "Opened at MASH, 14:30. Nothing has been decided yet.");
    row.state = KNOWN_CLOSED;
    row.closed = (struct alert_act){.at_ms = NOW};
    row.outcome = OUTCOME_EARLY_HELP;
    words_alert(&row, "MASH", NOW, words);
    assert_string_equal(words, "Closed at MASH, 14:30: early help.");
    row.state = KNOWN_WITHDRAWN;
    words_alert(&row, "MASH", NOW, words);
    assert_string_equal(words, "Withdrawn 14:30: a named person at MASH has said that it was put "
                               "together from two children.");
}

static void every_notice_has_words_of_its_own(void **state)
{
    (void)state;
    for (int i = NOTICE_RAISED; i <= NOTICE_LAST; i++) {
        assert_true(strlen(words_notice((enum notice_type)i)) > 20);
        for (int j = NOTICE_RAISED; j < i; j++) {
            assert_string_not_equal(words_notice((enum notice_type)i),
                                    words_notice((enum notice_type)j));
            assert_string_not_equal(notice_type_text((enum notice_type)i),
                                    notice_type_text((enum notice_type)j));
        }
    }
    assert_non_null(strstr(words_notice(NOTICE_RAISED), CAIRN_ALERT_HEADING_UNNAMED));
}

#define NAMED(agency, kind)                                                                        \
    {                                                                                              \
        .has_record = true, .origin = (agency), .record_kind = (kind)                              \
    }
#define UNNAMED(kind)                                                                              \
    {                                                                                              \
        .origin_kind = {(const uint8_t *)(kind), sizeof(kind) - 1 }                                \
    }

static void an_alert_is_headed_by_how_many_agencies_it_is_known_to_come_from(void **state)
{
    (void)state;
    static const struct {
        struct wire_headline headlines[2];
        size_t n;
        const char *heading;
    } alerts[] = {
        {{NAMED(1, RECORD_REFERRAL)}, 1, CAIRN_ALERT_HEADING_REFERRAL},
        {{NAMED(1, RECORD_CONCERN), NAMED(1, RECORD_REFERRAL)}, 2, CAIRN_ALERT_HEADING_REFERRAL},
        {{NAMED(1, RECORD_CONCERN), NAMED(1, RECORD_CONCERN)}, 2, CAIRN_ALERT_HEADING_ONE},
        {{NAMED(1, RECORD_REFERRAL), NAMED(2, RECORD_CONCERN)}, 2, CAIRN_ALERT_HEADING},
        {{UNNAMED("school")}, 1, CAIRN_ALERT_HEADING_ONE},
        {{UNNAMED("school"), UNNAMED("school")}, 2, CAIRN_ALERT_HEADING_UNNAMED},
        {{UNNAMED("school"), UNNAMED("gp")}, 2, CAIRN_ALERT_HEADING},
        {{{.has_record = false}}, 0, CAIRN_ALERT_HEADING_UNNAMED},
    };

    for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
        assert_string_equal(words_alert_heading(alerts[i].headlines, alerts[i].n),
                            alerts[i].heading);
    }
}

static void nobody_has_opened_it_without_a_calendar_gives_no_number(void **state)
{
    (void)state;
    char words[WORDS_MAX_BYTES];
    const struct words_watch watch = {.now_ms = NOW};

    words_unopened(&watch, words);

    assert_string_equal(words, "Nobody at the front door has opened this yet. Telephone the duty "
                               "desk now (its number is not known to this computer yet).");
}

static void what_is_refused_for_who_says_it_says_what_to_do_first(void **state)
{
    (void)state;
    static const struct {
        struct out_row out;
        const char *words; /* NULL: nothing can be done first */
    } refusals[] = {
        {{.kind = ENTRY_REQUEST, .verdict = VERDICT_NOT_ENTITLED}, "(cairn involve FILE), and ask"},
        {{.kind = ENTRY_REQUEST, .verdict = VERDICT_OVER_LIMIT}, NULL},
        {{.kind = ENTRY_TIE, .verdict = VERDICT_NOT_ENTITLED}, "(cairn involve FILE), and state"},
        {{.kind = ENTRY_RECORD, .record_kind = RECORD_PLAN, .verdict = VERDICT_NOT_ENTITLED},
         "as a concern"},
        {{.kind = ENTRY_RECORD, .record_kind = RECORD_PLAN, .verdict = VERDICT_BAD_GRANT}, NULL},
        {{.kind = ENTRY_RECORD, .record_kind = RECORD_RETRACTION, .verdict = VERDICT_NOT_ENTITLED},
         NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct out_row out = refusals[i].out;
        char words[WORDS_MAX_BYTES];
        out.state = OUT_REFUSED;
        const struct words_about about = {
            .row = &out, .now_ms = NOW, .link = LINK_IS_CONNECTED, .desk = &duty};

        words_state(&about, words);

        const char *said = refusals[i].words;
        assert_non_null(strstr(words, said == NULL ? "Refused: " : said));
        assert_true(said != NULL || strstr(words, "Say first") == NULL);
    }
}

static void what_the_broker_says_somebody_has_is_not_said_to_be_kept(void **state)
{
    char words[WORDS_MAX_BYTES];
    (void)state;

    assert_false(words_seen(NULL, 0, words));
    assert_false(words_seen(kept, ARRAY_LEN(kept), words));
    assert_false(words_seen(told, ARRAY_LEN(told), words));

    assert_true(words_seen(opened, ARRAY_LEN(opened), words));
    assert_string_equal(words, "The agreements kept it, but it is not kept any more, as the broker "
                               "says: it was opened at MASH.");
    assert_true(words_seen(two_delivered, ARRAY_LEN(two_delivered), words));
    assert_string_equal(words, "The agreements kept it, but it is not kept any more, as the broker "
                               "says: it was delivered to MASH and 1 more.");
    assert_true(words_seen(queued, ARRAY_LEN(queued), words));
    assert_non_null(strstr(words, "it is on its way to MASH."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation_has_its_words),
        cmocka_unit_test(the_table_shows_every_situation),
        cmocka_unit_test(no_combination_forgets_the_telephone_or_breaks_a_sentence),
        cmocka_unit_test(times_are_londons),
        cmocka_unit_test(what_the_broker_says_somebody_has_is_not_said_to_be_kept),
        cmocka_unit_test(an_alert_says_whether_anybody_has_looked),
        cmocka_unit_test(every_notice_has_words_of_its_own),
        cmocka_unit_test(an_alert_is_headed_by_how_many_agencies_it_is_known_to_come_from),
        cmocka_unit_test(what_is_refused_for_who_says_it_says_what_to_do_first),
        cmocka_unit_test(nobody_has_opened_it_without_a_calendar_gives_no_number),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
