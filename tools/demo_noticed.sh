# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tools/demo_noticed.sh: the second part of tools/demo, which sources it: a girl whom five agencies see in pieces, and the
# pattern that two people turn on. Its files are in tests/data/demo/noticed; their days count back from today.

NOTICED=$DATA/noticed
PATTERNS=config/governance/patterns.json

# --- what is handed in ---

# school_day N: the N-th of the last days that were no weekend, the newest first.
school_day() {
    local n=$1 back=0
    while :; do
        if (($(date -u -d "-$back days" +%u) <= 5)); then
            ((n > 0)) || break
            n=$((n - 1))
        fi
        back=$((back + 1))
    done
    date -u -d "-$back days" +%d/%m/%Y
}

# date_files: {day-N} becomes the day N days ago, {mark-N} the N-th school day, as its system writes it.
date_files() {
    local n sed=()
    for n in $(grep -ohE '\{day-[0-9]+' "$NOTICED"/* | cut -d - -f 2 | sort -un); do
        sed+=(-e "s,{day-$n},$(date -u -d "-$n days" +%Y-%m-%d),g")
    done
    for n in $(grep -ohE '\{mark-[0-9]+' "$NOTICED"/* | cut -d - -f 2 | sort -un); do
        sed+=(-e "s,{mark-$n},$(school_day "$n"),g")
    done
    mkdir "$WORK/today"
    for n in "$NOTICED"/*; do
        sed "${sed[@]}" "$n" >"$WORK/today/${n##*/}"
    done
}

# hand_in AGENCY FILE ARGUMENT...: its reference is in HANDED, the last one when it makes several.
hand_in() {
    local agency=$1 file=$2
    shift 2
    at "$agency" submit "$@" "$WORK/today/$file"
    expect '^accepted' "$file to be accepted"
    HANDED=$(references | tail -n 1)
}

references() {
    grep -oE '^accepted +[0-9a-f]{32}' <<<"$OUT" | grep -oE '[0-9a-f]{32}$'
}

# --- each a piece ---

pieces() {
    step "The pattern nobody could see: each has a piece"
    tell <<'TEXT'
Peregrina has a sister of fifteen, who looks after her while their mother works at night. Larkspurne is tired, sad, and
often not at school. Three agencies notice something. None of it, alone, is a reason to refer her.
TEXT
    date_files
    hand_in weirside school-involvement.json
    hand_in elm-street gp-involvement.json
    hand_in weirside school-concern.json
    CONCERN=$HANDED
    print "    Weirside School         a young carer, late and tired: a concern of level 2"
    hand_in weirside register.csv --type attendance
    expect '^66 of 66 rows were taken' "the whole register to be taken"
    ABSENCE=$HANDED
    [[ $(references | wc -l) == 1 ]] || fail "more than one pupil of the register was told of"
    print "                            and its register of three pupils, 66 marks: they stay at the school. What leaves is" \
        "                            one summary, of one pupil"
    hand_in elm-street gp-concern.json
    NURSE=$HANDED
    print "    Elm Street Surgery      the practice nurse: sad, sleeps little, treats her own head lice; level 2"
    hand_in adults adult-known.json --type adult
    ADULT=$HANDED
    print "    Adult Services          that her mother is known there; they can say no more than that" ""
    local reference
    for reference in "weirside $CONCERN" "weirside $ABSENCE" "elm-street $NURSE" "adults $ADULT"; do
        # shellcheck disable=SC2086 # two words
        eventually 30 "a record to be stored" is_stored $reference
        expect 'seen by nobody; this is not a referral' "the record to be seen by nobody"
    done
    see weirside record "$CONCERN"
    tell <<'TEXT'
All four answers say the same: kept, seen by nobody, not a referral. Three agencies, four signals, and nobody is told: the
rule that would count them ships in shadow, where it is counted how often it would have spoken, and says nothing.
TEXT
    heard_nothing weirside police adults childrens-services
    at mash alerts
    refute '  noticed  ' "a second alert at the MASH"
    print "    school, police, adult services, children's services, MASH: nothing new, no alert"
}

