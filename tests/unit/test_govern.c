/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "crypto/crypto.h"
#include "govern/joining.h"
#include "govern/request.h"
#include "os/files.h"
#include "support/governing.h"
#include "support/scratch.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},
    {2, "mash", "mash", false},
};

struct world {
    struct governing governing;
    struct buf directory; /* of `agencies` */
    struct buf note;
    char dir[SCRATCH_BYTES];
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));

    assert_int_equal(crypto_init(NULL), 0);
    world->directory = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    world->note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    governing_init(&world->governing);
    governing_directory_text(agencies, ARRAY_LEN(agencies), &world->directory);
    scratch_make(world->dir);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    governing_deinit(&world->governing);
    buf_deinit(&world->directory);
    buf_deinit(&world->note);
    scratch_remove(world->dir);
    free(world);
    crypto_deinit();
    return 0;
}

static enum govern_result offer_directory(struct world *world, uint64_t version)
{
    return governing_offer(&world->governing, GOVERNANCE_DIRECTORY, version,
                           buf_slice(&world->directory));
}

static uint64_t directory_version(const struct world *world)
{
    return world->governing.governance->versions[GOVERNANCE_DIRECTORY];
}

static void a_root_starts_trust_and_later_documents_follow(void **state)
{
    struct world *world = *state;
    const struct governance *governance = world->governing.governance;

    assert_string_equal(governance->root.origin, GOVERNING_ORIGIN);
    assert_false(governance->root.live);
    assert_null(governance->agreements);
    assert_int_equal(governance->versions[GOVERNANCE_ROOT], 1);

    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    governance = world->governing.governance;

    assert_int_equal(governance->directory.n_agencies, 2);
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 1);
    assert_int_equal(governance->review_by[GOVERNANCE_CALENDAR], INT32_MAX);
}

static void a_version_that_is_held_or_older_changes_nothing(void **state)
{
    struct world *world = *state;
    assert_int_equal(offer_directory(world, 3), GOVERN_ACCEPTED);
    const struct governance *before = world->governing.governance;

    assert_int_equal(offer_directory(world, 3), GOVERN_SAME);
    assert_int_equal(offer_directory(world, 2), GOVERN_OLDER);
    text_replace(&world->directory, "Agency 1", "Agency I");
    assert_int_equal(offer_directory(world, 3), GOVERN_BAD_DOCUMENT);

    assert_string_equal(world->governing.error.what, "this version is held with another text");
    assert_ptr_equal(world->governing.governance, before);
}

static void a_document_changed_after_signing_is_refused(void **state)
{
    struct world *world = *state;
    governing_note(&world->governing, 1, GOVERNANCE_DIRECTORY, 1, buf_slice(&world->directory),
                   &world->note);

    text_replace(&world->directory, "gp-elm", "gp-ash");
    enum govern_result result =
        governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                               buf_slice(&world->directory), buf_slice(&world->note));

    assert_int_equal(result, GOVERN_BAD_DOCUMENT);
    assert_int_equal(directory_version(world), 0);
}

static void a_changed_signature_or_note_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        enum govern_result expected;
    } rows[] = {
        {"\n1\n", "\n2\n", GOVERN_BAD_SIGNATURE},
        {"directory", "calendar", GOVERN_BAD_DOCUMENT},
        {GOVERNING_ORIGIN "\n", GOVERNING_ORIGIN "2\n", GOVERN_BAD_DOCUMENT},
        {"cairn-governance/v1", "cairn-governance/v2", GOVERN_BAD_DOCUMENT},
        {"\n1\n", "\n0\n", GOVERN_BAD_DOCUMENT},
        {"\n1\n", "\n01\n", GOVERN_BAD_DOCUMENT},
        {"root-1", "root-3", GOVERN_BAD_SIGNATURE},
        {"\xe2\x80\x94", "-", GOVERN_BAD_DOCUMENT},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice text = buf_slice(&world->directory);
        buf_reset(&world->note);
        governing_note(&world->governing, 1, GOVERNANCE_DIRECTORY, 1, text, &world->note);
        text_replace(&world->note, rows[i].from, rows[i].to);

        enum govern_result result = governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                                                           text, buf_slice(&world->note));

        assert_int_equal(result, rows[i].expected);
        assert_string_not_equal(world->governing.error.what, "");
    }
    assert_int_equal(directory_version(world), 0);
}

