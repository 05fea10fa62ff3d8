/* SPDX-License-Identifier: Apache-2.0 */
/*
 * survey: figures that somebody may have to act on and that only the whole store tells: what nobody
 * has opened in time, what agencies have not fetched, who has gone silent, how far the newest
 * witness is behind, by when documents must be looked at. Into the counters, once a minute, by the
 * commit thread between two batches; it writes nothing else.
 */
#ifndef BROKER_SURVEY_H
#define BROKER_SURVEY_H

#include "broker/commit.h"

#define SURVEY_TIMERS_MAX 4096 /* looked at; more than that say the same */

void survey(struct commit *commit);

#endif
