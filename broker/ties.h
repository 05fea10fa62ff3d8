/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ties: which adults are tied to which child, and so what is said of an adult that counts for the
 * child. An adult is kept as a child is (subjects that are one, a chronology), under a number that
 * no child has, and is reached through its ties alone: nobody can ask for one. Part of apply; reads
 * only. tie.h is the entry that makes a tie.
 *
 * What is said of an adult counts for each child that it was tied to on that day, or is tied to
 * since: a tie says nothing of when it began, and what happened before it matters as much. Never
 * more than its existence is told through a tie.
 */
#ifndef BROKER_TIES_H
#define BROKER_TIES_H

#include "broker/chronology.h"

/* What is tied to a child: the chronology under that number counts for it as far as it goes. */
struct tied {
    uint64_t number;
    int32_t until_day;  /* what happened from then on does not count */
    uint64_t log_index; /* of the entry by which it came to hold */
    bool by_name;       /* a name is all that says that it is the same adult */
    bool alone;         /* of that chronology only what this subject's agency said of it */
    struct subject_id subject;
};
/* All that is tied to one child, each adult once, as long as it holds. Of more than there is room
 * for, of each agency some. */
struct ties {
    uint64_t child;
    size_t n;
    struct tied of[CAIRN_TIED_MAX];
};
void ties_of_child(struct apply *apply, uint64_t child, struct ties *ret);
/* Whether that subject's record of that day counts for the child through a tie. */
bool ties_count(struct apply *apply, uint64_t child, const struct chronology_item *item,
                uint64_t number, struct tied *ret);

struct tied_children {
    size_t n;
    uint64_t of[CAIRN_TIED_MAX];
    uint32_t by[CAIRN_TIED_MAX]; /* whose tie each was found by */
};
/* The children that an adult is tied to, now or once. Of more than there is room for, of each
 * agency some. */
void ties_children(struct apply *apply, uint64_t person, struct tied_children *ret);

/* How many ties say so, of whichever agencies. */
size_t ties_between(struct apply *apply, uint64_t child, uint64_t person);

/* As chronology_merge, of the ties' child and of all that is tied to it. */
size_t ties_merge(struct apply *apply, const struct ties *ties,
                  const struct chronology_search *search,
                  struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], size_t n);

#endif