static void a_signature_by_a_key_of_nobody_does_not_count(void **state)
{
    struct world *world = *state;
    struct governing stranger = world->governing;
    stranger.signers[0] = world->governing.signers[1];
    stranger.keys[0] = world->governing.keys[1];
    governing_note(&stranger, 1, GOVERNANCE_DIRECTORY, 1, buf_slice(&world->directory),
                   &world->note);

    enum govern_result result =
        governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                               buf_slice(&world->directory), buf_slice(&world->note));

    assert_int_equal(result, GOVERN_BAD_SIGNATURE);
}

static void without_a_note_nothing_is_accepted(void **state)
{
    struct world *world = *state;

    enum govern_result result = governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                                                       buf_slice(&world->directory), SLICE_NULL);

    assert_int_equal(result, GOVERN_BAD_DOCUMENT);
}

static void without_a_root_nothing_can_be_judged(void **state)
{
    struct world *world = *state;
    struct governance *made = NULL;
    const struct govern_document directory = {
        .document = GOVERNANCE_DIRECTORY,
        .text = buf_slice(&world->directory),
    };

    assert_int_equal(governance_with(NULL, &directory, &made, NULL), GOVERN_NO_ROOT);
    assert_int_equal(governance_start(&directory, &made, NULL), GOVERN_NO_ROOT);
    assert_null(made);
}

/* Publishes a root that requires both keys as version 2. */
static enum govern_result offer_root_of_two(struct world *world, size_t signed_by)
{
    _cleanup_(buf_deinit) struct buf root = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    buf_reset(&world->note);
    governing_root_text(&world->governing, 2, 2, &root);
    governing_note(&world->governing, signed_by, GOVERNANCE_ROOT, 2, buf_slice(&root),
                   &world->note);
    return governing_offer_signed(&world->governing, GOVERNANCE_ROOT, buf_slice(&root),
                                  buf_slice(&world->note));
}

static void a_new_root_needs_the_threshold_of_the_old_and_of_its_own(void **state)
{
    struct world *world = *state;
    const struct governing present = world->governing;

    assert_int_equal(offer_root_of_two(world, 1), GOVERN_BAD_SIGNATURE);
    world->governing.signers[0] = present.signers[1];
    world->governing.keys[0] = present.keys[1];
    world->governing.signers[1] = present.signers[0];
    world->governing.keys[1] = present.keys[0];
    assert_int_equal(offer_root_of_two(world, 1), GOVERN_BAD_SIGNATURE);
    assert_int_equal(offer_root_of_two(world, 2), GOVERN_ACCEPTED);

    assert_int_equal(world->governing.governance->root.threshold, 2);
}

static void with_a_threshold_of_two_one_signature_is_too_few(void **state)
{
    struct world *world = *state;
    assert_int_equal(offer_root_of_two(world, 2), GOVERN_ACCEPTED);

    assert_int_equal(offer_directory(world, 1), GOVERN_BAD_SIGNATURE);
    assert_string_equal(world->governing.error.what, "1 of 2 signatures that the root requires");
    buf_reset(&world->note);
    governing_note(&world->governing, 2, GOVERNANCE_DIRECTORY, 1, buf_slice(&world->directory),
                   &world->note);

    assert_int_equal(governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                                            buf_slice(&world->directory), buf_slice(&world->note)),
                     GOVERN_ACCEPTED);
}

static void a_root_that_does_not_vouch_for_what_is_held_is_refused(void **state)
{
    struct world *world = *state;
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);

    assert_int_equal(offer_root_of_two(world, 2), GOVERN_BAD_SIGNATURE);
    assert_string_equal(world->governing.error.where, "directory");
    buf_reset(&world->note);
    governing_note(&world->governing, 2, GOVERNANCE_DIRECTORY, 2, buf_slice(&world->directory),
                   &world->note);
    assert_int_equal(governing_offer_signed(&world->governing, GOVERNANCE_DIRECTORY,
                                            buf_slice(&world->directory), buf_slice(&world->note)),
                     GOVERN_ACCEPTED);

    assert_int_equal(offer_root_of_two(world, 2), GOVERN_ACCEPTED);
}

