/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker with its real keys shows real agents another log than the true one: an older head,
 * another history, one that it has no proof for, one log to one agency and another to the next, or
 * none behind what it acknowledged. What each agent notices, what it keeps as evidence, and that
 * this evidence convicts the broker with `cairn log compare` and nothing but the log's key.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/api_request.h"
#include "agents/core/link_internal.h"
#include "agents/core/spool.h"
#include "agents/core/words.h"
#include "attack/liar.h"
#include "attack/said.h"
#include "cli/check.h"
#include "os/files.h"
#include "support/console.h"
#include "support/store_copy.h"

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
    char governance[2 * SCRATCH_BYTES];
    /* by HOSPITAL, of the log that it is shown; agency 0: nothing yet */
    struct wire_cosigned cosigned;
    size_t split_at; /* the first leaf that HOSPITAL is shown another of */
    bool forwards;   /* that to the others */
    bool withholds;  /* what the others sign from HOSPITAL */
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
    (void)snprintf(scene->copy, sizeof(scene->copy), "%s/copy-%" PRIu64, scene->liar->world->dir,
                   scene->liar->world->commit.log_size);
    (void)unlink(scene->export);
    assert_int_equal(store_copy(scene->liar->world->store, scene->copy), 0);
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
    assert_non_null(strstr(status.reason, "two logs"));
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

/* --- a split view, found by the agents themselves --- */

/* What HOSPITAL signs of the log that it is shown; the honest stages are given it as well, and take
 * it for a cosignature that does not hold. */
static bool overhear(struct liar *liar, uint32_t from, const struct wire_header *header,
                     struct slice payload)
{
    struct scene *scene = liar->data;
    struct wire_parcel parcel;
    struct parcel_head head;
    struct entry_header entry;
    if (from == HOSPITAL && header->type == WIRE_PARCEL) {
        arena_reset(&liar->arena);
        assert_true(wire_parcel_read(payload, &liar->arena, &parcel));
        assert_true(wire_parcel_head_read(parcel.head, &liar->arena, &head));
        if (parcel.entries[0].kind == ENTRY_ACKNOWLEDGEMENT) {
            assert_true(wire_entry_header_read(ENTRY_ACKNOWLEDGEMENT, parcel.entries[0].header,
                                               &liar->arena, &entry));
            const struct acknowledgement_header *said = &entry.acknowledgement;
            scene->cosigned = (struct wire_cosigned){
                .agency = HOSPITAL,
                .key_id = head.key_id,
                .head = {.size = said->log_size, .root = said->log_root},
            };
            memcpy(scene->cosigned.cosignature, said->cosignature, COSIGNATURE_BYTES);
        }
    }
    return hide_head(liar, from, header, payload);
}

/* The log of the other side: the true one but for one leaf. Returns its size. */
static size_t other_log(struct scene *scene)
{
    size_t size = liar_true_leaves(scene->liar);
    scene->liar->leaves[scene->split_at].bytes[0] ^= 1;
    buf_reset(&scene->note);
    liar_head(scene->liar, size, &scene->note);
    return size;
}

static enum lie greet_other_side(struct liar *liar, struct wire_hello_reply *reply,
                                 struct buf *payload)
{
    struct scene *scene = liar->data;
    const struct witness *witness = &liar_agent(liar, HOSPITAL)->link->session.witness;
    size_t held = (size_t)witness->head.size;
    size_t promised = (size_t)witness->promised.size;
    bool owes = promised > held;
    size_t size = other_log(scene);
    reply->checkpoint = buf_slice(&scene->note);
    reply->consistency = liar_consistency(liar, owes ? promised : held, size);
    reply->bridge =
        owes ? liar_consistency(liar, held, promised) : liar_consistency(liar, promised, held);
    reply->n_cosigned = scene->withholds ? 0 : reply->n_cosigned;
    wire_hello_reply_write(reply, payload);
    return LIE_TOLD;
}

static enum lie greet_this_side(struct scene *scene, struct wire_hello_reply *reply,
                                struct buf *payload)
{
    struct wire_cosigned list[] = {scene->cosigned};
    if (!scene->forwards || scene->cosigned.agency == 0) {
        return LIE_NOT; /* the honest stages have nothing of HOSPITAL's that holds */
    }
    reply->n_cosigned = 1;
    reply->cosigned = list;
    wire_hello_reply_write(reply, payload);
    return LIE_TOLD;
}

