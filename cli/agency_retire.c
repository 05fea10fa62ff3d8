/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn agency retire`: of each sort of an agency's keys the newest stays in use. */
#include "cli/agency.h"

static bool retire_all_but_newest(struct agency_key *keys, size_t n, enum key_status status)
{
    bool newest = true;
    bool changed = false;

    for (size_t i = n; i > 0; i--) {
        if (keys[i - 1].status != KEY_ACTIVE) {
            continue;
        }
        if (!newest) {
            keys[i - 1].status = status;
            changed = true;
        }
        newest = false;
    }
    return changed;
}

static enum status retire(struct cli *cli, struct partnership *partnership,
                          const struct agency_options *given)
{
    struct output *output = &cli->output;
    struct error error = ERROR_NULL;
    const struct directory *directory = &partnership->governance->directory;
    const struct agency *agency = directory_agency_by_id(directory, given->subject);
    enum key_status status = given->stolen ? KEY_REVOKED : KEY_RETIRED;

    if (agency == NULL) {
        return output_refuse(output, STATUS_NOT_FOUND, given->subject,
                             "is no agency of this partnership");
    }
    struct agency retired = *agency;
    size_t at = (size_t)(agency - directory->agencies);
    bool changed = retire_all_but_newest(retired.sign_keys, retired.n_sign_keys, status);
    changed |= retire_all_but_newest(retired.open_keys, retired.n_open_keys, status);
    changed |= retire_all_but_newest(retired.curve_keys, retired.n_curve_keys, status);
    if (!changed) {
        agency_say(output, agency, false);
        output_line(output, "%s uses one key of each sort: nothing to do.", agency->id);
        return STATUS_OK;
    }
    _cleanup_(json_free) struct json *entry = agency_entry(partnership, &retired);
    if (agency_publish(partnership, at, entry, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    agency_say(output, directory_agency(&partnership->governance->directory, retired.number), true);
    output_line(output,
                "The earlier keys of %s are %s: nothing signed by them is taken and nobody "
                "connects by them, once the broker has read this.",
                given->subject, given->stolen ? "revoked" : "retired");
    agency_say_reload(output, partnership);
    return STATUS_OK;
}

enum status command_agency_retire(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"stolen", AGENCY_STOLEN, NULL, 0,
         "they are in others' hands: what they have signed is shown as doubtful from now on", 0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR ID",
        .help = "Ends the use of an agency's keys but the newest, once its agent uses those. What "
                "was sealed to the earlier is still read with them.",
    };
    struct agency_options given = {.arguments = 2};
    return agency_run(cli, &line, (struct command_call){argc, argv}, &given, retire);
}
