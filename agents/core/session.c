/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's head is judged by the directory's checkpoint key. At the very first hello, or after
 * that key was replaced, we do not know it yet: then the documents are fetched first, which their
 * own signatures vouch for, and hello is said once more. Until the head was judged nothing else is
 * said or believed.
 */
#include "agents/core/session.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/confirm.h"
#include "base/crash_point.h"
#include "base/log.h"

#define ANOTHER_THAN_BEFORE "the broker shows another log than before"
#define ANOTHER_TO_OTHERS   "the broker shows another agency another log"

struct wire_versions session_versions(const struct governance *governance)
{
    struct wire_versions versions = {.of = {0}};
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        versions.of[i] = governance->versions[i];
    }
    return versions;
}

static enum session_result refuse(struct session *session, const char *reason)
{
    session->reason = reason;
    return SESSION_REFUSED;
}

void session_start(struct session *session, struct agent *agent)
{
    *session = (struct session){.agent = agent, .state = SESSION_NEW, .reason = ""};
    session->protocol = CAIRN_PROTOCOL_MAX;
    _cleanup_(store_end) struct store_txn *txn = store_read(agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=meta");
    }
    witness_load(txn, &session->witness);
    if (store_fault(txn) != 0) {
        log_fatal("store_broken", "table=meta row=head");
    }
}

bool session_asks(const struct session *session)
{
    return clock_boot_ms(session->agent->clock) >= session->confirm_due_ms;
}

/* Read once more at each question: it is on disk, so that a restart does not begin the round
 * anew. */
static uint32_t next_asked(const struct session *session)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(session->agent->store);
    return txn == NULL ? 1 : confirm_next(txn);
}

/* Until it is answered the same may be said again; any answer to it will do then. */
static void note_greeting(struct session *session, uint64_t correlation)
{
    const struct witness *witness = &session->witness;
    bool asks = session_asks(session);
    bool again = session->greeting && session->greeted_head == witness->head.size &&
                 session->greeted_promise == witness->promised.size &&
                 session->asked_others == asks;
    session->greeted = again ? session->greeted : correlation;
    session->greeting = true;
    session->asked_others = asks;
    session->greeted_head = witness->head.size;
    session->greeted_promise = witness->promised.size;
}

void session_hello(struct session *session, uint64_t correlation, struct buf *out)
{
    const struct witness *witness = &session->witness;
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(session->agent->keep);
    struct wire_hello hello = {
        .protocol_min = CAIRN_PROTOCOL_MIN,
        .protocol_max = CAIRN_PROTOCOL_MAX,
        .software = slice_of_text("cairn-agent " CAIRN_VERSION),
        .versions = session_versions(governance),
        .checkpoint = slice_make(witness->note, witness->note_len),
    };
    note_greeting(session, correlation);
    if (witness->promised.size > witness->head.size) {
        hello.checkpoint = slice_make(witness->promised_note, witness->promised_len);
        hello.proven = witness->head.size;
    } else {
        hello.proven = witness->promised.size;
    }
    hello.cosigned_from = session->asked_others ? next_asked(session) : 0;
    wire_hello_write(&hello, out);
}

void session_promised(struct session *session, struct slice checkpoint)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(session->agent->keep);
    struct checkpoint head;
    /* What was shown in hello stays as it is until it is answered: a stream of receipts must not
     * put its proof off for ever. */
    if (!session->greeting &&
        checkpoint_check(checkpoint, &governance->directory.checkpoint_key, &head)) {
        witness_promise(&session->witness, &head, checkpoint);
    }
}

bool session_owed(const struct session *session)
{
    return session->witness.promised.size > 0;
}

/* --- the broker's head --- */

int session_save(struct session *session)
{
    if (!session->unsaved) {
        return 0;
    }
    _cleanup_(store_end) struct store_txn *txn = store_begin(session->agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=meta");
    }
    witness_save(txn, &session->witness);
    witness_save_kept(txn, session->kept);
    CRASH_POINT(WITNESS_PUT);
    int r = agent_commit(&txn);
    CRASH_POINT(WITNESS_KEPT);
    session->unsaved = r != 0;
    session->kept = r != 0 ? session->kept : 0;
    return r;
}

static enum session_result fork_seen(struct session *session, struct slice note, const char *reason)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(session->agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=meta");
    }
    witness_save_fork(txn, &session->witness, note);
    int r = agent_commit(&txn);
    log_event(LOG_LEVEL_ERROR, "log_fork", "held_size=%" PRIu64 " kept=%s reason=\"%s\"",
              session->witness.head.size, r == 0 ? "yes" : "no", r == 0 ? "" : strerror(-r));
    session->reason = reason;
    return SESSION_FORK;
}

