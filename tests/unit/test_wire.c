/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "support/crypto.h"
#include "support/wire_samples.h"

/* Reads as the sample's message within the budget; `out` then holds what was read, written again.
 */
static bool reads(const struct wire_sample *sample, struct slice bytes, struct buf *out)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);

    buf_reset(out);
    return sample->again(bytes, &arena, out);
}

/* Refused, or accepted as exactly these bytes: what must hold of anything that a peer may send. */
static void assert_one_meaning(const struct wire_sample *sample, struct slice bytes)
{
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

    if (reads(sample, bytes, &again) && !slice_equal(bytes, buf_slice(&again))) {
        fail_msg("%s: accepted bytes that it would not have written", sample->name);
    }
}

static void assert_refused(const char *name, struct slice bytes, const char *why)
{
    _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

    if (reads(wire_sample_named(name), bytes, &again)) {
        fail_msg("%s was accepted with %s", name, why);
    }
}

static void every_message_reads_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        wire_samples[i].write(&written);

        bool accepted = reads(&wire_samples[i], buf_slice(&written), &again);

        if (!accepted || !slice_equal(buf_slice(&written), buf_slice(&again))) {
            fail_msg("%s did not read back", wire_samples[i].name);
        }
    }
}

static uint64_t next_varint(struct reader *reader)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;

    for (unsigned shift = 0; (byte & 0x80) != 0 && shift < 64; shift += 7) {
        byte = read_u8(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    return value;
}

static size_t count_fields(struct slice message)
{
    struct reader reader = reader_over(message);
    uint64_t last = 0;
    size_t fields = 0;

    while (reader.left > 0 && reader_ok(&reader)) {
        uint64_t tag = next_varint(&reader);
        fields += tag >> 3 != last ? 1 : 0;
        last = tag >> 3;
        if ((tag & 7) == 0) {
            (void)next_varint(&reader);
        } else if ((tag & 7) == 2) {
            (void)read_bytes(&reader, next_varint(&reader));
        } else {
            (void)read_bytes(&reader, (tag & 7) == 1 ? 8 : 4);
        }
    }
    return fields;
}

static void a_sample_shows_every_field_of_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

        wire_samples[i].write(&written);

        assert_int_equal(count_fields(buf_slice(&written)), wire_samples[i].fields);
    }
}

static void a_message_cut_short_never_means_something_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        wire_samples[i].write(&written);

        for (size_t len = 0; len < written.len; len++) {
            assert_one_meaning(&wire_samples[i], slice_make(written.data, len));
        }
    }
}

static void a_flipped_bit_never_means_the_same_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        wire_samples[i].write(&written);

        for (size_t bit = 0; bit < written.len * 8; bit++) {
            written.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_one_meaning(&wire_samples[i], buf_slice(&written));
            written.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void a_byte_too_many_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            const uint8_t extra = (uint8_t)byte;
            wire_samples[i].write(&written);

            buf_add(&written, &extra, 1);

            assert_refused(wire_samples[i].name, buf_slice(&written), "a byte appended");
        }
    }
}

/* Hex to bytes at the end of `out`. */
static void add_hex(struct buf *out, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *room = buf_extend(out, len);

    assert_non_null(room);
    assert_true(hex_decode(hex, room, len));
}

/* The sample with the one place where its hex says `from` saying `to` instead. */
static void respell(const char *name, const char *from, const char *to, struct buf *ret)
{
    _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf wanted = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    size_t found_at = SIZE_MAX;

    wire_sample_named(name)->write(&written);
    add_hex(&wanted, from);
    for (size_t at = 0; at + wanted.len <= written.len; at++) {
        if (slice_equal(slice_make(written.data + at, wanted.len), buf_slice(&wanted))) {
            assert_int_equal(found_at, SIZE_MAX);
            found_at = at;
        }
    }
    if (found_at == SIZE_MAX) {
        fail_msg("%s does not hold %s", name, from);
    }
    buf_add(ret, written.data, found_at);
    add_hex(ret, to);
    buf_add(ret, written.data + found_at + wanted.len, written.len - found_at - wanted.len);
}

