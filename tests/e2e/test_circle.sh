#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_circle.sh: agencies that are involved with the same child. What is shared with them goes to them and to
# nobody else; one that comes later gets what was recorded since; what is kept back is asked for, and a person decides.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Safeguarding lead")

# agreements: missed appointments are for whoever is involved in health; notes are asked for.
agreements() {
    cat <<'JSON'
{
  "format": "cairn-agreements/v1", "review_by": "2099-01-01",
  "rules": [
    {"id": "circle", "records": ["involvement"], "recipient_roles": ["any"], "effect": "share", "mode": "content",
     "source": "this story"},
    {"id": "missed", "records": ["was-not-brought"], "recipient_class": "health", "recipient_roles": ["any"],
     "effect": "share", "mode": "content", "source": "this story"},
    {"id": "notes", "records": ["case-note"], "recipient_class": "health", "recipient_roles": ["any"],
     "effect": "ask", "source": "this story"}
  ]
}
JSON
}

note() {
    record "$1" 2026-11-19 '"kind": "case-note",'
}

# request [RECORD]
request() {
    printf '{"format": "cairn-request/v1", %s, %s "purpose": "safeguarding"}' "$(child)" "${1:+\"record\": \"$1\",}"
}

# has ID ENTRY: it came to that agency.
has() {
    try "$1" --json record "$2"
    ((LAST == 0))
}

knows() {
    has "$1" "$2" && grep -q "\"agency\":\"$3\"" <<<"$OUT"
}

is_told() {
    at "$1" inbox
    grep -q 'not shared with you' <<<"$OUT"
}

waits() {
    at "$1" requests
    grep -q 'asks, for safeguarding' <<<"$OUT"
}

# waiting ID: the request that waits there.
waiting() {
    eventually 30 "a request to wait at $1" waits "$1"
    at "$1" --json requests
    member request
}

# ask ID [RECORD]: its reference.
ask() {
    request "${2:-}" >"$WORK/request.json"
    at "$1" --json request "$WORK/request.json"
    member reference
}

make_partnership partnership
agreements >"$WORK/agreements.json"
run agreement sign "$WORK/partnership" "$WORK/agreements.json"
join surgery gp "Elm Street Surgery" "01632 960001"
join visitor health-visiting "Health Visiting, North" "01632 960004"
join hospital hospital "Northgate Hospital" "01632 960002"
join school school "Quillfeather School" "01632 960005"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents surgery visitor hospital school hub
connect surgery visitor hospital school hub

# --- shared with the circle ---

at surgery involve "$DATA/gp-involvement.json"
at visitor involve "$DATA/health-visiting-involvement.json"
submit surgery missed m1 2026-02-10
stored surgery "$(member reference)"
MISSED=$(member record)
eventually 30 "the health visitor to have it" has visitor "$MISSED"
for id in hospital school hub; do
    ! has "$id" "$MISSED" || broken "$id has what is not for it"
    at "$id" inbox
    expect '^Nothing new' "$id to have heard nothing"
done
at visitor inbox
refute 'involvement|entry' "what agents tell each other in an inbox"
promise "a missed appointment goes to who is involved with the child, and to nobody else"

eventually 30 "the health visitor to know whom to ring" knows visitor "$MISSED" surgery
at visitor record "$MISSED"
expect 'Elm Street Surgery .surgery.  duty telephone 01632 960001' "the surgery's telephone at the health visitor"
promise "whoever opens it sees who else is involved, and whom to telephone"

# --- somebody new ---

at hospital involve "$DATA/hospital-involvement.json"
eventually 30 "the hospital to have what was recorded since" has hospital "$MISSED"
at hospital record "$MISSED" --open "${WHO[@]}" --reason "She is on our ward today and we must know this."
at hospital record "$MISSED"
expect 'What happened under m1' "the account at the hospital"
promise "whoever comes later gets what was recorded since it is involved, and can open it"

# --- asked for ---

submit surgery note n1
stored surgery "$(member reference)"
NOTE=$(member record)
eventually 30 "the hospital to hear that there is something" is_told hospital
at hospital --json inbox
expect '"told":\[\{[^]]*"origin_kind":"gp"' "what there is, and whose"
! has hospital "$NOTE" || broken "the hospital has a note that it must ask for"
ASKED=$(ask hospital)
stored hospital "$ASKED"
REQUEST=$(waiting surgery)
at surgery status
expect 'requests +1 waits for a person' "the status to tell of it"
at surgery requests
expect 'Northgate Hospital .hospital. asks' "the hospital to ask"
expect 'its role  open-case' "what the hospital is to the child"
expect "case-note  $NOTE" "what it would get"
! has hospital "$NOTE" || broken "the note went before anybody decided"
try surgery grant "$REQUEST" "${WHO[@]}" --reason "ok"
((LAST != 0)) || broken "a grant without a reason was taken"
at surgery grant "$REQUEST" "${WHO[@]}" --reason "The ward plans her discharge and needs the note."
eventually 30 "the hospital to have the note" has hospital "$NOTE"
at hospital record "$NOTE" --open "${WHO[@]}" --reason "We plan her discharge and need to know this."
at hospital record "$NOTE"
expect 'What happened under n1' "the note at the hospital"
at surgery requests
expect '^No request waits' "nothing to wait any more"
at surgery status
refute 'waits? for a person' "a request in the status"
promise "what is kept back is asked for; a named person grants it, and then it opens"

ASKED=$(ask visitor)
stored visitor "$ASKED"
REQUEST=$(waiting surgery)
at surgery refuse "$REQUEST" "${WHO[@]}" --reason "She told us this in confidence; ring me about it."
try surgery grant "$REQUEST" "${WHO[@]}" --reason "Somebody else has another opinion about it."
((LAST != 0)) || broken "a request was answered twice"
! has visitor "$NOTE" || broken "what was refused went all the same"
promise "what a named person refuses stays closed"

# --- who is not involved ---

is_refused() {
    at school --json record "$1"
    grep -q '"state":"refused"' <<<"$OUT"
}

ASKED=$(ask school)
eventually 30 "the school's request to be refused" is_refused "$ASKED"
at school --json record "$ASKED"
expect '"words":"Refused: [^"]*cairn involve FILE' "what the school has to do first"
at school record "$ASKED"
expect 'cairn involve FILE' "the same in words"
at surgery requests
expect '^No request waits' "nothing of the school's to reach the surgery"
promise "whoever is not involved with the child asks in vain"
