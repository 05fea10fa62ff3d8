/* SPDX-License-Identifier: Apache-2.0 */
/* The way of an agency into a partnership, by the commands that people type, in one process. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/kinds.h"
#include "conf/conf.h"
#include "crypto/crypto.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "govern/request.h"
#include "net/curve.h"
#include "os/files.h"
#include "support/governing.h"
#include "support/scratch.h"

#define ARGUMENTS_MAX 20
#define PATHS         16

struct world {
    char dir[SCRATCH_BYTES];
    char paths[PATHS][128];
    size_t n_paths;
    struct clock_fake clock;
    char *out; /* of the last command */
    char *err;
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));
    int64_t now = 0;

    assert_int_equal(crypto_init(NULL), 0);
    assert_true(instant_parse(slice_of_text("2026-11-22T08:00:00Z"), &now));
    clock_fake_init(&world->clock, now);
    scratch_make(world->dir);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    scratch_remove(world->dir);
    free(world->out);
    free(world->err);
    free(world);
    crypto_deinit();
    return 0;
}

/* DIR/NAME, for as long as the test runs. */
static const char *in(struct world *world, const char *name)
{
    assert_true(world->n_paths < PATHS);
    char path[sizeof(world->paths[0])];
    (void)snprintf(path, sizeof(path), "%s/%s", world->dir, name);
    return memcpy(world->paths[world->n_paths++], path, sizeof(path));
}

static enum status run(struct world *world, const char *const *words)
{
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    char copies[ARGUMENTS_MAX][160];
    size_t out_len = 0;
    size_t err_len = 0;
    int argc = 0;
    struct cli cli = {.in = stdin, .clock = &world->clock.clock};

    free(world->out);
    free(world->err);
    output_init(&cli.output, open_memstream(&world->out, &out_len),
                open_memstream(&world->err, &err_len));
    for (; words[argc] != NULL; argc++) {
        assert_true(argc < ARGUMENTS_MAX);
        (void)snprintf(copies[argc], sizeof(copies[argc]), "%s", words[argc]);
        argv[argc] = copies[argc];
    }
    enum status status = command_main(&cli, argc, argv);
    assert_int_equal(fclose(cli.output.out), 0);
    assert_int_equal(fclose(cli.output.err), 0);
    output_deinit(&cli.output);
    world->n_paths = 0;
    return status;
}

#define run(world, ...) (run)((world), (const char *const[]){"cairn", __VA_ARGS__, NULL})

static void make_partnership(struct world *world)
{
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin",
                         "cairn.example.org/north"),
                     STATUS_OK);
}

static enum status ask(struct world *world, const char *folder, const char *id, const char *kind)
{
    return run(world, "agency", "request", in(world, folder), "--id", id, "--name", "Some agency",
               "--kind", kind, "--joining", in(world, "north/joining.json"));
}

static enum status approve(struct world *world, const char *request)
{
    return run(world, "agency", "approve", in(world, "north"), in(world, request));
}

/* The surgery at Elm is its first member. */
static void make_partnership_with_elm(struct world *world)
{
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(approve(world, "elm/request.json"), STATUS_OK);
}

static enum status cast_out(struct world *world, const char *id)
{
    return run(world, "agency", "revoke", in(world, "north"), id, "--reason", "practice closed");
}

static struct governance *load(struct world *world)
{
    struct governance *governance = NULL;
    struct error error = ERROR_NULL;

    int r = governance_load(in(world, "north/governance"), &governance, &error);
    assert_int_equal(r, 0);
    return governance;
}

static void read_key(struct world *world, const char *folder, const char *name, struct secret *ret)
{
    assert_int_equal(key_read(in(world, folder), name, ret, NULL), 0);
}

