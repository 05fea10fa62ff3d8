/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small partnership lives a little, and its store is copied: whole, it is sound; with any one
 * byte of it changed on disk that somebody signed or the log commits to, the audit names what.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "cli/audit.h"
#include "ledger/journal.h"
#include "os/files.h"
#include "support/ledger_store.h"
#include "support/store_copy.h"
#include "support/world.h"
#include "wire/leaf.h"

#define PATH_BYTES 128

struct scene {
    struct world *world;
    char dir[SCRATCH_BYTES]; /* of everything below */
    char copy[PATH_BYTES];   /* of the store */
    uint64_t entries;        /* sent, and answered for good */
    uint64_t bodies;         /* of those that were stored */
    uint64_t signatures;     /* of parcels */
    struct entry_id first;   /* a record with header, body and grants */
    struct entry_id acknowledged;
    uint64_t refused;  /* the batch that tells of frames refused */
    uint64_t leafless; /* the first of three that made none */
};

static struct scene *scene; /* one for all stories: they change copies */

/* --- a little life --- */

static enum verdict tell(const struct world_parcel *parcel)
{
    enum verdict verdict = world_send(scene->world, parcel);

    scene->entries += parcel->n;
    scene->signatures += verdict_is_stored(verdict) ? 1 : 0;
    for (size_t i = 0; verdict_is_stored(verdict) && i < parcel->n; i++) {
        enum entry_kind kind = parcel->entries[i].header.kind;
        scene->bodies += kind != ENTRY_SUBJECT && kind != ENTRY_ACKNOWLEDGEMENT ? 1 : 0;
    }
    return verdict;
}

static enum verdict tell_one(uint32_t agency, const struct world_entry *entry)
{
    return tell(&(const struct world_parcel){.agency = agency, .n = 1, .entries = entry});
}

static void miss(uint32_t agency, int32_t days_ago, struct world_entry *ret)
{
    int32_t today = instant_london_day(scene->world->clock.real_ms);
    const struct world_record record = {.from = agency, .child = ALIX, .day = today - days_ago};

    world_record(scene->world, &record, ret);
}

/* Who the child is, who is involved, and three missed appointments at two agencies. */
static void raise_alert(void)
{
    struct world *world = scene->world;
    struct world_entry entry;
    struct world_entry two[2];
    struct wire_notice notice;

    for (uint32_t agency = GP; agency <= HEALTH_VISITING; agency++) {
        world_statement(world, agency, ALIX, true, &entry);
        assert_int_equal(tell_one(agency, &entry), VERDICT_STORED);
        world_involvement(world, agency, ALIX, &entry);
        assert_int_equal(tell_one(agency, &entry), VERDICT_STORED);
    }
    miss(GP, 200, &entry);
    scene->first = entry.header.id;
    assert_int_equal(tell_one(GP, &entry), VERDICT_STORED);
    miss(HOSPITAL, 90, &two[0]);
    miss(HOSPITAL, 5, &two[1]);
    const struct world_parcel parcel = {.agency = HOSPITAL, .n = 2, .entries = two};
    assert_int_equal(tell(&parcel), VERDICT_STORED);
    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
}

static void decide_and_acknowledge(void)
{
    struct world *world = scene->world;
    struct world_entry entry;

    world_decision(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &entry);
    assert_int_equal(tell_one(MASH, &entry), VERDICT_STORED);
    world_acknowledgement(world, MASH, 1, &entry);
    assert_int_equal(tell_one(MASH, &entry), VERDICT_STORED);
    world_acknowledgement(world, GP, 0, &entry);
    assert_int_equal(tell_one(GP, &entry), VERDICT_STORED);
    world_acknowledgement(world, MASH, 2, &entry);
    scene->acknowledged = entry.header.id;
    assert_int_equal(tell_one(MASH, &entry), VERDICT_STORED);
    world_acknowledgement(world, GP, 0, &entry); /* its cosignature is bad: the broker keeps the
                                                    one that it has */
    entry.header.acknowledgement.cosignature[COSIGNATURE_BYTES - 1] ^= 1;
    world_refreeze(&entry);
    assert_int_equal(tell_one(GP, &entry), VERDICT_STORED);
}

