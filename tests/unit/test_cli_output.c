/* SPDX-License-Identifier: Apache-2.0 */
/* What a person or a script gets to see, whatever others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/received.h"
#include "cli/show.h"
#include "os/files.h"

struct page {
    struct output output;
    char *out;
    size_t out_len;
    char *err;
    size_t err_len;
};

static int set_up(void **state)
{
    struct page *page = base_zalloc(1, sizeof(*page));

    output_init(&page->output, open_memstream(&page->out, &page->out_len),
                open_memstream(&page->err, &page->err_len));
    *state = page;
    return 0;
}

static int tear_down(void **state)
{
    struct page *page = *state;

    (void)fclose(page->output.out);
    (void)fclose(page->output.err);
    output_deinit(&page->output);
    free(page->out);
    free(page->err);
    free(page);
    return 0;
}

static const char *said(struct page *page)
{
    assert_int_equal(fflush(page->output.out), 0);
    return page->out;
}

static const char *complained(struct page *page)
{
    assert_int_equal(fflush(page->output.err), 0);
    return page->err;
}

/* A document to be shown; the reader is kept here. */
struct shown {
    struct json *document;
    struct error error;
    struct json_view view;
};

static void shown_free(struct shown *shown)
{
    json_free(&shown->document);
}

static void parse(const char *text, struct shown *ret)
{
    *ret = (struct shown){.document = NULL};
    ret->document = json_parse(slice_of_text(text), &ret->error);
    assert_non_null(ret->document);
    ret->view = json_view(ret->document, &ret->error);
}

static void given_member(const char *text, struct shown *ret)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(4096);

    buf_format(&json, "{\"t\": \"%s\"}", text);
    parse(buf_text(&json), ret);
}

static void text_is_not_said_with_json_and_the_object_is(void **state)
{
    struct page *page = *state;
    page->output.json = true;

    output_line(&page->output, "a line");
    json_set_integer(output_result(&page->output), "n", 7);
    assert_int_equal(output_finish(&page->output), STATUS_OK);

    assert_string_equal(said(page), "{\"n\":7}\n");
    assert_string_equal(complained(page), "");
}

static void quiet_says_nothing_but_problems(void **state)
{
    struct page *page = *state;
    page->output.quiet = true;

    output_line(&page->output, "a line");
    assert_int_equal(output_finish(&page->output), STATUS_OK);
    assert_int_equal(output_refuse(&page->output, STATUS_NOT_FOUND, "here", "no %s", "thing"),
                     STATUS_NOT_FOUND);

    assert_string_equal(said(page), "");
    assert_string_equal(complained(page), "cairn: here: no thing\n");
}

static void a_problem_with_json_is_an_object_on_standard_error(void **state)
{
    struct page *page = *state;
    page->output.json = true;

    assert_int_equal(output_refuse(&page->output, STATUS_FAILED, "here", "no thing"),
                     STATUS_FAILED);

    assert_string_equal(said(page), "");
    assert_string_equal(complained(page),
                        "{\"error\":{\"what\":\"no thing\",\"where\":\"here\"}}\n");
}

static void a_full_disk_is_a_failure(void **state)
{
    struct output output;
    FILE *full = fopen("/dev/full", "we");
    struct page *page = *state;
    assert_non_null(full);
    output_init(&output, full, page->output.err);

    output_line(&output, "a line");
    assert_int_equal(output_finish(&output), STATUS_FAILED);

    assert_non_null(strstr(complained(page), "standard output"));
    output_deinit(&output);
    (void)fclose(full);
}

static void what_others_wrote_cannot_speak_to_the_terminal(void **state)
{
    static const char *const rows[] = {
        "{\"t\": \"a\\u001b[2Jb\"}",
        "{\"t\": \"a\\u009b2Jb\"}",
        "{\"t\": \"a\\u0007\\u0008\\u007fb\"}",
        "{\"t\": \"a\\rb\"}",
    };
    struct page *page = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char line[SHOW_TEXT_BYTES];
        struct shown shown;
        parse(rows[i], &shown);
        show_text(&shown.view, "t", line);
        output_line(&page->output, "%s", line);
        show_words(&page->output, "", &shown.view, "t");
        show_object(&page->output, "", &shown.view);
        shown_free(&shown);
    }

    const char *all = said(page);
    assert_null(strpbrk(all, "\033\r\007\010\177"));
    assert_null(strstr(all, "\xc2\x9b"));
    assert_non_null(strstr(all, "a"));
}

