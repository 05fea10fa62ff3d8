/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker with its real keys shows real agents another log than the true one: an older head, another
 * history, one that it has no proof for, one log to one agency and another to the next, or none behind
 * what it acknowledged. What each agent notices, what it keeps as evidence, and that this evidence
 * convicts the broker with `cairn log compare` and nothing but the log's key.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/link_internal.h"
#include "agents/core/spool.h"
#include "agents/core/words.h"
#include "attack/liar.h"
#include "attack/said.h"
#include "os/files.h"
#include "support/console.h"

struct scene {
    struct liar *liar;
    struct console *console;
    char held[2 * SCRATCH_BYTES]; /* files of evidence */
    char shown[2 * SCRATCH_BYTES];
    char export[2 * SCRATCH_BYTES];
    char copy[2 * SCRATCH_BYTES];
    char vkey[NOTE_VKEY_BYTES];
    struct buf note; /* of the lie at hand */
    bool contradicts;
    uint32_t hidden; /* whose heads the honest stages do not hear of */
};

static int set_up(void **state)
{
    struct scene *scene = base_zalloc(1, sizeof(*scene));
    scene->liar = liar_new();
    scene->console = console_new();
    scene->note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    const char *dir = scene->liar->world->dir;
    (void)snprintf(scene->held, sizeof(scene->held), "%s/held", dir);
    (void)snprintf(scene->shown, sizeof(scene->shown), "%s/shown", dir);
    (void)snprintf(scene->export, sizeof(scene->export), "%s/export", dir);
    note_vkey_format(&scene->liar->world->commit.checkpoint_key, scene->vkey);
    scene->liar->data = scene;
    liar_join(scene->liar, GP);
    liar_connect(scene->liar, GP);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    buf_deinit(&scene->note);
    console_free(&scene->console);
    liar_free(&scene->liar);
    base_free(&scene);
    return 0;
}

/* --- evidence --- */

static void write_file(const char *path, struct slice bytes)
{
    assert_int_equal(file_write_atomic(path, bytes, 0600), 0);
}

/* What the agency keeps, as files. */
static void keep_evidence(struct scene *scene, uint32_t agency)
{
    struct slice held;
    struct slice shown;
    _cleanup_(store_end) struct store_txn *txn = store_read(liar_agent(scene->liar, agency)->store);
    assert_true(witness_evidence(txn, false, &held));
    assert_true(witness_evidence(txn, true, &shown));
    write_file(scene->held, held);
    write_file(scene->shown, shown);
}

/* The true log, as the broker's operator would have to hand it over. */
static void export_log(struct scene *scene)
{
    struct error error = ERROR_NULL;
    (void)snprintf(scene->copy, sizeof(scene->copy), "%s/copy-%" PRIu64, scene->liar->world->dir,
                   scene->liar->world->commit.log_size);
    (void)unlink(scene->export);
    assert_int_equal(store_copy(scene->liar->world->store, scene->copy, &error), 0);
    assert_int_equal(CONSOLE(scene->console, "log", "export", scene->copy, scene->export),
                     STATUS_OK);
}

/* Leaves of the broker's own, until there are so many. */
static void grow_log(struct scene *scene, uint64_t size)
{
    struct commit *commit = &scene->liar->world->commit;
    while (commit->log_size < size) {
        commit_start(commit, NULL, 0);
    }
    world_turn(scene->liar->world);
}

static void expect_convicted(struct scene *scene, const char *log, const char *how)
{
    enum status status = log == NULL ? CONSOLE(scene->console, "log", "compare", scene->held,
                                               scene->shown, "--key", scene->vkey)
                                     : CONSOLE(scene->console, "log", "compare", scene->held,
                                               scene->shown, log, "--key", scene->vkey);
    assert_int_equal(status, STATUS_FAILED);
    assert_non_null(strstr(scene->console->complained, "NOT ONE LOG"));
    assert_non_null(strstr(scene->console->complained, how));
}

