/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig: a real broker process, agencies that flood it, and what /proc says of it. For tests of what
 * is bounded. Everything asserts (cmocka). Main thread, but for the sampler's own.
 */
#ifndef LOAD_RIG_H
#define LOAD_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/attr.h"
#include "base/slice.h"
#include "support/load.h"

#define RIG_MIB (1024.0 * 1024.0)

/* Figures are for people who asked for them: `./run load` sets CAIRN_LOAD_SENT. A test that passes
 * prints nothing. */
void rig_print(const char *format, ...) PRINTF(1, 2);

/* Not more than so many bytes; says how many it was. A sanitizer has memory of its own. */
#define rig_assert_at_most(bytes, most) assert_in_range(CAIRN_SANITIZED ? 0 : (bytes), 0, (most))

/* RssAnon of a process, in bytes. */
uint64_t rig_anonymous_bytes(pid_t pid);

/* Waits until it has not grown for a while: what was sent has arrived where it stays. */
uint64_t rig_settled_bytes(pid_t pid);

/* The most of it that was seen, looked at every few milliseconds by a thread of its own. */
struct rig_sampler {
    pid_t pid;
    pthread_t thread;
    atomic_bool stops;
    uint64_t most; /* after rig_sampler_stop */
};
void rig_sampler_start(struct rig_sampler *sampler, pid_t pid);
uint64_t rig_sampler_stop(struct rig_sampler *sampler);

/* The broker's signer stops where it is, or goes on: with it no batch is ever answered. */
void rig_halt_signer(pid_t broker);
void rig_resume_signer(pid_t broker);

/* The largest frame there is, of that type and lane, with nothing sound in it. */
void rig_largest(unsigned type, enum lane lane, struct buf *ret);
/* Sends one. False when the connection takes no more. */
bool rig_send_largest(struct load *load, unsigned type, enum lane lane);

#endif