static void assert_mode(struct world *world, const char *name, mode_t mode)
{
    struct stat status;

    assert_int_equal(stat(in(world, name), &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void init_makes_a_partnership_that_loads_with_every_document(void **state)
{
    struct world *world = *state;

    make_partnership(world);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        assert_int_equal(governance->versions[i], 1);
        char text[DATE_TEXT_BYTES];
        date_format(governance->review_by[i], text);
        assert_string_equal(text, "2027-11-22");
    }
    assert_false(governance->root.live);
    assert_int_equal(governance->directory.n_agencies, 0);
    assert_string_equal(governance->directory.broker_endpoint, "tcp://127.0.0.1:7440");
    assert_int_equal(governance->patterns.n, 3);
}

static void init_keeps_every_secret_private(void **state)
{
    static const char *const folders[] = {"north/root", "north/broker", "north/broker/keys",
                                          "north/broker/data", "north"};
    static const struct {
        const char *folder;
        const char *name;
    } keys[] = {
        {"north/root", KEY_ROOT},
        {"north/root", "linkage-key-1"},
        {"north/broker/keys", KEY_TRANSPORT},
        {"north/broker/keys", KEY_CHECKPOINT},
        {"north/broker/keys", KEY_PEPPER},
    };
    struct world *world = *state;

    make_partnership(world);

    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        assert_mode(world, folders[i], 0700);
        world->n_paths = 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
        read_key(world, keys[i].folder, keys[i].name, &key);
        world->n_paths = 0;
    }
    assert_mode(world, "north/broker/broker.ini", 0600);
}

static void the_directory_has_the_public_halves_of_the_brokers_keys(void **state)
{
    struct world *world = *state;
    uint8_t public_key[32];
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    make_partnership(world);
    _cleanup_(governance_unref) struct governance *governance = load(world);

    read_key(world, "north/broker/keys", KEY_TRANSPORT, &key);
    assert_int_equal(curve_public(&key, public_key), 0);
    assert_memory_equal(governance->directory.broker_curve_key, public_key, 32);
    read_key(world, "north/broker/keys", KEY_CHECKPOINT, &key);
    assert_int_equal(signer_new(&key, &signer), 0);
    signer_public(signer, public_key);

    assert_memory_equal(governance->directory.checkpoint_key.public_key, public_key, 32);
    assert_string_equal(governance->directory.checkpoint_key.name, "cairn.example.org/north");
}

static void says(const struct world *world, const char *words)
{
    if (strstr(world->out, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", world->out, words);
    }
}

static void what_is_made_with_invented_telephone_numbers_says_so(void **state)
{
    struct world *world = *state;

    make_partnership(world);
    says(world, "These telephone numbers are invented, and nobody has them:\n"
                "  duty desk            01632 960100\n"
                "  emergency duty team  01632 960199\n");
    says(world, "sign a calendar with real numbers");
    says(world, "--live");
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    says(world, "The duty telephone number 01632 960000 is invented");
    assert_int_equal(run(world, "init", in(world, "south"), "--name", "South", "--origin",
                         "o.example", "--duty-phone", "01632 100777", "--out-of-hours-phone",
                         "01632 100888"),
                     STATUS_OK);

    assert_null(strstr(world->out, "nvented"));
}

static void a_request_says_in_which_order_things_are_done(void **state)
{
    struct world *world = *state;
    make_partnership(world);

    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);

    says(world, "1. Send request.json");
    const char *approve = strstr(world->out, "2. They approve it (cairn agency approve)");
    const char *start = strstr(world->out, "3. cairn-agent --config ");
    assert_non_null(approve);
    assert_non_null(start);
    assert_true(approve < start);
    says(world, "It may be started now as well: it waits for the approval");
}

static void init_takes_the_telephone_numbers_it_is_given(void **state)
{
    struct world *world = *state;
    int64_t evening = 0;
    assert_true(instant_parse(slice_of_text("2026-11-23T20:00:00Z"), &evening));

    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin",
                         "o.example", "--live", "--duty-phone", "+44 1632 100777",
                         "--out-of-hours-phone", "01632 100888"),
                     STATUS_OK);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_true(governance->root.live);
    assert_string_equal(calendar_desk(governance->calendar, evening)->phone, "01632 100888");
    assert_string_equal(calendar_desk(governance->calendar, evening - 8 * 3600000)->phone,
                        "+44 1632 100777");
}

static void init_refuses_a_folder_that_is_there(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    _cleanup_(secret_deinit) struct secret before = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret after = SECRET_NULL;
    read_key(world, "north/root", KEY_ROOT, &before);

    assert_int_equal(run(world, "init", in(world, "north"), "--name", "N", "--origin", "o"),
                     STATUS_CONFLICT);

    read_key(world, "north/root", KEY_ROOT, &after);
    assert_true(secret_equal(&before, &after));
}

static void init_refuses_what_it_could_not_carry_out_and_makes_nothing(void **state)
{
    static const char *const rows[][8] = {
        {"--name", "N", NULL},
        {"--origin", "o", NULL},
        {"--name", "N", "--origin", "a b", NULL},
        {"--name", "N", "--origin", "a+b", NULL},
        {"--name", "N", "--origin", "https://cairn.example.org", NULL},
        {"--name", "", "--origin", "o", NULL},
        {"--name", "two\nlines", "--origin", "o", NULL},
        {"--name", "\xff", "--origin", "o", NULL},
        {"--name", "N", "--origin", "o", "--live", NULL},
        {"--name", "N", "--origin", "o", "--duty-phone", "\",", NULL},
        {"--name", "N", "--origin", "o", "--duty-phone", "abc", NULL},
        {"--name", "N", "--origin", "o", "--duty-phone", "   ", NULL},
        {"--name", "N", "--origin", "o", "--endpoint", "udp://x", NULL},
        {"--name", "N", "--origin", "o", "--endpoint", "tcp://x ;y", NULL},
        {"--name", "N", "--origin", "o", "another", NULL},
        {"--name", "N", "--origin", "o", "--no-such", NULL},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *words[ARGUMENTS_MAX] = {"cairn", "--json", "init", in(world, "north")};
        for (size_t k = 0; rows[i][k] != NULL; k++) {
            words[4 + k] = rows[i][k];
        }

        assert_int_equal((run)(world, words), STATUS_USAGE);

        assert_non_null(strstr(world->err, "{\"error\":{"));
        assert_int_equal(access(in(world, "north"), F_OK), -1);
        world->n_paths = 0;
    }
}

static void a_folder_whose_name_would_break_the_configuration_is_refused(void **state)
{
    static const char *const names[] = {"semi;colon", "has#", "two\nlines", "blank "};
    struct world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(run(world, "init", in(world, names[i]), "--name", "N", "--origin", "o"),
                         STATUS_USAGE);
        assert_int_equal(access(in(world, names[i]), F_OK), -1);
        world->n_paths = 0;
    }
}

