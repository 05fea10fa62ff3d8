#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_sandbox.sh: a running partnership is walled in, thread by thread.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# walled PID NAME: every thread of it.
walled() {
    local task n=0
    for task in "/proc/$1/task/"*/status; do
        grep -qE '^NoNewPrivs:[[:space:]]+1$' "$task" || broken "$2 has a thread that may gain privileges"
        grep -qE '^Seccomp:[[:space:]]+2$' "$task" || broken "$2 has a thread without a list of system calls"
        n=$((n + 1))
    done
    ((n > 0)) || broken "$2 has no threads"
    grep -qE '^Max core file size +0 +0 ' "/proc/$1/limits" || broken "$2 may leave a core"
}

make_partnership partnership
GOVERNANCE=$WORK/partnership/governance
RECORDS=$WORK/visitors/records
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
mkdir -m 0700 "$RECORDS"
printf '[watch]\nrecords = %s\n' "$RECORDS" >>"$WORK/visitors/agent.ini"
start_broker partnership
start_agents visitors hub
connect visitors hub
submit visitors immediate c-1
stored visitors "$(member reference)"

SIGNER=$(awk -v parent="${PID[broker]}" '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid }' /proc/[0-9]*/status 2>/dev/null || true)
[[ -n $SIGNER ]] || broken "the broker has no signer"
walled "$SIGNER" "the signer"
walled "${PID[broker]}" "the broker"
walled "${PID[visitors]}" "the agent"
promise "each thread of each daemon has its list of system calls and cannot gain privileges; none leaves a core"

# --- files ---

# replace FOLDER: another one of that name, with the same in it, which nobody was let into.
replace() {
    mv "$1" "$1.was"
    cp -a "$1.was" "$1"
}

# put_back FOLDER: what is in the other one, in the one that was there.
put_back() {
    cp -a "$1/." "$1.was"
    rm -r "$1"
    mv "$1.was" "$1"
}

refused_files() {
    try visitors --json check
    [[ $(member refused_files) == "$1" ]]
}

if log_says broker no_landlock; then
    promise "this kernel has no Landlock, and the log says so"
    exit
fi
replace "$GOVERNANCE"
join school school "Oak School" "01632 960004"
kill -HUP "${PID[broker]}"
eventually 30 "the broker to look" log_says broker 'governance_(unreadable|submitted)'
! log_says broker governance_submitted || broken "the broker read a file that it was not let into"
put_back "$GOVERNANCE"
kill -HUP "${PID[broker]}"
eventually 30 "the broker to take the document" log_says broker governance_submitted
promise "the broker opens no file outside the folders that it was let into when it started"

replace "$RECORDS"
touch "$RECORDS/failed/1-foreign.json"
refused_files 0 || broken "the agent read a folder that it was not let into"
put_back "$RECORDS"
refused_files 1 || broken "the agent reads its own"
promise "nor does the agent"