/* HOSPITAL is shown one history, everybody else another. */
static enum lie split_view(struct liar *liar, const struct saying *saying, struct buf *payload)
{
    struct scene *scene = liar->data;
    struct wire_hello_reply reply;
    struct wire_receipt receipt;
    if (saying->header.type == WIRE_HELLO_REPLY) {
        assert_true(wire_hello_reply_read(saying->payload, &liar->arena, &reply));
        return saying->to == HOSPITAL ? greet_other_side(liar, &reply, payload)
                                      : greet_this_side(scene, &reply, payload);
    }
    if (saying->to != HOSPITAL) {
        return LIE_NOT;
    }
    if (saying->header.type == WIRE_RECEIPT) {
        assert_true(wire_receipt_read(saying->payload, &liar->arena, &receipt));
        (void)other_log(scene);
        receipt.checkpoint = buf_slice(&scene->note);
        wire_receipt_write(&receipt, payload);
        return LIE_TOLD;
    }
    return saying->header.type == WIRE_DELIVERY ? LIE_SILENT : LIE_NOT;
}

/* From now on; when HOSPITAL is there, behind what it has seen. */
static void split(struct scene *scene)
{
    bool there = scene->liar->there[HOSPITAL];
    scene->split_at = there ? (size_t)head_of(scene, HOSPITAL).size : 0;
    scene->hidden = HOSPITAL;
    scene->liar->swallow = overhear;
    scene->liar->lie = split_view;
    if (!there) {
        liar_join(scene->liar, HOSPITAL);
        liar_connect(scene->liar, HOSPITAL);
    }
}

static void write_governance(struct scene *scene)
{
    const struct governance *governance = scene->liar->world->governing.governance;
    (void)snprintf(scene->governance, sizeof(scene->governance), "%s/governance",
                   scene->liar->world->dir);
    assert_int_equal(mkdir(scene->governance, 0700), 0);
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct govern_document held;
        assert_true(governance_held(governance, (enum governance_document)i, &held));
        assert_int_equal(govern_write(scene->governance, &held, NULL), 0);
    }
}

/* By what the agency keeps, the partnership's documents and the log as it is exported; by the log's
 * key alone nothing is said of what another agency signed. */
static void expect_convicted_by(struct scene *scene, uint32_t keeper, const char *cosigner)
{
    keep_evidence(scene, keeper);
    export_log(scene);
    write_governance(scene);
    assert_int_equal(CONSOLE(scene->console, "log", "compare", scene->held, scene->shown,
                             scene->export, "--governance", scene->governance),
                     STATUS_FAILED);
    assert_non_null(strstr(scene->console->complained, "NOT ONE LOG"));
    assert_non_null(strstr(scene->console->said, cosigner));
    assert_int_equal(CONSOLE(scene->console, "log", "compare", scene->held, scene->shown,
                             scene->export, "--key", scene->vkey),
                     STATUS_FAILED);
    assert_non_null(strstr(scene->console->complained, "needs --governance"));
}

/* What `cairn check` has to say of who has confirmed the agency's log; false: nothing. */
static bool is_unconfirmed(struct scene *scene, uint32_t agency, const char *words)
{
    const struct check_limits limits = check_limits_default();
    const struct api_call call = {.agent = liar_agent(scene->liar, agency)};
    struct api_answer answer = API_ANSWER_NULL;
    struct error error = ERROR_NULL;
    struct check check;
    api_health(&call, &answer);
    assert_int_equal(answer.status, 200);
    _cleanup_(json_free) struct json *health = json_parse(buf_slice(&answer.body), &error);
    assert_non_null(health);
    struct json_view view = json_view(health, &error);
    check_init(&check, &limits, scene->liar->nodes[agency].clock.real_ms);
    check_agent(&check, &view);
    bool said = strstr(buf_text(&check.words[CHECK_WARNING]), words) != NULL;
    check_deinit(&check);
    buf_deinit(&answer.body);
    return said;
}

static void what_the_other_side_signed_gives_a_split_view_away_at_once(void **state)
{
    struct scene *scene = *state;
    scene->forwards = true;
    scene->withholds = true;
    split(scene);

    liar_pass(scene->liar, 3);

    expect_stopped(scene, GP);
    expect_convicted_by(scene, GP, "(hospital) signed that it saw");
}

static void both_sides_find_a_split_view_that_is_not_kept_secret(void **state)
{
    struct scene *scene = *state;
    split(scene);

    liar_pass(scene->liar, 3);

    expect_stopped(scene, HOSPITAL);
    expect_convicted_by(scene, HOSPITAL, "(gp-elm) signed that it saw");
}

