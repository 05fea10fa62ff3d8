/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core: the broker's deterministic core (apply) in this process, over a real store with as many
 * subjects as asked for, so that its parts can be timed one by one: no network, no signatures. What
 * it applies it applies through the journal, as the broker does.
 *
 * Its population: every child is known to CORE_MEMBERS agencies, and each of these states four
 * identifiers; one child in forty shares name and birth date with another. Handles and tokens are
 * as good as random, so that keys lie as they lie in practice. Main thread.
 */
#ifndef BENCH_CORE_H
#define BENCH_CORE_H

#include "bench/bench_partnership.h"
#include "bench/bench_sender.h"
#include "broker/apply.h"

#define CORE_MEMBERS 4
#define CORE_TOKENS  4

struct core {
    struct store *store;
    struct governance *governance; /* borrowed */
    struct record_sizes sizes;
    uint32_t key_ids[BENCH_AGENCIES + 1];
    uint64_t seqs[BENCH_AGENCIES + 1];
    uint64_t subjects; /* of the population, stated so far */
    uint64_t children; /* of the population */
    uint64_t batches;
    int64_t time_ms;
    uint64_t turn; /* of the fixed sequence that picks subjects */
    uint8_t body[2048];
    struct buf journal;
    uint32_t inputs; /* in it */
};

/* In the folder core/ of the partnership's. */
void core_open(struct core *core, const struct partnership *partnership,
               const struct record_sizes *sizes);
void core_close(struct core *core);
/* States subjects until there are that many: a multiple of CORE_MEMBERS. Once. */
void core_fill(struct core *core, uint64_t subjects);

/* --- who is who --- */

/* The nth subject, below core->subjects. */
struct subject_id core_subject(const struct core *core, uint64_t nth);
/* Another one each time, and the same ones in every run. */
uint64_t core_pick(struct core *core);
/* What an agency states of the nth child; tokens as verify leaves them. `entry` gets the tokens. */
void core_statement(struct core *core, const struct subject_id *subject, uint64_t child,
                    struct subject_header *ret, struct entry_input *entry);

/* --- batches --- */

void core_begin(struct core *core);
/* Adds an entry; header->id.agency is set, the rest of the id is filled in. NULL tokens: none. */
void core_add(struct core *core, struct entry_header *header, const struct entry_input *tokens);
void core_add_tick(struct core *core);
/* Applies and commits, bodies and grants of records included; every entry must be stored. */
void core_commit(struct core *core);
/* For looking at parts: a transaction that is ended without a commit. */
void core_try(struct core *core, struct store_txn **ret_txn, struct apply *ret);

/* --- headers --- */

/* A missed appointment of the subject, sealed to its agency and the MASH. */
void core_missed(const struct core *core, const struct subject_id *subject, int32_t day,
                 struct entry_header *ret);

#endif
