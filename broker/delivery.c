/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/delivery.h"

#include <errno.h>
#include <string.h>

#include "broker/members.h"
#include "ledger/journal.h"

/* Room that a frame needs beside its items: header, checkpoint note, consistency proof. */
#define FRAME_REST_BYTES (WIRE_HEADER_BYTES + CAIRN_NOTE_MAX_BYTES + CAIRN_PROOF_MAX_HASHES * 36)
/* And an item beside its payload: its leaf and path. */
#define ITEM_REST_BYTES (LEAF_MAX_BYTES + CAIRN_PROOF_MAX_HASHES * 36 + 64)

/* --- what commit stored beside the state --- */

/* Of the grants only the agency's, for the parts asked for. */
static int read_body(const struct delivery *delivery, const struct entry_row *row, uint8_t parts,
                     struct blob_row *ret)
{
    int r = blob_row_get(delivery->txn, row->batch, row->input, ret);
    if (r == -ENOENT) {
        *ret = (struct blob_row){.n_grants = 0}; /* an entry without a body */
        return 0;
    }
    if (r != 0) {
        return -EIO;
    }
    size_t n = 0;
    for (size_t i = 0; i < ret->n_grants; i++) {
        const struct wire_grant *grant = &ret->grants[i];
        if (grant->recipient == delivery->agency && (parts & PART_BIT(grant->part)) != 0) {
            ret->grants[n++] = *grant;
        }
    }
    ret->n_grants = n;
    return 0;
}

/* The parcel's head, signature and the entry's path, of the digests that were stored with it. */
static int read_parcel(const struct delivery *delivery, const struct entry_row *row,
                       const struct entry_input *input, struct wire_delivered *ret)
{
    struct parcel_row parcel;
    if (parcel_row_get(delivery->txn, row->batch, input->parcel, &parcel) != 0 ||
        input->index >= parcel.n) {
        return -EIO;
    }
    ret->head = parcel.head;
    ret->signature = parcel.signature;
    ret->index = input->index;
    return parcel_tree_prove(delivery->tree, &parcel, input->index, &ret->path);
}

/* Of the child that an entry is about; NULL when it is about something else. */
static const uint8_t *header_handle(const struct entry_header *header)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        return header->record.handle;
    case ENTRY_INVOLVEMENT:
        return header->involvement.handle;
    case ENTRY_REQUEST:
        return header->request.handle;
    case ENTRY_SUBJECT:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_DECISION:
    case ENTRY_GRANT:
    case ENTRY_TIE:
        return NULL;
    }
    return NULL;
}

/* The recipient's own handles for the child, which are what its systems know. */
static void find_handle(const struct delivery *delivery, const struct entry_input *input,
                        struct wire_delivered *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    struct subject_row row;
    if (!wire_entry_header_read(input->kind, input->header, &arena, &header)) {
        return;
    }
    const uint8_t *handle = header_handle(&header);
    if (handle == NULL) {
        return;
    }
    struct subject_id subject = subject_id_of(header.id.agency, handle);
    if (!subject_row_get(delivery->txn, &subject, &row)) {
        return;
    }
    uint8_t own[CAIRN_MEMBERS_PER_AGENCY_MAX][CAIRN_HANDLE_BYTES];
    size_t n = members_own_handles(delivery->txn, row.child, delivery->agency, own);
    if (n > 0) {
        ret->has_handle = true;
        memcpy(ret->handle, own[0], CAIRN_HANDLE_BYTES);
        ret->n_more = n - 1;
        memcpy(ret->more, own[1], ret->n_more * CAIRN_HANDLE_BYTES);
    }
}

/* --- payloads --- */

static int keep_payload(struct delivery *delivery, const struct buf *bytes, struct slice *ret)
{
    *ret = buf_ok(bytes) ? arena_copy(&delivery->arena, buf_slice(bytes)) : SLICE_NULL;
    return ret->data == NULL ? -EIO : 0;
}

static int delivered_payload(struct delivery *delivery, const struct mailbox_row *row,
                             struct slice *ret)
{
    struct entry_row entry;
    struct entry_input input;
    struct blob_row body;
    if (!entry_row_get(delivery->txn, &row->entry, &entry) ||
        !journal_entry_at(delivery->txn, entry.batch, entry.offset, &input)) {
        return -EIO;
    }
    int r = read_body(delivery, &entry, row->parts, &body);
    if (r != 0) {
        return r;
    }
    struct wire_delivered delivered = {
        .kind = entry.kind,
        .header = input.header,
        .body = body.body,
        .grants_digest = input.grants_digest,
        .n_grants = body.n_grants,
        .grants = body.grants,
        .log_index = entry.log_index,
        .flags = row->flags & ~MAILBOX_INTRODUCES,
    };
    r = read_parcel(delivery, &entry, &input, &delivered);
    if (r != 0) {
        return r;
    }
    find_handle(delivery, &input, &delivered);
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_delivered_write(&delivered, &bytes);
    return keep_payload(delivery, &bytes, ret);
}