/* What a broker refuses is in its journal and its log too. */
static void be_refused(void)
{
    struct world *world = scene->world;
    struct world_entry entry;

    world_decision(world, GP, 99, ACTION_OPEN, OUTCOME_NONE, &entry);
    assert_false(verdict_is_stored(tell_one(GP, &entry)));
    miss(GP, 40, &entry);
    assert_int_equal(tell_one(GP, &entry), VERDICT_STORED);
    entry.header.record.level = 2;
    world_refreeze(&entry);
    assert_int_equal(tell_one(GP, &entry), VERDICT_EQUIVOCATION);
    miss(GP, 41, &entry);
    const struct world_parcel forged = {
        .agency = GP, .signer = HOSPITAL, .n = 1, .entries = &entry};
    assert_false(verdict_is_stored(world_send(world, &forged)));
    commit_flush_refused(&world->commit);
    (void)attest_step(&world->attest, false, 0);
    scene->refused = world->commit.batch;
}

static void offer_unsigned_calendar(void)
{
    const struct govern_document document = {
        .document = GOVERNANCE_CALENDAR,
        .text = slice_of_text("{}"),
        .note = slice_of_text("no note\n"),
    };

    assert_true(gate_offer(&scene->world->gate, &document));
    world_turn(scene->world);
}

/* --- the copy --- */

static void remove_folder(const char *path)
{
    scratch_remove(path);
}

static void make_copy(void)
{
    (void)snprintf(scene->copy, sizeof(scene->copy), "%s/copy", scene->dir);
    remove_folder(scene->copy);
    assert_int_equal(store_copy(scene->world->store, scene->copy), 0);
}

static int open_scene(void **state)
{
    (void)state;
    scene = base_zalloc(1, sizeof(*scene));
    scene->world = world_new();
    scratch_make(scene->dir);
    raise_alert();
    decide_and_acknowledge();
    be_refused();
    world_revoke(scene->world, 1U << HOSPITAL);
    offer_unsigned_calendar();
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    remove_folder(scene->dir);
    world_free(&scene->world);
    base_free(&scene);
    return 0;
}

static int copy_store(void **state)
{
    (void)state;
    make_copy();
    return 0;
}

static struct audit audit_of(const char *dir)
{
    struct audit audit = {.sound = false};
    struct error error = ERROR_NULL;

    if (audit_store(dir, NULL, NULL, &audit, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    return audit;
}

static void expect_sound(const struct audit *audit)
{
    if (!audit->sound) {
        fail_msg("not sound: %s", audit->problem);
    }
    assert_string_equal(audit->problem, "");
}

static void expect_problem(const struct audit *audit, const char *what, const char *problem)
{
    if (audit->sound || strstr(audit->problem, problem) == NULL) {
        fail_msg("%s: %s, not \"%s\"", what, audit->sound ? "sound" : audit->problem, problem);
    }
}

/* --- the copy, changed through the store --- */

typedef void change(struct store_txn *txn);

/* The audit of the copy with a change that leaves every page as LMDB wants it. */
static struct audit audit_changed(change *change_it)
{
    make_copy();
    struct store *store = ledger_store_open(scene->copy);
    struct store_txn *txn = store_begin(store);
    change_it(txn);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    return audit_of(scene->copy);
}

static void destroy(struct store_txn *txn, enum table table)
{
    struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);

    while (walk.live) {
        uint8_t key[64];
        struct slice copied = slice_make(key, walk.key.len);
        memcpy(key, walk.key.data, walk.key.len);
        assert_true(store_delete(txn, table, copied));
        store_walk_next(&walk);
    }
    store_walk_end(&walk);
}

static void lose_the_bodies(struct store_txn *txn)
{
    destroy(txn, T_BLOB);
}

static void say_that_bodies_were_destroyed(struct store_txn *txn)
{
    struct entry_row row;

    destroy(txn, T_BLOB);
    struct store_walk walk = store_walk_from(txn, T_ENTRY, SLICE_NULL);
    while (walk.live) {
        struct entry_id id = entry_id_unpack(walk.key.data);
        assert_true(entry_row_get(txn, &id, &row));
        row.destroyed = DESTROYED_DELIVERED;
        entry_row_put(txn, &id, &row);
        struct store_key key = key_entry(&id);
        store_walk_end(&walk);
        walk = store_walk_from(txn, T_ENTRY, store_key_slice(&key));
        store_walk_next(&walk);
    }
    store_walk_end(&walk);
}

static void destroy_parcels(struct store_txn *txn)
{
    destroy(txn, T_PARCEL);
}

static void destroy_mailboxes_and_cosignatures(struct store_txn *txn)
{
    destroy(txn, T_AGENCY);
}

static void delete_row(struct store_txn *txn, enum table table, struct store_key key)
{
    assert_true(store_delete(txn, table, store_key_slice(&key)));
}

static void lose_a_batch(struct store_txn *txn)
{
    delete_row(txn, T_JOURNAL, store_key_u64(4));
}

/* As it is, under a key that begins with its number. */
static void lengthen_the_key_of_a_batch(struct store_txn *txn)
{
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_BATCH_BYTES_MAX);
    struct store_key key = store_key_u64(4);
    struct slice value;

