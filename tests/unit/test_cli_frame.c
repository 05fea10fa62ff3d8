/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/prompt.h"
#include "crypto/crypto.h"

struct world {
    struct cli cli;
    char *out;
    size_t out_len;
    char *err;
    size_t err_len;
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));

    assert_int_equal(crypto_init(NULL), 0);
    world->cli = (struct cli){.in = stdin, .clock = clock_system()};
    output_init(&world->cli.output, open_memstream(&world->out, &world->out_len),
                open_memstream(&world->err, &world->err_len));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    (void)fclose(world->cli.output.out);
    (void)fclose(world->cli.output.err);
    output_deinit(&world->cli.output);
    free(world->out);
    free(world->err);
    free(world);
    crypto_deinit();
    return 0;
}

static const char *said(struct world *world)
{
    assert_int_equal(fflush(world->cli.output.out), 0);
    return world->out;
}

static const char *complained(struct world *world)
{
    assert_int_equal(fflush(world->cli.output.err), 0);
    return world->err;
}

static enum status run(struct world *world, const char *first, const char *second)
{
    char words[3][64] = {"cairn", "", ""};
    char *argv[] = {words[0], words[1], words[2], NULL};

    (void)snprintf(words[1], sizeof(words[1]), "%s", first);
    (void)snprintf(words[2], sizeof(words[2]), "%s", second != NULL ? second : "");
    return command_main(&world->cli, second != NULL ? 3 : 2, argv);
}

static void help_lists_every_command_and_the_exit_codes(void **state)
{
    static const char *const names[] = {
#define X(name, function, group, help) name,
        CAIRN_COMMANDS(X)
#undef X
    };
    struct world *world = *state;

    assert_int_equal(run(world, "--help", NULL), STATUS_OK);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_non_null(strstr(said(world), names[i]));
    }
    assert_non_null(strstr(said(world), "6 conflict"));
    assert_non_null(strstr(said(world), "7 done, but a person must look"));
}

static void help_is_found_under_every_name_that_people_try(void **state)
{
    static const char *const names[] = {"help", "-h", "-?", "--help"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(set_up(state), 0);
        struct world *world = *state;

        assert_int_equal(run(world, names[i], NULL), STATUS_OK);

        assert_non_null(strstr(said(world), "Usage: cairn [--json]"));
        assert_int_equal(tear_down(state), 0);
    }
}

static void the_first_of_two_words_lists_its_commands(void **state)
{
    static const char *const names[] = {"--help", "help", "-h"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(set_up(state), 0);
        struct world *world = *state;

        assert_int_equal(run(world, "agency", names[i]), STATUS_OK);

        assert_non_null(strstr(said(world), "Usage: cairn agency COMMAND"));
        assert_non_null(strstr(said(world), "  agency approve "));
        assert_non_null(strstr(said(world), "  agency request "));
        assert_null(strstr(said(world), "log verify"));
        assert_string_equal(complained(world), "");
        assert_int_equal(tear_down(state), 0);
    }
}

static void the_version_is_one_line(void **state)
{
    struct world *world = *state;

    assert_int_equal(run(world, "--version", NULL), STATUS_OK);

    assert_string_equal(said(world), "cairn " CAIRN_VERSION "\n");
}

static void every_command_helps_without_doing_anything(void **state)
{
    static const char *const names[] = {
#define X(name, function, group, help) name,
        CAIRN_COMMANDS(X)
#undef X
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char first[64];
        char *argv[] = {(char[]){"cairn"}, first, NULL, NULL, NULL};
        int argc = 2;
        assert_int_equal(set_up(state), 0);
        struct world *world = *state;
        (void)snprintf(first, sizeof(first), "%s", names[i]);
        char *second = strchr(first, ' ');
        if (second != NULL) {
            *second = '\0';
            argv[argc++] = second + 1;
        }
        argv[argc++] = (char[]){"--help"};

        assert_int_equal(command_main(&world->cli, argc, argv), STATUS_OK);

        assert_non_null(strstr(said(world), "Usage: cairn"));
        assert_non_null(strstr(said(world), "--json"));
        assert_string_equal(complained(world), "");
        assert_int_equal(tear_down(state), 0);
    }
}

static void an_unknown_command_and_no_command_are_mistakes(void **state)
{
    struct world *world = *state;

    assert_int_equal(run(world, "frobnicate", NULL), STATUS_USAGE);
    assert_non_null(strstr(complained(world), "there is no such command"));
    assert_int_equal(run(world, "agency", NULL), STATUS_USAGE);
    assert_non_null(
        strstr(complained(world),
               "needs a second word, one of: approve, revoke, retire, duty, list, request, renew"));
    assert_int_equal(run(world, "log", "frobnicate"), STATUS_USAGE);
    assert_non_null(
        strstr(complained(world),
               "no such command; it has: head, prove, verify, evidence, compare, export"));
    assert_int_equal(run(world, "--quiet", NULL), STATUS_USAGE);

    assert_string_equal(said(world), "");
}

static void with_json_a_mistake_is_an_object_on_standard_error(void **state)
{
    struct world *world = *state;

    assert_int_equal(run(world, "--json", "frobnicate"), STATUS_USAGE);

    assert_string_equal(said(world), "");
    assert_string_equal(complained(world),
                        "{\"error\":{\"what\":\"there is no such command: `cairn --help` lists "
                        "them\",\"where\":\"\"}}\n");
}

