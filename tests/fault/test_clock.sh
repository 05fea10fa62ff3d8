#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fault/test_clock.sh [all]: clocks that somebody sets while records are on their way: by a second, an hour, a day
# and an hour, ten years, to 1970 and beyond 2038, forwards and back, at the broker, at the agents, at all of them; while
# records are handed in, wait for the broker, settle, and across a restart. Nothing is lost and nothing comes twice, no
# timer runs wild, and what is urgent gets through. Without `all`: a few of these.
# shellcheck source=tests/fault/rig.sh
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

HOUR=3600
YEARS=$((10 * 365 * 24 * HOUR))
NOW=$(date -u -d "$HELD_DAY" +%s)
JUMPS=(1 -1 "$HOUR" "-$HOUR" $((25 * HOUR)) $((-25 * HOUR)) "$YEARS" "-$YEARS" "-$NOW" $((2208988800 - NOW)))
WHOS=("broker" "visitors" "hub" "broker visitors hub")
if [[ ${1:-} != all ]]; then
    JUMPS=($((25 * HOUR)) "-$YEARS" $((2208988800 - NOW)))
    WHOS=("broker" "broker visitors hub")
fi
STORM_CPU=100  # hundredths of a second that a daemon may compute in LOOK_S seconds of nothing to do
LOOK_S=2
STORM_LEAVES=40 # and so many leaves may a jump add to the log: what falls due falls due once, not once an hour since

# set_clock SECONDS WHO...: ahead of the day that stories hold.
set_clock() {
    local seconds=$(($1 + $(od -An -td8 "$HELD_CLOCK"))) who i bytes
    shift
    for who in "$@"; do
        bytes=
        for ((i = 0; i < 8; i++)); do
            bytes+=$(printf '\\x%02x' $(((seconds >> (8 * i)) & 255)))
        done
        printf '%b' "$bytes" 1<>"$WORK/clock.$who"
    done
}

# launch NAME PROGRAM...: of partnership.sh, with a clock of its own.
launch_plain=$(declare -f launch)
eval "${launch_plain/launch/launch_with}"
launch() {
    local name=$1
    shift
    launch_with "$name" env LD_PRELOAD="$BIN/libcairn_clock.so" CAIRN_CLOCK="$WORK/clock.$name" \
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" "$@"
}

# computed WHO: hundredths of a second so far.
computed() {
    local stat
    stat=$(<"/proc/${PID[$1]}/stat")
    awk '{ print $12 + $13 }' <<<"${stat##*) }"
}

# leaves: how large the log is, as the newest head says that an agency has seen.
leaves() {
    try hub --json log head
    member size
}

# calm WORDS: nobody computes, and the log does not grow by itself.
calm() {
    local who
    declare -A before
    for who in broker visitors hub; do
        before[$who]=$(computed "$who")
    done
    sleep "$LOOK_S" # how much is done in a time is what is looked at
    for who in broker visitors hub; do
        (($(computed "$who") - before[$who] <= STORM_CPU)) ||
            broken "$who computed $(($(computed "$who") - before[$who])) hundredths of a second in $LOOK_S seconds ($1)"
    done
}

# through NAME: urgent, with the clocks as they are, all the way to whom it is for.
through() {
    give immediate "$1"
    eventually "$PATIENCE" "$1 to be stored" is_stored_again "$REFERENCE"
    eventually "$PATIENCE" "$1 to be handed over" all_is_handed
}

may_start() {
    log_says broker ' ready ' || has_ended broker
}

# start_broker_anyhow: by an operator who reads why it does not start. A clock that cannot be right is set; when time has
# been ahead for a while, there is nothing to set, and the operator says so.
start_broker_anyhow() {
    local command=("$BIN/cairn-broker" --allow-tmpfs --config "$WORK/partnership/broker/broker.ini")
    launch broker "${command[@]}"
    eventually "$PATIENCE" "the broker to start or not" may_start
    if has_ended broker; then
        log_says broker 'where="clock"' || broken "the broker does not say that it is the clock"
        unset "PID[broker]"
        set_clock 0 broker
        launch broker "${command[@]}" --accept-clock
        eventually "$PATIENCE" "the broker to start" is_up broker
        REFUSED=$((REFUSED + 1))
    fi
}

# during SECONDS WHO...: one jump there and back.
during() {
    local seconds=$1 name="$1-${2}-$#" before
    CASE="$*"
    shift
    give concern "before-$name"
    before=$(leaves)
    set_clock "$seconds" "$@"
    try_give concern "jumped-$name" # what happens ten years ahead may be refused; then nothing was promised
    try_give immediate "urgent-$name"
    calm "the clock of $* set by $seconds seconds"
    stop broker # across a restart, and with something that waits for it
    try_give immediate "waiting-$name"
    start_broker_anyhow
    connect visitors hub
    set_clock 0 "$@"
    through "after-$name"
    calm "the clock of $* set back by $seconds seconds"
    (($(leaves) - before <= STORM_LEAVES)) || broken "a jump of $seconds seconds added $(($(leaves) - before)) leaves to the log"
}

make_rig
for who in broker visitors hub; do
    set_clock 0 "$who"
done
trap '[[ -z ${CASE:-} ]] || printf "in the jump: %s\n" "$CASE" >&2; finish' EXIT
start_rig
N=0
REFUSED=0
for jump in "${JUMPS[@]}"; do
    for whos in "${WHOS[@]}"; do
        read -r -a who <<<"$whos"
        during "$jump" "${who[@]}"
        N=$((N + 1))
        printf -- '-- %d of %d jumps\n' "$N" $((${#JUMPS[@]} * ${#WHOS[@]}))
    done
done
CASE=
judge "after all jumps"
promise "$N jumps of clocks, there and back: $GIVEN accepted records are in the log once, $OWED were handed over once"
promise "a broker whose clock could not be right did not start until a person had looked, $REFUSED times"
promise "no jump set a daemon computing"
