/* SPDX-License-Identifier: Apache-2.0 */
/* A well-signed directory of any text: what is accepted can be searched and holds what it promises.
 */
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

static struct governing governing;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&governing);
    return 0;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    _cleanup_(governance_unref) struct governance *made = NULL;

    enum govern_result result =
        governing_try(&governing, GOVERNANCE_DIRECTORY, 1, slice_make(data, size), &made, &error);
    assert((result == GOVERN_ACCEPTED) == (error.what[0] == '\0'));
    for (size_t i = 0; made != NULL && i < made->directory.n_agencies; i++) {
        const struct agency *agency = &made->directory.agencies[i];
        assert(i == 0 || agency[-1].number < agency->number);
        check_agency(&made->directory, agency);
    }
    return 0;
}
