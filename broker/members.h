/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members: the subjects that are one child, at most CAIRN_MEMBERS_MAX. links decides who they are;
 * this is the list. Read by apply and by delivery, written by links.
 */
#ifndef BROKER_MEMBERS_H
#define BROKER_MEMBERS_H

#include "broker/applying.h"

struct member_list {
    size_t n;
    struct subject_id subjects[CAIRN_MEMBERS_MAX];
};

bool member_list_has(const struct member_list *list, const struct subject_id *subject);
/* Any subject of this agency. */
bool member_list_has_agency(const struct member_list *list, uint32_t agency);
/* Calls `each` for every member until it returns false. */
void members_each(struct store_txn *txn, uint64_t child,
                  bool (*each)(void *data, const struct subject_id *subject, enum link link),
                  void *data);
/* The same for the agency's own subjects for the child. */
void members_of(struct store_txn *txn, uint64_t child, uint32_t agency,
                bool (*each)(void *data, const struct subject_id *subject, enum link link),
                void *data);
void members_list(struct store_txn *txn, uint64_t child, struct member_list *ret);
/* The child, or the adult, that the subject is; 0: nobody has spoken of it. */
uint64_t members_child(struct store_txn *txn, const struct subject_id *subject);
/* An agency's own subject for a child; false when it has none. */
bool members_own_subject(struct store_txn *txn, uint64_t child, uint32_t agency,
                         struct subject_id *ret);

/* The handles that the agency has for the child: the one that members_own_subject finds, and then
 * the others, but for those that a name alone says are it. */
size_t members_own_handles(struct store_txn *txn, uint64_t child, uint32_t agency,
                           uint8_t ret[CAIRN_MEMBERS_PER_AGENCY_MAX][CAIRN_HANDLE_BYTES]);

/* Whether that subject is the child's only because of its name, birth date and postcode. */
bool members_by_name(struct store_txn *txn, uint64_t child, uint32_t agency);

void members_put(struct apply *apply, uint64_t child, const struct subject_id *subject,
                 enum link link);
void members_remove(struct apply *apply, uint64_t child, const struct subject_id *subject);

#endif