static enum session_result judge(struct session *session, const struct governance *governance,
                                 struct slice note, const struct tree_proof *proof)
{
    switch (witness_judge(&session->witness, &governance->directory.checkpoint_key, note, proof,
                          &session->witness)) {
    case WITNESS_NEWER:
        session->unsaved = true;
        session->judged = true;
        return SESSION_GOES_ON;
    case WITNESS_SAME:
        session->judged = true;
        return SESSION_GOES_ON;
    case WITNESS_NOT_SIGNED:
        return refuse(session, "the broker's log head is not signed with its key");
    case WITNESS_FORK:
        return fork_seen(session, note, ANOTHER_THAN_BEFORE);
    }
    return refuse(session, "the broker's log head cannot be judged");
}

enum session_result session_head(struct session *session, struct slice checkpoint,
                                 uint64_t consistent_from, const struct tree_proof *proof)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(session->agent->keep);
    if (!session->judged) {
        return SESSION_STALE; /* of a connection before this one */
    }
    if (consistent_from != session->witness.head.size) {
        return consistent_from == 0
                   ? refuse(session, "the broker does not prove that its log continues")
                   : SESSION_STALE;
    }
    return judge(session, governance, checkpoint, proof);
}

/* --- hello's answer --- */

/* What receipts promised, when the hello showed it: proved first, so that the answer's own head is
 * judged against all of it. */
static enum session_result judge_promise(struct session *session, const struct tree_proof *bridge)
{
    struct witness *witness = &session->witness;
    uint64_t size = witness->promised.size;
    if (!session_owed(session)) {
        return SESSION_GOES_ON;
    }
    struct slice note = slice_make(witness->promised_note, witness->promised_len);
    if (!witness_keep_promise(witness, bridge)) {
        return fork_seen(session, note, ANOTHER_THAN_BEFORE);
    }
    session->kept = size;
    session->unsaved = true;
    return SESSION_GOES_ON;
}

/* What others have signed of the log, against the head that was just judged. */
static enum session_result hear_others(struct session *session, const struct governance *governance,
                                       const struct wire_hello_reply *reply)
{
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    _cleanup_(buf_deinit) struct buf evidence = BUF_MAX(WITNESS_NOTE_BYTES);
    const struct agent *agent = session->agent;
    int64_t next_ms = clock_boot_ms(agent->clock) + CONFIRM_ASK_MS;
    if (!session->asked_others) {
        return SESSION_GOES_ON;
    }
    if (!govern_keep_place(agent->keep, &place)) { /* we could not tell our own from others' */
        session->confirm_due_ms = next_ms;
        return SESSION_GOES_ON;
    }
    const struct confirm_view view = {
        .governance = governance,
        .own = place.agency,
        .head = &session->witness.head,
        .now_ms = clock_real_ms(agent->clock),
    };
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        log_fatal("store_locked", "table=confirmed");
    }
    if (!confirm_take(txn, &view, reply, &evidence)) {
        store_end(&txn);
        return fork_seen(session, buf_slice(&evidence), ANOTHER_TO_OTHERS);
    }
    if (agent_commit(&txn) == 0 && reply->n_cosigned < CAIRN_COSIGNED_MAX) {
        session->confirm_due_ms = next_ms;
    }
    return SESSION_GOES_ON;
}

/* A refusal may come after another version was offered: it speaks of the one that was asked for. */
static bool is_wanted(const struct session *session, const struct governance *governance,
                      unsigned document)
{
    uint64_t offered = session->offered.of[document];
    return offered > governance->versions[document] && offered != session->refused.of[document];
}

static bool anything_newer(const struct session *session, const struct governance *governance)
{
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        if (is_wanted(session, governance, i)) {
            return true;
        }
    }
    return false;
}

static enum session_result judge_hello(struct session *session,
                                       const struct wire_hello_reply *reply)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(session->agent->keep);
    struct checkpoint ignored;
    bool key_known = governance->versions[GOVERNANCE_DIRECTORY] > 0;
    bool good = key_known && checkpoint_check(reply->checkpoint,
                                              &governance->directory.checkpoint_key, &ignored);
    if (!key_known && !anything_newer(session, governance)) {
        return refuse(session, "the broker has no directory for us yet");
    }
    if (reply->checkpoint.len == 0 && session->witness.head.size == 0 && !session_owed(session)) {
        session->judged = key_known; /* a log without a leaf has no head */
        return SESSION_GOES_ON;
    }
    if (!good && anything_newer(session, governance)) {
        return SESSION_GOES_ON; /* the key may be in what comes: judged at the next hello */
    }
    enum session_result result = judge_promise(session, &reply->bridge);
    if (result == SESSION_GOES_ON) {
        result = judge(session, governance, reply->checkpoint, &reply->consistency);
    }
    return result == SESSION_GOES_ON ? hear_others(session, governance, reply) : result;
}

/* The broker has answered something else since the document was asked for. One may be overtaken;
 * after two it is taken for lost. */
static void look_for_document(struct session *session)
{
    session->fetching = session->fetching && !session->overdue;
    session->overdue = session->fetching;
}

