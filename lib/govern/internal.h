/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/govern. Each document's file turns a checked JSON document into its part of the
 * snapshot. A part is filled only when the call returns 0; what a failed call left behind is
 * released by the deinit or free beside it.
 */
#ifndef GOVERN_INTERNAL_H
#define GOVERN_INTERNAL_H

#include "govern/govern.h"
#include "json/json.h"

/* --- documents.c --- */
/* The text parsed, fitting its schema and format; NULL and the error otherwise. */
struct json *document_open(enum governance_document document, struct slice text,
                           struct error *error) MUST_USE;
/* Parsed and fitting the embedded schema of that file name. */
struct json *document_parse(const char *schema_name, struct slice text,
                            struct error *error) MUST_USE;

/* What a note says of a document. */
struct note_claim {
    char origin[NOTE_NAME_MAX_BYTES];
    enum governance_document document;
    uint64_t version;
    struct hash digest;
};
bool note_claim_read(const struct note *note, struct note_claim *ret) MUST_USE;

/* --- fields.c: members that several documents share; problems go to the view's error --- */
/* One line of prose. */
void field_line(const struct json_view *object, const char *key, char *out, size_t out_bytes);
/* Lower-case letters, digits and '-': fit for file names and for people. */
void field_id(const struct json_view *object, const char *key, char *out, size_t out_bytes);
int32_t field_day(const struct json_view *object, const char *key);
int32_t field_opt_day(const struct json_view *object, const char *key, int32_t fallback);
/* Exactly `len` bytes in base64. */
void field_bytes(const struct json_view *object, const char *key, uint8_t *out, size_t len);
/* A C2SP verifier key of type Ed25519. */
void field_vkey(const struct json_view *text, struct note_key *out);
/* Position of the text in `words`, plus one; 0 and a problem when it is not there. */
uint32_t field_word(const struct json_view *text, const char *const words[], size_t n);

/* --- parts --- */
int root_read(const struct json *document, struct root *ret, struct error *error) MUST_USE;

int directory_read(const struct json *document, struct directory *ret,
                   struct error *error) MUST_USE;
void directory_deinit(struct directory *directory);
/* Agencies and kinds are never dropped or renamed, keys never dropped: what names them keeps its
 * meaning. */
int directory_follows(const struct directory *old, const struct directory *new,
                      struct error *error) MUST_USE;
const struct agency_kind *directory_kind(const struct directory *directory, struct slice id);
/* Bits of the kinds of a class, by agency_kind.index; 0 for an unknown class. */
uint32_t directory_class(const struct directory *directory, struct slice class);

/* `version` is the document's; 0 for one that is not signed yet. */
int agreements_read(const struct json *document, const struct directory *directory,
                    uint64_t version, struct agreements **ret, struct error *error) MUST_USE;
int patterns_read(const struct json *document, const struct directory *directory,
                  struct patterns *ret, struct error *error) MUST_USE;
int calendar_read(const struct json *document, const struct directory *directory,
                  struct calendar **ret, struct error *error) MUST_USE;
void calendar_free(struct calendar **calendar);

#endif
