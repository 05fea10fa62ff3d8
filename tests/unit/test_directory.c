/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/hpke.h"
#include "support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},
    {2, "school-oak", "school", false},
    {5, "mash", "mash", false},
    {9, "gp-closed", "gp", true},
};

static int set_up(void **state)
{
    struct governing_world *world = governing_world_new();

    governing_directory_text(agencies, ARRAY_LEN(agencies), &world->text);
    *state = world;
    return 0;
}

static enum govern_result offer(struct governing_world *world, uint64_t version)
{
    return governing_offer(&world->governing, GOVERNANCE_DIRECTORY, version,
                           buf_slice(&world->text));
}

static void agencies_are_found_by_number_and_by_id(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    const struct directory *directory = &world->governing.governance->directory;

    assert_string_equal(directory_agency(directory, 5)->id, "mash");
    assert_string_equal(directory_agency(directory, 1)->kind->class, "health");
    assert_int_equal(directory_agency_by_id(directory, "school-oak")->number, 2);
    assert_null(directory_agency(directory, 3));
    assert_null(directory_agency(directory, 0));
    assert_null(directory_agency_by_id(directory, "gp"));
}

static void curve_public(uint32_t agency, uint8_t out[32])
{
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;

    governing_seed(agency, "curve", &secret);
    assert_int_equal(hpke_public(&secret, out), 0);
}

static void only_an_active_agency_is_found_by_its_curve_key(void **state)
{
    struct governing_world *world = *state;
    uint8_t key[32];
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    const struct directory *directory = &world->governing.governance->directory;

    curve_public(2, key);
    assert_int_equal(directory_by_curve(directory, key)->number, 2);
    curve_public(9, key);
    assert_null(directory_by_curve(directory, key));
    curve_public(77, key);

    assert_null(directory_by_curve(directory, key));
}

static void keys_of_any_status_verify_but_only_active_ones_are_sealed_to(void **state)
{
    struct governing_world *world = *state;
    uint8_t second[32] = {9};
    text_replace(&world->text, "\"open\": [{",
                 "\"open\": [{\"key\": "
                 "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\", \"status\": \"retired\"}, {");
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    const struct agency *gp = directory_agency(&world->governing.governance->directory, 1);

    assert_int_equal(gp->n_open_keys, 2);
    assert_int_equal(gp->open_keys[0].status, KEY_RETIRED);
    assert_memory_equal(gp->open_keys[0].public_key, second, sizeof(second));
    assert_int_equal(agency_open_key(gp)->id, gp->open_keys[1].id);
    assert_ptr_equal(agency_sign_key(gp, gp->sign_keys[0].id), &gp->sign_keys[0]);

    assert_null(agency_sign_key(gp, gp->sign_keys[0].id + 1));
}

static void only_the_class_makes_a_front_door(void **state)
{
    (void)state;
    const struct agency_kind kinds[] = {
        {.id = "mash", .class = "front-door"},
        {.id = "front-door", .class = "health"},
    };
    const struct agency mash = {.kind = &kinds[0]};
    const struct agency clinic = {.kind = &kinds[1]};

    assert_true(agency_is_front_door(&mash));
    assert_false(agency_is_front_door(&clinic));
}

static void an_agency_is_sensitive_when_its_kind_is_or_when_it_says_so(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    assert_false(directory_agency(&world->governing.governance->directory, 1)->sensitive);

    text_replace(&world->text, "\"id\": \"school-oak\",",
                 "\"id\": \"school-oak\", \"sensitive\": true,");
    text_replace(&world->text, "\"class\": \"front-door\",",
                 "\"class\": \"front-door\", \"sensitive\": true,");
    assert_int_equal(offer(world, 2), GOVERN_ACCEPTED);

    const struct directory *directory = &world->governing.governance->directory;
    assert_false(directory_agency(directory, 1)->sensitive);
    assert_true(directory_agency(directory, 2)->sensitive);
    assert_true(directory_agency(directory, 5)->sensitive);
}

