/* SPDX-License-Identifier: Apache-2.0 */
/* A named person's decision as a caller writes it. Reading one touches no store, so that it can be
 * fuzzed. */
#ifndef AGENTS_API_DECISION_H
#define AGENTS_API_DECISION_H

#include "agents/core/decide.h"
#include "agents/core/event.h"
#include "base/error.h"
#include "base/slice.h"
#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/limits.h"

struct json;

struct api_decision {
    enum action action;
    enum outcome outcome;
    bool has_record; /* of a link decided under an alert */
    struct entry_id record;
    bool has_other; /* of two who might be one */
    struct entry_id other;
    char name[CAIRN_NAME_MAX_BYTES];
    char role[CAIRN_NAME_MAX_BYTES];
    char reason[CAIRN_REASON_MAX_BYTES + 1];
    size_t n_tell;
    char tell[CAIRN_ADDRESSEES_MAX][CAIRN_AGENCY_ID_MAX_BYTES];
};

/* Who decides and why, in `decision`. */
struct decide_person api_decision_person(const struct api_decision *decision);

/* Who looks at the picture of a child, at which and why. */
struct api_look {
    uint64_t alert; /* 0: at the child that follows */
    struct identity child;
    struct api_decision who; /* name, role and reason */
};

/* Strict. -EINVAL and the error for anything but one decision with a reason. */
int api_decision_read(const struct json *document, struct api_decision *ret,
                      struct error *error) MUST_USE;

/* Who answers a request and why: {reason, person}; nothing else is set. Likewise. */
int api_answer_read(const struct json *document, struct api_decision *ret,
                    struct error *error) MUST_USE;

/* {child or alert, reason, person}. Likewise; *ret holds personal data: the caller wipes it. */
int api_look_read(const struct json *document, const struct event_terms *terms,
                  struct api_look *ret, struct error *error) MUST_USE;

#endif
