/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/limits.h"
#include "json/json.h"

#define KEYS(...) ((const char *const[]){__VA_ARGS__})

static struct json *given(const char *text)
{
    struct error error = ERROR_NULL;
    struct json *document = json_parse(slice_of_text(text), &error);

    assert_string_equal(error.what, "");
    assert_non_null(document);
    return document;
}

static void expect_error(const struct error *error, const char *where, const char *what)
{
    assert_string_equal(error->where, where);
    assert_string_equal(error->what, what);
}

static void what_is_not_a_document_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        const char *where;
        const char *what;
    } rows[] = {
        {"", "line 1 column 1", "the document ends too early"},
        {"{", "line 1 column 1", "the document ends too early"},
        {"{\"a\":1", "line 1 column 6", "the document ends too early"},
        {"{\"a\":1}{", "line 1 column 8", "something follows the end of the document"},
        {"{\"a\":1,\n \"a\":2}", "line 2 column 4", "the same key is there twice in one object"},
        {"[1,]", "line 1 column 4", "is not JSON"},
        {"{a:1}", "line 1 column 2", "is not JSON"},
        {"{'a':1}", "line 1 column 2", "is not JSON"},
        {"[01]", "line 1 column 2", "is not JSON"},
        {"[1.]", "line 1 column 3", "is not JSON"},
        {"[+1]", "line 1 column 2", "is not JSON"},
        {"[NaN]", "line 1 column 4", "is not JSON"},
        {"[True]", "line 1 column 5", "is not JSON"},
        {"// c\n{}", "line 1 column 1", "is not JSON"},
        {"\"text\"", "line 1 column 6", "is not JSON"},
        {"17", "line 1 column 2", "is not JSON"},
        {"null", "line 1 column 4", "is not JSON"},
        {"[9223372036854775808]", "line 1 column 20", "the number is too large"},
        {"[-9223372036854775809]", "line 1 column 21", "the number is too large"},
        {"[1e999]", "line 1 column 6", "the number is too large"},
        {"[\"\\u0000\"]", "line 1 column 9", "holds a NUL character"},
        {"{\"a\\u0000\":1}", "line 1 column 10", "holds a NUL character"},
        {"[\"\xff\"]", "line 1 column 2", "is not valid UTF-8"},
        {"[\"\xed\xa0\x80\"]", "line 1 column 2", "is not valid UTF-8"},
        {"[\"\\ud800\"]", "line 1 column 9", "is not JSON"},
        {"[\"a\nb\"]", "line 1 column 3", "is not JSON"},
        {"[\"a\tb\"]", "line 1 column 3", "is not JSON"},
        {"\xef\xbb\xbf{}", "line 1 column 1",
         "starts with a byte order mark: save it as UTF-8 without one"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = ERROR_NULL;
        assert_null(json_parse(slice_of_text(rows[i].text), &error));
        expect_error(&error, rows[i].where, rows[i].what);
    }
}

static void an_error_never_quotes_the_document(void **state)
{
    static const char *const bad[] = {"{\"name\":\"Secretname\" x}", "[Secretname]",
                                      "{\"Secretname\":1,\"Secretname\":2}", "[\"Secretname\xff\"]",
                                      "Secretname"};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error error = ERROR_NULL;
        assert_null(json_parse(slice_of_text(bad[i]), &error));
        assert_null(strstr(error.what, "Secret"));
        assert_null(strstr(error.where, "Secret"));
    }
}

static struct slice nested(size_t depth, char *out)
{
    memset(out, '[', depth);
    memset(out + depth, ']', depth);
    return slice_make(out, 2 * depth);
}

static void depth_number_of_values_and_size_are_bounded(void **state)
{
    size_t bytes = (size_t)CAIRN_JSON_MAX_BYTES + 1;
    _cleanup_(base_free) char *text = base_alloc(bytes);
    struct error error = ERROR_NULL;
    (void)state;

    struct json *deep = json_parse(nested(CAIRN_JSON_DEPTH_MAX, text), &error);
    assert_non_null(deep);
    json_free(&deep);
    assert_null(json_parse(nested(CAIRN_JSON_DEPTH_MAX + 1, text), &error));
    expect_error(&error, "line 1 column 33", "objects and arrays lie too deep in one another");

    memset(text, ' ', bytes);
    text[0] = '[';
    text[bytes - 2] = ']';
    error = ERROR_NULL;
    struct json *large = json_parse(slice_make(text, bytes - 1), &error);
    assert_non_null(large);
    json_free(&large);
    assert_null(json_parse(slice_make(text, bytes), &error));
    expect_error(&error, "", "the document is larger than 4194304 bytes");

    text[0] = '[';
    for (size_t i = 0; i <= JSON_VALUES_MAX; i++) {
        memcpy(text + 1 + 2 * i, "0,", 2);
    }
    error = ERROR_NULL;
    assert_null(json_parse(slice_make(text, 2 + 2 * (size_t)JSON_VALUES_MAX), &error));
    assert_string_equal(error.what, "the document holds too many values");
}

