/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/members.h"

#include <string.h>

bool member_list_has(const struct member_list *list, const struct subject_id *subject)
{
    for (size_t i = 0; i < list->n; i++) {
        if (subject_id_equal(&list->subjects[i], subject)) {
            return true;
        }
    }
    return false;
}

bool member_list_has_agency(const struct member_list *list, uint32_t agency)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->subjects[i].agency == agency) {
            return true;
        }
    }
    return false;
}

static void each_below(struct store_txn *txn, const struct store_key *prefix,
                       bool (*each)(void *data, const struct subject_id *subject, enum link link),
                       void *data)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_MEMBER, store_key_slice(prefix));
    for (size_t n = 0; walk.live && n < CAIRN_MEMBERS_MAX && key_has_prefix(walk.key, prefix);
         n++) {
        assert(walk.key.len == 8 + SUBJECT_ID_BYTES && walk.value.len == 1);
        struct subject_id subject = subject_id_unpack(walk.key.data + 8);
        if (!each(data, &subject, (enum link)walk.value.data[0])) {
            return;
        }
        store_walk_next(&walk);
    }
}

void members_each(struct store_txn *txn, uint64_t child,
                  bool (*each)(void *data, const struct subject_id *subject, enum link link),
                  void *data)
{
    struct store_key prefix = store_key_u64(child);
    each_below(txn, &prefix, each, data);
}

void members_of(struct store_txn *txn, uint64_t child, uint32_t agency,
                bool (*each)(void *data, const struct subject_id *subject, enum link link),
                void *data)
{
    struct store_key prefix = key_members_of(child, agency);
    each_below(txn, &prefix, each, data);
}

static bool collect(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct member_list *list = data;
    list->subjects[list->n++] = *subject;
    return true;
}

void members_list(struct store_txn *txn, uint64_t child, struct member_list *ret)
{
    ret->n = 0;
    members_each(txn, child, collect, ret);
}

struct own_search {
    bool found;
    struct subject_id *ret;
};

static bool find_own(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct own_search *search = data;
    *search->ret = *subject;
    search->found = true;
    return false;
}

bool members_own_subject(struct store_txn *txn, uint64_t child, uint32_t agency,
                         struct subject_id *ret)
{
    struct own_search search = {.ret = ret};
    members_of(txn, child, agency, find_own, &search);
    return search.found;
}

struct handles_search {
    size_t n;
    uint8_t (*ret)[CAIRN_HANDLE_BYTES];
};

static bool add_handle(void *data, const struct subject_id *subject, enum link link)
{
    struct handles_search *search = data;
    if (search->n == 0 || link != LINK_PROVISIONAL) {
        memcpy(search->ret[search->n++], subject->handle, CAIRN_HANDLE_BYTES);
    }
    return search->n < CAIRN_MEMBERS_PER_AGENCY_MAX;
}

size_t members_own_handles(struct store_txn *txn, uint64_t child, uint32_t agency,
                           uint8_t ret[CAIRN_MEMBERS_PER_AGENCY_MAX][CAIRN_HANDLE_BYTES])
{
    struct handles_search search = {.ret = ret};
    members_of(txn, child, agency, add_handle, &search);
    return search.n;
}

bool members_by_name(struct store_txn *txn, uint64_t child, uint32_t agency)
{
    struct subject_id own;
    struct subject_row row;
    return members_own_subject(txn, child, agency, &own) && subject_row_get(txn, &own, &row) &&
           row.link == LINK_PROVISIONAL;
}

uint64_t members_child(struct store_txn *txn, const struct subject_id *subject)
{
    struct subject_row row;
    return subject_row_get(txn, subject, &row) ? row.child : 0;
}

void members_put(struct apply *apply, uint64_t child, const struct subject_id *subject,
                 enum link link)
{
    struct store_key key = key_member(child, subject);
    uint8_t value = (uint8_t)link;
    store_put(apply->txn, T_MEMBER, store_key_slice(&key), slice_make(&value, 1));
}

void members_remove(struct apply *apply, uint64_t child, const struct subject_id *subject)
{
    struct store_key key = key_member(child, subject);
    (void)store_delete(apply->txn, T_MEMBER, store_key_slice(&key));
}
