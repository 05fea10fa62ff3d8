/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the broker's folder of documents, and what cannot be read there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "broker/offers.h"
#include "crypto/crypto.h"
#include "support/governing.h"
#include "support/scratch.h"

struct world {
    struct governing governing;
    char dir[SCRATCH_BYTES];
    struct offers offers;
};

/* A folder with all of them. */
static int set_up(void **state)
{
    static const struct test_agency agencies[] = {{1, "gp-elm", "gp", false}};
    struct world *world = base_zalloc(1, sizeof(*world));
    struct error error = ERROR_NULL;

    log_init("test", (enum log_level)0);
    assert_int_equal(crypto_init(&error), 0);
    scratch_make(world->dir);
    governing_init(&world->governing);
    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct govern_document held;
        assert_true(
            governance_held(world->governing.governance, (enum governance_document)i, &held));
        assert_int_equal(govern_write(world->dir, &held, &error), 0);
    }
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    offers_deinit(&world->offers);
    governing_deinit(&world->governing);
    scratch_remove(world->dir);
    base_free(&world);
    crypto_deinit();
    return 0;
}

/* A folder of its name cannot be read as a file. */
static void spoil(const struct world *world, enum governance_document document, const char *ending)
{
    char path[SCRATCH_BYTES + 64];
    (void)snprintf(path, sizeof(path), "%s/%s%s", world->dir, governance_document_text(document),
                   ending);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void a_new_store_is_offered_every_document_the_root_first(void **state)
{
    struct world *world = *state;

    assert_true(offers_read(world->dir, NULL, &world->offers));

    assert_int_equal(world->offers.n, GOVERNANCE_DOCUMENTS);
    for (size_t i = 0; i < world->offers.n; i++) {
        assert_int_equal(world->offers.documents[i].document, GOVERNANCE_ROOT + i);
    }
}

static void what_is_in_force_is_not_offered_again(void **state)
{
    struct world *world = *state;

    assert_true(offers_read(world->dir, world->governing.governance, &world->offers));

    assert_int_equal(world->offers.n, 0);
}

static void a_document_that_is_not_there_is_none_that_cannot_be_read(void **state)
{
    struct world *world = *state;
    char path[SCRATCH_BYTES + 64];
    (void)snprintf(path, sizeof(path), "%s/calendar.json", world->dir);
    assert_int_equal(unlink(path), 0);

    assert_true(offers_read(world->dir, NULL, &world->offers));

    assert_int_equal(world->offers.n, GOVERNANCE_DOCUMENTS - 1);
}

static void a_document_that_cannot_be_read_is_passed_over_and_said(void **state)
{
    struct world *world = *state;
    static const char *const endings[] = {".note", ".json"};

    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        enum governance_document document = (enum governance_document)i;
        spoil(world, document, endings[i % ARRAY_LEN(endings)]);

        assert_false(offers_read(world->dir, NULL, &world->offers));

        assert_int_equal(world->offers.n, GOVERNANCE_DOCUMENTS - i);
        for (size_t j = 0; j < world->offers.n; j++) {
            assert_int_not_equal(world->offers.documents[j].document, document);
        }
        offers_deinit(&world->offers);
    }
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_new_store_is_offered_every_document_the_root_first),
        STORY(what_is_in_force_is_not_offered_again),
        STORY(a_document_that_is_not_there_is_none_that_cannot_be_read),
        STORY(a_document_that_cannot_be_read_is_passed_over_and_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
