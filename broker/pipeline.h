/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline: the bounded ring between gate and answer, and the two bounded queues between net and
 * publish. The broker's threads meet here and at the board (board.h), each with one mutex; nothing
 * else is shared but the counters.
 *
 *     answered <= durable <= written <= verified <= taken <= claimed <= answered + CAIRN_RING_SLOTS
 *
 * asserted at every step.
 *
 *   claimed   gate, on the net thread     frames that have a slot
 *   taken     verify, N threads           slots that some worker took
 *   verified  (moved by pipeline)         the prefix whose workers have finished
 *   written   commit, one thread          in a synced transaction, with answers filled in
 *   durable   attest, one thread            read back, and a signed head covers it
 *   answered  answer, on the net thread   receipts sent (or dropped: a resend fetches it), slot
 *                                         free again
 *
 * A slot belongs to the thread whose cursor it awaits; ownership moves with the cursor, under the
 * mutex.
 */
#ifndef BROKER_PIPELINE_H
#define BROKER_PIPELINE_H

#include <pthread.h>

#include "cairn/limits.h"
#include "net/router.h"
#include "wire/wire.h"

/* An entry that verify found sound as bytes: its digests, its grants' marks, its tokens under the
 * pepper. */
struct verified_entry {
    struct wire_entry wire;
    struct entry_id id;
    struct hash item;
    struct hash grants_digest;
    struct hash digest;   /* the leaf data of the parcel's tree */
    enum verdict verdict; /* VERDICT_STORED, or why this entry is refused */
    size_t n_tokens;
    uint8_t (*tokens)[32]; /* in the slot's arena */
};

/* A parcel whose signature holds. Only verify makes one; commit accepts nothing else. */
struct verified {
    struct parcel_head head;
    struct slice head_bytes;
    struct slice signature;
    size_t n_entries;
    struct verified_entry *entries; /* in the slot's arena */
};

struct governance_offer {
    enum governance_document document;
    struct buf text;
    struct buf note;
};

enum slot_content {
    SLOT_FRAME,
    SLOT_GOVERNANCE
};

struct slot {
    enum slot_content content;
    /* gate */
    struct peer peer;
    struct wire_header header;
    struct net_frame frame;
    size_t bytes; /* charged to the ring */
    struct governance_offer
        offer; /* SLOT_GOVERNANCE: a reload submits documents through the ring */
    /* verify */
    bool finished;
    struct arena arena;
    enum verdict verdict; /* of the whole frame: VERDICT_STORED, or it is refused before its
                             signature held */
    struct verified parcel;
    /* commit */
    size_t n_results;
    struct wire_result results[CAIRN_PARCEL_ENTRIES_MAX];
    enum verdict
        frame_verdict; /* what the sender is told of the whole frame: STORED means see results */
};

struct pipeline;
int pipeline_new(struct pipeline **ret) MUST_USE;
void pipeline_free(struct pipeline **pipeline);
/* No stage waits any longer; every waiting call returns NULL / 0 / false. Once. */
void pipeline_stop(struct pipeline *pipeline);
/* Called under no lock after `durable` moved or something was queued for net; set before threads
 * start. */
void pipeline_on_answer(struct pipeline *pipeline, void (*wake)(void *data), void *data);

/* --- gate --- */
/* What a frame is charged: its bytes, and the same again, unpacked, in the slot's arena. With all
 * that belongs to it, what is unpacked may take up to CAIRN_UNPACK_MAX(bytes): verify gives the
 * arena no more, and the memory plan counts that. */
#define CAIRN_UNPACK_MAX(bytes)  (CAIRN_UNPACK_FACTOR * (size_t)(bytes) + CAIRN_UNPACK_FLOOR_BYTES)
#define CAIRN_RING_CHARGE(bytes) (2 * (size_t)(bytes))
static_assert(CAIRN_RING_URGENT_BYTES >= CAIRN_RING_CHARGE(CAIRN_FRAME_MAX_BYTES),
              "the reserve holds the largest frame");
/* A free slot for a frame of `bytes`, not yet claimed; NULL when the lane may have none
 * (LANE_URGENT may use the reserve). Fill it, then claim it. */
struct slot *pipeline_free_slot(struct pipeline *pipeline, enum lane lane, size_t bytes);
void pipeline_claim(struct pipeline *pipeline, struct slot *slot);
/* False when even the urgent lane has no slot for the largest frame: time to stop reading. */
bool pipeline_may_read(struct pipeline *pipeline);

/* --- verify --- */
struct slot *pipeline_take(struct pipeline *pipeline, bool wait);
void pipeline_finish(struct pipeline *pipeline, struct slot *slot);

/* --- commit --- */
/* How many finished slots wait, at most CAIRN_BATCH_FRAMES_MAX. With wait: until there is one, then
 * up to CAIRN_BATCH_AGE_MAX_MS for company; 0 after timeout_ms or stop. */
size_t pipeline_batch(struct pipeline *pipeline, bool wait, int timeout_ms);
struct slot *pipeline_batch_slot(struct pipeline *pipeline, size_t i);
/* The next n slots, which may be none, are in a synced transaction; the log has so many leaves. */
void pipeline_written(struct pipeline *pipeline, size_t n, uint64_t log_size);

/* --- attest --- */
/* How far commit has come. */
struct written {
    uint64_t slots;
    uint64_t log_size;
};
/* False when all of it is durable. With wait: sleeps up to timeout_ms until something is not. */
bool pipeline_to_attest(struct pipeline *pipeline, bool wait, int timeout_ms, struct written *ret);
void pipeline_durable(struct pipeline *pipeline, const struct written *to);

/* --- answer --- */
struct slot *pipeline_answerable(struct pipeline *pipeline); /* the oldest durable slot, or NULL */
void pipeline_answered(struct pipeline *pipeline);           /* frees it */

struct pipeline_cursors {
    uint64_t claimed, taken, verified, written, durable, answered;
    size_t bytes;
};
void pipeline_cursors(struct pipeline *pipeline, struct pipeline_cursors *ret);

/* --- between net and publish --- */
struct letter {
    struct peer peer;
    struct net_frame frame;
};
/* False when the queue is full; the letter stays the caller's. */
bool pipeline_ask(struct pipeline *pipeline, struct letter *letter); /* net -> publish */
bool pipeline_asked(struct pipeline *pipeline, struct letter *ret);
bool pipeline_post(struct pipeline *pipeline, struct letter *letter); /* publish -> net */
bool pipeline_posted(struct pipeline *pipeline, struct letter *ret);
/* publish sleeps here until something was asked or more than *seen times something became durable;
 * or, when it is `blocked` by a full queue to net, until there is room; or timeout. */
void pipeline_publish_wait(struct pipeline *pipeline, uint64_t *seen, bool blocked, int timeout_ms);
bool pipeline_stopped(struct pipeline *pipeline);

#endif
