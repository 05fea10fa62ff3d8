/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why three checks and not one. protobuf-c keeps unknown fields and packs them again, so comparing
 * does not find them: the walk does. The walk does not look at values, so an explicit zero or a
 * number wider than its field passes it: comparing finds those. And each field costs protobuf-c 32
 * bytes before it looks at it: the walk counts first.
 */
#include "wire/strict.h"

#include "cairn/limits.h"

#define VARINT_PAYLOAD_BITS 7
#define VARINT_MORE         0x80

/* One message on the way down: what is left of it and how far through its fields we are. */
struct level {
    const ProtobufCMessageDescriptor *type;
    struct reader reader;
    unsigned at; /* index of the field seen last, or of the first that may come */
    bool seen;   /* the field at `at` has been seen */
};

/* Shortest form only, at most 64 bits. */
static bool scan_varint(struct reader *reader, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += VARINT_PAYLOAD_BITS) {
        uint8_t byte = read_u8(reader);
        value |= (uint64_t)(byte & ~VARINT_MORE) << shift;
        if ((byte & VARINT_MORE) == 0) {
            bool shortest = byte != 0 || shift == 0;
            bool fits = shift < 63 || byte == 1;
            *ret = value;
            return reader_ok(reader) && shortest && fits;
        }
    }
    return false;
}

static bool field_is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED &&
           (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) == 0;
}

/* False for a type that our schema has no use for. Asked twice for every field of every message. */
static bool field_wire_type(const ProtobufCFieldDescriptor *field, ProtobufCWireType *ret)
{
    static const struct {
        bool known;
        ProtobufCWireType wire;
    } types[] = {
        [PROTOBUF_C_TYPE_UINT32] = {true, PROTOBUF_C_WIRE_TYPE_VARINT},
        [PROTOBUF_C_TYPE_UINT64] = {true, PROTOBUF_C_WIRE_TYPE_VARINT},
        [PROTOBUF_C_TYPE_SINT32] = {true, PROTOBUF_C_WIRE_TYPE_VARINT},
        [PROTOBUF_C_TYPE_INT64] = {true, PROTOBUF_C_WIRE_TYPE_VARINT},
        [PROTOBUF_C_TYPE_BOOL] = {true, PROTOBUF_C_WIRE_TYPE_VARINT},
        [PROTOBUF_C_TYPE_FIXED32] = {true, PROTOBUF_C_WIRE_TYPE_32BIT},
        [PROTOBUF_C_TYPE_FIXED64] = {true, PROTOBUF_C_WIRE_TYPE_64BIT},
        [PROTOBUF_C_TYPE_BYTES] = {true, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED},
        [PROTOBUF_C_TYPE_MESSAGE] = {true, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED},
    };

    if ((size_t)field->type >= ARRAY_LEN(types) || !types[field->type].known) {
        return false;
    }
    bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
    *ret = packed ? PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED : types[field->type].wire;
    return true;
}

/* The field that the next tag names, when it may come here; NULL otherwise. */
static const ProtobufCFieldDescriptor *scan_tag(struct level *level)
{
    uint64_t tag = 0;
    ProtobufCWireType wire;

    if (!scan_varint(&level->reader, &tag)) {
        return NULL;
    }
    while (level->at < level->type->n_fields && level->type->fields[level->at].id < tag >> 3) {
        level->at++;
        level->seen = false;
    }
    if (level->at == level->type->n_fields || level->type->fields[level->at].id != tag >> 3) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field = &level->type->fields[level->at];
    if (level->seen && !field_is_list(field)) {
        return NULL;
    }
    level->seen = true;
    return field_wire_type(field, &wire) && (uint64_t)wire == (tag & 7) ? field : NULL;
}

/* Steps over one field; `ret_inside` is set to the bytes of a length-prefixed one. NULL when it is
 * not allowed. */
