/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking goes over the document with a stack of frames, one per level of the document, without
 * recursion: a frame checks its value against its schema, steps through the value's members or
 * items, and then, if its schema has a $ref, starts again with the schema referred to. It ends:
 * loading has made sure that references lead in no circle.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cairn/limits.h"
#include "json/schema_internal.h"

#define FRAMES_MAX  (CAIRN_JSON_DEPTH_MAX + 1)
#define WORDS_BYTES 200 /* of the values allowed */

struct frame {
    json_t *schema;
    json_t *value;
    const char *key; /* where the value stands in the frame before: a key, or an index */
    size_t index;
    void *member; /* the next member or item to step into */
    size_t item;
};

struct checker {
    json_t *root;
    struct error *error;
    size_t depth; /* frames in use */
    struct frame frames[FRAMES_MAX];
};

/* `key` is a member missing or unwanted in the frame's object; NULL for the value itself. */
PRINTF(3, 4)
static int refuse(struct checker *checker, const char *key, const char *format, ...)
{
    char path[JSON_PATH_BYTES] = "";
    char what[sizeof(checker->error->what)];
    va_list arguments;

    for (size_t i = 1; i < checker->depth; i++) {
        const struct frame *frame = &checker->frames[i];
        if (frame->key != NULL) {
            path_add_key(path, frame->key);
        } else {
            path_add_index(path, frame->index);
        }
    }
    if (key != NULL) {
        path_add_key(path, key);
    }
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return error_set(checker->error, path[0] != '\0' ? path : "/", "%s", what);
}

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return TYPE_OBJECT;
    case JSON_ARRAY:
        return TYPE_ARRAY;
    case JSON_STRING:
        return TYPE_STRING;
    case JSON_INTEGER:
        return TYPE_INTEGER;
    case JSON_REAL:
        return TYPE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return TYPE_BOOLEAN;
    case JSON_NULL:
        return TYPE_NULL;
    }
    return 0;
}

static bool has_type(unsigned type, json_t *name)
{
    return (type & schema_type(json_string_value(name))->types) != 0;
}

static int check_type(struct checker *checker, json_t *types, json_t *value)
{
    unsigned type = type_of(value);
    struct writer words;
    char text[160];

    if (json_is_string(types)) {
        return has_type(type, types) ? 0
                                     : refuse(checker, NULL, "must be %s",
                                              schema_type(json_string_value(types))->words);
    }
    words = writer_over(text, sizeof(text) - 1);
    for (size_t i = 0; i < json_array_size(types); i++) {
        json_t *name = json_array_get(types, i);
        if (has_type(type, name)) {
            return 0;
        }
        write_text(&words, i > 0 ? " or " : "");
        write_text(&words, schema_type(json_string_value(name))->words);
    }
    text[words.len] = '\0';
    return refuse(checker, NULL, "must be %s", text);
}

/* The values allowed, as far as they are short words: they come from the schema, not from the
 * document. */
static bool enum_words(json_t *allowed, char out[WORDS_BYTES])
{
    struct writer words = writer_over(out, WORDS_BYTES - 1);

    for (size_t i = 0; i < json_array_size(allowed); i++) {
        const char *word = json_string_value(json_array_get(allowed, i));
        write_text(&words, i > 0 ? ", " : "");
        write_text(&words, word != NULL ? word : "...");
    }
    out[words.len] = '\0';
    return writer_ok(&words);
}

static int refuse_enum(struct checker *checker, json_t *allowed)
{
    char text[WORDS_BYTES];

    if (!enum_words(allowed, text)) {
        return refuse(checker, NULL, "is not one of the %zu values allowed",
                      json_array_size(allowed));
    }
    return refuse(checker, NULL, "must be one of: %s", text);
}

static int check_enum(struct checker *checker, json_t *allowed, json_t *value)
{
    for (size_t i = 0; i < json_array_size(allowed); i++) {
        if (json_equal(json_array_get(allowed, i), value)) {
            return 0;
        }
    }
    return refuse_enum(checker, allowed);
}