static void the_configurations_are_read_as_they_are(void **state)
{
    static const struct conf_option broker[] = {
        {"broker", "dir", NULL, "-", CONF_PATH, 0, 0},
        {"broker", "governance", NULL, "-", CONF_PATH, 0, 0},
        {"broker", "keys", NULL, "-", CONF_PATH, 0, 0},
        {"broker", "endpoint", NULL, "-", CONF_TEXT, 0, 0},
        {"broker", "highwater", NULL, "-", CONF_PATH, 0, 0},
        {"broker", "signed", NULL, "-", CONF_PATH, 0, 0},
    };
    static const struct conf_option agent[] = {
        {"agent", "dir", NULL, "-", CONF_PATH, 0, 0},
        {"agent", "keys", NULL, "-", CONF_PATH, 0, 0},
        {"agent", "joining", NULL, "-", CONF_PATH, 0, 0},
        {"agent", "socket", NULL, "-", CONF_PATH, 0, 0},
        {"agent", "allow_uid", NULL, "-", CONF_TEXT, 0, 0},
    };
    struct world *world = *state;
    struct error error = ERROR_NULL;
    _cleanup_(conf_free) struct conf *of_broker = NULL;
    _cleanup_(conf_free) struct conf *of_agent = NULL;
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);

    assert_int_equal(conf_load(in(world, "north/broker/broker.ini"), broker, ARRAY_LEN(broker),
                               &of_broker, &error),
                     0);
    assert_int_equal(
        conf_load(in(world, "elm/agent.ini"), agent, ARRAY_LEN(agent), &of_agent, &error), 0);

    assert_string_equal(conf_text(of_broker, "broker", "governance"),
                        in(world, "north/governance"));
    assert_string_equal(conf_text(of_broker, "broker", "endpoint"), "tcp://127.0.0.1:7440");
    assert_string_equal(conf_text(of_agent, "agent", "keys"), in(world, "elm/keys"));
}

static void a_request_that_is_approved_puts_the_agency_into_the_directory(void **state)
{
    struct world *world = *state;
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret expected = SECRET_NULL;
    make_partnership(world);

    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(approve(world, "elm/request.json"), STATUS_OK);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 2);
    const struct agency *agency = directory_agency_by_id(&governance->directory, "gp-elm");
    assert_non_null(agency);
    assert_int_equal(agency->number, 1);
    assert_true(agency->active);
    assert_string_equal(agency->kind->id, "gp");
    read_key(world, "elm/keys", KEY_OPENING, &opening);
    assert_int_equal(agency_linkage_key(agency, &opening, &linkage), 0);
    read_key(world, "north/root", "linkage-key-1", &expected);

    assert_true(secret_equal(&linkage, &expected));
}

static void an_agencys_folder_has_all_it_needs_and_private_halves_stay(void **state)
{
    static const char *const names[] = {KEY_SIGNING, KEY_OPENING, KEY_TRANSPORT, KEY_STORE};
    struct world *world = *state;
    struct joining joining = JOINING_NULL;
    _cleanup_(governance_unref) struct governance *started = NULL;
    _cleanup_(buf_deinit) struct buf request = BUF_MAX(65536);
    _cleanup_(buf_deinit) struct buf key_file = BUF_MAX(4096);
    make_partnership(world);

    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);

    assert_int_equal(joining_load(in(world, "elm/joining.json"), &joining, &started, NULL), 0);
    joining_deinit(&joining);
    assert_int_equal(file_read(in(world, "elm/request.json"), &request), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "elm/keys/%s", names[i]);
        assert_int_equal(file_read(in(world, path), &key_file), 0);
        const char *secret = strrchr(buf_text(&key_file), ' ');
        assert_non_null(secret);
        assert_null(strstr(buf_text(&request), secret + 1));
        _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
        read_key(world, "elm/keys", names[i], &key);
    }
    assert_mode(world, "elm/keys", 0700);
}

static void approving_the_same_request_twice_changes_nothing(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);

    assert_int_equal(approve(world, "elm/request.json"), STATUS_OK);

    assert_non_null(strstr(world->out, "nothing to do"));
    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 2);
    assert_int_equal(governance->directory.n_agencies, 1);
}

static void numbers_rise_and_are_not_given_again(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(ask(world, "a", "gp-a", "gp"), STATUS_OK);
    assert_int_equal(ask(world, "b", "gp-b", "gp"), STATUS_OK);
    assert_int_equal(ask(world, "c", "mash", "mash"), STATUS_OK);
    assert_int_equal(approve(world, "a/request.json"), STATUS_OK);
    assert_int_equal(approve(world, "b/request.json"), STATUS_OK);
    assert_int_equal(cast_out(world, "gp-b"), STATUS_OK);

    assert_int_equal(approve(world, "c/request.json"), STATUS_OK);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(governance->directory.n_agencies, 3);
    assert_int_equal(directory_agency_by_id(&governance->directory, "mash")->number, 3);
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 5);
}

