/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spans: which rows of a store lie behind each of its pages. A reader comes by a page only on the
 * way to those: it goes down from a table's root, by a key or by a walk, and what it reads of other
 * pages is as it was. So a change of a page can show in those rows, between them and beside them,
 * and nowhere else. Behind a page that nothing leads to there are none.
 *
 * Pages that are read when a store is opened (the meta pages, the list of tables) have all rows
 * behind them, and are not for this.
 */
#ifndef ATTACK_SPANS_H
#define ATTACK_SPANS_H

#include "attack/spoiled.h"

/* Rows, by their number in spoiled->rows. */
struct span {
    uint32_t first;
    uint32_t end; /* not among them; the same as first: none */
};

struct spans {
    const struct spoiled *spoiled;
    struct span *of_page;
    struct span of_table[STORE_TABLES_MAX];
};

/* Asserts (cmocka) that every page that leads to rows is found to, and no other. */
void spans_init(struct spans *spans, const struct spoiled *spoiled);
void spans_deinit(struct spans *spans);

/* Behind the pages that the change touches, ascending, in one table each, with rows between them.
 * Returns how many. */
#define SPANS_MAX 2
size_t spans_of_change(const struct spans *spans, const struct change *change,
                       struct span ret[SPANS_MAX]);

#endif