static void a_root_document_must_be_in_order(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } rows[] = {
        {"\"threshold\": 1", "\"threshold\": 2"},
        {"\"threshold\": 1", "\"threshold\": 0"},
        {"\"live\": false", "\"live\": \"no\""},
        {"\"live\": false", "\"live\": true"}, /* never changes */
        {"\"live\"", "\"lively\": 1, \"live\""},
        {"cairn-root/v1", "cairn-root/v2"},
        {"2028-01-01", "2028-02-30"},
        {"\"keys\": [\"", "\"keys\": [\"x"},
        {"cairn.example.org/test\"", "cairn.example.org/west\""},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf root = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        governing_root_text(&world->governing, 1, 1, &root);
        text_replace(&root, rows[i].from, rows[i].to);

        assert_int_equal(governing_offer(&world->governing, GOVERNANCE_ROOT, 2, buf_slice(&root)),
                         GOVERN_BAD_DOCUMENT);
        assert_string_not_equal(world->governing.error.what, "");
    }
}

static void one_key_listed_twice_is_no_root(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf root = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    struct governing twice = world->governing;
    uint8_t key[SIGN_PUBLIC_BYTES];
    signer_public(twice.signers[0], key);
    assert_true(note_key_init(&twice.keys[1], GOVERNING_ORIGIN "/again", NOTE_TYPE_ED25519, key));
    governing_root_text(&twice, 2, 2, &root);

    enum govern_result result =
        governing_offer(&world->governing, GOVERNANCE_ROOT, 2, buf_slice(&root));

    assert_int_equal(result, GOVERN_BAD_DOCUMENT);
    assert_string_equal(world->governing.error.what, "is listed twice");
}

static void agreements_before_the_directory_are_refused(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_template("agreements", &text);

    enum govern_result result =
        governing_offer(&world->governing, GOVERNANCE_AGREEMENTS, 1, buf_slice(&text));

    assert_int_equal(result, GOVERN_BAD_DOCUMENT);
    assert_string_equal(world->governing.error.what, "the directory comes first");
}

static void a_snapshot_outlives_the_one_that_replaces_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    _cleanup_(governance_unref) struct governance *kept =
        governance_ref(world->governing.governance);
    text_replace(&world->directory, "\"active\"", "\"revoked\"");

    assert_int_equal(offer_directory(world, 2), GOVERN_ACCEPTED);

    assert_true(directory_agency(&kept->directory, 1)->active);
    assert_false(directory_agency(&world->governing.governance->directory, 1)->active);
}

static void what_is_written_is_what_is_loaded(void **state)
{
    struct world *world = *state;
    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct govern_document held;
        assert_true(
            governance_held(world->governing.governance, (enum governance_document)i, &held));
        assert_int_equal(govern_write(world->dir, &held, NULL), 0);
    }

    _cleanup_(governance_unref) struct governance *loaded = NULL;
    assert_int_equal(governance_load(world->dir, &loaded, NULL), 0);

    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        assert_int_equal(loaded->versions[i], 1);
        assert_true(hash_equal(&loaded->digests[i], &world->governing.governance->digests[i]));
    }
    assert_non_null(loaded->agreements);
    assert_non_null(loaded->calendar);
    assert_int_equal(loaded->patterns.n, 3);
}

static void write_held(struct world *world, enum governance_document document)
{
    struct govern_document held;

    assert_true(governance_held(world->governing.governance, document, &held));
    assert_int_equal(govern_write(world->dir, &held, NULL), 0);
}

static void rename_in(const struct world *world, const char *from, const char *to)
{
    char old[128];
    char new[128];

    (void)snprintf(old, sizeof(old), "%s/%s", world->dir, from);
    (void)snprintf(new, sizeof(new), "%s/%s", world->dir, to);
    assert_int_equal(rename(old, new), 0);
}

