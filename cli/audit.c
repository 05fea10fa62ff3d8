/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit.h"

#include "govern/govern.h"
#include "ledger/journal.h"
#include "wire/leaf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PROGRESS_EVERY 256 /* batches */

/* An audit under way. */
struct auditing {
    struct store_txn *txn;
    struct audit *audit;
    struct governance *governance; /* in force at the batch being looked at */
    uint64_t batch;
    uint32_t input;
    size_t offset;
};

/* The first fault is the one that is told. Returns false so that a check can end with it. */
static bool PRINTF(2, 3) fault(struct auditing *auditing, const char *format, ...)
{
    va_list arguments;
    if (auditing->audit->problem[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(auditing->audit->problem, sizeof(auditing->audit->problem), format,
                        arguments);
        va_end(arguments);
    }
    return false;
}

static const char *name_of(const struct entry_id *id, char out[ENTRY_ID_TEXT_BYTES])
{
    entry_id_format(id, out);
    return out;
}

/* --- bodies and grants --- */

static bool check_grants(struct auditing *auditing, const struct entry_input *entry,
                         struct reader *reader)
{
    struct wire_grant grants[CAIRN_GRANTS_MAX];
    struct hash digest;
    char id[ENTRY_ID_TEXT_BYTES];
    size_t n = read_u8(reader);
    if (n > CAIRN_GRANTS_MAX) {
        return fault(auditing, "the stored grants of %s are damaged", name_of(&entry->id, id));
    }
    for (size_t i = 0; i < n; i++) {
        grants[i].part = (enum part)read_u8(reader);
        grants[i].recipient = read_u32(reader);
        grants[i].key_id = read_u32(reader);
        read_into(reader, grants[i].sealed, GRANT_BYTES);
    }
    wire_grants_digest(grants, n, &digest);
    if (!reader_end(reader) || !hash_equal(&digest, &entry->grants_digest)) {
        return fault(auditing, "the stored grants of %s are not what its origin signed",
                     name_of(&entry->id, id));
    }
    return true;
}

static bool check_body(struct auditing *auditing, const struct entry_input *entry)
{
    struct store_key key = key_batch_input(auditing->batch, auditing->input);
    struct slice value;
    struct hash item;
    char id[ENTRY_ID_TEXT_BYTES];
    if (!store_get(auditing->txn, T_BLOB, store_key_slice(&key), &value)) {
        auditing->audit->bodies_absent++;
        return true;
    }
    struct reader reader = reader_over(value);
    struct slice body = read_sized(&reader, CAIRN_BODY_MAX_BYTES);
    wire_item_digest(entry->header, body, &item);
    if (!reader_ok(&reader) || !hash_equal(&item, &entry->item)) {
        return fault(auditing, "header or body of %s is not what its origin signed",
                     name_of(&entry->id, id));
    }
    auditing->audit->bodies++;
    return check_grants(auditing, entry, &reader);
}

/* --- parcels --- */

static bool check_signature(struct auditing *auditing, const struct entry_input *entry,
                            struct slice head_bytes, struct slice signature,
                            const struct hash *root)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct parcel_head head;
    char id[ENTRY_ID_TEXT_BYTES];
    const struct agency *agency =
        auditing->governance == NULL
            ? NULL
            : directory_agency(&auditing->governance->directory, entry->id.agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, entry->key_id);
    if (key == NULL || !wire_parcel_head_read(head_bytes, &arena, &head) ||
        !hash_equal(&head.root, root) || head.agency != entry->id.agency ||
        head.stream != entry->id.stream) {
        return fault(auditing, "the parcel of %s does not hold it", name_of(&entry->id, id));
    }
    if (!verifier_check(key->verifier, SIGN_PARCEL, head_bytes, signature)) {
        return fault(auditing, "the signature of the parcel of %s does not hold",
                     name_of(&entry->id, id));
    }
    auditing->audit->parcels++;
    return true;
}

