/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_governance: a document comes into force as an input like any other. Part of apply.
 */
#ifndef BROKER_APPLY_GOVERNANCE_H
#define BROKER_APPLY_GOVERNANCE_H

#include "broker/apply.h"

/* One that does not verify, or is not newer, changes nothing, has no leaf and is noted. */
struct applied apply_governance(struct apply *apply, const struct input *input);

#endif
