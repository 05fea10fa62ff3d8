/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checking: what the judges of an agent (check_agent.c) and of a broker (check_broker.c) have in
 * common: a figure is written down, and what is over its limit is found. checking.c also has what
 * check.h says of levels, limits and struct check.
 */
#ifndef CLI_CHECKING_H
#define CLI_CHECKING_H

#include "cli/check.h"

/* CHECK_OK below both limits. */
enum check_level check_level_of(const struct check *check, enum check_limit limit, int64_t value);
/* For performance data and --json; nothing is judged. */
void check_figure(struct check *check, const char *name, int64_t value, const char *unit);
/* `what` is `percent` full: a figure, judged by LIMIT_DISK. */
void check_percent(struct check *check, const char *what, int64_t percent);
/* `until_ms`: the end of the day by which the document must be looked at. */
void check_review(struct check *check, const char *document, int64_t until_ms);
/* Without a front door nobody opens what is urgent; all else still reaches somebody. */
void check_duty(struct check *check, bool front_door, const char *words);

#endif
