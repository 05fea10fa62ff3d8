/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn log`: a broker's folder, whole and changed; exports; proofs. The folder is a copy of what
 * a real broker wrote; tests change bytes in it as a disk or a forger would.
 */
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
#include "os/files.h"
#include "support/console.h"
#include "support/scratch.h"
#include "support/store_copy.h"
#include "support/world.h"

#define STORE_MAX_BYTES (64 * 1024 * 1024)

struct audited {
    struct world *world;
    struct console *console;
    char dir[SCRATCH_BYTES];
    char copy[96];
    char head[96];  /* a file: the newest checkpoint */
    char other[96]; /* a file for whatever a test writes */
    char vkey[NOTE_VKEY_BYTES];
};

static void write_file(const char *path, struct slice text)
{
    assert_int_equal(file_write_atomic(path, text, 0600), 0);
}

static void keep_head(struct audited *audited, const char *path)
{
    struct head head;
    board_head(audited->world->board, &head);
    write_file(path, head_note(&head));
}

static void copy_store(struct audited *audited)
{
    scratch_remove(audited->copy);
    assert_int_equal(store_copy(audited->world->store, audited->copy), 0);
}

static void miss(struct world *world, uint32_t agency, int32_t day)
{
    struct world_entry entry;
    const struct world_record record = {.from = agency, .child = ALIX, .day = day};
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static void fill(struct world *world)
{
    struct world_entry entry;
    int32_t day;
    assert_true(date_parse(slice_of_text("2026-09-01"), &day));
    world_statement(world, GP, ALIX, true, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    miss(world, GP, day);
    miss(world, GP, day + 20);
    miss(world, GP, day + 40);
    world_acknowledgement(world, GP, 1, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
}

static int set_up(void **state)
{
    struct audited *audited = base_zalloc(1, sizeof(*audited));

    audited->world = world_new();
    audited->console = console_new();
    scratch_make(audited->dir);
    (void)snprintf(audited->copy, sizeof(audited->copy), "%s/copy", audited->dir);
    (void)snprintf(audited->head, sizeof(audited->head), "%s/head", audited->dir);
    (void)snprintf(audited->other, sizeof(audited->other), "%s/other", audited->dir);
    note_vkey_format(&audited->world->commit.checkpoint_key, audited->vkey);
    fill(audited->world);
    keep_head(audited, audited->head);
    copy_store(audited);
    *state = audited;
    return 0;
}

static int tear_down(void **state)
{
    struct audited *audited = *state;
    scratch_remove(audited->dir);
    console_free(&audited->console);
    world_free(&audited->world);
    free(audited);
    return 0;
}

/* --- changing bytes --- */

/* Flips a bit at `offset` bytes into every place of the copy where `what` stands. */
static size_t flip_everywhere(struct audited *audited, struct slice what, size_t offset)
{
    char path[128];
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(STORE_MAX_BYTES);
    size_t flipped = 0;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", audited->copy);
    assert_int_equal(file_read(path, &file), 0);
    for (size_t at = 0; at + what.len <= file.len; at++) {
        if (memcmp(file.data + at, what.data, what.len) == 0) {
            file.data[at + offset] ^= 1;
            flipped++;
        }
    }
    write_file(path, buf_slice(&file));
    return flipped;
}

static uint64_t leaf_of_a_record(struct audited *audited, uint8_t ret[LOG_LEAF_MAX_BYTES],
                                 size_t *ret_len)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(audited->world->store);
    for (uint64_t i = 0; i < log_size(txn, T_LOG); i++) {
        struct slice data;
        struct leaf leaf;
        assert_int_equal(log_leaf(txn, T_LOG, i, &data), 0);
        if (leaf_read(data, &leaf) && leaf.type == LEAF_ENTRY && leaf.kind == ENTRY_RECORD) {
            memcpy(ret, data.data, data.len);
            *ret_len = data.len;
            return i;
        }
    }
    fail();
    return 0;
}

static void expect_not_sound(struct audited *audited, const char *words)
{
    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->copy), STATUS_FAILED);
    assert_non_null(strstr(audited->console->complained, "NOT SOUND"));
    assert_non_null(strstr(audited->console->complained, words));
}

/* --- a folder --- */

static void a_brokers_folder_is_sound_and_compared_with_a_head(void **state)
{
    struct audited *audited = *state;
    struct error error = ERROR_NULL;

    assert_int_equal(CONSOLE(audited->console, "--json", "log", "verify", audited->copy,
                             "--checkpoint", audited->head, "--key", audited->vkey),
                     STATUS_OK);

    _cleanup_(json_free) struct json *result = console_json(audited->console);
    struct json_view view = json_view(result, &error);
    struct json_view leaves = json_get_object(&view, "leaves");
    struct json_view audit = json_get_object(&view, "audit");
    assert_true(json_get_bool(&view, "sound"));
    assert_int_equal(json_get_integer(&view, "checkpoint_size", 0, INT64_MAX),
                     world_log_size(audited->world));
    assert_int_equal(json_get_integer(&leaves, "entry", 0, 100), 5);
    assert_int_equal(json_get_integer(&leaves, "governance", 0, 100), 5);
    assert_int_equal(json_get_integer(&audit, "cosignatures", 0, 100), 1);
    assert_true(json_ok(&view));
}

static void it_says_when_nothing_was_compared(void **state)
{
    struct audited *audited = *state;

    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->copy), STATUS_OK);

    assert_non_null(strstr(audited->console->said, "Sound: "));
    assert_non_null(strstr(audited->console->said, "compared with no checkpoint"));
}

static void a_flipped_bit_in_a_leaf_is_found_and_the_leaf_named(void **state)
{
    struct audited *audited = *state;
    uint8_t leaf[LOG_LEAF_MAX_BYTES];
    size_t len = 0;
    char name[32];
    uint64_t index = leaf_of_a_record(audited, leaf, &len);

    assert_true(flip_everywhere(audited, slice_make(leaf, len), 20) > 0);

    (void)snprintf(name, sizeof(name), "leaf %llu", (unsigned long long)index);
    expect_not_sound(audited, name);
    assert_int_equal(CONSOLE(audited->console, "--json", "log", "verify", audited->copy),
                     STATUS_FAILED);
    assert_non_null(strstr(audited->console->said, "\"sound\":false"));
    assert_non_null(strstr(audited->console->said, "\"bad_leaf\":"));
}

static void a_flipped_bit_in_a_header_is_found(void **state)
{
    struct audited *audited = *state;
    struct world_entry entry;
    int32_t day;
    assert_true(date_parse(slice_of_text("2026-03-01"), &day));
    const struct world_record record = {.from = HOSPITAL, .child = BLAKE, .day = day};
    world_record(audited->world, &record, &entry);
    assert_int_equal(world_send_one(audited->world, HOSPITAL, &entry), VERDICT_STORED);
    copy_store(audited);

    assert_true(flip_everywhere(audited, entry.wire.header, entry.wire.header.len - 1) > 0);

    expect_not_sound(audited, "not what its origin signed");
}

static void a_flipped_bit_in_a_sealed_body_is_found(void **state)
{
    struct audited *audited = *state;
    struct world_entry entry;
    int32_t day;
    assert_true(date_parse(slice_of_text("2026-03-01"), &day));
    const struct world_record record = {.from = HOSPITAL, .child = BLAKE, .day = day};
    world_record(audited->world, &record, &entry);
    assert_int_equal(world_send_one(audited->world, HOSPITAL, &entry), VERDICT_STORED);
    copy_store(audited);

    assert_true(flip_everywhere(audited, slice_make(entry.wire.body.data, 64), 40) > 0);

    expect_not_sound(audited, "not what its origin signed");
}

static void a_changed_document_is_found(void **state)
{
    static const char words[] = "Three missed health appointments";
    struct audited *audited = *state;

    assert_true(flip_everywhere(audited, slice_of_text(words), 3) > 0);

    expect_not_sound(audited, "patterns");
}

static void an_older_copy_than_the_head_is_found(void **state)
{
    struct audited *audited = *state;
    int32_t day;
    assert_true(date_parse(slice_of_text("2026-11-01"), &day));
    miss(audited->world, GP, day);
    keep_head(audited, audited->other);

    assert_int_equal(
        CONSOLE(audited->console, "log", "verify", audited->copy, "--checkpoint", audited->other),
        STATUS_FAILED);

    assert_non_null(strstr(audited->console->complained, "leaves were signed, and the log has"));
}

/* A broker that shows two logs: both heads are signed, one is not of this tree. */
static void the_head_of_another_log_is_found(void **state)
{
    struct audited *audited = *state;
    struct checkpoint head = {.size = 3};
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    assert_int_equal(checkpoint_sign(&head, &audited->world->commit.checkpoint_key,
                                     audited->world->checkpoint_signer, &note),
                     0);
    write_file(audited->other, buf_slice(&note));

    assert_int_equal(
        CONSOLE(audited->console, "log", "verify", audited->copy, "--checkpoint", audited->other),
        STATUS_FAILED);

    assert_non_null(
        strstr(audited->console->complained, "the first 3 leaves are not those that were signed"));
}

static void a_head_signed_by_somebody_else_is_refused(void **state)
{
    struct audited *audited = *state;
    struct note_key stranger;
    char vkey[NOTE_VKEY_BYTES];
    static const uint8_t another_key[SIGN_PUBLIC_BYTES] = {1};
    assert_true(note_key_init(&stranger, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, another_key));
    note_vkey_format(&stranger, vkey);

    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->copy, "--checkpoint",
                             audited->head, "--key", vkey),
                     STATUS_FAILED);

    assert_non_null(strstr(audited->console->complained, "is not signed by"));
}

static void a_damaged_database_is_a_finding_and_not_a_crash(void **state)
{
    struct audited *audited = *state;
    char path[128];
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(STORE_MAX_BYTES);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", audited->copy);
    assert_int_equal(file_read(path, &file), 0);
    memset(file.data + 2 * 4096, 0x5a, file.len - 2 * 4096);
    write_file(path, buf_slice(&file));

    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->copy), STATUS_FAILED);
}

static void what_is_no_store_is_refused(void **state)
{
    struct audited *audited = *state;
    write_file(audited->other, slice_of_text("hello\n"));

    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->dir), STATUS_FAILED);
    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->other), STATUS_FAILED);
    assert_int_equal(CONSOLE(audited->console, "log", "verify", "/nowhere"), STATUS_NOT_FOUND);
}

static void the_head_of_a_folder_is_shown_unsigned(void **state)
{
    struct audited *audited = *state;
    char size[32];

    assert_int_equal(CONSOLE(audited->console, "log", "head", audited->copy), STATUS_OK);

    (void)snprintf(size, sizeof(size), GOVERNING_ORIGIN "\n%llu\n",
                   (unsigned long long)world_log_size(audited->world));
    assert_memory_equal(audited->console->said, size, strlen(size));
    assert_null(strstr(audited->console->said, "\xe2\x80\x94"));
}

/* --- exports --- */

static void export_with_head(struct audited *audited)
{
    assert_int_equal(CONSOLE(audited->console, "log", "export", audited->copy, audited->other,
                             "--checkpoint", audited->head),
                     STATUS_OK);
}

static void an_export_is_checked_without_a_database(void **state)
{
    struct audited *audited = *state;

    export_with_head(audited);

    assert_int_equal(
        CONSOLE(audited->console, "log", "verify", audited->other, "--key", audited->vkey),
        STATUS_OK);
    assert_non_null(strstr(audited->console->said, "Sound: "));
    assert_null(strstr(audited->console->said, "as the log itself names it"));
    assert_int_equal(CONSOLE(audited->console, "log", "export", audited->copy, audited->other),
                     STATUS_CONFLICT);
}

static void change_line(struct audited *audited, size_t line, const char *text)
{
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(STORE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf changed = BUF_MAX(STORE_MAX_BYTES);
    assert_int_equal(file_read(audited->other, &file), 0);
    const char *at = buf_text(&file);
    for (size_t i = 1; *at != '\0'; i++) {
        size_t len = strcspn(at, "\n") + 1;
        if (i == line) {
            buf_add_text(&changed, text);
        } else {
            buf_add(&changed, at, len);
        }
        at += len;
    }
    write_file(audited->other, buf_slice(&changed));
}

static void a_changed_export_is_found(void **state)
{
    static const struct {
        size_t line;
        const char *text;
    } rows[] = {
        {1, "cairn-log/v2\n"}, {3, "-\n"},          {4, "1\n"}, {4, "100\n"}, {5, ""},
        {6, "AAAA\n"},         {7, "not base64\n"},
    };
    struct audited *audited = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)unlink(audited->other);
        export_with_head(audited);
        change_line(audited, rows[i].line, rows[i].text);

        assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->other), STATUS_FAILED);
    }
}

/* Leaves that say what leaves say, in another order: only the signed root tells. */
static void leaves_in_another_order_are_found(void **state)
{
    struct audited *audited = *state;
    char fifth[1100];
    char sixth[1100];
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(STORE_MAX_BYTES);
    export_with_head(audited);
    assert_int_equal(file_read(audited->other, &file), 0);
    const char *at = buf_text(&file);
    for (size_t i = 1; i < 5; i++) {
        at += strcspn(at, "\n") + 1;
    }
    size_t len = strcspn(at, "\n") + 1;
    (void)snprintf(fifth, sizeof(fifth), "%.*s", (int)len, at);
    (void)snprintf(sixth, sizeof(sixth), "%.*s", (int)strcspn(at + len, "\n") + 1, at + len);

    change_line(audited, 5, sixth);
    change_line(audited, 6, fifth);

    assert_int_equal(CONSOLE(audited->console, "log", "verify", audited->other), STATUS_FAILED);
    assert_non_null(strstr(audited->console->complained, "not those that were signed"));
}

/* --- proofs --- */

static void write_proof(struct audited *audited, uint64_t index, const char *path)
{
    struct head head;
    struct tree_proof proof;
    struct slice data;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(64 * 1024);
    _cleanup_(store_end) struct store_txn *txn = store_read(audited->world->store);
    struct log_source source = {.txn = txn, .table = T_LOG};
    const struct tree_source tree = log_tree(&source);
    board_head(audited->world->board, &head);
    assert_int_equal(tree_prove_inclusion(&tree, index, head.checkpoint.size, &proof), 0);
    assert_int_equal(log_leaf(txn, T_LOG, index, &data), 0);
    assert_int_equal(tlog_proof_write(index, data, &proof, head_note(&head), &text), 0);
    write_file(path, buf_slice(&text));
}

static void a_proof_holds_offline_and_names_the_record(void **state)
{
    struct audited *audited = *state;
    uint8_t data[LOG_LEAF_MAX_BYTES];
    size_t len = 0;
    struct leaf leaf;
    char id[ENTRY_ID_TEXT_BYTES];
    uint64_t index = leaf_of_a_record(audited, data, &len);
    assert_true(leaf_read(slice_make(data, len), &leaf));
    entry_id_format(&leaf.id, id);

    write_proof(audited, index, audited->other);

    assert_int_equal(CONSOLE(audited->console, "log", "prove", "--check", audited->other, "--key",
                             audited->vkey),
                     STATUS_OK);
    assert_non_null(strstr(audited->console->said, "Holds: "));
    assert_non_null(strstr(audited->console->said, id));
}

static void a_forged_proof_does_not_hold(void **state)
{
    struct audited *audited = *state;
    uint8_t data[LOG_LEAF_MAX_BYTES];
    size_t len = 0;
    uint64_t index = leaf_of_a_record(audited, data, &len);
    write_proof(audited, index, audited->other);

    change_line(audited, 3, "index 0\n");

    assert_int_equal(CONSOLE(audited->console, "log", "prove", "--check", audited->other, "--key",
                             audited->vkey),
                     STATUS_FAILED);
    assert_non_null(strstr(audited->console->complained, "DOES NOT HOLD"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_brokers_folder_is_sound_and_compared_with_a_head),
        TEST(it_says_when_nothing_was_compared),
        TEST(a_flipped_bit_in_a_leaf_is_found_and_the_leaf_named),
        TEST(a_flipped_bit_in_a_header_is_found),
        TEST(a_flipped_bit_in_a_sealed_body_is_found),
        TEST(a_changed_document_is_found),
        TEST(an_older_copy_than_the_head_is_found),
        TEST(the_head_of_another_log_is_found),
        TEST(a_head_signed_by_somebody_else_is_refused),
        TEST(a_damaged_database_is_a_finding_and_not_a_crash),
        TEST(what_is_no_store_is_refused),
        TEST(the_head_of_a_folder_is_shown_unsigned),
        TEST(an_export_is_checked_without_a_database),
        TEST(a_changed_export_is_found),
        TEST(leaves_in_another_order_are_found),
        TEST(a_proof_holds_offline_and_names_the_record),
        TEST(a_forged_proof_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
