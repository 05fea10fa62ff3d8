/* SPDX-License-Identifier: Apache-2.0 */
/* Every range that docs/protocol.md gives a field: its edges are accepted, what lies beyond is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/crypto.h"
#include "support/wire_samples.h"

static bool header_accepted(const struct entry_header *header, struct entry_header *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);

    wire_entry_header_write(header, &bytes);
    assert_true(buf_ok(&bytes));
    return wire_entry_header_read(header->kind, buf_slice(&bytes), &arena, ret);
}

/* --- numbers of headers --- */

#define AT(field)                                                                                  \
    offsetof(struct entry_header, field), sizeof(((const struct entry_header *)NULL)->field)

enum answer {
    NO,
    YES
};

#define DAY_FIRST (-25567) /* 1900-01-01 */
#define DAY_LAST  84005    /* 2199-12-31 */
#define MS_FIRST  (DAY_FIRST * DAY_MS)
#define MS_LAST   ((DAY_LAST + 1) * DAY_MS - 1)

static const struct {
    enum entry_kind kind;
    size_t offset;
    size_t size;
    int64_t value;
    enum answer accepted;
    const char *what;
} numbers[] = {
    {ENTRY_RECORD, AT(id.agency), 0, NO, "no agency"},
    {ENTRY_RECORD, AT(id.agency), UINT32_MAX, YES, "the largest agency"},
    {ENTRY_RECORD, AT(id.stream), 0, NO, "no stream"},
    {ENTRY_RECORD, AT(id.seq), 0, NO, "no number"},
    {ENTRY_RECORD, AT(id.seq), -1, YES, "the largest number"},
    {ENTRY_RECORD, AT(record.record_kind), 0, NO, "no record kind"},
    {ENTRY_RECORD, AT(record.record_kind), RECORD_RETRACTION, NO, "a retraction of nothing"},
    {ENTRY_RECORD, AT(record.record_kind), RECORD_ALLEGATION + 1, NO, "an unknown record kind"},
    {ENTRY_RECORD, AT(record.has_retracts), 1, NO, "a missed appointment that retracts"},
    {ENTRY_RECORD, AT(record.code), 0, YES, "a code that is not said"},
    {ENTRY_RECORD, AT(record.code), CODE_CANCELLED_BY_CARER, YES, "a code of the kind"},
    {ENTRY_RECORD, AT(record.code), CODE_NEGLECT_MEDICAL, NO, "a code of another kind"},
    {ENTRY_RECORD, AT(record.code), 9999, NO, "an unknown code"},
    {ENTRY_RECORD, AT(record.level), 0, YES, "a level that is not said"},
    {ENTRY_RECORD, AT(record.level), 4, YES, "the highest level"},
    {ENTRY_RECORD, AT(record.level), 5, NO, "a level above the highest"},
    {ENTRY_RECORD, AT(record.urgency), 0, NO, "no urgency"},
    {ENTRY_RECORD, AT(record.urgency), URGENCY_SAME_DAY, YES, "an urgency that can be hidden"},
    {ENTRY_RECORD, AT(record.urgency), URGENCY_IMMEDIATE, NO, "what cannot wait, and is hidden"},
    {ENTRY_RECORD, AT(record.urgency), URGENCY_IMMEDIATE + 1, NO, "an unknown urgency"},
    {ENTRY_RECORD, AT(record.event_day), DAY_FIRST, YES, "the first day"},
    {ENTRY_RECORD, AT(record.event_day), DAY_FIRST - 1, NO, "a day before the first"},
    {ENTRY_RECORD, AT(record.event_day), DAY_LAST, YES, "the last day"},
    {ENTRY_RECORD, AT(record.event_day), DAY_LAST + 1, NO, "a day after the last"},
    {ENTRY_RECORD, AT(record.recorded_ms), MS_FIRST, YES, "the first instant"},
    {ENTRY_RECORD, AT(record.recorded_ms), MS_FIRST - 1, NO, "an instant before the first"},
    {ENTRY_RECORD, AT(record.created_ms), MS_LAST, YES, "the last instant"},
    {ENTRY_RECORD, AT(record.created_ms), MS_LAST + 1, NO, "an instant after the last"},
    {ENTRY_RECORD, AT(record.created_ms), INT64_MIN, NO, "the smallest number as an instant"},
    {ENTRY_RECORD, AT(record.has_occurrence), 0, YES, "no occurrence"},
    {ENTRY_RECORD, AT(record.card_bytes), 0, YES, "no card"},
    {ENTRY_RECORD, AT(record.card_bytes), CAIRN_BODY_MAX_BYTES, YES, "the largest card"},
    {ENTRY_RECORD, AT(record.card_bytes), CAIRN_BODY_MAX_BYTES + 1, NO, "a card beyond a body"},
    {ENTRY_RECORD, AT(record.judged_by), 0, NO, "nobody who judged"},
    {ENTRY_RECORD, AT(record.judged_by), 3, NO, "an unknown judge"},
    {ENTRY_RECORD, AT(record.basis), 0, NO, "no basis"},
    {ENTRY_RECORD, AT(record.basis), 3, YES, "the last basis"},
    {ENTRY_RECORD, AT(record.basis), 4, NO, "an unknown basis"},
    {ENTRY_RECORD, AT(record.detriment), 0, NO, "detriment not considered"},
    {ENTRY_RECORD, AT(record.detriment), 3, NO, "an unknown finding on detriment"},
    {ENTRY_RECORD, AT(record.family_told), 0, NO, "nothing about the family"},
    {ENTRY_RECORD, AT(record.family_told), 4, NO, "an unknown word about the family"},
    {ENTRY_RECORD, AT(record.narrow.n_agencies), 0, YES, "nobody left out"},
    {ENTRY_RECORD, AT(record.narrow.agencies[0]), 0, NO, "nobody named among those left out"},
    {ENTRY_RECORD, AT(record.narrow.agencies[0]), 11, NO, "an agency left out twice"},
    {ENTRY_RECORD, AT(record.narrow.agencies[0]), 12, NO, "agencies left out in no order"},
    {ENTRY_RECORD, AT(record.narrow.roles), 0, YES, "no role left out"},
    {ENTRY_RECORD, AT(record.narrow.roles), ROLES_ALL, YES, "every role left out"},
    {ENTRY_RECORD, AT(record.narrow.roles), 1, NO, "no role at all left out"},
    {ENTRY_RECORD, AT(record.narrow.roles), ROLE_BIT(ROLES + 1), NO, "an unknown role left out"},
    {ENTRY_RECORD, AT(record.narrow.hidden_until), 0, YES, "hidden from nobody"},
    {ENTRY_RECORD, AT(record.narrow.hidden_until), 1, YES, "hidden until long ago"},
    {ENTRY_RECORD, AT(record.narrow.hidden_until), DAY_LAST, NO, "hidden for ever"},
    {ENTRY_RECORD, AT(record.narrow.hidden_until), DAY_FIRST - 1, NO, "hidden until no day"},
    {ENTRY_RECORD, AT(record.narrow.not_for_family), 0, YES, "not kept from the family"},
    {ENTRY_RECORD, AT(record.narrow.reason), 0, NO, "narrowed for no reason"},
    {ENTRY_RECORD, AT(record.narrow.reason), NARROW_COURT + 1, NO, "an unknown reason"},
    {ENTRY_RECORD, AT(record.narrow.authority), 0, NO, "narrowed by nobody"},
    {ENTRY_RECORD, AT(record.narrow.authority), AUTHORITY_COURT + 1, NO, "an unknown authority"},
    {ENTRY_RECORD, AT(record.home_authority), 0, YES, "the partnership's own authority"},
    {ENTRY_RECORD, AT(record.home_authority), 200, NO, "an authority below the first"},
    {ENTRY_RECORD, AT(record.home_authority), 201, YES, "the first authority"},
    {ENTRY_RECORD, AT(record.home_authority), 999, YES, "the last authority"},
    {ENTRY_RECORD, AT(record.home_authority), 1000, NO, "an authority of four digits"},
    {ENTRY_SUBJECT, AT(subject.epoch), 0, NO, "no epoch"},
    {ENTRY_SUBJECT, AT(subject.revision), 0, NO, "no revision"},
    {ENTRY_SUBJECT, AT(subject.n_tokens), 0, YES, "no tokens"},
    {ENTRY_SUBJECT, AT(subject.tokens[1].class), 0, NO, "no class"},
    {ENTRY_SUBJECT, AT(subject.tokens[1].class), 10, NO, "an unknown class"},
    {ENTRY_SUBJECT, AT(subject.tokens[1].class), TOKEN_PERSON_NHS_NUMBER, NO,
     "an adult's number of a child"},
    {ENTRY_SUBJECT, AT(subject.person), true, NO, "a child's numbers of an adult"},
    {ENTRY_RECORD, AT(record.person), true, NO, "a missed appointment of an adult"},
    {ENTRY_TIE, AT(tie.relationship), 0, NO, "no relationship"},
    {ENTRY_TIE, AT(tie.relationship), RELATIONSHIP_BORN, YES, "the last relationship"},
    {ENTRY_TIE, AT(tie.relationship), RELATIONSHIP_BORN + 1, NO, "an unknown relationship"},
    {ENTRY_TIE, AT(tie.until_day), DAY_LAST, YES, "a tie that ends on the last day"},
    {ENTRY_TIE, AT(tie.until_day), DAY_LAST + 1, NO, "a tie that ends after the last day"},
    {ENTRY_TIE, AT(tie.withdrawn), true, YES, "a tie that never held"},
    {ENTRY_SUBJECT, AT(subject.tokens[1].status), 0, NO, "no status"},
    {ENTRY_SUBJECT, AT(subject.tokens[1].status), 6, NO, "an unknown status"},
    {ENTRY_INVOLVEMENT, AT(involvement.role), 0, NO, "no role"},
    {ENTRY_INVOLVEMENT, AT(involvement.role), ROLES + 1, NO, "an unknown role"},
    {ENTRY_INVOLVEMENT, AT(involvement.from_day), DAY_LAST + 1, NO, "a start after the last day"},
    {ENTRY_INVOLVEMENT, AT(involvement.from_day), DAY_LAST, YES, "a start on the last day"},
    {ENTRY_INVOLVEMENT, AT(involvement.until_day), DAY_LAST, YES, "an end on the last day"},
    {ENTRY_INVOLVEMENT, AT(involvement.until_day), DAY_LAST + 1, NO, "an end after the last day"},
    {ENTRY_INVOLVEMENT, AT(involvement.until_day), 0, NO, "an end before the start"},
    {ENTRY_INVOLVEMENT, AT(involvement.until_day), 20379, YES, "an end on the day of the start"},
    {ENTRY_ACKNOWLEDGEMENT, AT(acknowledgement.position), 0, YES, "nothing received yet"},
    {ENTRY_DECISION, AT(decision.action), 0, NO, "no action"},
    {ENTRY_DECISION, AT(decision.action), ACTION_OPEN, NO, "opening with an outcome"},
    {ENTRY_DECISION, AT(decision.action), ACTION_LOOK, NO, "looking with an outcome"},
    {ENTRY_DECISION, AT(decision.action), ACTION_LOOK + 1, NO, "an unknown action"},
    {ENTRY_DECISION, AT(decision.alert), 0, NO, "a decision about nothing"},
    {ENTRY_DECISION, AT(decision.has_other), true, NO, "closing with another child"},
    {ENTRY_DECISION, AT(decision.action), ACTION_UNDO_LINK, NO, "a link without a record"},
    {ENTRY_DECISION, AT(decision.outcome), OUTCOME_NONE, YES, "closing without an outcome"},
    {ENTRY_DECISION, AT(decision.outcome), 8, NO, "an unknown outcome"},
    {ENTRY_DECISION, AT(decision.decided_ms), MS_LAST + 1, NO, "a decision after the last day"},
    {ENTRY_GRANT, AT(grant.record.seq), 0, NO, "a grant of nothing"},
    {ENTRY_GRANT, AT(grant.basis), 0, NO, "a grant without a basis"},
    {ENTRY_GRANT, AT(grant.basis), 4, NO, "a grant with an unknown basis"},
    {ENTRY_REQUEST, AT(request.has_record), 0, YES, "asking for everything"},
    {ENTRY_REQUEST, AT(request.record.agency), 0, NO, "asking for a record of nobody"},
    {ENTRY_REQUEST, AT(request.purpose), 0, NO, "no purpose"},
    {ENTRY_REQUEST, AT(request.purpose), PURPOSE_CARE, YES, "the last purpose"},
    {ENTRY_REQUEST, AT(request.purpose), PURPOSE_CARE + 1, NO, "an unknown purpose"},
};

