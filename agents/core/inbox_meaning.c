/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows from an entry that was proved: which grants are ours, what is taken back, who is in
 * a child's circle and what a newcomer is granted, what somebody asks, why a record of ours was
 * opened. All of it in the transaction that keeps the entry.
 */
#include <string.h>

#include "agents/core/asked.h"
#include "agents/core/granting.h"
#include "agents/core/inbox_taking.h"
#include "base/date.h"

void inbox_keep_grants(struct inbox_taking *taking, const struct entry_id *entry,
                       const struct wire_grant *grants, size_t n, uint64_t alert)
{
    for (size_t i = 0; i < n; i++) {
        if (grants[i].recipient == taking->own) {
            held_grant_put(taking->txn, entry, &grants[i], alert);
        }
    }
}

/* What its origin signed says so; with a key that was revoked since it is hearsay as well. */
static void keep_retraction(struct inbox_taking *taking, const struct entry_header *header)
{
    const struct record_header *record = &header->record;
    struct received_row row = {.delivered = 0};
    if (header->kind != ENTRY_RECORD || !record->has_retracts ||
        record->retracts.agency != header->id.agency) {
        return;
    }
    (void)received_get(taking->txn, &record->retracts, &row);
    if ((taking->flags & INBOX_DOUBT) == 0) {
        row.retraction = RETRACTION_SIGNED;
    } else if (row.retraction == RETRACTION_NONE) {
        row.retraction = RETRACTION_SAID;
    }
    received_put(taking->txn, &record->retracts, &row);
}

/* --- what agents tell each other --- */

struct granting inbox_granting(const struct inbox_taking *taking)
{
    return (struct granting){.txn = taking->txn,
                             .governance = taking->governance,
                             .own = taking->own,
                             .now_ms = taking->now_ms};
}

/* Of the child that we know by this handle. */
static void keep_member(struct inbox_taking *taking, const uint8_t handle[CAIRN_HANDLE_BYTES],
                        const struct circle_member *member)
{
    int32_t day = instant_london_day(taking->now_ms);
    struct circle_standing before = circle_standing(taking->txn, handle, member->agency, day);
    circle_put(taking->txn, handle, member);
    struct circle_standing after = circle_standing(taking->txn, handle, member->agency, day);
    bool surer = after.roles != 0 && before.by_name && !after.by_name;
    if (surer || (after.roles & ~before.roles) != 0) {
        const struct granting granting = inbox_granting(taking);
        granting_newcomer(&granting, handle, member);
    }
}

/* What was signed with a key that was revoked since puts nobody into a circle. */
static void keep_involvement(struct inbox_taking *taking, const struct wire_delivered *delivered,
                             const struct involvement_header *header)
{
    const struct circle_member member = {
        .agency = header->id.agency,
        .role = header->role,
        .from_day = header->from_day,
        .until_day = header->until_day,
        .entry = header->id,
        .position = taking->item->position,
        .by_name = (delivered->flags & DELIVERED_PROVISIONAL) != 0,
    };
    if (!delivered->has_handle || (taking->flags & INBOX_DOUBT) != 0) {
        return;
    }
    keep_member(taking, delivered->handle, &member);
    for (size_t i = 0; i < delivered->n_more; i++) {
        keep_member(taking, delivered->more[i], &member);
    }
}

/* Grants of what its origin stored before; only the origin grants. */
static void keep_later_grant(struct inbox_taking *taking, const struct wire_delivered *delivered,
                             const struct grant_header *header)
{
    if (header->record.agency == header->id.agency) {
        inbox_keep_grants(taking, &header->record, delivered->grants, delivered->n_grants, 0);
    }
}

/* One that was signed with a key that was revoked since, or about a child that we do not know, is
 * judged as from somebody who is not involved. */
static void keep_request(struct inbox_taking *taking, const struct wire_delivered *delivered,
                         const struct request_header *header)
{
    const struct granting granting = inbox_granting(taking);
    struct asked_handles handles = {.n = 0};
    if (delivered->has_handle && (taking->flags & INBOX_DOUBT) == 0) {
        memcpy(handles.of[handles.n++], delivered->handle, CAIRN_HANDLE_BYTES);
        for (size_t i = 0; i < delivered->n_more; i++) {
            memcpy(handles.of[handles.n++], delivered->more[i], CAIRN_HANDLE_BYTES);
        }
    }
    asked_take(&granting, &handles, header);
}

/* Somebody says why a record of ours was opened, or a request of ours refused. */
static void keep_reason(struct inbox_taking *taking, const struct decision_header *header)
{
    struct received_row row = {.delivered = 0};
    if (header->action == ACTION_REFUSE_REQUEST && header->record.agency == taking->own) {
        refused_put(taking->txn, &header->record, &header->id);
    }
    if (header->action == ACTION_OPEN && header->has_record &&
        header->record.agency == taking->own) {
        (void)received_get(taking->txn, &header->record, &row);
        row.has_reason = true;
        row.reason = header->id;
        received_put(taking->txn, &header->record, &row);
    }
}

/* What follows from an entry, by its kind. */
void inbox_keep_meaning(struct inbox_taking *taking, const struct wire_delivered *delivered,
                        const struct entry_header *header)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        inbox_keep_grants(taking, &header->id, delivered->grants, delivered->n_grants, 0);
        keep_retraction(taking, header);
        return;
    case ENTRY_DECISION:
        inbox_keep_grants(taking, &header->id, delivered->grants, delivered->n_grants, 0);
        keep_reason(taking, &header->decision);
        return;
    case ENTRY_INVOLVEMENT:
        inbox_keep_grants(taking, &header->id, delivered->grants, delivered->n_grants, 0);
        keep_involvement(taking, delivered, &header->involvement);
        break;
    case ENTRY_GRANT:
        keep_later_grant(taking, delivered, &header->grant);
        break;
    case ENTRY_REQUEST:
        keep_request(taking, delivered, &header->request);
        break;
    case ENTRY_SUBJECT:
    case ENTRY_TIE:
    case ENTRY_ACKNOWLEDGEMENT:
        break;
    }
    taking->flags |= INBOX_QUIET;
}
