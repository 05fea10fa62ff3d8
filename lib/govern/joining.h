/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joining: what an agency is given by hand to begin with: the root document with its note, and
 * where the broker is and which transport key it has. Trust starts here, so the root key's id is
 * read out over a known telephone number. Everything else comes from the broker, signed.
 */
#ifndef GOVERN_JOINING_H
#define GOVERN_JOINING_H

#include "govern/govern.h"

#define JOINING_MAX_BYTES                                                                          \
    (2 * (CAIRN_GOVERNANCE_DOC_MAX_BYTES + CAIRN_NOTE_MAX_BYTES)) /* escaped */

struct joining {
    struct buf root_text; /* owned; joining_deinit */
    struct buf root_note;
    char endpoint[128];
    uint8_t curve_key[32]; /* of the broker */
};
#define JOINING_NULL                                                                               \
    ((struct joining){                                                                             \
        .root_text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES),                                      \
        .root_note = BUF_MAX(CAIRN_NOTE_MAX_BYTES),                                                \
    })
void joining_deinit(struct joining *joining);

/* Appends the file of this snapshot's root and directory. */
int joining_write(const struct governance *governance, struct buf *out) MUST_USE;
/* Reads the file and starts trust from it: a snapshot that holds the root alone. *ret is
 * JOINING_NULL before; on failure it is as good as that. */
int joining_load(const char *path, struct joining *ret, struct governance **ret_governance,
                 struct error *error) MUST_USE;

#endif
