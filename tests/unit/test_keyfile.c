/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/keyfile.h"
#include "vectors_hex.h"

#define KEY_HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_TEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define LINE     "cairn-key/v1 store " KEY_TEXT "\n"

struct world {
    char folder[32];
    char path[64];
    char other[64];
    struct secret key;
    struct secret found;
    struct error error;
};

static int setup(void **state)
{
    static struct world world;

    world = (struct world){.folder = "/tmp/cairn-keyfile-XXXXXX"};
    assert_non_null(mkdtemp(world.folder));
    (void)snprintf(world.path, sizeof(world.path), "%s/store.key", world.folder);
    (void)snprintf(world.other, sizeof(world.other), "%s/other.key", world.folder);
    world.key = vector_secret(KEY_HEX);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    (void)unsetenv("CREDENTIALS_DIRECTORY");
    (void)unlink(w->path);
    (void)unlink(w->other);
    return rmdir(w->folder);
}

static void world_put(struct world *w, const char *contents, mode_t mode)
{
    FILE *file = fopen(w->path, "we");

    assert_non_null(file);
    assert_true(fputs(contents, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(w->path, mode), 0);
}

static int world_read(struct world *w)
{
    w->error = ERROR_NULL;
    w->found = SECRET_NULL;
    return keyfile_read(w->path, "store", 32, &w->found, &w->error);
}

/* Refused, nothing handed out, and the words are there and hold no key. */
static void expect_refused(struct world *w, int fault)
{
    assert_int_equal(world_read(w), fault);
    assert_int_equal(w->found.len, 0);
    assert_true(strlen(w->error.what) > 0);
    assert_null(strstr(w->error.what, "AAECAw"));
}

static void a_key_that_was_written_can_be_read(void **state)
{
    struct world *w = *state;
    struct stat status;

    assert_int_equal(keyfile_write(w->path, "store", &w->key, &w->error), 0);

    assert_int_equal(world_read(w), 0);

    assert_true(secret_equal(&w->found, &w->key));
    assert_int_equal(stat(w->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0400);
}

static void a_key_file_is_one_line_that_says_what_it_is(void **state)
{
    struct world *w = *state;
    char line[KEYFILE_MAX_BYTES] = "";
    FILE *file;

    assert_int_equal(keyfile_write(w->path, "store", &w->key, &w->error), 0);

    file = fopen(w->path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, LINE);
    assert_int_equal(fgetc(file), EOF);
    assert_int_equal(fclose(file), 0);
}

static void keys_of_every_length_and_the_longest_purpose_fit(void **state)
{
    static const char purpose[] = "a-purpose-of-thirty-two-letters-";
    struct world *w = *state;

    for (size_t len = 1; len <= SECRET_MAX_BYTES; len++) {
        w->key.len = len;
        assert_int_equal(keyfile_write(w->path, purpose, &w->key, &w->error), 0);
        assert_int_equal(keyfile_read(w->path, purpose, len, &w->found, &w->error), 0);
        assert_true(secret_equal(&w->found, &w->key));
        assert_int_equal(unlink(w->path), 0);
    }
}

static void a_key_is_never_overwritten(void **state)
{
    struct world *w = *state;
    struct secret other = vector_secret("ffff");

    assert_int_equal(keyfile_write(w->path, "store", &w->key, &w->error), 0);

    assert_int_equal(keyfile_write(w->path, "store", &other, &w->error), -EEXIST);

    assert_non_null(strstr(w->error.what, "never replaced"));
    assert_int_equal(world_read(w), 0);
    assert_true(secret_equal(&w->found, &w->key));
}

static void a_key_for_one_purpose_is_not_read_for_another(void **state)
{
    struct world *w = *state;

    assert_int_equal(keyfile_write(w->path, "linkage", &w->key, &w->error), 0);

    expect_refused(w, -EINVAL);

    assert_non_null(strstr(w->error.what, "'linkage'"));
    assert_non_null(strstr(w->error.what, "'store'"));
}

static void a_key_of_another_length_is_refused(void **state)
{
    struct world *w = *state;

    w->key.len = 31;
    assert_int_equal(keyfile_write(w->path, "store", &w->key, &w->error), 0);

    expect_refused(w, -EINVAL);
}

static void whatever_is_not_exactly_a_key_file_is_refused(void **state)
{
    static const char *const contents[] = {
        "",
        "\n",
        "cairn-key/v1",
        "cairn-key/v1 ",
        "cairn-key/v1 store",
        "cairn-key/v1 store ",
        "cairn-key/v1 store \n",
        "cairn-key/v1  store " KEY_TEXT "\n",
        "cairn-key/v2 store " KEY_TEXT "\n",
        " cairn-key/v1 store " KEY_TEXT "\n",
        "cairn-key/v1 stor " KEY_TEXT "\n",
        "cairn-key/v1 store2 " KEY_TEXT "\n",
        "cairn-key/v1 STORE " KEY_TEXT "\n",
        "cairn-key/v1 st\nore " KEY_TEXT "\n",
        "cairn-key/v1 store  " KEY_TEXT "\n",
        "cairn-key/v1 store " KEY_TEXT " \n",
        "cairn-key/v1 store " KEY_TEXT "\r\n",
        "cairn-key/v1 store " KEY_TEXT "\n\n",
        "cairn-key/v1 store " KEY_TEXT "\nmore",
        "cairn-key/v1 store AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",
        "cairn-key/v1 store AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "cairn-key/v1 store AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n",
        "cairn-key/v1 store AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n",
        "-----BEGIN PRIVATE KEY-----\n",
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        world_put(w, contents[i], 0600);
        expect_refused(w, -EINVAL);
    }
}

static void a_missing_final_newline_is_forgiven(void **state)
{
    struct world *w = *state;

    world_put(w, "cairn-key/v1 store " KEY_TEXT, 0600);

    assert_int_equal(world_read(w), 0);

    assert_true(secret_equal(&w->found, &w->key));
}

static void a_file_too_long_to_be_a_key_is_refused(void **state)
{
    struct world *w = *state;
    char contents[KEYFILE_MAX_BYTES + 2];

    memset(contents, 'A', sizeof(contents) - 1);
    contents[sizeof(contents) - 1] = '\0';
    world_put(w, contents, 0600);

    expect_refused(w, -EFBIG);
}

static void a_file_open_to_others_is_refused_with_the_command_that_mends_it(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0644, 0700, 0610, 0601};
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        world_put(w, LINE, modes[i]);
        expect_refused(w, -EPERM);
        assert_non_null(strstr(w->error.what, "chmod"));
    }
    world_put(w, LINE, 0600);
    assert_int_equal(world_read(w), 0);
}

