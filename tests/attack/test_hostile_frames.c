/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member offers a real broker what is no parcel, no envelope and no message, over a connection
 * that it has with its own key, as libzmq never would (attack/speaker.h). Another agency goes on
 * with its work beside it, and nothing that the member said wrongly is in the log.
 *
 * CAIRN_ATTACK_CASES: how many of each class (3,000 if it is not set; when it is, what happened is
 * printed). CAIRN_ATTACK_SEED: which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attack/bending.h"
#include "attack/beside.h"
#include "attack/insider.h"
#include "cairn/limits.h"
#include "govern/keys.h"
#include "sim/chance.h"
#include "support/crypto.h"
#include "support/load_internal.h"
#include "wire/wire.h"

#define RATE            5000 /* frames a second */
#define PACE_MS         100  /* of the agency */
#define SOUND           6    /* parcels */
#define QUESTION_ONE_IN 250  /* of them only some thousand a minute are read */
#define CLOSING_ONE_IN  20
#define SAID_MAX        (600 * 1024)

static struct beside beside;
static struct load *oak;
static struct buf hello = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
static struct insider member; /* gp-oak; each process has its copy */

/* --- setup --- */

static void make_hello(struct buf *out)
{
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_HELLO};
    const struct wire_hello message = {.protocol_min = CAIRN_PROTOCOL_MIN,
                                       .protocol_max = CAIRN_PROTOCOL_MAX,
                                       .software = slice_of_text("nobody's"),
                                       .checkpoint = buf_slice(&oak->note)};
    buf_reset(out);
    wire_frame_begin(out, &header);
    wire_hello_write(&message, out);
    wire_frame_end(out);
}

/* The parcels that are to be bent are stored. */
static int set_up(void **state)
{
    (void)state;
    beside_start(&beside, PACE_MS);
    oak = load_new(&beside.estate, "gp-oak");
    for (size_t i = 0; i < SOUND; i++) {
        load_submit(oak, 1 + i % 3);
    }
    load_settle(oak);
    assert_true(speaker_init(&member.speaker, oak->governance->directory.broker_curve_key,
                             oak->transport.bytes));
    make_hello(&hello);
    member.hello = buf_slice(&hello);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&hello);
    load_free(&oak);
    beside_stop(&beside);
    return 0;
}

/* --- parcels and questions that are none --- */

static void add_bent(struct slice payload, struct slice other, struct buf *out)
{
    size_t start = out->len;
    bend_message(payload, other, out);
    if (slice_equal(payload, slice_make(out->data + start, out->len - start))) {
        out->len = start;
        bend_bytes(payload, out);
    }
}

static void make_bent_parcel(struct buf *out)
{
    const struct sent *sent = &oak->sent[chance_below(SOUND)];
    const struct sent *other = &oak->sent[chance_below(SOUND)];
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = WIRE_PARCEL,
        .lane = (uint8_t)(chance_one_in(8) ? LANE_URGENT : LANE_NORMAL),
        .entries = (uint16_t)sent->n,
        .correlation = chance_below(UINT32_MAX),
    };
    wire_frame_begin(out, &header);
    add_bent(wire_payload(buf_slice(&sent->frame)), wire_payload(buf_slice(&other->frame)), out);
    wire_frame_end(out);
}

static void make_bent_question(struct buf *out)
{
    static const enum wire_type types[] = {WIRE_HELLO,           WIRE_FETCH,
                                           WIRE_PROOF_REQUEST,   WIRE_STATE_REQUEST,
                                           WIRE_PICTURE_REQUEST, WIRE_GOVERNANCE_FETCH};
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX,
                                       .type = types[chance_below(ARRAY_LEN(types))]};
    wire_frame_begin(out, &header);
    add_bent(wire_payload(member.hello), wire_payload(buf_slice(&oak->sent[0].frame)), out);
    wire_frame_end(out);
}

static void says_no_parcel(struct stranger *stranger)
{
    struct insider *insider = stranger->data;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(SAID_MAX);
    if (!insider_greet(stranger, insider)) {
        return;
    }
    if (chance_one_in(QUESTION_ONE_IN)) {
        make_bent_question(&frame);
    } else {
        make_bent_parcel(&frame);
    }
    insider_ask(stranger, insider, buf_slice(&frame));
}

/* --- envelopes --- */

