/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/open.h"

#include <errno.h>

#include "agents/core/alerts.h"
#include "agents/core/inbox.h"
#include "crypto/digest.h"

const char *open_result_text(enum open_result result)
{
    switch (result) {
#define X(name, number, text)                                                                      \
    case OPEN_##name:                                                                              \
        return (text);
        OPEN_RESULTS(X)
#undef X
    }
    return "unknown";
}

struct part_place {
    struct entry_header header;
    struct slice sealed; /* empty: there is no such part */
};

/* Where a part lies in the body: a record has two, a decision and an involvement an account alone.
 */
static bool find_part(const struct wire_delivered *delivered, enum part part, struct arena *arena,
                      struct part_place *ret)
{
    struct slice body = delivered->body;
    if (!wire_entry_header_read(delivered->kind, delivered->header, arena, &ret->header)) {
        return false;
    }
    ret->sealed = SLICE_NULL;
    if (delivered->kind == ENTRY_RECORD) {
        size_t card = ret->header.record.card_bytes;
        ret->sealed = part == PART_CARD ? slice_make(body.data, card)
                                        : slice_make(body.data + card, body.len - card);
    } else if (part == PART_ACCOUNT &&
               (delivered->kind == ENTRY_DECISION || delivered->kind == ENTRY_INVOLVEMENT)) {
        ret->sealed = body;
    }
    return true;
}

/* Whether a named person of this agency gave a reason that covers this record. */
static bool decided(const struct opening *opening, const struct entry_id *entry,
                    const struct held_grant *grant)
{
    struct received_row received;
    struct known_alert alert;
    if (received_get(opening->txn, entry, &received) && received.decided_ms != 0) {
        return true;
    }
    return grant->alert != 0 && known_alert_get(opening->txn, grant->alert, &alert) &&
           alert.decided_ms != 0;
}

static enum open_result judge(const struct opening *opening, const struct wire_delivered *delivered,
                              enum part part, const struct part_place *place,
                              struct held_grant *ret_grant)
{
    if (place->sealed.len == 0) {
        return OPEN_NOT_SEALED;
    }
    if (!held_grant_get(opening->txn, &place->header.id, part, ret_grant)) {
        return OPEN_NO_GRANT;
    }
    if (part == PART_ACCOUNT && delivered->kind == ENTRY_RECORD &&
        !decided(opening, &place->header.id, ret_grant)) {
        return OPEN_NEEDS_DECISION;
    }
    return own_keys_opening(&opening->agent->keys, ret_grant->key_id) == NULL ? OPEN_OTHER_KEY
                                                                              : OPEN_DONE;
}

enum open_result open_may(const struct opening *opening, const struct wire_delivered *delivered,
                          enum part part)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct part_place place;
    struct held_grant grant;
    return find_part(delivered, part, &arena, &place)
               ? judge(opening, delivered, part, &place, &grant)
               : OPEN_DOES_NOT_OPEN;
}

enum open_result open_part(const struct opening *opening, const struct wire_delivered *delivered,
                           enum part part, struct buf *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(secret_deinit) struct secret data_key = SECRET_NULL;
    struct part_place place;
    struct held_grant grant;
    uint8_t header_digest[CAIRN_HASH_BYTES];
    if (!find_part(delivered, part, &arena, &place)) {
        return OPEN_DOES_NOT_OPEN;
    }
    enum open_result result = judge(opening, delivered, part, &place, &grant);
    if (result != OPEN_DONE) {
        return result;
    }
    const struct grant_scope scope = {
        .entry = place.header.id, .part = part, .recipient = opening->own};
    sha256(delivered->header, header_digest);
    const struct secret *key = own_keys_opening(&opening->agent->keys, grant.key_id);
    if (grant_open(key, &scope, SLICE_OF(grant.sealed), &data_key) != 0 ||
        seal_open_part(&data_key, header_digest, part, place.sealed, ret) != 0) {
        return OPEN_DOES_NOT_OPEN;
    }
    return OPEN_DONE;
}
