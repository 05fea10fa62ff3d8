/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided from 24 bytes: where a frame goes, and which is answered without being read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

#define CORRELATION 0xC0FFEE

static void write_frame(const struct wire_header *header, struct slice payload, struct buf *out)
{
    wire_frame_begin(out, header);
    buf_add_slice(out, payload);
    wire_frame_end(out);
}

static void receive(struct world *world, uint32_t agency, const struct wire_header *header,
                    struct slice payload)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    write_frame(header, payload, &frame);
    world_receive(world, agency, buf_slice(&frame));
}

static struct wire_header a_header(enum wire_type type)
{
    return (struct wire_header){
        .version = CAIRN_PROTOCOL_MAX, .type = type, .correlation = CORRELATION};
}

/* The newest letter must be a refusal to that agency. */
static enum verdict refused_to(struct world *world, uint32_t agency, uint64_t correlation)
{
    struct wire_header header;
    enum verdict verdict = VERDICT_STORED;
    assert_true(world->n_letters > 0);
    const struct world_letter *letter = &world->letters[world->n_letters - 1];
    assert_int_equal(letter->to, agency);
    assert_true(wire_header_read(net_frame_slice(&letter->frame), &header));
    assert_int_equal(header.type, WIRE_ERROR);
    assert_int_equal(header.correlation, correlation);
    arena_reset(&world->arena);
    assert_true(
        wire_error_read(wire_payload(net_frame_slice(&letter->frame)), &world->arena, &verdict));
    return verdict;
}

static enum verdict refused(struct world *world, uint32_t agency)
{
    return refused_to(world, agency, CORRELATION);
}

static uint64_t claimed(struct world *world)
{
    struct pipeline_cursors at;
    pipeline_cursors(world->pipeline, &at);
    return at.claimed;
}

static void receive_parcel(struct world *world, uint32_t agency, enum lane lane, uint16_t entries,
                           struct slice payload)
{
    struct wire_header header = a_header(WIRE_PARCEL);
    header.lane = (uint8_t)lane;
    header.entries = entries;
    receive(world, agency, &header, payload);
}

/* --- where it goes --- */

static void a_ping_is_answered_at_once_with_time_and_versions(void **state)
{
    struct world *world = *state;
    const struct wire_header ping = a_header(WIRE_PING);
    struct wire_pong pong;

    receive(world, SCHOOL, &ping, SLICE_NULL);

    struct slice payload = world_letter(world, SCHOOL, WIRE_PONG);
    assert_true(wire_pong_read(payload, &world->arena, &pong));
    assert_int_equal(pong.time_ms, world->clock.real_ms);
    assert_memory_equal(pong.versions.of, world->commit.governance->versions,
                        sizeof(pong.versions.of));
    assert_int_equal(claimed(world), 0);
}

static void only_parcels_take_a_slot_and_questions_go_to_publish(void **state)
{
    struct world *world = *state;
    static const enum wire_type questions[] = {
        WIRE_HELLO,         WIRE_FETCH,         WIRE_GOVERNANCE_FETCH,
        WIRE_PROOF_REQUEST, WIRE_STATE_REQUEST, WIRE_PICTURE_REQUEST};
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        const struct wire_header header = a_header(questions[i]);
        struct letter letter = {.frame = NET_FRAME_NULL};
        receive(world, GP, &header, slice_of_text("what it asks"));
        assert_true(pipeline_asked(world->pipeline, &letter));
        assert_int_equal(letter.peer.agency, GP);
        net_frame_deinit(&letter.frame);
    }
    assert_int_equal(claimed(world), 0);

    receive_parcel(world, GP, LANE_NORMAL, 1, slice_of_text("a parcel"));

    assert_int_equal(claimed(world), 1);
    assert_int_equal(world->n_letters, 0);
}

static void what_only_a_broker_says_is_refused(void **state)
{
    struct world *world = *state;
    static const enum wire_type said[] = {
        WIRE_HELLO_REPLY, WIRE_PONG,          WIRE_RECEIPT,
        WIRE_DELIVERY,    WIRE_PROOF_REPLY,   WIRE_GOVERNANCE_DOCUMENT,
        WIRE_STATE_REPLY, WIRE_PICTURE_REPLY, WIRE_ERROR};
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        struct wire_header header = a_header(said[i]);
        header.lane = said[i] == WIRE_RECEIPT ? LANE_NORMAL : 0;
        receive(world, GP, &header, SLICE_NULL);
        assert_int_equal(refused(world, GP), VERDICT_BAD_FRAME);
    }
    assert_int_equal(claimed(world), 0);
}