static void text_is_for_people_and_json_for_programs(void **state)
{
    struct world *world = *state;
    struct output *output = &world->cli.output;

    json_set_word(output_result(output), "state", "done");
    output_line(output, "It is %s.", "done");
    assert_int_equal(output_finish(output), STATUS_OK);
    assert_string_equal(said(world), "It is done.\n");
    output->json = true;
    output_line(output, "not shown");
    assert_int_equal(output_finish(output), STATUS_OK);

    assert_string_equal(said(world), "It is done.\n{\"state\":\"done\"}\n");
}

static void quiet_leaves_only_problems(void **state)
{
    struct world *world = *state;
    struct error error = {.where = "somewhere", .what = "something"};

    world->cli.output.quiet = true;
    output_line(&world->cli.output, "not shown");
    assert_int_equal(output_fail(&world->cli.output, STATUS_NOT_FOUND, &error), STATUS_NOT_FOUND);

    assert_string_equal(said(world), "");
    assert_string_equal(complained(world), "cairn: somewhere: something\n");
}

static void an_output_that_is_not_taken_is_a_failure(void **state)
{
    struct world *world = *state;
    struct output output;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    output_init(&output, full, world->cli.output.err);

    output_line(&output, "lost");

    assert_int_equal(output_finish(&output), STATUS_FAILED);
    assert_non_null(strstr(complained(world), "cannot be written to"));
    (void)fclose(full);
    output_deinit(&output);
}

static int line_of(const char *input, char *out, size_t out_bytes)
{
    FILE *in = fmemopen((void *)(uintptr_t)input, strlen(input), "r");
    assert_non_null(in);
    const struct prompt prompt = {.in = in, .err = stderr};
    int r = prompt_line(&prompt, "NHS number", out, out_bytes, NULL);

    (void)fclose(in);
    return r;
}

static void a_line_is_taken_without_blanks_at_its_ends(void **state)
{
    char out[16] = "";
    (void)state;

    assert_int_equal(line_of("  999 000 0018 \r\nmore\n", out, sizeof(out)), 0);
    assert_string_equal(out, "999 000 0018");
    assert_int_equal(line_of("last", out, sizeof(out)), 0);
    assert_string_equal(out, "last");

    assert_int_equal(line_of("\n", out, sizeof(out)), -EINVAL);
    assert_int_equal(line_of("sixteen letters!", out, sizeof(out)), -EINVAL);
    assert_int_equal(line_of("\x1b[2J", out, sizeof(out)), -EINVAL);
}

static void at_a_terminal_the_question_is_asked(void **state)
{
    struct world *world = *state;
    char out[16] = "";
    FILE *in = fmemopen((char[]){"x\n"}, 2, "r");
    assert_non_null(in);
    const struct prompt prompt = {.in = in, .err = world->cli.output.err, .ask = true};

    assert_int_equal(prompt_line(&prompt, "NHS number", out, sizeof(out), NULL), 0);
    assert_int_equal(prompt_line(&prompt, "NHS number", out, sizeof(out), NULL), -ENODATA);

    assert_string_equal(complained(world), "NHS number: NHS number: ");
    (void)fclose(in);
}

static int text_of(const char *input, bool ask, struct buf *out)
{
    FILE *in = fmemopen((void *)(uintptr_t)input, strlen(input), "r");
    FILE *err = fopen("/dev/null", "w");
    assert_non_null(in);
    assert_non_null(err);
    const struct prompt prompt = {.in = in, .err = err, .ask = ask};
    int r = prompt_text(&prompt, "What did you see?", out, NULL);

    (void)fclose(in);
    (void)fclose(err);
    return r;
}

static void a_text_ends_with_the_input_or_at_a_terminal_with_a_dot(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(32);
    (void)state;

    assert_int_equal(text_of("one\n\ntwo\n.\nthree\n", true, &out), 0);
    assert_string_equal(buf_text(&out), "one\n\ntwo");
    assert_int_equal(text_of("one\n.\ntwo\n", false, &out), 0);
    assert_string_equal(buf_text(&out), "one\n.\ntwo");

    assert_int_equal(text_of("0123456789012345678901234567890123456789", false, &out), -EINVAL);
    buf_reset(&out);
    assert_int_equal(text_of("a\xff", false, &out), -EINVAL);
}

static void a_fingerprint_is_the_beginning_of_the_sha_256(void **state)
{
    char out[FINGERPRINT_BYTES];
    (void)state;

    fingerprint(slice_of_text("abc"), out);

    assert_string_equal(out, "ba78 16bf 8f01 cfea 4141 40de 5dae 2223");
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(help_lists_every_command_and_the_exit_codes),
        cmocka_unit_test(help_is_found_under_every_name_that_people_try),
        cmocka_unit_test(the_first_of_two_words_lists_its_commands),
        story(the_version_is_one_line),
        cmocka_unit_test(every_command_helps_without_doing_anything),
        story(an_unknown_command_and_no_command_are_mistakes),
        story(with_json_a_mistake_is_an_object_on_standard_error),
        story(text_is_for_people_and_json_for_programs),
        story(quiet_leaves_only_problems),
        story(an_output_that_is_not_taken_is_a_failure),
        story(a_line_is_taken_without_blanks_at_its_ends),
        story(at_a_terminal_the_question_is_asked),
        story(a_text_ends_with_the_input_or_at_a_terminal_with_a_dot),
        story(a_fingerprint_is_the_beginning_of_the_sha_256),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
