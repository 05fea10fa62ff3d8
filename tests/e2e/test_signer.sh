#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_signer.sh: a broker with a signer of its own standing: it does not hold the key, it ends when the signer
# does, and no copy of the store gets an older head signed.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# send NAME: an immediate concern, until the log has it.
send() {
    submit visitors immediate "$1"
    stored visitors "$(member reference)"
}

make_partnership partnership
BROKER=$WORK/partnership/broker
separate_signer partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"

launch broker "$BIN/cairn-broker" --allow-tmpfs --config "$BROKER/broker.ini"
ended broker
log_says broker ' refused_to_start .*signer cannot be reached' || broken "the broker does not say what it lacks"
promise "without its signer a broker does not start"

start_signer partnership
start_broker partnership
start_agents visitors hub
connect visitors hub
send c-1
promise "a broker that never sees the checkpoint key takes and answers records"

stop broker
cp -r "$BROKER/data" "$WORK/older"
start_broker partnership
connect visitors
send c-2
kill_hard signer
submit visitors immediate c-3
ended broker
((LAST == 74)) || broken "the broker ended with status $LAST"
log_says broker ' sign_failed ' || broken "the broker does not say why it ended"
promise "when the signer is gone, the broker ends before it answers"

start_signer partnership
start_broker partnership
stored visitors "$(member reference)"
stop broker
promise "both started again, nothing is lost"

mv "$BROKER/data" "$WORK/newer"
mv "$BROKER/highwater" "$WORK/newer-highwater"
cp -r "$WORK/older" "$BROKER/data"
launch broker "$BIN/cairn-broker" --allow-tmpfs --config "$BROKER/broker.ini"
ended broker
log_says broker ' refused_to_start .*older than its high-water mark' || broken "the broker started with an older store"
promise "an older store with no mark of its own is refused for what the signer has signed"

stop signer
start_signer partnership
launch broker "$BIN/cairn-broker" --allow-tmpfs --config "$BROKER/broker.ini"
ended broker
log_says broker ' refused_to_start .*older than its high-water mark' || broken "the signer forgot"
promise "a signer that was started anew has forgotten nothing"

rm -rf "$BROKER/data"
mv "$WORK/newer" "$BROKER/data"
mv -f "$WORK/newer-highwater" "$BROKER/highwater"
start_broker partnership
connect visitors hub
send c-4
promise "the newer store put back, the log goes on"
