/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/witness.h"

#include <errno.h>
#include <string.h>

#include "agents/core/confirm.h"

#define META_HEAD      "head"          /* size u64, root[32], note */
#define META_PROMISED  "promised"      /* likewise */
#define META_FORK_HELD "fork-held"     /* the note that was held ... */
#define META_FORK_SEEN "fork-shown"    /* ... and the one that contradicts it; there while forked */
#define META_OLD_HELD  "evidence-held" /* the same of the last fork that was cleared */
#define META_OLD_SEEN  "evidence-shown"

/* --- a head as it lies in META --- */

static bool get(struct store_txn *txn, const char *name, struct checkpoint *ret, size_t *ret_len,
                char ret_note[WITNESS_NOTE_BYTES])
{
    struct slice value;
    if (!agent_meta_bytes(txn, name, &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct checkpoint head = {.size = read_u64(&reader)};
    read_into(&reader, head.root.bytes, sizeof(head.root.bytes));
    struct slice note = read_sized(&reader, WITNESS_NOTE_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = head;
    *ret_len = note.len;
    memcpy(ret_note, note.data, note.len);
    return true;
}

static void put(struct store_txn *txn, const char *name, const struct checkpoint *head,
                struct slice note)
{
    uint8_t storage[8 + CAIRN_HASH_BYTES + 4 + WITNESS_NOTE_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, head->size);
    write_bytes(&writer, head->root.bytes, sizeof(head->root.bytes));
    write_sized(&writer, note);
    agent_meta_put_bytes(txn, name, writer_slice(&writer));
}

void witness_load(struct store_txn *txn, struct witness *ret)
{
    *ret = (struct witness){.note_len = 0};
    tree_empty_root(&ret->head.root);
    (void)get(txn, META_HEAD, &ret->head, &ret->note_len, ret->note);
    (void)get(txn, META_PROMISED, &ret->promised, &ret->promised_len, ret->promised_note);
}

void witness_save(struct store_txn *txn, const struct witness *witness)
{
    put(txn, META_HEAD, &witness->head, slice_make(witness->note, witness->note_len));
}

/* --- what a receipt promises --- */

void witness_promise(struct witness *witness, const struct checkpoint *head, struct slice note)
{
    bool held = head->size == witness->head.size && hash_equal(&head->root, &witness->head.root);
    if (note.len <= sizeof(witness->promised_note) && !held &&
        head->size > witness->promised.size) {
        witness->promised = *head;
        witness->promised_len = note.len;
        memcpy(witness->promised_note, note.data, note.len);
    }
}

void witness_save_promise(struct store_txn *txn, const struct checkpoint *head, struct slice note)
{
    struct checkpoint held = {.size = 0};
    size_t len;
    char ignored[WITNESS_NOTE_BYTES];
    (void)get(txn, META_PROMISED, &held, &len, ignored);
    if (note.len <= sizeof(ignored) && head->size > held.size) {
        put(txn, META_PROMISED, head, note);
    }
}

static bool one_log(const struct checkpoint *a, const struct checkpoint *b,
                    const struct tree_proof *proof)
{
    const struct checkpoint *old = a->size < b->size ? a : b;
    const struct checkpoint *new = a->size < b->size ? b : a;
    const struct tree_consistency claim = {
        .old_size = old->size,
        .new_size = new->size,
        .old_root = &old->root,
        .new_root = &new->root,
    };
    return old->size == new->size ? hash_equal(&old->root, &new->root)
                                  : tree_check_consistency(&claim, proof);
}

bool witness_keep_promise(struct witness *witness, const struct tree_proof *proof)
{
    if (!one_log(&witness->head, &witness->promised, proof)) {
        return false;
    }
    if (witness->promised.size > witness->head.size) {
        witness->head = witness->promised;
        witness->note_len = witness->promised_len;
        memcpy(witness->note, witness->promised_note, witness->promised_len);
    }
    witness->promised.size = 0;
    return true;
}

void witness_save_kept(struct store_txn *txn, uint64_t size)
{
    struct checkpoint held;
    size_t len;
    char ignored[WITNESS_NOTE_BYTES];
    if (get(txn, META_PROMISED, &held, &len, ignored) && held.size <= size) {
        (void)store_delete(txn, AT_META, slice_of_text(META_PROMISED));
    }
}

/* --- judging --- */

enum witness_result witness_judge(const struct witness *held, const struct note_key *key,
                                  struct slice note, const struct tree_proof *proof,
                                  struct witness *ret)
{
    struct witness shown = {.note_len = note.len};
    if (note.len > sizeof(shown.note) || !checkpoint_check(note, key, &shown.head)) {
        return WITNESS_NOT_SIGNED;
    }
    if (shown.head.size == held->head.size && hash_equal(&shown.head.root, &held->head.root)) {
        return WITNESS_SAME;
    }
    struct tree_consistency claim = {
        .old_size = held->head.size,
        .new_size = shown.head.size,
        .old_root = &held->head.root,
        .new_root = &shown.head.root,
    };
    if (shown.head.size <= held->head.size || !tree_check_consistency(&claim, proof)) {
        return WITNESS_FORK;
    }
    memcpy(shown.note, note.data, note.len);
    shown.promised = held->promised; /* owed still: this head may be of another log than that */
    shown.promised_len = held->promised_len;
    memcpy(shown.promised_note, held->promised_note, held->promised_len);
    *ret = shown;
    return WITNESS_NEWER;
}

/* --- evidence --- */

void witness_save_fork(struct store_txn *txn, const struct witness *held, struct slice note)
{
    agent_meta_put_bytes(txn, META_FORK_HELD, slice_make(held->note, held->note_len));
    agent_meta_put_bytes(txn, META_FORK_SEEN, note);
}

bool witness_forked(struct store_txn *txn)
{
    struct slice value;
    return agent_meta_bytes(txn, META_FORK_SEEN, &value);
}

bool witness_evidence(struct store_txn *txn, bool shown, struct slice *ret)
{
    return agent_meta_bytes(txn, shown ? META_FORK_SEEN : META_FORK_HELD, ret) ||
           agent_meta_bytes(txn, shown ? META_OLD_SEEN : META_OLD_HELD, ret);
}

static void rename_meta(struct store_txn *txn, const char *from, const char *to)
{
    uint8_t copy[CAIRN_NOTE_MAX_BYTES];
    struct slice value;
    if (agent_meta_bytes(txn, from, &value) && value.len <= sizeof(copy)) {
        memcpy(copy, value.data, value.len);
        agent_meta_put_bytes(txn, to, slice_make(copy, value.len));
        (void)store_delete(txn, AT_META, slice_of_text(from));
    }
}

void witness_clear_fork(struct store_txn *txn)
{
    if (witness_forked(txn)) {
        rename_meta(txn, META_FORK_HELD, META_OLD_HELD);
        rename_meta(txn, META_FORK_SEEN, META_OLD_SEEN);
        (void)store_delete(txn, AT_META, slice_of_text(META_HEAD));
        (void)store_delete(txn, AT_META, slice_of_text(META_PROMISED));
        confirm_forget(txn);
    }
}
