/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn log evidence` and `cairn log compare`: two signed heads that cannot both be of one log
 * convict whoever signed them, before anybody who trusts the key. Of one size, they do so alone. Of
 * two sizes the log must be there, as `cairn log export` writes it: it is the log of both, of one,
 * or of neither.
 *
 * A head may be signed by an agency instead, with a key that the directory names: what the broker
 * showed to that agency, as that agency says. It can show the note of the log's own key beside it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/input.h"
#include "cli/log_export.h"
#include "cli/log_options.h"

#define HEADS 2
static_assert(HEADS + 1 <= LOG_ARGUMENTS_MAX, "two notes, and an exported log");

/* --- evidence --- */

static enum status evidence(struct cli *cli, const struct log_options *given)
{
    struct error error = ERROR_NULL;
    const char *which = given->n_arguments == 1 ? given->arguments[0] : "";
    bool held = strcmp(which, "held") == 0;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    if (!held && strcmp(which, "shown") != 0) {
        return output_refuse(&cli->output, STATUS_USAGE, "", "held or shown: which of the two");
    }
    enum status status = client_text(
        &given->client, held ? CAIRN_PATH_LOG_EVIDENCE "/held" : CAIRN_PATH_LOG_EVIDENCE "/shown",
        &note, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    log_say_document(&cli->output, which, &note);
    return STATUS_OK;
}

enum status command_log_evidence(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct log_command command = {
        .line = {.options = options,
                 .parser = log_option,
                 .arguments = "held|shown",
                 .help = "Prints one of the two signed heads that the agent kept when the broker "
                         "showed another log: the one that it held, or the one that was shown, "
                         "to it or to the agency that signed it."},
        .max_arguments = 1,
        .run = evidence,
    };
    return log_command_run(cli, &command, (struct command_call){argc, argv});
}

/* --- compare --- */

struct comparing {
    struct checkpoint heads[HEADS];
    const struct agency *agencies[HEADS]; /* who signed it; NULL the log's key */
    bool in_log[HEADS];
    uint64_t size; /* of the exported log */
};

/* The agency of the directory that cosigned this note. A key that was revoked says nothing. */
static const struct agency *cosigner(const struct log_trust *trust, struct slice note,
                                     struct checkpoint *ret)
{
    const struct directory *directory = &trust->documents->directory;
    struct note_key key;

    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        for (size_t k = 0; k < agency->n_sign_keys; k++) {
            const struct agency_key *by = &agency->sign_keys[k];
            if (by->status != KEY_REVOKED &&
                note_key_init(&key, agency->id, NOTE_TYPE_COSIGNATURE, by->public_key) &&
                checkpoint_check_cosigned(note, trust->key.name, &key, ret)) {
                return agency;
            }
        }
    }
    return NULL;
}

static bool read_signed(const struct log_trust *trust, struct slice note,
                        const struct agency **ret_agency, struct checkpoint *ret)
{
    *ret_agency = NULL;
    if (checkpoint_check(note, &trust->key, ret)) {
        return true;
    }
    *ret_agency = trust->documents == NULL ? NULL : cosigner(trust, note, ret);
    return *ret_agency != NULL;
}

static enum status read_heads(struct cli *cli, const struct log_options *given,
                              struct comparing *ret)
{
    for (int i = 0; i < HEADS; i++) {
        _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
        enum status status = input_read(cli, given->arguments[i], &note);
        if (status != STATUS_OK) {
            return status;
        }
        if (!read_signed(&given->trust, buf_slice(&note), &ret->agencies[i], &ret->heads[i])) {
            return output_refuse(&cli->output, STATUS_FAILED, input_name(given->arguments[i]),
                                 "is not signed by %s%s", given->trust.key.name,
                                 given->trust.documents == NULL
                                     ? "; what an agency signed needs --governance"
                                     : ", nor by an agency of its directory");
        }
    }
    return STATUS_OK;
}

static void look(struct comparing *comparing, const struct tree_range *range)
{
    struct hash root;

    tree_root(range, &root);
    for (int i = 0; i < HEADS; i++) {
        bool is_it =
            comparing->heads[i].size == range->size && hash_equal(&comparing->heads[i].root, &root);
        comparing->in_log[i] = comparing->in_log[i] || is_it;
    }
}

/* False, with the error, when it cannot be read to its end. */
static bool look_in_log(FILE *in, struct comparing *comparing, struct error *error)
{
    struct log_export head;
    struct tree_range range = TREE_RANGE_NULL;
    uint8_t storage[LOG_LEAF_MAX_BYTES];
    struct slice leaf;

    if (!log_export_read_head(in, &head, error)) {
        return false;
    }
    comparing->size = head.size;
    look(comparing, &range);
    for (uint64_t i = 0; i < head.size; i++) {
        struct hash hash;
        struct hash completed[64];
        if (!log_export_read_leaf(in, storage, &leaf, error)) {
            return false;
        }
        tree_leaf(leaf, &hash);
        (void)tree_append(&range, &hash, completed);
        look(comparing, &range);
    }
    return true;
}

static enum status read_log(struct cli *cli, const char *path, struct comparing *comparing)
{
    struct error error = ERROR_NULL;
    FILE *in = fopen(path, "re");

    if (in == NULL) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, path, "cannot be read: %s",
                             strerrordesc_np(errno));
    }
    bool good = look_in_log(in, comparing, &error);
    (void)fclose(in);
    return good ? STATUS_OK : output_refuse(&cli->output, STATUS_FAILED, path, "%s", error.what);
}

/* A log that ends before a head says nothing of it. */
static enum status too_short(struct cli *cli, const struct comparing *comparing)
{
    return output_refuse(&cli->output, STATUS_USAGE, "",
                         "the exported log has %" PRIu64 " %s, and the heads are of %" PRIu64
                         " and %" PRIu64 ": export the log anew, or ask for as much of it",
                         comparing->size, text_plural(comparing->size, "leaf", "leaves"),
                         comparing->heads[0].size, comparing->heads[1].size);
}

/* Whose word a head is, when it is not the log's own. */
static void say_agencies(struct cli *cli, const struct comparing *comparing)
{
    static const char *const which[HEADS] = {"first", "second"};

    for (int i = 0; i < HEADS; i++) {
        const struct agency *agency = comparing->agencies[i];
        if (agency != NULL) {
            json_set_word(output_result(&cli->output), which[i], agency->id);
            output_line(
                &cli->output, "The %s head, of %" PRIu64 " %s, is what %s (%s) signed that it saw.",
                which[i], comparing->heads[i].size,
                text_plural(comparing->heads[i].size, "leaf", "leaves"), agency->name, agency->id);
        }
    }
}

static enum status contradict(struct cli *cli, const struct log_options *given, const char *what)
{
    json_set_bool(output_result(&cli->output), "one_log", false);
    if (cli->output.json && output_finish(&cli->output) != STATUS_OK) {
        return STATUS_FAILED;
    }
    return output_refuse(&cli->output, STATUS_FAILED, given->trust.key.name, "NOT ONE LOG: %s",
                         what);
}

static enum status one_log(struct cli *cli, const struct comparing *comparing)
{
    json_set_bool(output_result(&cli->output), "one_log", true);
    output_line(&cli->output, "One log: both heads, of %" PRIu64 " and %" PRIu64 " leaves.",
                comparing->heads[0].size, comparing->heads[1].size);
    return STATUS_OK;
}

/* Of one size nobody needs the log. */
static enum status compare(struct cli *cli, const struct log_options *given)
{
    struct comparing comparing = {.in_log = {false}};

    if (given->n_arguments < HEADS || !given->trust.has_key) {
        return output_refuse(&cli->output, STATUS_USAGE, "",
                             "needs two signed heads, and --key or --governance: whom you trust");
    }
    enum status status = read_heads(cli, given, &comparing);
    if (status != STATUS_OK) {
        return status;
    }
    say_agencies(cli, &comparing);
    if (comparing.heads[0].size == comparing.heads[1].size) {
        bool own = comparing.agencies[0] == NULL && comparing.agencies[1] == NULL;
        return hash_equal(&comparing.heads[0].root, &comparing.heads[1].root)
                   ? one_log(cli, &comparing)
                   : contradict(cli, given,
                                own ? "it signed two logs of the same length"
                                    : "an agency signed another log of the same length than the "
                                      "one shown beside it: ask it for the log's own note");
    }
    if (given->n_arguments <= HEADS) {
        return output_refuse(&cli->output, STATUS_USAGE, "",
                             "of two lengths: only the log shows whether both are of it (give a "
                             "file of `cairn log export`)");
    }
    status = read_log(cli, given->arguments[HEADS], &comparing);
    if (status != STATUS_OK) {
        return status;
    }
    if (comparing.heads[0].size > comparing.size || comparing.heads[1].size > comparing.size) {
        return too_short(cli, &comparing);
    }
    if (comparing.in_log[0] && comparing.in_log[1]) {
        return one_log(cli, &comparing);
    }
    return contradict(cli, given,
                      comparing.in_log[0] ? "the exported log has the first head and not the second"
                      : comparing.in_log[1]
                          ? "the exported log has the second head and not the first"
                          : "the exported log has neither head");
}

enum status command_log_compare(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {LOG_TRUST_KEY_OPTIONS, {0}};
    static const struct log_command command = {
        .line = {.options = options,
                 .parser = log_option,
                 .arguments = "HEAD HEAD [EXPORT]",
                 .help = "Says whether two signed heads, as agencies hold or were shown them, are "
                         "of one log. Of different lengths they are held against an exported log. "
                         "With --governance a head may be one that an agency cosigned."},
        .max_arguments = HEADS + 1,
        .run = compare,
    };
    return log_command_run(cli, &command, (struct command_call){argc, argv});
}
