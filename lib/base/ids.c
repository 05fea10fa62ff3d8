/* SPDX-License-Identifier: Apache-2.0 */
#include "cairn/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "base/text.h"

#define STREAM_HEX_DIGITS 16

void entry_id_pack(const struct entry_id *id, uint8_t out[ENTRY_ID_BYTES])
{
    struct writer writer = writer_over(out, ENTRY_ID_BYTES);

    write_u32(&writer, id->agency);
    write_u64(&writer, id->stream);
    write_u64(&writer, id->seq);
    assert(writer_ok(&writer) && writer.len == ENTRY_ID_BYTES);
}

struct entry_id entry_id_unpack(const uint8_t in[ENTRY_ID_BYTES])
{
    struct reader reader = reader_over(slice_make(in, ENTRY_ID_BYTES));
    struct entry_id id;

    id.agency = read_u32(&reader);
    id.stream = read_u64(&reader);
    id.seq = read_u64(&reader);
    assert(reader_end(&reader));
    return id;
}

bool entry_id_equal(const struct entry_id *a, const struct entry_id *b)
{
    return a->agency == b->agency && a->stream == b->stream && a->seq == b->seq;
}

void entry_id_format(const struct entry_id *id, char out[ENTRY_ID_TEXT_BYTES])
{
    (void)snprintf(out, ENTRY_ID_TEXT_BYTES, "%" PRIu32 "-%016" PRIx64 "-%" PRIu64, id->agency,
                   id->stream, id->seq);
}

/* Copies up to the next dash (or the end, for the last field) and steps over it; false when it does
 * not fit. */
static bool take_field(const char **text, char *out, size_t out_bytes)
{
    const char *start = *text;
    size_t len = strcspn(start, "-");

    if (len >= out_bytes) {
        return false;
    }
    memcpy(out, start, len);
    out[len] = '\0';
    *text = start[len] == '-' ? start + len + 1 : start + len;
    return true;
}

/*
 * Reads leniently, then asks whether the text is what entry_id_format would have written: one rule
 * for both ways.
 */
bool entry_id_parse(const char *text, struct entry_id *ret)
{
    const char *rest = text;
    char agency_text[11];
    char stream_text[STREAM_HEX_DIGITS + 1];
    char seq_text[21];
    char canonical[ENTRY_ID_TEXT_BYTES];
    uint8_t stream[8];
    uint64_t agency;
    uint64_t seq;

    if (!take_field(&rest, agency_text, sizeof(agency_text)) ||
        !take_field(&rest, stream_text, sizeof(stream_text)) ||
        !take_field(&rest, seq_text, sizeof(seq_text)) ||
        !u64_parse(agency_text, UINT32_MAX, &agency) ||
        !hex_decode(stream_text, stream, sizeof(stream)) ||
        !u64_parse(seq_text, UINT64_MAX, &seq)) {
        return false;
    }
    struct reader reader = reader_over(SLICE_OF(stream));
    struct entry_id id = {.agency = (uint32_t)agency, .stream = read_u64(&reader), .seq = seq};
    entry_id_format(&id, canonical);
    if (strcmp(canonical, text) != 0) {
        return false;
    }
    *ret = id;
    return true;
}

struct subject_id subject_id_of(uint32_t agency, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct subject_id id = {.agency = agency};
    memcpy(id.handle, handle, CAIRN_HANDLE_BYTES);
    return id;
}

void subject_id_pack(const struct subject_id *id, uint8_t out[SUBJECT_ID_BYTES])
{
    struct writer writer = writer_over(out, SUBJECT_ID_BYTES);

    write_u32(&writer, id->agency);
    write_bytes(&writer, id->handle, sizeof(id->handle));
    assert(writer_ok(&writer) && writer.len == SUBJECT_ID_BYTES);
}

struct subject_id subject_id_unpack(const uint8_t in[SUBJECT_ID_BYTES])
{
    struct reader reader = reader_over(slice_make(in, SUBJECT_ID_BYTES));
    struct subject_id id;

    id.agency = read_u32(&reader);
    read_into(&reader, id.handle, sizeof(id.handle));
    assert(reader_end(&reader));
    return id;
}

bool subject_id_equal(const struct subject_id *a, const struct subject_id *b)
{
    return a->agency == b->agency && memcmp(a->handle, b->handle, sizeof(a->handle)) == 0;
}