static const struct {
    const char *name;
    const char *from;
    const char *to;
    const char *why;
} respellings[] = {
    /* one encoding only */
    {"hello", "08011001", "080108011001", "a number said twice"},
    {"hello", "08011001", "10010801", "fields out of order"},
    {"hello", "08011001", "0881001001", "a number longer than it needs to be"},
    {"hello", "08011001", "8800011001", "a tag longer than it needs to be"},
    {"hello", "1a11636169", "1a9100636169", "a length longer than it needs to be"},
    {"hello", "08011001", "0881808080101001", "a number wider than its field"},
    {"hello", "08011001", "0881808080808080808080011001", "a number of eleven bytes"},
    {"hello", "08011001", "08818080808080808080021001", "a number of 65 bits"},
    {"hello", "08011001", "0d010000001001", "the wrong wire type"},
    {"hello", "08011001", "0b0c1001", "a group"},
    {"hello", "08011001", "000108011001", "a field numbered zero"},
    {"hello", "08011001", "080110014001", "an unknown number"},
    {"hello", "08011001", "08011001fa0100", "an unknown text"},
    {"fetch", "0858", "08581000", "a zero that is said"},
    {"pong", "0a0408011002", "0a06080110025801", "an unknown field in a message inside"},
    {"pong", "0a0408011002", "0a06080108011002", "a number said twice in a message inside"},
    {"pong", "0a0408011002", "0a0410020801", "a message inside out of order"},
    {"pong", "0a0408011002", "0a058800011002", "a long tag in a message inside"},
    {"pong", "0a0408011002", "0a0508011002", "a message inside longer than it is"},
    {"pong", "0a0408011002", "0a0308011002", "a message inside shorter than it is"},
    {"hello", "1a11636169", "1a001a11636169", "an empty text that is said"},
    {"state_reply", "2801", "2802", "a truth value of two"},
    {"record_header", "aa01100a02090b", "aa01100809080b", "a list that is not packed"},
    {"record_header", "aa01100a02090b", "aa010e0a00", "an empty packed list"},
    {"record_header", "aa01100a02090b", "aa01120a01090a010b", "a packed list in two pieces"},
    {"record_header", "aa01100a02090b", "aa01110a0389000b", "a long number in a packed list"},
    /* lengths */
    {"acknowledgement_header", "3a205051", "3a1f51", "a root of 31 bytes"},
    {"acknowledgement_header", "3a205051", "3a21505051", "a root of 33 bytes"},
    {"record_header", "2a101011", "2a0f11", "a handle of 15 bytes"},
    {"record_header", "6a102021", "6a0f21", "an event id of 15 bytes"},
    {"record_header", "72103031", "720f31", "an occurrence of 15 bytes"},
    {"acknowledgement_header", "42486061", "424761", "a cosignature of 71 bytes"},
    {"parcel_head", "122088e4", "121fe4", "a partnership of 31 bytes"},
    {"delivered", "124072d9", "123fd9", "a signature of 63 bytes"},
    {"delivered", "124072d9", "124172d9d9", "a signature of 65 bytes"},
    {"notice", "3a10b0b1", "3a0fb1", "a handle of 15 bytes"},
    {"notice", "2a20c0c1", "2a1fc1", "a digest of 31 bytes"},
    {"proof_reply", "2220404142", "221f4142", "a hash of 31 bytes"},
    {"proof_reply", "2220404142", "22002220404142", "an empty hash"},
    /* ranges */
    {"hello", "08011001", "1001", "no lowest version"},
    {"hello", "08011001", "0801", "no highest version"},
    {"hello", "08011001", "08021001", "a lowest version above the highest"},
    {"hello", "08011001", "080110808004", "a version that no header can carry"},
    {"hello", "1a11636169", "1a11ff6169", "a text that is not UTF-8"},
    {"hello", "1a11636169", "1a11006169", "a text with a NUL"},
    {"pong", "0a0408011002", "0a021002", "no document number"},
    {"pong", "0a0408011002", "0a0408061002", "an unknown document"},
    {"pong", "0a0408011002", "0a020801", "a document of version zero"},
    {"pong", "0a0408011002", "0a04080210020a0408011002", "documents out of order"},
    {"pong", "0a0408011002", "0a04080110020a0408011002", "a document twice"},
    {"pong", "1080d09392a034", "10ffffffffffffffff7f", "a time that no calendar holds"},
    {"error", "0816", "0803", "an unknown verdict"},
    {"fetch", "1020", "1041", "more credit than there may be"},
    {"receipt", "09080706050403020112", "12", "no stream"},
    {"receipt", "120708291001188001", "12051001188001", "a result without a number"},
    {"receipt", "1204082a100a", "1204082a1003", "a result with an unknown verdict"},
    {"delivery", "08591002", "08591005", "an item of unknown kind"},
    {"delivered", "1801", "1840", "an index beyond the largest parcel"},
    {"delivered", "6001", "6004", "an unknown flag"},
    {"release", "0a0d080311", "0a0b11", "a record without an agency"},
    {"notice", "08011006", "087f1006", "an unknown type"},
    {"notice", "50035a", "50085a", "an unknown outcome"},
    {"notice", "6801", "6808", "an unknown earlier outcome"},
    {"notice", "18032001", "18012001", "a code of another kind"},
    {"notice", "40034801", "40034840", "an unknown flag"},
    {"governance_fetch", "08021010", "08061010", "an unknown document"},
    {"governance_document", "08021011", "0802", "a text without a version"},
    {"proof_reply", "0801108101", "0803108101", "an unknown verdict"},
    {"state_reply", "220408071001", "22021001", "a reader of zero"},
    {"state_reply", "08071001", "08071007", "a reader in an unknown state"},
    {"state_request", "0a0d080311", "0a0b11", "an entry without an agency"},
    {"state_request", "0a0d080311080706050403020118", "0a04080318", "an entry without a stream"},
    {"state_request", "0a0d0803110807060504030201182a", "0a0b0803110807060504030201",
     "an entry without a number"},
    {"state_request", "0a0d0803110807060504030201182a", "", "no entry at all"},
    {"parcel_head", "0801122088", "0802122088", "an unknown format"},
    {"parcel_head", "38024220", "38414220", "more entries than there may be"},
    {"parcel_head", "38024220", "4220", "no entries"},
    {"parcel_head", "3029", "30ffffffffffffffffff01", "numbers that run past the last"},
};

