/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of headers: what kind of thing a record says, in how much detail the broker may
 * know it, and how urgent it is. Numbers go on the wire and into the store and are never reused.
 * Sensitive services have one coarse code each, because a header code is itself special-category
 * data (docs/threat-model.md).
 */
#ifndef CAIRN_CODES_H
#define CAIRN_CODES_H

#include <stdbool.h>
#include <stdint.h>

/* Entry kinds of a parcel. */
#define CAIRN_ENTRY_KINDS(X)                                                                       \
    X(RECORD, 1)                                                                                   \
    X(GRANT, 2)                                                                                    \
    X(SUBJECT, 3)                                                                                  \
    X(TIE, 4)                                                                                      \
    X(INVOLVEMENT, 5)                                                                              \
    X(ACKNOWLEDGEMENT, 6)                                                                          \
    X(DECISION, 7)                                                                                 \
    X(REQUEST, 8)

enum entry_kind {
#define X(name, number) ENTRY_##name = (number),
    CAIRN_ENTRY_KINDS(X)
#undef X
};

/* What a record says. Column 3: its text in JSON and rules. Column 4: its class, which mode
 * `existence` delivers. */
#define CAIRN_RECORD_KINDS(X)                                                                      \
    X(CONCERN, 1, "concern", "concern")                                                            \
    X(REFERRAL, 2, "referral", "concern")                                                          \
    X(MISSED_APPOINTMENT, 3, "missed-appointment", "health-contact")                               \
    X(MISSED_VACCINATION, 4, "missed-vaccination", "health-contact")                               \
    X(CASE_NOTE, 5, "case-note", "note")                                                           \
    X(RETRACTION, 6, "retraction", "correction")                                                   \
    X(ABSENCE_SUMMARY, 7, "absence-summary", "attendance")                                         \
    X(DOMESTIC_ABUSE, 8, "domestic-abuse-incident", "police-contact")                              \
    X(POLICE_NOTICE, 9, "police-notice", "police-contact")                                         \
    X(ADULT_SERVICE, 10, "adult-service", "adult-service")                                         \
    X(PLAN, 11, "plan", "plan")                                                                    \
    X(ALLEGATION, 12, "allegation-against-staff", "concern")

enum record_kind {
#define X(name, number, text, class) RECORD_##name = (number),
    CAIRN_RECORD_KINDS(X)
#undef X
};

/* Finer than the kind; 0 is "not said". Column 3: text. Column 4: the record kind it refines. */
#define CAIRN_RECORD_CODES(X)                                                                      \
    X(WAS_NOT_BROUGHT, 1, "was-not-brought", MISSED_APPOINTMENT)                                   \
    X(DID_NOT_ATTEND, 2, "did-not-attend", MISSED_APPOINTMENT)                                     \
    X(CANCELLED_BY_CARER, 3, "cancelled-by-carer", MISSED_APPOINTMENT)                             \
    X(VACCINATION_NOT_BROUGHT, 4, "vaccination-not-brought", MISSED_VACCINATION)                   \
    X(VACCINATION_REFUSED, 5, "vaccination-refused", MISSED_VACCINATION)                           \
    X(NEGLECT_MEDICAL, 10, "neglect-medical", CONCERN)                                             \
    X(NEGLECT_NUTRITIONAL, 11, "neglect-nutritional", CONCERN)                                     \
    X(NEGLECT_EMOTIONAL, 12, "neglect-emotional", CONCERN)                                         \
    X(NEGLECT_EDUCATIONAL, 13, "neglect-educational", CONCERN)                                     \
    X(NEGLECT_PHYSICAL, 14, "neglect-physical", CONCERN)                                           \
    X(NEGLECT_SUPERVISION, 15, "neglect-supervision", CONCERN)                                     \
    X(NEGLECT_PRENATAL, 16, "neglect-prenatal", CONCERN)                                           \
    X(OTHER_CONCERN, 19, "other-concern", CONCERN)                                                 \
    X(PERSISTENT_ABSENCE, 20, "persistent-absence", ABSENCE_SUMMARY)                               \
    X(SEVERE_ABSENCE, 21, "severe-absence", ABSENCE_SUMMARY)                                       \
    X(UNEXPLAINED_ABSENCE, 22, "unexplained-absence", ABSENCE_SUMMARY)                             \
    X(CHILD_PRESENT, 30, "child-present", DOMESTIC_ABUSE)                                          \
    X(MISSING_EPISODE, 31, "missing-episode", POLICE_NOTICE)                                       \
    X(HOME_CONDITIONS, 32, "home-conditions", POLICE_NOTICE)                                       \
    X(YOUNG_CARER, 33, "young-carer", CONCERN)                                                     \
    X(OTHER_POLICE_NOTICE, 39, "other-police-notice", POLICE_NOTICE)                               \
    X(ADULT_KNOWN, 40, "adult-known", ADULT_SERVICE)                                               \
    X(PLAN_CHILD_IN_NEED, 50, "child-in-need-plan", PLAN)                                          \
    X(PLAN_CHILD_PROTECTION, 51, "child-protection-plan", PLAN)                                    \
    X(PLAN_UNBORN, 52, "unborn-child-protection-plan", PLAN)                                       \
    X(PLAN_EARLY_HELP, 53, "early-help-plan", PLAN)                                                \
    X(PLAN_ENDED, 54, "plan-ended", PLAN)