/* It talks to the broker no more, says so, and goes on doing so after a restart. */
static void expect_stopped(struct scene *scene, uint32_t agency)
{
    struct link_status status;
    assert_int_equal(node_link(&scene->liar->nodes[agency]), LINK_IS_STOPPED);
    assert_true(liar_heard(scene->liar, "log_fork"));
    liar_restart(scene->liar, agency);
    link_status(liar_agent(scene->liar, agency), &status);
    assert_int_equal(status.state, LINK_IS_STOPPED);
    assert_non_null(strstr(status.reason, "another log"));
    struct reference reference = said_concern(&scene->liar->nodes[agency], "while stopped", true);
    liar_live(scene->liar, 30);
    struct out_row row = member_out(scene->liar->nodes[agency].member, &reference);
    assert_int_equal(row.state, OUT_SPOOLED);
    said_expect_telephone(&scene->liar->nodes[agency], &reference);
}

/* --- heads --- */

static enum lie show_head(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    struct scene *scene = liar->data;
    struct wire_hello_reply reply;
    if (saying->header.type != WIRE_HELLO_REPLY) {
        return LIE_NOT;
    }
    assert_true(wire_hello_reply_read(saying->payload, &liar->arena, &reply));
    reply.checkpoint = buf_slice(&scene->note);
    wire_hello_reply_write(&reply, payload);
    return LIE_TOLD;
}

static struct checkpoint head_of(struct scene *scene, uint32_t agency)
{
    return liar_agent(scene->liar, agency)->link->session.witness.head;
}

/* Honest stages end when they are shown a head that they do not know; these are not asked. */
static bool hide_head(struct liar *liar, uint32_t from, const struct wire_header *header,
                      struct slice payload)
{
    const struct scene *scene = liar->data;
    struct wire_hello hello;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    if (from != scene->hidden || header->type != WIRE_HELLO) {
        return false;
    }
    arena_reset(&liar->arena);
    assert_true(wire_hello_read(payload, &liar->arena, &hello));
    hello.checkpoint = SLICE_NULL;
    hello.proven = 0;
    wire_hello_write(&hello, &bytes);
    liar_pass_on(liar, from, header, &bytes);
    return true;
}

/* The agent makes a new connection and is shown the note at hand. */
static void show(struct scene *scene, uint32_t agency)
{
    scene->liar->lie = show_head;
    liar_restart(scene->liar, agency);
    liar_live(scene->liar, 30);
    assert_true(scene->liar->lies > 0);
}

static void a_head_by_another_key_is_not_believed(void **state)
{
    struct scene *scene = *state;
    struct checkpoint before = head_of(scene, GP);
    struct checkpoint head = {.size = before.size + 1};
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    struct note_key key;
    struct link_status status;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    governing_seed(STRANGER, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, public_key);
    assert_true(note_key_init(&key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, public_key));
    assert_int_equal(checkpoint_sign(&head, &key, signer, &scene->note), 0);
    struct reference reference = said_concern(&scene->liar->nodes[GP], "a concern", true);

    show(scene, GP);

    link_status(liar_agent(scene->liar, GP), &status);
    assert_int_equal(status.state, LINK_IS_CONNECTING);
    assert_non_null(strstr(status.reason, "not signed with its key"));
    assert_int_equal(head_of(scene, GP).size, before.size);
    assert_int_equal(member_out(scene->liar->nodes[GP].member, &reference).state, OUT_SPOOLED);
    said_expect_telephone(&scene->liar->nodes[GP], &reference);
}

/* Both heads are of one log: that the shorter one came later is the agency's word, and the signer's
 * file and every other agency's head say the same. */
static void a_log_that_was_rolled_back_is_noticed_at_the_next_contact(void **state)
{
    struct scene *scene = *state;
    size_t size = liar_true_leaves(scene->liar);
    liar_head(scene->liar, size - 1, &scene->note);
    (void)said_concern(&scene->liar->nodes[GP], "a concern", false);
    liar_live(scene->liar, 30);

    show(scene, GP);

    expect_stopped(scene, GP);
    keep_evidence(scene, GP);
    export_log(scene);
    assert_int_equal(CONSOLE(scene->console, "log", "compare", scene->held, scene->shown,
                             scene->export, "--key", scene->vkey),
                     STATUS_OK);
}