static void one_message_has_one_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(respellings); i++) {
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

        respell(respellings[i].name, respellings[i].from, respellings[i].to, &bytes);

        assert_refused(respellings[i].name, buf_slice(&bytes), respellings[i].why);
    }
}

/* What the walk over the tags refuses never reaches the unpacker, so it costs no memory. */
static const struct {
    const char *name;
    const char *from;
    const char *to;
} walked[] = {
    {"hello", "08011001", "080108011001"},
    {"hello", "08011001", "10010801"},
    {"hello", "08011001", "0881001001"},
    {"hello", "08011001", "8800011001"},
    {"hello", "1a11636169", "1a9100636169"},
    {"hello", "08011001", "0881808080808080808080011001"},
    {"hello", "08011001", "08818080808080808080021001"},
    {"hello", "08011001", "0d010000001001"},
    {"hello", "08011001", "080110014001"},
    {"pong", "0a0408011002", "0a06080110025801"},
    {"pong", "0a0408011002", "0a06080108011002"},
    {"record_header", "aa01100a02090b", "aa01100809080b"},
    {"record_header", "aa01100a02090b", "aa01120a01090a010b"},
};

static void misspelt_bytes_cost_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(walked); i++) {
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        respell(walked[i].name, walked[i].from, walked[i].to, &bytes);

        bool accepted = wire_sample_named(walked[i].name)->again(buf_slice(&bytes), &arena, &again);

        assert_false(accepted);
        assert_int_equal(arena.total, 0);
    }
}

static void writing_fails_cleanly_at_the_ceiling(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf whole = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        wire_samples[i].write(&whole);

        for (size_t max = 0; max < whole.len; max++) {
            _cleanup_(buf_deinit) struct buf tight = BUF_MAX(max);
            wire_samples[i].write(&tight);
            assert_false(buf_ok(&tight));
        }
        _cleanup_(buf_deinit) struct buf exact = BUF_MAX(whole.len);
        wire_samples[i].write(&exact);
        assert_true(buf_ok(&exact));
    }
}

static void a_small_budget_is_a_clean_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < wire_samples_count; i++) {
        _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        bool accepted = false;
        wire_samples[i].write(&written);

        for (size_t budget = 0; !accepted; budget += 16) {
            _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(budget);
            buf_reset(&again);
            accepted = wire_samples[i].again(buf_slice(&written), &arena, &again);
            assert_true(arena.total <= budget);
            assert_true(budget < CAIRN_UNPACK_BUDGET_BYTES);
        }

        assert_true(slice_equal(buf_slice(&written), buf_slice(&again)));
    }
}

