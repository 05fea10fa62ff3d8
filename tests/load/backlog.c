/* SPDX-License-Identifier: Apache-2.0 */
#include "load/backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "os/counters.h"
#include "os/fd.h"

#define CHILDREN  20000 /* of each agency: no pattern is met */
#define GIVE_UP_S 60.0
#define QUIET_MS  300
#define WAIT_MS   1000

/* --- starting --- */

static void map_clock(struct backlog *backlog, char path[BENCH_PATH])
{
    bench_path(path, backlog->partnership.dir, "clock");
    _cleanup_(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)sizeof(*backlog->ahead_s)) != 0) {
        bench_must(-errno, path, NULL);
    }
    backlog->ahead_s =
        mmap(NULL, sizeof(*backlog->ahead_s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (backlog->ahead_s == MAP_FAILED) {
        bench_must(-errno, path, NULL);
    }
}

static void start_broker(struct backlog *backlog)
{
    const struct partnership *partnership = &backlog->partnership;
    char log[BENCH_PATH];
    char clock[BENCH_PATH];

    map_clock(backlog, clock);
    bench_path(log, partnership->dir, "broker.log");
    const struct daemon_options options = {
        .program = BUILD_DIR "/cairn-broker",
        .config = partnership->broker_ini,
        .log = log,
        .clock = clock,
        .allow_tmpfs = partnership->tmpfs,
    };
    if (!daemon_start(&options, &backlog->broker)) {
        bench_fail("%s does not start", options.program);
    }
}

static void join(const struct partnership *partnership, uint32_t number, struct sender *sender,
                 struct client *client)
{
    sender_init(sender, partnership->governing.governance, number, CHILDREN);
    client_init(client, partnership, number);
}

void backlog_start(struct backlog *backlog, const struct backlog_options *options)
{
    const struct partnership *partnership = &backlog->partnership;
    struct error error = ERROR_NULL;

    *backlog = (struct backlog){.partnership = {.quota_records = options->quota_records}};
    partnership_make(&backlog->partnership);
    if (options->floods) {
        backlog->flooder = flooder_fork(partnership, 1);
    }
    bench_must(net_init(&error), "network", &error);
    start_broker(backlog);
    for (uint32_t i = 0; i < BACKLOG_WRITERS; i++) {
        join(partnership, i + 1, &backlog->writers[i].sender, &backlog->writers[i].client);
    }
    join(partnership, BENCH_SENDERS, &backlog->other.sender, &backlog->other.client);
    drain_init(&backlog->reader, partnership, BENCH_MASH);
}

void backlog_stop(struct backlog *backlog)
{
    for (size_t i = 0; i < BACKLOG_WRITERS; i++) {
        client_deinit(&backlog->writers[i].client);
        sender_deinit(&backlog->writers[i].sender);
    }
    client_deinit(&backlog->other.client);
    sender_deinit(&backlog->other.sender);
    drain_deinit(&backlog->reader);
    flooder_end(&backlog->flooder);
    daemon_stop(&backlog->broker);
    net_deinit();
    (void)munmap(backlog->ahead_s, sizeof(*backlog->ahead_s));
    partnership_remove(&backlog->partnership);
}

/* --- queueing --- */

/* False when it has to be sent again. */
static bool take_receipt(struct client *client)
{
    struct slice bytes = net_frame_slice(&client->frame);
    struct wire_header header;
    enum verdict verdict = VERDICT_STORED;
    arena_reset(&client->arena);
    if (!wire_header_read(bytes, &header)) {
        bench_fail("agency %u got what is no Cairn frame", client->agency);
    }
    if (header.type == WIRE_ERROR) {
        bool good = wire_error_read(wire_payload(bytes), &client->arena, &verdict);
        if (!good || !verdict_is_retry(verdict)) {
            bench_fail("the broker answers agency %u: %s", client->agency, verdict_words(verdict));
        }
        return false;
    }
    struct wire_receipt receipt;
    if (header.type != WIRE_RECEIPT ||
        !wire_receipt_read(wire_payload(bytes), &client->arena, &receipt)) {
        bench_fail("agency %u got message %d", client->agency, (int)header.type);
    }
    for (size_t i = 0; i < receipt.n_results; i++) {
        if (!verdict_is_stored(receipt.results[i].verdict)) {
            bench_fail("an entry was not stored: %s", verdict_words(receipt.results[i].verdict));
        }
    }
    return true;
}

/* As an agent does: one parcel under way, and again until it is stored. */
static void send_and_wait(struct client *client, const struct net_frame *frame)
{
    double until = bench_now_s() + GIVE_UP_S;
    bool stored = false;
    bool sent = false;
    bool readable = false;
    while (!stored) {
        if (bench_now_s() > until) {
            bench_fail("agency %u gets no receipt", client->agency);
        }
        if (!sent) {
            struct net_frame copy = NET_FRAME_NULL;
            net_frame_copy(&copy, net_frame_slice(frame));
            client_send(client, &copy);
            sent = true;
        }
        bench_must(dealer_wait(client->dealer, WAIT_MS, &readable), "wait", NULL);
        if (dealer_receive(client->dealer, &client->frame)) {
            stored = take_receipt(client);
            sent = stored;
            net_frame_deinit(&client->frame);
        }
    }
}

static void *write_all(void *data)
{
    struct writer_agency *writer = data;
    for (; writer->parcels > 0; writer->parcels--) {
        struct net_frame frame = NET_FRAME_NULL;
        sender_records(&writer->sender, LANE_NORMAL, CAIRN_PARCEL_ENTRIES_MAX, &frame);
        writer->bytes += net_frame_slice(&frame).len;
        send_and_wait(&writer->client, &frame);
        net_frame_deinit(&frame);
    }
    return NULL;
}

size_t backlog_queue(struct backlog *backlog, size_t records, uint64_t *bytes)
{
    size_t each = (records + CAIRN_PARCEL_ENTRIES_MAX * BACKLOG_WRITERS - 1) /
                  (CAIRN_PARCEL_ENTRIES_MAX * BACKLOG_WRITERS);
    for (size_t i = 0; i < BACKLOG_WRITERS; i++) {
        struct writer_agency *writer = &backlog->writers[i];
        writer->sender.urgency = URGENCY_SAME_DAY;
        writer->parcels = each;
        writer->bytes = 0;
        bench_must(-pthread_create(&writer->thread, NULL, write_all, writer), "thread", NULL);
    }
    for (size_t i = 0; i < BACKLOG_WRITERS; i++) {
        (void)pthread_join(backlog->writers[i].thread, NULL);
        *bytes += backlog->writers[i].bytes;
    }
    return each * CAIRN_PARCEL_ENTRIES_MAX * BACKLOG_WRITERS;
}

double backlog_wait_ms(struct writer_agency *agency, enum lane lane)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    agency->sender.urgency = lane == LANE_URGENT ? URGENCY_IMMEDIATE : URGENCY_ROUTINE;
    sender_records(&agency->sender, lane, 1, &frame);
    double began = bench_now_s();
    send_and_wait(&agency->client, &frame);
    return (bench_now_s() - began) * 1000;
}

