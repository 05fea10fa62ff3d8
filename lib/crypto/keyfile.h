/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret in a file: one line "cairn-key/v1 PURPOSE BASE64", mode 0400 or 0600, owned by us, in a
 * directory that is not open to others; anything else is refused with the command that mends it.
 * Text form so that people can see what a file is; the purpose keeps one key from being used as
 * another.
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "base/error.h"
#include "base/slice.h"
#include "crypto/secret.h"

#define KEYFILE_MAX_BYTES                                                                          \
    192 /* the tag, the longest purpose and SECRET_MAX_BYTES as base64, with room to spare */

/*
 * purpose: 1 to 32 of a-z, 0-9 and '-'. -EINVAL for contents that will not do, -EPERM for a file or
 * folder open to others, else what the system says (-ENOENT, ...). *ret is untouched on failure. A
 * systemd credential's folder is taken as it is.
 */
int keyfile_read(const char *path, const char *purpose, size_t len, struct secret *ret,
                 struct error *error) MUST_USE;
/* Refuses to overwrite (-EEXIST). Synced, and its directory too. */
int keyfile_write(const char *path, const char *purpose, const struct secret *secret,
                  struct error *error) MUST_USE;
/* What keyfile_read does with the file's contents. `where` names them in the error. */
int keyfile_parse(struct slice contents, const char *where, const char *purpose, size_t len,
                  struct secret *ret, struct error *error) MUST_USE;

#endif
