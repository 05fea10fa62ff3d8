/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: checks a document against a JSON Schema of the 2020-12 draft, of which it knows a small
 * part and refuses the rest when the schema is loaded: what a schema says is what is enforced.
 * Errors name the path and the rule, never the value. A loaded schema is immutable; any thread may
 * check with it.
 *
 *   - type: object, array, string, integer, number, boolean, null, or an array of these. An
 *     integer is written without fraction and exponent and fits 64 bits.
 *   - properties, required, additionalProperties (true or false)
 *   - items (a schema), minItems, maxItems
 *   - enum, const
 *   - minLength, maxLength: in code points
 *   - minimum, maximum: whole numbers
 *   - format: "date" (YYYY-MM-DD, 1900 to 2199), "date-time" (RFC 3339 with a zone); enforced
 *   - $ref: "#/$defs/NAME" alone; applies beside its neighbours; no cycles, so depth is bounded
 *   - $defs: at the top only, as $id is; $schema, if there is one, names the draft
 *   - title, description, default, examples, $comment: not looked at
 *
 * A schema is an object; `true` and `false` as schemas are not known.
 */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "json/json.h"

#define SCHEMA_DEFS_MAX  64   /* $defs of one schema */
#define SCHEMA_PARTS_MAX 1024 /* schemas inside one schema, itself included */

struct schema;

/* NULL and the error, which names the place in the schema, when it is not of the kind above. */
struct schema *schema_load(struct slice text, struct error *error) MUST_USE;
void schema_free(struct schema **schema);
/* 0, or -EINVAL with the first rule that does not hold. */
int schema_check(const struct schema *schema, const struct json *document,
                 struct error *error) MUST_USE;

#endif
