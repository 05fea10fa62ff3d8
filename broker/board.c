/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/board.h"

#include <pthread.h>

struct board {
    pthread_mutex_t lock;
    struct governance *governance;
    struct head head;
};

int board_new(struct board **ret)
{
    struct board *board = base_zalloc(1, sizeof(*board));
    int r = pthread_mutex_init(&board->lock, NULL);
    if (r != 0) {
        base_free(&board);
        return -r;
    }
    *ret = board;
    return 0;
}

void board_free(struct board **board)
{
    if (*board == NULL) {
        return;
    }
    governance_unref(&(*board)->governance);
    (void)pthread_mutex_destroy(&(*board)->lock);
    base_free(board);
}

static void lock(struct board *board)
{
    int r = pthread_mutex_lock(&board->lock);
    assert(r == 0);
}

static void unlock(struct board *board)
{
    int r = pthread_mutex_unlock(&board->lock);
    assert(r == 0);
}

void board_set_governance(struct board *board, struct governance *governance)
{
    lock(board);
    struct governance *old = board->governance;
    board->governance = governance_ref(governance);
    unlock(board);
    governance_unref(&old);
}

struct governance *board_governance(struct board *board)
{
    lock(board);
    struct governance *governance =
        board->governance == NULL ? NULL : governance_ref(board->governance);
    unlock(board);
    return governance;
}

void board_set_head(struct board *board, const struct head *head)
{
    lock(board);
    board->head = *head;
    unlock(board);
}

void board_head(struct board *board, struct head *ret)
{
    lock(board);
    *ret = board->head;
    unlock(board);
}

struct slice head_note(const struct head *head)
{
    return slice_make(head->note, head->note_len);
}