double backlog_drain(struct backlog *backlog, size_t records)
{
    double began = bench_now_s();
    uint64_t n = drain_take(&backlog->reader, records);
    return (double)n / (bench_now_s() - began);
}

/* --- looking --- */

void backlog_forward(struct backlog *backlog, int64_t seconds)
{
    __atomic_fetch_add(backlog->ahead_s, seconds, __ATOMIC_RELAXED);
}

uint64_t backlog_counter(const struct backlog *backlog, const char *name)
{
    static struct counters_reading reading;
    char path[BENCH_PATH];
    bench_path(path, backlog->partnership.broker_store, "counters");
    bench_must(counters_read(path, &reading), path, NULL);
    for (size_t i = 0; i < reading.count; i++) {
        if (strcmp(reading.counters[i].name, name) == 0) {
            return reading.counters[i].value;
        }
    }
    bench_fail("the broker does not count %s", name);
}

void backlog_settle(const struct backlog *backlog)
{
    uint64_t before;
    uint64_t batches = backlog_counter(backlog, "commit_batches");
    do {
        before = batches;
        bench_pause_ms(QUIET_MS);
        batches = backlog_counter(backlog, "commit_batches");
    } while (batches != before);
}

uint64_t backlog_store_bytes(const struct backlog *backlog)
{
    char path[BENCH_PATH];
    struct stat status;
    bench_path(path, backlog->partnership.broker_store, "data.mdb");
    if (stat(path, &status) != 0) {
        bench_must(-errno, path, NULL);
    }
    return (uint64_t)status.st_blocks * 512;
}
