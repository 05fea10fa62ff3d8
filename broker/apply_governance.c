/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/apply_governance.h"

#include <errno.h>

#include "broker/backfill.h"

/* Since when those that the directory says are revoked are so: what waits for them waits for a
 * while. And since when the others are members: who is new has said nothing yet. */
static void note_members(struct apply *apply)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        struct agency_row row;
        agency_row_get(apply->txn, agency->number, &row);
        if (agency->active != (row.left_day == 0) || agency->active != (row.joined_day != 0)) {
            row.left_day = agency->active ? 0 : apply_day(apply);
            row.joined_day = agency->active ? apply_day(apply) : 0;
            agency_row_put(apply->txn, agency->number, &row);
        }
    }
}

struct applied apply_governance(struct apply *apply, const struct input *input)
{
    struct applied applied = {.verdict = VERDICT_STORED, .log_index = UINT64_MAX};
    struct govern_document document = {
        .document = input->governance.document,
        .text = input->governance.text,
        .note = input->governance.note,
    };
    struct governance *next = NULL;
    struct error error = ERROR_NULL;
    enum govern_result result = governance_next(apply->governance, &document, &next, &error);
    if (result != GOVERN_ACCEPTED) {
        apply_noted(apply, NOTED_GOVERNANCE_REFUSED);
        applied.verdict = VERDICT_CONFLICT;
        return applied;
    }
    _cleanup_(governance_unref) struct governance *old = apply->governance;
    apply->governance = next;
    if (document.document == GOVERNANCE_PATTERNS) {
        backfill_turned_on(apply, old);
    }
    if (document.document == GOVERNANCE_DIRECTORY) {
        note_members(apply);
    }
    const struct governance_row row = {
        .version = next->versions[document.document],
        .text = document.text,
        .note = document.note,
    };
    governance_row_put(apply->txn, document.document, &row);
    struct leaf leaf = {
        .type = LEAF_GOVERNANCE,
        .digest = next->digests[document.document],
        .number = row.version,
        .detail = document.document,
    };
    applied.log_index = apply_leaf(apply, &leaf);
    apply_noted(apply, NOTED_GOVERNANCE_ACCEPTED);
    return applied;
}

int apply_load_governance(struct store_txn *txn, struct governance **ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *loaded = NULL;
    for (unsigned number = GOVERNANCE_ROOT; number <= GOVERNANCE_DOCUMENTS; number++) {
        enum governance_document kind = (enum governance_document)number;
        struct governance_row row = {.version = 0};
        int r = governance_row_get(txn, kind, &row);
        if (r == -ENOENT) {
            if (number == GOVERNANCE_ROOT) {
                return -ENOENT;
            }
            continue;
        }
        const struct govern_document document = {
            .document = kind, .text = row.text, .note = row.note};
        struct governance *next = NULL;
        enum govern_result result =
            r != 0 ? GOVERN_BAD_DOCUMENT : governance_next(loaded, &document, &next, error);
        if (result != GOVERN_ACCEPTED) {
            return error_set(error, "store", "the %s that the store holds does not verify: %s",
                             governance_document_text(number), govern_result_text(result));
        }
        governance_unref(&loaded);
        loaded = next;
    }
    *ret = loaded;
    loaded = NULL;
    return 0;
}