static void put(void *at, size_t size, int64_t value)
{
    const uint8_t as_u8 = (uint8_t)value;
    const uint32_t as_u32 = (uint32_t)value;

    switch (size) {
    case 1:
        memcpy(at, &as_u8, size);
        return;
    case 4:
        memcpy(at, &as_u32, size);
        return;
    default:
        assert_int_equal(size, sizeof(value));
        memcpy(at, &value, size);
        return;
    }
}

static void every_number_of_a_header_has_a_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct entry_header header = wire_sample_header(numbers[i].kind);
        struct entry_header read;

        put((uint8_t *)&header + numbers[i].offset, numbers[i].size, numbers[i].value);
        header.record.id = header.id; /* the first member of every kind */

        if (header_accepted(&header, &read) != (numbers[i].accepted == YES)) {
            fail_msg("%s: wrong answer", numbers[i].what);
        }
    }
}

static void a_header_keeps_what_it_said(void **state)
{
    (void)state;
    struct entry_header read;

    struct entry_header header = wire_sample_header(ENTRY_RECORD);
    assert_true(header_accepted(&header, &read));

    assert_true(entry_id_equal(&read.id, &header.id));
    assert_true(entry_id_equal(&read.record.id, &header.id));
    assert_memory_equal(read.record.handle, header.record.handle, sizeof(read.record.handle));
    assert_int_equal(read.record.record_kind, header.record.record_kind);
    assert_int_equal(read.record.code, header.record.code);
    assert_int_equal(read.record.event_day, header.record.event_day);
    assert_true(read.record.recorded_ms == header.record.recorded_ms);
    assert_true(read.record.created_ms == header.record.created_ms);
    assert_memory_equal(read.record.event_id, header.record.event_id, 16);
    assert_memory_equal(read.record.occurrence, header.record.occurrence, 16);
    assert_false(read.record.has_retracts);
    assert_int_equal(read.record.narrow.n_agencies, 2);
    assert_int_equal(read.record.narrow.agencies[1], 11);
}

