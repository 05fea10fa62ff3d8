/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joining: the file an agency was given by its partnership, from which trust starts: the root
 * document with its note, and where the broker is. Later versions of both come over the link.
 */
#ifndef AGENTS_JOINING_H
#define AGENTS_JOINING_H

#include "base/error.h"
#include "base/slice.h"
#include "govern/govern.h"
#include "net/curve.h"

struct joining {
    struct buf root_text;
    struct buf root_note;
    char endpoint[128];
    uint8_t broker_key[CURVE_KEY_BYTES];
};

#define JOINING_NULL                                                                               \
    ((struct joining){.root_text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES),                        \
                      .root_note = BUF_MAX(CAIRN_NOTE_MAX_BYTES)})
void joining_deinit(struct joining *joining);
/* Only that the file is in order; whether the root holds is judged by govern_keep_open. */
int joining_read(const char *path, struct joining *ret, struct error *error) MUST_USE;

#endif
