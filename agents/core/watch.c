/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify says when to look, and which files were moved in: those are complete. Whatever it did not
 * say, because the agent was not there or too much happened at once, the scan of each turn finds.
 */
#include "agents/core/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agents/core/watch_file.h"
#include "base/log.h"
#include "os/fd.h"
#include "os/wake.h"

#define FOLDERS_MAX 7
#define PATH_BYTES  4096
#define IDLE_MS     60000 /* then it looks whether inotify has missed something */
#define RETRY_MS    5000  /* after something of ours failed */
#define SOON_MS     100   /* after a full turn, so that the thread can be stopped */
#define EVENTS      (IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW)

struct watch {
    struct agent *agent;
    int inotify;
    size_t n;
    struct watch_folder folders[FOLDERS_MAX];
};

/* --- folders --- */

static int check_folder(int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int r = -errno;
        (void)error_set(error, path, "cannot be opened as a folder: %s", strerror(-r));
        return r;
    }
    if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)error_set(error, path,
                        "must belong to the agent's user alone: run `chown %u %s` and `chmod 0700 "
                        "%s`",
                        (unsigned)geteuid(), path, path);
        return -EPERM;
    }
    return 0;
}

static int open_part(int root, const char *path, const char *name, int *ret, struct error *error)
{
    char whole[PATH_BYTES];
    (void)snprintf(whole, sizeof(whole), "%s/%s", path, name);
    if (mkdirat(root, name, 0700) != 0 && errno != EEXIST) {
        int r = -errno;
        (void)error_set(error, whole, "cannot be made: %s", strerror(-r));
        return r;
    }
    *ret = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return check_folder(*ret, whole, error);
}

static int listen_to(struct watch *watch, struct watch_folder *folder, const char *path,
                     struct error *error)
{
    char in[PATH_BYTES];
    (void)snprintf(in, sizeof(in), "%s/in", path);
    folder->number = inotify_add_watch(watch->inotify, in, EVENTS);
    if (folder->number < 0) {
        int r = -errno;
        (void)error_set(error, in, "cannot be watched: %s", strerror(-r));
        return r;
    }
    return 0;
}

static int open_folder(struct watch *watch, enum intake_content content, const char *kind,
                       const char *path, struct error *error)
{
    if (path == NULL || path[0] == '\0') {
        return 0;
    }
    struct watch_folder *folder = &watch->folders[watch->n++];
    *folder =
        (struct watch_folder){.content = content, .kind = kind, .in = -1, .done = -1, .failed = -1};
    _cleanup_(fd_close) int root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = check_folder(root, path, error);
    if (r == 0) {
        r = open_part(root, path, "in", &folder->in, error);
    }
    if (r == 0) {
        r = open_part(root, path, "done", &folder->done, error);
    }
    if (r == 0) {
        r = open_part(root, path, "failed", &folder->failed, error);
    }
    return r != 0 ? r : listen_to(watch, folder, path, error);
}

static int open_folders(struct watch *watch, struct error *error)
{
    const struct agent_options *options = watch->agent->options;
    const struct {
        enum intake_content content;
        const char *kind;
        const char *path;
    } rows[FOLDERS_MAX] = {
        {INTAKE_ATTENDANCE, "attendance", options->watch.attendance},
        {INTAKE_ROLL, "roll", options->watch.roll},
        {INTAKE_RECORD, "records", options->watch.records},
        {INTAKE_APPOINTMENT, "appointments", options->watch.appointments},
        {INTAKE_INCIDENT, "incidents", options->watch.incidents},
        {INTAKE_PLAN, "plans", options->watch.plans},
        {INTAKE_ADULT, "adults", options->watch.adults},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(rows); i++) {
        r = open_folder(watch, rows[i].content, rows[i].kind, rows[i].path, error);
    }
    return r;
}

int watch_open(struct agent *agent, struct watch **ret, struct error *error)
{
    struct watch *watch = base_zalloc(1, sizeof(*watch));
    watch->agent = agent;
    watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int r = watch->inotify < 0 ? -errno : open_folders(watch, error);
    if (r != 0 || watch->n == 0) {
        watch_close(&watch);
    }
    *ret = watch;
    return r;
}

void watch_close(struct watch **owned)
{
    struct watch *watch = *owned;
    if (watch == NULL) {
        return;
    }
    for (size_t i = 0; i < watch->n; i++) {
        fd_close(&watch->folders[i].in);
        fd_close(&watch->folders[i].done);
        fd_close(&watch->folders[i].failed);
    }
    fd_close(&watch->inotify);
    base_free(owned);
}

int watch_fd(const struct watch *watch)
{
    return watch->inotify;
}

/* --- names --- */

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t tail = strlen(ending);
    return len >= tail && strcmp(name + len - tail, ending) == 0;
}

static bool is_unfinished(const char *name)
{
    return name[0] == '.' || ends_in(name, ".tmp") || ends_in(name, ".part");
}

/* The kernel's own time of the last change, which nobody can set. */
static bool is_quiet(const struct watch *watch, const struct stat *status)
{
    int64_t changed_ms = (int64_t)status->st_ctim.tv_sec * 1000 + status->st_ctim.tv_nsec / 1000000;
    return clock_real_ms(clock_system()) - changed_ms >= watch->agent->options->watch.quiet_ms;
}

