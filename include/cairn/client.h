/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's local interface: HTTP/1.1 over its Unix socket, JSON, for an agency's own systems and
 * the command line. The caller is known by its user id: the agent's own and those of allow_uid may
 * do everything; those of health_uid may ask for health and metrics; those of submit_uid may
 * submit, ask what became of what they submitted themselves, and ask for health. This is the whole
 * contract; it stands alone and names no code of ours.
 *
 * Ids and numbers
 *   reference   32 hex digits: what this agency submitted
 *   entry id    "AGENCY-STREAM-SEQ": a record, ours or another's
 *   alert       a whole number from 1
 *   delivery    a whole number from 1: a position in the inbox; the same thing has the same number
 *               for ever
 *   instants    "2026-11-22T08:00:00.000Z"; days "2026-11-22"
 *
 * `words` is for people: one or two sentences, not to be taken apart. Members that do not apply are
 * left out. Answers may gain members; requests with members that are not named here are refused.
 *
 * Any error is an application/problem+json (RFC 9457): {type, title, status, detail, where,
 * telephone}; `type` is stable, `where` names the member or header that is wrong. `telephone`:
 * {desk, phone} stands in every problem that answers a POST, which may have been about a child in
 * danger, and in every one of 500 and above: whoever has such a child before them rings that number
 * and does not try again first. It is missing only while no calendar is held and the configuration
 * has no duty_telephone. Requests that are not HTTP, or whose head is too long, get a bare 400, 414
 * or 431. No answer may be cached.
 *
 * Connections are shared out equally between the users that the configuration names: one more than
 * a share is closed unanswered. Half of a share may wait in long polls; asking, and reading an
 * answer, take at most 30 seconds each.
 */
#ifndef CAIRN_CLIENT_H
#define CAIRN_CLIENT_H

/* --- media types --- */
#define CAIRN_MEDIA_JSON    "application/json"
#define CAIRN_MEDIA_PROBLEM "application/problem+json"
#define CAIRN_MEDIA_TEXT    "text/plain; charset=utf-8"
#define CAIRN_MEDIA_METRICS "text/plain; version=0.0.4; charset=utf-8"
/* What may be submitted; the Content-Type of a submission is exactly one of these. */
#define CAIRN_MEDIA_RECORD      "application/vnd.cairn.record+json"
#define CAIRN_MEDIA_INVOLVEMENT "application/vnd.cairn.involvement+json"
#define CAIRN_MEDIA_FHIR        "application/fhir+json"
#define CAIRN_MEDIA_INCIDENT    "application/vnd.cairn.police-incident+json"
#define CAIRN_MEDIA_PLAN        "application/vnd.cairn.plan+json"
#define CAIRN_MEDIA_ADULT       "application/vnd.cairn.adult+json"
#define CAIRN_MEDIA_TIE         "application/vnd.cairn.tie+json"
#define CAIRN_MEDIA_ATTENDANCE  "text/csv; profile=attendance" /* a school's register */
#define CAIRN_MEDIA_ROLL        "text/csv; profile=roll"       /* which pupils it has */

/* 1 to 128 printable characters without spaces. The same user asking the same thing with the same
 * key gets the same answer, and nothing happens twice; with anything else (path, media type, any
 * member of the body) it is refused with 422. Keys are remembered for a week. */
#define CAIRN_IDEMPOTENCY_HEADER    "Idempotency-Key"
#define CAIRN_IDEMPOTENCY_MAX_BYTES 128

/* --- paths --- */

/*
 * POST -> 202 once all of it is on disk:
 *   {items: [{outcome, reference, state, words, telephone, reason, flawed}], replayed}
 * in the order of the input. `outcome`: accepted, known-already, withdrawn, retracted, counted
 * (told to nobody: `reason`), set-aside (a person must look: `reason`), older-version (came after
 * what took its place, and is not told: `reason`). `telephone`: {desk, phone}, for what is
 * immediate or a referral: ring now, whatever else this says; {} while the number is not known
 * here (no calendar is held, and the configuration has no duty_telephone). `reason` of what was
 * accepted: what is odd about it, and which earlier version it replaces. `flawed`: true when it was
 * taken with an NHS or pupil number by which nobody is found elsewhere, such as one with a wrong
 * check digit: a person must correct it where it came from.
 */
#define CAIRN_PATH_SUBMISSIONS "/v1/submissions"

