/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent's configuration may say about its users and its telephone; and whether the unit
 * lets it have the memory that its limits allow it to come to use. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/memory_plan.h"
#include "agents/core/options.h"
#include "base/text.h"
#include "os/files.h"
#include "support/scratch.h"

#define MIB (1ULL << 20)
#define REST                                                                                       \
    "[agent]\ndir = /a\nkeys = /b\njoining = /c\nsocket = /d/agent.sock\n" /* what must be said */

static int load(struct scratch *scratch, const char *lines, struct agent_options *ret,
                struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_add_text(&text, REST);
    buf_add_text(&text, lines);
    const char *path = in_scratch(scratch, "agent.ini");
    assert_int_equal(file_write_atomic(path, buf_slice(&text), 0600), 0);
    return agent_options_load(path, ret, error);
}

static void each_user_has_the_role_of_its_list_and_the_agents_own_user_all(void **state)
{
    struct scratch *scratch = *state;
    struct agent_options options = AGENT_OPTIONS_NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(
        load(scratch, "submit_uid = 70001,70002\nallow_uid = 70003\n", &options, &error), 0);

    assert_int_equal(agent_options_role(&options, 70001), USER_SUBMITTER);
    assert_int_equal(agent_options_role(&options, 70002), USER_SUBMITTER);
    assert_int_equal(agent_options_role(&options, 70003), USER_PRACTITIONER);
    assert_int_equal(agent_options_role(&options, geteuid()), USER_PRACTITIONER);
    assert_int_equal(agent_options_role(&options, 70004), USER_NOBODY);
    agent_options_deinit(&options);
}

static void what_makes_no_sense_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *lines;
        const char *where;
    } rows[] = {
        {"submit_uid = 1001\nallow_uid = 1001\n", "agent.allow_uid"},
        {"submit_uid = 1001,1001\n", "agent.submit_uid"},
        {"allow_uid = anna\n", "agent.allow_uid"},
        {"allow_uid = 1,2,3,4,5,6,7,8,9\nsubmit_uid = 11,12,13,14,15,16,17,18\n",
         "agent.allow_uid"},
        {"duty_telephone = ask Anna\n", "agent.duty_telephone"},
        {"duty_telephone = +-()\n", "agent.duty_telephone"},
        {"duty_telephone = 01632 960100 01632 960100 01632 960100\n", "agent.duty_telephone"},
    };
    struct scratch *scratch = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent_options options = AGENT_OPTIONS_NULL;
        struct error error = ERROR_NULL;

        assert_int_equal(load(scratch, rows[i].lines, &options, &error), -EINVAL);

        assert_string_equal(error.where, rows[i].where);
        assert_null(options.conf);
    }
}

static void the_desks_number_is_taken_as_it_is_written(void **state)
{
    struct scratch *scratch = *state;
    struct agent_options options = AGENT_OPTIONS_NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(load(scratch, "duty_telephone = +44 (0)1632 960100 x7\n", &options, &error),
                     0);

    assert_string_equal(options.duty_telephone, "+44 (0)1632 960100 x7");
    agent_options_deinit(&options);
}

/* --- memory --- */

static void a_limit_below_the_plan_is_refused_with_both_in_words(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    assert_int_equal(agent_memory_plan_check(0, &error), 0);
    assert_int_equal(agent_memory_plan_check(agent_memory_plan_bytes(), &error), 0);
    assert_int_equal(agent_memory_plan_check(64 * MIB, &error), -ENOMEM);

    assert_non_null(strstr(error.what, "the limit is 64 MiB"));
    assert_non_null(strstr(error.what, "MemoryMax="));
}

static void the_unit_allows_what_the_agent_can_come_to_use(void **state)
{
    _cleanup_(buf_deinit) struct buf unit = BUF_MAX(65536);
    (void)state;
    assert_int_equal(file_read(SOURCE_DIR "/config/systemd/cairn-agent@.service", &unit), 0);

    const char *line = strstr(buf_text(&unit), "\nMemoryMax=");

    assert_non_null(line);
    assert_true(strncmp(line, "\nMemoryMax=1G\n", 14) == 0);
    assert_true(agent_memory_plan_bytes() <= 1024 * MIB);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(each_user_has_the_role_of_its_list_and_the_agents_own_user_all),
        IN_FOLDER(what_makes_no_sense_is_refused_with_its_place),
        IN_FOLDER(the_desks_number_is_taken_as_it_is_written),
        cmocka_unit_test(a_limit_below_the_plan_is_refused_with_both_in_words),
        cmocka_unit_test(the_unit_allows_what_the_agent_can_come_to_use),
    };
    return cmocka_run_group_tests_name("agent options", tests, NULL, NULL);
}
