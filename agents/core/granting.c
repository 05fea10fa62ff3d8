/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/granting.h"

#include <errno.h>
#include <string.h>

#include "agents/core/held.h"
#include "agents/core/inbox.h"
#include "agents/core/kept.h"
#include "agents/core/review.h"
#include "agents/core/room.h"
#include "base/date.h"
#include "base/log.h"
#include "wire/narrowing.h"

static int32_t today(const struct granting *granting)
{
    return instant_london_day(granting->now_ms);
}

/* --- finding --- */

struct finding {
    const struct granting *granting;
    const struct granting_search *search;
    const struct agency *origin;
    const struct agency *reader;
    size_t looked;
    size_t n;
    struct entry_id *ret;
};

/* What is hidden still is not granted anew: the broker would refuse it. */
static bool is_narrowed(const struct finding *finding, const struct record_header *record)
{
    const struct narrow_reader reader = {.agency = finding->reader->number,
                                         .front_door = agency_is_front_door(finding->reader),
                                         .roles = finding->search->standing.roles,
                                         .day = today(finding->granting)};
    return narrowing_keeps_from(record, &reader);
}

static struct disclosure disclosure_of(const struct finding *finding)
{
    return (struct disclosure){
        .origin = finding->origin,
        .recipient = finding->reader,
        .urgency = URGENCY_ROUTINE,
        .roles = finding->search->standing.roles,
        .purpose = finding->search->purpose,
        .day = today(finding->granting),
    };
}

static bool fits_decision(const struct finding *finding, const struct disclosure *disclosure)
{
    struct decision decision =
        agreements_decide(finding->granting->governance->agreements, disclosure);
    return decision.effect == finding->search->effect &&
           (decision.effect == EFFECT_ASK || decision.mode == MODE_CONTENT);
}

static bool fits_record(const struct finding *finding, const struct out_row *row,
                        const struct record_header *record)
{
    const struct granting_search *search = finding->search;
    struct disclosure disclosure = disclosure_of(finding);
    disclosure.kind = record->record_kind;
    disclosure.code = record->code;
    disclosure.level = record->level;
    disclosure.urgency = record->urgency;
    return record->record_kind != RECORD_RETRACTION && !row->retracted &&
           !is_narrowed(finding, record) &&
           instant_london_day(row->created_ms) >= search->since_day &&
           (search->only == NULL || entry_id_equal(search->only, &record->id)) &&
           fits_decision(finding, &disclosure);
}

/* Whom to speak to is not for whoever is known by name alone. */
static bool fits_involvement(const struct finding *finding,
                             const struct involvement_header *involvement)
{
    const struct granting_search *search = finding->search;
    struct disclosure disclosure = disclosure_of(finding);
    disclosure.kind = DISCLOSED_INVOLVEMENT;
    return search->involvements && !search->standing.by_name && search->effect == EFFECT_SHARE &&
           today(finding->granting) < involvement->until_day && fits_decision(finding, &disclosure);
}

/* A grant is keys: without the broker's copy of the body there is nothing to open. */
static bool is_destroyed(struct store_txn *txn, const struct entry_id *entry)
{
    struct received_row received;
    return received_get(txn, entry, &received) && received.destroyed_ms != 0;
}

static bool has_left(const struct out_row *row)
{
    return row->has_entry && !held_is_aside(row) &&
           (row->state == OUT_STORED || row->state == OUT_SPOOLED);
}

static bool fits(const struct finding *finding, const struct out_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct store_txn *txn = finding->granting->txn;
    struct entry_header header;
    struct kept kept;
    if (!has_left(row) || is_destroyed(txn, &row->entry) || !kept_get(txn, &row->entry, &kept)) {
        return false;
    }
    if (!wire_entry_header_read(row->kind, kept.header, &arena, &header)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return row->kind == ENTRY_RECORD ? fits_record(finding, row, &header.record)
                                     : fits_involvement(finding, &header.involvement);
}

static bool look_at(void *data, const struct reference *reference)
{
    struct finding *finding = data;
    struct out_row row;
    if (out_get(finding->granting->txn, reference, &row) && fits(finding, &row)) {
        finding->ret[finding->n++] = row.entry;
    }
    finding->looked++;
    return finding->n < GRANTING_MAX && finding->looked < GRANTING_WALK_MAX;
}

size_t granting_find(const struct granting *granting, const struct granting_search *search,
                     struct entry_id ret[GRANTING_MAX])
{
    const struct directory *directory = &granting->governance->directory;
    struct finding finding = {
        .granting = granting,
        .search = search,
        .origin = directory_agency(directory, granting->own),
        .reader = directory_agency(directory, search->reader),
        .ret = ret,
    };
    if (finding.origin == NULL || finding.reader == NULL || !finding.reader->active ||
        search->standing.roles == 0) {
        return 0;
    }
    kept_each(granting->txn, search->handle, look_at, &finding);
    return finding.n;
}

/* --- granting --- */

/* Of the row: what a later grant may have more of. */
#define GRANTED_BY_NAME 1
#define GRANTED_ALONE   2

static uint8_t flags_of(const struct granting *granting, bool by_name)
{
    return (uint8_t)((by_name ? GRANTED_BY_NAME : 0) | (granting->by_person ? 0 : GRANTED_ALONE));
}

/* With nothing missing that this one would have. */
static bool was_granted(struct store_txn *txn, const struct store_key *key, uint8_t flags)
{
    struct slice value;
    return store_get(txn, AT_GRANTED, store_key_slice(key), &value) && value.len == 1 &&
           (value.data[0] & ~(unsigned)flags) == 0;
}

bool granting_was_made(struct store_txn *txn, const struct entry_id *entry)
{
    struct store_key key = agent_key_entry(entry);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_GRANTED, store_key_slice(&key));
    return walk.live && agent_key_has_prefix(walk.key, store_key_slice(&key));
}

