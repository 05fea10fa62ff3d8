/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/bending.h"

#include <assert.h>

#include "sim/chance.h"

#define FIELDS_MAX   256
#define ADDED_MAX    40 /* bytes behind what ended before */
#define NUMBER_LIMIT 32 /* of a field that is added */

enum wire_type {
    VARINT = 0,
    FIXED64 = 1,
    BYTES = 2,
    FIXED32 = 5
};

struct field {
    uint64_t tag;
    struct slice value; /* of a varint: as it is spelt */
};

/* --- reading --- */

static bool read_varint(struct reader *reader, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && reader->left > 0; shift += 7) {
        uint8_t byte = read_u8(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool read_field(struct reader *reader, struct field *ret)
{
    uint64_t len = 0;

    if (!read_varint(reader, &ret->tag)) {
        return false;
    }
    const uint8_t *start = reader->at;
    switch (ret->tag & 7) {
    case VARINT:
        if (!read_varint(reader, &len)) {
            return false;
        }
        ret->value = slice_make(start, (size_t)(reader->at - start));
        return true;
    case FIXED64:
        ret->value = read_bytes(reader, 8);
        return reader_ok(reader);
    case FIXED32:
        ret->value = read_bytes(reader, 4);
        return reader_ok(reader);
    case BYTES:
        if (!read_varint(reader, &len) || len > reader->left) {
            return false;
        }
        ret->value = read_bytes(reader, (size_t)len);
        return true;
    default:
        return false;
    }
}

/* 0 for what is no message. */
static size_t split(struct slice message, struct field fields[FIELDS_MAX])
{
    struct reader reader = reader_over(message);
    size_t n = 0;

    while (reader.left > 0) {
        if (n == FIELDS_MAX || !read_field(&reader, &fields[n++])) {
            return 0;
        }
    }
    return n;
}

/* --- writing --- */

static void add_varint(struct buf *out, uint64_t value)
{
    uint8_t byte;

    for (; value >= 0x80; value >>= 7) {
        byte = (uint8_t)(value | 0x80);
        buf_add(out, &byte, 1);
    }
    byte = (uint8_t)value;
    buf_add(out, &byte, 1);
}

static void add_field(struct buf *out, const struct field *field)
{
    add_varint(out, field->tag);
    if ((field->tag & 7) == BYTES) {
        add_varint(out, field->value.len);
    }
    buf_add_slice(out, field->value);
}

static uint64_t odd_number(void)
{
    static const uint64_t numbers[] = {
        0,    1,          2,         3,          4,         5,          7,
        8,    63,         64,        65,         127,       128,        255,
        1000, UINT16_MAX, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, UINT64_MAX - 1};
    return numbers[chance_below((uint32_t)(sizeof(numbers) / sizeof(numbers[0])))];
}

void bend_noise(struct buf *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)chance_below(256);
        buf_add(out, &byte, 1);
    }
}

static void add_changed(struct buf *out, const struct field *field)
{
    _cleanup_(buf_deinit) struct buf value = BUF_MAX(field->value.len + ADDED_MAX);
    struct field changed = *field;

    if ((field->tag & 7) == VARINT) {
        add_varint(&value, odd_number());
    } else if ((field->tag & 7) == BYTES) {
        bend_bytes(field->value, &value);
    } else {
        bend_noise(&value, field->value.len);
    }
    changed.value = buf_slice(&value);
    add_field(out, &changed);
}

static void add_unknown(struct buf *out)
{
    static const enum wire_type types[] = {VARINT, FIXED64, BYTES, FIXED32};
    static const uint8_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    enum wire_type type = types[chance_below(4)];
    size_t len = type == VARINT ? 1 : type == FIXED64 ? 8 : type == FIXED32 ? 4 : 16;
    const struct field field = {
        .tag = (uint64_t)(1 + chance_below(NUMBER_LIMIT)) << 3 | (uint64_t)type,
        .value = slice_make(ones, len),
    };
    add_field(out, &field);
}

/* --- entry points --- */

void bend_bytes(struct slice bytes, struct buf *out)
{
    size_t start = out->len;
    uint32_t way = bytes.len == 0 ? 2 : chance_below(4);

    if (way == 0) {
        buf_add(out, bytes.data, chance_below((uint32_t)bytes.len));
        return;
    }
    buf_add_slice(out, bytes);
    if (way == 2) {
        bend_noise(out, 1 + chance_below(ADDED_MAX - 1));
    } else if (buf_ok(out)) {
        out->data[start + chance_below((uint32_t)bytes.len)] ^= (uint8_t)(1 + chance_below(255));
    }
}

void bend_message(struct slice message, struct slice other, struct buf *out)
{
    static struct field fields[FIELDS_MAX];
    static struct field lent[FIELDS_MAX];
    size_t n = split(message, fields);
    size_t n_lent = split(other, lent);

    if (n == 0) {
        bend_bytes(message, out);
        return;
    }
    enum {
        LEAVE_OUT,
        DOUBLE,
        MOVE,
        CHANGE,
        LEND,
        ADD,
        WAYS
    };
    uint32_t way = chance_below(WAYS);
    size_t at = chance_below((uint32_t)n);
    size_t to = chance_below((uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct field *field = &fields[i];
        if (way == MOVE && (i == at || i == to)) {
            field = &fields[i == at ? to : at];
        }
        if (way == CHANGE && i == at) {
            add_changed(out, field);
        } else if (way != LEAVE_OUT || i != at) {
            add_field(out, field);
        }
        if (way == DOUBLE && i == at) {
            add_field(out, field);
        } else if (way == LEND && i == at && n_lent > 0) {
            add_field(out, &lent[chance_below((uint32_t)n_lent)]);
        } else if (way == ADD && i == at) {
            add_unknown(out);
        }
    }
}
