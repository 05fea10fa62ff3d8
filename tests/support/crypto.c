/* SPDX-License-Identifier: Apache-2.0 */
#include "support/crypto.h"

#include <unistd.h>

#include "crypto/crypto.h"
#include "net/net.h"

#define TEAR_DOWN_MAX_S 30

int crypto_set_up(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    return crypto_init(&error);
}

int crypto_tear_down(void **state)
{
    (void)state;
    crypto_deinit();
    return 0;
}

int net_set_up(void **state)
{
    struct error error = ERROR_NULL;

    int r = crypto_set_up(state);
    return r == 0 ? net_init(&error) : r;
}

/* Cmocka tears nothing down when a set-up failed, and the end of a context waits for sockets that
 * nobody closes any more: not for ever. */
int net_tear_down(void **state)
{
    (void)alarm(TEAR_DOWN_MAX_S);
    net_deinit();
    (void)alarm(0);
    return crypto_tear_down(state);
}
