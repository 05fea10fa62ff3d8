/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show: what an agent answered, as lines for a person. Text that others wrote may hold anything: no
 * control character of it reaches the terminal. With --json the answer is handed on as it came.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cairn/limits.h"
#include "cli/output.h"
#include "json/json.h"

#define SHOW_TEXT_BYTES    512 /* of a word or sentence; longer ones end in "..." */
#define SHOW_INSTANT_BYTES 40  /* "2026-11-22 08:00" */

/* The members of an answer become those of --json's object. */
void show_result(struct output *output, const struct json_view *answer);

/* A member's text in one line; "" when there is none. */
void show_text(const struct json_view *object, const char *key, char out[SHOW_TEXT_BYTES]);
/* A member {agency, name, kind}: "Northgate Hospital (northgate)"; "" when it is none. */
void show_agency(const struct json_view *object, const char *key, char out[SHOW_TEXT_BYTES]);
/* An instant, by the clocks of London. */
void show_time(int64_t ms, char out[SHOW_INSTANT_BYTES]);
/* A member that is an instant, by the clocks of London; "" when it is none. */
void show_instant(const struct json_view *object, const char *key, char out[SHOW_INSTANT_BYTES]);
/* A member that is a whole number, or the fallback. */
int64_t show_number(const struct json_view *object, const char *key, int64_t fallback);
bool show_truth(const struct json_view *object, const char *key);

/* The member as lines of at most 96 columns, each after the indent; nothing when it is missing. */
void show_words(struct output *output, const char *indent, const struct json_view *object,
                const char *key);
/* A member `telephone` {desk, phone}, where nobody can overlook it, also while it is empty: the
 * number is not known then. Nothing when it is missing. */
void show_telephone(struct output *output, const struct json_view *object);
/* That it is not for the family's view, where it is not. */
void show_family_view(struct output *output, const char *indent, const struct json_view *object);
/* An object that somebody wrote (a card, an account): one line or paragraph for each member, its
 * objects below their names. */
void show_object(struct output *output, const char *indent, const struct json_view *object);

#endif
