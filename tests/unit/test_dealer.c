/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/clock.h"
#include "cairn/limits.h"
#include "net/context.h"
#include "net/dealer.h"
#include "net/net.h"
#include "net/router.h"
#include "net/socket.h"
#include "os/fd.h"
#include "support/crypto.h"

#define DEADLINE_MS                                                                                \
    120000 /* of a test that fails; one that passes waits for nothing but events                   \
            */
#define STEP_MS 10
#define AGENCY  12

struct world {
    struct secret server_secret;
    uint8_t server_key[CURVE_KEY_BYTES];
    struct secret agency_secret;
    atomic_bool closed; /* nobody is admitted */
    atomic_uint refusals;
    struct router *router;
    struct dealer *dealer;
    int64_t deadline_ms;
};

static bool admit(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    struct world *w = data;
    uint8_t known[CURVE_KEY_BYTES];

    *ret_agency = AGENCY;
    if (curve_public(&w->agency_secret, known) == 0 && memcmp(key, known, sizeof(known)) == 0 &&
        !atomic_load(&w->closed)) {
        return true;
    }
    atomic_fetch_add(&w->refusals, 1);
    return false;
}

static void open_router(struct world *w, const char *endpoint)
{
    const struct router_options options = {
        .endpoint = endpoint,
        .secret_key = &w->server_secret,
        .admit = admit,
        .data = w,
    };
    struct error error = ERROR_NULL;

    if (router_open(&options, &w->router, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    atomic_store(&w->refusals, 0);
}

static struct dealer *dial(struct world *w, const char *endpoint, const uint8_t *server_key)
{
    struct dealer_options options = {.endpoint = endpoint, .secret_key = &w->agency_secret};
    struct dealer *dealer = NULL;
    struct error error = ERROR_NULL;

    memcpy(options.server_key, server_key, sizeof(options.server_key));
    assert_int_equal(dealer_open(&options, &dealer, &error), 0);
    return dealer;
}

static int setup_keys(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    uint8_t agency_key[CURVE_KEY_BYTES];

    assert_non_null(w);
    assert_int_equal(curve_keypair(&w->server_secret, w->server_key), 0);
    assert_int_equal(curve_keypair(&w->agency_secret, agency_key), 0);
    w->deadline_ms = clock_boot_ms(clock_system()) + DEADLINE_MS;
    *state = w;
    return 0;
}

static int setup(void **state)
{
    (void)setup_keys(state);
    struct world *w = *state;

    open_router(w, "tcp://127.0.0.1:*");
    w->dealer = dial(w, router_endpoint(w->router), w->server_key);
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    dealer_close(&w->dealer);
    router_close(&w->router);
    secret_deinit(&w->server_secret);
    secret_deinit(&w->agency_secret);
    free(w);
    return 0;
}

static void expect_in_time(const struct world *w)
{
    assert_true(clock_boot_ms(clock_system()) < w->deadline_ms);
}

static int say(struct dealer *dealer, const char *text)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    net_frame_copy(&frame, slice_of_text(text));
    int r = dealer_send(dealer, &frame);

    assert_int_equal(frame.live, r != 0);
    return r;
}

/* Until the dealer is connected. */
static void say_patiently(struct world *w, const char *text)
{
    bool readable;
    int r;

    while ((r = say(w->dealer, text)) == -EAGAIN) {
        expect_in_time(w);
        assert_int_equal(dealer_wait(w->dealer, STEP_MS, &readable), 0);
    }
    assert_int_equal(r, 0);
}

static struct peer expect_at_router(struct world *w, const char *text)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    enum router_got got;
    struct peer peer;

    while ((got = router_receive(w->router, &peer, &frame)) == ROUTER_NOTHING) {
        expect_in_time(w);
        assert_int_equal(router_wait(w->router, true, STEP_MS), 0);
    }
    assert_int_equal(got, ROUTER_FRAME);
    assert_int_equal(peer.agency, AGENCY);
    assert_true(slice_is_text(net_frame_slice(&frame), text));
    return peer;
}

static void expect_at_dealer(struct world *w, const char *text)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    bool readable;

    while (!dealer_receive(w->dealer, &frame)) {
        expect_in_time(w);
        assert_int_equal(dealer_wait(w->dealer, STEP_MS, &readable), 0);
    }
    assert_true(slice_is_text(net_frame_slice(&frame), text));
}

static int answer(struct world *w, const struct peer *peer, const char *text)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    net_frame_copy(&frame, slice_of_text(text));
    return router_send(w->router, peer, &frame);
}