/*
 * GET PATH/{reference or entry id of ours} ->
 *   {reference, record, kind, header, state, since, words, telephone, verdict, log_index,
 *    retracted, alert, readers: [{agency, name, state}],
 *    reasons: [{decision, from, header, account, account_state, doubt}], submitted_by: {uid},
 *    on_hold, as_of}
 * `on_hold`: a named person keeps what the broker has of its child from being destroyed. `state`:
 * settling, waiting, on-its-way, stored, refused, withdrawn. A reader's state: kept, not-shared (it
 * waited, and no agreement allows it any more), queued, delivered, opened; told (that it exists, on
 * which day and of what kind; without `agency` of who is not named): the broker's word. `reasons`,
 * for a practitioner: why named persons elsewhere opened it or decided about the alert that lists
 * it, as far as they let this agency read that. `words` say what the log proves; `telephone` stays
 * on what is urgent until the log says that a person has opened it. `submitted_by`: the user of
 * this machine that submitted or decided it. `as_of`: now, or when the broker was last heard of if
 * it cannot be asked.
 *
 * GET PATH/{...}/proof -> text/plain, a C2SP tlog-proof that proves itself offline. 409 while it is
 * not in the log, 503 while the broker cannot be asked.
 *
 * POST PATH/{entry id of another agency's record}/decisions -> 202 {reference, words}
 *   {action: "open", "hold" or "release-hold", reason, person: {name, role}, tell: [agency id]}
 * `hold`, at a front door that was told of the record, or of a record of our own: nothing that the
 * broker has of its child is destroyed until this agency releases it; it opens nothing.
 * A named person opens an account that was shared; `reason` has at least 20 characters, blanks not
 * counted, and at most 1000 bytes. `tell` names the agencies that may read the reason, and
 * CAIRN_TELL_ORIGINS those whose records it is about, also where a headline names its origin's kind
 * alone; nobody when it is left out.
 */
#define CAIRN_TELL_ORIGINS        "origins"
#define CAIRN_PATH_RECORDS        "/v1/records"
#define CAIRN_PATH_PART_PROOF     "/proof"
#define CAIRN_PATH_PART_DECISIONS "/decisions"

/*
 * GET PATH?after=N&limit=N&wait=SECONDS&application=NAME -> {items: [...], next}
 * What lies behind delivery N, oldest first; waits up to `wait` seconds when there is nothing. With
 * an application (a to z, 0 to 9 and "-", at most 32) never what it has acknowledged. `next` is the
 * next request's `after`. Each item:
 *   {delivery, kind, received_at, told_at, words} and by kind
 *   "record"       {record, from, record_kind, code, urgency, level, event_date, provisional,
 *                  card_state, account_state}: whether we may open them, not what they say;
 *                  `on_duty` of what cannot wait: whether it is for this agency to act on, by the
 *                  calendar at the time when it was told
 *   "decision"     {record, from, action, alert}: somebody's decision that we may read
 *   "release"      {record, alert}: an account that we may open now, if the record is here
 *   "notice"       {notice, alert, revision, record, agency, outcome, headlines}: `notice` is
 *                  raised, extended, opened, closed, record-opened, retracted; `headlines` how
 *                  many; of `unopened` {desk, phone}: who is on duty now; of `told` {card, told:
 *                  [{event_date, class, origin_kind, and of what may be asked for record,
 *                  record_kind, code, from}]}
 *   "entry"        {record, from}: any other
 * `doubt` is set on what was signed with a key that has been revoked since: ask that agency.
 *
 * POST PATH/acknowledgements {application, delivery} -> 200 {application, delivery}
 * Everything up to that delivery is not handed over to that application again.
 */
#define CAIRN_PATH_INBOX            "/v1/inbox"
#define CAIRN_PATH_ACKNOWLEDGEMENTS "/v1/inbox/acknowledgements"
#define CAIRN_APPLICATION_MAX_BYTES 32
#define CAIRN_PAGE_DEFAULT          20
#define CAIRN_PAGE_MAX              100

/*
 * GET PATH/{entry id} -> {record, delivery, from, entry_kind, header, card, card_state, account,
 *   account_state, retracted, retraction_unproven, provisional, on_duty, doubt, alert, decided,
 *   words, circle: [{agency, name, kind, roles, by_name, duty: {contact, phone},
 *   contact: {name, phone}}]}
 * `circle`: who else is involved with the child today, as each of them has signed, whom to
 * telephone there, and the person whom it names if it shares that.
 * `retracted`: its origin signed that it takes it back; `retraction_unproven`: the broker says so.
 * `header` is what the broker sees of it too. `card` and `account` are the sealed parts as JSON, as
 * far as we may open them; `account` of a record only after a decision of a named person. Their
 * states, in the inbox too:
 *   open           it can be read
 *   closed         it can be read once a named person gives a reason
 *   kept           no grant is here, or not yet
 *   none           there is no such part
 *   other-key      sealed to an opening key that this agent does not hold
 *   does-not-open  its origin sealed something that cannot be read
 */