enum record_code {
    CODE_NOT_SAID = 0,
#define X(name, number, text, kind) CODE_##name = (number),
    CAIRN_RECORD_CODES(X)
#undef X
};

/* Urgency is apart from the level of need, which is local practice (1 to 4, 0 not said). */
#define CAIRN_URGENCIES(X)                                                                         \
    X(ROUTINE, 1, "routine")                                                                       \
    X(SAME_DAY, 2, "same-day")                                                                     \
    X(IMMEDIATE, 3, "immediate")

enum urgency {
#define X(name, number, text) URGENCY_##name = (number),
    CAIRN_URGENCIES(X)
#undef X
};

/* What cannot wait for a pattern: a record marked immediate, or a referral. It goes by the urgent
 * lane, and to the front door at once, whatever the agreements say. */
bool record_is_danger(enum record_kind kind, enum urgency urgency);

#define CAIRN_LEVEL_MAX 4

/* Lanes: each is a stream of its own at the agent. */
enum lane {
    LANE_URGENT = 1,
    LANE_NORMAL = 2,
    LANE_BULK = 3
};
#define CAIRN_LANES 3

/* Parts of a body. */
enum part {
    PART_CARD = 1,
    PART_ACCOUNT = 2
};
/* In a set of parts. */
#define PART_BIT(part) ((uint8_t)(1U << ((unsigned)(part)-1U)))

/* Identifier classes of tokens. Numbers are hashed into tokens: never change them. Those
 * of a PERSON are an adult's who is tied to a child: a class of its own, so that an adult's token
 * never equals a child's. NAME_BIRTH and FAMILY_BIRTH_POSTCODE link nobody: they show a person two
 * children who might be one. */
#define CAIRN_TOKEN_CLASSES(X)                                                                     \
    X(NHS_NUMBER, 1, "nhs-number")                                                                 \
    X(UPN, 2, "upn")                                                                               \
    X(LOCAL_ID, 3, "local-id")                                                                     \
    X(NAME_BIRTH_POSTCODE, 4, "name-birth-postcode")                                               \
    X(NAME_BIRTH, 5, "name-birth")                                                                 \
    X(FAMILY_BIRTH_POSTCODE, 6, "family-birth-postcode")                                           \
    X(PERSON_NHS_NUMBER, 7, "person-nhs-number")                                                   \
    X(PERSON_LOCAL_ID, 8, "person-local-id")                                                       \
    X(PERSON_NAME_BIRTH_POSTCODE, 9, "person-name-birth-postcode")

enum token_class {
#define X(name, number, text) TOKEN_##name = (number),
    CAIRN_TOKEN_CLASSES(X)
#undef X
};

/* How far an identifier can be trusted. Only VERIFIED links for good. */
#define CAIRN_IDENTIFIER_STATUSES(X)                                                               \
    X(VERIFIED, 1, "verified")                                                                     \
    X(WELL_FORMED, 2, "well-formed")                                                               \
    X(BAD_CHECK_DIGIT, 3, "bad-check-digit")                                                       \
    X(PLACEHOLDER, 4, "placeholder")                                                               \
    X(ABSENT, 5, "absent")

enum identifier_status {
#define X(name, number, text) IDENTIFIER_##name = (number),
    CAIRN_IDENTIFIER_STATUSES(X)
#undef X
};

/* What a decision does: to an alert, to a record, or to the link between those whom records are
 * about: that they are one child, that they are not, that they should never have been joined.
 * Looking changes nothing: it says who asks for the picture of a child, and why. Refusing a request
 * says to who asked that nothing is granted, and why. A hold keeps everything about the child of a
 * record from being destroyed at the broker, until whoever said so releases it. */
#define CAIRN_ACTIONS(X)                                                                           \
    X(OPEN, 1, "open")                                                                             \
    X(CLOSE, 2, "close")                                                                           \
    X(CONFIRM_LINK, 3, "confirm-link")                                                             \
    X(REFUSE_LINK, 4, "refuse-link")                                                               \
    X(UNDO_LINK, 5, "undo-link")                                                                   \
    X(LOOK, 6, "look")                                                                             \
    X(REFUSE_REQUEST, 7, "refuse-request")                                                         \
    X(HOLD, 8, "hold")                                                                             \
    X(RELEASE_HOLD, 9, "release-hold")