static void an_id_that_is_taken_is_a_conflict(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(ask(world, "a", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(ask(world, "b", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(approve(world, "a/request.json"), STATUS_OK);

    assert_int_equal(approve(world, "b/request.json"), STATUS_CONFLICT);
    assert_int_equal(cast_out(world, "gp-elm"), STATUS_OK);
    assert_int_equal(approve(world, "a/request.json"), STATUS_CONFLICT);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(governance->directory.n_agencies, 1);
    assert_false(governance->directory.agencies[0].active);
}

/* A request of a program that knows other kinds than this one. */
static void ask_by_hand(struct world *world, const char *file, const char *kind)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret transport = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    struct agency_request request = {.origin = "cairn.example.org/north",
                                     .id = "gp-ash",
                                     .name = "Ash",
                                     .duty_contact = "Rowan",
                                     .duty_phone = "01632 960000"};
    (void)snprintf(request.kind, sizeof(request.kind), "%s", kind);
    assert_int_equal(secret_random(&seed, SIGN_SECRET_BYTES), 0);
    assert_int_equal(signer_new(&seed, &signer), 0);
    assert_int_equal(hpke_keypair(&opening, request.open_key), 0);
    assert_int_equal(curve_keypair(&transport, request.curve_key), 0);
    signer_public(signer, request.sign_key);
    assert_int_equal(agency_request_write(&request, signer, &text), 0);
    assert_int_equal(file_write_atomic(in(world, file), buf_slice(&text), 0644), 0);
}

static void a_kind_that_no_directory_has_is_refused_with_those_that_there_are(void **state)
{
    struct world *world = *state;
    char kinds[KINDS_TEXT_BYTES];
    make_partnership(world);
    kinds_text(kinds);

    assert_int_equal(ask(world, "a", "gp-ash", "surgery"), STATUS_USAGE);

    assert_non_null(strstr(world->err, "--kind: is none of: "));
    assert_non_null(strstr(world->err, kinds));
    assert_int_equal(access(in(world, "a"), F_OK), -1);
    assert_int_equal(run(world, "agency", "request", "--help"), STATUS_OK);
    assert_non_null(strstr(world->out, "out-of-hours"));
}

static void a_request_that_was_changed_or_is_for_others_is_refused(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(65536);
    make_partnership(world);
    assert_int_equal(ask(world, "a", "gp-elm", "gp"), STATUS_OK);
    ask_by_hand(world, "b.json", "surgery");
    assert_int_equal(file_read(in(world, "a/request.json"), &text), 0);
    text_replace(&text, "Some agency", "Same agency");
    assert_int_equal(file_write_atomic(in(world, "a/changed.json"), buf_slice(&text), 0644), 0);

    assert_int_equal(approve(world, "a/changed.json"), STATUS_FAILED);
    assert_int_equal(approve(world, "b.json"), STATUS_FAILED);
    assert_non_null(strstr(world->err, "its kind is none of: gp, hospital"));
    assert_int_equal(approve(world, "north/joining.json"), STATUS_FAILED);
    assert_non_null(strstr(world->err, "north/joining.json: is not a request to join"));
    assert_int_equal(approve(world, "a/none.json"), STATUS_NOT_FOUND);
    assert_int_equal(run(world, "init", in(world, "south"), "--name", "S", "--origin", "s"),
                     STATUS_OK);
    assert_int_equal(
        run(world, "agency", "approve", in(world, "south"), in(world, "a/request.json")),
        STATUS_CONFLICT);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 1);
}

static void a_request_without_a_good_joining_file_or_id_makes_nothing(void **state)
{
    struct world *world = *state;

    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_NOT_FOUND);
    world->n_paths = 0;
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "GP Elm", "gp"), STATUS_USAGE);
    assert_int_equal(access(in(world, "elm"), F_OK), -1);
    assert_int_equal(ask(world, "north", "gp-elm", "gp"), STATUS_CONFLICT);

    assert_int_equal(run(world, "agency", "request", in(world, "elm"), "--id", "gp-elm", "--name",
                         "\xff", "--kind", "gp", "--joining", in(world, "north/joining.json")),
                     STATUS_USAGE);
    assert_int_equal(access(in(world, "elm"), F_OK), -1);
}

static void in_a_live_partnership_a_request_needs_a_real_telephone(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin", "o",
                         "--live", "--duty-phone", "101", "--out-of-hours-phone", "102"),
                     STATUS_OK);

    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_USAGE);

    assert_int_equal(run(world, "agency", "request", in(world, "elm"), "--id", "gp-elm", "--name",
                         "Elm", "--kind", "gp", "--duty-phone", "103", "--joining",
                         in(world, "north/joining.json")),
                     STATUS_OK);
}

static void what_is_no_joining_file_or_no_id_is_named_as_it_was_given(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);

    assert_int_equal(run(world, "agency", "request", in(world, "oak"), "--id", "oak", "--name",
                         "Oak", "--kind", "school", "--joining", in(world, "elm/request.json")),
                     STATUS_FAILED);
    assert_non_null(strstr(world->err, "elm/request.json: is no joining file"));

    assert_int_equal(ask(world, "oak", "Oak School", "school"), STATUS_USAGE);
    assert_non_null(strstr(world->err, "cairn: --id: "));
}

static enum status ask_with_phone(struct world *world, const char *phone)
{
    return run(world, "agency", "request", in(world, "elm"), "--id", "gp-elm", "--name", "Elm",
               "--kind", "gp", "--duty-phone", phone, "--joining", in(world, "north/joining.json"));
}

