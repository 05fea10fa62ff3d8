#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_review.sh: a pattern begins in shadow, shows what it would raise, and is turned on. What was there before makes a
# list at the front door and alerts nobody; what comes later does.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

sign_patterns() {
    run pattern sign "$WORK/partnership" "$1"
}

is_listed() {
    at hub review
    grep -q 'Listed for review' <<<"$OUT"
}

is_raised() {
    at hub alerts
    grep -q 'Noticed' <<<"$OUT"
}

make_partnership partnership
join surgery gp "Elm Street Surgery" "01632 960001"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
cp "$WORK/partnership/governance/patterns.json" "$WORK/live.json"
sed '0,/"state": "live"/s//"state": "shadow"/' "$WORK/live.json" >"$WORK/shadow.json"
sign_patterns "$WORK/shadow.json"
start_broker partnership
start_agents surgery hub
connect surgery hub
at surgery involve "$DATA/gp-involvement.json"
for month in 02 05 08; do
    submit surgery missed "m$month" "2026-$month-10"
    stored surgery "$(member reference)"
done
run pattern preview "$WORK/partnership/broker"
expect 'three-missed-health-appointments  in shadow' "the pattern"
expect 'would have raised 1 this week and 0 last week, of a budget of 40' "what it would have raised"
promise "a pattern in shadow shows how much it would have raised, and names nobody"

stop broker
sign_patterns "$WORK/live.json"
start_broker partnership
connect surgery hub
eventually 30 "the list for review" is_listed
expect 'from what was there before the pattern was turned on' "why it is listed"
at hub alerts
expect 'has been told of no alert' "no alert"
promise "what was recorded before a pattern was turned on is listed for review, and alerts nobody"

submit surgery missed m10 2026-10-10
eventually 30 "the alert" is_raised
at hub review
expect 'Nothing is listed for review' "the list to be empty"
promise "what comes after a pattern was turned on raises an alert"
