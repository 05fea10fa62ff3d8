/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two walks, neither by recursion. Loading goes over every schema inside the schema with a list of
 * those still to look at, checks each keyword against one table, and then makes sure that no $defs
 * entry leads back to itself. Checking goes over the document with a stack of frames, one per level
 * of the document: a frame checks its value against its schema, steps through the value's members
 * or items, and then, if its schema has a $ref, starts again with the schema referred to. Since
 * references cannot lead in a circle, both walks end.
 */
#include "json/schema.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "json/node.h"

#define DRAFT      "https://json-schema.org/draft/2020-12/schema"
#define REF_PREFIX "#/$defs/"
#define FRAMES_MAX (CAIRN_JSON_DEPTH_MAX + 1)

struct schema {
    struct json *document;
};

enum value_type {
    TYPE_OBJECT = 1,
    TYPE_ARRAY = 2,
    TYPE_STRING = 4,
    TYPE_INTEGER = 8,
    TYPE_NUMBER = 16,
    TYPE_BOOLEAN = 32,
    TYPE_NULL = 64,
};

static const struct {
    const char *name;
    const char *words;
    unsigned type;
} type_names[] = {
    {"object", "an object", TYPE_OBJECT},
    {"array", "an array", TYPE_ARRAY},
    {"string", "text", TYPE_STRING},
    {"integer", "a whole number", TYPE_INTEGER},
    {"number", "a number", TYPE_NUMBER | TYPE_INTEGER},
    {"boolean", "true or false", TYPE_BOOLEAN},
    {"null", "null", TYPE_NULL},
};

static size_t type_row(const char *name)
{
    size_t row = 0;

    while (row < ARRAY_LEN(type_names) && strcmp(type_names[row].name, name) != 0) {
        row++;
    }
    return row;
}

static bool is_uuid(struct slice text)
{
    static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    static const char digits[] = "0123456789abcdefABCDEF";

    if (text.len != sizeof(form) - 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        bool dash = text.data[i] == '-';
        bool digit = text.data[i] != '\0' && strchr(digits, text.data[i]) != NULL;
        if (form[i] == '-' ? !dash : !digit) {
            return false;
        }
    }
    return true;
}

static bool is_date(struct slice text)
{
    int32_t day;

    return date_parse(text, &day);
}

static bool is_date_time(struct slice text)
{
    int64_t ms;

    return instant_parse(text, &ms);
}

static const struct {
    const char *name;
    const char *words;
    bool (*holds)(struct slice text);
} formats[] = {
    {"date", "a date like 2026-11-22", is_date},
    {"date-time", "a time like 2026-11-22T08:00:00Z", is_date_time},
    {"uuid", "a UUID", is_uuid},
};

static size_t format_row(const char *name)
{
    size_t row = 0;

    while (row < ARRAY_LEN(formats) && strcmp(formats[row].name, name) != 0) {
        row++;
    }
    return row;
}

/* --- loading --- */

struct part {
    struct json_view view;
    size_t owner; /* the $defs entry it lies in; SCHEMA_DEFS_MAX for none */
};

struct loader {
    json_t *root;
    struct error *error;
    struct part *parts; /* found so far; those before `done` have been looked at */
    size_t count;
    size_t done;
    bool leads[SCHEMA_DEFS_MAX][SCHEMA_DEFS_MAX]; /* $defs entry to $defs entry, by $ref */
};

typedef int check_keyword(struct loader *loader, const struct part *part,
                          const struct json_view *value);

static int add_part(struct loader *loader, const struct json_view *view, size_t owner)
{
    if (!json_holds_object(view)) {
        return json_refuse(view, "must be a schema, written as an object");
    }
    if (loader->count == SCHEMA_PARTS_MAX) {
        return json_refuse(view, "the schema has more than %d parts", SCHEMA_PARTS_MAX);
    }
    loader->parts[loader->count] = (struct part){.view = *view, .owner = owner};
    loader->count++;
    return 0;
}

static int load_nothing(struct loader *loader, const struct part *part,
                        const struct json_view *value)
{
    (void)loader;
    (void)part;
    (void)value;
    return 0;
}

static int load_type_name(const struct json_view *value)
{
    if (!json_holds_text(value) ||
        type_row(json_string_value(node_of(value->node))) == ARRAY_LEN(type_names)) {
        return json_refuse(value, "must name a type");
    }
    return 0;
}

static int load_type(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_array(value)) {
        return load_type_name(value);
    }
    if (json_length(value) == 0) {
        return json_refuse(value, "names no type");
    }
    int r = 0;
    for (size_t i = 0; i < json_length(value) && r == 0; i++) {
        struct json_view item = json_item(value, i);
        r = load_type_name(&item);
    }
    return r;
}

static int load_properties(struct loader *loader, const struct part *part,
                           const struct json_view *value)
{
    struct json_view property;
    int r = json_holds_object(value) ? 0 : json_refuse(value, "must be an object");

    for (const char *key = r == 0 ? json_first(value, &property) : NULL; key != NULL && r == 0;
         key = json_next(value, key, &property)) {
        r = add_part(loader, &property, part->owner);
    }
    return r;
}

