/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_kind: what this agency sends, by its kind in the directory held (include/cairn/senders.h).
 * The broker asks the same again.
 */
#ifndef AGENTS_OWN_KIND_H
#define AGENTS_OWN_KIND_H

#include "agents/core/event.h"
#include "govern/govern.h"

/* -EINVAL, and the error says what it sends instead, when such a record is another agency's to
 * send. 0 as well for an agency that the directory does not know: that is for the link to find
 * out. */
int own_kind_check(const struct governance *governance, uint32_t own, const struct event *event,
                   struct error *error) MUST_USE;

#endif
