/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/crypto and its tests: the steps of HPKE, so that they can be held against the
 * values RFC 9180 prints and so that sealing can be repeated with a known ephemeral key. Nothing
 * else calls these.
 */
#ifndef CRYPTO_HPKE_INTERNAL_H
#define CRYPTO_HPKE_INTERNAL_H

#include "crypto/aead.h"
#include "crypto/hpke.h"

#define HPKE_AEAD_AES_256_GCM 0x0002

struct hpke_schedule {
    struct secret key;
    uint8_t nonce[AEAD_NONCE_BYTES];
};

/* DHKEM: Encap with the ephemeral secret given, and Decap. -EINVAL for a low-order point. */
int hpke_encap(const struct secret *ephemeral, const uint8_t recipient[HPKE_PUBLIC_BYTES],
               uint8_t ret_enc[HPKE_ENC_BYTES], struct secret *ret_shared) MUST_USE;
int hpke_decap(const struct secret *recipient, const uint8_t enc[HPKE_ENC_BYTES],
               struct secret *ret_shared) MUST_USE;
/* KeySchedule in base mode for an AEAD with keys of 32 bytes; aead_id is hashed into everything. */
void hpke_schedule(uint16_t aead_id, const struct secret *shared, struct slice info,
                   struct hpke_schedule *ret);
void hpke_schedule_deinit(struct hpke_schedule *schedule);
int hpke_seal_with(const struct secret *ephemeral, const uint8_t recipient[HPKE_PUBLIC_BYTES],
                   const struct hpke_message *message, uint8_t ret_enc[HPKE_ENC_BYTES],
                   uint8_t *out) MUST_USE;

#endif
