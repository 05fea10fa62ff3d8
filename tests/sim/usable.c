/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lib/crypto's x25519_usable said of a key is true of it for ever, and each directory asks it
 * of every key, at every start: a quarter of a life was that. The linker leads it here.
 */
#include <string.h>

#include "base/attr.h"
#include "crypto/x25519.h"

#define KEYS 256

struct known {
    uint8_t key[X25519_BYTES];
    bool usable;
};

static struct known known[KEYS];
static size_t n_known;

bool __real_x25519_usable(const uint8_t public_key[X25519_BYTES]);
bool __wrap_x25519_usable(const uint8_t public_key[X25519_BYTES]);

bool __wrap_x25519_usable(const uint8_t public_key[X25519_BYTES])
{
    for (size_t i = 0; i < n_known; i++) {
        if (memcmp(known[i].key, public_key, X25519_BYTES) == 0) {
            return known[i].usable;
        }
    }
    bool usable = __real_x25519_usable(public_key);
    if (n_known < KEYS) {
        memcpy(known[n_known].key, public_key, X25519_BYTES);
        known[n_known++].usable = usable;
    }
    return usable;
}