/* Said again while everything goes on: a delivery may have moved our head meanwhile; then the next
 * one will do. */
static enum session_result greeted_again(struct session *session,
                                         const struct wire_hello_reply *reply)
{
    const struct witness *witness = &session->witness;
    bool as_shown = witness->head.size == session->greeted_head &&
                    witness->promised.size == session->greeted_promise;
    look_for_document(session);
    session->offered = reply->versions;
    session->clock_ahead_ms = clock_real_ms(session->agent->clock) - reply->time_ms;
    return as_shown ? judge_hello(session, reply) : SESSION_GOES_ON;
}

enum session_result session_hello_reply(struct session *session, uint64_t correlation,
                                        struct slice payload, struct arena *arena)
{
    struct wire_hello_reply reply;
    if (!session->greeting || correlation < session->greeted) {
        return SESSION_GOES_ON; /* of a hello that was said twice, or that showed other heads */
    }
    session->greeting = false;
    if (!wire_hello_reply_read(payload, arena, &reply)) {
        return refuse(session, "the broker's answer to hello cannot be read");
    }
    if (session->state != SESSION_NEW) {
        return greeted_again(session, &reply);
    }
    if (reply.protocol < CAIRN_PROTOCOL_MIN || reply.protocol > CAIRN_PROTOCOL_MAX) {
        return refuse(session, "no protocol version in common with the broker");
    }
    session->protocol = (uint16_t)reply.protocol;
    session->offered = reply.versions;
    session->clock_ahead_ms = clock_real_ms(session->agent->clock) - reply.time_ms;
    enum session_result result = judge_hello(session, &reply);
    if (result == SESSION_GOES_ON && session_save(session) != 0) {
        return refuse(session, "the store is full");
    }
    if (result == SESSION_GOES_ON) {
        session->state = SESSION_GOVERNED;
    }
    return result;
}

/* --- governance --- */

bool session_fetch(struct session *session, struct buf *out)
{
    _cleanup_(governance_unref) struct governance *governance =
        govern_keep_current(session->agent->keep);
    if (session->state == SESSION_NEW || session->fetching) {
        return false;
    }
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        if (is_wanted(session, governance, i)) {
            struct wire_governance_fetch fetch = {.document = (enum governance_document)i,
                                                  .have = governance->versions[i]};
            session->fetching = true;
            session->overdue = false;
            session->document = fetch.document;
            session->asked = session->offered.of[i];
            wire_governance_fetch_write(&fetch, out);
            return true;
        }
    }
    if (session->state == SESSION_GOVERNED) {
        session->state = session->judged ? SESSION_READY : SESSION_NEW;
    }
    return false;
}

static void offer(struct session *session, const struct wire_governance_document *document)
{
    struct error error = ERROR_NULL;
    struct govern_document offered = {
        .document = document->document, .text = document->text, .note = document->note};
    const char *name = governance_document_text(document->document);
    if (document->text.len == 0) { /* it had a newer one a moment ago */
        session->refused.of[document->document] = session->asked;
        return;
    }
    enum govern_result result = govern_keep_offer(session->agent->keep, &offered, &error);
    if (result == GOVERN_ACCEPTED) {
        log_event(LOG_LEVEL_NOTICE, "governance_in_force", "document=%s version=%" PRIu64, name,
                  document->version);
        if (document->document == GOVERNANCE_DIRECTORY) { /* it may admit us again */
            session->refused = (struct wire_versions){.of = {0}};
        }
        news_tell(&session->agent->news);
        return;
    }
    session->refused.of[document->document] = session->asked;
    error = log_escape_error(&error);
    log_event(LOG_LEVEL_ERROR, "governance_refused",
              "document=%s version=%" PRIu64 " reason=\"%s%s%s\"", name, document->version,
              govern_result_text(result), error.what[0] == '\0' ? "" : ": ", error.what);
}

enum session_result session_document(struct session *session, struct slice payload,
                                     struct arena *arena)
{
    struct wire_governance_document document;
    if (!wire_governance_document_read(payload, arena, &document)) {
        return refuse(session, "a governance document cannot be read");
    }
    if (!session->fetching || document.document != session->document) {
        return SESSION_GOES_ON; /* not what was asked for last: of an earlier question */
    }
    session->fetching = false;
    offer(session, &document);
    return SESSION_GOES_ON;
}

void session_fetch_refused(struct session *session)
{
    if (session->fetching) {
        session->fetching = false;
        session->refused.of[session->document] = session->asked;
    }
}

enum session_result session_pong(struct session *session, struct slice payload, struct arena *arena)
{
    struct wire_pong pong;
    if (!wire_pong_read(payload, arena, &pong)) {
        return refuse(session, "the broker's pong cannot be read");
    }
    look_for_document(session);
    session->offered = pong.versions;
    session->clock_ahead_ms = clock_real_ms(session->agent->clock) - pong.time_ms;
    return SESSION_GOES_ON;
}
