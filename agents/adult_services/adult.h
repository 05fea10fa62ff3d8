/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adult: an adult's service says of children whom it knows itself that it knows an adult of their
 * household (config/schemas/adult.schema.json) -> a record adult-service, code adult-known, for
 * each. That is all there is to say: the account is a sentence of ours and whom to ring. Who the
 * adult is, and why or how they are known, has no member to stand in.
 */
#ifndef AGENTS_ADULT_SERVICES_ADULT_H
#define AGENTS_ADULT_SERVICES_ADULT_H

#include "agents/core/family.h"

/* *ret was FAMILY_NULL. -EINVAL and the error, *ret untouched, when the text says nothing. */
int adult_json_read(const struct record_reader *reader, struct slice text,
                    const struct event_terms *terms, struct family *ret,
                    struct error *error) MUST_USE;

#endif
