/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admit: which transport keys may speak. Asked when a connection is made, and again for each frame
 * that comes in and each that goes out: a key or an agency revoked in between gets its verdict and
 * nothing else. Any thread.
 */
#ifndef BROKER_ADMIT_H
#define BROKER_ADMIT_H

#include "broker/board.h"
#include "net/router.h"

/* For router_open, with the board as `data`. */
bool admit_key(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency);
/* The connection's key is an active one of the active agency that it was made by. */
bool admit_peer(struct board *board, const struct peer *peer);

#endif