static int load_required(struct loader *loader, const struct part *part,
                         const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_array(value)) {
        return json_refuse(value, "must be an array of names");
    }
    for (size_t i = 0; i < json_length(value); i++) {
        struct json_view item = json_item(value, i);
        if (!json_holds_text(&item)) {
            return json_refuse(&item, "must be a name");
        }
    }
    return 0;
}

static int load_bool(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    return json_is_boolean(node_of(value->node)) ? 0 : json_refuse(value, "must be true or false");
}

static int load_items(struct loader *loader, const struct part *part, const struct json_view *value)
{
    return add_part(loader, value, part->owner);
}

static int load_count(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_whole(value) || json_integer_value(node_of(value->node)) < 0) {
        return json_refuse(value, "must be a whole number from 0");
    }
    return 0;
}

static int load_bound(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    return json_holds_whole(value) ? 0 : json_refuse(value, "must be a whole number");
}

static int load_enum(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_array(value) || json_length(value) == 0) {
        return json_refuse(value, "must be an array of the values allowed");
    }
    return 0;
}

static int load_format(struct loader *loader, const struct part *part,
                       const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_text(value) ||
        format_row(json_string_value(node_of(value->node))) == ARRAY_LEN(formats)) {
        return json_refuse(value, "must be date, date-time or uuid: others are not enforced");
    }
    return 0;
}

/* Position of a $defs entry; SCHEMA_DEFS_MAX when there is none of that name. */
static size_t def_index(json_t *root, const char *name)
{
    json_t *defs = json_object_get(root, "$defs");
    void *iterator = json_object_iter(defs);

    for (size_t i = 0; iterator != NULL && i < SCHEMA_DEFS_MAX; i++) {
        if (strcmp(json_object_iter_key(iterator), name) == 0) {
            return i;
        }
        iterator = json_object_iter_next(defs, iterator);
    }
    return SCHEMA_DEFS_MAX;
}

static int load_ref(struct loader *loader, const struct part *part, const struct json_view *value)
{
    const char *text = json_holds_text(value) ? json_string_value(node_of(value->node)) : "";

    if (strncmp(text, REF_PREFIX, strlen(REF_PREFIX)) != 0) {
        return json_refuse(value, "must be %sNAME", REF_PREFIX);
    }
    size_t target = def_index(loader->root, text + strlen(REF_PREFIX));
    if (target == SCHEMA_DEFS_MAX) {
        return json_refuse(value, "refers to something that is not in $defs");
    }
    if (part->owner < SCHEMA_DEFS_MAX) {
        loader->leads[part->owner][target] = true;
    }
    return 0;
}

static bool is_root(const struct loader *loader, const struct part *part)
{
    return node_of(part->view.node) == loader->root;
}

static int load_defs(struct loader *loader, const struct part *part, const struct json_view *value)
{
    struct json_view def;
    size_t index = 0;
    int r = 0;

    if (!is_root(loader, part)) {
        return json_refuse(value, "may stand at the top of a schema only");
    }
    if (!json_holds_object(value)) {
        return json_refuse(value, "must be an object");
    }
    for (const char *key = json_first(value, &def); key != NULL && r == 0;
         key = json_next(value, key, &def)) {
        r = index < SCHEMA_DEFS_MAX ? add_part(loader, &def, index)
                                    : json_refuse(value, "has more than %d", SCHEMA_DEFS_MAX);
        index++;
    }
    return r;
}

static int load_id(struct loader *loader, const struct part *part, const struct json_view *value)
{
    return is_root(loader, part) ? 0 : json_refuse(value, "may stand at the top of a schema only");
}

static int load_draft(struct loader *loader, const struct part *part, const struct json_view *value)
{
    (void)loader;
    (void)part;
    if (!json_holds_text(value) || strcmp(json_string_value(node_of(value->node)), DRAFT) != 0) {
        return json_refuse(value, "must be %s", DRAFT);
    }
    return 0;
}

static const struct {
    const char *name;
    check_keyword *load;
} keywords[] = {
    {"type", load_type},
    {"properties", load_properties},
    {"required", load_required},
    {"additionalProperties", load_bool},
    {"items", load_items},
    {"minItems", load_count},
    {"maxItems", load_count},
    {"enum", load_enum},
    {"const", load_nothing},
    {"minLength", load_count},
    {"maxLength", load_count},
    {"minimum", load_bound},
    {"maximum", load_bound},
    {"format", load_format},
    {"$ref", load_ref},
    {"$defs", load_defs},
    {"$id", load_id},
    {"$schema", load_draft},
    {"title", load_nothing},
    {"description", load_nothing},
    {"default", load_nothing},
    {"examples", load_nothing},
    {"$comment", load_nothing},
};