static void a_parcel_of_none_or_too_many_entries_is_no_frame(void **state)
{
    struct world *world = *state;
    static const uint16_t counts[] = {0, CAIRN_PARCEL_ENTRIES_MAX + 1, UINT16_MAX};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        receive_parcel(world, GP, LANE_NORMAL, counts[i], SLICE_NULL);
        assert_int_equal(refused_to(world, GP, 0), VERDICT_BAD_FRAME);
    }

    assert_int_equal(claimed(world), 0);
}

static void another_version_is_refused_for_everything_but_hello(void **state)
{
    struct world *world = *state;
    static const uint16_t versions[] = {0, CAIRN_PROTOCOL_MAX + 1, UINT16_MAX};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct wire_header header = a_header(WIRE_PING);
        header.version = versions[i];
        receive(world, GP, &header, SLICE_NULL);
        assert_int_equal(refused(world, GP), VERDICT_UNSUPPORTED_VERSION);
    }
    struct letter letter = {.frame = NET_FRAME_NULL};
    struct wire_header hello = a_header(WIRE_HELLO);
    hello.version = 7;

    receive(world, GP, &hello, SLICE_NULL);

    assert_true(pipeline_asked(world->pipeline, &letter));
    net_frame_deinit(&letter.frame);
}

/* --- quota --- */

static void a_quota_of_records_counts_entries_and_begins_again_with_the_minute(void **state)
{
    struct world *world = *state;
    world->gate.quota_records = 100;

    receive_parcel(world, GP, LANE_NORMAL, 64, SLICE_NULL);
    receive_parcel(world, GP, LANE_BULK, 37, SLICE_NULL);
    assert_int_equal(refused(world, GP), VERDICT_OVER_QUOTA);
    receive_parcel(world, GP, LANE_BULK, 36, SLICE_NULL);
    assert_int_equal(claimed(world), 2);

    clock_fake_advance(&world->clock, 60000);
    receive_parcel(world, GP, LANE_NORMAL, 64, SLICE_NULL);

    assert_int_equal(claimed(world), 3);
}

static void a_quota_of_bytes_counts_what_follows_the_header(void **state)
{
    struct world *world = *state;
    static const uint8_t payload[1000];
    world->gate.quota_bytes = 2500;

    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_OF(payload));
    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_OF(payload));
    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_OF(payload));

    assert_int_equal(refused(world, GP), VERDICT_OVER_QUOTA);
    assert_int_equal(claimed(world), 2);
}

static void no_quota_holds_the_urgent_lane_or_another_agency_back(void **state)
{
    struct world *world = *state;
    world->gate.quota_records = 1;
    world->gate.quota_bytes = 1;

    receive_parcel(world, GP, LANE_URGENT, 64, slice_of_text("help"));
    receive_parcel(world, GP, LANE_URGENT, 64, slice_of_text("help"));
    receive_parcel(world, GP, LANE_NORMAL, 1, slice_of_text("a"));
    receive_parcel(world, GP, LANE_NORMAL, 1, slice_of_text("a"));
    assert_int_equal(refused(world, GP), VERDICT_OVER_QUOTA);
    receive_parcel(world, GP, LANE_URGENT, 64, slice_of_text("help"));
    receive_parcel(world, HOSPITAL, LANE_NORMAL, 1, slice_of_text("a"));

    assert_int_equal(claimed(world), 5);
}

/* --- busy --- */

static void a_full_ring_says_busy_and_leaves_the_reserve_to_urgent_frames(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < CAIRN_RING_SLOTS - CAIRN_RING_URGENT_SLOTS; i++) {
        receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_NULL);
    }
    assert_int_equal(world->n_letters, 0);

    receive_parcel(world, HOSPITAL, LANE_NORMAL, 1, SLICE_NULL);
    assert_int_equal(refused(world, HOSPITAL), VERDICT_BUSY);
    receive_parcel(world, SCHOOL, LANE_URGENT, 1, SLICE_NULL);

    assert_int_equal(claimed(world), CAIRN_RING_SLOTS - CAIRN_RING_URGENT_SLOTS + 1);
    assert_true(pipeline_may_read(world->pipeline));
}