#define NOBODY_CONFIRMS "no other agency has confirmed this log since"

/* The broker cannot sign for anybody: whatever it keeps back, each side sees confirmations stop. */
static void a_split_view_that_is_kept_secret_ends_all_confirmations(void **state)
{
    struct scene *scene = *state;
    scene->withholds = true;
    liar_join(scene->liar, HOSPITAL);
    liar_connect(scene->liar, HOSPITAL);
    liar_pass(scene->liar, 3);
    liar_live(scene->liar, 60);
    assert_false(session_owed(&liar_agent(scene->liar, HOSPITAL)->link->session));

    split(scene);
    liar_pass(scene->liar, CAIRN_UNCONFIRMED_HOURS - 3);
    assert_false(is_unconfirmed(scene, GP, NOBODY_CONFIRMS));
    assert_false(is_unconfirmed(scene, HOSPITAL, NOBODY_CONFIRMS));
    assert_false(liar_heard(scene->liar, "log_unconfirmed"));
    liar_pass(scene->liar, 5);

    assert_true(scene->liar->lies > 0);
    assert_true(scene->cosigned.head.size > scene->split_at); /* it does confirm what it is shown */
    assert_int_equal(node_link(&scene->liar->nodes[HOSPITAL]), LINK_IS_CONNECTED);
    assert_true(is_unconfirmed(scene, GP, NOBODY_CONFIRMS));
    assert_true(is_unconfirmed(scene, HOSPITAL, NOBODY_CONFIRMS));
    assert_true(liar_heard(scene->liar, "log_unconfirmed"));
}

static bool one_side(uint32_t a, uint32_t b)
{
    return (a == GP || a == SCHOOL) == (b == GP || b == SCHOOL);
}

/* Two histories, of which each side confirms its own among themselves. */
static enum lie keep_sides_apart(struct liar *liar, const struct saying *saying,
                                 struct buf *payload)
{
    struct wire_hello_reply reply;
    struct wire_cosigned list[CAIRN_COSIGNED_MAX];
    size_t n = 0;
    if (saying->header.type != WIRE_HELLO_REPLY) {
        return LIE_NOT;
    }
    assert_true(wire_hello_reply_read(saying->payload, &liar->arena, &reply));
    for (size_t i = 0; i < reply.n_cosigned; i++) {
        if (one_side(saying->to, reply.cosigned[i].agency)) {
            list[n++] = reply.cosigned[i];
        }
    }
    reply.n_cosigned = n;
    reply.cosigned = list;
    wire_hello_reply_write(&reply, payload);
    return LIE_TOLD;
}

#define FEW_CONFIRM "only 1 of 5 other agencies has confirmed this log lately"

static void sides_that_confirm_each_other_miss_those_that_did_before(void **state)
{
    struct scene *scene = *state;
    static const uint32_t others[] = {HOSPITAL, SCHOOL, MASH};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        liar_join(scene->liar, others[i]);
        liar_connect(scene->liar, others[i]);
    }
    liar_pass(scene->liar, 3);

    scene->liar->lie = keep_sides_apart;
    liar_pass(scene->liar, CAIRN_UNCONFIRMED_HOURS + 2);

    assert_true(is_unconfirmed(scene, GP, FEW_CONFIRM));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_true(is_unconfirmed(scene, others[i], FEW_CONFIRM));
    }
    scene->liar->lie = NULL;
    liar_pass(scene->liar, 3);
    assert_false(is_unconfirmed(scene, GP, "confirmed this log"));
    assert_true(liar_heard(scene->liar, "log_confirmed"));
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

/* A receipt alone convicts nobody: whoever wants to be sure asks for the proof. What cannot wait
 * says to telephone until a notice in the log says that a person has opened it. */
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
    TEST(what_the_other_side_signed_gives_a_split_view_away_at_once),
    TEST(both_sides_find_a_split_view_that_is_not_kept_secret),
    TEST(a_split_view_that_is_kept_secret_ends_all_confirmations),
    TEST(sides_that_confirm_each_other_miss_those_that_did_before),
    TEST(a_receipt_under_a_log_that_is_not_there_is_held_against_the_broker),
    TEST(what_was_acknowledged_and_not_stored_has_no_proof),
    TEST(a_proof_of_something_else_is_no_proof),
    TEST(that_somebody_has_read_it_is_the_brokers_word_and_no_more),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
