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
    strict_write(&message.base, out);
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
        !piece_proof(from->bridge, from->n_bridge, &read.bridge)) {
        return false;
    }
    *ret = read;
    return true;
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