static const ProtobufCFieldDescriptor *scan_field(struct level *level, struct slice *ret_inside)
{
    const ProtobufCFieldDescriptor *field = scan_tag(level);
    ProtobufCWireType wire;
    uint64_t number = 0;

    if (field == NULL || !field_wire_type(field, &wire)) {
        return NULL;
    }
    if (wire == PROTOBUF_C_WIRE_TYPE_32BIT) {
        (void)read_u32(&level->reader);
    } else if (wire == PROTOBUF_C_WIRE_TYPE_64BIT) {
        (void)read_u64(&level->reader);
    } else if (!scan_varint(&level->reader, &number)) {
        return NULL;
    } else if (wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        *ret_inside = read_bytes(&level->reader, number);
    }
    return reader_ok(&level->reader) ? field : NULL;
}

/* Not recursive: the levels are an array, and a message that goes deeper than the schema can is
 * refused. */
static bool scan_message(const ProtobufCMessageDescriptor *type, struct slice bytes)
{
    struct level levels[STRICT_DEPTH_MAX];
    size_t depth = 1;
    size_t fields = 0;

    levels[0] = (struct level){.type = type, .reader = reader_over(bytes)};
    while (depth > 0) {
        struct level *top = &levels[depth - 1];
        if (top->reader.left == 0) {
            depth--;
            continue;
        }
        struct slice inside = SLICE_NULL;
        const ProtobufCFieldDescriptor *field = scan_field(top, &inside);
        if (field == NULL || ++fields > STRICT_FIELDS_MAX) {
            return false;
        }
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        if (depth == STRICT_DEPTH_MAX) {
            return false;
        }
        levels[depth] = (struct level){.type = field->descriptor, .reader = reader_over(inside)};
        depth++;
    }
    return true;
}

static void *allocate_in_arena(void *data, size_t bytes)
{
    return arena_alloc(data, bytes);
}

/* The arena goes as a whole, with its owner. */
static void free_nothing(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

/* Packs into nothing and compares on the way, so that the check needs no memory. */
struct comparison {
    ProtobufCBuffer base; /* first: protobuf-c hands us this pointer */
    struct reader expected;
    bool equal;
};

static void compare_next(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
    struct comparison *comparison = (struct comparison *)buffer;
    struct slice expected = read_bytes(&comparison->expected, len);

    comparison->equal = comparison->equal && reader_ok(&comparison->expected) &&
                        slice_equal(expected, slice_make(data, len));
}

static bool packs_to(const ProtobufCMessage *message, struct slice bytes)
{
    struct comparison comparison = {
        .base = {.append = compare_next}, .expected = reader_over(bytes), .equal = true};

    protobuf_c_message_pack_to_buffer(message, &comparison.base);
    return comparison.equal && reader_end(&comparison.expected);
}

const void *strict_read(const ProtobufCMessageDescriptor *type, struct slice bytes,
                        struct arena *arena)
{
    ProtobufCAllocator allocator = {
        .alloc = allocate_in_arena, .free = free_nothing, .allocator_data = arena};

    if (bytes.len > CAIRN_FRAME_MAX_BYTES || !scan_message(type, bytes)) {
        return NULL;
    }
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data);
    if (message == NULL || message->n_unknown_fields > 0 || !packs_to(message, bytes)) {
        return NULL;
    }
    return message;
}

void strict_write(const ProtobufCMessage *message, struct buf *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *room = buf_extend(out, len);

    if (room != NULL) {
        size_t packed = protobuf_c_message_pack(message, room);
        assert(packed == len);
    }
}

/* Depth first with a bounded trail: a message that contains itself runs past the end of it. */
bool strict_schema_ok(const ProtobufCMessageDescriptor *type)
{
    struct {
        const ProtobufCMessageDescriptor *type;
        unsigned next;
    } trail[STRICT_DEPTH_MAX];
    size_t depth = 1;

    trail[0].type = type;
    trail[0].next = 0;
    while (depth > 0) {
        const ProtobufCMessageDescriptor *top = trail[depth - 1].type;
        ProtobufCWireType wire;
        if (trail[depth - 1].next == top->n_fields) {
            depth--;
            continue;
        }
        const ProtobufCFieldDescriptor *field = &top->fields[trail[depth - 1].next++];
        if (!field_wire_type(field, &wire)) {
            return false;
        }
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        if (depth == STRICT_DEPTH_MAX) {
            return false;
        }
        trail[depth].type = field->descriptor;
        trail[depth].next = 0;
        depth++;
    }
    return true;
}