static void an_id_is_never_all_zero(void **state)
{
    (void)state;
    struct entry_header read;
    struct entry_header handle = wire_sample_header(ENTRY_RECORD);
    struct entry_header event = handle;
    struct entry_header occurrence = handle;

    memset(handle.record.handle, 0, sizeof(handle.record.handle));
    memset(event.record.event_id, 0, sizeof(event.record.event_id));
    memset(occurrence.record.occurrence, 0, sizeof(occurrence.record.occurrence));

    assert_false(header_accepted(&handle, &read));
    assert_false(header_accepted(&event, &read));
    assert_false(header_accepted(&occurrence, &read));
}

static void a_retraction_names_what_it_withdraws(void **state)
{
    (void)state;
    struct entry_header read;
    struct entry_header header = wire_sample_header(ENTRY_RECORD);
    header.record.record_kind = RECORD_RETRACTION;
    header.record.code = CODE_NOT_SAID;
    header.record.has_retracts = true;
    header.record.retracts = (struct entry_id){.agency = 3, .stream = 5, .seq = 9};

    assert_false(header_accepted(&header, &read)); /* what takes back is never hidden */
    header.record.narrow.hidden_until = 0;
    assert_true(header_accepted(&header, &read));
    assert_true(read.record.has_retracts);
    assert_true(entry_id_equal(&read.record.retracts, &header.record.retracts));

    header.record.retracts.seq = 0;
    assert_false(header_accepted(&header, &read));
}

static void a_decision_is_about_one_thing(void **state)
{
    (void)state;
    struct entry_header read;
    struct entry_header header = wire_sample_header(ENTRY_DECISION);
    header.decision.has_record = true;
    header.decision.record = (struct entry_id){.agency = 3, .stream = 5, .seq = 9};

    assert_false(header_accepted(&header, &read));

    header.decision.alert = 0;
    assert_true(header_accepted(&header, &read));
    assert_true(entry_id_equal(&read.decision.record, &header.decision.record));
}

static void a_look_is_at_one_alert_or_one_child_and_nothing_else_names_a_child(void **state)
{
    (void)state;
    struct entry_header read;
    struct entry_header header = wire_sample_header(ENTRY_DECISION);
    header.decision.action = ACTION_LOOK;
    header.decision.outcome = OUTCOME_NONE;
    assert_true(header_accepted(&header, &read));
    header.decision.has_handle = true;
    memset(header.decision.handle, 0x11, sizeof(header.decision.handle));

    assert_false(header_accepted(&header, &read));

    header.decision.alert = 0;
    assert_true(header_accepted(&header, &read));
    assert_memory_equal(read.decision.handle, header.decision.handle,
                        sizeof(header.decision.handle));
    header.decision.has_record = true;
    header.decision.record = (struct entry_id){.agency = 3, .stream = 5, .seq = 9};
    assert_false(header_accepted(&header, &read));
    header.decision.has_handle = false;
    assert_false(header_accepted(&header, &read));
    header.decision.has_record = false;
    header.decision.has_handle = true;
    header.decision.action = ACTION_OPEN;
    assert_false(header_accepted(&header, &read));
}

static void lists_of_a_header_hold_what_the_limits_say(void **state)
{
    (void)state;
    struct entry_header read;
    struct entry_header record = wire_sample_header(ENTRY_RECORD);
    struct entry_header subject = wire_sample_header(ENTRY_SUBJECT);

    for (size_t i = 0; i < CAIRN_NARROW_MAX; i++) {
        record.record.narrow.agencies[i] = (uint32_t)i + 1;
    }
    record.record.narrow.n_agencies = CAIRN_NARROW_MAX;
    for (size_t i = 0; i < CAIRN_TOKENS_MAX; i++) {
        subject.subject.tokens[i] = subject.subject.tokens[0];
    }
    subject.subject.n_tokens = CAIRN_TOKENS_MAX;

    assert_true(header_accepted(&record, &read));
    assert_int_equal(read.record.narrow.n_agencies, CAIRN_NARROW_MAX);
    assert_true(header_accepted(&subject, &read));
    assert_int_equal(read.subject.n_tokens, CAIRN_TOKENS_MAX);
}

static void add_varint(struct buf *out, uint64_t value)
{
    uint8_t byte = 0;

    for (; value > 0x7f; value >>= 7) {
        byte = (uint8_t)(0x80 | (value & 0x7f));
        buf_add(out, &byte, 1);
    }
    byte = (uint8_t)value;
    buf_add(out, &byte, 1);
}