static void one_agency_cannot_take_the_urgent_reserve(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < CAIRN_URGENT_IN_FLIGHT_MAX + 3; i++) {
        receive_parcel(world, GP, LANE_URGENT, 1, SLICE_NULL);
    }
    assert_int_equal(claimed(world), CAIRN_URGENT_IN_FLIGHT_MAX);
    receive_parcel(world, SCHOOL, LANE_URGENT, 1, SLICE_NULL);
    assert_int_equal(claimed(world), CAIRN_URGENT_IN_FLIGHT_MAX + 1);

    world_turn(world);
    receive_parcel(world, GP, LANE_URGENT, 1, SLICE_NULL);
    assert_int_equal(claimed(world), CAIRN_URGENT_IN_FLIGHT_MAX + 2);
}

static void a_connection_that_has_not_said_hello_is_told_to(void **state)
{
    struct world *world = *state;
    enum verdict verdict = VERDICT_STORED;
    struct net_frame frame = NET_FRAME_NULL;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(1024);
    struct peer anew = world_peer(GP);
    anew.route[0] ^= 7;
    const struct wire_header ping = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_PING};
    wire_frame_begin(&bytes, &ping);
    wire_frame_end(&bytes);
    net_frame_copy(&frame, buf_slice(&bytes));

    gate_frame(&world->gate, &anew, &frame);

    struct slice payload = world_letter(world, GP, WIRE_ERROR);
    assert_true(wire_error_read(payload, &world->arena, &verdict));
    assert_int_equal(verdict, VERDICT_HELLO_FIRST);
    gate_greeted(&world->gate, &anew);
    net_frame_copy(&frame, buf_slice(&bytes));
    gate_frame(&world->gate, &anew, &frame);
    assert_true(world_letter(world, GP, WIRE_PONG).len > 0);
}

static void more_questions_than_publish_has_room_for_are_told_to_come_again(void **state)
{
    struct world *world = *state;
    const struct wire_header fetch = a_header(WIRE_FETCH);
    for (size_t i = 0; i < CAIRN_OUT_QUEUE_FRAMES; i++) {
        receive(world, GP, &fetch, SLICE_NULL);
    }
    assert_int_equal(world->n_letters, 0);

    receive(world, GP, &fetch, SLICE_NULL);

    assert_int_equal(refused(world, GP), VERDICT_BUSY);
}

static void a_hello_costs_as_many_questions_as_it_may_have_heads_proved(void **state)
{
    struct world *world = *state;
    const struct wire_header hello = a_header(WIRE_HELLO);
    for (size_t i = 0; i < CAIRN_QUESTIONS_PER_MIN / CAIRN_COSIGNED_MAX; i++) {
        struct letter letter = {.frame = NET_FRAME_NULL};
        receive(world, GP, &hello, SLICE_NULL);
        assert_true(pipeline_asked(world->pipeline, &letter));
        net_frame_deinit(&letter.frame);
    }
    assert_int_equal(world->n_letters, 0);

    receive(world, GP, &hello, SLICE_NULL);

    assert_int_equal(refused(world, GP), VERDICT_OVER_QUOTA);
}

static void a_frame_is_charged_with_the_copy_that_verify_makes_of_it(void **state)
{
    struct world *world = *state;
    struct pipeline_cursors at;
    static const uint8_t payload[1000];

    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_OF(payload));

    pipeline_cursors(world->pipeline, &at);
    assert_int_equal(at.bytes, 2 * (sizeof(payload) + WIRE_HEADER_BYTES));
}

/* --- strikes --- */

static void send_rubbish(struct world *world, uint32_t agency)
{
    world_receive(world, agency, slice_of_text("GET / HTTP/1.1"));
}

static void who_sends_nothing_but_rubbish_is_not_read_for_the_rest_of_the_minute(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < GATE_STRIKES_MAX; i++) {
        send_rubbish(world, GP);
    }
    world_forget_letters(world);

    receive_parcel(world, GP, LANE_URGENT, 1, SLICE_NULL);
    send_rubbish(world, GP);
    assert_int_equal(world->n_letters, 0);
    assert_int_equal(claimed(world), 0);
    receive_parcel(world, HOSPITAL, LANE_NORMAL, 1, SLICE_NULL);
    assert_int_equal(claimed(world), 1);

    clock_fake_advance(&world->clock, 60000);
    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_NULL);

    assert_int_equal(claimed(world), 2);
}

static void a_connection_whose_key_was_revoked_gets_that_verdict_and_no_slot(void **state)
{
    struct world *world = *state;
    static const enum wire_type types[] = {WIRE_PARCEL, WIRE_PING, WIRE_HELLO, WIRE_FETCH};
    world_revoke_transport(world, GP);

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct wire_header header = a_header(types[i]);
        header.entries = types[i] == WIRE_PARCEL ? 1 : 0;
        header.lane = types[i] == WIRE_PARCEL ? LANE_NORMAL : 0;
        receive(world, GP, &header, SLICE_NULL);
        assert_int_equal(refused(world, GP), VERDICT_REVOKED_KEY);
    }

    struct letter letter = {.frame = NET_FRAME_NULL};
    assert_false(pipeline_asked(world->pipeline, &letter));
    assert_int_equal(claimed(world), 1); /* the document's own */
}

