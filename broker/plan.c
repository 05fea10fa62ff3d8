/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "broker/commit.h"
#include "broker/room.h"

#define HOUR_MS INT64_C(3600000)

static size_t entries_of(const struct slot *slot, enum entry_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < slot->parcel.n_entries; i++) {
        n += slot->parcel.entries[i].wire.kind == kind ? 1 : 0;
    }
    return n;
}

/* It lets rows go, or somebody waits for it: to read an account, or to close an alert. */
static bool acts(const struct slot *slot)
{
    size_t decisions = entries_of(slot, ENTRY_DECISION);
    size_t acknowledgements = entries_of(slot, ENTRY_ACKNOWLEDGEMENT);
    size_t statements =
        decisions > 0 ? entries_of(slot, ENTRY_SUBJECT) : 0; /* of whom it is about */
    return decisions + acknowledgements + statements == slot->parcel.n_entries;
}

/* A key that was in use when verify looked and is not any more, of an agency that is a member: it
 * has another, and signs anew. */
static bool is_renewed(const struct governance *governance, const struct slot *slot)
{
    const struct agency *agency =
        directory_agency(&governance->directory, slot->parcel.head.agency);
    const struct agency_key *key =
        agency == NULL ? NULL : agency_sign_key(agency, slot->parcel.head.key_id);
    return key != NULL && agency->active && key->status == KEY_RETIRED;
}

/* Why a sound frame must come again later. The urgent lane waits only for room, and that to the
 * last, and for a key that was renewed. What was sealed by a document before ours may lack a reader
 * who has a right to it now, and nobody would grant it afterwards. */
static enum verdict must_wait(const struct commit *commit, const struct slot *slot)
{
    const uint64_t *held = slot->parcel.head.versions.of;
    const uint64_t *ours = commit->governance->versions;
    bool has_records = entries_of(slot, ENTRY_RECORD) > 0;
    if (room_refuses(commit, (enum lane)slot->header.lane, acts(slot))) {
        return VERDICT_DISK_FULL;
    }
    if (is_renewed(commit->governance, slot)) {
        return VERDICT_STALE_DIRECTORY;
    }
    if (slot->header.lane == LANE_URGENT) {
        return VERDICT_STORED;
    }
    bool stale = held[GOVERNANCE_DIRECTORY] < ours[GOVERNANCE_DIRECTORY] ||
                 held[GOVERNANCE_AGREEMENTS] < ours[GOVERNANCE_AGREEMENTS];
    return stale && has_records ? VERDICT_STALE_DIRECTORY : VERDICT_STORED;
}

void plan_input(struct plan *plan, const struct input *input)
{
    (void)journal_add(input, &plan->commit->journal);
    plan->inputs++;
}

static void plan_entry(struct plan *plan, const struct slot *slot, size_t i, uint32_t parcel)
{
    const struct verified_entry *entry = &slot->parcel.entries[i];
    uint8_t id[ENTRY_ID_BYTES];
    entry_id_pack(&entry->id, id);
    struct input input = {
        .type = INPUT_ENTRY,
        .entry =
            {
                .verdict = marker_crashes(&plan->commit->marker, SLICE_OF(id)) >= 2
                               ? VERDICT_QUARANTINED
                               : entry->verdict,
                .kind = entry->wire.kind,
                .lane = (enum lane)slot->header.lane,
                .id = entry->id,
                .key_id = slot->parcel.head.key_id,
                .sender = slot->peer.agency,
                .agreements_version = slot->parcel.head.versions.of[GOVERNANCE_AGREEMENTS],
                .directory_version = slot->parcel.head.versions.of[GOVERNANCE_DIRECTORY],
                .item = entry->item,
                .grants_digest = entry->grants_digest,
                .parcel = parcel,
                .index = (uint32_t)i,
                .n_grants = entry->wire.n_grants,
                .n_tokens = entry->n_tokens,
                .header = entry->wire.header,
            },
    };
    for (size_t g = 0; g < entry->wire.n_grants; g++) {
        input.entry.grants[g].part = entry->wire.grants[g].part;
        input.entry.grants[g].recipient = entry->wire.grants[g].recipient;
        input.entry.grants[g].key_id = entry->wire.grants[g].key_id;
    }
    for (size_t t = 0; t < entry->n_tokens; t++) {
        memcpy(input.entry.tokens[t], entry->tokens[t], 32);
    }
    plan_input(plan, &input);
}

