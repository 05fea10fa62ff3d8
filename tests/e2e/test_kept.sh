#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_kept.sh: kept is not sent. A concern that an agreement holds back is listed with a day on which a person is
# to look again; a named person sends it on, and only then the front door has it and opens it.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Safeguarding lead")

# small ID: a concern that the shipped agreements keep until several show a pattern.
small() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-physical", "level": 2,'
}

corrected() {
    small "$1" | sed -e 's/"version": "1"/"version": "2"/' -e 's/What happened/What really happened/'
}

has() {
    try "$1" --json record "$2"
    ((LAST == 0))
}

is_delivered() {
    at surgery --json record "$1"
    grep -qE '"state":"(delivered|opened)"' <<<"$OUT"
}

is_kept_no_more() {
    at surgery record "$1"
    ! grep -q 'Nobody has seen it' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001"
join visitors health-visiting "Health Visiting, North" "01632 960004"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
sed 's/"state": "shadow",/"state": "live", "approved_by": ["Example: chair", "Example: designated doctor"],/' \
    "$WORK/partnership/governance/patterns.json" >"$WORK/live.json"
run pattern sign "$WORK/partnership" "$WORK/live.json"
start_broker partnership
start_agents surgery visitors hub
connect surgery visitors hub

at surgery kept
expect '^No record of this agency waits unseen' "an empty list to say so"
refute 'nothing (is )?known' "that nothing is known"

# --- kept ---

submit surgery small c1
FIRST=$(member reference)
stored surgery "$FIRST"
CONCERN=$(member record)
submit surgery small c2
SECOND=$(member reference)
stored surgery "$SECOND"
at surgery kept
expect "$FIRST  concern: neglect physical of 2026-11-20" "the concern in the list"
expect 'Kept. Nobody has seen it. This is not a referral.' "what it is not"
refute OVERDUE "a review to be due on the first day"
at surgery record "$FIRST"
expect 'to be looked at again on' "a review date"
at surgery status
refute 'due for review' "a review in the status"
! has hub "$CONCERN" || broken "the hub has what is kept"
promise "what an agreement holds back is listed as kept, seen by nobody, no referral"

# --- sent on ---

try surgery kept "$FIRST" --send "${WHO[@]}" --reason "ok"
((LAST != 0)) || broken "it was sent on without a reason"
at surgery kept "$FIRST" --send "${WHO[@]}" --reason "Her mother rang again and is frightened now."
expect 'sent it on to the front door' "what was done"
eventually 30 "the hub to have it" has hub "$CONCERN"
at hub record "$CONCERN"
refute 'What happened under c1' "the account before a reason"
at hub record "$CONCERN" --open "${WHO[@]}" --reason "The surgery has sent this on to us today."
at hub record "$CONCERN"
expect 'What happened under c1' "the account at the hub"
eventually 30 "the surgery to see that the hub has it" is_delivered "$FIRST"
at surgery record "$FIRST"
expect 'sent it on to the front door' "what happened to it"
expect 'sent-on .* by Rowan Ashgrove, Safeguarding lead' "who sent it on"
expect 'Her mother rang again' "why"
at surgery kept
refute "$FIRST" "what was sent on in the list"
expect "$SECOND" "the other in the list"
at surgery kept "$FIRST" --send "${WHO[@]}" --reason "Her mother rang again and is frightened now."
promise "a named person sends it on; the front door opens it with a reason, and the surgery sees that"

# --- corrected by its source ---

submit surgery corrected c1
CORRECTION=$(member reference)
stored surgery "$CORRECTION"
CORRECTED=$(member record)
eventually 30 "the hub to have the correction" has hub "$CORRECTED"
at hub record "$CONCERN"
expect 'Taken back' "the version before it to be taken back"
at surgery record "$CORRECTION"
expect 'this one has gone' "that it went where the version before it had gone"
at surgery kept
refute "$CORRECTION" "the correction in the list"
promise "a correction of what was sent on goes to the front door too, behind the retraction"

# --- kept on, withdrawn ---

at surgery kept "$SECOND" --keep "${WHO[@]}" --reason "We see the child on Thursday and look again then."
expect 'This is not a referral' "that it is still kept"
at surgery kept "$SECOND" --withdraw "${WHO[@]}" --reason "It was about another child of the same name."
expect 'taken it back' "that it was taken back"
eventually 30 "the second to be kept no more" is_kept_no_more "$SECOND"
try surgery kept "$SECOND" --send "${WHO[@]}" --reason "Her mother rang again and is frightened now."
((LAST != 0)) || broken "what was taken back was sent on"
at surgery --json kept
expect '"items":\[\]' "an empty list"
promise "a named person keeps another on, then takes it back"

# --- handed over by an alert to the MASH alone ---

is_alerted() {
    at hub alerts
    grep -q 'Noticed' <<<"$OUT"
}

is_seen() {
    at surgery record "$THIRD"
    ! grep -q 'Nobody has seen it' <<<"$OUT"
}

submit surgery small c3
THIRD=$(member reference)
stored surgery "$THIRD"
at surgery record "$THIRD"
expect 'Nobody has seen it' "what is kept to say so"
submit visitors small c4
stored visitors "$(member reference)"
eventually 30 "the hub to be alerted" is_alerted
at hub alert 1 --open --tell origins "${WHO[@]}" --reason "Two agencies have noticed the same within a week."
eventually 30 "the surgery not to say that nobody has seen it" is_seen
at surgery record "$THIRD"
expect 'not kept any more, as the broker' "that it is not kept any more"
expect 'Multi-agency safeguarding hub' "who has it"
at surgery kept
refute 'Nobody has seen it' "the list to say that nobody has seen it"
expect 'not kept any more, as the broker' "the same in the list"
promise "what an alert has handed to the MASH alone is not said to be kept, and the list says who has it"
