/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/clock.h"
#include "cairn/limits.h"
#include "net/context.h"
#include "net/net.h"
#include "net/router_internal.h"
#include "net/socket.h"
#include "support/crypto.h"

#define DEADLINE_MS                                                                                \
    120000 /* of a test that fails; one that passes waits for nothing but events                   \
            */
#define STEP_MS 20
#define SOUND   ((struct router_fault){0})
#define ALICE   7
#define BOB     4100000000u

enum who {
    WHO_ALICE,
    WHO_BOB,
    WHO_STRANGER,
    WHO_NOBODY_NUMBERED,
    WHO_COUNT
};

struct world {
    struct secret server_secret;
    uint8_t server_key[CURVE_KEY_BYTES];
    struct secret secret[WHO_COUNT];
    uint8_t key[WHO_COUNT][CURVE_KEY_BYTES];
    bool admit_everybody;
    struct router *router;
    void *clients[4];
    size_t client_count;
};

static bool admit(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    static const uint32_t numbers[WHO_COUNT] = {ALICE, BOB, 0, 0};
    const struct world *world = data;

    for (size_t i = 0; i < WHO_COUNT; i++) {
        if (i != WHO_STRANGER && memcmp(key, world->key[i], CURVE_KEY_BYTES) == 0) {
            *ret_agency = numbers[i];
            return true;
        }
    }
    *ret_agency = 99;
    return world->admit_everybody;
}

static int world_open_router(struct world *w, const char *endpoint,
                             const struct router_fault *fault, struct error *error)
{
    const struct router_options options = {
        .endpoint = endpoint,
        .secret_key = &w->server_secret,
        .admit = admit,
        .data = w,
    };

    return router_open_faulty(&options, fault, &w->router, error);
}

static int world_keys(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_int_equal(curve_keypair(&w->server_secret, w->server_key), 0);
    for (size_t i = 0; i < WHO_COUNT; i++) {
        assert_int_equal(curve_keypair(&w->secret[i], w->key[i]), 0);
    }
    *state = w;
    return 0;
}

static int setup(void **state)
{
    struct error error = ERROR_NULL;

    assert_int_equal(world_keys(state), 0);
    if (world_open_router(*state, "tcp://127.0.0.1:*", &SOUND, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < w->client_count; i++) {
        socket_close(&w->clients[i]);
    }
    router_close(&w->router);
    secret_deinit(&w->server_secret);
    for (size_t i = 0; i < WHO_COUNT; i++) {
        secret_deinit(&w->secret[i]);
    }
    free(w);
    return 0;
}

static void set_int(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof(value)), 0);
}

/* Plain libzmq, so that it can do what our own dealer never does. */
static void *client_socket(struct world *w)
{
    void *client = zmq_socket(net_context(), ZMQ_DEALER);

    assert_non_null(client);
    set_int(client, ZMQ_LINGER, 0);
    set_int(client, ZMQ_SNDTIMEO, DEADLINE_MS);
    set_int(client, ZMQ_RCVTIMEO, DEADLINE_MS);
    assert_true(w->client_count < ARRAY_LEN(w->clients));
    w->clients[w->client_count++] = client;
    return client;
}

static void client_connect(struct world *w, void *client)
{
    assert_int_equal(zmq_connect(client, router_endpoint(w->router)), 0);
}

static void client_set_keys(struct world *w, void *client, enum who who)
{
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, w->server_key, CURVE_KEY_BYTES),
                     0);
    assert_int_equal(zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, w->key[who], CURVE_KEY_BYTES), 0);
    assert_int_equal(
        zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, w->secret[who].bytes, CURVE_KEY_BYTES), 0);
}

static void *client_of(struct world *w, enum who who)
{
    void *client = client_socket(w);

    client_set_keys(w, client, who);
    client_connect(w, client);
    return client;
}

static void client_say(void *client, const char *text)
{
    assert_int_equal(zmq_send(client, text, strlen(text), 0), (int)strlen(text));
}

