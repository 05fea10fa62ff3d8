#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_health_colleagues.sh: a GP practice whose patient misses three appointments raises it with health colleagues,
# by the agreements that Cairn ships: the health visitor of a small child, the school nurse of a pupil, reads each; other
# health colleagues hear that there were some once there is a pattern; the MASH has them consolidated. The school and the
# police, who work with the child too, are told nothing and see no hint of it.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

AGENCIES=(surgery visitor nurse hospital hub school police)
LEAD=(--name "Ottoline Fairweather" --role "Safeguarding lead of the practice")
WHY=(--reason "To ask whether anybody followed it up.")
VISITOR=(--name "Corisande Applegarth" --role "Health visitor")
SCREENER=(--name "Rowan Ashgrove" --role "Screening social worker")
PUPIL=(9994117114 M840400122035)

# appointment FILE [SED-EXPRESSION...]: one of the demonstration's, changed.
appointment() {
    local arguments=() expression
    for expression in "${@:2}"; do
        arguments+=(-e "$expression")
    done
    sed "${arguments[@]}" -e '' "$DATA/$1"
}

RECORDS=()
# misses FILE: as the practice's appointment system hands it over; it has settled and is stored.
misses() {
    submit surgery appointment "$1"
    stored surgery "$(member reference)"
    RECORDS+=("$(member record)")
}

# involvement ROLE [NHS-NUMBER LOCAL-ID]
involvement() {
    printf '{"format": "cairn-involvement/v1", %s, "role": "%s", "from": "2022-04-01"}' "$(child "${@:2}")" "$1"
}

# involve ID ROLE [NHS-NUMBER LOCAL-ID]
involve() {
    involvement "${@:2}" >"$WORK/involvement.json"
    at "$1" --json involve "$WORK/involvement.json"
    stored "$1" "$(member reference)"
}

has() {
    try "$1" --json record "$2"
    ((LAST == 0))
}

has_alert() {
    try "$1" --json alert 1
    ((LAST == 0))
}

# heard_nothing ID: in its inbox, its alerts, or of any record there is.
heard_nothing() {
    local record
    at "$1" inbox --limit 100
    expect '^Nothing new' "$1 to have heard nothing"
    at "$1" --json alerts
    expect '"items":\[\]' "no alert at $1"
    for record in "${RECORDS[@]}"; do
        ! has "$1" "$record" || broken "$1 has $record"
    done
}

# sees_no_hint ID: heard nothing, and a look at the child shows who works with it and nothing of this.
sees_no_hint() {
    heard_nothing "$1"
    try "$1" --json alert 1
    ((LAST == 5)) || broken "$1 can tell that there is an alert"
    at "$1" --json picture "$WORK/child.json" "${SCREENER[@]}" --reason "To see what is known before we meet the family."
    expect '"entries":\[\]' "nothing in what $1 sees of the child"
    expect '"involved":\[\{' "$1 to see who works with the child"
    refute '"withheld":true|"older":true' "a hint that $1 does not see everything"
}

