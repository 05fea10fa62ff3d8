/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/rollback.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "agents/core/link_internal.h"
#include "sim/chance.h"
#include "sim/network.h"

#define ROUNDS       120 /* whoever is asked keeps in touch more often than that */
#define ROUND_MS     250
#define SPEAKS_EVERY 8

/* What an agency held before. */
struct before {
    bool ahead; /* it has verified a head that the copy lacks */
    bool shows; /* or was promised one: its next hello gives the broker away */
    struct checkpoint head;
    uint64_t position;
};

struct rollback {
    struct life *life;
    struct before before[SIM_AGENTS + 1];
    bool accused; /* the broker has ended, because one of its own heads was shown to it */
};

static bool note_before(struct rollback *rollback)
{
    bool any = false;
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        const struct node *node = &rollback->life->nodes[i];
        const struct witness *witness = &node->member->agent.link->session.witness;
        uint64_t size = rollback->life->hub.backup_size;
        struct before *before = &rollback->before[i];
        *before =
            (struct before){.ahead = witness->head.size > size,
                            .shows = witness->head.size > size || witness->promised.size > size,
                            .head = witness->head,
                            .position = member_position(node->member)};
        any = any || before->ahead;
    }
    return any;
}

/* --- the agencies --- */

static bool has_evidence(const struct node *node)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    return witness_forked(txn);
}

static void check_agency(const struct rollback *rollback, uint32_t agency)
{
    const struct node *node = &rollback->life->nodes[agency];
    const struct before *before = &rollback->before[agency];
    const struct checkpoint *head = &node->member->agent.link->session.witness.head;
    if (!before->ahead) {
        return; /* to it the copy says nothing false */
    }
    if (head->size != before->head.size || !hash_equal(&head->root, &before->head.root)) {
        model_wrong("agency %u goes on from %" PRIu64 " to another log's %" PRIu64, agency,
                    before->head.size, head->size);
    }
    if (member_position(node->member) != before->position) {
        model_wrong("agency %u takes what a broker says that went back", agency);
    }
    if (node_link(node) == LINK_IS_STOPPED && !has_evidence(node)) {
        model_wrong("agency %u has stopped and keeps no evidence", agency);
    }
}

/* --- the broker --- */

static bool is_hello(const struct net_frame *frame)
{
    struct wire_header header;
    return wire_header_read(net_frame_slice(frame), &header) && header.type == WIRE_HELLO;
}

/* In a process of its own, for it is to end. */
static void show_head(struct rollback *rollback, const struct peer *peer, struct net_frame *frame)
{
    struct hub *hub = &rollback->life->hub;
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(STDERR_FILENO); /* what it says of it is no news */
        gate_frame(&hub->world->gate, peer, frame);
        while (hub_publish(hub)) {
        }
        _exit(EXIT_SUCCESS);
    }
    net_frame_deinit(frame);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != EX_IOERR) {
        model_wrong("agency %u shows the broker a head that it has lost, and it goes on",
                    peer->agency);
    }
    rollback->accused = true;
}

/* Takes one frame; false when there is none. */
static bool receive(struct rollback *rollback, uint32_t agency)
{
    struct hub *hub = &rollback->life->hub;
    struct net_frame frame = NET_FRAME_NULL;
    struct peer peer;
    if (rollback->accused || !pipeline_may_read(hub->world->pipeline) ||
        !network_take(agency, &peer, &frame)) {
        return false;
    }
    if (is_hello(&frame) && rollback->before[agency].shows) {
        show_head(rollback, &peer, &frame);
    } else {
        gate_frame(&hub->world->gate, &peer, &frame);
    }
    return true;
}

static void turn_broker(struct rollback *rollback)
{
    struct hub *hub = &rollback->life->hub;
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        while (receive(rollback, i)) {
        }
    }
    while (!rollback->accused && (hub_verify(hub) || hub_commit(hub) || hub_answer(hub))) {
    }
    while (!rollback->accused && hub_publish(hub)) {
    }
}

/* --- until it is found --- */

static bool is_found(const struct rollback *rollback)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        if (rollback->before[i].ahead && node_link(&rollback->life->nodes[i]) != LINK_IS_STOPPED) {
            return rollback->accused;
        }
    }
    return true;
}

static void go_on(struct rollback *rollback)
{
    struct life *life = rollback->life;
    for (unsigned round = 0; round < ROUNDS && !is_found(rollback); round++) {
        clock_fake_advance(&life->hub.world->clock, ROUND_MS);
        if (round % SPEAKS_EVERY == 0) {
            speech_say(life, &life->nodes[1 + chance_below(SIM_AGENTS)]);
        }
        for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
            clock_fake_advance(&life->nodes[i].clock, ROUND_MS);
            node_turn(&life->nodes[i]);
            check_agency(rollback, i);
        }
        turn_broker(rollback);
    }
}

static void find(struct rollback *rollback)
{
    go_on(rollback);
    for (uint32_t i = 1; i <= SIM_AGENTS && !is_found(rollback); i++) {
        node_restart(&rollback->life->nodes[i]); /* then it says hello, if it had not yet */
    }
    go_on(rollback);
    if (!is_found(rollback)) {
        model_wrong("the broker went back to %" PRIu64 ", and nobody notices",
                    rollback->life->hub.backup_size);
    }
    if (rollback->accused && world_restart(rollback->life->hub.world) == 0) {
        model_wrong("a broker that was shown its own later head starts again");
    }
}

bool rollback_try(struct life *life)
{
    struct rollback rollback = {.life = life};
    if (life->hub.backup[0] == '\0' || !note_before(&rollback)) {
        return false;
    }
    bool marks_too = !chance_one_in(3);
    int r = hub_roll_back(&life->hub, marks_too);
    if ((r == 0) != marks_too) {
        model_wrong("a broker with an older %s %s", marks_too ? "copy" : "store",
                    r == 0 ? "starts" : "does not start");
    }
    if (marks_too) {
        find(&rollback);
    }
    return true;
}
