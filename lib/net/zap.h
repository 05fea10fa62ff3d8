/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/net. zap: the thread that answers, for every CURVE handshake of the process,
 * whether that key may connect (RFC 27). One per context: ZAP has one fixed address. libzmq lets
 * everybody in where no handler answers, so this thread never ends but by zap_stop: if it cannot go
 * on, the process ends.
 */
#ifndef NET_ZAP_H
#define NET_ZAP_H

#include "base/error.h"
#include "net/curve.h"

#define ZAP_DOMAIN_NAME  "cairn"
#define ZAP_PROOF_AGENCY UINT32_MAX /* never an agency's number */

#define ZAP_USER_ID_BYTES (10 + 1 + 2 * CURVE_KEY_BYTES + 1) /* "7 ab12...": number, key, NUL */

struct zap;
struct zap_options {
    bool (*admit)(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency);
    void *data;
    uint8_t proof_key[CURVE_KEY_BYTES]; /* admitted as ZAP_PROOF_AGENCY until zap_end_proof */
};

int zap_start(const struct zap_options *options, struct zap **ret, struct error *error) MUST_USE;
void zap_stop(struct zap **zap); /* accepts NULL */
void zap_end_proof(struct zap *zap);
uint64_t zap_refusals(struct zap *zap);

#endif
