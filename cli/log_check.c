/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void log_check_start(struct log_check *check, struct log_report *report,
                     const struct governance *governance, const struct checkpoint *head)
{
    *report = (struct log_report){.result = LOG_SOUND};
    *check = (struct log_check){
        .report = report,
        .governance = governance,
        .head = head,
        .range = TREE_RANGE_NULL,
    };
    if (governance != NULL) {
        (void)snprintf(report->origin, sizeof(report->origin), "%s", governance->root.origin);
    }
}

/* The version held must be the text that the log speaks of. */
static bool check_governance(struct log_check *check, const struct leaf *leaf)
{
    if (leaf->detail == 0 || leaf->detail > GOVERNANCE_DOCUMENTS) {
        return log_report_bad_leaf(check->report, check->range.size,
                                   "names a governance document that there is not");
    }
    if (check->governance == NULL || check->governance->versions[leaf->detail] != leaf->number) {
        return true;
    }
    check->seen[leaf->detail] = true;
    return hash_equal(&check->governance->digests[leaf->detail], &leaf->digest) ||
           log_report_bad_leaf(check->report, check->range.size,
                               "names another text than the governance document held");
}

static bool check_meaning(struct log_check *check, const struct leaf *leaf)
{
    struct log_report *report = check->report;

    if (report->size > 0 && leaf->time_ms < report->last_ms) {
        return log_report_bad_leaf(report, check->range.size,
                                   "is of an earlier time than the leaf before it");
    }
    if (leaf->type == LEAF_GOVERNANCE && !check_governance(check, leaf)) {
        return false;
    }
    if (leaf->type == LEAF_ENTRY && !verdict_is_stored(leaf->verdict)) {
        report->refused++;
    }
    report->first_ms = report->size == 0 ? leaf->time_ms : report->first_ms;
    report->last_ms = leaf->time_ms;
    report->leaves[leaf->type]++;
    return true;
}

static bool compare(struct log_check *check, const struct checkpoint *head)
{
    struct hash root;

    tree_root(&check->range, &root);
    if (!hash_equal(&root, &head->root)) {
        return log_report_bad(check->report, "checkpoint", "the first %" PRIu64 " %s signed",
                              head->size,
                              text_plural(head->size, "leaf is not the one that was",
                                          "leaves are not those that were"));
    }
    check->report->compared = true;
    check->report->compared_size = head->size;
    return true;
}

bool log_check_leaf(struct log_check *check, struct slice data)
{
    struct leaf leaf;
    struct hash hash;
    struct hash completed[64];

    if (!leaf_read(data, &leaf)) {
        return log_report_bad_leaf(check->report, check->range.size, "is none that a log can hold");
    }
    if (!check_meaning(check, &leaf)) {
        return false;
    }
    tree_leaf(data, &hash);
    (void)tree_append(&check->range, &hash, completed);
    check->report->size = check->range.size;
    return check->head == NULL || check->head->size != check->range.size ||
           compare(check, check->head);
}

bool log_check_head(struct log_check *check, const struct checkpoint *head)
{
    if (head->size != check->range.size) {
        return log_report_bad(check->report, "checkpoint",
                              "is over %" PRIu64 " %s, and the log has %" PRIu64, head->size,
                              text_plural(head->size, "leaf", "leaves"), check->range.size);
    }
    return compare(check, head);
}

void log_check_end(struct log_check *check)
{
    struct log_report *report = check->report;

    tree_root(&check->range, &report->root);
    if (check->head != NULL && check->head->size > check->range.size) {
        (void)log_report_bad(report, "checkpoint",
                             "%" PRIu64 " %s signed, and the log has %" PRIu64, check->head->size,
                             text_plural(check->head->size, "leaf was", "leaves were"),
                             check->range.size);
        return;
    }
    if (check->head != NULL && check->head->size == 0 && !compare(check, check->head)) {
        return;
    }
    for (unsigned i = 1; check->governance != NULL && i <= GOVERNANCE_DOCUMENTS; i++) {
        if (check->governance->versions[i] > 0 && !check->seen[i]) {
            (void)log_report_bad(report, governance_document_text(i),
                                 "the version held is named by no leaf");
            return;
        }
    }
}
