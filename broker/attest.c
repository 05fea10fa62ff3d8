/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One head, in this order and no other:
 *
 *   1 re-read   the new leaves through a read transaction, re-hashed
 *   2 mark      high-water file
 *   3 sign      the checkpoint: asked of the signer, with the proof from its last one
 *   4 show      the head on the board
 *   5 durable   answer and publish may go on
 *
 * A batch that added no leaf, whose entries were all known or refused, has a head already.
 *
 * Not done here: when a batch is written (commit), who is told how (answer, publish).
 */
#include "broker/attest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "ledger/state.h"
#include "store/log.h"

/* Only what can be read back from the disk's transaction, and hashes to what it should, is signed.
 */
static void reread(struct attest *attest, uint64_t size)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(attest->store);
    int r = txn == NULL ? -ENOMEM : log_reread(txn, T_LOG, size, &attest->range);
    if (r != 0) {
        log_fatal("reread_failed", "from=%" PRIu64 " to=%" PRIu64 " error=\"%s\"",
                  attest->range.size, size, strerror(-r));
    }
}

/* The way from what the signer signed last to this head, by what is on the disk. */
static int prove_head(struct attest *attest, uint64_t size, struct tree_proof *ret)
{
    uint64_t last = attest->signer->last.size;
    if (last == 0 || last >= size) {
        return 0;
    }
    _cleanup_(store_end) struct store_txn *txn = store_read(attest->store);
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    return txn == NULL ? -ENOMEM : tree_prove_consistency(&tree, last, size, ret);
}

static void sign_head(struct attest *attest, struct head *ret)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(sizeof(ret->note));
    struct tree_proof proof = {.n = 0};
    ret->checkpoint.size = attest->range.size;
    tree_root(&attest->range, &ret->checkpoint.root);
    int r = highwater_write(&attest->highwater, &ret->checkpoint);
    if (r != 0) {
        log_fatal("highwater_failed", "size=%" PRIu64 " error=\"%s\"", ret->checkpoint.size,
                  strerror(-r));
    }
    CRASH_POINT(ATTEST_MARKED);
    r = prove_head(attest, ret->checkpoint.size, &proof);
    r = r == 0 ? signer_client_sign(attest->signer, &ret->checkpoint, &proof, &note) : r;
    if (r != 0 || !buf_ok(&note)) {
        log_fatal("sign_failed", "size=%" PRIu64 " error=\"%s\"", ret->checkpoint.size,
                  strerror(-r));
    }
    CRASH_POINT(ATTEST_SIGNED);
    ret->note_len = note.len;
    memcpy(ret->note, note.data, note.len);
}

static void new_head(struct attest *attest, uint64_t size)
{
    struct head head = {.note_len = 0};
    reread(attest, size);
    CRASH_POINT(ATTEST_REREAD);
    sign_head(attest, &head);
    board_set_head(attest->board, &head);
    attest->signed_size = size;
    count_set(attest->counters, COUNT_COMMIT_LOG_SIZE, size);
    CRASH_POINT(ATTEST_SHOWN);
}

bool attest_step(struct attest *attest, bool wait, int timeout_ms)
{
    struct written written;
    if (!pipeline_to_attest(attest->pipeline, wait, timeout_ms, &written)) {
        return false;
    }
    if (written.log_size != attest->signed_size) {
        new_head(attest, written.log_size);
    }
    pipeline_durable(attest->pipeline, &written);
    return true;
}

/* --- recovery --- */

static int check_mark(struct store_txn *txn, const char *dir, const struct checkpoint *mark,
                      struct error *error)
{
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct hash root;
    uint64_t size = log_size(txn, T_LOG);
    if (mark->size > size) {
        return error_set(error, dir,
                         "the store has %" PRIu64 " log entries and has signed %" PRIu64
                         ": it is older than its high-water mark; restore a newer copy",
                         size, mark->size);
    }
    if (mark->size == 0) {
        return 0;
    }
    int r = tree_root_at(&tree, mark->size, &root);
    if (r != 0 || !hash_equal(&root, &mark->root)) {
        return error_set(error, dir,
                         "the store's log differs from what was signed at size %" PRIu64
                         ": run `cairn log verify` and restore a sound copy",
                         mark->size);
    }
    return 0;
}

/* The tail is re-hashed at every start, and whatever is not signed yet; the whole by `cairn log
 * verify`. */
#define RECOVER_LEAVES 10000

static uint64_t recover_from(const struct attest *attest, uint64_t size)
{
    uint64_t from = size > RECOVER_LEAVES ? size - RECOVER_LEAVES : 0;
    return from < attest->signer->last.size ? from : attest->signer->last.size;
}

static int recover_range(struct attest *attest, struct store_txn *txn, const char *dir,
                         struct error *error)
{
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    uint64_t size = log_size(txn, T_LOG);
    int r = tree_range_load(&tree, recover_from(attest, size), &attest->range);
    if (r == 0) {
        r = log_reread(txn, T_LOG, size, &attest->range);
    }
    if (r != 0) {
        (void)error_set(
            error, dir,
            "the newest log entries do not hash to what is stored; run `cairn log verify`");
    }
    return r;
}

int attest_recover(struct attest *attest, const char *dir, const struct checkpoint *mark,
                   struct error *error)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(attest->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    int r = check_mark(txn, dir, mark, error);
    if (r == 0) {
        r = check_mark(txn, dir, &attest->signer->last, error);
    }
    if (r == 0) {
        r = check_mark(txn, dir, &attest->highwater.shown, error);
    }
    return r == 0 ? recover_range(attest, txn, dir, error) : r;
}

void attest_deinit(struct attest *attest)
{
    highwater_close(&attest->highwater);
}