static void plan_parcel(struct plan *plan, struct store_txn *txn, struct slot *slot)
{
    uint32_t parcel = plan->inputs;
    slot->n_results = slot->parcel.n_entries;
    for (size_t i = 0; i < slot->parcel.n_entries; i++) {
        const struct verified_entry *entry = &slot->parcel.entries[i];
        struct wire_result *result = &slot->results[i];
        struct applied known;
        result->seq = entry->id.seq;
        if (apply_known(txn, &entry->id, &entry->item, &known)) {
            result->verdict = known.verdict;
            result->log_index = known.log_index;
            continue;
        }
        result->verdict = PLAN_PENDING;
        plan_entry(plan, slot, i, parcel);
    }
}

static void plan_governance(struct plan *plan, struct slot *slot)
{
    struct input input = {
        .type = INPUT_GOVERNANCE,
        .governance = {.document = slot->offer.document,
                       .text = buf_slice(&slot->offer.text),
                       .note = buf_slice(&slot->offer.note)},
    };
    slot->n_results = 1;
    slot->results[0] = (struct wire_result){.verdict = PLAN_PENDING};
    plan_input(plan, &input);
}

void plan_slot(struct plan *plan, struct store_txn *txn, struct slot *slot)
{
    slot->n_results = 0;
    if (slot->content == SLOT_GOVERNANCE) {
        plan_governance(plan, slot);
        return;
    }
    slot->frame_verdict = slot->verdict;
    if (slot->verdict == VERDICT_STORED) {
        slot->frame_verdict = must_wait(plan->commit, slot);
    }
    if (slot->frame_verdict == VERDICT_STORED) {
        plan_parcel(plan, txn, slot);
    }
}

/* --- afterwards --- */

static void count_refused_frame(struct commit *commit, const struct slot *slot)
{
    log_peer_event(LOG_LEVEL_WARNING, "frame_refused", "agency=%u verdict=%s", slot->peer.agency,
                   verdict_name(slot->frame_verdict));
    for (size_t i = 0; i < commit->n_refused; i++) {
        if (commit->refused[i].agency == slot->peer.agency) {
            commit->refused[i].frames++;
            return;
        }
    }
    if (commit->n_refused < CAIRN_AGENCIES_MAX) {
        commit->refused[commit->n_refused].agency = slot->peer.agency;
        commit->refused[commit->n_refused++].frames = 1;
    }
}

static void log_refused_entries(const struct slot *slot)
{
    for (size_t i = 0; i < slot->n_results; i++) {
        if (!verdict_is_stored(slot->results[i].verdict)) {
            log_peer_event(LOG_LEVEL_WARNING, "entry_refused",
                           "agency=%u seq=%" PRIu64 " verdict=%s", slot->peer.agency,
                           slot->results[i].seq, verdict_name(slot->results[i].verdict));
        }
    }
}

void plan_settle(struct plan *plan, const struct slot *slot)
{
    if (slot->content == SLOT_FRAME && slot->verdict != VERDICT_STORED &&
        !verdict_is_retry(slot->verdict)) {
        count_refused_frame(plan->commit, slot);
    }
    log_refused_entries(slot);
}

void plan_tick(struct plan *plan, int64_t now_ms)
{
    const struct input tick = {.type = INPUT_TICK};
    if (timekeeper_is_due(&plan->commit->time, now_ms, plan->commit->next_timer_ms)) {
        plan_input(plan, &tick);
    }
}

void plan_refused(struct plan *plan, int64_t now_ms, bool all)
{
    struct commit *commit = plan->commit;
    uint64_t hour = (uint64_t)(now_ms / HOUR_MS);
    if (hour == commit->refused_hour && !all) {
        return;
    }
    for (size_t i = 0; i < commit->n_refused; i++) {
        struct input input = {
            .type = INPUT_REFUSED,
            .refused = {.agency = commit->refused[i].agency,
                        .hour = commit->refused_hour,
                        .frames = commit->refused[i].frames},
        };
        plan_input(plan, &input);
    }
    commit->n_refused = 0;
    commit->refused_hour = hour;
}
