/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/mailbox.h"

#include <string.h>

#include "crypto/digest.h"

static void put(struct apply *apply, uint32_t agency, uint64_t position, const struct hash *what,
                struct mailbox_row *row)
{
    struct leaf leaf = {
        .type = LEAF_TOLD,
        .agency = agency,
        .digest = *what,
        .number = position,
        .detail = row->kind,
        .parts = row->parts,
        .alert = row->alert,
    };
    row->told = apply_leaf(apply, &leaf);
    mailbox_row_put(apply->txn, agency, position, row);
}

/* One telling: the leaf first, because the row names it. Returns the row's position. */
static uint64_t tell(struct apply *apply, uint32_t agency, const struct hash *what,
                     struct mailbox_row *row)
{
    struct agency_row state;
    agency_row_get(apply->txn, agency, &state);
    uint64_t position = state.next_position++;
    put(apply, agency, position, what, row);
    agency_row_put(apply->txn, agency, &state);
    apply_noted(apply, NOTED_TOLD);
    return position;
}

static void count_parts(struct reader_row *reader, uint8_t parts)
{
    reader->parts |= parts;
    for (unsigned i = 0; i < CAIRN_PARTS; i++) {
        reader->of_part[i] += (parts & (1U << i)) != 0 ? 1 : 0;
    }
}

static void count_telling(struct reader_row *reader, uint8_t parts)
{
    reader->tellings++;
    count_parts(reader, parts);
}

/* It hears of it now, whatever was withheld before. */
static void mark_reader(struct apply *apply, const struct entry_id *id, uint32_t agency,
                        const struct reader_row *reader)
{
    struct store_key key = key_reader(id, agency);
    reader_row_put(apply->txn, id, agency, reader);
    (void)store_delete(apply->txn, T_WITHHELD, store_key_slice(&key));
}

void mailbox_deliver(struct apply *apply, uint32_t agency, const struct telling *telling)
{
    struct reader_row reader = {.parts = 0};
    bool by_name = (telling->flags & DELIVERED_PROVISIONAL) != 0;
    bool told = reader_row_get(apply->txn, telling->entry, agency, &reader);
    if (told && (reader.parts | telling->parts) == reader.parts && (by_name || !reader.by_name) &&
        telling->own <= reader.own) {
        return;
    }
    struct mailbox_row row = {.kind = ITEM_DELIVERED,
                              .entry = *telling->entry,
                              .parts = telling->parts,
                              .flags = telling->flags};
    reader.position = tell(apply, agency, telling->item, &row);
    count_telling(&reader, telling->parts);
    reader.by_name = by_name && (!told || reader.by_name);
    reader.own = telling->own > reader.own ? telling->own : reader.own;
    mark_reader(apply, telling->entry, agency, &reader);
}

void mailbox_release(struct apply *apply, uint32_t agency, const struct telling *telling)
{
    struct reader_row reader = {.parts = 0};
    (void)reader_row_get(apply->txn, telling->entry, agency, &reader);
    struct mailbox_row row = {.kind = ITEM_RELEASE,
                              .entry = *telling->entry,
                              .parts = telling->parts,
                              .alert = telling->alert};
    reader.position = tell(apply, agency, telling->item, &row);
    count_telling(&reader, telling->parts);
    reader.opened = true;
    mark_reader(apply, telling->entry, agency, &reader);
}

void mailbox_grant(struct apply *apply, uint32_t agency, const struct telling *what,
                   const struct entry_input *grant)
{
    struct reader_row reader;
    const struct telling body = {.entry = what->entry, .item = what->item, .flags = what->flags};
    const struct telling keys = {.entry = &grant->id, .item = &grant->item, .parts = what->parts};
    mailbox_deliver(apply, agency, &body);
    mailbox_deliver(apply, agency, &keys);
    bool told = reader_row_get(apply->txn, what->entry, agency, &reader);
    assert(told);
    count_parts(&reader, what->parts);
    mark_reader(apply, what->entry, agency, &reader);
}

static void write_notice(const struct wire_notice *notice, struct buf *bytes, struct hash *ret_what)
{
    wire_notice_write(notice, bytes);
    assert(buf_ok(bytes)); /* at most CAIRN_ALERT_RECORDS_MAX headlines of bounded size */
    sha256(buf_slice(bytes), ret_what->bytes);
}

