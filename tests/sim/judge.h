/* SPDX-License-Identifier: Apache-2.0 */
/* judge: after everything has drained, whether broker and agents hold what the model says and no
 * more. Ends the simulation when they do not (model_wrong). */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "sim/speech.h"

void judge(struct life *life);
/* Everything that was told has come and was acknowledged. */
bool judge_mailboxes_are_empty(struct life *life);
/* For people: who waits for what. */
void judge_what_is_stuck(struct life *life);

#endif