static void client_close(struct world *w, const void *client)
{
    for (size_t i = 0; i < w->client_count; i++) {
        if (w->clients[i] == client) {
            socket_close(&w->clients[i]);
        }
    }
}

/* Until the server has refused or dropped the connection, as the client's own libzmq reports it. */
static void client_await_refusal(void *client, const char *monitor_endpoint)
{
    void *monitor = zmq_socket(net_context(), ZMQ_PAIR);

    set_int(monitor, ZMQ_RCVTIMEO, DEADLINE_MS);
    assert_int_equal(zmq_connect(monitor, monitor_endpoint), 0);
    assert_int_equal(zmq_recv(monitor, NULL, 0, 0), 6);
    assert_int_equal(zmq_socket_monitor(client, NULL, 0), 0);
    socket_close(&monitor);
}

static void client_watch(void *client, const char *monitor_endpoint)
{
    assert_int_equal(zmq_socket_monitor(
                         client, monitor_endpoint,
                         ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                             ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH),
                     0);
}

static int64_t deadline(void)
{
    return clock_boot_ms(clock_system()) + DEADLINE_MS;
}

static bool is_past(int64_t deadline_ms)
{
    return clock_boot_ms(clock_system()) > deadline_ms;
}

static enum router_got await(struct world *w, struct peer *peer, struct net_frame *frame)
{
    int64_t end = deadline();

    for (;;) {
        enum router_got got = router_receive(w->router, peer, frame);

        if (got != ROUTER_NOTHING || is_past(end)) {
            return got;
        }
        assert_int_equal(router_wait(w->router, true, STEP_MS), 0);
    }
}

#define expect_frame(w, number, text) expect_frame_at((w), (number), (text), __FILE__, __LINE__)

static struct peer expect_frame_at(struct world *w, uint32_t agency, const char *text,
                                   const char *file, int line)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    struct peer peer = {0};

    _assert_int_equal(await(w, &peer, &frame), ROUTER_FRAME, file, line);
    _assert_int_equal(peer.agency, agency, file, line);
    _assert_true(slice_is_text(net_frame_slice(&frame), text), text, file, line);
    return peer;
}

static void expect_nothing(struct world *w)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    struct peer peer;

    assert_int_equal(router_wait(w->router, true, 0), 0);
    assert_int_equal(router_receive(w->router, &peer, &frame), ROUTER_NOTHING);
}

#define expect_bad(w, number) expect_bad_at((w), (number), __FILE__, __LINE__)

static void expect_bad_at(struct world *w, uint32_t agency, const char *file, int line)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    struct peer peer = {0};

    _assert_int_equal(await(w, &peer, &frame), ROUTER_BAD, file, line);
    _assert_int_equal(peer.agency, agency, file, line);
    _assert_true(!frame.live, "no frame", file, line);
}

static void a_known_key_arrives_with_its_agency_after_a_poll(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    void *bob = client_of(w, WHO_BOB);

    client_say(alice, "from alice");
    struct peer peer = expect_frame(w, ALICE, "from alice");
    assert_memory_equal(peer.key, w->key[WHO_ALICE], sizeof(peer.key));
    client_say(bob, "from bob");
    peer = expect_frame(w, BOB, "from bob");
    assert_memory_equal(peer.key, w->key[WHO_BOB], sizeof(peer.key));
}

static void a_known_key_arrives_with_its_agency_without_a_poll(void **state)
{
    struct world *w = *state;
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    struct peer peer = {0};
    enum router_got got = ROUTER_NOTHING;
    int64_t end = deadline();

    client_say(client_of(w, WHO_BOB), "from bob");
    while (got == ROUTER_NOTHING && !is_past(end)) {
        got = router_receive(w->router, &peer, &frame);
        assert_int_equal(router_wait(w->router, false, 1), 0);
    }

    assert_int_equal(got, ROUTER_FRAME);
    assert_int_equal(peer.agency, BOB);
}

