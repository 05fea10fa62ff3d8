#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_agreement_gone.sh: sharing is stopped while a record waits to be sent: it is sealed by the agreements of the
# day it leaves. Without an agreement nothing is shared but what cannot wait.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

serious() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-physical", "level": 3,'
}

has_come() {
    try hub --json status # which fails while it dials anew
    grep -qE "\"position\":$1[,}]" <<<"$OUT"
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

stop broker
submit school serious s-2
REFERENCE=$(member reference)
printf '{"format": "cairn-agreements/v1", "review_by": "2099-01-01", "rules": []}' >"$WORK/none.json"
run agreement sign "$WORK/partnership" "$WORK/none.json"
start_broker partnership
connect school hub
stored school "$REFERENCE"
at school record "$REFERENCE"
expect 'no agreement' "the sender to hear that nobody may read it"
promise "what waits when sharing is stopped is stored and not shared, and its sender is told"

submit school immediate s-3
stored school "$(member reference)"
eventually 30 "what cannot wait" has_come 2
at hub --json inbox
refute 's-2' "what was stopped"
promise "without any agreement what cannot wait still reaches the front door"