static void a_long_text_in_one_line_ends_in_dots_between_characters(void **state)
{
    char text[3 * SHOW_TEXT_BYTES];
    char line[SHOW_TEXT_BYTES];
    struct shown shown;
    (void)state;
    memset(text, 0, sizeof(text));
    text[0] = 'x';
    for (size_t i = 1; i + 2 < sizeof(text); i += 2) {
        text[i] = '\xc3'; /* é */
        text[i + 1] = '\xa9';
    }
    given_member(text, &shown);

    show_text(&shown.view, "t", line);

    assert_true(strlen(line) < SHOW_TEXT_BYTES);
    assert_string_equal(line + strlen(line) - 5, "\xc3\xa9...");
    shown_free(&shown);
}

static void paragraphs_break_between_words_and_keep_newlines(void **state)
{
    struct page *page = *state;
    char text[256] = "";
    struct shown shown;
    for (size_t i = 0; i < 20; i++) {
        memset(text + i * 10, 'w', 9);
        text[i * 10 + 9] = ' ';
    }
    memcpy(text + 199, "\\nnew", 6);
    given_member(text, &shown);

    show_words(&page->output, "    ", &shown.view, "t");
    shown_free(&shown);

    size_t lines = 0;
    for (const char *at = said(page); *at != '\0'; at += strcspn(at, "\n") + 1) {
        assert_memory_equal(at, "    ", 4);
        assert_true(strcspn(at, "\n") <= 96);
        assert_true(strncmp(at, "    wwwwwwwww", 13) == 0 || strncmp(at, "    new", 7) == 0);
        lines++;
    }
    assert_int_equal(lines, 4);
}

static void a_word_longer_than_a_line_is_shown_whole(void **state)
{
    struct page *page = *state;
    char text[301];
    struct shown shown;
    memset(text, 'w', sizeof(text) - 1);
    text[300] = '\0';
    given_member(text, &shown);

    show_words(&page->output, "", &shown.view, "t");
    shown_free(&shown);

    size_t letters = 0;
    for (const char *at = said(page); *at != '\0'; at++) {
        letters += *at == 'w' ? 1 : 0;
    }
    assert_int_equal(letters, 300);
}

static void instants_are_shown_by_the_clocks_of_london(void **state)
{
    char winter[SHOW_INSTANT_BYTES];
    char summer[SHOW_INSTANT_BYTES];
    char none[SHOW_INSTANT_BYTES];
    struct shown shown;
    (void)state;
    parse("{\"w\": \"2026-11-22T23:30:00.000Z\", \"s\": \"2026-06-16T23:30:00.000Z\", \"n\": 3}",
          &shown);

    show_instant(&shown.view, "w", winter);
    show_instant(&shown.view, "s", summer);
    show_instant(&shown.view, "n", none);

    assert_string_equal(winter, "2026-11-22 23:30");
    assert_string_equal(summer, "2026-06-17 00:30");
    assert_string_equal(none, "");
    shown_free(&shown);
}

static void members_of_another_type_are_nothing(void **state)
{
    struct page *page = *state;
    char text[SHOW_TEXT_BYTES];
    struct shown shown;
    parse("{\"a\": [1], \"telephone\": \"0\", \"from\": \"x\", \"n\": \"7\", \"b\": 1}", &shown);

    show_text(&shown.view, "a", text);
    assert_string_equal(text, "");
    show_agency(&shown.view, "from", text);
    assert_string_equal(text, "");
    show_telephone(&page->output, &shown.view);

    assert_int_equal(show_number(&shown.view, "n", -1), -1);
    assert_false(show_truth(&shown.view, "b"));
    assert_false(show_truth(&shown.view, "missing"));
    assert_string_equal(said(page), "");
    shown_free(&shown);
}

static void a_telephone_number_cannot_be_overlooked(void **state)
{
    struct page *page = *state;
    struct shown shown;
    parse("{\"telephone\": {\"desk\": \"MASH duty desk\", \"phone\": \"01632 960100\"}}", &shown);

    show_telephone(&page->output, &shown.view);

    assert_non_null(strstr(said(page), "TELEPHONE NOW:  01632 960100  --  MASH duty desk"));
    shown_free(&shown);
}