#define CAIRN_PATH_RECEIVED "/v1/received"

/*
 * GET PATH?after=N&limit=N&review=0|1 -> {items: [{alert, state, revision, heading, words, pattern,
 *   child, over_budget, raised_at, changed_at, outcome, earlier_outcome, headlines, household}],
 *   next}
 * `review=1`: the list for review instead, at a front door: what records from before a pattern was
 * turned on meet (`listed`: nobody was alerted), and open alerts beyond their pattern's week
 * (`over_budget`).
 * GET PATH/{alert} -> the same and {headlines: [{record, class, record_kind, code, event_date,
 *   origin_kind, from, provisional, retracted, retraction_unproven, own, card, card_state, account,
 *   account_state, destroyed, destroyed_words}], opened, closed, may_decide}
 * `household`: the first alert that lists a record of the same event, which another
 * child was in as well; the alert itself when there is none.
 * `heading`: by how many agencies, as far as it is told; without `pattern`, `raised_at` and
 * `headlines` the alert lists what we sent and was not sent to us.
 * `state`: noticed, opened, closed, withdrawn, listed. `child`: {known_as, local_id, card};
 * `known_as`: own (as our system calls it), told (by the card of another agency), not-named.
 * `opened` and `closed` say who and when: {agency, name, kind, at, decision}.
 * POST PATH/{alert}/decisions -> 202 {reference, words}
 *   {action: "open" or "close", outcome, reason, person: {name, role}, tell: [agency id]}
 * `outcome` with close only. 403 unless we are a front door, 409 once closed.
 */
#define CAIRN_PATH_ALERTS            "/v1/alerts"
#define CAIRN_ALERT_HEADING          "Several agencies have noticed something about this child: please look"
#define CAIRN_ALERT_HEADING_ONE      "One agency has noticed something about this child: please look"
#define CAIRN_ALERT_HEADING_REFERRAL "One agency has made a referral about this child: please look"
#define CAIRN_ALERT_HEADING_UNNAMED  "Something was noticed about this child: please look"
#define CAIRN_ALERT_HEADING_NOT_SENT                                                               \
    "An alert lists something that this agency sent; the alert itself was not sent to this agency"

/*
 * What agencies that are involved with a child ask of each other.
 * POST PATH {format: "cairn-request/v1", child, record, purpose} -> 202 {reference, state, words}
 * Asks the others for what they hold back about this child, of one `record` (as the inbox names it)
 * or of everything that may be asked for. Each origin decides. `child` as in an involvement.
 *
 * GET PATH -> {items: [{request, from, roles, purpose, asked_at, asked_for,
 *   records: [{reference, record, record_kind, code, event_date}], words}]}
 * What waits here for a person: who asks, what it is to the child today, and what it would get.
 * POST PATH/{request}/grant, POST PATH/{request}/refuse {reason, person: {name, role}}
 *   -> 200 {request, state, granted, words}
 * 409 when it does not wait any more, or who asked is not involved any more. A refusal is told to
 * who asked, who reads the reason: GET CAIRN_PATH_RECORDS/{the request} has it in `reasons`, and
 * names in `readers` who refused and who has not answered.
 */
#define CAIRN_PATH_REQUESTS    "/v1/requests"
#define CAIRN_PATH_PART_GRANT  "/grant"
#define CAIRN_PATH_PART_REFUSE "/refuse"

/*
 * POST {child or alert, reason, person: {name, role}} -> 200
 *   {look, entries: [{event_date, recorded_at, what, class, record_kind, code, record, reference,
 *      origin_kind, from, significance, account_state, provisional, another_child, retracted,
 *      retraction_unproven, own, may_ask, destroyed, destroyed_words}],
 *    older, withheld,
 *    involved: [{agency, name, kind, roles, by_name, own, duty: {contact, phone}}],
 *    coverage: {agencies, involved, kinds: [{kind, name, agencies}],
 *      silent: [{agency, name, kind, last_said}]}, words}
 * `silent`: agencies of which the broker has had nothing of any child for a week, with the day on
 * which it last had; without one it never had. At most 64.
 * The picture: what this agency may see today of a child's chronology, newest first. `child`
 * {nhs_number, upn, local_id, given_name, family_name, birth_date, postcode} as in a record, or an
 * alert that this front door was told of. Each asking is a look: a decision of that person with
 * that reason, in the log before anything is shown; `look` is its reference. 503 while the broker
 * cannot be asked, 404 when it lets this agency look at no such thing.
 * Nothing is opened by looking: `significance` stands where the account was opened before. Of a
 * record of our own `reference` says which. `may_ask`: its origin decides, when it is asked.
 * `older`: there is more from before the last entry. `withheld`, at a front door: something is kept
 * that may not be shown. Never read as "nothing is known": `words` say so.
 */