# --- turned on ---

# live [NAMES]: the shipped patterns, the second one turned on.
live() {
    sed "/\"several-agencies-noticed\"/,/\"referral-made\"/s/\"state\": \"shadow\"/\"state\": \"live\"${1:-}/" $PATTERNS
}

# sign FILE: the broker reads its folder again when it is told to.
sign() {
    OUT=$("$BIN/cairn" pattern sign "$WORK/partnership" "$1" 2>&1)
}

turn_on() {
    step "Two people turn the pattern on"
    tell <<'TEXT'
Three listed signals, from two agencies or more, within ninety days. A rule speaks only once two named people have turned
it on; without their names it is not signed. What it would have found until now raises nothing by itself.
TEXT
    live >"$WORK/unnamed.json"
    if sign "$WORK/unnamed.json"; then
        fail "a pattern was turned on by nobody"
    fi
    print "    partnership\$ cairn pattern sign PARTNERSHIP patterns.json"
    shown "${OUT//$WORK\//}"
    expect 'needs the names of 2 people' "a pattern without names to be refused"
    live ', "approved_by": ["Ingram Vale, chair of the partnership", "Sunniva Oakley, designated doctor"]' >"$WORK/named.json"
    sign "$WORK/named.json" || fail "the pattern was not signed"
    print "    and with two names, Ingram Vale, chair, and Sunniva Oakley, designated doctor:"
    shown "$OUT"
    expect 'patterns are at version 2, signed' "the patterns to be signed"
    kill -HUP "${PIDS[0]}"
    eventually 30 "the patterns to be in force" log_says "$WORK/mash.log" 'document=patterns version=2'
    at mash alerts
    refute '  noticed  ' "an alert by turning a pattern on"
}

# --- a night ---

school_heard() {
    at weirside inbox
    grep -q 'domestic-abuse-incident' <<<"$OUT"
}

school_reads() {
    at weirside record "$ENCOMPASS"
    grep -q 'Larkspurne saw it' <<<"$OUT"
}

SCHOOL_REASON="Operation Encompass: so that she is met at the gate this morning."

night() {
    step "A night: the police, and the school before its day begins"
    tell <<'TEXT'
Officers are called to the house; Larkspurne was there. Operation Encompass: the school where she is on the roll is told at
once. The police did not have to know which school that is. The alleged perpetrator is named nowhere: a text that names
him is refused before anything is kept.
TEXT
    sed 's/an adult of the household/Alaric/' "$WORK/today/police-incident.json" >"$WORK/today/named.json"
    if OUT=$(CAIRN_AGENT=$WORK/police/agent.sock "$BIN/cairn" submit --type incident "$WORK/today/named.json" 2>&1); then
        fail "an incident that names somebody of never_share was taken"
    fi
    print "    police\$ cairn submit --type incident named.json"
    shown "${OUT//$WORK\//}"
    expect 'never_share' "words why it is refused"
    refute 'Alaric' "the name in the refusal"
    hand_in police police-incident.json --type incident
    INCIDENT=$(references | head -n 1)
    eventually 30 "the school to hear of it" school_heard
    print "    weirside\$ cairn inbox"
    shown "$OUT"
    ENCOMPASS=$(sed -n 's/.* record  \([0-9a-f-]*\) .* domestic-abuse-incident .*/\1/p' <<<"$OUT")
    at weirside record "$ENCOMPASS"
    expect 'given a reason|gives a reason' "the account to be closed without a reason"
    at weirside record "$ENCOMPASS" --open --name "Honora Tidmarsh" --role "Designated safeguarding lead" \
        --reason "$SCHOOL_REASON"
    eventually 30 "the school to read it" school_reads
    print "    weirside\$ cairn record $ENCOMPASS        (opened by Honora Tidmarsh, with a reason)"
    shown "$(sed -n '/^what is said/,/^  lawfulness/p; /^who else/,$p' <<<"$OUT" | grep -v lawfulness)"
    expect 'Weir Valley Police .police.  duty telephone' "whom to telephone"
    refute 'Alaric|Thornbury' "the name of the alleged perpetrator"
}

