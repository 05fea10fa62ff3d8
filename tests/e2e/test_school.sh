#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_school.sh: a school of 1,500 pupils puts its registers into a folder. What leaves is a summary of those
# who are absent, once, also when the agent dies over the file; nothing of the others reaches the broker.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

PUPILS=1500

# day N: the N-th of the last school days, the newest first.
day() {
    local n=$1 back=0 at
    while :; do
        at=$(date -u -d "-$back days" +%u)
        if ((at <= 5)); then
            ((n > 0)) || break
            n=$((n - 1))
        fi
        back=$((back + 1))
    done
    date -u -d "-$back days" +%d/%m/%Y
}

# register DAY...: every pupil on these days; one in thirty was ill, but for the newest day.
register() {
    printf 'Adno,Surname,Forename,DOB,Postcode,Date,Session,Code\r\n'
    awk -v pupils=$PUPILS -v days="$*" -v newest="$(day 0)" 'BEGIN {
        n = split(days, day, " ")
        for (d = 1; d <= n; d++) for (i = 1; i <= pupils; i++) for (s = 0; s < 2; s++)
            printf "A%d,Brackenridge%d,Fenwick,%02d/%02d/%d,NM7 4QX,%s,%s,%s\r\n", i, i, i % 28 + 1, i % 12 + 1,
                2012 + i % 5, day[d], s ? "PM" : "AM", (i % 30 == 0 && day[d] != newest) ? "I" : "/"
    }'
}

# roll FIRST LAST
roll() {
    printf 'Adno,Surname,Forename,DOB,Postcode\r\n'
    awk -v first="$1" -v last="$2" 'BEGIN { for (i = first; i <= last; i++)
        printf "A%d,Brackenridge%d,Fenwick,%02d/%02d/%d,NM7 4QX\r\n", i, i, i % 28 + 1, i % 12 + 1, 2012 + i % 5 }'
}

# drop NAME: moves what is on standard input into the folder, as one step.
drop() {
    cat >"$WORK/school/attendance/new.part"
    mv "$WORK/school/attendance/new.part" "$WORK/school/attendance/in/$1"
}

# taken NAME: its report is in REPORT.
is_taken() {
    compgen -G "$WORK/school/attendance/done/*-$1.report.json" >/dev/null && [[ ! -e $WORK/school/attendance/in/$1 ]]
}

taken() {
    eventually 60 "$1 to be taken" is_taken "$1"
    OUT=$(cat "$WORK"/school/attendance/done/*-"$1".report.json)
}

stored_are() {
    run --json log verify "$WORK/partnership/broker/data" --governance "$WORK/partnership/governance"
    [[ $(member bodies) == "$1" ]]
}

make_partnership partnership
join school school "Oak School" "01632 960003"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
mkdir -m 0700 "$WORK/school/attendance"
cat >>"$WORK/school/agent.ini" <<INI
[watch]
attendance = $WORK/school/attendance
[school]
periods = $(date -u -d '-90 days' +%m-01)
[attendance]
pupil_upn =
pupil_id = Adno
[roll]
pupil_upn =
pupil_id = Adno
INI
start_broker partnership
start_agents school hub
connect school hub

# --- a register ---

register "$(day 10)" "$(day 9)" "$(day 8)" "$(day 7)" "$(day 6)" "$(day 5)" "$(day 4)" "$(day 3)" "$(day 2)" | drop earlier.csv
taken earlier.csv
expect '"rows_taken": 27000' "all rows to be taken"
expect '"accepted": 0' "nothing to be told of eighteen sessions"
promise "nine days of $PUPILS pupils stay at the school"

register "$(day 0)" | drop today.csv
kill_hard school
start_agents school
connect school
taken today.csv
eventually 60 "the summaries to be stored" stored_are 50
promise "with the tenth, over which the agent was killed, the fifty who were absent are told"

register "$(day 0)" | drop again.csv
taken again.csv
expect '"accepted": 0' "nothing to be told twice"
register "$(day 0)" >"$WORK/today.csv"
at school submit --type attendance "$WORK/today.csv"
expect '^3000 of 3000 rows were taken' "words how many rows were taken"
stored_are 50 || broken "something was told twice"
promise "the same register again, by folder or by hand, tells nothing"

printf 'Pupil,Day\r\nPeregrina,Monday\r\n' | drop wrong.csv
eventually 30 "the wrong one to be refused" compgen -G "$WORK/school/attendance/failed/*-wrong.csv.report.txt" >/dev/null
OUT=$(cat "$WORK"/school/attendance/failed/*-wrong.csv.report.txt)
expect 'refused, and nothing of it was taken' "words that it was refused"
refute 'Peregrina' "a name in the report"
promise "another file is refused, with a report that names nobody"

# --- a roll ---

roll 1 200 >"$WORK/roll.csv"
at school submit --type roll "$WORK/roll.csv"
[[ $(grep -c '^accepted' <<<"$OUT") == 200 ]] || broken "not every pupil became an involvement"
roll 1 20 >"$WORK/roll.csv"
try school submit --type roll "$WORK/roll.csv"
((LAST != 0)) || broken "a roll that was cut short was taken"
expect '180 of 200 pupils' "words how many it would have ended"
eventually 60 "the involvements to be stored" stored_are 250
promise "a roll becomes involvements; one that was cut short is refused"

# --- what others see ---

# Long enough that what is sealed does not hold it by chance.
if grep -raqE 'Brackenridge|Fenwick|NM7 ?4QX|Adno' "$WORK/partnership/broker"; then
    broken "the broker's folder holds something of a pupil"
fi
if grep -qE 'Brackenridge|Fenwick|NM7|today\.csv' "$WORK"/school.*.log; then
    broken "the agent's log holds something of a pupil, or the name of a file"
fi
promise "neither the broker's folder nor the agent's log holds a name"
