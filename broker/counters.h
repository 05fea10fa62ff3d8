/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's counters, for the file that `cairn status`, `cairn check` and `cairn metrics` read
 * and for the stages that count: the list of cairn/metrics.h, then one per verdict
 * (answers_VERDICT), then one per note of apply. Names are stage_what. Any thread counts: they are
 * atomic.
 */
#ifndef BROKER_COUNTERS_H
#define BROKER_COUNTERS_H

#include "broker/applying.h"
#include "cairn/metrics.h"
#include "cairn/verdict.h"
#include "os/counters.h"

enum broker_counter {
#define X(id, name, metric, label, unit) COUNT_##id,
    CAIRN_BROKER_COUNTERS(X)
#undef X
    N_BROKER_COUNTERS
};

/* -EBUSY and the error while a broker lives that writes to that file. */
int broker_counters_free(const char *path, struct error *error) MUST_USE;
/* Creates the file with all three lists. Likewise. */
int broker_counters_create(const char *path, struct counters *ret, struct error *error) MUST_USE;
void count(struct counters *counters, enum broker_counter counter, uint64_t by);
void count_set(struct counters *counters, enum broker_counter counter, uint64_t value);
void count_verdict(struct counters *counters, enum verdict verdict);
void count_note(struct counters *counters, enum apply_note note, uint64_t by);

#endif