static void a_crash_while_writing_leaves_a_whole_version(void **state)
{
    struct world *world = *state;
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    write_held(world, GOVERNANCE_ROOT);
    write_held(world, GOVERNANCE_DIRECTORY);
    rename_in(world, "directory.json", "first.json");
    text_replace(&world->directory, "\"active\"", "\"revoked\"");
    assert_int_equal(offer_directory(world, 2), GOVERN_ACCEPTED);

    write_held(world, GOVERNANCE_DIRECTORY);
    rename_in(world, "directory.json", "directory.json.next");
    rename_in(world, "first.json", "directory.json");
    _cleanup_(governance_unref) struct governance *loaded = NULL;
    assert_int_equal(governance_load(world->dir, &loaded, NULL), 0);

    assert_int_equal(loaded->versions[GOVERNANCE_DIRECTORY], 2);
    assert_false(directory_agency(&loaded->directory, 1)->active);
}

static void files_that_were_tampered_with_are_not_loaded(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct governance *loaded = NULL;
    char path[128];

    assert_int_equal(governance_load(world->dir, &loaded, &error), -ENOENT);
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    write_held(world, GOVERNANCE_ROOT);
    write_held(world, GOVERNANCE_DIRECTORY);
    (void)snprintf(path, sizeof(path), "%s/directory.json", world->dir);
    text_replace(&world->directory, "gp-elm", "gp-ash");
    assert_int_equal(file_write_atomic(path, buf_slice(&world->directory), 0644), 0);

    error = ERROR_NULL;
    assert_int_equal(governance_load(world->dir, &loaded, &error), -EBADMSG);
    assert_string_equal(error.what, "the text is not the one that was signed");
    rename_in(world, "directory.note", "gone");
    error = ERROR_NULL;
    assert_int_equal(governance_load(world->dir, &loaded, &error), -EBADMSG);

    assert_string_equal(error.what, "the document beside it is not signed");
    assert_null(loaded);
}

static void the_linkage_key_opens_for_its_agency_only(void **state)
{
    struct world *world = *state;
    _cleanup_(secret_deinit) struct secret expected = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret got = SECRET_NULL;
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    const struct directory *directory = &world->governing.governance->directory;
    const struct agency *gp = directory_agency(directory, 1);
    governing_seed(0, "linkage", &expected);
    governing_seed(1, "open", &opening);

    assert_int_equal(agency_linkage_key(gp, &opening, &got), 0);
    assert_true(secret_equal(&got, &expected));
    assert_int_equal(agency_linkage_key(directory_agency(directory, 2), &opening, &got), -EBADMSG);
    struct agency other_epoch = *gp;
    other_epoch.linkage_epoch = 2;

    assert_int_equal(agency_linkage_key(&other_epoch, &opening, &got), -EBADMSG);
}

static void a_note_says_what_it_is_about(void **state)
{
    struct world *world = *state;
    enum governance_document document = GOVERNANCE_ROOT;
    uint64_t version = 0;
    governing_note(&world->governing, 1, GOVERNANCE_PATTERNS, 7, slice_of_text("{}"), &world->note);

    assert_true(govern_note_read(buf_slice(&world->note), &document, &version));

    assert_int_equal(document, GOVERNANCE_PATTERNS);
    assert_int_equal(version, 7);
    assert_false(govern_note_read(slice_of_text("x\n"), &document, &version));
}

static void make_request(struct world *world, struct agency_request *request, struct buf *out)
{
    *request = (struct agency_request){
        .origin = GOVERNING_ORIGIN,
        .id = "gp-elm",
        .kind = "gp",
        .name = "Elm Street Surgery",
        .duty_contact = "Safeguarding lead",
        .duty_phone = "01632 960001",
        .open_key = {9},
        .curve_key = {2},
    };
    signer_public(world->governing.signers[0], request->sign_key);
    assert_int_equal(agency_request_write(request, world->governing.signers[0], out), 0);
}

