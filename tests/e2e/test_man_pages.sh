#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The man pages tell of every command and every option that the programs themselves list, and of none that they do not;
# and of every key of the daemons' configuration. A wrong command line ends every program with the status that they tell.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
BIN=${CAIRN_BIN:-build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missing=0

say() {
    printf '%s\n' "$*" >&2
    missing=1
}

# As somebody reads the page, but each paragraph that begins with a tag in one line.
page() {
    sed -e 's/\\-/-/g; s/\\f[A-Z]//g; s/"//g' "$1" | awk '
        /^\.(TP|SS|SH)/ { if (line != "") print line; line = $1 == ".TP" ? "" : $0; next }
        { sub(/^\.(B|I|BR|RB|BI|IB|RI|IR|PP) */, ""); line = line (line == "" ? "" : " ") $0 }
        END { print line }'
}

# Without those that argp gives to every command.
options() {
    "$@" --help | grep -oE '^ +(-., *)?--[a-z-]+' | grep -oE -- '--[a-z-]+' |
        grep -vxE -- '--(help|usage|version|json|quiet|agent)' || true
}

commands() {
    "$BIN/cairn" --help | grep -oE '^  [a-z]+( [a-z]+)?  ' | sed 's/^ *//; s/ *$//'
}

# same PAGE WHAT TEXT COMMAND...: the options in TEXT are those that the command lists.
same() {
    local page=$1 what=$2 text=$3 option
    shift 3
    options "$@" | sort -u >"$work/has"
    grep -oE -- '--[a-z-]+' <<<"$text" | grep -vxE -- '--(json|quiet|agent)' | sort -u >"$work/told" || true
    while read -r option; do
        say "$page does not tell of $option of $what"
    done < <(comm -23 "$work/has" "$work/told")
    while read -r option; do
        say "$page tells of $option, which $what does not have"
    done < <(comm -13 "$work/has" "$work/told")
}

page docs/man/cairn.1 >"$work/cairn"
commands >"$work/commands"
[[ $(wc -l <"$work/commands") -ge 16 ]] || say "cairn --help lists no commands"
while read -r command; do
    text=$(grep -E "^$command( |\$)" "$work/cairn" | head -n 1 || true)
    if [[ -z $text ]]; then
        say "docs/man/cairn.1 does not tell of: cairn $command"
        continue
    fi
    # shellcheck disable=SC2086 # two words
    same docs/man/cairn.1 "cairn $command" "$text" "$BIN/cairn" $command
done <"$work/commands"
for daemon in cairn-signer cairn-broker cairn-agent; do
    same "docs/man/$daemon.8" "$daemon" "$(page "docs/man/$daemon.8" | sed -n '/^--/p')" "$BIN/$daemon"
done
for daemon in cairn-signer cairn-broker cairn-agent; do
    sed -n '/^\.SH CONFIGURATION/,/^\.SH SIGNALS/p' "docs/man/$daemon.8" >"$work/configuration"
    while read -r key; do
        grep -qE "^\.BR? .*\b$key\b" "$work/configuration" || say "docs/man/$daemon.8 does not tell of $key of the configuration"
    done < <("$BIN/$daemon" --example-config | grep -oE '^;?[a-z_]+ *=' | tr -d ';= ')
done

# refuses CODE COMMAND...: a command line that is wrong ends with that.
refuses() {
    local code=$1 last=0
    shift
    "$@" </dev/null >/dev/null 2>&1 || last=$?
    ((last == code)) || say "$* ends with $last, not with $code"
}
for program in cairn-signer cairn-broker cairn-agent; do
    refuses 2 "$BIN/$program" --no-such-option
    refuses 2 "$BIN/$program" a-word
    grep -q '2 for a wrong command line' "docs/man/$program.8" || say "docs/man/$program.8 does not tell of exit status 2"
done
refuses 2 "$BIN/cairn" --no-such-option
refuses 2 "$BIN/cairn" a-word
while read -r command; do
    # A monitoring plugin knows 2 as CRITICAL, and 3 as UNKNOWN.
    # shellcheck disable=SC2086 # two words
    refuses "$([[ $command == check ]] && echo 3 || echo 2)" "$BIN/cairn" $command --no-such-option
done <"$work/commands"
exit "$missing"
