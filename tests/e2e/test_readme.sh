#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_readme.sh: the partnership that README.md sets up comes to life when its lines are typed as they stand.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"
BIN=$(realpath "$BIN")

# "systemctl reload cairn-broker", until what was approved last is in force: an agent that is refused dials again only after
# a while.
reloaded() {
    local version
    version=$(sed -n 's/^The directory is at version \([0-9]*\)\.$/\1/p' <<<"$OUT")
    log_says broker "governance_in_force directory=$version " && return
    kill -HUP "${PID[broker]}"
    return 1
}

# The lines of the page are typed with these: a free port, daemons in the background, `settle = 0` as the page says for a
# trial.
cairn() {
    if [[ $1 == init ]]; then
        set -- "$@" --endpoint "tcp://127.0.0.1:$PORT"
    fi
    OUT=$("$BIN/cairn" "$@" 2>&1) || broken "cairn $*"
    case "$1 ${2:-}" in
        "agency approve") eventually 30 "the broker to take it up" reloaded ;;
        "agency request") printf '\nsettle = 0\n' >>"$3/agent.ini" ;;
    esac
}

cairn-broker() {
    launch broker "$BIN/cairn-broker" --allow-tmpfs "$@"
    eventually 30 "the broker to start" is_up broker
    log_says broker 'no_front_door' || broken "the broker does not say that nobody is there to open what is urgent"
    OUT=$("$BIN/cairn" check north/broker) && broken "a check of a broker without a front door is OK"
    expect '^CAIRN BROKER CRITICAL - no front door .*cairn agency approve., and has the broker read it' "the missing front door in the broker's check"
}

cairn-agent() {
    local name
    name=$(basename "$(dirname "$2")")
    launch "$name" "$BIN/cairn-agent" --allow-tmpfs "$@"
    eventually 30 "the agent to start" is_up "$name"
    connect "$name" # whoever types is slower than that
}

noticed() {
    cairn "$@"
    grep -q 'noticed' <<<"$OUT"
}

choose_folder
eventually 10 "a free port" claim_port
sed -n '/^## Set up a partnership/,/^## /s/^    //p' README.md >"$WORK/lines"
grep -qF 'settle = 0' README.md || broken "README.md says how not to wait a day"
cp $DATA/gp-noshow-1.json "$WORK/appointments.json"
cp $DATA/gp-noshow-2.json "$WORK/more.json"
cp $DATA/hospital-noshow.json "$WORK/outpatients.json"
cp tests/data/fhir/day.json "$WORK/day.json"
(($(wc -l <"$WORK/lines") >= 14)) || broken "README.md shows how to set up a partnership"
cd "$WORK"
while read -r line; do
    eval "$line"
    case $line in
        "cairn submit"*appointments.json*)
            expect '^accepted ' "an appointment that was accepted"
            cairn submit --agent elm/agent.sock more.json # the export of another day
            ;;
        "cairn submit"*) expect '^accepted ' "an appointment that was accepted" ;;
    esac
done <"$WORK/lines"
eventually 30 "the alert that nobody could see alone" noticed alerts --agent hub/agent.sock
promise "every line of README.md does what it says, and the MASH is alerted"
cairn status --agent hub/agent.sock
refute 'SOMEBODY IS MISSING' "a warning when there is a front door"
cairn status north/broker
refute 'SOMEBODY IS MISSING' "a warning of the broker when there is a front door"
promise "with a MASH nobody is warned that there is none"

try elm submit --type fhir --key day-1 day.json
((LAST == 7)) || broken "what was set aside has an exit status of its own"
expect '^set-aside +entry 11, id d8$' "the name of what was set aside"
expect '^counted +entry 7, id d4$' "the name of what was counted"
expect 'entry/7/resource/participant: the patient is an adult' "the reason"
try elm submit --type fhir --key day-1 more.json
((LAST == 6)) || broken "a key that came with something else is a conflict"
promise "a real day of a practice: each entry has its name and reason, and scripts see that a person must look"

launch twin "$BIN/cairn-broker" --allow-tmpfs --config "$WORK/north/broker/broker.ini"
ended twin
log_says twin "refused_to_start .*another broker is running on $WORK/north/broker" ||
    broken "a second broker on one store says so plainly"
promise "a second broker on one store says so plainly"
launch twin "$BIN/cairn-agent" --allow-tmpfs --config "$WORK/elm/agent.ini"
ended twin
log_says twin 'refused_to_start .*another process has this store open' ||
    broken "a second agent on one store says so plainly"
log_says twin ' stopped' && broken "an agent that refused to start says that it stopped"
promise "an agent that refused to start says only that"
