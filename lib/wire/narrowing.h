/* SPDX-License-Identifier: Apache-2.0 */
/*
 * narrowing: whether the author of a record keeps it from somebody whom the agreements would tell.
 * Agents ask before they seal a key, the broker before it tells; each by the roles it knows of.
 * Pure.
 */
#ifndef WIRE_NARROWING_H
#define WIRE_NARROWING_H

#include "wire/wire.h"

/* Who would be told, and when. */
struct narrow_reader {
    uint32_t agency;
    bool front_door;
    uint32_t roles; /* ROLE_BIT of each that it holds for the child that day */
    int32_t day;    /* NARROW_ANY_DAY: whether the record is hidden still is not asked */
};
#define NARROW_ANY_DAY INT32_MAX

/* Never from its own author. A role is left out at a front door too, but not of what cannot wait;
 * and to a front door nothing is hidden. */
bool narrowing_keeps_from(const struct record_header *header, const struct narrow_reader *reader);
/* Whether the agency is left out by name. */
bool narrowing_names(const struct record_header *header, uint32_t agency);
/* Whether it narrows anything. */
bool narrowing_is_any(const struct narrowing *narrow);
/* What is wrong with it for a record of this kind and urgency; NULL: nothing. */
const char *narrowing_problem(const struct record_header *header);

#endif
