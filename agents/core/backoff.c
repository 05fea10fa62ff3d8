/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/backoff.h"

#include "crypto/secret.h"

void backoff_fail(struct backoff *backoff, int64_t now_ms, int64_t min_ms, int64_t max_ms)
{
    uint32_t jitter = 0;
    int64_t wait_ms = backoff->wait_ms * 2;
    if (random_bytes(&jitter, sizeof(jitter)) != 0) {
        jitter = 0; /* then without jitter */
    }
    wait_ms = wait_ms < min_ms ? min_ms : wait_ms;
    wait_ms = wait_ms > max_ms ? max_ms : wait_ms;
    backoff->wait_ms = wait_ms;
    backoff->not_before_ms = now_ms + wait_ms / 2 + (int64_t)jitter % (wait_ms / 2 + 1);
}

void backoff_succeed(struct backoff *backoff)
{
    *backoff = (struct backoff){.not_before_ms = 0};
}

bool backoff_over(const struct backoff *backoff, int64_t now_ms)
{
    return now_ms >= backoff->not_before_ms;
}
