/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/witness.h"

#include <errno.h>
#include <string.h>

#include "agents/core/state.h"

#define META_HEAD      "head"          /* size u64, root[32], note */
#define META_FORK_HELD "fork-held"     /* the note that was held ... */
#define META_FORK_SEEN "fork-shown"    /* ... and the one that contradicts it; there while forked */
#define META_OLD_HELD  "evidence-held" /* the same of the last fork that was cleared */
#define META_OLD_SEEN  "evidence-shown"

void witness_load(struct store_txn *txn, struct witness *ret)
{
    struct slice value;
    *ret = (struct witness){.note_len = 0};
    tree_empty_root(&ret->head.root);
    if (!agent_meta_bytes(txn, META_HEAD, &value)) {
        return;
    }
    struct reader reader = reader_over(value);
    uint64_t size = read_u64(&reader);
    read_into(&reader, ret->head.root.bytes, sizeof(ret->head.root.bytes));
    struct slice note = read_sized(&reader, sizeof(ret->note));
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return;
    }
    ret->head.size = size;
    ret->note_len = note.len;
    memcpy(ret->note, note.data, note.len);
}

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
    *ret = shown;
    return WITNESS_NEWER;
}

void witness_save(struct store_txn *txn, const struct witness *witness)
{
    uint8_t storage[8 + CAIRN_HASH_BYTES + 4 + sizeof(witness->note)];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, witness->head.size);
    write_bytes(&writer, witness->head.root.bytes, sizeof(witness->head.root.bytes));
    write_sized(&writer, slice_make(witness->note, witness->note_len));
    agent_meta_put_bytes(txn, META_HEAD, writer_slice(&writer));
}

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
    }
}
