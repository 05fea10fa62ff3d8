/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: eight agencies with a connection and a thread each, and the MASH, which reads. What they
 * send is sealed, signed and cut before the clock starts. As an agent does, each has one parcel of
 * a lane in flight and sends the next when the receipt is there. Owned by the main thread, but for
 * the MASH while a run reads.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <pthread.h>

#include "bench/bench_daemon.h"
#include "bench/bench_drain.h"

struct load;

struct load *load_new(const struct partnership *partnership, size_t children);
/* After the broker was started again: every connection is made anew. */
void load_connect(struct load *load, const struct partnership *partnership);
void load_free(struct load **load);
/* Every child is stated by its agency; the broker knows them all afterwards. */
void load_register(struct load *load);
void load_sizes(struct load *load, struct record_sizes *ret);

struct load_plan {
    size_t parcels; /* each agency's, on each of its lanes */
    size_t records; /* in a parcel */
    size_t lanes;   /* 1: normal; 2: normal and bulk at the same time */
    bool told;      /* the MASH is told of each record at once, and one thread reads them all */
    const struct daemon *broker;
};

struct load_result {
    uint64_t records;
    double seconds;          /* from the first send to the last receipt */
    double read_seconds;     /* and until the MASH has read and acknowledged the last, when told */
    struct samples waits_ms; /* from a parcel's send to its receipt */
    double broker_cpu_s;
    double stage_s[DAEMON_STAGES]; /* the same by stage */
    double clients_cpu_s;          /* of this program: the eight agencies' end of the work */
    bool has_written;
    double written_bytes;
    double anonymous_mib; /* the most that was seen while it ran */
};
void load_run(struct load *load, const struct load_plan *plan, struct load_result *ret);
void load_result_deinit(struct load_result *result);

/* From sending the record that completes a pattern to the alert at the MASH, one after the other
 * with nothing else going on. `around` may commit to stores of its own before and after, as spool
 * and inbox do; what it takes is in `whole_ms` only. */
struct alert_plan {
    size_t alerts;
    int pause_ms; /* between two */
    void (*spool)(void *data);
    void (*inbox)(void *data);
    void *data;
};
struct alert_result {
    struct samples wire_ms;  /* send to delivery */
    struct samples whole_ms; /* before spool to after inbox */
};
void load_alerts(struct load *load, const struct alert_plan *plan, struct alert_result *ret);

#endif