static void add_field(struct buf *out, uint32_t number, struct slice bytes)
{
    add_varint(out, number << 3 | 2);
    add_varint(out, bytes.len);
    buf_add_slice(out, bytes);
}

static void one_element_more_than_a_header_lists_is_refused(void **state)
{
    (void)state;
    static const uint8_t thirteenth[] = {0x08, 1, 0x10, 1};
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header read;
    struct entry_header header = wire_sample_header(ENTRY_SUBJECT);
    header.subject.n_tokens = CAIRN_TOKENS_MAX;
    for (size_t i = 0; i < CAIRN_TOKENS_MAX; i++) {
        header.subject.tokens[i] = (struct token_mark){TOKEN_NHS_NUMBER, IDENTIFIER_VERIFIED};
    }
    wire_entry_header_write(&header, &bytes);
    assert_true(wire_entry_header_read(ENTRY_SUBJECT, buf_slice(&bytes), &arena, &read));

    add_field(&bytes, 7, SLICE_OF(thirteenth));

    assert_false(wire_entry_header_read(ENTRY_SUBJECT, buf_slice(&bytes), &arena, &read));
}

static void one_agency_more_than_may_be_left_out_is_refused(void **state)
{
    (void)state;
    static const uint8_t nine[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const uint8_t why[] = {5 << 3, NARROW_ENQUIRY, 6 << 3, AUTHORITY_POLICE};
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header = wire_sample_header(ENTRY_RECORD);
    struct entry_header read;
    header.record.narrow = (struct narrowing){.reason = 0};
    header.record.home_authority = 0;

    for (size_t n = 1; n <= sizeof(nine); n++) {
        _cleanup_(buf_deinit) struct buf narrow = BUF_MAX(64);
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
        add_field(&narrow, 1, slice_make(nine, n));
        buf_add(&narrow, why, sizeof(why));
        wire_entry_header_write(&header, &bytes);
        add_field(&bytes, 21, buf_slice(&narrow));
        bool accepted = wire_entry_header_read(ENTRY_RECORD, buf_slice(&bytes), &arena, &read);
        assert_int_equal(accepted, n <= CAIRN_NARROW_MAX);
    }
}

static void a_header_must_be_of_the_kind_its_entry_says(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header read;

    struct entry_header tie = wire_sample_header(ENTRY_TIE);
    wire_entry_header_write(&tie, &bytes);

    assert_true(wire_entry_header_read(ENTRY_TIE, buf_slice(&bytes), &arena, &read));
    assert_false(wire_entry_header_read(ENTRY_GRANT, buf_slice(&bytes), &arena, &read));
    assert_false(wire_entry_header_read((enum entry_kind)0, buf_slice(&bytes), &arena, &read));
    assert_false(wire_entry_header_read((enum entry_kind)9, buf_slice(&bytes), &arena, &read));
}

static void a_header_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    static const uint8_t person[CAIRN_HEADER_MAX_BYTES];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(2 * CAIRN_HEADER_MAX_BYTES);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header read;
    struct entry_header tie = wire_sample_header(ENTRY_TIE);
    wire_entry_header_write(&tie, &bytes);
    assert_true(wire_entry_header_read(ENTRY_TIE, buf_slice(&bytes), &arena, &read));

    add_field(&bytes, 10, slice_make(person, CAIRN_HEADER_MAX_BYTES - bytes.len));

    assert_false(wire_entry_header_read(ENTRY_TIE, buf_slice(&bytes), &arena, &read));
}

static void a_body_has_the_length_that_its_header_gives_it(void **state)
{
    (void)state;
    static const uint8_t body[256];
    struct entry_header record = wire_sample_header(ENTRY_RECORD);
    struct entry_header subject = wire_sample_header(ENTRY_SUBJECT);
    struct entry_header acknowledgement = wire_sample_header(ENTRY_ACKNOWLEDGEMENT);
    struct entry_header grant = wire_sample_header(ENTRY_GRANT);
    struct entry_header request = wire_sample_header(ENTRY_REQUEST);
    struct entry_header tie = wire_sample_header(ENTRY_TIE);

    assert_true(wire_entry_fits(&tie, SLICE_NULL));
    assert_false(wire_entry_fits(&tie, slice_make(body, 1)));
    assert_true(wire_entry_fits(&record, slice_make(body, 48)));
    assert_false(wire_entry_fits(&record, slice_make(body, 47)));
    assert_true(wire_entry_fits(&subject, slice_make(body, 64)));
    assert_false(wire_entry_fits(&subject, slice_make(body, 63)));
    assert_false(wire_entry_fits(&subject, slice_make(body, 96)));
    assert_true(wire_entry_fits(&acknowledgement, SLICE_NULL));
    assert_false(wire_entry_fits(&acknowledgement, slice_make(body, 1)));
    assert_true(wire_entry_fits(&grant, SLICE_NULL));
    assert_false(wire_entry_fits(&grant, slice_make(body, 1)));
    assert_true(wire_entry_fits(&request, SLICE_NULL));
    assert_false(wire_entry_fits(&request, slice_make(body, 1)));
}

/* --- parcels --- */

static bool parcel_accepted(const struct wire_parcel *parcel)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_parcel read;

    wire_parcel_write(parcel, &bytes);
    assert_true(buf_ok(&bytes));
    return wire_parcel_read(buf_slice(&bytes), &arena, &read);
}

#define SUBJECT_ENTRY 0
#define RECORD_ENTRY  1

#define SPOIL(name, statement)                                                                     \
    static void name(struct wire_sample_parcel *sample)                                            \
    {                                                                                              \
        statement;                                                                                 \
    }

static const uint8_t long_bytes[CAIRN_BODY_MAX_BYTES + 1];

SPOIL(no_head, sample->parcel.head = SLICE_NULL)
SPOIL(long_head, sample->parcel.head = slice_make(long_bytes, CAIRN_HEADER_MAX_BYTES + 1))
SPOIL(no_signature, sample->parcel.signature = SLICE_NULL)
SPOIL(short_signature, sample->parcel.signature.len--)
SPOIL(no_entries, sample->parcel.n_entries = 0)
SPOIL(no_kind, sample->entries[RECORD_ENTRY].kind = (enum entry_kind)0)
SPOIL(unknown_kind, sample->entries[RECORD_ENTRY].kind = (enum entry_kind)9)
SPOIL(no_header, sample->entries[RECORD_ENTRY].header = SLICE_NULL)
SPOIL(long_header,
      sample->entries[RECORD_ENTRY].header = slice_make(long_bytes, CAIRN_HEADER_MAX_BYTES + 1))
