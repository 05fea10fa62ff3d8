#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_wrong_link.sh: a surgery's child and a hospital's, put together by name, birth date and postcode alone,
# are two children. The front door says so: they are kept apart, the alert is withdrawn, and every reader is told.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# hand ID FILE [SED-EXPRESSION]: its appointment system hands it over.
hand() {
    try_submit "$1" sed -e "${3:-}" "$DATA/$2"
    ((LAST == 0)) || broken "$2 was not taken"
    stored "$1" "$(member reference)"
}

has_alert() {
    at "$1" --json alerts
    grep -q '"alert":1' <<<"$OUT"
}

is_withdrawn() {
    at "$1" --json alerts
    grep -q '"state":"withdrawn"' <<<"$OUT"
}

was_told_of_another_child() {
    at "$1" --json inbox
    grep -q '"notice":"link-undone"' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001" 0s
join hospital hospital "Northgate Hospital" "01632 960002" 0s
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents surgery hospital hub
connect surgery hospital hub

# --- put together by a name ---

UNTRACED='s/"code": "01"/"code": "02"/'
at surgery involve "$DATA/gp-involvement.json"
sed 's/"verified": true/"verified": false/' "$DATA/hospital-involvement.json" >"$WORK/involvement.json"
at hospital involve "$WORK/involvement.json"
hand surgery gp-noshow-1.json
hand hospital hospital-noshow.json "$UNTRACED"
hand surgery gp-noshow-2.json
eventually 30 "the alert at the hub" has_alert hub
at hub alert 1
expect 'not certain that it is this child' "words that a name alone put them together"
at hub --json alert 1
WRONG=$(grep -oE '"provisional":true[^}]*"record":"[^"]*"' <<<"$OUT" | grep -oE '[^"]*"$' | tr -d '"' | head -n 1)
[[ -n $WRONG ]] || broken "no record is marked as put together by a name"
promise "two agencies' children whom a name alone puts together raise an alert that says so"

try surgery alert 1 --undo-link "$WRONG" --name "A Practitioner" --role "GP" --reason "We know this family and it is not them."
((LAST != 0)) || broken "somebody who is not at the front door decided about an alert"
promise "only the front door decides about it there"

# --- and taken apart by a person ---

at hub alert 1 --undo-link "$WRONG" --name "Ottoline Marchbanks" --role "screener" \
    --reason "The hospital's child lives with another family of that name; both numbers were looked up."
eventually 30 "the alert to be withdrawn at the hub" is_withdrawn hub
eventually 30 "the alert to be withdrawn at the surgery" is_withdrawn surgery
eventually 30 "the alert to be withdrawn at the hospital" is_withdrawn hospital
at surgery --json alert 1
expect 'put together from two children' "words why it was withdrawn"
promise "undone by a named person, the alert is withdrawn, and everybody who had it is told why"

eventually 30 "the hub to be told which record" was_told_of_another_child hub
eventually 30 "the surgery to be told which record" was_told_of_another_child surgery
eventually 30 "the hospital to be told which records" was_told_of_another_child hospital
at hub alert 1
expect 'about another child' "the record to be marked"
promise "every reader is told which records were about another child"

hand hospital hospital-noshow.json "$UNTRACED; s/ngh-55120/ngh-55999/; s/2026-09-08T/2026-09-09T/"
run --json status "$WORK/partnership/broker"
[[ $(member apply_alerts_raised) == 1 ]] || broken "they were put together again"
[[ $(member apply_links_undone) == 1 ]] || broken "the operator does not see that a link was undone"
promise "what comes later about the one is not counted for the other"
