/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/disclose.h"

struct decision disclose_decide_on(const struct apply *apply, const struct record_header *header,
                                   const struct agency *origin, const struct agency *recipient,
                                   int32_t day)
{
    struct disclosure disclosure = {
        .origin = origin,
        .recipient = recipient,
        .kind = header->record_kind,
        .code = header->code,
        .level = header->level,
        .urgency = header->urgency,
        .day = day,
    };
    return agreements_decide(apply->governance->agreements, &disclosure);
}

struct decision disclose_decide(const struct apply *apply, const struct record_header *header,
                                const struct agency *origin, const struct agency *recipient)
{
    return disclose_decide_on(apply, header, origin, recipient, apply_day(apply));
}

bool disclose_narrowed(const struct record_header *header, uint32_t agency)
{
    for (size_t i = 0; i < header->n_narrow; i++) {
        if (header->narrow[i] == agency) {
            return true;
        }
    }
    return false;
}

bool disclose_granted(const struct entry_input *entry, uint32_t agency, enum part part)
{
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient == agency && entry->grants[i].part == part) {
            return true;
        }
    }
    return false;
}

bool disclose_involved(const struct apply *apply, const struct subject_id *subject)
{
    int32_t today = apply_day(apply);
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_INVOLVEMENT, store_key_slice(&prefix));
    while (walk.live && key_has_prefix(walk.key, &prefix)) {
        struct involvement_row row;
        bool good = involvement_row_unpack(walk.value, &row);
        assert(good);
        if (row.from_day <= today && today < row.until_day) {
            return true;
        }
        store_walk_next(&walk);
    }
    return false;
}
