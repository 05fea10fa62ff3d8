/* SPDX-License-Identifier: Apache-2.0 */
#include "support/default_table.h"

#include <string.h>

#define NO_ROLE   1U /* as a bit beside ROLE_BIT: involved in nothing */
#define ANY_ROLE  ROLES_ALL
#define WHOEVER   (NO_ROLE | ANY_ROLE)
#define ROUTINE   (1U << URGENCY_ROUTINE)
#define SAME_DAY  (1U << URGENCY_SAME_DAY)
#define IMMEDIATE (1U << URGENCY_IMMEDIATE)
#define CALM      (ROUTINE | SAME_DAY)
#define ALWAYS    (CALM | IMMEDIATE)
#define ALLOCATED ROLE_BIT(ROLE_ALLOCATED_WORKER)
#define LEAD      ROLE_BIT(ROLE_LEAD_PROFESSIONAL)

/* Places in the agreements where one record kind says "missed". */
#define KINDS(...)                                                                                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define MISSED        KINDS(RECORD_MISSED_APPOINTMENT, RECORD_MISSED_VACCINATION)
#define NOT_BROUGHT_A KINDS(RECORD_MISSED_APPOINTMENT), CODE_WAS_NOT_BROUGHT
#define NOT_BROUGHT_C KINDS(RECORD_MISSED_APPOINTMENT), CODE_CANCELLED_BY_CARER
#define NOT_BROUGHT_V KINDS(RECORD_MISSED_VACCINATION), 0
#define EVERY_LEVEL   0, CAIRN_LEVEL_MAX

struct row {
    const char *origin; /* a kind, "@" and a class, or NULL: anybody */
    const char *recipient;
    uint32_t roles;
    uint32_t kinds[3]; /* none: every kind */
    uint32_t code;     /* 0: whichever */
    uint32_t level_min;
    uint32_t level_max;
    uint32_t urgencies;
    enum effect effect;
    enum mode mode;
};

#define AT_ONCE EFFECT_SHARE, MODE_CONTENT
#define EXISTS  EFFECT_SHARE, MODE_EXISTENCE
#define KEPT    EFFECT_HOLD, MODE_CONTENT
#define ASKED   EFFECT_ASK, MODE_EXISTENCE
#define NEVER   EFFECT_DENY, MODE_EXISTENCE

/* Health visitor, school nurse, allocated worker, MASH and the other health services, for one sort
 * of missed contact. */
#define MISSED_ROWS(sort)                                                                          \
    {"@health", "health-visiting", ANY_ROLE, sort, EVERY_LEVEL, CALM, AT_ONCE},                    \
        {"@health", "school-nursing", ANY_ROLE, sort, EVERY_LEVEL, CALM, AT_ONCE},                 \
        {"@health", "childrens-services", ALLOCATED, sort, EVERY_LEVEL, CALM, AT_ONCE},            \
        {"@health", "mash", WHOEVER, sort, EVERY_LEVEL, ROUTINE, KEPT},                            \
        {"@health", "@health", ANY_ROLE, sort, EVERY_LEVEL, ROUTINE, EFFECT_HOLD, MODE_EXISTENCE}, \
    {                                                                                              \
        NULL, "@front-door", WHOEVER, sort, EVERY_LEVEL, SAME_DAY, AT_ONCE                         \
    }

