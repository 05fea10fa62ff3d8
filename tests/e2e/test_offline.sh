#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_offline.sh: an agent whose broker is not there takes in what it is told, says truthfully where it is,
# and sends all of it, in order and once, when the broker is back.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

ROUTINE=8
REFERENCES=()

says_not_sent() {
    at visitors --json record "$1"
    grep -qE '"state":"on-its-way".*Stored on this computer; not sent yet' <<<"$OUT"
}

# submit_keyed KEY RECORD ARGUMENT...: with an idempotency key.
submit_keyed() {
    local key=$1
    shift
    OUT=$("$@" | CAIRN_AGENT=$WORK/visitors/agent.sock "$BIN/cairn" --json submit - --key "$key" 2>&1) ||
        broken "submitting under the key $key failed"
}

# Log indexes of the routine records, in the order in which they were submitted.
log_indexes() {
    local reference
    for reference in "${REFERENCES[@]}"; do
        at visitors --json record "$reference"
        member log_index
    done
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub
stop broker

for ((i = 1; i <= ROUTINE; i++)); do
    if ((i == ROUTINE / 2)); then
        kill_hard visitors
        start_agents visitors
    fi
    submit visitors concern "c-$i"
    REFERENCES+=("$(member reference)")
done
promise "$ROUTINE concerns are accepted while the broker is down, though the agent was killed in between"

for reference in "${REFERENCES[@]}"; do
    eventually 10 "$reference to be told as not sent" says_not_sent "$reference"
done
promise "each says that it is stored on this computer and not sent"

submit visitors immediate i-1
IMMEDIATE=$(member reference)
expect '"telephone":\{"desk":"[^"]+","phone":"01632 960' "the duty desk's number in the first answer"
expect 'Telephone now: [^"]*Stored on this computer; not sent yet' "words that say to telephone and that it is not sent"
promise "an immediate concern is answered with the duty desk's telephone number at once, without the broker"

submit_keyed monday-1 concern k-1
KEYED=$(member reference)
submit_keyed monday-1 concern k-1
expect '"replayed":true' "the answer of before"
[[ $(member reference) == "$KEYED" ]] || broken "the same key got another reference"
REFERENCES+=("$KEYED")
try_submit visitors concern c-1
expect '"outcome":"known-already"' "a known source to be known"
[[ $(member reference) == "${REFERENCES[0]}" ]] || broken "the same source got another reference"
promise "the same idempotency key and the same source are known already, under the same reference"

kill_hard visitors
start_agents visitors
start_broker partnership
connect visitors
for reference in "${REFERENCES[@]}" "$IMMEDIATE"; do
    stored visitors "$reference"
    expect '"words":"[^"]*(Stored by the partnership|Delivered to)' "words that say that it is stored"
    refute 'not sent' "words that say that it is not sent"
done
promise "everything is sent when the broker is back, and its state says so"

INDEXES=$(log_indexes)
[[ $(wc -l <<<"$INDEXES") == "${#REFERENCES[@]}" ]] || broken "a record has no place in the log: ${INDEXES//$'\n'/ }"
[[ $INDEXES == "$(sort -nu <<<"$INDEXES")" ]] || broken "not in the order of submission: ${INDEXES//$'\n'/ }"
promise "the order in the log is the order of submission"

kill_hard visitors
start_agents visitors
connect visitors
for ((i = 1; i <= ROUTINE; i++)); do
    try_submit visitors concern "c-$i"
    expect '"outcome":"known-already"' "c-$i to be known after a restart"
    [[ $(member reference) == "${REFERENCES[i - 1]}" ]] || broken "c-$i got another reference"
done
submit_keyed monday-1 concern k-1
expect '"replayed":true' "the key to be known after a restart"
stop visitors hub broker
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
[[ $(member bodies) == $((ROUTINE + 2)) ]] || broken "the broker holds other than $((ROUTINE + 2)) records"
promise "submitted again after a restart all are known already, and the broker holds each exactly once"
