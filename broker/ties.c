/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/ties.h"

/* --- full lists --- */

static size_t count_of(const uint32_t agencies[CAIRN_TIED_MAX], uint32_t agency)
{
    size_t n = 0;
    for (size_t i = 0; i < CAIRN_TIED_MAX; i++) {
        n += agencies[i] == agency ? 1 : 0;
    }
    return n;
}

/* Whose place goes to one more of this agency: the last of the one that has most, so that nobody's
 * ties shut out another's. False when none has many more. */
static bool find_place(struct apply *apply, const uint32_t agencies[CAIRN_TIED_MAX],
                       uint32_t agency, size_t *ret)
{
    size_t most = count_of(agencies, agency) + 1;
    bool found = false;
    apply_noted(apply, NOTED_LIMITS_REACHED);
    for (size_t i = 0; i < CAIRN_TIED_MAX; i++) {
        size_t n = count_of(agencies, agencies[i]);
        if (n > most || (found && n == most)) {
            most = n;
            *ret = i;
            found = true;
        }
    }
    return found;
}

/* --- of a child --- */

static struct tied *find(struct ties *list, const struct tied *tied)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->of[i].number == tied->number &&
            (!tied->alone || subject_id_equal(&list->of[i].subject, &tied->subject))) {
            return &list->of[i];
        }
    }
    return NULL;
}

static void add_to_full(struct apply *apply, struct ties *list, const struct tied *tied)
{
    uint32_t agencies[CAIRN_TIED_MAX];
    size_t at;
    for (size_t i = 0; i < CAIRN_TIED_MAX; i++) {
        agencies[i] = list->of[i].subject.agency;
    }
    if (find_place(apply, agencies, tied->subject.agency, &at)) {
        list->of[at] = *tied;
    }
}

/* Two agencies may state one tie: it holds as long as either says. */
static void add(struct apply *apply, struct ties *list, const struct tied *tied)
{
    struct tied *there = find(list, tied);
    if (there != NULL) {
        there->until_day = tied->until_day > there->until_day ? tied->until_day : there->until_day;
        there->log_index = tied->log_index < there->log_index ? tied->log_index : there->log_index;
        there->by_name = there->by_name && tied->by_name;
    } else if (list->n == CAIRN_TIED_MAX) {
        add_to_full(apply, list, tied);
    } else {
        list->of[list->n++] = *tied;
    }
}

struct child_search {
    struct apply *apply;
    struct ties *list;
};

static bool add_of_member(void *data, const struct subject_id *subject, enum link link)
{
    const struct child_search *search = data;
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(search->apply->txn, T_TIE, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct subject_id other = subject_id_unpack(walk.key.data + prefix.len);
        struct subject_row row;
        struct tie_row tie;
        bool good = tie_row_unpack(walk.value, &tie);
        assert(good);
        if (subject_row_get(search->apply->txn, &other, &row)) {
            const struct tied tied = {
                .number = row.child,
                .until_day = tie.until_day,
                .log_index = tie.log_index,
                .by_name = link == LINK_PROVISIONAL || row.link == LINK_PROVISIONAL,
                .alone = tie.relationship == RELATIONSHIP_BORN,
                .subject = other,
            };
            add(search->apply, search->list, &tied);
        }
    }
    return true;
}

void ties_of_child(struct apply *apply, uint64_t child, struct ties *ret)
{
    struct child_search search = {.apply = apply, .list = ret};
    ret->child = child;
    ret->n = 0;
    members_each(apply->txn, child, add_of_member, &search);
}

struct between_search {
    struct apply *apply;
    uint64_t person;
    size_t n;
};

static bool count_between(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct between_search *search = data;
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(search->apply->txn, T_TIE, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct subject_id other = subject_id_unpack(walk.key.data + prefix.len);
        search->n += members_child(search->apply->txn, &other) == search->person ? 1 : 0;
    }
    return true;
}

size_t ties_between(struct apply *apply, uint64_t child, uint64_t person)
{
    struct between_search search = {.apply = apply, .person = person};
    members_each(apply->txn, child, count_between, &search);
    return search.n;
}

static bool counts_through(const struct tied *tied, const struct chronology_item *item)
{
    return item->day < tied->until_day &&
           (!tied->alone || subject_id_equal(&item->row.subject, &tied->subject));
}

bool ties_count(struct apply *apply, uint64_t child, const struct chronology_item *item,
                uint64_t number, struct tied *ret)
{
    struct ties ties;
    ties_of_child(apply, child, &ties);
    for (size_t i = 0; i < ties.n; i++) {
        if (ties.of[i].number == number && counts_through(&ties.of[i], item)) {
            *ret = ties.of[i];
            return true;
        }
    }
    return false;
}

/* --- of an adult --- */

struct person_search {
    struct apply *apply;
    struct tied_children *list;
};

static void add_child(struct apply *apply, struct tied_children *list, uint64_t child,
                      uint32_t agency)
{
    size_t at = list->n;
    for (size_t i = 0; i < list->n; i++) {
        if (list->of[i] == child) {
            return;
        }
    }
    if (at == CAIRN_TIED_MAX && !find_place(apply, list->by, agency, &at)) {
        return;
    }
    list->of[at] = child;
    list->by[at] = agency;
    list->n += at == list->n ? 1 : 0;
}

static bool add_children(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    const struct person_search *search = data;
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(search->apply->txn, T_TIED, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct subject_id child = subject_id_unpack(walk.key.data + prefix.len);
        uint64_t number = members_child(search->apply->txn, &child);
        if (number != 0) {
            add_child(search->apply, search->list, number, child.agency);
        }
    }
    return true;
}

void ties_children(struct apply *apply, uint64_t person, struct tied_children *ret)
{
    struct person_search search = {.apply = apply, .list = ret};
    ret->n = 0;
    members_each(apply->txn, person, add_children, &search);
}

/* --- the chronology --- */

struct filter {
    const struct chronology_search *search;
    const struct tied *tied;
};

static bool wanted(const void *data, const struct chronology_item *item)
{
    const struct filter *filter = data;
    return counts_through(filter->tied, item) && filter->search->wanted(filter->search->data, item);
}

size_t ties_merge(struct apply *apply, const struct ties *ties,
                  const struct chronology_search *search,
                  struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], size_t n)
{
    struct chronology_search own = *search;
    own.child = ties->child;
    n = chronology_merge(apply, &own, items, n);
    for (size_t i = 0; i < ties->n; i++) {
        const struct filter filter = {.search = search, .tied = &ties->of[i]};
        const struct chronology_search through = {
            .child = ties->of[i].number,
            .from = search->from,
            .to = search->to,
            .wanted = wanted,
            .data = &filter,
            .tied = true,
            .tied_at = ties->of[i].log_index,
        };
        if (ties->of[i].number != ties->child) { /* of twins, the first has it as its own */
            n = chronology_merge(apply, &through, items, n);
        }
    }
    return n;
}