    assert_true(store_get(txn, T_JOURNAL, store_key_slice(&key), &value));
    buf_add_slice(&row, value);
    delete_row(txn, T_JOURNAL, key);
    key.bytes[key.len++] = 0;
    store_put(txn, T_JOURNAL, store_key_slice(&key), buf_slice(&row));
}

static void lose_the_last_batch(struct store_txn *txn)
{
    delete_row(txn, T_JOURNAL, store_key_u64(meta_get(txn, "batch", 0)));
}

static void lose_the_row_of_an_entry(struct store_txn *txn)
{
    delete_row(txn, T_ENTRY, key_entry(&scene->first));
}

static void lose_the_last_leaf(struct store_txn *txn)
{
    delete_row(txn, T_LOG, store_key_u64(log_size(txn, T_LOG) - 1));
}

static void lose_a_leaf(struct store_txn *txn)
{
    delete_row(txn, T_LOG, store_key_u64(7));
}

static void lose_the_agreements(struct store_txn *txn)
{
    delete_row(txn, T_GOVERNANCE, key_governance(GOVERNANCE_AGREEMENTS));
}

static void say_it_was_refused(struct store_txn *txn)
{
    struct entry_row row;

    assert_true(entry_row_get(txn, &scene->first, &row));
    row.verdict = VERDICT_BAD_GRANT;
    entry_row_put(txn, &scene->first, &row);
}

static void put_one_more_into_a_parcel(struct store_txn *txn)
{
    _cleanup_(buf_deinit) struct buf changed = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const uint8_t digest[CAIRN_HASH_BYTES] = {1};
    struct entry_row row;
    struct slice value;

    assert_true(entry_row_get(txn, &scene->first, &row));
    struct store_key key = key_batch_input(row.batch, row.input);
    assert_true(store_get(txn, T_PARCEL, store_key_slice(&key), &value));
    buf_add_slice(&changed, value);
    changed.data[changed.len - CAIRN_HASH_BYTES - 1] = 2; /* entries */
    buf_add(&changed, digest, sizeof(digest));
    store_put(txn, T_PARCEL, store_key_slice(&key), buf_slice(&changed));
}

static void change_byte(struct store_txn *txn, uint64_t batch, size_t at)
{
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_BATCH_BYTES_MAX);
    struct store_key key = store_key_u64(batch);
    struct slice value;

    assert_true(store_get(txn, T_JOURNAL, store_key_slice(&key), &value));
    buf_add_slice(&row, value);
    row.data[at < row.len ? at : row.len - 1] ^= 1;
    store_put(txn, T_JOURNAL, store_key_slice(&key), buf_slice(&row));
}

/* The documents of the world are followed by a start: its length, its type, the software's hash. */
static void say_another_software_started(struct store_txn *txn)
{
    change_byte(txn, 2, BATCH_HEAD_BYTES + 4 + 1);
}

static void say_fewer_frames_were_refused(struct store_txn *txn)
{
    change_byte(txn, scene->refused, SIZE_MAX);
}

/* A leaf is added as the broker would, hashes and all. */
static void add_leaf(struct store_txn *txn, const struct leaf *leaf)
{
    struct tree_range range;
    uint8_t storage[LEAF_MAX_BYTES];

    assert_int_equal(log_load(txn, T_LOG, &range), 0);
    (void)log_append(txn, T_LOG, &range, leaf_write(leaf, storage));
}

static void tell_of_an_entry_that_never_came(struct store_txn *txn)
{
    const struct leaf leaf = {
        .type = LEAF_ENTRY,
        .agency = GP,
        .id = {.agency = GP, .stream = scene->first.stream, .seq = 1000},
        .kind = ENTRY_RECORD,
        .verdict = VERDICT_STORED,
    };

    add_leaf(txn, &leaf);
}