static void a_key_of_another_agency_speaks_for_nobody(void **state)
{
    struct world *world = *state;
    struct peer peer = world_peer(GP);
    struct net_frame frame = NET_FRAME_NULL;
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(1024);
    const struct wire_header ping = a_header(WIRE_PING);
    governing_transport_key(HOSPITAL, peer.key);
    write_frame(&ping, SLICE_NULL, &bytes);
    net_frame_copy(&frame, buf_slice(&bytes));
    gate_greeted(&world->gate, &peer);

    gate_frame(&world->gate, &peer, &frame);

    assert_int_equal(refused(world, GP), VERDICT_REVOKED_KEY);
}

static void a_message_in_parts_is_a_strike_and_a_stranger_has_none(void **state)
{
    struct world *world = *state;
    const struct peer known = {.agency = GP};
    const struct peer unknown = {.agency = 0};
    for (size_t i = 0; i < GATE_STRIKES_MAX; i++) {
        gate_bad(&world->gate, &unknown);
        gate_bad(&world->gate, &known);
    }

    receive_parcel(world, GP, LANE_NORMAL, 1, SLICE_NULL);

    assert_int_equal(world->gate.n_guests, 1);
    assert_int_equal(claimed(world), 0);
}

/* --- documents --- */

static void a_document_takes_a_slot_and_waits_when_there_is_none(void **state)
{
    struct world *world = *state;
    const struct govern_document document = {.document = GOVERNANCE_PATTERNS,
                                             .text = slice_of_text("{}"),
                                             .note = slice_of_text("note")};
    assert_true(gate_offer(&world->gate, &document));
    assert_int_equal(claimed(world), 1);
    while (claimed(world) < CAIRN_RING_SLOTS) {
        struct slot *slot = pipeline_free_slot(world->pipeline, LANE_URGENT, 1);
        assert_non_null(slot);
        slot->content = SLOT_GOVERNANCE;
        pipeline_claim(world->pipeline, slot);
    }

    assert_false(gate_offer(&world->gate, &document));

    assert_int_equal(claimed(world), CAIRN_RING_SLOTS);
}

static void a_document_larger_than_one_may_be_takes_no_slot(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES + 1);
    uint8_t *room = buf_extend(&text, CAIRN_GOVERNANCE_DOC_MAX_BYTES + 1);
    assert_non_null(room);
    memset(room, ' ', text.len);
    const struct govern_document document = {
        .document = GOVERNANCE_PATTERNS, .text = buf_slice(&text), .note = slice_of_text("note")};

    assert_true(gate_offer(&world->gate, &document));

    assert_int_equal(claimed(world), 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_ping_is_answered_at_once_with_time_and_versions),
        STORY(only_parcels_take_a_slot_and_questions_go_to_publish),
        STORY(what_only_a_broker_says_is_refused),
        STORY(a_parcel_of_none_or_too_many_entries_is_no_frame),
        STORY(another_version_is_refused_for_everything_but_hello),
        STORY(a_quota_of_records_counts_entries_and_begins_again_with_the_minute),
        STORY(a_quota_of_bytes_counts_what_follows_the_header),
        STORY(no_quota_holds_the_urgent_lane_or_another_agency_back),
        STORY(a_full_ring_says_busy_and_leaves_the_reserve_to_urgent_frames),
        STORY(one_agency_cannot_take_the_urgent_reserve),
        STORY(a_connection_that_has_not_said_hello_is_told_to),
        STORY(more_questions_than_publish_has_room_for_are_told_to_come_again),
        STORY(a_hello_costs_as_many_questions_as_it_may_have_heads_proved),
        STORY(a_frame_is_charged_with_the_copy_that_verify_makes_of_it),
        STORY(who_sends_nothing_but_rubbish_is_not_read_for_the_rest_of_the_minute),
        STORY(a_connection_whose_key_was_revoked_gets_that_verdict_and_no_slot),
        STORY(a_key_of_another_agency_speaks_for_nobody),
        STORY(a_message_in_parts_is_a_strike_and_a_stranger_has_none),
        STORY(a_document_takes_a_slot_and_waits_when_there_is_none),
        STORY(a_document_larger_than_one_may_be_takes_no_slot),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