static void a_short_frame_stays_where_it_was_received(void **state)
{
    struct world *w = *state;
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    _cleanup_(net_frame_deinit) struct net_frame slot = NET_FRAME_NULL;
    struct peer peer;

    client_say(client_of(w, WHO_ALICE), "short");
    assert_int_equal(await(w, &peer, &frame), ROUTER_FRAME);
    struct slice seen = net_frame_slice(&frame);
    net_frame_move(&slot, &frame);

    assert_ptr_equal(net_frame_slice(&slot).data, seen.data);
    assert_true(slice_is_text(seen, "short"));
}

static void an_unknown_key_never_gets_a_frame_through(void **state)
{
    struct world *w = *state;
    void *stranger = client_socket(w);

    client_set_keys(w, stranger, WHO_STRANGER);
    client_watch(stranger, "inproc://stranger");
    client_connect(w, stranger);
    client_say(stranger, "let me in");
    client_await_refusal(stranger, "inproc://stranger");
    client_say(client_of(w, WHO_ALICE), "good morning");

    expect_frame(w, ALICE, "good morning");
    expect_nothing(w);
}

static void a_null_client_never_gets_a_frame_through(void **state)
{
    struct world *w = *state;
    void *plain = client_socket(w);

    client_watch(plain, "inproc://null");
    client_connect(w, plain);
    client_say(plain, "let me in");
    client_await_refusal(plain, "inproc://null");
    client_say(client_of(w, WHO_ALICE), "good morning");

    expect_frame(w, ALICE, "good morning");
    expect_nothing(w);
}

static void a_plain_client_never_gets_a_frame_through(void **state)
{
    struct world *w = *state;
    void *plain = client_socket(w);

    assert_int_equal(zmq_setsockopt(plain, ZMQ_PLAIN_USERNAME, "7", 1), 0);
    assert_int_equal(zmq_setsockopt(plain, ZMQ_PLAIN_PASSWORD, "7", 1), 0);
    client_watch(plain, "inproc://plain");
    client_connect(w, plain);
    client_say(plain, "let me in");
    client_await_refusal(plain, "inproc://plain");
    client_say(client_of(w, WHO_ALICE), "good morning");

    expect_frame(w, ALICE, "good morning");
    expect_nothing(w);
}

static void a_key_without_a_number_is_refused(void **state)
{
    struct world *w = *state;
    void *client = client_socket(w);

    client_set_keys(w, client, WHO_NOBODY_NUMBERED);
    client_watch(client, "inproc://unnumbered");
    client_connect(w, client);
    client_say(client, "let me in");

    client_await_refusal(client, "inproc://unnumbered");
    expect_nothing(w);
}

static void a_message_of_several_frames_is_bad_and_others_go_on(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    void *bob = client_of(w, WHO_BOB);

    assert_int_equal(zmq_send(alice, "one", 3, ZMQ_SNDMORE), 3);
    assert_int_equal(zmq_send(alice, "two", 3, ZMQ_SNDMORE), 3);
    client_say(alice, "three");
    expect_bad(w, ALICE);
    client_say(bob, "from bob");
    expect_frame(w, BOB, "from bob");
    client_say(alice, "better");

    expect_frame(w, ALICE, "better");
}

static void a_very_long_message_of_frames_is_bad_once(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);

    for (int i = 0; i < 1000; i++) {
        assert_int_equal(zmq_send(alice, "more", 4, ZMQ_SNDMORE), 4);
    }
    client_say(alice, "end");
    client_say(alice, "better");

    expect_bad(w, ALICE);
    expect_frame(w, ALICE, "better");
    expect_nothing(w);
}

static void a_request_socket_is_bad_for_its_empty_frame(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);

    assert_int_equal(zmq_send(alice, "", 0, ZMQ_SNDMORE), 0);
    client_say(alice, "request");

    expect_bad(w, ALICE);
}

