/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "conf/command.h"
#include "os/files.h"
#include "support/scratch.h"

static const struct conf_option options[] = {
    {.section = "broker",
     .key = "id",
     .help = "Which broker this is.",
     .kind = CONF_INTEGER,
     .min = 1,
     .max = 1000},
    {.section = "broker",
     .key = "name",
     .fallback = "",
     .help = "Shown to people.",
     .kind = CONF_TEXT},
    {.section = "broker",
     .key = "offset",
     .fallback = "-5",
     .help = "Any way.",
     .kind = CONF_INTEGER,
     .min = -10,
     .max = 10},
    {.section = "store", .key = "path", .help = "Where records are kept.", .kind = CONF_PATH},
    {.section = "store",
     .key = "map",
     .fallback = "1G",
     .help = "Address space.",
     .kind = CONF_SIZE,
     .min = 1 << 20,
     .max = 64LL << 30},
    {.section = "timers",
     .key = "settle",
     .fallback = "15m",
     .help = "How long to wait.",
     .kind = CONF_SECONDS,
     .min = 0,
     .max = 7 * 86400},
};

#define COMPLETE "[broker]\nid = 7\n[store]\npath = /var/lib/cairn\n"

static struct conf *given_text(const char *text)
{
    struct error error = ERROR_NULL;
    struct conf *conf = conf_new(options, ARRAY_LEN(options));

    int r = conf_add(conf, slice_of_text(text), "test.ini", &error);
    assert_string_equal(error.what, "");
    assert_int_equal(r, 0);
    return conf;
}

static void given_file(struct scratch *scratch, const char *name, const char *text)
{
    assert_int_equal(file_write_atomic(in_scratch(scratch, name), slice_of_text(text), 0600), 0);
}

static void what_is_said_is_in_force_and_the_rest_is_default(void **state)
{
    struct error error = ERROR_NULL;
    struct conf *conf = given_text("; comment\n# another\n\n[broker]\n  id=7  \n"
                                   "name = North West ; a comment\n[store]\r\n"
                                   "path = /var/lib/cairn\r\nmap: 64M\n");
    (void)state;

    assert_int_equal(conf_check(conf, &error), 0);
    assert_true(conf_integer(conf, "broker", "id") == 7);
    assert_string_equal(conf_text(conf, "broker", "name"), "North West");
    assert_true(conf_integer(conf, "broker", "offset") == -5);
    assert_string_equal(conf_text(conf, "store", "path"), "/var/lib/cairn");
    assert_true(conf_integer(conf, "store", "map") == 64 << 20);
    assert_true(conf_integer(conf, "timers", "settle") == 900);
    conf_free(&conf);
    conf_free(&conf);
}

static void numbers_have_units_and_ranges(void **state)
{
    static const struct {
        const char *line;
        const char *section;
        const char *key;
        int64_t value;
    } rows[] = {
        {"[broker]\nid = 1", "broker", "id", 1},
        {"[broker]\nid = 1000", "broker", "id", 1000},
        {"[broker]\noffset = -10", "broker", "offset", -10},
        {"[broker]\noffset = 0", "broker", "offset", 0},
        {"[store]\nmap = 1048576", "store", "map", 1 << 20},
        {"[store]\nmap = 1024k", "store", "map", 1 << 20},
        {"[store]\nmap = 1M", "store", "map", 1 << 20},
        {"[store]\nmap = 64G", "store", "map", 64LL << 30},
        {"[timers]\nsettle = 0", "timers", "settle", 0},
        {"[timers]\nsettle = 0s", "timers", "settle", 0},
        {"[timers]\nsettle = 90", "timers", "settle", 90},
        {"[timers]\nsettle = 90s", "timers", "settle", 90},
        {"[timers]\nsettle = 2m", "timers", "settle", 120},
        {"[timers]\nsettle = 3h", "timers", "settle", 10800},
        {"[timers]\nsettle = 7d", "timers", "settle", 604800},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct conf *conf = given_text(rows[i].line);
        assert_true(conf_integer(conf, rows[i].section, rows[i].key) == rows[i].value);
        conf_free(&conf);
    }
}