/* The high-water mark is small: until libzmq has passed on what came before. */
static void answer_patiently(struct world *w, const struct peer *peer, const char *text)
{
    int r;

    while ((r = answer(w, peer, text)) == -EAGAIN) {
        expect_in_time(w);
        assert_int_equal(router_wait(w->router, true, STEP_MS), 0);
    }
    assert_int_equal(r, 0);
}

static void a_question_is_answered(void **state)
{
    struct world *w = *state;

    say_patiently(w, "question");
    struct peer peer = expect_at_router(w, "question");
    assert_int_equal(answer(w, &peer, "answer"), 0);

    expect_at_dealer(w, "answer");
}

static void waiting_tells_that_a_frame_is_there(void **state)
{
    struct world *w = *state;
    bool readable = true;

    assert_int_equal(dealer_wait(w->dealer, 0, &readable), 0);
    assert_false(readable);
    say_patiently(w, "question");
    struct peer peer = expect_at_router(w, "question");
    assert_int_equal(answer(w, &peer, "answer"), 0);

    assert_int_equal(dealer_wait(w->dealer, DEADLINE_MS, &readable), 0);
    assert_true(readable);
}

static void nothing_is_queued_while_not_connected(void **state)
{
    struct world *w = *state;

    w->dealer = dial(w, "tcp://127.0.0.1:1", w->server_key);

    assert_int_equal(say(w->dealer, "lost"), -EAGAIN);
}

static void a_restarted_broker_is_found_again(void **state)
{
    struct world *w = *state;
    _cleanup_(base_free) char *endpoint = base_strdup(router_endpoint(w->router));

    say_patiently(w, "before");
    (void)expect_at_router(w, "before");
    router_close(&w->router);
    while (say(w->dealer, "into the void") == 0) {
        bool readable;

        expect_in_time(w);
        assert_int_equal(dealer_wait(w->dealer, STEP_MS, &readable), 0);
    }
    open_router(w, endpoint);
    say_patiently(w, "after");

    (void)expect_at_router(w, "after");
}

static void reconnecting_gives_a_new_route(void **state)
{
    struct world *w = *state;

    say_patiently(w, "first");
    struct peer first = expect_at_router(w, "first");
    assert_int_equal(dealer_reconnect(w->dealer), 0);
    say_patiently(w, "second");
    struct peer second = expect_at_router(w, "second");

    assert_true(memcmp(first.route, second.route, sizeof(first.route)) != 0);
    assert_int_equal(answer(w, &second, "answer"), 0);
    expect_at_dealer(w, "answer");
}

static void a_refused_dealer_comes_in_by_reconnecting_once_it_is_known(void **state)
{
    struct world *w = *state;

    open_router(w, "tcp://127.0.0.1:*");
    atomic_store(&w->closed, true);
    w->dealer = dial(w, router_endpoint(w->router), w->server_key);
    while (atomic_load(&w->refusals) == 0) {
        expect_in_time(w);
        assert_int_equal(router_wait(w->router, true, STEP_MS), 0);
    }
    assert_int_equal(say(w->dealer, "hello"), -EAGAIN);
    atomic_store(&w->closed, false);
    assert_int_equal(dealer_reconnect(w->dealer), 0);
    say_patiently(w, "hello again");

    (void)expect_at_router(w, "hello again");
}

/* Until libzmq says so. */
static void expect_refused_key(struct world *w)
{
    bool readable;

    while (!dealer_refused(w->dealer)) {
        expect_in_time(w);
        assert_int_equal(dealer_wait(w->dealer, STEP_MS, &readable), 0);
    }
}

static void a_dealer_hears_each_refusal_of_its_key_once(void **state)
{
    struct world *w = *state;

    open_router(w, "tcp://127.0.0.1:*");
    atomic_store(&w->closed, true);
    w->dealer = dial(w, router_endpoint(w->router), w->server_key);
    expect_refused_key(w);
    assert_false(dealer_refused(w->dealer));
    assert_int_equal(dealer_reconnect(w->dealer), 0);
    expect_refused_key(w);
    atomic_store(&w->closed, false);
    assert_int_equal(dealer_reconnect(w->dealer), 0);
    say_patiently(w, "let in");

    assert_false(dealer_refused(w->dealer));
}

/* Somebody between agency and broker: knows no key, and says of every connection that its key was
 * refused, but not before the next one comes: when the dealer ends it. */
struct faker {
    int listens;
    int held; /* the last connection, whose handshake it has heard the beginning of */
    char endpoint[64];
    pthread_t thread;
    atomic_int heard;
};

#define GREETING_BYTES 64
#define HELLO_BYTES    202 /* of CURVE, with its frame */
#define FAKED          2000

