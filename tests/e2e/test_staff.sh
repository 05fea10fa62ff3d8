#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_staff.sh: an allegation against somebody who works at the child's school. The front door hears that there is
# something and may ask; the school, involved with the child as it is, gets neither record nor notice nor hint. And an incident at
# the home of somebody who works there: whoever holds the role of the school is left out of what schools are told of.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Head of safeguarding")

allegation() {
    record "$1" 2026-11-20 '"kind": "allegation-against-staff", "level": 2, "narrow": {"agencies": ["school"], "reason": "allegation-against-staff", "authority": "lado"},'
}

incident() {
    record "$1" 2026-11-20 '"kind": "domestic-abuse-incident", "code": "child-present",'"$INCIDENT"
}

roll() {
    printf '{"format": "cairn-involvement/v1", %s, "role": "%s", "from": "2026-09-01"}' "$(child)" "$1"
}

is_told() {
    at hub inbox
    grep -q 'not shared with you' <<<"$OUT"
}

# quiet: the school has heard of nobody's record.
quiet() {
    at school inbox
    refute 'record|not shared|noticed' "anything in the school's inbox"
    at school alerts
    refute 'ALERT|[0-9]  20' "an alert at the school"
    try school record "$ENTRY"
    ((LAST != 0)) || broken "the school can ask about it"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001"
join school school "Quillfeather School" "01632 960005"
join police police "Northgate Police" "01632 960007"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents surgery school police hub
connect surgery school police hub
roll on-roll >"$WORK/roll.json"
at school --json involve "$WORK/roll.json"
stored school "$(member reference)"
roll registered-patient >"$WORK/patient.json"
at surgery --json involve "$WORK/patient.json"
stored surgery "$(member reference)"

submit surgery allegation a-1
REFERENCE=$(member reference)
stored surgery "$REFERENCE"
ENTRY=$(member record)
eventually 30 "the front door to be told" is_told
refute 'a-1' "what it says"
promise "the front door hears that there is something, and not what"

quiet
printf '{"format": "cairn-request/v1", %s, "purpose": "safeguarding"}' "$(child)" >"$WORK/request.json"
at school --json request "$WORK/request.json"
stored school "$(member reference)"
at surgery requests
refute 'Quillfeather' "the school's question about it at the practice"
printf '{%s}' "$(child)" >"$WORK/child.json"
at school picture "$WORK/child.json" "${WHO[@]}" --reason "To see whom to ask about her attendance."
refute 'allegation|elm|gp' "a hint in the school's picture of the child"
quiet
promise "the school that the allegation is about gets neither record nor notice nor hint, also when it asks"

INCIDENT='"narrow": {"roles": ["on-roll"], "reason": "allegation-against-staff", "authority": "lado",
    "words": "The father teaches at the school."},'
submit police incident i-1
stored police "$(member reference)"
refuse_hidden() {
    INCIDENT='"urgency": "immediate", "narrow": {"hidden_until": "2026-12-01", "reason": "enquiry-under-way", "authority": "police"},'
    incident i-2 >"$WORK/i-2.json"
    try police --json submit record "$WORK/i-2.json"
    ((LAST != 0)) || broken "what is immediate can be hidden"
}
refuse_hidden
INCIDENT='"narrow": {"family_view": "no", "reason": "risk-to-the-child", "authority": "police"},'
submit police incident i-3
stored police "$(member reference)"
OPEN=$(member record)

has_come() {
    at school inbox
    grep -q "$OPEN" <<<"$OUT"
}
eventually 30 "the school to be told of the incident that leaves nobody out" has_come
grep -q "NOT FOR THE FAMILY'S VIEW" <<<"$OUT" || broken "the school is not told that it is not for the family"
[[ $(grep -c 'domestic-abuse-incident' <<<"$OUT") == 1 ]] || broken "the school has the incident that its role is left out of"
at school record "$OPEN"
grep -q "NOT FOR THE FAMILY'S VIEW" <<<"$OUT" || broken "the record does not say that it is not for the family"
promise "a role that is left out hears of nothing; what is not for the family's view says so to whoever gets it"