#define CAIRN_PATH_PICTURE "/v1/picture"

/*
 * GET PATH?after=CURSOR&limit=N -> {items: [{reference, record, record_kind, code, event_date,
 *   state, kept_since, kept_days, review_date, overdue, may_send, seen, words}], next}
 * Records of this agency that nobody but itself can have seen, by the day on which a person is to
 * look at each again; `next` is the next request's `after` and missing when there is no more.
 * `seen`: the broker, asked now, says that it has gone to somebody all the same, as by an alert
 * that was addressed to others alone; `words` say to whom.
 * `may_send`: an agreement lets a front door have it once a person here decides so.
 *
 * POST PATH/{reference}/send, /withdraw or /keep {reason, person: {name, role}}
 *   -> 200 {reference, words, review: {date, overdue, words, decisions}}
 * A named person sends it on to the front doors, takes it back, or says to look again later. 409
 * when somebody has it already, or no agreement lets a front door have it.
 *
 * A record of ours that is or was kept has, in CAIRN_PATH_RECORDS, `review: {date, overdue, words,
 * decisions: [{act, at, person: {name, role}, reason}]}`. `date`: while nobody has seen it. Who
 * decided and why only for those who may do everything. `act`: kept-on, sent-on, withdrawn.
 */
#define CAIRN_PATH_KEPT          "/v1/kept"
#define CAIRN_PATH_PART_SEND     "/send"
#define CAIRN_PATH_PART_WITHDRAW "/withdraw"
#define CAIRN_PATH_PART_KEEP     "/keep"
#define CAIRN_KEPT_WORDS         "Kept. Nobody has seen it. This is not a referral."
#define CAIRN_KEPT_CURSOR_BYTES  24

/*
 * GET PATH?after=REFERENCE&limit=N -> {items: [{reference, record, kind, code, event_date,
 *   returned_at, verdict, state, words, advice, telephone, submitted_by: {uid}}], next}
 * What this agency said and the broker refused for good, or could not even be sealed: nobody has
 * it. It is listed until its source says it again or takes it back, or a person has dealt with it.
 * To a user of submit_uid its own alone. `next` is the next request's `after` and missing when
 * there is no more.
 *
 * POST PATH/{reference}/done {reason, person: {name, role}} -> 200 {reference, words}
 * A named person says that somebody has dealt with it, and how. 409 when it waits no more.
 *
 * What was refused has, in CAIRN_PATH_RECORDS, `returned: {waits, words, at, person: {name, role},
 * reason}`: who dealt with it and how only for those who may do everything.
 */
#define CAIRN_PATH_RETURNED  "/v1/returned"
#define CAIRN_PATH_PART_DONE "/done"

