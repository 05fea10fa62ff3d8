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
    bool ahead;                 /* it has verified a head that the copy lacks, and put it on disk */
    struct checkpoint saved;    /* the head on its disk */
    struct checkpoint verified; /* a later one that nothing has named yet; or the same */
    struct checkpoint promised; /* by a receipt ... */
    struct checkpoint owed;     /* ... as its disk says: proved since, perhaps */
    uint64_t position;
};

struct rollback {
    struct life *life;
    struct before before[SIM_AGENTS + 1];
    bool accused; /* the broker has ended, because one of its own heads was shown to it */
};

static bool is_same(const struct checkpoint *a, const struct checkpoint *b)
{
    return a->size == b->size && hash_equal(&a->root, &b->root);
}

static struct witness on_disk(const struct node *node)
{
    struct witness witness;
    _cleanup_(store_end) struct store_txn *txn = store_read(node->member->agent.store);
    witness_load(txn, &witness);
    return witness;
}

static bool note_before(struct rollback *rollback)
{
    bool any = false;
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        const struct node *node = &rollback->life->nodes[i];
        const struct witness *witness = &node->member->agent.link->session.witness;
        struct before *before = &rollback->before[i];
        struct witness saved = on_disk(node);
        *before = (struct before){.ahead = saved.head.size > rollback->life->hub.backup_size,
                                  .saved = saved.head,
                                  .verified = witness->head,
                                  .promised = witness->promised,
                                  .owed = saved.promised,
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
    struct checkpoint head = on_disk(node).head;
    if (!before->ahead) {
        return; /* to it the copy says nothing false */
    }
    if (!is_same(&head, &before->saved) && !is_same(&head, &before->verified)) {
        model_wrong("agency %u goes on from %" PRIu64 " to another log's %" PRIu64, agency,
                    before->saved.size, head.size);
    }
    if (member_position(node->member) != before->position) {
        model_wrong("agency %u takes what a broker says that went back", agency);
    }
    if (node_link(node) == LINK_IS_STOPPED && !has_evidence(node)) {
        model_wrong("agency %u has stopped and keeps no evidence", agency);
    }
}

/* --- the broker --- */

/* This frame shows the broker a head that it signed, and has lost. */
static bool gives_away(const struct rollback *rollback, uint32_t agency,
                       const struct net_frame *frame)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    const struct hub *hub = &rollback->life->hub;
    const struct before *before = &rollback->before[agency];
    struct slice bytes = net_frame_slice(frame);
    struct wire_header header;
    struct wire_hello hello;
    struct checkpoint shown;
    return wire_header_read(bytes, &header) && header.type == WIRE_HELLO &&
           wire_hello_read(wire_payload(bytes), &arena, &hello) && hello.checkpoint.len > 0 &&
           checkpoint_check(hello.checkpoint, &hub->world->commit.checkpoint_key, &shown) &&
           shown.size > hub->backup_size &&
           (is_same(&shown, &before->saved) || is_same(&shown, &before->verified) ||
            is_same(&shown, &before->promised) || is_same(&shown, &before->owed));
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
    if (rollback->accused || !hub_take(hub, agency, &peer, &frame)) {
        return false;
    }
    if (gives_away(rollback, agency, &frame)) {
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
