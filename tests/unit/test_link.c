/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/acks.h"
#include "agents/core/api_answer.h"
#include "agents/core/api_request.h"
#include "agents/core/confirm.h"
#include "agents/core/decide.h"
#include "agents/core/held.h"
#include "agents/core/questions.h"
#include "agents/core/sending.h"
#include "agents/core/session.h"
#include "base/date.h"
#include "crypto/digest.h"
#include "govern/keys.h"
#include "support/practice.h"
#include "wire/leaf.h"

#define LOG_LEAVES 8 /* of the log that the broker of these tests shows */

/* The agent's link by hand, and a broker that is nothing but its log and its signature. */
struct story {
    struct practice *practice;
    struct session session;
    struct sending sending;
    struct acks acks;
    struct signer *broker;
    struct note_key checkpoint_key;
    struct hash leaves[LOG_LEAVES];
    struct arena arena;
    uint64_t correlation;
    uint64_t hellos; /* the correlation of the newest */
};

/* --- the broker's log --- */

static struct checkpoint head_at(struct story *story, uint64_t size)
{
    struct checkpoint head = {.size = size};

    tree_root_of(story->leaves, size, &head.root);
    return head;
}

static struct slice note_of(struct story *story, const struct checkpoint *head)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    assert_int_equal(checkpoint_sign(head, &story->checkpoint_key, story->broker, &note), 0);
    return arena_copy(&story->arena, buf_slice(&note));
}

static struct slice note_at(struct story *story, uint64_t size)
{
    struct checkpoint head = head_at(story, size);

    return note_of(story, &head);
}

static struct tree_proof proof_between(struct story *story, uint64_t from, uint64_t to)
{
    struct tree_leaves leaves = {.leaves = story->leaves, .n = LOG_LEAVES};
    struct tree_source source = tree_source_of(&leaves);
    struct tree_proof proof = {.n = 0};

    if (from > 0) {
        assert_int_equal(tree_prove_consistency(&source, from, to, &proof), 0);
    }
    return proof;
}

/* --- setup --- */

static void start_link(struct story *story)
{
    session_start(&story->session, story->practice->agent);
    sending_start(&story->sending, story->practice->agent);
    assert_int_equal(acks_start(&story->acks, story->practice->agent), 0);
}

static int open_new(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    uint8_t key[SIGN_PUBLIC_BYTES];
    story->practice = practice_new();
    story->arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    governing_seed(0, "sign", &seed);
    assert_int_equal(signer_new(&seed, &story->broker), 0);
    signer_public(story->broker, key);
    assert_true(note_key_init(&story->checkpoint_key, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, key));
    for (uint8_t i = 0; i < LOG_LEAVES; i++) {
        tree_leaf(slice_make(&i, 1), &story->leaves[i]);
    }
    start_link(story);
    *state = story;
    return 0;
}

static enum session_result hello_reply(struct story *story, uint64_t size, uint64_t proof_from);

/* Governed, connected, with a head of two leaves. */
static int open_ready(void **state)
{
    int r = open_new(state);
    struct story *story = *state;
    struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    practice_govern(story->practice);
    assert_int_equal(hello_reply(story, 2, 0), SESSION_GOES_ON);
    assert_false(session_fetch(&story->session, &payload));
    assert_int_equal(story->session.state, SESSION_READY);
    return r;
}

static int close_story(void **state)
{
    struct story *story = *state;

    practice_free(&story->practice);
    signer_free(&story->broker);
    arena_deinit(&story->arena);
    base_free(&story);
    return 0;
}

/* --- session --- */

static struct wire_hello greet(struct story *story)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_hello hello;
    session_hello(&story->session, ++story->hellos, &payload);
    assert_true(
        wire_hello_read(arena_copy(&story->arena, buf_slice(&payload)), &story->arena, &hello));
    return hello;
}

static enum session_result answer_to(struct story *story, uint64_t hello,
                                     const struct wire_hello_reply *reply)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_hello_reply_write(reply, &payload);
    return session_hello_reply(&story->session, hello, buf_slice(&payload), &story->arena);
}

static enum session_result answer(struct story *story, const struct wire_hello_reply *reply)
{
    return answer_to(story, story->hellos, reply);
}

static enum session_result reply_with(struct story *story, struct slice note,
                                      const struct tree_proof *proof)
{
    struct wire_hello_reply reply = {
        .protocol = CAIRN_PROTOCOL_MAX,
        .versions = session_versions(story->practice->governing.governance),
        .checkpoint = note,
        .consistency = *proof,
        .time_ms = story->practice->clock.real_ms - 7,
    };
    (void)greet(story);
    return answer(story, &reply);
}

static enum session_result hello_reply(struct story *story, uint64_t size, uint64_t proof_from)
{
    struct tree_proof proof = proof_between(story, proof_from, size);

    return reply_with(story, note_at(story, size), &proof);
}

/* Answers the fetch at hand from what the partnership's desk holds; false when there was none. */
static bool answer_fetch(struct story *story, enum governance_document *ret)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_governance_fetch fetch;
    struct govern_document held;
    if (!session_fetch(&story->session, &payload)) {
        return false;
    }
    assert_true(wire_governance_fetch_read(buf_slice(&payload), &story->arena, &fetch));
    assert_true(governance_held(story->practice->governing.governance, fetch.document, &held));
    struct wire_governance_document document = {
        .document = fetch.document,
        .version = story->practice->governing.governance->versions[fetch.document],
        .text = held.text,
        .note = held.note};
    buf_reset(&payload);
    wire_governance_document_write(&document, &payload);
    assert_int_equal(session_document(&story->session, buf_slice(&payload), &story->arena),
                     SESSION_GOES_ON);
    *ret = fetch.document;
    return true;
}

static void a_new_agency_fetches_governance_before_it_believes_a_head(void **state)
{
    struct story *story = *state;
    enum governance_document document = GOVERNANCE_ROOT;

    assert_int_equal(hello_reply(story, 3, 0), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 0);
    for (unsigned i = GOVERNANCE_DIRECTORY; i <= GOVERNANCE_DOCUMENTS; i++) {
        assert_true(answer_fetch(story, &document));
        assert_int_equal(document, i);
    }
    assert_false(answer_fetch(story, &document));
    assert_int_equal(story->session.state, SESSION_NEW); /* hello once more */
    assert_int_equal(hello_reply(story, 3, 0), SESSION_GOES_ON);
    assert_false(answer_fetch(story, &document));

    assert_int_equal(story->session.state, SESSION_READY);
    assert_int_equal(story->session.witness.head.size, 3);
    assert_int_equal(story->session.clock_ahead_ms, 7);
}

static void the_verified_head_survives_a_restart_and_is_shown_in_hello(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_hello hello;

    practice_reopen(story->practice);
    start_link(story);
    session_hello(&story->session, ++story->hellos, &payload);

    assert_true(wire_hello_read(buf_slice(&payload), &story->arena, &hello));
    assert_true(slice_equal(hello.checkpoint, note_at(story, 2)));
    assert_int_equal(hello.versions.of[GOVERNANCE_CALENDAR], 1);
}

static void a_log_that_grew_is_followed(void **state)
{
    struct story *story = *state;
    start_link(story);

    enum session_result result = hello_reply(story, 7, 2);

    assert_int_equal(result, SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 7);
}

static bool kept_as_fork(struct story *story)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);

    return witness_forked(txn);
}

static void a_log_that_shrank_is_evidence(void **state)
{
    struct story *story = *state;
    start_link(story);

    enum session_result result = hello_reply(story, 1, 0);

    assert_int_equal(result, SESSION_FORK);
    assert_true(kept_as_fork(story));
    assert_int_equal(story->session.witness.head.size, 2);
}

