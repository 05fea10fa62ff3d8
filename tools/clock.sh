# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tools/clock.sh: the stories' day, for tools/demo and tests/e2e/partnership.sh, which source it. Records and registers of
# the stories tell of days in 2026, and patterns look back from today: so today is always HELD_DAY, at the hour that it is.
# Every program that is started from here on is told so by tests/fault/clock.c.
HELD_DAY=2026-11-24 # a Tuesday of term

# hold_clock FOLDER: FOLDER has libcairn_clock.so. Sets HELD_CLOCK, a file to be removed in the end. In a shell whose clock is
# held already, the same: so one may try what happens in another year.
hold_clock() {
    local ahead=0 today i
    [[ -e $1/libcairn_clock.so ]] || { printf '%s\n' "$1/libcairn_clock.so is missing" >&2 && return 1; }
    [[ -z ${CAIRN_CLOCK:-} ]] || ahead=$(od -An -td8 "$CAIRN_CLOCK")
    today=$(date -u +%F)
    ahead=$((ahead + $(date -u -d "$HELD_DAY" +%s) - $(date -u -d "$today" +%s)))
    HELD_CLOCK=$(mktemp "${TMPDIR:-/tmp}/cairn-clock.XXXXXX")
    for ((i = 0; i < 8; i++)); do
        printf '%b' "$(printf '\\x%02x' $(((ahead >> (8 * i)) & 255)))"
    done >"$HELD_CLOCK"
    chmod a+r "$HELD_CLOCK"
    export CAIRN_CLOCK=$HELD_CLOCK LD_PRELOAD=$PWD/$1/libcairn_clock.so
    [[ $1 != /* ]] || LD_PRELOAD=$1/libcairn_clock.so
    export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
}