enum action {
#define X(name, number, text) ACTION_##name = (number),
    CAIRN_ACTIONS(X)
#undef X
};

bool action_is_link(enum action action);
/* About one record and nothing else, and opens nothing. */
bool action_is_hold(enum action action);

/* Outcomes of closing an alert: what the front door can decide; a person does. */
#define CAIRN_OUTCOMES(X)                                                                          \
    X(NO_FURTHER_ACTION, 1, "no-further-action")                                                   \
    X(INFORMATION_AND_ADVICE, 2, "information-and-advice")                                         \
    X(EARLY_HELP, 3, "early-help")                                                                 \
    X(ASSESSMENT, 4, "social-care-assessment")                                                     \
    X(STRATEGY_DISCUSSION, 5, "strategy-discussion")                                               \
    X(PASSED_TO_WORKER, 6, "passed-to-allocated-worker")                                           \
    X(PASSED_TO_AUTHORITY, 7, "passed-to-another-authority")

enum outcome {
    OUTCOME_NONE = 0,
#define X(name, number, text) OUTCOME_##name = (number),
    CAIRN_OUTCOMES(X)
#undef X
};

/* Under which rule the broker has destroyed its copy of an entry's body and grants. */
enum destroyed {
    DESTROYED_NOT = 0,
    DESTROYED_UNUSED = 1,   /* no rule's window can use it any more */
    DESTROYED_DELIVERED = 2 /* whoever it was sealed to has long had it */
};
#define DESTROYED_LAST DESTROYED_DELIVERED

/* Roles of an involvement. */
#define CAIRN_ROLES(X)                                                                             \
    X(REGISTERED_PATIENT, 1, "registered-patient")                                                 \
    X(ON_ROLL, 2, "on-roll")                                                                       \
    X(OPEN_CASE, 3, "open-case")                                                                   \
    X(LEAD_PROFESSIONAL, 4, "lead-professional")                                                   \
    X(ALLOCATED_WORKER, 5, "allocated-worker")                                                     \
    X(PLAN_TEAM, 6, "plan-team")

enum role {
#define X(name, number, text) ROLE_##name = (number),
    CAIRN_ROLES(X)
#undef X
};
#define ROLES          6
#define ROLE_BIT(role) (UINT32_C(1) << (role)) /* in a set of roles */
#define ROLES_ALL      ((ROLE_BIT(ROLES) << 1) - 2)

/* What an adult is to a child, as the agency that knows both says. BORN is said of a child instead:
 * it is the one that was expected under another handle. */
#define CAIRN_RELATIONSHIPS(X)                                                                     \
    X(MOTHER, 1, "mother")                                                                         \
    X(FATHER, 2, "father")                                                                         \
    X(PARENT, 3, "parent")                                                                         \
    X(STEP_PARENT, 4, "step-parent")                                                               \
    X(PARTNER, 5, "partner-of-parent")                                                             \
    X(CARER, 6, "carer")                                                                           \
    X(GRANDPARENT, 7, "grandparent")                                                               \
    X(SIBLING, 8, "adult-brother-or-sister")                                                       \
    X(RELATIVE, 9, "other-relative")                                                               \
    X(HOUSEHOLD, 10, "other-adult-in-household")                                                   \
    X(BORN, 11, "born-as-expected")

enum relationship {
#define X(name, number, text) RELATIONSHIP_##name = (number),
    CAIRN_RELATIONSHIPS(X)
#undef X
};

/* Lawfulness of a record: who judged it relevant, on what ground, whether sharing does more harm
 * than not, and what the family was told. */
#define CAIRN_JUDGES(X)                                                                            \
    X(PERSON, 1, "person")                                                                         \
    X(STANDING_DECISION, 2, "standing-decision")

enum judged_by {
#define X(name, number, text) JUDGED_BY_##name = (number),
    CAIRN_JUDGES(X)
#undef X
};

#define CAIRN_BASES(X)                                                                             \
    X(LEGAL_OBLIGATION, 1, "legal-obligation")                                                     \
    X(PUBLIC_TASK, 2, "public-task")                                                               \
    X(VITAL_INTERESTS, 3, "vital-interests")

enum basis {
#define X(name, number, text) BASIS_##name = (number),
    CAIRN_BASES(X)
#undef X
};

#define CAIRN_DETRIMENTS(X)                                                                        \
    X(NOT_MORE, 1, "not-more-detrimental")                                                         \
    X(IN_SPITE, 2, "shared-in-spite-of-detriment")

enum detriment {
#define X(name, number, text) DETRIMENT_##name = (number),
    CAIRN_DETRIMENTS(X)
#undef X
};

#define CAIRN_FAMILY_TOLD(X)                                                                       \
    X(TOLD, 1, "told")                                                                             \
    X(NOT_TOLD, 2, "not-told")                                                                     \
    X(NOT_KNOWN, 3, "not-known")

