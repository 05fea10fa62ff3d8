/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: bytes -> parcel -> signature -> verdict. Stateless: a worker reads an immutable
 * governance snapshot and the pepper, touches only its slot, and makes the only thing that commit
 * accepts: struct verified. N threads, each with a struct verify of its own.
 */
#ifndef BROKER_VERIFY_H
#define BROKER_VERIFY_H

#include "broker/board.h"
#include "broker/pipeline.h"
#include "crypto/secret.h"

struct verify {
    struct pipeline *pipeline;
    struct board *board;
    const struct secret *pepper;
};

/* Takes one slot, judges it, finishes it. False when there was none (or the pipeline stopped). */
bool verify_step(struct verify *verify, bool wait);
/* Judges a frame; fills verdict and parcel of the slot and lets go of the frame's bytes. */
void verify_slot(const struct verify *verify, struct slot *slot);

#endif
