/* SPDX-License-Identifier: Apache-2.0 */
#include "net/curve.h"

#include <errno.h>

#include <zmq.h>

#define Z85_KEY_BYTES 41 /* text of 32 bytes, and NUL */

int curve_keypair(struct secret *ret_secret, uint8_t ret_public[CURVE_KEY_BYTES])
{
    char public_text[Z85_KEY_BYTES];
    char secret_text[Z85_KEY_BYTES];
    uint8_t secret[CURVE_KEY_BYTES];

    if (zmq_curve_keypair(public_text, secret_text) != 0) {
        return -errno;
    }
    bool decoded = zmq_z85_decode(ret_public, public_text) != NULL &&
                   zmq_z85_decode(secret, secret_text) != NULL;

    assert(decoded);
    secret_set(ret_secret, secret, sizeof(secret));
    bytes_wipe(secret, sizeof(secret));
    bytes_wipe(secret_text, sizeof(secret_text));
    return 0;
}

int curve_public(const struct secret *secret, uint8_t ret_public[CURVE_KEY_BYTES])
{
    char public_text[Z85_KEY_BYTES];
    char secret_text[Z85_KEY_BYTES];

    if (secret->len != CURVE_KEY_BYTES) {
        return -EINVAL;
    }
    bool encoded = zmq_z85_encode(secret_text, secret->bytes, secret->len) != NULL;

    assert(encoded);
    int r = zmq_curve_public(public_text, secret_text) == 0 ? 0 : -errno;

    bytes_wipe(secret_text, sizeof(secret_text));
    if (r != 0) {
        return r;
    }
    bool decoded = zmq_z85_decode(ret_public, public_text) != NULL;

    assert(decoded);
    return 0;
}
