/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the journal: its row, its leaf, what is stored of it, and the parcel it came in. */
#include <errno.h>
#include <inttypes.h>

#include "cli/auditing.h"
#include "ledger/journal.h"

static const char *name_of(const struct entry_id *id, char out[ENTRY_ID_TEXT_BYTES])
{
    entry_id_format(id, out);
    return out;
}

/* --- bodies and grants --- */

static bool check_grants(struct auditing *auditing, const struct entry_input *entry,
                         const struct blob_row *blob)
{
    struct hash digest;
    char id[ENTRY_ID_TEXT_BYTES];
    bool same = blob->n_grants == entry->n_grants;
    for (size_t i = 0; same && i < blob->n_grants; i++) {
        same = blob->grants[i].part == entry->grants[i].part &&
               blob->grants[i].recipient == entry->grants[i].recipient &&
               blob->grants[i].key_id == entry->grants[i].key_id;
    }
    wire_grants_digest(blob->grants, blob->n_grants, &digest);
    if (!same || !hash_equal(&digest, &entry->grants_digest)) {
        return audit_fault(auditing, "the stored grants of %s are not what its origin signed",
                           name_of(&entry->id, id));
    }
    return true;
}

/* What has no body says so by its item digest. What was destroyed cannot be told any more: its row,
 * and a leaf, say that it was. */
static bool check_absent_body(struct auditing *auditing, const struct entry_input *entry)
{
    struct hash item;
    struct entry_row row;
    char id[ENTRY_ID_TEXT_BYTES];
    wire_item_digest(entry->header, SLICE_NULL, &item);
    if (hash_equal(&item, &entry->item) && entry->n_grants == 0) {
        return true;
    }
    if (entry->kind == ENTRY_ACKNOWLEDGEMENT) {
        return audit_fault(auditing, "the header of %s is not what its origin signed",
                           name_of(&entry->id, id));
    }
    if (!entry_row_get(auditing->txn, &entry->id, &row) || row.destroyed == DESTROYED_NOT) {
        return audit_fault(auditing,
                           "the body of %s is gone, and nothing says that it was destroyed",
                           name_of(&entry->id, id));
    }
    auditing->audit->bodies_absent++;
    return true;
}

static bool check_body(struct auditing *auditing, const struct entry_input *entry)
{
    struct blob_row blob;
    struct hash item;
    char id[ENTRY_ID_TEXT_BYTES];
    int r = blob_row_get(auditing->txn, auditing->batch, auditing->input, &blob);
    if (r == -ENOENT) {
        return check_absent_body(auditing, entry);
    }
    auditing->blobs++;
    if (r != 0) {
        return audit_fault(auditing, "the body or the stored grants of %s are damaged",
                           name_of(&entry->id, id));
    }
    wire_item_digest(entry->header, blob.body, &item);
    if (!hash_equal(&item, &entry->item)) {
        return audit_fault(auditing, "header or body of %s is not what its origin signed",
                           name_of(&entry->id, id));
    }
    auditing->audit->bodies++;
    return check_grants(auditing, entry, &blob);
}

/* --- parcels --- */

/* Whether the parcel, as its origin wrote it, holds this entry and was written for it. */
static bool parcel_holds(const struct parcel_row *parcel, const struct parcel_head *head,
                         const struct entry_input *entry)
{
    struct hash digest;
    wire_entry_digest(&entry->item, &entry->grants_digest, &digest);
    return entry->index < parcel->n && hash_equal(&parcel->digests[entry->index], &digest) &&
           head->agency == entry->id.agency && head->stream == entry->id.stream &&
           head->key_id == entry->key_id &&
           head->versions.of[GOVERNANCE_AGREEMENTS] == entry->agreements_version &&
           head->versions.of[GOVERNANCE_DIRECTORY] == entry->directory_version;
}

/* Root and signature, by the key that the directory of that moment names. */
static bool parcel_is_signed(const struct auditing *auditing, const struct parcel_row *parcel,
                             const struct parcel_head *head)
{
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash root;
    const struct agency *agency =
        auditing->governance == NULL
            ? NULL
            : directory_agency(&auditing->governance->directory, head->agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, head->key_id);
    for (size_t i = 0; i < parcel->n; i++) {
        tree_leaf(SLICE_OF(parcel->digests[i].bytes), &leaves[i]);
    }
    tree_root_of(leaves, parcel->n, &root);
    return key != NULL && hash_equal(&head->root, &root) &&
           verifier_check(key->verifier, SIGN_PARCEL, parcel->head, parcel->signature);
}