static void an_agency_without_an_active_opening_key_has_none(void **state)
{
    struct governing_world *world = *state;
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    struct agency copy = *directory_agency(&world->governing.governance->directory, 1);

    copy.open_keys[0].status = KEY_REVOKED;

    assert_null(agency_open_key(&copy));
}

static void a_directory_that_contradicts_itself_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *what;
    } rows[] = {
        {"\"number\": 2", "\"number\": 1", "the numbers of agencies must rise"},
        {"\"number\": 1", "\"number\": 3", "the numbers of agencies must rise"},
        {"\"number\": 1", "\"number\": 0", NULL},
        {"school-oak", "gp-elm", "the agency id is used twice"},
        {"school-oak", "School Oak", NULL},
        {"\"kind\": \"school\"", "\"kind\": \"academy\"",
         "the kind is not listed in this directory"},
        {"\"status\": \"active\"", "\"status\": \"asleep\"", NULL},
        {"\"sign\": [{\"key\": \"", "\"sign\": [{\"key\": \"*", NULL},
        {"\"active\"}]", "\"retired\"}]", "an active agency needs an active key of each sort"},
        {"\"epoch\": 1", "\"epoch\": 0", NULL},
        {"\"key_id\": \"", "\"key_id\": \"00000000\", \"was\": \"", NULL},
        {"\"review_by\"", "\"review\": 1, \"review_by\"", NULL},
        {"\"duty\"", "\"duties\"", NULL},
        {"tcp://127.0.0.1:7440", "tcp://\\n", "must be one line"},
        {GOVERNING_ORIGIN "+", GOVERNING_ORIGIN "x+", NULL},
        {"\"id\": \"hospital\"", "\"id\": \"gp\"", "the kind is listed twice"},
        {"Agency 1", "Agency\\u00001", NULL},
        {"\"max\": 10000", "\"max\": -1", NULL},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&world->text);
        governing_directory_text(agencies, ARRAY_LEN(agencies), &world->text);
        text_replace(&world->text, rows[i].from, rows[i].to);

        assert_int_equal(offer(world, 1), GOVERN_BAD_DOCUMENT);

        assert_string_not_equal(world->governing.error.what, "");
        if (rows[i].what != NULL) {
            assert_string_equal(world->governing.error.what, rows[i].what);
        }
    }
}

static void one_key_for_two_agencies_is_refused(void **state)
{
    static const struct test_agency same_keys[] = {
        {1, "gp-elm", "gp", false},
        {1, "gp-ash", "gp", false},
    };
    struct governing_world *world = *state;
    buf_reset(&world->text);
    governing_directory_text(same_keys, ARRAY_LEN(same_keys), &world->text);
    text_replace(&world->text, "\"number\": 1", "\"number\": 0");
    text_replace(&world->text, "\"number\": 1", "\"number\": 2");
    text_replace(&world->text, "\"number\": 0", "\"number\": 1");

    assert_int_equal(offer(world, 1), GOVERN_BAD_DOCUMENT);

    assert_non_null(strstr(world->governing.error.what, "is used twice"));
    assert_non_null(strstr(world->governing.error.what, "the key with short id"));
}

static void a_linkage_key_sealed_to_an_unlisted_key_is_refused(void **state)
{
    struct governing_world *world = *state;
    char key_text[32] = "";
    const char *at = strstr(buf_text(&world->text), "\"key_id\": \"");
    assert_non_null(at);
    memcpy(key_text, at, strlen("\"key_id\": \"00000000"));

    text_replace(&world->text, key_text, "\"key_id\": \"00000000");

    assert_int_equal(offer(world, 1), GOVERN_BAD_DOCUMENT);
    assert_string_equal(world->governing.error.what, "is sealed to a key that is not listed");
}

