/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer, attacked by a broker that is no longer ours: it asks for smaller heads, for other
 * roots, for histories that were forked, and in bytes that are no message. And the signer as the
 * broker has it: a child behind a socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "govern/keys.h"
#include "os/fd.h"
#include "os/files.h"
#include "signer/child.h"
#include "signer/client.h"
#include "signer/listen.h"
#include "support/governing.h"
#include "support/scratch.h"

#define LEAVES 40

struct scene {
    char dir[SCRATCH_BYTES];
    char file[128];
    struct secret seed;
    struct service service;
    struct signer_client client;
    struct hash leaves[LEAVES];
    struct hash forked[LEAVES]; /* another history from leaf 10 on */
};

static int start(struct scene *scene)
{
    int r = service_open_with(&scene->seed, GOVERNING_ORIGIN, scene->file, &scene->service, NULL);
    return r == 0 ? signer_client_service(&scene->service, &scene->client) : r;
}

static int set_up(void **state)
{
    struct scene *scene = base_zalloc(1, sizeof(*scene));
    log_init("test", (enum log_level)0);
    assert_int_equal(crypto_init(NULL), 0);
    scratch_make(scene->dir);
    (void)snprintf(scene->file, sizeof(scene->file), "%s/signed", scene->dir);
    governing_seed(0, "sign", &scene->seed);
    scene->service = SERVICE_NULL;
    for (uint8_t i = 0; i < LEAVES; i++) {
        tree_leaf(slice_make(&i, 1), &scene->leaves[i]);
        uint8_t other = i < 10 ? i : (uint8_t)(i + 100);
        tree_leaf(slice_make(&other, 1), &scene->forked[i]);
    }
    assert_int_equal(start(scene), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    service_close(&scene->service);
    secret_deinit(&scene->seed);
    scratch_remove(scene->dir);
    base_free(&scene);
    crypto_deinit();
    return 0;
}

static struct checkpoint head_of(const struct hash *leaves, uint64_t size)
{
    struct checkpoint head = {.size = size};
    tree_root_of(leaves, size, &head.root);
    return head;
}

/* What the broker asks: the head of that history, with its proof from `from`. */
static int ask(struct scene *scene, const struct hash *leaves, uint64_t from, uint64_t size,
               struct buf *note)
{
    struct tree_leaves held = {.leaves = leaves, .n = LEAVES};
    struct tree_source source = tree_source_of(&held);
    struct checkpoint head = head_of(leaves, size);
    struct tree_proof proof = {.n = 0};
    if (from > 0 && from < size) {
        assert_int_equal(tree_prove_consistency(&source, from, size, &proof), 0);
    }
    return signer_client_sign(&scene->client, &head, &proof, note);
}

static void expect_signed(struct scene *scene, uint64_t from, uint64_t size)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    struct checkpoint head = head_of(scene->leaves, size);
    struct checkpoint found = {.size = 0};
    assert_int_equal(ask(scene, scene->leaves, from, size, &note), 0);
    assert_true(checkpoint_check(buf_slice(&note), &scene->service.note_key, &found));
    assert_int_equal(found.size, size);
    assert_true(hash_equal(&found.root, &head.root));
}

static void expect_refused(struct scene *scene, const struct hash *leaves, uint64_t from,
                           uint64_t size)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    struct checkpoint before = scene->service.last;
    assert_int_equal(ask(scene, leaves, from, size, &note), -EKEYREJECTED);
    assert_int_equal(note.len, 0);
    assert_int_equal(scene->service.last.size, before.size);
    assert_true(hash_equal(&scene->service.last.root, &before.root));
}

static void a_log_that_goes_on_is_signed(void **state)
{
    struct scene *scene = *state;

    expect_signed(scene, 0, 1);
    expect_signed(scene, 1, 7);
    expect_signed(scene, 7, 8);
    expect_signed(scene, 8, LEAVES);
}

static void the_same_head_is_signed_again(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);

    expect_signed(scene, 12, 12);
}

