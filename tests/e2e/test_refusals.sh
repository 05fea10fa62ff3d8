#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_refusals.sh: what a broker or an agent must not start on, and the reason that it gives.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# refuses NAME PATTERN PROGRAM...: it ends with status 1, and its log names the reason.
refuses() {
    local name=$1 pattern=$2
    shift 2
    launch "$name" "$@"
    ended "$name"
    OUT=
    ((LAST == 1)) || broken "$name ended with status $LAST where it had to refuse: $pattern"
    log_says "$name" "<3>.* refused_to_start .*$pattern" || broken "$name did not give the reason: $pattern"
    if log_says "$name" ' ready '; then
        broken "$name opened its door before it refused"
    fi
}

broker_refuses() {
    refuses broker "$1" "$BIN/cairn-broker" --allow-tmpfs --config "$WORK/partnership/broker/broker.ini"
}

agent_refuses() {
    refuses "$1" "$2" "$BIN/cairn-agent" --allow-tmpfs --config "$WORK/$1/agent.ini"
}

# reads_wrong NAME: starts with a wrong configuration, and refuses.
reads_wrong() {
    launch "$1" "$BIN/$1" --config "$WORK/wrong.ini"
    ended "$1"
    OUT=$(<"${LOG[$1]}")
    ((LAST == 1)) || broken "$1 ended with status $LAST where it had to refuse its configuration"
}

# refuses_words NAME: they cannot be read, which is said in one line, before anything is logged.
refuses_words() {
    reads_wrong "$1"
    (($(wc -l <<<"$OUT") == 1)) || broken "$1 has not one line to say of its configuration"
    expect "^$1: $WORK/wrong.ini" "$1 to name the file"
}

# refuses_values NAME: each can be read, and leads nowhere. A broker's signer is refused first, and says so too.
refuses_values() {
    reads_wrong "$1"
    (($(grep -c "^<3>$1 refused_to_start " <<<"$OUT") == 1)) || broken "$1 has not one line to say of what is not there"
    expect "$WORK/nowhere" "$1 to say what is not there"
    if grep -qv ' refused_to_start ' <<<"$OUT"; then
        broken "$1 says more than that"
    fi
}

# verified ID INDEX: the head that the agent verified last has that leaf.
verified() {
    try "$1" --json status
    (($(member size) > $2))
}

make_partnership other
OTHER=$WORK/other
make_partnership partnership
BROKER=$WORK/partnership/broker
join visitors health-visiting "Health Visiting, North" "01632 960003"
join stranger school "Spindle School" "01632 960006"

# --- configuration ---

for PROGRAM in cairn-broker cairn-signer cairn-agent; do
    rm -f "$WORK/wrong.ini"
    refuses_words "$PROGRAM"
    printf '[nothing]\nof = this\n' >"$WORK/wrong.ini"
    refuses_words "$PROGRAM"
    "$BIN/$PROGRAM" --example-config >"$WORK/wrong.ini"
    refuses_words "$PROGRAM"
    sed -i -E -e "s|^;signed = $|signed =|" -e "s|^([a-z]+) =$|\1 = $WORK/nowhere/\1|" "$WORK/wrong.ini"
    refuses_values "$PROGRAM"
done
promise "a configuration that cannot be read, or leads nowhere, is refused in one line"

# --- keys ---

chmod 644 "$BROKER/keys/checkpoint-key"
broker_refuses 'checkpoint-key.*others may get at it .mode 644.: run .chmod'
chmod 600 "$BROKER/keys/checkpoint-key"
promise "a broker refuses a key that others can read, and says how to put it right"

chmod 640 "$WORK/visitors/keys/signing-key"
agent_refuses visitors 'signing-key.*others may get at it .mode 640.: run .chmod'
chmod 600 "$WORK/visitors/keys/signing-key"
promise "so does an agent"

cp "$BROKER/keys/checkpoint-key" "$WORK/kept-key"
cp "$OTHER/broker/keys/checkpoint-key" "$BROKER/keys/checkpoint-key"
broker_refuses 'checkpoint-key is not the key that the directory names'
cp "$WORK/kept-key" "$BROKER/keys/checkpoint-key"
promise "a broker refuses a checkpoint key that the directory does not name"

# --- memory ---

cp "$BROKER/broker.ini" "$WORK/kept.ini"
printf '\nmemory_limit = 16M\n' >>"$BROKER/broker.ini"
broker_refuses 'the worst case is [0-9]+ MiB, the limit is 16 MiB; raise memory_limit'
cp "$WORK/kept.ini" "$BROKER/broker.ini"
promise "a broker refuses a memory limit below its worst case, and names both"

# --- another partnership ---

try visitors agency approve "$OTHER" "$WORK/visitors/request.json"
((LAST == 6)) || broken "a request to another partnership was approved"
expect 'asks another partnership' "the reason"
promise "a partnership does not approve a request that was made to another one"

# Its keys are in this partnership's directory; what it trusts is the other one, said to be where this one is.
HERE=$(grep -oE 'tcp://127.0.0.1:[0-9]+' "$WORK/visitors/joining.json" | head -n 1)
sed -E "s|tcp://127.0.0.1:[0-9]+|$HERE|" "$OTHER/joining.json" >"$WORK/stranger/joining.json"
start_broker partnership
start_agents stranger visitors
connect visitors
submit visitors concern c-1
stored visitors "$(member reference)"
if is_connected stranger; then
    broken "an agent trusts a broker of another partnership"
fi
try_submit stranger concern s-1
refute '"state":"(stored|on-its-way)"' "its record to leave"
promise "an agent with another partnership's joining file does not connect, and nothing of it leaves"

# --- an older store ---

stop broker
cp -r "$BROKER/data" "$WORK/older"
start_broker partnership
connect visitors
submit visitors concern c-2
stored visitors "$(member reference)"
INDEX=$(member log_index)
stop broker
start_broker partnership
eventually 30 "visitors to greet the broker that was started anew" verified visitors "$INDEX"
stop broker
mv "$BROKER/data" "$WORK/newer"
cp -r "$WORK/older" "$BROKER/data"
broker_refuses 'it is older than its high-water mark; restore a newer copy'
promise "a broker refuses a store older than its high-water mark"

mv "$BROKER/highwater" "$WORK/newer-highwater"
broker_refuses 'it is older than its high-water mark; restore a newer copy'
promise "without that mark, what its signer has signed convicts it"

mv "$BROKER/signed" "$WORK/newer-signed"
start_broker partnership
ended broker
((LAST == 74)) || broken "the broker ended with status $LAST"
log_says broker '<2>.* log_fork agency=[0-9]* size=[0-9]* kept=yes' ||
    broken "the broker ended for another reason"
broker_refuses 'it is older than its high-water mark; restore a newer copy'
promise "without either mark, an agency that greets it convicts it: it ends, and refuses to start again"

rm -rf "$BROKER/data"
mv "$WORK/newer" "$BROKER/data"
mv -f "$WORK/newer-highwater" "$BROKER/highwater"
mv -f "$WORK/newer-signed" "$BROKER/signed"
start_broker partnership
stop broker
promise "the newer copy put back, it starts"