static void a_route_that_the_peer_chose_is_bad(void **state)
{
    struct world *w = *state;
    void *alice = client_socket(w);

    client_set_keys(w, alice, WHO_ALICE);
    assert_int_equal(zmq_setsockopt(alice, ZMQ_ROUTING_ID, "bob", 3), 0);
    client_connect(w, alice);
    client_say(alice, "I am bob");

    expect_bad(w, ALICE);
}

static void the_largest_frame_arrives_whole(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    _cleanup_(base_free) uint8_t *bytes = base_alloc(CAIRN_FRAME_MAX_BYTES);
    struct peer peer;

    memset(bytes, 0xa5, CAIRN_FRAME_MAX_BYTES);
    assert_int_equal(zmq_send(alice, bytes, CAIRN_FRAME_MAX_BYTES, 0), CAIRN_FRAME_MAX_BYTES);

    assert_int_equal(await(w, &peer, &frame), ROUTER_FRAME);
    assert_true(slice_equal(net_frame_slice(&frame), slice_make(bytes, CAIRN_FRAME_MAX_BYTES)));
}

static void a_frame_one_byte_too_long_is_bad(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    _cleanup_(base_free) uint8_t *bytes = base_zalloc(1, CAIRN_FRAME_MAX_BYTES + 1);

    assert_int_equal(zmq_send(alice, bytes, CAIRN_FRAME_MAX_BYTES + 1, 0),
                     CAIRN_FRAME_MAX_BYTES + 1);
    client_say(alice, "better");

    expect_bad(w, ALICE);
    expect_frame(w, ALICE, "better");
}

static void a_far_too_long_frame_costs_its_sender_the_connection(void **state)
{
    const size_t len = 4 * CAIRN_FRAME_MAX_BYTES;
    struct world *w = *state;
    void *alice = client_socket(w);
    _cleanup_(base_free) uint8_t *bytes = base_zalloc(1, len);

    client_set_keys(w, alice, WHO_ALICE);
    client_watch(alice, "inproc://oversized");
    client_connect(w, alice);
    assert_int_equal(zmq_send(alice, bytes, len, 0), (int)len);
    client_await_refusal(alice, "inproc://oversized");
    client_say(client_of(w, WHO_BOB), "from bob");

    expect_frame(w, BOB, "from bob");
    expect_nothing(w);
}

static void an_answer_reaches_its_agency(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    _cleanup_(net_frame_deinit) struct net_frame answer = NET_FRAME_NULL;
    char got[16] = "";

    client_say(alice, "question");
    struct peer peer = expect_frame(w, ALICE, "question");
    net_frame_copy(&answer, slice_of_text("answer"));
    assert_int_equal(router_send(w->router, &peer, &answer), 0);

    assert_false(answer.live);
    assert_int_equal(zmq_recv(alice, got, sizeof(got), 0), 6);
    assert_memory_equal(got, "answer", 6);
}

static void an_agency_that_has_gone_is_unreachable(void **state)
{
    struct world *w = *state;
    void *alice = client_of(w, WHO_ALICE);
    int64_t end = deadline();
    int r = 0;

    client_say(alice, "bye");
    struct peer peer = expect_frame(w, ALICE, "bye");
    client_close(w, alice);
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    while (r != -EHOSTUNREACH && !is_past(end)) {
        net_frame_copy(&frame, slice_of_text("too late"));
        r = router_send(w->router, &peer, &frame);
        assert_int_equal(frame.live, r != 0);
        net_frame_deinit(&frame);
        assert_int_equal(router_wait(w->router, true, 1), 0);
    }

    assert_int_equal(r, -EHOSTUNREACH);
}

