#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_picture.sh: what one agency may see of a child. Nobody looks without a name, a role and a reason, which
# are in the log before anything is shown; everybody sees what is theirs, who is involved and whom to call.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Safeguarding lead")
WHY=(--reason "We meet about this child today and must know.")

# says WORDS WHAT: a paragraph has them, wherever its lines end.
says() {
    [[ $(tr '\n' ' ' <<<"$OUT") == *"$1"* ]] || broken "expected $2"
}

has() {
    try "$1" --json record "$2"
    ((LAST == 0))
}

is_noticed() {
    at hub --json alerts
    grep -q '"alert":1' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001"
join visitor health-visiting "Health Visiting, North" "01632 960004"
join hospital hospital "Northgate Hospital" "01632 960002"
join school school "Quillfeather School" "01632 960005"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents surgery visitor hospital school hub
connect surgery visitor hospital school hub
printf '{%s}' "$(child)" >"$WORK/child.json"

# --- one's own ---

at surgery involve "$DATA/gp-involvement.json"
at visitor involve "$DATA/health-visiting-involvement.json"
submit surgery missed m1 2026-02-10
stored surgery "$(member reference)"
MISSED=$(member record)
eventually 30 "the health visitor to have it" has visitor "$MISSED"
at surgery picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
expect '^2026-02-10  was not brought +Elm Street Surgery$' "its own record"
expect '^  Health Visiting, North$' "who else is involved"
expect 'call Safeguarding lead, 01632 960004' "whom to call there"
expect 'connected: 5 agencies, 2 of them' "who is connected"
says 'Silence is not safety' "that silence is not safety"
refute 'othing is known' "that nothing is known"
grep -v '^[A-Za-z]' <<<"$OUT" | awk 'length > 80 { exit 1 }' || broken "a line of the table is too long"
promise "an agency sees its own records, who is involved and whom to call"

# --- a look is an entry of the log ---

at visitor --json picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
expect "\"record\":\"$MISSED\"" "what was shared with the health visitor"
expect '"recorded_at":"' "when its source recorded it"
expect '"account_state":"closed"' "the account to stay closed"
refute 'significance|What happened' "words that nobody opened"
LOOK=$(member look)
is_stored visitor "$LOOK" || broken "the look is not in the log"
expect '"kind":"decision"' "the look to be a decision"
at visitor log prove "$LOOK"
promise "each look is a decision in the log, which proves it; nothing is opened by looking"

try visitor picture "$WORK/child.json" "${WHO[@]}" --reason "ok"
((LAST != 0)) || broken "a look without a reason was taken"
refute '2026-02-10' "anything shown without a reason"
try visitor picture "$WORK/child.json" --alert 1 "${WHO[@]}" "${WHY[@]}"
((LAST == 2)) || broken "a look at two things was taken"
promise "nobody looks without a reason"

# --- everybody sees what is theirs ---

at school picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
refute '2026-02-10|Elm Street' "anything at the school, which is not involved"
says 'Silence is not safety' "that silence is not safety"
at hub picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
refute '2026-02-10' "what is kept at the front door"
says 'Something is kept' "that something is kept"
expect 'Elm Street Surgery' "who is involved, at the front door"
promise "who is not involved sees nothing; a front door hears that something is kept"

at hospital involve "$DATA/hospital-involvement.json"
submit hospital missed m2 2026-06-10
submit surgery missed m3 2026-09-21
eventually 30 "the front door to be told" is_noticed
at hub picture --alert 1 "${WHO[@]}" "${WHY[@]}"
expect '^2026-09-21  was not brought +Elm Street Surgery$' "what the alert told, newest first"
expect '^2026-02-10  was not brought +Elm Street Surgery$' "what the alert told, to the oldest"
[[ $(tr '\n' ' ' <<<"$OUT") != *'Something is kept'* ]] || broken "something is kept still"
at hospital picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
expect '^2026-09-21  health contact +gp$' "a colleague's as far as it may be known"
refute 'Elm Street Surgery$.*was not' "more than that"
try school picture --alert 1 "${WHO[@]}" "${WHY[@]}"
((LAST == 5)) || broken "the school looked at an alert"
promise "a front door looks by an alert, and a colleague sees that there is something"

# --- what was opened ---

at visitor record "$MISSED" --open "${WHO[@]}" "${WHY[@]}"
at visitor --json picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
expect '"account_state":"open"' "the account to be open now"
promise "what a named person has opened is open in the picture"

# --- without the broker ---

stop broker
try surgery picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
((LAST == 3)) || broken "a picture without the broker"
expect 'nothing was shown|was shown' "that nothing was shown"
refute '2026-02-10' "anything without a look in the log"
promise "without the broker nothing is shown"

stop surgery visitor hospital school hub
