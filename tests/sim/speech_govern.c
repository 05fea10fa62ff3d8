/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "sim/chance.h"
#include "sim/speech_internal.h"

static void agree(struct life *life, const struct model_rules *rules)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    uint64_t version = life->hub.world->governing.governance->versions[GOVERNANCE_AGREEMENTS] + 1;
    if (version > MODEL_VERSIONS) {
        return;
    }
    life->model.rules[version] = *rules;
    model_agreements(rules, &text);
    hub_offer(&life->hub, GOVERNANCE_AGREEMENTS, &text);
}

static void note_key(struct life *life, const struct node *node)
{
    const struct own_keys *keys = &node->member->agent.keys;
    life->model.key_ids[node->agency][keys->n] = keys->sets[keys->n - 1].sign_key_id;
}

void speech_begin(struct life *life)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        life->keys[i] = (struct model_keys){.listed = 1};
        note_key(life, &life->nodes[i]);
    }
    const struct model_rules rules = {.circle = MODEL_SHARE, .door = MODEL_SHARE};
    agree(life, &rules);
    while (hub_commit(&life->hub)) {
    }
}

void speech_agree(struct life *life)
{
    static const enum model_effect circle[] = {MODEL_SHARE, MODEL_ASK, MODEL_DENY};
    const struct model_rules rules = {
        .circle = circle[chance_below(ARRAY_LEN(circle))],
        .door = chance_one_in(2) ? MODEL_SHARE : MODEL_HOLD,
    };
    agree(life, &rules);
}

static void publish_directory(struct life *life)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    uint64_t version = life->hub.world->governing.governance->versions[GOVERNANCE_DIRECTORY] + 1;
    if (version > MODEL_VERSIONS) {
        return;
    }
    life->model.revoked_by[version] = life->revoked;
    memcpy(life->model.keys_by[version], life->keys, sizeof(life->keys));
    world_directory_of(life->revoked, &text);
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        if (life->keys[i].listed > 1) {
            governing_renew(i, life->keys[i].listed, life->keys[i].retired, &text);
        }
    }
    hub_offer(&life->hub, GOVERNANCE_DIRECTORY, &text);
}

void speech_renew(struct life *life, struct node *node)
{
    struct model_keys *keys = &life->keys[node->agency];
    unsigned held = (unsigned)node->member->agent.keys.n;
    if (keys->listed < held) {
        keys->listed = held;
        keys->retired = chance_one_in(3) ? held - 1 : keys->retired;
        life->renewed++;
        publish_directory(life);
    } else if (keys->retired < held - 1) {
        keys->retired = held - 1;
        publish_directory(life);
    } else if (held < MODEL_KEYS) {
        node_renew(node);
        note_key(life, node);
    }
}

void speech_revoke(struct life *life, uint32_t agency)
{
    if (agency != MASH) {
        life->revoked ^= 1U << agency;
        publish_directory(life);
    }
}

void speech_admit_all(struct life *life)
{
    if (life->revoked != 0) {
        life->revoked = 0;
        publish_directory(life);
    }
}
