/* SPDX-License-Identifier: Apache-2.0 */
#include "support/crypto.h"

#include "crypto/crypto.h"

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
