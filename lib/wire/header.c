/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

static const char magic[] = "CRN1";

#define MAGIC_BYTES   4
#define LENGTH_OFFSET 20
#define LENGTH_BYTES  4

static_assert(LENGTH_OFFSET + LENGTH_BYTES == WIRE_HEADER_BYTES, "the length is the last field");

static bool type_known(uint8_t number)
{
    switch (number) {
#define X(name, value) case (value):
        WIRE_TYPES(X)
#undef X
        return true;
    default:
        return false;
    }
}

static bool lane_fits(const struct wire_header *header)
{
    if (header->type != WIRE_PARCEL && header->type != WIRE_RECEIPT) {
        return header->lane == 0;
    }
    return header->lane >= LANE_URGENT && header->lane <= LANE_BULK;
}

static bool entries_fit(const struct wire_header *header)
{
    if (header->type != WIRE_PARCEL) {
        return header->entries == 0;
    }
    return header->entries >= 1 && header->entries <= CAIRN_PARCEL_ENTRIES_MAX;
}

void wire_header_write(const struct wire_header *header, uint8_t out[WIRE_HEADER_BYTES])
{
    struct writer writer = writer_over(out, WIRE_HEADER_BYTES);

    write_bytes(&writer, magic, MAGIC_BYTES);
    write_u16(&writer, header->version);
    write_u8(&writer, (uint8_t)header->type);
    write_u8(&writer, header->lane);
    write_u16(&writer, header->entries);
    write_u16(&writer, 0);
    write_u64(&writer, header->correlation);
    write_u32(&writer, header->length);
    assert(writer_slice(&writer).len == WIRE_HEADER_BYTES);
}

bool wire_header_read(struct slice frame, struct wire_header *ret)
{
    struct reader reader = reader_over(frame);
    struct slice start = read_bytes(&reader, MAGIC_BYTES);
    struct wire_header header = {.version = read_u16(&reader)};
    uint8_t type = read_u8(&reader);

    header.type = (enum wire_type)type;
    header.lane = read_u8(&reader);
    header.entries = read_u16(&reader);
    uint16_t zero = read_u16(&reader);
    header.correlation = read_u64(&reader);
    header.length = read_u32(&reader);
    if (!reader_ok(&reader) || !slice_equal(start, slice_make(magic, MAGIC_BYTES)) ||
        !type_known(type) || !lane_fits(&header) || !entries_fit(&header) || zero != 0 ||
        header.length != reader.left) {
        return false;
    }
    *ret = header;
    return true;
}

struct slice wire_payload(struct slice frame)
{
    assert(frame.len >= WIRE_HEADER_BYTES);
    return slice_make(frame.data + WIRE_HEADER_BYTES, frame.len - WIRE_HEADER_BYTES);
}

void wire_frame_begin(struct buf *out, const struct wire_header *header)
{
    buf_reset(out);
    uint8_t *room = buf_extend(out, WIRE_HEADER_BYTES);

    if (room != NULL) {
        wire_header_write(header, room);
    }
}

void wire_frame_end(struct buf *out)
{
    if (!buf_ok(out)) {
        return;
    }
    assert(out->len >= WIRE_HEADER_BYTES && out->len <= UINT32_MAX);
    struct writer writer = writer_over(out->data + LENGTH_OFFSET, LENGTH_BYTES);
    write_u32(&writer, (uint32_t)(out->len - WIRE_HEADER_BYTES));
}
