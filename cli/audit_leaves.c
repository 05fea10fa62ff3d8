/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "cli/auditing.h"

/*
 * The next leaf before `until` that neither an entry's row leads to nor is a telling or a body
 * destroyed: a document, a
 * start, refused frames; *ret_found is false when there is none. Inputs have their leaves in the
 * order of the journal, so the two are read side by side. Entries on the way are counted.
 */
static bool next_leaf(struct auditing *auditing, uint64_t until, struct leaf *ret, bool *ret_found)
{
    *ret_found = false;
    while (auditing->leaf < until && auditing->leaf < auditing->audit->head.size) {
        struct slice bytes;
        uint64_t index = auditing->leaf++;
        if (log_leaf(auditing->txn, T_LOG, index, &bytes) != 0 || !leaf_read(bytes, ret)) {
            return audit_fault(auditing, "log entry %" PRIu64 " cannot be read", index);
        }
        if (ret->type == LEAF_ENTRY) {
            auditing->leaves_of_entries++;
        } else if (ret->type == LEAF_DESTROYED) {
            auditing->leaves_of_destroyed++;
        } else if (ret->type != LEAF_TOLD) {
            *ret_found = true;
            return true;
        }
    }
    return true;
}

/* Log and journal tell of different things: most likely because a document was changed, and does
 * not hold any more. */
static bool leaf_fault(struct auditing *auditing, const struct leaf *leaf)
{
    if (auditing->refused[0] != '\0' && leaf->type == LEAF_GOVERNANCE &&
        leaf->detail == (uint32_t)auditing->refused_document) {
        return audit_fault(auditing, "%s", auditing->refused);
    }
    return audit_fault(auditing,
                       "log entry %" PRIu64 " tells of something that the journal does not",
                       auditing->leaf - 1);
}

/* Nothing before this leaf is left that the journal should have told of. */
bool audit_leaves_until(struct auditing *auditing, uint64_t until)
{
    struct leaf leaf;
    bool found;
    if (!next_leaf(auditing, until, &leaf, &found)) {
        return false;
    }
    return !found || leaf_fault(auditing, &leaf);
}

/* The next leaf is the one of this input; that of a start says where in the log it stands. */
bool audit_input_leaf(struct auditing *auditing, const struct leaf *expected)
{
    struct leaf leaf;
    bool found;
    if (!next_leaf(auditing, UINT64_MAX, &leaf, &found)) {
        return false;
    }
    if (!found) {
        return audit_fault(auditing, "the log ends before batch %" PRIu64 " of the journal",
                           auditing->batch);
    }
    uint64_t number = expected->type == LEAF_START ? auditing->leaf - 1 : expected->number;
    return (leaf.type == expected->type && audit_is_of_input(auditing, &leaf, auditing->leaf - 1) &&
            leaf.agency == expected->agency && leaf.number == number &&
            leaf.detail == expected->detail && hash_equal(&leaf.digest, &expected->digest)) ||
           leaf_fault(auditing, &leaf);
}

/* After the journal: what is left of the log tells of nothing that the journal does not. */
bool audit_leaves_end(struct auditing *auditing)
{
    if (!audit_leaves_until(auditing, UINT64_MAX)) {
        return false;
    }
    if (auditing->leaves_of_entries != auditing->entries_told) {
        return audit_fault(auditing,
                           "the log tells of %" PRIu64 " entries, and the journal of %" PRIu64,
                           auditing->leaves_of_entries, auditing->entries_told);
    }
    if (auditing->audit->bodies_absent > auditing->leaves_of_destroyed) {
        return audit_fault(auditing, "%" PRIu64 " %s gone, and the log tells of %" PRIu64,
                           auditing->audit->bodies_absent,
                           text_plural(auditing->audit->bodies_absent, "body is", "bodies are"),
                           auditing->leaves_of_destroyed);
    }
    return true;
}
