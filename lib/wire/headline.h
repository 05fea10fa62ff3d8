/* SPDX-License-Identifier: Apache-2.0 */
/* One thing noticed, as notices and pictures list it. Private to lib/wire. */
#ifndef WIRE_HEADLINE_H
#define WIRE_HEADLINE_H

#include "delivery.pb-c.h"
#include "wire/wire.h"

bool wire_headline_read(const Cairn__V1__Headline *from, struct wire_headline *ret) MUST_USE;

/* The row and the reference that it points to. */
struct wire_headline_row {
    Cairn__V1__Headline message;
    Cairn__V1__EntryRef record;
};
/* Borrows from the headline; the message points into the row. */
void wire_headline_fill(const struct wire_headline *headline, struct wire_headline_row *ret);

#endif
