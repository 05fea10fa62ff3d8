/* SPDX-License-Identifier: Apache-2.0 */
#include "load/flooder.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench_client.h"
#include "bench/bench_sender.h"
#include "net/net.h"

#define CHILDREN     20000
#define LOWEST       19 /* priority */
#define CONNECT_MS   30000
#define FULL_MS      1 /* the connection takes no more */
#define FLOOD_FRAMES 8 /* then answers have their turn */

struct flooder {
    pid_t pid;
    atomic_uint flood;
    atomic_bool connected;
    atomic_bool ends;
    atomic_ullong sent;
    atomic_ullong stored;
    atomic_ullong refused;
};

/* --- its process --- */

struct flooding {
    struct flooder *flooder;
    struct sender sender;
    struct client client;
    unsigned turn;
};

static void count_answer(struct flooding *flooding)
{
    struct client *client = &flooding->client;
    struct slice bytes = net_frame_slice(&client->frame);
    struct wire_header header;
    struct wire_receipt receipt;
    arena_reset(&client->arena);
    if (!wire_header_read(bytes, &header)) {
        bench_fail("the flooding agency got what is no Cairn frame");
    }
    if (header.type == WIRE_RECEIPT &&
        wire_receipt_read(wire_payload(bytes), &client->arena, &receipt)) {
        atomic_fetch_add(&flooding->flooder->stored, receipt.n_results);
    }
    if (header.type == WIRE_ERROR) {
        atomic_fetch_add(&flooding->flooder->refused, 1);
    }
}

static void take_answers(struct flooding *flooding)
{
    struct client *client = &flooding->client;
    while (dealer_receive(client->dealer, &client->frame)) {
        count_answer(flooding);
        net_frame_deinit(&client->frame);
    }
}

static void make_garbage(const struct flooding *flooding, struct net_frame *ret)
{
    static uint8_t zeros[CAIRN_FRAME_MAX_BYTES];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    unsigned lane = flooding->turn % (CAIRN_LANES + 1);
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX,
        .type = lane == 0 ? WIRE_PROOF_REQUEST : WIRE_PARCEL,
        .lane = (uint8_t)lane,
        .entries = lane == 0 ? 0 : CAIRN_PARCEL_ENTRIES_MAX,
    };
    wire_frame_begin(&bytes, &header);
    buf_add(&bytes, zeros, sizeof(zeros) - WIRE_HEADER_BYTES);
    wire_frame_end(&bytes);
    assert(buf_ok(&bytes));
    net_frame_copy(ret, buf_slice(&bytes));
}

/* False when the connection takes no more. */
static bool send_one(struct flooding *flooding, enum flood flood, struct net_frame *frame)
{
    if (!frame->live) {
        flooding->turn++;
        if (flood == FLOOD_GARBAGE) {
            make_garbage(flooding, frame);
        } else {
            sender_records(&flooding->sender, flooding->turn % 2 == 0 ? LANE_NORMAL : LANE_BULK,
                           CAIRN_PARCEL_ENTRIES_MAX, frame);
        }
    }
    int r = dealer_send(flooding->client.dealer, frame);
    if (r != 0 && r != -EAGAIN) {
        bench_must(r, "send", NULL);
    }
    return r == 0;
}

/* What was not taken is kept in `frame`, and goes first. */
static void flood_some(struct flooding *flooding, enum flood flood, struct net_frame *frame)
{
    size_t n = 0;
    while (n < FLOOD_FRAMES && send_one(flooding, flood, frame)) {
        n++;
    }
    atomic_fetch_add(&flooding->flooder->sent, n);
    take_answers(flooding);
    if (n < FLOOD_FRAMES) {
        bench_pause_ms(FULL_MS);
    }
}

static void be_flooder(struct flooder *flooder, const struct partnership *partnership,
                       uint32_t agency)
{
    struct flooding flooding = {.flooder = flooder};
    struct net_frame frame = NET_FRAME_NULL;
    struct error error = ERROR_NULL;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setpriority(PRIO_PROCESS, 0, LOWEST) != 0) {
        bench_must(-errno, "a process of its own", NULL);
    }
    while (atomic_load(&flooder->flood) == FLOOD_NONE && !atomic_load(&flooder->ends)) {
        bench_pause_ms(FULL_MS);
    }
    if (atomic_load(&flooder->ends)) {
        return;
    }
    bench_must(net_init(&error), "network", &error);
    sender_init(&flooding.sender, partnership->governing.governance, agency, CHILDREN);
    client_init(&flooding.client, partnership, agency);
    atomic_store(&flooder->connected, true);
    while (!atomic_load(&flooder->ends)) {
        enum flood flood = (enum flood)atomic_load(&flooder->flood);
        if (flood == FLOOD_NONE) {
            take_answers(&flooding);
            bench_pause_ms(FULL_MS);
        } else {
            flood_some(&flooding, flood, &frame);
        }
    }
    net_frame_deinit(&frame);
    client_deinit(&flooding.client);
    sender_deinit(&flooding.sender);
    net_deinit();
}

/* --- the other --- */

struct flooder *flooder_fork(const struct partnership *partnership, uint32_t agency)
{
    struct flooder *flooder =
        mmap(NULL, sizeof(*flooder), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (flooder == MAP_FAILED) {
        bench_must(-errno, "shared memory", NULL);
    }
    pid_t pid = fork();
    if (pid < 0) {
        bench_must(-errno, "fork", NULL);
    }
    if (pid == 0) {
        be_flooder(flooder, partnership, agency);
        _exit(EXIT_SUCCESS);
    }
    flooder->pid = pid;
    return flooder;
}

void flooder_end(struct flooder **flooder)
{
    int status = 0;
    if (*flooder == NULL) {
        return;
    }
    atomic_store(&(*flooder)->ends, true);
    if (waitpid((*flooder)->pid, &status, 0) != (*flooder)->pid || status != 0) {
        bench_fail("the flooding agency did not end in order");
    }
    (void)munmap(*flooder, sizeof(**flooder));
    *flooder = NULL;
}

void flooder_set(struct flooder *flooder, enum flood flood)
{
    atomic_store(&flooder->flood, flood);
    for (int waited = 0; flood != FLOOD_NONE && !atomic_load(&flooder->connected); waited++) {
        if (waited > CONNECT_MS) {
            bench_fail("the flooding agency does not connect");
        }
        bench_pause_ms(1);
    }
}

void flooder_report(const struct flooder *flooder, struct flood_report *ret)
{
    *ret = (struct flood_report){.sent = atomic_load(&flooder->sent),
                                 .stored = atomic_load(&flooder->stored),
                                 .refused = atomic_load(&flooder->refused)};
}