/* The ground on which the record itself was shared; of an involvement, a public task. */
static uint32_t basis_of(enum entry_kind kind, struct slice header)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header read;
    return kind == ENTRY_RECORD && wire_entry_header_read(kind, header, &arena, &read)
               ? read.record.basis
               : BASIS_PUBLIC_TASK;
}

static bool add_one(const struct granting *granting, const struct entry_id *entry, uint32_t reader)
{
    _cleanup_(buf_deinit) struct buf header = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    struct store_txn *txn = granting->txn;
    struct reference reference;
    struct out_row row;
    struct kept kept;
    uint8_t keys[SPOOL_WRAP_BYTES];
    if (!out_by_entry(txn, entry, &reference) || !out_get(txn, &reference, &row) ||
        !kept_get(txn, entry, &kept)) {
        return false;
    }
    struct entry_header grant = {
        .kind = ENTRY_GRANT,
        .id = spool_next_id(txn, granting->own, LANE_NORMAL),
        .grant = {.record = *entry,
                  .basis = basis_of(row.kind, kept.header),
                  .judged_by =
                      granting->by_person ? JUDGED_BY_PERSON : JUDGED_BY_STANDING_DECISION},
    };
    grant.grant.id = grant.id;
    memcpy(keys, kept.keys.data, sizeof(keys)); /* the row's end with the next write */
    wire_entry_header_write(&grant, &header);
    const struct spool_entry spooled = {
        .lane = LANE_NORMAL,
        .stream = grant.id.stream,
        .seq = grant.id.seq,
        .kind = ENTRY_GRANT,
        .header = buf_slice(&header),
        .keys = SLICE_OF(keys),
        .created_ms = granting->now_ms,
        .n_recipients = 1,
        .recipients = {reader},
    };
    spool_add(txn, &spooled);
    return true;
}

size_t granting_add(const struct granting *granting, const struct entry_id *entries, size_t n,
                    uint32_t reader, bool by_name)
{
    struct store_txn *txn = granting->txn;
    size_t added = 0;
    if (n > 0 && room_for(txn, LANE_NORMAL, n) != 0) {
        count_add(txn, today(granting), "grant-no-room", n);
        log_event(LOG_LEVEL_WARNING, "grant_no_room", "agency=%u entries=%zu", (unsigned)reader, n);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct store_key key = agent_key_entry_of(&entries[i], reader);
        uint8_t row = flags_of(granting, by_name);
        if (!was_granted(txn, &key, row) && add_one(granting, &entries[i], reader)) {
            store_put(txn, AT_GRANTED, store_key_slice(&key), slice_make(&row, sizeof(row)));
            added++;
        }
    }
    if (added > 0) {
        count_add(txn, today(granting), "grant-accepted", added);
    }
    return added;
}

void granting_newcomer(const struct granting *granting, const uint8_t handle[CAIRN_HANDLE_BYTES],
                       const struct circle_member *member)
{
    struct entry_id entries[GRANTING_MAX];
    const struct granting_search search = {
        .handle = handle,
        .reader = member->agency,
        .standing = circle_standing(granting->txn, handle, member->agency, today(granting)),
        .effect = EFFECT_SHARE,
        .since_day = member->from_day,
        .involvements = true,
    };
    size_t n = granting_find(granting, &search, entries);
    (void)granting_add(granting, entries, n, member->agency, search.standing.by_name);
}

void granting_unopened(const struct granting *granting, const struct entry_id *record,
                       uint32_t agency)
{
    const struct directory *directory = &granting->governance->directory;
    const struct granting_search search = {
        .reader = agency, .effect = EFFECT_SHARE, .since_day = INT32_MIN, .only = record};
    const struct finding finding = {
        .granting = granting,
        .search = &search,
        .origin = directory_agency(directory, granting->own),
        .reader = directory_agency(directory, agency),
    };
    struct reference reference;
    struct out_row row;
    if (record->agency != granting->own || finding.origin == NULL || finding.reader == NULL ||
        !finding.reader->active || !agency_is_front_door(finding.reader) ||
        !out_by_entry(granting->txn, record, &reference) ||
        !out_get(granting->txn, &reference, &row) || row.kind != ENTRY_RECORD ||
        !record_is_danger(row.record_kind, row.urgency) || !fits(&finding, &row)) {
        return;
    }
    (void)granting_add(granting, record, 1, agency, false);
}

void granting_answered(struct store_txn *txn, const struct spool_entry *entry,
                       const struct grant_header *header, bool stored, int64_t now_ms)
{
    struct store_key key = agent_key_entry_of(&header->record, entry->recipients[0]);
    count_add(txn, instant_london_day(now_ms), stored ? "grant-stored" : "grant-refused", 1);
    if (!stored) {
        (void)store_delete(txn, AT_GRANTED, store_key_slice(&key));
        review_again(txn, &header->record);
    }
}