# --- the alert ---

noticed_again() {
    at mash alerts
    ALERT=$(sed -n 's/^\([0-9]*\)  noticed  .*/\1/p' <<<"$OUT")
    [[ -n $ALERT ]]
}

all_five() {
    at mash alert "$ALERT"
    grep -q 'police-contact' <<<"$OUT"
}

pattern_seen() {
    step "Somebody can see it"
    tell <<'TEXT'
The night was one signal more, and now the rule speaks: to the MASH, and to nobody else. It says what, when and from where,
and rates nothing. Of the police and of adult services it says only that there is something.
TEXT
    eventually 30 "the MASH to be alerted" noticed_again
    eventually 30 "the alert to list all five" all_five
    print "    mash\$ cairn alert $ALERT"
    shown "$OUT"
    expect 'adult-service, adult-services$' "existence only of adult services"
    expect 'police-contact, police$' "existence only of the police"
    expect 'young-carer, Weirside School' "the headline of the school's concern"
    expect 'neglect-emotional, Elm Street Surgery' "the headline of the nurse's concern"
    expect 'persistent-absence, Weirside School' "the headline of the absence"
    refute 'headaches|nursery|possible sessions|Crockery|parent' "any account at the MASH before a reason"
}

# school_cannot AGENCY REFERENCE: what that is called in the log, the school asks for in vain.
school_cannot() {
    at "$1" record "$2"
    local entry
    entry=$(sed -n 's/^  record  *\([0-9a-f-]*\)$/\1/p' <<<"$OUT")
    if OUT=$(CAIRN_AGENT=$WORK/weirside/agent.sock "$BIN/cairn" record "$entry" 2>&1); then
        fail "the school can see a record of $1"
    fi
    expect 'nothing of this agency has that reference or id' "the school not to have a record of $1"
}

school_side() {
    step "What the school sees, and what not"
    tell <<'TEXT'
The school has what it wrote itself and what the police shared with it. It is told of no alert, and the nurse's words and
adult services' are not there: not hidden by a screen, but never sent.
TEXT
    at weirside alerts
    expect 'told of no alert' "the school to be told of no alert"
    school_cannot elm-street "$NURSE"
    print "    weirside\$ cairn record ...        (the nurse's)"
    shown "$OUT"
    school_cannot adults "$ADULT"
    OUT=$("$BIN/cairn" agreement explain "$WORK/partnership" --origin elm-street --recipient weirside --record concern \
        --level 2 --role on-roll 2>&1) || fail "cairn agreement explain failed"
    expect 'It is told nothing' "the school to be told nothing of the nurse's concern"
    print "    partnership\$ cairn agreement explain PARTNERSHIP --origin elm-street --recipient weirside --record concern ..."
    shown "$(grep -E '^  Because' <<<"$OUT")"
    expect 'no rule speaks of this; what no rule names is not shared' "why the school is told nothing"
}

# --- a person decides ---

pieces_open() {
    at mash alert "$ALERT"
    [[ $(grep -cE '^ +summary ' <<<"$OUT") == 3 ]]
}

# decision_at AGENCY ACTION: the entry that says why, as that agency's inbox names it.
decision_at() {
    at "$1" inbox --limit 100
    DECISION=$(sed -n "s/.* decision  \([0-9a-f-]*\)  $2  alert $ALERT$/\1/p" <<<"$OUT")
    [[ -n $DECISION ]]
}

NOTICED_REASON="School, practice and police each met a tired girl this fortnight; deciding what would help her."
NOTICED_DECISION="Larkspurne carries this household. A social worker sees her first, then her mother; thank you for writing it down."