static bool limit_of(json_t *schema, const char *keyword, json_int_t *ret)
{
    json_t *limit = json_object_get(schema, keyword);

    *ret = limit != NULL ? json_integer_value(limit) : 0;
    return limit != NULL;
}

static json_int_t code_points(const json_t *text)
{
    const char *bytes = json_string_value(text);
    json_int_t count = 0;

    for (size_t i = 0; i < json_string_length(text); i++) {
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    }
    return count;
}

static int check_text(struct checker *checker, json_t *schema, json_t *value)
{
    json_t *format = json_object_get(schema, "format");
    json_int_t length = code_points(value);
    json_int_t limit;

    if (limit_of(schema, "minLength", &limit) && length < limit) {
        return refuse(checker, NULL, "must have at least %" JSON_INTEGER_FORMAT " characters",
                      limit);
    }
    if (limit_of(schema, "maxLength", &limit) && length > limit) {
        return refuse(checker, NULL, "must have at most %" JSON_INTEGER_FORMAT " characters",
                      limit);
    }
    if (format != NULL) {
        const struct schema_format *row = schema_format(json_string_value(format));
        struct slice text = slice_make(json_string_value(value), json_string_length(value));
        return row->holds(text) ? 0 : refuse(checker, NULL, "must be %s", row->words);
    }
    return 0;
}

/* Whole numbers are compared exactly, others as doubles. */
static bool is_below(const json_t *value, json_int_t limit)
{
    return json_is_integer(value) ? json_integer_value(value) < limit
                                  : json_real_value(value) < (double)limit;
}

static bool is_above(const json_t *value, json_int_t limit)
{
    return json_is_integer(value) ? json_integer_value(value) > limit
                                  : json_real_value(value) > (double)limit;
}

static int check_number(struct checker *checker, json_t *schema, json_t *value)
{
    json_int_t limit;

    if (limit_of(schema, "minimum", &limit) && is_below(value, limit)) {
        return refuse(checker, NULL, "must be at least %" JSON_INTEGER_FORMAT, limit);
    }
    if (limit_of(schema, "maximum", &limit) && is_above(value, limit)) {
        return refuse(checker, NULL, "must be at most %" JSON_INTEGER_FORMAT, limit);
    }
    return 0;
}

static int check_count(struct checker *checker, json_t *schema, json_t *value)
{
    json_int_t count = (json_int_t)json_array_size(value);
    json_int_t limit;

    if (limit_of(schema, "minItems", &limit) && count < limit) {
        return refuse(checker, NULL, "must have at least %" JSON_INTEGER_FORMAT " items", limit);
    }
    if (limit_of(schema, "maxItems", &limit) && count > limit) {
        return refuse(checker, NULL, "must have at most %" JSON_INTEGER_FORMAT " items", limit);
    }
    return 0;
}

static json_t *referred(const struct checker *checker, const json_t *schema)
{
    const char *text = json_string_value(json_object_get(schema, "$ref"));

    if (text == NULL) {
        return NULL;
    }
    json_t *target =
        json_object_get(json_object_get(checker->root, "$defs"), text + strlen(SCHEMA_REF_PREFIX));
    assert(target != NULL);
    return target;
}

/* What to write there, as far as the member's schema says so. */
static int refuse_missing(struct checker *checker, const char *name, json_t *member)
{
    json_t *target = referred(checker, member);
    json_t *allowed = json_object_get(member, "enum");
    const char *words = json_string_value(json_object_get(member, "description"));
    const char *constant = json_string_value(json_object_get(member, "const"));
    char text[WORDS_BYTES];

    if (allowed == NULL) {
        allowed = json_object_get(target, "enum");
    }
    if (words == NULL) {
        words = json_string_value(json_object_get(target, "description"));
    }
    if (allowed != NULL && enum_words(allowed, text)) {
        return refuse(checker, name, "is missing: write one of: %s", text);
    }
    if (constant != NULL) {
        return refuse(checker, name, "is missing: write %s", constant);
    }
    return words != NULL ? refuse(checker, name, "is missing: %.240s", words)
                         : refuse(checker, name, "is missing");
}