static bool is_older(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec != b->st_mtim.tv_sec ? a->st_mtim.tv_sec < b->st_mtim.tv_sec
                                                  : a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* --- a turn --- */

struct turn {
    struct watch *watch;
    int wait_ms;
    size_t left; /* files that may still be taken */
};

static void look_again(struct turn *turn, int64_t after_ms)
{
    int64_t ms = after_ms < SOON_MS ? SOON_MS : after_ms;
    turn->wait_ms = ms < turn->wait_ms ? (int)ms : turn->wait_ms;
}

/* A link, a folder, a device: told of once, and never in the way of files. */
static void pass_over(struct turn *turn, const struct watch_folder *folder, const char *name,
                      const struct stat *status)
{
    if (!watch_file_reported(folder, name, status) &&
        watch_file_take(turn->watch->agent, folder, name, status) != 0) {
        look_again(turn, RETRY_MS);
    }
}

/* False when it stays where it is. */
static bool take_one(struct turn *turn, const struct watch_folder *folder, const char *name,
                     const struct stat *status)
{
    turn->left--;
    int r = watch_file_take(turn->watch->agent, folder, name, status);
    if (r != 0) {
        look_again(turn, r == -EAGAIN ? turn->watch->agent->options->watch.quiet_ms : RETRY_MS);
    }
    return r == 0;
}

static void take_moved(struct turn *turn, const struct inotify_event *event, const char *name)
{
    struct watch *watch = turn->watch;
    struct stat status;
    for (size_t i = 0; i < watch->n; i++) {
        const struct watch_folder *folder = &watch->folders[i];
        bool moved = folder->number == event->wd && (event->mask & IN_MOVED_TO) != 0;
        if (moved && event->len > 0 && turn->left > 0 && !is_unfinished(name) &&
            fstatat(folder->in, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode)) {
            (void)take_one(turn, folder, name, &status);
        }
    }
}

static void take_events(struct turn *turn)
{
    char events[16 * (sizeof(struct inotify_event) + 256)];
    ssize_t n;
    while (turn->left > 0 && (n = read(turn->watch->inotify, events, sizeof(events))) > 0) {
        for (size_t at = 0; at < (size_t)n;) {
            struct inotify_event event;
            memcpy(&event, events + at, sizeof(event));
            take_moved(turn, &event, events + at + sizeof(event)); /* the name, with its NUL */
            at += sizeof(event) + event.len;
        }
    }
}

struct candidate {
    char name[256];
    struct stat status;
};

/* The oldest file that is complete; false when there is none. */
static bool find_oldest(struct turn *turn, const struct watch_folder *folder, struct candidate *ret)
{
    int fd = openat(folder->in, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder_in = fd < 0 ? NULL : fdopendir(fd);
    bool found = false;
    if (folder_in == NULL) {
        fd_close(&fd);
        look_again(turn, RETRY_MS);
        return false;
    }
    for (struct dirent *entry = readdir(folder_in); entry != NULL; entry = readdir(folder_in)) {
        struct stat status;
        if (is_unfinished(entry->d_name) ||
            fstatat(folder->in, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (!S_ISREG(status.st_mode)) {
            pass_over(turn, folder, entry->d_name, &status);
        } else if (!is_quiet(turn->watch, &status)) {
            look_again(turn, turn->watch->agent->options->watch.quiet_ms);
        } else if (!found || is_older(&status, &ret->status)) {
            found = true;
            ret->status = status;
            (void)snprintf(ret->name, sizeof(ret->name), "%s", entry->d_name);
        }
    }
    (void)closedir(folder_in);
    return found;
}

/* Until one of them stays: those after it may depend on it. */
static void take_complete(struct turn *turn, const struct watch_folder *folder)
{
    struct candidate oldest;
    while (turn->left > 0 && find_oldest(turn, folder, &oldest)) {
        if (!take_one(turn, folder, oldest.name, &oldest.status)) {
            return;
        }
    }
}

int watch_turn(struct watch *watch)
{
    struct turn turn = {.watch = watch, .wait_ms = IDLE_MS, .left = WATCH_FILES_A_TURN};
    take_events(&turn);
    for (size_t i = 0; i < watch->n; i++) {
        take_complete(&turn, &watch->folders[i]);
    }
    if (turn.left == 0) {
        look_again(&turn, SOON_MS);
    }
    return turn.wait_ms;
}

/* --- the thread --- */

struct watch_thread {
    struct watch *watch;
    struct wake wake;
    pthread_t thread;
};

static void *run(void *data)
{
    (void)pthread_setname_np(pthread_self(), "watch");
    struct watch_thread *self = data;
    struct pollfd fds[] = {{.fd = watch_fd(self->watch), .events = POLLIN},
                           {.fd = self->wake.fd, .events = POLLIN}};
    for (;;) {
        int wait_ms = watch_turn(self->watch);
        if (poll(fds, ARRAY_LEN(fds), wait_ms) < 0 && errno != EINTR) {
            log_fatal("watch_failed", "error=\"%s\"", strerror(errno));
        }
        if (fds[1].revents != 0) {
            return NULL;
        }
    }
}

int watch_start(struct agent *agent, struct watch_thread **ret, struct error *error)
{
    struct watch *watch = NULL;
    int r = watch_open(agent, &watch, error);
    if (r != 0 || watch == NULL) {
        return r;
    }
    struct watch_thread *self = base_zalloc(1, sizeof(*self));
    self->watch = watch;
    self->wake = WAKE_NULL;
    r = wake_open(&self->wake);
    if (r == 0) {
        r = -pthread_create(&self->thread, NULL, run, self);
    }
    if (r != 0) {
        wake_close(&self->wake);
        watch_close(&self->watch);
        base_free(&self);
        return r;
    }
    *ret = self;
    return 0;
}

void watch_stop(struct watch_thread **owned)
{
    struct watch_thread *self = *owned;
    if (self != NULL) {
        wake_signal(&self->wake);
        (void)pthread_join(self->thread, NULL);
        wake_close(&self->wake);
        watch_close(&self->watch);
        base_free(owned);
    }
}
