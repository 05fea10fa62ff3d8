/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn agency revoke`: the entry stays in the directory, as revoked. */
#include "cli/agency.h"

static int revoke_in_directory(struct partnership *partnership, const struct agency *agency,
                               const char *reason, struct error *error)
{
    struct govern_document held;
    size_t at = (size_t)(agency - partnership->governance->directory.agencies);

    bool there = governance_held(partnership->governance, GOVERNANCE_DIRECTORY, &held);
    assert(there);
    _cleanup_(json_free) struct json *document = json_parse(held.text, error);
    assert(document != NULL);
    struct json_view view = json_view(document, error);
    struct json_view list = json_get_array(&view, "agencies");
    _cleanup_(json_free) struct json *entry = json_clone(json_item(&list, at).node);
    json_set_word(entry, "status", "revoked");
    if (json_set_text(entry, "reason", slice_of_text(reason)) < 0) {
        return error_set(error, "--reason", "is not plain text in UTF-8");
    }
    return agency_publish(partnership, at, entry, error);
}

static enum status revoke(struct cli *cli, struct partnership *partnership,
                          const struct agency_options *given)
{
    struct output *output = &cli->output;
    struct error error = ERROR_NULL;
    const struct agency *agency =
        directory_agency_by_id(&partnership->governance->directory, given->subject);

    if (agency == NULL) {
        return output_refuse(output, STATUS_NOT_FOUND, given->subject,
                             "is no agency of this partnership");
    }
    if (!agency->active) {
        agency_say(output, agency, false);
        output_line(output, "%s is revoked already: nothing to do.", agency->id);
        return STATUS_OK;
    }
    uint32_t number = agency->number;
    if (revoke_in_directory(partnership, agency, given->reason, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    agency_say(output, directory_agency(&partnership->governance->directory, number), true);
    output_line(output,
                "%s is revoked: nothing of it is accepted and nothing goes to it, once the "
                "broker has read this.",
                given->subject);
    agency_say_reload(output, partnership);
    return STATUS_OK;
}

enum status command_agency_revoke(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"reason", AGENCY_REASON, "TEXT", 0,
         "why, which must be said; every agency can read it, so nothing about a child or a patient",
         0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR ID",
        .help = "Revokes an agency, which cannot be undone: it joins again under another id. Its "
                "number and id are never given to another.",
    };
    struct agency_options given = {.arguments = 2, .needs_reason = true};
    return agency_run(cli, &line, (struct command_call){argc, argv}, &given, revoke);
}
