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
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
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