SPOIL(long_body, sample->entries[RECORD_ENTRY].body = SLICE_OF(long_bytes))
SPOIL(half_a_token, sample->entries[SUBJECT_ENTRY].body.len = 48)
SPOIL(too_many_tokens,
      sample->entries[SUBJECT_ENTRY].body = slice_make(long_bytes, 13 * CAIRN_HASH_BYTES))
SPOIL(acknowledgement_body, sample->entries[SUBJECT_ENTRY].kind = ENTRY_ACKNOWLEDGEMENT)
SPOIL(grants_on_a_subject, sample->entries[SUBJECT_ENTRY].grants = sample->grants;
      sample->entries[SUBJECT_ENTRY].n_grants = 1)
SPOIL(grants_on_a_request, sample->entries[RECORD_ENTRY].kind = ENTRY_REQUEST)
SPOIL(no_part, sample->grants[0].part = (enum part)0)
SPOIL(unknown_part, sample->grants[2].part = (enum part)3)
SPOIL(no_recipient, sample->grants[0].recipient = 0)
SPOIL(grants_out_of_order, sample->grants[2].recipient = 1)
SPOIL(parts_out_of_order, sample->grants[0].part = PART_ACCOUNT; sample->grants[1].part = PART_CARD)
SPOIL(a_grant_twice, sample->grants[1].part = PART_CARD)

static const struct {
    const char *what;
    void (*spoil)(struct wire_sample_parcel *sample);
} parcel_faults[] = {
    {"no head", no_head},
    {"a head beyond the limit", long_head},
    {"no signature", no_signature},
    {"a signature of 63 bytes", short_signature},
    {"no entries", no_entries},
    {"an entry without a kind", no_kind},
    {"an entry of an unknown kind", unknown_kind},
    {"an entry without a header", no_header},
    {"a header beyond the limit", long_header},
    {"a body beyond the limit", long_body},
    {"half a token", half_a_token},
    {"more tokens than a statement holds", too_many_tokens},
    {"an acknowledgement with a body", acknowledgement_body},
    {"a subject statement with a grant", grants_on_a_subject},
    {"a request with grants", grants_on_a_request},
    {"a grant of no part", no_part},
    {"a grant of an unknown part", unknown_part},
    {"a grant to nobody", no_recipient},
    {"recipients out of order", grants_out_of_order},
    {"parts out of order", parts_out_of_order},
    {"the same grant twice", a_grant_twice},
};

static void a_parcel_outside_its_ranges_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parcel_faults); i++) {
        struct wire_sample_parcel sample;
        wire_sample_parcel_init(&sample);
        assert_true(parcel_accepted(&sample.parcel));

        parcel_faults[i].spoil(&sample);

        if (parcel_accepted(&sample.parcel)) {
            fail_msg("accepted %s", parcel_faults[i].what);
        }
    }
}

static void an_involvement_and_a_decision_may_carry_grants(void **state)
{
    (void)state;
    struct wire_sample_parcel sample;
    wire_sample_parcel_init(&sample);

    sample.entries[RECORD_ENTRY].kind = ENTRY_INVOLVEMENT;
    assert_true(parcel_accepted(&sample.parcel));
    sample.entries[RECORD_ENTRY].kind = ENTRY_DECISION;
    assert_true(parcel_accepted(&sample.parcel));
}

/* --- lists --- */

static void put_entry(struct buf *out, size_t index)
{
    static const uint8_t entry[] = {0x08, 1, 0x12, 1, 'x'};
    (void)index;
    buf_add(out, entry, sizeof(entry));
}

static void put_result(struct buf *out, size_t index)
{
    static const uint8_t result[] = {0x08, 1, 0x10, 1};
    (void)index;
    buf_add(out, result, sizeof(result));
}

static void put_hash(struct buf *out, size_t index)
{
    static const uint8_t hash[CAIRN_HASH_BYTES];
    (void)index;
    buf_add(out, hash, sizeof(hash));
}

static void put_item(struct buf *out, size_t index)
{
    static const uint8_t rest[] = {0x10, ITEM_NOTICE, 0x1a, 1, 'x', 0x2a, 1, 'x'};
    add_varint(out, 1 << 3);
    add_varint(out, 1000 + index);
    buf_add(out, rest, sizeof(rest));
}

static void put_grant(struct buf *out, size_t index)
{
    static const uint8_t sealed[GRANT_BYTES];
    static const uint8_t part[] = {0x08, PART_CARD, 0x10};
    buf_add(out, part, sizeof(part));
    add_varint(out, 1000 + index);
    add_field(out, 4, SLICE_OF(sealed));
}

static void put_headline(struct buf *out, size_t index)
{
    static const uint8_t headline[] = {0x2a, 1, 'c', 0x3a, 1, 'o'};
    (void)index;
    buf_add(out, headline, sizeof(headline));
}

static void put_reader(struct buf *out, size_t index)
{
    static const uint8_t state[] = {0x10, READER_KEPT};
    add_varint(out, 1 << 3);
    add_varint(out, 1000 + index);
    buf_add(out, state, sizeof(state));
}

static void put_involved(struct buf *out, size_t index)
{
    static const uint8_t roles[] = {0x10, ROLE_BIT(ROLE_OPEN_CASE)};
    add_varint(out, 1 << 3);
    add_varint(out, 1000 + index);
    buf_add(out, roles, sizeof(roles));
}

static void put_silent(struct buf *out, size_t index)
{
    add_varint(out, 1 << 3);
    add_varint(out, 1000 + index);
}

