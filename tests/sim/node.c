/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/node.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/core/link_internal.h"
#include "agents/core/settle.h"
#include "agents/core/spool.h"
#include "sim/network.h"
#include "support/store_copy.h"

/* Whose turn it is: the store does not say whose it is. */
static struct node *turning;

int __real_store_commit(struct store_txn **txn);
int __wrap_store_commit(struct store_txn **txn);

int __wrap_store_commit(struct store_txn **txn)
{
    int r = __real_store_commit(txn);
    if (turning != NULL) {
        node_committed(turning);
    }
    return r;
}

static void copy_store(struct node *node, char ret_dir[SCRATCH_BYTES])
{
    scratch_make(ret_dir);
    int r = rmdir(ret_dir); /* store_copy makes it */
    assert(r == 0);
    r = store_copy(node->member->agent.store, ret_dir);
    assert(r == 0);
}

void node_committed(struct node *node)
{
    node->commits++;
    if (node->dies_after != 0 && node->commits >= node->dies_after && !node->died) {
        node->died = true;
        copy_store(node, node->remains);
        network_mute(node->agency, true);
    }
}

static void open_link(struct node *node)
{
    struct error error = ERROR_NULL;
    network_dials(node->agency);
    int r = link_open(&node->member->agent, &error);
    assert(r == 0);
}

void node_start(struct node *node, struct world *world, uint32_t agency)
{
    *node = (struct node){.agency = agency};
    clock_fake_init(&node->clock, world->clock.real_ms);
    node->member = member_new_alone(world, agency, &node->clock.clock);
    open_link(node);
}

void node_stop(struct node *node)
{
    link_close(&node->member->agent);
    member_free(&node->member);
    if (node->backup[0] != '\0') {
        scratch_remove(node->backup);
    }
}

void node_restart(struct node *node)
{
    link_close(&node->member->agent);
    member_restart(node->member);
    open_link(node);
}

void node_renew(struct node *node)
{
    link_close(&node->member->agent);
    member_add_keys(node->member, (unsigned)node->member->agent.keys.n + 1);
    member_restart(node->member);
    open_link(node);
}

/* Over another folder, whose place in the file system it takes. */
static void start_over(struct node *node, const char *dir)
{
    char old[SCRATCH_BYTES];
    link_close(&node->member->agent);
    memcpy(old, node->member->dir, sizeof(old));
    member_move(node->member, dir);
    scratch_remove(old);
    open_link(node);
}

static void bury(struct node *node)
{
    node->died = false;
    node->dies_after = 0;
    network_mute(node->agency, false);
    start_over(node, node->remains);
}

void node_turn(struct node *node)
{
    struct agent_link *link = node->member->agent.link;
    bool more = false;
    turning = node;
    network_dials(node->agency); /* the directory may say that the broker has moved */
    if (link->status.state != LINK_IS_STOPPED) {
        link_turn(link);
    }
    int r = settle_step(&node->member->agent, &more);
    assert(r == 0);
    turning = NULL;
    if (node->died) {
        bury(node);
    }
}

void node_doom(struct node *node, uint32_t commits)
{
    node->dies_after = node->commits + commits;
}

void node_back_up(struct node *node)
{
    if (node->backup[0] != '\0') {
        scratch_remove(node->backup);
    }
    copy_store(node, node->backup);
}

void node_restore(struct node *node)
{
    start_over(node, node->backup);
    node->backup[0] = '\0';
    node->restored++;
}

bool node_is_idle(const struct node *node)
{
    struct spool_depth depth;
    uint64_t rows[STORE_TABLES_MAX];
    int r = store_rows(node->member->agent.store, rows);
    assert(r == 0);
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    spool_depth(txn, &depth);
    return rows[AT_SPOOL] == 0 && rows[AT_SETTLING] == 0;
}

enum link_state node_link(const struct node *node)
{
    return node->member->agent.link->status.state;
}
