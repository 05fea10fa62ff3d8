/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: one agency that speaks the wire to a real broker, without an agent: it seals, grants, signs
 * and cuts parcels, keeps each until it was answered, and sends it again when told to. Files of its
 * own, synced, say what was submitted, what was acknowledged and which heads were shown, so that
 * nothing the broker does can change them. One thread; the process's ZeroMQ context must be there
 * (net_init).
 */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H

#include <stddef.h>

#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/verdict.h"
#include "support/daemons.h"

struct load;

/* `id` was added to the estate; its governance is read from the partnership's folder, as of now. */
struct load *load_new(const struct estate *estate, const char *id);
void load_free(struct load **load);
/* Dials anew: the broker was started again. */
void load_reconnect(struct load *load);

/* What is submitted from now on goes in that lane: in the urgent one, concerns that cannot wait.
 * LANE_NORMAL at first. */
void load_in_lane(struct load *load, enum lane lane);
/* What the newest refusal of a parcel since the last submission said; VERDICT_STORED: none came. */
enum verdict load_refusal(const struct load *load);
/* A parcel of n records is made, written down as submitted, and sent when there is a connection. */
void load_submit(struct load *load, size_t n);
/* Takes what has come, waiting up to timeout_ms for something. Returns how many entries were
 * acknowledged by it; each is written down. */
size_t load_receive(struct load *load, int timeout_ms);
/* Everything that was not acknowledged is sent again. */
void load_resend(struct load *load);
/* Receives, and sends again what is refused for now or lost, until all is acknowledged. */
void load_settle(struct load *load);

size_t load_unanswered(const struct load *load);   /* parcels */
size_t load_acknowledged(const struct load *load); /* entries */
/* From when the parcel that was answered last was ready to go until its receipt had come: what
 * is written down here is not in it. */
double load_waited_ms(const struct load *load);
/* Of the clock by which that is counted: CLOCK_MONOTONIC. */
double load_now_ms(void);

/* Everything that was acknowledged is sent again and gets the same answer. */
void load_expect_same_answers(struct load *load);
/* The broker proves each acknowledged entry to be in the log at the place it named. */
void load_expect_proofs(struct load *load);
/* What these files say, against a store that nobody has open: each acknowledged entry is there
 * with its answer and its leaf, each entry has one leaf, and nothing is there that was never
 * submitted. */
void load_expect_store(const struct load *load, const struct estate *estate);

/* The same files against the store's exported log, by a second implementation of tree, notes and
 * signatures (tests/fault/verify.py); the heads of every agency as well. */
void load_expect_oracle(const struct load *load, const struct estate *estate);

#endif
