#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_units.sh: the units of config/systemd score as they should, and the daemons run under the system calls
# that each unit lets through.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

SCORE_MAX=15 # tenths, as systemd-analyze counts: 0 is perfect, 100 is open

if ! command -v systemd-analyze >/dev/null; then
    printf 'skipped: without systemd-analyze the units have no score\n'
    exit 0
fi
for unit in config/systemd/*.service; do
    OUT=$(systemd-analyze security --offline=true --threshold=$SCORE_MAX "$unit" 2>&1) || broken "$unit is more open than 1.5"
done
promise "each unit scores 1.5 or better"

# calls NAME: the system calls of that name or group, a line each.
calls() {
    local line
    if [[ $1 != @* ]]; then
        printf '%s\n' "$1"
        return
    fi
    while read -r line; do
        case $line in
            '' | '#'* | "$1") ;;
            *) calls "$line" ;;
        esac
    done < <(systemd-analyze syscall-filter "$1")
}

# list UNIT: what its SystemCallFilter lines let through, in their order; @default is always let through.
list() {
    local words word
    calls @default | sort -u >"$WORK/all"
    cp "$WORK/all" "$WORK/list"
    while read -r words; do
        for word in ${words#\~}; do
            calls "$word"
        done | sort -u >"$WORK/some"
        if [[ $words == \~* ]]; then
            comm -23 "$WORK/list" "$WORK/some" >"$WORK/next"
        else
            sort -u "$WORK/list" "$WORK/some" >"$WORK/next"
        fi
        mv "$WORK/next" "$WORK/list"
    done < <(sed -n 's/^SystemCallFilter=//p' "$1")
    sort -u "$WORK/all" "$WORK/list"
}

if grep -q __asan_init "$BIN/cairn-broker"; then
    printf 'skipped: the address sanitizer calls more than a unit lets through\n'
    exit 0
fi
choose_folder
mkdir "$WORK/bin"
for name in signer broker agent; do
    list config/systemd/cairn-"$name"*.service >"$WORK/$name.list"
    cat >"$WORK/bin/cairn-$name" <<SH
#!/bin/sh
exec "$(realpath "$BIN")/under_unit" "$WORK/$name.list" "$(realpath "$BIN")/cairn-$name" "\$@"
SH
    chmod +x "$WORK/bin/cairn-$name"
done
ln -s "$(realpath "$BIN")/cairn" "$WORK/bin/cairn"
BIN=$WORK/bin

make_partnership partnership
separate_signer partnership
join visitors health-visiting "Health Visiting, North" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_signer partnership
start_broker partnership
start_agents visitors hub
connect visitors hub
submit visitors immediate c-1
stored visitors "$(member reference)"
stop visitors hub broker signer
promise "the daemons start, work and end under the system calls that their units let through"
