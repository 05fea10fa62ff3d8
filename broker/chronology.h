/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chronology: what is known about a child, ordered by event date, in small rows that patterns can
 * be judged from. Part of apply.
 */
#ifndef BROKER_CHRONOLOGY_H
#define BROKER_CHRONOLOGY_H

#include "broker/members.h"

/* One row as a pattern sees it. */
struct chronology_item {
    int32_t day;
    uint64_t log_index;
    bool tied;      /* said of somebody who is tied to the child */
    uint64_t since; /* log index since when it counts for the child */
    struct chronology_row row;
};

void chronology_add(struct apply *apply, uint64_t child, int32_t day, uint64_t log_index,
                    const struct chronology_row *row);
/* Marks one row as one that counts: somebody may read it now. */
void chronology_count(struct apply *apply, uint64_t child, const struct chronology_item *item);
/* Marks one row retracted. False when it is not there. */
bool chronology_retract(struct apply *apply, uint64_t child, int32_t day, uint64_t log_index);
struct chronology_search {
    uint64_t child;
    int32_t from; /* from <= day <= to */
    int32_t to;
    bool (*wanted)(const void *data, const struct chronology_item *item);
    const void *data;
    bool tied;        /* `child` is tied to the one that is asked about (ties.h), ... */
    uint64_t tied_at; /* ... since that log index */
};
/* The newest CAIRN_CHRONOLOGY_SCAN_MAX wanted rows, ascending. Returns how many. Looks at no more
 * than CAIRN_CHRONOLOGY_WALK_MAX rows, the newest, and notes when that was not all. */
size_t chronology_scan(struct apply *apply, const struct chronology_search *search,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX]);
/* The same into items that hold `n` of another child already: the newest of both, ascending. */
size_t chronology_merge(struct apply *apply, const struct chronology_search *search,
                        struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], size_t n);
/* Whether anything is kept there that this subject's agency said of it. */
bool chronology_has(struct apply *apply, uint64_t child, const struct subject_id *subject);
/* Moves every row, or those of these subjects (NULL: all), to another child. False, and nothing
 * moved, when the entry at hand would look at more than CAIRN_JOIN_ROWS_MAX for that. */
bool chronology_move(struct apply *apply, uint64_t from, uint64_t to,
                     const struct member_list *subjects);
/* Whether chronology_move would look at this child's rows. */
bool chronology_can_move(const struct apply *apply, uint64_t child);

#endif