static bool hear_beginning(int fd)
{
    uint8_t greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E', [32] = 1};
    uint8_t heard[GREETING_BYTES + HELLO_BYTES];

    return send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL) == GREETING_BYTES &&
           recv(fd, heard, sizeof(heard), MSG_WAITALL) == (ssize_t)sizeof(heard);
}

static void *fake(void *data)
{
    static const uint8_t refusal[] = {4, 10, 5, 'E', 'R', 'R', 'O', 'R', 3, '4', '0', '0'};
    struct faker *faker = data;
    int fd;

    while ((fd = accept(faker->listens, NULL, NULL)) >= 0) {
        if (faker->held >= 0) {
            (void)send(faker->held, refusal, sizeof(refusal), MSG_NOSIGNAL);
        }
        bool goes_on = hear_beginning(fd);
        fd_close(&faker->held);
        faker->held = fd;
        if (goes_on) {
            atomic_fetch_add(&faker->heard, 1);
        }
    }
    return NULL;
}

static void faker_start(struct faker *faker)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    *faker = (struct faker){.listens = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .held = -1};
    assert_int_equal(bind(faker->listens, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(faker->listens, 8), 0);
    assert_int_equal(getsockname(faker->listens, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(faker->endpoint, sizeof(faker->endpoint), "tcp://127.0.0.1:%d",
                   ntohs(address.sin_port));
    assert_int_equal(pthread_create(&faker->thread, NULL, fake, faker), 0);
}

static void faker_stop(struct faker *faker)
{
    (void)shutdown(faker->listens, SHUT_RDWR);
    assert_int_equal(pthread_join(faker->thread, NULL), 0);
    fd_close(&faker->listens);
    fd_close(&faker->held);
}

static void a_refusal_that_comes_while_we_dial_again_holds_nothing_up(void **state)
{
    struct world *w = *state;
    struct faker faker;
    bool readable;

    faker_start(&faker);
    w->dealer = dial(w, faker.endpoint, w->server_key);
    for (int i = 1; i <= FAKED; i++) {
        while (atomic_load(&faker.heard) < i) {
            expect_in_time(w);
            assert_int_equal(dealer_wait(w->dealer, 1, &readable), 0);
        }
        assert_int_equal(dealer_reconnect(w->dealer), 0);
    }
    faker_stop(&faker);
    dealer_close(&w->dealer);
    open_router(w, "tcp://127.0.0.1:*");
    w->dealer = dial(w, router_endpoint(w->router), w->server_key);
    say_patiently(w, "let in");

    (void)expect_at_router(w, "let in");
}

static void reconnecting_many_times_still_connects(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 50; i++) {
        assert_int_equal(dealer_reconnect(w->dealer), 0);
    }
    say_patiently(w, "still here");

    (void)expect_at_router(w, "still here");
}

static void another_brokers_key_is_not_spoken_to(void **state)
{
    struct world *w = *state;
    uint8_t other_key[CURVE_KEY_BYTES];
    _cleanup_(secret_deinit) struct secret other = SECRET_NULL;
    assert_int_equal(curve_keypair(&other, other_key), 0);
    _cleanup_(dealer_close) struct dealer *wrong = dial(w, router_endpoint(w->router), other_key);

    for (int i = 0; i < 5; i++) {
        say_patiently(w, "known");
        (void)expect_at_router(w, "known");

        assert_int_equal(say(wrong, "secret"), -EAGAIN);
    }
}

static void what_a_slow_agency_was_sent_arrives_in_order(void **state)
{
    struct world *w = *state;
    char text[32];

    say_patiently(w, "hello");
    struct peer peer = expect_at_router(w, "hello");
    for (int i = 0; i < CAIRN_CREDIT_MAX; i++) {
        (void)snprintf(text, sizeof(text), "delivery %d", i);
        answer_patiently(w, &peer, text);
    }

    for (int i = 0; i < CAIRN_CREDIT_MAX; i++) {
        (void)snprintf(text, sizeof(text), "delivery %d", i);
        expect_at_dealer(w, text);
    }
}

/* A broker of another make, which may say what ours never would. */
static void *open_foreign_broker(struct world *w, char *ret_endpoint, size_t bytes)
{
    void *socket = zmq_socket(net_context(), ZMQ_ROUTER);
    const int yes = 1;
    const int none = 0;

    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof(yes)), 0);
    assert_int_equal(
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, w->server_secret.bytes, CURVE_KEY_BYTES), 0);
    assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &bytes), 0);
    return socket;
}