enum family_told {
#define X(name, number, text) FAMILY_##name = (number),
    CAIRN_FAMILY_TOLD(X)
#undef X
};

/* Why an author told fewer than the agreements allow, and by whose authority. */
#define CAIRN_NARROW_REASONS(X)                                                                    \
    X(STAFF_ALLEGATION, 1, "allegation-against-staff")                                             \
    X(CHILD_AT_RISK, 2, "risk-to-the-child")                                                       \
    X(OTHER_AT_RISK, 3, "risk-to-somebody-else")                                                   \
    X(ENQUIRY, 4, "enquiry-under-way")                                                             \
    X(YOUNG_PERSON, 5, "wish-of-the-young-person")                                                 \
    X(COURT, 6, "order-of-a-court")

enum narrow_reason {
#define X(name, number, text) NARROW_##name = (number),
    CAIRN_NARROW_REASONS(X)
#undef X
};

#define CAIRN_AUTHORITIES(X)                                                                       \
    X(LADO, 1, "lado")                                                                             \
    X(POLICE, 2, "police")                                                                         \
    X(SAFEGUARDING_LEAD, 3, "safeguarding-lead")                                                   \
    X(CHILDRENS_SERVICES, 4, "childrens-services")                                                 \
    X(CALDICOTT_GUARDIAN, 5, "caldicott-guardian")                                                 \
    X(COURT, 6, "court")

enum authority {
#define X(name, number, text) AUTHORITY_##name = (number),
    CAIRN_AUTHORITIES(X)
#undef X
};

/* What a request, and a rule of an agreement, is for. */
#define CAIRN_PURPOSES(X)                                                                          \
    X(SAFEGUARDING, 1, "safeguarding")                                                             \
    X(EARLY_HELP, 2, "early-help")                                                                 \
    X(ASSESSMENT, 3, "statutory-assessment")                                                       \
    X(CARE, 4, "direct-care")

enum purpose {
#define X(name, number, text) PURPOSE_##name = (number),
    CAIRN_PURPOSES(X)
#undef X
};
#define PURPOSES             4
#define PURPOSE_BIT(purpose) (UINT32_C(1) << (purpose))
#define PURPOSES_ALL         ((PURPOSE_BIT(PURPOSES) << 1) - 2)

/* Documents of governance. Column 3: file stem. */
#define CAIRN_GOVERNANCE_DOCUMENTS(X)                                                              \
    X(ROOT, 1, "root")                                                                             \
    X(DIRECTORY, 2, "directory")                                                                   \
    X(AGREEMENTS, 3, "agreements")                                                                 \
    X(PATTERNS, 4, "patterns")                                                                     \
    X(CALENDAR, 5, "calendar")

enum governance_document {
#define X(name, number, text) GOVERNANCE_##name = (number),
    CAIRN_GOVERNANCE_DOCUMENTS(X)
#undef X
};
#define GOVERNANCE_DOCUMENTS 5

/* Number <-> text for the lists above. *_text returns NULL for an unknown number; *_number returns
 * 0 for unknown text. */
const char *record_kind_text(uint32_t number);
const char *record_kind_class(uint32_t number);
uint32_t record_kind_number(const char *text);
const char *record_code_text(uint32_t number);
uint32_t record_code_number(const char *text);
/* The record kind that a code refines; 0 for an unknown code. */
uint32_t record_code_kind(uint32_t number);
const char *urgency_text(uint32_t number);
uint32_t urgency_number(const char *text);
const char *token_class_text(uint32_t number);
bool token_class_is_person(enum token_class class);
const char *identifier_status_text(uint32_t number);
uint32_t identifier_status_number(const char *text);
const char *action_text(uint32_t number);
uint32_t action_number(const char *text);
const char *outcome_text(uint32_t number);
uint32_t outcome_number(const char *text);
const char *role_text(uint32_t number);
uint32_t role_number(const char *text);
const char *relationship_text(uint32_t number);
uint32_t relationship_number(const char *text);
const char *judged_by_text(uint32_t number);
uint32_t judged_by_number(const char *text);
const char *basis_text(uint32_t number);
uint32_t basis_number(const char *text);
const char *detriment_text(uint32_t number);
uint32_t detriment_number(const char *text);
const char *family_told_text(uint32_t number);
uint32_t family_told_number(const char *text);
const char *narrow_reason_text(uint32_t number);
uint32_t narrow_reason_number(const char *text);
const char *authority_text(uint32_t number);
uint32_t authority_number(const char *text);
const char *purpose_text(uint32_t number);
uint32_t purpose_number(const char *text);
const char *entry_kind_text(uint32_t number);
const char *governance_document_text(uint32_t number);
uint32_t governance_document_number(const char *text);

#endif