static void a_live_partnership_refuses_numbers_that_nobody_has(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin", "o",
                         "--live", "--duty-phone", "01632 960100", "--out-of-hours-phone", "102"),
                     STATUS_USAGE);
    assert_non_null(strstr(world->err, "--duty-phone is a number that nobody has"));
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin", "o",
                         "--live", "--duty-phone", "101", "--out-of-hours-phone",
                         "+44 (0)20 7946 0999"),
                     STATUS_USAGE);
    assert_int_equal(access(in(world, "north"), F_OK), -1);
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin", "o",
                         "--live", "--duty-phone", "101", "--out-of-hours-phone", "102"),
                     STATUS_OK);

    assert_int_equal(ask_with_phone(world, "07700 900123"), STATUS_USAGE);
    assert_int_equal(ask_with_phone(world, "abc"), STATUS_USAGE);
    assert_non_null(strstr(world->err, "--duty-phone: is not a telephone number"));
    assert_int_equal(access(in(world, "elm"), F_OK), -1);
}

/* Asks by another program than ours, that checks nothing. */
static void write_request(struct world *world, const char *phone)
{
    struct agency_request request = {
        .origin = "o", .id = "gp-elm", .kind = "gp", .name = "Elm", .duty_contact = "Lead"};
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    assert_true(text_copy(request.duty_phone, sizeof(request.duty_phone), slice_of_text(phone)));
    assert_int_equal(secret_random(&secret, SIGN_SECRET_BYTES), 0);
    assert_int_equal(signer_new(&secret, &signer), 0);
    signer_public(signer, request.sign_key);
    secret_deinit(&secret);
    assert_int_equal(hpke_keypair(&secret, request.open_key), 0);
    secret_deinit(&secret);
    assert_int_equal(curve_keypair(&secret, request.curve_key), 0);
    assert_int_equal(agency_request_write(&request, signer, &text), 0);
    assert_int_equal(file_write_atomic(in(world, "request.json"), buf_slice(&text), 0600), 0);
}

static void no_agency_is_approved_whose_duty_telephone_nobody_answers(void **state)
{
    static const char *const phones[] = {"abc", "01632 960000"};
    struct world *world = *state;
    assert_int_equal(run(world, "init", in(world, "north"), "--name", "North", "--origin", "o",
                         "--live", "--duty-phone", "101", "--out-of-hours-phone", "102"),
                     STATUS_OK);

    for (size_t i = 0; i < ARRAY_LEN(phones); i++) {
        write_request(world, phones[i]);

        assert_int_equal(approve(world, "request.json"), STATUS_FAILED);

        assert_non_null(strstr(world->err, "its duty telephone"));
    }
    write_request(world, "103");
    assert_int_equal(approve(world, "request.json"), STATUS_OK);
}

static enum status renew(struct world *world, const char *folder)
{
    return run(world, "agency", "renew", in(world, folder));
}

static enum status retire(struct world *world, const char *id)
{
    return run(world, "agency", "retire", in(world, "north"), id);
}

static void whom_others_telephone_at_an_agency_can_be_changed(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);

    assert_int_equal(
        run(world, "agency", "duty", in(world, "north"), "gp-elm", "--duty-phone", "01632 960077"),
        STATUS_OK);
    assert_non_null(strstr(world->out, "kill -HUP"));
    assert_int_equal(renew(world, "elm"), STATUS_OK);
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    const struct agency *elm = directory_agency(&governance->directory, 1);
    assert_string_equal(elm->duty_phone, "01632 960077");
    assert_true(elm->duty_contact[0] != '\0');
    assert_true(elm->active);
    assert_int_equal(elm->n_sign_keys, 2);
}

static uint64_t directory_version(struct world *world)
{
    _cleanup_(governance_unref) struct governance *governance = load(world);

    return governance->versions[GOVERNANCE_DIRECTORY];
}

static void whom_others_telephone_is_not_changed_into_nobody(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);
    uint64_t version = directory_version(world);

    assert_int_equal(run(world, "agency", "duty", in(world, "north"), "gp-elm"), STATUS_USAGE);
    assert_int_equal(
        run(world, "agency", "duty", in(world, "north"), "gp-elm", "--duty-phone", "abc"),
        STATUS_USAGE);
    assert_int_equal(run(world, "agency", "duty", in(world, "north"), "gp-elm", "--duty-phone",
                         "103", "--duty-contact", "\xff"),
                     STATUS_FAILED);
    assert_int_equal(
        run(world, "agency", "duty", in(world, "north"), "gp-oak", "--duty-phone", "103"),
        STATUS_NOT_FOUND);

    assert_int_equal(directory_version(world), version);
}

static void a_revoked_agency_stays_in_the_directory_with_the_reason(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);

    assert_int_equal(
        run(world, "agency", "revoke", in(world, "north"), "gp-elm", "--reason", "practice closed"),
        STATUS_OK);
    assert_int_equal(cast_out(world, "gp-elm"), STATUS_OK);
    assert_non_null(strstr(world->out, "revoked already"));
    assert_int_equal(cast_out(world, "gp-oak"), STATUS_NOT_FOUND);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    struct govern_document directory;
    assert_true(governance_held(governance, GOVERNANCE_DIRECTORY, &directory));
    assert_int_equal(governance->versions[GOVERNANCE_DIRECTORY], 3);
    assert_false(directory_agency(&governance->directory, 1)->active);
    assert_non_null(memmem(directory.text.data, directory.text.len, "practice closed",
                           strlen("practice closed")));
}

