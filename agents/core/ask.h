/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: this agency, which is involved with a child, asks the others for what they hold back: for
 * one record that it was told exists, or for everything. Each origin decides. A request is an entry
 * like any other: it is on disk when this returns 0, and goes the outbound way.
 *
 * Any thread. Blocks on the disk.
 */
#ifndef AGENTS_ASK_H
#define AGENTS_ASK_H

#include "agents/core/agent.h"

struct ask_request {
    struct slice body;            /* {"format":"cairn-request/v1", child, record, purpose} */
    struct slice idempotency_key; /* empty: none; as of a submission (intake.h) */
    uint32_t by_uid;              /* who calls: kept with it */
};

/* 0 and its reference; or, with nothing written, as intake_submit; -EAGAIN while the agent does not
 * know its own place in the partnership. */
int ask_submit(struct agent *agent, const struct ask_request *request, struct reference *ret,
               struct error *error) MUST_USE;

#endif
