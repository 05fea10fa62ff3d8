/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fingerprint: what two people read to each other over the telephone to know that they have the
 * same key or file: the first 16 bytes of its SHA-256, as `sha256sum` shows them, in groups of four
 * digits. Short ids of four bytes are names in headers, not proofs: a key with a given one can be
 * made in days.
 */
#ifndef CLI_FINGERPRINT_H
#define CLI_FINGERPRINT_H

#include "base/slice.h"

#define FINGERPRINT_BYTES 40 /* eight groups, blanks between, and NUL */

void fingerprint(struct slice bytes, char out[FINGERPRINT_BYTES]);

#endif
