/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: is this broker's store, or a copy of it, what agencies signed and the log says? Reads
 * only, needs no key and no running broker.
 *
 * - every leaf re-hashed; every subtree hash and the root recomputed
 * - every journal entry against its row and its leaf: id, kind, verdict, time, item and grants
 *   digest; and no leaf tells of an entry that the journal does not hold
 * - every stored header and body against the item digest, every stored grant against the grants
 *   digest; but not the header of a subject statement, whose body (tokens) is not stored
 * - every parcel's digests against its root, and the root's signature by the key that the directory
 *   of that moment names
 * - every governance document that came into force against its note, the root's keys, its leaf and
 *   the table that a broker starts from
 * - every agency's cosignature: that of its last acknowledgement, for the tree of that size, by the
 *   key it had then
 * - the journal byte for byte against the salts of the leaves that its inputs made
 *   (ledger/journal.h)
 * - no body, grant or parcel that belongs to no entry, and none that is missing
 *
 * Bodies that were destroyed on purpose are counted as absent, not as a fault, when the log says
 * so. What the broker concluded from the journal (children, alerts, mailboxes, ...) is not looked
 * at: that takes the broker's own rules, and its program replays them (broker/replay.h).
 */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "base/error.h"
#include "tree/checkpoint.h"

struct audit {
    struct checkpoint head; /* of the log as it stands, recomputed */
    uint64_t batches;
    uint64_t entries;
    uint64_t bodies; /* checked against what was signed */
    uint64_t bodies_absent;
    uint64_t parcels;   /* signatures checked */
    uint64_t documents; /* governance, that came into force */
    uint64_t cosignatures;
    char origin[NOTE_NAME_MAX_BYTES];
    bool sound;
    char problem[256]; /* the first thing that is not as it should be; empty when sound */
};

/* 0 when the audit could be made, whatever it found; -errno and the error when `dir` cannot be read
 * as a store. `progress` (may be NULL) is called now and then with what is done of the journal's
 * batches. */
int audit_store(const char *dir, void (*progress)(void *data, uint64_t done, uint64_t all),
                void *data, struct audit *ret, struct error *error) MUST_USE;

#endif
