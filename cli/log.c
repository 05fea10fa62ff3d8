/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn log head`, `cairn log prove` and `cairn log export`: the signed head that an agency holds,
 * the proof that a record is in the log, and the log as a file. What is printed can be redirected
 * into a file and checked offline, with these commands or with another implementation.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/input.h"
#include "cli/log_check.h"
#include "cli/log_export.h"
#include "cli/log_options.h"
#include "cli/log_store.h"

#define PROOF_MAX_BYTES (16 * 1024)

/* --- head --- */

static enum status agent_head(struct cli *cli, const struct client *client)
{
    struct error error = ERROR_NULL;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    enum status status = client_text(client, CAIRN_PATH_LOG_HEAD, &note, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    log_say_document(&cli->output, "checkpoint", &note);
    return STATUS_OK;
}

static int read_head(struct log_store *log, struct checkpoint *ret)
{
    struct tree_range range;

    int r = log_load(log->txn, T_LOG, &range);
    if (r == 0) {
        ret->size = range.size;
        tree_root(&range, &ret->root);
    }
    return r;
}

/* What the store holds now. Nobody signed it here: it has the checkpoint's form without its
 * signature. */
static enum status store_head(struct cli *cli, const char *dir)
{
    struct error error = ERROR_NULL;
    struct log_store log = LOG_STORE_NULL;
    struct checkpoint head;
    char key[NOTE_VKEY_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    int r = log_store_open(dir, &log, &error);
    if (r < 0) {
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    r = read_head(&log, &head);
    if (r == 0 && log.governance != NULL) {
        checkpoint_text(&head, log.governance->root.origin, &text);
        note_vkey_format(&log.governance->directory.checkpoint_key, key);
        json_set_word(output_result(&cli->output), "key", key);
        json_set_integer(output_result(&cli->output), "size", (int64_t)head.size);
        log_say_document(&cli->output, "unsigned", &text);
    }
    bool empty = log.governance == NULL;
    log_store_close(&log);
    if (r < 0 || empty) {
        return output_refuse(&cli->output, STATUS_FAILED, dir, "%s",
                             r < 0 ? "the log cannot be read: see `cairn log verify`"
                                   : "the broker has never been started on this store");
    }
    return STATUS_OK;
}

static enum status show_head(struct cli *cli, const struct log_options *given)
{
    return given->n_arguments == 1 ? store_head(cli, given->arguments[0])
                                   : agent_head(cli, &given->client);
}

enum status command_log_head(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct log_command command = {
        .line = {.options = options,
                 .parser = log_option,
                 .arguments = "[DIR]",
                 .help = "Prints the signed head of the log that the agent has verified; of a "
                         "broker's folder DIR, the head that lies there, unsigned."},
        .max_arguments = 1,
        .run = show_head,
    };
    return log_command_run(cli, &command, (struct command_call){argc, argv});
}

/* --- prove --- */

static enum status prove(struct cli *cli, const struct log_options *given)
{
    struct error error = ERROR_NULL;
    char path[CLIENT_PATH_BYTES];
    _cleanup_(buf_deinit) struct buf proof = BUF_MAX(PROOF_MAX_BYTES);

    if (given->n_arguments == 0 || !client_is_record(given->arguments[0])) {
        return output_refuse(&cli->output, STATUS_USAGE, "",
                             "RECORD is needed: the reference that submit gave, or "
                             "AGENCY-STREAM-SEQ");
    }
    (void)snprintf(path, sizeof(path), CAIRN_PATH_RECORDS "/%s" CAIRN_PATH_PART_PROOF,
                   given->arguments[0]);
    enum status status = client_text(&given->client, path, &proof, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    log_say_document(&cli->output, "proof", &proof);
    return STATUS_OK;
}

static void say_leaf(struct output *output, uint64_t index, const struct leaf *leaf)
{
    char when[INSTANT_TEXT_BYTES];
    char id[ENTRY_ID_TEXT_BYTES];
    char digest[HEX_BYTES(CAIRN_HASH_BYTES)];
    struct json *result = output_result(output);

    instant_format(leaf->time_ms, when);
    hex_encode(SLICE_OF(leaf->digest.bytes), digest);
    json_set_integer(result, "index", (int64_t)index);
    json_set_word(result, "leaf", leaf_type_text(leaf->type));
    json_set_word(result, "time", when);
    json_set_integer(result, "agency", (int64_t)leaf->agency);
    json_set_word(result, "digest", digest);
    output_line(output, "  leaf     %" PRIu64 ", logged %s", index, when);
    if (leaf->type == LEAF_ENTRY) {
        entry_id_format(&leaf->id, id);
        json_set_word(result, "record", id);
        json_set_word(result, "verdict", verdict_name(leaf->verdict));
        output_line(output, "  record   %s: %s", id, verdict_words(leaf->verdict));
    }
    output_line(output, "  digest   %s", digest);
}

static enum status check_proof(struct cli *cli, const struct log_options *given)
{
    struct checkpoint head;
    struct tlog_proof proof;
    struct leaf leaf;
    struct output *output = &cli->output;
    const char *name = given->n_arguments == 1 ? given->arguments[0] : NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(PROOF_MAX_BYTES);

    if (!given->trust.has_key) {
        return output_refuse(output, STATUS_USAGE, "--check",
                             "needs --key or --governance: whom you trust");
    }
    enum status status = input_read(cli, name, &text);
    if (status != STATUS_OK) {
        return status;
    }
    if (!tlog_proof_check(buf_slice(&text), &given->trust.key, &head) ||
        !tlog_proof_parse(buf_slice(&text), &proof) ||
        !leaf_read(slice_make(proof.leaf_data, proof.leaf_len), &leaf)) {
        return output_refuse(output, STATUS_FAILED, input_name(name),
                             "DOES NOT HOLD: it is no proof under the key of %s",
                             given->trust.key.name);
    }
    json_set_bool(output_result(output), "holds", true);
    json_set_integer(output_result(output), "size", (int64_t)head.size);
    output_line(output, "Holds: %s signed a log of %" PRIu64 " %s, and this is in it.",
                given->trust.key.name, head.size, text_plural(head.size, "leaf", "leaves"));
    say_leaf(output, proof.index, &leaf);
    return STATUS_OK;
}

static enum status prove_or_check(struct cli *cli, const struct log_options *given)
{
    return given->check ? check_proof(cli, given) : prove(cli, given);
}

enum status command_log_prove(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"check", LOG_CHECK, NULL, 0, "check the proof in FILE, or on standard input, offline", 0},
        CLIENT_OPTION,
        LOG_TRUST_KEY_OPTIONS,
        {0},
    };
    static const struct log_command command = {
        .line = {.options = options,
                 .parser = log_option,
                 .arguments = "RECORD|--check [FILE]",
                 .help = "Prints a proof that a record of this agency is in the log, which needs "
                         "nothing but the log's key to be checked; with --check, checks one."},
        .max_arguments = 1,
        .run = prove_or_check,
    };
    return log_command_run(cli, &command, (struct command_call){argc, argv});
}

/* --- export --- */

/* How many leaves, and whose: a checkpoint that was given decides, else all there are. */
static enum status prepare_export(struct cli *cli, const struct log_options *given,
                                  struct log_store *log, struct log_export *ret)
{
    struct checkpoint head;
    const struct note_key *key = NULL;
    uint64_t size = log_size(log->txn, T_LOG);

    *ret = (struct log_export){.vkey = "-", .size = size};
    if (log->governance != NULL) {
        (void)snprintf(ret->origin, sizeof(ret->origin), "%s", log->governance->root.origin);
    }
    if (log->governance != NULL && log->governance->versions[GOVERNANCE_DIRECTORY] > 0) {
        key = &log->governance->directory.checkpoint_key;
        note_vkey_format(key, ret->vkey);
    }
    key = given->trust.has_key ? &given->trust.key : key;
    if (given->trust.head_path == NULL) {
        return STATUS_OK;
    }
    if (key == NULL || !checkpoint_check(buf_slice(&given->trust.note), key, &head) ||
        head.size > size) {
        return output_refuse(&cli->output, STATUS_CONFLICT, given->trust.head_path,
                             "is no checkpoint over leaves of this log");
    }
    ret->size = head.size;
    return STATUS_OK;
}

static int write_leaves(struct log_store *log, uint64_t size, FILE *out)
{
    struct slice leaf;
    int r = 0;

    for (uint64_t i = 0; i < size && r == 0; i++) {
        r = log_leaf(log->txn, T_LOG, i, &leaf);
        if (r == 0) {
            log_export_write_leaf(leaf, out);
        }
    }
    return r;
}

/* A file that was there is left alone: it may be evidence. */
static FILE *create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (fd >= 0 && out == NULL) {
        (void)close(fd);
    }
    return out;
}

static enum status write_export(struct cli *cli, const struct log_options *given,
                                struct log_store *log, const struct log_export *head)
{
    const char *path = given->arguments[1];
    FILE *out = create(path);

    if (out == NULL) {
        return output_refuse(&cli->output, errno == EEXIST ? STATUS_CONFLICT : STATUS_FAILED, path,
                             "cannot be made: %s", strerrordesc_np(errno));
    }
    log_export_write_head(head, out);
    int r = write_leaves(log, head->size, out);
    log_export_write_end(buf_slice(&given->trust.note), out);
    bool written = fflush(out) == 0 && ferror(out) == 0 && fsync(fileno(out)) == 0;
    written = fclose(out) == 0 && written;
    if (r < 0 || !written) {
        (void)unlink(path);
        return output_refuse(&cli->output, STATUS_FAILED, r < 0 ? given->arguments[0] : path, "%s",
                             r < 0 ? "a leaf cannot be read: see `cairn log verify`"
                                   : "cannot be written");
    }
    json_set_word(output_result(&cli->output), "origin", head->origin);
    json_set_integer(output_result(&cli->output), "size", (int64_t)head->size);
    output_line(&cli->output, "Wrote %" PRIu64 " %s of %s%s. Check it: cairn log verify %s",
                head->size, text_plural(head->size, "leaf", "leaves"), head->origin,
                given->trust.note.len > 0 ? ", with the checkpoint over them" : "", path);
    return STATUS_OK;
}

static enum status export_log(struct cli *cli, const struct log_options *given)
{
    struct error error = ERROR_NULL;
    struct log_store log = LOG_STORE_NULL;
    struct log_export head;

    if (given->n_arguments != 2) {
        return output_refuse(&cli->output, STATUS_USAGE, "", "DIR and FILE are needed");
    }
    int r = log_store_open(given->arguments[0], &log, &error);
    if (r < 0) {
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    enum status status = prepare_export(cli, given, &log, &head);
    status = status == STATUS_OK ? write_export(cli, given, &log, &head) : status;
    log_store_close(&log);
    return status;
}

enum status command_log_export(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        LOG_TRUST_CHECKPOINT_OPTION, LOG_TRUST_KEY_OPTIONS, {0}};
    static const struct log_command command = {
        .line = {.options = options,
                 .parser = log_option,
                 .arguments = "DIR FILE",
                 .help =
                     "Writes the log of a broker's folder into a text file that needs no "
                     "database. With a checkpoint, exactly the leaves that it was signed over."},
        .max_arguments = 2,
        .run = export_log,
    };
    return log_command_run(cli, &command, (struct command_call){argc, argv});
}
