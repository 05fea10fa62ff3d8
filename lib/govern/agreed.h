/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agreed: what agreements come to. For whoever prepares, reviews or explains them: the map of who
 * gets what, what changes between two versions, and what is wrong with one. Deciding about a record
 * is agreements_decide; nothing here is for a daemon.
 */
#ifndef GOVERN_AGREED_H
#define GOVERN_AGREED_H

#include "govern/govern.h"

#define AGREED_MEMBERS_MAX 64

enum agreed_axis {
    AGREED_ORIGIN,
    AGREED_RECIPIENT,
    AGREED_RECORD,
    AGREED_LEVEL,
    AGREED_URGENCY,
    AGREED_ROLE,
    AGREED_AXES
};

/* Members of the axes, as bits of a set: a party is a kind of the directory by its index, or behind
 * them an agency that a rule names; a record is agreed_record's; levels, urgencies and roles are
 * their numbers, role 0 is no involvement at all. */
struct agreed_row {
    uint64_t sets[AGREED_AXES];
    struct decision was; /* by the first agreements; the same as `is` when there is one only */
    struct decision is;
};

struct agreed_map {
    size_t n_parties;
    char parties[AGREED_MEMBERS_MAX][CAIRN_AGENCY_ID_MAX_BYTES];
    uint64_t all[AGREED_AXES]; /* every member */
    uint64_t front_doors;      /* among parties */
    size_t n;
    struct agreed_row *rows; /* by record, then by what is shared most */
};

struct agreed_terms {
    const struct directory *directory;
    const struct agreements *was; /* NULL: the map of `is`, else what changed from this */
    const struct agreements *is;
    int32_t day;
};

/* Of one: each case that a rule decides, with the rule. Of two: each case whose effect, mode
 * or history changed. -E2BIG when the rules name more agencies than fit beside the kinds. */
int agreed_map_new(const struct agreed_terms *terms, struct agreed_map **ret) MUST_USE;
void agreed_map_free(struct agreed_map **map);

/* The records and "involvement", by member; NULL beyond the last. */
const char *agreed_record_text(uint32_t member);
/* The member of that word; AGREED_MEMBERS_MAX when there is none. */
uint32_t agreed_record_member(const char *text);
enum record_kind agreed_record_kind(uint32_t member);
uint32_t agreed_record_code(uint32_t member);

/* What is wrong with agreements that can be read. */
struct agreed_finding {
    bool warning;                 /* false: it is to be mended before anybody signs */
    char rule[RULE_ID_MAX_BYTES]; /* "" when it is about all of them */
    char what[224];               /* a sentence: what it is and what to do */
};
struct agreed_findings {
    size_t n;
    size_t problems; /* of these, no warnings */
    struct agreed_finding *items;
};
/* Rules that never decide, that contradict each other, that have ended or name no source, and
 * review dates. -E2BIG as above. */
int agreed_check(const struct agreements *agreements, const struct directory *directory,
                 int32_t day, struct agreed_findings *ret) MUST_USE;
void agreed_findings_deinit(struct agreed_findings *findings);

/* The ids of the rules that speak of this case, in the document's order; how many there are. */
size_t agreements_covering(const struct agreements *agreements, const struct disclosure *what,
                           const char *ids[], size_t max);

#endif
