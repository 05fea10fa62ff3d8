/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/circle.h"

#include "broker/disclose.h"
#include "broker/links.h"
#include "broker/mailbox.h"
#include "broker/members.h"

/* --- claiming --- */

void circle_today(struct apply *apply, uint32_t agency, struct agency_row *ret)
{
    int32_t today = apply_day(apply);
    agency_row_get(apply->txn, agency, ret);
    if (ret->day != today) {
        ret->day = today;
        ret->claims_today = 0;
        ret->requests_today = 0;
        ret->ties_today = 0;
    }
}

static bool within_limits(struct apply *apply, uint32_t number, bool opens)
{
    const struct agency *agency = directory_agency(&apply->governance->directory, number);
    struct agency_row row;
    circle_today(apply, number, &row);
    assert(agency != NULL); /* its key was checked */
    if (row.claims_today >= agency->involvements_per_day_max ||
        (opens && row.claims_open >= agency->involvements_max)) {
        apply_noted(apply, NOTED_LIMITS_REACHED);
        return false;
    }
    row.claims_today++;
    row.claims_open += opens ? 1 : 0;
    agency_row_put(apply->txn, number, &row);
    return true;
}

static void one_open_less(struct apply *apply, uint32_t number)
{
    struct agency_row row;
    agency_row_get(apply->txn, number, &row);
    row.claims_open -= row.claims_open > 0 ? 1 : 0;
    agency_row_put(apply->txn, number, &row);
}

/* The ceiling counts what has no end; ending something never meets a limit. */
enum verdict circle_claim(struct apply *apply, const struct involvement_header *header,
                          struct circle_claim *ret)
{
    struct subject_row row;
    struct involvement_row old;
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    if (subject_row_get(apply->txn, &subject, &row) && row.person) {
        return VERDICT_BAD_ENTRY; /* nobody is involved with an adult here */
    }
    bool was_there = involvement_row_get(apply->txn, &subject, header->role, &old);
    bool was_open = was_there && old.until_day == INVOLVEMENT_OPEN;
    bool is_open = header->until_day == INVOLVEMENT_OPEN;
    bool holds = apply_day(apply) < header->until_day;
    if (holds && !within_limits(apply, subject.agency, is_open && !was_open)) {
        return VERDICT_OVER_LIMIT;
    }
    if (was_open && !is_open) {
        one_open_less(apply, subject.agency);
    }
    bool child = links_subject(apply, &subject, false, &row);
    assert(child);
    const struct involvement_row involvement = {
        .from_day = header->from_day,
        .until_day = header->until_day,
        .log_index = apply->range.size,
        .entry = header->id,
    };
    involvement_row_put(apply->txn, &subject, header->role, &involvement);
    int32_t today = apply_day(apply);
    bool held = was_there && old.from_day <= today && today < old.until_day;
    *ret = (struct circle_claim){.child = row.child,
                                 .begins = holds && header->from_day <= today && !held,
                                 .will_begin = holds && header->from_day > today,
                                 .ends = was_there && !holds};
    if (ret->ends) {
        ret->was = old.entry;
    }
    return VERDICT_STORED;
}

/* --- who is there --- */

/* A subject whose agency is involved with the child today. */
struct attendee {
    const struct agency *agency;
    uint32_t roles;
    bool by_name;
    uint8_t own; /* of a reader: how many handles it has for the child */
    size_t n;
    struct entry_id entries[ROLES]; /* that say so */
};
struct circle {
    struct apply *apply;
    size_t n;
    struct attendee attendees[CAIRN_MEMBERS_MAX];
};

/* False when it is involved in nothing today. */
static bool attendee_read(struct apply *apply, const struct subject_id *subject,
                          struct attendee *ret)
{
    int32_t today = apply_day(apply);
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_INVOLVEMENT, store_key_slice(&prefix));
    ret->n = 0;
    ret->roles = 0;
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct involvement_row row;
        bool good = involvement_row_unpack(walk.value, &row);
        assert(good && ret->n < ROLES);
        if (row.from_day <= today && today < row.until_day) {
            ret->roles |= ROLE_BIT(walk.key.data[prefix.len]);
            ret->entries[ret->n++] = row.entry;
        }
    }
    return ret->n > 0;
}

static bool attend(void *data, const struct subject_id *subject, enum link link)
{
    struct circle *circle = data;
    struct attendee *attendee = &circle->attendees[circle->n];
    attendee->agency = directory_agency(&circle->apply->governance->directory, subject->agency);
    attendee->by_name = link == LINK_PROVISIONAL;
    if (attendee->agency != NULL && attendee->agency->active && !attendee->agency->sensitive &&
        attendee_read(circle->apply, subject, attendee)) {
        circle->n++; /* no more than members */
    }
    return true;
}