opened_there() {
    at surgery record "$1"
    grep -q 'opened.*Health Visiting, North\|Health Visiting, North.*opened' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001" 3s
join visitor health-visiting "Health Visiting, North" "01632 960004"
join nurse school-nursing "School Nursing, North" "01632 960007"
join hospital hospital "Northgate Hospital" "01632 960002"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
join school school "Spindle School" "01632 960006"
join police police "Weir Valley Police" "01632 960008"
start_broker partnership
start_agents "${AGENCIES[@]}"
connect "${AGENCIES[@]}"
printf '{%s}' "$(child)" >"$WORK/child.json"
at surgery involve "$DATA/gp-involvement.json"
at visitor involve "$DATA/health-visiting-involvement.json"
involve hospital open-case
involve school on-roll
involve police open-case
involve nurse on-roll "${PUPIL[@]}"
involve surgery registered-patient 9994117114 ES-40395

# --- a clerical error ---

submit surgery appointment gp-corrected-evening.json
EARLY=$(member reference)
try_submit surgery appointment gp-corrected-morning.json
expect '"outcome":"withdrawn"' "the correction to be in time"
misses gp-noshow-1.json
at surgery --json record "$EARLY"
expect '"state":"withdrawn"' "what was corrected to be withdrawn"
refute 'log_index' "a place in the log"
promise "an appointment corrected before it settled never leaves the practice"

# --- each of them ---

FIRST=${RECORDS[0]}
eventually 30 "the health visitor to have the first" has visitor "$FIRST"
at visitor record "$FIRST"
expect 'Peregrina' "which child it is"
refute 'Nurse review' "the account before a reason"
at visitor record "$FIRST" --open "${VISITOR[@]}" --reason "She is on my list; I will ask her mother what happened."
at visitor record "$FIRST"
expect 'Nurse review' "what was missed"
expect 'Elm Street Surgery .surgery.  duty telephone 01632 960001' "whom to telephone at the practice"
promise "the health visitor of the child has it, and what it says once she gave a reason"

eventually 30 "the practice to hear that the health visitor has opened it" opened_there "$FIRST"
at surgery picture "$WORK/child.json" "${LEAD[@]}" "${WHY[@]}"
OUT=$(tr '\n' ' ' <<<"$OUT")
expect 'Health Visiting, North +open-case +call [^,]*, 01632 960004' "whom to telephone at the health visitor's"
promise "the practice hears that the health visitor has read it, and whom to telephone there"

for id in nurse hospital hub school police; do
    heard_nothing "$id"
done
promise "nobody else has heard of the first: one is no pattern"

submit surgery missed p-1 2026-11-19 9994117114 ES-40395
stored surgery "$(member reference)"
PUPILS=$(member record)
eventually 30 "the school nurse to have that of the pupil" has nurse "$PUPILS"
! has visitor "$PUPILS" || broken "the health visitor has that of the pupil"
promise "that of a pupil goes to the school nurse who works with her, and not to the health visitor"

# --- the third ---

misses gp-noshow-2.json
misses gp-vaccination.json
for id in surgery visitor hospital hub; do
    eventually 30 "$id to be alerted" has_alert "$id"
done
at surgery alert 1
[[ $(grep -cE '2026-(02-10|06-16|11-03)' <<<"$OUT") -ge 3 ]] || broken "the practice's list lacks one of the three"
promise "the practice's safeguarding lead has the list of the three"

for record in "${RECORDS[@]}"; do
    has visitor "$record" || broken "the health visitor lacks $record"
    ! has hospital "$record" || broken "the hospital has $record"
done
at hospital --json alert 1
[[ $(grep -oE '"class":"health-contact"' <<<"$OUT" | wc -l) == 3 ]] || broken "the hospital is told of other than three"
OUT=$(grep -oE '"headlines":\[[^]]*\]' <<<"$OUT")
refute '"(card|account|record|from)":|Peregrina|was-not-brought|surgery' "more than that there were three, at the hospital"
promise "a health colleague who works with the child hears that there were three, when, and no more"

at hub --json alert 1
[[ $(grep -oE '"account_state":"kept"' <<<"$OUT" | wc -l) == 3 ]] || broken "the hub's alert is of other than three"
expect '"card_state":"open"' "the hub to see which child it is"
refute 'Nurse review|"account":' "an account at the hub before a reason"
promise "the MASH has the three consolidated in one alert, and no account before a reason"

for id in school police; do
    sees_no_hint "$id"
done
promise "the school and the police, who work with the child too, are told nothing and see no hint of it"

# --- what comes back ---

try visitor alert 1 --open "${VISITOR[@]}" --reason "We have talked it over with the practice."
((LAST == 4)) || broken "somebody other than the front door decides"
at hub alert 1 --open --tell origins "${SCREENER[@]}" \
    --reason "The health visitor sees her on Friday and rings the practice."
is_told() {
    at surgery alert 1
    DECISION=$(sed -n 's/.*opened by Multi-agency .*; decision \([0-9a-f-]*\)$/\1/p' <<<"$OUT")
    [[ -n $DECISION ]]
}
eventually 30 "the practice to hear that it was opened" is_told
at surgery record "$DECISION"
expect 'The health visitor sees her on Friday' "what follows"
expect 'Rowan Ashgrove' "who looked at it"
at surgery record "$FIRST"
expect 'open by Multi-agency' "with its own record, who decided about the alert that lists it"
expect 'The health visitor sees her on Friday' "with its own record, why"
promise "the practice hears who looked at it and what follows, with its own record too"

for id in school police; do
    sees_no_hint "$id"
done
at surgery record "$FIRST"
refute 'Spindle School.*opened|Weir Valley Police.*opened' "the school or the police to have read anything"
promise "afterwards too the school and the police see no hint of it"

# --- why ---

at surgery agreement explain --record "$FIRST" --recipient police --role open-case
expect 'It is told nothing' "the police not to see it"
expect 'By the rule missed-never-to-police' "by which rule"
expect 'Caldicott' "where the rule comes from"
at visitor agreement explain --record "$FIRST" --role open-case
expect 'Elm Street Surgery .gp. has: was-not-brought' "what it is about"
expect 'May Health Visiting, North' "who asks"
expect 'It gets it at once' "the health visitor to see it"
at surgery agreement explain --record "$FIRST" --recipient visitor
expect 'for the child .*see it. So says the circle that the agent knows' "the role that the surgery knows the visitor to hold"
at surgery agreement explain --record "$FIRST" --recipient dental
expect 'if it has no role for the child, see it. Say --role ROLE if it has one' "that no role is known, and no fact made of it"
try visitor agreement explain --record "$PUPILS"
((LAST == 5)) || broken "the health visitor is told of a record that never came to it"
at visitor agreement check
expect 'In order' "the agreements that the agent holds to be in order"
promise "each agency is told in words why it, or another, may or may not see a record, by what its own agent holds"
