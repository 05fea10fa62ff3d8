/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identifiers: how far an NHS number or a unique pupil number can be trusted. Nothing is dropped:
 * what does not pass keeps its value, for a person to see, and gets a status that says why it must
 * not link.
 *
 *   VERIFIED         check holds, the number is of a person's range, the source had it checked
 *   WELL_FORMED      check holds; nobody says that it was checked
 *   BAD_CHECK_DIGIT  right shape, wrong check character or authority: most likely a typing error
 *   PLACEHOLDER      stands for nobody here: not of the shape at all ("n/a", nine digits), one of
 *                    the numbers people type to get past a form, a range never issued, a test
 *                    number in a live partnership, a real person's number in a test partnership
 *   ABSENT           nothing was given
 *
 * A check passes one random number in 11 (NHS) or 23 (UPN): a bad one is evidence of a typing
 * error, a good one is not evidence of identity. Pure functions; any thread.
 */
#ifndef AGENTS_IDENTIFIERS_H
#define AGENTS_IDENTIFIERS_H

#include "base/slice.h"
#include "cairn/codes.h"

#define NHS_NUMBER_DIGITS    10
#define UPN_CHARACTERS       13
#define IDENTIFIER_MAX_BYTES 64 /* of a value kept as it was given */

struct identifier {
    enum identifier_status status;
    char value[IDENTIFIER_MAX_BYTES +
               1]; /* normalised when of the right shape, else as given; "" when absent */
};

#define IDENTIFIER_NULL ((struct identifier){.status = IDENTIFIER_ABSENT, .value = ""})

/* What the source and the partnership say of a number. */
struct identifier_terms {
    bool verified; /* the source says: present and verified */
    bool live;     /* false: a test partnership, where only numbers from 999 may be VERIFIED */
};

/* Both return false, with *ret untouched, for what is not prose or is longer than
 * IDENTIFIER_MAX_BYTES. Spaces and hyphens are tolerated. */
bool nhs_number_classify(struct slice text, struct identifier_terms terms,
                         struct identifier *ret) MUST_USE;
/* Permanent and temporary UPNs; a temporary one (last character a letter) is never more than
 * WELL_FORMED, since two schools may give one child different ones. */
bool upn_classify(struct slice text, struct identifier_terms terms,
                  struct identifier *ret) MUST_USE;

/* Why what carries this NHS number has no place in such a partnership, for the person who gave it:
 * a test number in a live one, anybody else's in one for tests; NULL when it has. What people type
 * to get past a form, and what has no ten digits, has a place: it finds nobody. */
const char *nhs_number_refusal(const struct identifier *identifier, bool live);
/* What is wrong with a number that was taken, for the person who gave it, as a clause about "it":
 * by such a number nobody is found. NULL when nothing is, or none was given. */
const char *identifier_flaw(const struct identifier *identifier);

/* Whether it may become a token: its value is of the right shape and not known to stand for nobody.
 */
bool identifier_has_token(const struct identifier *identifier);
/* Whether this agency may tell its own children apart by it: VERIFIED or WELL_FORMED. */
bool identifier_is_sound(const struct identifier *identifier);

#endif
