/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stand-ins have numbers that no agency has. */
#define ORIGIN_NUMBERS    UINT32_C(0xF0000000)
#define RECIPIENT_NUMBERS UINT32_C(0xF1000000)

struct record_word {
    enum record_kind kind;
    uint32_t code;
};

/* Every kind as such, every code, and the involvement. */
static const struct record_word record_words[] = {
#define X(name, number, text, class) {RECORD_##name, CODE_NOT_SAID},
    CAIRN_RECORD_KINDS(X)
#undef X
#define X(name, number, text, kind) {RECORD_##kind, (number)},
        CAIRN_RECORD_CODES(X)
#undef X
            {DISCLOSED_INVOLVEMENT, CODE_NOT_SAID},
};
static_assert(ARRAY_LEN(record_words) <= AGREED_MEMBERS_MAX, "records fit a set");

const char *agreed_record_text(uint32_t member)
{
    if (member >= ARRAY_LEN(record_words)) {
        return NULL;
    }
    const struct record_word *word = &record_words[member];
    if (word->kind == DISCLOSED_INVOLVEMENT) {
        return "involvement";
    }
    return word->code != CODE_NOT_SAID ? record_code_text(word->code)
                                       : record_kind_text(word->kind);
}

uint32_t agreed_record_member(const char *text)
{
    for (uint32_t i = 0; i < ARRAY_LEN(record_words); i++) {
        if (strcmp(agreed_record_text(i), text) == 0) {
            return i;
        }
    }
    return AGREED_MEMBERS_MAX;
}

enum record_kind agreed_record_kind(uint32_t member)
{
    assert(member < ARRAY_LEN(record_words));
    return record_words[member].kind;
}

uint32_t agreed_record_code(uint32_t member)
{
    assert(member < ARRAY_LEN(record_words));
    return record_words[member].code;
}

/* --- what a rule can tell apart --- */

static bool told_by_rule(const struct space *space, const struct rule *rule, enum agreed_axis axis,
                         uint32_t member)
{
    switch (axis) {
    case AGREED_ORIGIN:
        return party_is(&rule->origin, &space->origins[member]);
    case AGREED_RECIPIENT:
        return party_is(&rule->recipient, &space->recipients[member]);
    case AGREED_RECORD:
        return rule_set_has(rule->kinds, record_words[member].kind) ||
               rule_set_has(rule->codes, record_words[member].code);
    case AGREED_LEVEL:
        return member >= rule->level_min && member <= rule->level_max;
    case AGREED_URGENCY:
        return rule_set_has(rule->urgencies, member);
    case AGREED_ROLE:
        return (rule->roles & ROLE_BIT(member)) != 0;
    case AGREED_AXES:
        break;
    }
    return false;
}

/* What holds whatever the rules say: see before_rules in agreements.c. */
static uint32_t told_by_law(const struct space *space, enum agreed_axis axis, uint32_t member)
{
    switch (axis) {
    case AGREED_ORIGIN:
        return space->origins[member].sensitive;
    case AGREED_RECIPIENT:
        return (agency_is_front_door(&space->recipients[member]) ? 1U : 0) |
               (space->recipients[member].active ? 2U : 0);
    case AGREED_RECORD:
        return (record_words[member].kind == RECORD_REFERRAL ? 1U : 0) |
               (record_words[member].kind == DISCLOSED_INVOLVEMENT ? 2U : 0);
    case AGREED_URGENCY:
        return member == URGENCY_IMMEDIATE;
    case AGREED_ROLE:
        return member == 0;
    case AGREED_LEVEL:
    case AGREED_AXES:
        break;
    }
    return 0;
}

static bool told_apart_by(const struct space *space, const struct agreements *agreements,
                          enum agreed_axis axis, const uint32_t members[2])
{
    for (size_t i = 0; agreements != NULL && i < agreements->n_rules; i++) {
        const struct rule *rule = &agreements->rules[i];
        if (told_by_rule(space, rule, axis, members[0]) !=
            told_by_rule(space, rule, axis, members[1])) {
            return true;
        }
    }
    return false;
}

struct both {
    const struct agreements *a;
    const struct agreements *b;
};

static void group(struct space *space, const struct both *both, enum agreed_axis axis,
                  uint32_t member)
{
    struct space_axis *groups = &space->axes[axis];

    for (size_t i = 0; i < groups->n; i++) {
        const uint32_t pair[2] = {(uint32_t)__builtin_ctzll(groups->groups[i]), member};
        if (told_by_law(space, axis, pair[0]) == told_by_law(space, axis, pair[1]) &&
            !told_apart_by(space, both->a, axis, pair) &&
            !told_apart_by(space, both->b, axis, pair)) {
            groups->groups[i] |= UINT64_C(1) << member;
            return;
        }
    }
    groups->groups[groups->n++] = UINT64_C(1) << member;
}

