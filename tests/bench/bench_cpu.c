/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_cpu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sign.h"
#include "net/dealer.h"
#include "net/router.h"

#define HEAD_BYTES    200 /* a parcel's head is about that long */
#define CHECKS        16  /* between two looks at the clock */
#define FRAME_BYTES   2048
#define FIRST_OF_2026 20454 /* a day of practice */
#define QUIET_MS      200
#define ARRIVE_MAX_MS 10000

double cpu_verifications(double seconds)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(verifier_free) struct verifier *verifier = NULL;
    uint8_t head[HEAD_BYTES];
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    uint64_t checks = 0;
    double spent_s = 0;

    governing_seed(1, "sign", &seed);
    memset(head, 7, sizeof(head));
    bench_must(signer_new(&seed, &signer), "signing key", NULL);
    signer_public(signer, public_key);
    bench_must(verifier_new(public_key, &verifier), "checking key", NULL);
    bench_must(signer_sign(signer, SIGN_PARCEL, SLICE_OF(head), signature), "sign", NULL);
    double start_s = bench_cpu_s();
    while (spent_s < seconds) {
        for (int i = 0; i < CHECKS; i++) {
            if (!verifier_check(verifier, SIGN_PARCEL, SLICE_OF(head), SLICE_OF(signature))) {
                bench_fail("a good signature does not hold");
            }
        }
        checks += CHECKS;
        spent_s = bench_cpu_s() - start_s;
    }
    return (double)checks / spent_s;
}

/* --- decisions --- */

static uint64_t decide_between(const struct governance *governance, struct disclosure *what)
{
    static const struct {
        enum record_kind kind;
        uint32_t code;
    } records[] = {
#define X(name, number, text, kind) {RECORD_##kind, (number)},
        CAIRN_RECORD_CODES(X)
#undef X
#define X(name, number, text, class) {RECORD_##name, CODE_NOT_SAID},
            CAIRN_RECORD_KINDS(X)
#undef X
    };
    uint64_t shared = 0;

    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        what->kind = records[i].kind;
        what->code = records[i].code;
        for (uint32_t urgency = URGENCY_ROUTINE; urgency <= URGENCY_IMMEDIATE; urgency++) {
            what->urgency = (enum urgency)urgency;
            what->roles = ROLE_BIT(i % ROLES + 1);
            shared += agreements_decide(governance->agreements, what).effect != EFFECT_DENY;
        }
    }
    if (shared > ARRAY_LEN(records) * 3) {
        bench_fail("more was shared than was asked for");
    }
    return ARRAY_LEN(records) * 3;
}

static uint64_t decide_all(const struct governance *governance, size_t kinds)
{
    const struct directory *directory = &governance->directory;
    uint64_t decisions = 0;

    for (size_t i = 0; i < kinds; i++) {
        for (size_t j = 0; j < kinds; j++) {
            struct disclosure what = {
                .origin = &directory->agencies[i],
                .recipient = &directory->agencies[kinds + j],
                .day = FIRST_OF_2026,
            };
            decisions += decide_between(governance, &what);
        }
    }
    return decisions;
}

double cpu_decision(double seconds)
{
    static const char *const kinds[] = {"gp",     "hospital",       "health-visiting",
                                        "school", "police",         "childrens-services",
                                        "mash",   "adult-services", "early-help"};
    struct test_agency agencies[2 * ARRAY_LEN(kinds)];
    char ids[2 * ARRAY_LEN(kinds)][16];
    struct governing governing;
    uint64_t decisions = 0;
    double spent_s = 0;

    for (uint32_t i = 0; i < ARRAY_LEN(agencies); i++) {
        (void)snprintf(ids[i], sizeof(ids[i]), "agency-%u", i);
        agencies[i] = (struct test_agency){i + 1, ids[i], kinds[i % ARRAY_LEN(kinds)], false};
    }
    governing_init(&governing);
    governing_fill(&governing, agencies, ARRAY_LEN(agencies));
    double start_s = bench_cpu_s();
    while (spent_s < seconds) {
        decisions += decide_all(governing.governance, ARRAY_LEN(kinds));
        spent_s = bench_cpu_s() - start_s;
    }
    governing_deinit(&governing);
    return spent_s * 1e9 / (double)decisions;
}