static void a_peer_that_does_not_read_is_not_waited_for(void **state)
{
    const size_t len = 65536;
    struct world *w = *state;
    void *alice = client_socket(w);
    void *bob = client_of(w, WHO_BOB);
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    char got[16] = "";
    int r = 0;

    client_set_keys(w, alice, WHO_ALICE);
    set_int(alice, ZMQ_RCVHWM, 1);
    client_connect(w, alice);
    client_say(alice, "hello");
    struct peer peer = expect_frame(w, ALICE, "hello");
    /* What the two queues and the kernel's buffers hold is less than this. */
    for (int i = 0; r == 0 && i < 10000; i++) {
        net_frame_init(&frame, len);
        memset(net_frame_bytes(&frame), 'x', len);
        r = router_send(w->router, &peer, &frame);
    }

    assert_int_equal(r, -EAGAIN);
    assert_true(frame.live);
    client_say(bob, "question");
    peer = expect_frame(w, BOB, "question");
    net_frame_deinit(&frame);
    net_frame_copy(&frame, slice_of_text("answer"));
    assert_int_equal(router_send(w->router, &peer, &frame), 0);
    assert_int_equal(zmq_recv(bob, got, sizeof(got), 0), 6);
}

static void a_router_that_does_not_read_is_woken_by_the_timeout_only(void **state)
{
    struct world *w = *state;
    const int timeout_ms = 50;

    client_say(client_of(w, WHO_ALICE), "waiting");
    assert_int_equal(router_wait(w->router, true, DEADLINE_MS), 0);
    int64_t before = clock_boot_ms(clock_system());
    assert_int_equal(router_wait(w->router, false, timeout_ms), 0);
    int64_t waited = clock_boot_ms(clock_system()) - before;

    assert_true(waited >= timeout_ms - 1);
    expect_frame(w, ALICE, "waiting");
}

static void *wake_it(void *router)
{
    router_wake(router);
    return NULL;
}

static void wake_ends_an_endless_wait(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, wake_it, w->router), 0);
    assert_int_equal(router_wait(w->router, false, -1), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    router_wake(w->router);
    router_wake(w->router);

    assert_int_equal(router_wait(w->router, true, -1), 0);
}

static void the_bound_endpoint_names_its_port(void **state)
{
    struct world *w = *state;

    assert_int_equal(strncmp(router_endpoint(w->router), "tcp://127.0.0.1:", 16), 0);
    assert_null(strchr(router_endpoint(w->router), '*'));
}

static void a_second_router_in_the_process_is_refused(void **state)
{
    struct world *w = *state;
    struct router *first = w->router;
    struct error error = ERROR_NULL;

    int r = world_open_router(w, "tcp://127.0.0.1:*", &SOUND, &error);

    assert_int_equal(r, -EADDRINUSE);
    assert_ptr_equal(w->router, first);
}

static void a_port_is_free_again_after_close(void **state)
{
    struct world *w = *state;
    struct error error = ERROR_NULL;
    _cleanup_(base_free) char *endpoint = base_strdup(router_endpoint(w->router));

    for (int i = 0; i < 3; i++) {
        router_close(&w->router);
        assert_int_equal(world_open_router(w, endpoint, &SOUND, &error), 0);
    }

    client_say(client_of(w, WHO_ALICE), "again");
    expect_frame(w, ALICE, "again");
}

#define expect_open_fails(w, fault, expected, words)                                               \
    expect_open_fails_at((w), "tcp://127.0.0.1:*", (fault), (expected), (words), __FILE__, __LINE__)

static void expect_open_fails_at(struct world *w, const char *endpoint, struct router_fault fault,
                                 int expected, const char *words, const char *file, int line)
{
    struct error error = ERROR_NULL;
    int r = world_open_router(w, endpoint, &fault, &error);

    _assert_true(r == expected, strerror(-r), file, line);
    _assert_true(w->router == NULL, "nothing opened", file, line);
    _assert_true(strstr(error.what, words) != NULL, error.what, file, line);
}

static void a_door_that_zap_does_not_guard_is_not_opened(void **state)
{
    const struct router_fault fault = {.no_handler = true, .unenforced = true};

    expect_open_fails(*state, fault, -EPROTO, "an unknown key got a frame through");
}

