/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fuzz_document.h"

#include "crypto/crypto.h"

int fuzz_document_init(struct fuzz_document *given, const char *schema,
                       const struct test_agency *agencies, size_t n)
{
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&given->governing);
    governing_fill(&given->governing, agencies, n);
    given->schema = governing_schema(schema);
    return 0;
}

struct json *fuzz_document_read(const struct fuzz_document *given, struct slice input,
                                bool *ret_checked)
{
    struct error error = ERROR_NULL;
    struct json *document = json_parse(input, &error);

    if (document != NULL) {
        *ret_checked = schema_check(given->schema, document, &error) == 0;
        assert(*ret_checked == (error.what[0] == '\0'));
    }
    return document;
}
