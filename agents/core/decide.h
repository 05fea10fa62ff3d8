/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide: a named person opens or closes an alert, opens one record, says who is one child, or
 * looks at the picture of a child. A decision is an entry like any other: it is on disk when this
 * returns 0, and goes the outbound way.
 *
 * Any thread. Blocks on the disk.
 */
#ifndef AGENTS_DECIDE_H
#define AGENTS_DECIDE_H

#include "agents/core/agent.h"
#include "agents/core/identity.h"

/* As that person said it: borrowed, prose. */
struct decide_person {
    const char *name; /* not empty; at most CAIRN_NAME_MAX_BYTES with the NUL, likewise the role */
    const char *role;
    const char *reason; /* text_is_reason */
};

/* About one alert, one record or one child; or about a link, which has a record always: one of the
 * child that is meant, with the alert that lists it or 0. */
struct decide_request {
    enum action action;
    uint64_t alert;               /* 0: about no alert */
    const struct identity *child; /* of a look that is not at an alert, else NULL */
    bool has_record;
    struct entry_id record;
    bool has_other; /* whether two children are one: then a record of the other one */
    struct entry_id other;
    enum outcome outcome; /* of closing, else OUTCOME_NONE */
    struct decide_person person;
    /* Agencies by number that may read the reason besides us; those unknown when it is sent are
     * left out. */
    size_t n_recipients;
    uint32_t recipients[CAIRN_ADDRESSEES_MAX];
    struct slice idempotency_key; /* empty: none; as of a submission (intake.h) */
    uint32_t by_uid;              /* who calls: kept with it */
};

/* Whether a named person decides, and says why: -EINVAL and the error. */
int decide_check_person(const struct decide_person *person, struct error *error) MUST_USE;

/* Who decided here and why, where it is no entry of its own: as it lies in the store. */
#define DECIDE_SEALED_MAX_BYTES                                                                    \
    (CAIRN_REASON_MAX_BYTES * 2 + 4 * CAIRN_NAME_MAX_BYTES + 256 + WRAP_OVERHEAD_BYTES)

/* Sealed under the store key for that purpose; the person was checked. 0 or -errno. */
int decide_seal(const struct secret *store_key, const char *purpose,
                const struct decide_person *person, uint8_t out[DECIDE_SEALED_MAX_BYTES],
                size_t *ret_len) MUST_USE;

/* Appends it as JSON, {format, name, role, reason}; false when it does not open under that key and
 * purpose, or `out` is full. */
bool decide_open(const struct secret *store_key, const char *purpose, struct slice sealed,
                 struct buf *out) MUST_USE;

/* 0 and its reference, of the first time where the idempotency key is known; or, with nothing
 * written:
 *   -EINVAL   it is about nothing, or about several; or no named person says why: the error tells
 *   -EEXIST   this idempotency key came from this user with something else before
 *   -EAGAIN   the agent does not know its own place in the partnership yet
 *   -ENOSPC   the store is full
 */
int decide_submit(struct agent *agent, const struct decide_request *decision, struct reference *ret,
                  struct error *error) MUST_USE;

#endif