static void a_log_with_another_past_is_evidence_until_an_operator_has_looked(void **state)
{
    struct story *story = *state;
    start_link(story);
    story->leaves[0] = story->leaves[1];

    enum session_result result = hello_reply(story, 7, 2);

    assert_int_equal(result, SESSION_FORK);
    practice_reopen(story->practice);
    assert_true(kept_as_fork(story));
    struct store_txn *txn = store_begin(story->practice->agent->store);
    witness_clear_fork(txn);
    assert_int_equal(agent_commit(&txn), 0);
    assert_false(kept_as_fork(story));
    start_link(story);
    assert_int_equal(story->session.witness.head.size, 0);
}

static void a_head_that_somebody_else_signed_is_refused(void **state)
{
    struct story *story = *state;
    struct tree_proof proof = proof_between(story, 2, 7);
    struct checkpoint head = head_at(story, 7);
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct note_key other;
    const struct own_key_set *keys = &story->practice->agent->keys.sets[0];
    assert_true(note_key_init(&other, GOVERNING_ORIGIN, NOTE_TYPE_ED25519, keys->sign_public));
    assert_int_equal(checkpoint_sign(&head, &other, keys->signer, &note), 0);
    start_link(story);

    enum session_result result = reply_with(story, buf_slice(&note), &proof);

    assert_int_equal(result, SESSION_REFUSED);
    assert_false(kept_as_fork(story));
    assert_int_equal(story->session.witness.head.size, 2);
}

static void a_delivery_that_begins_elsewhere_is_left_and_not_taken_for_a_fork(void **state)
{
    struct story *story = *state;
    struct tree_proof proof = proof_between(story, 2, 5);
    struct tree_proof earlier = proof_between(story, 2, 4);

    assert_int_equal(session_head(&story->session, note_at(story, 5), 2, &proof), SESSION_GOES_ON);
    assert_int_equal(session_head(&story->session, note_at(story, 4), 2, &earlier), SESSION_STALE);

    assert_int_equal(story->session.witness.head.size, 5);
    assert_true(story->session.unsaved);
    assert_int_equal(session_save(&story->session), 0);
    assert_false(story->session.unsaved);
}

static void a_pong_with_newer_versions_makes_the_agent_fetch_them(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct govern_document held;
    enum governance_document document = GOVERNANCE_ROOT;
    assert_true(
        governance_held(story->practice->governing.governance, GOVERNANCE_AGREEMENTS, &held));
    buf_add_slice(&text, held.text);
    assert_int_equal(
        governing_offer(&story->practice->governing, GOVERNANCE_AGREEMENTS, 2, buf_slice(&text)),
        GOVERN_ACCEPTED);
    struct wire_pong pong = {.versions = session_versions(story->practice->governing.governance),
                             .time_ms = story->practice->clock.real_ms};
    wire_pong_write(&pong, &payload);

    assert_int_equal(session_pong(&story->session, buf_slice(&payload), &story->arena),
                     SESSION_GOES_ON);

    assert_true(answer_fetch(story, &document));
    assert_int_equal(document, GOVERNANCE_AGREEMENTS);
    assert_false(answer_fetch(story, &document));
    assert_int_equal(story->session.state, SESSION_READY);
    struct governance *governance = govern_keep_current(story->practice->agent->keep);
    assert_int_equal(governance->versions[GOVERNANCE_AGREEMENTS], 2);
    governance_unref(&governance);
}

/* The broker has this version of the agreements. */
static void pong(struct story *story)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_pong pong = {.versions = session_versions(story->practice->governing.governance),
                             .time_ms = story->practice->clock.real_ms};
    pong.versions.of[GOVERNANCE_AGREEMENTS] = 2;
    wire_pong_write(&pong, &payload);
    assert_int_equal(session_pong(&story->session, buf_slice(&payload), &story->arena),
                     SESSION_GOES_ON);
}

static void a_document_that_does_not_come_is_asked_for_again(void **state)
{
    struct story *story = *state;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    pong(story);
    assert_true(session_fetch(&story->session, &payload));

    pong(story);
    assert_false(session_fetch(&story->session, &payload)); /* it may be on its way */
    pong(story);

    assert_true(session_fetch(&story->session, &payload));
}

/* --- parcels --- */

/* A parcel as the broker reads it: signature, root and head are checked here. */
struct read_parcel {
    struct wire_header header;
    struct parcel_head head;
    struct wire_parcel parcel;
};

static void check_root(const struct read_parcel *read)
{
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash root;
    for (size_t i = 0; i < read->parcel.n_entries; i++) {
        wire_entry_leaf(&read->parcel.entries[i], &leaves[i]);
    }
    tree_root_of(leaves, read->parcel.n_entries, &root);
    assert_memory_equal(&root, &read->head.root, sizeof(root));
}

static struct read_parcel read_back(struct story *story, const struct parcel *parcel)
{
    struct read_parcel read;
    struct hash partnership;
    struct slice frame = arena_copy(&story->arena, buf_slice(&parcel->frame));
    const struct governance *governance = story->practice->governing.governance;
    const struct agency *own = directory_agency(&governance->directory, AGENCY_OWN);
    sha256(slice_of_text(governance->root.origin), partnership.bytes);

    assert_true(wire_header_read(frame, &read.header));
    assert_int_equal(read.header.type, WIRE_PARCEL);
    assert_true(wire_parcel_read(wire_payload(frame), &story->arena, &read.parcel));
    assert_true(wire_parcel_head_read(read.parcel.head, &story->arena, &read.head));
    assert_int_equal(read.head.agency, AGENCY_OWN);
    assert_int_equal(read.head.entries, read.parcel.n_entries);
    assert_int_equal(read.header.entries, read.parcel.n_entries);
    assert_memory_equal(&read.head.partnership, &partnership, sizeof(partnership));
    const struct agency_key *key = agency_sign_key(own, read.head.key_id);
    assert_non_null(key);
    assert_true(
        verifier_check(key->verifier, SIGN_PARCEL, read.parcel.head, read.parcel.signature));
    check_root(&read);
    return read;
}

static struct read_parcel cut(struct story *story, enum lane lane)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;

    assert_int_equal(
        sending_cut(&story->sending, &story->session, lane, ++story->correlation, &parcel), 0);
    sending_sent(&story->sending, lane, &parcel);
    return read_back(story, &parcel);
}

static const struct wire_grant *grant_for(const struct wire_entry *entry, uint32_t agency,
                                          enum part part)
{
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient == agency && entry->grants[i].part == part) {
            return &entry->grants[i];
        }
    }
    return NULL;
}

static void expect_sorted(const struct wire_entry *entry)
{
    for (size_t i = 1; i < entry->n_grants; i++) {
        const struct wire_grant *a = &entry->grants[i - 1];
        const struct wire_grant *b = &entry->grants[i];
        assert_true(a->recipient < b->recipient ||
                    (a->recipient == b->recipient && a->part < b->part));
    }
}

/* Opens a part as that agency would, with nothing but its own key and the entry. */
static struct buf open_as(struct story *story, const struct wire_entry *entry, uint32_t agency,
                          enum part part)
{
    _cleanup_(secret_deinit) struct secret opening_key = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret data_key = SECRET_NULL;
    struct buf text = BUF_MAX(SEAL_ACCOUNT_MAX_BYTES);
    struct entry_header header;
    uint8_t digest[CAIRN_HASH_BYTES];
    const struct wire_grant *grant = grant_for(entry, agency, part);
    assert_non_null(grant);
    assert_true(wire_entry_header_read(entry->kind, entry->header, &story->arena, &header));
    struct grant_scope scope = {.entry = header.id, .part = part, .recipient = agency};
    size_t card = header.kind == ENTRY_RECORD ? header.record.card_bytes : 0;
    struct slice sealed = part == PART_CARD
                              ? slice_make(entry->body.data, card)
                              : slice_make(entry->body.data + card, entry->body.len - card);
    sha256(entry->header, digest);
    governing_seed(agency, "open", &opening_key);

    assert_int_equal(grant_open(&opening_key, &scope, SLICE_OF(grant->sealed), &data_key), 0);
    assert_int_equal(seal_open_part(&data_key, digest, part, sealed, &text), 0);
    return text;
}