static void tell_of_a_document_that_never_came(struct store_txn *txn)
{
    const struct leaf leaf = {
        .type = LEAF_GOVERNANCE, .number = 9, .detail = GOVERNANCE_AGREEMENTS};

    add_leaf(txn, &leaf);
}

static void tell_of_another_start(struct store_txn *txn)
{
    add_leaf(txn, &(const struct leaf){.type = LEAF_START});
}

static void say_an_agency_saw_another_log(struct store_txn *txn)
{
    struct agency_row row;

    agency_row_get(txn, MASH, &row);
    row.log_root.bytes[0] ^= 1;
    agency_row_put(txn, MASH, &row);
}

static void say_another_key_cosigned(struct store_txn *txn)
{
    struct agency_row row;

    agency_row_get(txn, MASH, &row);
    row.cosigned_by ^= 1;
    agency_row_put(txn, MASH, &row);
}

static void say_an_agency_cosigned_who_did_not(struct store_txn *txn)
{
    struct agency_row row;

    agency_row_get(txn, MASH, &row);
    agency_row_put(txn, HEALTH_VISITING, &row);
}

/* --- the copy, changed on disk --- */

#define CONTENT_BYTES 4096

/* Bytes that lie in the store: the beginning, if they are more. */
struct content {
    uint8_t bytes[CONTENT_BYTES];
    size_t len;
};

static struct content content_of(struct slice bytes)
{
    struct content content = {.len = bytes.len < CONTENT_BYTES ? bytes.len : CONTENT_BYTES};

    assert_true(bytes.len > 0);
    memcpy(content.bytes, bytes.data, content.len);
    return content;
}

static struct slice row_of(struct store_txn *txn, enum table table, struct store_key key)
{
    struct slice value = SLICE_NULL;

    assert_true(store_get(txn, table, store_key_slice(&key), &value));
    return value;
}

static struct slice leaf_of(struct store_txn *txn)
{
    struct entry_row row;
    struct slice leaf;

    assert_true(entry_row_get(txn, &scene->first, &row));
    assert_int_equal(log_leaf(txn, T_LOG, row.log_index, &leaf), 0);
    return leaf;
}

static struct slice told_leaf_of(struct store_txn *txn)
{
    struct mailbox_row row;
    struct slice leaf;

    assert_true(mailbox_row_unpack(row_of(txn, T_MAILBOX, key_mailbox(GP, 1)), &row));
    assert_int_equal(log_leaf(txn, T_LOG, row.told, &leaf), 0);
    return leaf;
}

static struct entry_input input_of(const struct entry_id *id, struct store_txn *txn)
{
    struct entry_row row;
    struct entry_input input;

    assert_true(entry_row_get(txn, id, &row));
    assert_true(journal_entry_at(txn, row.batch, row.offset, &input));
    return input;
}

static struct slice header_of(struct store_txn *txn)
{
    return input_of(&scene->first, txn).header;
}

static struct slice acknowledgement_of(struct store_txn *txn)
{
    return input_of(&scene->acknowledged, txn).header;
}

static struct reader blob_of(struct store_txn *txn)
{
    struct entry_row row;

    assert_true(entry_row_get(txn, &scene->first, &row));
    return reader_over(row_of(txn, T_BLOB, key_batch_input(row.batch, row.input)));
}

static struct slice body_of(struct store_txn *txn)
{
    struct reader blob = blob_of(txn);

    return read_sized(&blob, CAIRN_BODY_MAX_BYTES);
}

static struct slice grants_of(struct store_txn *txn)
{
    struct reader blob = blob_of(txn);

    (void)read_sized(&blob, CAIRN_BODY_MAX_BYTES);
    return slice_make(blob.at, blob.left);
}

static struct reader parcel_of(struct store_txn *txn)
{
    struct entry_row row;

    assert_true(entry_row_get(txn, &scene->first, &row));
    return reader_over(row_of(txn, T_PARCEL, key_batch_input(row.batch, row.input)));
}

static struct slice parcel_head_of(struct store_txn *txn)
{
    struct reader parcel = parcel_of(txn);

    return read_sized(&parcel, CAIRN_HEADER_MAX_BYTES);
}

