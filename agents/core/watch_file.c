/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/watch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agents/core/api_view.h"
#include "agents/core/feeds.h"
#include "agents/core/report.h"
#include "agents/core/watch.h"
#include "agents/school/school.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "os/fd.h"

#define TARGET_BYTES   (WATCH_NAME_MAX_BYTES + 40)
#define REPORT_BEGUN   ".report.begun" /* one thread writes one report at a time */
#define OTHERS_WRITE   (S_IWGRP | S_IWOTH)
#define KEY_PREFIX     "file:"
#define KEY_TEXT_BYTES (sizeof(KEY_PREFIX) + 2 * CAIRN_HASH_BYTES)

struct handling {
    struct agent *agent;
    const struct watch_folder *folder;
    const char *name;
    struct report report;
    struct error error;
};

static void handling_deinit(struct handling *handling)
{
    report_deinit(&handling->report);
}

/* --- what may be read --- */

/* Letters, digits, blanks and few signs: what may stand in a path and on a terminal. */
static bool is_plain(const char *name)
{
    size_t len = strlen(name);
    return len <= WATCH_NAME_MAX_BYTES && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-()+") ==
               len;
}

static int check_status(const struct stat *status, struct error *error)
{
    if (!S_ISREG(status->st_mode)) {
        return error_set(error, "",
                         "is no regular file, or is a link to one: it lies in in/ unread until "
                         "somebody takes it away");
    }
    if (status->st_uid != geteuid()) {
        return error_set(error, "", "belongs to another user than the agent");
    }
    if (status->st_nlink != 1) {
        return error_set(error, "", "has another name somewhere else (a hard link)");
    }
    if ((status->st_mode & OTHERS_WRITE) != 0) {
        return error_set(error, "", "may be changed by others than the agent's user: chmod go-w");
    }
    return 0;
}

static int open_file(struct handling *handling, const struct stat *expected, int *ret_fd)
{
    struct stat status;
    if (!is_plain(handling->name)) {
        return error_set(&handling->error, "",
                         "has a name that is too long, or holds other than letters, digits, blanks "
                         "and . _ - ( ) +");
    }
    int r = check_status(expected, &handling->error);
    if (r != 0) {
        return r;
    }
    *ret_fd = openat(handling->folder->in, handling->name,
                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*ret_fd < 0 || fstat(*ret_fd, &status) != 0) {
        return errno == EACCES ? error_set(&handling->error, "", "cannot be read by the agent")
                               : -errno;
    }
    if (status.st_ino != expected->st_ino || status.st_dev != expected->st_dev) {
        return -EAGAIN; /* another one than a moment ago */
    }
    return check_status(&status, &handling->error);
}

/* --- taking --- */

static int read_all(int fd, struct buf *out)
{
    for (;;) {
        size_t room = out->max - out->len < 65536 ? out->max - out->len : 65536;
        uint8_t *at = room == 0 ? NULL : buf_extend(out, room);
        if (at == NULL) {
            return -EFBIG;
        }
        ssize_t n = read(fd, at, room);
        out->len -= n > 0 ? room - (size_t)n : room;
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return 0;
        }
    }
}

/* What its author should know of something that was taken; of what is urgent it is said first of
 * all (tell_urgent). */
static void note_odd(struct report *report, const struct intake_item *item)
{
    if (item->outcome == INTAKE_ACCEPTED && !item->danger && item->reason[0] != '\0') {
        report_find(report, item->flawed ? REPORT_FLAW : REPORT_NOTE, report->rows, "",
                    item->reason);
    }
}

/* One text of JSON; the same text within a week has the same answer, whatever it holds. */
static int take_json(struct handling *handling, int fd)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES + 1);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    uint8_t digest[CAIRN_HASH_BYTES];
    char key[KEY_TEXT_BYTES] = KEY_PREFIX;
    int r = read_all(fd, &text);
    if (r == -EFBIG) {
        return error_set(&handling->error, "", "is longer than %d bytes", CAIRN_API_BODY_MAX_BYTES);
    }
    if (r != 0) {
        return r;
    }
    sha256(buf_slice(&text), digest);
    hex_encode(SLICE_OF(digest), key + sizeof(KEY_PREFIX) - 1);
    const struct intake_request request = {.content = handling->folder->content,
                                           .body = buf_slice(&text),
                                           .idempotency_key = slice_of_text(key),
                                           .by_uid = (uint32_t)geteuid()};
    r = intake_submit(handling->agent, &request, &answer, &handling->error);
    for (size_t i = 0; r == 0 && i < answer.n; i++) {
        handling->report.rows++;
        report_tell(&handling->report, &answer.items[i]);
        note_odd(&handling->report, &answer.items[i]);
    }
    handling->report.taken = handling->report.rows - handling->report.set_aside;
    return r;
}

static int take_rows(struct handling *handling, int fd)
{
    const struct csv_source source = {.fd = fd};
    const struct school_file file = {.agent = handling->agent,
                                     .content = handling->folder->content,
                                     .source = &source,
                                     .by_uid = (uint32_t)geteuid(),
                                     .report = &handling->report,
                                     .error = &handling->error};
    return school_take(&file);
}

