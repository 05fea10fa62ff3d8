/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.pb-c.h"
#include "wire/leaf.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

/* --- is it in the log? --- */

bool wire_proof_request_read(struct slice payload, struct arena *arena, uint64_t *ret_log_index)
{
    const Cairn__V1__ProofRequest *from =
        strict_read(&cairn__v1__proof_request__descriptor, payload, arena);

    if (from == NULL) {
        return false;
    }
    *ret_log_index = from->log_index;
    return true;
}

void wire_proof_request_write(uint64_t log_index, struct buf *out)
{
    Cairn__V1__ProofRequest message = CAIRN__V1__PROOF_REQUEST__INIT;

    message.log_index = log_index;
    strict_write(&message.base, out);
}

bool wire_proof_reply_read(struct slice payload, struct arena *arena, struct wire_proof_reply *ret)
{
    const Cairn__V1__ProofReply *from =
        strict_read(&cairn__v1__proof_reply__descriptor, payload, arena);

    if (from == NULL || from->leaf.len > LEAF_MAX_BYTES ||
        from->checkpoint.len > CAIRN_NOTE_MAX_BYTES) {
        return false;
    }
    struct wire_proof_reply read = {
        .log_index = from->log_index,
        .leaf = piece_slice(&from->leaf),
        .checkpoint = piece_slice(&from->checkpoint),
    };
    if (!verdict_from_wire(from->verdict, &read.verdict) ||
        !piece_proof(from->path, from->n_path, &read.path)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_proof_reply_write(const struct wire_proof_reply *reply, struct buf *out)
{
    Cairn__V1__ProofReply message = CAIRN__V1__PROOF_REPLY__INIT;
    struct piece_proof path;

    piece_proof_fill(&reply->path, &path);
    message.verdict = reply->verdict;
    message.log_index = reply->log_index;
    message.leaf = piece_bytes(reply->leaf);
    message.n_path = reply->path.n;
    message.path = path.list;
    message.checkpoint = piece_bytes(reply->checkpoint);
    strict_write(&message.base, out);
}

/* --- what has become of an entry? --- */

bool wire_state_request_read(struct slice payload, struct arena *arena, struct entry_id *ret)
{
    const Cairn__V1__StateRequest *from =
        strict_read(&cairn__v1__state_request__descriptor, payload, arena);

    return from != NULL && piece_ref(from->entry, ret);
}

void wire_state_request_write(const struct entry_id *entry, struct buf *out)
{
    Cairn__V1__StateRequest message = CAIRN__V1__STATE_REQUEST__INIT;
    Cairn__V1__EntryRef ref;

    piece_ref_fill(entry, &ref);
    message.entry = &ref;
    strict_write(&message.base, out);
}

static bool reader_row(const Cairn__V1__Reader *from, struct wire_reader *ret)
{
    ret->agency = from->agency;
    ret->state = (enum reader_state)from->state;
    return from->state >= READER_KEPT && from->state <= READER_TOLD &&
           (from->agency != 0 || from->state == READER_TOLD);
}

bool wire_state_reply_read(struct slice payload, struct arena *arena, struct wire_state_reply *ret)
{
    const Cairn__V1__StateReply *from =
        strict_read(&cairn__v1__state_reply__descriptor, payload, arena);

    if (from == NULL || from->n_readers > CAIRN_ADDRESSEES_MAX ||
        from->destroyed > DESTROYED_LAST) {
        return false;
    }
    struct wire_state_reply read = {
        .log_index = from->log_index,
        .n_readers = from->n_readers,
        .retracted = from->retracted != 0,
        .alert = from->alert,
        .destroyed = (enum destroyed)from->destroyed,
        .on_hold = from->on_hold != 0,
    };
    struct wire_reader *readers = arena_alloc(arena, from->n_readers * sizeof(*readers));
    if (readers == NULL || !piece_ref(from->entry, &read.entry) ||
        !verdict_from_wire(from->verdict, &read.verdict)) {
        return false;
    }
    for (size_t i = 0; i < from->n_readers; i++) {
        if (!reader_row(from->readers[i], &readers[i])) {
            return false;
        }
    }
    read.readers = readers;
    *ret = read;
    return true;
}

void wire_state_reply_write(const struct wire_state_reply *reply, struct buf *out)
{
    Cairn__V1__StateReply message = CAIRN__V1__STATE_REPLY__INIT;
    Cairn__V1__EntryRef entry;
    Cairn__V1__Reader rows[CAIRN_ADDRESSEES_MAX];
    Cairn__V1__Reader *list[CAIRN_ADDRESSEES_MAX];

    assert(reply->n_readers <= CAIRN_ADDRESSEES_MAX);
    for (size_t i = 0; i < reply->n_readers; i++) {
        cairn__v1__reader__init(&rows[i]);
        rows[i].agency = reply->readers[i].agency;
        rows[i].state = reply->readers[i].state;
        list[i] = &rows[i];
    }
    piece_ref_fill(&reply->entry, &entry);
    message.entry = &entry;
    message.verdict = reply->verdict;
    message.log_index = reply->log_index;
    message.n_readers = reply->n_readers;
    message.readers = list;
    message.retracted = reply->retracted;
    message.alert = reply->alert;
    message.destroyed = reply->destroyed;
    message.on_hold = reply->on_hold;
    strict_write(&message.base, out);
}
