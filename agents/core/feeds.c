/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/feeds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/core/watch.h"
#include "base/log.h"
#include "os/fd.h"

#define META_FEED_BYTES 32

static void meta_name(const char *feed, char out[META_FEED_BYTES])
{
    int n = snprintf(out, META_FEED_BYTES, "feed-%s", feed);
    assert(n > 0 && n < META_FEED_BYTES);
}

void feed_note(struct store_txn *txn, const char *name, int64_t now_ms)
{
    char key[META_FEED_BYTES];
    meta_name(name, key);
    agent_meta_put_u64(txn, key, (uint64_t)now_ms);
}

void feed_keep(struct agent *agent, const char *name)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    int r = txn == NULL ? -ENOMEM : 0;
    if (r == 0) {
        feed_note(txn, name, clock_real_ms(agent->clock));
        r = agent_commit(&txn);
    }
    if (r != 0) {
        (void)log_fault(-r, "feed_not_noted", "feed=%s", name);
    }
}

/* --- what was refused --- */

/* A file beside its reports, not a report. */
static bool is_refused(int folder, const char *name)
{
    (void)folder;
    return strstr(name, WATCH_REPORT_PART) == NULL;
}

/* Of a file that was taken, but for some rows. */
static bool is_set_aside(int folder, const char *name)
{
    size_t len = strlen(name);
    size_t ending = strlen(WATCH_SET_ASIDE);
    (void)folder;
    return len > ending && strcmp(name + len - ending, WATCH_SET_ASIDE) == 0;
}

/* What is no file stays where it was put. */
static bool is_no_file(int folder, const char *name)
{
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode);
}

/* 0 of a folder that cannot be read: its agent is not up yet. */
static size_t count_in(const char *path, const char *part, bool (*counts)(int, const char *))
{
    size_t n = 0;
    _cleanup_(fd_close) int root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int fd = root < 0 ? -1 : openat(root, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        fd_close(&fd);
        return 0;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && n < FEED_REFUSED_MAX;
         entry = readdir(folder)) {
        n += entry->d_name[0] != '.' && counts(dirfd(folder), entry->d_name) ? 1 : 0;
    }
    (void)closedir(folder);
    return n;
}

size_t feeds_list(struct store_txn *txn, const struct agent_options *options,
                  struct feed ret[FEEDS_MAX])
{
    const struct {
        const char *name;
        const char *path; /* empty: not watched */
    } rows[FEEDS_MAX] = {
        {"attendance", options->watch.attendance}, {"roll", options->watch.roll},
        {"records", options->watch.records},       {"appointments", options->watch.appointments},
        {"incidents", options->watch.incidents},   {"plans", options->watch.plans},
        {"adults", options->watch.adults},         {FEED_INTERFACE, options->socket},
    };
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char key[META_FEED_BYTES];
        if (rows[i].path != NULL && rows[i].path[0] != '\0') {
            meta_name(rows[i].name, key);
            ret[n++] = (struct feed){.name = rows[i].name,
                                     .last_ms = (int64_t)agent_meta_u64(txn, key, 0)};
            struct feed *feed = &ret[n - 1];
            if (rows[i].path != options->socket) {
                feed->path = rows[i].path;
                feed->refused = count_in(feed->path, "failed", is_refused) +
                                count_in(feed->path, "in", is_no_file);
                feed->set_aside = count_in(feed->path, "done", is_set_aside);
            }
        }
    }
    return n;
}
