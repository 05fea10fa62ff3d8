/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked: what other agencies ask of us. Who asks must be in the child's circle today, by its own
 * signed involvement: what the broker invents, or passes on from somebody who is not involved, is
 * refused, counted and kept as evidence. What the agreements share is granted by itself; what they
 * leave to us waits for a person, whose refusal is told to who asked, with the reason; all else is
 * answered by nothing.
 *
 *   ASKED row   state u8 | n u8 | n handles[16] | purpose u8 | has record u8 | record id
 *               | taken u64 | decided u64 | granted u32 | by uid u32 | sized sealed decision
 *
 * Functions with a transaction work inside the caller's; any thread.
 */
#ifndef AGENTS_ASKED_H
#define AGENTS_ASKED_H

#include "agents/core/decide.h"
#include "agents/core/granting.h"

/* Column 3: its text. */
#define ASKED_STATES(X)                                                                            \
    X(WAITING, 1, "waiting")       /* for a person here */                                         \
    X(GRANTED, 2, "granted")       /* by a person */                                               \
    X(REFUSED, 3, "refused")       /* by a person */                                               \
    X(DONE, 4, "done")             /* nothing waits: granted by itself, or nothing to grant */     \
    X(UNINVOLVED, 5, "uninvolved") /* who asked is not involved with the child */

enum asked_state {
#define X(name, number, text) ASKED_##name = (number),
    ASKED_STATES(X)
#undef X
};
const char *asked_state_text(enum asked_state state);

/* Ours of the child who is asked about; none: not known here. */
struct asked_handles {
    size_t n;
    uint8_t of[CAIRN_MEMBERS_PER_AGENCY_MAX][CAIRN_HANDLE_BYTES];
};

struct asked_row {
    enum asked_state state;
    struct asked_handles handles;
    enum purpose purpose;
    bool has_record;
    struct entry_id record;
    int64_t taken_ms;
    int64_t decided_ms;  /* by a person; 0 */
    uint32_t granted;    /* entries, by itself or by the person */
    uint32_t by_uid;     /* the user of this machine that decided */
    struct slice sealed; /* who decided and why, under the store key; borrowed; empty: nobody did */
};
bool asked_get(struct store_txn *txn, const struct entry_id *request, struct asked_row *ret);
/* A row under a walk of AT_ASKED; false for a broken one. */
bool asked_unpack(struct slice key, struct slice value, struct entry_id *ret_request,
                  struct asked_row *ret) MUST_USE;

/* How many wait for a person. */
uint64_t asked_waiting(struct store_txn *txn);

/* A delivered request whose signature held. No handles: of no child that is known here, or signed
 * with a key that has been revoked since. */
void asked_take(const struct granting *granting, const struct asked_handles *handles,
                const struct request_header *header);
/* The records of ours that this request waits for, the newest first, as of now; none when who asked
 * is not involved any more. */
size_t asked_records(const struct granting *granting, const struct entry_id *request,
                     const struct asked_row *row, struct entry_id ret[GRANTING_MAX]);

struct asked_decision {
    struct entry_id request;
    bool grant;
    struct decide_person person;
    uint32_t by_uid;
};
/* A named person has decided; it is on disk when this returns 0, a refusal for who asked too.
 * -ENOENT when nobody asked that; -EALREADY when it does not wait any more; -EPERM when who asked
 * is not involved any more; -EINVAL and the error; -ENOSPC; -EAGAIN while our place is not
 * known. */
int asked_decide(struct agent *agent, const struct asked_decision *decision,
                 struct error *error) MUST_USE;

/* A request of ours that somebody refused: the signed refusal, one for each agency. */
void refused_put(struct store_txn *txn, const struct entry_id *request,
                 const struct entry_id *refusal);
size_t refused_list(struct store_txn *txn, const struct entry_id *request,
                    struct entry_id ret[CAIRN_ADDRESSEES_MAX]);

#endif
