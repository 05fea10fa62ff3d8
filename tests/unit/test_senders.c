/* SPDX-License-Identifier: Apache-2.0 */
/* Which kinds of record an agency of which class sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/senders.h"
#include "support/governing.h"

static const char *const classes[] = {
#define X(class, kinds) class,
    CAIRN_SENDERS(X)
#undef X
};

static void each_kind_is_sent_by_those_whose_word_it_is(void **state)
{
    (void)state;
    static const struct {
        enum record_kind kind;
        uint32_t code;
        const char *by; /* classes, each between blanks */
    } rows[] = {
        {RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT,
         " health confidential early-help voluntary "},
        {RECORD_MISSED_VACCINATION, CODE_NOT_SAID, " health confidential "},
        {RECORD_ABSENCE_SUMMARY, CODE_SEVERE_ABSENCE, " education "},
        {RECORD_DOMESTIC_ABUSE, CODE_CHILD_PRESENT, " police "},
        {RECORD_POLICE_NOTICE, CODE_MISSING_EPISODE, " police "},
        {RECORD_ADULT_SERVICE, CODE_ADULT_KNOWN, " adult-services voluntary "},
        {RECORD_PLAN, CODE_PLAN_CHILD_PROTECTION, " social-care front-door "},
        {RECORD_PLAN, CODE_NOT_SAID, " social-care front-door "},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t j = 0; j < ARRAY_LEN(classes); j++) {
            char word[64];
            (void)snprintf(word, sizeof(word), " %s ", classes[j]);
            bool may = sender_may_say(classes[j], rows[i].kind, rows[i].code, URGENCY_SAME_DAY);
            if (may != (strstr(rows[i].by, word) != NULL)) {
                fail_msg("%s of %s", record_kind_text(rows[i].kind), classes[j]);
            }
        }
    }
}

static void whatever_cannot_wait_and_what_anybody_sees_is_sent_by_everybody(void **state)
{
    (void)state;
    static const enum record_kind of_anybody[] = {RECORD_CONCERN, RECORD_REFERRAL, RECORD_CASE_NOTE,
                                                  RECORD_ALLEGATION, RECORD_RETRACTION};

    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        for (size_t j = 0; j < ARRAY_LEN(of_anybody); j++) {
            assert_true(sender_may_say(classes[i], of_anybody[j], CODE_NOT_SAID, URGENCY_ROUTINE));
        }
        assert_true(sender_may_say(classes[i], RECORD_PLAN, CODE_PLAN_EARLY_HELP, URGENCY_ROUTINE));
        assert_true(sender_may_say(classes[i], RECORD_PLAN, CODE_PLAN_ENDED, URGENCY_ROUTINE));
        for (unsigned kind = 1; record_kind_text(kind) != NULL; kind++) {
            assert_true(sender_may_say(classes[i], (enum record_kind)kind, CODE_NOT_SAID,
                                       URGENCY_IMMEDIATE));
        }
    }
}

static void an_agency_of_a_class_that_a_partnership_made_up_is_not_judged(void **state)
{
    (void)state;

    for (unsigned kind = 1; record_kind_text(kind) != NULL; kind++) {
        assert_true(sender_may_say("fire", (enum record_kind)kind, CODE_NOT_SAID, URGENCY_ROUTINE));
    }
}

static void what_it_sends_is_listed_once_each(void **state)
{
    (void)state;
    static const enum record_kind police[] = {
        RECORD_CONCERN,        RECORD_REFERRAL,      RECORD_CASE_NOTE,  RECORD_RETRACTION,
        RECORD_DOMESTIC_ABUSE, RECORD_POLICE_NOTICE, RECORD_ALLEGATION, (enum record_kind)0};
    enum record_kind kind = (enum record_kind)0;

    for (size_t i = 0; i < ARRAY_LEN(police); i++) {
        kind = sender_says_next("police", kind);
        assert_int_equal(kind, police[i]);
    }
}

static void every_class_of_the_shipped_kinds_is_judged(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf kinds = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    static const char key[] = "\"class\": \"";
    size_t n = 0;

    governing_template("kinds", &kinds);
    for (const char *at = strstr(buf_text(&kinds), key); at != NULL; at = strstr(at, key)) {
        char class[32] = "";
        at += strlen(key);
        memcpy(class, at, strcspn(at, "\""));
        assert_false(
            sender_may_say(class, RECORD_ABSENCE_SUMMARY, CODE_NOT_SAID, URGENCY_ROUTINE) &&
            sender_may_say(class, RECORD_POLICE_NOTICE, CODE_NOT_SAID, URGENCY_ROUTINE));
        n++;
    }
    assert_int_equal(n, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_sent_by_those_whose_word_it_is),
        cmocka_unit_test(whatever_cannot_wait_and_what_anybody_sees_is_sent_by_everybody),
        cmocka_unit_test(an_agency_of_a_class_that_a_partnership_made_up_is_not_judged),
        cmocka_unit_test(what_it_sends_is_listed_once_each),
        cmocka_unit_test(every_class_of_the_shipped_kinds_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
