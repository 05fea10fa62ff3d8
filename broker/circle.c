/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/circle.h"

#include <string.h>

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
    struct subject_id subject = {.agency = header->id.agency};
    struct subject_row row;
    struct involvement_row old;
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
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
    *ret = (struct circle_claim){.child = row.child, .ends = was_there && !holds};
    if (ret->ends) {
        ret->was = old.entry;
    }
    return VERDICT_STORED;
}

/* --- telling --- */

static bool provisional(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;
    return subject_row_get(apply->txn, subject, &row) && row.link == LINK_PROVISIONAL;
}

struct introduction {
    struct apply *apply;
    const struct subject_id *who; /* whose involvements */
    uint32_t to;
    uint8_t parts;
    uint8_t flags;
};

static void tell_involvements(const struct introduction *introduction)
{
    struct apply *apply = introduction->apply;
    int32_t today = apply_day(apply);
    struct store_key prefix = key_subject(introduction->who);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_INVOLVEMENT, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct involvement_row row;
        struct entry_row entry;
        bool good = involvement_row_unpack(walk.value, &row);
        assert(good);
        if (row.from_day <= today && today < row.until_day &&
            entry_row_get(apply->txn, &row.entry, &entry)) {
            const struct telling telling = {.entry = &row.entry,
                                            .item = &entry.item,
                                            .parts = introduction->parts,
                                            .flags = introduction->flags};
            mailbox_deliver(apply, introduction->to, &telling);
        }
    }
}

static bool in_circle(const struct apply *apply, const struct subject_id *subject,
                      const struct agency **ret)
{
    *ret = directory_agency(&apply->governance->directory, subject->agency);
    return *ret != NULL && (*ret)->active && !(*ret)->sensitive &&
           disclose_subject_roles(apply->txn, subject, apply_day(apply)) != 0;
}

static void tell_one(struct apply *apply, uint64_t child, const struct subject_id *who,
                     const struct subject_id *to)
{
    const struct agency *involved;
    const struct agency *reader;
    if (who->agency == to->agency || !in_circle(apply, who, &involved) ||
        !in_circle(apply, to, &reader)) {
        return;
    }
    struct decision decision = disclose_involvement(apply, involved, reader, child);
    if (decision.effect != EFFECT_SHARE) {
        return;
    }
    bool by_name = provisional(apply, who) || provisional(apply, to);
    const struct introduction introduction = {
        .apply = apply,
        .who = who,
        .to = to->agency,
        .parts = decision.mode == MODE_CONTENT && !by_name ? PART_BIT(PART_ACCOUNT) : 0,
        .flags = by_name ? DELIVERED_PROVISIONAL : 0,
    };
    tell_involvements(&introduction);
}

void circle_meet(struct apply *apply, uint64_t child)
{
    struct member_list members;
    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        for (size_t j = 0; j < members.n; j++) {
            tell_one(apply, child, &members.subjects[i], &members.subjects[j]);
        }
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

void circle_introduce(struct apply *apply, uint64_t child, uint32_t who, uint32_t to)
{
    struct member_list members;
    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        const struct subject_id *subject = &members.subjects[i];
        if (subject->agency == who) {
            const struct introduction introduction = {
                .apply = apply,
                .who = subject,
                .to = to,
                .flags =
                    MAILBOX_INTRODUCES | (provisional(apply, subject) ? DELIVERED_PROVISIONAL : 0),
            };
            tell_involvements(&introduction);
        }
    }
}