static void another_history_of_the_same_length_convicts_by_two_notes_alone(void **state)
{
    struct scene *scene = *state;
    struct checkpoint head = head_of(scene, GP);
    head.root.bytes[0] ^= 1;
    liar_sign(scene->liar, &head, &scene->note);

    show(scene, GP);

    expect_stopped(scene, GP);
    keep_evidence(scene, GP);
    expect_convicted(scene, NULL, "two logs of the same length");
}

static void a_longer_log_that_does_not_go_on_from_ours_is_convicted_by_any_copy(void **state)
{
    struct scene *scene = *state;
    struct checkpoint head = head_of(scene, GP);
    head.size += 7;
    head.root.bytes[0] ^= 1;
    liar_sign(scene->liar, &head, &scene->note);

    show(scene, GP);

    expect_stopped(scene, GP);
    keep_evidence(scene, GP);
    export_log(scene);
    assert_int_equal(CONSOLE(scene->console, "log", "compare", scene->held, scene->shown,
                             scene->export, "--key", scene->vkey),
                     STATUS_USAGE); /* a log that ends before it says nothing of it */
    grow_log(scene, head.size);
    export_log(scene);
    expect_convicted(scene, scene->export, "the first head and not the second");
    assert_int_equal(
        CONSOLE(scene->console, "log", "compare", scene->held, scene->shown, "--key", scene->vkey),
        STATUS_USAGE); /* of two lengths nothing is said without the log */
}

static void evidence_outlives_the_operator_who_lets_the_agent_go_on(void **state)
{
    struct scene *scene = *state;
    struct checkpoint head = head_of(scene, GP);
    head.root.bytes[0] ^= 1;
    liar_sign(scene->liar, &head, &scene->note);
    show(scene, GP);

    struct store_txn *txn = store_begin(liar_agent(scene->liar, GP)->store);
    witness_clear_fork(txn);
    assert_int_equal(agent_commit(&txn), 0);
    scene->liar->lie = NULL;
    liar_restart(scene->liar, GP);
    liar_connect(scene->liar, GP);

    keep_evidence(scene, GP);
    expect_convicted(scene, NULL, "two logs of the same length");
}

/* One partnership, two histories: nobody who sees one alone can know, and whoever compares does. */
static void two_agencies_that_compare_their_heads_find_a_split_view(void **state)
{
    struct scene *scene = *state;
    struct checkpoint head = head_of(scene, GP);
    head.root.bytes[0] ^= 1;
    liar_sign(scene->liar, &head, &scene->note);
    scene->liar->lie = show_head;
    scene->liar->swallow = hide_head;
    scene->hidden = HOSPITAL;
    liar_join(scene->liar, HOSPITAL);

    liar_connect(scene->liar, HOSPITAL); /* its first contact: there is nothing to compare with */

    const struct witness *gp = &liar_agent(scene->liar, GP)->link->session.witness;
    const struct witness *hospital = &liar_agent(scene->liar, HOSPITAL)->link->session.witness;
    assert_int_equal(gp->head.size, hospital->head.size);
    write_file(scene->held, slice_make(gp->note, gp->note_len));
    write_file(scene->shown, slice_make(hospital->note, hospital->note_len));
    expect_convicted(scene, NULL, "two logs of the same length");
}

/* --- receipts --- */

static bool parcel_head(struct scene *scene, struct slice payload, struct parcel_head *ret)
{
    struct wire_parcel parcel;
    struct arena *arena = &scene->liar->arena;
    arena_reset(arena);
    return wire_parcel_read(payload, arena, &parcel) &&
           wire_parcel_head_read(parcel.head, arena, ret);
}

