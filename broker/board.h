/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board: what has become true and everybody may read: the governance in force, written by commit
 * after its transaction is on disk, and the signed head of the log, written by attest. Read by
 * every thread; one mutex, held for a pointer's copy.
 */
#ifndef BROKER_BOARD_H
#define BROKER_BOARD_H

#include "govern/govern.h"
#include "tree/checkpoint.h"

struct head {
    struct checkpoint checkpoint;
    size_t note_len;
    char note[1024]; /* the signed note: one signature, an origin of at most NOTE_NAME_MAX_BYTES */
};

struct board;
int board_new(struct board **ret) MUST_USE;
void board_free(struct board **board);
void board_set_governance(struct board *board, struct governance *governance); /* references it */
struct governance *board_governance(struct board *board); /* a reference; NULL before the first */
void board_set_head(struct board *board, const struct head *head);
void board_head(struct board *board, struct head *ret);
struct slice head_note(const struct head *head);

#endif
