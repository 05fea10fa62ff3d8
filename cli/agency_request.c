/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn agency request`: at an agency, from nothing to keys, a configuration and a file that asks
 * to join. Private halves are made here and never leave the folder.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/fingerprint.h"
#include "cli/folder.h"
#include "cli/kinds.h"
#include "govern/joining.h"
#include "govern/keys.h"
#include "govern/phone.h"
#include "govern/request.h"
#include "net/curve.h"
#include "os/files.h"

#define DEFAULT_CONTACT "Safeguarding lead"
#define DEFAULT_PHONE   "01632 960000" /* nobody has this number */

enum {
    KEY_ID = 0x2001,
    KEY_NAME,
    KEY_KIND,
    KEY_JOINING,
    KEY_CONTACT,
    KEY_PHONE
};

struct request_options {
    const char *dir;
    const char *id;
    const char *name;
    const char *kind;
    const char *joining;
    const char *contact;
    const char *phone;
};

static const char **target_of(struct request_options *given, int key)
{
    switch (key) {
    case KEY_ID:
        return &given->id;
    case KEY_NAME:
        return &given->name;
    case KEY_KIND:
        return &given->kind;
    case KEY_JOINING:
        return &given->joining;
    case KEY_CONTACT:
        return &given->contact;
    case KEY_PHONE:
        return &given->phone;
    case ARGP_KEY_ARG:
        return &given->dir;
    default:
        return NULL;
    }
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct request_options *given = state->input;
    const char **target = target_of(given, key);

    if (target != NULL && *target != NULL) {
        argp_error(state, "%s is given twice", argument);
        return EINVAL;
    }
    if (target != NULL) {
        *target = argument;
        return 0;
    }
    if (key != ARGP_KEY_END) {
        return ARGP_ERR_UNKNOWN;
    }
    if (given->dir == NULL || given->id == NULL || given->name == NULL || given->kind == NULL ||
        given->joining == NULL) {
        argp_error(state, "DIR, --id, --name, --kind and --joining are needed");
        return EINVAL;
    }
    return 0;
}

static int fill_words(const struct request_options *given, const char *origin,
                      struct agency_request *request, struct error *error)
{
    const struct {
        const char *option;
        const char *text;
        char *out;
        size_t out_bytes;
    } rows[] = {
        {"", origin, request->origin, sizeof(request->origin)},
        {"--id", given->id, request->id, sizeof(request->id)},
        {"--kind", given->kind, request->kind, sizeof(request->kind)},
        {"--name", given->name, request->name, sizeof(request->name)},
        {"--duty-contact", given->contact != NULL ? given->contact : DEFAULT_CONTACT,
         request->duty_contact, sizeof(request->duty_contact)},
        {"--duty-phone", given->phone != NULL ? given->phone : DEFAULT_PHONE, request->duty_phone,
         sizeof(request->duty_phone)},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!text_copy(rows[i].out, rows[i].out_bytes, slice_of_text(rows[i].text))) {
            return error_set(error, rows[i].option, "is not plain text of at most %zu bytes",
                             rows[i].out_bytes - 1);
        }
    }
    return 0;
}

/* --- keys --- */

struct keys {
    struct secret signing;
    struct secret opening;
    struct secret transport;
};

static void keys_deinit(struct keys *keys)
{
    secret_deinit(&keys->signing);
    secret_deinit(&keys->opening);
    secret_deinit(&keys->transport);
}

/* What was typed is an option, not a place in the file. */
static void name_option(struct error *error)
{
    static const char *const options[][2] = {
        {"/id", "--id"},
        {"/name", "--name"},
        {"/duty/contact", "--duty-contact"},
        {"/duty/phone", "--duty-phone"},
    };

    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(error->where, options[i][0]) == 0) {
            (void)snprintf(error->where, sizeof(error->where), "%s", options[i][1]);
            return;
        }
    }
}

/* Makes the keys, and the request that they sign. */
static int make_request(struct keys *keys, struct agency_request *request, struct buf *ret_text,
                        struct error *error)
{
    struct agency_request read;
    _cleanup_(signer_free) struct signer *signer = NULL;

    int r = secret_random(&keys->signing, SIGN_SECRET_BYTES);
    r = r < 0 ? r : signer_new(&keys->signing, &signer);
    r = r < 0 ? r : hpke_keypair(&keys->opening, request->open_key);
    r = r < 0 ? r : curve_keypair(&keys->transport, request->curve_key);
    if (r < 0) {
        return error_set(error, "", "keys cannot be made");
    }
    signer_public(signer, request->sign_key);
    if (agency_request_write(request, signer, ret_text) < 0) {
        return error_set(error, "", "the request cannot be signed");
    }
    /* What the partnership would refuse is refused here, where it can be mended. */
    r = agency_request_read(buf_slice(ret_text), &read, error);
    if (r < 0) {
        name_option(error);
    }
    return r;
}

/* In the order of key_sort_names, for the reason there (govern/keys.h). */
static int write_keys(const struct folder *folder, const struct keys *keys, struct error *error)
{
    char path[FOLDER_PATH_BYTES];

    folder_path(folder, "keys", path);
    int r = key_write(path, KEY_OPENING, &keys->opening, error);
    r = r < 0 ? r : key_write(path, KEY_TRANSPORT, &keys->transport, error);
    r = r < 0 ? r : key_write(path, KEY_SIGNING, &keys->signing, error);
    return r < 0 ? r : key_new(path, KEY_STORE, error);
}

/* --- files --- */

static int write_agent_ini(const struct folder *folder, struct error *error)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(64 * 1024);

    buf_format(&text,
               "; This agency's agent: cairn-agent --config AGENT.INI\n"
               "; `cairn-agent --print-config` shows every option and what is in force.\n"
               "[agent]\n"
               "\n"
               "; The store: what is to be sent and what has come. A local disk.\n"
               "dir = %1$s/data\n"
               "\n"
               "; signing-key, opening-key, transport-key and store-key.\n"
               "keys = %1$s/keys\n"
               "\n"
               "; Where trust starts: the root document, and where the broker is.\n"
               "joining = %1$s/joining.json\n"
               "\n"
               "; The local interface for this agency's own systems and for `cairn`.\n"
               "socket = %1$s/agent.sock\n"
               "\n"
               "; Users of this machine (numbers) that may do everything: read, open, decide.\n"
               "allow_uid = %2$lu\n"
               "\n"
               "; Users of what watches it (cairn check, cairn metrics): they ask how it does.\n"
               ";health_uid = 998\n"
               "\n"
               "; Users of the systems that feed it: they hand in, and see what became of that.\n"
               ";submit_uid = 1001\n"
               "\n"
               "; The duty desk's number, told until the partnership's calendar has come.\n"
               ";duty_telephone = 01632 960100\n"
               "\n"
               "; How long a missed appointment waits for a correction before it leaves.\n"
               ";settle = 24h\n"
               "\n"
               "; Title and date of the decision that automatic feeds rest on; shown with each\n"
               "; record, so that nobody takes it for a person's judgement.\n"
               ";standing_decision = Missed appointments under 16, safeguarding lead, 2026-11-02\n",
               folder->path, (unsigned long)geteuid());
    return folder_write(folder, "agent.ini", &text, FOLDER_PRIVATE, error);
}

struct parts {
    const struct keys *keys;
    const struct buf *request;
    const struct buf *joining;
};

static int make_agency(const struct folder *folder, const struct parts *parts, struct error *error)
{
    int r = folder_make(folder, "keys", error);
    r = r < 0 ? r : folder_make(folder, "data", error);
    r = r < 0 ? r : write_keys(folder, parts->keys, error);
    r = r < 0 ? r : folder_write(folder, "joining.json", parts->joining, FOLDER_PUBLIC, error);
    r = r < 0 ? r : folder_write(folder, "request.json", parts->request, FOLDER_PUBLIC, error);
    return r < 0 ? r : write_agent_ini(folder, error);
}

/* --- the command --- */

static void say(struct cli *cli, const struct folder *folder, const struct agency_request *request,
                const struct buf *joining_file)
{
    struct output *output = &cli->output;
    struct json *result = output_result(output);
    char key[FINGERPRINT_BYTES];
    char joining[FINGERPRINT_BYTES];

    fingerprint(SLICE_OF(request->sign_key), key);
    fingerprint(buf_slice(joining_file), joining);
    json_set_word(result, "dir", folder->path);
    json_set_word(result, "id", request->id);
    json_set_word(result, "kind", request->kind);
    json_set_word(result, "origin", request->origin);
    json_set_word(result, "key_fingerprint", key);
    json_set_word(result, "joining_fingerprint", joining);
    output_line(output, "Made the keys of %s in %s, to join %s.", request->id, folder->path,
                request->origin);
    output_line(
        output,
        "\nBefore you send anything, telephone the partnership on a number that you know and "
        "compare\n"
        "  joining.json   %s\n"
        "  your key       %s",
        joining, key);
    if (strcmp(request->duty_phone, DEFAULT_PHONE) == 0) {
        output_line(output,
                    "\nThe duty telephone number %s is invented, and nobody has it. For an "
                    "agency that is to be reached, give --duty-phone; once it has joined the "
                    "partnership changes it with cairn agency duty.",
                    request->duty_phone);
    }
    output_line(output,
                "\nkeys/ and data/ stay here; put a copy of keys/ in a safe. Next, in this order:\n"
                "  1. Send request.json, which holds no secret, to the partnership.\n"
                "  2. They approve it (cairn agency approve), and have the broker read the "
                "directory.\n"
                "  3. cairn-agent --config %s/agent.ini\n"
                "     It may be started now as well: it waits for the approval, and `cairn "
                "status` says so.",
                folder->path);
}

