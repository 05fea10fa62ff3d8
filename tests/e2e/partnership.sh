# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tests/e2e/partnership.sh: what the stories of this folder share; they source it. A partnership of real processes in a
# folder of its own, on a free port of the loopback, and gone again when the story ends, however it ends. A story calls
# `promise` once for each thing that it has shown to hold, and `broken` ends it.
# CAIRN_BIN is the folder with cairn, cairn-broker and cairn-agent (build/release).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BIN=${CAIRN_BIN:-build/release}
# shellcheck disable=SC2034 # for the stories
DATA=tests/data/demo
WORK=
OUT=          # what the last command said
LAST=0        # its exit status
declare -A PID=() LOG=()
HELD_CLOCK=
STARTS=0
CLAIMS=()

# shellcheck source=tools/clock.sh
source tools/clock.sh

# --- saying ---

promise() {
    printf 'ok    %s\n' "$*"
}

broken() {
    local name
    printf 'BROKEN  %s\n' "$*" >&2
    if [[ -n $OUT ]]; then
        printf '%s\n' "$OUT" | head -n 40 | sed 's/^/    | /' >&2
    fi
    for name in "${!LOG[@]}"; do
        printf '  %s:\n' "$name" >&2
        tail -n 6 "${LOG[$name]}" >&2 || true
    done
    exit 1
}

# expect PATTERN WORDS: OUT has it.
expect() {
    grep -qE -- "$1" <<<"$OUT" || broken "expected $2"
}

refute() {
    if grep -qE -- "$1" <<<"$OUT"; then
        broken "did not expect $2"
    fi
}

# eventually SECONDS WORDS COMMAND...: tries until it succeeds.
eventually() {
    local deadline=$((SECONDS + $1)) words=$2
    shift 2
    until "$@"; do
        ((SECONDS < deadline)) || broken "waited in vain for $words"
        sleep 0.05
    done
}

# --- the folder ---

finish() {
    local status=$? name
    if ((status == 0)) && [[ -n $WORK ]]; then
        (lines_are_in_order && no_sanitizer_spoke) || status=1
    fi
    for name in "${!PID[@]}"; do
        kill -KILL "${PID[$name]}" 2>/dev/null || true
        { wait "${PID[$name]}" || true; } 2>/dev/null
    done
    if [[ -n $WORK ]]; then
        rm -rf "${CLAIMS[@]}" "$WORK" "$HELD_CLOCK" # at once: `rm` too asks what the time is
    fi
    exit "$status"
}

# A store lies on a disk that keeps what it is told, or, for a test, in memory.
choose_folder() {
    local folder
    for folder in "${TMPDIR:-/tmp}" /var/tmp /dev/shm; do
        case $(stat -f -c %T "$folder" 2>/dev/null) in
            ext2/ext3 | xfs | tmpfs)
                WORK=$(mktemp -d "$folder/cairn-e2e.XXXXXX")
                trap finish EXIT
                trap 'exit 130' INT TERM
                hold_clock "$BIN"
                return
                ;;
        esac
    done
    broken "no folder on ext4, xfs or tmpfs; set TMPDIR to one"
}