static void group_all(struct space *space, const struct both *both)
{
    for (uint32_t i = 0; i < space->n_parties; i++) {
        group(space, both, AGREED_ORIGIN, i);
        group(space, both, AGREED_RECIPIENT, i);
    }
    for (uint32_t i = 0; i < ARRAY_LEN(record_words); i++) {
        group(space, both, AGREED_RECORD, i);
    }
    for (uint32_t i = 0; i <= CAIRN_LEVEL_MAX; i++) {
        group(space, both, AGREED_LEVEL, i);
    }
    for (uint32_t i = URGENCY_ROUTINE; i <= URGENCY_IMMEDIATE; i++) {
        group(space, both, AGREED_URGENCY, i);
    }
    for (uint32_t i = 0; i <= ROLES; i++) {
        group(space, both, AGREED_ROLE, i);
    }
}

/* --- parties --- */

static bool add_named(struct space *space, const struct directory *directory, uint32_t number)
{
    const struct agency *agency = number != 0 ? directory_agency(directory, number) : NULL;

    for (size_t i = 0; agency != NULL && i < space->n_parties; i++) {
        if (space->origins[i].number == number) {
            return true;
        }
    }
    if (agency == NULL) {
        return true;
    }
    if (space->n_parties == AGREED_MEMBERS_MAX) {
        return false;
    }
    space->origins[space->n_parties] = *agency;
    space->recipients[space->n_parties++] = *agency;
    return true;
}

static bool add_named_by(struct space *space, const struct directory *directory,
                         const struct agreements *agreements)
{
    bool fits = true;

    for (size_t i = 0; agreements != NULL && i < agreements->n_rules; i++) {
        const struct rule *rule = &agreements->rules[i];
        fits = fits && add_named(space, directory, rule->origin.agency) &&
               add_named(space, directory, rule->recipient.agency);
    }
    return fits;
}

static void add_kinds(struct space *space, const struct directory *directory)
{
    for (uint32_t i = 0; i < directory->n_kinds; i++) {
        const struct agency_kind *kind = &directory->kinds[i];
        struct agency *origin = &space->origins[space->n_parties];
        *origin = (struct agency){.number = ORIGIN_NUMBERS + i,
                                  .kind = kind,
                                  .active = true,
                                  .sensitive = kind->sensitive};
        (void)memcpy(origin->id, kind->id, sizeof(kind->id));
        space->recipients[space->n_parties] = *origin;
        space->recipients[space->n_parties++].number = RECIPIENT_NUMBERS + i;
    }
}

int space_new(const struct directory *directory, const struct agreements *a,
              const struct agreements *b, struct space **ret)
{
    _cleanup_(space_free) struct space *made = base_zalloc(1, sizeof(*made));
    const struct both both = {.a = a, .b = b};

    made->origins = base_zalloc(AGREED_MEMBERS_MAX, sizeof(*made->origins));
    made->recipients = base_zalloc(AGREED_MEMBERS_MAX, sizeof(*made->recipients));
    add_kinds(made, directory);
    if (!add_named_by(made, directory, a) || !add_named_by(made, directory, b)) {
        return -E2BIG;
    }
    group_all(made, &both);
    *ret = made;
    made = NULL;
    return 0;
}

void space_free(struct space **space)
{
    if (*space != NULL) {
        free((*space)->origins);
        free((*space)->recipients);
    }
    free(*space);
    *space = NULL;
}

/* --- asking --- */

struct walking {
    const struct space *space;
    struct disclosure what;
    uint64_t sets[AGREED_AXES];
    space_asked *asked;
    void *data;
};

static void place(struct walking *walking, enum agreed_axis axis, uint32_t member)
{
    switch (axis) {
    case AGREED_ORIGIN:
        walking->what.origin = &walking->space->origins[member];
        return;
    case AGREED_RECIPIENT:
        walking->what.recipient = &walking->space->recipients[member];
        return;
    case AGREED_RECORD:
        walking->what.kind = record_words[member].kind;
        walking->what.code = record_words[member].code;
        return;
    case AGREED_LEVEL:
        walking->what.level = member;
        return;
    case AGREED_URGENCY:
        walking->what.urgency = (enum urgency)member;
        return;
    case AGREED_ROLE:
        walking->what.roles = member == 0 ? 0 : ROLE_BIT(member);
        return;
    case AGREED_AXES:
        return;
    }
}

/* Counts through the groups of all axes like the wheels of a milometer. */
void space_walk(const struct space *space, int32_t day, space_asked *asked, void *data)
{
    struct walking walking = {.space = space, .what = {.day = day}, .asked = asked, .data = data};
    size_t wheels[AGREED_AXES] = {0};
    size_t axis = 0;

    while (axis < AGREED_AXES) {
        for (axis = 0; axis < AGREED_AXES; axis++) {
            walking.sets[axis] = space->axes[axis].groups[wheels[axis]];
            place(&walking, (enum agreed_axis)axis, (uint32_t)__builtin_ctzll(walking.sets[axis]));
        }
        if (walking.what.origin->number != walking.what.recipient->number) {
            asked(data, &walking.what, walking.sets);
        }
        for (axis = 0; axis < AGREED_AXES && ++wheels[axis] == space->axes[axis].n; axis++) {
            wheels[axis] = 0;
        }
    }
}