static bool check_parcel(struct auditing *auditing, const struct entry_input *entry)
{
    struct store_key key = key_batch_input(auditing->batch, entry->parcel);
    struct slice value;
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash digest;
    struct hash root;
    char id[ENTRY_ID_TEXT_BYTES];
    if (!store_get(auditing->txn, T_PARCEL, store_key_slice(&key), &value)) {
        return true; /* destroyed with its bodies */
    }
    struct reader reader = reader_over(value);
    struct slice head = read_sized(&reader, CAIRN_HEADER_MAX_BYTES);
    struct slice signature = read_bytes(&reader, SIGN_SIGNATURE_BYTES);
    size_t n = read_u8(&reader);
    wire_entry_digest(&entry->item, &entry->grants_digest, &digest);
    bool named = false;
    for (size_t i = 0; i < n && i < CAIRN_PARCEL_ENTRIES_MAX; i++) {
        struct slice one = read_bytes(&reader, CAIRN_HASH_BYTES);
        tree_leaf(one, &leaves[i]);
        named = named || (i == entry->index && slice_equal(one, SLICE_OF(digest.bytes)));
    }
    if (!reader_end(&reader) || n > CAIRN_PARCEL_ENTRIES_MAX || !named) {
        return fault(auditing, "the parcel of %s does not hold it", name_of(&entry->id, id));
    }
    tree_root_of(leaves, n, &root);
    return check_signature(auditing, entry, head, signature, &root);
}

/* --- entries and documents --- */

static bool check_entry_leaf(struct auditing *auditing, const struct entry_input *entry,
                             const struct entry_row *row)
{
    struct slice bytes;
    struct leaf leaf;
    char id[ENTRY_ID_TEXT_BYTES];
    if (log_leaf(auditing->txn, T_LOG, row->log_index, &bytes) != 0 || !leaf_read(bytes, &leaf) ||
        leaf.type != LEAF_ENTRY || !entry_id_equal(&leaf.id, &entry->id) ||
        leaf.kind != entry->kind || leaf.verdict != row->verdict ||
        !hash_equal(&leaf.digest, &entry->item) ||
        !hash_equal(&leaf.grants, &entry->grants_digest)) {
        return fault(auditing, "log entry %" PRIu64 " does not say what the journal says of %s",
                     row->log_index, name_of(&entry->id, id));
    }
    return true;
}

static bool check_entry(struct auditing *auditing, const struct entry_input *entry)
{
    struct entry_row row;
    char id[ENTRY_ID_TEXT_BYTES];
    auditing->audit->entries++;
    if (!entry_row_get(auditing->txn, &entry->id, &row)) {
        return fault(auditing, "%s is in the journal and has no row", name_of(&entry->id, id));
    }
    if (row.batch != auditing->batch || row.input != auditing->input) {
        return true; /* came twice in one batch, or equivocated: the row is that of the first */
    }
    if (row.offset != auditing->offset || !hash_equal(&row.item, &entry->item)) {
        return fault(auditing, "the row of %s is not that of its journal entry",
                     name_of(&entry->id, id));
    }
    if (!check_entry_leaf(auditing, entry, &row)) {
        return false;
    }
    if (!verdict_is_stored(row.verdict)) {
        return true;
    }
    bool has_body = entry->kind != ENTRY_SUBJECT && entry->kind != ENTRY_ACKNOWLEDGEMENT;
    return (!has_body || check_body(auditing, entry)) && check_parcel(auditing, entry);
}

static bool check_document(struct auditing *auditing, const struct govern_document *document)
{
    struct governance *next = NULL;
    struct error error = ERROR_NULL;
    enum govern_result result =
        auditing->governance == NULL
            ? governance_start(document, &next, &error)
            : governance_with(auditing->governance, document, &next, &error);
    if (result == GOVERN_ACCEPTED) {
        governance_unref(&auditing->governance);
        auditing->governance = next;
        auditing->audit->documents++;
        return true;
    }
    if (result == GOVERN_SAME || result == GOVERN_OLDER) {
        return true;
    }
    return fault(auditing, "a governance document (%s) in batch %" PRIu64 " does not hold: %s",
                 governance_document_text((uint32_t)document->document), auditing->batch,
                 govern_result_text(result));
}

static bool check_input(struct auditing *auditing, const struct input *input)
{
    switch (input->type) {
    case INPUT_ENTRY:
        return check_entry(auditing, &input->entry);
    case INPUT_GOVERNANCE: {
        const struct govern_document document = {
            .document = input->governance.document,
            .text = input->governance.text,
            .note = input->governance.note,
        };
        return check_document(auditing, &document);
    }
    case INPUT_REFUSED:
    case INPUT_START:
        return true;
    }
    return false;
}

