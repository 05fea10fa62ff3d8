/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_check: judges a log that is read to it leaf by leaf, wherever it lies: every leaf says
 * something that a leaf can say, times do not go back, governance leaves name the documents held,
 * and the tree over all leaves has the roots that were signed. No state but its own; one thread.
 */
#ifndef CLI_LOG_CHECK_H
#define CLI_LOG_CHECK_H

#include "cli/log_report.h"
#include "govern/govern.h"

struct log_check {
    struct log_report *report;
    const struct governance *governance; /* held beside the log; NULL: none */
    const struct checkpoint *head;       /* signed, to be compared with; NULL: none */
    struct tree_range range;
    bool seen[GOVERNANCE_DOCUMENTS + 1]; /* the version held was named by a leaf */
};

/* *report is set to zeros; both others are borrowed and may be NULL. */
void log_check_start(struct log_check *check, struct log_report *report,
                     const struct governance *governance, const struct checkpoint *head);
/* False once the log is not sound: the report says why. */
bool log_check_leaf(struct log_check *check, struct slice leaf) MUST_USE;
/* After the last leaf. */
void log_check_end(struct log_check *check);
/* Another head, over all leaves read so far: an export's own. */
bool log_check_head(struct log_check *check, const struct checkpoint *head) MUST_USE;

#endif
