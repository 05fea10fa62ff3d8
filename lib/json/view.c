/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "json/json.h"
#include "json/node.h"

static const char *place(const struct json_view *view)
{
    return view->path[0] != '\0' ? view->path : "/";
}

struct json_view json_view(const struct json *document, struct error *error)
{
    return (struct json_view){.node = document, .error = error, .path = ""};
}

bool json_ok(const struct json_view *view)
{
    return view->error->what[0] == '\0';
}

int json_refuse(const struct json_view *view, const char *format, ...)
{
    char what[sizeof(view->error->what)];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return error_set(view->error, place(view), "%s", what);
}

/* The view itself when its value is of the type, or of nothing, with a problem noted if something
 * else is there. */
static struct json_view of_type(struct json_view view, json_type type, const char *words)
{
    if (view.node != NULL && json_typeof(node_of(view.node)) != type) {
        (void)json_refuse(&view, "must be %s", words);
        view.node = NULL;
    }
    return view;
}

struct json_view json_member(const struct json_view *object, const char *key)
{
    struct json_view member = of_type(*object, JSON_OBJECT, "an object");

    if (member.node != NULL) {
        member.node = json_of(json_object_get(node_of(member.node), key));
        path_add_key(member.path, key);
    }
    return member;
}

static struct json_view required_member(const struct json_view *object, const char *key)
{
    struct json_view member = json_member(object, key);

    if (object->node != NULL && member.node == NULL) {
        (void)json_refuse(&member, "is missing");
    }
    return member;
}

bool json_has(const struct json_view *object, const char *key)
{
    return json_member(object, key).node != NULL;
}

struct slice json_as_text(const struct json_view *view)
{
    struct json_view text = of_type(*view, JSON_STRING, "text");

    if (text.node == NULL) {
        return SLICE_NULL;
    }
    return slice_make(json_string_value(node_of(text.node)),
                      json_string_length(node_of(text.node)));
}

static int64_t integer_or(const struct json_view *view, int64_t min, int64_t max, int64_t fallback)
{
    struct json_view number = of_type(*view, JSON_INTEGER, "a whole number");

    if (number.node == NULL) {
        return fallback;
    }
    int64_t value = json_integer_value(node_of(number.node));
    if (value < min || value > max) {
        (void)json_refuse(view, "must be from %" PRId64 " to %" PRId64, min, max);
        return fallback;
    }
    return value;
}

int64_t json_as_integer(const struct json_view *view, int64_t min, int64_t max)
{
    return integer_or(view, min, max, 0);
}

static bool bool_or(const struct json_view *view, bool fallback)
{
    if (view->node == NULL) {
        return fallback;
    }
    if (!json_is_boolean(node_of(view->node))) {
        (void)json_refuse(view, "must be true or false");
        return fallback;
    }
    return json_is_true(node_of(view->node));
}

bool json_as_bool(const struct json_view *view)
{
    return bool_or(view, false);
}

static bool is_type(const struct json_view *view, json_type type)
{
    return view->node != NULL && json_typeof(node_of(view->node)) == type;
}

bool json_holds_text(const struct json_view *view)
{
    return is_type(view, JSON_STRING);
}

bool json_holds_whole(const struct json_view *view)
{
    return is_type(view, JSON_INTEGER);
}

bool json_holds_object(const struct json_view *view)
{
    return is_type(view, JSON_OBJECT);
}

bool json_holds_array(const struct json_view *view)
{
    return is_type(view, JSON_ARRAY);
}

static void copy_prose(const struct json_view *view, char *out, size_t out_bytes)
{
    struct slice text = json_as_text(view);

    assert(out_bytes > 0);
    out[0] = '\0';
    if (text.len >= out_bytes) {
        (void)json_refuse(view, "is longer than %zu bytes", out_bytes - 1);
    } else if (!text_copy(out, out_bytes, text)) {
        (void)json_refuse(view, "holds control characters");
    }
}