static void a_parcel_holds_who_it_is_from_and_what_it_was_made_with(void **state)
{
    struct story *story = *state;
    struct intake_item item = practice_concern(story->practice, "");

    struct read_parcel read = cut(story, LANE_NORMAL);

    struct out_row row = practice_out(story->practice, &item.reference);
    assert_int_equal(read.header.lane, LANE_NORMAL);
    assert_int_equal(read.header.correlation, story->correlation);
    assert_true(read.head.stream == row.entry.stream);
    assert_int_equal(read.head.first_seq, 1);
    assert_int_equal(read.parcel.n_entries, 2);
    assert_int_equal(read.head.versions.of[GOVERNANCE_AGREEMENTS], 1);
    assert_int_equal(read.head.log_size, 2);
    struct checkpoint head = head_at(story, 2);
    assert_memory_equal(&read.head.log_root, &head.root, sizeof(head.root));
}

static void a_routine_concern_is_sealed_to_us_and_the_mash_alone(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");

    struct read_parcel read = cut(story, LANE_NORMAL);

    const struct wire_entry *entry = &read.parcel.entries[1];
    assert_int_equal(read.parcel.entries[0].n_grants, 0); /* a statement has none */
    assert_int_equal(entry->n_grants, 4);
    expect_sorted(entry);
    _cleanup_(buf_deinit) struct buf own = open_as(story, entry, AGENCY_OWN, PART_ACCOUNT);
    _cleanup_(buf_deinit) struct buf card = open_as(story, entry, AGENCY_OWN, PART_CARD);
    _cleanup_(buf_deinit) struct buf mash = open_as(story, entry, AGENCY_MASH, PART_ACCOUNT);
    assert_non_null(strstr(buf_text(&own), "without a coat"));
    assert_non_null(strstr(buf_text(&card), "Thistledown"));
    assert_string_equal(buf_text(&own), buf_text(&mash));
}

static void an_immediate_concern_is_sealed_to_the_whole_front_door(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "\"urgency\":\"immediate\",");

    struct read_parcel read = cut(story, LANE_URGENT);

    const struct wire_entry *entry = &read.parcel.entries[1];
    assert_int_equal(entry->n_grants, 6);
    assert_non_null(grant_for(entry, AGENCY_MASH, PART_ACCOUNT));
    assert_non_null(grant_for(entry, AGENCY_DUTY, PART_CARD));
    assert_null(grant_for(entry, AGENCY_GONE, PART_CARD));
    assert_null(grant_for(entry, AGENCY_SCHOOL, PART_CARD));
}

static void whom_the_author_left_out_gets_no_grant(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice,
                           "\"narrow\":{\"agencies\":[\"north-mash\"],\"reason\":\"allegation-"
                           "against-staff\",\"authority\":\"lado\"},");

    struct read_parcel read = cut(story, LANE_NORMAL);

    assert_int_equal(read.parcel.entries[1].n_grants, 2);
    assert_null(grant_for(&read.parcel.entries[1], AGENCY_MASH, PART_CARD));
}

static void grants_follow_the_agreements_of_the_day_they_are_sent(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");

    struct read_parcel before = cut(story, LANE_NORMAL);
    practice_amend(story->practice, GOVERNANCE_AGREEMENTS, 2, "\"recipient_kind\": \"mash\"",
                   "\"recipient_kind\": \"out-of-hours\"");
    sending_reset(&story->sending);
    struct read_parcel after = cut(story, LANE_NORMAL);

    assert_non_null(grant_for(&before.parcel.entries[1], AGENCY_MASH, PART_CARD));
    assert_null(grant_for(&after.parcel.entries[1], AGENCY_MASH, PART_CARD));
    assert_non_null(grant_for(&after.parcel.entries[1], AGENCY_DUTY, PART_CARD));
    assert_int_equal(after.head.versions.of[GOVERNANCE_AGREEMENTS], 2);
    assert_true(slice_equal(before.parcel.entries[1].header, after.parcel.entries[1].header));
    assert_true(slice_equal(before.parcel.entries[1].body, after.parcel.entries[1].body));
}

static void grants_are_judged_by_the_day_at_the_broker(void **state)
{
    struct story *story = *state;
    int64_t years_ms = INT64_C(730) * 86400 * 1000; /* the agreements end before */
    (void)practice_concern(story->practice, "");

    story->practice->clock.real_ms += years_ms;
    story->session.clock_ahead_ms = years_ms;
    struct read_parcel read = cut(story, LANE_NORMAL);

    assert_non_null(grant_for(&read.parcel.entries[1], AGENCY_MASH, PART_CARD));
}

static void a_decision_is_sealed_to_whom_the_decider_named(void **state)
{
    struct story *story = *state;
    struct decide_request decision = {
        .action = ACTION_OPEN,
        .alert = 7,
        .person = {.name = "A. Example",
                   .role = "screener",
                   .reason = "Three missed appointments; screening today."},
        .n_recipients = 4,
        .recipients = {AGENCY_SCHOOL, AGENCY_GONE, AGENCY_SCHOOL, 99},
    };
    struct reference reference;
    struct error error = ERROR_NULL;
    assert_int_equal(decide_submit(story->practice->agent, &decision, &reference, &error), 0);

    struct read_parcel read = cut(story, LANE_NORMAL);

    const struct wire_entry *entry = &read.parcel.entries[0];
    assert_int_equal(entry->n_grants, 2);
    expect_sorted(entry);
    _cleanup_(buf_deinit) struct buf text = open_as(story, entry, AGENCY_SCHOOL, PART_ACCOUNT);
    assert_non_null(strstr(buf_text(&text), "screening today"));
}

/* --- receipts --- */

static enum sending_result receipt(struct story *story, const struct read_parcel *parcel,
                                   const enum verdict *verdicts, struct slice note)
{
    struct wire_result results[CAIRN_PARCEL_ENTRIES_MAX];
    for (size_t i = 0; i < parcel->parcel.n_entries; i++) {
        results[i] = (struct wire_result){
            .seq = parcel->head.first_seq + i, .verdict = verdicts[i], .log_index = i};
    }
    struct wire_receipt receipt = {.stream = parcel->head.stream,
                                   .n_results = parcel->parcel.n_entries,
                                   .results = results,
                                   .checkpoint = note};
    return sending_receipt(&story->sending, parcel->header.correlation, &receipt);
}

static int try_cut(struct story *story, enum lane lane)
{
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;

    return sending_cut(&story->sending, &story->session, lane, ++story->correlation, &parcel);
}

static void keys_that_the_directory_had_first_keep_no_lane_from_leaving(void **state)
{
    struct story *story = *state;
    struct govern_keep *keep = story->practice->agent->keep;
    (void)practice_concern(story->practice, "");
    (void)practice_concern(story->practice, "\"urgency\":\"immediate\",");

    practice_renew(story->practice, AGENCY_OWN, 2, 0);

    assert_int_equal(govern_keep_linkage(keep), LINKAGE_EARLIER);
    (void)practice_concern(story->practice, "");
    struct read_parcel urgent = cut(story, LANE_URGENT);
    struct read_parcel normal = cut(story, LANE_NORMAL);
    assert_true(urgent.parcel.n_entries >= 1);
    assert_true(normal.parcel.n_entries >= 2);
}

static void without_its_new_keys_a_restarted_agent_says_so_and_with_them_goes_on(void **state)
{
    struct story *story = *state;
    struct practice *practice = story->practice;
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    practice_renew(practice, AGENCY_OWN, 2, 0);

    practice_reopen(practice);

    assert_int_equal(govern_keep_linkage(practice->agent->keep), LINKAGE_CLOSED);
    assert_false(govern_keep_place(practice->agent->keep, &place));

    practice_write_set(practice, 2);
    practice_reopen(practice);

    assert_int_equal(govern_keep_linkage(practice->agent->keep), LINKAGE_OPEN);
    assert_true(govern_keep_place(practice->agent->keep, &place));
}

