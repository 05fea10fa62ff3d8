/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/following.h"

#include <string.h>

#include "agents/core/granting.h"

static const uint8_t no_handle[CAIRN_HANDLE_BYTES];

static bool same_handle(const uint8_t a[CAIRN_HANDLE_BYTES], const uint8_t b[CAIRN_HANDLE_BYTES])
{
    return memcmp(a, b, CAIRN_HANDLE_BYTES) == 0;
}

bool following_is(const struct reviewed *reviewed)
{
    return !same_handle(reviewed->follows, no_handle);
}

void following_note(struct taking *taking, const struct reference *from, const struct reference *to)
{
    uint8_t sealed[DECIDE_SEALED_MAX_BYTES];
    struct reviewed last;
    struct out_row row;
    if (!review_last(taking->txn, from, &last) || last.act != REVIEW_SEND ||
        !out_get(taking->txn, from, &row)) {
        return;
    }
    if (!following_is(&last)) {
        memcpy(last.follows, row.handle, sizeof(last.follows));
    }
    memcpy(sealed, last.sealed.data, last.sealed.len); /* the row's end with the next write */
    last.sealed.data = sealed;
    last.due_ms = taking->now_ms; /* should it not go, a person is to look at once */
    review_add(taking->txn, to, &last);
    taking_count(taking, "kept-followed");
}

/* Returns to how many front doors it goes. */
static size_t send_on(const struct review *review, const struct out_row *row)
{
    uint32_t doors[CAIRN_FRONT_DOORS_MAX];
    const struct granting granting = {.txn = review->txn,
                                      .governance = review->governance,
                                      .own = row->entry.agency,
                                      .now_ms = review->now_ms,
                                      .by_person = true};
    size_t n = review_front_doors(review, row, doors);
    size_t added = 0;
    for (size_t i = 0; i < n; i++) {
        added += granting_add(&granting, &row->entry, 1, doors[i], false);
    }
    return added;
}

void following_go(const struct review *review, const struct reference *reference,
                  const struct out_row *row)
{
    struct reviewed last;
    if (!review_last(review->txn, reference, &last) || last.act != REVIEW_SEND ||
        !following_is(&last) || !review_is_kept(review, row)) {
        return;
    }
    if (!same_handle(last.follows, row->handle) || send_on(review, row) == 0) {
        review_again(review->txn, &row->entry);
    }
}
