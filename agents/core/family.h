/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family: what one submission says about the children of one event: a record for each child, and
 * the involvements of this agency that go with it. What becomes of it, of the first version and of
 * later ones: family_take.h.
 *
 * Personal data: wiped by family_deinit. Zero state FAMILY_NULL. One thread at a time.
 */
#ifndef AGENTS_FAMILY_H
#define AGENTS_FAMILY_H

#include "agents/core/record_json.h"

#define FAMILY_CHILDREN_MAX     17 /* sixteen, and an adult */
#define FAMILY_INVOLVEMENTS_MAX 3  /* a child: a plan has a worker, a lead professional, a team */

struct family_child {
    struct event event;
    size_t n_involvements;
    struct involvement involvements[FAMILY_INVOLVEMENTS_MAX];
};

struct family {
    char source_id[EVENT_SOURCE_ID_BYTES]; /* of the document itself: what has versions */
    size_t n;
    struct family_child *children;
};
#define FAMILY_NULL ((struct family){.n = 0})
void family_deinit(struct family *family);

/* Room for one child more, with its event and involvements in their zero states. */
struct family_child *family_add(struct family *family);
/* Likewise for an involvement of the child: of its identity, open. */
struct involvement *family_involve(struct family_child *child, enum role role, int32_t from_day);

/* Whether the address of any of the children is withheld: children of one event mostly live
 * together, so that then nothing of the submission may say where. */
bool family_withholds(const struct json_view *children);
/* The child at `item`, {"ref", "child", ...}: who it is, without the address when `withheld`; and a
 * source id of its own and an event id from the source id that all of them share. */
void family_read_child(const struct json_view *item, const struct event_terms *terms, bool withheld,
                       struct event *ret);
/* The source id alone. */
void family_read_ref(const struct json_view *item, struct event *ret);
/* Notes in the error of `children` what cannot be: two with the same ref, or with the same number,
 * which are one child twice or two children that would be taken for one. */
void family_check(const struct json_view *children, const struct family *family);

#endif