static const struct {
    const char *text;
    const char *where;
    const char *what;
} mistakes[] = {
    {"[broker]\nid = 0", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = 1001", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = ", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = 7k", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = 07", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = +7", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = 7 8", "test.ini:2", "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\nid = 99999999999999999999999999999999", "test.ini:2",
     "[broker] id must be a whole number from 1 to 1000"},
    {"[broker]\noffset = --1", "test.ini:2",
     "[broker] offset must be a whole number from -10 to 10"},
    {"[broker]\noffset = -", "test.ini:2", "[broker] offset must be a whole number from -10 to 10"},
    {"[store]\n\nmap = 1K", "test.ini:3",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = 1", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = -1M", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = 1MM", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = M", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = 1m", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[store]\nmap = 9223372036854775807G", "test.ini:2",
     "[store] map must be a size in bytes, or with k, M or G, from 1M to 64G"},
    {"[timers]\nsettle = 8d", "test.ini:2",
     "[timers] settle must be a time in seconds, or with s, m, h or d, from 0 to 7d"},
    {"[timers]\nsettle = 1M", "test.ini:2",
     "[timers] settle must be a time in seconds, or with s, m, h or d, from 0 to 7d"},
    {"[store]\npath = var/lib", "test.ini:2",
     "[store] path must be a path that starts with /, not empty"},
    {"[store]\npath =", "test.ini:2", "[store] path must be a path that starts with /, not empty"},
    {"[store]\nsise = 1\n", "test.ini:2", "there is no such key in [store]; there are: path, map"},
    {"[store]\n= 1\n", "test.ini:2", "there is no such key in [store]; there are: path, map"},
    {"[broker]\npath = /x\n", "test.ini:2",
     "there is no such key in [broker]; there are: id, name, offset"},
    {"[stor]\nmap = 1M", "test.ini:1",
     "there is no such section; there are: broker, store, timers"},
    {"\n[empty]\n", "test.ini:2", "there is no such section; there are: broker, store, timers"},
    {"[]\n", "test.ini:1", "there is no such section; there are: broker, store, timers"},
    {"[store\nmap = 1M", "test.ini:1", "a section is written [name]"},
    {"map = 1M\n[store]\n", "test.ini:1", "a key stands before the first [section]"},
    {"[store]\nmap\n", "test.ini:2", "a line is [section], key = value, or a comment after ;"},
    {"[store]\n  map = 1M\n  2M\n", "test.ini:3",
     "a line is [section], key = value, or a comment after ;"},
    {"[store]\nmap = 1M\n\nmap = 2M\n", "test.ini:4",
     "[store] map is there twice, first in line 2"},
    {"[store]\nmap = 1M\n[broker]\nid = 1\n[store]\nmap = 1M\n", "test.ini:6",
     "[store] map is there twice, first in line 2"},
    {"[broker]\nname =; comment\n", "test.ini:2", "a comment needs a blank before its ;"},
    {"[broker]\nname = \xff\n", "test.ini:2", "the line is not plain text in UTF-8"},
    {"[broker]\nname = a\x01\n", "test.ini:2", "the line is not plain text in UTF-8"},
};

static void a_mistake_is_named_with_its_line_and_what_is_allowed(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct error error = ERROR_NULL;
        struct conf *conf = conf_new(options, ARRAY_LEN(options));
        assert_int_equal(conf_add(conf, slice_of_text(mistakes[i].text), "test.ini", &error),
                         -EINVAL);
        assert_string_equal(error.what, mistakes[i].what);
        assert_string_equal(error.where, mistakes[i].where);
        conf_free(&conf);
    }
}