static void brackets_inside_text_are_not_depth(void **state)
{
    (void)state;

    struct json *document = given("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\", "
                                  "\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");

    json_free(&document);
    json_free(&document);
}

static void members_are_read_by_type(void **state)
{
    struct error error = ERROR_NULL;
    struct json *document = given("{\"text\":\"Zo\xc3\xab\",\"max\":9223372036854775807,"
                                  "\"min\":-9223372036854775808,\"yes\":true,\"no\":false,"
                                  "\"object\":{\"a\":1},\"array\":[1,\"b\",null]}");
    struct json_view top = json_view(document, &error);
    char copy[8];
    (void)state;

    assert_true(slice_is_text(json_get_text(&top, "text"), "Zo\xc3\xab"));
    assert_true(json_get_integer(&top, "max", INT64_MIN, INT64_MAX) == INT64_MAX);
    assert_true(json_get_integer(&top, "min", INT64_MIN, INT64_MAX) == INT64_MIN);
    assert_true(json_get_bool(&top, "yes"));
    assert_false(json_get_bool(&top, "no"));
    json_get_copy(&top, "text", copy, sizeof(copy));
    assert_string_equal(copy, "Zo\xc3\xab");
    struct json_view object = json_get_object(&top, "object");
    assert_true(json_get_integer(&object, "a", 1, 1) == 1);
    struct json_view array = json_get_array(&top, "array");
    assert_int_equal(json_length(&array), 3);
    struct json_view item = json_item(&array, 1);
    assert_true(slice_is_text(json_as_text(&item), "b"));
    assert_true(json_holds_text(&item));
    item = json_item(&array, 0);
    assert_true(json_holds_whole(&item));
    assert_true(json_as_integer(&item, 0, 5) == 1);
    assert_true(json_holds_object(&object) && json_holds_array(&array));
    assert_true(json_has(&top, "no"));
    assert_false(json_has(&top, "none"));

    assert_true(json_ok(&top));
    json_free(&document);
}