static void whom_others_telephone_at_a_revoked_agency_is_not_changed(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);
    assert_int_equal(cast_out(world, "gp-elm"), STATUS_OK);
    uint64_t version = directory_version(world);

    assert_int_equal(
        run(world, "agency", "duty", in(world, "north"), "gp-elm", "--duty-phone", "01632 960077"),
        STATUS_CONFLICT);

    assert_non_null(strstr(world->err, "was revoked as agency 1"));
    assert_int_equal(directory_version(world), version);
}

static void a_member_has_new_keys_beside_the_earlier_until_those_are_retired(void **state)
{
    struct world *world = *state;
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
    make_partnership_with_elm(world);

    assert_int_equal(renew(world, "elm"), STATUS_OK);
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);

    _cleanup_(governance_unref) struct governance *both = load(world);
    const struct agency *agency = directory_agency(&both->directory, 1);
    assert_int_equal(agency->n_sign_keys, 2);
    assert_int_equal(agency->sign_keys[0].status, KEY_ACTIVE);
    assert_int_equal(agency->linkage_key_id, agency->open_keys[1].id);
    read_key(world, "elm/keys", KEY_OPENING "-2", &opening);
    assert_int_equal(agency_linkage_key(agency, &opening, &linkage), 0);

    assert_int_equal(retire(world, "gp-elm"), STATUS_OK);

    _cleanup_(governance_unref) struct governance *newest = load(world);
    agency = directory_agency(&newest->directory, 1);
    assert_int_equal(agency->sign_keys[0].status, KEY_RETIRED);
    assert_int_equal(agency->open_keys[0].status, KEY_RETIRED);
    assert_int_equal(agency->curve_keys[0].status, KEY_RETIRED);
    assert_int_equal(agency->curve_keys[1].status, KEY_ACTIVE);
    assert_int_equal(retire(world, "gp-elm"), STATUS_OK);
    assert_non_null(strstr(world->out, "nothing to do"));
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);
    assert_non_null(strstr(world->out, "nothing to do"));
}

static void keys_that_no_key_in_use_signs_for_are_refused(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(ask(world, "liar", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(approve(world, "elm/request.json"), STATUS_OK);
    assert_int_equal(renew(world, "liar"), STATUS_OK);

    assert_int_equal(approve(world, "liar/renewal-2.json"), STATUS_CONFLICT);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(directory_agency(&governance->directory, 1)->n_sign_keys, 1);
}

/* A member's key is public: to name it is not to have it. */
static void write_forged_renewal(struct world *world, const struct agency *member)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf good = BUF_MAX(REQUEST_MAX_BYTES);
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret opening = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret transport = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;
    struct agency_request request;
    struct error error = ERROR_NULL;

    assert_int_equal(file_read(in(world, "elm/request.json"), &good), 0);
    assert_int_equal(agency_request_read(buf_slice(&good), &request, &error), 0);
    assert_int_equal(secret_random(&seed, SIGN_SECRET_BYTES), 0);
    assert_int_equal(signer_new(&seed, &signer), 0);
    assert_int_equal(hpke_keypair(&opening, request.open_key), 0);
    assert_int_equal(curve_keypair(&transport, request.curve_key), 0);
    signer_public(signer, request.sign_key);
    assert_int_equal(agency_request_renew(&request, signer), 0);
    memcpy(request.earlier_key, member->sign_keys[0].public_key, sizeof(request.earlier_key));
    assert_int_equal(agency_request_write(&request, signer, &text), 0);
    assert_int_equal(file_write_atomic(in(world, "forged.json"), buf_slice(&text), 0644), 0);
}

static void keys_for_which_a_key_in_use_did_not_sign_are_refused(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);
    _cleanup_(governance_unref) struct governance *before = load(world);
    write_forged_renewal(world, directory_agency(&before->directory, 1));

    assert_int_equal(approve(world, "forged.json"), STATUS_FAILED);

    assert_non_null(strstr(world->err, "/signature"));
    _cleanup_(governance_unref) struct governance *after = load(world);
    assert_int_equal(directory_agency(&after->directory, 1)->n_sign_keys, 1);
}

static void renewing_twice_makes_two_requests_that_are_approved_in_turn(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);
    assert_int_equal(renew(world, "elm"), STATUS_OK);

    assert_int_equal(renew(world, "elm"), STATUS_OK);

    assert_non_null(strstr(world->out, "renewal-2.json first"));
    assert_int_equal(approve(world, "elm/renewal-3.json"), STATUS_CONFLICT);
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);
    assert_int_equal(approve(world, "elm/renewal-3.json"), STATUS_OK);
    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(directory_agency(&governance->directory, 1)->n_sign_keys, 3);
}

