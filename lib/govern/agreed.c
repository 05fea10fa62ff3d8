/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map is made of every question with its answer, one row each, and then folded: along one axis
 * after the other, rows that differ in nothing else become one row. What is left reads like the
 * rules, but says what they come to together.
 */
#include "govern/agreed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "govern/space.h"

#define ROWS_FIRST 1024

struct mapping {
    const struct agreed_terms *terms;
    struct agreed_map *map;
    size_t room;
};

static void add_row(struct mapping *mapping, const struct agreed_row *row)
{
    struct agreed_map *map = mapping->map;

    if (map->n == mapping->room) {
        size_t room = mapping->room == 0 ? ROWS_FIRST : 2 * mapping->room;
        struct agreed_row *rows = base_alloc(room * sizeof(*rows));
        if (map->n > 0) {
            memcpy(rows, map->rows, map->n * sizeof(*rows));
        }
        free(map->rows);
        map->rows = rows;
        mapping->room = room;
    }
    map->rows[map->n++] = *row;
}

static void ask(void *data, const struct disclosure *what, const uint64_t sets[AGREED_AXES])
{
    struct mapping *mapping = data;
    const struct agreed_terms *terms = mapping->terms;
    struct agreed_row row = {.is = agreements_decide(terms->is, what)};

    row.was = terms->was != NULL ? agreements_decide(terms->was, what) : row.is;
    memcpy(row.sets, sets, sizeof(row.sets));
    bool changed = row.was.effect != row.is.effect || row.was.mode != row.is.mode ||
                   row.was.history_days != row.is.history_days;
    bool ruled = rule_find(terms->is, row.is.rule) != NULL || row.is.effect != EFFECT_DENY;
    if (terms->was != NULL ? changed : ruled) {
        add_row(mapping, &row);
    }
}

/* --- folding --- */

struct folding {
    enum agreed_axis axis;
    bool by_rule; /* rows of different rules stay apart */
};

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_answers(const struct agreed_row *a, const struct agreed_row *b, bool by_rule)
{
    int r = compare_u64(a->is.effect, b->is.effect);

    r = r != 0 ? r : compare_u64(a->is.mode, b->is.mode);
    r = r != 0 ? r : compare_u64(a->was.effect, b->was.effect);
    r = r != 0 ? r : compare_u64(a->was.mode, b->was.mode);
    r = r != 0 ? r : compare_u64(a->is.history_days, b->is.history_days);
    r = r != 0 ? r : compare_u64(a->was.history_days, b->was.history_days);
    return r != 0 || !by_rule ? r : strcmp(a->is.rule, b->is.rule);
}

static int compare_but_for_axis(const void *left, const void *right, void *data)
{
    const struct agreed_row *a = left;
    const struct agreed_row *b = right;
    const struct folding *folding = data;
    int r = compare_answers(a, b, folding->by_rule);

    for (size_t i = 0; i < AGREED_AXES && r == 0; i++) {
        r = i != folding->axis ? compare_u64(a->sets[i], b->sets[i]) : 0;
    }
    return r;
}

static void fold(struct agreed_map *map, struct folding *folding)
{
    size_t kept = 0;

    if (map->n == 0) {
        return;
    }
    qsort_r(map->rows, map->n, sizeof(*map->rows), compare_but_for_axis, folding);
    for (size_t i = 1; i < map->n; i++) {
        if (compare_but_for_axis(&map->rows[kept], &map->rows[i], folding) == 0) {
            map->rows[kept].sets[folding->axis] |= map->rows[i].sets[folding->axis];
        } else {
            map->rows[++kept] = map->rows[i];
        }
    }
    map->n = kept + 1;
}

static int compare_for_reading(const void *left, const void *right)
{
    const struct agreed_row *a = left;
    const struct agreed_row *b = right;
    int r = compare_u64((uint64_t)__builtin_ctzll(a->sets[AGREED_RECORD]),
                        (uint64_t)__builtin_ctzll(b->sets[AGREED_RECORD]));

    r = r != 0 ? r : compare_u64(a->sets[AGREED_RECORD], b->sets[AGREED_RECORD]);
    r = r != 0 ? r : compare_u64(b->is.effect, a->is.effect);
    r = r != 0 ? r : strcmp(a->is.rule, b->is.rule);
    for (size_t i = 0; i < AGREED_AXES && r == 0; i++) {
        r = compare_u64(a->sets[i], b->sets[i]);
    }
    return r;
}

static void fold_all(struct agreed_map *map, bool by_rule)
{
    static const enum agreed_axis order[] = {AGREED_ROLE,    AGREED_ORIGIN, AGREED_RECIPIENT,
                                             AGREED_URGENCY, AGREED_LEVEL,  AGREED_RECORD};

    for (size_t i = 0; i < 2 * ARRAY_LEN(order); i++) {
        struct folding folding = {.axis = order[i % ARRAY_LEN(order)], .by_rule = by_rule};
        fold(map, &folding);
    }
    if (map->n > 0) {
        qsort(map->rows, map->n, sizeof(*map->rows), compare_for_reading);
    }
}

/* --- the map --- */

static void fill_members(struct agreed_map *map, const struct space *space)
{
    map->n_parties = space->n_parties;
    for (size_t i = 0; i < space->n_parties; i++) {
        (void)memcpy(map->parties[i], space->origins[i].id, sizeof(map->parties[i]));
        if (agency_is_front_door(&space->origins[i])) {
            map->front_doors |= UINT64_C(1) << i;
        }
    }
    for (size_t axis = 0; axis < AGREED_AXES; axis++) {
        for (size_t i = 0; i < space->axes[axis].n; i++) {
            map->all[axis] |= space->axes[axis].groups[i];
        }
    }
}

int agreed_map_new(const struct agreed_terms *terms, struct agreed_map **ret)
{
    _cleanup_(agreed_map_free) struct agreed_map *made = base_zalloc(1, sizeof(*made));
    _cleanup_(space_free) struct space *space = NULL;
    struct mapping mapping = {.terms = terms, .map = made};

    int r = space_new(terms->directory, terms->is, terms->was, &space);
    if (r < 0) {
        return r;
    }
    fill_members(made, space);
    space_walk(space, terms->day, ask, &mapping);
    fold_all(made, terms->was == NULL);
    *ret = made;
    made = NULL;
    return 0;
}

void agreed_map_free(struct agreed_map **map)
{
    if (*map != NULL) {
        free((*map)->rows);
    }
    free(*map);
    *map = NULL;
}
