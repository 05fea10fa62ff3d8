/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading goes over every schema inside the schema, without recursion, with a list of those still
 * to look at, checks each keyword against one table, and then makes sure that no $defs entry leads
 * back to itself.
 */
#include "json/schema.h"

#include <string.h>

#include "json/schema_internal.h"

#define DRAFT "https://json-schema.org/draft/2020-12/schema"

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
    if (!json_holds_text(value) || schema_type(json_string_value(node_of(value->node))) == NULL) {
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
    if (!json_holds_text(value) || schema_format(json_string_value(node_of(value->node))) == NULL) {
        return json_refuse(value, "must be date or date-time: others are not enforced");
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

    if (strncmp(text, SCHEMA_REF_PREFIX, strlen(SCHEMA_REF_PREFIX)) != 0) {
        return json_refuse(value, "must be %sNAME", SCHEMA_REF_PREFIX);
    }
    size_t target = def_index(loader->root, text + strlen(SCHEMA_REF_PREFIX));
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
