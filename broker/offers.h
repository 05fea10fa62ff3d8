/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offers: documents of governance that lie in the broker's folder and are newer than what is held.
 * Whether they are any good is decided when they are applied.
 *
 * Owned by the main thread: read at start and at SIGHUP.
 */
#ifndef BROKER_OFFERS_H
#define BROKER_OFFERS_H

#include "base/slice.h"
#include "govern/govern.h"

struct offers {
    size_t n;
    struct govern_document documents[GOVERNANCE_DOCUMENTS]; /* over texts and notes */
    struct buf texts[GOVERNANCE_DOCUMENTS];
    struct buf notes[GOVERNANCE_DOCUMENTS];
};
#define OFFERS_NULL ((struct offers){.n = 0})

/* What the folder has; `held` may be NULL: then everything is newer. Logs what cannot be read and
 * passes it over: false. */
bool offers_read(const char *folder, const struct governance *held, struct offers *ret);
void offers_deinit(struct offers *offers);

#endif
