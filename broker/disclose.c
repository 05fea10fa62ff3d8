/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/disclose.h"

#include "broker/members.h"
#include "wire/narrowing.h"

/* --- the recipient's roles --- */

uint32_t disclose_subject_roles(struct store_txn *txn, const struct subject_id *subject,
                                int32_t today)
{
    uint32_t roles = 0;
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_INVOLVEMENT, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        uint32_t role = walk.key.data[prefix.len];
        struct involvement_row row;
        bool good = involvement_row_unpack(walk.value, &row);
        assert(good && walk.key.len == prefix.len + 1);
        roles |= row.from_day <= today && today < row.until_day ? ROLE_BIT(role) : 0;
    }
    return roles;
}

struct roles_search {
    struct apply *apply;
    uint32_t roles;
};

static bool add_roles(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct roles_search *search = data;
    search->roles |= disclose_subject_roles(search->apply->txn, subject, apply_day(search->apply));
    return true;
}

uint32_t disclose_roles(struct apply *apply, uint64_t child, uint32_t agency)
{
    struct roles_search search = {.apply = apply};
    members_of(apply->txn, child, agency, add_roles, &search);
    return search.roles;
}

/* --- the agreements --- */

static struct disclosure disclosure_of(const struct apply *apply,
                                       const struct record_header *header,
                                       const struct agency *origin, const struct agency *recipient)
{
    return (struct disclosure){
        .origin = origin,
        .recipient = recipient,
        .kind = header->record_kind,
        .code = header->code,
        .level = header->level,
        .urgency = header->urgency,
        .day = apply_day(apply),
    };
}

uint64_t disclose_child(struct apply *apply, const struct record_header *header)
{
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    return members_child(apply->txn, &subject);
}

void disclose_existence(struct decision *decision)
{
    decision->mode = MODE_EXISTENCE;
    decision->effect = decision->effect == EFFECT_ASK ? EFFECT_SHARE : decision->effect;
}

/* The author's word comes last: it takes away, and never adds. */
static void narrow(const struct apply *apply, const struct record_header *header,
                   const struct agency *recipient, uint32_t roles, struct decision *decision)
{
    const struct narrow_reader reader = {.agency = recipient->number,
                                         .front_door = agency_is_front_door(recipient),
                                         .roles = roles,
                                         .day = apply_day(apply)};
    if (narrowing_keeps_from(header, &reader)) {
        *decision = (struct decision){.effect = EFFECT_DENY,
                                      .mode = MODE_EXISTENCE,
                                      .rule = "narrowed",
                                      .version = decision->version};
    }
}

struct decision disclose_decide(struct apply *apply, uint64_t child,
                                const struct record_header *header, const struct agency *origin,
                                const struct agency *recipient)
{
    struct disclosure disclosure = disclosure_of(apply, header, origin, recipient);
    bool front_door = agency_is_front_door(recipient);
    uint32_t roles = 0;
    if (recipient->number != origin->number && (!front_door || header->narrow.roles != 0)) {
        roles = disclose_roles(apply, child, recipient->number);
    }
    disclosure.roles = front_door ? 0 : roles; /* it is told as a front door */
    struct decision decision = agreements_decide(apply->governance->agreements, &disclosure);
    if (header->person) {
        disclose_existence(&decision);
    }
    narrow(apply, header, recipient, roles, &decision);
    return decision;
}

struct decision disclose_decide_as(const struct apply *apply, const struct told_record *record,
                                   const struct agency *recipient, uint32_t roles)
{
    struct disclosure disclosure = disclosure_of(apply, &record->header, record->origin, recipient);
    disclosure.roles = roles;
    struct decision decision = agreements_decide(apply->governance->agreements, &disclosure);
    if (record->tied || record->header.person) {
        disclose_existence(&decision);
    }
    narrow(apply, &record->header, recipient, roles, &decision);
    return decision;
}

struct decision disclose_decide_at_most(const struct apply *apply,
                                        const struct record_header *header,
                                        const struct agency *origin, const struct agency *recipient,
                                        int32_t day)
{
    struct disclosure disclosure = disclosure_of(apply, header, origin, recipient);
    disclosure.day = day;
    return agreements_decide_at_most(apply->governance->agreements, &disclosure);
}

struct decision disclose_involvement(const struct apply *apply, const struct agency *origin,
                                     const struct agency *recipient, uint32_t roles)
{
    const struct disclosure disclosure = {
        .origin = origin,
        .recipient = recipient,
        .kind = DISCLOSED_INVOLVEMENT,
        .urgency = URGENCY_ROUTINE,
        .day = apply_day(apply),
        .roles = roles,
    };
    return agreements_decide(apply->governance->agreements, &disclosure);
}

/* --- what the entry itself says --- */

bool disclose_granted(const struct entry_input *entry, uint32_t agency, enum part part)
{
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient == agency && entry->grants[i].part == part) {
            return true;
        }
    }
    return false;
}