girl_decided() {
    step "A person opens it, and decides"
    see mash alert "$ALERT" --open --tell origins --name "Rowan Ashgrove" --role "Screening social worker" \
        --reason "$NOTICED_REASON"
    eventually 30 "the accounts to open" pieces_open
    shown "$(grep -E '^    20|summary|child voice' -A 1 <<<"$OUT" | grep -vE 'narrative|record |^--|action taken|evidence|detail' || true)"
    expect 'Please do not make it a big thing' "the girl's own words at the MASH"
    expect 'without a person looking' "the absence to be said to be counted by a machine"
    refute 'Crockery' "the account of the police, which shares its existence with the MASH and no more"
    see mash alert "$ALERT" --close --outcome social-care-assessment --tell origins --name "Rowan Ashgrove" \
        --role "Screening social worker" --reason "$NOTICED_DECISION"
}

# --- what comes back ---

incident_opened() {
    at police record "$INCIDENT"
    grep -q 'Opened at Weirside School' <<<"$OUT"
}

come_back() {
    step "What comes back to those who wrote"
    tell <<'TEXT'
Whoever wrote something reads the decider's one sentence, also police and adult services, of whom the MASH saw only that
there is something: the decider said that the origins may.
TEXT
    local agency
    for agency in weirside elm-street police adults; do
        eventually 30 "$agency to learn why" decision_at "$agency" close
        at "$agency" record "$DECISION"
        expect 'Larkspurne carries this household' "the decider's sentence at $agency"
        expect 'social-care-assessment' "the outcome at $agency"
        print "    $agency: social-care-assessment"
    done
    see elm-street record "$DECISION"
    print ""
    local reference
    for reference in "weirside $CONCERN" "weirside $ABSENCE" "elm-street $NURSE"; do
        # shellcheck disable=SC2086 # two words
        at ${reference% *} record "${reference#* }"
        expect 'opened +Multi-agency' "the record to be opened at the MASH"
    done
    tell <<'TEXT'
The record itself says where it was opened, and on whose word: the log's notice to the school is about the alert.
TEXT
    see weirside record "$CONCERN"
    eventually 30 "the police to see that the school opened it" incident_opened
}

# --- a plan ---

# told_of_plan AGENCY
told_of_plan() {
    at "$1" inbox --limit 100
    grep -q 'Another agency has recorded something about this child' <<<"$OUT"
}

worker_known() {
    at weirside record "$ENCOMPASS"
    grep -q "Children's Social Care .childrens-services.  duty telephone" <<<"$OUT"
}

worker_has() {
    at childrens-services inbox --limit 100
    [[ $(grep -c 'Another agency has shared something' <<<"$OUT") == 4 ]]
}

plan_opened() {
    step "A plan, and a circle that knows itself"
    tell <<'TEXT'
Children's services open a plan. Everybody who works with Larkspurne hears that there is one and whom to ring, and nothing
of what it says. Her worker gets what the others recorded, as the agreements say; nobody had to send it again.
TEXT
    hand_in childrens-services plan.json --type plan
    local plan
    plan=$(references | head -n 1)
    eventually 30 "the worker to have the others' records" worker_has
    print "    childrens-services\$ cairn inbox"
    shown "$(grep -E '^[0-9]' <<<"$OUT")"
    local agency
    for agency in weirside elm-street police; do
        eventually 30 "$agency to hear of it" told_of_plan "$agency"
        refute 'First visit' "what the plan says at $agency"
    done
    eventually 30 "the school to know whom to ring" worker_known
    print "    at the school, who else is involved with her:"
    shown "$(sed -n '/^who else/,$p' <<<"$OUT" | tail -n +2)"
    school_cannot childrens-services "$plan"
    school_cannot elm-street "$NURSE"
    print "    the plan itself, and the nurse's words: still not there"
}

noticed() {
    pieces
    turn_on
    night
    pattern_seen
    school_side
    girl_decided
    come_back
    plan_opened
}
