/* SPDX-License-Identifier: Apache-2.0 */
/*
 * govern_keep: the governance that this agency holds: verified, on disk, and shared with every
 * thread by reference. Newer documents come through the link (session.h); the first root document
 * from the joining file. Any thread may read; only the link's thread offers.
 */
#ifndef AGENTS_GOVERN_KEEP_H
#define AGENTS_GOVERN_KEEP_H

#include "crypto/secret.h"
#include "govern/govern.h"
#include "store/store.h"

struct govern_keep;
struct own_keys;

/* Who we are in the partnership, as the directory says; and the key that tokens are made with. */
struct own_place {
    uint32_t agency; /* our number */
    uint32_t epoch;  /* of the linkage key, from 1 */
    struct secret linkage;
};
#define OWN_PLACE_NULL ((struct own_place){.linkage = SECRET_NULL})
void own_place_deinit(struct own_place *place); /* wipes */

/* Whether we hold the linkage key: id, text. None: the directory does not name us. Sealed to a key
 * that we lack, it is closed; or earlier, when we hold it from before, which is until we end. */
#define LINKAGE_STATES(X)                                                                          \
    X(NONE, "none")                                                                                \
    X(OPEN, "open")                                                                                \
    X(EARLIER, "earlier")                                                                          \
    X(CLOSED, "closed")

enum linkage_state {
#define X(id, text) LINKAGE_##id,
    LINKAGE_STATES(X)
#undef X
};
const char *linkage_state_text(enum linkage_state state);

struct govern_keep_options {
    struct store *store;
    const struct own_keys *keys;    /* borrowed until it is closed: whose place is ours */
    struct govern_document joining; /* the root to start trust from when the store has none */
};

/* Loads what the store holds, each document verified again. -EINVAL and the error when what is
 * there does not verify: then nothing can be trusted. */
int govern_keep_open(const struct govern_keep_options *options, struct govern_keep **ret,
                     struct error *error) MUST_USE;
void govern_keep_close(struct govern_keep **keep);

/* A reference to the snapshot in force; never NULL (there is always a root). `governance_unref`. */
struct governance *govern_keep_current(struct govern_keep *keep) MUST_USE;
/* False until the directory names us and its linkage key opens: nothing can be sealed before. */
bool govern_keep_place(struct govern_keep *keep, struct own_place *ret) MUST_USE;
enum linkage_state govern_keep_linkage(struct govern_keep *keep) MUST_USE;
/* Verifies, puts on disk (synced), swaps. GOVERN_ACCEPTED when it is in force now. */
enum govern_result govern_keep_offer(struct govern_keep *keep,
                                     const struct govern_document *document,
                                     struct error *error) MUST_USE;

#endif