/* clang-format off */
static const struct row rows[] = {
    /* immediate; referral: duty desk and allocated worker */
    {NULL, "@front-door", WHOEVER, {0}, 0, EVERY_LEVEL, IMMEDIATE, AT_ONCE},
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_REFERRAL), 0, EVERY_LEVEL, ALWAYS, AT_ONCE},
    {NULL, "childrens-services", ALLOCATED, KINDS(RECORD_REFERRAL), 0, EVERY_LEVEL, ALWAYS, AT_ONCE},

    /* never: what the column "not sent to" names, whoever asks in whatever role */
    {NULL, "@education", WHOEVER, MISSED, 0, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, "@police", WHOEVER, MISSED, 0, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, NULL, WHOEVER, KINDS(RECORD_MISSED_APPOINTMENT), CODE_DID_NOT_ATTEND, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, "@police", WHOEVER, KINDS(RECORD_CONCERN), 0, 0, 2, ALWAYS, NEVER},
    {NULL, "@police", WHOEVER, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, "gp", WHOEVER, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, "@education", WHOEVER, KINDS(RECORD_POLICE_NOTICE), 0, EVERY_LEVEL, ALWAYS, NEVER},
    {NULL, "gp", WHOEVER, KINDS(RECORD_POLICE_NOTICE), 0, EVERY_LEVEL, ALWAYS, NEVER},

    /* allegations against staff, confidential clinics: ask */
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_ALLEGATION), 0, EVERY_LEVEL, CALM, ASKED},
    {NULL, NULL, WHOEVER, KINDS(RECORD_ALLEGATION), 0, EVERY_LEVEL, ALWAYS, NEVER},
    {"confidential-clinic", "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, 0, 0, ROUTINE, ASKED},
    {"confidential-clinic", "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, 2, 2, ROUTINE, ASKED},
    {"confidential-clinic", "@front-door", WHOEVER, MISSED, 0, EVERY_LEVEL, ROUTINE, ASKED},
    {"confidential-clinic", "@front-door", WHOEVER, KINDS(RECORD_CASE_NOTE), 0, EVERY_LEVEL, ROUTINE, ASKED},
    {"confidential-clinic", "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, 3, 4, CALM, AT_ONCE},
    {"confidential-clinic", "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"confidential-clinic", "@front-door", WHOEVER, NOT_BROUGHT_A, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"confidential-clinic", "@front-door", WHOEVER, NOT_BROUGHT_C, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"confidential-clinic", "@front-door", WHOEVER, NOT_BROUGHT_V, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"confidential-clinic", NULL, WHOEVER, KINDS(RECORD_CONCERN, RECORD_CASE_NOTE), 0, EVERY_LEVEL, ALWAYS, NEVER},
    {"confidential-clinic", NULL, WHOEVER, MISSED, 0, EVERY_LEVEL, ALWAYS, NEVER},
    {"mental-health", "@front-door", WHOEVER, KINDS(RECORD_MISSED_APPOINTMENT), 0, EVERY_LEVEL, ROUTINE, ASKED},
    {"mental-health", "@front-door", WHOEVER, NOT_BROUGHT_A, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"mental-health", "@front-door", WHOEVER, NOT_BROUGHT_C, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {"mental-health", NULL, WHOEVER, KINDS(RECORD_MISSED_APPOINTMENT), 0, EVERY_LEVEL, ALWAYS, NEVER},

    /* concerns */
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, 3, 4, ALWAYS, AT_ONCE},
    {NULL, "childrens-services", ALLOCATED, KINDS(RECORD_CONCERN), 0, 3, 4, ALWAYS, AT_ONCE},
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_CONCERN), 0, EVERY_LEVEL, SAME_DAY, AT_ONCE},
    {NULL, NULL, WHOEVER, KINDS(RECORD_CONCERN), 0, 1, 1, CALM, NEVER},
    {NULL, "mash", WHOEVER, KINDS(RECORD_CONCERN), 0, 0, 2, ROUTINE, KEPT},
    {NULL, NULL, LEAD, KINDS(RECORD_CONCERN), 0, 0, 2, CALM, AT_ONCE},
    {NULL, "childrens-services", ALLOCATED, KINDS(RECORD_CONCERN), 0, 0, 2, CALM, AT_ONCE},
    {NULL, "early-help", ANY_ROLE, KINDS(RECORD_CONCERN), 0, 0, 2, CALM, EXISTS},

    /* was not brought, missed vaccination */
    MISSED_ROWS(NOT_BROUGHT_A),
    MISSED_ROWS(NOT_BROUGHT_C),
    MISSED_ROWS(NOT_BROUGHT_V),

    /* absence summary */
    {"@education", "attendance", ANY_ROLE, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, CALM, AT_ONCE},
    {"@education", NULL, LEAD, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, CALM, AT_ONCE},
    {"@education", "childrens-services", ALLOCATED, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, CALM, AT_ONCE},
    {"@education", "mash", WHOEVER, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, ROUTINE, KEPT},
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_ABSENCE_SUMMARY), 0, EVERY_LEVEL, SAME_DAY, AT_ONCE},

    /* domestic abuse: school and health visitor of a child who was present, worker and a headline
     * for the MASH in any case; the incident does not wait for anybody to rate it */
    {"police", "school", ROLE_BIT(ROLE_ON_ROLL), KINDS(RECORD_DOMESTIC_ABUSE), CODE_CHILD_PRESENT, EVERY_LEVEL, ALWAYS, AT_ONCE},
    {"police", "health-visiting", ANY_ROLE, KINDS(RECORD_DOMESTIC_ABUSE), CODE_CHILD_PRESENT, EVERY_LEVEL, ALWAYS, AT_ONCE},
    {"police", "childrens-services", ALLOCATED, KINDS(RECORD_DOMESTIC_ABUSE), 0, EVERY_LEVEL, ALWAYS, AT_ONCE},
    {"police", "mash", WHOEVER, KINDS(RECORD_DOMESTIC_ABUSE), 0, EVERY_LEVEL, CALM, EXISTS},

    /* other police notices */
    {"police", "childrens-services", ALLOCATED, KINDS(RECORD_POLICE_NOTICE), 0, EVERY_LEVEL, ALWAYS, AT_ONCE},
    {"police", "mash", WHOEVER, KINDS(RECORD_POLICE_NOTICE), 0, EVERY_LEVEL, ROUTINE, KEPT},
    {NULL, "@front-door", WHOEVER, KINDS(RECORD_POLICE_NOTICE), 0, EVERY_LEVEL, SAME_DAY, AT_ONCE},

    /* adult services: existence only */
    {"adult-services", "childrens-services", ALLOCATED, KINDS(RECORD_ADULT_SERVICE), 0, EVERY_LEVEL, ALWAYS, EXISTS},
    {"adult-services", "mash", WHOEVER, KINDS(RECORD_ADULT_SERVICE), 0, EVERY_LEVEL, ROUTINE,
     EFFECT_HOLD, MODE_EXISTENCE},
    {"adult-services", "@front-door", WHOEVER, KINDS(RECORD_ADULT_SERVICE), 0, EVERY_LEVEL, SAME_DAY, EXISTS},

    /* plans to the circle, notes to the plan's team */
    {"childrens-services", NULL, ANY_ROLE, KINDS(RECORD_PLAN), 0, EVERY_LEVEL, ALWAYS, EXISTS},
    {"early-help", NULL, ANY_ROLE, KINDS(RECORD_PLAN), 0, EVERY_LEVEL, ALWAYS, EXISTS},
    {NULL, NULL, ROLE_BIT(ROLE_PLAN_TEAM), KINDS(RECORD_CASE_NOTE), 0, EVERY_LEVEL, ALWAYS, AT_ONCE},

    /* immediate of the other kinds, for the worker */
    {NULL, "childrens-services", ALLOCATED, KINDS(RECORD_CONCERN, RECORD_ABSENCE_SUMMARY, RECORD_POLICE_NOTICE), 0,
     EVERY_LEVEL, IMMEDIATE, AT_ONCE},
    {NULL, "childrens-services", ALLOCATED, MISSED, 0, EVERY_LEVEL, IMMEDIATE, AT_ONCE},
    {NULL, "childrens-services", ALLOCATED, KINDS(RECORD_DOMESTIC_ABUSE), 0, EVERY_LEVEL, IMMEDIATE, AT_ONCE},
};
/* clang-format on */

