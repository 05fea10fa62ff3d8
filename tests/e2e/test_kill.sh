#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_kill.sh [ROUNDS]: agents and broker are killed at random moments while an agency goes on submitting. An
# independent journal holds what the agent answered as accepted; at the end the broker holds exactly that. RANDOM's seed
# is printed; CAIRN_SEED takes it again.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

ROUNDS=${1:-12}
SEED=${CAIRN_SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$SEED
CHILDREN=("9994117025 HV-1" "9994117114 HV-2" "9994117335 HV-3")

# submit_always: until WORK/enough is there; each source as often as it takes to be accepted, as an integrator would.
# Every third belongs to a pattern. JOURNAL gets a line for what was answered: REFERENCE SOURCE.
submit_always() {
    local i=0 nhs local_id
    while [[ ! -e $WORK/enough ]]; do
        i=$((i + 1))
        read -r nhs local_id <<<"${CHILDREN[i % 3]}"
        while true; do
            if ((i % 3 == 0)); then
                try_submit visitors missed "s-$i" "2026-$(printf '%02d-%02d' $((1 + i % 10)) $((1 + i % 28)))" \
                    9994117025 HV-1
            else
                try_submit visitors concern "s-$i" "$nhs" "$local_id"
            fi
            if ((LAST == 0)); then
                break
            fi
            sleep 0.02
        done
        grep -qE '"outcome":"(accepted|known-already)"' <<<"$OUT" || broken "s-$i was neither accepted nor known"
        printf '%s s-%d\n' "$(member reference)" "$i" >>"$JOURNAL"
    done
}

# One page, acknowledged: everything on it lies behind what was acknowledged before. HANDED gets DELIVERY TOLD-AT of all
# that was shown, also when the agent died before it could answer the acknowledgement.
take_inbox() {
    local before after delivery told_at
    before=$(cat "$WORK/acknowledged")
    try hub --json inbox --application screen --limit 100 --acknowledge
    while read -r delivery told_at; do
        if [[ -n $delivery ]]; then
            ((delivery > before)) || broken "delivery $delivery was handed over again after $before was acknowledged"
            printf '%s %s\n' "$delivery" "$told_at" >>"$HANDED"
        fi
    done < <(paste -d ' ' <(members delivery) <(members told_at))
    after=$(member next)
    if ((LAST == 0 && after > before)); then
        printf '%s\n' "$after" >"$WORK/acknowledged"
    fi
}

take_always() {
    while [[ ! -e $WORK/enough ]]; do
        take_inbox
        sleep 0.05
    done
}

start_killed() {
    local name
    for name in "$@"; do
        if [[ $name == broker ]]; then
            start_broker partnership
        else
            start_agents "$name"
        fi
    done
}

# rounds WHO...: a third of the rounds.
rounds() {
    local i
    for ((i = 0; i < (ROUNDS + 2) / 3; i++)); do
        sleep "0.$(printf '%03d' $((RANDOM % 250)))" # the random moment is the test, not a wait
        kill_hard "$@"
        start_killed "$@"
    done
}

all_is_sent() {
    try visitors --json status
    grep -q '"spool":{"bulk":0,"normal":0,[^}]*"urgent":0}' <<<"$OUT"
}

nothing_new() {
    take_inbox
    grep -q '"items":\[\]' <<<"$OUT"
}

make_partnership partnership
JOURNAL=$WORK/journal
HANDED=$WORK/handed
: >"$JOURNAL"
: >"$HANDED"
echo 0 >"$WORK/acknowledged"
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub

(PID=() && submit_always) &
PID[submitting]=$!
(PID=() && take_always) &
PID[taking]=$!
rounds visitors
rounds broker
rounds broker visitors hub
touch "$WORK/enough"
for name in submitting taking; do
    ended "$name"
    ((LAST == 0)) || broken "$name failed (seed $SEED)"
done

connect visitors hub
eventually 30 "everything to be sent" all_is_sent
while read -r reference source; do
    is_stored visitors "$reference" || broken "$source was accepted as $reference and is not stored (seed $SEED)"
done <"$JOURNAL"
ACCEPTED=$(wc -l <"$JOURNAL")
promise "after $ROUNDS rounds of kill -9 (seed $SEED) all $ACCEPTED accepted records are stored"

[[ $(cut -d ' ' -f 1 "$JOURNAL" | sort -u | wc -l) == "$ACCEPTED" ]] || broken "two sources have one reference"
[[ $(cut -d ' ' -f 2 "$JOURNAL" | sort -u | wc -l) == "$ACCEPTED" ]] || broken "a source was journalled twice"
eventually 30 "the inbox to be read to its end" nothing_new
stop visitors hub broker
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
expect '"sound":true' "a sound log"
[[ $(member bodies) == "$ACCEPTED" ]] || broken "the broker holds $(member bodies) records (seed $SEED)"
promise "the broker holds $ACCEPTED records, each once, in a log that is sound"

[[ -s $HANDED ]] || broken "nothing was delivered: the test shows nothing"
DELIVERIES=$(cut -d ' ' -f 1 "$HANDED" | sort -nu | wc -l)
[[ $DELIVERIES == "$(cat "$WORK/acknowledged")" ]] || broken "a delivery is missing (seed $SEED)"
[[ $DELIVERIES == "$(sort -u "$HANDED" | wc -l)" ]] || broken "one delivery id had two meanings (seed $SEED)"
promise "$DELIVERIES deliveries came, none is missing, none was handed over after it was acknowledged"
