/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn agency list`. */
#include <inttypes.h>

#include "cli/agency.h"
#include "cli/fingerprint.h"

static void list_one(struct output *output, struct json *list, const struct agency *agency)
{
    char key[FINGERPRINT_BYTES];
    struct json *entry = json_object_new();
    struct json *in_list = json_append_node(list, &entry);

    fingerprint(SLICE_OF(agency_key_in_use(agency)->public_key), key);
    json_set_integer(in_list, "number", agency->number);
    json_set_word(in_list, "id", agency->id);
    json_set_word(in_list, "kind", agency->kind->id);
    json_set_word(in_list, "name", agency->name);
    json_set_word(in_list, "status", agency->active ? "active" : "revoked");
    json_set_word(in_list, "key_fingerprint", key);
    json_set_word(in_list, "duty_contact", agency->duty_contact);
    json_set_word(in_list, "duty_phone", agency->duty_phone);
    output_line(output, "%6u  %-24s %-16s %-8s %s\n        %s, %s", agency->number, agency->id,
                agency->kind->id, agency->active ? "active" : "revoked", agency->name,
                agency->duty_contact, agency->duty_phone);
}

enum status command_agency_list(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = agency_option,
        .arguments = "PARTNERSHIP_DIR",
        .help = "Lists the agencies: number, id, kind, status, name, and whom to telephone.",
    };
    struct agency_options given = {.arguments = 1};
    const struct command_call call = {argc, argv};
    struct partnership partnership = PARTNERSHIP_NULL;
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    int r = partnership_open(given.dir, &partnership, &error);
    if (r < 0) {
        return agency_open_failed(cli, r, &error);
    }
    struct json *list = json_array_new();
    struct json *in_result = json_set_node(output_result(&cli->output), "agencies", &list);
    const struct directory *directory = &partnership.governance->directory;
    json_set_integer(output_result(&cli->output), "directory_version",
                     (int64_t)partnership.governance->versions[GOVERNANCE_DIRECTORY]);
    for (size_t i = 0; i < directory->n_agencies; i++) {
        list_one(&cli->output, in_result, &directory->agencies[i]);
    }
    if (directory->n_agencies == 0) {
        output_line(&cli->output, "No agency has joined yet.");
    }
    partnership_close(&partnership);
    return STATUS_OK;
}
