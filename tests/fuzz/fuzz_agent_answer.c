/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the broker answers to an agent's questions about a state, a proof, a picture. Of the first
 * byte, two bits say which was asked, and one each whether something else was asked for than the
 * answer is about, whether it answers another question, whether it is of another sort than the
 * question, and whether it is an error. An answer to our question ends it, any other leaves it as
 * it is, and what is kept of it is bounded.
 */
#include "agents/core/questions.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/vectors_note.h"
#include "wire/leaf.h"

#define CORRELATION       7
#define ASKED_FOR_ANOTHER 0x04
#define OF_ANOTHER        0x08
#define OF_ANOTHER_SORT   0x10
#define AN_ERROR          0x20

static struct questions questions;
static struct note_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init(NULL) != 0 || questions_init(&questions) != 0 ||
        !note_vkey_parse(VECTOR_PETER_VKEY, &key)) {
        return 1;
    }
    questions_set_open(&questions, true);
    return 0;
}

static void ask_for_state(struct slice payload, struct arena *arena, struct logged_entry *entry)
{
    struct wire_state_reply reply;

    if (wire_state_reply_read(payload, arena, &reply)) {
        entry->id = reply.entry;
        entry->log_index = reply.log_index;
    }
}

static void ask_for_proof(struct slice payload, struct arena *arena, struct logged_entry *entry)
{
    struct wire_proof_reply reply;
    struct leaf leaf;

    if (wire_proof_reply_read(payload, arena, &reply) && leaf_read(reply.leaf, &leaf)) {
        *entry =
            (struct logged_entry){.id = leaf.id, .log_index = reply.log_index, .item = leaf.digest};
    }
}

static void ask_for_picture(struct slice payload, struct arena *arena, struct logged_entry *entry)
{
    struct wire_picture_reply reply;

    if (wire_picture_reply_read(payload, arena, &reply)) {
        entry->id = reply.look;
    }
}

/* What the agent asked before this answer came. */
static void ask(enum question_kind kind, bool asked_for, struct slice payload, struct arena *arena)
{
    struct question *question = &questions.of[0];

    *question = (struct question){
        .stage = QUESTION_SENT,
        .kind = kind,
        .entry = {.id = {.agency = 1, .stream = 1, .seq = 1}},
        .correlation = CORRELATION,
        .document = BUF_MAX(CAIRN_FRAME_MAX_BYTES),
    };
    if (asked_for && kind == QUESTION_STATE) {
        ask_for_state(payload, arena, &question->entry);
    } else if (asked_for && kind == QUESTION_PROOF) {
        ask_for_proof(payload, arena, &question->entry);
    } else if (asked_for) {
        ask_for_picture(payload, arena, &question->entry);
    }
    arena_reset(arena);
}

static bool answer_error(uint64_t correlation, struct slice payload, struct arena *arena)
{
    enum verdict verdict;

    return wire_error_read(payload, arena, &verdict) &&
           questions_error(&questions, correlation, verdict);
}

static bool answer(enum question_kind kind, uint64_t correlation, struct slice payload,
                   struct arena *arena)
{
    switch (kind) {
    case QUESTION_STATE:
        return questions_state_reply(&questions, correlation, payload, arena);
    case QUESTION_PROOF:
        return questions_proof_reply(&questions, correlation, payload, arena, &key);
    case QUESTION_PICTURE:
        return questions_picture_reply(&questions, correlation, payload, arena);
    }
    return false;
}

static enum question_kind kind_of(unsigned number)
{
    return (enum question_kind)(QUESTION_STATE + number % 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    const unsigned which = size == 0 ? 0 : data[0];
    const uint64_t correlation = CORRELATION + ((which & OF_ANOTHER) != 0 ? 1 : 0);
    const bool error = (which & AN_ERROR) != 0;
    const bool ours = (which & OF_ANOTHER) == 0 && (error || (which & OF_ANOTHER_SORT) == 0);
    struct slice payload = size <= 1 ? SLICE_NULL : slice_make(data + 1, size - 1);
    struct question *question = &questions.of[0];

    ask(kind_of(which & 3), (which & ASKED_FOR_ANOTHER) == 0, payload, &arena);
    bool mine = error ? answer_error(correlation, payload, &arena)
                      : answer(kind_of((which & 3) + ((which & OF_ANOTHER_SORT) != 0 ? 1 : 0)),
                               correlation, payload, &arena);
    assert(mine ? ours : !ours || error);
    assert(question->stage == (mine ? QUESTION_ANSWERED : QUESTION_SENT) && question->result <= 0);
    assert(question->state.n_readers <= CAIRN_ADDRESSEES_MAX);
    assert(question->document.len <= CAIRN_FRAME_MAX_BYTES);
    buf_deinit(&question->document);
    return 0;
}
