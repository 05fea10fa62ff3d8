/* SPDX-License-Identifier: Apache-2.0 */
/* What an agency may ask, and that it learns only of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

static struct slice ask(struct world *world, uint32_t agency, enum wire_type type,
                        struct slice question, enum wire_type answer)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = type, .correlation = 7};
    wire_frame_begin(&frame, &header);
    buf_add_slice(&frame, question);
    wire_frame_end(&frame);
    world_forget_letters(world);
    world_receive(world, agency, buf_slice(&frame));
    world_turn(world);
    arena_reset(&world->arena);
    return world_letter(world, agency, answer);
}

static enum verdict refusal(struct world *world, uint32_t agency, enum wire_type type,
                            struct slice question)
{
    enum verdict verdict = VERDICT_STORED;
    struct slice payload = ask(world, agency, type, question, WIRE_ERROR);
    assert_true(payload.len > 0);
    assert_true(wire_error_read(payload, &world->arena, &verdict));
    return verdict;
}

/* --- the state of an entry --- */

static struct wire_state_reply state_of(struct world *world, const struct entry_id *id)
{
    _cleanup_(buf_deinit) struct buf question = BUF_MAX(256);
    struct wire_state_reply reply = {.n_readers = 0};
    wire_state_request_write(id, &question);
    struct slice payload =
        ask(world, id->agency, WIRE_STATE_REQUEST, buf_slice(&question), WIRE_STATE_REPLY);
    assert_true(payload.len > 0);
    assert_true(wire_state_reply_read(payload, &world->arena, &reply));
    return reply;
}

static enum reader_state read_by(const struct wire_state_reply *reply, uint32_t agency)
{
    for (size_t i = 0; i < reply->n_readers; i++) {
        if (reply->readers[i].agency == agency) {
            return reply->readers[i].state;
        }
    }
    return (enum reader_state)0;
}

static void a_held_record_is_kept_then_queued_then_delivered_then_opened(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    state_verified(world, GP, ALIX);
    struct entry_id first = miss(world, GP, ALIX, "2026-02-03");
    struct wire_state_reply reply = state_of(world, &first);
    assert_int_equal(reply.verdict, VERDICT_STORED);
    assert_int_equal(read_by(&reply, MASH), READER_KEPT);
    assert_int_equal(read_by(&reply, HEALTH_VISITING), READER_KEPT);
    assert_int_equal(reply.n_readers, 2);
    assert_int_equal(reply.alert, 0);

    (void)miss(world, GP, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");
    reply = state_of(world, &first);
    assert_int_equal(read_by(&reply, MASH), READER_QUEUED);
    assert_int_equal(reply.alert, 1);

    world_acknowledgement(world, MASH, 4, &entry);
    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);
    reply = state_of(world, &first);
    assert_int_equal(read_by(&reply, MASH), READER_DELIVERED);

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    reply = state_of(world, &first);
    assert_int_equal(read_by(&reply, MASH), READER_OPENED);
    assert_int_equal(reply.n_readers, 2);
}

static void a_retracted_record_says_so(void **state)
{
    struct world *world = *state;
    struct entry_id record = miss(world, GP, ALIX, "2026-02-03");

    retract(world, &record, ALIX);

    assert_true(state_of(world, &record).retracted);
}

static void an_entry_that_was_never_sent_is_not_found(void **state)
{
    struct world *world = *state;
    const struct entry_id id = {.agency = GP, .stream = 1, .seq = 1};

    assert_int_equal(state_of(world, &id).verdict, VERDICT_NOT_FOUND);
}

static void nobody_learns_of_anothers_entry(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf question = BUF_MAX(256);
    struct entry_id record = miss(world, GP, ALIX, "2026-02-03");
    wire_state_request_write(&record, &question);

    assert_int_equal(refusal(world, HOSPITAL, WIRE_STATE_REQUEST, buf_slice(&question)),
                     VERDICT_NOT_ENTITLED);
    assert_int_equal(refusal(world, MASH, WIRE_STATE_REQUEST, buf_slice(&question)),
                     VERDICT_NOT_ENTITLED);
}