static bool check_parcel(struct auditing *auditing, const struct entry_input *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct parcel_row parcel;
    struct parcel_head head;
    char id[ENTRY_ID_TEXT_BYTES];
    int r = parcel_row_get(auditing->txn, auditing->batch, entry->parcel, &parcel);
    if (r == -ENOENT) {
        return audit_fault(auditing, "the parcel of %s is gone", name_of(&entry->id, id));
    }
    if (r != 0 || !wire_parcel_head_read(parcel.head, &arena, &head) ||
        !parcel_holds(&parcel, &head, entry)) {
        return audit_fault(auditing, "the parcel of %s does not hold it", name_of(&entry->id, id));
    }
    if (auditing->signed_batch == auditing->batch && auditing->signed_input == entry->parcel) {
        return true;
    }
    if (!parcel_is_signed(auditing, &parcel, &head)) {
        return audit_fault(auditing, "the signature of the parcel of %s does not hold",
                           name_of(&entry->id, id));
    }
    auditing->signed_batch = auditing->batch;
    auditing->signed_input = entry->parcel;
    auditing->audit->parcels++;
    return true;
}

/* --- entries --- */

static bool check_entry_leaf(struct auditing *auditing, const struct entry_input *entry,
                             const struct entry_row *row, struct leaf *ret)
{
    struct slice bytes;
    struct leaf leaf;
    char id[ENTRY_ID_TEXT_BYTES];
    if (log_leaf(auditing->txn, T_LOG, row->log_index, &bytes) != 0 || !leaf_read(bytes, &leaf) ||
        leaf.type != LEAF_ENTRY || leaf.time_ms != auditing->time_ms ||
        !entry_id_equal(&leaf.id, &entry->id) || leaf.kind != entry->kind ||
        leaf.verdict != row->verdict || !hash_equal(&leaf.digest, &entry->item) ||
        !hash_equal(&leaf.grants, &entry->grants_digest)) {
        return audit_fault(auditing,
                           "log entry %" PRIu64 " does not say what the journal says of %s",
                           row->log_index, name_of(&entry->id, id));
    }
    *ret = leaf;
    return true;
}

/* Came a second time: in one batch, which is no news; or with another content, which is logged. */
static bool check_again(struct auditing *auditing, const struct entry_input *entry,
                        const struct entry_row *row)
{
    if (!hash_equal(&row->item, &entry->item)) {
        auditing->entries_told++;
    }
    return true;
}

static bool check_stored(struct auditing *auditing, const struct entry_input *entry)
{
    /* the body of a subject statement is its tokens, which the broker keeps under the pepper only
     */
    if (entry->kind != ENTRY_SUBJECT && !check_body(auditing, entry)) {
        return false;
    }
    if (!check_parcel(auditing, entry)) {
        return false;
    }
    if (entry->kind == ENTRY_ACKNOWLEDGEMENT && auditing->governance != NULL) {
        audit_cosignature_follow(auditing, entry);
    }
    return true;
}

bool audit_entry(struct auditing *auditing, const struct entry_input *entry)
{
    struct entry_row row;
    struct leaf leaf;
    char id[ENTRY_ID_TEXT_BYTES];
    auditing->audit->entries++;
    if (!entry_row_get(auditing->txn, &entry->id, &row)) {
        return audit_fault(auditing, "%s is in the journal and has no row",
                           name_of(&entry->id, id));
    }
    if (row.batch != auditing->batch || row.input != auditing->input) {
        return check_again(auditing, entry, &row);
    }
    auditing->entries_told++;
    if (row.offset != auditing->offset || !hash_equal(&row.item, &entry->item)) {
        return audit_fault(auditing, "the row of %s is not that of its journal entry",
                           name_of(&entry->id, id));
    }
    if (!audit_leaves_until(auditing, row.log_index) ||
        !check_entry_leaf(auditing, entry, &row, &leaf) ||
        (verdict_is_stored(row.verdict) && !check_stored(auditing, entry))) {
        return false;
    }
    return audit_is_of_input(auditing, &leaf, row.log_index) ||
           audit_fault(auditing, "log entry %" PRIu64 " was made for something else than %s is now",
                       row.log_index, name_of(&entry->id, id));
}