static const struct {
    const char *name;
    uint32_t field;
    size_t present; /* in the sample */
    size_t max;
    void (*put)(struct buf *out, size_t index);
} lists[] = {
    {"parcel", 3, 2, CAIRN_PARCEL_ENTRIES_MAX, put_entry},
    {"receipt", 2, 2, CAIRN_PARCEL_ENTRIES_MAX, put_result},
    {"hello_reply", 4, 2, CAIRN_PROOF_MAX_HASHES, put_hash},
    {"delivery", 1, 1, CAIRN_CREDIT_MAX, put_item},
    {"delivery", 4, 1, CAIRN_PROOF_MAX_HASHES, put_hash},
    {"delivered", 4, 1, CAIRN_PROOF_MAX_HASHES, put_hash},
    {"delivered", 9, 1, CAIRN_GRANTS_MAX, put_grant},
    {"release", 3, 1, CAIRN_GRANTS_MAX, put_grant},
    {"notice", 8, 2, CAIRN_ALERT_RECORDS_MAX, put_headline},
    {"proof_reply", 4, 2, CAIRN_PROOF_MAX_HASHES, put_hash},
    {"state_reply", 4, 2, CAIRN_ADDRESSEES_MAX, put_reader},
    {"picture_reply", 2, 2, CAIRN_PICTURE_HEADLINES_MAX, put_headline},
    {"picture_reply", 3, 2, CAIRN_MEMBERS_MAX, put_involved},
    {"picture_reply", 5, 1, CAIRN_PICTURE_SILENT_MAX, put_silent},
};

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

/* How many bytes of the message are fields up to and including this number. */
static size_t end_of_field(struct slice message, uint32_t number)
{
    struct reader reader = reader_over(message);
    size_t end = 0;

    while (reader.left > 0) {
        uint64_t tag = next_varint(&reader);
        if (tag >> 3 > number) {
            break;
        }
        if ((tag & 7) == 0) {
            (void)next_varint(&reader);
        } else {
            (void)read_bytes(&reader,
                             (tag & 7) == 2 ? next_varint(&reader) : ((tag & 7) == 1 ? 8 : 4));
        }
        end = message.len - reader.left;
    }
    return end;
}

/* The sample with so many more elements at the end of the list. */
static void lengthen(size_t row, size_t more, struct buf *ret)
{
    _cleanup_(buf_deinit) struct buf written = BUF_MAX(CAIRN_FRAME_MAX_BYTES);

    wire_sample_named(lists[row].name)->write(&written);
    size_t end = end_of_field(buf_slice(&written), lists[row].field);
    buf_add(ret, written.data, end);
    for (size_t i = 0; i < more; i++) {
        _cleanup_(buf_deinit) struct buf element = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        lists[row].put(&element, i);
        add_field(ret, lists[row].field, buf_slice(&element));
    }
    buf_add(ret, written.data + end, written.len - end);
}

static void a_list_holds_as_many_as_its_limit_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (size_t n = lists[i].present; n <= lists[i].max + 1; n++) {
            _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            _cleanup_(buf_deinit) struct buf again = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);

            lengthen(i, n - lists[i].present, &bytes);
            bool accepted =
                wire_sample_named(lists[i].name)->again(buf_slice(&bytes), &arena, &again);

            if (accepted != (n <= lists[i].max)) {
                fail_msg("%s: wrong answer to %zu elements", lists[i].name, n);
            }
            assert_true(!accepted || slice_equal(buf_slice(&bytes), buf_slice(&again)));
        }
    }
}

static void a_parcel_entry_holds_as_many_grants_as_its_limit_and_no_more(void **state)
{
    (void)state;
    for (size_t n = 1; n <= CAIRN_GRANTS_MAX + 1; n++) {
        _cleanup_(buf_deinit) struct buf entry = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        struct wire_parcel read;
        wire_sample_named("parcel")->write(&bytes);
        put_entry(&entry, 0);
        for (size_t i = 0; i < n; i++) {
            _cleanup_(buf_deinit) struct buf grant = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
            put_grant(&grant, i);
            add_field(&entry, 4, buf_slice(&grant));
        }

        add_field(&bytes, 3, buf_slice(&entry));

        assert_int_equal(wire_parcel_read(buf_slice(&bytes), &arena, &read), n <= CAIRN_GRANTS_MAX);
    }
}

/* --- notices --- */

static bool headline_accepted(const struct wire_headline *headline)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_notice notice = {
        .type = NOTICE_RAISED, .alert = 1, .n_headlines = 1, .headlines = headline};

    wire_notice_write(&notice, &bytes);
    return wire_notice_read(buf_slice(&bytes), &arena, &notice);
}

static void a_headline_in_mode_existence_leads_to_no_record(void **state)
{
    (void)state;
    const struct wire_headline good = {
        .class = slice_of_text("concern"), .event_day = 20000, .origin_kind = slice_of_text("gp")};
    assert_true(headline_accepted(&good));

    struct wire_headline bad[] = {good, good, good, good, good, good, good};
    bad[0].log_index = 128;
    bad[1].record_kind = RECORD_CONCERN;
    bad[2].code = CODE_NEGLECT_MEDICAL;
    bad[3].origin = 3;
    bad[4].class = SLICE_NULL;
    bad[5].origin_kind = SLICE_NULL;
    bad[6].event_day = DAY_LAST + 1;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(headline_accepted(&bad[i]));
    }
}

static void a_headline_in_mode_content_names_its_record(void **state)
{
    (void)state;
    const struct wire_headline good = {.has_record = true,
                                       .record = {.agency = 3, .stream = 5, .seq = 9},
                                       .record_kind = RECORD_CONCERN,
                                       .code = CODE_NEGLECT_MEDICAL,
                                       .event_day = 20000,
                                       .origin = 3};
    assert_true(headline_accepted(&good));

    struct wire_headline bad[] = {good, good, good, good, good};
    bad[0].record.seq = 0;
    bad[1].record_kind = 0;
    bad[2].code = CODE_WAS_NOT_BROUGHT;
    bad[3].origin = 0;
    bad[4].flags = 64;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(headline_accepted(&bad[i]));
    }
}

/* --- edges: the largest and smallest that is accepted, and one step beyond --- */

#define ACCEPTED(noun)                                                                             \
    static bool noun##_accepted(const struct wire_##noun *value)                                   \
    {                                                                                              \
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);      \
        _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);                   \
        struct wire_##noun read;                                                                   \
        wire_##noun##_write(value, &bytes);                                                        \
        assert_true(buf_ok(&bytes));                                                               \
        return wire_##noun##_read(buf_slice(&bytes), &arena, &read);                               \
    }

ACCEPTED(hello)
ACCEPTED(hello_reply)
ACCEPTED(receipt)
ACCEPTED(delivery)
ACCEPTED(delivered)
ACCEPTED(release)
ACCEPTED(notice)
ACCEPTED(governance_document)
ACCEPTED(proof_reply)

static uint8_t zeros[CAIRN_GOVERNANCE_DOC_MAX_BYTES + 1];
static char letters[CAIRN_NAME_MAX_BYTES + 1];

