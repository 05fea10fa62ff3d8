/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict protobuf: the only door to protobuf-c in Cairn. Private to lib/wire.
 *
 * strict_read accepts exactly the bytes that packing the same message again would give, so a
 * message has one encoding and an encoding one meaning. It first walks the tags (known, of the
 * right wire type, rising, shortest form, bounded in number and depth), so that nothing malformed
 * reaches protobuf-c at all; protobuf-c then allocates from the caller's arena only, and running
 * out of budget is a clean refusal.
 */
#ifndef WIRE_STRICT_H
#define WIRE_STRICT_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Deepest nesting of messages, the outermost included; strict_schema_ok holds the schema to it. */
#define STRICT_DEPTH_MAX 4
/* Fields of one message, all levels together: the fullest parcel has 64 x (5 + 16 x 5) + 2. */
#define STRICT_FIELDS_MAX 6144

/* The unpacked message, in the arena; NULL for anything else. `bytes` may be forgotten afterwards.
 */
const void *strict_read(const ProtobufCMessageDescriptor *type, struct slice bytes,
                        struct arena *arena) MUST_USE;
/* Appends the message; a full `out` is marked failed. */
void strict_write(const ProtobufCMessage *message, struct buf *out);
/* Whether no message can contain itself, none is deeper than the limit, and no field type is one we
 * do not scan. */
bool strict_schema_ok(const ProtobufCMessageDescriptor *type) MUST_USE;

#endif
