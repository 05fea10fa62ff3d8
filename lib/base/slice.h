/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice: bytes that somebody else owns. Valid as long as the owner says. The empty slice has length
 * 0 and any pointer. reader / writer: bounded, sticky cursors for every fixed layout in Cairn
 * (keys, store values, signed byte strings). All integers are big-endian. After the first overrun a
 * reader yields zeros and a writer writes nothing; ask once, at the end, with reader_ok() /
 * writer_ok().
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

struct slice {
    const uint8_t *data;
    size_t len;
};

#define SLICE_NULL      ((struct slice){NULL, 0})
#define SLICE_OF(array) ((struct slice){(const uint8_t *)(array), sizeof(array)})

struct slice slice_make(const void *data, size_t len);
struct slice slice_of_text(const char *text);     /* without the NUL */
bool slice_equal(struct slice a, struct slice b); /* not constant-time: never for secrets or MACs */
bool slice_is_text(struct slice slice, const char *text);

struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct reader reader_over(struct slice slice);
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
int32_t read_i32(struct reader *reader); /* written by write_i32: sorts correctly as bytes */
/* `len` bytes, borrowed from the underlying slice; the empty slice after a failure. */
struct slice read_bytes(struct reader *reader, size_t len);
void read_into(struct reader *reader, void *out, size_t len); /* zeros after a failure */
/* u32 length, then that many bytes; fails when longer than max. */
struct slice read_sized(struct reader *reader, size_t max);
bool reader_ok(const struct reader *reader);  /* nothing overran so far */
bool reader_end(const struct reader *reader); /* ok, and nothing is left */

struct writer {
    uint8_t *start;
    size_t len;
    size_t capacity;
    bool failed;
};

struct writer writer_over(void *storage, size_t capacity);
void write_u8(struct writer *writer, uint8_t value);
void write_u16(struct writer *writer, uint16_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_u64(struct writer *writer, uint64_t value);
void write_i32(struct writer *writer, int32_t value);
void write_bytes(struct writer *writer, const void *data, size_t len);
void write_slice(struct writer *writer, struct slice slice);
void write_sized(struct writer *writer, struct slice slice); /* u32 length, bytes */
void write_text(struct writer *writer, const char *text);    /* without the NUL */
void write_format(struct writer *writer, const char *format, ...) PRINTF(2, 3);
bool writer_ok(const struct writer *writer);
struct slice writer_slice(const struct writer *writer); /* what was written; asserts writer_ok */

/*
 * buf: growing bytes with a ceiling, for messages whose size is known only when they are done. Zero
 * state BUF_NULL. Growing past the ceiling sets `failed`, like a writer.
 */
struct buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t max;
    bool failed;
};

#define BUF_MAX(max_bytes) ((struct buf){NULL, 0, 0, (max_bytes), false})
void buf_deinit(struct buf *buf); /* wipes and frees; leaves a usable empty buf */
void buf_reset(struct buf *buf);  /* keeps the storage */
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_slice(struct buf *buf, struct slice slice);
void buf_add_text(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *format, ...) PRINTF(2, 3);
/* Room for len more bytes, to be filled by the caller; NULL when the ceiling is in the way. Counts
 * as written. */
uint8_t *buf_extend(struct buf *buf, size_t len) MUST_USE;
struct slice buf_slice(const struct buf *buf);
bool buf_ok(const struct buf *buf);
/* NUL-terminated view of the contents (the NUL is not counted); "" when empty or failed. Valid
 * until the next change. */
const char *buf_text(struct buf *buf);

#endif
