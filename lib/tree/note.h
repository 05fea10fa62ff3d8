/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP signed note v1.0.0: text, an empty line, signature lines "— NAME BASE64(key id ||
 * signature)". Governance documents and checkpoints are notes. Key ids: SHA-256(name || 0x0A ||
 * type || public key)[:4].
 */
#ifndef TREE_NOTE_H
#define TREE_NOTE_H

#include "base/error.h"
#include "base/slice.h"
#include "cairn/limits.h"
#include "crypto/sign.h"

#define NOTE_NAME_MAX_BYTES   128
#define NOTE_TYPE_ED25519     0x01
#define NOTE_TYPE_COSIGNATURE 0x04

/* A note key that we trust: name, type, public key. */
struct note_key {
    char name[NOTE_NAME_MAX_BYTES];
    uint8_t type;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint32_t id;
};
/* Fills id. False for a name that C2SP does not allow (empty, spaces, '+'). */
bool note_key_init(struct note_key *key, const char *name, uint8_t type,
                   const uint8_t public_key[SIGN_PUBLIC_BYTES]);
/* "name+hex8+base64(type||key)"; out has NOTE_VKEY_BYTES. */
#define NOTE_VKEY_BYTES (NOTE_NAME_MAX_BYTES + 64)
void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_BYTES]);
bool note_vkey_parse(const char *text, struct note_key *ret) MUST_USE;

/* A parsed note; slices borrow from the input. */
struct note_signature {
    struct slice name;
    uint32_t key_id;
    uint8_t payload[76]; /* 64 for type 01, 8-byte time + 64 for type 04 */
    size_t payload_len;  /* 0 for one that is longer: a type that we do not know */
};
struct note {
    struct slice text; /* with its final newline, without the empty line */
    size_t n_signatures;
    struct note_signature signatures[CAIRN_NOTE_SIGNATURES_MAX];
};
/* False unless it is a well-formed note of at most CAIRN_NOTE_MAX_BYTES and
 * CAIRN_NOTE_SIGNATURES_MAX signatures. */
bool note_parse(struct slice bytes, struct note *ret) MUST_USE;
/* Is this signature made in the name of that key? Not whether it holds. */
bool note_signed_by(const struct note_signature *signature, const struct note_key *key);
/* How many distinct of these type-01 keys signed it. -1 when a known key's signature is bad: refuse
 * the whole note. */
int note_count_good(const struct note *note, const struct note_key *keys, size_t n_keys) MUST_USE;
/* text must end in a newline and hold no other control characters. Appends text, empty line and one
 * signature line. */
int note_sign(struct slice text, const struct note_key *key, const struct signer *signer,
              struct buf *out) MUST_USE;
/* Appends one more signature line to a note in out. */
int note_cosign_line(const struct note_key *key, struct slice payload, struct buf *out) MUST_USE;

/* Moves the next line of *rest, without its newline, to *ret. False when no newline is left. */
bool note_line(struct slice *rest, struct slice *ret) MUST_USE;

#endif