static void expect_health(struct story *story, const char *words, bool said)
{
    const struct api_call call = {.agent = story->practice->agent};
    struct api_answer answer = API_ANSWER_NULL;
    api_health(&call, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(strstr(buf_text(&answer.body), words) != NULL, said);
    buf_deinit(&answer.body);
}

static void a_signing_key_that_is_gone_while_its_set_is_in_use_is_missed(void **state)
{
    static const char words[] = "\"missing_key\":\"signing-key-2\"";
    struct story *story = *state;
    struct practice *practice = story->practice;
    char key[sizeof(practice->keys) + KEY_NAME_BYTES];
    char away[sizeof(key) + 8];
    (void)snprintf(key, sizeof(key), "%s/%s-2", practice->keys, KEY_SIGNING);
    (void)snprintf(away, sizeof(away), "%s.away", key);
    practice_write_set(practice, 2);
    assert_int_equal(rename(key, away), 0);

    practice_reopen(practice);
    expect_health(story, words, false); /* not listed yet: it may be being made */
    practice_renew(practice, AGENCY_OWN, 2, 0);
    expect_health(story, words, true);

    assert_int_equal(rename(away, key), 0);
    practice_reopen(practice);
    expect_health(story, words, false);
}

static void a_lane_has_one_parcel_on_its_way(void **state)
{
    struct story *story = *state;
    const enum verdict stored[] = {VERDICT_STORED, VERDICT_STORED};
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);
    (void)practice_concern(story->practice, "");
    (void)practice_concern(story->practice, "\"urgency\":\"immediate\",");

    assert_int_equal(try_cut(story, LANE_NORMAL), -ENOENT);
    assert_int_equal(try_cut(story, LANE_URGENT), 0); /* other lanes go on */
    assert_int_equal(receipt(story, &first, stored, note_at(story, 3)), SENDING_DONE);

    struct read_parcel second = cut(story, LANE_NORMAL);
    assert_int_equal(second.head.first_seq, 3);
}

static void a_receipt_takes_stored_entries_out_and_keeps_the_others(void **state)
{
    struct story *story = *state;
    const enum verdict verdicts[] = {VERDICT_STORED, VERDICT_BUSY};
    struct intake_item item = practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    assert_int_equal(receipt(story, &first, verdicts, note_at(story, 3)), SENDING_DONE);

    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 1);
    assert_int_equal(practice_out(story->practice, &item.reference).state, OUT_SPOOLED);
    assert_int_equal(try_cut(story, LANE_NORMAL), -ENOENT); /* not at once */
    clock_fake_advance(&story->practice->clock, SENDING_RETRY_MAX_MS);
    struct read_parcel again = cut(story, LANE_NORMAL);
    assert_int_equal(again.head.first_seq, 2);
    assert_int_equal(again.parcel.n_entries, 1);
}

static void without_a_receipt_the_same_entries_go_again(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    clock_fake_advance(&story->practice->clock, SENDING_RECEIPT_MAX_MS - 1);
    assert_int_equal(try_cut(story, LANE_NORMAL), -ENOENT);
    clock_fake_advance(&story->practice->clock, 1);
    struct read_parcel again = cut(story, LANE_NORMAL);

    assert_true(again.header.correlation != first.header.correlation);
    assert_int_equal(again.parcel.n_entries, first.parcel.n_entries);
    for (size_t i = 0; i < again.parcel.n_entries; i++) {
        assert_true(slice_equal(again.parcel.entries[i].header, first.parcel.entries[i].header));
        assert_true(slice_equal(again.parcel.entries[i].body, first.parcel.entries[i].body));
    }
}

static void a_receipt_is_believed_only_with_a_signed_head_that_covers_it(void **state)
{
    struct story *story = *state;
    const enum verdict stored[] = {VERDICT_STORED, VERDICT_STORED};
    (void)practice_concern(story->practice, "");

    struct read_parcel first = cut(story, LANE_NORMAL);
    assert_int_equal(receipt(story, &first, stored, note_at(story, 1)), SENDING_INVALID);
    sending_reset(&story->sending);
    struct read_parcel second = cut(story, LANE_NORMAL);
    assert_int_equal(receipt(story, &second, stored, slice_of_text("signed by nobody\n")),
                     SENDING_INVALID);

    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 2);
}

/* A record is stored under the head of that size, and the agent stops and starts. */
static struct wire_hello promised(struct story *story, uint64_t size)
{
    const enum verdict verdicts[] = {VERDICT_STORED, VERDICT_STORED};
    (void)practice_concern(story->practice, "");
    struct read_parcel parcel = cut(story, LANE_NORMAL);
    assert_int_equal(receipt(story, &parcel, verdicts, note_at(story, size)), SENDING_DONE);
    practice_reopen(story->practice);
    start_link(story);
    assert_true(session_owed(&story->session));
    return greet(story);
}

/* From two leaves, which are proved, over `promised` to `size`. */
static struct wire_hello_reply proved(struct story *story, uint64_t promised, uint64_t size)
{
    return (struct wire_hello_reply){
        .protocol = CAIRN_PROTOCOL_MAX,
        .versions = session_versions(story->practice->governing.governance),
        .checkpoint = note_at(story, size),
        .consistency =
            size > promised ? proof_between(story, promised, size) : (struct tree_proof){.n = 0},
        .time_ms = story->practice->clock.real_ms,
        .bridge = proof_between(story, 2, promised),
    };
}

static void what_a_receipt_promised_is_shown_and_proved_at_the_next_hello(void **state)
{
    struct story *story = *state;

    struct wire_hello hello = promised(story, 5);
    assert_true(slice_equal(hello.checkpoint, note_at(story, 5)));
    assert_int_equal(hello.proven, 2);
    const struct wire_hello_reply reply = proved(story, 5, 6);
    assert_int_equal(answer(story, &reply), SESSION_GOES_ON);

    assert_int_equal(story->session.witness.head.size, 6);
    assert_false(session_owed(&story->session));
    practice_reopen(story->practice);
    start_link(story);
    assert_int_equal(story->session.witness.head.size, 6);
    assert_false(session_owed(&story->session));
}

static void a_log_that_lacks_what_a_receipt_promised_is_evidence(void **state)
{
    struct story *story = *state;
    (void)promised(story, 5);

    const struct wire_hello_reply reply = proved(story, 5, 4);

    assert_int_equal(answer(story, &reply), SESSION_FORK);
    assert_true(kept_as_fork(story));
}

static void a_promise_that_does_not_continue_our_log_is_evidence(void **state)
{
    struct story *story = *state;
    story->leaves[0] = story->leaves[1];
    (void)promised(story, 5);

    const struct wire_hello_reply reply = proved(story, 5, 6);

    assert_int_equal(answer(story, &reply), SESSION_FORK);
    assert_true(kept_as_fork(story));
}

static void hello_may_be_said_again_and_is_left_when_a_delivery_was_faster(void **state)
{
    struct story *story = *state;
    const enum verdict verdicts[] = {VERDICT_STORED, VERDICT_STORED};
    (void)practice_concern(story->practice, "");
    struct read_parcel parcel = cut(story, LANE_NORMAL);
    assert_int_equal(receipt(story, &parcel, verdicts, note_at(story, 5)), SENDING_DONE);
    session_promised(&story->session, note_at(story, 5));
    struct tree_proof proof = proof_between(story, 2, 6);

    (void)greet(story);
    assert_int_equal(session_head(&story->session, note_at(story, 6), 2, &proof), SESSION_GOES_ON);
    struct wire_hello_reply reply = proved(story, 5, 7);
    assert_int_equal(answer(story, &reply), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 6);
    assert_int_equal(story->session.state, SESSION_READY);

    assert_int_equal(greet(story).proven, 5); /* it is owed still */
    reply.consistency = proof_between(story, 6, 7);
    reply.bridge = proof_between(story, 5, 6);
    assert_int_equal(answer(story, &reply), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 7);
    assert_false(session_owed(&story->session));
}

