/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/thief.h"

#include "base/date.h"
#include "broker/admit.h"
#include "sim/chance.h"

#define ROUTE 0x77 /* no agent's connection has it */

/* With what was stolen, or with a key that the thief has made. */
static struct peer dial(const struct life *life, bool stolen)
{
    struct peer peer = world_peer(life->stolen_from);
    peer.route_len = 2;
    peer.route[1] = ROUTE;
    if (!stolen) {
        peer.key[0] ^= 1;
    }
    return peer;
}

/* As with CURVE: who is in stays in, until the broker starts again. */
static bool connect(struct life *life, const struct peer *peer, bool stolen)
{
    uint32_t owner = 0;
    bool let_in = admit_key(life->hub.world->board, peer->key, &owner);
    if (let_in && !stolen) {
        model_wrong("a key that no directory has is let in");
    }
    if (life->thief_is_in && life->thief_came == life->hub.deaths) {
        return stolen;
    }
    life->thief_is_in = let_in;
    life->thief_came = life->hub.deaths;
    return let_in;
}

static void write_record(struct life *life, struct world_entry *ret)
{
    struct said said = {.kind = SAID_MISSED,
                        .agency = life->stolen_from,
                        .child = SIM_STOLEN,
                        .stolen = true,
                        .n_items = 1};
    const struct world_record record = {
        .from = said.agency,
        .child = SIM_STOLEN,
        .day = instant_london_day(life->hub.world->clock.real_ms) - (int32_t)chance_below(60),
    };
    world_record(life->hub.world, &record, ret);
    said.day = record.day;
    wire_item_digest(ret->wire.header, ret->wire.body, &said.items[0]);
    life->model.said[life->model.n_said++] = said;
}

void thief_writes(struct life *life)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct net_frame frame = NET_FRAME_NULL;
    struct world_entry entry;
    bool stolen = !chance_one_in(4);
    const struct peer peer = dial(life, stolen);
    if (life->model.n_said >= MODEL_SAID - 1 || !pipeline_may_read(life->hub.world->pipeline) ||
        !connect(life, &peer, stolen)) {
        return;
    }
    write_record(life, &entry);
    const struct world_parcel parcel = {.agency = life->stolen_from, .n = 1, .entries = &entry};
    world_cut(life->hub.world, &parcel, &bytes);
    net_frame_copy(&frame, buf_slice(&bytes));
    gate_greeted(&life->hub.world->gate, &peer);
    gate_frame(&life->hub.world->gate, &peer, &frame);
}
