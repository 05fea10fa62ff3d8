/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thief: somebody has the first signing key of an agency, and its transport key, and writes from a
 * connection of his own, about a child of his own making: until the keys are retired or the agency
 * is revoked he is that agency to everybody, and what he said is counted; from then on nothing of
 * his is taken, whether he was connected before or not. That is the model's to find; what is known
 * here is that nobody is let in by a key that no directory has.
 */
#ifndef SIM_THIEF_H
#define SIM_THIEF_H

#include "sim/speech.h"

void thief_writes(struct life *life);

#endif
