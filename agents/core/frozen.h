/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frozen: one entry between its texts and its row in the spool. The header is written first,
 * because its digest is bound into both parts; each part has a fresh data key, used once. Both keys
 * are wrapped together under the store key. Owned by whoever made it, wiped by frozen_deinit.
 */
#ifndef AGENTS_FROZEN_H
#define AGENTS_FROZEN_H

#include "agents/core/spool.h"

/* Data keys of an entry, by part. */
struct seal_keys {
    struct secret of[CAIRN_PARTS + 1]; /* index 0 unused */
};
int seal_keys_open(const struct secret *store_key, struct slice wrapped,
                   struct seal_keys *ret) MUST_USE;
void seal_keys_deinit(struct seal_keys *keys);

struct frozen {
    struct buf header;
    struct buf card; /* plain texts */
    struct buf account;
    struct buf body; /* sealed */
    struct seal_keys keys;
    uint8_t wrapped[SPOOL_WRAP_BYTES];
};

struct frozen frozen_new(void);
void frozen_deinit(struct frozen *frozen);

/* Card, if it has one, then account: from texts and header to body and wrapped keys. -EMSGSIZE when
 * something is too long; or what the crypto says. */
int frozen_seal(struct frozen *frozen, const struct secret *store_key, bool has_card) MUST_USE;
/* The other way: the texts of an entry in the spool, of which `header` is what its header says.
 * -EBADMSG when its keys or parts do not open. */
int frozen_open(struct frozen *frozen, const struct secret *store_key,
                const struct spool_entry *entry, const struct entry_header *header) MUST_USE;

#endif
