/* SPDX-License-Identifier: Apache-2.0 */
/* power: what must be true of a disk after the power was lost, for power_replay.c. Whatever does
 * not hold is said on standard error. */
#ifndef FAULT_POWER_H
#define FAULT_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define POWER_PATH  256
#define POWER_FILES 8

struct power_kind {
    const char *name;
    const char *files[POWER_FILES]; /* below the folder: what is kept; "/data/data.mdb" */
    const char *lock;               /* made anew at each opening */
    bool (*check)(const char *folder, const void *promises, uint64_t pos);
};

struct power_promise {
    uint64_t pos;
    char what[8];
    char first[64];
    char second[80];
};

struct power_promises {
    struct power_promise *all; /* by pos */
    const char *folder;        /* where what was made in the end lies */
    size_t n;
};

const struct power_kind *power_kind(const char *name);
/* Whether that file is one of those, or on its way to become one. */
bool power_is_kept(const struct power_kind *kind, const char *name);
void power_promises_read(const char *path, struct power_promises *ret);
/* False when the state in `folder` breaks what was promised up to `pos`. In a child of its own. */
bool power_check(const struct power_kind *kind, const char *folder,
                 const struct power_promises *promises, uint64_t pos) MUST_USE;
/* Removes what opening the state has made. */
void power_clear(const struct power_kind *kind, const char *folder);
uint64_t power_number(const char *text);
void power_fail(const char *words, const char *what) NORETURN;

#endif
