/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret in a file: one line "cairn-key/v1 PURPOSE BASE64", mode 0400 or 0600, owned by us, in a directory that is not
 * open to others; anything else is refused with the command that mends it. Text form so that people can see what a file
 * is; the purpose keeps one key from being used as another.
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "base/error.h"
#include "crypto/secret.h"

int keyfile_read(const char *path, const char *purpose, size_t len, struct secret *ret, struct error *error) MUST_USE;
/* Refuses to overwrite (-EEXIST). Synced, and its directory too. */
int keyfile_write(const char *path, const char *purpose, const struct secret *secret, struct error *error) MUST_USE;

#endif
