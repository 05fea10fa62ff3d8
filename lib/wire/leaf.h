/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one leaf of the audit log says: commitments and ids, never personal data. 16 bytes of
 * salt, which only the broker can make, keep a digest of something guessable from being guessed,
 * and bind the leaf to the broker's journal (ledger/journal.h). Fixed layout, big-endian:
 *
 *   "CRNL" | u8 format 1 | u8 type | i64 time_ms | u32 agency | salt[16] | by type:
 *
 *   ENTRY       entry id[20] | u8 kind | u16 verdict | item digest[32] | grants digest[32]
 *
 *   TOLD        u64 mailbox position of `agency` | u8 item kind | u8 parts | u64 alert | what[32]
 *               (item digest of the record delivered or released, which parts of it could be opened
 *               from then on, none of a retraction that a reader of what it takes back is told of,
 *               and the alert that released them; SHA-256 of a notice's payload, no parts and no
 *               alert; of what is withheld, which takes the place of an earlier telling at the same
 *               position, the digest of that telling)
 *
 *   GOVERNANCE  u8 document | u64 version | SHA-256 of the document[32]
 *
 *   START       u64 previous log size | software version hash[32]
 *
 *   REFUSED     u64 hour since 1970 | u32 frames refused before a signature held
 *
 *   TICK        nothing: timers fired; what they told follows
 *
 *   DESTROYED   entry id[20] | u8 rule (enum destroyed): the broker's copy of the body and of the
 *               grants is gone
 */
#ifndef WIRE_LEAF_H
#define WIRE_LEAF_H

#include "cairn/codes.h"
#include "cairn/verdict.h"
#include "tree/tree.h"

#define LEAF_MAX_BYTES  160
#define LEAF_SALT_BYTES 16

enum leaf_type {
    LEAF_ENTRY = 1,
    LEAF_TOLD = 2,
    LEAF_GOVERNANCE = 3,
    LEAF_START = 4,
    LEAF_REFUSED = 5,
    LEAF_TICK = 6,
    LEAF_DESTROYED = 7
};
#define LEAF_TYPES 7 /* from 1 */
static_assert(LEAF_DESTROYED == LEAF_TYPES, "the last one");

struct leaf {
    enum leaf_type type;
    int64_t time_ms;
    uint32_t agency; /* whose entry, who was told; 0 the broker itself */
    uint8_t salt[LEAF_SALT_BYTES];
    struct entry_id id;   /* ENTRY, DESTROYED */
    enum entry_kind kind; /* ENTRY */
    enum verdict verdict; /* ENTRY */
    struct hash digest;   /* item digest, what, document digest or software hash */
    struct hash grants;   /* ENTRY */
    uint64_t number;      /* TOLD position, GOVERNANCE version, START size, REFUSED hour */
    uint32_t detail;      /* TOLD item kind, GOVERNANCE document, REFUSED count, DESTROYED rule */
    uint8_t parts;        /* TOLD: bits of PART_BIT, none for a notice */
    uint64_t alert;       /* TOLD: that released it, else 0 */
};
struct slice leaf_write(const struct leaf *leaf, uint8_t storage[LEAF_MAX_BYTES]);
bool leaf_read(struct slice bytes, struct leaf *ret) MUST_USE;

#endif
