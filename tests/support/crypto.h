/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka's set-up and tear-down of a group of tests that need the library of cryptography. */
#ifndef SUPPORT_CRYPTO_H
#define SUPPORT_CRYPTO_H

int crypto_set_up(void **state);
int crypto_tear_down(void **state);
/* And libzmq. */
int net_set_up(void **state);
int net_tear_down(void **state);

#endif