/*
 * GET -> {agency: {agency, name, kind}, linkage,
 *   link: {state, since, last_contact, last_receipt, next_try, reason, clock_ahead_ms},
 *   spool: {urgent, normal, bulk, unsealed, unsealed_urgent, settling, oldest, oldest_urgent},
 *   held: [{record, verdict, words, since, aside}, at most 16], today: {what happened: how often},
 *   governance: {document: {version, review_by, overdue}},
 *   inbox: {position, missing, first_missing, last_missing, noticed}, log: {size, contradicted,
 *   confirmations: {others, ever, lately, missed, since, by: {agency, name, kind}, size, at}},
 *   requests_waiting, reviews_due, returned: {waiting, danger, oldest}, duty: {gap, words},
 *   unopened: {alerts, oldest_alert, records, oldest_record},
 *   feeds: [{feed, last, folder, refused, set_aside}],
 *   store: {used_bytes, used_percent, disk_percent}}
 * `linkage`: none (the directory does not name this agency), open, or of the linkage key in it,
 * when its keys do not open that: earlier (what it opened before serves until the agent ends) or
 * closed (no child can be named, and nothing is sent).
 * `last_receipt` in `link`: when the broker last answered something for good. `unopened`: alerts,
 * and urgent records of whose time to be opened the broker has said that it is over, that nobody
 * has opened. `feeds`: when each folder that is watched, and this interface, last brought
 * something. Of a folder, `refused`: files in failed/ and what is no file in in/; `set_aside`:
 * files of which some rows were not taken.
 * `confirmations` in `log`: of the other agencies in force those that have `ever` signed that they
 * see this log, and `lately`, within three days or all of it; by whom up to the largest `size`, and
 * when; `since` when they are asked. `missed`: fewer than half of them do any more, or none ever
 * has in three days, and others should be asked.
 * `requests_waiting`: how many requests of others wait for a person here.
 * `duty`, once a directory is held: `gap` is none, front-door (the directory has none), calendar or
 * desk (none at a front door): who is missing to open what is urgent, or to be telephoned about it.
 * `unsealed` in `spool`: what could be sent but for our place in the partnership, which is not
 * known; `settling`: what waits until it can no longer be a clerical error. `oldest`: of all but
 * that; `oldest_urgent`: of what is urgent alone. `state` in `link`: connected, connecting, stopped
 * (an operator must look), revoked (the broker takes nothing from this agency any more), or
 * unapproved (the broker does not let it in, and never has: the partnership must approve it).
 * `next_try`: when the broker is dialled again; absent while nobody waits for that.
 * `returned`: what was refused for good and nobody has dealt with; `danger`: of it immediate, or
 * referrals. `reviews_due`: how many kept records a person is to look at by now.
 * `missing`: deliveries that never came, between the first and the last of them, as far as what
 * came behind them shows.
 */
#define CAIRN_PATH_HEALTH "/v1/health"
/* GET -> the same figures, as Prometheus text (cairn/metrics.h). */
#define CAIRN_PATH_METRICS "/metrics"
/* GET -> text/plain, the last verified checkpoint: a C2SP signed note. 404 before the first. */
#define CAIRN_PATH_LOG_HEAD "/v1/log/head"
/* GET PATH/held or PATH/shown -> text/plain: of the last time that the broker showed another log,
 * the signed head that was held here, and the one that it showed. 404 when it never did. */
#define CAIRN_PATH_LOG_EVIDENCE "/v1/log/evidence"
/* GET PATH/{root, directory, agreements, patterns or calendar}.json or .note -> text/plain: the
 * document in force here and its signatures, byte for byte. 404 for one that is not held. */
#define CAIRN_PATH_GOVERNANCE "/v1/governance"

/* --- problems: "urn:cairn:problem:" and column 3 --- */
#define CAIRN_PROBLEM_PREFIX "urn:cairn:problem:"
#define CAIRN_PROBLEMS(X)                                                                          \
    X(BAD_REQUEST, 400, "bad-request", "the request cannot be read")                               \
    X(CALLER, 403, "caller", "this user may not use the agent")                                    \
    X(ROLE, 403, "role", "this user may submit and see what became of that, and no more")          \
    X(FRONT_DOOR, 403, "front-door", "only a front door may decide about an alert")                \
    X(NOT_FOUND, 404, "not-found", "there is no such thing here")                                  \
    X(METHOD, 405, "method", "this path does not take that method")                                \
    X(CLOSED, 409, "alert-closed", "this alert is closed")                                         \
    X(ANSWERED, 409, "request-answered", "this request does not wait for anybody here")            \
    X(NOT_INVOLVED, 409, "not-involved", "who asked is not involved with the child any more")      \
    X(NOT_KEPT, 409, "not-kept", "somebody has this already, or it was taken back")                \
    X(NOT_RETURNED, 409, "not-returned", "this was said again or taken back since")                \
    X(NOT_AGREED, 409, "not-agreed",                                                               \
      "no agreement lets a front door have this: refer the child, or telephone")                   \
    X(NOT_LOGGED, 409, "not-in-the-log", "this is not in the broker's log")                        \
    X(TOO_LARGE, 413, "too-large", "the body is larger than the limit")                            \
    X(MEDIA_TYPE, 415, "media-type", "nothing here takes that kind of content")                    \
    X(KEY_USED, 422, "idempotency-key-used", "this idempotency key came with something else")      \
    X(REFUSED, 422, "refused", "the content cannot be accepted")                                   \
    X(FAULT, 500, "fault", "the agent could not do this; its log says more")                       \
    X(BUSY, 503, "busy", "others are being answered; try again in a moment")                       \
    X(OFFLINE, 503, "offline", "the broker cannot be asked now")                                   \
    X(NOT_JOINED, 503, "not-joined", "this agency's place in the partnership is not known yet")    \
    X(DISK_FULL, 507, "disk-full", "the agent has no room for this on its disk; nothing was kept")

#endif