static int release_payload(struct delivery *delivery, const struct mailbox_row *row,
                           struct slice *ret)
{
    struct entry_row entry;
    struct blob_row body;
    if (!entry_row_get(delivery->txn, &row->entry, &entry)) {
        return -EIO;
    }
    int r = read_body(delivery, &entry, row->parts, &body);
    if (r != 0) {
        return r;
    }
    struct wire_release release = {
        .record = row->entry,
        .log_index = entry.log_index,
        .n_grants = body.n_grants,
        .grants = body.grants,
        .alert = row->alert,
    };
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    wire_release_write(&release, &bytes);
    return keep_payload(delivery, &bytes, ret);
}

static int payload(struct delivery *delivery, const struct mailbox_row *row, struct slice *ret)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
        return delivered_payload(delivery, row, ret);
    case ITEM_RELEASE:
        return release_payload(delivery, row, ret);
    case ITEM_NOTICE:
        *ret = row->notice;
        return 0;
    case ITEM_WITHHELD:
        *ret = SLICE_NULL;
        return 0;
    }
    return -EIO;
}

/* --- items --- */

int delivery_prove(struct log_source *log, const struct head *head, uint64_t log_index,
                   struct slice *ret_leaf, struct tree_proof *ret_path)
{
    struct tree_source tree = log_tree(log);
    int r = tree_prove_inclusion(&tree, log_index, head->checkpoint.size, ret_path);
    return r == 0 ? log_leaf(log->txn, log->table, log_index, ret_leaf) : r;
}

/* False when the frame is full. */
static int add_item(struct delivery *delivery, uint64_t position, const struct mailbox_row *row,
                    bool *ret_full)
{
    struct wire_item *item = &delivery->items[delivery->n_items];
    *item = (struct wire_item){.position = position, .kind = row->kind, .log_index = row->told};
    int r = payload(delivery, row, &item->payload);
    if (r != 0) {
        return r;
    }
    size_t bytes = item->payload.len + ITEM_REST_BYTES;
    *ret_full =
        delivery->n_items > 0 && delivery->bytes + bytes + FRAME_REST_BYTES > CAIRN_FRAME_MAX_BYTES;
    if (*ret_full) {
        return 0;
    }
    r = delivery_prove(delivery->log, delivery->head, row->told, &item->leaf, &item->path);
    if (r == 0) {
        delivery->bytes += bytes;
        delivery->n_items++;
    }
    return r;
}

/* Documents or the day may have changed since the row was written, and commit not have judged it by
 * them yet. Then it is judged here, and what may not go waits until commit has said so. */
static bool may_go(struct delivery *delivery, uint64_t position, const struct mailbox_row *row)
{
    return waiting_is_past(delivery->passed, delivery->agency, position) ||
           waiting_may_go(delivery->view, delivery->agency, row);
}

int delivery_fill(struct delivery *delivery, uint64_t after, uint32_t credit)
{
    struct store_key prefix = key_agency(delivery->agency);
    struct store_key from = key_mailbox(delivery->agency, after + 1);
    size_t limit = credit < CAIRN_CREDIT_MAX ? credit : CAIRN_CREDIT_MAX;
    bool full = false;
    delivery->arena = ARENA_BUDGET(4 * CAIRN_FRAME_MAX_BYTES);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(delivery->txn, T_MAILBOX, store_key_slice(&from));
    while (walk.live && !full && delivery->n_items < limit && key_has_prefix(walk.key, &prefix)) {
        struct mailbox_row row;
        struct reader reader =
            reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
        uint64_t position = read_u64(&reader);
        if (!mailbox_row_unpack(walk.value, &row)) {
            return -EIO;
        }
        if (row.told >= delivery->head->checkpoint.size) {
            return 0; /* committed after this head was signed: the next one covers it */
        }
        if (!may_go(delivery, position, &row)) {
            return 0;
        }
        int r = add_item(delivery, position, &row, &full);
        if (r != 0) {
            return r;
        }
        store_walk_next(&walk);
    }
    return 0;
}

void delivery_deinit(struct delivery *delivery)
{
    arena_deinit(&delivery->arena);
}