static struct slice signature_of(struct store_txn *txn)
{
    struct reader parcel = parcel_of(txn);

    (void)read_sized(&parcel, CAIRN_HEADER_MAX_BYTES);
    return read_bytes(&parcel, SIGN_SIGNATURE_BYTES);
}

static struct reader directory_of(struct store_txn *txn)
{
    struct reader row =
        reader_over(row_of(txn, T_GOVERNANCE, key_governance(GOVERNANCE_DIRECTORY)));

    (void)read_u64(&row);
    return row;
}

static struct slice document_of(struct store_txn *txn)
{
    struct reader row = directory_of(txn);

    return read_sized(&row, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
}

static struct slice note_of(struct store_txn *txn)
{
    struct reader row = directory_of(txn);

    (void)read_sized(&row, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    return read_sized(&row, CAIRN_NOTE_MAX_BYTES);
}

static struct slice root_of(struct store_txn *txn)
{
    struct reader row = reader_over(row_of(txn, T_GOVERNANCE, key_governance(GOVERNANCE_ROOT)));

    (void)read_u64(&row);
    return read_sized(&row, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
}

/* After three numbers and the root. */
static struct slice cosignature_of(struct store_txn *txn)
{
    struct slice row = row_of(txn, T_AGENCY, key_agency(MASH));

    return slice_make(row.data + 24 + CAIRN_HASH_BYTES, COSIGNATURE_BYTES);
}

struct file {
    char path[PATH_BYTES + 16];
    uint8_t *bytes;
    size_t len;
};

static struct file read_copy(void)
{
    struct file file = {.bytes = NULL};
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(64U << 20);