static void the_answer_to_a_hello_that_showed_another_head_is_no_fork(void **state)
{
    struct story *story = *state;
    struct tree_proof proof = proof_between(story, 2, 6);
    session_promised(&story->session, note_at(story, 5));
    (void)greet(story);
    uint64_t first = story->hellos;
    assert_int_equal(session_head(&story->session, note_at(story, 6), 2, &proof), SESSION_GOES_ON);
    (void)greet(story);

    const struct wire_hello_reply late = proved(story, 5, 7);
    struct wire_hello_reply reply = proved(story, 5, 7);
    reply.consistency = proof_between(story, 6, 7);
    reply.bridge = proof_between(story, 5, 6);

    assert_int_equal(answer_to(story, first, &late), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 6);
    assert_int_equal(answer(story, &reply), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 7);
}

static void a_delivery_in_between_takes_no_promise_for_a_fork(void **state)
{
    struct story *story = *state;
    struct tree_proof proof = proof_between(story, 2, 4);
    session_promised(&story->session, note_at(story, 6));

    (void)greet(story);
    assert_int_equal(session_head(&story->session, note_at(story, 4), 2, &proof), SESSION_GOES_ON);
    const struct wire_hello_reply reply = proved(story, 6, 7);

    assert_int_equal(answer(story, &reply), SESSION_GOES_ON);
    assert_int_equal(story->session.witness.head.size, 4);
    assert_true(session_owed(&story->session));
}

static void a_receipt_of_another_log_is_found_out_behind_a_larger_delivery(void **state)
{
    struct story *story = *state;
    struct hash leaf = story->leaves[3];
    story->leaves[3] = story->leaves[0];
    session_promised(&story->session, note_at(story, 5));
    story->leaves[3] = leaf;
    struct tree_proof proof = proof_between(story, 2, 6);
    assert_int_equal(session_head(&story->session, note_at(story, 6), 2, &proof), SESSION_GOES_ON);

    (void)greet(story);
    struct wire_hello_reply reply = proved(story, 6, 7);
    reply.bridge = proof_between(story, 5, 6);

    assert_int_equal(answer(story, &reply), SESSION_FORK);
    assert_true(kept_as_fork(story));
}

static void a_receipt_for_another_parcel_is_nothing(void **state)
{
    struct story *story = *state;
    const enum verdict stored[] = {VERDICT_STORED, VERDICT_STORED};
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    struct read_parcel other = first;
    other.header.correlation++;
    assert_int_equal(receipt(story, &other, stored, note_at(story, 3)), SENDING_NOT_MINE);
    other = first;
    other.head.stream++;
    assert_int_equal(receipt(story, &other, stored, note_at(story, 3)), SENDING_NOT_MINE);

    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 2);
}

static void a_stale_directory_asks_for_a_newer_one_and_keeps_the_entries(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    enum sending_result result =
        sending_error(&story->sending, first.header.correlation, VERDICT_STALE_DIRECTORY);

    assert_int_equal(result, SENDING_STALE);
    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 2);
    assert_int_equal(story->sending.refused, 0);
}

/* A broker that finds one row malformed, wherever it comes, and stores the rest. Returns how many
 * parcels it took until nothing was left. */
static size_t send_past(struct story *story, const uint64_t *bad, size_t n_bad)
{
    enum verdict stored[CAIRN_PARCEL_ENTRIES_MAX];
    size_t parcels = 0;
    for (size_t i = 0; i < CAIRN_PARCEL_ENTRIES_MAX; i++) {
        stored[i] = VERDICT_STORED;
    }
    for (; parcels < 200; parcels++) {
        _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
        bool refused = false;
        clock_fake_advance(&story->practice->clock, SENDING_REFUSED_MS);
        int r = sending_cut(&story->sending, &story->session, LANE_NORMAL, ++story->correlation,
                            &parcel);
        if (r == -ENOENT) {
            break;
        }
        assert_int_equal(r, 0);
        sending_sent(&story->sending, LANE_NORMAL, &parcel);
        for (size_t i = 0; i < n_bad; i++) {
            refused = refused || (bad[i] >= parcel.first_seq && bad[i] <= parcel.last_seq);
        }
        if (refused) {
            (void)sending_error(&story->sending, parcel.correlation, VERDICT_MALFORMED);
        } else {
            struct read_parcel read = read_back(story, &parcel);
            assert_int_equal(receipt(story, &read, stored, note_at(story, LOG_LEAVES)),
                             SENDING_DONE);
        }
        arena_reset(&story->arena);
    }
    return parcels;
}

static size_t held_now(struct story *story, struct held ret[HELD_LIST_MAX])
{
    _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);
    return held_list(txn, ret);
}

static void a_bad_row_is_put_aside_and_the_others_go_on(void **state)
{
    struct story *story = *state;
    struct intake_item items[7];
    struct held held[HELD_LIST_MAX];
    const uint64_t bad[] = {4};
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        items[i] = practice_concern(story->practice, "");
    }

    size_t parcels = send_past(story, bad, ARRAY_LEN(bad));

    assert_in_range(parcels, 2, 12);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        struct out_row row = practice_out(story->practice, &items[i].reference);
        assert_int_equal(row.state, row.entry.seq == 4 ? OUT_SPOOLED : OUT_STORED);
        assert_int_equal(row.verdict, row.entry.seq == 4 ? VERDICT_MALFORMED : VERDICT_STORED);
    }
    assert_int_equal(held_now(story, held), 1);
    assert_true(held[0].aside);
    assert_int_equal(held[0].entry.seq, 4);
    assert_int_equal(held[0].verdict, VERDICT_MALFORMED);
}

static void what_was_put_aside_goes_again_after_a_start(void **state)
{
    struct story *story = *state;
    struct intake_item item = practice_concern(story->practice, "");
    struct held held[HELD_LIST_MAX];
    const uint64_t bad[] = {1, 2};
    (void)send_past(story, bad, ARRAY_LEN(bad));
    assert_int_equal(held_now(story, held), 2);

    practice_reopen(story->practice);
    start_link(story);
    assert_int_equal(hello_reply(story, 2, 2), SESSION_GOES_ON);
    assert_int_equal(held_now(story, held), 0);
    assert_int_equal(practice_out(story->practice, &item.reference).verdict, 0);
    (void)send_past(story, NULL, 0);

    assert_int_equal(practice_out(story->practice, &item.reference).state, OUT_STORED);
    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 0);
}

static void what_is_aside_and_taken_back_never_left(void **state)
{
    struct story *story = *state;
    struct intake_item item =
        practice_concern(story->practice, "\"source\":{\"system\":\"emis\",\"id\":\"C-1\"},");
    struct held held[HELD_LIST_MAX];
    const uint64_t bad[] = {2};
    (void)send_past(story, bad, ARRAY_LEN(bad));

    struct intake_item taken_back = practice_submit(
        story->practice, INTAKE_RECORD,
        "{\"kind\":\"retraction\",\"event_date\":\"2026-11-20\",\"retracts\":\"C-1\","
        "\"source\":{\"system\":\"emis\",\"id\":\"R-1\"}}");

    assert_int_equal(taken_back.outcome, INTAKE_WITHDRAWN);
    assert_int_equal(practice_out(story->practice, &item.reference).state, OUT_WITHDRAWN);
    assert_int_equal(held_now(story, held), 0);
    practice_reopen(story->practice);
    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 0);
}

