/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/tally.h"

#include "base/date.h"
#include "base/text.h"

/* The number: u16 week or quarter | u24 in it | u24 in the one before. */
#define COUNT_MAX  0xffffffU
#define NAME_BYTES 96

static uint32_t week_of(int32_t day)
{
    return (uint32_t)(day + 3) / 7; /* from Monday: day 0 was a Thursday */
}

static uint32_t quarter_of(int32_t day)
{
    int year;
    int month;
    int of_month;
    date_split(day, &year, &month, &of_month);
    return (uint32_t)(year * 4 + (month - 1) / 3);
}

static const char *name_of(char out[NAME_BYTES], const char *what, const char *span,
                           const char *pattern)
{
    struct writer writer = writer_over(out, NAME_BYTES - 1);
    write_format(&writer, "%s-%s/%s", what, span, pattern);
    out[writer_slice(&writer).len] = '\0';
    return out;
}

static void read_counts(uint64_t number, uint32_t period, uint32_t *ret_now, uint32_t *ret_before)
{
    uint32_t of = (uint32_t)(number >> 48);
    uint32_t now = (uint32_t)(number >> 24) & COUNT_MAX;
    uint32_t before = (uint32_t)number & COUNT_MAX;
    *ret_now = of == period ? now : 0;
    *ret_before = of == period ? before : of + 1 == period ? now : 0;
}

static uint64_t one_more(uint64_t number, uint32_t period)
{
    uint32_t now;
    uint32_t before;
    read_counts(number, period, &now, &before);
    now += now < COUNT_MAX ? 1 : 0;
    return (uint64_t)period << 48 | (uint64_t)now << 24 | before;
}

void tally_get(struct store_txn *txn, const char *what, const char *pattern, int32_t day,
               struct tally *ret)
{
    char name[NAME_BYTES];
    read_counts(meta_get(txn, name_of(name, what, "week", pattern), 0), week_of(day), &ret->week,
                &ret->last_week);
    read_counts(meta_get(txn, name_of(name, what, "quarter", pattern), 0), quarter_of(day),
                &ret->quarter, &ret->last_quarter);
}

uint32_t tally_add(struct store_txn *txn, const char *what, const char *pattern, int32_t day)
{
    char name[NAME_BYTES];
    struct tally tally;
    name_of(name, what, "week", pattern);
    meta_put(txn, name, one_more(meta_get(txn, name, 0), week_of(day)));
    name_of(name, what, "quarter", pattern);
    meta_put(txn, name, one_more(meta_get(txn, name, 0), quarter_of(day)));
    tally_get(txn, what, pattern, day, &tally);
    return tally.week;
}
