/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for a person about bad input: what is wrong, where, what to do. Parsers that read what
 * people or systems write (configuration, JSON, FHIR, governance documents) fill one and return
 * false or -EINVAL. Never holds personal data: it names fields and positions, not values of
 * identity fields.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/attr.h"

struct error {
    char where[160]; /* "record.json line 3", "/participant/0/actor"; may be empty */
    char what[320];  /* one sentence, no newline */
};

#define ERROR_NULL ((struct error){.where = "", .what = ""})
/* Sets both; keeps the first error when one is there already. Always returns -EINVAL so that it can
 * be returned. */
int error_set(struct error *error, const char *where, const char *format, ...) PRINTF(3, 4);

#endif