static void a_lane_that_is_put_off_for_long_shows_its_oldest_row(void **state)
{
    struct story *story = *state;
    struct held held[HELD_LIST_MAX];
    int64_t began_ms = story->practice->clock.real_ms;
    struct intake_item item = practice_concern(story->practice, "");
    const enum verdict stored[] = {VERDICT_STORED, VERDICT_STORED};

    for (int64_t waited_ms = 0; waited_ms <= SENDING_HELD_MS; waited_ms += SENDING_RETRY_MAX_MS) {
        assert_int_equal(held_now(story, held), 0);
        struct read_parcel read = cut(story, LANE_NORMAL);
        (void)sending_error(&story->sending, read.header.correlation, VERDICT_DISK_FULL);
        clock_fake_advance(&story->practice->clock, SENDING_RETRY_MAX_MS);
    }

    assert_int_equal(held_now(story, held), 1);
    assert_false(held[0].aside);
    assert_int_equal(held[0].lane, LANE_NORMAL);
    assert_int_equal(held[0].entry.seq, 1);
    assert_int_equal(held[0].verdict, VERDICT_DISK_FULL);
    assert_true(held[0].since_ms == began_ms);
    struct read_parcel read = cut(story, LANE_NORMAL);
    assert_int_equal(receipt(story, &read, stored, note_at(story, 3)), SENDING_DONE);
    assert_int_equal(held_now(story, held), 0);
    assert_int_equal(practice_out(story->practice, &item.reference).state, OUT_STORED);
}

static void a_parcel_refused_as_a_whole_is_kept_for_a_person_to_look(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    enum sending_result result =
        sending_error(&story->sending, first.header.correlation, VERDICT_REVOKED_KEY);

    assert_int_equal(result, SENDING_DONE);
    assert_int_equal(story->sending.refused, VERDICT_REVOKED_KEY);
    assert_int_equal(practice_rows(story->practice, AT_SPOOL), 2);
    clock_fake_advance(&story->practice->clock, SENDING_REFUSED_MS / 2 - 1);
    assert_int_equal(try_cut(story, LANE_NORMAL), -ENOENT);
    clock_fake_advance(&story->practice->clock, SENDING_REFUSED_MS / 2 + 1);
    (void)cut(story, LANE_NORMAL);
}

static void a_restart_sends_what_was_not_answered(void **state)
{
    struct story *story = *state;
    (void)practice_concern(story->practice, "");
    struct read_parcel first = cut(story, LANE_NORMAL);

    practice_reopen(story->practice);
    start_link(story);
    assert_int_equal(hello_reply(story, 2, 2), SESSION_GOES_ON);
    struct read_parcel again = cut(story, LANE_NORMAL);

    assert_int_equal(again.head.first_seq, first.head.first_seq);
    assert_true(slice_equal(again.parcel.entries[1].body, first.parcel.entries[1].body));
}

/* --- what others have cosigned --- */

/* What the hospital signed of the first `size` leaves, as the answer to the newest hello carries
 * it. */
static struct wire_cosigned cosigned_at(struct story *story, uint64_t size, uint64_t until)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint8_t key[SIGN_PUBLIC_BYTES];
    struct wire_cosigned cosigned = {
        .agency = AGENCY_HOSPITAL,
        .head = head_at(story, size),
        .consistency = size < until ? proof_between(story, size, until) : (struct tree_proof){0},
    };
    governing_seed(AGENCY_HOSPITAL, "sign", &seed);
    assert_int_equal(signer_new(&seed, &signer), 0);
    signer_public(signer, key);
    cosigned.key_id = key_id(SLICE_OF(key));
    checkpoint_text(&cosigned.head, GOVERNING_ORIGIN, &text);
    uint64_t now_s = (uint64_t)story->practice->clock.real_ms / 1000;
    assert_int_equal(cosignature_make(buf_slice(&text), now_s, signer, cosigned.cosignature), 0);
    return cosigned;
}

static enum session_result answer_cosigned(struct story *story, uint64_t size,
                                           const struct wire_cosigned *cosigned)
{
    struct wire_hello_reply reply = proved(story, 2, size);
    reply.n_cosigned = 1;
    reply.cosigned = cosigned;
    return answer(story, &reply);
}

static size_t confirmed_by(struct story *story)
{
    return practice_rows(story->practice, AT_CONFIRMED);
}

static void a_hello_asks_who_else_has_confirmed_the_log_once_an_hour(void **state)
{
    struct story *story = *state;
    assert_false(session_asks(&story->session)); /* the first hello has asked */
    assert_int_equal(greet(story).cosigned_from, 0);

    clock_fake_advance(&story->practice->clock, CONFIRM_ASK_MS);

    assert_true(session_asks(&story->session));
    assert_int_equal(greet(story).cosigned_from, 1);
    struct wire_cosigned cosigned = cosigned_at(story, 2, 3);
    assert_int_equal(answer_cosigned(story, 3, &cosigned), SESSION_GOES_ON);
    assert_int_equal(confirmed_by(story), 1);
    assert_false(session_asks(&story->session));
}

static void a_confirmation_that_a_delivery_overtook_is_asked_for_again(void **state)
{
    struct story *story = *state;
    struct tree_proof proof = proof_between(story, 2, 4);
    clock_fake_advance(&story->practice->clock, CONFIRM_ASK_MS);
    (void)greet(story);
    assert_int_equal(session_head(&story->session, note_at(story, 4), 2, &proof), SESSION_GOES_ON);

    struct wire_cosigned cosigned = cosigned_at(story, 2, 5);
    assert_int_equal(answer_cosigned(story, 5, &cosigned), SESSION_GOES_ON);

    assert_int_equal(confirmed_by(story), 0);
    assert_true(session_asks(&story->session));
}

static void what_was_not_asked_for_is_not_looked_at(void **state)
{
    struct story *story = *state;
    struct wire_cosigned cosigned = cosigned_at(story, 2, 3);
    (void)greet(story);

    assert_int_equal(answer_cosigned(story, 3, &cosigned), SESSION_GOES_ON);

    assert_int_equal(confirmed_by(story), 0);
}

static void what_another_agency_signed_of_another_log_is_evidence(void **state)
{
    struct story *story = *state;
    struct hash leaf = story->leaves[1];
    struct slice shown;
    struct note_key key;
    struct checkpoint head;
    const struct agency *hospital =
        directory_agency(&story->practice->governing.governance->directory, AGENCY_HOSPITAL);
    story->leaves[1] = story->leaves[0];
    struct wire_cosigned cosigned = cosigned_at(story, 3, 5);
    story->leaves[1] = leaf;
    clock_fake_advance(&story->practice->clock, CONFIRM_ASK_MS);
    (void)greet(story);

    assert_int_equal(answer_cosigned(story, 5, &cosigned), SESSION_FORK);

    assert_non_null(strstr(story->session.reason, "another agency"));
    practice_reopen(story->practice);
    assert_true(kept_as_fork(story));
    _cleanup_(store_end) struct store_txn *txn = store_read(story->practice->agent->store);
    assert_true(witness_evidence(txn, true, &shown));
    assert_true(note_key_init(&key, hospital->id, NOTE_TYPE_COSIGNATURE,
                              hospital->sign_keys[0].public_key));
    assert_true(checkpoint_check_cosigned(shown, GOVERNING_ORIGIN, &key, &head));
    assert_int_equal(head.size, 3);
    assert_true(witness_evidence(txn, false, &shown));
    assert_true(checkpoint_check(shown, &story->checkpoint_key, &head));
    assert_int_equal(head.size, 5);
}

static void an_operator_who_clears_a_fork_forgets_who_confirmed_the_log(void **state)
{
    struct story *story = *state;
    a_hello_asks_who_else_has_confirmed_the_log_once_an_hour(state);
    struct store_txn *txn = store_begin(story->practice->agent->store);
    witness_save_fork(txn, &story->session.witness, note_at(story, 4));

    witness_clear_fork(txn);
    assert_int_equal(agent_commit(&txn), 0);

    assert_int_equal(confirmed_by(story), 0);
}

/* --- acknowledgements --- */

static int try_ack(struct story *story, struct parcel *parcel)
{
    return acks_cut(&story->acks, &story->session, ++story->correlation, parcel);
}

