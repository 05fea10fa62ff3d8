#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_nobody_sees_more.sh: who sees what of three missed appointments, before the third, after it, and after a
# person at the front door has opened them; member by member, by everything that each agency's interface answers.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

AGENCIES=(surgery hospital midwives hub school)
ACCOUNTS='Nurse review|squint and eye clinic|Was not brought to|online or proxy access|without a person looking|"account":'
REASON="Three appointments missed at two services within seven months; deciding about help."

# everything ID: all that its interface answers, of what there is and of every record that there is.
everything() {
    local answers="" record
    for record in "inbox --limit 100" alerts "alert 1" "${RECORDS[@]/#/record }"; do
        # shellcheck disable=SC2086 # words of a command line
        try "$1" --json $record
        answers+=$OUT$'\n'
    done
    OUT=$answers
}

# --- headlines, as their JSON reads ---

# existence DAY ORIGIN-KIND
existence() {
    printf '{"class":"health-contact","event_date":"%s","origin_kind":"%s","own":false,' "$1" "$2"
    printf '"provisional":false,"retracted":false}'
}

# own DAY ORIGIN-KIND AGENCY NAME
own() {
    printf '{"class":"health-contact","code":"was-not-brought","event_date":"%s",' "$1"
    printf '"from":{"agency":"%s","kind":"%s","name":"%s"},"origin_kind":"%s","own":true,' "$3" "$2" "$4" "$2"
    printf '"provisional":false,"record":"ID","record_kind":"missed-appointment","retracted":false}'
}

# told DAY ORIGIN-KIND AGENCY NAME LOCAL-ID: with the card, without the account.
told() {
    printf '{"account_state":"kept","card":{"address":"7 Quillfeather Lane, Nethermere","birth_date":"2022-03-14",'
    printf '"family_name":"Thistledown","format":"cairn-card/v1","given_name":"Peregrina","local_id":"%s",' "$5"
    printf '"nhs_number":{"status":"verified","value":"9994117025"},"postcode":"NM7 4QX"},"card_state":"open",'
    own "$@" | sed 's/^{//; s/"own":true/"own":false/'
}

# shows ID HEADLINE...: exactly these.
shows() {
    local expected
    expected=$(IFS=, && printf '[%s]' "${*:2}")
    at "$1" --json alert 1
    OUT=$(sed -E 's/.*"headlines":(\[.*\]),"household".*/\1/; s/"record":"[^"]*"/"record":"ID"/g' <<<"$OUT")
    [[ $OUT == "$expected" ]] || broken "$1 is not shown exactly: $expected"
}

has_alert() {
    try "$1" --json alert 1
    ((LAST == 0))
}

accounts_open() {
    at hub --json alert 1
    [[ $(grep -oE '"summary":"Was not brought' <<<"$OUT" | wc -l) == 3 ]]
}

is_told_opened() {
    at "$1" --json alert 1
    grep -q '"state":"opened"' <<<"$OUT"
}

# --- the story ---

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001"
join hospital hospital "Northgate Hospital" "01632 960002"
join midwives maternity "Maternity, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
join school school "Spindle School" "01632 960006"
start_broker partnership
start_agents "${AGENCIES[@]}"
connect "${AGENCIES[@]}"

RECORDS=()
REFERENCES=()
# hand ID FILE
hand() {
    submit "$1" cat "$DATA/$2"
    REFERENCES+=("$(member reference)")
    stored "$1" "${REFERENCES[-1]}"
    RECORDS+=("$(member record)")
}

at surgery involve "$DATA/gp-involvement.json"
at hospital involve "$DATA/hospital-involvement.json"
at midwives involve "$DATA/health-visiting-involvement.json"
hand surgery gp-noshow-1.json
hand surgery gp-noshow-2.json
stop surgery hospital midwives hub school
start_agents "${AGENCIES[@]}" # they hear at once whatever there is to hear
connect "${AGENCIES[@]}"
for id in hospital midwives hub school; do
    everything "$id"
    expect '^\{"items":\[\],"more":false,"next":[0-9]+,"older":0\}$' "empty lists at $id"
    refute '"(card|account|header|headlines|record)":' "anything about a record at $id"
