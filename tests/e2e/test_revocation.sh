#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_revocation.sh: an agency is revoked while it is connected, and another joins, without a restart.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

reload_broker() {
    kill -HUP "${PID[broker]}"
}

directory_in_force() {
    log_says broker "governance_in_force.*directory=$1"
}

deliveries() {
    at "$1" --json inbox --limit 100
    members delivery | wc -l
}

has_deliveries() {
    (($(deliveries "$1") >= $2))
}

version() {
    run --json agency list "$WORK/partnership"
    member directory_version
}

warned() {
    try "$1" status
    grep -q 'nobody is there to open what is urgent' <<<"$OUT"
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join surgery gp "Elm Street Surgery" "01632 960001"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors surgery hub
connect visitors surgery hub
for id in visitors surgery hub; do
    eventually 30 "$id to have the directory" log_says "$id" "document=directory version=$(version)"
done

# A front door gets what is urgent at once: by that one sees whether anything goes to it.
submit visitors immediate before-1
stored visitors "$(member reference)"
eventually 30 "the hub to have it" has_deliveries hub 1
submit surgery concern before-2
stored surgery "$(member reference)"
promise "before: the surgery's record is stored, and the hub hears what is urgent"

run agency revoke "$WORK/partnership" surgery --reason "Trial of a revocation."
run agency revoke "$WORK/partnership" hub --reason "Trial of a revocation."
VERSION=$(version)
reload_broker
eventually 30 "the revocations to be in force" directory_in_force "$VERSION"
HUB_HEARD=$(deliveries hub)
submit surgery concern after-1
REVOKED=$(member reference)
submit visitors immediate after-2
stored visitors "$(member reference)"
submit visitors concern after-3
stored visitors "$(member reference)"
promise "others go on: their records are stored"
log_says broker "no_front_door directory=$VERSION" || broken "the broker does not say that the only front door is gone"
eventually 30 "the others to hear that the only front door is gone" warned visitors
promise "with the only front door revoked, broker and agents say that nobody is there to open what is urgent"

# The log has grown past both by now: whatever could have been stored or told, has been.
at surgery --json record "$REVOKED"
refute '"state":"stored"' "the revoked agency's record to be stored"
expect '"words":"(Stored on this computer; (not sent|being sent)|Refused)' "words that say that it is waiting or refused"
promise "the revoked agency's submission is not stored, and its words say so: $(member words)"

knows() {
    at surgery --json record "$1"
    grep -q 'this agency, or its key, was revoked' <<<"$OUT"
}

eventually 30 "the revoked agency to be told so of what it wrote" knows "$REVOKED"
submit surgery immediate after-5
expect 'Telephone now' "whom to telephone"
expect 'was revoked' "that nothing goes"
refute 'being sent now' "that it is on its way"
try surgery check
((LAST == 2)) || broken "a check of a revoked agency is not CRITICAL: $OUT"
expect 'was revoked' "why"
promise "once the broker has refused it as revoked, whoever writes something immediate is told so and whom to telephone"

stop surgery
start_agents surgery
submit visitors concern after-4
stored visitors "$(member reference)"
if is_connected surgery; then
    broken "a revoked agency connected again"
fi
try surgery status
expect 'not approved yet or revoked' "its status to say what that may mean"
at surgery --json record "$REVOKED"
refute '"state":"stored"' "the revoked agency's record to be stored after its restart"
promise "nor after a restart: it is not let in any more"

[[ $(deliveries hub) == "$HUB_HEARD" ]] || broken "a revoked front door was told something on its open connection"
promise "the open connection of the revoked hub gets nothing further"

run agency request "$WORK/newcomer" --id newcomer --kind early-help --name "Early Help, North" \
    --duty-phone "01632 960005" --joining "$WORK/partnership/joining.json"
start_agents newcomer
eventually 30 "the newcomer to hear that it is not approved" log_says newcomer ' waits_for_approval retry_max_s=30 '
try newcomer status
((LAST == 3)) || broken "the status of an agent that waits for its approval is not unreachable"
expect "waits for the partnership's approval since" "what the newcomer waits for"
expect 'It goes on trying by itself' "that nothing has to be started again"
try newcomer check
((LAST == 1)) || broken "a check of an agency that waits for its approval is not a WARNING"
expect 'not approved yet: send request.json' "what to do"
promise "a newcomer that is started before it is approved says so, once, and when it tries again"
log_says newcomer " not_connected_yet broker=\"tcp://127.0.0.1:$PORT\" next=\"it goes on trying by itself; what is submitted is kept here" ||
    broken "the newcomer does not say at its start which broker it dials, and that it goes on trying"
promise "an agent says at once, once, which broker it is not connected to yet and what becomes of what is submitted"
OUT=$(immediate new-0 | CAIRN_AGENT=$WORK/newcomer/agent.sock "$BIN/cairn" submit - 2>&1) || broken "the newcomer takes nothing urgent"
expect '>>>  TELEPHONE THE DUTY DESK NOW: this computer does not know its number yet  <<<' "that somebody has to telephone"
expect "not sent yet .this agency's place in the partnership is not known yet" "that it was not sent"
promise "something urgent at an agency that was never connected is answered with a banner: telephone"
run agency approve "$WORK/partnership" "$WORK/newcomer/request.json"
VERSION=$(version)
reload_broker
eventually 30 "the newcomer to be in force" directory_in_force "$VERSION"
connect newcomer
[[ $(grep -c waits_for_approval "${LOG[newcomer]}") == 1 ]] || broken "the newcomer says more than once that it waits"
submit newcomer concern new-1
stored newcomer "$(member reference)"
promise "a newcomer joins without a restart of anybody, and its record is stored"

at visitors --json status
expect '"state":"connected"' "the others to be connected still"
stop visitors surgery hub newcomer broker
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
[[ $(member bodies) == 7 ]] || broken "the broker holds other than the seven records of agencies that were not revoked"
promise "the broker holds exactly the seven records of those who were members when they spoke"
