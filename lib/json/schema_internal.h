/* SPDX-License-Identifier: Apache-2.0 */
/* Inside this folder: what loading and checking a schema share. */
#ifndef JSON_SCHEMA_INTERNAL_H
#define JSON_SCHEMA_INTERNAL_H

#include "json/node.h"
#include "json/schema.h"

#define SCHEMA_REF_PREFIX "#/$defs/"

/* Every keyword of it is one that is known, with a value of its kind. */
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

struct schema_type {
    const char *name;
    const char *words; /* as an error says it */
    unsigned types;    /* enum value_type, several */
};

struct schema_format {
    const char *name;
    const char *words;
    bool (*holds)(struct slice text);
};

/* NULL for a name that is none. Static. */
const struct schema_type *schema_type(const char *name);
const struct schema_format *schema_format(const char *name);

#endif
