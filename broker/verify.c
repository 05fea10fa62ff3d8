/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the signature holds, a verdict is for the whole frame, is only counted, and nothing of the
 * frame is believed; so everything structural is checked first and refuses the frame: canonical
 * bytes, sender, order, lane. After it, each entry has a verdict of its own.
 */
#include "broker/verify.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/token.h"

/* What one frame is judged with. */
struct judging {
    const struct verify *verify;
    const struct governance *governance;
    struct slot *slot;
    struct wire_parcel parcel;
};

static bool entry_fits_head(const struct parcel_head *head, const struct entry_header *header)
{
    return header->id.agency == head->agency && header->id.stream == head->stream;
}

/* Only urgent records and what they need to be understood. */
static bool may_use_urgent(const struct entry_header *header)
{
    switch (header->kind) {
    case ENTRY_SUBJECT:
        return true;
    case ENTRY_RECORD:
        return record_is_danger(header->record.record_kind, header->record.urgency);
    case ENTRY_GRANT:
    case ENTRY_TIE:
    case ENTRY_INVOLVEMENT:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_DECISION:
    case ENTRY_REQUEST:
        return false;
    }
    return false;
}

static bool pepper_tokens(struct judging *judging, const struct subject_header *header,
                          struct verified_entry *entry)
{
    entry->n_tokens = header->n_tokens;
    if (header->n_tokens == 0) {
        return true;
    }
    entry->tokens = arena_alloc(&judging->slot->arena, header->n_tokens * 32);
    if (entry->tokens == NULL) {
        return false;
    }
    struct reader reader = reader_over(entry->wire.body);
    for (size_t i = 0; i < header->n_tokens; i++) {
        uint8_t token[32];
        read_into(&reader, token, sizeof(token));
        token_pepper(judging->verify->pepper, header->tokens[i].class, token, entry->tokens[i]);
        bytes_wipe(token, sizeof(token));
    }
    return reader_end(&reader);
}

/* One entry's header against the parcel's head. */
static enum verdict judge_entry(struct judging *judging, size_t i, uint64_t *last_seq)
{
    struct slot *slot = judging->slot;
    const struct wire_entry *wire = &judging->parcel.entries[i];
    struct verified_entry *entry = &slot->parcel.entries[i];
    struct entry_header header;
    entry->wire = *wire;
    if (!wire_entry_header_read(wire->kind, wire->header, &slot->arena, &header)) {
        return VERDICT_MALFORMED;
    }
    if (!entry_fits_head(&slot->parcel.head, &header)) {
        return VERDICT_WRONG_SENDER;
    }
    if (header.id.seq <= *last_seq || (i == 0 && header.id.seq != slot->parcel.head.first_seq)) {
        return VERDICT_OUT_OF_ORDER;
    }
    if (slot->header.lane == LANE_URGENT && !may_use_urgent(&header)) {
        return VERDICT_WRONG_LANE;
    }
    if (header.kind == ENTRY_SUBJECT && !pepper_tokens(judging, &header.subject, entry)) {
        return VERDICT_MALFORMED;
    }
    *last_seq = header.id.seq;
    entry->id = header.id;
    entry->verdict = wire_entry_fits(&header, wire->body) ? VERDICT_STORED : VERDICT_BAD_ENTRY;
    wire_item_digest(wire->header, wire->body, &entry->item);
    wire_grants_digest(wire->grants, wire->n_grants, &entry->grants_digest);
    wire_entry_digest(&entry->item, &entry->grants_digest, &entry->digest);
    return VERDICT_STORED;
}

static bool holds_record(const struct slot *slot)
{
    for (size_t i = 0; i < slot->parcel.n_entries; i++) {
        if (slot->parcel.entries[i].wire.kind == ENTRY_RECORD) {
            return true;
        }
    }
    return false;
}