/* One that says what nobody asks: another version, or what only a broker says. */
static void says_what_is_not_asked(struct stranger *stranger)
{
    static const enum wire_type types[] = {WIRE_HELLO_REPLY, WIRE_PONG,  WIRE_DELIVERY,
                                           WIRE_STATE_REPLY, WIRE_ERROR, WIRE_PROOF_REPLY};
    struct insider *insider = stranger->data;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(SAID_MAX);
    struct wire_header header = {.version = (uint16_t)(CAIRN_PROTOCOL_MAX + 1 + chance_below(9999)),
                                 .type = WIRE_PING,
                                 .correlation = chance_below(UINT32_MAX)};
    if (!insider_greet(stranger, insider)) {
        return;
    }
    if (chance_one_in(2)) {
        header.version = CAIRN_PROTOCOL_MAX;
        header.type = types[chance_below(ARRAY_LEN(types))];
    }
    wire_frame_begin(&frame, &header);
    bend_noise(&frame, chance_below(64));
    wire_frame_end(&frame);
    insider_ask(stranger, insider, buf_slice(&frame));
}

/* Those that no reader takes: a hundred a minute are answered, the rest is thrown away unread. */
static void says_no_envelope(struct stranger *stranger)
{
    struct insider *insider = stranger->data;
    struct wire_header header;
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(SAID_MAX);
    struct slice sound = buf_slice(&oak->sent[chance_below(SOUND)].frame);
    if (!insider_greet(stranger, insider)) {
        return;
    }
    do {
        buf_reset(&frame);
        bend_bytes(slice_make(sound.data, WIRE_HEADER_BYTES), &frame);
        buf_add_slice(&frame, wire_payload(sound));
    } while (wire_header_read(buf_slice(&frame), &header));
    insider_expect_said(stranger, insider, insider_say(insider, 0, buf_slice(&frame)));
    if (insider->speaker.fd >= 0) {
        insider_hear(stranger, insider, false);
    }
}

/* --- messages --- */

/* Of a length that fits, or not. */
static void make_command(struct buf *out)
{
    static const char *const names[] = {"PING",   "PONG",      "ERROR",   "JOIN",  "LEAVE",
                                        "CANCEL", "SUBSCRIBE", "READY",   "HELLO", "INITIATE",
                                        "",       "MESSAGE",   "NONESUCH"};
    const char *name = names[chance_below(ARRAY_LEN(names))];
    uint8_t len = (uint8_t)(chance_one_in(8) ? chance_below(256) : strlen(name));
    buf_add(out, &len, 1);
    buf_add(out, name, strlen(name));
    if (strcmp(name, "PING") == 0 && chance_one_in(2)) {
        buf_add(out, "\0\0", 2); /* a time to live that never ends */
    } else if (strcmp(name, "PING") == 0) {
        return; /* and one that is cut off */
    }
    bend_noise(out, chance_below(60));
}

/* What libzmq takes for a message, or for a command that it passes by: the connection goes on. */
static bool say_oddly(struct insider *insider)
{
    _cleanup_(buf_deinit) struct buf payload = BUF_MAX(SAID_MAX);
    uint8_t inner = 0;
    switch (chance_below(5)) {
    case 0: /* in parts */
        for (uint32_t i = 1 + chance_below(8); i > 0; i--) {
            if (!insider_say(insider, SPEAKER_MORE, slice_make("parts", chance_below(5)))) {
                return false;
            }
        }
        break;
    case 1: /* nothing */
        break;
    case 2:
        inner = (uint8_t)(chance_below(64) << 2); /* bits that mean nothing */
        bend_noise(&payload, chance_below(300));
        break;
    case 3:
        bend_noise(&payload, chance_below(2000));
        break;
    default:
        inner = SPEAKER_INNER;
        make_command(&payload);
        break;
    }
    return insider_say(insider, inner, buf_slice(&payload));
}

/* What no peer says after a handshake. */
static void make_no_message(struct insider *insider, struct buf *out)
{
    static const uint8_t giant[9] = {SPEAKER_LONG, 0x40};
    static uint8_t much[CAIRN_FRAME_MAX_BYTES + 1024];
    _cleanup_(buf_deinit) struct buf sound = BUF_MAX(SAID_MAX);
    speaker_message(&insider->speaker, 0, slice_of_text("a message"), &sound);
    switch (chance_below(6)) {
    case 0: /* a box that does not open */
        sound.data[2 + 8 + chance_below((uint32_t)sound.len - 10)] ^= 1;
        buf_add_slice(out, buf_slice(&sound));
        break;
    case 1: /* said twice */
        buf_add_slice(out, buf_slice(&sound));
        buf_add_slice(out, buf_slice(&sound));
        break;
    case 2:
        speaker_frame(0, slice_make(sound.data + 2, chance_below(32)), out);
        break;
    case 3: /* from the beginning */
        speaker_hello(&insider->speaker, out);
        break;
    case 4:
        speaker_message(&insider->speaker, 0, SLICE_OF(much), out);
        break;
    default:
        buf_add_slice(out, SLICE_OF(giant));
        break;
    }
}

