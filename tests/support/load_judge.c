/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "ledger/state.h"
#include "os/files.h"
#include "support/load_internal.h"
#include "wire/leaf.h"

#define JOURNAL_BYTES (32 * 1024 * 1024)

/* The broker's queue to one connection is short, and it drops what has no room there. */
#define WINDOW 4

/* Questions that the broker is asked one after the other, a few at a time, each until it is
 * answered. */
struct asking {
    bool (*ask)(struct load *load, size_t which); /* false: it could not be sent now */
    bool (*answered)(const struct load *load, size_t which);
    size_t n;
};

static void ask_until_answered(struct load *load, const struct asking *asking, size_t which)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    int64_t again = clock_boot_ms(clock_system()) + SILENCE_MS;
    while (!asking->answered(load, which)) {
        int64_t now = clock_boot_ms(clock_system());
        assert_true(now < until);
        if (now >= again) {
            (void)asking->ask(load, which);
            again = now + SILENCE_MS;
        }
        (void)load_receive(load, 20);
    }
}

static void ask_all(struct load *load, const struct asking *asking)
{
    load_greet(load);
    for (size_t i = 0; i < asking->n + WINDOW; i++) {
        if (i < asking->n) {
            (void)asking->ask(load, i);
        }
        if (i >= WINDOW) {
            ask_until_answered(load, asking, i - WINDOW);
        }
    }
}

static bool ask_again(struct load *load, size_t which)
{
    assert_true(load->sent[which].answered);
    return load_send(load, buf_slice(&load->sent[which].frame));
}

static bool was_compared(const struct load *load, size_t which)
{
    return load->sent[which].compared;
}

void load_expect_same_answers(struct load *load)
{
    const struct asking asking = {.ask = ask_again, .answered = was_compared, .n = load->n_sent};
    for (size_t i = 0; i < load->n_sent; i++) {
        load->sent[i].compared = false;
    }
    ask_all(load, &asking);
}

/* The nth entry of all that were sent. */
static const struct sent *sent_of(const struct load *load, size_t which, size_t *ret_at)
{
    for (size_t i = 0; i < load->n_sent; i++) {
        if (which < load->sent[i].n) {
            *ret_at = which;
            return &load->sent[i];
        }
        which -= load->sent[i].n;
    }
    fail();
    return NULL;
}

static bool ask_proof(struct load *load, size_t which)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(256);
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_PROOF_REQUEST};
    size_t at = 0;
    const struct sent *sent = sent_of(load, which, &at);
    assert_true(sent->answered);
    wire_frame_begin(&frame, &header);
    wire_proof_request_write(sent->results[at].log_index, &frame);
    wire_frame_end(&frame);
    return load_send(load, buf_slice(&frame));
}

static bool was_proved(const struct load *load, size_t which)
{
    size_t at = 0;
    return sent_of(load, which, &at)->proved[at];
}

void load_expect_proofs(struct load *load)
{
    const struct asking asking = {
        .ask = ask_proof, .answered = was_proved, .n = (size_t)load->next_seq - 1};
    for (size_t i = 0; i < load->n_sent; i++) {
        memset(load->sent[i].proved, 0, sizeof(load->sent[i].proved));
    }
    ask_all(load, &asking);
}

static struct store *open_store(const struct estate *estate)
{
    char path[ESTATE_PATH];
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    estate_path(estate, "north/broker/data", path);
    const struct store_options options = {
        .dir = path,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = true,
    };
    if (store_open(&options, &store, &error) != 0) {
        print_error("%s: %s\n", error.where, error.what);
        fail();
    }
    return store;
}

/* "ID VERDICT INDEX" */
static void judge_acknowledged(struct store_txn *txn, char *line)
{
    uint64_t verdict = 0;
    uint64_t log_index = 0;
    struct entry_id id;
    struct entry_row row;
    struct slice bytes;
    struct leaf leaf;
    const char *first = strsep(&line, " ");
    const char *second = strsep(&line, " ");
    const char *third = strsep(&line, " ");
    assert_true(first != NULL && entry_id_parse(first, &id));
    assert_true(second != NULL && u64_parse(second, UINT16_MAX, &verdict));
    assert_true(third != NULL && u64_parse(third, UINT64_MAX, &log_index));
    assert_true(entry_row_get(txn, &id, &row));
    assert_int_equal(row.verdict, verdict);
    assert_int_equal(row.log_index, log_index);
    assert_int_equal(log_leaf(txn, T_LOG, log_index, &bytes), 0);
    assert_true(leaf_read(bytes, &leaf));
    assert_true(entry_id_equal(&leaf.id, &id));
    assert_true(hash_equal(&leaf.digest, &row.item));
}

static void judge_all_acknowledged(const struct load *load, struct store_txn *txn)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOURNAL_BYTES);
    size_t n = 0;
    assert_int_equal(file_read(load->acknowledged_path, &text), 0);
    buf_add(&text, "", 1);
    char *rest = (char *)text.data;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (line[0] != '\0') {
            judge_acknowledged(txn, line);
            n++;
        }
    }
    assert_int_equal(n, load->n_acknowledged);
}

/* One leaf for each entry of this agency's stream that has a row, and none that was not submitted.
 */
static void judge_leaves(const struct load *load, struct store_txn *txn)
{
    uint64_t size = log_size(txn, T_LOG);
    size_t last = (size_t)load->next_seq;
    _cleanup_(base_free) bool *seen = base_zalloc(last + 1, sizeof(bool));
    for (uint64_t i = 0; i < size; i++) {
        struct slice bytes;
        struct leaf leaf;
        assert_int_equal(log_leaf(txn, T_LOG, i, &bytes), 0);
        assert_true(leaf_read(bytes, &leaf));
        if (leaf.type != LEAF_ENTRY || leaf.id.agency != load->self->number ||
            leaf.id.stream != load->stream) {
            continue;
        }
        assert_true(leaf.id.seq < load->next_seq); /* submitted */
        assert_false(seen[leaf.id.seq]);           /* once */
        seen[leaf.id.seq] = true;
    }
}

void load_expect_store(const struct load *load, const struct estate *estate)
{
    struct store *store = open_store(estate);
    struct store_txn *txn = store_read(store);
    assert_non_null(txn);
    judge_all_acknowledged(load, txn);
    judge_leaves(load, txn);
    store_end(&txn);
    store_close(&store);
}

void load_expect_oracle(const struct load *load, const struct estate *estate)
{
    char store[ESTATE_PATH];
    char governance[ESTATE_PATH];
    char export[ESTATE_PATH];
    static const char judge[] = SOURCE_DIR "/tests/fault/verify.py";
    estate_path(estate, "north/broker/data", store);
    estate_path(estate, "north/governance", governance);
    estate_path(estate, "export", export);
    (void)unlink(export);
    ESTATE_CAIRN(estate, "log", "export", store, export, "--governance", governance);
    const char *const words[] = {"python3",
                                 "-B",
                                 judge,
                                 export,
                                 "--submitted",
                                 load->submitted_path,
                                 "--acknowledged",
                                 load->acknowledged_path,
                                 "--heads",
                                 load->heads_path,
                                 NULL};
    estate_run(estate, words);
}
