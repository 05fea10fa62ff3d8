/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tell: who may read the reason of a decision besides us: agencies by their ids, and the word
 * CAIRN_TELL_ORIGINS for those whose records the decision is about. An origin that the headline
 * does not name is one of its kind: the reason is sealed to each agency of that kind, and the
 * broker passes it on to the origin alone.
 */
#ifndef AGENTS_API_TELL_H
#define AGENTS_API_TELL_H

#include "agents/core/api_decision.h"
#include "agents/core/api_view.h"
#include "agents/core/decide.h"

/* Sets the recipients of *ret, which says already what it is about. -EINVAL and the error. */
int tell_find(const struct api_view *view, const struct api_decision *read,
              struct decide_request *ret, struct error *error) MUST_USE;

#endif
