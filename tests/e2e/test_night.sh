#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_night.sh: an immediate concern at night, while the MASH's agent is down: the sender has the number of whoever
# is on duty at that hour, the out-of-hours team is the one to act; nobody opens it in time, and everybody hears, with the
# number that holds then; the team opens it, and the MASH finds it in the morning. It takes the minute that a calendar may
# least allow.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

WHO=(--name "Rowan Ashgrove" --role "Emergency duty social worker")

# calendar NOW OTHER: the desk NOW is on duty at this hour, the other one for an hour on the other side of the clock.
calendar() {
    local days='["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]' hour from until
    hour=$((10#$(TZ=Europe/London date +%H)))
    hour=$(((hour + 12) % 24))
    from=$(printf '%02d:00' "$hour")
    until=$(printf '%02d:00' $((hour + 1)))
    cat <<JSON
{"format": "cairn-calendar/v1", "review_by": "2099-01-01", "urgent_unopened_minutes": 1, "holidays": [],
 "desks": [{"id": "mash", "agency": "hub", "name": "MASH duty desk", "phone": "01632 960100"},
           {"id": "night", "agency": "night", "name": "Emergency duty team", "phone": "01632 960101"}],
 "hours": [{"desk": "$2", "days": $days, "from": "$from", "until": "$until"}
JSON
    [[ $hour == 0 ]] || printf ', {"desk": "%s", "days": %s, "from": "00:00", "until": "%s"}\n' "$1" "$days" "$from"
    [[ $hour == 23 ]] || printf ', {"desk": "%s", "days": %s, "from": "%s", "until": "24:00"}\n' "$1" "$days" "$until"
    printf ']}\n'
}

# on_duty DESK OTHER: from the broker's next start.
on_duty() {
    calendar "$1" "$2" >"$WORK/calendar.json"
    run calendar sign "$WORK/partnership" "$WORK/calendar.json"
}

# says ID PATTERN: something in its inbox.
says() {
    at "$1" --json inbox
    grep -qE -- "$2" <<<"$OUT"
}

is_opened() {
    at school --json record "$REFERENCE"
    grep -q '"state":"opened"' <<<"$OUT"
}

make_partnership partnership
join school school "Quillfeather School" "01632 960005"
join night out-of-hours "Emergency duty team" "01632 960101"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
on_duty night mash
start_broker partnership
start_agents school night hub
connect school night hub
stop hub

submit school immediate n-1
REFERENCE=$(member reference)
expect '"phone":"01632 960101"' "the number of the team that is on duty at this hour"
stored school "$REFERENCE"
at school record "$REFERENCE"
expect 'Telephone now: Emergency duty team 01632 960101' "the sender to be told whom to telephone"
promise "whoever sends something immediate is answered with the number of that hour, also when the hub is down"

eventually 30 "the night team to be told" says night '"urgency":"immediate"'
expect '"on_duty":true' "the night team to be the one to act"
ENTRY=$(member record)
promise "the desk on duty is told that it is the one to act"

UNOPENED='"notice":"unopened"'
eventually 100 "the sender to hear that nobody has opened it" says school "$UNOPENED"
expect 'Telephone now: Emergency duty team 01632 960101. From [^.]*:00 it is MASH duty desk 01632 960100' \
    "whom to telephone now, and later"
eventually 10 "the night team to hear it too" says night "$UNOPENED"
promise "nobody has opened it in time: sender and desks hear, with the numbers of now and later"

at night record "$ENTRY" --open "${WHO[@]}" --reason "The police are on their way and ask what the school saw."
at night record "$ENTRY"
expect 'What happened under n-1' "the account"
eventually 30 "the sender to hear that it was opened" is_opened
promise "the team on duty opens it with a reason, and the sender hears who has"

start_agents hub
connect hub
eventually 30 "the hub to find it" says hub '"urgency":"immediate"'
expect '"on_duty":false' "the hub not to be the one that was to act"
eventually 10 "the hub to hear that nobody had opened it" says hub "$UNOPENED"
promise "the hub finds it in the morning, and that it was told as the next desk"

stop broker
on_duty mash night
start_broker partnership
connect school night hub
eventually 30 "the new calendar to come" log_says school 'document=calendar version=3'
submit school immediate n-2
expect '"phone":"01632 960100"' "the number of the hub once it is on duty"
stored school "$(member reference)"
eventually 30 "the hub to be the one to act" says hub '"on_duty":true'
promise "at another hour it is the other desk's number, and the other desk to act"
