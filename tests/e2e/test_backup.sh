#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_backup.sh: what docs/operations.md says about copying, restoring and moving a broker is so.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# send NAME: an immediate concern, until the log has it.
send() {
    submit visitors immediate "$1"
    stored visitors "$(member reference)"
}

# move_to FOLDER: the broker's folder and the documents, as to another machine; the configuration says where they are.
move_to() {
    mkdir "$WORK/$1"
    mv "$WORK/partnership/broker" "$WORK/partnership/governance" "$WORK/$1/"
    sed -i "s|$WORK/partnership/|$WORK/$1/|" "$WORK/$1/broker/broker.ini"
}

make_partnership partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents visitors hub
connect visitors hub
send c-1

if command -v mdb_copy >/dev/null; then
    mkdir -m 700 "$WORK/copy"
    (umask 077 && mdb_copy "$WORK/partnership/broker/data" "$WORK/copy") || broken "a copy while the broker runs"
    run log verify "$WORK/copy"
    expect '^Sound' "the copy to be sound"
    promise "a copy made with mdb_copy while the broker runs is whole"
else
    stop broker
    cp -r "$WORK/partnership/broker/data" "$WORK/copy"
    start_broker partnership
    connect visitors hub
fi

send c-2
stop broker
move_to elsewhere
start_broker elsewhere
connect visitors hub
send c-3
promise "a broker that was stopped and moved goes on, with every agency"

stop broker
mv "$WORK/elsewhere/broker/data" "$WORK/newest"
cp -r "$WORK/copy" "$WORK/elsewhere/broker/data"
launch broker "$BIN/cairn-broker" --allow-tmpfs --config "$WORK/elsewhere/broker/broker.ini"
ended broker
((LAST != 0)) || broken "a broker whose store is older than its high-water mark ended in order"
log_says broker 'ready ' && broken "a broker whose store is older than its high-water mark started"
promise "a store older than the high-water mark is refused"

rm -r "$WORK/elsewhere/broker/data"
mv "$WORK/newest" "$WORK/elsewhere/broker/data"
start_broker elsewhere
connect visitors hub
send c-4
promise "with the newest copy back it goes on"
