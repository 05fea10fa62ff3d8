/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of any text, with its schema and without it: what is accepted can be searched and
 * holds what it promises, and follows itself.
 */
#include "govern/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fuzz_document.h"

static struct fuzz_document given;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {{1, "gp-elm", "gp", false}};

    (void)argc;
    (void)argv;
    return fuzz_document_init(&given, "directory", agencies, ARRAY_LEN(agencies));
}

static void check_agency(const struct directory *directory, const struct agency *agency)
{
    assert(agency->number > 0 && agency->kind != NULL);
    assert(directory_agency(directory, agency->number) == agency);
    assert(directory_agency_by_id(directory, agency->id) == agency);
    assert(!agency->active || agency_open_key(agency) != NULL);
    for (size_t i = 0; i < agency->n_sign_keys; i++) {
        assert(agency_sign_key(agency, agency->sign_keys[i].id) == &agency->sign_keys[i]);
        assert(agency->sign_keys[i].verifier != NULL);
    }
    for (size_t i = 0; i < agency->n_curve_keys; i++) {
        bool usable = agency->active && agency->curve_keys[i].status == KEY_ACTIVE;
        assert(directory_by_curve(directory, agency->curve_keys[i].public_key) ==
               (usable ? agency : NULL));
    }
}

static void check_directory(const struct directory *directory)
{
    struct error error = ERROR_NULL;

    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        assert(i == 0 || agency[-1].number < agency->number);
        check_agency(directory, agency);
    }
    int r = directory_follows(directory, directory, &error);
    assert(r == 0);
    r = directory_follows(&given.governing.governance->directory, directory, &error);
    assert((r == 0) == (error.what[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    struct directory made = {.n_agencies = 0};
    bool checked;
    _cleanup_(json_free) struct json *document =
        fuzz_document_read(&given, slice_make(data, size), &checked);

    if (document == NULL) {
        return 0;
    }
    int r = directory_read(document, &made, &error);
    assert((r == 0) == (error.what[0] == '\0'));
    if (r == 0) {
        check_directory(&made);
    }
    directory_deinit(&made);
    return 0;
}
