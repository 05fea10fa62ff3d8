/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/spans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A page begins with its own number; the first of those that a long value takes, with how many they
 * are. */
#define AT_PAGES 12

static const uint8_t *page_of(const uint8_t *at)
{
    return at - (uintptr_t)at % PAGE_BYTES;
}

static uint32_t number_at(const uint8_t *at)
{
    uint32_t value = 0;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void add_row(struct span *span, uint32_t row)
{
    if (span->end == span->first) {
        *span = (struct span){.first = row, .end = row + 1};
    }
    assert_true(row + 1 == span->end || row == span->end); /* they come in their order */
    span->end = row + 1;
}

static void place_row(struct spans *spans, uint32_t row)
{
    const struct spoiled_row *placed = &spans->spoiled->rows[row];
    uint32_t leaf = number_at(page_of(placed->key.data));

    add_row(&spans->of_table[placed->table], row);
    for (uint32_t page = leaf; page != 0; page = spans->spoiled->pages[page].parent) {
        add_row(&spans->of_page[page], row);
    }
    const uint8_t *value = page_of(placed->value.data);
    if (placed->value.len == 0 || number_at(value) == leaf) {
        return;
    }
    for (uint32_t i = 0; i < number_at(value + AT_PAGES); i++) {
        add_row(&spans->of_page[number_at(value) + i], row);
    }
}

void spans_init(struct spans *spans, const struct spoiled *spoiled)
{
    size_t pages = spoiled->len / PAGE_BYTES;

    *spans =
        (struct spans){.spoiled = spoiled, .of_page = base_zalloc(pages, sizeof(*spans->of_page))};
    for (uint32_t row = 0; row < spoiled->n_rows; row++) {
        place_row(spans, row);
    }
    for (size_t page = 0; page < pages; page++) {
        enum page_kind kind = spoiled->pages[page].kind;
        bool leads = kind == PAGE_BRANCH || kind == PAGE_LEAF || kind == PAGE_OVERFLOW;
        assert_int_equal(spans->of_page[page].end > spans->of_page[page].first, leads);
    }
}

void spans_deinit(struct spans *spans)
{
    base_free(&spans->of_page);
}

size_t spans_of_change(const struct spans *spans, const struct change *change,
                       struct span ret[SPANS_MAX])
{
    size_t first = change->at / PAGE_BYTES;
    size_t second = change->page != 0 ? change->page : (change->at + change->len - 1) / PAGE_BYTES;
    struct span low = spans->of_page[first];
    struct span high = spans->of_page[second];
    size_t n = 0;

    if (low.end == low.first || (high.end > high.first && high.first < low.first)) {
        low = spans->of_page[second];
        high = spans->of_page[first];
    }
    if (low.end > low.first) {
        ret[n++] = low;
    }
    if (high.end == high.first) {
        return n;
    }
    const struct spoiled_row *rows = spans->spoiled->rows;
    if (high.first <= low.end && rows[high.first].table == rows[low.first].table) {
        ret[0].end = high.end > low.end ? high.end : low.end;
        return n;
    }
    ret[n++] = high;
    return n;
}
