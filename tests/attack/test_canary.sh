#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/attack/test_canary.sh: a partnership of real processes lives a day with people whose every word is known, then all that
# it has left anywhere is searched for them, and for its keys: the broker's disk with what lies in pages that are not
# used any more, copies, the exported log, every log, temporary files, the wire, and each agent's disk. In clear, UTF-16, base64, hex, and
# what is an identifier also as a plain digest.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/partnership.sh"

SEARCH=(python3 -B tests/attack/canaries.py)
WHO=(--name "Thessaly Quorrombe" --role "Screening practitioner Wexley")
REASON="Vexillary reason: three appointments and a cold coat."
PASSED_ON="Obsidian reason: the child is to be seen at once."

# Unlimited here: what a daemon may write of a core is its own doing.
ulimit -c unlimited 2>/dev/null || true

finds() {
    ! OUT=$("${SEARCH[@]}" "$@")
}

# none WORDS ARGUMENT...: of the search
none() {
    local words=$1
    shift
    OUT=$("${SEARCH[@]}" "$@") || broken "found in $words"
    [[ $OUT != 0\ bytes* ]] || broken "nothing was there to search in $words"
    promise "$words: ${OUT##*$'\n'}"
}

# --- a day ---

make_partnership partnership
mkdir -m 700 "$WORK/tmp"
export TMPDIR=$WORK/tmp
join surgery gp "Elm Street Surgery" "01632 960001"
join hospital hospital "Northgate Hospital" "01632 960002"
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
join school school "Spindle School" "01632 960006"
AGENCIES=(surgery hospital visitors hub school)
separate_signer partnership
start_signer partnership
start_broker partnership

# On a machine where one may listen to the loopback, which root may.
LISTENS=false
if python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' 2>/dev/null; then
    coproc SNIFF { exec python3 -B tests/attack/sniff.py "$PORT" "$WORK/wire.bin"; }
    PID[sniff]=$SNIFF_PID
    read -r OUT <&"${SNIFF[0]}"
    [[ $OUT == ready ]] || broken "nobody listens"
    LISTENS=true
fi
start_agents "${AGENCIES[@]}"
connect "${AGENCIES[@]}"

hand() {
    submit "$1" cat "$DATA/$2"
    stored "$1" "$(member reference)"
    RECORD=$(member record)
}

is_told() {
    try "$1" --json alert 1
    ((LAST == 0))
}

has_opened() {
    at hub --json alert 1
    grep -q '"summary":"Was not brought' <<<"$OUT"
}

reads() {
    try hub --json record "$1"
    ((LAST == 0))
}

for id in surgery:gp hospital:hospital visitors:health-visiting school:school; do
    at "${id%:*}" involve "$DATA/${id#*:}-involvement.json"
done
hand surgery gp-noshow-1.json
hand surgery gp-noshow-2.json
hand hospital hospital-noshow.json
eventually 30 "the hub to be alerted" is_told hub
at hub alert 1 --open "${WHO[@]}" --reason "$REASON"
eventually 30 "the accounts to open" has_opened
expect 'Quillfeather' "the address, to whom it may be shown"
hand school school-immediate.json
eventually 30 "the hub to have what is urgent" reads "$RECORD"
at hub record "$RECORD" --open "${WHO[@]}" --reason "$PASSED_ON"
hand visitors health-visiting-immediate.json
try_submit surgery sed 's/"format"/"formaat"/' "$DATA/gp-noshow-1.json"
try school alert 1 --open "${WHO[@]}" --reason "$REASON"
promise "records, alert, accounts, reasons and refusals have gone their way"

# --- what is looked for ---

{
    cat "$DATA/canaries.txt"
    printf '%s\n' "Thessaly Quorrombe" "Screening practitioner Wexley" "Vexillary reason" "Obsidian reason" "cold coat"
} | sort -u >"$WORK/people"
grep -E '^[0-9]{10}$|^[A-Z]{2,3}-[0-9]+$' "$WORK/people" >"$WORK/identifiers"
grep -rlE '^cairn-key/v1 ' "$WORK" | while read -r file; do
    cut -d' ' -f3 "$file" | base64 -d | od -An -v -tx1 | tr -d ' \n' | sed 's/^/hex:/; s/$/\n/'
done | sort -u >"$WORK/keys"
(($(wc -l <"$WORK/keys") >= 15)) || broken "only $(wc -l <"$WORK/keys") keys are known"

