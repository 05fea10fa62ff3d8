/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/chance.h"

#include <string.h>

#include "crypto/secret.h"

struct stream {
    uint64_t state[4];
};

static struct stream events;
static struct stream bytes;

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static uint64_t next(struct stream *stream)
{
    uint64_t *s = stream->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void chance_start(uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        events.state[i] = splitmix(&seed);
    }
    for (size_t i = 0; i < 4; i++) {
        bytes.state[i] = splitmix(&seed);
    }
}

uint32_t chance_below(uint32_t limit)
{
    return (uint32_t)(((next(&events) >> 32) * limit) >> 32);
}

bool chance_one_in(uint32_t n)
{
    return chance_below(n) == 0;
}

/* --- instead of lib/crypto's --- */

int __wrap_random_bytes(void *out, size_t len);
int __wrap_secret_random(struct secret *secret, size_t len);

int __wrap_random_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++) {
        at[i] = (uint8_t)(next(&bytes) >> 56);
    }
    return 0;
}

int __wrap_secret_random(struct secret *secret, size_t len)
{
    uint8_t drawn[SECRET_MAX_BYTES];
    (void)__wrap_random_bytes(drawn, len);
    secret_set(secret, drawn, len);
    return 0;
}
