/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender: an agency that makes real parcels: records with two sealed parts and four grants (its own
 * and the MASH's), signed as one. Each of its children has a handle; parcels follow the order of
 * handles. Records about one child lie 200 days apart, so that no pattern is met unless asked for.
 *
 * Sealed parts and grants are real but made once for each place in a parcel, and used again:
 * sealing is the agencies' work, takes longer than all that is measured, and the broker, which
 * cannot open them, hashes, stores and delivers them all the same.
 *
 * One thread at a time owns a sender. Needs crypto_init.
 */
#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include "bench/bench.h"
#include "net/frame.h"
#include "wire/wire.h"

/* What the text of an account is padded to is 1 KiB; with the card that makes a body of 1376
 * bytes. */
#define SENDER_ACCOUNT_BYTES 800

struct made_entry;

struct sender {
    const struct governance *governance; /* borrowed */
    uint32_t agency;
    struct signer *signer;
    uint32_t key_id;
    struct secret linkage;
    uint64_t streams[CAIRN_LANES + 1];
    uint64_t seqs[CAIRN_LANES + 1];
    size_t children;
    enum urgency urgency; /* of sender_records: routine at first, which the MASH is not told of */
    uint64_t records;     /* of sender_records so far */
    uint64_t alerts;      /* children of sender_missed so far */
    struct made_entry *made; /* of the parcel under way */
    size_t n_made;
};

/* Sizes of one record as it was last made, for whoever wants to write rows like it. */
struct record_sizes {
    size_t header;
    size_t body;
    size_t grants;
    size_t head;  /* of the parcel, as signed */
    size_t frame; /* of a parcel of one */
};

void sender_init(struct sender *sender, const struct governance *governance, uint32_t agency,
                 size_t children);
void sender_deinit(struct sender *sender);

/* Subject statements for children [first, first + n). */
void sender_statements(struct sender *sender, size_t first, size_t n, struct net_frame *ret);
/* Missed appointments of the next n children. */
void sender_records(struct sender *sender, enum lane lane, size_t n, struct net_frame *ret);
/* n children whom nobody has heard of before have missed an appointment; said twice of each. */
void sender_missed_twice(struct sender *sender, size_t n, struct net_frame *ret);
/* The third missed appointment of the nth of those: it completes the pattern. */
void sender_missed_again(struct sender *sender, uint64_t nth, struct net_frame *ret);
/* Has everything up to that position of its mailbox; cosigns nothing. */
void sender_acknowledge(struct sender *sender, uint64_t position, struct net_frame *ret);
void sender_sizes(struct sender *sender, struct record_sizes *ret);

#endif
