/* SPDX-License-Identifier: Apache-2.0 */
/* Inside watch: what becomes of one name in in/. */
#ifndef AGENTS_WATCH_FILE_H
#define AGENTS_WATCH_FILE_H

#include <sys/stat.h>

#include "agents/core/agent.h"
#include "agents/core/intake.h"

struct watch_folder {
    enum intake_content content;
    const char *kind; /* in logs */
    int in;           /* folders, owned by watch.c */
    int done;
    int failed;
    int number; /* of inotify */
};

/* Whether what is no file, and therefore stays in in/, was told of in failed/ already. */
bool watch_file_reported(const struct watch_folder *folder, const char *name,
                         const struct stat *status);

/* 0 when it is out of in/ (or is no file, which is told of once and stays), taken or refused;
 * -EAGAIN when it changed while it was read; otherwise it stays, and why was logged. `status` is of
 * the name itself, not of what a link points to. */
int watch_file_take(struct agent *agent, const struct watch_folder *folder, const char *name,
                    const struct stat *status) MUST_USE;

#endif
