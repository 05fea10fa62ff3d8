/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn log verify`: is a log whole, and is it the one that was signed? Offline, on a broker's
 * folder (a copy, or beside the broker that writes it) or on an exported file. It stops at the
 * first thing that is wrong and names it.
 *
 * In a folder every leaf is hashed again and compared, with every subtree that it completes, to
 * what is stored; then everything else that lies there is held against what agencies signed
 * (cli/audit.h). That shows a folder to be whole, but whoever holds the broker's keys can write
 * another whole one: only a checkpoint from elsewhere shows that it is the same log.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/audit.h"
#include "cli/log_check.h"
#include "cli/log_export.h"
#include "cli/log_report.h"
#include "cli/log_store.h"
#include "cli/log_trust.h"
#include "os/guard.h"

#define PROGRESS_LEAVES  262144 /* a second or so */
#define PROGRESS_BATCHES 16384  /* likewise */

struct verify_options {
    const char *path;
    struct log_trust trust;
};

/* What the work in the other process is given. */
struct verify_work {
    const char *path;
    const struct log_trust *trust;
    FILE *progress; /* NULL: none is shown */
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct verify_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        return command_argument(&given->path, "folder or file", argument, state);
    case ARGP_KEY_END:
        if (given->path == NULL) {
            argp_error(state, "DIR or FILE is needed");
            return EINVAL;
        }
        return 0;
    default:
        return log_trust_option(&given->trust, key, argument);
    }
}

static void show_progress(const struct verify_work *work, uint64_t at, uint64_t size)
{
    if (work->progress != NULL && at > 0 && at % PROGRESS_LEAVES == 0) {
        (void)fprintf(work->progress, "%" PRIu64 " of %" PRIu64 " leaves\n", at, size);
        (void)fflush(work->progress);
    }
}

static void show_batches(void *data, uint64_t done, uint64_t all)
{
    FILE *progress = data;

    if (progress != NULL && done % PROGRESS_BATCHES == 0) {
        (void)fprintf(progress, "%" PRIu64 " of %" PRIu64 " batches of the journal\n", done, all);
        (void)fflush(progress);
    }
}

/* The signed head that was given. True also when none was; false when it is not good. */
static bool read_head(const struct verify_work *work, const struct note_key *key,
                      struct log_report *report, struct checkpoint *ret)
{
    if (work->trust->head_path == NULL) {
        return true;
    }
    if (key == NULL) {
        return log_report_bad(report, work->trust->head_path,
                              "no key to check it with: give --key or --governance");
    }
    if (!checkpoint_check(buf_slice(&work->trust->note), key, ret)) {
        return log_report_bad(report, work->trust->head_path, "is not signed by %s", key->name);
    }
    note_vkey_format(key, report->key);
    report->own_key = !work->trust->has_key;
    return true;
}

/* --- a folder --- */

static bool check_store_leaf(struct log_store *log, uint64_t index, struct tree_range *stored,
                             struct log_check *check)
{
    struct slice leaf;

    int r = log_reread(log->txn, T_LOG, index + 1, stored);
    r = r < 0 ? r : log_leaf(log->txn, T_LOG, index, &leaf);
    if (r < 0) {
        return log_report_bad_leaf(check->report, index,
                                   r == -EBADMSG ? "does not hash to what is stored beside it"
                                                 : "cannot be read from the store");
    }
    return log_check_leaf(check, leaf);
}

static void check_store(const struct verify_work *work, struct log_store *log,
                        struct log_report *report)
{
    struct log_check check;
    struct checkpoint head;
    struct tree_range stored = TREE_RANGE_NULL;
    const struct note_key *key = work->trust->has_key ? &work->trust->key : NULL;
    bool good = true;

    if (key == NULL && log->governance != NULL && log->governance->versions[GOVERNANCE_DIRECTORY]) {
        key = &log->governance->directory.checkpoint_key;
    }
    log_check_start(&check, report, log->governance, work->trust->head_path != NULL ? &head : NULL);
    uint64_t size = log_size(log->txn, T_LOG);
    good = read_head(work, key, report, &head);
    for (uint64_t i = 0; i < size && good; i++) {
        good = check_store_leaf(log, i, &stored, &check);
        show_progress(work, i, size);
    }
    if (good && store_fault(log->txn) != 0) {
        good = log_report_bad(report, "log", "the table cannot be read");
    }
    if (good) {
        log_check_end(&check);
    }
}

/* Everything else that lies in the folder against what agencies signed. */
static void audit(const struct verify_work *work, struct log_report *report)
{
    struct error error = ERROR_NULL;
    char dir[LOG_STORE_PATH_BYTES];

    if (!log_store_dir(work->path, dir) ||
        audit_store(dir, show_batches, work->progress, &report->audit, &error) != 0) {
        log_report_unread(report, &error);
        return;
    }
    report->audited = true;
    if (!report->audit.sound) {
        (void)log_report_bad(report, "", "%s", report->audit.problem);
    }
}

static void verify_store(void *data, void *result)
{
    const struct verify_work *work = data;
    struct log_report *report = result;
    struct log_store log = LOG_STORE_NULL;
    struct error error = ERROR_NULL;

    int r = log_store_open(work->path, &log, &error);
    if (r == -EBADMSG) {
        (void)log_report_bad(report, error.where, "%s", error.what);
        return;
    }
    if (r < 0) {
        log_report_unread(report, &error);
        return;
    }
    check_store(work, &log, report);
    log_store_close(&log);
    if (report->result == LOG_SOUND) {
        audit(work, report);
    }
}

/* --- an exported file --- */

static bool check_export_end(FILE *in, const struct note_key *key, bool own_key,
                             struct log_check *check)
{
    struct log_report *report = check->report;
    struct error error = ERROR_NULL;
    struct checkpoint head;
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);

    if (!log_export_read_end(in, &note, &error)) {
        return log_report_bad(report, "end", "%s", error.what);
    }
    if (note.len == 0) {
        return true;
    }
    if (key == NULL || !checkpoint_check(buf_slice(&note), key, &head)) {
        return log_report_bad(report, "checkpoint", "is not signed by %s",
                              key == NULL ? "a known key" : key->name);
    }
    note_vkey_format(key, report->key);
    report->own_key = own_key;
    return log_check_head(check, &head);
}

static bool check_export_leaves(const struct verify_work *work, FILE *in, uint64_t size,
                                struct log_check *check)
{
    uint8_t storage[LOG_LEAF_MAX_BYTES];
    struct slice leaf;
    struct error error = ERROR_NULL;

    for (uint64_t i = 0; i < size; i++) {
        if (!log_export_read_leaf(in, storage, &leaf, &error)) {
            return log_report_bad_leaf(check->report, i, error.what);
        }
        if (!log_check_leaf(check, leaf)) {
            return false;
        }
        show_progress(work, i, size);
    }
    return true;
}

static void check_export(const struct verify_work *work, FILE *in, struct log_report *report)
{
    struct log_export head;
    struct log_check check;
    struct checkpoint given;
    struct note_key own;
    struct error error = ERROR_NULL;
    const struct note_key *key = work->trust->has_key ? &work->trust->key : NULL;

    if (!log_export_read_head(in, &head, &error)) {
        log_report_unread(report, &error);
        return;
    }
    if (key == NULL && note_vkey_parse(head.vkey, &own)) {
        key = &own;
    }
    log_check_start(&check, report, NULL, work->trust->head_path != NULL ? &given : NULL);
    (void)snprintf(report->origin, sizeof(report->origin), "%s", head.origin);
    if (read_head(work, key, report, &given) && check_export_leaves(work, in, head.size, &check) &&
        check_export_end(in, key, key == &own, &check)) {
        log_check_end(&check);
    }
}

static void verify_export(const struct verify_work *work, struct log_report *report)
{
    struct error error = ERROR_NULL;
    FILE *in = fopen(work->path, "re");

    if (in == NULL) {
        (void)error_set(&error, work->path, "cannot be read: %s", strerrordesc_np(errno));
        log_report_unread(report, &error);
        return;
    }
    check_export(work, in, report);
    (void)fclose(in);
}

/* --- the command --- */

static enum status verify(struct cli *cli, const struct verify_options *given)
{
    struct stat status;
    struct log_report report = {.result = LOG_SOUND};
    struct verify_work work = {
        .path = given->path,
        .trust = &given->trust,
        .progress = cli->output.json || cli->output.quiet ? NULL : cli->output.err,
    };

    if (stat(given->path, &status) != 0) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, given->path, "cannot be read: %s",
                             strerrordesc_np(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        verify_export(&work, &report);
        return log_report_say(cli, given->path, &report);
    }
    (void)fflush(NULL);
    int r = guard_run(verify_store, &work, &report, sizeof(report));
    if (r == -EBADMSG) {
        report = (struct log_report){.result = LOG_NOT_SOUND};
        (void)log_report_bad(&report, "store", "the database is damaged: it cannot be walked");
    } else if (r != 0) {
        return output_refuse(&cli->output, STATUS_FAILED, given->path, "cannot be walked now: %s",
                             strerrordesc_np(-r));
    }
    return log_report_say(cli, given->path, &report);
}

enum status command_log_verify(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        LOG_TRUST_CHECKPOINT_OPTION, LOG_TRUST_KEY_OPTIONS, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "DIR|FILE",
        .help = "Checks a broker's folder, a copy of it, or an exported log, offline: every leaf, "
                "every hash, the documents, and a checkpoint that you got elsewhere.",
    };
    struct verify_options given = {.trust = LOG_TRUST_NULL};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = log_trust_load(cli, &given.trust);
    status = status == STATUS_OK ? verify(cli, &given) : status;
    log_trust_deinit(&given.trust);
    return status;
}
