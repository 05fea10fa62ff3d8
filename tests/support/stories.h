/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stories: what the tests of the broker's core say again and again, in the words of world.h. Every
 * verb here asserts that the broker took what it was given.
 */
#ifndef SUPPORT_STORIES_H
#define SUPPORT_STORIES_H

#include "support/world.h"

int32_t day_of(const char *text); /* "2026-02-03" */

/* An identifier as an agency states it. */
struct stated {
    enum token_class class;
    enum identifier_status status;
    const char *value;
};
#define VERIFIED_NHS(value) ((struct stated){TOKEN_NHS_NUMBER, IDENTIFIER_VERIFIED, (value)})
#define NAMED(value)        ((struct stated){TOKEN_NAME_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED, (value)})

/* A statement of these identifiers for the agency's handle of that child (1 to 255). */
void make_statement(struct world *world, struct subject_id *subject, const struct stated *stated,
                    size_t n, struct world_entry *ret);
struct subject_id subject_of(uint32_t agency, int child);
void state_child(struct world *world, uint32_t agency, int child, const struct stated *stated,
                 size_t n);
/* The child's NHS number, verified, and its name. */
void state_verified(struct world *world, uint32_t agency, int child);
/* The name only. */
void state_named(struct world *world, uint32_t agency, int child);

/* A missed appointment. */
struct entry_id miss(struct world *world, uint32_t agency, int child, const char *when);
struct entry_id store_record(struct world *world, const struct world_record *record);
/* A concern of the school's for ALIX that is told at once. */
struct entry_id report_danger(struct world *world);
void retract(struct world *world, const struct entry_id *record, int child);
/* The agency says that it has a relationship with the child, as of a registered patient. */
void involve(struct world *world, uint32_t agency, int child);
/* GP, hospital, GP in 2026: what the shipped pattern counts. The two have stated the child and are
 * involved. */
void three_missed(struct world *world, int child);
enum verdict decide(struct world *world, uint32_t agency, uint64_t alert, enum action action,
                    enum outcome outcome);

enum verdict decide_link(struct world *world, uint32_t agency, const struct world_link *link);

/* Signs the text as the document's next version and submits it through the ring. */
void publish_document(struct world *world, enum governance_document document, struct buf *text);
/* The shipped document with one thing changed. */
void change_document(struct world *world, enum governance_document document, const char *from,
                     const char *to);

void change_directory(struct world *world, const char *from, const char *to);

/* What the store holds. */
struct subject_row subject_row_of(struct world *world, uint32_t agency, int child);
struct alert_row alert_row_of(struct world *world, uint64_t alert);
uint64_t current_alert_of(struct world *world, uint64_t child); /* 0 none */
/* Asked by the record's origin; 0: the broker does not name that agency. */
enum reader_state reader_state_at(struct world *world, const struct entry_id *record,
                                  uint32_t reader);
size_t notices(struct world *world, uint32_t agency, enum notice_type type);

#endif
