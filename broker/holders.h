/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holders: who states an identifier. A strong token (NHS number, UPN) counts only when verified.
 * Every walk is bounded. Part of apply; reads only.
 */
#ifndef BROKER_HOLDERS_H
#define BROKER_HOLDERS_H

#include "broker/members.h"

/* Whether the subject states this token, verified. */
bool holders_row_states(const struct subject_row *row, const struct subject_token *token);
/* A member that is there for good states this identifier, so whoever else does is the same
 * child. */
bool holders_firm(struct apply *apply, uint64_t child, const struct subject_token *token);
/* Whether that the subject of this row states the token says anything about its child: a member
 * that is there because of its name lends its number to nobody. */
bool holders_usable(struct apply *apply, const struct subject_token *token,
                    const struct subject_row *row);
/* Subjects that state this token. At most CAIRN_MEMBERS_PER_AGENCY_MAX of one agency are looked at,
 * so that none can hide the others behind a crowd of its own handles. Noted when these were not
 * all. */
void holders_find(struct apply *apply, const struct subject_token *token, struct member_list *ret);

/* Children that somebody states a token for. */
struct matches {
    size_t n;
    uint64_t children[CAIRN_TOKEN_MATCHES_MAX];
    bool same_child; /* another subject of the child that asks states it too */
};

/* Once each. */
void matches_add(struct matches *matches, uint64_t child);
/* Other children than `self_child`, by other subjects than `self`. */
void holders_matches(struct apply *apply, const struct subject_token *token,
                     const struct subject_id *self, uint64_t self_child, struct matches *ret);

#endif
