/* SPDX-License-Identifier: Apache-2.0 */
/*
 * begun: the mark that an agent's store was begun: a file beside the store's folder, DIR.begun. A
 * folder that is empty, or not there, looks the same before the first start and after all that was
 * in it was lost, or while its disk is not mounted. The mark is written once the store lasts, and
 * taken away by nobody but a person who means to begin anew. No state; all calls block on the disk.
 * DIR is absolute. `/x/data/.` is `/x/data`, whose mark is `/x/data.begun`; one that ends in no
 * name (`/x/data/..`, `/`) is refused with -EINVAL.
 */
#ifndef AGENTS_BEGUN_H
#define AGENTS_BEGUN_H

#include <stdbool.h>

#include "base/error.h"

/* Of each, `dir` is the store's folder, which need not be there. 0, or -errno and the error says
 * why; whether there is a mark is in *ret. */
int begun_look(const char *dir, bool *ret, struct error *error) MUST_USE;
/* Synced when it returns 0; one that is there is written again. */
int begun_write(const char *dir, struct error *error) MUST_USE;
/* Says that there is a mark and no store, and what to do. Never 0. */
int begun_refuse(const char *dir, struct error *error) MUST_USE;

#endif
