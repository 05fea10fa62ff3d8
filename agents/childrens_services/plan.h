/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: a child's plan and who to speak to about it (config/schemas/plan.schema.json) -> one record
 * of kind plan and this agency's own involvements, with the person as contact in the sealed
 * account:
 *
 *   allocated_worker                  allocated-worker
 *   lead_professional                 lead-professional
 *   the first of ours in the team     plan-team
 *
 * Another agency's part in the team is that agency's to say; the account names it.
 *
 * The end of a plan is a record of its own, code plan-ended and source id ID/ended, and ends the
 * involvements of the plan. What the plan was before stays told.
 */
#ifndef AGENTS_CHILDRENS_SERVICES_PLAN_H
#define AGENTS_CHILDRENS_SERVICES_PLAN_H

#include "agents/core/family.h"

/* *ret was FAMILY_NULL; has one child afterwards. -EINVAL and the error, *ret untouched, when the
 * text says no plan. */
int plan_json_read(const struct record_reader *reader, struct slice text,
                   const struct event_terms *terms, struct family *ret,
                   struct error *error) MUST_USE;

#endif