static void a_door_that_nobody_can_pass_is_not_opened(void **state)
{
    const struct router_fault fault = {.no_handler = true, .proof_looks = 50};

    expect_open_fails(*state, fault, -EPROTO, "was not refused in time");
}

static void a_door_without_curve_is_not_opened(void **state)
{
    const struct router_fault fault = {.no_handler = true, .unenforced = true, .no_curve = true};

    expect_open_fails(*state, fault, -EPROTO, "NULL client was let in");
}

static void a_broker_that_admits_everybody_is_not_opened(void **state)
{
    struct world *w = *state;

    w->admit_everybody = true;
    expect_open_fails(w, SOUND, -EPROTO, "an unknown key got a frame through");
}

static void a_refused_opening_leaves_room_for_a_sound_one(void **state)
{
    struct world *w = *state;
    struct error error = ERROR_NULL;

    w->admit_everybody = true;
    expect_open_fails(w, SOUND, -EPROTO, "an unknown key");
    w->admit_everybody = false;

    assert_int_equal(world_open_router(w, "tcp://127.0.0.1:*", &SOUND, &error), 0);
}

static void a_transport_without_curve_is_refused(void **state)
{
    expect_open_fails_at(*state, "inproc://broker", SOUND, -EINVAL, "tcp://", __FILE__, __LINE__);
}

static void a_key_of_the_wrong_length_is_refused(void **state)
{
    struct world *w = *state;

    secret_set(&w->server_secret, "short", 5);
    expect_open_fails(w, SOUND, -EINVAL, "key cannot be used");
}

static void a_public_key_is_derived_from_its_secret(void **state)
{
    struct world *w = *state;
    uint8_t derived[CURVE_KEY_BYTES];

    assert_int_equal(curve_public(&w->secret[WHO_ALICE], derived), 0);

    assert_memory_equal(derived, w->key[WHO_ALICE], CURVE_KEY_BYTES);
}

#define with_router(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define with_keys(test)   cmocka_unit_test_setup_teardown(test, world_keys, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_router(a_known_key_arrives_with_its_agency_after_a_poll),
        with_router(a_known_key_arrives_with_its_agency_without_a_poll),
        with_router(a_short_frame_stays_where_it_was_received),
        with_router(an_unknown_key_never_gets_a_frame_through),
        with_router(a_null_client_never_gets_a_frame_through),
        with_router(a_plain_client_never_gets_a_frame_through),
        with_router(a_key_without_a_number_is_refused),
        with_router(a_message_of_several_frames_is_bad_and_others_go_on),
        with_router(a_very_long_message_of_frames_is_bad_once),
        with_router(a_request_socket_is_bad_for_its_empty_frame),
        with_router(a_route_that_the_peer_chose_is_bad),
        with_router(the_largest_frame_arrives_whole),
        with_router(a_frame_one_byte_too_long_is_bad),
        with_router(a_far_too_long_frame_costs_its_sender_the_connection),
        with_router(an_answer_reaches_its_agency),
        with_router(an_agency_that_has_gone_is_unreachable),
        with_router(a_peer_that_does_not_read_is_not_waited_for),
        with_router(a_router_that_does_not_read_is_woken_by_the_timeout_only),
        with_router(wake_ends_an_endless_wait),
        with_router(the_bound_endpoint_names_its_port),
        with_router(a_second_router_in_the_process_is_refused),
        with_router(a_port_is_free_again_after_close),
        with_keys(a_door_that_zap_does_not_guard_is_not_opened),
        with_keys(a_door_that_nobody_can_pass_is_not_opened),
        with_keys(a_door_without_curve_is_not_opened),
        with_keys(a_broker_that_admits_everybody_is_not_opened),
        with_keys(a_refused_opening_leaves_room_for_a_sound_one),
        with_keys(a_transport_without_curve_is_refused),
        with_keys(a_key_of_the_wrong_length_is_refused),
        with_keys(a_public_key_is_derived_from_its_secret),
    };

    return cmocka_run_group_tests(tests, net_set_up, net_tear_down);
}