# The search finds what is there, in each form.
mkdir "$WORK/control"
printf 'xx%s' "THISTLEDOWN" >"$WORK/control/clear"
printf 'x%s' "Thistledown" | iconv -t UTF-16LE >"$WORK/control/utf16"
for before in '' x xx; do
    printf '%s' "${before}Thistledown, Peregrina" | base64 >"$WORK/control/base64$before"
done
printf 'Thistledown' | od -An -v -tx1 | tr -d ' \n' >"$WORK/control/hex"
printf '9994117025' | sha256sum >"$WORK/control/digest"
head -n 1 "$WORK/keys" | cut -c5- >"$WORK/control/key"
for file in "$WORK"/control/*; do
    case $file in
        */digest) finds --digests "$WORK/identifiers" "$file" || broken "the search overlooks $file" ;;
        */key) finds "$WORK/keys" "$file" || broken "the search overlooks $file" ;;
        *) finds "$WORK/people" "$file" || broken "the search overlooks $file" ;;
    esac
done

# --- copies and exports, while it runs ---

mkdir -m 700 "$WORK/copies"
for daemon in partnership/broker "${AGENCIES[@]}"; do
    to=$WORK/copies/${daemon##*/}
    mkdir -m 700 "$to"
    if command -v mdb_copy >/dev/null; then
        (umask 077 && mdb_copy -c "$WORK/$daemon/data" "$to")
    else
        cp "$WORK/$daemon/data/data.mdb" "$to/"
    fi
done
run log export "$WORK/partnership/broker/data" "$WORK/copies/log.txt"
run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
printf '%s\n' "$OUT" >"$WORK/copies/verify.json"

# --- no core ---

for name in broker signer surgery; do
    grep -qE '^Max core file size +0 +0 ' "/proc/${PID[$name]}/limits" || broken "$name may write a core"
    ! grep -qE '^VmSwap:.*[1-9]' "/proc/${PID[$name]}/status" || broken "$name is swapped out"
done
for name in broker signer surgery; do
    LAST=0
    kill -SEGV "${PID[$name]}"
    { wait "${PID[$name]}" || LAST=$?; } 2>/dev/null
    unset "PID[$name]"
    ((LAST != 0)) || broken "$name ended in order of a fault"
done
OUT=$(find "$WORK" . -maxdepth 3 \( -name 'core' -o -name 'core.[0-9]*' \) -newer "$WORK/people" -type f)
[[ -z $OUT ]] || broken "a core was written"
promise "a fault of broker, signer or agent leaves no core"
stop hospital visitors hub school
if $LISTENS; then
    INPUT=${SNIFF[1]}
    exec {INPUT}>&-
    eventually 10 "the listener to end" has_ended sniff
    unset "PID[sniff]"
fi

# --- the search ---

mkdir "$WORK/logs"
cp "$WORK"/*.log "$WORK/logs/"
for name in broker signer surgery; do
    : >"${LOG[$name]}" # a sanitizer speaks of the fault that they were sent
done
FOLDERS=()
for id in "${AGENCIES[@]}"; do
    FOLDERS+=("$WORK/$id/data")
done
none "names, numbers, addresses and reasons on the broker's disk" "$WORK/people" "$WORK/partnership/broker" "$WORK/partnership/signer"
none "plain digests of identifiers on the broker's disk" --digests "$WORK/identifiers" "$WORK/partnership/broker"
none "the same on the agents' disks" "$WORK/people" "${FOLDERS[@]}"
none "plain digests of identifiers on the agents' disks" --digests "$WORK/identifiers" "${FOLDERS[@]}"
none "the same in copies, the exported log and the verdict" --digests "$WORK/people" "$WORK/copies"
none "the same in the daemons' logs" "$WORK/people" "$WORK/logs"
none "keys outside of key files" "$WORK/keys" "$WORK/partnership/broker/data" "${FOLDERS[@]}" "$WORK/copies" "$WORK/logs"
if $LISTENS; then
    (($(stat -c %s "$WORK/wire.bin") > 20000)) || broken "too little was heard"
    none "names, numbers, addresses and reasons on the wire" --digests "$WORK/people" "$WORK/wire.bin"
    none "keys on the wire" "$WORK/keys" "$WORK/wire.bin"
fi
[[ -z $(find "$WORK/tmp" -type f) ]] || broken "temporary files were left"
promise "no temporary file is left"