/* --- asking --- */

static bool is_party(const char *wanted, const struct agency *agency)
{
    if (wanted == NULL) {
        return true;
    }
    return wanted[0] == '@' ? strcmp(wanted + 1, agency->kind->class) == 0
                            : strcmp(wanted, agency->kind->id) == 0;
}

static bool is_kind(const struct row *row, uint32_t kind)
{
    bool listed = row->kinds[0] == 0;

    for (size_t i = 0; i < ARRAY_LEN(row->kinds); i++) {
        listed = listed || row->kinds[i] == kind;
    }
    return listed;
}

/* A front door is told as such and not because of a role. */
static bool fits(const struct row *row, const struct disclosure *what)
{
    bool as_such = what->roles == 0 || agency_is_front_door(what->recipient);
    uint32_t roles = as_such ? NO_ROLE : what->roles;

    return is_kind(row, what->kind) && (row->code == 0 || row->code == what->code) &&
           what->level >= row->level_min && what->level <= row->level_max &&
           (row->urgencies & (1U << what->urgency)) != 0 && (row->roles & roles) != 0 &&
           is_party(row->recipient, what->recipient) && is_party(row->origin, what->origin);
}

struct expected default_expected(const struct disclosure *what)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (fits(&rows[i], what)) {
            return (struct expected){.effect = rows[i].effect, .mode = rows[i].mode};
        }
    }
    return (struct expected){.effect = EFFECT_DENY, .mode = MODE_EXISTENCE};
}
