/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "json/node.h"

/* A library that lacks memory says "is not JSON" as often as not, and a good record would be
 * refused for good: it gets ours, which ends the process. */
__attribute__((constructor)) static void use_our_memory(void)
{
    json_set_alloc_funcs(base_alloc, free);
}

static json_t *must_have(json_t *node)
{
    if (node == NULL) {
        log_fatal("out_of_memory", "in=json");
    }
    return node;
}

struct position {
    size_t line;
    size_t column;
};

static int refuse_at(struct error *error, struct position at, const char *what)
{
    char where[64];

    (void)snprintf(where, sizeof(where), "line %zu column %zu", at.line, at.column);
    return error_set(error, where, "%s", what);
}

/* What has been seen while walking over the bytes of a text. */
struct scan {
    struct position at;
    size_t depth;
    size_t values;
    bool in_string;
    bool escaped;
};

static void scan_string_byte(struct scan *scan, uint8_t byte)
{
    if (scan->escaped) {
        scan->escaped = false;
    } else if (byte == '\\') {
        scan->escaped = true;
    } else if (byte == '"') {
        scan->in_string = false;
    }
}

static void scan_byte(struct scan *scan, uint8_t byte)
{
    scan->at.column++;
    if (byte == '\n') {
        scan->at.line++;
        scan->at.column = 0;
    }
    if (scan->in_string) {
        scan_string_byte(scan, byte);
    } else if (byte == '"') {
        scan->in_string = true;
    } else if (byte == '{' || byte == '[') {
        scan->depth++;
        scan->values++;
    } else if (byte == '}' || byte == ']') {
        scan->depth -= scan->depth > 0 ? 1 : 0;
    } else if (byte == ',' || byte == ':') {
        scan->values++;
    }
}

/* Before jansson sees it, because jansson descends by recursion and allocates as it goes. */
static int check_bounds(struct slice text, struct error *error)
{
    struct scan scan = {.at = {.line = 1, .column = 0}};

    if (text.len > CAIRN_JSON_MAX_BYTES) {
        return error_set(error, "", "the document is larger than %d bytes", CAIRN_JSON_MAX_BYTES);
    }
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        return error_set(error, "line 1 column 1",
                         "starts with a byte order mark: save it as UTF-8 without one");
    }
    for (size_t i = 0; i < text.len; i++) {
        scan_byte(&scan, text.data[i]);
        if (scan.depth > CAIRN_JSON_DEPTH_MAX) {
            return refuse_at(error, scan.at, "objects and arrays lie too deep in one another");
        }
        if (scan.values > JSON_VALUES_MAX) {
            return refuse_at(error, scan.at, "the document holds too many values");
        }
    }
    return 0;
}

/* jansson's own words quote the text, which may name a child; ours say the kind of mistake. */
static const char *words_for(const json_error_t *problem)
{
    enum json_error_code code = json_error_code(problem);

    if (code == json_error_invalid_utf8) {
        return "is not valid UTF-8";
    }
    if (code == json_error_premature_end_of_input) {
        return "the document ends too early";
    }
    if (code == json_error_end_of_input_expected) {
        return "something follows the end of the document";
    }
    if (code == json_error_null_character || code == json_error_null_byte_in_key) {
        return "holds a NUL character";
    }
    if (code == json_error_duplicate_key) {
        return "the same key is there twice in one object";
    }
    if (code == json_error_numeric_overflow) {
        return "the number is too large";
    }
    return "is not JSON";
}

struct json *json_parse(struct slice text, struct error *error)
{
    json_error_t problem;

    if (check_bounds(text, error) < 0) {
        return NULL;
    }
    json_t *root = json_loadb(text.data != NULL ? (const char *)text.data : "", text.len,
                              JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL) {
        struct position at = {
            .line = problem.line > 0 ? (size_t)problem.line : 1,
            .column = problem.column > 0 ? (size_t)problem.column : 1,
        };
        (void)refuse_at(error, at, words_for(&problem));
    }
    return json_of(root);
}

void json_free(struct json **document)
{
    json_decref(node_of(*document));
    *document = NULL;
}

struct json *json_object_new(void)
{
    return json_of(must_have(json_object()));
}

struct json *json_array_new(void)
{
    return json_of(must_have(json_array()));
}

static json_t *text_node(struct slice text)
{
    const char *data = text.len > 0 ? (const char *)text.data : "";

    return must_have(json_stringn_nocheck(data, text.len));
}

/* Keys and containers are ours, so a refusal by jansson is a mistake of ours. */
static void set_new(struct json *object, const char *key, json_t *value)
{
    assert(json_is_object(node_of(object)));
    int r = json_object_set_new(node_of(object), key, must_have(value));
    assert(r == 0);
}

static void append_new(struct json *array, json_t *value)
{
    assert(json_is_array(node_of(array)));
    int r = json_array_append_new(node_of(array), must_have(value));
    assert(r == 0);
}

int json_set_text(struct json *object, const char *key, struct slice text)
{
    if (!utf8_valid(text)) {
        return -EINVAL;
    }
    set_new(object, key, text_node(text));
    return 0;
}

void json_set_word(struct json *object, const char *key, const char *word)
{
    int r = json_set_text(object, key, slice_of_text(word));

    assert(r == 0);
}

void json_set_integer(struct json *object, const char *key, int64_t value)
{
    set_new(object, key, json_integer(value));
}

void json_set_given(struct json *object, const char *key, const char *word)
{
    if (word[0] != '\0') {
        json_set_word(object, key, word);
    }
}

void json_set_day(struct json *object, const char *key, int32_t day)
{
    char text[DATE_TEXT_BYTES];

    date_format(day, text);
    json_set_word(object, key, text);
}

void json_set_instant(struct json *object, const char *key, int64_t ms)
{
    char text[INSTANT_TEXT_BYTES];

    instant_format(ms, text);
    json_set_word(object, key, text);
}

void json_set_bool(struct json *object, const char *key, bool value)
{
    set_new(object, key, json_boolean(value));
}

struct json *json_set_node(struct json *object, const char *key, struct json **node)
{
    struct json *taken = *node;

    *node = NULL;
    set_new(object, key, node_of(taken));
    return taken;
}

int json_append_text(struct json *array, struct slice text)
{
    if (!utf8_valid(text)) {
        return -EINVAL;
    }
    append_new(array, text_node(text));
    return 0;
}

void json_append_word(struct json *array, const char *word)
{
    int r = json_append_text(array, slice_of_text(word));

    assert(r == 0);
}

struct json *json_append_node(struct json *array, struct json **node)
{
    struct json *taken = *node;

    *node = NULL;
    append_new(array, node_of(taken));
    return taken;
}

struct json *json_clone(const struct json *node)
{
    return json_of(must_have(json_deep_copy(node_of(node))));
}

static int add_to_buf(const char *bytes, size_t len, void *data)
{
    struct buf *out = data;

    buf_add(out, bytes, len);
    return buf_ok(out) ? 0 : -1;
}

int json_write(const struct json *node, enum json_style style, struct buf *out)
{
    size_t layout = style == JSON_STYLE_INDENTED ? JSON_INDENT(2) : JSON_COMPACT;
    size_t flags = layout | JSON_SORT_KEYS | JSON_ENCODE_ANY;

    if (json_dump_callback(node_of(node), add_to_buf, out, flags) == 0) {
        return 0;
    }
    return buf_ok(out) ? -EINVAL : -EFBIG;
}
