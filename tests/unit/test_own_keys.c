/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/own_keys.h"
#include "govern/keys.h"
#include "support/governing.h"
#include "support/scratch.h"

#define SETS 3

static const struct test_agency agencies[] = {{1, "gp-elm", "gp", false},
                                              {2, "mash", "mash", false}};

struct story {
    struct governing_world *desk;
    struct own_keys keys; /* sets 1 to SETS of agency 1 */
};

static void add_set(struct own_keys *keys, uint32_t agency, unsigned n)
{
    static const char *const sorts[] = {"sign", "open", "curve"};
    struct secret seeds[ARRAY_LEN(sorts)];
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        key_name(sorts[i], n, name);
        governing_seed(agency, name, &seeds[i]);
    }
    assert_int_equal(own_keys_add(keys, &seeds[0], &seeds[1], &seeds[2]), 0);
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        secret_deinit(&seeds[i]);
    }
}

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    story->desk = governing_world_new();
    for (unsigned n = 1; n <= SETS; n++) {
        add_set(&story->keys, 1, n);
    }
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    void *desk = story->desk;
    own_keys_deinit(&story->keys);
    (void)governing_world_tear_down(&desk);
    base_free(&story);
    return 0;
}

/* The next directory: of agency 1 so many sets, the oldest retired. */
static const struct directory *publish(struct story *story, unsigned sets, unsigned retired)
{
    struct governing *governing = &story->desk->governing;
    uint64_t version = governing->governance->versions[GOVERNANCE_DIRECTORY] + 1;
    buf_reset(&story->desk->text);
    governing_directory_text(agencies, ARRAY_LEN(agencies), &story->desk->text);
    governing_renew(1, sets, retired, &story->desk->text);
    enum govern_result result =
        governing_offer(governing, GOVERNANCE_DIRECTORY, version, buf_slice(&story->desk->text));
    assert_int_equal(result, GOVERN_ACCEPTED);
    return &governing->governance->directory;
}

static size_t in_use(const struct story *story, const struct directory *directory)
{
    return (size_t)(own_keys_in_use(&story->keys, directory) - story->keys.sets) + 1;
}

static void the_newest_set_that_the_directory_has_as_active_is_in_use(void **state)
{
    struct story *story = *state;

    assert_int_equal(in_use(story, publish(story, 1, 0)), 1);
    assert_int_equal(in_use(story, publish(story, 2, 0)), 2);
    assert_int_equal(in_use(story, publish(story, 2, 1)), 2);
    assert_int_equal(in_use(story, publish(story, 3, 2)), 3);
}

static void before_any_directory_it_is_the_first(void **state)
{
    struct story *story = *state;
    const struct directory nobody = {.n_agencies = 0};

    assert_int_equal(in_use(story, &nobody), 1);
    assert_null(own_keys_agency(&story->keys, &nobody));
}

static void an_agency_is_known_by_any_of_its_keys(void **state)
{
    struct story *story = *state;
    const struct directory *directory = publish(story, 3, 2);
    struct own_keys old = {.n = 0};
    add_set(&old, 1, 1);

    const struct agency *agency = own_keys_agency(&old, directory);

    assert_non_null(agency);
    assert_int_equal(agency->number, 1);
    assert_ptr_equal(own_keys_in_use(&old, directory), &old.sets[0]);
    own_keys_deinit(&old);
}

static void nobody_connects_by_a_retired_key_and_by_one_not_listed_yet_perhaps(void **state)
{
    struct story *story = *state;
    const struct directory *directory = publish(story, 2, 1);

    assert_false(own_keys_may_connect(&story->keys.sets[0], directory));
    assert_true(own_keys_may_connect(&story->keys.sets[1], directory));
    assert_true(own_keys_may_connect(&story->keys.sets[2], directory));
}

static void what_was_sealed_to_an_earlier_key_has_its_key(void **state)
{
    struct story *story = *state;

    for (size_t i = 0; i < SETS; i++) {
        const struct own_key_set *set = &story->keys.sets[i];
        assert_ptr_equal(own_keys_opening(&story->keys, set->open_key_id), &set->opening);
    }
    assert_null(own_keys_opening(&story->keys, 12345));
}

static void keys_of_two_agencies_are_told_apart(void **state)
{
    struct story *story = *state;
    struct error error = ERROR_NULL;
    const struct directory *directory = publish(story, 2, 0);
    assert_int_equal(own_keys_check(&story->keys, "/keys", directory, &error), 0);

    add_set(&story->keys, 2, 1);

    assert_int_equal(own_keys_check(&story->keys, "/keys", directory, &error), -EINVAL);
    assert_non_null(strstr(error.what, "transport-key-4 is of the agency mash, transport-key of "));
}

/* Its signing key is gone. */
static void add_rest(struct own_keys *keys, uint32_t agency, unsigned n)
{
    char name[KEY_NAME_BYTES];
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    key_name("open", n, name);
    governing_seed(agency, name, &opening);
    assert_int_equal(own_keys_add_opening(keys, &opening), 0);
}

