/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo: the library code of `cairn log verify` and of the replay, run three million times. What is
 * a function of its arguments alone is computed once: whether a signature holds, what a governance
 * document makes of the snapshot before it. And guard_run, which forks for each damaged store,
 * works in this process while it is asked to: the caller is a child that may die. Nothing else
 * differs from the commands, and a part of the changes goes through those as they are
 * (tampering.h).
 *
 * The linker leads guard_run, store_open, store_close, verifier_new, verifier_free, verifier_check
 * and governance_next here (tests/CMakeLists.txt). One thread. What is remembered is never freed.
 */
#ifndef ATTACK_MEMO_H
#define ATTACK_MEMO_H

#include <stdbool.h>

#include "store/store.h"

/* From now on. `store`, when not NULL, is one that is open already, and is what whoever opens a
 * store to read it is given. */
void memo_begin(struct store *store);
/* Everything is as it is in the commands. */
void memo_end(void);

#endif
