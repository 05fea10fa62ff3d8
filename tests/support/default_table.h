/* SPDX-License-Identifier: Apache-2.0 */
/*
 * default_table: who gets what under the agreements that Cairn ships, written from the table that a
 * partnership would sign and not from config/governance/agreements.json. The first row that fits
 * decides; what no row speaks of is not shared.
 */
#ifndef SUPPORT_DEFAULT_TABLE_H
#define SUPPORT_DEFAULT_TABLE_H

#include "govern/govern.h"

struct expected {
    enum effect effect;
    enum mode mode;
};

/* One role at most, as the table asks; a front door is told as such, whatever its roles. */
struct expected default_expected(const struct disclosure *what);

#endif
