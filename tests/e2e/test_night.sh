#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_night.sh: an immediate concern at night, while the MASH's agent is down: the sender has a number to ring at
# once, the out-of-hours team opens it, and the MASH finds it in the morning.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Emergency duty social worker")

# lists ID: something was delivered there.
lists() {
    at "$1" --json inbox
    grep -q '"urgency":"immediate"' <<<"$OUT"
}

is_opened() {
    at school --json record "$REFERENCE"
    grep -q '"state":"opened"' <<<"$OUT"
}

make_partnership partnership
join school school "Quillfeather School" "01632 960005"
join night out-of-hours "Emergency duty team" "01632 960101"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents school night hub
connect school night hub
stop hub

submit school immediate n-1
REFERENCE=$(member reference)
expect '"phone":"' "a number to ring"
stored school "$REFERENCE"
at school record "$REFERENCE"
expect '[Tt]elephone' "the sender to be told to telephone"
promise "whoever sends something immediate is answered with a number at once, also when the hub is down"

eventually 30 "the night team to be told" lists night
ENTRY=$(member record)
at night record "$ENTRY" --open "${WHO[@]}" --reason "The police are on their way and ask what the school saw."
at night record "$ENTRY"
expect 'What happened under n-1' "the account"
eventually 30 "the sender to hear that it was opened" is_opened
promise "the team on duty opens it with a reason, and the sender hears who has"

start_agents hub
connect hub
eventually 30 "the hub to find it" lists hub
promise "the hub finds it in the morning"
