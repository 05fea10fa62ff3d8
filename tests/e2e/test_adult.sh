#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/e2e/test_adult.sh: two services tell of an adult, whose children they do not know. Children's services know both
# the mother and the child and tie them: the worker of the child's plan hears that something is known, its day and the kind
# of service, and nobody hears more. A tie said in error is undone, and a tie by whoever does not know the child is refused.
# shellcheck source=tests/e2e/partnership.sh
source "$(dirname "${BASH_SOURCE[0]}")/partnership.sh"

ALL=(adults recovery council school surgery hub)
PLANS=tests/data/childrens_services
ADULT=tests/data/adult_services/adult-named.json
WHO=(--name "Thaddeus Wrenfield" --role "Social worker")
WHY=(--reason "The core group meets tomorrow and must know what is known.")
SECRET='Orielle|CSA-4471|AS-7719|9992044187|Leocadia|duty desk'

# told ID TIMES: so often it heard that something is known.
told() {
    at "$1" inbox --limit 100
    [[ $(grep -c 'not shared with you' <<<"$OUT") == "$2" ]]
}

is_refused() {
    at "$1" --json record "$2"
    grep -q '"state":"refused"' <<<"$OUT"
}

# hand ID FILE [SED]: its reference.
hand() {
    sed "${3:-}" "$2" >"$WORK/handed.json"
    at "$1" --json submit "$WORK/handed.json"
    member reference
}

make_partnership partnership
join adults adult-services "Adult Services, North" "01632 960021"
join recovery adult-services "Recovery Service" "01632 960022"
join council childrens-services "Children's Services" "01632 960010"
join school school "Quillfeather School" "01632 960005"
join surgery gp "Elm Street Surgery" "01632 960001"
join hub mash "Multi-agency safeguarding hub" "01632 960100"
start_broker partnership
start_agents "${ALL[@]}"
connect "${ALL[@]}"

# --- nobody has tied her ---

FIRST=$(hand adults "$ADULT")
stored adults "$FIRST"
at adults record "$FIRST"
expect 'nobody may read|no reader|Nobody' "the service to be told that nobody reads it"
promise "what is said of an adult whom nobody ties to a child waits, and its sender is told so"

# --- she is tied ---

at surgery involve "$DATA/gp-involvement.json"
at school involve "$DATA/school-involvement.json"
hand council "$PLANS/plan.json" >/dev/null
TIE=$(hand council "$PLANS/tie.json")
stored council "$TIE"
eventually 30 "the worker to hear of it" told council 1
at council --json inbox --limit 100
refute "$SECRET" "who it is, in what the worker heard"
SECOND=$(hand recovery "$ADULT" 's/AD-3391/RS-12/; s/2026-08-03/2026-09-14/; s/AS-7719/RS-8/')
stored recovery "$SECOND"
eventually 30 "the worker to hear of the second service" told council 2
promise "the worker of the child's plan hears that it exists, and two services that know one adult meet in her"

printf '{%s}' "$(child 9994117025 CS-90017)" >"$WORK/child.json"
at council --json picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
[[ $(grep -o '"class":"adult-service"' <<<"$OUT" | wc -l) == 2 ]] || broken "the picture does not show both"
expect '"event_date":"2026-08-03"' "the day of the first"
expect '"origin_kind":"adult-services"' "the kind of the service"
refute "$SECRET|adult-known|Recovery|North" "more than class, day and kind"
promise "the child's picture shows class, day and kind, and no more"

printf '{%s}' "$(child)" >"$WORK/same-child.json"
for id in school surgery; do # they hear of the plan
    told "$id" 1 || broken "$id heard of something else than the plan"
    at "$id" --json picture "$WORK/same-child.json" "${WHO[@]}" "${WHY[@]}"
    expect '"class":"plan"' "$id to see that there is a plan"
    refute '"class":"adult-service"' "$id to see anything of the adult"
done
at hub inbox --limit 100
expect '^Nothing new' "the hub to hear nothing"
for id in adults recovery; do
    at "$id" inbox --limit 100
    expect '^Nothing new' "$id to hear nothing"
done
promise "others hear nothing: school, surgery, hub, and the services themselves"

if grep -raqE 'Orielle|CSA-4471|AS-7719|9992044187' "$WORK/partnership/broker"; then
    broken "who she is reached the broker's store"
fi
promise "neither her name nor a number of hers is anywhere in the broker's folder"

# --- ties that do not hold ---

INVENTED=$(hand school "$PLANS/tie.json" 's/CS-90017/SC-1/; s/CSA-4471/SC-2/; s/999 411 7025/9995071339/; s/Peregrina/Somebody/')
eventually 30 "the invented tie to be refused" is_refused school "$INVENTED"
promise "whoever is not involved with a child ties nobody to it"

is_undone() {
    at council inbox --limit 100
    grep -q 'is about another child' <<<"$OUT"
}

WRONG=$(hand council "$PLANS/tie.json" 's/"relationship": "mother"/"relationship": "mother", "withdrawn": true/')
stored council "$WRONG"
eventually 30 "the worker to hear that it is undone" is_undone
at council --json picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
refute '"class":"adult-service"' "the picture to show what is not about this child"
promise "a tie said in error is undone, and whoever was told by it hears so"

# --- again, and it ends ---

AGAIN=$(hand council "$PLANS/tie.json")
stored council "$AGAIN"
eventually 30 "both to be told again" told council 4
ENDED=$(hand council "$PLANS/tie.json" 's/"relationship": "mother"/"relationship": "mother", "until": "2026-10-01"/')
stored council "$ENDED"
THIRD=$(hand adults "$ADULT" 's/AD-3391/AD-3400/; s/2026-08-03/2026-10-20/')
stored adults "$THIRD"
at council --json picture "$WORK/child.json" "${WHO[@]}" "${WHY[@]}"
[[ $(grep -o '"class":"adult-service"' <<<"$OUT" | wc -l) == 2 ]] || broken "the picture does not show just what was before the end"
promise "a tie stated anew counts anew, and one that has ended keeps what was and takes nothing new"
