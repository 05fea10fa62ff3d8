/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/life.h"

#include <string.h>

#include "agents/core/link_internal.h"
#include "sim/chance.h"
#include "sim/judge.h"
#include "sim/network.h"
#include "sim/rollback.h"
#include "sim/speech.h"
#include "sim/thief.h"

#define DRAIN_ROUNDS 600 /* liveness: far more than a drain takes */
#define ROUND_MS     250
#define QUIET_ROUNDS 20 /* nothing moves: it is over */

static struct life life;

static struct node *any_node(void)
{
    return &life.nodes[1 + chance_below(SIM_AGENTS)];
}

/* --- what moves --- */

static void move_broker(void)
{
    switch (chance_below(6)) {
    case 0:
    case 1:
        for (uint32_t i = 1 + chance_below(4); i > 0; i--) {
            (void)hub_receive(&life.hub, 1 + chance_below(SIM_AGENTS));
        }
        return;
    case 2:
        (void)hub_verify(&life.hub);
        return;
    case 3:
        (void)hub_commit(&life.hub);
        return;
    case 4:
        (void)hub_answer(&life.hub);
        return;
    default:
        (void)hub_publish(&life.hub);
    }
}

static void turn(struct node *node)
{
    node_turn(node);
    speech_settled(&life, node);
    if (node_link(node) == LINK_IS_STOPPED) {
        model_wrong("agency %u does not go on with the broker: %s", node->agency,
                    node->member->agent.link->status.reason);
    }
}

static void advance(int64_t ms)
{
    clock_fake_advance(&life.hub.world->clock, ms);
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        clock_fake_advance(&life.nodes[i].clock, ms);
    }
}

static void let_time_pass(void)
{
    static const int64_t steps[] = {1, 20, 60, 200, 1000, 4000, 40000, 3700000, 90000000};
    advance(steps[chance_one_in(20) ? chance_below(ARRAY_LEN(steps)) : chance_below(5)]);
}

/* Everybody does all that there is to do. */
static void turn_all(void)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        turn(&life.nodes[i]);
        while (hub_receive(&life.hub, i)) {
        }
    }
    while (hub_verify(&life.hub) || hub_commit(&life.hub) || hub_answer(&life.hub)) {
    }
    while (hub_publish(&life.hub)) {
    }
}

/* Without that, a fault meets hardly anything but connections that are just being made. */
static void go_on_for_a_while(void)
{
    for (uint32_t i = 1 + chance_below(8); i > 0; i--) {
        advance(ROUND_MS);
        turn_all();
    }
}

/* --- what goes wrong --- */

static void restart_agent(void)
{
    node_restart(any_node());
}

static void doom_agent(void)
{
    node_doom(any_node(), 1 + chance_below(4));
}

static void back_up_agent(void)
{
    struct node *node = any_node();
    node_back_up(node);
    speech_backed_up(&life, node);
}

static void restore_agent(void)
{
    struct node *node = any_node();
    if (life.restores && node->backup[0] != '\0') {
        speech_restored(&life, node);
        node_restore(node);
    }
}

static void back_up_broker(void)
{
    hub_back_up(&life.hub);
}

static void restart_broker(void)
{
    hub_restart(&life.hub);
}

static void doom_broker(void)
{
    life.hub.death = (enum hub_death)(1 + chance_below(3));
}

static void cut_line(void)
{
    network_cut(any_node()->agency);
}

static void join_line(void)
{
    network_join(any_node()->agency);
}

static void break_connection(void)
{
    network_reconnect(any_node()->agency);
}

static void lose_answer(void)
{
    uint32_t agency = any_node()->agency;
    if (network_answers(agency) > 0) {
        network_lose_answer(agency, chance_below((uint32_t)network_answers(agency)));
    }
}

static void step_clock(void)
{
    static const int64_t steps[] = {-3600000, -30000, -1000, 1000, 30000, 3600000};
    int64_t ms = steps[chance_below(ARRAY_LEN(steps))];
    clock_fake_step(chance_one_in(3) ? &life.hub.world->clock : &any_node()->clock, ms);
}

static void fill_disk(void)
{
    static const int percents[] = {10, 10, 10, 90, 99};
    life.hub.disk_percent = percents[chance_below(ARRAY_LEN(percents))];
}

static void change_agreements(void)
{
    if (life.changes) {
        speech_agree(&life);
    }
}

static void revoke_or_admit(void)
{
    if (life.revokes) {
        speech_revoke(&life, any_node()->agency);
    }
}

/* What it says is judged under one document and applied under the next: both wait for one batch. */
static void publish_midway(struct node *node, void (*publish)(const struct node *node))
{
    for (unsigned i = 0; i < 3; i++) {
        speech_say(&life, node);
        advance(1000); /* a parcel waits for company */
        turn(node);
    }
    publish(node);
    while (hub_receive(&life.hub, node->agency)) {
    }
    while (hub_verify(&life.hub)) {
    }
    (void)hub_commit(&life.hub);
}

static void publish_directory(const struct node *node)
{
    speech_revoke(&life, node->agency);
}

static void publish_agreements(const struct node *node)
{
    (void)node;
    speech_agree(&life);
}

static void revoke_midway(void)
{
    if (life.revokes) {
        publish_midway(any_node(), publish_directory);
    }
}

static void renew_keys(void)
{
    if (life.renews) {
        speech_renew(&life, any_node());
    }
}

