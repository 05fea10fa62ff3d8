/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP tlog-checkpoint (a signed note: origin, size, base64 root), tlog-cosignature v1 (an agency
 * says: this is the largest consistent tree I have seen) and tlog-proof v1 (an offline proof of one
 * leaf).
 */
#ifndef TREE_CHECKPOINT_H
#define TREE_CHECKPOINT_H

#include "tree/note.h"
#include "tree/tree.h"

struct checkpoint {
    uint64_t size;
    struct hash root;
};

/* Appends the whole note. The key's name is the log's origin. */
int checkpoint_sign(const struct checkpoint *checkpoint, const struct note_key *key,
                    const struct signer *signer, struct buf *out) MUST_USE;
/* True only for a well-formed note that `key` signed and whose origin is the key's name. No
 * extension lines. */
bool checkpoint_check(struct slice note, const struct note_key *key,
                      struct checkpoint *ret) MUST_USE;

/* The cosignature's payload: time u64 || signature over "cosignature/v1\ntime T\n" || note text.
 * `key` has type 04. */
#define COSIGNATURE_BYTES 72
int cosignature_make(struct slice checkpoint_text, uint64_t time_s, const struct signer *signer,
                     uint8_t ret[COSIGNATURE_BYTES]) MUST_USE;
bool cosignature_check(struct slice checkpoint_text, const uint8_t cosignature[COSIGNATURE_BYTES],
                       const struct verifier *verifier) MUST_USE;
/* The note text of a checkpoint, which is what cosignatures cover. */
void checkpoint_text(const struct checkpoint *checkpoint, const char *origin, struct buf *out);
/* A note that this cosignature alone stands under, which proves by itself what was cosigned. */
int checkpoint_cosigned_write(const struct checkpoint *checkpoint, const char *origin,
                              const struct note_key *key,
                              const uint8_t cosignature[COSIGNATURE_BYTES],
                              struct buf *out) MUST_USE;
/* True only for a well-formed note of a checkpoint of this origin that `key` (type 04) cosigned. */
bool checkpoint_check_cosigned(struct slice note, const char *origin, const struct note_key *key,
                               struct checkpoint *ret) MUST_USE;

/* tlog-proof document: "c2sp.org/tlog-proof@v1\nextra B64\nindex N\n" hashes "\n" checkpoint note.
 * `extra` is the leaf data so that the document proves itself; without data there is no such line.
 */
int tlog_proof_write(uint64_t index, struct slice leaf_data, const struct tree_proof *proof,
                     struct slice checkpoint_note, struct buf *out) MUST_USE;
struct tlog_proof {
    uint64_t index;
    uint8_t leaf_data[1024];
    size_t leaf_len;
    struct tree_proof proof;
    struct slice checkpoint_note; /* borrows from the document */
};
bool tlog_proof_parse(struct slice document, struct tlog_proof *ret) MUST_USE;
/* Parses, checks the checkpoint's signature and the inclusion of the leaf data it carries. */
bool tlog_proof_check(struct slice document, const struct note_key *key,
                      struct checkpoint *ret) MUST_USE;

#endif