static void an_acknowledgement_cosigns_the_head_and_comes_soon(void **state)
{
    struct story *story = *state;
    _cleanup_(parcel_deinit) struct parcel parcel = PARCEL_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct entry_header header;
    struct checkpoint head = head_at(story, 2);
    acks_want(&story->acks, 4);
    acks_want(&story->acks, 9);

    assert_int_equal(try_ack(story, &parcel), -ENOENT);
    clock_fake_advance(&story->practice->clock, ACKS_WAIT_MS);
    assert_int_equal(try_ack(story, &parcel), 0);

    struct read_parcel read = read_back(story, &parcel);
    assert_int_equal(read.parcel.n_entries, 1);
    assert_true(wire_entry_header_read(ENTRY_ACKNOWLEDGEMENT, read.parcel.entries[0].header,
                                       &story->arena, &header));
    assert_int_equal(header.acknowledgement.position, 9);
    assert_int_equal(header.acknowledgement.log_size, 2);
    checkpoint_text(&head, GOVERNING_ORIGIN, &text);
    const struct agency *own =
        directory_agency(&story->practice->governing.governance->directory, AGENCY_OWN);
    assert_true(cosignature_check(buf_slice(&text), header.acknowledgement.cosignature,
                                  own->sign_keys[0].verifier));
}

static void an_acknowledgement_is_repeated_until_it_is_receipted(void **state)
{
    struct story *story = *state;
    _cleanup_(parcel_deinit) struct parcel first = PARCEL_NULL;
    _cleanup_(parcel_deinit) struct parcel second = PARCEL_NULL;
    struct wire_result result = {.verdict = VERDICT_STORED, .log_index = 2};
    struct wire_receipt receipt = {.n_results = 1, .results = &result};
    acks_want(&story->acks, 9);
    clock_fake_advance(&story->practice->clock, ACKS_WAIT_MS);
    assert_int_equal(try_ack(story, &first), 0);
    acks_sent(&story->acks, &first);

    assert_int_equal(acks_error(&story->acks, first.correlation, VERDICT_BUSY), SENDING_DONE);
    clock_fake_advance(&story->practice->clock, SENDING_RETRY_MAX_MS);
    assert_int_equal(try_ack(story, &second), 0);
    acks_sent(&story->acks, &second);
    receipt.stream = second.stream;
    receipt.checkpoint = note_at(story, 3);
    assert_int_equal(acks_receipt(&story->acks, second.correlation, &receipt), SENDING_DONE);

    assert_true(second.first_seq > first.first_seq);
    assert_int_equal(story->acks.told, 9);
    clock_fake_advance(&story->practice->clock, SENDING_RECEIPT_MAX_MS);
    assert_int_equal(try_ack(story, &first), -ENOENT);
}

/* --- questions --- */

struct asker {
    struct questions *questions;
    struct agent *agent;
    struct question question;
    struct question answer;
    int result;
};

static void *ask_in_thread(void *data)
{
    struct asker *asker = data;

    asker->result =
        questions_put(asker->questions, asker->agent, &asker->question, 60000, &asker->answer);
    return NULL;
}

/* As our receipt says that it is in the log. */
#define SOME_ENTRY_ID                                                                              \
    {                                                                                              \
        .agency = AGENCY_OWN, .stream = 5, .seq = 6                                                \
    }
static const struct logged_entry some_entry = {
    .id = SOME_ENTRY_ID,
    .log_index = 2,
    .item = {.bytes = {7, 8, 9}},
};

/* The thread's question as it goes out; waits for the thread to have put it. */
static void next_question(struct questions *questions, uint64_t correlation, enum wire_type *type,
                          struct buf *payload)
{
    while (!questions_next(questions, correlation, type, payload)) {
        (void)sched_yield();
    }
}

/* Puts the question, answers it with that frame, and returns what came of it. */
static int put_and_answer(struct story *story, enum question_kind kind, struct slice reply,
                          struct question *ret)
{
    struct questions questions;
    assert_int_equal(questions_init(&questions), 0);
    questions_set_open(&questions, true);
    struct asker asker = {.questions = &questions,
                          .agent = story->practice->agent,
                          .question = {.kind = kind, .entry = some_entry}};
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    enum wire_type type = WIRE_PING;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &asker), 0);
    next_question(&questions, 77, &type, &payload);
    if (kind == QUESTION_STATE) {
        assert_int_equal(type, WIRE_STATE_REQUEST);
        assert_false(questions_state_reply(&questions, 78, reply, &story->arena));
        assert_true(questions_state_reply(&questions, 77, reply, &story->arena));
    } else if (kind == QUESTION_PICTURE) {
        assert_int_equal(type, WIRE_PICTURE_REQUEST);
        assert_false(questions_picture_reply(&questions, 78, reply, &story->arena));
        assert_true(questions_picture_reply(&questions, 77, reply, &story->arena));
    } else {
        assert_int_equal(type, WIRE_PROOF_REQUEST);
        assert_false(
            questions_proof_reply(&questions, 78, reply, &story->arena, &story->checkpoint_key));
        assert_true(
            questions_proof_reply(&questions, 77, reply, &story->arena, &story->checkpoint_key));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    questions_deinit(&questions);
    *ret = asker.answer;
    return asker.result;
}

static int ask_state(struct story *story, const struct wire_state_reply *reply,
                     struct question *ret)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_state_reply_write(reply, &payload);
    return put_and_answer(story, QUESTION_STATE, buf_slice(&payload), ret);
}

static const struct wire_reader some_reader = {.agency = AGENCY_MASH, .state = READER_OPENED};
static const struct wire_state_reply some_state = {.entry = SOME_ENTRY_ID,
                                                   .verdict = VERDICT_STORED,
                                                   .log_index = 2,
                                                   .n_readers = 1,
                                                   .readers = &some_reader};

static void a_question_waits_for_its_answer_and_no_other(void **state)
{
    struct story *story = *state;
    struct question answer;

    assert_int_equal(ask_state(story, &some_state, &answer), 0);

    assert_int_equal(answer.state.n_readers, 1);
    assert_int_equal(answer.state.readers[0].state, READER_OPENED);
}

static void a_state_that_contradicts_our_receipt_is_refused(void **state)
{
    struct story *story = *state;
    struct question answer;
    struct wire_state_reply elsewhere = some_state;
    struct wire_state_reply missing = some_state;
    struct wire_state_reply another = some_state;
    elsewhere.log_index++;
    missing.verdict = VERDICT_NOT_FOUND;
    another.entry.seq++;

    assert_int_equal(ask_state(story, &elsewhere, &answer), -EPROTO);
    assert_int_equal(ask_state(story, &missing, &answer), -EPROTO);
    assert_int_equal(ask_state(story, &another, &answer), -EPROTO);
}

static void questions_end_when_the_connection_does(void **state)
{
    struct story *story = *state;
    struct questions questions;
    struct question question = {.kind = QUESTION_STATE, .entry = some_entry};
    struct question answer;
    enum wire_type type = WIRE_PING;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    assert_int_equal(questions_init(&questions), 0);

    assert_int_equal(questions_put(&questions, story->practice->agent, &question, 10, &answer),
                     -ENOTCONN);
    questions_set_open(&questions, true);
    assert_int_equal(questions_put(&questions, story->practice->agent, &question, 0, &answer),
                     -ETIMEDOUT);
    assert_false(questions_next(&questions, 1, &type, &payload)); /* nobody waits for it any more */
    questions_deinit(&questions);
}

/* The broker proves that leaf at index 2 of five, whatever it says. */
static int ask_proof(struct story *story, const struct leaf *leaf, struct question *ret)
{
    uint8_t storage[LEAF_MAX_BYTES];
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_proof_reply reply = {
        .verdict = VERDICT_STORED, .log_index = 2, .leaf = leaf_write(leaf, storage)};
    struct tree_leaves leaves = {.leaves = story->leaves, .n = 5};
    struct tree_source source = tree_source_of(&leaves);
    tree_leaf(reply.leaf, &story->leaves[2]);
    reply.checkpoint = note_at(story, 5);
    assert_int_equal(tree_prove_inclusion(&source, 2, 5, &reply.path), 0);
    wire_proof_reply_write(&reply, &payload);
    return put_and_answer(story, QUESTION_PROOF, buf_slice(&payload), ret);
}