static void a_message_of_several_frames_is_dropped(void **state)
{
    struct world *w = *state;
    char endpoint[64];
    char route[16];
    char hello[16];
    _cleanup_(socket_close) void *broker = open_foreign_broker(w, endpoint, sizeof(endpoint));

    w->dealer = dial(w, endpoint, w->server_key);
    say_patiently(w, "hello");
    int route_len = zmq_recv(broker, route, sizeof(route), 0);
    assert_int_equal(zmq_recv(broker, hello, sizeof(hello), 0), 5);
    assert_int_equal(zmq_send(broker, route, (size_t)route_len, ZMQ_SNDMORE), route_len);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(zmq_send(broker, "more", 4, ZMQ_SNDMORE), 4);
    }
    assert_int_equal(zmq_send(broker, "end", 3, 0), 3);
    assert_int_equal(zmq_send(broker, route, (size_t)route_len, ZMQ_SNDMORE), route_len);
    assert_int_equal(zmq_send(broker, "better", 6, 0), 6);

    expect_at_dealer(w, "better");
}

static void a_frame_too_long_is_dropped(void **state)
{
    struct world *w = *state;
    char endpoint[64];
    char route[16];
    char hello[16];
    _cleanup_(base_free) uint8_t *bytes = base_zalloc(1, CAIRN_FRAME_MAX_BYTES + 1);
    _cleanup_(socket_close) void *broker = open_foreign_broker(w, endpoint, sizeof(endpoint));

    w->dealer = dial(w, endpoint, w->server_key);
    say_patiently(w, "hello");
    int route_len = zmq_recv(broker, route, sizeof(route), 0);
    assert_int_equal(zmq_recv(broker, hello, sizeof(hello), 0), 5);
    assert_int_equal(zmq_send(broker, route, (size_t)route_len, ZMQ_SNDMORE), route_len);
    assert_int_equal(zmq_send(broker, bytes, CAIRN_FRAME_MAX_BYTES + 1, 0),
                     CAIRN_FRAME_MAX_BYTES + 1);
    assert_int_equal(zmq_send(broker, route, (size_t)route_len, ZMQ_SNDMORE), route_len);
    assert_int_equal(zmq_send(broker, "better", 6, 0), 6);

    expect_at_dealer(w, "better");
}

static void *wake_it(void *dealer)
{
    dealer_wake(dealer);
    return NULL;
}

static void wake_ends_an_endless_wait(void **state)
{
    struct world *w = *state;
    pthread_t thread;
    bool readable = true;

    assert_int_equal(pthread_create(&thread, NULL, wake_it, w->dealer), 0);
    assert_int_equal(dealer_wait(w->dealer, -1, &readable), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_false(readable);
}

static void expect_refused(const struct dealer_options *options, const char *words)
{
    _cleanup_(dealer_close) struct dealer *dealer = NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(dealer_open(options, &dealer, &error), -EINVAL);
    assert_null(dealer);
    assert_non_null(strstr(error.what, words));
}

static void a_transport_without_curve_is_refused(void **state)
{
    struct world *w = *state;

    expect_refused(
        &(struct dealer_options){.endpoint = "inproc://x", .secret_key = &w->agency_secret},
        "tcp://");
}

static void an_endpoint_that_is_none_is_refused(void **state)
{
    struct world *w = *state;

    expect_refused(
        &(struct dealer_options){.endpoint = "tcp://broker", .secret_key = &w->agency_secret},
        "cannot be dialled");
}

static void a_key_of_the_wrong_length_is_refused(void **state)
{
    const struct secret none = SECRET_NULL;

    (void)state;
    expect_refused(&(struct dealer_options){.endpoint = "tcp://127.0.0.1:1", .secret_key = &none},
                   "key cannot be used");
}

#define with_broker(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define with_keys(test)   cmocka_unit_test_setup_teardown(test, setup_keys, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_broker(a_question_is_answered),
        with_broker(waiting_tells_that_a_frame_is_there),
        with_keys(nothing_is_queued_while_not_connected),
        with_broker(a_restarted_broker_is_found_again),
        with_broker(reconnecting_gives_a_new_route),
        with_keys(a_refused_dealer_comes_in_by_reconnecting_once_it_is_known),
        with_keys(a_dealer_hears_each_refusal_of_its_key_once),
        with_keys(a_refusal_that_comes_while_we_dial_again_holds_nothing_up),
        with_broker(reconnecting_many_times_still_connects),
        with_broker(another_brokers_key_is_not_spoken_to),
        with_broker(what_a_slow_agency_was_sent_arrives_in_order),
        with_keys(a_message_of_several_frames_is_dropped),
        with_keys(a_frame_too_long_is_dropped),
        with_broker(wake_ends_an_endless_wait),
        with_keys(a_transport_without_curve_is_refused),
        with_keys(an_endpoint_that_is_none_is_refused),
        with_keys(a_key_of_the_wrong_length_is_refused),
    };

    return cmocka_run_group_tests(tests, net_set_up, net_tear_down);
}