static enum verdict judge_entries(struct judging *judging)
{
    struct slot *slot = judging->slot;
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    uint64_t last_seq = 0;
    slot->parcel.n_entries = judging->parcel.n_entries;
    slot->parcel.entries =
        arena_alloc(&slot->arena, judging->parcel.n_entries * sizeof(slot->parcel.entries[0]));
    if (slot->parcel.entries == NULL) {
        return VERDICT_MALFORMED;
    }
    for (size_t i = 0; i < judging->parcel.n_entries; i++) {
        enum verdict verdict = judge_entry(judging, i, &last_seq);
        if (verdict != VERDICT_STORED) {
            return verdict;
        }
        tree_leaf(SLICE_OF(slot->parcel.entries[i].digest.bytes), &leaves[i]);
    }
    if (slot->header.lane == LANE_URGENT && !holds_record(slot)) {
        return VERDICT_WRONG_LANE; /* statements alone are not urgent */
    }
    struct hash root;
    tree_root_of(leaves, judging->parcel.n_entries, &root);
    return hash_equal(&root, &slot->parcel.head.root) ? VERDICT_STORED : VERDICT_BAD_SIGNATURE;
}

static enum verdict judge_sender(const struct judging *judging, const struct agency_key **ret_key)
{
    const struct slot *slot = judging->slot;
    const struct parcel_head *head = &slot->parcel.head;
    struct hash partnership;
    sha256(slice_of_text(judging->governance->root.origin), partnership.bytes);
    if (!hash_equal(&partnership, &head->partnership)) {
        return VERDICT_WRONG_PARTNERSHIP;
    }
    if (head->agency != slot->peer.agency) {
        return VERDICT_WRONG_SENDER;
    }
    const struct agency *agency = directory_agency(&judging->governance->directory, head->agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, head->key_id);
    if (key == NULL) {
        return VERDICT_UNKNOWN_KEY;
    }
    *ret_key = key;
    if (agency->active && key->status == KEY_RETIRED) {
        return VERDICT_STALE_DIRECTORY; /* it has another key, and signs anew once it knows that */
    }
    return agency->active && key->status == KEY_ACTIVE ? VERDICT_STORED : VERDICT_REVOKED_KEY;
}

static enum verdict judge_parcel(struct judging *judging)
{
    struct slot *slot = judging->slot;
    const struct agency_key *key = NULL;
    if (!wire_parcel_read(wire_payload(net_frame_slice(&slot->frame)), &slot->arena,
                          &judging->parcel) ||
        !wire_parcel_head_read(judging->parcel.head, &slot->arena, &slot->parcel.head) ||
        judging->parcel.n_entries != slot->parcel.head.entries ||
        judging->parcel.n_entries != slot->header.entries) {
        return VERDICT_MALFORMED;
    }
    slot->parcel.head_bytes = judging->parcel.head;
    slot->parcel.signature = judging->parcel.signature;
    enum verdict verdict = judge_sender(judging, &key);
    if (verdict != VERDICT_STORED) {
        return verdict;
    }
    verdict = judge_entries(judging);
    if (verdict != VERDICT_STORED) {
        return verdict;
    }
    return verifier_check(key->verifier, SIGN_PARCEL, judging->parcel.head,
                          judging->parcel.signature)
               ? VERDICT_STORED
               : VERDICT_BAD_SIGNATURE;
}

void verify_slot(const struct verify *verify, struct slot *slot)
{
    _cleanup_(governance_unref) struct governance *governance = board_governance(verify->board);
    struct judging judging = {.verify = verify, .governance = governance, .slot = slot};
    size_t budget = CAIRN_UNPACK_MAX(net_frame_slice(&slot->frame).len);
    slot->arena.budget = budget < CAIRN_UNPACK_BUDGET_BYTES ? budget : CAIRN_UNPACK_BUDGET_BYTES;
    slot->parcel = (struct verified){.n_entries = 0};
    slot->verdict = governance == NULL ? VERDICT_BUSY : judge_parcel(&judging);
    net_frame_deinit(&slot->frame); /* all that is kept was copied into the arena */
}

bool verify_step(struct verify *verify, bool wait)
{
    struct slot *slot = pipeline_take(verify->pipeline, wait);
    if (slot == NULL) {
        return false;
    }
    if (slot->content == SLOT_FRAME) {
        verify_slot(verify, slot);
    }
    pipeline_finish(verify->pipeline, slot);
    return true;
}