static void the_first_problem_is_kept_with_its_path(void **state)
{
    static const struct {
        const char *text;
        const char *where;
        const char *what;
    } rows[] = {
        {"{\"participant\":[{}]}", "/participant/0/status", "is missing"},
        {"{\"participant\":[{\"status\":1}]}", "/participant/0/status", "must be text"},
        {"{\"participant\":[{\"status\":null}]}", "/participant/0/status", "must be text"},
        {"{\"participant\":[[]]}", "/participant/0", "must be an object"},
        {"{\"participant\":[]}", "/count", "is missing"},
        {"{\"participant\":{}}", "/participant", "must be an array"},
        {"{\"participant\":[],\"count\":\"1\"}", "/count", "must be a whole number"},
        {"{\"participant\":[],\"count\":1.0}", "/count", "must be a whole number"},
        {"{\"participant\":[],\"count\":0}", "/count", "must be from 1 to 4"},
        {"{\"participant\":[],\"count\":5}", "/count", "must be from 1 to 4"},
        {"{\"participant\":[],\"count\":1}", "/flag", "is missing"},
        {"{\"participant\":[],\"count\":1,\"flag\":0}", "/flag", "must be true or false"},
        {"{\"participant\":[],\"count\":1,\"flag\":true}", "/inner", "is missing"},
        {"{\"participant\":[],\"count\":1,\"flag\":true,\"inner\":[]}", "/inner",
         "must be an object"},
        {"{\"participant\":[],\"count\":1,\"flag\":true,\"inner\":{}}", "/inner/name",
         "is missing"},
        {"{\"participant\":[],\"count\":1,\"flag\":true,\"inner\":{\"name\":\"12345678\"}}",
         "/inner/name", "is longer than 7 bytes"},
        {"{\"participant\":[],\"count\":1,\"flag\":true,\"inner\":{\"name\":\"a\\u0007\"}}",
         "/inner/name", "holds control characters"},
        {"[]", "/", "must be an object"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = ERROR_NULL;
        struct json *document = given(rows[i].text);
        struct json_view top = json_view(document, &error);
        struct json_view list = json_get_array(&top, "participant");
        struct json_view first = json_item(&list, 0);
        char name[8] = "before";
        (void)json_get_text(&first, "status");
        (void)json_get_integer(&top, "count", 1, 4);
        (void)json_get_bool(&top, "flag");
        struct json_view inner = json_get_object(&top, "inner");
        json_get_copy(&inner, "name", name, sizeof(name));
        assert_false(json_ok(&top));
        expect_error(&error, rows[i].where, rows[i].what);
        assert_string_equal(name, "");
        json_free(&document);
    }
}

static void optional_members_fall_back_but_must_be_of_their_type(void **state)
{
    struct error error = ERROR_NULL;
    struct json *document = given("{\"null\":null,\"number\":7}");
    struct json_view top = json_view(document, &error);
    char copy[4] = "abc";
    (void)state;

    assert_null(json_opt_text(&top, "none").data);
    assert_true(json_opt_integer(&top, "none", 1, 2, -5) == -5);
    assert_true(json_opt_bool(&top, "none", true));
    json_opt_copy(&top, "none", copy, sizeof(copy));
    assert_string_equal(copy, "");
    struct json_view object = json_opt_object(&top, "none");
    assert_null(object.node);
    assert_null(json_get_text(&object, "required in what is not there").data);
    struct json_view array = json_opt_array(&top, "none");
    assert_int_equal(json_length(&array), 0);
    struct json_view item = json_item(&array, 0);
    assert_null(item.node);
    assert_false(json_as_bool(&item));
    assert_true(json_ok(&top));

    assert_true(json_opt_integer(&top, "number", 1, 6, -5) == -5);
    expect_error(&error, "/number", "must be from 1 to 6");
    error = ERROR_NULL;
    assert_null(json_opt_text(&top, "null").data);
    expect_error(&error, "/null", "must be text");
    json_free(&document);
}

static void members_are_gone_through_in_order(void **state)
{
    struct error error = ERROR_NULL;
    struct json *document = given("{\"b\":1,\"a\":2,\"c\":3}");
    struct json *empty = given("{}");
    struct json_view top = json_view(document, &error);
    struct json_view none = json_view(empty, &error);
    struct json_view member;
    int64_t sum = 0;
    char order[4] = "";
    size_t count = 0;
    (void)state;

    for (const char *key = json_first(&top, &member); key != NULL;
         key = json_next(&top, key, &member)) {
        order[count++] = key[0];
        sum = sum * 10 + json_as_integer(&member, 0, 9);
    }

    assert_string_equal(order, "bac");
    assert_int_equal(sum, 123);
    assert_string_equal(member.path, "/c");
    assert_null(json_first(&none, &member));
    assert_true(json_ok(&top));
    json_free(&document);
    json_free(&empty);
}

static void unknown_fields_are_refused_by_name_unless_they_say_too_much(void **state)
{
    struct error error = ERROR_NULL;
    struct json *document = given("{\"known\":1,\"unknown\":2}");
    struct json *telling = given("{\"Jamie Example, born 2015\":1}");
    struct json_view top = json_view(document, &error);
    (void)state;

    json_only(&top, KEYS("known", "unknown"), 2);
    assert_true(json_ok(&top));
    json_only(&top, KEYS("known"), 1);
    expect_error(&error, "/unknown", "is not a field known here");
    error = ERROR_NULL;
    top = json_view(telling, &error);
    json_only(&top, KEYS("known"), 1);

    expect_error(&error, "/?", "is not a field known here");
    json_free(&document);
    json_free(&telling);
}

static void a_path_too_long_is_cut_once(void **state)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(2048);
    (void)state;
    for (int i = 0; i < 20; i++) {
        buf_add_text(&text, "{\"a_rather_long_field_name\":");
    }
    buf_add_text(&text, "1}}}}}}}}}}}}}}}}}}}}");
    struct json *document = given(buf_text(&text));
    struct json_view view = json_view(document, &error);

    for (int i = 0; i < 20; i++) {
        view = json_member(&view, "a_rather_long_field_name");
    }
    (void)json_refuse(&view, "is %s", "odd");

    assert_in_range(strlen(error.where), 90, JSON_PATH_BYTES - 1);
    assert_string_equal(error.where + strlen(error.where) - 8, "_name...");
    json_free(&document);
}

