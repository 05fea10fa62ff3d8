/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chores: batches that no frame sets off and that can wait: judging what lies in mailboxes, what
 * patterns find in what was there before (both INPUT_CONTINUE), and destroying what may go
 * (INPUT_RETENTION). The two kinds take turns. When the next one is due, and for how long frames go
 * first; commit.c writes it. Commit's thread only.
 */
#ifndef BROKER_CHORES_H
#define BROKER_CHORES_H

#include "broker/commit.h"

/* The least pause between two chores beside frames. */
#define CHORE_PAUSE_MS 50

/* False when there is none. */
bool chore_next(const struct commit *commit, struct input *ret);
/* Until the next may begin, unless frames wait; INT_MAX when nothing is left. */
int chore_rest_ms(const struct commit *commit);
/* Frames wait, and come without a pause: a chore goes first, when there is one. */
bool chore_is_overdue(const struct commit *commit);
/* This one, begun at `began_ms` of boot time, is written. */
void chore_done(struct commit *commit, const struct input *chore, int64_t began_ms);

#endif
