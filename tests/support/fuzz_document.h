/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_document: what the fuzz targets of governance documents have in common: a desk whose
 * directory has some agencies, the schema of the document, and an input held against it.
 */
#ifndef SUPPORT_FUZZ_DOCUMENT_H
#define SUPPORT_FUZZ_DOCUMENT_H

#include "json/json.h"
#include "support/governing.h"

struct fuzz_document {
    struct governing governing;
    struct schema *schema;
};

/* For LLVMFuzzerInitialize, which returns the same. Kept until the process ends. */
int fuzz_document_init(struct fuzz_document *given, const char *schema,
                       const struct test_agency *agencies, size_t n) MUST_USE;
/* The caller's, and whether it keeps the schema: the document's reader must not rely on that. NULL
 * when the input is no JSON. */
struct json *fuzz_document_read(const struct fuzz_document *given, struct slice input,
                                bool *ret_checked) MUST_USE;

#endif
