/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers without a key flood the door of a real broker, from processes of their own, while an
 * agency goes on with its work: they begin connections and never finish them, connect and say
 * nothing, greet and stop, talk nonsense, declare giants and messages without end, and offer
 * handshakes that do not hold. The agency's records go through during each flood, the broker's
 * memory stays bounded, and in the end it has as many files open as before.
 *
 * CAIRN_ATTACK_CASES: how many connections of each kind (3,000 if it is not set; when it is, what
 * happened is printed). CAIRN_ATTACK_SEED: which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "attack/beside.h"
#include "attack/half_open.h"
#include "attack/speaker.h"
#include "cairn/limits.h"
#include "sim/chance.h"
#include "support/crypto.h"

#define RATE    2000 /* connections a second */
#define PACE_MS 25   /* of the agency */
/* All that the broker takes, and more that wait. */
#define HELD_MAX (CAIRN_BROKER_FILES_MAX + CAIRN_BACKLOG_CONNECTIONS / 2)
#define FEW      1024 /* connections at a time, of those that are closed by what they say */

static struct beside beside;
static bool network; /* of our own */

static int set_up(void **state)
{
    (void)state;
    beside_start(&beside, PACE_MS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    beside_stop(&beside);
    return 0;
}

/* --- strangers --- */

static void greet(int fd)
{
    uint8_t greeting[SPEAKER_GREETING_BYTES];
    speaker_greeting(greeting);
    stranger_say(fd, greeting, sizeof(greeting));
}

static uint8_t byte(void)
{
    return (uint8_t)chance_below(256);
}

static void says_nothing(struct stranger *stranger)
{
    stranger_hold(stranger, stranger_connect(stranger), HELD_MAX);
}

static void greets_and_stops(struct stranger *stranger)
{
    int fd = stranger_connect(stranger);
    greet(fd);
    stranger_hold(stranger, fd, HELD_MAX);
}

static void half_a_greeting(struct stranger *stranger)
{
    static const uint8_t half[] = {0xff, 0, 0, 0};
    int fd = stranger_connect(stranger);
    stranger_say(fd, half, sizeof(half));
    stranger_hold(stranger, fd, HELD_MAX);
}

static void talks_nonsense(struct stranger *stranger)
{
    uint8_t bytes[512];
    int fd = stranger_connect(stranger);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = byte();
    }
    stranger_say(fd, bytes, 1 + chance_below(sizeof(bytes)));
    stranger_hold(stranger, fd, FEW);
}

/* A frame of 2^62 bytes, of which a few come. */
static void declares_a_giant(struct stranger *stranger)
{
    uint8_t frame[512] = {(uint8_t)(byte() % 8 / 4 * 4 + 2 + byte() % 2), 0x40};
    int fd = stranger_connect(stranger);
    greet(fd);
    stranger_say(fd, frame, sizeof(frame));
    stranger_hold(stranger, fd, FEW);
}

/* Part after part, each with more to come. */
static void never_ends_a_message(struct stranger *stranger)
{
    uint8_t parts[256 * 4];
    int fd = stranger_connect(stranger);
    for (size_t i = 0; i < sizeof(parts); i += 4) {
        parts[i] = 0x01;
        parts[i + 1] = 2;
        parts[i + 2] = byte();
        parts[i + 3] = byte();
    }
    greet(fd);
    for (int i = 0; i < 16; i++) {
        stranger_say(fd, parts, sizeof(parts));
    }
    stranger_hold(stranger, fd, FEW);
}

/* HELLO and INITIATE of CURVE, of the right length and with nothing behind it. */
static void offers_a_false_handshake(struct stranger *stranger)
{
    uint8_t hello[202] = {0x04, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
    uint8_t initiate[260] = {0x06, [8] = 251, 8, 'I', 'N', 'I', 'T', 'I', 'A', 'T', 'E'};
    int fd = stranger_connect(stranger);
    for (size_t i = 82; i < sizeof(hello); i++) {
        hello[i] = byte();
    }
    for (size_t i = 18; i < sizeof(initiate); i++) {
        initiate[i] = byte();
    }
    greet(fd);
    if (chance_one_in(2)) {
        stranger_say(fd, hello, sizeof(hello));
    } else {
        stranger_say(fd, initiate, sizeof(initiate));
    }
    stranger_hold(stranger, fd, FEW);
}

static void flood_with(const char *name, void (*act)(struct stranger *stranger))
{
    const struct beside_flood flood = {.name = name, .act = act, .rate = RATE, .processes = 1};
    beside_flood(&beside, &flood);
}

/* --- stories --- */

static void the_agencys_records_go_through_whoever_floods_the_door(void **state)
{
    static const struct {
        const char *name;
        void (*act)(struct stranger *stranger);
    } kinds[] = {
        {"says nothing", says_nothing},
        {"half a greeting", half_a_greeting},
        {"greets and stops", greets_and_stops},
        {"talks nonsense", talks_nonsense},
        {"declares a giant", declares_a_giant},
        {"never ends a message", never_ends_a_message},
        {"offers a false handshake", offers_a_false_handshake},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        flood_with(kinds[i].name, kinds[i].act);
        beside_calm(&beside);
    }

    beside_expect_records(&beside);
}

/* The kernel keeps as many as the broker's backlog says, and answers the rest with cookies: who
 * dials meanwhile gets in. */
static void connections_that_are_never_finished_keep_nobody_out(void **state)
{
    (void)state;
    if (!network) {
        print_message("the system gives no network of one's own: no SYN was sent\n");
        skip();
    }

    flood_with("half open", half_open_act);

    unsigned long long half_open = half_open_count();
    unsigned long long cookies = half_open_cookies();
    assert_in_range(half_open, CAIRN_BACKLOG_CONNECTIONS / 2, CAIRN_BACKLOG_CONNECTIONS + 1);
    assert_true(cookies > 0);
    load_reconnect(beside.agency);
    load_submit(beside.agency, 2);
    load_settle(beside.agency);
    assert_true(half_open_count() > CAIRN_BACKLOG_CONNECTIONS / 2); /* they are still there */
    if (beside.told) {
        printf("  %llu half open in the end, %llu answered with cookies\n", half_open, cookies);
    }
    beside_calm(&beside);
    beside_expect_records(&beside);
}

/* Those that hang are cut off by the broker itself, and do not have to go. */
static void who_does_not_finish_its_handshake_is_cut_off(void **state)
{
    enum {
        STALLED = 64
    };
    struct stranger_tally tally = {.held = 0};
    int held[STALLED];
    struct stranger stranger = {
        .address = &beside.address, .tally = &tally, .held = held, .held_max = STALLED};
    (void)state;
    for (int i = 0; i < STALLED; i++) {
        greets_and_stops(&stranger);
    }
    assert_int_equal(stranger.n_held, STALLED);

    beside_calm(&beside);

    for (size_t i = 0; i < stranger.n_held; i++) {
        assert_int_equal(close(held[i]), 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(connections_that_are_never_finished_keep_nobody_out, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(the_agencys_records_go_through_whoever_floods_the_door, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(who_does_not_finish_its_handshake_is_cut_off, set_up,
                                    tear_down),
};

int main(void)
{
    network = half_open_network();
    return cmocka_run_group_tests_name("strangers", tests, net_set_up, net_tear_down);
}