struct slice json_get_text(const struct json_view *object, const char *key)
{
    struct json_view member = required_member(object, key);

    return json_as_text(&member);
}

int64_t json_get_integer(const struct json_view *object, const char *key, int64_t min, int64_t max)
{
    struct json_view member = required_member(object, key);

    return json_as_integer(&member, min, max);
}

bool json_get_bool(const struct json_view *object, const char *key)
{
    struct json_view member = required_member(object, key);

    return json_as_bool(&member);
}

struct json_view json_get_object(const struct json_view *object, const char *key)
{
    return of_type(required_member(object, key), JSON_OBJECT, "an object");
}

struct json_view json_get_array(const struct json_view *object, const char *key)
{
    return of_type(required_member(object, key), JSON_ARRAY, "an array");
}

void json_get_copy(const struct json_view *object, const char *key, char *out, size_t out_bytes)
{
    struct json_view member = required_member(object, key);

    copy_prose(&member, out, out_bytes);
}

struct slice json_opt_text(const struct json_view *object, const char *key)
{
    struct json_view member = json_member(object, key);

    return json_as_text(&member);
}

int64_t json_opt_integer(const struct json_view *object, const char *key, int64_t min, int64_t max,
                         int64_t fallback)
{
    struct json_view member = json_member(object, key);

    return integer_or(&member, min, max, fallback);
}

bool json_opt_bool(const struct json_view *object, const char *key, bool fallback)
{
    struct json_view member = json_member(object, key);

    return bool_or(&member, fallback);
}

struct json_view json_opt_object(const struct json_view *object, const char *key)
{
    return of_type(json_member(object, key), JSON_OBJECT, "an object");
}

struct json_view json_opt_array(const struct json_view *object, const char *key)
{
    return of_type(json_member(object, key), JSON_ARRAY, "an array");
}

void json_opt_copy(const struct json_view *object, const char *key, char *out, size_t out_bytes)
{
    struct json_view member = json_member(object, key);

    copy_prose(&member, out, out_bytes);
}

size_t json_length(const struct json_view *array)
{
    struct json_view checked = of_type(*array, JSON_ARRAY, "an array");

    return checked.node != NULL ? json_array_size(node_of(checked.node)) : 0;
}

struct json_view json_item(const struct json_view *array, size_t index)
{
    struct json_view item = of_type(*array, JSON_ARRAY, "an array");

    if (item.node != NULL) {
        item.node = json_of(json_array_get(node_of(item.node), index));
        path_add_index(item.path, index);
    }
    return item;
}

static const char *member_at(const struct json_view *object, void *iterator,
                             struct json_view *ret_member)
{
    if (iterator == NULL) {
        return NULL;
    }
    const char *key = json_object_iter_key(iterator);
    *ret_member = *object;
    ret_member->node = json_of(json_object_iter_value(iterator));
    path_add_key(ret_member->path, key);
    return key;
}

const char *json_first(const struct json_view *object, struct json_view *ret_member)
{
    struct json_view checked = of_type(*object, JSON_OBJECT, "an object");

    if (checked.node == NULL) {
        return NULL;
    }
    return member_at(&checked, json_object_iter(node_of(checked.node)), ret_member);
}

const char *json_next(const struct json_view *object, const char *key, struct json_view *ret_member)
{
    json_t *node = node_of(object->node);
    void *iterator = json_object_key_to_iter(key);

    return member_at(object, json_object_iter_next(node, iterator), ret_member);
}

static bool is_among(const char *key, const char *const keys[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

void json_only(const struct json_view *object, const char *const keys[], size_t n)
{
    struct json_view member;

    for (const char *key = json_first(object, &member); key != NULL;
         key = json_next(object, key, &member)) {
        if (!is_among(key, keys, n)) {
            (void)json_refuse(&member, "is not a field known here");
            return;
        }
    }
}