/* --- telling --- */

/* An agency that hears of an involvement. */
struct hearer {
    uint32_t agency;
    uint8_t parts;
    uint8_t flags;
    uint8_t own;
};

static void tell(struct apply *apply, const struct attendee *who, const struct hearer *hearers,
                 size_t n)
{
    for (size_t i = 0; i < who->n; i++) {
        struct entry_row entry;
        if (n == 0 || !entry_row_get(apply->txn, &who->entries[i], &entry) ||
            entry.destroyed != DESTROYED_NOT) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            const struct telling telling = {.entry = &who->entries[i],
                                            .item = &entry.item,
                                            .parts = hearers[j].parts,
                                            .flags = hearers[j].flags,
                                            .own = hearers[j].own};
            mailbox_deliver(apply, hearers[j].agency, &telling);
        }
    }
}

/* The agencies of the circle, once each, with the roles of all their subjects. One that is there by
 * something better than a name is not there by name. */
static size_t readers_of(const struct circle *circle, struct attendee *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < circle->n; i++) {
        const struct attendee *attendee = &circle->attendees[i];
        size_t at = 0;
        while (at < n && ret[at].agency != attendee->agency) {
            at++;
        }
        if (at == n) {
            ret[n++] = *attendee;
        } else {
            ret[at].roles |= attendee->roles;
            ret[at].by_name = ret[at].by_name && attendee->by_name;
        }
    }
    return n;
}

static void tell_of(const struct circle *circle, const struct attendee *who,
                    const struct attendee *readers, size_t n_readers)
{
    struct hearer hearers[CAIRN_MEMBERS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < n_readers; i++) {
        const struct attendee *to = &readers[i];
        if (to->agency == who->agency) {
            continue;
        }
        struct decision decision =
            disclose_involvement(circle->apply, who->agency, to->agency, to->roles);
        bool by_name = who->by_name || to->by_name;
        if (decision.effect == EFFECT_SHARE) {
            hearers[n++] = (struct hearer){
                .agency = to->agency->number,
                .parts = decision.mode == MODE_CONTENT && !by_name ? PART_BIT(PART_ACCOUNT) : 0,
                .flags = by_name ? DELIVERED_PROVISIONAL : 0,
                .own = to->own,
            };
        }
    }
    tell(circle->apply, who, hearers, n);
}

void circle_meet(struct apply *apply, uint64_t child)
{
    struct circle circle = {.apply = apply};
    struct attendee readers[CAIRN_MEMBERS_MAX];
    members_each(apply->txn, child, attend, &circle);
    size_t n = readers_of(&circle, readers);
    for (size_t i = 0; i < n; i++) {
        uint8_t own[CAIRN_MEMBERS_PER_AGENCY_MAX][CAIRN_HANDLE_BYTES];
        readers[i].own =
            (uint8_t)members_own_handles(apply->txn, child, readers[i].agency->number, own);
    }
    for (size_t i = 0; i < circle.n; i++) {
        tell_of(&circle, &circle.attendees[i], readers, n);
    }
}

void circle_part(struct apply *apply, const struct circle_claim *claim,
                 const struct entry_input *entry)
{
    struct member_list members;
    if (!claim->ends) {
        return;
    }
    members_list(apply->txn, claim->child, &members);
    for (size_t i = 0; i < members.n; i++) {
        uint32_t agency = members.subjects[i].agency;
        struct reader_row reader;
        if (agency != entry->id.agency &&
            reader_row_get(apply->txn, &claim->was, agency, &reader)) {
            const struct telling telling = {
                .entry = &entry->id,
                .item = &entry->item,
                .flags = MAILBOX_INTRODUCES | (reader.by_name ? DELIVERED_PROVISIONAL : 0),
            };
            mailbox_deliver(apply, agency, &telling);
        }
    }
}

struct introduction {
    struct apply *apply;
    uint32_t who;
    uint32_t to;
};

static bool introduce(void *data, const struct subject_id *subject, enum link link)
{
    const struct introduction *introduction = data;
    struct attendee attendee;
    if (subject->agency == introduction->who &&
        attendee_read(introduction->apply, subject, &attendee)) {
        const struct hearer hearer = {
            .agency = introduction->to,
            .flags = MAILBOX_INTRODUCES | (link == LINK_PROVISIONAL ? DELIVERED_PROVISIONAL : 0),
        };
        tell(introduction->apply, &attendee, &hearer, 1);
    }
    return true;
}

void circle_introduce(struct apply *apply, uint64_t child, uint32_t who, uint32_t to)
{
    struct introduction introduction = {.apply = apply, .who = who, .to = to};
    members_each(apply->txn, child, introduce, &introduction);
}
