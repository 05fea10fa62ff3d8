/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn init`: the command line of a new partnership, and what its makers are told. */
#include "cli/init.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "govern/phone.h"

#define DEFAULT_ENDPOINT "tcp://127.0.0.1:7440"
#define REVIEW_MONTHS    12

enum {
    KEY_NAME = 0x2001,
    KEY_ORIGIN,
    KEY_ENDPOINT,
    KEY_LIVE,
    KEY_DUTY,
    KEY_OUT_OF_HOURS
};

static const struct argp_option options[] = {
    {"name", KEY_NAME, "NAME", 0, "the partnership's name, for people", 0},
    {"origin", KEY_ORIGIN, "ORIGIN", 0,
     "its name in every signature, for ever: like a host name and a path, cairn.example.org/north",
     0},
    {"endpoint", KEY_ENDPOINT, "URL", 0, "where agencies reach the broker (" DEFAULT_ENDPOINT ")",
     0},
    {"duty-phone", KEY_DUTY, "NUMBER", 0,
     "the MASH duty desk's telephone (" INIT_DUTY_PHONE ", which nobody has)", 0},
    {"out-of-hours-phone", KEY_OUT_OF_HOURS, "NUMBER", 0,
     "the emergency duty team's telephone (" INIT_OUT_OF_HOURS_PHONE ", which nobody has)", 0},
    {"live", KEY_LIVE, NULL, 0,
     "for real children: only real NHS numbers are accepted, and telephone numbers that somebody "
     "has",
     0},
    {0},
};

static bool is_name(const char *text)
{
    char copy[CAIRN_NAME_MAX_BYTES];

    return text[0] != '\0' && text_copy(copy, sizeof(copy), slice_of_text(text)) &&
           strpbrk(text, "\n\t") == NULL;
}

static bool is_origin(const char *text)
{
    static const uint8_t any_key[SIGN_PUBLIC_BYTES];
    struct note_key key;

    return strstr(text, "://") == NULL && partnership_key_of(text, any_key, &key);
}

/* An endpoint goes into an INI file as it is. */
static bool is_endpoint(const char *text)
{
    return utf8_valid(slice_of_text(text)) && strncmp(text, "tcp://", strlen("tcp://")) == 0 &&
           strchr(text, '*') == NULL && text[strcspn(text, " \t\n;#")] == '\0' &&
           strlen(text) < 128;
}

static bool check_phone(const struct init_options *given, const char *option, const char *phone,
                        struct argp_state *state)
{
    const char *fault = phone == NULL ? NULL : phone_fault(phone, given->live);

    if (fault != NULL) {
        argp_error(state, "%s %s", option, fault);
    }
    return fault == NULL;
}

static error_t check_options(const struct init_options *given, struct argp_state *state)
{
    if (given->dir == NULL || given->name == NULL || given->origin == NULL) {
        argp_error(state, "DIR, --name and --origin are needed");
        return EINVAL;
    }
    if (given->live && (given->duty_phone == NULL || given->out_of_hours_phone == NULL)) {
        argp_error(state, "a live partnership needs --duty-phone and --out-of-hours-phone");
        return EINVAL;
    }
    if (!check_phone(given, "--duty-phone", given->duty_phone, state) ||
        !check_phone(given, "--out-of-hours-phone", given->out_of_hours_phone, state)) {
        return EINVAL;
    }
    if (!is_name(given->name)) {
        argp_error(state, "--name is a line of text");
        return EINVAL;
    }
    if (!is_origin(given->origin)) {
        argp_error(state, "--origin is a name without blanks, '+' and \"https://\", like "
                          "cairn.example.org/north");
        return EINVAL;
    }
    if (!is_endpoint(given->endpoint)) {
        argp_error(state, "--endpoint is tcp://HOST:PORT, as agencies reach it");
        return EINVAL;
    }
    return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct init_options *given = state->input;

    switch (key) {
    case KEY_NAME:
        given->name = argument;
        return 0;
    case KEY_ORIGIN:
        given->origin = argument;
        return 0;
    case KEY_ENDPOINT:
        given->endpoint = argument;
        return 0;
    case KEY_DUTY:
        given->duty_phone = argument;
        return 0;
    case KEY_OUT_OF_HOURS:
        given->out_of_hours_phone = argument;
        return 0;
    case KEY_LIVE:
        given->live = true;
        return 0;
    case ARGP_KEY_ARG:
        return command_argument(&given->dir, "folder", argument, state);
    case ARGP_KEY_END:
        return check_options(given, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the command --- */

static void say_result(struct json *result, const struct partnership *made, const char *joining)
{
    const struct governance *governance = made->governance;

    json_set_word(result, "dir", made->folder.path);
    json_set_word(result, "name", governance->root.name);
    json_set_word(result, "origin", governance->root.origin);
    json_set_bool(result, "live", governance->root.live);
    json_set_word(result, "endpoint", governance->directory.broker_endpoint);
    json_set_word(result, "joining_fingerprint", joining);
}

/* Whoever goes on with them would have people ring a number that nobody has. */
static void say_phones(struct output *output, const struct init_options *given)
{
    bool duty = strcmp(given->duty_phone, INIT_DUTY_PHONE) == 0;
    bool out_of_hours = strcmp(given->out_of_hours_phone, INIT_OUT_OF_HOURS_PHONE) == 0;

    if (!duty && !out_of_hours) {
        return;
    }
    output_line(output, "\nThese telephone numbers are invented, and nobody has them:");
    if (duty) {
        output_line(output, "  duty desk            %s", INIT_DUTY_PHONE);
    }
    if (out_of_hours) {
        output_line(output, "  emergency duty team  %s", INIT_OUT_OF_HOURS_PHONE);
    }
    output_line(output, "Before anybody relies on this partnership, sign a calendar with real "
                        "numbers (cairn calendar\n"
                        "sign). For real children make another partnership, with --live.");
}

static void say(struct cli *cli, const struct partnership *made, const struct init_options *given,
                const char *joining)
{
    const struct root *root = &made->governance->root;
    struct output *output = &cli->output;

    say_result(output_result(output), made, joining);
    output_line(output, "Made the partnership \"%s\" (%s) in %s%s.", root->name, root->origin,
                made->folder.path,
                root->live ? "" : ", for tests: only test NHS numbers are accepted");
    output_line(output,
                "\n  root/         the root key and the linkage key: approving and revoking "
                "need them.\n"
                "                Keep it offline, with a copy in another safe.\n"
                "  governance/   directory, agreements, patterns and calendar, signed. The "
                "broker serves them.\n"
                "  broker/       broker.ini, keys/ and data/: moves to the broker's "
                "machine.\n"
                "                keys/ is not to lie in the same backup as data/.\n"
                "  joining.json  for every agency. Its fingerprint, to be read out over the "
                "telephone:\n"
                "                %s",
                joining);
    output_line(output,
                "\nAgreements, patterns and calendar are Cairn's defaults: read them before real "
                "use.");
    say_phones(output, given);
    output_line(output,
                "\nNext: cairn-broker --config %s/broker/broker.ini\n"
                "and at each agency: cairn agency request FOLDER --id ID --name NAME --kind KIND "
                "--joining joining.json",
                made->folder.path);
}

static void complete(struct init_options *given, const struct clock *clock)
{
    int32_t today = instant_london_day(clock_real_ms(clock));

    date_format(date_add_months(today, REVIEW_MONTHS), given->review_by);
    if (given->duty_phone == NULL) {
        given->duty_phone = INIT_DUTY_PHONE;
    }
    if (given->out_of_hours_phone == NULL) {
        given->out_of_hours_phone = INIT_OUT_OF_HOURS_PHONE;
    }
}

enum status command_init(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "DIR",
        .help = "Makes a new partnership in the folder DIR, which must not exist.",
    };
    struct init_options given = {.endpoint = DEFAULT_ENDPOINT};
    const struct command_call call = {argc, argv};
    struct partnership made = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;
    char joining[FINGERPRINT_BYTES];

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    complete(&given, cli->clock);
    status = folder_new(cli, given.dir, &made.folder);
    if (status != STATUS_OK) {
        return status;
    }
    if (init_make(&made, &given, joining, &error) < 0) {
        status = output_fail(&cli->output, STATUS_FAILED, &error);
    } else {
        say(cli, &made, &given, joining);
    }
    partnership_close(&made);
    return status;
}
