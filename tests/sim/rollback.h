/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollback: the last thing in some lives. The broker is put back to an older copy: of its store
 * alone, then it must not start; or of everything that it holds, then it cannot know, and agencies
 * that have seen a later head must: none of them takes anything from it, and it is found out in
 * bounded time, by an agency that stops with the evidence or by the broker itself, to which one
 * shows its own later head.
 */
#ifndef SIM_ROLLBACK_H
#define SIM_ROLLBACK_H

#include "sim/speech.h"

/* After everything has drained and was judged. False when there was no older copy, or nobody had
 * seen more than is in it. */
bool rollback_try(struct life *life);

#endif