/* --- proofs --- */

static enum verdict prove(struct world *world, uint32_t agency, uint64_t index)
{
    _cleanup_(buf_deinit) struct buf question = BUF_MAX(64);
    struct wire_proof_reply reply;
    struct checkpoint head;
    struct hash leaf;
    wire_proof_request_write(index, &question);
    struct slice payload =
        ask(world, agency, WIRE_PROOF_REQUEST, buf_slice(&question), WIRE_PROOF_REPLY);
    if (payload.len == 0) {
        enum verdict verdict = VERDICT_STORED;
        payload = world_letter(world, agency, WIRE_ERROR);
        assert_true(wire_error_read(payload, &world->arena, &verdict));
        return verdict;
    }
    assert_true(wire_proof_reply_read(payload, &world->arena, &reply));
    assert_true(checkpoint_check(reply.checkpoint, &world->commit.checkpoint_key, &head));
    tree_leaf(reply.leaf, &leaf);
    const struct tree_inclusion claim = {
        .index = index, .size = head.size, .leaf = &leaf, .root = &head.root};
    assert_int_equal(reply.log_index, index);
    assert_true(tree_check_inclusion(&claim, &reply.path));
    return reply.verdict;
}

static struct leaf leaf_at(struct world *world, uint64_t index)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct slice bytes;
    struct leaf leaf;
    assert_int_equal(log_leaf(txn, T_LOG, index, &bytes), 0);
    assert_true(leaf_read(bytes, &leaf));
    return leaf;
}

/* Whom each leaf of a small life is shown to. */
static void each_leaf_is_proved_to_those_whom_it_concerns_and_to_nobody_else(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    uint64_t size = world_log_size(world);

    for (uint64_t index = 0; index < size; index++) {
        struct leaf leaf = leaf_at(world, index);
        for (uint32_t agency = GP; agency <= SCHOOL; agency++) {
            bool of_the_broker = leaf.type == LEAF_GOVERNANCE || leaf.type == LEAF_START;
            bool a_card = leaf.type == LEAF_ENTRY && leaf.kind == ENTRY_RECORD && agency == MASH;
            bool in_circle = leaf.type == LEAF_ENTRY && leaf.kind == ENTRY_INVOLVEMENT &&
                             (agency == GP || agency == HOSPITAL);
            bool entitled = of_the_broker || leaf.agency == agency || a_card || in_circle;
            enum verdict verdict = prove(world, agency, index);
            if (verdict != (entitled ? VERDICT_STORED : VERDICT_NOT_ENTITLED)) {
                print_error("leaf %d of type %d to agency %u: %s\n", (int)index, leaf.type, agency,
                            verdict_name(verdict));
                fail();
            }
        }
    }
}

static void a_leaf_beyond_the_head_is_not_found(void **state)
{
    struct world *world = *state;

    assert_int_equal(prove(world, GP, world_log_size(world)), VERDICT_NOT_FOUND);
    assert_int_equal(prove(world, GP, UINT64_MAX >> 2), VERDICT_NOT_FOUND);
}

static void refusals_are_shown_to_whose_they_are(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    world_record(world, &record, &entry);
    const struct world_parcel parcel = {.agency = GP, .n = 1, .entries = &entry};
    world_cut(world, &parcel, &frame);
    frame.data[frame.len - 1] ^= 1;
    world_receive(world, GP, buf_slice(&frame));
    world_turn(world);
    commit_flush_refused(&world->commit);
    (void)attest_step(&world->attest, false, 0);
    uint64_t index = world_log_size(world) - 1;
    assert_int_equal(leaf_at(world, index).type, LEAF_REFUSED);

    assert_int_equal(prove(world, GP, index), VERDICT_STORED);
    assert_int_equal(prove(world, HOSPITAL, index), VERDICT_NOT_ENTITLED);
}