# A port that nobody else's test takes before the broker starts, nor while it is away: below those that the kernel gives
# to outgoing connections, and claimed by a lock (tests/support/daemons.c asks for the same).
claim_port() {
    PORT=$((20000 + RANDOM % 12000))
    { exec {CLAIM}>>"/tmp/cairn-test-port.$PORT"; } 2>/dev/null || return 1
    if ! flock -n "$CLAIM" || (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
        exec {CLAIM}>&-
        return 1
    fi
    CLAIMS+=("/tmp/cairn-test-port.$PORT")
}

# make_partnership FOLDER: below WORK; stories with one call it `partnership`.
make_partnership() {
    local folder=$1 program
    for program in cairn cairn-signer cairn-broker cairn-agent; do
        [[ -x $BIN/$program ]] || broken "$BIN/$program is missing"
    done
    [[ -n $WORK ]] || choose_folder
    eventually 10 "a free port" claim_port
    run init "$WORK/$folder" --name "Partnership of a test" --origin "cairn.example.org/$folder" \
        --endpoint "tcp://127.0.0.1:$PORT"
}

# join ID KIND NAME TELEPHONE [SETTLE] [PARTNERSHIP]
join() {
    local dir=$WORK/$1 partnership=$WORK/${6:-partnership}
    run agency request "$dir" --id "$1" --kind "$2" --name "$3" --duty-phone "$4" --joining "$partnership/joining.json"
    run agency approve "$partnership" "$dir/request.json"
    printf '\nsettle = %s\n' "${5:-0s}" >>"$dir/agent.ini"
}

# --- processes ---

# launch NAME PROGRAM ARGUMENT...: a log for each start, so that what it says is of this one.
launch() {
    local name=$1
    shift
    STARTS=$((STARTS + 1))
    LOG[$name]=$WORK/$name.$STARTS.log
    : >"${LOG[$name]}"
    "$@" >/dev/null 2>>"${LOG[$name]}" &
    PID[$name]=$!
}

# A line is priority and program, its event, then key=value: one word, or in quotation marks. One that was too long ends
# in "...". What the loader, an assertion or a sanitizer says there has no priority, and is none; of a sanitizer's see below.
LINE='^<[0-7]>cairn-[a-z]+ [a-z_]+( [a-z_]+=([^" ]*|"[^"]*"))*( [^ ]*\.\.\.)?$'
lines_are_in_order() {
    ! OUT=$(grep -hE '^<[0-7]>' "$WORK"/*.log | grep -vE -- "$LINE") ||
        broken "each line of a log is key=value, quoted where it holds a blank"
}

# An end with status 1 may be a refusal, and what a sanitizer says of it is in no line: a leak at the end, above all. That it has
# no memory itself is no finding.
no_sanitizer_spoke() {
    ! OUT=$(grep -hE -A 20 'Sanitizer: |runtime error: ' "$WORK"/*.log) || broken "a sanitizer found something"
}

log_says() {
    grep -qE -- "$2" "${LOG[$1]}"
}

is_up() {
    log_says "$1" ' ready ' && return
    kill -0 "${PID[$1]}" 2>/dev/null || broken "$1 did not start"
    return 1
}

# start_broker PARTNERSHIP
start_broker() {
    launch broker "$BIN/cairn-broker" --allow-tmpfs --config "$WORK/$1/broker/broker.ini"
    eventually 30 "the broker to start" is_up broker
}

# separate_signer PARTNERSHIP: before the first start: the checkpoint key is a signer's of its own, as docs/operations.md says.
separate_signer() {
    local partnership=$WORK/$1
    mkdir -m 700 "$partnership/signer"
    mv "$partnership/broker/keys/checkpoint-key" "$partnership/signer/"
    sed -i "s|^signed = .*|signer = $partnership/signer/signer.sock|" "$partnership/broker/broker.ini"
    cat >"$partnership/signer.ini" <<INI
[signer]
keys = $partnership/signer
governance = $partnership/governance
signed = $partnership/signer/signed
socket = $partnership/signer/signer.sock
INI
}

# start_signer PARTNERSHIP
start_signer() {
    launch signer "$BIN/cairn-signer" --config "$WORK/$1/signer.ini"
    eventually 30 "the signer to start" is_up signer
}

# start_agents ID...
start_agents() {
    local id
    for id in "$@"; do
        launch "$id" "$BIN/cairn-agent" --allow-tmpfs --config "$WORK/$id/agent.ini"
    done
    for id in "$@"; do
        eventually 30 "$id to start" is_up "$id"
    done
}

is_connected() {
    try "$1" --json status
    grep -q '"state":"connected"' <<<"$OUT"
}

connect() {
    local id
    for id in "$@"; do
        eventually 30 "$id to connect" is_connected "$id"
    done
}

# stop NAME...: asks to end, and expects an end in order.
stop() {
    local name pid
    for name in "$@"; do
        pid=${PID[$name]}
        unset "PID[$name]"
        kill -TERM "$pid"
        wait "$pid" || broken "$name did not end in order"
    done
}

# kill_hard NAME...: as a power cut would. All of them, then waits.
kill_hard() {
    local name
    for name in "$@"; do
        kill -KILL "${PID[$name]}"
    done
    for name in "$@"; do
        { wait "${PID[$name]}" || true; } 2>/dev/null
        unset "PID[$name]"
    done
}

has_ended() {
    ! kill -0 "${PID[$1]}" 2>/dev/null
}

# ended NAME: waits for its end; its exit status is in LAST.
ended() {
    eventually 30 "$1 to end" has_ended "$1"
    LAST=0
    { wait "${PID[$1]}" || LAST=$?; } 2>/dev/null
    unset "PID[$1]"
}

# --- the command line ---

# run ARGUMENT...: `cairn` for whoever administers.
run() {
    OUT=$("$BIN/cairn" "$@" 2>&1) || broken "cairn $*: failed"
}

# try ID ARGUMENT...: `cairn` as that agency's people type it; it may fail: LAST.
try() {
    local id=$1
    shift
    LAST=0
    OUT=$(CAIRN_AGENT=$WORK/$id/agent.sock "$BIN/cairn" "$@" 2>&1) || LAST=$?
}

# at ID ARGUMENT...: the same, and it must not fail.
at() {
    try "$@"
    ((LAST == 0)) || broken "$1: cairn ${*:2}: failed"
}

# try_submit ID RECORD ARGUMENT...: what the function RECORD writes; it may fail: LAST.
try_submit() {
    local id=$1
    shift
    LAST=0
    OUT=$("$@" | CAIRN_AGENT=$WORK/$id/agent.sock "$BIN/cairn" --json submit - 2>&1) || LAST=$?
}

# submit ID RECORD ARGUMENT...: the same, and it must be accepted.
submit() {
    try_submit "$@"
    ((LAST == 0)) || broken "$1: submitting ${*:2} failed"
    [[ $(member outcome) == accepted ]] || broken "$1: ${*:2} was not accepted"
}

# member NAME: the first member of that name in OUT, which is JSON on one line; blank when there is none.
member() {
    grep -oE "\"$1\":(\"[^\"]*\"|-?[0-9]+|true|false)" <<<"$OUT" | head -n 1 | sed -E 's/^"[^"]*"://; s/^"(.*)"$/\1/' || true
}

# members NAME: all of them, one a line.
members() {
    grep -oE "\"$1\":(\"[^\"]*\"|-?[0-9]+|true|false)" <<<"$OUT" | sed -E 's/^"[^"]*"://; s/^"(.*)"$/\1/' || true
}

is_stored() {
    at "$1" --json record "$2"
    grep -q '"state":"stored"' <<<"$OUT"
}

stored() {
    eventually 30 "$2 of $1 to be stored" is_stored "$1" "$2"
}

# --- records ---

# child [NHS-NUMBER] [LOCAL-ID]
child() {
    cat <<JSON
"child": {
  "nhs_number": {"value": "${1:-9994117025}", "verified": true}, "local_id": "${2:-HV-118820}",
  "given_name": "Peregrina", "family_name": "Thistledown", "birth_date": "2022-03-14", "postcode": "NM7 4QX"
}
JSON
}

# record SOURCE-ID DAY HEAD [NHS-NUMBER] [LOCAL-ID]: HEAD is kind, code and the like, with a comma at its end.
record() {
    cat <<JSON
{
  "format": "cairn-record/v1", $3 "event_date": "$2", $(child "${@:4}"),
  "account": {"summary": "What happened under $1.", "evidence": "seen"},
  "source": {"system": "test", "id": "$1", "version": "1"},
  "lawfulness": {
    "judged_by": "person", "judge": "Corisande Applegarth, health visitor", "basis": "public-task",
    "detriment": "not-more-detrimental", "function": "Assessing whether the child needs help.", "family_told": "told"
  }
}
JSON
}

concern() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-physical", "level": 1,' "${@:2}"
}

immediate() {
    record "$1" 2026-11-20 '"kind": "concern", "code": "neglect-supervision", "level": 4, "urgency": "immediate",' "${@:2}"
}

# missed SOURCE-ID DAY [NHS-NUMBER] [LOCAL-ID]
missed() {
    record "$1" "$2" '"kind": "missed-appointment", "code": "was-not-brought",' "${@:3}"
}
