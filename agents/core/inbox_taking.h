/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox_taking: a delivery under way: inbox_take.c proves its items, inbox_meaning.c keeps what
 * follows from them. On the link's thread, inside one transaction of its own: what is borrowed here
 * lives as long as that, `item` until the next one. A row that cannot be kept is a fault of the
 * transaction, which its commit reports.
 */
#ifndef AGENTS_INBOX_TAKING_H
#define AGENTS_INBOX_TAKING_H

#include "agents/core/granting.h"
#include "agents/core/inbox_internal.h"
#include "tree/checkpoint.h"
#include "wire/leaf.h"

struct inbox_taking {
    struct store_txn *txn;
    const struct governance *governance;
    const struct checkpoint *head;
    struct arena arena;
    uint32_t own;
    int64_t now_ms;
    struct inbox_gaps gaps;  /* all that are known */
    struct inbox_gaps fresh; /* those of this delivery */
    /* Of the item at hand: */
    const struct wire_item *item;
    struct leaf leaf;
    uint8_t flags;
    const char *failed; /* what did not hold */
};

/* Those grants that are for us; `alert` 0: they came with the entry. */
void inbox_keep_grants(struct inbox_taking *taking, const struct entry_id *entry,
                       const struct wire_grant *grants, size_t n, uint64_t alert);
/* What follows from the entry at hand, by its kind. */
void inbox_keep_meaning(struct inbox_taking *taking, const struct wire_delivered *delivered,
                        const struct entry_header *header);
/* For what is granted in this transaction. */
struct granting inbox_granting(const struct inbox_taking *taking);

#endif