/* A log of no leaves has one root alone, whoever asks first. */
static void an_empty_log_is_signed_with_the_root_of_nothing_alone(void **state)
{
    struct scene *scene = *state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    const struct checkpoint claimed = {.size = 0, .root = scene->leaves[0]};
    const struct tree_proof none = {.n = 0};

    assert_int_equal(signer_client_sign(&scene->client, &claimed, &none, &note), -EKEYREJECTED);
    assert_int_equal(note.len, 0);

    expect_signed(scene, 0, 0);
    assert_int_equal(signer_client_sign(&scene->client, &claimed, &none, &note), -EKEYREJECTED);
    expect_signed(scene, 0, 1);
}

static void a_smaller_head_is_refused(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);

    expect_refused(scene, scene->leaves, 0, 11);
    expect_refused(scene, scene->leaves, 0, 0);

    expect_signed(scene, 12, 13);
}

static void another_root_at_the_same_size_is_refused(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);

    expect_refused(scene, scene->forked, 0, 12);
}

static void a_forked_history_is_refused_whatever_its_proof(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);

    for (uint64_t from = 0; from < 20; from++) {
        expect_refused(scene, scene->forked, from, 20);
    }

    expect_signed(scene, 12, 20);
}

static void a_larger_head_without_its_proof_is_refused(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);

    expect_refused(scene, scene->leaves, 0, 20);
    expect_refused(scene, scene->leaves, 11, 20);
}

static void what_was_signed_outlives_the_signer(void **state)
{
    struct scene *scene = *state;
    expect_signed(scene, 0, 12);
    service_close(&scene->service);

    assert_int_equal(start(scene), 0);

    assert_int_equal(scene->client.last.size, 12);
    expect_refused(scene, scene->leaves, 0, 11);
    expect_refused(scene, scene->forked, 12, 20);
    expect_signed(scene, 12, 20);
}

/* The name of the log is the signer's: no message can say another. */
static void a_head_carries_the_origin_of_the_signer(void **state)
{
    struct scene *scene = *state;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
    struct note_key other;
    struct checkpoint found;
    assert_true(note_key_init(&other, "cairn.example.org/elsewhere", NOTE_TYPE_ED25519,
                              scene->client.public_key));

    assert_int_equal(ask(scene, scene->leaves, 0, 3, &note), 0);

    assert_true(checkpoint_check(buf_slice(&note), &scene->service.note_key, &found));
    assert_false(checkpoint_check(buf_slice(&note), &other, &found));
}

static void expect_malformed(struct scene *scene, struct slice bytes)
{
    uint8_t out[SIGNER_ANSWER_MAX_BYTES];
    struct signer_answer answer;
    assert_true(signer_answer_read(service_answer(&scene->service, bytes, out), &answer));
    assert_int_equal(answer.kind, SIGNER_REFUSED);
    assert_int_equal(answer.refusal, SIGNER_REFUSAL_MALFORMED);
}

static void bytes_that_are_no_message_are_refused(void **state)
{
    struct scene *scene = *state;
    uint8_t bytes[SIGNER_ASK_MAX_BYTES + 1] = {0};
    struct writer writer = writer_over(bytes, sizeof(bytes));
    const struct signer_ask good = {.kind = SIGNER_SIGN, .head = head_of(scene->leaves, 3)};
    signer_ask_write(&good, &writer);

    expect_malformed(scene, SLICE_NULL);
    for (size_t len = 1; len < writer.len; len++) {
        expect_malformed(scene, slice_make(bytes, len));
    }
    expect_malformed(scene, slice_make(bytes, writer.len + 1));
    bytes[writer.len - 1] = UINT8_MAX; /* more hashes than a proof has */
    expect_malformed(scene, SLICE_OF(bytes));
    expect_malformed(scene, slice_of_text("R"));
    expect_malformed(scene, slice_of_text("Hello"));

    assert_int_equal(scene->service.last.size, 0);
}

/* --- as a process --- */

