/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/network.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "net/dealer.h"

struct queue {
    size_t n;
    struct net_frame frames[NETWORK_FRAMES];
};

struct line {
    bool cut;
    bool mute;
    uint8_t route;                       /* of the present connection: another each time */
    uint8_t key[CURVE_KEY_BYTES];        /* that the agency dials with */
    uint8_t broker_key[CURVE_KEY_BYTES]; /* and for */
    struct queue to_broker;
    struct queue to_agency;
};

struct dealer {
    uint32_t agency;
};

static struct line lines[WORLD_AGENCIES + 1];
static struct dealer dealers[WORLD_AGENCIES + 1];
static uint32_t dialling;
static bool has_key;
static uint8_t broker_key[CURVE_KEY_BYTES];

/* --- queues --- */

static bool queue_put(struct queue *queue, struct net_frame *frame)
{
    if (queue->n == NETWORK_FRAMES) {
        return false;
    }
    net_frame_move(&queue->frames[queue->n++], frame);
    return true;
}

static void queue_take(struct queue *queue, size_t at, struct net_frame *ret)
{
    net_frame_move(ret, &queue->frames[at]);
    queue->n--;
    for (size_t i = at; i < queue->n; i++) {
        net_frame_move(&queue->frames[i], &queue->frames[i + 1]);
    }
}

static void queue_clear(struct queue *queue)
{
    for (size_t i = 0; i < queue->n; i++) {
        net_frame_deinit(&queue->frames[i]);
    }
    queue->n = 0;
}

/* --- lines --- */

static void connect_anew(struct line *line)
{
    queue_clear(&line->to_broker);
    queue_clear(&line->to_agency);
    line->route++;
}

void network_start(void)
{
    has_key = false;
    memset(lines, 0, sizeof(lines));
}

void network_stop(void)
{
    for (uint32_t i = 1; i <= WORLD_AGENCIES; i++) {
        connect_anew(&lines[i]);
    }
}

void network_dials(uint32_t agency)
{
    dialling = agency;
}

void network_broker_key(const uint8_t key[CURVE_KEY_BYTES])
{
    has_key = true;
    memcpy(broker_key, key, sizeof(broker_key));
}

/* As with CURVE, whoever dials for another key is not answered. Who has no directory yet was given
 * the key of the day with its papers: it dials for none here. */
static bool is_open(const struct line *line)
{
    static const uint8_t none[CURVE_KEY_BYTES];
    return !line->cut && (!has_key || memcmp(line->broker_key, none, sizeof(none)) == 0 ||
                          memcmp(line->broker_key, broker_key, sizeof(broker_key)) == 0);
}

void network_cut(uint32_t agency)
{
    connect_anew(&lines[agency]);
    lines[agency].cut = true;
}

void network_join(uint32_t agency)
{
    lines[agency].cut = false;
}

bool network_is_cut(uint32_t agency)
{
    return lines[agency].cut;
}

void network_reconnect(uint32_t agency)
{
    connect_anew(&lines[agency]);
}

void network_mute(uint32_t agency, bool mute)
{
    lines[agency].mute = mute;
}

void network_lose_answer(uint32_t agency, uint32_t which)
{
    struct net_frame lost = NET_FRAME_NULL;
    queue_take(&lines[agency].to_agency, which, &lost);
    net_frame_deinit(&lost);
}

size_t network_waiting(uint32_t agency)
{
    return lines[agency].to_broker.n + lines[agency].to_agency.n;
}

size_t network_answers(uint32_t agency)
{
    return lines[agency].to_agency.n;
}

/* --- the broker's end --- */

bool network_take(uint32_t agency, struct peer *ret_peer, struct net_frame *ret_frame)
{
    struct line *line = &lines[agency];
    if (!is_open(line) || line->to_broker.n == 0) {
        return false;
    }
    *ret_peer = world_peer(agency);
    ret_peer->route_len = 2;
    ret_peer->route[1] = line->route;
    memcpy(ret_peer->key, line->key, sizeof(ret_peer->key));
    queue_take(&line->to_broker, 0, ret_frame);
    return true;
}

bool network_answer(const struct peer *peer, struct net_frame *frame)
{
    struct line *line = &lines[peer->agency];
    bool there = is_open(line) && peer->route_len == 2 && peer->route[1] == line->route &&
                 queue_put(&line->to_agency, frame);
    net_frame_deinit(frame);
    return there;
}

/* --- the agents' end: net/dealer.h --- */

int dealer_open(const struct dealer_options *options, struct dealer **ret, struct error *error)
{
    (void)error;
    int r = curve_public(options->secret_key, lines[dialling].key);
    assert(r == 0);
    memcpy(lines[dialling].broker_key, options->server_key, sizeof(lines[dialling].broker_key));
    dealers[dialling].agency = dialling;
    *ret = &dealers[dialling];
    connect_anew(&lines[dialling]);
    return 0;
}

void dealer_close(struct dealer **dealer)
{
    *dealer = NULL;
}

int dealer_reconnect(struct dealer *dealer)
{
    connect_anew(&lines[dealer->agency]);
    return 0;
}

bool dealer_refused(struct dealer *dealer)
{
    (void)dealer;
    return false;
}

int dealer_wait(struct dealer *dealer, int timeout_ms, bool *ret_readable)
{
    (void)timeout_ms;
    *ret_readable = lines[dealer->agency].to_agency.n > 0;
    return 0;
}

void dealer_wake(struct dealer *dealer)
{
    (void)dealer;
}

bool dealer_receive(struct dealer *dealer, struct net_frame *ret_frame)
{
    struct line *line = &lines[dealer->agency];
    if (!is_open(line) || line->to_agency.n == 0) {
        return false;
    }
    queue_take(&line->to_agency, 0, ret_frame);
    return true;
}

int dealer_send(struct dealer *dealer, struct net_frame *frame)
{
    struct line *line = &lines[dealer->agency];
    if (line->mute) {
        net_frame_deinit(frame);
        return 0;
    }
    return is_open(line) && queue_put(&line->to_broker, frame) ? 0 : -EAGAIN;
}