static bool check_batch(struct auditing *auditing, struct slice row)
{
    struct batch_head head;
    struct input input;
    size_t at = BATCH_HEAD_BYTES;
    auditing->input = 0;
    auditing->offset = at;
    if (!journal_head_read(row, &head)) {
        return fault(auditing, "batch %" PRIu64 " of the journal is damaged", auditing->batch);
    }
    while (journal_next(row, &at, &input)) {
        if (!check_input(auditing, &input)) {
            return false;
        }
        auditing->input++;
        auditing->offset = at;
    }
    if (at != row.len || auditing->input != head.inputs) {
        return fault(auditing, "batch %" PRIu64 " of the journal is damaged", auditing->batch);
    }
    auditing->audit->batches++;
    return true;
}

/* --- the whole --- */

static bool check_log(struct auditing *auditing)
{
    struct tree_range range = TREE_RANGE_NULL;
    uint64_t size = log_size(auditing->txn, T_LOG);
    if (log_reread(auditing->txn, T_LOG, size, &range) != 0) {
        return fault(auditing, "log entry %" PRIu64 " does not hash to what is stored", range.size);
    }
    auditing->audit->head.size = size;
    tree_root(&range, &auditing->audit->head.root);
    return true;
}

static bool check_cosignature(struct auditing *auditing, uint32_t number)
{
    struct agency_row row;
    struct hash root;
    struct log_source source = {.txn = auditing->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(1024);
    agency_row_get(auditing->txn, number, &row);
    if (row.log_size == 0) {
        return true;
    }
    const struct checkpoint seen = {.size = row.log_size, .root = row.log_root};
    if (tree_root_at(&tree, row.log_size, &root) != 0 || !hash_equal(&root, &row.log_root)) {
        return fault(auditing, "agency %u has seen another log of size %" PRIu64, number,
                     row.log_size);
    }
    checkpoint_text(&seen, auditing->governance->root.origin, &text);
    const struct agency *agency = directory_agency(&auditing->governance->directory, number);
    for (size_t i = 0; agency != NULL && i < agency->n_sign_keys; i++) {
        if (cosignature_check(buf_slice(&text), row.cosignature, agency->sign_keys[i].verifier)) {
            auditing->audit->cosignatures++;
            return true;
        }
    }
    return fault(auditing, "the cosignature of agency %u does not hold", number);
}

static bool check_cosignatures(struct auditing *auditing)
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

static bool check_journal(struct auditing *auditing, void (*progress)(void *, uint64_t, uint64_t),
                          void *data)
{
    uint64_t all = meta_get(auditing->txn, "batch", 0);
    uint64_t done = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(auditing->txn, T_JOURNAL, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        auditing->batch = read_u64(&reader);
        if (auditing->batch != ++done) {
            return fault(auditing, "batch %" PRIu64 " of the journal is missing", done);
        }
        if (!check_batch(auditing, walk.value)) {
            return false;
        }
        if (progress != NULL && done % PROGRESS_EVERY == 0) {
            progress(data, done, all);
        }
        store_walk_next(&walk);
    }
    return done == all
               ? true
               : fault(auditing, "the journal ends at batch %" PRIu64 " of %" PRIu64, done, all);
}

int audit_store(const char *dir, void (*progress)(void *data, uint64_t done, uint64_t all),
                void *data, struct audit *ret, struct error *error)
{
    struct store *store = NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = true,
    };
    *ret = (struct audit){.sound = false};
    int r = store_open(&options, &store, error);
    if (r != 0) {
        return r;
    }
    struct auditing auditing = {.txn = store_read(store), .audit = ret};
    if (auditing.txn == NULL) {
        store_close(&store);
        return -ENOMEM;
    }
    ret->sound =
        check_log(&auditing) && check_journal(&auditing, progress, data) &&
        (auditing.governance != NULL || fault(&auditing, "there are no governance documents")) &&
        check_cosignatures(&auditing);
    if (auditing.governance != NULL) {
        memcpy(ret->origin, auditing.governance->root.origin, sizeof(ret->origin));
    }
    governance_unref(&auditing.governance);
    store_end(&auditing.txn);
    store_close(&store);
    return 0;
}