static void a_folder_open_to_others_is_refused_with_the_command_that_mends_it(void **state)
{
    struct world *w = *state;

    world_put(w, LINE, 0600);
    assert_int_equal(chmod(w->folder, 0750), 0);

    expect_refused(w, -EPERM);

    assert_non_null(strstr(w->error.what, "chmod"));
    assert_int_equal(keyfile_write(w->other, "store", &w->key, &w->error), -EPERM);
    assert_int_equal(access(w->other, F_OK), -1);
}

static void the_folder_of_the_service_manager_is_taken_as_it_is(void **state)
{
    struct world *w = *state;

    world_put(w, LINE, 0400);
    assert_int_equal(chmod(w->folder, 0750), 0);

    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", w->folder, 1), 0);

    assert_int_equal(world_read(w), 0);
    assert_true(secret_equal(&w->found, &w->key));
}

static void a_link_is_not_followed(void **state)
{
    struct world *w = *state;

    assert_int_equal(keyfile_write(w->other, "store", &w->key, &w->error), 0);
    assert_int_equal(symlink(w->other, w->path), 0);

    expect_refused(w, -ELOOP);
}

static void a_key_that_is_not_there_is_said_to_be_missing(void **state)
{
    struct world *w = *state;

    expect_refused(w, -ENOENT);

    assert_string_equal(w->error.where, w->path);
}

static void a_path_longer_than_the_system_allows_is_refused(void **state)
{
    struct world *w = *state;
    char path[PATH_MAX + 8];

    memset(path, 'a', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 3] = '/';
    path[sizeof(path) - 1] = '\0';

    assert_int_equal(keyfile_read(path, "store", 32, &w->found, &w->error), -ENAMETOOLONG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_that_was_written_can_be_read),
        TEST(a_key_file_is_one_line_that_says_what_it_is),
        TEST(keys_of_every_length_and_the_longest_purpose_fit),
        TEST(a_key_is_never_overwritten),
        TEST(a_key_for_one_purpose_is_not_read_for_another),
        TEST(a_key_of_another_length_is_refused),
        TEST(whatever_is_not_exactly_a_key_file_is_refused),
        TEST(a_missing_final_newline_is_forgiven),
        TEST(a_file_too_long_to_be_a_key_is_refused),
        TEST(a_file_open_to_others_is_refused_with_the_command_that_mends_it),
        TEST(a_folder_open_to_others_is_refused_with_the_command_that_mends_it),
        TEST(the_folder_of_the_service_manager_is_taken_as_it_is),
        TEST(a_link_is_not_followed),
        TEST(a_key_that_is_not_there_is_said_to_be_missing),
        TEST(a_path_longer_than_the_system_allows_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
