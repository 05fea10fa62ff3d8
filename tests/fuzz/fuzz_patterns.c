/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of any text, with their schema and without it: what is accepted counts something, within
 * a time, from more than nobody.
 */
#include "govern/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fuzz_document.h"

static struct fuzz_document given;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {{3, "mash", "mash", false}};

    (void)argc;
    (void)argv;
    return fuzz_document_init(&given, "patterns", agencies, ARRAY_LEN(agencies));
}

static void check_pattern(const struct pattern *pattern, bool checked)
{
    assert(!checked || (pattern->id[0] != '\0' && pattern->n_addressees > 0));
    assert((pattern->window_months == 0) != (pattern->window_days == 0));
    assert(pattern->agencies_min >= 1 && pattern->agencies_min <= pattern->occurrences_min);
    for (uint32_t kind = 0; kind <= RECORD_RETRACTION; kind++) {
        (void)pattern_counts(pattern, (enum record_kind)kind, CODE_NOT_SAID,
                             given.governing.governance->directory.agencies);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    static struct patterns made;
    bool checked;
    _cleanup_(json_free) struct json *document =
        fuzz_document_read(&given, slice_make(data, size), &checked);

    if (document == NULL) {
        return 0;
    }
    int r = patterns_read(document, &given.governing.governance->directory, &made, &error);
    assert((r == 0) == (error.what[0] == '\0'));
    for (size_t i = 0; r == 0 && i < made.n; i++) {
        check_pattern(&made.items[i], checked);
    }
    return 0;
}