static void a_request_proves_that_its_sender_holds_the_key(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        int expected;
    } rows[] = {
        {"Elm", "Ash", -EBADMSG},
        {"01632 960001", "01632 960002", -EBADMSG},
        {"\"gp-elm\"", "\"gp-ash\"", -EBADMSG},
        {GOVERNING_ORIGIN, GOVERNING_ORIGIN "2", -EBADMSG},
        {"\"CQAA", "\"AgAA", -EBADMSG},
        {"\"gp-elm\"", "\"../etc\"", -EINVAL},
        {"\"kind\"", "\"more\": 1, \"kind\"", -EINVAL},
        {"Elm Street", "Elm\\nStreet", -EINVAL},
        {"request/v1", "request/v2", -EINVAL},
    };
    struct world *world = *state;
    struct agency_request request;
    struct agency_request read;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);
    make_request(world, &request, &text);

    assert_int_equal(agency_request_read(buf_slice(&text), &read, NULL), 0);
    assert_string_equal(read.name, request.name);
    assert_memory_equal(read.curve_key, request.curve_key, sizeof(read.curve_key));

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        buf_reset(&text);
        make_request(world, &request, &text);
        text_replace(&text, rows[i].from, rows[i].to);
        assert_int_equal(agency_request_read(buf_slice(&text), &read, NULL), rows[i].expected);
    }
}

static void a_joining_file_carries_the_root_and_the_way_to_the_broker(void **state)
{
    struct world *world = *state;
    struct joining joining = JOINING_NULL;
    _cleanup_(governance_unref) struct governance *started = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);
    char path[128];
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    assert_int_equal(joining_write(world->governing.governance, &text), 0);
    (void)snprintf(path, sizeof(path), "%s/joining.json", world->dir);
    assert_int_equal(file_write_atomic(path, buf_slice(&text), 0644), 0);

    assert_int_equal(joining_load(path, &joining, &started, NULL), 0);

    assert_string_equal(started->root.origin, GOVERNING_ORIGIN);
    assert_int_equal(started->versions[GOVERNANCE_DIRECTORY], 0);
    assert_string_equal(joining.endpoint, "tcp://127.0.0.1:7440");
    assert_memory_equal(joining.curve_key, world->governing.governance->directory.broker_curve_key,
                        32);
    joining_deinit(&joining);
}

static void a_joining_file_that_was_changed_starts_nothing(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        int expected;
    } rows[] = {
        {"Test partnership", "Best partnership", -EBADMSG},
        {"cairn-governance/v1", "cairn-governance/v2", -EBADMSG},
        {"\"curve_key\"", "\"key\"", -EINVAL},
        {"\"endpoint\": \"tcp", "\"endpoint\": \"\\n", -EINVAL},
        {"joining/v1", "joining/v2", -EINVAL},
    };
    struct world *world = *state;
    char path[128];
    assert_int_equal(offer_directory(world, 1), GOVERN_ACCEPTED);
    (void)snprintf(path, sizeof(path), "%s/joining.json", world->dir);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct joining joining = JOINING_NULL;
        struct governance *started = NULL;
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOINING_MAX_BYTES);
        assert_int_equal(joining_write(world->governing.governance, &text), 0);
        text_replace(&text, rows[i].from, rows[i].to);
        assert_int_equal(file_write_atomic(path, buf_slice(&text), 0644), 0);

        assert_int_equal(joining_load(path, &joining, &started, NULL), rows[i].expected);
        assert_null(started);
    }
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(a_root_starts_trust_and_later_documents_follow),
        story(a_version_that_is_held_or_older_changes_nothing),
        story(a_document_changed_after_signing_is_refused),
        story(a_changed_signature_or_note_is_refused),
        story(a_signature_by_a_key_of_nobody_does_not_count),
        story(without_a_note_nothing_is_accepted),
        story(without_a_root_nothing_can_be_judged),
        story(a_new_root_needs_the_threshold_of_the_old_and_of_its_own),
        story(with_a_threshold_of_two_one_signature_is_too_few),
        story(a_root_that_does_not_vouch_for_what_is_held_is_refused),
        story(a_root_document_must_be_in_order),
        story(one_key_listed_twice_is_no_root),
        story(agreements_before_the_directory_are_refused),
        story(a_snapshot_outlives_the_one_that_replaces_it),
        story(what_is_written_is_what_is_loaded),
        story(a_crash_while_writing_leaves_a_whole_version),
        story(files_that_were_tampered_with_are_not_loaded),
        story(the_linkage_key_opens_for_its_agency_only),
        story(a_note_says_what_it_is_about),
        story(a_request_proves_that_its_sender_holds_the_key),
        story(a_joining_file_carries_the_root_and_the_way_to_the_broker),
        story(a_joining_file_that_was_changed_starts_nothing),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