static const struct leaf some_leaf = {
    .type = LEAF_ENTRY,
    .agency = AGENCY_OWN,
    .id = SOME_ENTRY_ID,
    .kind = ENTRY_RECORD,
    .verdict = VERDICT_STORED,
    .digest = {.bytes = {7, 8, 9}},
};

static void a_proof_of_our_very_entry_is_handed_over(void **state)
{
    struct story *story = *state;
    struct question answer;

    assert_int_equal(ask_proof(story, &some_leaf, &answer), 0);

    assert_int_equal(answer.verdict, VERDICT_STORED);
    assert_true(answer.document.len > 0);
    buf_deinit(&answer.document);
}

static void a_proof_of_anything_else_is_no_evidence(void **state)
{
    struct story *story = *state;
    struct question answer;
    struct leaf agency = some_leaf;
    struct leaf id = some_leaf;
    struct leaf digest = some_leaf;
    struct leaf told = {.type = LEAF_TOLD,
                        .agency = AGENCY_OWN,
                        .digest = some_leaf.digest,
                        .number = 1,
                        .detail = ITEM_DELIVERED};
    agency.agency = AGENCY_MASH;
    id.id.seq++;
    digest.digest.bytes[0] ^= 1;

    assert_int_equal(ask_proof(story, &agency, &answer), -EPROTO);
    assert_int_equal(ask_proof(story, &id, &answer), -EPROTO);
    assert_int_equal(ask_proof(story, &digest, &answer), -EPROTO);
    assert_int_equal(ask_proof(story, &told, &answer), -EPROTO);
}

static void a_proof_is_checked_before_it_is_handed_over(void **state)
{
    struct story *story = *state;
    struct question answer;
    uint8_t storage[LEAF_MAX_BYTES];
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_proof_reply reply = {.verdict = VERDICT_STORED,
                                     .log_index = 2,
                                     .leaf = leaf_write(&some_leaf, storage),
                                     .checkpoint = note_at(story, 5)};
    struct tree_leaves leaves = {.leaves = story->leaves, .n = 5};
    struct tree_source source = tree_source_of(&leaves);
    assert_int_equal(tree_prove_inclusion(&source, 2, 5, &reply.path), 0); /* of another leaf */
    wire_proof_reply_write(&reply, &payload);

    assert_int_equal(put_and_answer(story, QUESTION_PROOF, buf_slice(&payload), &answer), -EPROTO);
}

static int ask_picture(struct story *story, const struct entry_id *look, struct question *ret)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    const struct wire_picture_reply reply = {.look = *look, .flags = PICTURE_OLDER};
    wire_picture_reply_write(&reply, &payload);
    return put_and_answer(story, QUESTION_PICTURE, buf_slice(&payload), ret);
}

static void a_picture_is_of_the_look_that_was_asked_with_and_of_no_other(void **state)
{
    struct story *story = *state;
    struct question answer = {.verdict = VERDICT_BUSY};
    struct wire_picture_reply read;
    struct entry_id another = some_entry.id;
    another.seq++;
    assert_int_equal(ask_picture(story, &some_entry.id, &answer), 0);
    assert_int_equal(answer.verdict, VERDICT_STORED);
    assert_true(wire_picture_reply_read(buf_slice(&answer.document), &story->arena, &read));
    assert_int_equal(read.flags, PICTURE_OLDER);
    buf_deinit(&answer.document);

    assert_int_equal(ask_picture(story, &another, &answer), -EPROTO);
    assert_int_equal(put_and_answer(story, QUESTION_PICTURE, slice_of_text("no picture"), &answer),
                     -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)  cmocka_unit_test_setup_teardown(name, open_ready, close_story)
#define FRESH(name) cmocka_unit_test_setup_teardown(name, open_new, close_story)
        FRESH(a_new_agency_fetches_governance_before_it_believes_a_head),
        TEST(the_verified_head_survives_a_restart_and_is_shown_in_hello),
        TEST(a_log_that_grew_is_followed),
        TEST(a_log_that_shrank_is_evidence),
        TEST(a_log_with_another_past_is_evidence_until_an_operator_has_looked),
        TEST(a_head_that_somebody_else_signed_is_refused),
        TEST(a_delivery_that_begins_elsewhere_is_left_and_not_taken_for_a_fork),
        TEST(a_pong_with_newer_versions_makes_the_agent_fetch_them),
        TEST(a_document_that_does_not_come_is_asked_for_again),
        TEST(a_parcel_holds_who_it_is_from_and_what_it_was_made_with),
        TEST(a_routine_concern_is_sealed_to_us_and_the_mash_alone),
        TEST(an_immediate_concern_is_sealed_to_the_whole_front_door),
        TEST(whom_the_author_left_out_gets_no_grant),
        TEST(grants_follow_the_agreements_of_the_day_they_are_sent),
        TEST(grants_are_judged_by_the_day_at_the_broker),
        TEST(a_decision_is_sealed_to_whom_the_decider_named),
        TEST(keys_that_the_directory_had_first_keep_no_lane_from_leaving),
        TEST(without_its_new_keys_a_restarted_agent_says_so_and_with_them_goes_on),
        TEST(a_signing_key_that_is_gone_while_its_set_is_in_use_is_missed),
        TEST(a_lane_has_one_parcel_on_its_way),
        TEST(a_receipt_takes_stored_entries_out_and_keeps_the_others),
        TEST(without_a_receipt_the_same_entries_go_again),
        TEST(a_receipt_is_believed_only_with_a_signed_head_that_covers_it),
        TEST(what_a_receipt_promised_is_shown_and_proved_at_the_next_hello),
        TEST(a_log_that_lacks_what_a_receipt_promised_is_evidence),
        TEST(a_promise_that_does_not_continue_our_log_is_evidence),
        TEST(hello_may_be_said_again_and_is_left_when_a_delivery_was_faster),
        TEST(the_answer_to_a_hello_that_showed_another_head_is_no_fork),
        TEST(a_delivery_in_between_takes_no_promise_for_a_fork),
        TEST(a_receipt_of_another_log_is_found_out_behind_a_larger_delivery),
        TEST(a_receipt_for_another_parcel_is_nothing),
        TEST(a_stale_directory_asks_for_a_newer_one_and_keeps_the_entries),
        TEST(a_bad_row_is_put_aside_and_the_others_go_on),
        TEST(what_was_put_aside_goes_again_after_a_start),
        TEST(what_is_aside_and_taken_back_never_left),
        TEST(a_lane_that_is_put_off_for_long_shows_its_oldest_row),
        TEST(a_parcel_refused_as_a_whole_is_kept_for_a_person_to_look),
        TEST(a_restart_sends_what_was_not_answered),
        TEST(a_hello_asks_who_else_has_confirmed_the_log_once_an_hour),
        TEST(a_confirmation_that_a_delivery_overtook_is_asked_for_again),
        TEST(what_was_not_asked_for_is_not_looked_at),
        TEST(what_another_agency_signed_of_another_log_is_evidence),
        TEST(an_operator_who_clears_a_fork_forgets_who_confirmed_the_log),
        TEST(an_acknowledgement_cosigns_the_head_and_comes_soon),
        TEST(an_acknowledgement_is_repeated_until_it_is_receipted),
        TEST(a_question_waits_for_its_answer_and_no_other),
        TEST(questions_end_when_the_connection_does),
        TEST(a_state_that_contradicts_our_receipt_is_refused),
        TEST(a_proof_of_our_very_entry_is_handed_over),
        TEST(a_proof_of_anything_else_is_no_evidence),
        TEST(a_proof_is_checked_before_it_is_handed_over),
        TEST(a_picture_is_of_the_look_that_was_asked_with_and_of_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