static void a_nul_in_the_file_is_refused(void **state)
{
    static const char text[] = "[broker]\nname = a\0b\n";
    struct error error = ERROR_NULL;
    struct conf *conf = conf_new(options, ARRAY_LEN(options));
    (void)state;

    assert_int_equal(conf_add(conf, slice_make(text, sizeof(text) - 1), "x", &error), -EINVAL);

    assert_string_equal(error.what, "the line is not plain text in UTF-8");
    conf_free(&conf);
}

static void a_value_as_long_as_a_line_is_kept_whole_and_a_longer_one_refused(void **state)
{
    char line[CONF_LINE_MAX_BYTES + 2];
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(1000);
    (void)state;
    memset(line, 'v', sizeof(line));
    memcpy(line, "name = ", 7);
    line[CONF_LINE_MAX_BYTES] = '\0';

    buf_format(&text, "[broker]\n   %s   \nid = 3\n;%s%s\n", line, line, line);
    struct conf *conf = given_text(buf_text(&text));
    assert_int_equal(strlen(conf_text(conf, "broker", "name")), CONF_LINE_MAX_BYTES - 7);
    assert_true(conf_integer(conf, "broker", "id") == 3);
    conf_free(&conf);
    buf_reset(&text);
    buf_format(&text, "[broker]\n%sv\n", line);
    conf = conf_new(options, ARRAY_LEN(options));

    assert_int_equal(conf_add(conf, buf_slice(&text), "test.ini", &error), -EINVAL);
    assert_string_equal(error.where, "test.ini:2");
    assert_string_equal(error.what, "the line is longer than 190 bytes");
    conf_free(&conf);
}

static void a_byte_order_mark_is_stepped_over(void **state)
{
    struct conf *conf = given_text("\xef\xbb\xbf[broker]\nid = 4");
    (void)state;

    assert_true(conf_integer(conf, "broker", "id") == 4);
    conf_free(&conf);
}

static void what_must_be_set_is_asked_for(void **state)
{
    struct error error = ERROR_NULL;
    struct conf *conf = given_text("[store]\npath = /x\n");
    (void)state;

    assert_int_equal(conf_check(conf, &error), -EINVAL);

    assert_string_equal(error.what, "[broker] id must be set: a whole number from 1 to 1000");
    conf_free(&conf);
}

static void drop_ins_are_read_in_order_and_the_last_wins(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    struct conf *conf = NULL;
    given_file(scratch, "broker.ini", COMPLETE "map = 1M\n");
    assert_int_equal(mkdir(in_scratch(scratch, "broker.d"), 0700), 0);
    given_file(scratch, "broker.d/20-b.ini", "[store]\nmap = 3M\n");
    given_file(scratch, "broker.d/10-a.ini", "[store]\nmap = 2M\n");
    given_file(scratch, "broker.d/30-c.txt", "[nonsense");
    given_file(scratch, "broker.d/.hidden.ini", "[nonsense");
    given_file(scratch, "broker.d/.ini", "[nonsense");

    int r =
        conf_load(in_scratch(scratch, "broker.ini"), options, ARRAY_LEN(options), &conf, &error);

    assert_string_equal(error.what, "");
    assert_int_equal(r, 0);
    assert_true(conf_integer(conf, "store", "map") == 3 << 20);
    assert_true(conf_integer(conf, "broker", "id") == 7);
    conf_free(&conf);
}

