#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_watching.sh: what whoever runs a broker and an agent sees: `cairn metrics`, its file for the node exporter,
# and `cairn check`, while all is well, while the broker is away, and when an agent is not there.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

# may ARGUMENT...: `cairn`, which may fail: LAST.
may() {
    LAST=0
    OUT=$("$BIN/cairn" "$@" 2>&1) || LAST=$?
}

# names PREFIX: every metric of that prefix that cairn/metrics.h lists has its head in OUT.
names() {
    local name
    while read -r name; do
        expect "^# TYPE $name " "$name"
    done < <(grep -oE "\"cairn_$1_[a-z_]+\"" include/cairn/metrics.h | tr -d '"')
}


make_partnership partnership
join school school "Quillfeather School" "01632 960005"
join mash mash "Multi-agency safeguarding hub" "01632 960100"
mkdir -m 700 "$WORK/school/rolls"
printf '\n[watch]\nroll = %s\n' "$WORK/school/rolls" >>"$WORK/school/agent.ini"
start_broker partnership
start_agents school mash
connect school mash
submit school immediate w-1
stored school "$(member reference)"

BROKER=$WORK/partnership/broker
at school metrics
names agent
expect '^cairn_agent_up 1$' "the agent to be up"
expect '^cairn_agent_connected 1$' "a connection"
expect '^cairn_agent_spool_entries\{lane="urgent"\} 0$' "an empty spool"
expect '^cairn_agent_receipt_timestamp_seconds [1-9][0-9]+\.[0-9]{3}$' "the time of the last receipt"
expect '^cairn_agent_feed_timestamp_seconds\{feed="interface"\} [1-9]' "that the interface brought something"
expect '^cairn_agent_feed_configured\{feed="roll"\} 1$' "the folder that is watched"
refute '^cairn_agent_feed_timestamp_seconds\{feed="roll"\}' "a time of a folder that has brought nothing"
expect '^cairn_agent_document_review_timestamp_seconds\{document="agreements"\} [1-9]' "the day of the review"
refute 'Thistledown|Peregrina|9994117025|w-1|Quillfeather' "anything about a child, or a name"
SAID=$OUT
may metrics "$BROKER"
((LAST == 0)) || broken "cairn metrics of the broker failed"
names broker
expect '^cairn_broker_up 1$' "the broker to be up"
expect '^cairn_broker_answers_total\{verdict="STORED"\} [1-9]' "what was answered"
expect '^cairn_broker_applied_total\{what="records_stored"\} 1$' "what was applied"
expect '^cairn_broker_batch_seconds_bucket\{le="\+Inf"\} [1-9]' "a histogram"
expect '^cairn_broker_document_review_timestamp_seconds\{document="calendar"\} [1-9]' "the day of the review"
SAID+=$'\n'$OUT
PROMTOOL=$(command -v promtool || printf 'build/promtool/usr/bin/promtool') # where tools/check_alerts puts it
if [[ -x $PROMTOOL ]]; then
    OUT=$(printf '%s\n' "$SAID" | "$PROMTOOL" check metrics 2>&1) || broken "promtool refuses the figures"
fi
promise "every figure that is listed is said by the daemon that it is of, and none of them names anybody"

at school metrics --textfile "$WORK/school.prom"
grep -q '^cairn_agent_up 1$' "$WORK/school.prom" || broken "the file for the node exporter lacks figures"
[[ $(stat -c %a "$WORK/school.prom") == 644 ]] || broken "the collector cannot read the file"
promise "figures go into a file for the node exporter"

at school check --feeds 0,0
expect '^CAIRN AGENT OK - nothing is overdue \| ' "that nothing is to be done"
try school check
((LAST == 1)) || broken "a folder that has never brought anything is worth a warning, and the exit code was $LAST"
expect '^CAIRN AGENT WARNING - nothing has ever come from roll' "the silent folder"
try school --json check
expect '"state":"WARNING"' "the same as JSON"
may check "$BROKER"
((LAST == 0 || LAST == 1)) || broken "the broker is well, and the exit code was $LAST"
expect '^CAIRN BROKER ' "a line about the broker"
may check "$WORK/nowhere"
((LAST == 3)) || broken "what cannot be judged is UNKNOWN, and the exit code was $LAST"
may check --disk none
((LAST == 3)) || broken "a wrong command line is UNKNOWN, and the exit code was $LAST"

# --- what comes back, and what waits to be sealed ---

# involve REFERENCE-OF-A-CHILD: says that the limited agency is involved with it.
involve() {
    printf '{"child": {"local_id": "%s"}, "role": "open-case", "from": "2026-01-05"}' "$1" >"$WORK/involve.json"
    at limited --json submit "$WORK/involve.json"
    REFERENCE=$(member reference)
}

came_back() {
    at limited returned
    grep -q "^$REFERENCE  involvement" <<<"$OUT"
}

run agency request "$WORK/limited" --id limited --kind early-help --name "Early help" --joining "$WORK/partnership/joining.json"
start_agents limited
involve 1
try limited status
expect '1 not sealed yet; oldest of' "what waits before this agency was taken in"
at limited metrics
expect '^cairn_agent_unsealed_entries\{how="waiting"\} 1$' "the same as a figure"
at limited check --unsent 30,0 --offline 0,0
try limited check --unsent 1,1 --offline 0,0
expect ' unsent=1 ' "the same in a check"
run agency approve "$WORK/partnership" "$WORK/limited/request.json" --involvements-max 1
stop limited
kill -HUP "${PID[broker]}"
eventually 30 "the broker to take it up" log_says broker 'governance_in_force directory=4 '
start_agents limited # which would dial again only after a while
connect limited
involve 2
eventually 30 "the second to come back" came_back
expect 'more than the partnership lets this agency' "why"
expect 'Ask the partnership' "what to do"
try limited check
((LAST == 1)) || broken "what nobody has is worth a warning, and the exit code was $LAST"
expect '1 refused by the broker, and nobody has dealt with it: cairn returned' "the command that lists it"
at limited status
expect '^returned +1 refused by the broker' "the same in words"
at limited returned "$REFERENCE" --done --name "Rowan Ashgrove" --role "Manager" --reason "The partnership raised our ceiling."
at limited check
expect 'nothing is overdue' "that it is dealt with"
at limited record "$REFERENCE"
expect 'dealt with .* by Rowan Ashgrove, Manager' "who dealt with it"
promise "what the broker refused for good is listed and warned of until a person has dealt with it; what waits to be sealed counts"

stop broker
may check "$BROKER"
((LAST == 2)) || broken "a broker that has ended is CRITICAL, and the exit code was $LAST"
expect 'not running' "why"
may metrics "$BROKER"
((LAST == 3)) || broken "metrics of a broker that has ended: exit code $LAST"
expect '^cairn_broker_up 0$' "that it is down"
stop school
try school check
((LAST == 2)) || broken "an agent that is not there is CRITICAL, and the exit code was $LAST"
try school metrics --textfile "$WORK/school.prom"
((LAST == 3)) || broken "metrics of an agent that is not there: exit code $LAST"
grep -q '^cairn_agent_up 0$' "$WORK/school.prom" || broken "the file still says that the agent is up"
promise "a check is OK, WARNING, CRITICAL or UNKNOWN by its exit code, with a line that says why"
