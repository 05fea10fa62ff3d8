/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "govern/govern.h"
#include "ledger/journal.h"
#include "wire/leaf.h"

#define PROGRESS_EVERY 64 /* batches */

/* What an agency cosigned last, as the journal has it. */
struct cosigned {
    uint32_t agency;
    uint64_t log_size;
    struct hash log_root;
    uint8_t cosignature[COSIGNATURE_BYTES];
};

/* An audit under way. */
struct auditing {
    struct store_txn *txn;
    struct audit *audit;
    struct governance *governance; /* in force at the batch being looked at */
    /* why the first document does not hold that did not since one did; empty when all hold */
    char refused[sizeof(((struct audit *)NULL)->problem)];
    enum governance_document refused_document;
    uint64_t batch;
    int64_t time_ms; /* of the batch */
    uint32_t input;
    size_t offset;
    uint64_t signed_batch; /* batch and first input of the parcel whose signature held last */
    uint32_t signed_input;
    uint64_t leaf;              /* every leaf before this one has been looked at */
    uint64_t leaves_of_entries; /* among those */
    uint64_t entries_told;      /* entries of the journal that have a leaf of their own */
    struct cosigned *cosigned;  /* ascending agency */
    size_t n_cosigned;
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
        return fault(auditing, "the stored grants of %s are not what its origin signed",
                     name_of(&entry->id, id));
    }
    return true;
}

/* What has no body says so by its item digest; what was destroyed cannot be told any more. */
static bool check_absent_body(struct auditing *auditing, const struct entry_input *entry)
{
    struct hash item;
    char id[ENTRY_ID_TEXT_BYTES];
    wire_item_digest(entry->header, SLICE_NULL, &item);
    if (hash_equal(&item, &entry->item)) {
        return true;
    }
    if (entry->kind == ENTRY_ACKNOWLEDGEMENT) {
        return fault(auditing, "the header of %s is not what its origin signed",
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
    if (r != 0) {
        return fault(auditing, "the body or the stored grants of %s are damaged",
                     name_of(&entry->id, id));
    }
    wire_item_digest(entry->header, blob.body, &item);
    if (!hash_equal(&item, &entry->item)) {
        return fault(auditing, "header or body of %s is not what its origin signed",
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
        return true; /* destroyed with its bodies */
    }
    if (r != 0 || !wire_parcel_head_read(parcel.head, &arena, &head) ||
        !parcel_holds(&parcel, &head, entry)) {
        return fault(auditing, "the parcel of %s does not hold it", name_of(&entry->id, id));
    }
    if (auditing->signed_batch == auditing->batch && auditing->signed_input == entry->parcel) {
        return true;
    }
    if (!parcel_is_signed(auditing, &parcel, &head)) {
        return fault(auditing, "the signature of the parcel of %s does not hold",
                     name_of(&entry->id, id));
    }
    auditing->signed_batch = auditing->batch;
    auditing->signed_input = entry->parcel;
    auditing->audit->parcels++;
    return true;
}

/* --- cosignatures --- */

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
static void follow_cosignature(struct auditing *auditing, const struct entry_input *entry)
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
        memcmp(cosigned->cosignature, row.cosignature, COSIGNATURE_BYTES) != 0) {
        return fault(auditing, "the cosignature of agency %u does not hold", agency);
    }
    auditing->audit->cosignatures++;
    return true;
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

/* --- the log beside the journal --- */

/*
 * The next leaf before `until` that neither an entry's row leads to nor is a telling: a document, a
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
            return fault(auditing, "log entry %" PRIu64 " cannot be read", index);
        }
        if (ret->type == LEAF_ENTRY) {
            auditing->leaves_of_entries++;
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
        return fault(auditing, "%s", auditing->refused);
    }
    return fault(auditing, "log entry %" PRIu64 " tells of something that the journal does not",
                 auditing->leaf - 1);
}

/* Nothing before this leaf is left that the journal should have told of. */
static bool check_leaves_until(struct auditing *auditing, uint64_t until)
{
    struct leaf leaf;
    bool found;
    if (!next_leaf(auditing, until, &leaf, &found)) {
        return false;
    }
    return !found || leaf_fault(auditing, &leaf);
}

/* The next leaf is the one of this input; that of a start says where in the log it stands. */
static bool check_input_leaf(struct auditing *auditing, const struct leaf *expected)
{
    struct leaf leaf;
    bool found;
    if (!next_leaf(auditing, UINT64_MAX, &leaf, &found)) {
        return false;
    }
    if (!found) {
        return fault(auditing, "the log ends before batch %" PRIu64 " of the journal",
                     auditing->batch);
    }
    uint64_t number = expected->type == LEAF_START ? auditing->leaf - 1 : expected->number;
    return (leaf.type == expected->type && leaf.time_ms == auditing->time_ms &&
            leaf.agency == expected->agency && leaf.number == number &&
            leaf.detail == expected->detail && hash_equal(&leaf.digest, &expected->digest)) ||
           leaf_fault(auditing, &leaf);
}

/* --- entries --- */

static bool check_entry_leaf(struct auditing *auditing, const struct entry_input *entry,
                             const struct entry_row *row)
{
    struct slice bytes;
    struct leaf leaf;
    char id[ENTRY_ID_TEXT_BYTES];
    if (log_leaf(auditing->txn, T_LOG, row->log_index, &bytes) != 0 || !leaf_read(bytes, &leaf) ||
        leaf.type != LEAF_ENTRY || leaf.time_ms != auditing->time_ms ||
        !entry_id_equal(&leaf.id, &entry->id) || leaf.kind != entry->kind ||
        leaf.verdict != row->verdict || !hash_equal(&leaf.digest, &entry->item) ||
        !hash_equal(&leaf.grants, &entry->grants_digest)) {
        return fault(auditing, "log entry %" PRIu64 " does not say what the journal says of %s",
                     row->log_index, name_of(&entry->id, id));
    }
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
        follow_cosignature(auditing, entry);
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
        return check_again(auditing, entry, &row);
    }
    auditing->entries_told++;
    if (row.offset != auditing->offset || !hash_equal(&row.item, &entry->item)) {
        return fault(auditing, "the row of %s is not that of its journal entry",
                     name_of(&entry->id, id));
    }
    if (!check_leaves_until(auditing, row.log_index) || !check_entry_leaf(auditing, entry, &row)) {
        return false;
    }
    return !verdict_is_stored(row.verdict) || check_stored(auditing, entry);
}

/* --- documents, starts, refused frames --- */

static bool check_document(struct auditing *auditing, const struct govern_document *document)
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
    if (!check_input_leaf(auditing, &expected)) {
        return false;
    }
    auditing->refused[0] = '\0';
    return true;
}