static void a_mistake_in_a_drop_in_names_that_file(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    struct conf *conf = NULL;
    given_file(scratch, "agent", COMPLETE);
    assert_int_equal(mkdir(in_scratch(scratch, "agent.d"), 0700), 0);
    given_file(scratch, "agent.d/x.ini", "[store]\nmap = 1M\nmap = 1M\n");

    assert_int_equal(
        conf_load(in_scratch(scratch, "agent"), options, ARRAY_LEN(options), &conf, &error),
        -EINVAL);

    assert_null(conf);
    assert_non_null(strstr(error.where, "agent.d/x.ini:3"));
    assert_string_equal(error.what, "[store] map is there twice, first in line 2");
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    struct conf *conf = NULL;
    const char *path = in_scratch(scratch, "none.ini");

    assert_int_equal(conf_load(path, options, ARRAY_LEN(options), &conf, &error), -ENOENT);
    assert_string_equal(error.where, path);
    assert_string_equal(error.what, "cannot be read: No such file or directory");
    given_file(scratch, "broker.ini", COMPLETE);
    given_file(scratch, "broker.d", "not a folder");
    error = ERROR_NULL;
    assert_int_equal(
        conf_load(in_scratch(scratch, "broker.ini"), options, ARRAY_LEN(options), &conf, &error),
        -ENOTDIR);
    assert_non_null(strstr(error.where, "broker.d"));

    assert_null(conf);
}

static void a_file_or_a_folder_too_large_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    struct conf *conf = NULL;
    char name[64];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CONF_FILE_MAX_BYTES + 100);
    while (text.len <= CONF_FILE_MAX_BYTES) {
        buf_add_text(&text, "; comment\n");
    }
    given_file(scratch, "large.ini", buf_text(&text));
    assert_int_equal(
        conf_load(in_scratch(scratch, "large.ini"), options, ARRAY_LEN(options), &conf, &error),
        -EFBIG);

    given_file(scratch, "many.ini", COMPLETE);
    assert_int_equal(mkdir(in_scratch(scratch, "many.d"), 0700), 0);
    for (int i = 0; i <= CONF_DROP_INS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "many.d/%d.ini", i);
        given_file(scratch, name, "");
    }
    error = ERROR_NULL;
    assert_int_equal(
        conf_load(in_scratch(scratch, "many.ini"), options, ARRAY_LEN(options), &conf, &error),
        -EINVAL);

    assert_string_equal(error.what, "holds more than 64 files");
}

static void printing_says_where_each_value_comes_from(void **state)
{
    struct conf *conf = given_text("[broker]\nid = 7\n[timers]\nsettle = 1h\n");
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    conf_print(conf, &out);

    assert_string_equal(buf_text(&out), "[broker]\n"
                                        "; test.ini:2\n"
                                        "id=7\n"
                                        "; default\n"
                                        "name=\n"
                                        "; default\n"
                                        "offset=-5\n"
                                        "\n[store]\n"
                                        "; not set\n"
                                        "path=\n"
                                        "; default\n"
                                        "map=1G\n"
                                        "\n[timers]\n"
                                        "; test.ini:4\n"
                                        "settle=1h\n");
    conf_free(&conf);
}

static void what_is_printed_can_be_read_again(void **state)
{
    struct conf *conf = given_text(COMPLETE "map = 5M\n");
    _cleanup_(buf_deinit) struct buf first = BUF_MAX(4096);
    (void)state;

    conf_print(conf, &first);
    struct conf *again = given_text(buf_text(&first));

    assert_true(conf_integer(again, "store", "map") == 5 << 20);
    assert_string_equal(conf_text(again, "store", "path"), "/var/lib/cairn");
    assert_string_equal(conf_text(again, "broker", "name"), "");
    conf_free(&again);
    conf_free(&conf);
}

