/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as Cairn takes and makes it. Three nouns:
 *
 *   - json: a document, and any value inside it. The document is owned (json_free); values inside
 *     are borrowed and valid while it lives.
 *   - json_view: a place in a document for reading: the value there, its path, and the error to
 *     fill. A plain value on the stack. Reading is sticky: getters yield zeros where the document
 *     is wrong and keep the first problem in the error ("/participant/0/status", "is missing"), so
 *     a reader asks once, at the end, with json_ok. Values are never quoted in an error, and keys
 *     only when they look like field names.
 *   - builder: json_object_new, json_set_*, json_array_new, json_append_*, json_write.
 *
 * A document is read by any number of threads, changed by one. Integers are exact to 64 bits.
 * `null` is a value of its own, not absence.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/error.h"
#include "base/slice.h"

#define JSON_PATH_BYTES 128    /* of a view; longer paths end in "..." */
#define JSON_VALUES_MAX 250000 /* in one document: a value of 2 bytes costs some 150 in memory */

struct json;

/*
 * An object or an array, of at most CAIRN_JSON_MAX_BYTES, CAIRN_JSON_DEPTH_MAX and JSON_VALUES_MAX,
 * in UTF-8 without NUL and without duplicate keys; NULL and the error ("line 3 column 14")
 * otherwise.
 */
struct json *json_parse(struct slice text, struct error *error) MUST_USE;
void json_free(struct json **document);

/* --- reading --- */

struct json_view {
    const struct json *node; /* NULL: nothing is there */
    struct error *error;
    char path[JSON_PATH_BYTES];
};

/* `error` may not be NULL. */
struct json_view json_view(const struct json *document, struct error *error);
bool json_ok(const struct json_view *view); /* no problem so far, anywhere under this error */
/* Notes a problem of the caller's own at this place. Always -EINVAL. */
int json_refuse(const struct json_view *view, const char *format, ...) PRINTF(2, 3);

/*
 * Members that must be there. All of these yield zero (SLICE_NULL, 0, false, a view of nothing) and
 * note the problem when the member is missing or of another type. In a view of nothing they yield
 * zero and note nothing: an optional object can be read through without asking whether it is there.
 */
struct slice json_get_text(const struct json_view *object, const char *key);
int64_t json_get_integer(const struct json_view *object, const char *key, int64_t min, int64_t max);
bool json_get_bool(const struct json_view *object, const char *key);
struct json_view json_get_object(const struct json_view *object, const char *key);
struct json_view json_get_array(const struct json_view *object, const char *key);
/* Prose (base/text.h) into a NUL-terminated buffer; "" and a problem when it is too long or holds
 * control characters. */
void json_get_copy(const struct json_view *object, const char *key, char *out, size_t out_bytes);

/* Members that may be missing: SLICE_NULL, the fallback, "" or a view of nothing then. Another type
 * is still wrong. */
struct slice json_opt_text(const struct json_view *object, const char *key);
int64_t json_opt_integer(const struct json_view *object, const char *key, int64_t min, int64_t max,
                         int64_t fallback);
bool json_opt_bool(const struct json_view *object, const char *key, bool fallback);
struct json_view json_opt_object(const struct json_view *object, const char *key);
struct json_view json_opt_array(const struct json_view *object, const char *key);
void json_opt_copy(const struct json_view *object, const char *key, char *out, size_t out_bytes);
bool json_has(const struct json_view *object, const char *key);
/* Any member as it is; a view of nothing when it is missing. */
struct json_view json_member(const struct json_view *object, const char *key);

/* Elements of an array. 0 for a view of nothing; an index beyond the end is a view of nothing. */
size_t json_length(const struct json_view *array);
struct json_view json_item(const struct json_view *array, size_t index);

/* The value at the view itself, by type: for items and members in hand. */
struct slice json_as_text(const struct json_view *view);
int64_t json_as_integer(const struct json_view *view, int64_t min, int64_t max);
bool json_as_bool(const struct json_view *view);
bool json_holds_text(const struct json_view *view); /* these four note nothing */
bool json_holds_whole(const struct json_view *view);
bool json_holds_object(const struct json_view *view);
bool json_holds_array(const struct json_view *view);

/*
 * Members of an object in the order in which they were written: json_first, then json_next with the
 * key it gave, until NULL. The key is borrowed and comes from the document.
 */
const char *json_first(const struct json_view *object, struct json_view *ret_member);
const char *json_next(const struct json_view *object, const char *key,
                      struct json_view *ret_member);
/* Notes a problem at the first member whose key is not among `keys`. */
void json_only(const struct json_view *object, const char *const keys[], size_t n);

/* --- building: keys are ours and valid UTF-8 (asserted); without memory the process ends --- */

struct json *json_object_new(void) MUST_USE;
struct json *json_array_new(void) MUST_USE;
/* -EINVAL when the text is not valid UTF-8 or holds a NUL; nothing is set then. */
int json_set_text(struct json *object, const char *key, struct slice text) MUST_USE;
/* The same for text of our own (asserted valid). */
void json_set_word(struct json *object, const char *key, const char *word);
/* Likewise; an empty one is left out. */
void json_set_given(struct json *object, const char *key, const char *word);
/* As base/date.h writes them. */
void json_set_day(struct json *object, const char *key, int32_t day);
void json_set_instant(struct json *object, const char *key, int64_t ms);
void json_set_integer(struct json *object, const char *key, int64_t value);
void json_set_bool(struct json *object, const char *key, bool value);
/* Takes *node, which becomes a borrowed part of the object; nulls the pointer. Returns that part.
 */
struct json *json_set_node(struct json *object, const char *key, struct json **node);
int json_append_text(struct json *array, struct slice text) MUST_USE;
void json_append_word(struct json *array, const char *word);
struct json *json_append_node(struct json *array, struct json **node);
/* A copy of a value, for putting a part of one document into another. */
struct json *json_clone(const struct json *node) MUST_USE;

enum json_style {
    JSON_STYLE_COMPACT,
    JSON_STYLE_INDENTED
};
/* Appends the value with its keys sorted; the same value gives the same bytes. -EFBIG when `out` is
 * full. */
int json_write(const struct json *node, enum json_style style, struct buf *out) MUST_USE;

#endif