    (void)snprintf(file.path, sizeof(file.path), "%s/data.mdb", scene->copy);
    assert_int_equal(file_read(file.path, &bytes), 0);
    file.len = bytes.len;
    file.bytes = base_alloc(bytes.len);
    memcpy(file.bytes, bytes.data, bytes.len);
    return file;
}

/* Opened and closed each time: a store is not opened while its process has the file open. */
static void flip(const struct file *file, size_t at, uint8_t bits)
{
    uint8_t changed = file->bytes[at] ^ bits;
    int fd = open(file->path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
    assert_int_equal(close(fd), 0);
}

#define FLIPS 10 /* places in each content, from its first byte to its last */

struct attack {
    const char *what;
    struct slice (*where)(struct store_txn *txn);
    size_t times; /* that these bytes lie in the store */
    const char *problem;
    const char *or_problem; /* of another of these times; may be NULL */
};

/* True when the change is found, and named as it should be; false when nothing is wrong. */
static bool is_found(const struct attack *attack)
{
    struct audit audit = audit_of(scene->copy);

    if (!audit.sound && strstr(audit.problem, attack->problem) == NULL &&
        (attack->or_problem == NULL || strstr(audit.problem, attack->or_problem) == NULL)) {
        fail_msg("%s changed: %s", attack->what, audit.problem);
    }
    return !audit.sound;
}

static bool flip_is_found(const struct attack *attack, const struct file *file, size_t at)
{
    flip(file, at, (uint8_t)(1U << (at % 8)));
    bool found = is_found(attack);
    flip(file, at, 0);
    return found;
}

/* The file holds old bytes too, in pages that are free again: there no change is found, at any
 * place; where one is, all are. */
static void attack_content(const struct attack *attack, const struct content *content)
{
    struct file file = read_copy();
    size_t live = 0;
    const uint8_t *at = file.bytes;

    while ((at = memmem(at, file.len - (size_t)(at - file.bytes), content->bytes, content->len)) !=
           NULL) {
        size_t start = (size_t)(at - file.bytes);
        bool counts = flip_is_found(attack, &file, start);
        for (size_t i = 1; counts && i < FLIPS; i++) {
            size_t place = start + i * (content->len - 1) / (FLIPS - 1);
            if (!flip_is_found(attack, &file, place)) {
                fail_msg("%s changed at byte %zu: sound", attack->what, place - start);
            }
        }
        live += counts ? 1 : 0;
        at++;
    }
    if (live != attack->times) {
        fail_msg("%s: found %zu times, not %zu", attack->what, live, attack->times);
    }
    base_free(&file.bytes);
}

/* --- the stories --- */

static void a_store_as_the_broker_wrote_it_is_sound_and_counted(void **state)
{
    (void)state;
    struct head head;
    board_head(scene->world->board, &head);

    struct audit audit = audit_of(scene->copy);

    expect_sound(&audit);
    assert_int_equal(audit.head.size, head.checkpoint.size);
    assert_true(hash_equal(&audit.head.root, &head.checkpoint.root));
    assert_string_equal(audit.origin, GOVERNING_ORIGIN);
    assert_int_equal(audit.batches, scene->world->commit.batch);
    assert_int_equal(audit.entries, scene->entries);
    assert_int_equal(audit.bodies, scene->bodies);
    assert_int_equal(audit.bodies_absent, 0);
    assert_int_equal(audit.parcels, scene->signatures);
    assert_int_equal(audit.documents, GOVERNANCE_DOCUMENTS + 1); /* the directory twice */
    assert_int_equal(audit.cosignatures, 2);
}

static void the_store_of_a_running_broker_is_sound_too(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/again", scene->dir);
    struct world_entry entry;
    miss(HEALTH_VISITING, 3, &entry);
    assert_int_equal(tell_one(HEALTH_VISITING, &entry), VERDICT_STORED);

    assert_int_equal(store_copy(scene->world->store, path), 0);

    struct audit audit = audit_of(path);
    expect_sound(&audit);
    assert_int_equal(audit.entries, scene->entries);
}

static void cosignatures_that_are_not_there_are_not_counted(void **state)
{
    (void)state;
    struct audit audit = audit_changed(destroy_mailboxes_and_cosignatures);

    expect_sound(&audit);
    assert_int_equal(audit.cosignatures, 0);
}

static void whatever_is_missing_added_or_said_otherwise_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        change *change_it;
        const char *problem;
    } rows[] = {
        {"a batch lost", lose_a_batch, "batch 4 of the journal is missing"},
        {"a batch under a longer key", lengthen_the_key_of_a_batch,
         "batch 4 of the journal is missing"},
        {"the last batch lost", lose_the_last_batch, "the journal ends at batch"},
        {"bodies lost", lose_the_bodies, "is gone, and nothing says that it was destroyed"},
        {"bodies said to be destroyed", say_that_bodies_were_destroyed,
         "bodies are gone, and the log tells of 0"},
        {"parcels lost", destroy_parcels, "the parcel of 1-"},
        {"a row lost", lose_the_row_of_an_entry, "is in the journal and has no row"},
        {"a verdict changed", say_it_was_refused, "does not say what the journal says of"},
        {"a parcel grown", put_one_more_into_a_parcel, "the signature of the parcel of 1-"},
        {"a leaf lost", lose_a_leaf, "log entry 7 does not hash"},
        {"a document lost", lose_the_agreements, "in force (agreements) is not the journal's"},
        {"an entry invented", tell_of_an_entry_that_never_came, "entries, and the journal of"},
        {"a document invented", tell_of_a_document_that_never_came,
         "tells of something that the journal does not"},
        {"a start invented", tell_of_another_start, "tells of something that the journal does not"},
        {"another start", say_another_software_started, "log entry 1 tells of something"},
        {"other frames refused", say_fewer_frames_were_refused, "tells of something that"},
        {"another log seen", say_an_agency_saw_another_log, "the cosignature of agency 4"},
        {"another key", say_another_key_cosigned, "the cosignature of agency 4"},
        {"a cosignature lent", say_an_agency_cosigned_who_did_not, "the cosignature of agency 3"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct audit audit = audit_changed(rows[i].change_it);
        expect_problem(&audit, rows[i].what, rows[i].problem);
    }
}

static void a_log_without_its_last_leaf_has_another_head(void **state)
{
    (void)state;
    struct head head;
    board_head(scene->world->board, &head);

    struct audit audit = audit_changed(lose_the_last_leaf);

    assert_true(!audit.sound || audit.head.size == head.checkpoint.size - 1);
}

static void a_byte_changed_on_disk_is_found_and_named(void **state)
{
    (void)state;
    static const struct attack attacks[] = {
        {"a leaf", leaf_of, 1, "does not hash to what is stored", NULL},
        {"a leaf that tells of a telling", told_leaf_of, 1, "does not hash to what is stored",
         NULL},
        {"a header", header_of, 1, "header or body of 1-", NULL},
        {"a body", body_of, 1, "header or body of 1-", NULL},
        {"the grants of a record", grants_of, 1, "the stored grants of 1-", NULL},
        {"the head of a parcel", parcel_head_of, 1, "the parcel of 1-", NULL},
        {"the signature of a parcel", signature_of, 1, "the signature of the parcel of 1-", NULL},
        {"an acknowledgement", acknowledgement_of, 1, "the header of 4-", NULL},
        {"a cosignature", cosignature_of, 2, "the cosignature of agency 4", "the header of 4-"},
        {"the directory", document_of, 2, "a governance document (directory)",
         "in force (directory)"},
        {"the note of the directory", note_of, 2, "a governance document (directory)",
         "in force (directory)"},
        {"the root document", root_of, 2, "a governance document (root)", "in force (root)"},
    };
    struct content contents[ARRAY_LEN(attacks)];
    struct store_txn *txn = store_read(scene->world->store);
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        contents[i] = content_of(attacks[i].where(txn));
    }
    store_end(&txn);

    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        attack_content(&attacks[i], &contents[i]);
    }