static void write_world(struct scene *scene, char keys[128], char governance[128])
{
    struct governing *governing = base_zalloc(1, sizeof(*governing));
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    (void)snprintf(keys, 128, "%s/keys", scene->dir);
    (void)snprintf(governance, 128, "%s/governance", scene->dir);
    assert_int_equal(mkdir(keys, 0700), 0);
    assert_int_equal(mkdir(governance, 0700), 0);
    assert_int_equal(key_write(keys, KEY_CHECKPOINT, &scene->seed, NULL), 0);
    governing_init(governing);
    governing_root_text(governing, 1, 1, &text);
    governing_note(governing, 1, GOVERNANCE_ROOT, 1, buf_slice(&text), &note);
    const struct govern_document root = {GOVERNANCE_ROOT, buf_slice(&text), buf_slice(&note)};
    assert_int_equal(govern_write(governance, &root, NULL), 0);
    governing_deinit(governing);
    base_free(&governing);
}

static void a_child_signs_and_ends_with_the_broker(void **state)
{
    struct scene *scene = *state;
    char keys[128];
    char governance[128];
    write_world(scene, keys, governance);
    service_close(&scene->service);
    const struct service_options options = {
        .keys = keys, .governance = governance, .signed_head = scene->file};

    assert_int_equal(signer_start(&options, &scene->client, NULL), 0);
    {
        _cleanup_(buf_deinit) struct buf note = BUF_MAX(1024);
        assert_int_equal(ask(scene, scene->leaves, 0, 5, &note), 0);
        assert_int_equal(ask(scene, scene->leaves, 0, 4, &note), -EKEYREJECTED);
    }
    signer_client_close(&scene->client);

    int status = -1;
    assert_true(wait(&status) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(start(scene), 0);
    assert_int_equal(scene->client.last.size, 5);
}

static void a_child_that_cannot_read_its_key_is_no_signer(void **state)
{
    struct scene *scene = *state;
    char keys[128];
    char governance[128];
    struct error error = ERROR_NULL;
    write_world(scene, keys, governance);
    service_close(&scene->service);
    const struct service_options options = {
        .keys = governance, .governance = governance, .signed_head = scene->file};

    int r = signer_start(&options, &scene->client, &error);

    assert_true(r < 0);
    assert_string_equal(error.where, "signer");
    int status = -1;
    assert_true(wait(&status) > 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

static void a_socket_is_for_its_user_and_group_and_takes_the_place_of_an_old_one(void **state)
{
    struct scene *scene = *state;
    char path[128];
    struct stat status;
    _cleanup_(fd_close) int first = -1;
    _cleanup_(fd_close) int second = -1;
    (void)snprintf(path, sizeof(path), "%s/signer.sock", scene->dir);

    assert_int_equal(signer_listen(path, &first, NULL), 0);
    assert_int_equal(signer_listen(path, &second, NULL), 0);

    assert_int_equal(lstat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
}

/* Two walls, one behind the other: the list of calls kills first; a sanitizer's runtime needs the
 * call, and then only Landlock is left. */
static void behind_its_walls_it_opens_no_file(void **state)
{
    struct scene *scene = *state;
    int status = -1;
    if (CAIRN_SANITIZED && syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 2) {
        skip();
    }

    pid_t child = fork();
    if (child == 0) {
        bool walled = service_wall(NULL) == 0;
        _exit(!walled ? EXIT_FAILURE : open(scene->file, O_RDONLY) < 0 ? errno : EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    if (CAIRN_SANITIZED) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EACCES);
    } else {
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_log_that_goes_on_is_signed),
        STORY(the_same_head_is_signed_again),
        STORY(an_empty_log_is_signed_with_the_root_of_nothing_alone),
        STORY(a_smaller_head_is_refused),
        STORY(another_root_at_the_same_size_is_refused),
        STORY(a_forked_history_is_refused_whatever_its_proof),
        STORY(a_larger_head_without_its_proof_is_refused),
        STORY(what_was_signed_outlives_the_signer),
        STORY(a_head_carries_the_origin_of_the_signer),
        STORY(bytes_that_are_no_message_are_refused),
        STORY(a_child_signs_and_ends_with_the_broker),
        STORY(a_child_that_cannot_read_its_key_is_no_signer),
        STORY(behind_its_walls_it_opens_no_file),
        STORY(a_socket_is_for_its_user_and_group_and_takes_the_place_of_an_old_one),
    };
    return cmocka_run_group_tests_name("signer", tests, NULL, NULL);
}