static void a_request_that_was_lost_is_written_again_for_the_keys_that_are_there(void **state)
{
    struct world *world = *state;
    _cleanup_(secret_deinit) struct secret before = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret after = SECRET_NULL;
    make_partnership_with_elm(world);
    assert_int_equal(renew(world, "elm"), STATUS_OK);
    assert_int_equal(renew(world, "elm"), STATUS_OK);
    read_key(world, "elm/keys", KEY_SIGNING "-2", &before);
    assert_int_equal(unlink(in(world, "elm/renewal-2.json")), 0);

    assert_int_equal(renew(world, "elm"), STATUS_OK);

    read_key(world, "elm/keys", KEY_SIGNING "-2", &after);
    assert_true(secret_equal(&before, &after));
    assert_int_equal(access(in(world, "elm/keys/" KEY_SIGNING "-4"), F_OK), -1);
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);
    assert_int_equal(approve(world, "elm/renewal-3.json"), STATUS_OK);
}

static void stolen_keys_are_revoked_and_sign_for_no_others(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);
    assert_int_equal(renew(world, "elm"), STATUS_OK);
    assert_int_equal(unlink(in(world, "elm/keys/signing-key-2")), 0);
    assert_int_equal(renew(world, "elm"), STATUS_OK); /* the thief's: signed by the first key too */
    assert_int_equal(approve(world, "elm/renewal-2.json"), STATUS_OK);

    assert_int_equal(run(world, "agency", "retire", in(world, "north"), "gp-elm", "--stolen"),
                     STATUS_OK);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_int_equal(directory_agency(&governance->directory, 1)->sign_keys[0].status, KEY_REVOKED);
    assert_int_equal(approve(world, "elm/renewal-3.json"), STATUS_CONFLICT);
}

static void expect_joining_names(struct world *world, const uint8_t key[CURVE_KEY_BYTES])
{
    struct joining joining = JOINING_NULL;
    struct error error = ERROR_NULL;
    _cleanup_(governance_unref) struct governance *started = NULL;
    assert_int_equal(joining_load(in(world, "north/joining.json"), &joining, &started, &error), 0);
    assert_memory_equal(joining.curve_key, key, CURVE_KEY_BYTES);
    joining_deinit(&joining);
}

static void the_broker_changes_to_a_key_that_was_announced(void **state)
{
    struct world *world = *state;
    uint8_t public_key[CURVE_KEY_BYTES];
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    make_partnership(world);
    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_CONFLICT);

    assert_int_equal(run(world, "broker", "renew", in(world, "north")), STATUS_OK);
    assert_int_equal(run(world, "broker", "renew", in(world, "north")), STATUS_CONFLICT);

    read_key(world, "north/broker/keys", KEY_TRANSPORT "-2", &key);
    assert_int_equal(curve_public(&key, public_key), 0);
    _cleanup_(governance_unref) struct governance *announced = load(world);
    assert_true(announced->directory.has_next_curve_key);
    assert_memory_equal(announced->directory.broker_next_curve_key, public_key, CURVE_KEY_BYTES);

    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_OK);

    _cleanup_(governance_unref) struct governance *switched = load(world);
    assert_false(switched->directory.has_next_curve_key);
    assert_memory_equal(switched->directory.broker_curve_key, public_key, CURVE_KEY_BYTES);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
}

/* The disk was full when the directory was written already. */
static void a_switch_that_ended_before_the_joining_file_is_finished_by_another(void **state)
{
    struct world *world = *state;
    char before[256];
    make_partnership(world);
    (void)snprintf(before, sizeof(before), "%s", in(world, "before.json"));
    assert_int_equal(link(in(world, "north/joining.json"), before), 0);
    assert_int_equal(run(world, "broker", "renew", in(world, "north")), STATUS_OK);
    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_OK);
    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_CONFLICT);
    _cleanup_(governance_unref) struct governance *switched = load(world);

    assert_int_equal(rename(before, in(world, "north/joining.json")), 0);
    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_OK);
    expect_joining_names(world, switched->directory.broker_curve_key);
    assert_int_equal(unlink(in(world, "north/joining.json")), 0);
    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_OK);
    expect_joining_names(world, switched->directory.broker_curve_key);

    assert_int_equal(run(world, "broker", "switch", in(world, "north")), STATUS_CONFLICT);
    _cleanup_(governance_unref) struct governance *after = load(world);
    assert_int_equal(after->versions[GOVERNANCE_DIRECTORY],
                     switched->versions[GOVERNANCE_DIRECTORY]);
}

static void nothing_is_revoked_without_a_reason(void **state)
{
    struct world *world = *state;
    make_partnership_with_elm(world);

    assert_int_equal(run(world, "agency", "revoke", in(world, "north"), "gp-elm"), STATUS_USAGE);
    assert_non_null(strstr(world->err, "--reason is needed"));
    assert_int_equal(run(world, "agency", "revoke", in(world, "north"), "gp-elm", "--reason", ""),
                     STATUS_USAGE);

    _cleanup_(governance_unref) struct governance *governance = load(world);
    assert_true(directory_agency(&governance->directory, 1)->active);
}

