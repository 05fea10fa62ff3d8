/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backlog: a real broker, seven agencies that store records for the MASH as fast as one parcel in
 * flight lets them, one that goes on as on any day, and a reader that checks nothing. Nobody keeps
 * note of what was sent, so that millions can wait. The broker's clock is set by the test. Failures
 * end the program with a reason (bench_fail). Main thread.
 */
#ifndef LOAD_BACKLOG_H
#define LOAD_BACKLOG_H

#include <pthread.h>

#include "bench/bench_client.h"
#include "bench/bench_daemon.h"
#include "bench/bench_drain.h"
#include "bench/bench_sender.h"
#include "load/flooder.h"

#define BACKLOG_WRITERS (BENCH_SENDERS - 1)

struct writer_agency {
    struct sender sender;
    struct client client;
    pthread_t thread;
    size_t parcels; /* still to be sent */
    uint64_t bytes; /* of all its frames so far */
};

struct backlog {
    struct partnership partnership;
    struct daemon broker;
    struct flooder *flooder; /* the first of the writers, from another process; or NULL */
    int64_t *ahead_s;        /* the broker's clock */
    struct writer_agency writers[BACKLOG_WRITERS];
    struct writer_agency other; /* only its urgent records are told of */
    struct drain reader;        /* the MASH */
};

struct backlog_options {
    uint64_t quota_records; /* a minute, of each agency; 0: none that matters */
    bool floods;            /* with a flooder */
};
/* Opens the network too: nothing of it may be open before. */
void backlog_start(struct backlog *backlog, const struct backlog_options *options);
/* The broker has to end in order, and everything is removed. */
void backlog_stop(struct backlog *backlog);

/* Each of them is one row of the MASH's mailbox. Rounded up to whole parcels of all agencies;
 * returns how many, adds the bytes that they were on the wire. */
size_t backlog_queue(struct backlog *backlog, size_t records, uint64_t *bytes);
/* One record alone in its parcel, in that lane: until its receipt is there. What is refused for now
 * is sent again at once. */
double backlog_wait_ms(struct writer_agency *agency, enum lane lane);
/* Until so many were delivered and acknowledged; how many a second. */
double backlog_drain(struct backlog *backlog, size_t records);
/* Real time, by the broker's clock, goes forward. */
void backlog_forward(struct backlog *backlog, int64_t seconds);

/* What the broker counts; it sets some of its numbers once a second. */
uint64_t backlog_counter(const struct backlog *backlog, const char *name);
/* Until the broker has nothing to write by itself any more. */
void backlog_settle(const struct backlog *backlog);
/* Of the store's file. */
uint64_t backlog_store_bytes(const struct backlog *backlog);

#endif
