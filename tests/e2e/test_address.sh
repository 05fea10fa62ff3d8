#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_address.sh: nobody may learn where this child lives: address and postcode never leave the agency that was
# told them, and do not stay there either.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Screening social worker")

# hidden SOURCE-ID: a concern about a child in a refuge.
hidden() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-physical", "level": 3,' |
        sed 's/"postcode": "NM7 4QX"/"postcode": "NM7 4QX", "address": "12 Lanternfold Row", "restricted": true/'
}

lists() {
    at hub --json inbox
    grep -q '"record_kind":"concern"' <<<"$OUT"
}

make_partnership partnership
join school school "Quillfeather School" "01632 960005"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents school hub
connect school hub
submit school hidden r-1
stored school "$(member reference)"
eventually 30 "the hub to be told" lists
ENTRY=$(member record)
at hub record "$ENTRY" --open "${WHO[@]}" --reason "Concern of level three, to be assessed today."
at hub record "$ENTRY"
expect 'Peregrina' "the child's name"
refute 'NM7|Lanternfold' "where the child lives, on the hub's screen"
at hub --json record "$ENTRY"
refute 'NM7|Lanternfold' "where the child lives, for the hub's systems"
stop school hub broker
if grep -rlaE 'NM7 ?4QX|Lanternfold' "$WORK"; then
    broken "where the child lives lies in a file"
fi
promise "a restricted address never leaves, and is in no file of anybody's"
