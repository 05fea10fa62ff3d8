/* SPDX-License-Identifier: Apache-2.0 */
#include "support/crypto.h"

#include "crypto/crypto.h"
#include "net/net.h"

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

int net_tear_down(void **state)
{
    net_deinit();
    return crypto_tear_down(state);
}
