/* SPDX-License-Identifier: Apache-2.0 */
/*
 * siege: a broker under attack by a member. A world's honest broker, with its counters; parcels
 * whose parts are each whoever's the attacker likes; and the whole store's logical content, before
 * and after. What the broker answered is tallied here and by its counters: they must agree. Asserts
 * (cmocka).
 */
#ifndef ATTACK_SIEGE_H
#define ATTACK_SIEGE_H

#include "os/counters.h"
#include "support/stories.h"
#include "wire/leaf.h"

/* Of which sort a key is; keys come from the world's seeds. */
enum siege_sort {
    SIEGE_SIGN,
    SIEGE_OPEN,    /* its opening key, taken for a signing key */
    SIEGE_RETIRED, /* signing keys that siege_rotate puts into the directory ... */
    SIEGE_REVOKED,
    SIEGE_FUTURE, /* ... and one that it does not */
    SIEGE_SORTS
};

#define SIEGE_VERDICTS 64

struct siege {
    struct world *world;
    char counters[2 * SCRATCH_BYTES];
    struct signer *signers[WORLD_AGENCIES + 1][SIEGE_SORTS];
    uint32_t key_ids[WORLD_AGENCIES + 1][SIEGE_SORTS];
    uint64_t answers[SIEGE_VERDICTS]; /* as this file heard them */
};

struct siege *siege_new(void);
void siege_free(struct siege **siege);
/* ALIX is known to GP and hospital and has an alert; a school knows BLAKE; agency STRANGER knows
 * nobody. */
void siege_people(struct siege *siege);
/* The GP's directory entry names a retired and a revoked signing key beside the active one. */
void siege_rotate(struct siege *siege);
/* No quota stands in the way of a test's number of cases. */
void siege_unlimited(struct siege *siege);

/* --- forging --- */

struct forgery {
    uint32_t connection; /* whose transport key */
    uint32_t sender;     /* whom the parcel's head names */
    uint32_t named;      /* whose key the head names */
    enum siege_sort named_sort;
    uint32_t signer; /* whose key signs */
    enum siege_sort signer_sort;
    enum sign_context context;
    enum lane lane;                                /* 0: normal */
    void (*change_head)(struct parcel_head *head); /* before it is signed; may be NULL */
    struct slice head_tail;                        /* bytes behind the head, signed with it */
    struct slice parcel_tail;                      /* bytes behind the parcel */
    void (*change_signature)(uint8_t signature[SIGN_SIGNATURE_BYTES]);
};
/* What this agency's honest agent would do. */
struct forgery forgery_of(uint32_t agency);
/* The frame is appended. */
void siege_forge(struct siege *siege, const struct forgery *forgery,
                 const struct world_entry *entry, struct buf *frame);
/* Bytes as they are come in over that agency's connection. Returns the verdict of the answer; 0
 * when there was none. */
enum verdict siege_frame(struct siege *siege, uint32_t connection, struct slice frame);
enum verdict siege_send(struct siege *siege, const struct forgery *forgery,
                        const struct world_entry *entry);
/* A question of that type, whole. The answer's type and payload (borrowed until the next); type 0:
 * none came. */
struct siege_answer {
    enum wire_type type;
    enum verdict verdict; /* of an ERROR */
    struct slice payload;
};
struct siege_answer siege_ask(struct siege *siege, uint32_t connection, enum wire_type type,
                              const struct buf *payload);

/* --- the store --- */

struct siege_dump {
    uint64_t digest[N_TABLES];
    uint64_t rows[N_TABLES];
    uint64_t batch;
    uint64_t log_size;
};
struct siege_dump siege_dump(struct siege *siege);
/* Nothing at all has changed, in no table. */
void siege_expect_untouched(struct siege *siege, const struct siege_dump *before);
/* Nothing has changed but what entries leave that are refused, however many they were. */
void siege_expect_no_more_than_refusals(struct siege *siege, const struct siege_dump *before);
/* Each of n refused entries left its leaf (with a refusing verdict), its row in the index of ids,
 * its number in its stream, and its input in the journal; nothing else has changed. */
void siege_expect_refusals_only(struct siege *siege, const struct siege_dump *before, uint64_t n);
/* As siege_expect_refusals_only for what was used before for something else: a leaf, and no row. */
void siege_expect_leaves_only(struct siege *siege, const struct siege_dump *before, uint64_t n);
/* The broker's own counters say what was answered. */
void siege_expect_counted(struct siege *siege);

#endif
