/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn agency duty`: whom others telephone at an agency, when it is somebody else than when it
 * joined. */
#include "cli/agency.h"
#include "govern/phone.h"

static int publish_duty(struct partnership *partnership, const struct agency *agency,
                        const struct agency_options *given, struct error *error)
{
    const struct directory *directory = &partnership->governance->directory;
    const char *contact = given->contact != NULL ? given->contact : agency->duty_contact;
    _cleanup_(json_free) struct json *entry = agency_entry(partnership, agency);
    struct json *duty = json_object_new();
    struct json *in_duty = json_set_node(entry, "duty", &duty);

    if (json_set_text(in_duty, "contact", slice_of_text(contact)) < 0) {
        return error_set(error, "--duty-contact", "is not plain text in UTF-8");
    }
    json_set_word(in_duty, "phone", given->phone);
    return agency_publish(partnership, (size_t)(agency - directory->agencies), entry, error);
}

static enum status change_duty(struct cli *cli, struct partnership *partnership,
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
        return output_refuse(output, STATUS_CONFLICT, given->subject,
                             "was revoked as agency %u: its entry stays as it is", agency->number);
    }
    const char *fault = given->phone == NULL
                            ? "is needed: the number that others ring"
                            : phone_fault(given->phone, partnership->governance->root.live);
    if (fault != NULL) {
        return output_refuse(output, STATUS_USAGE, "--duty-phone", "%s", fault);
    }
    uint32_t number = agency->number;
    if (publish_duty(partnership, agency, given, &error) < 0) {
        return output_fail(output, STATUS_FAILED, &error);
    }
    agency = directory_agency(&partnership->governance->directory, number);
    agency_say(output, agency, true);
    output_line(output,
                "At %s others are told to ask for %s on %s, once the broker has read this. A desk "
                "of the calendar with its old number: cairn calendar sign.",
                agency->id, agency->duty_contact, agency->duty_phone);
    agency_say_reload(output, partnership);
    return STATUS_OK;
}

enum status command_agency_duty(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"duty-contact", AGENCY_CONTACT, "NAME", 0, "whom to ask for (as it was)", 0},
        {"duty-phone", AGENCY_PHONE, "NUMBER", 0, "the number that others ring", 0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR ID",
        .help =
            "Changes whom others telephone at an agency. The desks on duty are in the calendar: "
            "cairn calendar sign.",
    };
    struct agency_options given = {.arguments = 2};
    return agency_run(cli, &line, (struct command_call){argc, argv}, &given, change_duty);
}
