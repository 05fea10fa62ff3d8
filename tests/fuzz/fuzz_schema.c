/* SPDX-License-Identifier: Apache-2.0 */
/* A schema, a NUL, a document: every schema that loads checks every document and says so plainly.
 */
#include <string.h>

#include "json/schema.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct schema *schema, struct slice text)
{
    struct error error = ERROR_NULL;
    struct json *document = json_parse(text, &error);

    if (document != NULL) {
        int r = schema_check(schema, document, &error);
        assert((r == 0) == (error.what[0] == '\0'));
        json_free(&document);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t schema_len = nul != NULL ? (size_t)(nul - data) : size;
    struct schema *schema = schema_load(slice_make(data, schema_len), &error);

    assert((schema == NULL) == (error.what[0] != '\0'));
    if (schema != NULL && nul != NULL) {
        check(schema, slice_make(nul + 1, size - schema_len - 1));
    }
    schema_free(&schema);
    return 0;
}
