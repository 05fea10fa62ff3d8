#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_rollback.sh: a broker that comes back from an old copy of all that it has is found out by the first agency
# that holds a receipt which that copy does not know.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# send NAME: an immediate concern, stored.
send() {
    submit visitors immediate "$1"
    stored visitors "$(member reference)"
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub

send c-1
stop broker
cp -r "$WORK/partnership" "$WORK/snapshot"
start_broker partnership
connect visitors hub
send c-2
stop broker

rm -rf "$WORK/partnership"
cp -r "$WORK/snapshot" "$WORK/partnership"
start_broker partnership
ended broker
((LAST != 0)) || broken "the broker ended as if all were well"
log_says broker ' log_fork ' || broken "the broker does not say why it stopped"
promise "a broker rolled back to before a receipt stops when the agency that holds it says hello"