static int check_members(struct checker *checker, json_t *schema, json_t *value)
{
    json_t *required = json_object_get(schema, "required");
    json_t *properties = json_object_get(schema, "properties");

    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));
        if (json_object_get(value, name) == NULL) {
            return refuse_missing(checker, name, json_object_get(properties, name));
        }
    }
    if (!json_is_false(json_object_get(schema, "additionalProperties"))) {
        return 0;
    }
    for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
        if (json_object_get(properties, json_object_iter_key(at)) == NULL) {
            return refuse(checker, json_object_iter_key(at), "is not a field known here");
        }
    }
    return 0;
}

static int check_by_type(struct checker *checker, json_t *schema, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return check_members(checker, schema, value);
    case JSON_ARRAY:
        return check_count(checker, schema, value);
    case JSON_STRING:
        return check_text(checker, schema, value);
    case JSON_INTEGER:
    case JSON_REAL:
        return check_number(checker, schema, value);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        return 0;
    }
    return 0;
}

/* Everything the frame's schema says about the value itself, not about what lies inside it. */
static int check_value(struct checker *checker, json_t *schema, json_t *value)
{
    json_t *types = json_object_get(schema, "type");
    json_t *allowed = json_object_get(schema, "enum");
    json_t *constant = json_object_get(schema, "const");
    int r = types != NULL ? check_type(checker, types, value) : 0;

    if (r == 0 && allowed != NULL) {
        r = check_enum(checker, allowed, value);
    }
    if (r == 0 && constant != NULL && !json_equal(constant, value)) {
        const char *word = json_string_value(constant);
        r = word != NULL ? refuse(checker, NULL, "must be: %s", word)
                         : refuse(checker, NULL, "is not the one value allowed");
    }
    return r == 0 ? check_by_type(checker, schema, value) : r;
}

/* Checks the top frame's value against `schema` and makes ready to step through what lies inside.
 */
static int frame_begin(struct checker *checker, json_t *schema)
{
    struct frame *frame = &checker->frames[checker->depth - 1];

    frame->schema = schema;
    frame->member = json_object_iter(frame->value);
    frame->item = 0;
    return check_value(checker, schema, frame->value);
}

static int frame_push(struct checker *checker, json_t *schema, const struct frame *child)
{
    if (checker->depth == FRAMES_MAX) {
        return refuse(checker, NULL, "objects and arrays lie too deep in one another");
    }
    checker->frames[checker->depth] = *child;
    checker->depth++;
    return frame_begin(checker, schema);
}

/* The next value inside the top frame's that its schema speaks of; false when there are no more. */
static bool frame_next(struct frame *frame, json_t **ret_schema, struct frame *ret_child)
{
    json_t *properties = json_object_get(frame->schema, "properties");
    json_t *items = json_object_get(frame->schema, "items");

    while (frame->member != NULL) {
        const char *key = json_object_iter_key(frame->member);
        json_t *value = json_object_iter_value(frame->member);
        frame->member = json_object_iter_next(frame->value, frame->member);
        *ret_schema = json_object_get(properties, key);
        if (*ret_schema != NULL) {
            *ret_child = (struct frame){.value = value, .key = key};
            return true;
        }
    }
    if (items != NULL && frame->item < json_array_size(frame->value)) {
        *ret_schema = items;
        *ret_child = (struct frame){
            .value = json_array_get(frame->value, frame->item),
            .index = frame->item,
        };
        frame->item++;
        return true;
    }
    return false;
}

static int checker_step(struct checker *checker)
{
    struct frame *frame = &checker->frames[checker->depth - 1];
    struct frame child;
    json_t *schema;

    if (frame_next(frame, &schema, &child)) {
        return frame_push(checker, schema, &child);
    }
    schema = referred(checker, frame->schema);
    if (schema != NULL) {
        return frame_begin(checker, schema);
    }
    checker->depth--;
    return 0;
}

int schema_check(const struct schema *schema, const struct json *document, struct error *error)
{
    struct checker checker = {.root = node_of(schema->document), .error = error};
    const struct frame top = {.value = node_of(document)};
    int r = frame_push(&checker, checker.root, &top);

    while (r == 0 && checker.depth > 0) {
        r = checker_step(&checker);
    }
    return r;
}
