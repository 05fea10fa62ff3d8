/* SPDX-License-Identifier: Apache-2.0 */
/* forging: rows deleted, changed, added and exchanged through LMDB itself, as who holds the disk
 * and the library does. */
#ifndef ATTACK_FORGING_H
#define ATTACK_FORGING_H

#include "store/store.h"

enum forgery {
    FORGE_DELETE,
    FORGE_REPLACE, /* a bit of the value */
    FORGE_GROW,    /* the value is a byte longer */
    FORGE_MOVE,    /* the same value under another key */
    FORGE_STRETCH, /* under a key that goes on */
    FORGE_ADD,     /* one more row */
    FORGE_EXCHANGE /* the values of two rows */
};
#define FORGERIES 7

extern const char *const forgery_texts[FORGERIES];

struct forged_key {
    uint8_t bytes[STORE_KEY_MAX + 1];
    size_t len;
};
void forged_key_set(struct forged_key *key, struct slice from);
struct slice forged_key_slice(const struct forged_key *key);

struct forged {
    unsigned table;
    enum forgery forgery;
    struct forged_key one;   /* a row that is there */
    struct forged_key other; /* another one's, or the same; then: whatever else has been written */
};

/* The caller sets table, forgery and both keys. False when nothing could be done to that row; then
 * the transaction may still have been written to. */
bool forge(struct store_txn *txn, struct forged *forged, uint64_t *seed);

#endif