    struct audit audit = audit_of(scene->copy);
    expect_sound(&audit); /* every byte was put back */
}

static void what_is_no_store_is_an_error_and_no_finding(void **state)
{
    (void)state;
    struct audit audit;
    struct error error = ERROR_NULL;

    assert_int_equal(audit_store(scene->dir, NULL, NULL, &audit, &error), -ENOENT);

    assert_false(audit.sound);
    assert_string_not_equal(error.what, "");
}

static void note_progress(void *data, uint64_t done, uint64_t all)
{
    uint64_t *last = data;

    assert_true(done > *last && done <= all);
    *last = done;
}

static void a_long_audit_says_how_far_it_is(void **state)
{
    (void)state;
    struct audit audit;
    struct error error = ERROR_NULL;
    uint64_t last = 0;
    while (scene->world->commit.batch < 80) {
        struct world_entry entry;
        world_acknowledgement(scene->world, HEALTH_VISITING, 0, &entry);
        assert_int_equal(tell_one(HEALTH_VISITING, &entry), VERDICT_STORED);
    }
    make_copy();

    assert_int_equal(audit_store(scene->copy, note_progress, &last, &audit, &error), 0);

    expect_sound(&audit);
    assert_int_equal(last, 64);
}

/* --- batches that make no leaf --- */

static void change_the_salt_of_a_batch_without_a_leaf(struct store_txn *txn)
{
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_BATCH_BYTES_MAX);
    const struct store_key key = store_key_u64(scene->leafless);
    struct slice value;

    assert_true(store_get(txn, T_JOURNAL, store_key_slice(&key), &value));
    buf_add_slice(&row, value);
    row.data[BATCH_HEAD_BYTES - 5] ^= 1;
    store_put(txn, T_JOURNAL, store_key_slice(&key), buf_slice(&row));
}

static void a_batch_without_a_leaf_is_under_the_next_however_many_have_none(void **state)
{
    (void)state;
    struct world_entry entry;
    uint64_t size = world_log_size(scene->world);
    scene->leafless = scene->world->commit.batch + 1;
    for (int i = 0; i < 3; i++) {
        offer_unsigned_calendar();
    }
    assert_int_equal(scene->world->commit.batch, scene->leafless + 2);
    assert_int_equal(world_log_size(scene->world), size);
    world_acknowledgement(scene->world, HEALTH_VISITING, 0, &entry);
    assert_int_equal(tell_one(HEALTH_VISITING, &entry), VERDICT_STORED);

    struct audit audit = audit_changed(change_the_salt_of_a_batch_without_a_leaf);

    expect_problem(&audit, "a salt that made no leaf", "was made for something else than");
}

#define STORY(story) cmocka_unit_test_setup(story, copy_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_store_as_the_broker_wrote_it_is_sound_and_counted),
        STORY(the_store_of_a_running_broker_is_sound_too),
        STORY(cosignatures_that_are_not_there_are_not_counted),
        STORY(whatever_is_missing_added_or_said_otherwise_is_named),
        STORY(a_log_without_its_last_leaf_has_another_head),
        STORY(a_byte_changed_on_disk_is_found_and_named),
        STORY(what_is_no_store_is_an_error_and_no_finding),
        STORY(a_batch_without_a_leaf_is_under_the_next_however_many_have_none),
        STORY(a_long_audit_says_how_far_it_is),
    };

    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
