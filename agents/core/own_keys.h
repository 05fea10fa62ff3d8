/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_keys: the private halves in an agency's folder of keys. Three of them belong together: made
 * by one command, asked for in one request. An agency that renews its keys holds the earlier sets
 * too: what was sealed to those must still open, and until the directory names the new ones, the
 * earlier sign and connect. So which set is in use is read off the directory, and no restart is
 * timed to it.
 *
 *   set 1      signing-key   opening-key   transport-key
 *   set n > 1  signing-key-n opening-key-n transport-key-n
 *
 * Of a set whose keys are retired the opening key may be all that is left: it opens what was sealed
 * to it, and neither signs nor connects (signer NULL).
 *
 * Set once, before the first thread; any thread reads.
 */
#ifndef AGENTS_OWN_KEYS_H
#define AGENTS_OWN_KEYS_H

#include "crypto/sign.h"
#include "govern/govern.h"
#include "govern/keys.h"

struct own_key_set {
    unsigned number;       /* of its files */
    struct secret opening; /* X25519: opens grants that were sealed to us */
    struct secret curve;   /* the transport's */
    struct signer *signer; /* Ed25519; NULL: the opening key is all there is of the set */
    uint8_t sign_public[SIGN_PUBLIC_BYTES];
    uint8_t open_public[32];
    uint8_t curve_public[32];
    uint32_t sign_key_id;
    uint32_t open_key_id;
};

struct own_keys {
    struct secret store; /* wraps what lies in the store */
    size_t n;
    struct own_key_set sets[AGENCY_KEYS_MAX]; /* the newest last */
};

/* Every set in the folder, and the store key. A set without its opening key, or with a signing key
 * and without a transport key, is an error; so is a folder without one whole set. `keys` begins as
 * zero and is deinited also after an error. */
int own_keys_read(const char *dir, struct own_keys *keys, struct error *error) MUST_USE;
/* One more set, the newest: its number is the next. -EINVAL: a key is not usable. */
int own_keys_add(struct own_keys *keys, const struct secret *signing, const struct secret *opening,
                 const struct secret *curve) MUST_USE;
/* One more, of which nothing else is left. */
int own_keys_add_opening(struct own_keys *keys, const struct secret *opening) MUST_USE;
void own_keys_deinit(struct own_keys *keys);

/* Whose they are: the agency that lists one of our signing keys. NULL: no agency does. */
const struct agency *own_keys_agency(const struct own_keys *keys,
                                     const struct directory *directory);
/* The newest set whose signing key this directory has as active; when there is none, the newest
 * that it lists, or the first; always a whole one. */
const struct own_key_set *own_keys_in_use(const struct own_keys *keys,
                                          const struct directory *directory);
/* Whether the broker may know us by this set's transport key: it is not listed as retired or
 * revoked. One that is not listed yet may be by now. */
bool own_keys_may_connect(const struct own_key_set *set, const struct directory *directory);
/* The private half of the opening key with this id; NULL when we do not hold it. */
const struct secret *own_keys_opening(const struct own_keys *keys, uint32_t key_id);

/* -EINVAL and the error, which names the key's file and both agencies, when the directory knows two
 * of the keys as those of two agencies: a folder put together from two would connect as the one and
 * sign as the other. Keys that it does not know say nothing. */
int own_keys_check(const struct own_keys *keys, const char *dir, const struct directory *directory,
                   struct error *error) MUST_USE;
/* The file of a signing key that is not there although the directory lists its set, known by its
 * opening key, as active: it was not retired, so it was lost, or destroyed too early. The newest
 * one. */
bool own_keys_missing(const struct own_keys *keys, const struct directory *directory,
                      char ret[KEY_NAME_BYTES]);

#endif
