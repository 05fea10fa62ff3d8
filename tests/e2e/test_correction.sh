#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_correction.sh: a missed appointment that was a clerical error. Corrected in time it never leaves the
# practice; corrected later it is taken back, and takes no part in the count any more.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# file NAME [SED-EXPRESSION...]: one of the demonstration's files, changed.
file() {
    local arguments=() expression
    for expression in "${@:2}"; do
        arguments+=(-e "$expression")
    done
    sed "${arguments[@]}" -e '' "$DATA/$1"
}

# hand FILE-ARGUMENT...: the practice's appointment system hands it over.
hand() {
    hand_at surgery "$@"
}

hand_at() {
    try_submit "$1" file "${@:2}"
    ((LAST == 0)) || broken "$2 was not taken"
}

bodies() {
    run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
    member bodies
}

is_taken_back() {
    at surgery --json record "$1"
    grep -q '"retracted":true' <<<"$OUT"
}

has_alert() {
    at "$1" --json alerts
    grep -q '"alert":1' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001" 3s
join hospital hospital "Northgate Hospital" "01632 960002" 0s
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents surgery hospital hub
connect surgery hospital hub

# --- in time ---

hand gp-corrected-evening.json
expect '"outcome":"accepted"' "the missed appointment to be accepted"
EARLY=$(member reference)
expect '"state":"settling".*Settling until [^"]*It has not left this computer' "words that it is settling"
hand gp-corrected-morning.json
expect '"outcome":"withdrawn"' "the correction to withdraw it"

hand gp-noshow-1.json
FIRST=$(member reference)
stored surgery "$FIRST"
at surgery --json record "$EARLY"
expect '"state":"withdrawn".*Withdrawn before it left' "words that it never left"
refute 'log_index' "a place in the log"
[[ $(bodies) == 1 ]] || broken "the broker holds other than the one that was not corrected"
promise "corrected within the settle time it never leaves: a later one is stored, it has no place in the log"

hand gp-corrected-morning.json 's/es-a-1006/es-a-1206/'
hand gp-corrected-evening.json 's/es-a-1006/es-a-1206/'
expect '"outcome":"older-version"' "what was corrected before it came not to be told"
refute '"reference"' "a record of it"
promise "a correction that comes before what it corrects is kept: that is not told"

hand gp-confidential.json
hand gp-young-person.json
hand gp-cancelled-by-service.json
at surgery --json status
expect '"appointment-aged-16-or-17":1,"appointment-cancelled-by-service":1,"appointment-confidential":1' \
    "how many were not told, and why"
promise "what is not told is counted by reason, where the operator looks"

# --- too late ---

hand gp-corrected-evening.json 's/es-a-1006/es-a-1106/'
LATE=$(member reference)
stored surgery "$LATE"
LATE_RECORD=$(member record)
promise "another one, not corrected in time, is stored"

hand gp-corrected-morning.json 's/es-a-1006/es-a-1106/'
expect '"outcome":"retracted"' "the correction to take it back"
RETRACTION=$(member reference)
stored surgery "$RETRACTION"
eventually 10 "the record to be told as taken back" is_taken_back "$LATE"
expect '"words":"Taken back' "words that it was taken back"
promise "its correction goes out as a retraction, and the record says that it was taken back"

hand_at hospital hospital-noshow.json
stored hospital "$(member reference)"
run --json status "$WORK/partnership/broker"
[[ $(member apply_alerts_raised) == 0 ]] || broken "what was taken back was counted"
at hub --json alerts
expect '"items":\[\]' "no alert"
promise "with one more that makes two, not three: nobody is told"

hand gp-noshow-2.json
eventually 30 "the alert at the hub" has_alert hub
at hub --json alert 1
[[ $(grep -oE '"headlines":\[.*\]' <<<"$OUT" | grep -oE '"record":"[^"]*"' | sort -u | wc -l) == 3 ]] ||
    broken "the alert shows other than three records"
refute "\"record\":\"$LATE_RECORD\"" "the record that was taken back"
promise "the third that was not taken back raises the alert, which does not show the one that was"
