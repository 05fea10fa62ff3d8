#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_stop_sharing.sh: sharing is stopped while records wait for an agency whose agent is down: when it comes back it
# gets nothing of them, and whoever sent them hears so. What cannot wait gets through.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

serious() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-physical", "level": 3,'
}

has_come() {
    try hub --json status # which fails while it dials anew
    grep -qE "\"position\":$1[,}]" <<<"$OUT"
}

says_not_shared() {
    at school record "$REFERENCE"
    grep -q 'not shared with Multi-agency safeguarding hub' <<<"$OUT"
}

make_partnership partnership
join school school "Quillfeather School" "01632 960005"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents school hub
connect school hub
submit school serious s-1
stored school "$(member reference)"
eventually 30 "the first to come" has_come 1

stop hub
submit school serious s-2
REFERENCE=$(member reference)
stored school "$REFERENCE"
at school record "$REFERENCE"
expect 'on its way to Multi-agency safeguarding hub' "it to wait for the hub"
submit school immediate s-3
stored school "$(member reference)"

stop broker
printf '{"format": "cairn-agreements/v1", "review_by": "2099-01-01", "rules": []}' >"$WORK/none.json"
run agreement sign "$WORK/partnership" "$WORK/none.json"
start_broker partnership
connect school
eventually 30 "the sender to hear that it is not shared" says_not_shared
at school inbox
expect 'no agreement allows it any more' "a notice of it"
promise "what waits in a mailbox when its agreement ends is not delivered, and its sender is told"

start_agents hub
connect hub
eventually 30 "what cannot wait" has_come 3
at hub --json inbox
refute 's-2' "what was stopped"
expect '"delivery":3' "what cannot wait"
refute '"delivery":2' "anything at the place of what was stopped"
promise "what cannot wait is delivered after every agreement has ended"