static void a_document_is_built_and_written_sorted(void **state)
{
    struct json *document = json_object_new();
    struct json *list = json_array_new();
    struct json *inner = json_object_new();
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(1000);
    (void)state;

    json_set_word(document, "z", "last");
    assert_int_equal(json_set_text(document, "a", slice_of_text("Zo\xc3\xab \"q\"")), 0);
    json_set_integer(document, "n", INT64_MIN);
    json_set_bool(document, "t", true);
    json_set_bool(document, "f", false);
    struct json *part = json_set_node(document, "list", &list);
    assert_null(list);
    json_append_word(part, "x");
    assert_int_equal(json_append_text(part, SLICE_NULL), 0);
    json_set_word(json_append_node(part, &inner), "k", "v");
    assert_int_equal(json_write(document, JSON_STYLE_COMPACT, &out), 0);

    assert_string_equal(buf_text(&out), "{\"a\":\"Zo\xc3\xab \\\"q\\\"\",\"f\":false,"
                                        "\"list\":[\"x\",\"\",{\"k\":\"v\"}],"
                                        "\"n\":-9223372036854775808,\"t\":true,\"z\":\"last\"}");
    buf_reset(&out);
    assert_int_equal(json_write(part, JSON_STYLE_INDENTED, &out), 0);
    assert_string_equal(buf_text(&out), "[\n  \"x\",\n  \"\",\n"
                                        "  {\n    \"k\": \"v\"\n  }\n]");
    json_free(&document);
}

static void text_that_is_not_utf8_is_not_set(void **state)
{
    struct json *document = json_object_new();
    struct json *list = json_array_new();
    struct error error = ERROR_NULL;
    struct json_view top = json_view(document, &error);
    (void)state;

    assert_int_equal(json_set_text(document, "a", slice_of_text("\xff")), -EINVAL);
    assert_int_equal(json_set_text(document, "a", slice_make("a\0b", 3)), -EINVAL);
    assert_int_equal(json_append_text(list, slice_of_text("\xc3")), -EINVAL);

    assert_false(json_has(&top, "a"));
    struct json_view items = json_view(list, &error);
    assert_int_equal(json_length(&items), 0);
    json_free(&document);
    json_free(&list);
}

static void setting_twice_replaces(void **state)
{
    struct json *document = json_object_new();
    struct json *copy;
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(100);
    (void)state;

    json_set_integer(document, "a", 1);
    copy = json_clone(document);
    json_set_word(document, "a", "two");
    assert_int_equal(json_write(document, JSON_STYLE_COMPACT, &out), 0);
    assert_int_equal(json_write(copy, JSON_STYLE_COMPACT, &out), 0);

    assert_string_equal(buf_text(&out), "{\"a\":\"two\"}{\"a\":1}");
    json_free(&document);
    json_free(&copy);
}

static void what_does_not_fit_the_buffer_is_an_error(void **state)
{
    struct json *document = given("{\"a\":\"0123456789\"}");
    _cleanup_(buf_deinit) struct buf exact = BUF_MAX(18);
    _cleanup_(buf_deinit) struct buf small = BUF_MAX(17);
    (void)state;

    assert_int_equal(json_write(document, JSON_STYLE_COMPACT, &exact), 0);
    assert_int_equal(json_write(document, JSON_STYLE_COMPACT, &small), -EFBIG);

    json_free(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_a_document_is_refused_with_its_place),
        cmocka_unit_test(an_error_never_quotes_the_document),
        cmocka_unit_test(depth_number_of_values_and_size_are_bounded),
        cmocka_unit_test(brackets_inside_text_are_not_depth),
        cmocka_unit_test(members_are_read_by_type),
        cmocka_unit_test(the_first_problem_is_kept_with_its_path),
        cmocka_unit_test(optional_members_fall_back_but_must_be_of_their_type),
        cmocka_unit_test(members_are_gone_through_in_order),
        cmocka_unit_test(unknown_fields_are_refused_by_name_unless_they_say_too_much),
        cmocka_unit_test(a_path_too_long_is_cut_once),
        cmocka_unit_test(a_document_is_built_and_written_sorted),
        cmocka_unit_test(text_that_is_not_utf8_is_not_set),
        cmocka_unit_test(setting_twice_replaces),
        cmocka_unit_test(what_does_not_fit_the_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
