# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tests/fault/rig.sh: what the stories of this folder share; they source it. A partnership of two agencies: `visitors`
# hands in, `hub` is a front door and takes. Two journals outside of everything that is hurt: what an agent accepted, and
# what was handed over and acknowledged. `judge` compares them with what the broker holds.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/partnership.sh"

GIVEN=0 # accepted
OWED=0  # of these: immediate, so the hub must be told
PATIENCE=60 # seconds; what has been hurt dials again within half of that

make_rig() {
    make_partnership partnership
    join visitors health-visiting "Health Visiting, North" "01632 960003"
    join hub mash "Multi-agency safeguarding hub" "01632 960100"
    JOURNAL=$WORK/journal
    HANDED=$WORK/handed
    : >"$JOURNAL"
    : >"$HANDED"
    echo 0 >"$WORK/acknowledged"
}

start_rig() {
    start_broker partnership
    start_agents visitors hub
    connect visitors hub
}

# try_give RECORD NAME: what is accepted is journalled. Also when it was accepted before and nobody could be told.
try_give() {
    try_submit visitors "$@"
    if ((LAST == 0)); then
        grep -qE '"outcome":"(accepted|known-already)"' <<<"$OUT" || broken "$2 was neither accepted nor known"
        printf '%s %s\n' "$(member reference)" "$2" >>"$JOURNAL"
        GIVEN=$((GIVEN + 1))
        if [[ $1 == immediate ]]; then
            OWED=$((OWED + 1))
        fi
    fi
}

# give RECORD NAME: a new one, and it must be accepted. Its reference is in REFERENCE.
give() {
    try_give "$@"
    ((LAST == 0)) || broken "$2 was refused"
    # shellcheck disable=SC2034 # for the stories
    REFERENCE=$(member reference)
}

# items: a line for each of the page in OUT: its delivery, and its record or - when it is something else.
items() {
    awk '
        /^"delivery":/ {
            split($0, part, /[:,]/)
            record = "-"
            if (/"kind":"record"/ && match($0, /"record":"[^"]*"/)) record = substr($0, RSTART + 10, RLENGTH - 11)
            print part[2], record
        }
    ' <<<"${OUT//\"delivery\":/$'\n'\"delivery\":}"
}

# take_page: the hub's application reads what is new, acknowledges it, and never sees again what it acknowledged. HANDED
# gets DELIVERY RECORD of each record that was shown, also when the acknowledgement could not be answered; what else comes
# (that nobody has opened it, for one) has a delivery id as well.
take_page() {
    local before after delivery record
    before=$(cat "$WORK/acknowledged")
    try hub --json inbox --application screen --limit 100 --acknowledge
    while read -r delivery record; do
        ((delivery > before)) || broken "delivery $delivery was handed over again after $before was acknowledged"
        if [[ $record != - ]]; then
            printf '%s %s\n' "$delivery" "$record" >>"$HANDED"
        fi
    done < <(items)
    after=$(member next)
    if ((LAST == 0 && after > before)); then
        printf '%s\n' "$after" >"$WORK/acknowledged"
    fi
}

all_is_sent() {
    try visitors --json status
    grep -q '"spool":{"bulk":0,"normal":0,[^}]*"urgent":0}' <<<"$OUT"
}

is_stored_again() {
    try visitors --json record "$1"
    grep -q '"state":"stored"' <<<"$OUT"
}

# handed COLUMN: how many different ones.
handed() {
    cut -d ' ' -f "$1" "$HANDED" | sort -u | grep -c . || true
}

all_is_handed() {
    take_page
    (($(handed 2) >= OWED))
}

# judge WORDS: of a partnership that runs, and is stopped by this.
judge() {
    local reference name
    connect visitors hub
    eventually "$PATIENCE" "everything to be sent ($1)" all_is_sent
    while read -r reference name; do
        eventually "$PATIENCE" "$name, accepted as $reference, to be stored ($1)" is_stored_again "$reference"
    done <"$JOURNAL"
    [[ $(cut -d ' ' -f 1 "$JOURNAL" | sort -u | wc -l) == "$GIVEN" ]] || broken "two sources have one reference ($1)"
    eventually "$PATIENCE" "everything to be handed over ($1)" all_is_handed
    (($(handed 1) == OWED && $(handed 2) == OWED && $(handed 1,2) == OWED)) ||
        broken "$OWED records were owed to the hub, and came as $(handed 1) deliveries of $(handed 2) records ($1)"
    stop visitors hub broker
    judge_log "$1"
}

# judge_log WORDS: nobody has the store open. Each that was accepted is there, once, and nothing else.
judge_log() {
    run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
    expect '"sound":true' "a sound log ($1)"
    [[ $(member bodies) == "$GIVEN" ]] || broken "the broker holds $(member bodies) records, accepted were $GIVEN ($1)"
}