static struct slice letters_of(size_t len)
{
    memset(letters, 'a', sizeof(letters));
    return slice_make(letters, len);
}

static void a_hello_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_hello hello = {.protocol_min = 1, .protocol_max = UINT16_MAX};
    hello.software = letters_of(CAIRN_NAME_MAX_BYTES);
    hello.checkpoint = slice_make(zeros, CAIRN_NOTE_MAX_BYTES);

    assert_true(hello_accepted(&hello));

    hello.software = letters_of(CAIRN_NAME_MAX_BYTES + 1);
    assert_false(hello_accepted(&hello));
    hello.software = SLICE_NULL;
    hello.checkpoint.len++;
    assert_false(hello_accepted(&hello));
}

static void a_hello_reply_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_hello_reply reply = {.protocol = 1};
    reply.checkpoint = slice_make(zeros, CAIRN_NOTE_MAX_BYTES);

    assert_true(hello_reply_accepted(&reply));

    reply.checkpoint.len++;
    assert_false(hello_reply_accepted(&reply));
    reply.checkpoint = SLICE_NULL;
    reply.protocol = 0;
    assert_false(hello_reply_accepted(&reply));
    reply.protocol = 1;
    reply.time_ms = MS_LAST + 1;
    assert_false(hello_reply_accepted(&reply));
}

static void cosigned_heads_are_accepted_up_to_their_edges(void **state)
{
    (void)state;
    struct wire_cosigned list[CAIRN_COSIGNED_MAX];
    struct wire_hello_reply reply = {
        .protocol = 1, .n_cosigned = CAIRN_COSIGNED_MAX, .cosigned = list};
    memset(list, 0, sizeof(list));
    for (uint32_t i = 0; i < CAIRN_COSIGNED_MAX; i++) {
        list[i].agency = UINT32_MAX - CAIRN_COSIGNED_MAX + 1 + i;
        list[i].head.size = UINT64_MAX;
        list[i].consistency.n = CAIRN_PROOF_MAX_HASHES;
    }

    assert_true(hello_reply_accepted(&reply));

    list[0].head.size = 0;
    assert_false(hello_reply_accepted(&reply));
    list[0].head.size = 1;
    list[1].agency = list[0].agency;
    assert_false(hello_reply_accepted(&reply));
    list[1].agency = list[0].agency - 1;
    assert_false(hello_reply_accepted(&reply));
    reply.n_cosigned = 1;
    list[0].agency = 0;
    assert_false(hello_reply_accepted(&reply));
}

static void a_head_too_many_is_not_read(void **state)
{
    (void)state;
    const struct wire_cosigned one = {.agency = 1, .head = {.size = 1}};
    const struct wire_hello_reply first = {.protocol = 1, .n_cosigned = 1, .cosigned = &one};
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_hello_reply read;
    wire_hello_reply_write(&first, &bytes);
    for (uint32_t i = 2; i <= CAIRN_COSIGNED_MAX + 1; i++) {
        const struct wire_cosigned next = {.agency = i, .head = {.size = 1}};
        const struct wire_hello_reply more = {.protocol = 1, .n_cosigned = 1, .cosigned = &next};
        _cleanup_(buf_deinit) struct buf added = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
        assert_true(wire_hello_reply_read(buf_slice(&bytes), &arena, &read));
        assert_int_equal(read.n_cosigned, i - 1);
        wire_hello_reply_write(&more, &added);
        buf_add(&bytes, added.data + 2,
                added.len - 2); /* without its protocol: packed messages add up */
    }

    assert_false(wire_hello_reply_read(buf_slice(&bytes), &arena, &read));
}

static void a_receipt_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    const struct wire_result result = {.seq = 1, .verdict = VERDICT_STORED};
    struct wire_receipt receipt = {.stream = 1, .n_results = 1, .results = &result};
    receipt.checkpoint = slice_make(zeros, CAIRN_NOTE_MAX_BYTES);

    assert_true(receipt_accepted(&receipt));

    receipt.checkpoint.len++;
    assert_false(receipt_accepted(&receipt));
    receipt.checkpoint = SLICE_NULL;
    receipt.n_results = 0;
    assert_false(receipt_accepted(&receipt));
}

static void a_parcel_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_sample_parcel sample;
    wire_sample_parcel_init(&sample);
    struct wire_entry *record = &sample.entries[RECORD_ENTRY];
    struct wire_entry *subject = &sample.entries[SUBJECT_ENTRY];

    record->header = slice_make(long_bytes, CAIRN_HEADER_MAX_BYTES);
    record->body = slice_make(long_bytes, CAIRN_BODY_MAX_BYTES);
    subject->header = slice_make(long_bytes, 1);
    subject->body = slice_make(long_bytes, CAIRN_TOKENS_MAX * CAIRN_HASH_BYTES);
    sample.parcel.head = slice_make(long_bytes, CAIRN_HEADER_MAX_BYTES);
    assert_true(parcel_accepted(&sample.parcel));

    sample.parcel.head = slice_make(long_bytes, 1);
    sample.parcel.n_entries = 1;
    assert_true(parcel_accepted(&sample.parcel));
}

static bool head_accepted(const struct parcel_head *head)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct parcel_head read;

    wire_parcel_head_write(head, &bytes);
    return wire_parcel_head_read(buf_slice(&bytes), &arena, &read);
}

static void a_parcel_head_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    const struct parcel_head least = {.agency = 1, .stream = 1, .first_seq = 1, .entries = 1};
    struct parcel_head head = least;
    assert_true(head_accepted(&head));

    head.entries = CAIRN_PARCEL_ENTRIES_MAX;
    head.first_seq = UINT64_MAX - CAIRN_PARCEL_ENTRIES_MAX + 1;
    assert_true(head_accepted(&head));
    head.first_seq++;
    assert_false(head_accepted(&head));

    head = least;
    head.agency = 0;
    assert_false(head_accepted(&head));
    head = least;
    head.stream = 0;
    assert_false(head_accepted(&head));
    head = least;
    head.first_seq = 0;
    assert_false(head_accepted(&head));
}

