#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_restore.sh: an agent whose store comes back from a backup goes on receiving, and shows what never came.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# received ID N: so many deliveries came to that agent.
received() {
    try "$1" --json status
    grep -qE "\"position\":$2[,}]" <<<"$OUT"
}

# acknowledged: the broker has the hub's word for the last record, and keeps nothing of it for the hub.
acknowledged() {
    at visitors --json record "$REFERENCE"
    grep -q '"state":"delivered"' <<<"$OUT"
}

# send NAME: an immediate concern, which goes to the hub at once.
send() {
    submit visitors immediate "$1"
    REFERENCE=$(member reference)
    stored visitors "$REFERENCE"
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub

send c-1
eventually 30 "the first delivery" received hub 1
stop hub
cp -r "$WORK/hub/data" "$WORK/backup"
start_agents hub
connect hub
send c-2
eventually 30 "the second delivery" received hub 2
send c-3
eventually 30 "the third delivery" received hub 3
eventually 30 "the third acknowledgement" acknowledged
stop hub

rm -rf "$WORK/hub/data"
cp -r "$WORK/backup" "$WORK/hub/data"
start_agents hub
connect hub
received hub 1 || broken "the backup holds something else"
send c-4
eventually 30 "what came behind the gap" received hub 4
promise "a restored agent receives what is sent after it came back"

send c-5
eventually 30 "the fifth delivery" received hub 5
expect '"missing":2' "two missing deliveries"
expect '"first_missing":2' "the first of them"
expect '"last_missing":3' "the last of them"
[[ $(grep -c ' delivery_gap ' "${LOG[hub]}") == 1 ]] || broken "the gap was not said once"
log_says hub ' delivery_gap .*first=2 last=3 missing=2' || broken "the log does not say what is missing"
at hub status
expect '2 BETWEEN 2 AND 3 NEVER CAME' "the operator to be told"
promise "what it will never receive is said in its log once, and shown by its status for as long as it runs"