static void publish_keys(const struct node *node)
{
    speech_renew(&life, &life.nodes[node->agency]);
}

static void renew_midway(void)
{
    if (life.renews) {
        publish_midway(any_node(), publish_keys);
    }
}

static void agree_midway(void)
{
    if (life.changes) {
        publish_midway(any_node(), publish_agreements);
    }
}

/* --- a step --- */

struct happening {
    uint32_t weight;
    void (*happen)(void);
};

static void move_agent(void)
{
    turn(any_node());
}

static void speak(void)
{
    speech_say(&life, any_node());
}

static void renew_broker(void)
{
    if (life.switches) {
        speech_renew_broker(&life);
    }
}

static void write_as_thief(void)
{
    if (life.stolen_from != 0) {
        thief_writes(&life);
    }
}

static void speak_of_adults(void)
{
    if (life.adults) {
        speech_of_adults(&life, chance_one_in(3) ? &life.nodes[ADULT_SERVICE] : any_node());
    }
}

static void judge_pair(void)
{
    if (life.pairs) {
        speech_judge_pair(&life, chance_one_in(4) ? any_node() : &life.nodes[MASH]);
    }
}

static const struct happening happenings[] = {
    {300, move_broker},     {200, move_agent},    {120, let_time_pass},  {40, speak},
    {3, restart_agent},     {5, doom_agent},      {3, back_up_agent},    {1, restore_agent},
    {1, restart_broker},    {3, doom_broker},     {3, cut_line},         {9, join_line},
    {6, break_connection},  {8, lose_answer},     {2, step_clock},       {2, fill_disk},
    {2, change_agreements}, {1, revoke_or_admit}, {6, revoke_midway},    {6, agree_midway},
    {1, back_up_broker},    {4, renew_keys},      {6, renew_midway},     {8, judge_pair},
    {10, write_as_thief},   {4, renew_broker},    {20, speak_of_adults}, {15, go_on_for_a_while},
};

static void happen(void)
{
    uint32_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(happenings); i++) {
        total += happenings[i].weight;
    }
    uint32_t drawn = chance_below(total);
    for (size_t i = 0; i < ARRAY_LEN(happenings); i++) {
        if (drawn < happenings[i].weight) {
            happenings[i].happen();
            return;
        }
        drawn -= happenings[i].weight;
    }
}

/* --- peace --- */

static void make_peace(void)
{
    life.hub.death = HUB_LIVES;
    life.hub.disk_percent = 10;
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        life.nodes[i].dies_after = 0;
        network_join(i);
    }
    if (life.revokes) {
        speech_admit_all(&life);
    }
    if (life.switches) {
        hub_restart(&life.hub); /* with the key that the directory names */
    }
}

static bool is_drained(void)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        if (!node_is_idle(&life.nodes[i])) {
            return false;
        }
    }
    return judge_mailboxes_are_empty(&life);
}

static uint64_t drain(void)
{
    unsigned quiet = 0;
    for (unsigned round = 0; round < DRAIN_ROUNDS; round++) {
        advance(ROUND_MS);
        turn_all();
        quiet = is_drained() ? quiet + 1 : 0;
        if (quiet == QUIET_ROUNDS) {
            return round + 1 - QUIET_ROUNDS;
        }
    }
    judge_what_is_stuck(&life);
    model_wrong("it does not drain");
}

/* --- a life --- */

static void begin(void)
{
    memset(&life, 0, sizeof(life));
    life.restores = chance_one_in(3);
    life.changes = chance_one_in(2);
    life.revokes = chance_one_in(3);
    life.renews = chance_one_in(3);
    life.stolen_from = !life.restores && (life.revokes || life.renews) && chance_one_in(2) ? GP : 0;
    life.switches = !life.restores && chance_one_in(3);
    /* a store that went back has other handles */
    life.pairs = !life.restores && chance_one_in(3);
    life.adults = !life.restores && chance_one_in(2);
    life.links = !life.restores && !life.pairs && chance_one_in(2);
    network_start();
    model_start(&life.model);
    hub_start(&life.hub, &life.model);
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        node_start(&life.nodes[i], life.hub.world, i);
    }
    speech_begin(&life);
}

static void end(void)
{
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        node_stop(&life.nodes[i]);
    }
    network_stop();
    hub_stop(&life.hub);
    model_stop(&life.model);
}

void life_live(uint64_t seed, unsigned steps, struct life_told *ret)
{
    chance_start(seed);
    begin();
    for (unsigned i = 0; i < steps; i++) {
        happen();
    }
    ret->before_peace = life.model.log_size;
    make_peace();
    ret->rounds = drain();
    judge(&life);
    ret->said = life.model.n_said;
    ret->log_size = life.model.log_size;
    ret->tellings = life.model.tellings;
    ret->frames = life.model.frames;
    ret->deaths = life.hub.deaths;
    ret->renewed = life.renewed;
    ret->switched = life.broker_key;
    ret->asked = life.model.pair.asked ? 1 : 0;
    ret->judged = life.model.pair.judged ? 1 : 0;
    ret->restored = 0;
    for (uint32_t i = 1; i <= SIM_AGENTS; i++) {
        ret->restored += life.nodes[i].restored;
    }
    ret->rolled_back = rollback_try(&life) ? 1 : 0;
    end();
}