static void a_flood_of_small_fields_costs_no_memory(void **state)
{
    (void)state;
    static uint8_t flood[CAIRN_FRAME_MAX_BYTES - WIRE_HEADER_BYTES];
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_parcel parcel;
    for (size_t at = 0; at + 1 < sizeof(flood); at += 2) {
        flood[at] = 0x1a; /* an entry of no bytes */
        flood[at + 1] = 0;
    }

    bool accepted = wire_parcel_read(SLICE_OF(flood), &arena, &parcel);

    assert_false(accepted);
    assert_int_equal(arena.total, 0);
}

static void no_message_can_contain_itself(void **state)
{
    (void)state;
    assert_true(wire_schema_ok());
}

/* A parcel as full as a frame allows: every entry a record with every grant it may carry. */
static void fill_frame(struct buf *out)
{
    static uint8_t body[2048];
    struct wire_sample_parcel sample;
    struct wire_entry entries[CAIRN_PARCEL_ENTRIES_MAX];
    struct wire_grant grants[CAIRN_GRANTS_MAX];

    wire_sample_parcel_init(&sample);
    for (size_t i = 0; i < CAIRN_GRANTS_MAX; i++) {
        grants[i] = sample.grants[0];
        grants[i].recipient = (uint32_t)(4000000000U + i);
    }
    for (size_t i = 0; i < CAIRN_PARCEL_ENTRIES_MAX; i++) {
        entries[i] = sample.entries[1];
        entries[i].body = SLICE_OF(body);
        entries[i].grants = grants;
        entries[i].n_grants = CAIRN_GRANTS_MAX;
    }
    sample.parcel.entries = entries;
    sample.parcel.n_entries = CAIRN_PARCEL_ENTRIES_MAX;
    wire_parcel_write(&sample.parcel, out);
}

static void the_fullest_parcel_and_its_headers_fit_the_budget(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES - WIRE_HEADER_BYTES);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_parcel parcel;
    fill_frame(&payload);
    assert_true(buf_ok(&payload));
    assert_true(payload.len > CAIRN_FRAME_MAX_BYTES * 9 / 10);

    bool accepted = wire_parcel_read(buf_slice(&payload), &arena, &parcel);

    assert_true(accepted);
    for (size_t i = 0; i < parcel.n_entries; i++) {
        struct entry_header header;
        assert_true(wire_entry_header_read(parcel.entries[i].kind, parcel.entries[i].header, &arena,
                                           &header));
    }
}

static void the_fullest_delivery_fits_the_budget(void **state)
{
    (void)state;
    static uint8_t bytes[1700];
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(CAIRN_FRAME_MAX_BYTES - WIRE_HEADER_BYTES);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    static struct wire_item items[CAIRN_CREDIT_MAX];
    struct wire_delivery delivery = {.n_items = CAIRN_CREDIT_MAX, .items = items};
    delivery.consistency.n = CAIRN_PROOF_MAX_HASHES;
    for (size_t i = 0; i < CAIRN_CREDIT_MAX; i++) {
        items[i] = (struct wire_item){.position = i + 1,
                                      .kind = ITEM_NOTICE,
                                      .payload = SLICE_OF(bytes),
                                      .leaf = slice_make(bytes, 80),
                                      .path = {.n = CAIRN_PROOF_MAX_HASHES}};
    }
    wire_delivery_write(&delivery, &payload);
    assert_true(buf_ok(&payload));
    assert_true(payload.len > CAIRN_FRAME_MAX_BYTES * 9 / 10);

    bool accepted = wire_delivery_read(buf_slice(&payload), &arena, &delivery);

    assert_true(accepted);
}

/* --- frames --- */

static const struct wire_header parcel_header = {.version = 1,
                                                 .type = WIRE_PARCEL,
                                                 .lane = LANE_URGENT,
                                                 .entries = 2,
                                                 .correlation = 0x1122334455667788};