done
everything surgery
refute "$ACCOUNTS" "an account in what the surgery is answered about its own"
promise "before the third: hospital, midwife, hub and school are shown nothing of the surgery's two"

hand hospital hospital-noshow.json
for id in surgery hospital midwives hub; do
    eventually 30 "$id to be alerted" has_alert "$id"
done

FIRST=2026-02-10 SECOND=2026-06-16 THIRD=2026-09-08
PRACTICE=(gp surgery "Elm Street Surgery")
SURGERY_ID="https://fhir.elm-street.example/Id/patient|ES-40417"
WARD_ID="https://fhir.northgate-hospital.example/Id/patient|NGH-7730291"
WARD=(hospital hospital "Northgate Hospital")

# circle: what all but the hub are shown, before and after.
circle() {
    shows surgery "$(own $FIRST "${PRACTICE[@]}")" "$(own $SECOND "${PRACTICE[@]}")" "$(existence $THIRD hospital)"
    shows hospital "$(existence $FIRST gp)" "$(existence $SECOND gp)" "$(own $THIRD "${WARD[@]}")"
    shows midwives "$(existence $FIRST gp)" "$(existence $SECOND gp)" "$(existence $THIRD hospital)"
    everything surgery
    refute "$ACCOUNTS|NGH-7730291" "anything of the hospital's at the surgery, but that it was told"
    everything hospital
    refute "$ACCOUNTS|ES-40417" "anything of the surgery's at the hospital, but that it was told"
    everything midwives
    refute "$ACCOUNTS|ES-40417|NGH-7730291|Elm Street|Northgate|was-not-brought" "more than existence at the midwife"
    try school --json alert 1
    ((LAST == 5)) || broken "the uninvolved school learns of an alert"
    everything school
    expect '^\{"items":\[\],"more":false,"next":[0-9]+,"older":0\}$' "empty lists at the school"
    refute 'Peregrina|"(card|account|header|headlines)":|health-contact' "anything at the uninvolved school"
}

circle
promise "after it: surgery and hospital see their own, and of the others that there was a health contact, when, of what kind"
promise "the midwife sees that much of all three, and the uninvolved school nothing"

shows hub "$(told $FIRST "${PRACTICE[@]}" "$SURGERY_ID")" "$(told $SECOND "${PRACTICE[@]}" "$SURGERY_ID")" \
    "$(told $THIRD "${WARD[@]}" "$WARD_ID")"
everything hub
refute "$ACCOUNTS" "an account at the hub before a reason"
promise "the hub sees which child, what and from whom, and no account before a reason"

try hospital alert 1 --open --name "Somebody" --role "Clerk" --reason "$REASON"
((LAST == 4)) || broken "the hospital could open the alert"
at hub alert 1 --open --name "Rowan Ashgrove" --role "Screening social worker" --reason "$REASON"
eventually 30 "the accounts to open at the hub" accounts_open
expect 'Nurse review, Elm Street' "the surgery's account"
expect "Children's squint and eye clinic" "the hospital's account"
promise "once a named person gives a reason, the hub reads the three accounts"

for id in surgery hospital midwives; do
    eventually 30 "$id to be told that it was opened" is_told_opened "$id"
done
circle
for id in surgery hospital midwives school; do
    everything "$id"
    refute "Rowan Ashgrove|deciding about help" "who and why at $id, which was not told"
done
promise "nobody else sees more than before, but that it was opened; not who nor why, when they are not told"

# --- what lies on the agents' disks ---

{ cat "$DATA/canaries.txt" && printf '%s\n' "Rowan Ashgrove" "$REASON"; } >"$WORK/search"
grep -qaFf "$WORK/search" "$DATA"/*.json || broken "the search does not find what is there"
for id in "${AGENCIES[@]}"; do
    [[ -s $WORK/$id/data/data.mdb ]] || broken "$id has no store to search"
    if OUT=$(grep -rlaFf "$WORK/search" "$WORK/$id/data" "${LOG[$id]}"); then
        broken "$id's files hold something about the child in clear"
    fi
done
promise "no name, number or sentence of the story is in clear in any agent's files"
