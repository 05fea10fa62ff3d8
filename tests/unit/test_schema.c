/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/schema.h"

/* One line of a table: a schema, a document, and what is said about it ("" when it passes). */
struct row {
    const char *schema;
    const char *document;
    const char *where;
    const char *what;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct error error = ERROR_NULL;
        struct schema *schema = schema_load(slice_of_text(rows[i].schema), &error);
        assert_string_equal(error.what, "");
        assert_non_null(schema);
        struct json *document = json_parse(slice_of_text(rows[i].document), &error);
        assert_non_null(document);

        int r = schema_check(schema, document, &error);

        assert_string_equal(error.what, rows[i].what);
        assert_string_equal(error.where, rows[i].where);
        assert_int_equal(r, rows[i].what[0] == '\0' ? 0 : -EINVAL);
        json_free(&document);
        schema_free(&schema);
    }
}

static void types_are_told_apart(void **state)
{
    static const struct row rows[] = {
        {"{\"type\":\"object\"}", "{}", "", ""},
        {"{\"type\":\"object\"}", "[]", "/", "must be an object"},
        {"{\"type\":\"array\"}", "{}", "/", "must be an array"},
        {"{\"type\":[\"object\",\"array\"]}", "[]", "", ""},
        {"{\"items\":{\"type\":\"string\"}}", "[\"a\"]", "", ""},
        {"{\"items\":{\"type\":\"string\"}}", "[\"a\",1]", "/1", "must be text"},
        {"{\"items\":{\"type\":\"integer\"}}", "[1,-1,9223372036854775807]", "", ""},
        {"{\"items\":{\"type\":\"integer\"}}", "[1.0]", "/0", "must be a whole number"},
        {"{\"items\":{\"type\":\"integer\"}}", "[\"1\"]", "/0", "must be a whole number"},
        {"{\"items\":{\"type\":\"number\"}}", "[1,1.5,1e3]", "", ""},
        {"{\"items\":{\"type\":\"number\"}}", "[true]", "/0", "must be a number"},
        {"{\"items\":{\"type\":\"boolean\"}}", "[true,false]", "", ""},
        {"{\"items\":{\"type\":\"boolean\"}}", "[null]", "/0", "must be true or false"},
        {"{\"items\":{\"type\":\"null\"}}", "[null]", "", ""},
        {"{\"items\":{\"type\":\"null\"}}", "[0]", "/0", "must be null"},
        {"{\"items\":{\"type\":[\"string\",\"null\",\"integer\"]}}", "[null,\"a\",1]", "", ""},
        {"{\"items\":{\"type\":[\"string\",\"null\"]}}", "[1]", "/0", "must be text or null"},
        {"{}", "{\"anything\":[1,2]}", "", ""},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void members_are_required_known_and_checked(void **state)
{
    static const char *const strict =
        "{\"type\":\"object\",\"required\":[\"a\",\"b\"],\"additionalProperties\":false,"
        "\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"object\",\"properties\":"
        "{\"c\":{\"type\":\"array\",\"items\":{\"required\":[\"d\"]}}}},\"e\":{}}}";
    const struct row rows[] = {
        {strict, "{\"a\":1,\"b\":{}}", "", ""},
        {strict, "{\"a\":1,\"b\":{},\"e\":[]}", "", ""},
        {strict, "{\"b\":{}}", "/a", "is missing"},
        {strict, "{\"a\":1}", "/b", "is missing"},
        {strict, "{\"a\":1,\"b\":{},\"x\":1}", "/x", "is not a field known here"},
        {strict, "{\"a\":1,\"b\":{},\"Jamie Example\":1}", "/?", "is not a field known here"},
        {strict, "{\"a\":\"1\",\"b\":{}}", "/a", "must be a whole number"},
        {strict, "{\"a\":1,\"b\":[]}", "/b", "must be an object"},
        {strict, "{\"a\":1,\"b\":{\"c\":[{\"d\":1},{}]}}", "/b/c/1/d", "is missing"},
        {strict, "{\"a\":1,\"b\":{\"c\":[{\"d\":1},5]}}", "", ""},
        {strict, "{\"a\":1,\"b\":{\"anything\":1}}", "", ""},
        {"{\"additionalProperties\":true}", "{\"x\":1}", "", ""},
        {"{\"additionalProperties\":false}", "{\"x\":1}", "/x", "is not a field known here"},
        {"{\"properties\":{\"x\":{\"type\":\"null\"}}}", "[1]", "", ""},
        {"{\"required\":[\"x\"]}", "{\"x\":null}", "", ""},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void counts_lengths_and_bounds_are_kept(void **state)
{
    static const struct row rows[] = {
        {"{\"minItems\":1,\"maxItems\":2}", "[1]", "", ""},
        {"{\"minItems\":1,\"maxItems\":2}", "[1,2]", "", ""},
        {"{\"minItems\":1,\"maxItems\":2}", "[]", "/", "must have at least 1 items"},
        {"{\"minItems\":1,\"maxItems\":2}", "[1,2,3]", "/", "must have at most 2 items"},
        {"{\"items\":{\"minLength\":2,\"maxLength\":3}}", "[\"ab\",\"abc\",5]", "", ""},
        {"{\"items\":{\"minLength\":2}}", "[\"a\"]", "/0", "must have at least 2 characters"},
        {"{\"items\":{\"minLength\":2}}", "[\"\xc3\xab\"]", "/0",
         "must have at least 2 characters"},
        {"{\"items\":{\"maxLength\":3}}", "[\"\xc3\xab\xc3\xab\xf0\x9f\x91\xb6\"]", "", ""},
        {"{\"items\":{\"maxLength\":3}}", "[\"abcd\"]", "/0", "must have at most 3 characters"},
        {"{\"items\":{\"minimum\":1,\"maximum\":4}}", "[1,4,1.0,3.99,\"9\"]", "", ""},
        {"{\"items\":{\"minimum\":1}}", "[0]", "/0", "must be at least 1"},
        {"{\"items\":{\"minimum\":1}}", "[0.99]", "/0", "must be at least 1"},
        {"{\"items\":{\"maximum\":4}}", "[5]", "/0", "must be at most 4"},
        {"{\"items\":{\"maximum\":4}}", "[4.01]", "/0", "must be at most 4"},
        {"{\"items\":{\"maximum\":9223372036854775806}}", "[9223372036854775807]", "/0",
         "must be at most 9223372036854775806"},
        {"{\"items\":{\"minimum\":-9223372036854775807}}", "[-9223372036854775808]", "/0",
         "must be at least -9223372036854775807"},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void values_are_among_those_listed(void **state)
{
    static const struct row rows[] = {
        {"{\"items\":{\"enum\":[\"a\",\"b\",1,null]}}", "[\"a\",\"b\",1,null]", "", ""},
        {"{\"items\":{\"enum\":[\"a\",\"b\"]}}", "[\"c\"]", "/0", "must be one of: a, b"},
        {"{\"items\":{\"enum\":[\"a\",\"b\"]}}", "[\"A\"]", "/0", "must be one of: a, b"},
        {"{\"items\":{\"enum\":[\"a\",1]}}", "[2]", "/0", "must be one of: a, ..."},
        {"{\"items\":{\"enum\":[1]}}", "[1.0]", "/0", "must be one of: ..."},
        {"{\"items\":{\"enum\":[\"0123456789012345678901234567890123456789012345678901234567\","
         "\"0123456789012345678901234567890123456789012345678901234567890123456789\","
         "\"0123456789012345678901234567890123456789012345678901234567890123456789\"]}}",
         "[\"x\"]", "/0", "is not one of the 3 values allowed"},
        {"{\"properties\":{\"k\":{\"const\":\"Task\"}}}", "{\"k\":\"Task\"}", "", ""},
        {"{\"properties\":{\"k\":{\"const\":\"Task\"}}}", "{\"k\":\"task\"}", "/k",
         "must be: Task"},
        {"{\"properties\":{\"k\":{\"const\":{\"a\":[1]}}}}", "{\"k\":{\"a\":[1]}}", "", ""},
        {"{\"properties\":{\"k\":{\"const\":7}}}", "{\"k\":8}", "/k",
         "is not the one value allowed"},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void formats_are_enforced(void **state)
{
    static const char *const date = "{\"items\":{\"format\":\"date\"}}";
    static const char *const time = "{\"items\":{\"format\":\"date-time\"}}";
    const struct row rows[] = {
        {date, "[\"2026-11-22\",5]", "", ""},
        {date, "[\"2026-02-30\"]", "/0", "must be a date like 2026-11-22"},
        {date, "[\"\"]", "/0", "must be a date like 2026-11-22"},
        {time, "[\"2026-11-22T08:00:00Z\",\"2026-11-22T08:00:00.5+01:00\"]", "", ""},
        {time, "[\"2026-11-22\"]", "/0", "must be a time like 2026-11-22T08:00:00Z"},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void references_apply_beside_their_neighbours_and_through_one_another(void **state)
{
    static const char *const text =
        "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"urn:x\","
        "\"title\":\"t\",\"description\":\"d\",\"$comment\":\"c\",\"default\":1,\"examples\":[],"
        "\"properties\":{\"who\":{\"$ref\":\"#/$defs/person\",\"required\":[\"role\"]},"
        "\"all\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/person\"}}},"
        "\"$defs\":{\"name\":{\"$ref\":\"#/$defs/text\",\"maxLength\":5},"
        "\"text\":{\"type\":\"string\",\"minLength\":1},"
        "\"person\":{\"type\":\"object\",\"required\":[\"name\"],\"properties\":"
        "{\"name\":{\"$ref\":\"#/$defs/name\"}}}}}";
    const struct row rows[] = {
        {text, "{\"who\":{\"name\":\"Ann\",\"role\":1}}", "", ""},
        {text, "{\"who\":{\"name\":\"Ann\"}}", "/who/role", "is missing"},
        {text, "{\"who\":{\"role\":1}}", "/who/name", "is missing"},
        {text, "{\"who\":{\"name\":\"Annabel\",\"role\":1}}", "/who/name",
         "must have at most 5 characters"},
        {text, "{\"who\":{\"name\":\"\",\"role\":1}}", "/who/name",
         "must have at least 1 characters"},
        {text, "{\"all\":[{\"name\":\"A\"},{\"name\":2}]}", "/all/1/name", "must be text"},
        {text, "{\"all\":[]}", "", ""},
        {"{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"array\"}}}", "{}", "/",
         "must be an array"},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void what_is_missing_is_said_with_what_to_write(void **state)
{
    static const char *const text =
        "{\"required\":[\"why\",\"whose\",\"who\",\"rest\"],\"properties\":"
        "{\"why\":{\"enum\":[\"court\",\"wish\"],\"description\":\"in the header\"},"
        "\"whose\":{\"$ref\":\"#/$defs/whose\"},"
        "\"who\":{\"$ref\":\"#/$defs/who\",\"description\":\"whom to ring\"}},"
        "\"$defs\":{\"whose\":{\"enum\":[\"police\"]},"
        "\"who\":{\"type\":\"string\",\"description\":\"a person\"}}}";
    const struct row rows[] = {
        {text, "{}", "/why", "is missing: write one of: court, wish"},
        {text, "{\"why\":\"wish\"}", "/whose", "is missing: write one of: police"},
        {text, "{\"why\":\"wish\",\"whose\":\"police\"}", "/who", "is missing: whom to ring"},
        {"{\"required\":[\"format\"],\"properties\":{\"format\":{\"const\":\"x/v1\"}}}", "{}",
         "/format", "is missing: write x/v1"},
        {text, "{\"why\":\"wish\",\"whose\":\"police\",\"who\":\"x\"}", "/rest", "is missing"},
    };
    (void)state;

    check_rows(rows, ARRAY_LEN(rows));
}

static void a_schema_that_promises_too_much_is_not_loaded(void **state)
{
    static const struct {
        const char *schema;
        const char *where;
        const char *what;
    } rows[] = {
        {"[]", "/", "must be a schema, written as an object"},
        {"{\"pattern\":\"x\"}", "/pattern", "is a keyword that is not enforced here"},
        {"{\"anyOf\":[]}", "/anyOf", "is a keyword that is not enforced here"},
        {"{\"properties\":{\"a\":{\"uniqueItems\":true}}}", "/properties/a/uniqueItems",
         "is a keyword that is not enforced here"},
        {"{\"$defs\":{\"unused\":{\"not\":{}}}}", "/$defs/unused/not",
         "is a keyword that is not enforced here"},
        {"{\"items\":{\"items\":{\"minimun\":1}}}", "/items/items/minimun",
         "is a keyword that is not enforced here"},
        {"{\"type\":\"text\"}", "/type", "must name a type"},
        {"{\"type\":[]}", "/type", "names no type"},
        {"{\"type\":[\"string\",7]}", "/type/1", "must name a type"},
        {"{\"type\":7}", "/type", "must name a type"},
        {"{\"properties\":[]}", "/properties", "must be an object"},
        {"{\"properties\":{\"a\":true}}", "/properties/a",
         "must be a schema, written as an object"},
        {"{\"required\":\"a\"}", "/required", "must be an array of names"},
        {"{\"required\":[1]}", "/required/0", "must be a name"},
        {"{\"additionalProperties\":{}}", "/additionalProperties", "must be true or false"},
        {"{\"items\":[{}]}", "/items", "must be a schema, written as an object"},
        {"{\"minItems\":-1}", "/minItems", "must be a whole number from 0"},
        {"{\"maxItems\":1.5}", "/maxItems", "must be a whole number from 0"},
        {"{\"maxLength\":\"5\"}", "/maxLength", "must be a whole number from 0"},
        {"{\"minimum\":0.5}", "/minimum", "must be a whole number"},
        {"{\"enum\":[]}", "/enum", "must be an array of the values allowed"},
        {"{\"enum\":\"a\"}", "/enum", "must be an array of the values allowed"},
        {"{\"format\":\"email\"}", "/format",
         "must be date or date-time: others are not enforced"},
        {"{\"format\":1}", "/format", "must be date or date-time: others are not enforced"},
        {"{\"$ref\":\"other.json\"}", "/$ref", "must be #/$defs/NAME"},
        {"{\"$ref\":\"#\"}", "/$ref", "must be #/$defs/NAME"},
        {"{\"$ref\":7}", "/$ref", "must be #/$defs/NAME"},
        {"{\"$ref\":\"#/$defs/none\"}", "/$ref", "refers to something that is not in $defs"},
        {"{\"items\":{\"$defs\":{}}}", "/items/$defs", "may stand at the top of a schema only"},
        {"{\"items\":{\"$id\":\"x\"}}", "/items/$id", "may stand at the top of a schema only"},
        {"{\"$defs\":[]}", "/$defs", "must be an object"},
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", "/$schema",
         "must be https://json-schema.org/draft/2020-12/schema"},
        {"{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}}}", "/$defs", "a $ref leads back to itself"},
        {"{\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/b\"}},"
         "\"b\":{\"properties\":{\"x\":{\"$ref\":\"#/$defs/c\"}}},"
         "\"c\":{\"$ref\":\"#/$defs/a\"},\"d\":{}}}",
         "/$defs", "a $ref leads back to itself"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = ERROR_NULL;
        assert_null(schema_load(slice_of_text(rows[i].schema), &error));
        assert_string_equal(error.what, rows[i].what);
        assert_string_equal(error.where, rows[i].where);
    }
}

static void a_schema_that_is_not_json_is_not_loaded(void **state)
{
    struct error error = ERROR_NULL;
    struct schema *none = NULL;
    (void)state;

    assert_null(schema_load(slice_of_text("{\"type\":"), &error));

    assert_string_equal(error.what, "the document ends too early");
    schema_free(&none);
}

static struct schema *load_with(size_t count, const char *start, const char *part, const char *end,
                                struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(1 << 20);

    buf_add_text(&text, start);
    for (size_t i = 0; i < count; i++) {
        buf_format(&text, "%s\"d%zu\":%s", i > 0 ? "," : "", i, part);
    }
    buf_add_text(&text, end);
    assert_true(buf_ok(&text));
    return schema_load(buf_slice(&text), error);
}

static void definitions_and_parts_are_bounded(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    struct schema *schema = load_with(SCHEMA_DEFS_MAX, "{\"$defs\":{", "{}", "}}", &error);
    assert_non_null(schema);
    schema_free(&schema);
    assert_null(load_with(SCHEMA_DEFS_MAX + 1, "{\"$defs\":{", "{}", "}}", &error));
    assert_string_equal(error.what, "has more than 64");
    error = ERROR_NULL;
    schema = load_with(SCHEMA_PARTS_MAX - 1, "{\"properties\":{", "{}", "}}", &error);
    assert_non_null(schema);
    schema_free(&schema);
    assert_null(load_with(SCHEMA_PARTS_MAX, "{\"properties\":{", "{}", "}}", &error));

    assert_string_equal(error.what, "the schema has more than 1024 parts");
}

static void a_document_of_full_depth_is_checked_to_its_end(void **state)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    struct json *document = json_array_new();
    (void)state;
    for (int i = 0; i < 30; i++) {
        buf_add_text(&text, "{\"type\":\"array\",\"items\":");
    }
    buf_add_text(&text, "{\"type\":\"array\"}");
    for (int i = 0; i < 30; i++) {
        buf_add_text(&text, "}");
    }
    struct schema *schema = schema_load(buf_slice(&text), &error);
    assert_non_null(schema);

    for (int i = 0; i < 30; i++) {
        struct json *outer = json_array_new();
        (void)json_append_node(outer, &document);
        document = outer;
    }
    assert_int_equal(schema_check(schema, document, &error), 0);
    json_free(&document);
    document = json_parse(
        slice_of_text("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), &error);
    assert_non_null(document);
    assert_int_equal(schema_check(schema, document, &error), -EINVAL);

    assert_string_equal(error.what, "must be an array");
    json_free(&document);
    schema_free(&schema);
}

static void a_document_built_too_deep_is_refused_rather_than_followed(void **state)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(8192);
    struct json *document = json_array_new();
    (void)state;
    buf_add_text(&text, "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < SCHEMA_DEFS_MAX - 1; i++) {
        buf_format(&text, "\"d%d\":{\"items\":{\"$ref\":\"#/$defs/d%d\"}},", i, i + 1);
    }
    buf_format(&text, "\"d%d\":{}}}", SCHEMA_DEFS_MAX - 1);
    struct schema *schema = schema_load(buf_slice(&text), &error);
    assert_non_null(schema);
    for (int i = 0; i < 40; i++) {
        struct json *outer = json_array_new();
        (void)json_append_node(outer, &document);
        document = outer;
    }

    assert_int_equal(schema_check(schema, document, &error), -EINVAL);

    assert_string_equal(error.what, "objects and arrays lie too deep in one another");
    json_free(&document);
    schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(members_are_required_known_and_checked),
        cmocka_unit_test(counts_lengths_and_bounds_are_kept),
        cmocka_unit_test(values_are_among_those_listed),
        cmocka_unit_test(formats_are_enforced),
        cmocka_unit_test(references_apply_beside_their_neighbours_and_through_one_another),
        cmocka_unit_test(what_is_missing_is_said_with_what_to_write),
        cmocka_unit_test(a_schema_that_promises_too_much_is_not_loaded),
        cmocka_unit_test(a_schema_that_is_not_json_is_not_loaded),
        cmocka_unit_test(definitions_and_parts_are_bounded),
        cmocka_unit_test(a_document_of_full_depth_is_checked_to_its_end),
        cmocka_unit_test(a_document_built_too_deep_is_refused_rather_than_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
