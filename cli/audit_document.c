/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/auditing.h"

bool audit_document(struct auditing *auditing, const struct govern_document *document)
{
    struct governance *next = NULL;
    struct error error = ERROR_NULL;
    enum govern_result result = governance_next(auditing->governance, document, &next, &error);
    if (result != GOVERN_ACCEPTED) { /* the broker did not take it either, unless a leaf says so */
        if (auditing->refused[0] == '\0' && result != GOVERN_SAME && result != GOVERN_OLDER) {
            auditing->refused_document = document->document;
            (void)snprintf(auditing->refused, sizeof(auditing->refused),
                           "a governance document (%s) in batch %" PRIu64 " does not hold: %s",
                           governance_document_text((uint32_t)document->document), auditing->batch,
                           govern_result_text(result));
        }
        return true;
    }
    governance_unref(&auditing->governance);
    auditing->governance = next;
    auditing->audit->documents++;
    const struct leaf expected = {
        .type = LEAF_GOVERNANCE,
        .number = next->versions[document->document],
        .detail = (uint32_t)document->document,
        .digest = next->digests[document->document],
    };
    if (!audit_input_leaf(auditing, &expected)) {
        return false;
    }
    auditing->refused[0] = '\0';
    return true;
}

/* Those in force lie in a table of their own too, from which a broker starts. */
bool audit_documents_in_force(struct auditing *auditing)
{
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        enum governance_document document = (enum governance_document)i;
        struct govern_document held = {.text = SLICE_NULL};
        struct governance_row row = {.version = 0};
        int r = governance_row_get(auditing->txn, document, &row);
        bool in_force = governance_held(auditing->governance, document, &held);
        if (r != (in_force ? 0 : -ENOENT) || row.version != auditing->governance->versions[i] ||
            !slice_equal(row.text, held.text) || !slice_equal(row.note, held.note)) {
            return audit_fault(auditing,
                               "the governance document in force (%s) is not the journal's",
                               governance_document_text(i));
        }
    }
    return true;
}