static bool check_refused(struct auditing *auditing, const struct input *input)
{
    const struct leaf expected = {
        .type = LEAF_REFUSED,
        .agency = input->refused.agency,
        .number = input->refused.hour,
        .detail = input->refused.frames,
    };
    return check_input_leaf(auditing, &expected);
}

static bool check_start(struct auditing *auditing, const struct input *input)
{
    const struct leaf expected = {.type = LEAF_START, .digest = input->software};
    return check_input_leaf(auditing, &expected);
}

/* Those in force lie in a table of their own too, from which a broker starts. */
static bool check_documents_in_force(struct auditing *auditing)
{
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        enum governance_document document = (enum governance_document)i;
        struct govern_document held = {.text = SLICE_NULL};
        struct governance_row row = {.version = 0};
        int r = governance_row_get(auditing->txn, document, &row);
        bool in_force = governance_held(auditing->governance, document, &held);
        if (r != (in_force ? 0 : -ENOENT) || row.version != auditing->governance->versions[i] ||
            !slice_equal(row.text, held.text) || !slice_equal(row.note, held.note)) {
            return fault(auditing, "the governance document in force (%s) is not the journal's",
                         governance_document_text(i));
        }
    }
    return true;
}

/* After the journal: what is left of the log tells of nothing that the journal does not. */
static bool check_rest_of_log(struct auditing *auditing)
{
    if (!check_leaves_until(auditing, UINT64_MAX)) {
        return false;
    }
    if (auditing->leaves_of_entries != auditing->entries_told) {
        return fault(auditing, "the log tells of %" PRIu64 " entries, and the journal of %" PRIu64,
                     auditing->leaves_of_entries, auditing->entries_told);
    }
    return true;
}

/* --- the journal --- */

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
        return check_refused(auditing, input);
    case INPUT_START:
        return check_start(auditing, input);
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
    auditing->time_ms = head.time_ms;
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

/* --- the whole --- */

/* Only once it is known that there is one: leaf by leaf. */
static uint64_t first_bad_leaf(struct auditing *auditing)
{
    struct tree_range range = TREE_RANGE_NULL;
    while (log_reread(auditing->txn, T_LOG, range.size + 1, &range) == 0) {
    }
    return range.size;
}

static bool check_log(struct auditing *auditing)
{
    struct tree_range range = TREE_RANGE_NULL;
    uint64_t size = log_size(auditing->txn, T_LOG);
    if (log_reread(auditing->txn, T_LOG, size, &range) != 0) {
        return fault(auditing, "log entry %" PRIu64 " does not hash to what is stored",
                     first_bad_leaf(auditing));
    }
    auditing->audit->head.size = size;
    tree_root(&range, &auditing->audit->head.root);
    return true;
}

static bool check_all(struct auditing *auditing, void (*progress)(void *, uint64_t, uint64_t),
                      void *data)
{
    if (!check_log(auditing) || !check_journal(auditing, progress, data)) {
        return false;
    }
    if (!check_rest_of_log(auditing)) {
        return false;
    }
    if (auditing->governance == NULL) {
        return fault(auditing, "there are no governance documents");
    }
    return check_documents_in_force(auditing) && check_cosignatures(auditing) &&
           (store_fault(auditing->txn) == 0 || fault(auditing, "the store cannot be read"));
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
        (void)error_set(error, dir, "the store has too many readers");
        return -EAGAIN;
    }
    auditing.cosigned = base_zalloc(CAIRN_AGENCIES_MAX, sizeof(*auditing.cosigned));
    ret->sound = check_all(&auditing, progress, data);
    if (auditing.governance != NULL) {
        memcpy(ret->origin, auditing.governance->root.origin, sizeof(ret->origin));
    }
    base_free(&auditing.cosigned);
    governance_unref(&auditing.governance);
    store_end(&auditing.txn);
    store_close(&store);
    return 0;
}