static void an_item_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_item items[2] = {
        {.position = 1, .kind = ITEM_DELIVERED, .payload = {zeros, 1}, .leaf = {zeros, 1}},
        {.position = 2, .kind = ITEM_NOTICE, .payload = {zeros, 1}, .leaf = {zeros, 160}}};
    struct wire_delivery delivery = {.n_items = 2, .items = items};
    delivery.checkpoint = slice_make(zeros, CAIRN_NOTE_MAX_BYTES);
    assert_true(delivery_accepted(&delivery));

    items[1].position = 1;
    assert_false(delivery_accepted(&delivery));
    items[1].position = 2;
    items[1].leaf.len = 161;
    assert_false(delivery_accepted(&delivery));
    items[1].leaf.len = 0;
    assert_false(delivery_accepted(&delivery));
    items[1].leaf.len = 1;
    items[1].payload.len = 0;
    assert_false(delivery_accepted(&delivery));
    delivery.n_items = 0;
    assert_true(delivery_accepted(&delivery));
    delivery.checkpoint.len++;
    assert_false(delivery_accepted(&delivery));
}

static void a_delivered_entry_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    const struct wire_delivered good = {.head = slice_make(zeros, CAIRN_HEADER_MAX_BYTES),
                                        .signature = slice_make(zeros, 64),
                                        .index = CAIRN_PARCEL_ENTRIES_MAX - 1,
                                        .kind = ENTRY_SUBJECT,
                                        .header = slice_make(zeros, CAIRN_HEADER_MAX_BYTES),
                                        .body = slice_make(zeros, CAIRN_BODY_MAX_BYTES)};
    const struct wire_grant grant = {.part = PART_CARD, .recipient = 1};
    struct wire_delivered least = good;
    least.head.len = 1;
    least.header.len = 1;
    assert_true(delivered_accepted(&good));
    assert_true(delivered_accepted(&least));

    struct wire_delivered bad[] = {good, good, good, good, good, good, good, good};
    bad[0].head.len = 0;
    bad[1].head.len++;
    bad[2].header.len = 0;
    bad[3].header.len++;
    bad[4].body.len++;
    bad[5].index++;
    bad[6].kind = (enum entry_kind)0;
    bad[7].n_grants = 1;
    bad[7].grants = &grant;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(delivered_accepted(&bad[i]));
    }
}

static void a_release_brings_at_least_one_grant(void **state)
{
    (void)state;
    const struct wire_grant grant = {.part = PART_CARD, .recipient = 1};
    struct wire_release release = {
        .record = {.agency = 1, .stream = 1, .seq = 1}, .n_grants = 1, .grants = &grant};

    assert_true(release_accepted(&release));

    release.n_grants = 0;
    assert_false(release_accepted(&release));
}

static void a_notice_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_notice notice = {.type = NOTICE_RETRACTED, .outcome = OUTCOME_PASSED_TO_AUTHORITY};
    notice.pattern = letters_of(CAIRN_NAME_MAX_BYTES);
    assert_true(notice_accepted(&notice));

    notice.pattern = letters_of(CAIRN_NAME_MAX_BYTES + 1);
    assert_false(notice_accepted(&notice));
    notice.pattern = SLICE_NULL;
    notice.time_ms = MS_LAST + 1;
    assert_false(notice_accepted(&notice));
    notice.time_ms = MS_LAST;
    notice.type = (enum notice_type)0;
    assert_false(notice_accepted(&notice));
}

static void a_governance_document_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_governance_document document = {
        .document = GOVERNANCE_CALENDAR,
        .version = 1,
        .text = slice_make(zeros, CAIRN_GOVERNANCE_DOC_MAX_BYTES),
        .note = slice_make(zeros, CAIRN_NOTE_MAX_BYTES)};
    assert_true(governance_document_accepted(&document));

    document.text.len++;
    assert_false(governance_document_accepted(&document));
    document.text.len = 0;
    assert_true(governance_document_accepted(&document));
    document.note.len++;
    assert_false(governance_document_accepted(&document));
    document.note.len = 0;
    document.version = 0;
    assert_true(governance_document_accepted(&document));
    document.document = (enum governance_document)6;
    assert_false(governance_document_accepted(&document));
}

static void a_proof_reply_is_accepted_up_to_its_edges(void **state)
{
    (void)state;
    struct wire_proof_reply reply = {.verdict = VERDICT_STORED,
                                     .leaf = slice_make(zeros, 160),
                                     .checkpoint = slice_make(zeros, CAIRN_NOTE_MAX_BYTES)};
    assert_true(proof_reply_accepted(&reply));

    reply.leaf.len++;
    assert_false(proof_reply_accepted(&reply));
    reply.leaf.len = 0;
    reply.checkpoint.len++;
    assert_false(proof_reply_accepted(&reply));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_a_header_has_a_range),
        cmocka_unit_test(a_header_keeps_what_it_said),
        cmocka_unit_test(an_id_is_never_all_zero),
        cmocka_unit_test(a_retraction_names_what_it_withdraws),
        cmocka_unit_test(a_decision_is_about_one_thing),
        cmocka_unit_test(a_look_is_at_one_alert_or_one_child_and_nothing_else_names_a_child),
        cmocka_unit_test(lists_of_a_header_hold_what_the_limits_say),
        cmocka_unit_test(one_element_more_than_a_header_lists_is_refused),
        cmocka_unit_test(one_agency_more_than_may_be_left_out_is_refused),
        cmocka_unit_test(a_header_must_be_of_the_kind_its_entry_says),
        cmocka_unit_test(a_header_larger_than_the_limit_is_refused),
        cmocka_unit_test(a_body_has_the_length_that_its_header_gives_it),
        cmocka_unit_test(a_parcel_outside_its_ranges_is_refused),
        cmocka_unit_test(an_involvement_and_a_decision_may_carry_grants),
        cmocka_unit_test(a_list_holds_as_many_as_its_limit_and_no_more),
        cmocka_unit_test(a_parcel_entry_holds_as_many_grants_as_its_limit_and_no_more),
        cmocka_unit_test(a_headline_in_mode_existence_leads_to_no_record),
        cmocka_unit_test(a_headline_in_mode_content_names_its_record),
        cmocka_unit_test(a_hello_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_hello_reply_is_accepted_up_to_its_edges),
        cmocka_unit_test(cosigned_heads_are_accepted_up_to_their_edges),
        cmocka_unit_test(a_head_too_many_is_not_read),
        cmocka_unit_test(a_receipt_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_parcel_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_parcel_head_is_accepted_up_to_its_edges),
        cmocka_unit_test(an_item_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_delivered_entry_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_release_brings_at_least_one_grant),
        cmocka_unit_test(a_notice_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_governance_document_is_accepted_up_to_its_edges),
        cmocka_unit_test(a_proof_reply_is_accepted_up_to_its_edges),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
