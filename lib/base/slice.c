/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define I32_SIGN 0x80000000U

struct slice slice_make(const void *data, size_t len)
{
    return (struct slice){.data = data, .len = len};
}

struct slice slice_of_text(const char *text)
{
    return slice_make(text, strlen(text));
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool slice_is_text(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_of_text(text));
}

struct reader reader_over(struct slice slice)
{
    return (struct reader){.at = slice.data, .left = slice.len, .failed = false};
}

struct slice read_bytes(struct reader *reader, size_t len)
{
    if (reader->failed || len > reader->left) {
        reader->failed = true;
        return SLICE_NULL;
    }
    struct slice taken = slice_make(reader->at, len);
    if (len > 0) {
        reader->at += len;
        reader->left -= len;
    }
    return taken;
}

void read_into(struct reader *reader, void *out, size_t len)
{
    struct slice taken = read_bytes(reader, len);

    if (reader->failed) {
        memset(out, 0, len);
    } else if (len > 0) {
        memcpy(out, taken.data, len);
    }
}

uint8_t read_u8(struct reader *reader)
{
    uint8_t byte;

    read_into(reader, &byte, sizeof(byte));
    return byte;
}

uint16_t read_u16(struct reader *reader)
{
    uint16_t bytes;

    read_into(reader, &bytes, sizeof(bytes));
    return be16toh(bytes);
}

uint32_t read_u32(struct reader *reader)
{
    uint32_t bytes;

    read_into(reader, &bytes, sizeof(bytes));
    return be32toh(bytes);
}

uint64_t read_u64(struct reader *reader)
{
    uint64_t bytes;

    read_into(reader, &bytes, sizeof(bytes));
    return be64toh(bytes);
}

int32_t read_i32(struct reader *reader)
{
    uint32_t biased = read_u32(reader);

    return reader->failed ? 0 : (int32_t)(biased ^ I32_SIGN);
}

struct slice read_sized(struct reader *reader, size_t max)
{
    size_t len = read_u32(reader);

    if (len > max) {
        reader->failed = true;
    }
    return read_bytes(reader, len);
}

bool reader_ok(const struct reader *reader)
{
    return !reader->failed;
}

bool reader_end(const struct reader *reader)
{
    return !reader->failed && reader->left == 0;
}

struct writer writer_over(void *storage, size_t capacity)
{
    return (struct writer){.start = storage, .len = 0, .capacity = capacity, .failed = false};
}

void write_bytes(struct writer *writer, const void *data, size_t len)
{
    if (writer->failed || len > writer->capacity - writer->len) {
        writer->failed = true;
        return;
    }
    if (len > 0) {
        memcpy(writer->start + writer->len, data, len);
        writer->len += len;
    }
}

void write_u8(struct writer *writer, uint8_t value)
{
    write_bytes(writer, &value, sizeof(value));
}

void write_u16(struct writer *writer, uint16_t value)
{
    uint16_t bytes = htobe16(value);

    write_bytes(writer, &bytes, sizeof(bytes));
}

void write_u32(struct writer *writer, uint32_t value)
{
    uint32_t bytes = htobe32(value);

    write_bytes(writer, &bytes, sizeof(bytes));
}

void write_u64(struct writer *writer, uint64_t value)
{
    uint64_t bytes = htobe64(value);

    write_bytes(writer, &bytes, sizeof(bytes));
}

void write_i32(struct writer *writer, int32_t value)
{
    write_u32(writer, (uint32_t)value ^ I32_SIGN);
}

void write_slice(struct writer *writer, struct slice slice)
{
    write_bytes(writer, slice.data, slice.len);
}

void write_sized(struct writer *writer, struct slice slice)
{
    if (slice.len > UINT32_MAX) {
        writer->failed = true;
        return;
    }
    write_u32(writer, (uint32_t)slice.len);
    write_slice(writer, slice);
}

void write_text(struct writer *writer, const char *text)
{
    write_slice(writer, slice_of_text(text));
}

/* By way of the heap: vsnprintf would want room for a NUL that a fixed layout does not have. */
void write_format(struct writer *writer, const char *format, ...)
{
    _cleanup_(base_free) char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0) {
        text = NULL;
        log_fatal("out_of_memory", "in=write_format");
    }
    write_bytes(writer, text, (size_t)len);
}

bool writer_ok(const struct writer *writer)
{
    return !writer->failed;
}

struct slice writer_slice(const struct writer *writer)
{
    assert(!writer->failed);
    return slice_make(writer->start, writer->len);
}
