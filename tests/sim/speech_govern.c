/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "net/curve.h"
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

static void broker_key(unsigned n, char text[BASE64_BYTES(CURVE_KEY_BYTES)])
{
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;
    uint8_t key[CURVE_KEY_BYTES];
    char sort[KEY_NAME_BYTES];
    key_name("curve", n, sort);
    governing_seed(0, sort, &secret);
    int r = curve_public(&secret, key);
    assert(r == 0);
    base64_encode(SLICE_OF(key), text);
}

/* The directory of the tests names the first. */
static void write_broker(const struct life *life, struct buf *text)
{
    _cleanup_(buf_deinit) struct buf names = BUF_MAX(512);
    char first[BASE64_BYTES(CURVE_KEY_BYTES)];
    char key[BASE64_BYTES(CURVE_KEY_BYTES)];
    broker_key(1, first);
    broker_key(1 + life->broker_key, key);
    buf_format(&names, "\"%s\", ", key);
    if (life->announced != 0) {
        broker_key(2 + life->broker_key, key);
        buf_format(&names, "\"next_curve_key\": \"%s\", ", key);
    }
    _cleanup_(buf_deinit) struct buf was = BUF_MAX(512);
    buf_format(&was, "\"%s\", ", first);
    text_replace(text, buf_text(&was), buf_text(&names));
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
    text_replace(&text, "\"id\": \"gp-oak\", \"kind\": \"gp\"",
                 "\"id\": \"gp-oak\", \"kind\": \"adult-services\"");
    write_broker(life, &text);
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        if (life->keys[i].listed > 1) {
            governing_renew(i, life->keys[i].listed, life->keys[i].retired, &text);
        }
    }
    hub_offer(&life->hub, GOVERNANCE_DIRECTORY, &text);
}

void speech_begin(struct life *life)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        life->keys[i] = (struct model_keys){.listed = 1};
        note_key(life, &life->nodes[i]);
    }
    const struct model_rules rules = {.circle = MODEL_SHARE, .door = MODEL_SHARE};
    publish_directory(life);
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

/* As the desk sees of each: whoever has not read of the next key would not find the broker. */
static bool everybody_knows(const struct life *life)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        _cleanup_(governance_unref) struct governance *held =
            govern_keep_current(life->nodes[i].member->agent.keep);
        if (held == NULL || held->versions[GOVERNANCE_DIRECTORY] < life->announced) {
            return false;
        }
    }
    return true;
}

void speech_renew_broker(struct life *life)
{
    uint64_t version = life->hub.world->governing.governance->versions[GOVERNANCE_DIRECTORY] + 1;
    if (version > MODEL_VERSIONS) {
        return;
    }
    if (life->announced == 0 && life->broker_key + 2 < KEY_SETS_MAX) {
        life->announced = version;
        publish_directory(life);
    } else if (life->announced != 0 && everybody_knows(life)) {
        life->announced = 0;
        life->broker_key++;
        publish_directory(life);
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