static void a_frame_is_a_header_and_its_payload(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_header read;

    buf_add_text(&frame, "what was here before");
    wire_frame_begin(&frame, &parcel_header);
    buf_add_text(&frame, "payload");
    wire_frame_end(&frame);

    assert_true(wire_header_read(buf_slice(&frame), &read));
    assert_int_equal(read.version, 1);
    assert_int_equal(read.type, WIRE_PARCEL);
    assert_int_equal(read.lane, LANE_URGENT);
    assert_int_equal(read.entries, 2);
    assert_true(read.correlation == parcel_header.correlation);
    assert_int_equal(read.length, 7);
    assert_true(slice_is_text(wire_payload(buf_slice(&frame)), "payload"));
}

static void a_frame_that_does_not_fit_is_only_marked(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(WIRE_HEADER_BYTES - 1);

    wire_frame_begin(&frame, &parcel_header);
    wire_frame_end(&frame);

    assert_false(buf_ok(&frame));
}

static const struct {
    size_t offset;
    uint8_t value;
    const char *why;
} bad_headers[] = {
    {0, 'X', "another magic"},
    {3, '2', "another magic"},
    {6, 0, "no type"},
    {6, WIRE_ERROR + 1, "an unknown type"},
    {6, WIRE_PING, "a lane and entries on a ping"},
    {6, WIRE_RECEIPT, "entries on a receipt"},
    {7, 0, "a parcel without a lane"},
    {7, CAIRN_LANES + 1, "an unknown lane"},
    {9, 0, "a parcel of no entries"},
    {9, CAIRN_PARCEL_ENTRIES_MAX + 1, "more entries than a parcel holds"},
    {8, 1, "more entries than a parcel holds"},
    {10, 1, "something where zero must be"},
    {11, 1, "something where zero must be"},
    {20, 1, "a length beyond the frame"},
    {23, 6, "a length short of the frame"},
    {23, 8, "a length beyond the frame"},
};

static void a_header_must_be_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_headers); i++) {
        _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        struct wire_header read;
        wire_frame_begin(&frame, &parcel_header);
        buf_add_text(&frame, "payload");
        wire_frame_end(&frame);

        frame.data[bad_headers[i].offset] = bad_headers[i].value;

        if (wire_header_read(buf_slice(&frame), &read)) {
            fail_msg("accepted %s", bad_headers[i].why);
        }
    }
}

static void a_header_cut_short_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[WIRE_HEADER_BYTES];
    struct wire_header read;
    wire_header_write(&parcel_header, bytes);

    for (size_t len = 0; len < sizeof(bytes); len++) {
        assert_false(wire_header_read(slice_make(bytes, len), &read));
    }
    assert_true(wire_header_read(SLICE_OF(bytes), &read));
}

static void every_lane_and_every_size_of_parcel_has_a_header(void **state)
{
    (void)state;
    static const enum wire_type laned[] = {WIRE_PARCEL, WIRE_RECEIPT};

    for (unsigned lane = 0; lane <= CAIRN_LANES + 1; lane++) {
        for (size_t i = 0; i < ARRAY_LEN(laned); i++) {
            struct wire_header header = {.version = 1, .type = laned[i], .lane = (uint8_t)lane};
            struct wire_header read;
            uint8_t bytes[WIRE_HEADER_BYTES];
            header.entries = laned[i] == WIRE_PARCEL ? CAIRN_PARCEL_ENTRIES_MAX : 0;
            wire_header_write(&header, bytes);
            assert_int_equal(wire_header_read(SLICE_OF(bytes), &read),
                             lane >= LANE_URGENT && lane <= LANE_BULK);
        }
    }
    for (unsigned entries = 0; entries <= CAIRN_PARCEL_ENTRIES_MAX + 1; entries++) {
        struct wire_header header = parcel_header;
        struct wire_header read;
        uint8_t bytes[WIRE_HEADER_BYTES];
        header.entries = (uint16_t)entries;
        wire_header_write(&header, bytes);
        assert_int_equal(wire_header_read(SLICE_OF(bytes), &read),
                         entries >= 1 && entries <= CAIRN_PARCEL_ENTRIES_MAX);
    }
}

static void a_type_without_a_lane_has_none(void **state)
{
    (void)state;
    struct wire_header header = {.version = 1, .type = WIRE_HELLO};
    struct wire_header read;
    uint8_t bytes[WIRE_HEADER_BYTES];

    wire_header_write(&header, bytes);
    assert_true(wire_header_read(SLICE_OF(bytes), &read));

    header.lane = LANE_URGENT;
    wire_header_write(&header, bytes);
    assert_false(wire_header_read(SLICE_OF(bytes), &read));
}

