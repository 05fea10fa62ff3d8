/* SPDX-License-Identifier: Apache-2.0 */
/* CURVE transport keys (RFC 26), raw 32 bytes. */
#ifndef NET_CURVE_H
#define NET_CURVE_H

#include "crypto/secret.h"

#define CURVE_KEY_BYTES 32

int curve_keypair(struct secret *ret_secret, uint8_t ret_public[CURVE_KEY_BYTES]) MUST_USE;
int curve_public(const struct secret *secret, uint8_t ret_public[CURVE_KEY_BYTES]) MUST_USE;

#endif