static void the_list_shows_every_agency_in_text_and_in_json(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(run(world, "agency", "list", in(world, "north")), STATUS_OK);
    assert_string_equal(world->out, "No agency has joined yet.\n");
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(approve(world, "elm/request.json"), STATUS_OK);

    assert_int_equal(run(world, "agency", "list", in(world, "north")), STATUS_OK);
    assert_non_null(strstr(world->out, "gp-elm"));
    assert_int_equal(run(world, "agency", "list", "--json", in(world, "north")), STATUS_OK);

    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *result = json_parse(slice_of_text(world->out), &error);
    assert_non_null(result);
    struct json_view view = json_view(result, &error);
    struct json_view list = json_get_array(&view, "agencies");
    struct json_view first = json_item(&list, 0);
    assert_int_equal(json_length(&list), 1);
    assert_true(slice_is_text(json_get_text(&first, "status"), "active"));
    assert_int_equal(json_get_integer(&view, "directory_version", 0, 100), 2);
}

static void without_the_root_key_nothing_can_be_approved(void **state)
{
    struct world *world = *state;
    make_partnership(world);
    assert_int_equal(ask(world, "elm", "gp-elm", "gp"), STATUS_OK);
    assert_int_equal(rename(in(world, "north/root/root-key"), in(world, "root-key")), 0);
    world->n_paths = 0;

    assert_int_equal(approve(world, "elm/request.json"), STATUS_NOT_FOUND);
    assert_int_equal(run(world, "agency", "list", in(world, "north")), STATUS_OK);
    assert_int_equal(run(world, "init", in(world, "south"), "--name", "S", "--origin",
                         "cairn.example.org/north"),
                     STATUS_OK);
    assert_int_equal(rename(in(world, "south/root/root-key"), in(world, "north/root/root-key")), 0);
    world->n_paths = 0;

    assert_int_equal(approve(world, "elm/request.json"), STATUS_FAILED);
    assert_non_null(strstr(world->err, "not one of this partnership's root"));
}

static void both_sides_read_the_same_fingerprints(void **state)
{
    struct world *world = *state;
    char joining[64] = "";
    char key[64] = "";
    assert_int_equal(
        run(world, "--json", "init", in(world, "north"), "--name", "N", "--origin", "o"),
        STATUS_OK);
    (void)snprintf(joining, sizeof(joining), "%.62s",
                   strstr(world->out, "\"joining_fingerprint\":"));

    assert_int_equal(run(world, "agency", "request", "--json", in(world, "elm"), "--id", "gp-elm",
                         "--name", "Elm", "--kind", "gp", "--joining",
                         in(world, "north/joining.json")),
                     STATUS_OK);
    assert_non_null(strstr(world->out, joining));
    (void)snprintf(key, sizeof(key), "%.58s", strstr(world->out, "\"key_fingerprint\":"));
    assert_int_equal(run(world, "agency", "approve", "--json", in(world, "north"),
                         in(world, "elm/request.json")),
                     STATUS_OK);

    assert_non_null(strstr(world->out, key));
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        story(init_makes_a_partnership_that_loads_with_every_document),
        story(init_keeps_every_secret_private),
        story(the_directory_has_the_public_halves_of_the_brokers_keys),
        story(what_is_made_with_invented_telephone_numbers_says_so),
        story(a_request_says_in_which_order_things_are_done),
        story(init_takes_the_telephone_numbers_it_is_given),
        story(init_refuses_a_folder_that_is_there),
        story(init_refuses_what_it_could_not_carry_out_and_makes_nothing),
        story(a_folder_whose_name_would_break_the_configuration_is_refused),
        story(the_configurations_are_read_as_they_are),
        story(a_request_that_is_approved_puts_the_agency_into_the_directory),
        story(an_agencys_folder_has_all_it_needs_and_private_halves_stay),
        story(approving_the_same_request_twice_changes_nothing),
        story(numbers_rise_and_are_not_given_again),
        story(an_id_that_is_taken_is_a_conflict),
        story(a_kind_that_no_directory_has_is_refused_with_those_that_there_are),
        story(a_request_that_was_changed_or_is_for_others_is_refused),
        story(a_request_without_a_good_joining_file_or_id_makes_nothing),
        story(in_a_live_partnership_a_request_needs_a_real_telephone),
        story(what_is_no_joining_file_or_no_id_is_named_as_it_was_given),
        story(a_live_partnership_refuses_numbers_that_nobody_has),
        story(no_agency_is_approved_whose_duty_telephone_nobody_answers),
        story(whom_others_telephone_at_an_agency_can_be_changed),
        story(whom_others_telephone_is_not_changed_into_nobody),
        story(a_revoked_agency_stays_in_the_directory_with_the_reason),
        story(whom_others_telephone_at_a_revoked_agency_is_not_changed),
        story(nothing_is_revoked_without_a_reason),
        story(a_member_has_new_keys_beside_the_earlier_until_those_are_retired),
        story(keys_that_no_key_in_use_signs_for_are_refused),
        story(keys_for_which_a_key_in_use_did_not_sign_are_refused),
        story(renewing_twice_makes_two_requests_that_are_approved_in_turn),
        story(a_request_that_was_lost_is_written_again_for_the_keys_that_are_there),
        story(stolen_keys_are_revoked_and_sign_for_no_others),
        story(the_broker_changes_to_a_key_that_was_announced),
        story(a_switch_that_ended_before_the_joining_file_is_finished_by_another),
        story(the_list_shows_every_agency_in_text_and_in_json),
        story(without_the_root_key_nothing_can_be_approved),
        story(both_sides_read_the_same_fingerprints),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
