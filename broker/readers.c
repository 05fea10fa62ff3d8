/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/readers.h"

#include "broker/disclose.h"
#include "ledger/journal.h"

struct list {
    size_t n;
    struct wire_reader *of;
};

static bool is_listed(const struct list *list, uint32_t agency)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->of[i].agency == agency) {
            return true;
        }
    }
    return false;
}

static void add(struct list *list, uint32_t agency, enum reader_state state)
{
    if (list->n < CAIRN_ADDRESSEES_MAX && !is_listed(list, agency)) {
        list->of[list->n++] = (struct wire_reader){.agency = agency, .state = state};
    }
}

static enum reader_state state_of(struct store_txn *txn, uint32_t agency,
                                  const struct reader_row *reader)
{
    struct agency_row row;
    if (reader->opened) {
        return READER_OPENED;
    }
    agency_row_get(txn, agency, &row);
    return reader->position <= row.acknowledged ? READER_DELIVERED : READER_QUEUED;
}

/* The agency that a key of these tables ends with. */
static uint32_t agency_of(struct slice key, const struct store_key *prefix)
{
    struct reader rest = reader_over(slice_make(key.data + prefix->len, key.len - prefix->len));
    return read_u32(&rest);
}

static void add_readers(const struct readers_question *question, struct list *list)
{
    struct store_key prefix = key_entry(question->entry);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(question->apply->txn, T_READER, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        uint32_t agency = agency_of(walk.key, &prefix);
        struct reader_row row;
        if (reader_row_get(question->apply->txn, question->entry, agency, &row)) {
            add(list, agency, state_of(question->apply->txn, agency, &row));
        }
    }
}

/* Agencies that it waited for, and that no agreement allows it any more. */
static void add_withheld(const struct readers_question *question, struct list *list)
{
    struct store_key prefix = key_entry(question->entry);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(question->apply->txn, T_WITHHELD, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        add(list, agency_of(walk.key, &prefix), READER_WITHHELD);
    }
}

/* Its origin, when that may know of the involvements of others; a record about an adult says of
 * nobody to whom the adult is tied. */
struct origin {
    const struct agency *agency; /* NULL: nobody is named */
    uint32_t roles;              /* that it holds for the child */
};

static struct origin origin_of(const struct readers_question *question,
                               const struct entry_input *input)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (input->kind != ENTRY_RECORD ||
        !wire_entry_header_read(ENTRY_RECORD, input->header, &arena, &header) ||
        header.record.person) {
        return (struct origin){.agency = NULL};
    }
    struct apply *apply = question->apply;
    uint64_t child = disclose_child(apply, &header.record);
    return (struct origin){.agency =
                               directory_agency(&apply->governance->directory, input->id.agency),
                           .roles = disclose_roles(apply, child, input->id.agency)};
}

/* The agency, or 0 when the origin may not know that it is involved with the child. */
static uint32_t named(const struct readers_question *question, const struct origin *origin,
                      uint32_t number)
{
    const struct agency *agency = directory_agency(&question->apply->governance->directory, number);
    if (origin->agency == NULL || agency == NULL || agency->sensitive) {
        return 0;
    }
    if (agency_is_front_door(agency)) {
        return number;
    }
    struct decision decision =
        disclose_involvement(question->apply, agency, origin->agency, origin->roles);
    return decision.effect == EFFECT_SHARE ? number : 0;
}

/* Who was told that it exists, and no more. */
static void add_told(const struct readers_question *question, const struct entry_input *input,
                     struct list *list)
{
    struct store_key prefix = key_entry(question->entry);
    struct origin origin = origin_of(question, input);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(question->apply->txn, T_HEADLINE, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        uint32_t agency = agency_of(walk.key, &prefix);
        if (!is_listed(list, agency)) {
            add(list, named(question, &origin, agency), READER_TOLD);
        }
    }
}

/* Front doors that it is kept for: sealed to them, not told yet. */
static void add_kept(const struct entry_input *input, struct list *list)
{
    for (size_t i = 0; i < input->n_grants; i++) {
        if (input->grants[i].recipient != input->id.agency) {
            add(list, input->grants[i].recipient, READER_KEPT);
        }
    }
}

size_t readers_collect(const struct readers_question *question,
                       struct wire_reader ret[CAIRN_ADDRESSEES_MAX])
{
    struct list list = {.of = ret};
    struct entry_input input;
    add_readers(question, &list);
    bool found =
        journal_entry_at(question->apply->txn, question->row->batch, question->row->offset, &input);
    if (found) {
        add_told(question, &input, &list);
    }
    add_withheld(question, &list);
    if (found) {
        add_kept(&input, &list);
    }
    return list.n;
}