/* The joining file as it is, once it has shown that it is good. */
static int read_joining(const char *path, struct buf *ret_text, struct governance **ret,
                        struct error *error)
{
    struct joining joining = JOINING_NULL;

    int r = joining_load(path, &joining, ret, error);
    joining_deinit(&joining);
    if (r < 0) {
        return r;
    }
    r = file_read(path, ret_text);
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
    }
    return r;
}

static enum status check_phone(struct cli *cli, const struct request_options *given, bool live)
{
    if (live && given->phone == NULL) {
        return output_refuse(&cli->output, STATUS_USAGE, "--duty-phone",
                             "is needed: this is a live partnership");
    }
    const char *fault = given->phone == NULL ? NULL : phone_fault(given->phone, live);
    return fault == NULL ? STATUS_OK
                         : output_refuse(&cli->output, STATUS_USAGE, "--duty-phone", "%s", fault);
}

static enum status request(struct cli *cli, const struct request_options *given)
{
    struct error error = ERROR_NULL;
    struct agency_request asked = {.id = ""};
    struct folder folder;
    char kinds[KINDS_TEXT_BYTES];
    _cleanup_(keys_deinit) struct keys keys = {.signing = SECRET_NULL};
    _cleanup_(governance_unref) struct governance *governance = NULL;
    _cleanup_(buf_deinit) struct buf joining = BUF_MAX(JOINING_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REQUEST_MAX_BYTES);

