/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key files of a partnership, a broker and an agency: their names, which are their purposes
 * too, so that a file that was renamed is not taken for another key. All hold 32 bytes
 * (crypto/keyfile.h). A folder of keys may be systemd's credentials directory: the names are those
 * of the units in config/systemd.
 */
#ifndef GOVERN_KEYS_H
#define GOVERN_KEYS_H

#include "base/error.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

#define KEY_FILE_BYTES 32
#define KEY_NAME_BYTES 32
#define KEY_SETS_MAX   16 /* of keys of one sort in a folder */

/* of the partnership, kept offline */
#define KEY_ROOT "root-key" /* Ed25519: signs the documents */
#define KEY_LINKAGE_FMT                                                                            \
    "linkage-key-%u" /* by epoch: tokens are made with it; never at the broker */

/* of the broker */
#define KEY_CHECKPOINT "checkpoint-key" /* Ed25519: signs the log's checkpoints */
#define KEY_PEPPER     "pepper"         /* HMAC over tokens; outside the database and its backups */

/* of broker and agency */
#define KEY_TRANSPORT "transport-key" /* CURVE */

/* of an agency */
#define KEY_SIGNING "signing-key" /* Ed25519: signs parcels */
#define KEY_OPENING "opening-key" /* X25519: opens grants and the linkage key */
#define KEY_STORE   "store-key"   /* wraps data keys in the agent's own store */

/* The sorts of a set of an agency's keys, in the order in which they are written: by the signing
 * key an agent knows that a set is there, and without it the opening key may stand alone. */
enum key_sort {
    KEY_SORT_OPENING,
    KEY_SORT_TRANSPORT,
    KEY_SORT_SIGNING,
    KEY_SORTS
};
extern const char *const key_sort_names[KEY_SORTS]; /* KEY_OPENING... */

/* What the n-th key of this sort is called, from 1: an agency that renews its keys keeps the
 * earlier. */
void key_name(const char *sort, unsigned n, char ret[KEY_NAME_BYTES]);

/* Whether DIR/NAME can be found; one that may not be looked at counts as absent. */
bool key_is_there(const char *dir, const char *name);

/* DIR/NAME, as keyfile_read and keyfile_write do. */
int key_read(const char *dir, const char *name, struct secret *ret, struct error *error) MUST_USE;
int key_write(const char *dir, const char *name, const struct secret *key,
              struct error *error) MUST_USE;

/* Makes one and writes it; a key file is never overwritten. */
int key_new(const char *dir, const char *name, struct error *error) MUST_USE;
int key_new_signing(const char *dir, const char *name, struct signer **ret,
                    struct error *error) MUST_USE;

#endif
