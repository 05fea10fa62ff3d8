#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fault/test_inject.sh [RUNS [SEED [WHO [HOW...]]]]: system calls that fail. strace records what the broker, a sending
# and a taking agent call in a short session, thread by thread. Then the session is run again and again, and in each run
# one call of one thread fails, once or from then on, or the process is killed there. It recovers or ends, and never
# hangs; started again, nothing that was accepted is missing and nothing is handed over again after it was acknowledged.
#
# RUNS of all combinations, drawn with SEED, or `all`. WHO (broker, visitors, hub) and HOW narrow what they are drawn from:
# EIO once, EIO+ for ever, EINTR+3 every third time (a call that is always interrupted is no call), KILL there.
# CAIRN_REPORT is a file to which a table of what was done is added.
# shellcheck source=tests/fault/rig.sh
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

RUNS=${1:-10}
SEED=${2:-$((RANDOM * 32768 + RANDOM))}
WHO=${3:-"broker visitors hub"}
HOWS=("${@:4}")
if ((${#HOWS[@]} == 0)); then
    HOWS=(EIO EIO+ ENOSPC ENOSPC+ EINTR EINTR+3 EMFILE EMFILE+ ENOMEM ENOMEM+ KILL)
fi
CALLS="openat mmap ftruncate fallocate pwrite64 writev write read fdatasync close sendto recvfrom epoll_wait poll
    accept4 recvmsg unlink"
WORK_S=6  # seconds that a session may take before it is told to end
END_S=30  # and so many until it has

export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # which looks at a process as strace does; one may
command -v strace >/dev/null || broken "strace is missing: ./run setup"
# A debugger may watch what it started itself; a daemon that cannot be looked into is started by it, or by root's.
((EUID == 0)) || { echo "skipped: only root may attach to a daemon's threads"; exit 0; }

# command_of WHO: sets COMMAND.
command_of() {
    if [[ $1 == broker ]]; then
        COMMAND=("$BIN/cairn-broker" --allow-tmpfs --config "$WORK/partnership/broker/broker.ini")
    else
        COMMAND=("$BIN/cairn-agent" --allow-tmpfs --config "$WORK/$1/agent.ini")
    fi
}

start_one() {
    command_of "$1"
    launch "$1" "${COMMAND[@]}"
    eventually "$PATIENCE" "$1 to start again" is_up "$1"
}

# --- what there is to fail ---

# record_calls WHO: adds "WHO THREAD CALL COUNT" to WORK/counts. A thread goes by its name, the first by `main`.
record_calls() {
    local who=$1
    stop "$who"
    command_of "$who"
    launch "$who" strace -f -D -qq -o "$WORK/$who.trace" -e "trace=prctl,${CALLS//[[:space:]]/,}" "${COMMAND[@]}"
    eventually "$PATIENCE" "$who to start under strace" is_up "$who"
    connect visitors hub
    session "recorded-$who"
    stop "$who"
    awk -v who="$who" '
        NR == 1 { name[$1] = "main" }
        match($0, /PR_SET_NAME, "[^"]*"/) && !($1 in name) { name[$1] = substr($0, RSTART + 14, RLENGTH - 15); gsub(/ /, "_", name[$1]) }
        $2 ~ /^[a-z0-9_]+\(/ && $2 !~ /^prctl/ { call = $2; sub(/\(.*/, "", call); n[$1 " " call]++ }
        END {
            for (key in n) {
                split(key, part, " ")
                if (part[1] in name) {
                    thread = name[part[1]] " " part[2]
                    if (n[key] > most[thread]) most[thread] = n[key]
                }
            }
            for (thread in most) print who, thread, most[thread]
        }
    ' "$WORK/$who.trace" | sort >>"$WORK/counts"
    start_one "$who"
    connect visitors hub
}

# The plan: "WHO THREAD CALL INSTANCE HOW", a line each.
make_plan() {
    local who thread call count how i
    while read -r who thread call count; do
        for ((i = 1; i <= count; i++)); do
            for how in "${HOWS[@]}"; do
                printf '%s %s %s %d %s\n' "$who" "$thread" "$call" "$i" "$how"
            done
        done
    done <"$WORK/counts" >"$WORK/everything"
    if [[ $RUNS == all ]]; then
        cp "$WORK/everything" "$WORK/plan"
    else
        # Each call of each thread is as likely as another, however often it is made.
        awk -v seed="$SEED" -v runs="$RUNS" '
            BEGIN { srand(seed) }
            { key = $1 " " $2 " " $3; if (!(key in n)) keys[++k] = key; line[key, ++n[key]] = $0 }
            END {
                for (i = 0; i < runs; i++) {
                    key = keys[1 + int(rand() * k)]
                    print line[key, 1 + int(rand() * n[key])]
                }
            }
        ' "$WORK/everything" >"$WORK/plan"
    fi
}

# --- one session ---

# hand_in NAME: refused or not, it is tried again later.
hand_in() {
    local kind=concern
    [[ $1 == *urgent* ]] && kind=immediate
    try_give "$kind" "$1"
    if ((LAST != 0)); then
        LATER+=("$kind $1")
    fi
}

session_is_over() {
    (($(handed 2) < OWED)) && take_page
    has_ended "${WHO_FAILS:-nobody}" || { all_is_sent && (($(handed 2) >= OWED)); }
}

# session NAME: three records, one of them urgent, which the hub's application takes and acknowledges.
session() {
    local deadline=$((SECONDS + WORK_S))
    LATER=()
    hand_in "$1-a"
    hand_in "$1-urgent"
    take_page
    hand_in "$1-c"
    until session_is_over || ((SECONDS >= deadline)); do
        sleep 0.05
    done
}

# has_ended WHO: also one that was waited for.
has_ended() {
    [[ -z ${PID[$1]:-} ]] || ! kill -0 "${PID[$1]}" 2>/dev/null
}

# --- one run ---

# injection CALL INSTANCE HOW: what strace is told. A call that fails becomes getpid, which every list of calls has.
injection() {
    local error=${3%%+*} when=$2
    [[ $3 == *+* ]] && when=$2+${3#*+}
    if [[ $error == KILL ]]; then
        printf 'inject=%s:signal=KILL:when=%s' "$1" "$when"
    else
        printf 'inject=%s:error=%s:syscall=getpid:when=%s' "$1" "$error" "$when"
    fi
}

# find_thread WHO NAME: sets TID; a process that it has started counts as a thread of that name.
find_thread() {
    local comm name pid=${PID[$1]}
    TID=
    for comm in "/proc/$pid/task"/*/comm $(sed 's|[0-9]*|/proc/&/comm|g' "/proc/$pid/task/$pid/children" 2>/dev/null); do
        name=$(tr ' ' _ <"$comm" 2>/dev/null) || continue
        if [[ $name == "$2" ]]; then
            TID=$(basename "$(dirname "$comm")")
            return
        fi
    done
    return 1
}

is_traced() {
    ! grep -q '^TracerPid:.0$' "/proc/$1/status" 2>/dev/null
}

# start_failing WHO THREAD CALL INSTANCE HOW
start_failing() {
    local who=$1 thread=$2 inject
    inject=$(injection "$3" "$4" "$5")
    command_of "$who"
    : >"$WORK/injected"
    if [[ $thread == main ]]; then
        launch "$who" strace -D -qq -o "$WORK/injected" -e "trace=$3" -e "$inject" "${COMMAND[@]}"
        await_start "$who"
    else
        launch "$who" "${COMMAND[@]}"
        await_start "$who"
        has_ended "$who" && broken "$who did not start"
        find_thread "$who" "$thread" || return 0
        strace -qq -f -p "$TID" -o "$WORK/injected" -e "trace=$3" -e "$inject" 2>/dev/null &
        PID[strace]=$!
        eventually "$PATIENCE" "strace to attach" is_traced "$TID"
    fi
}

has_started() {
    log_says "$1" ' ready ' || has_ended "$1"
}

# It starts, or ends, or it does neither and must at least end when it is told to.
await_start() {
    local deadline=$((SECONDS + END_S))
    until has_started "$1" || ((SECONDS >= deadline)); do
        sleep 0.02
    done
}

# end_failing WHO: an end of any kind, but not by a signal that says that our memory is wrong or that a wall was run into.
end_failing() {
    local deadline=$((SECONDS + END_S))
    kill -TERM "${PID[$1]}" 2>/dev/null || true
    until has_ended "$1"; do
        ((SECONDS < deadline)) || broken "$1 neither goes on nor ends"
        sleep 0.02
    done
    LAST=0
    { wait "${PID[$1]}" || LAST=$?; } 2>/dev/null
    unset "PID[$1]"
    if [[ -n ${PID[strace]:-} ]]; then
        { wait "${PID[strace]}" || true; } 2>/dev/null
        unset "PID[strace]"
    fi
    case $LAST in
        $((128 + 4)) | $((128 + 7)) | $((128 + 8)) | $((128 + 11)) | $((128 + 31))) broken "$1 was ended by signal $((LAST - 128))" ;;
    esac
}

# Everything that could not be handed in goes again, under the name that it had.
catch_up() {
    local kind name
    for name in "${LATER[@]}"; do
        read -r kind name <<<"$name"
        give "$kind" "$name"
    done
    LATER=()
    eventually "$PATIENCE" "everything to be sent" all_is_sent
    eventually "$PATIENCE" "everything to be handed over" all_is_handed
    (($(handed 1) == OWED && $(handed 2) == OWED && $(handed 1,2) == OWED)) ||
        broken "$OWED records were owed to the hub, and came as $(handed 1) deliveries of $(handed 2) records"
}

# run_one NUMBER WHO THREAD CALL INSTANCE HOW
run_one() {
    local who=$2
    CASE="${*:2}"
    stop "$who"
    if [[ $who == broker ]]; then
        judge_log "before $CASE"
    fi
    start_failing "${@:2}"
    WHO_FAILS=$who session "run-$1"
    end_failing "$who"
    printf '%s %d %d\n' "$CASE" "$LAST" "$(was_hit "$6")" >>"$WORK/done"
    start_one "$who"
    catch_up
    CASE=
}

was_hit() {
    if grep -qE 'INJECTED|SIGKILL' "$WORK/injected" || [[ $1 == KILL && $LAST == 137 ]]; then
        echo 1
    else
        echo 0
    fi
}

# What was done, by who and call.
table() {
    printf '\n| who | call | runs | of these, the call failed | ended in order | ended by themselves | killed | aborted |\n'
    printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
    awk '
        { key = $1 " | " $3; runs[key]++; hit[key] += $NF; code = $(NF - 1)
          if (code == 0) ok[key]++; else if (code == 137) killed[key]++; else if (code == 134) aborted[key]++; else ended[key]++ }
        END { for (key in runs) printf "| %s | %d | %d | %d | %d | %d | %d |\n", key, runs[key], hit[key], ok[key], ended[key], killed[key], aborted[key] }
    ' "$WORK/done" | sort
}

say_case() {
    if [[ -n ${CASE:-} ]]; then
        printf 'in the run: %s (seed %s)\n' "$CASE" "$SEED" >&2
    fi
}

make_rig
trap 'say_case; finish' EXIT
start_rig
LATER=()
session warm
: >"$WORK/counts"
: >"$WORK/done"
for who in $WHO; do
    record_calls "$who"
done
make_plan
NUMBER=0
while read -r -u 9 who thread call instance how; do
    NUMBER=$((NUMBER + 1))
    run_one "$NUMBER" "$who" "$thread" "$call" "$instance" "$how"
done 9<"$WORK/plan"
judge "after all of it"
HIT=$(awk '{ n += $NF } END { print n + 0 }' "$WORK/done")
if [[ -n ${CAIRN_REPORT:-} ]]; then
    table >>"$CAIRN_REPORT"
fi
((HIT > 0)) || broken "nothing failed: the test shows nothing"
promise "$NUMBER of $(wc -l <"$WORK/everything") combinations (seed $SEED), $HIT reached: each ended or went on, and recovered"
promise "$GIVEN records were accepted: each is in the log once, and the $OWED that were owed were handed over once"