/* Says that everything is stored at the log's last leaf, and keeps nothing. */
static bool acknowledge_only(struct liar *liar, uint32_t from, const struct wire_header *header,
                             struct slice payload)
{
    struct scene *scene = liar->data;
    struct wire_result results[CAIRN_PARCEL_ENTRIES_MAX];
    struct parcel_head head;
    _cleanup_(buf_deinit) struct buf receipt = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    if (header->type != WIRE_PARCEL || !parcel_head(scene, payload, &head)) {
        return hide_head(liar, from, header, payload);
    }
    size_t size = liar_true_leaves(liar);
    struct checkpoint promised = {.size = size + (scene->contradicts ? 3 : 0)};
    for (uint32_t i = 0; i < head.entries; i++) {
        results[i] = (struct wire_result){
            .seq = head.first_seq + i, .verdict = VERDICT_STORED, .log_index = size - 1};
    }
    tree_root_of(liar->leaves, size, &promised.root);
    buf_reset(&scene->note);
    liar_sign(liar, &promised, &scene->note);
    const struct wire_receipt answer = {.stream = head.stream,
                                        .n_results = head.entries,
                                        .results = results,
                                        .checkpoint = buf_slice(&scene->note)};
    wire_receipt_write(&answer, &receipt);
    liar_say(liar, from, WIRE_RECEIPT, header->correlation, &receipt);
    liar->lies++;
    return true;
}

static void a_receipt_under_a_log_that_is_not_there_is_held_against_the_broker(void **state)
{
    struct scene *scene = *state;
    scene->contradicts = true;
    scene->hidden = GP;
    scene->liar->swallow = acknowledge_only;
    struct reference reference = said_concern(&scene->liar->nodes[GP], "a concern", true);

    liar_live(scene->liar, 40);

    assert_true(scene->liar->lies > 0);
    said_expect_telephone(&scene->liar->nodes[GP], &reference);
    expect_stopped(scene, GP);
    keep_evidence(scene, GP);
    grow_log(scene, scene->liar->world->commit.log_size + 3);
    export_log(scene);
    expect_convicted(scene, scene->export, "the first head and not the second");
}

static struct question ask(struct scene *scene, enum question_kind kind, const struct out_row *row)
{
    struct questions *questions = &liar_agent(scene->liar, GP)->link->questions;
    questions->of[0] = (struct question){
        .stage = QUESTION_WAITS,
        .kind = kind,
        .entry = {.id = row->entry, .log_index = row->log_index, .item = row->item},
        .document = BUF_MAX(CAIRN_FRAME_MAX_BYTES),
    };
    liar_live(scene->liar, 5);
    struct question answered = questions->of[0];
    assert_int_equal(answered.stage, QUESTION_ANSWERED);
    questions->of[0] = (struct question){.stage = QUESTION_FREE};
    buf_deinit(&answered.document);
    return answered;
}

/* A receipt alone convicts nobody: whoever wants to be sure asks for the proof. What cannot wait says
 * to telephone until a notice in the log says that a person has opened it. */
static void what_was_acknowledged_and_not_stored_has_no_proof(void **state)
{
    struct scene *scene = *state;
    scene->liar->swallow = acknowledge_only;
    struct reference reference = said_concern(&scene->liar->nodes[GP], "a concern", true);
    liar_live(scene->liar, 40);
    struct out_row row = member_out(scene->liar->nodes[GP].member, &reference);
    assert_int_equal(row.verdict, VERDICT_STORED);

    struct question proof = ask(scene, QUESTION_PROOF, &row);
    struct question said = ask(scene, QUESTION_STATE, &row);

    assert_true(proof.result != 0 || !verdict_is_stored(proof.verdict));
    assert_int_equal(said.result, -EPROTO);
    assert_true(liar_heard(scene->liar, "answer_refused"));
    said_expect_telephone(&scene->liar->nodes[GP], &reference);
}

/* --- its answers --- */

enum falsehood {
    ANOTHER_INDEX,
    ANOTHER_LEAF,
    ANOTHER_PATH,
    ANOTHER_HEAD,
    UNSIGNED_HEAD,
    FALSEHOODS
};

static enum falsehood falsehood;

