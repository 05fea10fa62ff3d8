/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network: what lies between the agents and the broker, instead of sockets: for each agency one
 * line with a bounded queue each way. Frames of one line keep their order; those of different lines
 * do not, because whoever drives the simulation takes from them as it likes. A line can be cut, the
 * broker's answers can be lost one by one, as a ROUTER drops them, and a connection can be made
 * anew behind an agent's back, as libzmq does.
 *
 * A line carries nothing as long as its agency dialled for another key than the broker has.
 *
 * network.c is also the agents' dealer (net/dealer.h): the simulator has no other.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include "net/router.h"
#include "support/world.h"

#define NETWORK_FRAMES 32 /* each way; then the sender is told to wait, or an answer is lost */

void network_start(void);
void network_stop(void);
/* The next dealer_open is this agency's. */
void network_dials(uint32_t agency);
/* Nothing is connected until it is joined again; what was on its way is lost. */
void network_cut(uint32_t agency);
void network_join(uint32_t agency);
bool network_is_cut(uint32_t agency);
/* The broker has this one from now on; until it is told, it has whichever is dialled for. */
void network_broker_key(const uint8_t key[CURVE_KEY_BYTES]);
/* The connection breaks and is there again, and the agent is not told. */
void network_reconnect(uint32_t agency);
/* Its process is dead, though it does not know yet: what it says goes nowhere. */
void network_mute(uint32_t agency, bool mute);
/* One of the broker's answers is lost. */
void network_lose_answer(uint32_t agency, uint32_t which);
size_t network_waiting(uint32_t agency); /* frames, both ways */
size_t network_answers(uint32_t agency); /* of the broker, on their way */
/* The oldest frame for the broker; false when there is none. The peer has the key that was dialled
 * with: whether it may connect by that is the broker's to say. */
bool network_take(uint32_t agency, struct peer *ret_peer, struct net_frame *ret_frame);
/* Of the broker; takes the frame. False when it is lost. */
bool network_answer(const struct peer *peer, struct net_frame *frame);

#endif