static void a_later_directory_never_drops_an_agency_or_a_kind(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *what;
    } rows[] = {
        {"\"id\": \"school-oak\"", "\"id\": \"school-ash\"",
         "agency 2 was dropped or renamed: revoke it instead"},
        {"\"number\": 9", "\"number\": 10", "agency 9 was dropped or renamed: revoke it instead"},
        {"\"id\": \"housing\"", "\"id\": \"homes\"", "the kind housing was dropped"},
    };
    struct governing_world *world = *state;
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&world->text);
        governing_directory_text(agencies, ARRAY_LEN(agencies), &world->text);
        text_replace(&world->text, rows[i].from, rows[i].to);
        assert_int_equal(offer(world, 2), GOVERN_BAD_DOCUMENT);
        assert_string_equal(world->governing.error.what, rows[i].what);
    }
}

static const char *const key_sorts[] = {"sign", "open", "curve"};

/* The first agency has one more key of each sort, but not of `without`. */
static void write_with_old_keys(struct governing_world *world, const char *status,
                                const char *without)
{
    buf_reset(&world->text);
    governing_directory_text(agencies, ARRAY_LEN(agencies), &world->text);
    for (uint32_t i = 0; i < ARRAY_LEN(key_sorts); i++) {
        _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
        uint8_t key[32];
        char base64[BASE64_BYTES(sizeof(key))];
        char from[32];
        char to[160];
        if (without != NULL && strcmp(without, key_sorts[i]) == 0) {
            continue;
        }
        governing_seed(70 + i, "open", &seed);
        assert_int_equal(hpke_public(&seed, key), 0);
        base64_encode(SLICE_OF(key), base64);
        (void)snprintf(from, sizeof(from), "\"%s\": [", key_sorts[i]);
        (void)snprintf(to, sizeof(to), "\"%s\": [{\"key\": \"%s\", \"status\": \"%s\"}, ",
                       key_sorts[i], base64, status);
        text_replace(&world->text, from, to);
    }
}

static void a_later_directory_revokes_a_key_and_never_drops_one(void **state)
{
    struct governing_world *world = *state;
    write_with_old_keys(world, "active", NULL);
    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);

    for (size_t i = 0; i < ARRAY_LEN(key_sorts); i++) {
        write_with_old_keys(world, "revoked", key_sorts[i]);
        assert_int_equal(offer(world, 2), GOVERN_BAD_DOCUMENT);
        assert_string_equal(world->governing.error.what,
                            "a key of agency 1 was dropped: retire or revoke it instead");
    }

    write_with_old_keys(world, "revoked", NULL);
    assert_int_equal(offer(world, 2), GOVERN_ACCEPTED);
}

static void a_directory_for_hundreds_of_agencies_fits_its_limit(void **state)
{
    enum {
        COUNT = 190
    };
    struct governing_world *world = *state;
    static struct test_agency many[COUNT];
    static char ids[COUNT][16];
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "gp-%zu", i + 1);
        many[i] = (struct test_agency){(uint32_t)i + 1, ids[i], "gp", false};
    }
    buf_reset(&world->text);

    governing_directory_text(many, COUNT, &world->text);

    assert_int_equal(offer(world, 1), GOVERN_ACCEPTED);
    assert_int_equal(world->governing.governance->directory.n_agencies, COUNT);
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, governing_world_tear_down)
    const struct CMUnitTest tests[] = {
        story(agencies_are_found_by_number_and_by_id),
        story(only_an_active_agency_is_found_by_its_curve_key),
        story(keys_of_any_status_verify_but_only_active_ones_are_sealed_to),
        story(only_the_class_makes_a_front_door),
        story(an_agency_is_sensitive_when_its_kind_is_or_when_it_says_so),
        story(an_agency_without_an_active_opening_key_has_none),
        story(a_directory_that_contradicts_itself_is_refused),
        story(one_key_for_two_agencies_is_refused),
        story(a_linkage_key_sealed_to_an_unlisted_key_is_refused),
        story(a_later_directory_never_drops_an_agency_or_a_kind),
        story(a_later_directory_revokes_a_key_and_never_drops_one),
        story(a_directory_for_hundreds_of_agencies_fits_its_limit),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
