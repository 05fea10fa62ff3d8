/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers without a key offer a real broker what is no greeting, no HELLO and no INITIATE, each
 * in a connection of its own and as libzmq never would (attack/speaker.h). An agency goes on with
 * its work beside it, and nobody gets in.
 *
 * CAIRN_ATTACK_CASES: how many of each class (3,000 if it is not set; when it is, what happened is
 * printed). CAIRN_ATTACK_SEED: which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attack/bending.h"
#include "attack/beside.h"
#include "attack/half_open.h"
#include "attack/speaker.h"
#include "govern/govern.h"
#include "sim/chance.h"
#include "support/crypto.h"
#include "support/load_internal.h"

#define RATE        2000 /* connections a second */
#define PACE_MS     100  /* of the agency */
#define PROCESSES   4
#define FEW         256 /* connections at a time, of each process */
#define LOOK_ONE_IN 64
#define SAID_MAX    4096

static struct beside beside;
static struct speaker nobody; /* with a key that the directory does not hold */

static int set_up(void **state)
{
    (void)state;
    beside_start(&beside, PACE_MS);
    const struct directory *directory = &beside.agency->governance->directory;
    assert_true(speaker_init(&nobody, directory->broker_curve_key, beside.agency->transport.bytes));
    speaker_disguise(&nobody);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    beside_stop(&beside);
    return 0;
}

/* --- greetings --- */

static void spoil_greeting(struct buf *out)
{
    static const char *const mechanisms[] = {
        "", "NULL", "PLAIN", "GSSAPI", "CURVE2", "curve", "CURVECURVECURVECURVE"};
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    speaker_greeting(greeting);
    switch (chance_below(5)) {
    case 0: /* of an older protocol */
        greeting[10] = (uint8_t)chance_below(3);
        break;
    case 1: /* of the oldest: an identity */
        greeting[chance_one_in(2) ? 0 : 9] ^= 1;
        break;
    case 2:
        greeting[12 + chance_below(20)] ^= (uint8_t)(1 + chance_below(255));
        break;
    case 3: {
        const char *mechanism = mechanisms[chance_below(ARRAY_LEN(mechanisms))];
        memset(greeting + 12, 0, 20);
        memcpy(greeting + 12, mechanism, strlen(mechanism));
        break;
    }
    default:
        bend_noise(out, 1 + chance_below(256));
        return;
    }
    buf_add_slice(out, SLICE_OF(greeting));
}

static void say_and_hold(struct stranger *stranger, struct slice said)
{
    int fd = stranger_connect(stranger);
    stranger_say(fd, said.data, said.len);
    stranger_hold(stranger, fd, FEW);
}

/* And a HELLO that would be sound. */
static void greets_wrongly(struct stranger *stranger)
{
    struct speaker *speaker = stranger->data;
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(SAID_MAX);
    spoil_greeting(&said);
    speaker_begin(speaker, -1);
    speaker_hello(speaker, &said);
    say_and_hold(stranger, buf_slice(&said));
}

/* --- HELLO --- */

/* All but the zeros in its middle, which nobody reads. */
static void bend_hello(struct slice frame, struct buf *out)
{
    enum {
        HEAD = 2,
        NAME = 8,
        ZEROS = 72
    };
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(SAID_MAX);
    struct slice name = slice_make(frame.data + HEAD, NAME);
    const uint8_t *zeros = frame.data + HEAD + NAME;
    struct slice rest = slice_make(zeros + ZEROS, frame.len - HEAD - NAME - ZEROS);
    bool spelt = chance_one_in(8);
    if (spelt) {
        bend_bytes(name, &body);
    } else {
        buf_add_slice(&body, name);
    }
    buf_add(&body, zeros, ZEROS);
    if (spelt) {
        buf_add_slice(&body, rest);
    } else {
        bend_bytes(rest, &body);
    }
    speaker_frame(SPEAKER_COMMAND, buf_slice(&body), out);
}

static void says_no_hello(struct stranger *stranger)
{
    struct speaker *speaker = stranger->data;
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    _cleanup_(buf_deinit) struct buf hello = BUF_MAX(SAID_MAX);
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(SAID_MAX);
    speaker_begin(speaker, -1);
    speaker_hello(speaker, &hello);
    speaker_greeting(greeting);
    buf_add_slice(&said, SLICE_OF(greeting));
    bend_hello(buf_slice(&hello), &said);
    say_and_hold(stranger, buf_slice(&said));
}

/* --- INITIATE --- */