static int take_content(struct handling *handling, int fd)
{
    switch (handling->folder->content) {
    case INTAKE_ATTENDANCE:
    case INTAKE_ROLL:
        return take_rows(handling, fd);
    case INTAKE_RECORD:
    case INTAKE_INVOLVEMENT:
    case INTAKE_APPOINTMENT:
    case INTAKE_INCIDENT:
    case INTAKE_PLAN:
    case INTAKE_ADULT:
    case INTAKE_TIE:
        return take_json(handling, fd);
    }
    return -EINVAL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* -EINVAL and the error when it is refused. */
static int take(struct handling *handling, const struct stat *expected)
{
    _cleanup_(fd_close) int fd = -1;
    struct stat after;
    int r = open_file(handling, expected, &fd);
    if (r == 0) {
        r = take_content(handling, fd);
    }
    if (fd >= 0 && fstat(fd, &after) == 0 && !is_same(expected, &after)) {
        return -EAGAIN; /* it is being written: what it said so far, it will say again */
    }
    return r;
}

/* What was not told at all, though it was a file: nobody is to look for it in done/. */
static int check_taken(struct handling *handling)
{
    const struct report *report = &handling->report;
    return report->set_aside > 0 && report->taken == 0
               ? error_set(&handling->error, "", "could be read, but every row was set aside")
               : 0;
}

/* --- leaving --- */

/* As whoever hands it in by hand is answered: reference, words, and whom to telephone. */
static int tell_urgent(struct handling *handling)
{
    struct report *report = &handling->report;
    _cleanup_(view_end) struct api_view view;
    view_begin(handling->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = store_read(handling->agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    report->urgent = json_array_new();
    for (size_t i = 0; i < report->n_danger; i++) {
        struct json *item = view_item(&view, txn, &report->danger[i].item);
        answer_set_count(item, "row", report->danger[i].row);
        (void)json_append_node(report->urgent, &item);
    }
    return store_fault(txn);
}

static int write_all(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        size_t written = n < 0 ? 0 : (size_t)n;
        text = slice_make(text.data + written, text.len - written);
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

static int write_report(int folder, const char *target, const char *ending, struct slice text)
{
    char name[TARGET_BYTES + 16];
    (void)snprintf(name, sizeof(name), "%s%s", target, ending);
    (void)unlinkat(folder, REPORT_BEGUN, 0);
    _cleanup_(fd_close) int fd =
        openat(folder, REPORT_BEGUN, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : write_all(fd, text);
    return r == 0 && renameat(folder, REPORT_BEGUN, folder, name) != 0 ? -errno : r;
}

static int write_reports(const struct handling *handling, const struct error *refusal, int folder,
                         const char *target)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    report_text(&handling->report, refusal, &text);
    int r = report_json(&handling->report, refusal, &json);
    if (r == 0) {
        bool look = refusal == NULL && handling->report.set_aside > 0;
        r = write_report(folder, target, look ? WATCH_SET_ASIDE : ".report.txt", buf_slice(&text));
    }
    return r != 0 ? r : write_report(folder, target, ".report.json", buf_slice(&json));
}

static void name_target(const struct handling *handling, const struct stat *status,
                        char out[TARGET_BYTES])
{
    (void)snprintf(out, TARGET_BYTES, "%" PRIuMAX "-%s", (uintmax_t)status->st_ino,
                   is_plain(handling->name) ? handling->name : "unnamed");
}

static int leave(struct handling *handling, const struct error *refusal, const struct stat *status)
{
    const struct watch_folder *folder = handling->folder;
    int to = refusal == NULL ? folder->done : folder->failed;
    char target[TARGET_BYTES];
    name_target(handling, status, target);
    int r = handling->report.n_danger > 0 ? tell_urgent(handling) : 0;
    if (r == 0) {
        r = write_reports(handling, refusal, to, target);
    }
    if (r == 0 && S_ISREG(status->st_mode) &&
        renameat(folder->in, handling->name, to, target) != 0) {
        r = -errno;
    }
    return r == 0 && (fsync(to) != 0 || fsync(folder->in) != 0) ? -errno : r;
}

static void tell(const struct handling *handling, bool refused)
{
    const struct report *report = &handling->report;
    log_event(refused ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, refused ? "file_refused" : "file_taken",
              "kind=%s rows=%llu taken=%llu set_aside=%llu told=%llu", handling->folder->kind,
              (unsigned long long)report->rows, (unsigned long long)report->taken,
              (unsigned long long)report->set_aside,
              (unsigned long long)report->told[INTAKE_ACCEPTED]);
}

bool watch_file_reported(const struct watch_folder *folder, const char *name,
                         const struct stat *status)
{
    const struct handling handling = {.folder = folder, .name = name};
    char target[TARGET_BYTES];
    char report[TARGET_BYTES + 16];
    struct stat found;
    name_target(&handling, status, target);
    (void)snprintf(report, sizeof(report), "%s.report.json", target);
    return fstatat(folder->failed, report, &found, AT_SYMLINK_NOFOLLOW) == 0;
}

int watch_file_take(struct agent *agent, const struct watch_folder *folder, const char *name,
                    const struct stat *status)
{
    _cleanup_(handling_deinit) struct handling handling = {
        .agent = agent, .folder = folder, .name = name, .report = REPORT_NULL};
    int r = take(&handling, status);
    if (r == 0) {
        r = check_taken(&handling);
    }
    bool refused = r == -EINVAL;
    if (r == 0 || refused) {
        r = leave(&handling, refused ? &handling.error : NULL, status);
        if (r == 0) {
            tell(&handling, refused);
        }
        if (r == 0 && !refused) {
            feed_keep(agent, folder->kind);
        }
    }
    if (r != 0 && r != -EAGAIN && r != -ENOENT && r != -EINTR) {
        (void)log_fault(-r, "file_waits", "kind=%s", folder->kind);
    }
    return r == -ENOENT ? 0 : r; /* somebody took it out again */
}