static void a_signing_key_is_missing_unless_its_set_was_retired_or_is_not_listed(void **state)
{
    struct story *story = *state;
    struct own_keys keys = {.n = 0};
    char name[KEY_NAME_BYTES];
    add_rest(&keys, 1, 1);
    add_set(&keys, 1, 2);
    add_rest(&keys, 1, 3);

    assert_false(own_keys_missing(&story->keys, publish(story, 1, 0), name)); /* all there */
    assert_true(own_keys_missing(&keys, publish(story, 2, 0), name));
    assert_string_equal(name, "signing-key");
    assert_false(own_keys_missing(&keys, publish(story, 2, 1), name));
    assert_true(own_keys_missing(&keys, publish(story, 3, 1), name));
    assert_string_equal(name, "signing-key-3");

    own_keys_deinit(&keys);
}

static void write_set(const char *dir, unsigned n, const char *but)
{
    struct error error = ERROR_NULL;
    char name[KEY_NAME_BYTES];
    for (size_t i = 0; i < KEY_SORTS; i++) {
        key_name(key_sort_names[i], n, name);
        if (but == NULL || strcmp(key_sort_names[i], but) != 0) {
            assert_int_equal(key_new(dir, name, &error), 0);
        }
    }
}

static void every_whole_set_of_a_folder_is_read_and_a_broken_one_is_refused(void **state)
{
    char dir[SCRATCH_BYTES];
    struct own_keys read = {.n = 0};
    struct error error = ERROR_NULL;
    (void)state;
    scratch_make(dir);
    write_set(dir, 1, NULL);
    write_set(dir, 3, NULL);
    assert_int_equal(key_new(dir, KEY_STORE, &error), 0);

    assert_int_equal(own_keys_read(dir, &read, &error), 0);

    assert_int_equal(read.n, 2);
    assert_int_equal(read.sets[1].number, 3);
    own_keys_deinit(&read);
    write_set(dir, 4, KEY_OPENING);
    assert_int_equal(own_keys_read(dir, &read, &error), -ENOENT);
    own_keys_deinit(&read);
    scratch_remove(dir);
}

static void leave(const char *dir, const char *sort, unsigned n)
{
    char name[KEY_NAME_BYTES];
    char path[SCRATCH_BYTES + KEY_NAME_BYTES];
    key_name(sort, n, name);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void an_opening_key_may_be_all_that_is_left_of_a_retired_set(void **state)
{
    char dir[SCRATCH_BYTES];
    struct own_keys read = {.n = 0};
    struct error error = ERROR_NULL;
    const struct directory nobody = {.n_agencies = 0};
    (void)state;
    scratch_make(dir);
    write_set(dir, 1, NULL);
    write_set(dir, 2, NULL);
    assert_int_equal(key_new(dir, KEY_STORE, &error), 0);
    leave(dir, KEY_SIGNING, 1);
    leave(dir, KEY_TRANSPORT, 1);

    assert_int_equal(own_keys_read(dir, &read, &error), 0);

    assert_int_equal(read.n, 2);
    assert_ptr_equal(own_keys_opening(&read, read.sets[0].open_key_id), &read.sets[0].opening);
    assert_false(own_keys_may_connect(&read.sets[0], &nobody));
    assert_ptr_equal(own_keys_in_use(&read, &nobody), &read.sets[1]);
    assert_int_equal(own_keys_check(&read, dir, &nobody, &error), 0);
    own_keys_deinit(&read);
    scratch_remove(dir);
}

static void a_folder_in_which_no_set_can_sign_is_refused_and_so_is_one_that_cannot_open(
    void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_SORTS; i++) {
        char dir[SCRATCH_BYTES];
        struct own_keys read = {.n = 0};
        struct error error = ERROR_NULL;
        scratch_make(dir);
        write_set(dir, 1, key_sort_names[i]);
        assert_int_equal(key_new(dir, KEY_STORE, &error), 0);

        assert_int_equal(own_keys_read(dir, &read, &error), -ENOENT);

        assert_non_null(strstr(error.where, key_sort_names[i]));
        own_keys_deinit(&read);
        scratch_remove(dir);
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_newest_set_that_the_directory_has_as_active_is_in_use),
        STORY(before_any_directory_it_is_the_first),
        STORY(an_agency_is_known_by_any_of_its_keys),
        STORY(nobody_connects_by_a_retired_key_and_by_one_not_listed_yet_perhaps),
        STORY(what_was_sealed_to_an_earlier_key_has_its_key),
        STORY(keys_of_two_agencies_are_told_apart),
        STORY(a_signing_key_is_missing_unless_its_set_was_retired_or_is_not_listed),
        STORY(an_opening_key_may_be_all_that_is_left_of_a_retired_set),
        STORY(a_folder_in_which_no_set_can_sign_is_refused_and_so_is_one_that_cannot_open),
        STORY(every_whole_set_of_a_folder_is_read_and_a_broken_one_is_refused),
    };
    return cmocka_run_group_tests_name("own_keys", tests, NULL, NULL);
}