static enum lie prove_falsely(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    struct scene *scene = liar->data;
    struct wire_proof_reply reply;
    if (saying->header.type != WIRE_PROOF_REPLY) {
        return LIE_NOT;
    }
    assert_true(wire_proof_reply_read(saying->payload, &liar->arena, &reply));
    size_t size = liar_true_leaves(liar);
    uint8_t leaf[LEAF_MAX_BYTES];
    memcpy(leaf, reply.leaf.data, reply.leaf.len);
    buf_reset(&scene->note);
    switch (falsehood) {
    case ANOTHER_INDEX:
        reply.log_index--;
        break;
    case ANOTHER_LEAF:
        leaf[40] ^= 1;
        reply.leaf.data = leaf;
        break;
    case ANOTHER_PATH:
        reply.path.hashes[0].bytes[3] ^= 4;
        break;
    case ANOTHER_HEAD:
        liar->leaves[0].bytes[0] ^= 1;
        liar_head(liar, size, &scene->note);
        reply.checkpoint = buf_slice(&scene->note);
        break;
    case UNSIGNED_HEAD:
    case FALSEHOODS:
        buf_add_slice(&scene->note, reply.checkpoint);
        scene->note.data[scene->note.len - 5] ^= 1;
        reply.checkpoint = buf_slice(&scene->note);
        break;
    }
    wire_proof_reply_write(&reply, payload);
    return LIE_TOLD;
}

static void a_proof_of_something_else_is_no_proof(void **state)
{
    struct scene *scene = *state;
    struct reference reference = said_concern(&scene->liar->nodes[GP], "a concern", false);
    liar_live(scene->liar, 30);
    struct out_row row = member_out(scene->liar->nodes[GP].member, &reference);
    assert_true(verdict_is_stored((enum verdict)row.verdict));
    struct question honest = ask(scene, QUESTION_PROOF, &row);
    assert_int_equal(honest.result, 0);
    assert_int_equal(honest.verdict, VERDICT_STORED);

    scene->liar->lie = prove_falsely;
    for (unsigned i = 0; i < FALSEHOODS; i++) {
        falsehood = (enum falsehood)i;
        liar_forget(scene->liar);
        assert_int_equal(ask(scene, QUESTION_PROOF, &row).result, -EPROTO);
        assert_true(liar_heard(scene->liar, "answer_refused"));
    }
}

static enum lie state_falsely(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    struct wire_state_reply reply;
    struct wire_reader reader = {.agency = MASH, .state = READER_OPENED};
    if (saying->header.type != WIRE_STATE_REPLY) {
        return LIE_NOT;
    }
    assert_true(wire_state_reply_read(saying->payload, &liar->arena, &reply));
    reply.n_readers = 1;
    reply.readers = &reader;
    reply.log_index += falsehood == ANOTHER_INDEX ? 1 : 0;
    reply.entry.seq += falsehood == ANOTHER_LEAF ? 1 : 0;
    wire_state_reply_write(&reply, payload);
    return LIE_TOLD;
}

/* That somebody has opened it is the broker's word, and does not end the advice to telephone. */
static void that_somebody_has_read_it_is_the_brokers_word_and_no_more(void **state)
{
    struct scene *scene = *state;
    struct reference reference = said_concern(&scene->liar->nodes[GP], "a concern", true);
    liar_live(scene->liar, 30);
    struct out_row row = member_out(scene->liar->nodes[GP].member, &reference);
    scene->liar->lie = state_falsely;

    falsehood = UNSIGNED_HEAD;
    struct question said = ask(scene, QUESTION_STATE, &row);
    falsehood = ANOTHER_INDEX;
    int at_another_place = ask(scene, QUESTION_STATE, &row).result;
    falsehood = ANOTHER_LEAF;
    int of_another = ask(scene, QUESTION_STATE, &row).result;

    assert_int_equal(said.result, 0);
    said_expect_telephone_although(&scene->liar->nodes[GP], &reference, &said.state);
    assert_int_equal(at_another_place, -EPROTO);
    assert_int_equal(of_another, -EPROTO);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(a_head_by_another_key_is_not_believed),
    TEST(a_log_that_was_rolled_back_is_noticed_at_the_next_contact),
    TEST(another_history_of_the_same_length_convicts_by_two_notes_alone),
    TEST(a_longer_log_that_does_not_go_on_from_ours_is_convicted_by_any_copy),
    TEST(evidence_outlives_the_operator_who_lets_the_agent_go_on),
    TEST(two_agencies_that_compare_their_heads_find_a_split_view),
    TEST(a_receipt_under_a_log_that_is_not_there_is_held_against_the_broker),
    TEST(what_was_acknowledged_and_not_stored_has_no_proof),
    TEST(a_proof_of_something_else_is_no_proof),
    TEST(that_somebody_has_read_it_is_the_brokers_word_and_no_more),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