static void says_no_message(struct stranger *stranger)
{
    struct insider *insider = stranger->data;
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(SAID_MAX);
    if (!insider_greet(stranger, insider)) {
        return;
    }
    if (!chance_one_in(CLOSING_ONE_IN)) {
        insider_expect_said(stranger, insider, say_oddly(insider));
        if (insider->speaker.fd >= 0) {
            insider_hear(stranger, insider, false);
        }
        return;
    }
    make_no_message(insider, &said);
    (void)speaker_say(&insider->speaker, buf_slice(&said));
    atomic_fetch_add(insider_is_ended(insider) ? &stranger->tally->turned : &stranger->tally->amiss,
                     1);
    speaker_close(&insider->speaker);
}

/* --- stories --- */

static const char *const counted[] = {
    "gate_frames",
    "gate_bad_frames",

    "answers_BAD_FRAME",
    "answers_MALFORMED",
    "answers_UNSUPPORTED_VERSION",
    "answers_BAD_SIGNATURE",
    "answers_WRONG_SENDER",
    "answers_UNKNOWN_KEY",
    "answers_WRONG_PARTNERSHIP",
    "answers_WRONG_LANE",
    "answers_OUT_OF_ORDER",
    "answers_HELLO_FIRST",
    "answers_OVER_QUOTA",
    "answers_BUSY",
    "answers_STORED",
};

static void read_counters(uint64_t ret[ARRAY_LEN(counted)])
{
    for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
        ret[i] = beside_counter(&beside, counted[i]);
    }
}

static void flood(const char *name, void (*act)(struct stranger *stranger))
{
    uint64_t before[ARRAY_LEN(counted)];
    uint64_t after[ARRAY_LEN(counted)];
    const struct beside_flood options = {
        .name = name, .act = act, .data = &member, .rate = RATE, .processes = 1};
    read_counters(before);
    beside_flood(&beside, &options);
    read_counters(after);
    for (size_t i = 0; i < ARRAY_LEN(counted) && beside.told; i++) {
        if (after[i] > before[i]) {
            printf("  %s: %llu\n", counted[i], (unsigned long long)(after[i] - before[i]));
        }
    }
    beside_calm(&beside);
}

static void nothing_of_what_a_member_says_wrongly_is_kept(void **state)
{
    (void)state;

    flood("no parcel", says_no_parcel);
    flood("not asked", says_what_is_not_asked);
    flood("no envelope", says_no_envelope);
    flood("no message", says_no_message);

    beside_expect_records(&beside);
    load_expect_store(oak, &beside.estate);
}

/* libzmq 4.3.4 takes a PING that lacks its time to live for one with a context of sixteen bytes,
 * and sends back what lies there: the end of "MESSAGE", the nonce, the command, a byte of the box.
 */
static void a_ping_that_is_cut_off_brings_back_only_what_its_sender_said(void **state)
{
    struct stranger_tally tally = {.held = 0};
    struct stranger stranger = {.address = &beside.address, .tally = &tally};
    struct insider insider = member;
    uint8_t own[15] = "E\0\0\0\0\0\0\0\3\2\4PING";
    _cleanup_(buf_deinit) struct buf heard = BUF_MAX(SAID_MAX);
    _cleanup_(buf_deinit) struct buf pong = BUF_MAX(SAID_MAX);
    (void)state;
    assert_true(insider_enter(&stranger, &insider));

    assert_true(insider_say(&insider, SPEAKER_INNER, slice_of_text("\4PING")));

    assert_true(speaker_hear(&insider.speaker, &heard));
    assert_true(speaker_open(&insider.speaker, buf_slice(&heard), &pong));
    assert_int_equal(pong.len, 22);
    assert_memory_equal(pong.data, "\2\4PONG", 6);
    assert_memory_equal(pong.data + 6, own, sizeof(own));
    speaker_close(&insider.speaker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_ping_that_is_cut_off_brings_back_only_what_its_sender_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_of_what_a_member_says_wrongly_is_kept, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("frames", tests, net_set_up, net_tear_down);
}
