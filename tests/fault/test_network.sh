#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fault/test_network.sh [CUTS [RESETS]]: two agents that reach the broker over a bad network: connections that are
# reset after N bytes, for CUTS places of a whole session; RESETS resets while records flow; half-closed, dead and slow
# ones. Nothing is lost, nothing comes twice, the talking goes on by itself, and what is urgent gets through.
# shellcheck source=tests/fault/rig.sh
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

CUTS=${1:-8}
RESETS=${2:-4}

# The broker listens on a port of its own; where agencies are sent to, there is the proxy.
put_proxy_between() {
    local public=$PORT
    eventually 10 "another free port" claim_port
    sed -i "s|^endpoint = .*|endpoint = tcp://127.0.0.1:$PORT|" "$WORK/partnership/broker/broker.ini"
    coproc PROXY { exec "$BIN/cairn-proxy" "$public" "$PORT"; }
    PID[proxy]=$PROXY_PID
    read -r OUT <&"${PROXY[0]}"
    [[ $OUT == ready ]] || broken "the proxy does not start"
}

network() {
    printf '%s\n' "$@" >&"${PROXY[1]}"
}

# counted: PASSED (most bytes over a connection that has ended since) and CUT (connections, by `cut`). An agent may have dialled
# in vain last of all.
counted() {
    network count
    read -r PASSED CUT <&"${PROXY[0]}"
}

# through KIND NAME: a record that reaches the broker.
through() {
    give "$1" "$2"
    eventually "$PATIENCE" "$2 to be stored" is_stored_again "$REFERENCE"
    take_page
}

was_cut() {
    counted
    ((CUT > $1))
}

make_rig
put_proxy_between
start_rig

# How long is a session in which a record is sent?
through immediate measured
network reset
counted
eventually "$PATIENCE" "the first to connect" is_connected visitors
eventually "$PATIENCE" "the second to connect" is_connected hub
through immediate measured-2
stop hub visitors
counted
SESSION=$PASSED
((SESSION > 1000)) || broken "a session of $SESSION bytes is none"
start_agents visitors hub
connect visitors hub

# --- reset after N bytes ---

for ((i = 0; i < CUTS; i++)); do
    place=$((1 + i * SESSION / CUTS))
    counted
    before=$CUT
    network "cut $place" reset
    for ((more = 0; more < 20; more++)); do
        through immediate "cut-$i-$more"
        was_cut "$before" && break
    done
    was_cut "$before" || broken "no connection was cut at byte $place"
done
counted
((CUT == CUTS)) || broken "$CUT connections were cut instead of $CUTS"
promise "connections that end after N bytes, for $CUTS places of a session of $SESSION bytes: what was accepted is stored"

# --- reset while records flow ---

for ((i = 0; i < RESETS; i++)); do
    give concern "reset-$i"
    network reset
    give immediate "reset-urgent-$i"
    take_page
done
eventually "$PATIENCE" "all to be sent" all_is_sent
promise "$RESETS resets while records flow"

# --- ends that do not know of each other's end ---

for way in half-up half-down; do
    network "$way"
    through immediate "urgent-$way"
    through concern "$way"
done
promise "half-closed connections, either way: what is urgent gets through, and what is not"

# --- nobody there ---

network refuse reset
for ((i = 0; i < 3; i++)); do
    give concern "refused-$i"
done
give immediate refused-urgent
network pass
eventually "$PATIENCE" "the urgent one to be stored" is_stored_again "$REFERENCE"
promise "connections that are refused: records are accepted meanwhile, and sent when there is a way"

# --- silence: the agent finds out by itself that nobody answers ---

network hole
give concern silence
give immediate silence-urgent
take_page
if ((CUTS > 8)); then
    sleep 70 # longer than any patience of the agents': the silence is the test
fi
network pass
eventually "$PATIENCE" "the urgent one to be stored" is_stored_again "$REFERENCE"
promise "a network that swallows everything for a time: what was accepted meanwhile arrives"

# --- slow ---

network dribble reset
eventually "$PATIENCE" "visitors to connect, a byte at a time" is_connected visitors
through immediate dribble
promise "one byte at a time: what is urgent arrives"
network "delay 300" reset
eventually "$PATIENCE" "visitors to connect over a slow network" is_connected visitors
through immediate delay
promise "300 milliseconds each way: what is urgent arrives"

network pass
judge "after all of it"
promise "$GIVEN records were accepted: each is in the log once, and was handed over once, in a log that is sound"