/* --- digests --- */

static void the_item_digest_is_over_the_bytes_the_documents_name(void **state)
{
    (void)state;
    struct slice header = slice_of_text("abc");
    uint8_t expected[32];
    uint8_t body_digest[32];
    struct hash digest;
    sha256(slice_of_text("body"), body_digest);
    const struct slice parts[] = {slice_of_text("cairn-item/v1\n"), slice_make("\0\0\0\3", 4),
                                  header, SLICE_OF(body_digest)};
    sha256_many(parts, ARRAY_LEN(parts), expected);

    wire_item_digest(header, slice_of_text("body"), &digest);

    assert_memory_equal(digest.bytes, expected, sizeof(expected));
}

static void the_grants_digest_is_over_the_bytes_the_documents_name(void **state)
{
    (void)state;
    struct wire_grant grant = {.part = PART_ACCOUNT, .recipient = 7, .key_id = 0x01020304};
    uint8_t expected[32];
    struct hash digest;
    memset(grant.sealed, 0x55, sizeof(grant.sealed));
    const struct slice parts[] = {slice_of_text("cairn-grants/v1\n"), slice_make("\2", 1),
                                  slice_make("\0\0\0\7", 4), slice_make("\1\2\3\4", 4),
                                  SLICE_OF(grant.sealed)};
    sha256_many(parts, ARRAY_LEN(parts), expected);

    wire_grants_digest(&grant, 1, &digest);

    assert_memory_equal(digest.bytes, expected, sizeof(expected));
}

static void no_grants_have_a_digest_too(void **state)
{
    (void)state;
    uint8_t expected[32];
    struct hash digest;
    sha256(slice_of_text("cairn-grants/v1\n"), expected);

    wire_grants_digest(NULL, 0, &digest);

    assert_memory_equal(digest.bytes, expected, sizeof(expected));
}

static void the_sample_parcel_holds_under_its_own_signature(void **state)
{
    (void)state;
    _cleanup_(verifier_free) struct verifier *verifier = NULL;
    struct wire_sample_parcel sample;
    struct tree_inclusion claim = {.index = 1, .size = 2, .root = &sample.head.root};
    struct tree_proof path = {.n = 1};

    wire_sample_parcel_init(&sample);
    claim.leaf = &sample.leaves[1];
    path.hashes[0] = sample.leaves[0];

    assert_int_equal(verifier_new(sample.public_key, &verifier), 0);
    assert_true(verifier_check(verifier, SIGN_PARCEL, sample.parcel.head, sample.parcel.signature));
    assert_true(tree_check_inclusion(&claim, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_reads_back_as_it_was_written),
        cmocka_unit_test(a_sample_shows_every_field_of_its_message),
        cmocka_unit_test(a_message_cut_short_never_means_something_else),
        cmocka_unit_test(a_flipped_bit_never_means_the_same_message),
        cmocka_unit_test(a_byte_too_many_is_refused),
        cmocka_unit_test(one_message_has_one_spelling),
        cmocka_unit_test(misspelt_bytes_cost_no_memory),
        cmocka_unit_test(writing_fails_cleanly_at_the_ceiling),
        cmocka_unit_test(a_small_budget_is_a_clean_refusal),
        cmocka_unit_test(a_flood_of_small_fields_costs_no_memory),
        cmocka_unit_test(no_message_can_contain_itself),
        cmocka_unit_test(the_fullest_parcel_and_its_headers_fit_the_budget),
        cmocka_unit_test(the_fullest_delivery_fits_the_budget),
        cmocka_unit_test(a_frame_is_a_header_and_its_payload),
        cmocka_unit_test(a_frame_that_does_not_fit_is_only_marked),
        cmocka_unit_test(a_header_must_be_exact),
        cmocka_unit_test(a_header_cut_short_is_refused),
        cmocka_unit_test(every_lane_and_every_size_of_parcel_has_a_header),
        cmocka_unit_test(a_type_without_a_lane_has_none),
        cmocka_unit_test(the_item_digest_is_over_the_bytes_the_documents_name),
        cmocka_unit_test(the_grants_digest_is_over_the_bytes_the_documents_name),
        cmocka_unit_test(no_grants_have_a_digest_too),
        cmocka_unit_test(the_sample_parcel_holds_under_its_own_signature),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