uint64_t mailbox_existence(struct apply *apply, uint32_t agency, const struct wire_notice *notice,
                           const struct entry_id *record)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES / 2);
    struct hash what;
    write_notice(notice, &bytes, &what);
    struct mailbox_row row = {.kind = ITEM_NOTICE, .entry = *record, .notice = buf_slice(&bytes)};
    return tell(apply, agency, &what, &row);
}

uint64_t mailbox_notice(struct apply *apply, uint32_t agency, const struct wire_notice *notice)
{
    return mailbox_existence(apply, agency, notice, &(struct entry_id){.agency = 0});
}

/* --- what waits --- */

void mailbox_narrow(struct apply *apply, uint32_t agency, uint64_t position,
                    const struct wire_notice *notice)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES / 2);
    struct hash what;
    write_notice(notice, &bytes, &what);
    struct mailbox_row row = {.kind = ITEM_NOTICE, .notice = buf_slice(&bytes)};
    put(apply, agency, position, &what, &row);
}

void mailbox_withhold(struct apply *apply, uint32_t agency, uint64_t position,
                      const struct mailbox_row *was)
{
    struct mailbox_row row = {.kind = ITEM_WITHHELD};
    struct slice bytes;
    struct leaf told;
    bool good = log_leaf(apply->txn, T_LOG, was->told, &bytes) == 0 && leaf_read(bytes, &told);
    if (apply_found(apply, good)) {
        put(apply, agency, position, &told.digest, &row);
    }
}

void mailbox_untell(struct apply *apply, uint32_t agency, const struct mailbox_row *row)
{
    struct store_key key = key_reader(&row->entry, agency);
    struct reader_row reader;
    if (!reader_row_get(apply->txn, &row->entry, agency, &reader)) {
        return;
    }
    assert(reader.tellings > 0); /* this one was counted */
    reader.tellings--;
    for (unsigned i = 0; i < CAIRN_PARTS; i++) {
        if ((row->parts & (1U << i)) != 0 && --reader.of_part[i] == 0) {
            reader.parts &= (uint8_t) ~(1U << i);
        }
    }
    if (reader.tellings == 0) {
        (void)store_delete(apply->txn, T_READER, store_key_slice(&key));
    } else {
        reader_row_put(apply->txn, &row->entry, agency, &reader);
    }
}

/* --- acknowledging --- */

/* Whether the agency has signed for the tree that this log has at that size. */
static bool cosigned(const struct apply *apply, const struct acknowledgement_header *header,
                     uint32_t key_id)
{
    const struct agency *agency =
        directory_agency(&apply->governance->directory, header->id.agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, key_id);
    struct log_source source = {.txn = apply->txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct checkpoint head = {.size = header->log_size};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    if (key == NULL || tree_root_at(&tree, head.size, &head.root) != 0 ||
        !hash_equal(&head.root, &header->log_root)) {
        return false;
    }
    checkpoint_text(&head, apply->governance->root.origin, &text);
    return cosignature_check(buf_slice(&text), header->cosignature, key->verifier);
}

bool mailbox_acknowledge(struct apply *apply, const struct acknowledgement_header *header,
                         uint32_t key_id)
{
    uint32_t agency = header->id.agency;
    struct agency_row state;
    agency_row_get(apply->txn, agency, &state);
    if (header->position >= state.next_position || header->log_size > apply->range.size ||
        header->log_size < state.log_size) {
        return false;
    }
    uint64_t until = header->position;
    if (until > state.acknowledged + CAIRN_ACKNOWLEDGED_ROWS_MAX) {
        until = state.acknowledged + CAIRN_ACKNOWLEDGED_ROWS_MAX;
    }
    while (state.acknowledged < until) {
        struct store_key key = key_mailbox(agency, ++state.acknowledged);
        (void)store_delete(apply->txn, T_MAILBOX, store_key_slice(&key));
    }
    if (cosigned(apply, header, key_id)) {
        state.log_size = header->log_size;
        state.log_root = header->log_root;
        memcpy(state.cosignature, header->cosignature, COSIGNATURE_BYTES);
        state.cosigned_by = key_id;
    } else if (header->log_size > 0) {
        apply_noted(apply, NOTED_COSIGNATURES_REFUSED);
    }
    agency_row_put(apply->txn, agency, &state);
    return true;
}