/* The body of a frame, bent, in a frame of its own length, or the frame itself. */
static void bend_frame(struct slice frame, size_t head, struct buf *out)
{
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(SAID_MAX);
    if (chance_one_in(4)) {
        bend_bytes(frame, out);
        return;
    }
    bend_bytes(slice_make(frame.data + head, frame.len - head), &body);
    speaker_frame(frame.data[0] & (uint8_t)~SPEAKER_LONG, buf_slice(&body), out);
}

static void spoil_claim(struct speaker_claim *claim)
{
    _cleanup_(buf_deinit) struct buf bent = BUF_MAX(SAID_MAX);
    switch (chance_below(4)) {
    case 0:
        claim->own_public[chance_below(SPEAKER_KEY_BYTES)] ^= (uint8_t)(1 + chance_below(255));
        break;
    case 1:
        claim->vouch[chance_below(SPEAKER_VOUCH_BYTES)] ^= (uint8_t)(1 + chance_below(255));
        break;
    case 2:
        bend_bytes(buf_slice(&claim->metadata), &bent);
        buf_reset(&claim->metadata);
        buf_add_slice(&claim->metadata, buf_slice(&bent));
        break;
    default: /* sound, by whom nobody knows */
        break;
    }
}

/* Bent in its box, or as it is sent. */
static bool make_initiate(struct speaker *speaker, struct buf *out)
{
    _cleanup_(speaker_claim_deinit) struct speaker_claim claim = {.metadata = BUF_MAX(0)};
    _cleanup_(buf_deinit) struct buf sound = BUF_MAX(SAID_MAX);
    bool made = speaker_claim(speaker, &claim);
    if (made && chance_one_in(2)) {
        spoil_claim(&claim);
        speaker_initiate(speaker, &claim, out);
    } else if (made) {
        speaker_initiate(speaker, &claim, &sound);
        bend_frame(buf_slice(&sound), sound.data[0] & SPEAKER_LONG ? 9 : 2, out);
    }
    return made;
}

static bool greet_soundly(struct speaker *speaker)
{
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(SAID_MAX);
    speaker_greeting(greeting);
    buf_add_slice(&said, SLICE_OF(greeting));
    speaker_hello(speaker, &said);
    return speaker_say(speaker, buf_slice(&said)) && speaker_welcomed(speaker);
}

/* Sometimes it waits for what comes of it: READY is not for it. */
static void look_whether_in(struct stranger *stranger, struct speaker *speaker)
{
    _cleanup_(buf_deinit) struct buf heard = BUF_MAX(SAID_MAX);
    if (chance_one_in(LOOK_ONE_IN) && speaker_hear(speaker, &heard) && heard.len > 6 &&
        memcmp(heard.data, "\5READY", 6) == 0) {
        atomic_fetch_add(&stranger->tally->amiss, 1);
    }
}

static void initiates_nothing(struct stranger *stranger)
{
    struct speaker *speaker = stranger->data;
    _cleanup_(buf_deinit) struct buf said = BUF_MAX(SAID_MAX);
    int fd = stranger_connect(stranger);
    if (fd < 0) {
        return;
    }
    speaker_begin(speaker, fd);
    if (!greet_soundly(speaker) || !make_initiate(speaker, &said)) {
        atomic_fetch_add(&stranger->tally->refused, 1); /* the broker had no time for it */
        speaker_close(speaker);
        return;
    }
    (void)speaker_say(speaker, buf_slice(&said));
    look_whether_in(stranger, speaker);
    stranger_hold(stranger, fd, FEW);
}

/* --- stories --- */

static void flood(const char *name, void (*act)(struct stranger *stranger))
{
    const struct beside_flood options = {
        .name = name, .act = act, .data = &nobody, .rate = RATE, .processes = PROCESSES};
    beside_flood(&beside, &options);
    beside_calm(&beside);
}

static void who_has_no_key_gets_in_by_no_greeting_and_no_handshake(void **state)
{
    (void)state;

    flood("no greeting", greets_wrongly);
    flood("no HELLO", says_no_hello);
    flood("no INITIATE", initiates_nothing);

    assert_true(beside_counter(&beside, "gate_refused_connections") > 0);
    beside_expect_records(&beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_no_key_gets_in_by_no_greeting_and_no_handshake,
                                        set_up, tear_down),
    };
    (void)half_open_network(); /* so many connections leave no port to others */
    return cmocka_run_group_tests_name("handshakes", tests, net_set_up, net_tear_down);
}
