/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: what the broker asks of the signer and what it is answered, as bytes: one datagram each
 * way over a Unix socket that keeps their borders (SOCK_SEQPACKET). Integers are big-endian.
 *
 *   ask     u8 'H'                                           who are you; your last head?
 *           u8 'S', u64 size, root[32], u8 n, n * hash[32]   sign this head; the proof leads to it
 *                                                            from the last one
 *   answer  u8 'H', u64 size, root[32], public key[32]       size 0: nothing yet
 *           u8 'S', note                                     the signed checkpoint
 *           u8 'R', u8 refusal
 */
#ifndef SIGNER_MESSAGE_H
#define SIGNER_MESSAGE_H

#include "tree/checkpoint.h"

#define SIGNER_ASK_MAX_BYTES                                                                       \
    (1 + 8 + CAIRN_HASH_BYTES + 1 + CAIRN_PROOF_MAX_HASHES * CAIRN_HASH_BYTES)
#define SIGNER_ANSWER_MAX_BYTES 1024
static_assert(CAIRN_PROOF_MAX_HASHES <= UINT8_MAX, "a proof's length fits its byte");

enum signer_kind {
    SIGNER_HELLO = 'H',
    SIGNER_SIGN = 'S',
    SIGNER_REFUSED = 'R',
};

#define SIGNER_REFUSALS(X)                                                                         \
    X(SMALLER, "the head is smaller than the last")                                                \
    X(OTHER_ROOT, "another root for the size that was signed last")                                \
    X(INCONSISTENT, "the proof does not lead from the last head to this one")                      \
    X(MALFORMED, "the message cannot be read")

enum signer_refusal {
#define X(name, text) SIGNER_REFUSAL_##name,
    SIGNER_REFUSALS(X)
#undef X
};
const char *signer_refusal_text(enum signer_refusal refusal);

struct signer_ask {
    enum signer_kind kind; /* HELLO or SIGN */
    struct checkpoint head;
    struct tree_proof proof;
};

struct signer_answer {
    enum signer_kind kind;
    struct checkpoint head;                /* of HELLO */
    uint8_t public_key[SIGN_PUBLIC_BYTES]; /* of HELLO */
    struct slice note;                     /* of SIGN; borrowed */
    enum signer_refusal refusal;           /* of REFUSED */
};

/* Asserts that the writer has the room named above. */
void signer_ask_write(const struct signer_ask *ask, struct writer *writer);
bool signer_ask_read(struct slice bytes, struct signer_ask *ret) MUST_USE;
void signer_answer_write(const struct signer_answer *answer, struct writer *writer);
bool signer_answer_read(struct slice bytes, struct signer_answer *ret) MUST_USE;

#endif