/* --- documents --- */

static struct wire_governance_document document_of(struct world *world,
                                                   enum governance_document document, uint64_t have)
{
    _cleanup_(buf_deinit) struct buf question = BUF_MAX(64);
    struct wire_governance_document reply = {.version = 0};
    const struct wire_governance_fetch fetch = {.document = document, .have = have};
    wire_governance_fetch_write(&fetch, &question);
    struct slice payload =
        ask(world, GP, WIRE_GOVERNANCE_FETCH, buf_slice(&question), WIRE_GOVERNANCE_DOCUMENT);
    assert_true(payload.len > 0);
    assert_true(wire_governance_document_read(payload, &world->arena, &reply));
    return reply;
}

static void every_document_is_given_with_its_note_to_who_has_an_older_one(void **state)
{
    struct world *world = *state;
    for (uint32_t number = GOVERNANCE_ROOT; number <= GOVERNANCE_DOCUMENTS; number++) {
        struct govern_document held;
        struct wire_governance_document reply =
            document_of(world, (enum governance_document)number, 0);
        assert_true(
            governance_held(world->commit.governance, (enum governance_document)number, &held));
        assert_int_equal(reply.version, 1);
        assert_true(slice_equal(reply.text, held.text));
        assert_true(slice_equal(reply.note, held.note));
    }
}

static void who_has_the_newest_document_gets_its_version_and_no_text(void **state)
{
    struct world *world = *state;

    struct wire_governance_document reply = document_of(world, GOVERNANCE_DIRECTORY, 1);
    assert_int_equal(reply.version, 1);
    assert_int_equal(reply.text.len, 0);

    world_revoke(world, 0);
    reply = document_of(world, GOVERNANCE_DIRECTORY, 1);

    assert_int_equal(reply.version, 2);
    assert_true(reply.text.len > 0);
}

/* --- who may ask, and what is no question --- */

static void a_revoked_agency_is_answered_nothing(void **state)
{
    struct world *world = *state;
    static const enum wire_type questions[] = {
        WIRE_HELLO,         WIRE_FETCH,         WIRE_GOVERNANCE_FETCH,
        WIRE_PROOF_REQUEST, WIRE_STATE_REQUEST, WIRE_PICTURE_REQUEST};
    world_revoke(world, 1U << GP);

    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        assert_int_equal(refusal(world, GP, questions[i], SLICE_NULL), VERDICT_REVOKED_KEY);
    }
}

static void what_is_not_the_canonical_question_is_malformed(void **state)
{
    struct world *world = *state;
    static const enum wire_type questions[] = {
        WIRE_HELLO,         WIRE_FETCH,         WIRE_GOVERNANCE_FETCH,
        WIRE_PROOF_REQUEST, WIRE_STATE_REQUEST, WIRE_PICTURE_REQUEST};
    static const uint8_t rubbish[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3};
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        assert_int_equal(refusal(world, GP, questions[i], SLICE_OF(rubbish)), VERDICT_MALFORMED);
    }
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_held_record_is_kept_then_queued_then_delivered_then_opened),
        STORY(a_retracted_record_says_so),
        STORY(an_entry_that_was_never_sent_is_not_found),
        STORY(nobody_learns_of_anothers_entry),
        STORY(each_leaf_is_proved_to_those_whom_it_concerns_and_to_nobody_else),
        STORY(a_leaf_beyond_the_head_is_not_found),
        STORY(refusals_are_shown_to_whose_they_are),
        STORY(every_document_is_given_with_its_note_to_who_has_an_older_one),
        STORY(who_has_the_newest_document_gets_its_version_and_no_text),
        STORY(a_revoked_agency_is_answered_nothing),
        STORY(what_is_not_the_canonical_question_is_malformed),
    };
    return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
