/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The storage always has one byte more than the contents, for the NUL of buf_text and vsnprintf; it
 * does not count against the ceiling. Storage that is given up is wiped first, because a buf may
 * have held an opened account.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

#define BUF_FIRST_BYTES 256

static void buf_release(struct buf *buf)
{
    if (buf->data != NULL) {
        explicit_bzero(buf->data, buf->capacity);
        free(buf->data);
    }
}

/* Makes room for `len` more bytes and the NUL, or sets failed. */
static bool buf_reserve(struct buf *buf, size_t len)
{
    if (buf->failed || len > buf->max || buf->len > buf->max - len) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->len + len + 1;
    if (needed <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity > 0 ? buf->capacity : BUF_FIRST_BYTES;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    uint8_t *data = base_alloc(capacity);
    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
    }
    buf_release(buf);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_deinit(struct buf *buf)
{
    buf_release(buf);
    *buf = BUF_MAX(buf->max);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

uint8_t *buf_extend(struct buf *buf, size_t len)
{
    if (!buf_reserve(buf, len)) {
        return NULL;
    }
    uint8_t *room = buf->data + buf->len;
    buf->len += len;
    return room;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
    uint8_t *room = buf_extend(buf, len);

    if (room != NULL && len > 0) {
        memcpy(room, data, len);
    }
}

void buf_add_slice(struct buf *buf, struct slice slice)
{
    buf_add(buf, slice.data, slice.len);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

PRINTF(2, 0) static void buf_vformat(struct buf *buf, const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert(len >= 0);
    if (buf_reserve(buf, (size_t)len)) {
        (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, arguments);
        buf->len += (size_t)len;
    }
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    buf_vformat(buf, format, arguments);
    va_end(arguments);
}

struct slice buf_slice(const struct buf *buf)
{
    return slice_make(buf->data, buf->len);
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

const char *buf_text(struct buf *buf)
{
    if (buf->failed || buf->len == 0) {
        return "";
    }
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}
