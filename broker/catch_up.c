/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/catch_up.h"

#include "base/date.h"
#include "broker/alert_tell.h"
#include "broker/circle.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/ties.h"

struct catching_up {
    struct apply *apply;
    const struct newcomer *newcomer;
    const struct agency *recipient;
    uint32_t roles; /* today, the new one among them */
    size_t n;       /* told */
};

static bool tells(struct decision decision)
{
    return decision.effect == EFFECT_ASK || decision.effect == EFFECT_SHARE;
}

static bool is_in_time(const struct catching_up *catching, const struct told_record *record,
                       struct decision decision)
{
    int32_t recorded = instant_london_day(record->header.created_ms);
    return recorded >= catching->newcomer->from_day - (int32_t)decision.history_days;
}

/* Its origin gives what was recorded since by itself, once it knows who is involved. */
static bool is_granted_anyway(const struct catching_up *catching, const struct told_record *record,
                              struct decision decision)
{
    return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT &&
           instant_london_day(record->header.created_ms) >= catching->newcomer->from_day;
}

static void tell_headline(struct catching_up *catching, const struct told_record *record)
{
    struct wire_headline headline;
    struct wire_notice notice = {.type = NOTICE_TOLD,
                                 .n_headlines = 1,
                                 .headlines = &headline,
                                 .time_ms = catching->apply->time_ms};
    uint32_t agency = catching->recipient->number;
    if (headline_for(catching->apply, record, catching->recipient, &headline)) {
        alert_own_handle(catching->apply, record->child, agency, &notice);
        uint64_t position = mailbox_existence(catching->apply, agency, &notice, &record->id);
        headline_told(catching->apply, &record->id, agency, position);
        catching->n++;
    }
}

static bool was_told(const struct catching_up *catching, const struct told_record *record,
                     struct decision decision)
{
    uint32_t others = catching->roles & ~ROLE_BIT(catching->newcomer->role);
    struct decision before =
        disclose_decide_as(catching->apply, record, catching->recipient, others);
    return others != 0 && tells(before) && before.mode >= decision.mode;
}

static void consider(struct catching_up *catching, const struct told_record *record)
{
    struct apply *apply = catching->apply;
    const struct agency *recipient = catching->recipient;
    struct decision decision = disclose_decide_as(apply, record, recipient, catching->roles);
    if (!tells(decision) || !is_in_time(catching, record, decision) ||
        was_told(catching, record, decision)) {
        return;
    }
    if (decision.mode == MODE_CONTENT && !recipient->sensitive) {
        circle_introduce(apply, record->child, recipient->number, record->id.agency);
    }
    if (!is_granted_anyway(catching, record, decision)) {
        tell_headline(catching, record);
    }
}

static bool is_another_s(const void *data, const struct chronology_item *item)
{
    const struct newcomer *newcomer = data;
    return !item->row.retracted && item->row.counts &&
           item->row.subject.agency != newcomer->agency &&
           (newcomer->of == NULL || member_list_has(newcomer->of, &item->row.subject));
}

/* A sensitive service's word of an adult causes no notice, now as then. */
static bool is_silent(const struct told_record *record)
{
    return record->header.person && record->origin->sensitive;
}

/* The newest first; more than CAIRN_ALERT_RECORDS_MAX may be asked for. */
static void look_back(struct catching_up *catching)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct ties ties;
    const struct chronology_search search = {
        .from = INT32_MIN,
        .to = INT32_MAX,
        .wanted = is_another_s,
        .data = catching->newcomer,
    };
    ties_of_child(catching->apply, catching->newcomer->child, &ties);
    size_t n = ties_merge(catching->apply, &ties, &search, items, 0);
    for (size_t i = n; i > 0 && catching->n < CAIRN_ALERT_RECORDS_MAX; i--) {
        struct told_record record;
        if (headline_load_of(catching->apply, &items[i - 1].row.entry, catching->newcomer->child,
                             &record) &&
            !is_silent(&record)) {
            consider(catching, &record);
        }
    }
}

size_t catch_up(struct apply *apply, const struct newcomer *newcomer)
{
    struct catching_up catching = {
        .apply = apply,
        .newcomer = newcomer,
        .recipient = directory_agency(&apply->governance->directory, newcomer->agency),
        .roles = newcomer->roles != 0 ? newcomer->roles
                                      : disclose_roles(apply, newcomer->child, newcomer->agency),
    };
    if (catching.recipient == NULL || !catching.recipient->active ||
        agency_is_front_door(catching.recipient) ||
        (catching.roles & ROLE_BIT(newcomer->role)) == 0 ||
        members_by_name(apply->txn, newcomer->child, newcomer->agency)) {
        return 0;
    }
    look_back(&catching);
    return catching.n;
}

/* --- two children who are one --- */

void catch_up_join(struct apply *apply, uint64_t child, const struct member_list *moved,
                   const struct member_list *stayed)
{
    struct join_list *joins = apply->joins;
    if (joins == NULL || joins->n == JOINS_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
        return;
    }
    joins->of[joins->n++] = (struct join){.child = child, .sides = {*moved, *stayed}};
}

/* One role after the other: what an earlier one was told of, the next one is not. */
static size_t catch_up_subject(struct apply *apply, const struct join *join,
                               const struct subject_id *subject, const struct member_list *other)
{
    struct store_key prefix = key_subject(subject);
    struct newcomer newcomer = {.child = join->child, .agency = subject->agency, .of = other};
    struct newcomer newcomers[ROLES];
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_INVOLVEMENT, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct involvement_row row;
        bool good = involvement_row_unpack(walk.value, &row);
        assert(good && n < ROLES);
        if (row.from_day <= apply_day(apply) && apply_day(apply) < row.until_day) {
            newcomer.role = (enum role)walk.key.data[prefix.len];
            newcomer.roles |= ROLE_BIT(newcomer.role);
            newcomer.from_day = row.from_day;
            newcomers[n++] = newcomer;
        }
    }
    store_walk_end(&walk); /* telling writes */
    size_t told = 0;
    for (size_t i = 0; i < n; i++) {
        told += catch_up(apply, &newcomers[i]);
    }
    return told;
}

static size_t catch_up_side(struct apply *apply, const struct join *join, size_t side)
{
    const struct member_list *own = &join->sides[side];
    size_t told = 0;
    for (size_t i = 0; i < own->n && told < JOIN_TOLD_MAX; i++) {
        told += catch_up_subject(apply, join, &own->subjects[i], &join->sides[1 - side]);
    }
    return told;
}

void catch_up_joined(struct apply *apply)
{
    struct join_list *joins = apply->joins;
    size_t told = 0;
    for (size_t i = 0; i < joins->n; i++) {
        for (size_t side = 0; side < 2; side++) {
            if (told < JOIN_TOLD_MAX) {
                told += catch_up_side(apply, &joins->of[i], side);
            }
        }
    }
    if (told >= JOIN_TOLD_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
    }
    joins->n = 0;
}
