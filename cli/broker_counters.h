/* SPDX-License-Identifier: Apache-2.0 */
/* broker_counters: the counters of a broker, from its folder: how it does, without asking it. */
#ifndef CLI_BROKER_COUNTERS_H
#define CLI_BROKER_COUNTERS_H

#include "cairn/metrics.h"
#include "cli/output.h"
#include "os/counters.h"

/* DIR is the broker's folder, or one that has it in data/. STATUS_NOT_FOUND when no broker has run
 * there, STATUS_FAILED when what is there cannot be read, and the error. */
enum status broker_counters_find(const char *dir, struct counters_reading *ret,
                                 struct error *error) MUST_USE;
/* By its name in the file; 0 when the file has none of that name. */
#define BROKER_COUNTER_DUTY_GAP "duty_gap" /* enum duty_gap (govern/duty.h) */
uint64_t broker_counter(const struct counters_reading *reading, const char *name);
/* What is counted by that name; UNIT_ONE for one that is not known here. */
enum cairn_unit broker_counter_unit(const char *name);

#endif
