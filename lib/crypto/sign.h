/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 (RFC 8032). OpenSSL 3.0 has no Ed25519ctx, so each signed object carries a context line
 * of its own in front of the bytes that are signed: no signature made for one kind of object is
 * ever valid for another.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/slice.h"
#include "crypto/secret.h"

#define SIGN_PUBLIC_BYTES    32
#define SIGN_SECRET_BYTES    32 /* the seed */
#define SIGN_SIGNATURE_BYTES 64

/* What is signed. The strings are part of the protocol (docs/protocol.md, "Signed byte strings").
 */
#define SIGN_CONTEXTS(X)                                                                           \
    X(PARCEL, "cairn-parcel/v1\n")                                                                 \
    X(REQUEST_FILE, "cairn-agency-request/v1\n")                                                   \
    X(RENEWAL, "cairn-agency-renewal/v1\n")                                                        \
    X(NOTE, "") /* C2SP signed note: its text begins with a line that names its kind */

enum sign_context {
#define X(name, text) SIGN_##name,
    SIGN_CONTEXTS(X)
#undef X
};

/* A private key, parsed once. Opaque; may be used from any thread. */
struct signer;
int signer_new(const struct secret *seed, struct signer **ret) MUST_USE;
void signer_free(struct signer **signer);
void signer_public(const struct signer *signer, uint8_t out[SIGN_PUBLIC_BYTES]);
int signer_sign(const struct signer *signer, enum sign_context context, struct slice message,
                uint8_t ret[SIGN_SIGNATURE_BYTES]) MUST_USE;

/* A public key, parsed once and kept as long as the directory snapshot that holds it. May be used
 * from any thread. */
struct verifier;
/* -EINVAL for a point of small order: under such a key one signature would hold for every message.
 */
int verifier_new(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct verifier **ret) MUST_USE;
void verifier_free(struct verifier **verifier);
/* True only when the signature holds. Signature must be SIGN_SIGNATURE_BYTES long, otherwise false.
 */
bool verifier_check(const struct verifier *verifier, enum sign_context context,
                    struct slice message, struct slice signature) MUST_USE;

/* Short name of a public key in headers and the log: first four bytes, big-endian, of its SHA-256.
 */
uint32_t key_id(struct slice public_key);

#endif
