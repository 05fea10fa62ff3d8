/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker: the stages put together: keys, store, threads. open -> recover -> listen -> run -> close;
 * each step refuses with a reason; close accepts any half-built state. The main thread is the net
 * thread.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/attest.h"
#include "broker/commit.h"
#include "broker/net.h"
#include "broker/options.h"
#include "broker/publish.h"
#include "broker/verify.h"

struct broker {
    const struct options *options;
    struct secret curve_key;
    struct secret pepper;
    struct signer_client signer; /* the signer */
    struct store *store;
    struct counters counters;
    struct board *board;
    struct pipeline *pipeline;
    struct verify verify;
    struct commit commit;
    struct attest attest;
    struct publish publish;
    struct net net;
    int signals; /* -1 when closed */
    int n_threads;
    pthread_t threads[CAIRN_VERIFY_WORKERS_MAX + 3];
};

#define BROKER_NULL                                                                                \
    ((struct broker){.signals = -1,                                                                \
                     .signer = SIGNER_CLIENT_NULL,                                                 \
                     .counters = COUNTERS_NULL,                                                    \
                     .commit = {.marker = MARKER_NULL},                                            \
                     .attest = {.highwater = HIGHWATER_NULL}})

/* Before anything is opened: the signer, in a child of this process unless the options name a
 * socket. The child does not come back. */
int broker_signer(struct broker *broker, const struct options *options,
                  struct error *error) MUST_USE;
/* Keys, store, counters, crash marker, board, pipeline. */
int broker_open(struct broker *broker, const struct options *options, struct error *error) MUST_USE;
/* High-water mark and clock; state as the store holds it; newer documents from the governance
 * folder; the batch that says "started". */
int broker_recover(struct broker *broker, struct error *error) MUST_USE;
/* The public socket, after its self-test. */
int broker_listen(struct broker *broker, struct error *error) MUST_USE;
/* Until SIGTERM or SIGINT; then drains: everything taken in is answered. SIGHUP submits newer
 * governance documents. */
void broker_run(struct broker *broker);
void broker_close(struct broker *broker);

#endif
