/* SPDX-License-Identifier: Apache-2.0 */
#include "session.pb-c.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

/* --- hello --- */

static bool protocols_ok(uint32_t min, uint32_t max)
{
    return min >= 1 && min <= max && max <= UINT16_MAX;
}

bool wire_hello_read(struct slice payload, struct arena *arena, struct wire_hello *ret)
{
    const Cairn__V1__Hello *from = strict_read(&cairn__v1__hello__descriptor, payload, arena);

    if (from == NULL || !protocols_ok(from->protocol_min, from->protocol_max)) {
        return false;
    }
    struct wire_hello read = {
        .protocol_min = from->protocol_min,
        .protocol_max = from->protocol_max,
        .checkpoint = piece_slice(&from->checkpoint),
        .proven = from->proven,
        .cosigned_from = from->cosigned_from,
    };
    if (from->checkpoint.len > CAIRN_NOTE_MAX_BYTES ||
        !piece_text(&from->software, CAIRN_NAME_MAX_BYTES, &read.software) ||
        !piece_versions(from->versions, from->n_versions, &read.versions)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_hello_write(const struct wire_hello *hello, struct buf *out)
{
    Cairn__V1__Hello message = CAIRN__V1__HELLO__INIT;
    struct piece_versions versions;

    piece_versions_fill(&hello->versions, &versions);
    message.protocol_min = hello->protocol_min;
    message.protocol_max = hello->protocol_max;
    message.software = piece_bytes(hello->software);
    message.n_versions = versions.n;
    message.versions = versions.list;
    message.checkpoint = piece_bytes(hello->checkpoint);
    message.proven = hello->proven;
    message.cosigned_from = hello->cosigned_from;
    strict_write(&message.base, out);
}

/* --- its answer --- */

static bool cosigned_read(const Cairn__V1__CosignedHead *from, uint32_t last_agency,
                          struct wire_cosigned *ret)
{
    ret->agency = from->agency;
    ret->key_id = from->key_id;
    ret->head.size = from->size;
    return from->agency > last_agency && from->size >= 1 &&
           piece_hash(&from->root, &ret->head.root) &&
           piece_fixed(&from->cosignature, ret->cosignature, COSIGNATURE_BYTES) &&
           piece_proof(from->consistency, from->n_consistency, &ret->consistency);
}

/* Agencies rise and start at 1. */
static bool all_cosigned_read(const Cairn__V1__HelloReply *from, struct arena *arena,
                              struct wire_hello_reply *ret)
{
    uint32_t last_agency = 0;
    if (from->n_cosigned > CAIRN_COSIGNED_MAX) {
        return false;
    }
    struct wire_cosigned *list = arena_alloc(arena, from->n_cosigned * sizeof(*list));
    for (size_t i = 0; i < from->n_cosigned; i++) {
        if (list == NULL || !cosigned_read(from->cosigned[i], last_agency, &list[i])) {
            return false;
        }
        last_agency = list[i].agency;
    }
    ret->n_cosigned = from->n_cosigned;
    ret->cosigned = list;
    return true;
}

bool wire_hello_reply_read(struct slice payload, struct arena *arena, struct wire_hello_reply *ret)
{
    const Cairn__V1__HelloReply *from =
        strict_read(&cairn__v1__hello_reply__descriptor, payload, arena);

    if (from == NULL || !protocols_ok(from->protocol, from->protocol) ||
        from->checkpoint.len > CAIRN_NOTE_MAX_BYTES || !piece_instant_ok(from->time_ms)) {
        return false;
    }
    struct wire_hello_reply read = {
        .protocol = from->protocol,
        .checkpoint = piece_slice(&from->checkpoint),
        .time_ms = from->time_ms,
    };
    if (!piece_versions(from->versions, from->n_versions, &read.versions) ||
        !piece_proof(from->consistency, from->n_consistency, &read.consistency) ||
        !piece_proof(from->bridge, from->n_bridge, &read.bridge) ||
        !all_cosigned_read(from, arena, &read)) {
        return false;
    }
    *ret = read;
    return true;
}

/* An answer of nothing but this head: packed messages add up, so heads are appended one at a
 * time. */
static void cosigned_write(const struct wire_cosigned *cosigned, struct buf *out)
{
    Cairn__V1__HelloReply reply = CAIRN__V1__HELLO_REPLY__INIT;
    Cairn__V1__CosignedHead message = CAIRN__V1__COSIGNED_HEAD__INIT;
    Cairn__V1__CosignedHead *list[] = {&message};
    struct piece_proof consistency;

    piece_proof_fill(&cosigned->consistency, &consistency);
    message.agency = cosigned->agency;
    message.key_id = cosigned->key_id;
    message.size = cosigned->head.size;
    message.root = piece_bytes(SLICE_OF(cosigned->head.root.bytes));
    message.cosignature = piece_bytes(SLICE_OF(cosigned->cosignature));
    message.n_consistency = cosigned->consistency.n;
    message.consistency = consistency.list;
    reply.n_cosigned = 1;
    reply.cosigned = list;
    strict_write(&reply.base, out);
}

void wire_hello_reply_write(const struct wire_hello_reply *reply, struct buf *out)
{
    Cairn__V1__HelloReply message = CAIRN__V1__HELLO_REPLY__INIT;
    struct piece_versions versions;
    struct piece_proof consistency;
    struct piece_proof bridge;

    piece_versions_fill(&reply->versions, &versions);
    piece_proof_fill(&reply->consistency, &consistency);
    piece_proof_fill(&reply->bridge, &bridge);
    message.protocol = reply->protocol;
    message.n_versions = versions.n;
    message.versions = versions.list;
    message.checkpoint = piece_bytes(reply->checkpoint);
    message.n_consistency = reply->consistency.n;
    message.consistency = consistency.list;
    message.time_ms = reply->time_ms;
    message.n_bridge = reply->bridge.n;
    message.bridge = bridge.list;
    strict_write(&message.base, out);
    assert(reply->n_cosigned <= CAIRN_COSIGNED_MAX);
    for (size_t i = 0; i < reply->n_cosigned; i++) {
        cosigned_write(&reply->cosigned[i], out);
    }
}

/* --- pong, error --- */

bool wire_pong_read(struct slice payload, struct arena *arena, struct wire_pong *ret)
{
    const Cairn__V1__Pong *from = strict_read(&cairn__v1__pong__descriptor, payload, arena);

    if (from == NULL || !piece_instant_ok(from->time_ms)) {
        return false;
    }
    struct wire_pong read = {.time_ms = from->time_ms};
    if (!piece_versions(from->versions, from->n_versions, &read.versions)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_pong_write(const struct wire_pong *pong, struct buf *out)
{
    Cairn__V1__Pong message = CAIRN__V1__PONG__INIT;
    struct piece_versions versions;

    piece_versions_fill(&pong->versions, &versions);
    message.n_versions = versions.n;
    message.versions = versions.list;
    message.time_ms = pong->time_ms;
    strict_write(&message.base, out);
}

bool wire_error_read(struct slice payload, struct arena *arena, enum verdict *ret)
{
    const Cairn__V1__Error *from = strict_read(&cairn__v1__error__descriptor, payload, arena);

    return from != NULL && verdict_from_wire(from->verdict, ret);
}

void wire_error_write(enum verdict verdict, struct buf *out)
{
    Cairn__V1__Error message = CAIRN__V1__ERROR__INIT;

    message.verdict = verdict;
    strict_write(&message.base, out);
}