static void that_nobody_here_knows_the_number_cannot_be_overlooked_either(void **state)
{
    struct page *page = *state;
    struct shown shown;
    parse("{\"telephone\": {}}", &shown);

    show_telephone(&page->output, &shown.view);

    assert_non_null(strstr(said(page), ">>>  TELEPHONE THE DUTY DESK NOW: this computer does not "
                                       "know its number yet  <<<"));
    shown_free(&shown);
}

static void an_account_is_shown_with_its_summary_first(void **state)
{
    struct page *page = *state;
    struct shown shown;
    parse("{\"format\": \"f/v1\", \"lawfulness\": {\"basis\": \"public-task\"}, "
          "\"narrative\": {\"detail\": \"what\", \"summary\": \"why\", \"deeper\": {\"n\": 1}}, "
          "\"nhs_number\": {\"value\": \"9990000000\", \"status\": \"verified\"}}",
          &shown);

    show_object(&page->output, "", &shown.view);

    assert_string_equal(said(page), "narrative\n"
                                    "  summary           why\n"
                                    "  detail            what\n"
                                    "  deeper            {\"n\":1}\n"
                                    "lawfulness\n"
                                    "  basis             public-task\n"
                                    "nhs number        9990000000 (verified)\n");
    shown_free(&shown);
}

static void what_another_agency_sent_begins_with_who_what_and_how_urgent(void **state)
{
    struct page *page = *state;
    struct shown shown;
    parse("{\"record\": \"2-1-9\", \"from\": {\"agency\": \"oak\", \"name\": \"Oak School\"}, "
          "\"words\": \"As the other agency sent it.\", \"header\": {\"record_kind\": "
          "\"referral\", \"urgency\": \"immediate\", \"level\": 0, \"event_date\": "
          "\"2026-11-20\", \"judged_by\": \"person\", \"detriment\": "
          "\"not-more-detrimental\", \"home_authority\": 0, \"left_out\": []}, "
          "\"account_state\": \"open\", \"account\": {\"summary\": \"came without a coat\"}}",
          &shown);

    received_show(&page->output, &shown.view);

    assert_string_equal(said(page),
                        "2-1-9 from Oak School (oak)\n"
                        "referral, 2026-11-20; urgency: IMMEDIATE: a child may be in danger\n"
                        "As the other agency sent it.\n"
                        "what is said\n"
                        "  summary           came without a coat\n"
                        "about the sending\n"
                        "  judged by          a person at that agency\n"
                        "  weighed            sharing harms the child no more than keeping it "
                        "back\n");
    shown_free(&shown);
}

static void an_answer_is_handed_on_as_it_came(void **state)
{
    struct page *page = *state;
    struct shown shown;
    page->output.json = true;
    parse("{\"items\": [{\"unknown\": [1, null]}], \"next\": 3}", &shown);

    show_result(&page->output, &shown.view);
    assert_int_equal(output_finish(&page->output), STATUS_OK);

    assert_string_equal(said(page), "{\"items\":[{\"unknown\":[1,null]}],\"next\":3}\n");
    shown_free(&shown);
}

static void the_manual_names_every_command(void **state)
{
    static const char *const names[] = {
#define X(name, function, group, help) name,
        CAIRN_COMMANDS(X)
#undef X
    };
    _cleanup_(buf_deinit) struct buf manual = BUF_MAX(64 * 1024);
    (void)state;
    assert_int_equal(file_read(SOURCE_DIR "/docs/man/cairn.1", &manual), 0);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_non_null(strstr(buf_text(&manual), names[i]));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_is_not_said_with_json_and_the_object_is),
        TEST(quiet_says_nothing_but_problems),
        TEST(a_problem_with_json_is_an_object_on_standard_error),
        TEST(a_full_disk_is_a_failure),
        TEST(what_others_wrote_cannot_speak_to_the_terminal),
        TEST(a_long_text_in_one_line_ends_in_dots_between_characters),
        TEST(paragraphs_break_between_words_and_keep_newlines),
        TEST(a_word_longer_than_a_line_is_shown_whole),
        TEST(instants_are_shown_by_the_clocks_of_london),
        TEST(members_of_another_type_are_nothing),
        TEST(a_telephone_number_cannot_be_overlooked),
        TEST(that_nobody_here_knows_the_number_cannot_be_overlooked_either),
        TEST(an_account_is_shown_with_its_summary_first),
        TEST(what_another_agency_sent_begins_with_who_what_and_how_urgent),
        TEST(an_answer_is_handed_on_as_it_came),
        cmocka_unit_test(the_manual_names_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
