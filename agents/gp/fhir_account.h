/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_account: what is told of a missed appointment, in words: the least that tells the story.
 * Pure; any thread.
 */
#ifndef AGENTS_GP_FHIR_ACCOUNT_H
#define AGENTS_GP_FHIR_ACCOUNT_H

#include "agents/core/event.h"
#include "agents/gp/fhir_service.h"
#include "json/json.h"

/* The narrative, with the members of the account in config/schemas/record.schema.json; event->code
 * says which story it is. */
void account_write(const struct json_view *appointment, const struct fhir_service *service,
                   int32_t start_day, struct event *event);
/* No person looked: the feed rests on a standing decision of the partnership. */
void account_lawfulness(const struct event_terms *terms, struct lawfulness *ret);

#endif