    int r = read_joining(given->joining, &joining, &governance, &error);
    if (r < 0) {
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    if (!kinds_has(given->kind)) {
        kinds_text(kinds);
        return output_refuse(&cli->output, STATUS_USAGE, "--kind", "is none of: %s", kinds);
    }
    enum status status = check_phone(cli, given, governance->root.live);
    if (status != STATUS_OK) {
        return status;
    }
    if (fill_words(given, governance->root.origin, &asked, &error) < 0 ||
        make_request(&keys, &asked, &text, &error) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    status = folder_new(cli, given->dir, &folder);
    if (status != STATUS_OK) {
        return status;
    }
    const struct parts parts = {.keys = &keys, .request = &text, .joining = &joining};
    if (make_agency(&folder, &parts, &error) < 0) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    say(cli, &folder, &asked, &joining);
    return STATUS_OK;
}

enum status command_agency_request(struct cli *cli, int argc, char **argv)
{
    char kinds[KINDS_TEXT_BYTES];
    const struct argp_option options[] = {
        {"id", KEY_ID, "ID", 0, "the agency's id, for ever: lower-case letters, digits and '-'", 0},
        {"name", KEY_NAME, "NAME", 0, "its name, for people", 0},
        {"kind", KEY_KIND, "KIND", 0, kinds, 0},
        {"joining", KEY_JOINING, "FILE", 0, "the joining.json that the partnership gave out", 0},
        {"duty-contact", KEY_CONTACT, "NAME", 0, "whom others ask for (" DEFAULT_CONTACT ")", 0},
        {"duty-phone", KEY_PHONE, "NUMBER", 0,
         "and on which number (" DEFAULT_PHONE ", which nobody has); needed in a live partnership",
         0},
        {0},
    };
    const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "DIR",
        .help = "Makes an agency's keys, its configuration and its request to join in the folder "
                "DIR, which must not exist.",
    };
    struct request_options given = {.dir = NULL};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    kinds_text(kinds);
    return command_parse(cli, &line, call, &given, &status) ? request(cli, &given) : status;
}