static int load_keyword(struct loader *loader, const struct part *part, const char *key,
                        const struct json_view *value)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        if (strcmp(keywords[i].name, key) == 0) {
            return keywords[i].load(loader, part, value);
        }
    }
    return json_refuse(value, "is a keyword that is not enforced here");
}

/* The part is copied, because looking at it adds to the list it lies in. */
static int load_part(struct loader *loader, struct part part)
{
    struct json_view value;
    int r = 0;

    for (const char *key = json_first(&part.view, &value); key != NULL && r == 0;
         key = json_next(&part.view, key, &value)) {
        r = load_keyword(loader, &part, key, &value);
    }
    return r;
}

/* Takes away, again and again, what leads nowhere; what cannot be taken away lies on or before a
 * circle. */
static int check_circles(struct loader *loader)
{
    bool gone[SCHEMA_DEFS_MAX] = {false};
    size_t count = json_object_size(json_object_get(loader->root, "$defs"));
    bool changed = true;
    size_t left = count;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            bool leads = gone[i];
            for (size_t j = 0; j < count; j++) {
                leads = leads || (loader->leads[i][j] && !gone[j]);
            }
            if (!leads) {
                gone[i] = true;
                changed = true;
                left--;
            }
        }
    }
    return left == 0 ? 0 : error_set(loader->error, "/$defs", "a $ref leads back to itself");
}

static int load_all(struct json *document, struct error *error)
{
    struct json_view top = json_view(document, error);
    _cleanup_(base_free) struct loader *loader = base_zalloc(1, sizeof(*loader));
    _cleanup_(base_free) struct part *parts = base_zalloc(SCHEMA_PARTS_MAX, sizeof(*parts));

    loader->root = node_of(document);
    loader->error = error;
    loader->parts = parts;
    int r = add_part(loader, &top, SCHEMA_DEFS_MAX);
    while (r == 0 && loader->done < loader->count) {
        r = load_part(loader, parts[loader->done]);
        loader->done++;
    }
    return r == 0 ? check_circles(loader) : r;
}

struct schema *schema_load(struct slice text, struct error *error)
{
    struct json *document = json_parse(text, error);

    if (document == NULL) {
        return NULL;
    }
    if (load_all(document, error) < 0) {
        json_free(&document);
        return NULL;
    }
    struct schema *schema = base_zalloc(1, sizeof(*schema));
    schema->document = document;
    return schema;
}

void schema_free(struct schema **schema)
{
    if (*schema != NULL) {
        json_free(&(*schema)->document);
    }
    base_free(schema);
}

/* --- checking --- */

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
    unsigned allowed = type_names[type_row(json_string_value(name))].type;

    return (type & allowed) != 0;
}

static int check_type(struct checker *checker, json_t *types, json_t *value)
{
    unsigned type = type_of(value);
    struct writer words;
    char text[160];

    if (json_is_string(types)) {
        return has_type(type, types) ? 0
                                     : refuse(checker, NULL, "must be %s",
                                              type_names[type_row(json_string_value(types))].words);
    }
    words = writer_over(text, sizeof(text) - 1);
    for (size_t i = 0; i < json_array_size(types); i++) {
        json_t *name = json_array_get(types, i);
        if (has_type(type, name)) {
            return 0;
        }
        write_text(&words, i > 0 ? " or " : "");
        write_text(&words, type_names[type_row(json_string_value(name))].words);
    }
    text[words.len] = '\0';
    return refuse(checker, NULL, "must be %s", text);
}

/* The values allowed, as far as they are short words: they come from the schema, not from the
 * document. */
static int refuse_enum(struct checker *checker, json_t *allowed)
{
    char text[200] = "";
    struct writer words = writer_over(text, sizeof(text) - 1);

    for (size_t i = 0; i < json_array_size(allowed); i++) {
        const char *word = json_string_value(json_array_get(allowed, i));
        write_text(&words, i > 0 ? ", " : "");
        write_text(&words, word != NULL ? word : "...");
    }
    if (!writer_ok(&words)) {
        return refuse(checker, NULL, "is not one of the %zu values allowed",
                      json_array_size(allowed));
    }
    text[words.len] = '\0';
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
        size_t row = format_row(json_string_value(format));
        struct slice text = slice_make(json_string_value(value), json_string_length(value));
        return formats[row].holds(text) ? 0
                                        : refuse(checker, NULL, "must be %s", formats[row].words);
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

static int check_members(struct checker *checker, json_t *schema, json_t *value)
{
    json_t *required = json_object_get(schema, "required");
    json_t *properties = json_object_get(schema, "properties");

    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));
        if (json_object_get(value, name) == NULL) {
            return refuse(checker, name, "is missing");
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

static json_t *referred(const struct checker *checker, const json_t *schema)
{
    const char *text = json_string_value(json_object_get(schema, "$ref"));

    if (text == NULL) {
        return NULL;
    }
    json_t *target =
        json_object_get(json_object_get(checker->root, "$defs"), text + strlen(REF_PREFIX));
    assert(target != NULL);
    return target;
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