static void the_example_says_everything_and_leaves_the_rest_at_default(void **state)
{
    static const struct conf_option table[] = {
        {.section = "net",
         .key = "port",
         .help = "Where agents call. It must be open in the "
                 "firewall of this machine, and nowhere else.",
         .kind = CONF_INTEGER,
         .min = 1,
         .max = 65535},
        {.section = "net",
         .key = "wait",
         .fallback = "5s",
         .help = "How long.",
         .kind = CONF_SECONDS,
         .min = 1,
         .max = 60},
    };
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    struct error error = ERROR_NULL;
    (void)state;

    conf_example(table, ARRAY_LEN(table), &out);

    assert_string_equal(
        buf_text(&out),
        "; What is commented out shows the default. Own settings can also be files\n"
        "; *.ini in the folder of the same name with .d, read after this one.\n"
        "\n[net]\n"
        "\n; Where agents call. It must be open in the firewall of this machine, and\n"
        "; nowhere else.\n"
        "; Must be a whole number from 1 to 65535.\n"
        "port =\n"
        "\n; How long.\n"
        "; Must be a time in seconds, or with s, m, h or d, from 1s to 1m.\n"
        ";wait = 5s\n");
    struct conf *conf = conf_new(table, ARRAY_LEN(table));
    assert_int_equal(conf_add(conf, buf_slice(&out), "example", &error), -EINVAL);
    assert_string_equal(error.what, "[net] port must be a whole number from 1 to 65535");
    conf_free(&conf);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

/* --- the command line of a daemon --- */

static enum conf_then run(const char *file, char *flag, bool *given, struct conf **ret)
{
    static const struct conf_option one[] = {
        {"agent", "dir", "/nowhere", "A folder.", CONF_PATH, 0, 0},
    };
    const struct conf_flag flags[] = {
        {"allow-tmpfs", "For trials.", given},
    };
    const struct conf_program program = {.name = "cairn-test",
                                         .version = "cairn-test 0",
                                         .help = "Nothing.",
                                         .file = file,
                                         .options = one,
                                         .n_options = ARRAY_LEN(one),
                                         .flags = flags,
                                         .n_flags = ARRAY_LEN(flags)};
    char name[] = "cairn-test";
    char *argv[] = {name, flag, NULL};
    return conf_command(&program, flag == NULL ? 1 : 2, argv, ret);
}

static void a_daemon_runs_by_its_file_and_its_flags(void **state)
{
    struct scratch *scratch = *state;
    struct conf *conf = NULL;
    bool given = false;
    char flag[] = "--allow-tmpfs";
    given_file(scratch, "agent.ini", "[agent]\ndir = /var/lib/x\n");

    assert_int_equal(run(in_scratch(scratch, "agent.ini"), NULL, &given, &conf), CONF_RUN);
    assert_false(given);
    conf_free(&conf);
    assert_int_equal(run(in_scratch(scratch, "agent.ini"), flag, &given, &conf), CONF_RUN);

    assert_true(given);
    assert_string_equal(conf_text(conf, "agent", "dir"), "/var/lib/x");
    conf_free(&conf);
}

static void a_daemon_without_its_file_fails(void **state)
{
    struct scratch *scratch = *state;
    struct conf *conf = NULL;
    bool given = false;

    assert_int_equal(run(in_scratch(scratch, "none.ini"), NULL, &given, &conf), CONF_FAILED);

    assert_null(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_daemon_runs_by_its_file_and_its_flags),
        IN_FOLDER(a_daemon_without_its_file_fails),
        cmocka_unit_test(what_is_said_is_in_force_and_the_rest_is_default),
        cmocka_unit_test(numbers_have_units_and_ranges),
        cmocka_unit_test(a_mistake_is_named_with_its_line_and_what_is_allowed),
        cmocka_unit_test(a_nul_in_the_file_is_refused),
        cmocka_unit_test(a_value_as_long_as_a_line_is_kept_whole_and_a_longer_one_refused),
        cmocka_unit_test(a_byte_order_mark_is_stepped_over),
        cmocka_unit_test(what_must_be_set_is_asked_for),
        IN_FOLDER(drop_ins_are_read_in_order_and_the_last_wins),
        IN_FOLDER(a_mistake_in_a_drop_in_names_that_file),
        IN_FOLDER(files_that_cannot_be_read_are_named),
        IN_FOLDER(a_file_or_a_folder_too_large_is_refused),
        cmocka_unit_test(printing_says_where_each_value_comes_from),
        cmocka_unit_test(what_is_printed_can_be_read_again),
        cmocka_unit_test(the_example_says_everything_and_leaves_the_rest_at_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
