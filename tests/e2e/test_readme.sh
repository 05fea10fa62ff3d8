#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_readme.sh: the partnership that README.md sets up comes to life when its lines are typed as they stand.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"
BIN=$(realpath "$BIN")

# The lines of the page are typed with these: a free port, daemons in the background.
cairn() {
    if [[ $1 == init ]]; then
        set -- "$@" --endpoint "tcp://127.0.0.1:$PORT"
    fi
    OUT=$("$BIN/cairn" "$@" 2>&1) || broken "cairn $*"
    if [[ $1 == agency && $2 == approve ]]; then
        kill -HUP "${PID[broker]}" # "systemctl reload cairn-broker"
    fi
}

cairn-broker() {
    launch broker "$BIN/cairn-broker" --allow-tmpfs "$@"
    eventually 30 "the broker to start" is_up broker
}

cairn-agent() {
    launch agent "$BIN/cairn-agent" --allow-tmpfs "$@"
    eventually 30 "the agent to start" is_up agent
}

choose_folder
eventually 10 "a free port" port_is_free
sed -n '/^## Set up a partnership/,/^## /s/^    //p' README.md >"$WORK/lines"
cp tests/data/fhir/day.json "$WORK/appointments.json"
(($(wc -l <"$WORK/lines") >= 7)) || broken "README.md shows how to set up a partnership"
cd "$WORK"
while read -r line; do
    eval "$line"
    case $line in
        "cairn submit"*) expect '^accepted ' "an appointment that was accepted" ;;
    esac
done <"$WORK/lines"
expect 'told of no alert' "no alert yet"
promise "every line of README.md does what it says"
