#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_full_disk.sh [KIB]: an agent, then the broker, whose store can grow no further. Nothing is acknowledged
# that is not on disk. The agent refuses what can wait, with a number to ring, and keeps what is urgent; the broker says
# why and ends. With room again nothing that was acknowledged is missing. KIB is how much more fits before that; another
# amount fails at another place of a write.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

TRIES=300
ROOM_KIB=${1:-6}
CAIRN_FATAL=74 # "ended because durability was in doubt"
DISK='File too large|No space left|Input/output error'
ACCEPTED=()    # references

# limited FOLDER PROGRAM...: for launch. Becomes PROGRAM; no file of it may grow beyond what the store in FOLDER has now, and a little.
limited() {
    local kib=$(($(stat -c %s "$1/data.mdb") / 1024 + ROOM_KIB))
    shift
    ulimit -f "$kib"
    exec "$@"
}

# long_concern SOURCE-ID: one that fills a disk faster.
LONG=$(printf 'What happened again, %.0s' {1..600})
long_concern() {
    concern "$1" | sed "s/\"evidence\"/\"detail\": \"$LONG\", \"evidence\"/"
}

# submit_until_refused ID PREFIX: what was accepted is added to ACCEPTED.
submit_until_refused() {
    local i
    for ((i = 1; i <= TRIES; i++)); do
        try_submit "$1" long_concern "$2-$i"
        if ((LAST != 0)); then
            return
        fi
        expect '"outcome":"accepted"' "an answer that is an acceptance or an error"
        ACCEPTED+=("$(member reference)")
    done
    broken "$TRIES concerns went onto a full disk"
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub
submit visitors concern first
stored visitors "$(member reference)"

# --- the agent's disk ---

# While the broker is away nothing that is accepted leaves the agent's store.
stop broker visitors
launch visitors limited "$WORK/visitors/data" "$BIN/cairn-agent" --allow-tmpfs --config "$WORK/visitors/agent.ini"
eventually 30 "the agent to start" is_up visitors
submit_until_refused visitors a
expect '"error":' "an error"
expect 'a child in danger: telephone .* 01632' "the number of the desk on duty"
expect 'no room' "the reason"
promise "an agent without room answers ${#ACCEPTED[@]} concerns that fit; the next is refused, and told whom to telephone"

for ((i = 1; i <= 20; i++)); do
    submit visitors immediate "urgent-$i"
    expect '"outcome":"accepted"' "an acceptance"
    ACCEPTED+=("$(member reference)")
done
is_up visitors || broken "the agent does not answer any more"
promise "it goes on serving, and what is urgent is still accepted"

stop visitors
start_broker partnership
start_agents visitors
connect visitors
for reference in "${ACCEPTED[@]}"; do
    stored visitors "$reference"
done
promise "with room again, all ${#ACCEPTED[@]} that were accepted are there and reach the broker"

# --- the broker's disk ---

stop broker
launch broker limited "$WORK/partnership/broker/data" \
    "$BIN/cairn-broker" --allow-tmpfs --config "$WORK/partnership/broker/broker.ini"
eventually 30 "the broker to start" is_up broker
connect visitors
IN_VAIN=0
for ((i = 1; i <= TRIES; i++)); do
    submit visitors concern "b-$i"
    ACCEPTED+=("$(member reference)")
    if has_ended broker; then
        IN_VAIN=$i
        break
    fi
done
((IN_VAIN > 0)) || broken "$TRIES concerns went onto the broker's full disk"
ended broker
((LAST == CAIRN_FATAL)) || broken "the broker ended with status $LAST"
log_says broker "<2>.*(commit|highwater)_failed.*($DISK)" || broken "the broker did not say why it ended"
promise "a broker without room ends by itself, and its log says that the commit failed and why"

ACKNOWLEDGED=1 # the very first
for reference in "${ACCEPTED[@]}"; do
    if is_stored visitors "$reference"; then
        ACKNOWLEDGED=$((ACKNOWLEDGED + 1))
    fi
done
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
ON_DISK=$(member bodies)
((ON_DISK >= ACKNOWLEDGED)) || broken "the broker acknowledged $ACKNOWLEDGED records and holds $ON_DISK"
((ACKNOWLEDGED <= ${#ACCEPTED[@]})) || broken "everything was acknowledged by a broker without room"
promise "of ${#ACCEPTED[@]} records the agent holds $((ACKNOWLEDGED - 1)) receipts, and each of those is on the broker's disk"

# The new broker does not know the agent's connection and says so: the agent greets it, and sends again.
start_broker partnership
for reference in "${ACCEPTED[@]}"; do
    stored visitors "$reference"
done
stop visitors hub broker
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
[[ $(member bodies) == $((${#ACCEPTED[@]} + 1)) ]] || broken "the broker holds other than $((${#ACCEPTED[@]} + 1)) records"
promise "with room again all are stored, each exactly once, in a log that is sound"