/* --- frames --- */

struct flood {
    struct dealer *dealers[BENCH_SENDERS];
    atomic_bool stop;
};

static bool send_one(struct dealer *dealer)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;

    net_frame_init(&frame, FRAME_BYTES);
    memset(net_frame_bytes(&frame), 7, FRAME_BYTES);
    return dealer_send(dealer, &frame) == 0;
}

/* The sockets' own queues are short and there is no waiting for room in them: give way and try
 * again. */
static void *flood_thread(void *data)
{
    struct flood *flood = data;

    while (!atomic_load(&flood->stop)) {
        bool sent = false;
        for (size_t i = 0; i < ARRAY_LEN(flood->dealers); i++) {
            sent = send_one(flood->dealers[i]) || sent;
        }
        if (!sent) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static bool admit_one(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency)
{
    const uint8_t *known = data;

    *ret_agency = 1;
    return bytes_equal_ct(key, known, CURVE_KEY_BYTES);
}

static bool take_one(struct router *router)
{
    struct peer peer;
    struct net_frame frame = NET_FRAME_NULL;
    bool got = router_receive(router, &peer, &frame) == ROUTER_FRAME;

    net_frame_deinit(&frame);
    return got;
}

static void wait_for_one(struct router *router)
{
    for (int waited = 0; !take_one(router); waited += QUIET_MS) {
        if (waited > ARRIVE_MAX_MS) {
            bench_fail("no frame arrives over loopback");
        }
        bench_must(router_wait(router, true, QUIET_MS), "wait", NULL);
    }
}

static double count_frames(struct router *router, double seconds)
{
    uint64_t frames = 0;
    double spent_s = 0;

    wait_for_one(router);
    double start_s = bench_now_s();
    while (spent_s < seconds) {
        bench_must(router_wait(router, true, QUIET_MS), "wait", NULL);
        while (take_one(router)) {
            frames++;
        }
        spent_s = bench_now_s() - start_s;
    }
    return (double)frames / spent_s;
}

static double flood_router(const struct dealer_options *options, struct router *router,
                           double seconds)
{
    struct flood flood = {.stop = false};
    struct error error = ERROR_NULL;
    pthread_t thread;

    for (size_t i = 0; i < ARRAY_LEN(flood.dealers); i++) {
        bench_must(dealer_open(options, &flood.dealers[i], &error), "dealer", &error);
    }
    bench_must(-pthread_create(&thread, NULL, flood_thread, &flood), "thread", NULL);
    double rate = count_frames(router, seconds);
    atomic_store(&flood.stop, true);
    (void)pthread_join(thread, NULL);
    for (size_t i = 0; i < ARRAY_LEN(flood.dealers); i++) {
        dealer_close(&flood.dealers[i]);
    }
    return rate;
}

double cpu_frames(double seconds)
{
    _cleanup_(secret_deinit) struct secret server = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret client = SECRET_NULL;
    uint8_t client_key[CURVE_KEY_BYTES];
    const struct router_options router_options = {.endpoint = "tcp://127.0.0.1:*",
                                                  .secret_key = &server,
                                                  .admit = admit_one,
                                                  .data = client_key};
    struct dealer_options dealer_options = {.secret_key = &client};
    struct error error = ERROR_NULL;
    struct router *router = NULL;

    bench_must(curve_keypair(&server, dealer_options.server_key), "CURVE", NULL);
    bench_must(curve_keypair(&client, client_key), "CURVE", NULL);
    bench_must(router_open(&router_options, &router, &error), "router", &error);
    dealer_options.endpoint = router_endpoint(router);
    double rate = flood_router(&dealer_options, router, seconds);
    router_close(&router);
    return rate;
}
