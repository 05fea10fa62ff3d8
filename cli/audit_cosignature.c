/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/auditing.h"

/* Where this agency's is, or belongs. */
static size_t cosigned_place(const struct auditing *auditing, uint32_t agency)
{
    size_t low = 0;
    size_t high = auditing->n_cosigned;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (auditing->cosigned[middle].agency < agency) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct cosigned *cosigned_find(const struct auditing *auditing, uint32_t agency)
{
    size_t place = cosigned_place(auditing, agency);
    bool found = place < auditing->n_cosigned && auditing->cosigned[place].agency == agency;
    return found ? &auditing->cosigned[place] : NULL;
}

static struct cosigned *cosigned_of(struct auditing *auditing, uint32_t agency)
{
    size_t place = cosigned_place(auditing, agency);
    struct cosigned *found = cosigned_find(auditing, agency);
    if (found == NULL && auditing->n_cosigned < CAIRN_AGENCIES_MAX) {
        found = &auditing->cosigned[place];
        memmove(found + 1, found, (auditing->n_cosigned - place) * sizeof(*found));
        auditing->n_cosigned++;
        found->agency = agency;
    }
    return found;
}

/* As the broker did when it came: a cosignature that does not hold for this tree by that key was
 * not taken. */
void audit_cosignature_follow(struct auditing *auditing, const struct entry_input *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    struct log_source source = {.txn = auditing->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct entry_header header;
    struct checkpoint head;
    const struct agency *agency =
        directory_agency(&auditing->governance->directory, entry->id.agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, entry->key_id);
    if (key == NULL || !wire_entry_header_read(entry->kind, entry->header, &arena, &header)) {
        return;
    }
    const struct acknowledgement_header *said = &header.acknowledgement;
    head.size = said->log_size;
    if (tree_root_at(&tree, head.size, &head.root) != 0 ||
        !hash_equal(&head.root, &said->log_root)) {
        return;
    }
    checkpoint_text(&head, auditing->governance->root.origin, &text);
    if (cosignature_check(buf_slice(&text), said->cosignature, key->verifier)) {
        struct cosigned *cosigned = cosigned_of(auditing, entry->id.agency);
        if (cosigned != NULL) {
            cosigned->log_size = said->log_size;
            cosigned->log_root = said->log_root;
            memcpy(cosigned->cosignature, said->cosignature, COSIGNATURE_BYTES);
            cosigned->key_id = entry->key_id;
        }
    }
}

static bool check_cosignature(struct auditing *auditing, uint32_t agency)
{
    struct agency_row row;
    agency_row_get(auditing->txn, agency, &row);
    if (row.log_size == 0) {
        return true;
    }
    const struct cosigned *cosigned = cosigned_find(auditing, agency);
    if (cosigned == NULL || cosigned->log_size != row.log_size ||
        !hash_equal(&cosigned->log_root, &row.log_root) ||
        memcmp(cosigned->cosignature, row.cosignature, COSIGNATURE_BYTES) != 0 ||
        cosigned->key_id != row.cosigned_by) {
        return audit_fault(auditing, "the cosignature of agency %u does not hold", agency);
    }
    auditing->audit->cosignatures++;
    return true;
}

bool audit_cosignatures(struct auditing *auditing)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(auditing->txn, T_AGENCY, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        if (!check_cosignature(auditing, read_u32(&reader))) {
            return false;
        }
        store_walk_next(&walk);
    }
    return true;
}
