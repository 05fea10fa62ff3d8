/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withdraw: after a link was undone, an open alert stays when a live rule is met by what is still
 * its child's, and is withdrawn when none is. Part of apply.
 */
#ifndef BROKER_WITHDRAW_H
#define BROKER_WITHDRAW_H

#include "broker/applying.h"

/* `parted` is the child of those who left. Tells whoever was told of the alert; then looks at what
 * the alert had listed of theirs, which may meet a rule by itself. */
void withdraw_unmet(struct apply *apply, uint64_t child, uint64_t parted,
                    const struct entry_input *decision);

#endif
